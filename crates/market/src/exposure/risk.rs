//! [`at_risk`]: what a firm stood to lose by quarter under a state of the rule, by what was known
//! on a day, beside what came out later.
//!
//! How each number is made (each answer says which of these it used):
//!
//! * *Sales wanted in a quarter*: in this order, the firm's own figure of lost sales for that
//!   quarter; its own outlook of what could ship; a figure of lost sales for a year, spread evenly
//!   over the quarters of it that had not ended when it became known; what was sold and what was
//!   lost in quarters on record (the latest, with the range over the last four); and if nothing of
//!   the part is on record, between nothing and all sales to the country under the rule of the latest quarter on one basis.
//! * *The quarter under way*: the even share of the days that are left is the least, the whole
//!   quarter the most, since sales may bunch at its end. A figure for the quarter itself is not cut.
//! * *Stock*: the charge that the firm foresaw while nothing of it is booked (it is the stock and
//!   commitments at cost); after that what has been set aside and not released.
//! * *Charge* under a ban: the foreseen charge less the share that other firms never booked; after
//!   it has been booked nothing more is on record to be charged. Under a licence between nothing and
//!   that. If sales are open or cost a fee: what has been set aside may come back, by the shares
//!   that were released elsewhere (below zero).
//! * *Lost sales*: all that is wanted under a ban; between nothing and that under a licence; none
//!   otherwise. *Fee*: the rate times what is wanted.

use jiff::civil::Date;
use serde::Serialize;

use super::money::{Bounds, Usd};
use super::period::FiscalPeriod;
use super::record::{Exposures, Figure, FirmRecord, Kind, Measure};
use super::recovery::{self, Charges, RecoveryPoint, charges};

mod demand;
mod later;
mod wanted;

pub use demand::{QuarterDemand, demand};
pub use later::Later;
use wanted::Wanted;

/// State of the rule that the question supposes from the day on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Supposed {
    /// Sales need nothing.
    Open,
    /// Sales need a licence that may be refused.
    Licence,
    /// No sales.
    Ban,
    /// Sales cost this share of their price.
    Fee(f64),
}

/// What the answer supposes besides the record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assumptions {
    /// Quarters to show, the one under way included.
    pub quarters: usize,
    /// Basis of sales to the country under the rule; the first one with a figure if not given.
    pub basis: Option<String>,
    /// Part; the one with the latest figure if not given.
    pub part: Option<String>,
    /// Share of a foreseen charge that will not be booked; from the points known on the day if not
    /// given, and none if there are none.
    pub never_booked: Option<Bounds<f64>>,
    /// Share of a booked charge that will be released; likewise.
    pub released: Option<Bounds<f64>>,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self { quarters: 4, basis: None, part: None, never_booked: None, released: None }
    }
}

/// An amount, with how it was made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// Least and most.
    pub range: Bounds<Usd>,
    /// The one value to take if one is needed; `None` where the record singles none out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub central: Option<Usd>,
    /// How it was made.
    pub how: String,
}

impl Estimate {
    fn none(how: &str) -> Self {
        Self { range: Bounds::point(Usd(0.0)), central: Some(Usd(0.0)), how: how.to_owned() }
    }
}

/// One quarter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuarterRisk {
    /// Which one.
    pub period: FiscalPeriod,
    /// Its last day.
    pub end: Date,
    /// Whether that day follows from the firm's calendar by rule.
    pub end_by_rule: bool,
    /// Sales that hang on the rule.
    pub revenue: Option<Estimate>,
    /// Stock and commitments, at cost, that hang on it. It is the same stock in every quarter.
    pub inventory: Option<Estimate>,
    /// Charge; below zero if some of an earlier one comes back.
    pub charge: Option<Estimate>,
    /// Sales not made.
    pub lost_sales: Option<Estimate>,
    /// Fee.
    pub fee: Option<Estimate>,
    /// What was known later of this quarter.
    pub later: Vec<Later>,
}

/// Share of sales that went to the country under the rule, as last reported.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChinaShare {
    /// Period.
    pub period: FiscalPeriod,
    /// Basis, in words.
    pub basis: String,
    /// Share.
    pub share: Bounds<f64>,
    /// Whether the firm's record has the share itself; otherwise it is a quotient of two figures.
    pub reported: bool,
}

