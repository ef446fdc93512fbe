//! Why a firm is not counted.

use super::bill::Shared;
use super::graph::Graph;
use crate::ripple::network::{Bill, Edge, Network};

/// Why neither the bill nor a share of sales tells what a firm loses; `None` if one of them does.
#[must_use]
pub(super) fn absence(
    network: &Network,
    graph: &Graph<'_>,
    shared: &Shared,
    item: &str,
    firm: &str,
) -> Option<String> {
    if shared.suppliers.contains_key(firm) || graph.tier(firm).is_some() {
        return None;
    }
    let sells: Vec<&Edge> = network.edges.iter().filter(|edge| edge.supplier == firm).collect();
    if sells.is_empty() {
        return Some("no sale of it is on record".to_owned());
    }
    let mut reasons: Vec<String> = Vec::new();
    let mut elsewhere: Vec<&str> = Vec::new();
    for edge in sells {
        let customer = name(network, &edge.customer);
        let is_reached = is_reached(network, graph, shared, &edge.customer);
        if is_reached && !edge.is_for(item) {
            reasons.push(format!("sells {} to {customer} for {} alone", edge.product, edge.items.join(", ")));
        } else if is_reached {
            reasons.push(format!("sells {} to {customer}; no share of its sales is on record", edge.product));
        } else if !elsewhere.contains(&customer) {
            elsewhere.push(customer);
        }
    }
    if reasons.is_empty() {
        reasons.push(format!(
            "its sales on record go to {}, whom the cut does not reach",
            elsewhere.join(" and to ")
        ));
    }
    reasons.dedup();
    Some(reasons.join("; "))
}

/// Suppliers of those whom the cut reaches that are not counted, with the reason.
pub(super) fn left_out(
    network: &Network,
    graph: &Graph<'_>,
    shared: &Shared,
    item: &str,
) -> Vec<(String, String)> {
    let near = network.edges.iter().filter(|edge| is_reached(network, graph, shared, &edge.customer));
    let mut firms: Vec<&str> = near.map(|edge| edge.supplier.as_str()).collect();
    firms.sort_unstable();
    firms.dedup();
    let reason = |firm: &str| Some((firm.to_owned(), absence(network, graph, shared, item, firm)?));
    firms.into_iter().filter_map(reason).collect()
}

/// Whether a firm, or any member of a group, is the maker or upstream of it.
fn is_reached(network: &Network, graph: &Graph<'_>, shared: &Shared, customer: &str) -> bool {
    let one = |id: &str| graph.tier(id).is_some() || shared.suppliers.contains_key(id);
    let members = network.groups.get(customer).map_or(&[][..], |group| &group.members);
    one(customer) || members.iter().any(|member| one(&member.firm))
}

/// Groups by their name; firms by their id, which those who know firms can replace.
fn name<'a>(network: &'a Network, id: &'a str) -> &'a str {
    network.groups.get(id).map_or(id, |group| group.name.as_str())
}

/// Kinds of good of a bill, each once.
pub(super) fn goods(bill: Option<&Bill>) -> Vec<&str> {
    let mut goods: Vec<&str> =
        bill.into_iter().flat_map(|bill| &bill.parts).map(|part| part.good.as_str()).collect();
    goods.sort_unstable();
    goods.dedup();
    goods
}
