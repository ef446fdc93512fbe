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
    /// Whether the event gives the buyer back: then nothing is predicted.
    pub(crate) is_end: bool,
}

/// One firm.
pub(crate) struct SupplierRow<'a> {
    pub(crate) name: &'a str,
    pub(crate) ticker: &'a str,
    /// Loss of its own sales, by its share.
    pub(crate) by_share: Option<Loss>,
    /// Dollars, by the bill of the part.
    pub(crate) by_bill: Option<Loss>,
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

/// A predicted loss: the middle, and its ends in words.
pub(crate) struct Loss {
    pub(crate) middle: String,
    pub(crate) ends: String,
}

impl<'a> Suppliers<'a> {
    pub(crate) fn new(costs: &'a SupplierCosts, maker: Option<&str>) -> Self {
        let shares = &costs.shares;
        let others = shares.rows.iter().filter(|row| Some(row.firm.as_str()) != maker);
        let mut rows: Vec<SupplierRow<'a>> = others.map(|row| with_shares(costs, row)).collect();
        let is_shown = |supplier: &&Supplier| !shares.rows.iter().any(|row| row.firm == supplier.effect.id);
        // What is lost is told where it begins.
        let counted = costs.predicted.iter().filter(|_| !shares.is_end).filter(is_shown);
        let unquoted = counted.map(|supplier| SupplierRow {
            name: &supplier.name,
            ticker: "",
            by_share: by_share(supplier),
            by_bill: by_bill(supplier),
            day0: String::new(),
            raw: String::new(),
            abnormal: None,
            notes: vec![
                if supplier.is_group {
                    "not on record one by one"
                } else {
                    "no quotes of it are in the data"
                }
                .to_owned(),
            ],
            published: None,
        });
        rows.extend(unquoted);
        let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
        let without: Vec<&str> =
            shares.without.iter().map(String::as_str).filter(|name| !names.contains(name)).collect();
        Self { caption: caption(costs), without: without.join(", "), is_end: shares.is_end, rows }
    }
}

fn caption(costs: &SupplierCosts) -> String {
    if costs.shares.is_end {
        return "What the shares of the maker’s suppliers did on the first session that could react."
            .to_owned();
    }
    let until = costs.until.map_or_else(|| "on".to_owned(), |until| format!("until {until}"));
    let quarters = costs
        .quarters
        .as_ref()
        .map_or_else(String::new, |(first, last)| format!(", over the maker’s {first} to {last}"));
    format!(
        "What the network of supply predicts if {} buy no {} from {} {until}{quarters}: the share of its own sales \
         that each loses on average, and dollars by the bill of the part, the middle and below it the least and the \
         most; beside what its shares did.",
        costs.buyer, costs.part, costs.from
    )
}

fn by_share(supplier: &Supplier) -> Option<Loss> {
    let band = supplier.mean_by_share?;
    let percent = |share: f64| format!("{:.1}", share * 100.0);
    let Band { low, middle, high } = band;
    let ends = format!("of its sales, {} to {}%", percent(low), percent(high));
    Some(Loss { middle: format!("{}%", percent(middle)), ends })
}

fn by_bill(supplier: &Supplier) -> Option<Loss> {
    let band = supplier.total_by_bill?;
    let millions = |usd: f64| format!("{:.0}", usd / 1e6);
    let Band { low, middle, high } = band;
    let ends = format!("by the bill, {} to {} m", millions(low), millions(high));
    Some(Loss { middle: format!("${} m", millions(middle)), ends })
}

fn with_shares<'a>(costs: &'a SupplierCosts, row: &'a SupplierReaction) -> SupplierRow<'a> {
    let predicted =
        costs.predicted.iter().filter(|_| !costs.shares.is_end).find(|it| it.effect.id == row.firm);
    let close = row.share.as_ref();
    let mut notes: Vec<String> = Vec::new();
    notes.extend(row.not_counted.as_ref().map(|why| format!("not counted: {why}")));
    notes.extend(row.no_share.clone());
    notes.extend(close.into_iter().flat_map(|share| share.fault.iter().chain(&share.notes).cloned()));
    SupplierRow {
        name: &row.name,
        ticker: close.map_or("", |share| share.ticker.as_str()),
        by_share: predicted.and_then(by_share),
        by_bill: predicted.and_then(by_bill),
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