/// What a firm stood to lose.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AtRisk {
    /// Id of the firm.
    pub firm: String,
    /// Day of which the knowledge is.
    pub on: Date,
    /// State of the rule that is supposed.
    pub state: Supposed,
    /// Part under the rule, if the record has figures of one.
    pub part: Option<String>,
    /// Basis of sales to the country under the rule, in words.
    pub basis: Option<String>,
    /// Share of sales that went to the country under the rule.
    pub china_share: Option<ChinaShare>,
    /// By quarter.
    pub quarters: Vec<QuarterRisk>,
    /// What later came out of periods that are no quarter.
    pub later: Vec<Later>,
    /// Recoveries known on the day, of all firms.
    pub recovery: Vec<RecoveryPoint>,
    /// What the answer supposes, in words.
    pub assumed: Vec<String>,
    /// What is on record and was not used, and why.
    pub left_out: Vec<String>,
}

/// The question cannot be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RiskFault {
    /// The record has no such basis.
    #[error("{firm} has no basis `{basis}`; it has {known}")]
    Basis {
        /// Firm.
        firm: String,
        /// The basis asked for.
        basis: String,
        /// All bases.
        known: String,
    },
    /// The record has no such part.
    #[error("{firm} has no figures of `{part}`; it has {known}")]
    Part {
        /// Firm.
        firm: String,
        /// The part asked for.
        part: String,
        /// All parts.
        known: String,
    },
    /// A number is out of its range.
    #[error("{what} is {value}; expected {expected}")]
    Number {
        /// Which number.
        what: &'static str,
        /// Its value.
        value: String,
        /// What it can be.
        expected: &'static str,
    },
    /// The day is beyond any calendar.
    #[error("no fiscal quarter holds {0}")]
    Day(Date),
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = names.collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

fn check(record: &FirmRecord, state: Supposed, assumptions: &Assumptions) -> Result<(), RiskFault> {
    if let Some(basis) = assumptions.basis.as_deref().filter(|id| record.basis(id).is_none()) {
        return Err(RiskFault::Basis {
            firm: record.firm.clone(),
            basis: basis.to_owned(),
            known: list(record.bases.iter().map(|basis| basis.id.as_str())),
        });
    }
    if let Some(part) = assumptions.part.as_deref().filter(|name| record.part(name).is_none()) {
        return Err(RiskFault::Part {
            firm: record.firm.clone(),
            part: part.to_owned(),
            known: list(record.parts.iter().map(|part| part.id.as_str())),
        });
    }
    let share = |what, value: f64| match (0.0..=1.0).contains(&value) {
        true => Ok(()),
        false => {
            Err(RiskFault::Number { what, value: value.to_string(), expected: "a share from zero to one" })
        }
    };
    if let Supposed::Fee(rate) = state {
        share("the fee", rate)?;
    }
    for (what, given) in
        [("the share never booked", assumptions.never_booked), ("the share released", assumptions.released)]
    {
        if let Some(given) = given {
            share(what, given.low)?;
            share(what, given.high)?;
        }
    }
    if assumptions.quarters == 0 || assumptions.quarters > 40 {
        let value = assumptions.quarters.to_string();
        return Err(RiskFault::Number { what: "the number of quarters", value, expected: "1 to 40" });
    }
    Ok(())
}

