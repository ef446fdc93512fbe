//! Why a firm is not counted.

use serde::Serialize;

use super::bill::Shared;
use super::graph::Graph;
use crate::ripple::network::{Bill, Edge, Network};

/// A firm that is not counted, with every reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Absent {
    /// Id of the firm.
    pub firm: String,
    /// Why.
    pub why: Vec<Absence>,
}

/// Why a firm is not counted. Customers are ids of firms and groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// Nothing that it sells is on record.
    NoSale,
    /// It sells to those whom the cut does not reach.
    NotReached {
        /// To whom.
        customers: Vec<String>,
    },
    /// It sells something that is for other parts alone.
    OtherPart {
        /// What it sells.
        product: String,
        /// To whom.
        customers: Vec<String>,
        /// The parts.
        items: Vec<String>,
    },
    /// No source says what share of its sales that is.
    NoShare {
        /// What it sells.
        product: String,
        /// To whom.
        customers: Vec<String>,
    },
}

impl Absence {
    /// In words, with the names that ids have.
    #[must_use]
    pub fn words(&self, name: &impl Fn(&str) -> String) -> String {
        let list = |ids: &[String]| ids.iter().map(|id| name(id)).collect::<Vec<_>>().join(" and ");
        match self {
            Self::NoSale => "no sale of it is on record".to_owned(),
            Self::NotReached { customers } => {
                format!("its sales on record go to {}, whom the cut does not reach", list(customers))
            }
            Self::OtherPart { product, customers, items } => {
                format!("sells {product} to {} for {} alone", list(customers), items.join(", "))
            }
            Self::NoShare { product, customers } => {
                format!("sells {product} to {}; no share of its sales is on record", list(customers))
            }
        }
    }

    fn customers(&mut self) -> Option<&mut Vec<String>> {
        match self {
            Self::NoSale => None,
            Self::NotReached { customers }
            | Self::OtherPart { customers, .. }
            | Self::NoShare { customers, .. } => Some(customers),
        }
    }

    /// Whether both say the same, of whatever customers.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::NoSale, Self::NoSale) | (Self::NotReached { .. }, Self::NotReached { .. }) => true,
            (Self::OtherPart { product: one, items: these, .. }, Self::OtherPart { product, items, .. }) => {
                one == product && these == items
            }
            (Self::NoShare { product: one, .. }, Self::NoShare { product, .. }) => one == product,
            _ => false,
        }
    }
}

/// Why neither the bill nor a share of sales tells what a firm loses; `None` if one of them does.
pub(super) fn absence(
    network: &Network,
    graph: &Graph<'_>,
    shared: &Shared,
    item: &str,
    firm: &str,
) -> Option<Absent> {
    if shared.suppliers.contains_key(firm) || graph.tier(firm).is_some() {
        return None;
    }
    let mut why: Vec<Absence> = Vec::new();
    for edge in network.edges.iter().filter(|edge| edge.supplier == firm) {
        let (product, customers) = (edge.product.clone(), vec![edge.customer.clone()]);
        let one = if !is_reached(network, graph, shared, &edge.customer) {
            Absence::NotReached { customers }
        } else if edge.is_for(item) {
            Absence::NoShare { product, customers }
        } else {
            Absence::OtherPart { product, customers, items: edge.items.clone() }
        };
        match why.iter_mut().find(|known| known.is_like(&one)).and_then(Absence::customers) {
            Some(known) if !known.contains(&edge.customer) => known.push(edge.customer.clone()),
            Some(_) => {}
            None => why.push(one),
        }
    }
    // Where a sale to those who are hit lacks a figure, other sales are beside the point.
    if why.iter().any(|one| !matches!(one, Absence::NotReached { .. })) {
        why.retain(|one| !matches!(one, Absence::NotReached { .. }));
    }
    if why.is_empty() {
        why.push(Absence::NoSale);
    }
    Some(Absent { firm: firm.to_owned(), why })
}

/// Suppliers of those whom the cut reaches that are not counted, with the reason.
pub(super) fn left_out(network: &Network, graph: &Graph<'_>, shared: &Shared, item: &str) -> Vec<Absent> {
    let near = network.edges.iter().filter(|edge| is_reached(network, graph, shared, &edge.customer));
    let mut firms: Vec<&str> = near.map(|edge: &Edge| edge.supplier.as_str()).collect();
    firms.sort_unstable();
    firms.dedup();
    firms.into_iter().filter_map(|firm| absence(network, graph, shared, item, firm)).collect()
}

/// Whether a firm, or any member of a group, is the maker or upstream of it.
fn is_reached(network: &Network, graph: &Graph<'_>, shared: &Shared, customer: &str) -> bool {
    let one = |id: &str| graph.tier(id).is_some() || shared.suppliers.contains_key(id);
    let members = network.groups.get(customer).map_or(&[][..], |group| &group.members);
    one(customer) || members.iter().any(|member| one(&member.firm))
}

/// Kinds of good of a bill, each once.
pub(super) fn goods(bill: Option<&Bill>) -> Vec<&str> {
    let mut goods: Vec<&str> =
        bill.into_iter().flat_map(|bill| &bill.parts).map(|part| part.good.as_str()).collect();
    goods.sort_unstable();
    goods.dedup();
    goods
}
