//! [`ripple`]: what a cap on one buyer's demand for one part does to its maker and to those who
//! sell to the maker, by quarter.
//!
//! An export control destroys no capital and caps no output: it takes one buyer away. The model
//! follows the part, in dollars at selling prices, through these steps:
//!
//! 1. *Pipeline.* What was ordered a lead time before still arrives, and cannot be sold: it is
//!    stranded, at cost a share κ of its price.
//! 2. *Orders stop.* From then on nothing arrives: the maker buys less, by κ of what it would have
//!    sold, from whom its bill of materials names.
//! 3. *Redeployment.* A share of what is stranded is sold elsewhere at a discount when the pipeline
//!    has run dry and the rule still stands.
//! 4. *Reversal.* When the rule ends, stock is sold first; new parts arrive after a restart.
//! 5. *Rerouting.* Suppliers give a share of what is freed (wafers, packaging, memory) to other
//!    customers and lose the rest.
//! 6. *Upstream.* The share `f` of its output that a firm loses is `f = A f + g`, with `A` the
//!    shares of its sales that go to each customer and `g` the maker's loss: demand runs upstream
//!    as in Acemoglu, Akcigit and Kerr (2016, *NBER Macroeconomics Annual* 30, section 2). Machines
//!    are bought when capacity is built: between nothing and their full share.
//!
//! There are three runs: with every input at the end that makes the loss least, in the middle,
//! and at the end that makes it most. What suppliers lose is monotone in each input, so that
//! theirs are bounds; what the maker sells after a reversal is not (more stock then sells more),
//! and there the three are scenarios.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::network::{Bill, Edge, Network};
use crate::exposure::money::Bounds;

/// What the buyer would have taken, by quarter from that of the cut on, in dollars at selling
/// prices.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// On days on which the rule bars it.
    pub barred: Vec<Bounds<f64>>,
    /// On days after the cut on which it does not.
    pub free: Vec<Bounds<f64>>,
    /// All sales of the maker, where they are on record.
    pub maker_sales: Vec<Option<f64>>,
    /// Place of the quarter in which the rule ends, if it does.
    pub reversal: Option<usize>,
}

/// What the answer takes for granted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Assumptions {
    /// Quarters from order to sale.
    pub lead: usize,
    /// Quarters from the reversal to new parts.
    pub restart: usize,
    /// Share of what suppliers are freed of that they sell to others.
    pub reroute: (f64, f64),
    /// Share of what is stranded that is sold elsewhere.
    pub redeploy: (f64, f64),
    /// By how much less, as a share of the price.
    pub discount: (f64, f64),
    /// Quarters by which each tier feels it later than the one before.
    pub delay: usize,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            lead: 2,
            restart: 3,
            reroute: (0.0, 1.0),
            redeploy: (0.0, 1.0),
            discount: (0.0, 0.5),
            delay: 0,
        }
    }
}

/// Least, middle and most.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Effect {
    /// Every input at the end that makes the loss least.
    pub low: f64,
    /// Every input in the middle of its range.
    pub middle: f64,
    /// Every input at the end that makes it most.
    pub high: f64,
}

/// One quarter of the maker, in dollars.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct MakerQuarter {
    /// Sales not made.
    pub lost_sales: Effect,
    /// Sales made to the buyer after a reversal.
    pub sold: Effect,
    /// Sold elsewhere, at the lower price.
    pub redeployed: Effect,
    /// Stock at the end that nobody may buy or has bought, at cost.
    pub stranded: Effect,
    /// Bought less than without the rule, at cost.
    pub avoided: Effect,
}

/// What a firm or group upstream loses.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SupplierEffect {
    /// Id of the firm, or of a group whose members are not on record.
    pub id: String,
    /// Sales from the maker: one for a firm that sells to it.
    pub tier: usize,
    /// For what.
    pub goods: Vec<String>,
    /// In dollars by quarter, by the bill of the part; none if the bill does not name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_bill: Option<Vec<Effect>>,
    /// As a share of its own sales by quarter, by the share of them that goes to customers that are
    /// hit; none if no such share is on record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_share: Option<Vec<Effect>>,
}

/// What a cut does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ripple {
    /// The maker, by quarter.
    pub maker: Vec<MakerQuarter>,
    /// Those upstream, the nearest and hardest hit first.
    pub suppliers: Vec<SupplierEffect>,
    /// Bought less by the bill, from suppliers that are not on record, by quarter.
    pub unassigned: Vec<Effect>,
    /// What is on record and does not count, and why.
    pub left_out: Vec<String>,
}

