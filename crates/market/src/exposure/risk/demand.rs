//! What buyers would have taken of a part, for those who ask what happens if they may not.

use jiff::civil::Date;
use serde::Serialize;

use super::super::money::Usd;
use super::super::period::FiscalPeriod;
use super::super::record::{Figure, FirmRecord, Kind, Measure};
use super::wanted::Wanted;
use super::{Assumptions, Estimate, RiskFault, Supposed};

/// What buyers would have taken of a part in a quarter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuarterDemand {
    /// Which one.
    pub period: FiscalPeriod,
    /// Its first day.
    pub first: Date,
    /// Its last day.
    pub last: Date,
    /// Sales that the firm says the rule cost it in the quarter.
    pub lost: Option<Estimate>,
    /// Sales of a quarter in which nothing holds them back.
    pub wanted: Option<Estimate>,
    /// All sales of the firm in the quarter, or in the latest one known before it.
    pub all_sales: Option<Usd>,
}

/// What buyers would have taken of a part, by quarter from that of `from` on, by what was known on
/// a day. Without a part: all sales to the country under the rule.
///
/// # Errors
/// [`RiskFault`] for an unknown basis or part, or a day beyond any calendar.
pub fn demand(
    record: &FirmRecord,
    part: Option<&str>,
    from: Date,
    quarters: usize,
    on: Date,
) -> Result<Vec<QuarterDemand>, RiskFault> {
    let assumptions = Assumptions { part: part.map(str::to_owned), quarters, ..Assumptions::default() };
    super::check(record, Supposed::Ban, &assumptions)?;
    let start = record.quarter_on(from).ok_or(RiskFault::Day(from))?.last_quarter_number();
    let part = part.and_then(|name| record.part(name)).map(|part| part.id.as_str());
    let wanted = Wanted::new(record, on, part, None, &mut Vec::new(), &mut Vec::new());
    let past_last = start.saturating_add(i32::try_from(quarters).unwrap_or(i32::MAX));
    let end_of = |number: i32| record.end_of(FiscalPeriod::quarter_of_number(number)?);
    let one = |number: i32| {
        let period = FiscalPeriod::quarter_of_number(number)?;
        Some(QuarterDemand {
            period,
            first: end_of(number - 1)?.tomorrow().ok()?,
            last: end_of(number)?,
            lost: wanted.lost(period),
            wanted: wanted.run_rate().cloned(),
            all_sales: all_sales(record, period, on),
        })
    };
    (start..past_last).map(|number| one(number).ok_or(RiskFault::Day(from))).collect()
}

/// All sales of a quarter, or of the latest one known before it.
fn all_sales(record: &FirmRecord, period: FiscalPeriod, on: Date) -> Option<Usd> {
    let fits = |figure: &&Figure| {
        let before = figure.period.last_quarter_number() <= period.last_quarter_number();
        figure.kind == Kind::Booked && figure.period.is_quarter() && before
    };
    let found = record.standing(Measure::TotalRevenue, on).filter(fits);
    found.max_by_key(|figure| figure.period).and_then(Figure::central_usd)
}
