//! [`ripple`]: what a cap on one buyer's demand for one part does to its maker and to those who
//! sell to the maker, by quarter.
//!
//! An export control destroys no capital and caps no output: it takes one buyer away. The model
//! follows the part, in dollars at selling prices, through these steps:
//!
//! 1. *Pipeline.* What was ordered before the cut still arrives for the days of the lead, and
//!    cannot be sold: it is stranded, at cost a share κ of its price.
//! 2. *Orders stop.* From then on nothing arrives: the maker buys less, by κ of what it would have
//!    sold, from whom its bill of materials names. A purchase counts in the quarter in which the part
//!    would have been sold.
//! 3. *Redeployment.* A share of what is stranded is sold elsewhere, at a discount, in the quarter
//!    after, while the rule stands.
//! 4. *Reversal.* When the rule ends, stock is sold first. New parts arrive after the days of the
//!    restart, and only for what stock does not cover.
//! 5. *Rerouting.* Suppliers sell a share of what is freed (wafers, packaging, memory) to other
//!    customers and lose the rest.
//! 6. *Upstream.* The share `f` of its sales that a firm loses is `f = A f + g`, with `A` the
//!    shares of its sales that go to each customer and `g` the maker's loss: demand runs upstream
//!    as in Acemoglu, Akcigit and Kerr (2016, *NBER Macroeconomics Annual* 30, section 2). Machines
//!    are bought when capacity is built: between nothing and their full share. What a group buys
//!    goes to its members by their shares of it.
//!
//! Every figure is a [`Band`]. Its middle is one run with every input in the middle, in which
//! nothing is lost or made. Its ends are the least and the most over the ends of the inputs: what a
//! supplier loses grows with demand, cost and shares and falls with rerouting, so that those ends
//! are taken together; of demand and redeployment, which pull in different directions, all four
//! pairs are run. Ends of different lines do not occur together and do not add up.

mod absence;
mod band;
mod bill;
mod flows;
mod graph;
mod question;

use serde::Serialize;

use super::network::Network;
use absence::goods;
pub use absence::{Absence, Absent};
pub use band::Band;
pub use bill::GoodEffect;
use bill::Shared;
use flows::FlowBand;
use graph::Graph;
pub use question::{Assumptions, CutFault, Demand, DemandQuarter, MOST_DAYS, MOST_QUARTERS};

/// One quarter of the maker, in dollars.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct MakerQuarter {
    /// Sales to the buyer not made, at selling prices.
    pub lost_sales: Band,
    /// Sales to the buyer, at selling prices.
    pub sold: Band,
    /// Sold elsewhere, at selling prices less the discount.
    pub redeployed: Band,
    /// In stock at the end, at cost.
    pub stranded: Band,
    /// Bought less than without the rule, at cost.
    pub avoided: Band,
}

/// What a firm upstream loses, or a group of firms that are not on record one by one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SupplierEffect {
    /// Id of the firm or group.
    pub id: String,
    /// Sales from the maker: one for those who sell to it.
    pub tier: usize,
    /// Kinds of good that it sells.
    pub goods: Vec<String>,
    /// In dollars by quarter, by the bill of the part; none if the bill does not name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_bill: Option<Vec<Band>>,
    /// As a share of its own sales by quarter, by the shares of sales that go to customers that are
    /// hit; none if no such share is on record. A quarter has none if the maker's own sales are not
    /// on record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_share: Option<Vec<Option<Band>>>,
}

/// What a cut does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ripple {
    /// The maker, by quarter.
    pub maker: Vec<MakerQuarter>,
    /// What it buys less, by kind of good; in dollars at cost, in the quarter of the purchase.
    pub goods: Vec<GoodEffect>,
    /// Those upstream, the nearest and hardest hit first.
    pub suppliers: Vec<SupplierEffect>,
    /// Suppliers of those whom the cut reaches that cannot be counted, with the reason.
    pub left_out: Vec<Absent>,
    /// Firms that were asked about and are not counted, with the reason.
    pub asked: Vec<Absent>,
}

/// A part and who makes it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CutPart<'a> {
    /// Id of its maker.
    pub maker: &'a str,
    /// What edges and bills call the part.
    pub item: &'a str,
    /// Cost of a part over its price.
    pub cost_share: Band,
}

/// What a cut of a maker's part does. `asked` are firms about which the answer must say something.
///
/// # Errors
/// [`CutFault`] for numbers out of range and shares that cannot be.
pub fn ripple(
    network: &Network,
    part: CutPart<'_>,
    demand: &Demand,
    assumptions: &Assumptions,
    asked: &[&str],
) -> Result<Ripple, CutFault> {
    question::check(part.cost_share, demand, assumptions)?;
    let bill = network.bill(part.maker, part.item).map(|(bill, _)| bill);
    check_goods(network, part, assumptions)?;
    let flows = flows::flows(demand, assumptions);
    let maker: Vec<MakerQuarter> = flows.iter().map(|flow| maker_quarter(flow, part, assumptions)).collect();
    let avoided: Vec<Band> = maker.iter().map(|quarter| quarter.avoided).collect();
    let graph = Graph::new(network, part.maker, part.item, assumptions);
    let by_share = by_share(&graph, demand, &flows, assumptions)?;
    let shared = bill::share_out(network, bill, &avoided, assumptions);
    let absence = |firm: &&str| absence::absence(network, &graph, &shared, part.item, firm);
    Ok(Ripple {
        maker,
        asked: asked.iter().filter(|firm| **firm != part.maker).filter_map(absence).collect(),
        left_out: absence::left_out(network, &graph, &shared, part.item),
        suppliers: suppliers(&graph, &shared, by_share),
        goods: shared.goods,
    })
}

