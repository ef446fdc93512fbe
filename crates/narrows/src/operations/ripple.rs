//! `ripple`: what a cap on one buyer's demand for one part does to its maker and to the maker's
//! suppliers, beside what their shares did when it became known.

mod assumed;
mod demand;
mod reactions;
mod sources;

use jiff::civil::Date;
use narrows_market::exposure::record::Figure;
use narrows_market::exposure::recovery::{RecoveryPoint, points};
use narrows_market::firm::Firms;
use narrows_market::ripple::cut::{
    self, Absent, Assumptions, Band, CutFault, CutPart, Demand, DemandQuarter, GoodEffect, MakerQuarter,
    SupplierEffect,
};
use narrows_market::ripple::network::Network;
use narrows_market::study::ReturnKind;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, FailureKind};
use crate::operation::Operation;
use crate::workbench::Workbench;
pub use assumed::{Assumed, GivenAssumptions, Ground};
use demand::Wanted;
pub use reactions::{EventReactions, SupplierReaction};
pub use sources::SupplySource;

/// What a cut of one buyer does to the maker and its suppliers.
pub struct Ripple;

/// What `ripple` is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RippleRequest {
    /// The maker: id, name or ticker.
    pub maker: String,
    /// Its part, as the record of exposure or the network calls it.
    pub part: String,
    /// Place of the buyer: code or name.
    pub buyer: String,
    /// First day on which the maker may not sell.
    pub from: Date,
    /// First day on which it may again; the rule stays if none.
    #[serde(default)]
    pub until: Option<Date>,
    /// Day of which the knowledge is; all that is on record if none.
    #[serde(default)]
    pub on: Option<Date>,
    /// Quarters to show, that of the cut included; six if none.
    #[serde(default)]
    pub quarters: Option<usize>,
    /// What the buyer would have taken in a whole quarter, in dollars, least and most; from the
    /// record if none.
    #[serde(default)]
    pub demand: Option<(f64, f64)>,
    /// Cost of a part over its price, least and most; from the record if none.
    #[serde(default)]
    pub cost_share: Option<(f64, f64)>,
    /// What the answer takes for granted, where it shall differ.
    #[serde(default)]
    pub assumptions: GivenAssumptions,
    /// Events to look at shares on, by id, name or day; those on record near the two days if none.
    #[serde(default)]
    pub events: Vec<String>,
    /// Returns of shares; close to close if none.
    #[serde(default)]
    pub return_kind: Option<ReturnKind>,
}

/// What `ripple` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RippleAnswer {
    /// Id of the maker.
    pub maker: String,
    /// Its name.
    pub maker_name: String,
    /// The part.
    pub part: String,
    /// Code of the buyer's place.
    pub buyer: String,
    /// The buyer, in words.
    pub buyer_name: String,
    /// First day on which the maker may not sell.
    pub from: Date,
    /// First day on which it may again.
    pub until: Option<Date>,
    /// Day of which the knowledge is; all that is on record if none.
    pub on: Option<Date>,
    /// The maker, by quarter.
    pub quarters: Vec<RippleQuarter>,
    /// Cost of a part over its price.
    pub cost_share: Band,
    /// What the maker buys less, by kind of good, in dollars at cost.
    pub goods: Vec<GoodEffect>,
    /// Those upstream, the nearest and hardest hit first.
    pub suppliers: Vec<Supplier>,
    /// Suppliers of those whom the cut reaches that cannot be counted.
    pub left_out: Vec<NotCounted>,
    /// What shares did when it became known, and when it ended.
    pub reactions: Vec<EventReactions>,
    /// What the maker told of its charges and lost sales of the part by then.
    pub told: Vec<Figure>,
    /// What became of charges by then, of all firms.
    pub recovery: Vec<RecoveryPoint>,
    /// What the answer takes for granted, each with its ground.
    pub assumed: Vec<Assumed>,
    /// What is not on record.
    pub not_on_record: Vec<String>,
    /// What the network's figures rest on.
    pub sources: Vec<SupplySource>,
    /// What identifies the data.
    pub data_version: String,
}

