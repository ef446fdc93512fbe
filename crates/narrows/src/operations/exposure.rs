//! `exposure`: what a firm stood to lose under a state of the rule, by what was known on a day,
//! beside what came out later. Under a rule that may turn: [`outlook`] and [`build`].

mod build;
mod outlook;
mod terms;
mod tree;

use jiff::civil::Date;
use narrows_market::exposure::money::{Bounds, Usd};
use narrows_market::exposure::record::{Figure, FirmRecord, Kind, Measure, PartFigure};
use narrows_market::exposure::risk::{Assumptions, AtRisk, RiskFault, Supposed, at_risk};
use narrows_market::exposure::units::{Reading, readings};
use narrows_market::firm::Firm;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, FailureKind};
use crate::operation::Operation;
use crate::workbench::Workbench;

pub use build::{Alternative, BuildAnswer, BuildRequest, ExposureBuild, Numbers, Tried};
pub use outlook::{ExposureOutlook, OutlookAnswer, OutlookQuarter, OutlookRequest};
pub use terms::{TakenFigure, TermsAnswer};
pub use tree::{HazardAnswer, RuleRequest, TreeAnswer};

/// What a firm stood to lose.
pub struct Exposure;

/// What `exposure` is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExposureRequest {
    /// The firm: id, name or ticker.
    pub firm: String,
    /// The state that the rule is supposed to take; all that can be computed if none.
    #[serde(default)]
    pub state: Option<State>,
    /// The fee, a share of sales: for the state of that name.
    #[serde(default)]
    pub fee: Option<f64>,
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
    /// Share of a foreseen charge that is never booked, least and most; from the cases known on the
    /// day if none.
    #[serde(default)]
    pub never_booked: Option<(f64, f64)>,
    /// Share of a booked charge that is released, likewise.
    #[serde(default)]
    pub released: Option<(f64, f64)>,
}

/// States of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No sales.
    Ban,
    /// Sales need a licence that may be refused.
    Licence,
    /// Sales cost a share of their price.
    Fee,
    /// Sales need nothing.
    Open,
}

/// What `exposure` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExposureAnswer {
    /// Id of the firm.
    pub firm: String,
    /// Its name.
    pub name: String,
    /// Day of which the knowledge is.
    pub on: Date,
    /// What a reader must know of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What was at risk, by state.
    pub states: Vec<AtRisk>,
    /// Figures on record of the part, known by then: what the answer rests on.
    pub figures: Vec<Figure>,
    /// How many parts the charge is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<UnitsAnswer>,
    /// What identifies the data.
    pub data_version: String,
}

/// How many parts a charge is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnitsAnswer {
    /// The charge.
    pub charge: Bounds<Usd>,
    /// What charge it is.
    pub of: String,
    /// Both readings, by every figure of cost and of price.
    pub readings: Vec<Reading>,
    /// Numbers of parts on record.
    pub on_record: Vec<PartFigure>,
}

impl Operation for Exposure {
    const NAME: &'static str = "exposure";
    const SUMMARY: &'static str =
        "What a firm stood to lose under a state of the rule, by quarter, beside what came out later.";
    type Request = ExposureRequest;
    type Answer = ExposureAnswer;

    fn run(workbench: &Workbench, request: &ExposureRequest) -> Result<ExposureAnswer, Failure> {
        let exposures = workbench.exposures()?;
        let (firm, record) = named(workbench, &request.firm)?;
        check_coverage(record, request.on)?;
        let bounds = |(low, high): (f64, f64)| Bounds::of(low, high);
        let assumptions = Assumptions {
            basis: request.basis.clone(),
            part: request.part.clone(),
            never_booked: request.never_booked.map(bounds),
            released: request.released.map(bounds),
            quarters: request.quarters.unwrap_or(Assumptions::default().quarters),
        };
        let ask = |state: Supposed| {
            at_risk(exposures, record, state, request.on, &assumptions).map_err(|fault| risk_failure(&fault))
        };
        let states = supposed(request)?.into_iter().map(ask).collect::<Result<Vec<_>, Failure>>()?;
        let part = states.first().and_then(|state| state.part.clone());
        let basis = states.first().and_then(|state| state.basis.as_deref());
        let basis = basis.and_then(|name| record.bases.iter().find(|basis| basis.name == name));
        // Figures of another series are none that the answer rests on.
        let of_series = |figure: &Figure| match (&figure.basis, basis) {
            (Some(own), Some(basis)) => *own == basis.id,
            _ => true,
        };
        let of_part = |figure: &&Figure| {
            let is_ours = figure.part.is_none() || figure.part == part;
            figure.stands_on(request.on) && is_ours && of_series(figure)
        };
        Ok(ExposureAnswer {
            firm: firm.id.clone(),
            name: firm.name.clone(),
            on: request.on,
            note: record.note.clone(),
            units: part.as_deref().and_then(|part| units(record, part, request.on)),
            figures: latest(record.figures.iter().filter(of_part)),
            states,
            data_version: workbench.data_version(),
        })
    }
}