/// What a firm stood to lose under a state, by what was known on a day.
///
/// # Errors
/// [`RiskFault`] for an unknown basis or part, or a number out of its range.
pub fn at_risk(
    exposures: &Exposures,
    record: &FirmRecord,
    state: Supposed,
    on: Date,
    assumptions: &Assumptions,
) -> Result<AtRisk, RiskFault> {
    check(record, state, assumptions)?;
    let first = record.quarter_on(on).ok_or(RiskFault::Day(on))?;
    let mut assumed = Vec::new();
    let mut left_out = Vec::new();
    let part = part_of_question(record, on, assumptions, &mut left_out);
    let wanted = Wanted::new(record, on, part, assumptions.basis.as_deref(), &mut assumed, &mut left_out);
    let recovery = recovery::points(exposures, on);
    let known = part.map(|part| charges(record, part, on));
    let shares = Shares::new(&recovery, assumptions, known.as_ref(), &mut assumed);
    let mut quarters = Vec::new();
    let start = first.last_quarter_number();
    let past_last = start.saturating_add(i32::try_from(assumptions.quarters).unwrap_or(i32::MAX));
    for number in start..past_last {
        let Some(period) = FiscalPeriod::quarter_of_number(number) else { continue };
        let Some(end) = record.end_of(period) else { continue };
        let is_first = number == start;
        let revenue = wanted.in_quarter(period, is_first.then_some(end));
        quarters.push(QuarterRisk {
            period,
            end,
            end_by_rule: record.period(period).is_none_or(|known| known.end.is_none()),
            inventory: known.as_ref().and_then(|known| inventory(known)),
            charge: known.as_ref().and_then(|known| charge(known, state, &shares, is_first)),
            lost_sales: revenue.as_ref().map(|wanted| lost_sales(wanted, state)),
            fee: revenue.as_ref().and_then(|wanted| fee(wanted, state)),
            revenue: revenue.map(|wanted| at_stake(wanted, state)),
            later: later::of_period(record, period, on),
        });
    }
    left_out.extend(unused(record, on));
    Ok(AtRisk {
        firm: record.firm.clone(),
        on,
        state,
        part: part.map(str::to_owned),
        basis: wanted.basis().map(|basis| basis.name.clone()),
        china_share: later::china_share(record, on, wanted.basis()),
        later: later::of_longer_periods(record, on),
        quarters,
        recovery,
        assumed,
        left_out,
    })
}

/// The part asked for, or the one of the latest figure known.
fn part_of_question<'a>(
    record: &'a FirmRecord,
    on: Date,
    assumptions: &Assumptions,
    left_out: &mut Vec<String>,
) -> Option<&'a str> {
    if let Some(name) = assumptions.part.as_deref() {
        return record.part(name).map(|part| part.id.as_str());
    }
    let of_part = record.figures.iter().filter(|figure| figure.part.is_some() && figure.stands_on(on));
    let chosen = of_part.clone().max_by_key(|figure| figure.known)?.part.as_deref()?;
    for other in &record.parts {
        if other.id != chosen && of_part.clone().any(|figure| figure.part.as_ref() == Some(&other.id)) {
            left_out.push(format!("figures of {}: the latest ones known are of {chosen}", other.id));
        }
    }
    Some(chosen)
}

/// Shares of charges that are recovered.
struct Shares {
    never_booked: Option<Bounds<f64>>,
    released: Option<Bounds<f64>>,
}

impl Shares {
    fn new(
        points: &[RecoveryPoint],
        assumptions: &Assumptions,
        known: Option<&Charges<'_>>,
        assumed: &mut Vec<String>,
    ) -> Self {
        let never_booked =
            assumptions.never_booked.or_else(|| recovery::range(points, RecoveryPoint::never_booked));
        let released =
            assumptions.released.or_else(|| recovery::range(points, RecoveryPoint::released_share));
        if known.is_some_and(|known| known.guided.is_some() || known.booked > Usd(0.0)) {
            let say = |what: &str, given: bool, range: Option<Bounds<f64>>| match range {
                Some(range) if given => {
                    format!("{what}: {:.1}% to {:.1}%, as given", range.low * 100.0, range.high * 100.0)
                }
                Some(range) => format!(
                    "{what}: {:.1}% to {:.1}%, from {} known by then",
                    range.low * 100.0,
                    range.high * 100.0,
                    if points.len() == 1 {
                        "the one case".to_owned()
                    } else {
                        format!("{} cases", points.len())
                    },
                ),
                None => format!("{what}: none, for no case was known by then"),
            };
            assumed.push(say(
                "share of a foreseen charge that is never booked",
                assumptions.never_booked.is_some(),
                never_booked,
            ));
            assumed.push(say(
                "share of a booked charge that is released",
                assumptions.released.is_some(),
                released,
            ));
        }
        Self { never_booked, released }
    }
}

/// What is wanted, as far as it hangs on the rule.
fn at_stake(wanted: Estimate, state: Supposed) -> Estimate {
    match state {
        Supposed::Open => Estimate::none("sales are open"),
        Supposed::Fee(_) => Estimate::none("sales go on; the fee is shown by itself"),
        Supposed::Licence | Supposed::Ban => wanted,
    }
}

