//! What each change of policy cost: the events that reach a chip, and what shares of its maker,
//! of the maker's suppliers and of the firms that an event names did on the first session that
//! could react.

use std::collections::BTreeMap;

use jiff::civil::Date;
use narrows_catalog::Chip;
use narrows_market::event::{Kind, PolicyEvent};
use narrows_market::exposure::record::{Figure, Measure};
use narrows_market::firm::Firm;
use narrows_market::study::{ReturnKind, Specification};
use serde::Serialize;

use super::super::events::{EventsOperation, EventsRequest};
use super::super::ripple::{
    EventReactions, GivenAssumptions, Ripple, RippleQuarter, RippleRequest, Supplier,
};
use super::super::shock::{Overlap, Shock, ShockAnswer, ShockRequest, ShockRow};
use crate::failure::{Failure, FailureKind};
use crate::operation::Operation;
use crate::workbench::Workbench;

/// What each change of policy cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Costs {
    /// The firm that makes the chip, if it is on record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maker: Option<Party>,
    /// First and last day of the quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quoted: Option<(Date, Date)>,
    /// Events that reach the chip, the earliest first.
    pub events: Vec<CostlyEvent>,
    /// What the maker told of its charges and sales because of the rule, in the order in which it
    /// became known.
    pub told: Vec<Figure>,
}

/// A firm whose shares are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Party {
    /// Id of the firm.
    pub firm: String,
    /// Its name.
    pub name: String,
    /// Its security with quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticker: Option<String>,
}

/// One event and what shares did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CostlyEvent {
    /// The event, with its confounders.
    pub event: PolicyEvent,
    /// Other events of the same sessions.
    pub overlapping: Vec<Overlap>,
    /// The maker first, then the others, the largest abnormal return first.
    pub reactions: Vec<Reaction>,
    /// Firms whose shares cannot be shown, with the reason.
    pub left_out: Vec<(String, String)>,
    /// The maker's suppliers, where the event takes the buyer away or gives it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppliers: Option<SupplierCosts>,
}

/// What the network predicts for the maker's suppliers, and what their shares did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SupplierCosts {
    /// The part.
    pub part: String,
    /// The buyer, in words.
    pub buyer: String,
    /// First day on which the maker may not sell.
    pub from: Date,
    /// First day on which it may again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// First and last quarter of the prediction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarters: Option<(String, String)>,
    /// What each loses.
    pub predicted: Vec<Supplier>,
    /// What shares did.
    pub shares: EventReactions,
}

/// What one share did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reaction {
    /// What the firm is to the chip.
    pub role: Role,
    /// From close to close.
    pub close: ShockRow,
    /// From the close before to the open, where quotes tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overnight: Option<ShockRow>,
}

/// What a firm is to the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It makes the chip.
    Maker,
    /// The event names it.
    Named,
}

/// None where no event reaches the chip.
pub(super) fn costs(workbench: &Workbench, chip: &Chip, buyer: &str) -> Result<Option<Costs>, Failure> {
    let request = EventsRequest { chip: Some(chip.id.clone()), ..EventsRequest::default() };
    let events = EventsOperation::run(workbench, &request)?.events;
    if events.is_empty() {
        return Ok(None);
    }
    let (firms, quotes) = (workbench.firms()?, workbench.quotes()?);
    let party = |firm: &Firm| Party {
        firm: firm.id.clone(),
        name: firm.name.clone(),
        ticker: firm.securities.iter().find(|ticker| quotes.get(ticker).is_some()).cloned(),
    };
    let maker = firms.firm(&chip.vendor).ok().map(party);
    let mut suppliers = suppliers(workbench, chip, buyer, &events)?;
    let events = events.into_iter().map(|event| {
        let mut parties: Vec<(Role, Party)> = Vec::new();
        let mut left_out = Vec::new();
        parties.extend(maker.clone().map(|maker| (Role::Maker, maker)));
        for id in &event.firms {
            match firms.firm(id) {
                Ok(firm) if parties.iter().all(|(_, known)| known.firm != firm.id) => {
                    parties.push((Role::Named, party(firm)));
                }
                Ok(_) => {}
                Err(unknown) => left_out.push((id.clone(), unknown.to_string())),
            }
        }
        let suppliers = suppliers.remove(&event.id);
        Ok(CostlyEvent { suppliers, ..one(workbench, event, &parties, left_out)? })
    });
    let days = quotes.iter().filter_map(|series| Some((*series.dates.first()?, *series.dates.last()?)));
    Ok(Some(Costs {
        maker: maker.clone(),
        quoted: days.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1))),
        events: events.collect::<Result<_, Failure>>()?,
        told: told(workbench, chip)?,
    }))
}

/// Figures of the part under the rule, those without a day left out.
fn told(workbench: &Workbench, chip: &Chip) -> Result<Vec<Figure>, Failure> {
    let Ok(record) = workbench.exposures()?.firm(&chip.vendor) else { return Ok(Vec::new()) };
    let parts = record.parts.iter().filter(|part| part.chips.contains(&chip.id));
    let names: Vec<&str> = parts.map(|part| part.id.as_str()).collect();
    let counts = |figure: &&Figure| {
        let is_of_it = figure.part.as_deref().is_some_and(|part| names.contains(&part));
        let is_cost = matches!(
            figure.measure,
            Measure::InventoryCharge | Measure::LostSales | Measure::RestrictedRevenue
        );
        is_of_it && is_cost && figure.known.is_some()
    };
    let mut told: Vec<Figure> = record.figures.iter().filter(counts).cloned().collect();
    told.sort_by_key(|figure| (figure.known, figure.measure));
    Ok(told)
}

