//! The maker's suppliers at an event: what the network predicts beside what their shares did.

use narrows::operations::{Supplier, SupplierCosts, SupplierReaction};
use narrows::ripple::Band;

use crate::costs::{Cell, cell, percent};

/// The table below an event.
pub(crate) struct Suppliers<'a> {
    /// What is predicted of what, in words.
    pub(crate) caption: String,
    pub(crate) rows: Vec<SupplierRow<'a>>,
    /// Names of those that are not counted and have no shares.
    pub(crate) without: String,
}

/// One firm.
pub(crate) struct SupplierRow<'a> {
    pub(crate) name: &'a str,
    pub(crate) ticker: &'a str,
    /// Loss of its own sales, by its share.
    pub(crate) by_share: String,
    /// Dollars, by the bill of the part.
    pub(crate) by_bill: String,
    pub(crate) day0: String,
    pub(crate) raw: String,
    pub(crate) abnormal: Option<Cell>,
    /// Why it is not counted, and why there is no quote.
    pub(crate) notes: Vec<String>,
    /// What the press said, where there is no quote.
    pub(crate) published: Option<Published<'a>>,
}

/// What the press said of a share.
pub(crate) struct Published<'a> {
    pub(crate) words: String,
    pub(crate) source: &'a str,
}

impl<'a> Suppliers<'a> {
    pub(crate) fn new(costs: &'a SupplierCosts, maker: Option<&str>) -> Self {
        let until = costs.until.map_or_else(|| "on".to_owned(), |until| format!("until {until}"));
        let quarters = costs
            .quarters
            .as_ref()
            .map_or_else(String::new, |(first, last)| format!(", over the maker’s {first} to {last}"));
        let others = costs.shares.rows.iter().filter(|row| Some(row.firm.as_str()) != maker);
        Self {
            caption: format!(
                "What the network of supply predicts if {} buy no {} from {} {until}{quarters}: the share of \
                 its own sales that each loses on average, and dollars by the bill of the part, the middle with \
                 the least and the most; beside what its shares did.",
                costs.buyer, costs.part, costs.from
            ),
            rows: others.map(|row| supplier(costs, row)).collect(),
            without: costs.shares.without.join(", "),
        }
    }
}

fn supplier<'a>(costs: &'a SupplierCosts, row: &'a SupplierReaction) -> SupplierRow<'a> {
    let predicted = costs.predicted.iter().find(|it| it.effect.id == row.firm);
    let share =
        |it: &Supplier| it.mean_by_share.map(|band| banded(band, |share| format!("{:.1}%", share * 100.0)));
    let bill =
        |it: &Supplier| it.total_by_bill.map(|band| banded(band, |usd| format!("${:.0} m", usd / 1e6)));
    let close = row.share.as_ref();
    let mut notes: Vec<String> = Vec::new();
    notes.extend(row.not_counted.as_ref().map(|why| format!("not counted: {why}")));
    notes.extend(row.no_share.clone());
    notes.extend(close.into_iter().flat_map(|share| share.fault.iter().chain(&share.notes).cloned()));
    SupplierRow {
        name: &row.name,
        ticker: close.map_or("", |share| share.ticker.as_str()),
        by_share: predicted.and_then(share).unwrap_or_default(),
        by_bill: predicted.and_then(bill).unwrap_or_default(),
        day0: close.and_then(|share| share.day0).map(|day| day.to_string()).unwrap_or_default(),
        raw: close.and_then(|share| share.raw_return).map(percent).unwrap_or_default(),
        abnormal: close.and_then(cell),
        notes,
        published: row.published.as_ref().filter(|_| close.is_none()).map(|told| Published {
            words: format!("{} of the {} ({})", told.words(), told.of, told.certainty).replace('-', "−"),
            source: &told.source,
        }),
    }
}

/// The middle, with the ends where they read differently.
fn banded(band: Band, words: impl Fn(f64) -> String) -> String {
    let (low, middle, high) = (words(band.low), words(band.middle), words(band.high));
    if low == high { middle } else { format!("{middle} ({low} to {high})") }
}