fn maker_quarter(flow: &FlowBand, part: CutPart<'_>, assumptions: &Assumptions) -> MakerQuarter {
    let (low, high) = assumptions.discount;
    MakerQuarter {
        lost_sales: flow.lost,
        sold: flow.sold,
        redeployed: flow.elsewhere * Band::between(low, high).rest(),
        stranded: flow.stock * part.cost_share,
        avoided: flow.missing * part.cost_share,
    }
}

/// Every good that rerouting is given for is in the bill or sold by somebody upstream.
fn check_goods(network: &Network, part: CutPart<'_>, assumptions: &Assumptions) -> Result<(), CutFault> {
    let mut known = goods(network.bill(part.maker, part.item).map(|(bill, _)| bill));
    known.extend(
        network
            .edges
            .iter()
            .filter(|edge| edge.customer == part.maker && edge.is_for(part.item))
            .map(|edge| edge.good.as_str()),
    );
    known.sort_unstable();
    known.dedup();
    match assumptions.reroute_of.keys().find(|good| !known.contains(&good.as_str())) {
        Some(good) => Err(CutFault::Good { good: good.clone(), known: known.join(", ") }),
        None => Ok(()),
    }
}

/// For each node of the graph the share of its sales that it loses, by quarter.
fn by_share(
    graph: &Graph<'_>,
    demand: &Demand,
    flows: &[FlowBand],
    assumptions: &Assumptions,
) -> Result<Vec<Vec<Option<Band>>>, CutFault> {
    let delay = assumptions.delay_quarters;
    let steps = flows.len().saturating_sub(1).checked_div(delay);
    let travel = graph.losses(steps)?;
    let hit: Vec<Option<Band>> = flows
        .iter()
        .zip(&demand.quarters)
        .map(|(flow, quarter)| {
            let sales = quarter.maker_sales?;
            let share = |value: f64| (value / sales).min(1.0);
            let Band { low, middle, high } = flow.missing;
            Some(Band { low: share(low), middle: share(middle), high: share(high) })
        })
        .collect();
    let of_node = |node: usize| -> Vec<Option<Band>> {
        let on = |at: usize| {
            let mut sum = Band::default();
            for (step, shares) in travel.iter().enumerate() {
                // What began before the first quarter is nothing.
                let Some(before) = at.checked_sub(step * delay) else { break };
                let share = shares.get(node).copied().unwrap_or_default();
                sum += share * hit.get(before).copied().flatten()?;
            }
            Some(sum)
        };
        (0..flows.len()).map(on).collect()
    };
    Ok((0..graph.nodes.len()).map(of_node).collect())
}

fn suppliers(graph: &Graph<'_>, shared: &Shared, by_share: Vec<Vec<Option<Band>>>) -> Vec<SupplierEffect> {
    let mut all: Vec<SupplierEffect> = Vec::new();
    for ((id, tier), shares) in graph.nodes.iter().zip(&graph.tiers).zip(by_share) {
        let Some(tier) = tier.filter(|tier| *tier > 0) else { continue };
        let goods = graph.goods.get(id).into_iter().flatten().map(|good| (*good).to_owned()).collect();
        all.push(SupplierEffect { id: (*id).to_owned(), tier, goods, by_bill: None, by_share: Some(shares) });
    }
    for (id, billed) in &shared.suppliers {
        let by_bill = Some(billed.lost.clone());
        match all.iter_mut().find(|supplier| supplier.id == *id) {
            Some(supplier) => {
                supplier.tier = 1;
                supplier.by_bill = by_bill;
                // The bill knows goods more closely than "wafers and packaging".
                supplier.goods.clone_from(&billed.goods);
            }
            None => all.push(SupplierEffect {
                id: id.clone(),
                tier: 1,
                goods: billed.goods.clone(),
                by_bill,
                by_share: None,
            }),
        }
    }
    let billed = |supplier: &SupplierEffect| -> f64 {
        supplier.by_bill.iter().flatten().map(|band| band.middle).sum()
    };
    let shared = |supplier: &SupplierEffect| -> f64 {
        supplier.by_share.iter().flatten().flatten().map(|band| band.middle).sum()
    };
    all.sort_by(|one, two| {
        let by_bill = billed(two).total_cmp(&billed(one));
        one.tier.cmp(&two.tier).then(by_bill).then(shared(two).total_cmp(&shared(one)))
    });
    all
}