/// For each event that takes the buyer away from the maker, until the next that gives it back, what
/// that does to suppliers; by the ids of both events.
fn suppliers(
    workbench: &Workbench,
    chip: &Chip,
    buyer: &str,
    events: &[PolicyEvent],
) -> Result<BTreeMap<String, SupplierCosts>, Failure> {
    let mut all = BTreeMap::new();
    let Ok(record) = workbench.exposures()?.firm(&chip.vendor) else { return Ok(all) };
    let Some(part) = record.parts.iter().find(|part| part.chips.contains(&chip.id)) else { return Ok(all) };
    // Records tell of one group of buyers; others have nothing to show.
    let mut buyers = workbench.supply()?.buyers(&chip.vendor);
    if !buyers.any(|group| group.of_exposures && group.place.as_deref() == Some(buyer)) {
        return Ok(all);
    }
    let strikes = |event: &&PolicyEvent| event.kind == Kind::Tighten && event.firms.contains(&chip.vendor);
    for event in events.iter().filter(strikes) {
        let from = event.days.announced;
        let frees = |other: &&PolicyEvent| other.kind == Kind::Loosen && other.days.announced > from;
        let until = events.iter().filter(frees).map(|other| other.days.announced).min();
        let request = RippleRequest {
            maker: chip.vendor.clone(),
            part: part.id.clone(),
            buyer: buyer.to_owned(),
            from,
            until,
            on: None,
            quarters: None,
            demand: None,
            cost_share: None,
            assumptions: GivenAssumptions::default(),
            events: Vec::new(),
            return_kind: None,
        };
        let answer = match Ripple::run(workbench, &request) {
            Ok(answer) => answer,
            // A day of which the record knows no demand has no prediction.
            Err(failure) if failure.kind == FailureKind::BeforeCoverage => continue,
            Err(failure) => return Err(failure),
        };
        let period = |quarter: Option<&RippleQuarter>| quarter.map(|quarter| quarter.period.clone());
        let quarters = period(answer.quarters.first()).zip(period(answer.quarters.last()));
        for shares in answer.reactions {
            all.entry(shares.id.clone()).or_insert_with(|| SupplierCosts {
                part: answer.part.clone(),
                buyer: answer.buyer_name.clone(),
                from,
                until,
                quarters: quarters.clone(),
                predicted: answer.suppliers.clone(),
                shares,
            });
        }
    }
    Ok(all)
}

fn one(
    workbench: &Workbench,
    event: PolicyEvent,
    parties: &[(Role, Party)],
    mut left_out: Vec<(String, String)>,
) -> Result<CostlyEvent, Failure> {
    let quoted: Vec<(Role, &str)> =
        parties.iter().filter_map(|(role, party)| Some((*role, party.ticker.as_deref()?))).collect();
    let without = parties.iter().filter(|(_, party)| party.ticker.is_none());
    left_out.extend(without.map(|(_, party)| (party.name.clone(), "no quotes of it are at hand".to_owned())));
    if quoted.is_empty() {
        let (overlapping, reactions) = (Vec::new(), Vec::new());
        return Ok(CostlyEvent { event, overlapping, reactions, left_out, suppliers: None });
    }
    let close = ask(workbench, &event, &quoted, ReturnKind::Close)?;
    let overnight = ask(workbench, &event, &quoted, ReturnKind::Overnight)?;
    let role = |ticker: &str| quoted.iter().find(|(_, known)| *known == ticker).map(|(role, _)| *role);
    let mut reactions: Vec<Reaction> = Vec::new();
    for row in close.rows {
        let Some(role) = role(&row.ticker) else { continue };
        if row.raw_return.is_none() {
            let why = row.fault.unwrap_or_else(|| "no quote on the day".to_owned());
            left_out.push((row.firm, why));
            continue;
        }
        let overnight =
            overnight.rows.iter().find(|it| it.ticker == row.ticker && it.raw_return.is_some()).cloned();
        reactions.push(Reaction { role, close: row, overnight });
    }
    // Sorting is stable: within a role the order is that of the answer, the largest first.
    reactions.sort_by_key(|reaction| reaction.role);
    Ok(CostlyEvent { event, overlapping: close.overlapping, reactions, left_out, suppliers: None })
}

fn ask(
    workbench: &Workbench,
    event: &PolicyEvent,
    quoted: &[(Role, &str)],
    return_kind: ReturnKind,
) -> Result<ShockAnswer, Failure> {
    Shock::run(
        workbench,
        &ShockRequest {
            event: event.id.clone(),
            tickers: quoted.iter().map(|(_, ticker)| (*ticker).to_owned()).collect(),
            specification: Specification { return_kind, ..Specification::default() },
            ..ShockRequest::default()
        },
    )
}
