//! Firms upstream of the maker and the share of its sales that each loses: `f = A f + g`, with `A`
//! the shares of a firm's sales that go to each customer and `g` the maker's loss.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use nalgebra::{DMatrix, DVector};

use super::band::{Band, End};
use super::question::{Assumptions, CutFault};
use crate::ripple::network::{Edge, Network};

/// Shares of sources are rounded: a sum above one by less than this is one.
const ROUNDING: f64 = 0.02;

/// Firms and the shares of their sales.
pub(super) struct Graph<'a> {
    pub(super) nodes: Vec<&'a str>,
    edges: Vec<Link>,
    pub(super) goods: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// Sales from the maker; `None` for those whom the cut does not reach.
    pub(super) tiers: Vec<Option<usize>>,
    maker: Option<usize>,
}

/// What one firm sells to another.
struct Link {
    supplier: usize,
    customer: usize,
    /// Share of the supplier's sales.
    share: Band,
    /// Share of it that stays lost: all but what is sold to others, for sales to the maker.
    kept: Band,
}

/// A share of a supplier's sales, with what a group that buys hands on to its members.
struct Sale<'a> {
    customer: &'a str,
    share: Band,
}

impl<'a> Graph<'a> {
    pub(super) fn new(network: &'a Network, maker: &'a str, item: &str, assumptions: &Assumptions) -> Self {
        let counts = |edge: &&Edge| edge.supplier != maker && edge.is_for(item) && edge.share().is_some();
        let counted: Vec<&Edge> = network.edges.iter().filter(counts).collect();
        let mut names: BTreeSet<&str> = BTreeSet::from([maker]);
        for edge in &counted {
            names.insert(&edge.supplier);
            names.extend(sales(network, edge).iter().map(|sale| sale.customer));
        }
        let nodes: Vec<&str> = names.into_iter().collect();
        let place = |name: &str| nodes.binary_search(&name).ok();
        let mut goods: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut edges = Vec::new();
        for edge in counted {
            goods.entry(&edge.supplier).or_default().insert(&edge.good);
            for sale in sales(network, edge) {
                let (Some(supplier), Some(customer)) = (place(&edge.supplier), place(sale.customer)) else {
                    continue;
                };
                // A member of a group that buys from itself sells to nobody by that.
                if supplier == customer {
                    continue;
                }
                let kept = if sale.customer == maker {
                    assumptions.reroute(&edge.good).rest()
                } else {
                    Band::point(1.0)
                };
                edges.push(Link { supplier, customer, share: sale.share, kept });
            }
        }
        let maker = place(maker);
        let tiers = tiers(nodes.len(), &edges, maker, |_| true);
        Self { nodes, edges, goods, tiers, maker }
    }

    pub(super) fn tier(&self, firm: &str) -> Option<usize> {
        self.nodes.binary_search(&firm).ok().and_then(|at| self.tiers.get(at).copied().flatten())
    }

    /// For each node the share of its sales that it loses, by the steps from the maker if losses
    /// take time to travel (one row a step), else in one row, if the maker loses everything.
    pub(super) fn losses(&self, steps: Option<usize>) -> Result<Vec<Vec<Band>>, CutFault> {
        let rows = steps.map_or(1, |steps| steps + 1);
        let mut losses = vec![vec![Band::default(); self.nodes.len()]; rows];
        for end in End::ALL {
            let shares = self.matrix(end)?;
            let mut start = DVector::<f64>::zeros(self.nodes.len());
            if let Some(cell) = self.maker.and_then(|at| start.get_mut(at)) {
                *cell = 1.0;
            }
            let found = match steps {
                None => vec![solve(&shares, start)],
                Some(steps) => {
                    let along = |one: &DVector<f64>| Some(&shares * one);
                    std::iter::successors(Some(start), along).take(steps + 1).collect()
                }
            };
            for (row, losses) in losses.iter_mut().zip(found) {
                for (band, share) in row.iter_mut().zip(losses.iter()) {
                    *band.at_mut(end) = *share;
                }
            }
        }
        for band in losses.iter_mut().flatten() {
            band.middle = band.middle.clamp(band.low, band.high.max(band.low));
        }
        Ok(losses)
    }