fn lost_sales(wanted: &Estimate, state: Supposed) -> Estimate {
    match state {
        Supposed::Open | Supposed::Fee(_) => Estimate::none("sales go on"),
        Supposed::Ban => Estimate { how: "all that is wanted".to_owned(), ..wanted.clone() },
        Supposed::Licence => Estimate {
            range: Bounds { low: Usd(0.0), high: wanted.range.high },
            central: None,
            how: "between every licence granted and none".to_owned(),
        },
    }
}

fn fee(wanted: &Estimate, state: Supposed) -> Option<Estimate> {
    let Supposed::Fee(rate) = state else { return None };
    Some(Estimate {
        range: wanted.range.map(|amount| amount * rate),
        central: wanted.central.map(|amount| amount * rate),
        how: format!("{:.1}% of what is wanted", rate * 100.0),
    })
}

fn inventory(known: &Charges<'_>) -> Option<Estimate> {
    if known.booked > Usd(0.0) {
        return Some(Estimate {
            range: Bounds::point(known.outstanding()),
            central: Some(known.outstanding()),
            how: "set aside and not released".to_owned(),
        });
    }
    let guided = known.guided?;
    Some(Estimate {
        range: guided.usd()?,
        central: guided.central_usd(),
        how: format!("the charge that the firm foresaw{}: stock and commitments at cost", up_to(guided)),
    })
}

fn up_to(figure: &Figure) -> &'static str {
    if figure.bound == super::record::Bound::UpTo { ", an upper bound" } else { "" }
}

/// The charge is the quarter's under way; what comes back may come back in any quarter.
fn charge(known: &Charges<'_>, state: Supposed, shares: &Shares, is_first: bool) -> Option<Estimate> {
    let is_booked = known.booked > Usd(0.0);
    match state {
        Supposed::Ban | Supposed::Licence if is_booked => {
            Some(Estimate::none("all that the firm foresaw is booked; no other stock is on record"))
        }
        Supposed::Ban | Supposed::Licence => {
            let guided = known.guided?;
            if !is_first {
                return Some(Estimate::none("in the books of the quarter under way"));
            }
            let (range, central) = (guided.usd()?, guided.central_usd()?);
            let never = shares.never_booked.unwrap_or(Bounds::point(0.0));
            let is_ban = state == Supposed::Ban;
            let low = if is_ban { range.low * (1.0 - never.high) } else { Usd(0.0) };
            let middle = f64::midpoint(never.low, never.high);
            Some(Estimate {
                range: Bounds { low, high: range.high * (1.0 - never.low) },
                central: is_ban.then(|| central * (1.0 - middle)),
                how: format!(
                    "the foreseen charge{} less the share that is never booked{}",
                    up_to(guided),
                    if is_ban { "" } else { ", or nothing if licences come" },
                ),
            })
        }
        Supposed::Open | Supposed::Fee(_) if is_booked => {
            let released = shares.released.unwrap_or(Bounds::point(0.0));
            Some(Estimate {
                range: Bounds { low: -(known.outstanding() * released.high), high: Usd(0.0) },
                central: None,
                how: "what is set aside times the share that is released, in whichever quarter".to_owned(),
            })
        }
        Supposed::Open | Supposed::Fee(_) => Some(Estimate::none("stock can be sold")),
    }
}

/// Figures that can never be used for a day or in dollars.
fn unused(record: &FirmRecord, on: Date) -> Vec<String> {
    let mut reasons = Vec::new();
    for figure in &record.figures {
        let name = format!("{} {}", figure.period, figure.measure.words());
        if figure.known.is_none() {
            reasons.push(format!("{name}: the day on which it was known is not on record"));
        } else if let super::record::Unit::Currency(code) = &figure.unit {
            reasons.push(format!("{name}: in {code}, with no rate on record"));
        } else if let Some(day) = figure.withdrawn.filter(|day| *day <= on) {
            reasons.push(format!("{name}: taken back on {day}"));
        } else if figure.kind == Kind::Guided && figure.measure == Measure::ChinaShare {
            reasons.push(format!("{name}: an outlook of a share, not used"));
        }
    }
    reasons
}
