//! [`Network`]: who sells to whom, as far as it is on record: shares as ranges, each with its
//! source. Data: `supply/*.toml`.

mod read;

use std::collections::BTreeMap;

use narrows_catalog::datafile::Located;
use narrows_catalog::{Problems, normalise};
use narrows_quantity::{Certainty, did_you_mean, nearest};
use serde::Serialize;

use crate::exposure::money::Bounds;

/// A firm sells a good to another firm or to a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Edge {
    /// Id of the firm that sells.
    pub supplier: String,
    /// Id of the firm or group that buys.
    pub customer: String,
    /// What is sold, in words.
    pub product: String,
    /// Kind of good: `wafers`, `memory`, `packaging`, `machines`.
    pub good: String,
    /// Items that it is for alone; for all if none.
    pub items: Vec<String>,
    /// A machine: bought when capacity is built, not with each part made.
    pub capital: bool,
    /// What sources say of it.
    pub estimates: Vec<ShareEstimate>,
}

/// What one source says of an edge.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShareEstimate {
    /// Share of the supplier's sales that goes to the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_of_supplier_revenue: Option<Bounds<f64>>,
    /// Share of the customer's cost that goes to the supplier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_of_customer_cost: Option<Bounds<f64>>,
    /// Of when.
    pub period: String,
    /// How sure it is.
    pub certainty: Certainty,
    /// Page that says so.
    pub source: String,
    /// What a reader must know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What one part costs its maker, and who is paid for what.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bill {
    /// Id of the firm that makes it.
    pub customer: String,
    /// The item.
    pub item: String,
    /// Cost of one, in dollars.
    pub unit_cost_usd: f64,
    /// Of when.
    pub period: String,
    /// How sure it is.
    pub certainty: Certainty,
    /// Page that says so.
    pub source: String,
    /// What a reader must know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Share of the parts made that are lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yield_loss: Option<Bounds<f64>>,
    /// Who is paid for what.
    pub parts: Vec<BillPart>,
    /// Items for which it stands, having no bill of their own.
    pub stands_for: Vec<Standin>,
}

/// One line of a bill.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BillPart {
    /// Id of the firm or group that is paid.
    pub supplier: String,
    /// For what, in words.
    pub product: String,
    /// Kind of good.
    pub good: String,
    /// Share of the cost of the item.
    pub share: Bounds<f64>,
    /// What a reader must know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// An item for which a bill stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standin {
    /// The item.
    pub item: String,
    /// How sure that is.
    pub certainty: Certainty,
    /// Why.
    pub why: String,
}

/// How long parts of an item take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timing {
    /// Id of the firm that makes it.
    pub customer: String,
    /// The item.
    pub item: String,
    /// Days from order to sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_days: Option<u32>,
    /// Days from a new start of the chain until parts arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_days: Option<u32>,
    /// How sure it is.
    pub certainty: Certainty,
    /// Page that says so.
    pub source: String,
    /// What a reader must know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Firms that sources speak of together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Id.
    pub id: String,
    /// In words.
    pub name: String,
    /// Place of all its members (ISO 3166 alpha-2), where that is what they share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Whether what records of exposure say of the buyer is of this group.
    pub of_exposures: bool,
    /// What a reader must know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Members with their shares of its sales, where they are on record.
    pub members: Vec<Member>,
}

/// A firm of a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Member {
    /// Id of the firm.
    pub firm: String,
    /// Share of the group's sales.
    pub share: Bounds<f64>,
    /// Of when.
    pub period: String,
    /// How sure it is.
    pub certainty: Certainty,
    /// Page that says so.
    pub source: String,
}

/// Everything on record.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// Who sells to whom.
    pub edges: Vec<Edge>,
    /// What parts cost.
    pub bills: Vec<Bill>,
    /// How long parts take.
    pub timings: Vec<Timing>,
    /// Groups by id.
    pub groups: BTreeMap<String, Group>,
    /// Ids that must be those of firms or groups, where they stand in the files.
    pub names: Vec<Located<String>>,
}

impl Edge {
    /// The range over all sources of the share of the supplier's sales.
    #[must_use]
    pub fn share(&self) -> Option<Bounds<f64>> {
        let shares = self.estimates.iter().filter_map(|estimate| estimate.share_of_supplier_revenue);
        shares.reduce(Bounds::hull)
    }

    /// Whether it counts for an item, by its name in any case.
    #[must_use]
    pub fn is_for(&self, item: &str) -> bool {
        self.items.is_empty() || self.items.iter().any(|other| is_same(other, item))
    }
}

impl Network {
    /// Reports names that are neither firms nor groups.
    ///
    /// # Errors
    /// Every such name, with the nearest.
    pub fn check(&self, is_firm: impl Fn(&str) -> bool, firms: &[&str]) -> Result<(), Problems> {
        let unknown =
            self.names.iter().filter(|name| !is_firm(&name.value) && !self.groups.contains_key(&name.value));
        let known = || firms.iter().copied().chain(self.groups.keys().map(String::as_str));
        let problems: Vec<_> = unknown
            .map(|name| {
                let hint = nearest(&name.value, known());
                let hint = did_you_mean(hint.as_deref());
                name.at.problem(format!("neither a firm nor a group has the id `{}`{hint}", name.value))
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }

    /// The groups that a firm sells to and that share a place.
    pub fn buyers<'a>(&'a self, maker: &'a str) -> impl Iterator<Item = &'a Group> {
        let sold = self.edges.iter().filter(move |edge| edge.supplier == maker);
        sold.filter_map(|edge| self.groups.get(&edge.customer)).filter(|group| group.place.is_some())
    }

    /// How long parts of an item of a maker take.
    #[must_use]
    pub fn timing(&self, maker: &str, item: &str) -> Option<&Timing> {
        self.timings.iter().find(|timing| timing.customer == maker && is_same(&timing.item, item))
    }

    /// The bill of an item of a maker: its own, or that which stands for it.
    #[must_use]
    pub fn bill(&self, maker: &str, item: &str) -> Option<(&Bill, Option<&Standin>)> {
        let bills = || self.bills.iter().filter(|bill| bill.customer == maker);
        let own = bills().find(|bill| is_same(&bill.item, item)).map(|bill| (bill, None));
        own.or_else(|| {
            bills().find_map(|bill| {
                let standin = bill.stands_for.iter().find(|other| is_same(&other.item, item))?;
                Some((bill, Some(standin)))
            })
        })
    }
}

fn is_same(one: &str, other: &str) -> bool {
    normalise(one) == normalise(other)
}