/// One quarter of the maker.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RippleQuarter {
    /// Which one, as the firm numbers it.
    pub period: String,
    /// Its first day.
    pub first: Date,
    /// Its last day.
    pub last: Date,
    /// What the buyer would have taken from the cut on, in dollars.
    pub wanted: Band,
    /// How that was made.
    pub how: String,
    /// All sales of the maker, in dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maker_sales: Option<f64>,
    /// What the cut does to it.
    #[serde(flatten)]
    pub effect: MakerQuarter,
}

/// A firm or group upstream.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Supplier {
    /// Its name.
    pub name: String,
    /// Whether it is a group of firms that are not on record one by one.
    pub is_group: bool,
    /// What it loses.
    #[serde(flatten)]
    pub effect: SupplierEffect,
    /// In dollars over all quarters, by the bill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_by_bill: Option<Band>,
    /// As a share of its sales over all quarters shown, taken as even; none if a quarter has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_by_share: Option<Band>,
}

/// A firm that is not counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotCounted {
    /// Id of the firm.
    pub firm: String,
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// Quarters that are shown if nobody says how many.
const QUARTERS: usize = 6;

impl Operation for Ripple {
    const NAME: &'static str = "ripple";
    const SUMMARY: &'static str =
        "What a cut of one buyer does to the maker and its suppliers, by quarter, beside what shares did.";
    type Request = RippleRequest;
    type Answer = RippleAnswer;

    fn run(workbench: &Workbench, request: &RippleRequest) -> Result<RippleAnswer, Failure> {
        let mut answer = predict(workbench, request)?;
        answer.reactions = reactions::reactions(workbench, request, &answer)?;
        Ok(answer)
    }
}

/// The answer without what shares did.
pub(super) fn predict(workbench: &Workbench, request: &RippleRequest) -> Result<RippleAnswer, Failure> {
    let (firms, network) = (workbench.firms()?, workbench.supply()?);
    let unknown = |message: String| Failure { kind: FailureKind::UnknownName, message };
    let maker = firms.firm(&request.maker).map_err(|error| unknown(error.to_string()))?;
    let group = buyer(workbench, network, &maker.id, &request.buyer)?;
    let wanted = Wanted::new(workbench, request, &maker.id, group.of_exposures)?;
    let recovery = points(workbench.exposures()?, wanted.on);
    let (assumptions, mut assumed) =
        assumed::assumptions(&request.assumptions, network.timing(&maker.id, &wanted.part), &recovery);
    let (cost_share, how) = wanted.cost_share(network)?;
    assumed.push(Assumed::new("cost_share", assumed::percent_range(cost_share.low, cost_share.high), how));
    let quarters = wanted.quarters()?;
    let demand = Demand {
        from: request.from,
        until: request.until,
        quarters: quarters.iter().map(|quarter| quarter.quarter).collect(),
    };
    let part = CutPart { maker: &maker.id, item: &wanted.part, cost_share };
    let found = cut::ripple(network, part, &demand, &assumptions, &[])
        .map_err(|fault| cut_failure(workbench, &fault))?;
    let mut not_on_record = wanted.not_on_record();
    if network.bill(&maker.id, &wanted.part).is_none() {
        not_on_record.push(format!("a bill of materials of {}: nothing is counted by it", wanted.part));
    }
    Ok(RippleAnswer {
        maker: maker.id.clone(),
        maker_name: maker.name.clone(),
        part: wanted.part.clone(),
        buyer: group.place.clone().unwrap_or_default(),
        buyer_name: group.name.clone(),
        from: request.from,
        until: request.until,
        on: request.on,
        sources: sources::sources(firms, network, &maker.id, &wanted.part, &found.suppliers),
        suppliers: found.suppliers.into_iter().map(|effect| supplier(firms, network, effect)).collect(),
        left_out: not_counted(firms, network, found.left_out),
        goods: found.goods,
        quarters: quarters
            .into_iter()
            .zip(found.maker)
            .map(|(quarter, effect)| quarter.shown(effect))
            .collect(),
        cost_share,
        reactions: Vec::new(),
        told: wanted.told(),
        recovery,
        assumed,
        not_on_record,
        data_version: workbench.data_version(),
    })
}