/// The question cannot be answered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CutFault {
    /// A number is out of its range.
    #[error("{what} is {found}; expected {expected}")]
    Number {
        /// Which number.
        what: &'static str,
        /// Its value.
        found: f64,
        /// What it can be.
        expected: &'static str,
    },
    /// A firm sells more than all it makes.
    #[error(
        "the shares of the sales of `{0}` that go to customers who are hit add up to {1:.3}, more than one"
    )]
    Shares(String, f64),
    /// Quarters of different inputs do not match.
    #[error(
        "the demand has {barred} quarters barred, {free} free and {sales} of sales; expected as many of each"
    )]
    Quarters {
        /// Of demand barred.
        barred: usize,
        /// Of demand free.
        free: usize,
        /// Of the maker's sales.
        sales: usize,
    },
}

/// Longest question, in quarters.
pub const MOST_QUARTERS: usize = 40;

/// Which end of every range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Low,
    Middle,
    High,
}

const ENDS: [End; 3] = [End::Low, End::Middle, End::High];

impl End {
    /// The end of an input that makes the loss greater as it grows.
    fn of(self, bounds: Bounds<f64>) -> f64 {
        match self {
            Self::Low => bounds.low,
            Self::Middle => f64::midpoint(bounds.low, bounds.high),
            Self::High => bounds.high,
        }
    }

    /// The end of an input that makes the loss less as it grows.
    fn against(self, (low, high): (f64, f64)) -> f64 {
        self.of(Bounds { low: high, high: low })
    }
}

impl Effect {
    fn set(&mut self, end: End, value: f64) {
        match end {
            End::Low => self.low = value,
            End::Middle => self.middle = value,
            End::High => self.high = value,
        }
    }
}

/// What a cut of a maker's part does. `cost_share` is the cost of a part over its price; `item` is
/// what edges and bills call the part.
///
/// # Errors
/// [`CutFault`] for numbers out of range and shares that cannot be.
pub fn ripple(
    network: &Network,
    maker: &str,
    item: &str,
    cost_share: Bounds<f64>,
    demand: &Demand,
    assumptions: &Assumptions,
) -> Result<Ripple, CutFault> {
    check(cost_share, demand, assumptions)?;
    let bill = network.bill(maker, item).map(|(bill, _)| bill);
    let quarters = demand.barred.len();
    let graph = Graph::new(network, maker, item);
    let mut found = Ripple {
        maker: vec![MakerQuarter::default(); quarters],
        suppliers: Vec::new(),
        unassigned: vec![Effect::default(); quarters],
        left_out: left_out(network, maker, item, bill),
    };
    let mut by_bill: BTreeMap<String, Vec<Effect>> = BTreeMap::new();
    let mut by_share: Vec<Vec<Effect>> = vec![vec![Effect::default(); quarters]; graph.nodes.len()];
    for end in ENDS {
        let kept = 1.0 - end.against(assumptions.reroute);
        let cost_share = end.of(cost_share);
        let flows = flows(demand, assumptions, end);
        for (at, (flow, quarter)) in flows.iter().zip(&mut found.maker).enumerate() {
            quarter.lost_sales.set(end, flow.lost);
            quarter.sold.set(end, flow.sold);
            quarter.redeployed.set(end, flow.redeployed * (1.0 - end.against(flip(assumptions.discount))));
            quarter.stranded.set(end, flow.stock * cost_share);
            quarter.avoided.set(end, flow.missing * cost_share);
            let freed = flow.missing * cost_share * kept;
            let unassigned = share_out(network, bill, end, freed, |id, amount| {
                let effects =
                    by_bill.entry(id.to_owned()).or_insert_with(|| vec![Effect::default(); quarters]);
                if let Some(effect) = effects.get_mut(at) {
                    let so_far = match end {
                        End::Low => effect.low,
                        End::Middle => effect.middle,
                        End::High => effect.high,
                    };
                    effect.set(end, so_far + amount);
                }
            });
            if let Some(effect) = found.unassigned.get_mut(at) {
                effect.set(end, unassigned);
            }
        }
        let hit: Vec<Option<f64>> = flows
            .iter()
            .zip(&demand.maker_sales)
            .map(|(flow, sales)| sales.map(|sales| (flow.missing / sales).min(1.0) * kept))
            .collect();
        for (at, shares) in graph.losses(end, &hit, assumptions.delay)?.into_iter().enumerate() {
            for (effects, share) in by_share.iter_mut().zip(shares) {
                if let Some(effect) = effects.get_mut(at) {
                    effect.set(end, share);
                }
            }
        }
    }
    found.suppliers = suppliers(&graph, network, bill, by_bill, &by_share);
    Ok(found)
}

