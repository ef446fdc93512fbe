//! What the figures of the network rest on.

use narrows_market::exposure::money::Bounds;
use narrows_market::firm::Firms;
use narrows_market::ripple::cut::SupplierEffect;
use narrows_market::ripple::network::Network;
use narrows_quantity::Certainty;
use serde::Serialize;

use super::assumed::percent_range;
use super::called;

/// One figure with its source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SupplySource {
    /// The figure, in words.
    pub what: String,
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

fn range(share: Bounds<f64>) -> String {
    percent_range(share.low, share.high)
}

/// The bill, the groups in it, and the shares of sales of those who are counted.
pub(super) fn sources(
    firms: &Firms,
    network: &Network,
    maker: &str,
    item: &str,
    suppliers: &[SupplierEffect],
) -> Vec<SupplySource> {
    let mut all = Vec::new();
    let mut groups: Vec<&str> = Vec::new();
    if let Some((bill, standin)) = network.bill(maker, item) {
        let parts = bill.parts.iter().map(|part| format!("{} {}", part.product, range(part.share)));
        all.push(SupplySource {
            what: format!("bill of the {}: {}", bill.item, parts.collect::<Vec<_>>().join(", ")),
            period: bill.period.clone(),
            certainty: standin.map_or(bill.certainty, |standin| standin.certainty),
            source: bill.source.clone(),
            note: standin.map(|standin| format!("It stands for the {}: {}", standin.item, standin.why)),
        });
        groups.extend(bill.parts.iter().map(|part| part.supplier.as_str()));
    }
    let is_counted = |id: &str| suppliers.iter().any(|it| it.id == id && it.by_share.is_some());
    for edge in network.edges.iter().filter(|edge| is_counted(&edge.supplier) && edge.is_for(item)) {
        let reaches = |id: &str| id == maker || is_counted(id);
        let members = network.groups.get(&edge.customer).map_or(&[][..], |group| &group.members);
        if !reaches(&edge.customer) && !members.iter().any(|member| reaches(&member.firm)) {
            continue;
        }
        groups.push(&edge.customer);
        for estimate in &edge.estimates {
            let Some(share) = estimate.share_of_supplier_revenue else { continue };
            all.push(SupplySource {
                what: format!(
                    "{} makes {} of its sales to {}",
                    called(firms, network, &edge.supplier),
                    range(share),
                    called(firms, network, &edge.customer)
                ),
                period: estimate.period.clone(),
                certainty: estimate.certainty,
                source: estimate.source.clone(),
                note: estimate.note.clone(),
            });
        }
    }
    groups.sort_unstable();
    groups.dedup();
    for group in groups.into_iter().filter_map(|id| network.groups.get(id)) {
        // Members of one source stand together.
        let mut told: Vec<SupplySource> = Vec::new();
        for member in &group.members {
            let words = format!("{} {}", called(firms, network, &member.firm), range(member.share));
            match told.iter_mut().find(|one| one.source == member.source && one.period == member.period) {
                Some(one) => one.what = format!("{}, {words}", one.what),
                None => told.push(SupplySource {
                    what: format!("{}: {words}", group.name),
                    period: member.period.clone(),
                    certainty: member.certainty,
                    source: member.source.clone(),
                    note: group.note.clone(),
                }),
            }
        }
        all.extend(told);
    }
    all
}
