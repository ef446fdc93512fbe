//! What was known later, beside what was at risk; and the share of the country under the rule as last reported.

use jiff::civil::Date;
use narrows_quantity::Certainty;
use serde::Serialize;

use super::super::money::Bounds;
use super::super::period::FiscalPeriod;
use super::super::record::{Basis, Figure, FirmRecord, Kind, Measure, Unit};
use super::ChinaShare;

/// A figure that became known after the day of the question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Later {
    /// Period that it is of.
    pub period: FiscalPeriod,
    /// What it measures.
    pub measure: Measure,
    /// Foreseen or booked.
    pub kind: Kind,
    /// Its value, if its source has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Least and most that it may be.
    pub range: Bounds<f64>,
    /// Its unit.
    pub unit: Unit,
    /// Day on which it became known.
    pub known: Date,
    /// How sure that day is.
    pub known_certainty: Certainty,
    /// How sure the figure is.
    pub certainty: Certainty,
    /// Page that it comes from.
    pub source: String,
    /// What a reader must know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

fn later(figure: &Figure, on: Date) -> Option<Later> {
    let known = figure.known.filter(|known| *known > on)?;
    let counts =
        matches!(figure.measure, Measure::RestrictedRevenue | Measure::InventoryCharge | Measure::LostSales);
    counts.then(|| Later {
        period: figure.period,
        measure: figure.measure,
        kind: figure.kind,
        value: figure.value,
        range: figure.range,
        unit: figure.unit.clone(),
        known,
        known_certainty: figure.known_certainty,
        certainty: figure.certainty,
        source: figure.source.clone(),
        note: figure.note.clone(),
    })
}

fn sorted(mut all: Vec<Later>) -> Vec<Later> {
    all.sort_by_key(|figure| figure.known);
    all
}

/// What came out later of one quarter.
pub(super) fn of_period(record: &FirmRecord, period: FiscalPeriod, on: Date) -> Vec<Later> {
    let of_it = record.figures.iter().filter(|figure| figure.period == period);
    sorted(of_it.filter_map(|figure| later(figure, on)).collect())
}

/// What came out later of years and halves.
pub(super) fn of_longer_periods(record: &FirmRecord, on: Date) -> Vec<Later> {
    let longer = record.figures.iter().filter(|figure| !figure.period.is_quarter());
    sorted(longer.filter_map(|figure| later(figure, on)).collect())
}

/// The latest share of the country under the rule: as reported, or sales there over all sales of the same period.
pub(super) fn china_share(record: &FirmRecord, on: Date, basis: Option<&Basis>) -> Option<ChinaShare> {
    let is_ours = |figure: &&Figure| {
        figure.kind == Kind::Booked && basis.is_none_or(|basis| figure.basis.as_ref() == Some(&basis.id))
    };
    let mut found: Vec<ChinaShare> = Vec::new();
    let words = |figure: &Figure| {
        let basis = figure.basis.as_deref().and_then(|id| record.basis(id));
        basis.map_or_else(String::new, |basis| basis.name.clone())
    };
    for figure in record.standing(Measure::ChinaShare, on).filter(is_ours) {
        found.push(ChinaShare {
            period: figure.period,
            basis: words(figure),
            share: figure.range,
            reported: true,
        });
    }
    for china in record.standing(Measure::ChinaRevenue, on).filter(is_ours) {
        let mut totals = record
            .standing(Measure::TotalRevenue, on)
            .filter(|total| total.period == china.period && total.kind == Kind::Booked);
        if let Some(share) = totals.find_map(|total| record.share(china, total).ok()) {
            found.push(ChinaShare { period: china.period, basis: words(china), share, reported: false });
        }
    }
    // A reported share goes before a quotient for the same period.
    found
        .into_iter()
        .max_by_key(|share| (share.period.last_quarter_number(), share.period.is_quarter(), share.reported))
}