const fn flip((low, high): (f64, f64)) -> (f64, f64) {
    (high, low)
}

fn check(cost_share: Bounds<f64>, demand: &Demand, assumptions: &Assumptions) -> Result<(), CutFault> {
    let (barred, free, sales) = (demand.barred.len(), demand.free.len(), demand.maker_sales.len());
    if barred != free || free != sales {
        return Err(CutFault::Quarters { barred, free, sales });
    }
    let share = |what: &'static str, (low, high): (f64, f64)| {
        let wrong = [low, high].into_iter().find(|value| !(0.0..=1.0).contains(value));
        let wrong = wrong.or_else(|| (low > high).then_some(low));
        wrong.map_or(Ok(()), |found| {
            Err(CutFault::Number { what, found, expected: "shares from zero to one, the lesser first" })
        })
    };
    share("the share rerouted", assumptions.reroute)?;
    share("the share redeployed", assumptions.redeploy)?;
    share("the discount", assumptions.discount)?;
    share("the cost over the price", (cost_share.low, cost_share.high))?;
    for bounds in demand.barred.iter().chain(&demand.free) {
        let (low, high) = (bounds.low, bounds.high);
        if !(low >= 0.0 && high >= low && high.is_finite()) {
            let expected = "dollars, the lesser first, none below zero";
            return Err(CutFault::Number { what: "the demand", found: low, expected });
        }
    }
    for sales in demand.maker_sales.iter().flatten() {
        if !(sales.is_finite() && *sales > 0.0) {
            let expected = "dollars above zero";
            return Err(CutFault::Number { what: "the maker's sales", found: *sales, expected });
        }
    }
    let long = [demand.barred.len(), assumptions.lead, assumptions.restart, assumptions.delay];
    match long.into_iter().find(|count| *count > MOST_QUARTERS) {
        Some(found) => Err(CutFault::Number {
            what: "a number of quarters",
            found: found as f64,
            expected: "at most 40",
        }),
        None => Ok(()),
    }
}

/// One quarter, in dollars at selling prices.
#[derive(Debug, Clone, Copy, Default)]
struct Flow {
    lost: f64,
    sold: f64,
    redeployed: f64,
    stock: f64,
    /// What would have arrived and does not.
    missing: f64,
}

fn flows(demand: &Demand, assumptions: &Assumptions, end: End) -> Vec<Flow> {
    let mut stock = 0.0_f64;
    let mut redeployed_once = false;
    let mut flows = Vec::new();
    for (at, (barred, free)) in demand.barred.iter().zip(&demand.free).enumerate() {
        let (barred, free) = (end.of(*barred), end.of(*free));
        let ordered_before = at < assumptions.lead;
        let restarted = demand.reversal.is_some_and(|reversal| at >= reversal + assumptions.restart);
        let arrives = if ordered_before || restarted { barred + free } else { 0.0 };
        let sold = (stock + arrives).min(free);
        stock += arrives - sold;
        let stands = demand.reversal.is_none_or(|reversal| at < reversal);
        let redeployed = if stands && at + 1 >= assumptions.lead && !redeployed_once {
            redeployed_once = true;
            stock * end.against(assumptions.redeploy)
        } else {
            0.0
        };
        stock -= redeployed;
        flows.push(Flow {
            lost: barred + free - sold,
            sold,
            redeployed,
            stock,
            missing: barred + free - arrives,
        });
    }
    flows
}

/// Shares out by the bill what is bought less; gives what has no supplier on record. In the middle
/// nothing is lost or made; at the ends each amount is a bound, and together they are no split.
fn share_out(
    network: &Network,
    bill: Option<&Bill>,
    end: End,
    freed: f64,
    mut pays: impl FnMut(&str, f64),
) -> f64 {
    let mut rest = freed;
    for part in bill.into_iter().flat_map(|bill| &bill.parts) {
        let amount = freed * end.of(part.share);
        rest -= amount;
        let members = network.groups.get(&part.supplier).map_or(&[][..], |group| &group.members);
        let mut of_group = amount;
        for member in members {
            let amount = amount * end.of(member.share);
            of_group -= amount;
            pays(&member.firm, amount);
        }
        // What no member takes is the group's.
        if members.is_empty() || of_group > amount * 1e-9 {
            pays(&part.supplier, of_group);
        }
    }
    rest.max(0.0)
}