/// Why firms are not counted, of those that are asked about.
fn absent(workbench: &Workbench, answer: &RippleAnswer, firms: &[&str]) -> Result<Vec<NotCounted>, Failure> {
    let nothing = Demand { from: answer.from, until: None, quarters: Vec::new() };
    let part = CutPart { maker: &answer.maker, item: &answer.part, cost_share: answer.cost_share };
    let found = cut::ripple(workbench.supply()?, part, &nothing, &Assumptions::default(), firms)
        .map_err(|fault| cut_failure(workbench, &fault))?;
    Ok(not_counted(workbench.firms()?, workbench.supply()?, found.asked))
}

fn not_counted(firms: &Firms, network: &Network, all: Vec<Absent>) -> Vec<NotCounted> {
    let called = |id: &str| called(firms, network, id);
    let one = |Absent { firm, why }: Absent| {
        let reasons: Vec<String> = why.iter().map(|one| one.words(&called)).collect();
        NotCounted { name: called(&firm), firm, reason: reasons.join("; ") }
    };
    all.into_iter().map(one).collect()
}

/// Name of a firm or group.
fn called(firms: &Firms, network: &Network, id: &str) -> String {
    network.groups.get(id).map_or_else(|| name(firms, id), |group| group.name.clone())
}

fn name(firms: &Firms, id: &str) -> String {
    firms.firm(id).map_or_else(|_| id.to_owned(), |firm| firm.name.clone())
}

/// The group of buyers at a place to whom the maker is on record to sell.
fn buyer<'a>(
    workbench: &Workbench,
    network: &'a Network,
    maker: &'a str,
    place: &str,
) -> Result<&'a narrows_market::ripple::network::Group, Failure> {
    let place = workbench.places()?.find(place)?;
    let found = network.buyers(maker).find(|group| group.place.as_ref() == Some(&place.code));
    found.ok_or_else(|| {
        let known: Vec<&str> = network.buyers(maker).filter_map(|group| group.place.as_deref()).collect();
        let known = if known.is_empty() { "no place".to_owned() } else { known.join(", ") };
        Failure {
            kind: FailureKind::UnknownName,
            message: format!(
                "no sale of {maker} to a group of customers in {} ({}) is on record; there are sales to {known}",
                place.name, place.code
            ),
        }
    })
}

fn supplier(firms: &Firms, network: &Network, effect: SupplierEffect) -> Supplier {
    let shares: Option<Vec<Band>> = effect.by_share.as_ref().and_then(|all| all.iter().copied().collect());
    Supplier {
        name: called(firms, network, &effect.id),
        is_group: network.groups.contains_key(&effect.id),
        total_by_bill: effect.by_bill.as_ref().map(|all| all.iter().copied().sum()),
        mean_by_share: shares.filter(|all| !all.is_empty()).map(|all| {
            let count = all.len() as f64;
            all.into_iter().sum::<Band>() * (1.0 / count)
        }),
        effect,
    }
}

fn cut_failure(workbench: &Workbench, fault: &CutFault) -> Failure {
    match fault {
        CutFault::Shares { .. } => workbench.supply_fault(fault.to_string()),
        CutFault::Good { .. } => Failure { kind: FailureKind::UnknownName, message: fault.to_string() },
        CutFault::Number { .. } | CutFault::Days { .. } => Failure::input(fault.to_string()),
    }
}

/// One quarter, with what is told of it.
struct QuarterOfCut {
    quarter: DemandQuarter,
    period: String,
    how: String,
}

impl QuarterOfCut {
    fn shown(self, effect: MakerQuarter) -> RippleQuarter {
        let DemandQuarter { first, last, wanted, maker_sales } = self.quarter;
        RippleQuarter { period: self.period, first, last, wanted, how: self.how, maker_sales, effect }
    }
}