/// A firm by id, name or ticker, with its record.
fn named<'a>(workbench: &'a Workbench, name: &str) -> Result<(&'a Firm, &'a FirmRecord), Failure> {
    let unknown = |message: String| Failure { kind: FailureKind::UnknownName, message };
    let firm = workbench.firms()?.firm(name).map_err(|error| unknown(error.to_string()))?;
    let record = workbench.exposures()?.firm(&firm.id).map_err(|error| unknown(error.to_string()))?;
    Ok((firm, record))
}

/// The part asked for, or that of the latest figure known on a day.
fn latest_part(
    workbench: &Workbench,
    record: &FirmRecord,
    on: Date,
    part: Option<&str>,
) -> Result<Option<String>, Failure> {
    let assumptions = Assumptions { part: part.map(str::to_owned), quarters: 1, ..Assumptions::default() };
    let risk = at_risk(workbench.exposures()?, record, Supposed::Ban, on, &assumptions);
    risk.map(|risk| risk.part).map_err(|fault| risk_failure(&fault))
}

/// The states to suppose.
fn supposed(request: &ExposureRequest) -> Result<Vec<Supposed>, Failure> {
    let fee = request.fee.map(Supposed::Fee);
    Ok(match request.state {
        Some(State::Ban) => vec![Supposed::Ban],
        Some(State::Licence) => vec![Supposed::Licence],
        Some(State::Open) => vec![Supposed::Open],
        Some(State::Fee) => vec![fee.ok_or_else(|| {
            Failure::input("the state `fee` needs the fee, a share of sales such as 0.15 (`--fee`)")
        })?],
        None => [Supposed::Ban, Supposed::Licence].into_iter().chain(fee).chain([Supposed::Open]).collect(),
    })
}

/// Before the first figure nothing is known, which is not the same as nothing at risk.
fn check_coverage(record: &FirmRecord, on: Date) -> Result<(), Failure> {
    let first = record.figures.iter().filter_map(|figure| figure.known).min();
    match first {
        Some(first) if first <= on => Ok(()),
        Some(first) => Err(Failure {
            kind: FailureKind::BeforeCoverage,
            message: format!("the first figure of {} became known on {first}, after {on}", record.firm),
        }),
        None => Err(Failure {
            kind: FailureKind::BeforeCoverage,
            message: format!("no figure of {} has a day on which it became known", record.firm),
        }),
    }
}

fn risk_failure(fault: &RiskFault) -> Failure {
    let kind = match fault {
        RiskFault::Basis { .. } | RiskFault::Part { .. } => FailureKind::UnknownName,
        RiskFault::Number { .. } | RiskFault::Day(_) => FailureKind::Input,
    };
    Failure { kind, message: fault.to_string() }
}

/// The figures of the latest periods: of each measure, basis and kind the last two.
fn latest<'a>(figures: impl Iterator<Item = &'a Figure>) -> Vec<Figure> {
    const EACH: usize = 2;
    let mut all: Vec<&Figure> = figures.collect();
    all.sort_by_key(|figure| std::cmp::Reverse((figure.period.last_quarter_number(), figure.known)));
    let mut kept: Vec<&Figure> = Vec::new();
    for figure in all {
        let alike = |other: &&&Figure| {
            other.measure == figure.measure && other.basis == figure.basis && other.kind == figure.kind
        };
        // Charges and lost sales are few, and every one of them counts.
        let few = matches!(figure.measure, Measure::InventoryCharge | Measure::LostSales);
        if few || kept.iter().filter(alike).count() < EACH {
            kept.push(figure);
        }
    }
    kept.sort_by_key(|figure| (figure.measure, figure.period));
    kept.into_iter().cloned().collect()
}

/// Both readings of the latest charge that was known: foreseen, or else booked.
fn units(record: &FirmRecord, part: &str, on: Date) -> Option<UnitsAnswer> {
    let charges = record.figures.iter().filter(|figure| {
        figure.measure == Measure::InventoryCharge
            && figure.part.as_deref() == Some(part)
            && figure.stands_on(on)
            && figure.range.high > 0.0
    });
    let charge = charges.max_by_key(|figure| (figure.kind == Kind::Guided, figure.known))?;
    let part = record.part(part)?;
    let amount = charge.central_usd()?;
    let known_by = charge.known.map(|day| day.to_string()).unwrap_or_default();
    let kind = match charge.kind {
        Kind::Guided => "foreseen",
        Kind::Booked => "booked",
    };
    Some(UnitsAnswer {
        charge: Bounds::point(amount),
        of: format!("charge {kind}, known on {known_by}"),
        readings: readings(part, Bounds::point(amount), on),
        on_record: part.units.clone(),
    })
}