/// Firms and groups, and the shares of their sales.
struct Graph<'a> {
    maker: &'a str,
    nodes: Vec<&'a str>,
    /// Supplier, customer, share of the supplier's sales, least share.
    edges: Vec<(usize, usize, Bounds<f64>)>,
    goods: BTreeMap<&'a str, BTreeSet<&'a str>>,
    tiers: Vec<Option<usize>>,
}

impl<'a> Graph<'a> {
    fn new(network: &'a Network, maker: &'a str, item: &str) -> Self {
        let mut names: BTreeSet<&str> = BTreeSet::from([maker]);
        let counts = |edge: &&Edge| edge.supplier != maker && edge.is_for(item) && edge.share().is_some();
        let counted: Vec<_> = network.edges.iter().filter(counts).collect();
        names.extend(counted.iter().flat_map(|edge| [edge.supplier.as_str(), edge.customer.as_str()]));
        names.extend(
            network
                .groups
                .values()
                .flat_map(|group| {
                    let is_known = names.contains(group.id.as_str());
                    group.members.iter().filter(move |_| is_known).map(|member| member.firm.as_str())
                })
                .collect::<Vec<_>>(),
        );
        let nodes: Vec<&str> = names.into_iter().collect();
        let place = |name: &str| nodes.binary_search(&name).ok();
        let mut shares: BTreeMap<(usize, usize), Bounds<f64>> = BTreeMap::new();
        let mut goods: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for edge in counted {
            let (Some(from), Some(to), Some(share)) =
                (place(&edge.supplier), place(&edge.customer), edge.share())
            else {
                continue;
            };
            goods.entry(&edge.supplier).or_default().insert(&edge.good);
            let share = if edge.capital { Bounds { low: 0.0, ..share } } else { share };
            // Two products of one supplier for one customer add up.
            let all = shares.entry((from, to)).or_insert(Bounds { low: 0.0, high: 0.0 });
            *all = Bounds { low: all.low + share.low, high: all.high + share.high };
        }
        for group in network.groups.values() {
            let Some(from) = place(&group.id) else { continue };
            for member in &group.members {
                if let Some(to) = place(&member.firm) {
                    shares.insert((from, to), member.share);
                }
            }
        }
        let edges: Vec<_> = shares.into_iter().map(|((from, to), share)| (from, to, share)).collect();
        let tiers = tiers(&nodes, &edges, place(maker));
        Self { maker, nodes, edges, goods, tiers }
    }

    /// The share of its output that each loses, by quarter. `hit` is the maker's.
    fn losses(&self, end: End, hit: &[Option<f64>], delay: usize) -> Result<Vec<Vec<f64>>, CutFault> {
        let size = self.nodes.len();
        let mut shares = DMatrix::<f64>::zeros(size, size);
        for (from, to, share) in &self.edges {
            // Only customers on the way to the maker can be hit.
            let reached = self.tiers.get(*to).copied().flatten().is_some();
            if let (true, Some(cell)) = (reached, shares.get_mut((*from, *to))) {
                *cell = end.of(*share);
            }
        }
        for (at, row) in shares.row_iter().enumerate() {
            let all: f64 = row.iter().sum();
            if all > 1.0 + 1e-9 {
                let name = self.nodes.get(at).copied().unwrap_or_default();
                return Err(CutFault::Shares(name.to_owned(), all));
            }
        }
        let maker = self.nodes.binary_search(&self.maker).ok();
        let start = |hit: Option<f64>| {
            let mut start = DVector::<f64>::zeros(size);
            if let Some(cell) = maker.and_then(|at| start.get_mut(at)) {
                *cell = hit.unwrap_or(0.0);
            }
            start
        };
        if delay > 0 {
            let mut all: Vec<DVector<f64>> = Vec::new();
            for (at, hit) in hit.iter().enumerate() {
                let earlier = at.checked_sub(delay).and_then(|at| all.get(at));
                let upstream = earlier.map_or_else(|| DVector::zeros(size), |earlier| &shares * earlier);
                all.push(start(*hit) + upstream);
            }
            return Ok(all.into_iter().map(|losses| losses.iter().copied().collect()).collect());
        }
        // Rows add up to one at most and every path ends at the maker, whose row is empty: the
        // matrix has an inverse.
        let system = (DMatrix::identity(size, size) - shares).lu();
        let solve = |hit: &Option<f64>| {
            let start = start(*hit);
            let solved = system.solve(&start).unwrap_or(start);
            solved.iter().copied().collect()
        };
        Ok(hit.iter().map(solve).collect())
    }
}

