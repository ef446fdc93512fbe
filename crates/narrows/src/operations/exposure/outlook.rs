//! `exposure outlook`: what the rule may be in each quarter ahead, and what that may cost.

use jiff::civil::Date;
use narrows_market::exposure::money::Bounds;
use narrows_market::exposure::period::FiscalPeriod;
use narrows_market::exposure::record::{FirmRecord, RestrictedPart};
use narrows_market::exposure::recovery::{self, RecoveryPoint};
use narrows_market::exposure::risk::{Assumptions, AtRisk, Supposed, at_risk};
use narrows_market::policy::history::YEAR_DAYS;
use narrows_market::policy::outlook::{Ahead, Amounts, QuarterAhead, Range, Stakes, Stock, outlook};
use serde::{Deserialize, Serialize};

use super::tree::{RuleRequest, Tree, TreeAnswer, failure};
use super::{check_coverage, named, risk_failure};
use crate::failure::Failure;
use crate::operation::Operation;
use crate::workbench::Workbench;

/// The quarters ahead under a rule that may turn.
pub struct ExposureOutlook;

/// What `exposure outlook` is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutlookRequest {
    /// The firm: id, name or ticker.
    pub firm: String,
    /// Day of which the knowledge is.
    pub on: Date,
    /// Quarters to show, that under way included; four if none.
    #[serde(default)]
    pub quarters: Option<usize>,
    /// How sales are ascribed to countries; the record's first with a figure if none.
    #[serde(default)]
    pub basis: Option<String>,
    /// Part under the rule; the one of the latest figure if none.
    #[serde(default)]
    pub part: Option<String>,
    /// Share of a foreseen charge that is never booked, least and most.
    #[serde(default)]
    pub never_booked: Option<(f64, f64)>,
    /// Share of a booked charge that is released, likewise.
    #[serde(default)]
    pub released: Option<(f64, f64)>,
    /// Stock and commitments for the market, at cost in dollars, not charged yet; that on record
    /// if none.
    #[serde(default)]
    pub stock: Option<f64>,
    /// The rule.
    #[serde(default)]
    pub rule: RuleRequest,
}

/// A quarter ahead.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutlookQuarter {
    /// Which one.
    pub period: FiscalPeriod,
    /// Its last day.
    pub end: Date,
    /// What buyers want in it, in dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<Range>,
    /// States at its end, and what it may bring.
    #[serde(flatten)]
    pub ahead: QuarterAhead,
}

/// What `exposure outlook` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutlookAnswer {
    /// Id of the firm.
    pub firm: String,
    /// Its name.
    pub name: String,
    /// Day of which the knowledge is.
    pub on: Date,
    /// Part under the rule.
    pub part: String,
    /// Basis of sales to the country under the rule, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// The rule that may turn.
    pub rule: TreeAnswer,
    /// By quarter.
    pub quarters: Vec<OutlookQuarter>,
    /// All quarters together.
    pub total: Amounts,
    /// Whether the record or the asker has sales that buyers want.
    pub has_sales: bool,
    /// What hangs on the rule, as it was computed with.
    pub stakes: Stakes,
    /// What became of charges by then.
    pub recovery: Vec<RecoveryPoint>,
    /// What the answer supposes, in words.
    pub assumed: Vec<String>,
    /// Histories drawn.
    pub histories: usize,
    /// Draws of the hazards among them.
    pub hazard_draws: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// What identifies the data.
    pub data_version: String,
}

impl Operation for ExposureOutlook {
    const NAME: &'static str = "exposure outlook";
    const SUMMARY: &'static str =
        "What the rule may be in each quarter ahead, and what charge, lost sales and fee that may bring.";
    type Request = OutlookRequest;
    type Answer = OutlookAnswer;

