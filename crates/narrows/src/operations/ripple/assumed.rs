//! What the answer takes for granted, each with its ground: given, on record, or merely assumed.

use std::collections::BTreeMap;

use narrows_market::exposure::recovery::{RecoveryPoint, range};
use narrows_market::ripple::cut::Assumptions;
use narrows_market::ripple::network::Timing;
use narrows_quantity::Certainty;
use serde::{Deserialize, Serialize};

/// Assumptions of the asker's own. Shares are pairs, the lesser first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GivenAssumptions {
    /// Days from order to sale.
    pub lead_days: Option<u32>,
    /// Days from the end of the rule until new parts arrive.
    pub restart_days: Option<u32>,
    /// Share of what suppliers are freed of that they sell to others.
    pub reroute: Option<(f64, f64)>,
    /// The same for single kinds of good.
    pub reroute_of: BTreeMap<String, (f64, f64)>,
    /// Share of what is stranded that is sold elsewhere.
    pub redeploy: Option<(f64, f64)>,
    /// By how much less, as a share of the price.
    pub discount: Option<(f64, f64)>,
    /// Quarters by which each step upstream feels it later.
    pub delay_quarters: Option<usize>,
}

/// One assumption.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assumed {
    /// Name of the field.
    pub name: String,
    /// Its value, in words.
    pub value: String,
    /// Where it comes from.
    pub ground: Ground,
}

/// Where an assumption comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The asker gave it.
    Given,
    /// Nothing on record tells it.
    Assumed,
    /// Computed from the record, in words.
    Computed(String),
    /// A page says so.
    OnRecord {
        /// How sure it is.
        certainty: Certainty,
        /// The page.
        source: String,
        /// What a reader must know of it.
        note: Option<String>,
    },
}

impl Assumed {
    pub(super) fn new(name: &str, value: String, ground: Ground) -> Self {
        Self { name: name.to_owned(), value, ground }
    }
}

pub(super) fn percent_range(low: f64, high: f64) -> String {
    let percent = |share: f64| format!("{:.0}%", share * 100.0);
    let (low, high) = (percent(low), percent(high));
    if low == high { low } else { format!("{low} to {high}") }
}

/// What is given, else what is on record, else what is assumed.
pub(super) fn assumptions(
    given: &GivenAssumptions,
    timing: Option<&Timing>,
    recovery: &[RecoveryPoint],
) -> (Assumptions, Vec<Assumed>) {
    let plain = Assumptions::default();
    let mut list = Vec::new();
    let mut days = |name: &str, given: Option<u32>, known: Option<u32>, plain: u32| {
        let (value, ground) = match (given, known.zip(timing)) {
            (Some(value), _) => (value, Ground::Given),
            (None, Some((value, timing))) => (
                value,
                Ground::OnRecord {
                    certainty: timing.certainty,
                    source: timing.source.clone(),
                    note: timing.note.clone(),
                },
            ),
            (None, None) => (plain, Ground::Assumed),
        };
        list.push(Assumed::new(name, format!("{value} days"), ground));
        value
    };
    let lead_days = days("lead_days", given.lead_days, timing.and_then(|it| it.lead_days), plain.lead_days);
    let known = timing.and_then(|it| it.restart_days);
    let restart_days = days("restart_days", given.restart_days, known, plain.restart_days);
    let mut share = |name: &str, given: Option<(f64, f64)>, plain: (f64, f64)| {
        let ground = if given.is_some() { Ground::Given } else { Ground::Assumed };
        let (low, high) = given.unwrap_or(plain);
        list.push(Assumed::new(name, percent_range(low, high), ground));
        (low, high)
    };
    let reroute = share("reroute", given.reroute, plain.reroute);
    for (good, pair) in &given.reroute_of {
        share(&format!("reroute of {good}"), Some(*pair), *pair);
    }
    let discount = share("discount", given.discount, plain.discount);
    let known = range(recovery, RecoveryPoint::released_share).filter(|_| given.redeploy.is_none());
    let redeploy = match known {
        Some(known) => {
            let count = if recovery.len() == 1 { "case" } else { "cases" };
            let how = format!(
                "share of a booked charge that was released: {} {count} known by then",
                recovery.len()
            );
            let value = percent_range(known.low, known.high);
            list.push(Assumed::new("redeploy", value, Ground::Computed(how)));
            (known.low.clamp(0.0, 1.0), known.high.clamp(0.0, 1.0))
        }
        None => share("redeploy", given.redeploy, plain.redeploy),
    };
    let delay_quarters = given.delay_quarters.unwrap_or(plain.delay_quarters);
    let ground = if given.delay_quarters.is_some() { Ground::Given } else { Ground::Assumed };
    let plural = if delay_quarters == 1 { "" } else { "s" };
    list.push(Assumed::new("delay_quarters", format!("{delay_quarters} quarter{plural}"), ground));
    let reroute_of = given.reroute_of.clone();
    (Assumptions { lead_days, restart_days, reroute, reroute_of, redeploy, discount, delay_quarters }, list)
}
