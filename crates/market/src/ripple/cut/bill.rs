//! What the maker buys less, by kind of good and by who is paid.

use std::collections::BTreeMap;

use serde::Serialize;

use super::band::Band;
use super::question::Assumptions;
use crate::ripple::network::{Bill, BillPart, Network};

/// One kind of good of the bill, by quarter, in dollars at cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GoodEffect {
    /// Which kind; `None` for what the bill leaves without a supplier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub good: Option<String>,
    /// Bought less by the maker.
    pub freed: Vec<Band>,
    /// Sold by its suppliers to others.
    pub rerouted: Vec<Band>,
    /// Lost to its suppliers.
    pub lost: Vec<Band>,
}

/// Who loses what by the bill.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// By kind of good, as they stand in the bill, what has no supplier last.
    pub(super) goods: Vec<GoodEffect>,
    /// By id of the firm or group, with the kinds of good.
    pub(super) suppliers: BTreeMap<String, BilledSupplier>,
}

/// One supplier of the bill.
#[derive(Debug, Default)]
pub(super) struct BilledSupplier {
    pub(super) goods: Vec<String>,
    pub(super) lost: Vec<Band>,
}

/// Shares out what the maker buys less. In the middle nothing is lost or made; at the ends each
/// amount is a bound of its own, and together they are no split.
pub(super) fn share_out(
    network: &Network,
    bill: Option<&Bill>,
    avoided: &[Band],
    assumptions: &Assumptions,
) -> Shared {
    let mut shared = Shared::default();
    let parts = bill.map_or(&[][..], |bill| bill.parts.as_slice());
    let factor = to_one(parts.iter().map(|part| part.share.into()));
    let mut rest = Band::point(1.0);
    for part in parts {
        let share = Band::from(part.share) * factor;
        rest = less(rest, share);
        let freed: Vec<Band> = avoided.iter().map(|amount| *amount * share).collect();
        let lost = shared.add_good(Some(&part.good), &freed, assumptions.reroute(&part.good));
        shared.pay(network, part, &delayed(&lost, assumptions.delay_quarters));
    }
    // A remainder that is all rounding is no line of its own.
    if rest.high > 1e-9 {
        let freed: Vec<Band> = avoided.iter().map(|amount| *amount * rest).collect();
        shared.add_good(None, &freed, Band::between(assumptions.reroute.0, assumptions.reroute.1));
    }
    shared
}

/// The factor that brings shares, rounded by their sources, to a sum of at most one.
fn to_one(shares: impl Iterator<Item = Band>) -> f64 {
    let middle: f64 = shares.map(|share| share.middle).sum();
    if middle > 1.0 { 1.0 / middle } else { 1.0 }
}

/// What is left of a whole when a share is taken away.
fn less(whole: Band, share: Band) -> Band {
    let left = |whole: f64, share: f64| (whole - share).max(0.0);
    Band {
        low: left(whole.low, share.high),
        middle: left(whole.middle, share.middle),
        high: left(whole.high, share.low),
    }
}

/// The same some quarters later; what falls beyond the last quarter is not shown.
fn delayed(amounts: &[Band], quarters: usize) -> Vec<Band> {
    let none = std::iter::repeat_n(Band::default(), quarters);
    none.chain(amounts.iter().copied()).take(amounts.len()).collect()
}

fn add(sums: &mut [Band], amounts: &[Band]) {
    for (sum, amount) in sums.iter_mut().zip(amounts) {
        *sum += *amount;
    }
}

impl Shared {
    /// Enters what is freed of a good; returns what its suppliers lose.
    fn add_good(&mut self, good: Option<&String>, freed: &[Band], reroute: Band) -> Vec<Band> {
        let rerouted: Vec<Band> = freed.iter().map(|amount| *amount * reroute).collect();
        let lost: Vec<Band> = freed.iter().map(|amount| *amount * reroute.rest()).collect();
        let known = self.goods.iter_mut().find(|known| known.good.as_ref() == good);
        match known {
            Some(known) => {
                add(&mut known.freed, freed);
                add(&mut known.rerouted, &rerouted);
                add(&mut known.lost, &lost);
            }
            None => self.goods.push(GoodEffect {
                good: good.cloned(),
                freed: freed.to_vec(),
                rerouted,
                lost: lost.clone(),
            }),
        }
        lost
    }

    /// Members of a group are paid by their shares of it; what no member takes is the group's.
    fn pay(&mut self, network: &Network, part: &BillPart, lost: &[Band]) {
        let members = network.groups.get(&part.supplier).map_or(&[][..], |group| &group.members);
        let factor = to_one(members.iter().map(|member| member.share.into()));
        let mut rest = Band::point(1.0);
        for member in members {
            let share = Band::from(member.share) * factor;
            rest = less(rest, share);
            self.enter(&member.firm, &part.good, lost, share);
        }
        if rest.middle > 1e-9 {
            self.enter(&part.supplier, &part.good, lost, rest);
        }
    }

    fn enter(&mut self, id: &str, good: &str, lost: &[Band], share: Band) {
        let supplier = self.suppliers.entry(id.to_owned()).or_default();
        if !supplier.goods.iter().any(|known| known == good) {
            supplier.goods.push(good.to_owned());
        }
        supplier.lost.resize(lost.len(), Band::default());
        let amounts: Vec<Band> = lost.iter().map(|amount| *amount * share).collect();
        add(&mut supplier.lost, &amounts);
    }
}