    fn run(workbench: &Workbench, request: &OutlookRequest) -> Result<OutlookAnswer, Failure> {
        let (firm, record) = named(workbench, &request.firm)?;
        check_coverage(record, request.on)?;
        let assumptions = Assumptions {
            basis: request.basis.clone(),
            part: request.part.clone(),
            never_booked: request.never_booked.map(|(low, high)| Bounds::of(low, high)),
            released: request.released.map(|(low, high)| Bounds::of(low, high)),
            quarters: request.quarters.unwrap_or(Assumptions::default().quarters),
        };
        let risk = at_risk(workbench.exposures()?, record, Supposed::Ban, request.on, &assumptions)
            .map_err(|fault| risk_failure(&fault))?;
        let part = part_of(record, risk.part.as_deref(), request.on)?;
        let tree = Tree::grow(workbench, part, request.on, &request.rule)?;
        let mut assumed = tree.answer.assumed.clone();
        let stakes = stakes(request, record, part, &risk, tree.fee, &mut assumed)?;
        let (draws, seed) = (request.rule.draws(), request.rule.seed());
        let outlook = outlook(tree.answer.today, &tree.hazards, &stakes, draws, seed)
            .map_err(|fault| failure(&fault))?;
        let quarters = outlook.quarters.into_iter().zip(&risk.quarters).zip(&stakes.quarters);
        let quarters = quarters.map(|((ahead, quarter), stake)| OutlookQuarter {
            period: quarter.period,
            end: quarter.end,
            wanted: stake.wanted,
            ahead,
        });
        Ok(OutlookAnswer {
            firm: firm.id.clone(),
            name: firm.name.clone(),
            on: request.on,
            part: part.id.clone(),
            basis: risk.basis,
            rule: tree.answer,
            quarters: quarters.collect(),
            total: outlook.total,
            has_sales: stakes.quarters.iter().any(|quarter| quarter.wanted.is_some()),
            stakes,
            recovery: risk.recovery,
            assumed,
            histories: outlook.histories,
            hazard_draws: outlook.hazard_draws,
            seed,
            data_version: workbench.data_version(),
        })
    }
}

/// The part of the question, or what to say.
pub(super) fn part_of<'a>(
    record: &'a FirmRecord,
    part: Option<&str>,
    on: Date,
) -> Result<&'a RestrictedPart, Failure> {
    let known = || {
        let parts: Vec<&str> = record.parts.iter().map(|part| part.id.as_str()).collect();
        if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
    };
    part.and_then(|part| record.part(part)).ok_or_else(|| {
        Failure::input(format!(
            "no figure of a single part of {} under a rule was known on {on}: name the part (`--part`); on record: {}",
            record.firm,
            known()
        ))
    })
}

/// What hangs on the rule: sales, stock and recovery, each with where it comes from.
fn stakes(
    request: &OutlookRequest,
    record: &FirmRecord,
    part: &RestrictedPart,
    risk: &AtRisk,
    fee: f64,
    assumed: &mut Vec<String>,
) -> Result<Stakes, Failure> {
    let mut quarters = Vec::new();
    let mut before = request.on;
    for quarter in &risk.quarters {
        let days = (quarter.end - before).get_days().max(1);
        let wanted = quarter.revenue.as_ref().map(|revenue| Range {
            low: revenue.range.low.0,
            middle: revenue.central.map(|it| it.0.clamp(revenue.range.low.0, revenue.range.high.0)),
            high: revenue.range.high.0,
        });
        quarters.push(Ahead { years: f64::from(days) / YEAR_DAYS, wanted });
        before = quarter.end;
    }
    assumed.extend(wanted_words(risk));
    let never_booked = recovered(
        "share of a foreseen charge that is never booked",
        request.never_booked,
        recovery::range(&risk.recovery, RecoveryPoint::never_booked),
        assumed,
    );
    let released = recovered(
        "share of a booked charge that is released",
        request.released,
        recovery::range(&risk.recovery, RecoveryPoint::released_share),
        assumed,
    );
    let (low, high) = request.rule.licensed.unwrap_or((0.0, 1.0));
    assumed.push(match request.rule.licensed {
        Some(_) => format!("licences let {} through, as given", percents(low, high)),
        None => {
            "licences let some share of demand through, between none and all alike: no figure is on record"
                .to_owned()
        }
    });
    Ok(Stakes {
        quarters,
        stock: stock(request, record, part, risk, assumed)?,
        never_booked,
        released,
        release_after: release_after(&risk.recovery, assumed),
        licensed: Range::even(low, high),
        fee,
    })
}