/// Sales from the maker, along edges against their direction.
fn tiers(nodes: &[&str], edges: &[(usize, usize, Bounds<f64>)], maker: Option<usize>) -> Vec<Option<usize>> {
    let mut tiers: Vec<Option<usize>> = vec![None; nodes.len()];
    let mut queue: VecDeque<(usize, usize)> = maker.into_iter().map(|maker| (maker, 0)).collect();
    while let Some((node, tier)) = queue.pop_front() {
        match tiers.get_mut(node) {
            Some(known) if known.is_none() => *known = Some(tier),
            _ => continue,
        }
        queue.extend(edges.iter().filter(|(_, to, _)| *to == node).map(|(from, ..)| (*from, tier + 1)));
    }
    tiers
}

fn suppliers(
    graph: &Graph<'_>,
    network: &Network,
    bill: Option<&Bill>,
    mut by_bill: BTreeMap<String, Vec<Effect>>,
    by_share: &[Vec<Effect>],
) -> Vec<SupplierEffect> {
    let goods_of_bill = |id: &str| -> BTreeSet<&str> {
        let sells = |supplier: &str| {
            supplier == id
                || network
                    .groups
                    .get(supplier)
                    .is_some_and(|group| group.members.iter().any(|member| member.firm == id))
        };
        let parts = bill.into_iter().flat_map(|bill| &bill.parts).filter(|part| sells(&part.supplier));
        parts.map(|part| part.good.as_str()).collect()
    };
    let mut all = Vec::new();
    for ((id, tier), shares) in graph.nodes.iter().zip(&graph.tiers).zip(by_share) {
        let Some(tier) = tier.filter(|tier| *tier > 0) else { continue };
        let mut goods = goods_of_bill(id);
        goods.extend(graph.goods.get(id).into_iter().flatten());
        let bill = by_bill.remove(*id);
        all.push(SupplierEffect {
            id: (*id).to_owned(),
            tier: if bill.is_some() { 1 } else { tier },
            goods: goods.into_iter().map(str::to_owned).collect(),
            by_bill: bill,
            by_share: Some(shares.clone()),
        });
    }
    for (id, effects) in by_bill {
        let goods = goods_of_bill(&id).into_iter().map(str::to_owned).collect();
        all.push(SupplierEffect { id, tier: 1, goods, by_bill: Some(effects), by_share: None });
    }
    let most =
        |effects: &Option<Vec<Effect>>| -> f64 { effects.iter().flatten().map(|effect| effect.middle).sum() };
    all.sort_by(|one, two| {
        let by_bill = most(&two.by_bill).total_cmp(&most(&one.by_bill));
        one.tier.cmp(&two.tier).then(by_bill).then(most(&two.by_share).total_cmp(&most(&one.by_share)))
    });
    all
}

/// Suppliers of the maker that cannot be counted, with the reason.
fn left_out(network: &Network, maker: &str, item: &str, bill: Option<&Bill>) -> Vec<String> {
    let billed = |id: &str| {
        bill.is_some_and(|bill| {
            bill.parts.iter().any(|part| {
                let group = network.groups.get(&part.supplier);
                part.supplier == id
                    || group.is_some_and(|group| group.members.iter().any(|member| member.firm == id))
            })
        })
    };
    let mut reasons = Vec::new();
    for edge in network.edges.iter().filter(|edge| edge.customer == maker) {
        let Edge { supplier, product, .. } = edge;
        if !edge.is_for(item) {
            reasons.push(format!("{supplier}: sells {product} for {} alone", edge.items.join(", ")));
        } else if edge.share().is_none() && !billed(supplier) {
            reasons.push(format!("{supplier}: sells {product}; no share of its sales is on record"));
        }
    }
    reasons.sort();
    reasons.dedup();
    reasons
}
