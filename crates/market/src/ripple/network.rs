//! [`Network`]: who sells to whom, as far as it is on record: shares as ranges, each with its
//! source. Data: `supply/*.toml`.

use std::collections::BTreeMap;

use narrows_catalog::datafile::{Collector, Document, Located, Table};
use narrows_catalog::{DataFile, Problems};
use narrows_quantity::{Certainty, Decimal, did_you_mean, nearest};
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

    /// Whether it counts for an item.
    #[must_use]
    pub fn is_for(&self, item: &str) -> bool {
        self.items.is_empty() || self.items.iter().any(|other| other == item)
    }
}

impl Network {
    /// Reads `supply/*.toml`.
    ///
    /// # Errors
    /// Everything that is wrong in the files.
    pub fn read<'a>(files: impl IntoIterator<Item = DataFile<'a>>) -> Result<Self, Problems> {
        let problems = Collector::new();
        let mut all = Self::default();
        for file in files {
            let Some(document) = Document::parse(file, &problems) else { continue };
            let root = document.root(&problems);
            for table in root.tables("group") {
                if let Some(group) = all.read_group(&table)
                    && let Some(other) = all.groups.insert(group.id.clone(), group)
                {
                    table.report("id", format!("the group `{}` stands twice", other.id));
                }
                table.finish();
            }
            for table in root.tables("edge") {
                let edge = all.read_edge(&table);
                all.edges.extend(edge);
                table.finish();
            }
            for table in root.tables("bill") {
                let bill = all.read_bill(&table);
                all.bills.extend(bill);
                table.finish();
            }
            root.finish();
        }
        problems.finish(all)
    }

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

    /// The bill of an item of a maker: its own, or that which stands for it.
    #[must_use]
    pub fn bill(&self, maker: &str, item: &str) -> Option<(&Bill, Option<&Standin>)> {
        let bills = || self.bills.iter().filter(|bill| bill.customer == maker);
        let own = bills().find(|bill| bill.item == item).map(|bill| (bill, None));
        own.or_else(|| {
            bills().find_map(|bill| {
                let standin = bill.stands_for.iter().find(|other| other.item == item)?;
                Some((bill, Some(standin)))
            })
        })
    }

    fn name(&mut self, table: &Table<'_>, key: &str) -> Option<String> {
        let name = table.embedded(key)?;
        self.names.push(name.clone());
        Some(name.value)
    }

    fn read_group(&mut self, table: &Table<'_>) -> Option<Group> {
        let mut members = Vec::new();
        for member in table.tables("member") {
            let firm = self.name(&member, "firm");
            let share = share(&member, "share");
            let (period, certainty) = (member.string("period"), member.certainty("certainty"));
            let source = member.string("source");
            member.finish();
            if let (Some(firm), Some(share), Some(period), Some(certainty), Some(source)) =
                (firm, share, period, certainty, source)
            {
                members.push(Member { firm, share, period, certainty, source });
            }
        }
        if members.iter().map(|member| member.share.low).sum::<f64>() > 1.0 + ROUNDING {
            table.report("member", "the least shares of the members add up to more than one");
        }
        let (id, name) = (table.string("id"), table.string("name"));
        let (place, note) = (table.optional_string("place"), table.optional_string("note"));
        Some(Group { id: id?, name: name?, place, note, members })
    }

    fn read_edge(&mut self, table: &Table<'_>) -> Option<Edge> {
        let (supplier, customer) = (self.name(table, "supplier"), self.name(table, "customer"));
        let (product, good) = (table.string("product"), table.string("good"));
        let items = table.plain_strings("items");
        let capital = table.optional_bool("capital").unwrap_or(false);
        let mut estimates = Vec::new();
        for estimate in table.tables("estimate") {
            let share_of_supplier_revenue = optional_share(&estimate, "share_of_supplier_revenue");
            let share_of_customer_cost = optional_share(&estimate, "share_of_customer_cost");
            let (period, certainty) = (estimate.string("period"), estimate.certainty("certainty"));
            let (source, note) = (estimate.string("source"), estimate.optional_string("note"));
            estimate.finish();
            if let (Some(period), Some(certainty), Some(source)) = (period, certainty, source) {
                estimates.push(ShareEstimate {
                    share_of_supplier_revenue,
                    share_of_customer_cost,
                    period,
                    certainty,
                    source,
                    note,
                });
            }
        }
        if estimates.is_empty() {
            table.report("estimate", "an edge needs at least one source");
        }
        let (supplier, customer) = (supplier?, customer?);
        if supplier == customer {
            table.report("customer", "a firm does not sell to itself");
        }
        Some(Edge { supplier, customer, product: product?, good: good?, items, capital, estimates })
    }

    fn read_bill(&mut self, table: &Table<'_>) -> Option<Bill> {
        let customer = self.name(table, "customer");
        let item = table.string("item");
        let cost = table.decimal("unit_cost_usd").map(Decimal::to_f64);
        let (period, certainty) = (table.string("period"), table.certainty("certainty"));
        let (source, note) = (table.string("source"), table.optional_string("note"));
        let yield_loss = optional_share(table, "yield_loss");
        let mut parts = Vec::new();
        for part in table.tables("part") {
            let supplier = self.name(&part, "supplier");
            let (product, good) = (part.string("product"), part.string("good"));
            let (share, note) = (share(&part, "share"), part.optional_string("note"));
            part.finish();
            if let (Some(supplier), Some(product), Some(good), Some(share)) = (supplier, product, good, share)
            {
                parts.push(BillPart { supplier, product, good, share, note });
            }
        }
        if parts.iter().map(|part| part.share.low).sum::<f64>() > 1.0 + ROUNDING {
            table.report("part", "the shares of the parts add up to more than one");
        }
        let mut stands_for = Vec::new();
        for other in table.tables("stands_for") {
            let (item, why) = (other.string("item"), other.string("why"));
            let certainty = other.certainty("certainty");
            other.finish();
            if let (Some(item), Some(certainty), Some(why)) = (item, certainty, why) {
                stands_for.push(Standin { item, certainty, why });
            }
        }
        if cost.is_some_and(|cost| cost <= 0.0) {
            table.report("unit_cost_usd", "expected a number above zero");
        }
        Some(Bill {
            customer: customer?,
            item: item?,
            unit_cost_usd: cost?,
            period: period?,
            certainty: certainty?,
            source: source?,
            note,
            yield_loss,
            parts,
            stands_for,
        })
    }
}

/// Shares of sources are rounded to a few digits.
const ROUNDING: f64 = 0.02;

fn optional_share(table: &Table<'_>, key: &str) -> Option<Bounds<f64>> {
    let (low, high) = table.optional_pair(key)?;
    let (low, high) = (low.to_f64(), high.to_f64());
    if !(0.0..=1.0).contains(&low) || !(low..=1.0).contains(&high) {
        table.report(key, "expected two shares between zero and one, the lesser first");
        return None;
    }
    Some(Bounds { low, high })
}

fn share(table: &Table<'_>, key: &str) -> Option<Bounds<f64>> {
    if !table.has(key) {
        table.report(key, "the field is missing");
    }
    optional_share(table, key)
}
