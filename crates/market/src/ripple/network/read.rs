//! Reading `supply/*.toml`.

use narrows_catalog::datafile::{Collector, Document, Table};
use narrows_catalog::{DataFile, Problems};
use narrows_quantity::Decimal;

use super::{Bill, BillPart, Edge, Group, Member, Network, ShareEstimate, Standin, Timing};
use crate::exposure::money::Bounds;
use crate::ripple::cut::MOST_DAYS;

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
            for table in root.tables("timing") {
                let timing = all.read_timing(&table);
                all.timings.extend(timing);
                table.finish();
            }
            root.finish();
        }
        problems.finish(all)
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
        report_excess(table, "member", members.iter().map(|member| member.share));
        let (id, name) = (table.string("id"), table.string("name"));
        let (place, note) = (table.optional_string("place"), table.optional_string("note"));
        let of_exposures = table.optional_bool("of_exposures").unwrap_or(false);
        if of_exposures && place.is_none() {
            table.report("of_exposures", "expected a group with a `place`");
        }
        Some(Group { id: id?, name: name?, place, of_exposures, note, members })
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

    fn read_timing(&mut self, table: &Table<'_>) -> Option<Timing> {
        let (customer, item) = (self.name(table, "customer"), table.string("item"));
        let days = |key: &str| {
            let days = table.optional_decimal(key).map(Decimal::to_f64)?;
            if days.fract() != 0.0 || !(0.0..=f64::from(MOST_DAYS)).contains(&days) {
                table.report(key, format!("expected a whole number of days, at most {MOST_DAYS}"));
                return None;
            }
            Some(days as u32)
        };
        let (lead_days, restart_days) = (days("lead_days"), days("restart_days"));
        let (certainty, source) = (table.certainty("certainty"), table.string("source"));
        let note = table.optional_string("note");
        if !table.has("lead_days") && !table.has("restart_days") {
            table.report("lead_days", "expected `lead_days`, `restart_days` or both");
        }
        let (customer, item, certainty, source) = (customer?, item?, certainty?, source?);
        Some(Timing { customer, item, lead_days, restart_days, certainty, source, note })
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
        report_excess(table, "part", parts.iter().map(|part| part.share));
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

/// Reports shares of one whole whose middles are more than the whole.
fn report_excess(table: &Table<'_>, key: &str, shares: impl Iterator<Item = Bounds<f64>>) {
    let sum: f64 = shares.map(|share| f64::midpoint(share.low, share.high)).sum();
    if sum > 1.0 + ROUNDING {
        table.report(key, format!("the shares add up to {sum:.3}; expected at most one"));
    }
}