    /// Shares of sales, suppliers in rows and customers in columns. Rows add up to one at most.
    fn matrix(&self, end: End) -> Result<DMatrix<f64>, CutFault> {
        let size = self.nodes.len();
        // Only customers on the way to the maker can be hit, by shares above zero: then every
        // path ends at the maker, whose row is empty, and one less the matrix has an inverse.
        let reached = tiers(size, &self.edges, self.maker, |link| link.share.at(end) > 0.0);
        let is_reached = |at: usize| reached.get(at).copied().flatten().is_some();
        let links = || self.edges.iter().filter(|link| is_reached(link.customer));
        let (mut least, mut room) = (vec![0.0_f64; size], vec![0.0_f64; size]);
        for link in links() {
            if let (Some(least), Some(room)) = (least.get_mut(link.supplier), room.get_mut(link.supplier)) {
                *least += link.share.low;
                *room += link.share.at(end) - link.share.low;
            }
        }
        if let Some((at, sum)) = least.iter().enumerate().find(|(_, sum)| **sum > 1.0 + ROUNDING) {
            let firm = self.nodes.get(at).copied().unwrap_or_default().to_owned();
            return Err(CutFault::Shares { firm, sum: *sum });
        }
        let mut matrix = DMatrix::<f64>::zeros(size, size);
        for link in links() {
            let at = link.supplier;
            let (least, room) = (least.get(at).map_or(0.0, |it| *it), room.get(at).map_or(0.0, |it| *it));
            // Nobody sells more than all: where ranges allow it, what lies above the least shares is
            // brought down in proportion.
            let part = if least + room > 1.0 { (1.0 - least).max(0.0) / room } else { 1.0 };
            let share = link.share.low / least.max(1.0) + (link.share.at(end) - link.share.low) * part;
            if let Some(cell) = matrix.get_mut((at, link.customer)) {
                *cell += share * link.kept.at(end);
            }
        }
        Ok(matrix)
    }
}

/// Whom an edge reaches. A machine is bought when capacity is built: between nothing and its share.
fn sales<'a>(network: &'a Network, edge: &'a Edge) -> Vec<Sale<'a>> {
    let Some(share) = edge.share() else { return Vec::new() };
    let share = if edge.capital { Band::between(0.0, share.high) } else { Band::from(share) };
    match network.groups.get(&edge.customer).filter(|group| !group.members.is_empty()) {
        Some(group) => group
            .members
            .iter()
            .map(|member| Sale { customer: &member.firm, share: share * Band::from(member.share) })
            .collect(),
        None => vec![Sale { customer: &edge.customer, share }],
    }
}

/// Solves `f = A f + g`.
fn solve(shares: &DMatrix<f64>, start: DVector<f64>) -> DVector<f64> {
    let system = DMatrix::identity(shares.nrows(), shares.ncols()) - shares;
    system.lu().solve(&start).unwrap_or(start)
}

/// Sales from the maker, along links that count, against their direction.
fn tiers(
    size: usize,
    links: &[Link],
    maker: Option<usize>,
    counts: impl Fn(&Link) -> bool,
) -> Vec<Option<usize>> {
    let mut sellers: Vec<Vec<usize>> = vec![Vec::new(); size];
    for link in links.iter().filter(|link| counts(link)) {
        if let Some(sellers) = sellers.get_mut(link.customer) {
            sellers.push(link.supplier);
        }
    }
    let mut tiers: Vec<Option<usize>> = vec![None; size];
    let mut queue: VecDeque<(usize, usize)> = maker.into_iter().map(|maker| (maker, 0)).collect();
    while let Some((node, tier)) = queue.pop_front() {
        match tiers.get_mut(node) {
            Some(known) if known.is_none() => *known = Some(tier),
            _ => continue,
        }
        queue.extend(sellers.get(node).into_iter().flatten().map(|seller| (*seller, tier + 1)));
    }
    tiers
}