/// How the sales wanted were found, once for the quarters that agree.
fn wanted_words(risk: &AtRisk) -> Vec<String> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for quarter in &risk.quarters {
        let how = quarter.revenue.as_ref().map_or("nothing is on record", |it| it.how.as_str());
        match all.iter_mut().find(|(other, _)| other == how) {
            Some((_, periods)) => periods.push(quarter.period.to_string()),
            None => all.push((how.to_owned(), vec![quarter.period.to_string()])),
        }
    }
    all.into_iter().map(|(how, periods)| format!("sales wanted in {}: {how}", periods.join(", "))).collect()
}

pub(super) fn percents(low: f64, high: f64) -> String {
    let one = |share: f64| format!("{:.1}%", share * 100.0);
    let (low, high) = (one(low), one(high));
    if low == high { low } else { format!("{low} to {high}") }
}

/// A share of a charge: given, between the cases known by then, or none.
fn recovered(
    what: &str,
    given: Option<(f64, f64)>,
    known: Option<Bounds<f64>>,
    assumed: &mut Vec<String>,
) -> Range {
    let (low, high, how) = match (given, known) {
        (Some((low, high)), _) => (low, high, "as given"),
        (None, Some(known)) => (known.low, known.high, "between the cases known by then alike"),
        (None, None) => (0.0, 0.0, "no case was known by then"),
    };
    assumed.push(format!("{what}: {}, {how}", percents(low, high)));
    Range::even(low, high)
}

/// Stock and commitments: given, or the charge that the firm foresaw or booked.
fn stock(
    request: &OutlookRequest,
    record: &FirmRecord,
    part: &RestrictedPart,
    risk: &AtRisk,
    assumed: &mut Vec<String>,
) -> Result<Option<Stock>, Failure> {
    if let Some(at_cost) = request.stock {
        if !(at_cost.is_finite() && at_cost >= 0.0) {
            return Err(Failure::input(format!("the stock is {at_cost}; expected dollars, zero or more")));
        }
        assumed.push("stock: as given, at cost, not charged yet".to_owned());
        return Ok(Some(Stock { at_cost, charged: false }));
    }
    let charged = recovery::is_charged(record, &part.id, request.on);
    let on_record = risk.quarters.iter().find_map(|quarter| quarter.inventory.as_ref());
    let Some((inventory, central)) = on_record.and_then(|it| Some((it, it.central?))) else {
        assumed.push(
            "stock: none is on record by then, so that charge and redeployment are not computed (`--stock`)"
                .to_owned(),
        );
        return Ok(None);
    };
    assumed.push(format!("stock: {}", inventory.how));
    Ok(Some(Stock { at_cost: central.0, charged }))
}

/// Quarters from a charge to its release, over the cases known by then.
fn release_after(points: &[RecoveryPoint], assumed: &mut Vec<String>) -> (usize, usize) {
    let lags =
        points.iter().filter_map(|point| point.released_after).filter_map(|it| usize::try_from(it).ok());
    let (fewest, most) = lags.fold((usize::MAX, 0), |(few, most), lag| (few.min(lag), most.max(lag)));
    let (fewest, most) = if most == 0 { (1, 1) } else { (fewest.max(1), most) };
    if points.iter().any(|point| point.released_after.is_some()) {
        let words = match (fewest, most) {
            (1, 1) => "1 quarter".to_owned(),
            _ if fewest == most => format!("{fewest} quarters"),
            _ => format!("{fewest} to {most} quarters"),
        };
        assumed.push(format!("released {words} after it was charged, as in the cases known by then"));
    }
    (fewest, most)
}
