//! What is asked of a cut: [`Demand`] and [`Assumptions`], and [`CutFault`] if it cannot be.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::band::Band;

/// What the buyer would have taken, by quarter from that of the cut on.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// First day on which the maker may not sell.
    pub from: Date,
    /// First day on which it may again; `None` if the rule stays.
    pub until: Option<Date>,
    /// Quarters of the maker, one after the other, the first that of the cut.
    pub quarters: Vec<DemandQuarter>,
}

/// One quarter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DemandQuarter {
    /// Its first day.
    pub first: Date,
    /// Its last day.
    pub last: Date,
    /// What the buyer would have taken from the cut on, in dollars at selling prices.
    pub wanted: Band,
    /// All sales of the maker, in dollars, where they are on record.
    pub maker_sales: Option<f64>,
}

/// What the answer takes for granted. Shares are pairs, the lesser first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Assumptions {
    /// Days from order to sale: what was ordered before the cut still arrives.
    pub lead_days: u32,
    /// Days from the end of the rule until new parts arrive.
    pub restart_days: u32,
    /// Share of what suppliers are freed of that they sell to others.
    pub reroute: (f64, f64),
    /// The same for single kinds of good (`wafers`, `packaging`, `memory`).
    pub reroute_of: BTreeMap<String, (f64, f64)>,
    /// Share of what is stranded that is sold elsewhere while the rule stands, in the quarter
    /// after that in which it was stranded.
    pub redeploy: (f64, f64),
    /// By how much less than to the buyer, as a share of the price.
    pub discount: (f64, f64),
    /// Quarters by which each step upstream feels it later than the one before.
    pub delay_quarters: usize,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            lead_days: 180,
            restart_days: 270,
            reroute: (0.0, 1.0),
            reroute_of: BTreeMap::new(),
            redeploy: (0.0, 1.0),
            discount: (0.0, 0.5),
            delay_quarters: 0,
        }
    }
}

impl Assumptions {
    /// Share of a kind of good that is sold to others.
    #[must_use]
    pub fn reroute(&self, good: &str) -> Band {
        let (low, high) = self.reroute_of.get(good).copied().unwrap_or(self.reroute);
        Band::between(low, high)
    }
}

/// The question cannot be answered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CutFault {
    /// A number is out of its range.
    #[error("{what} is {found}; expected {expected}")]
    Number {
        /// Which number.
        what: String,
        /// Its value.
        found: String,
        /// What it can be.
        expected: &'static str,
    },
    /// A firm sells more than all it makes.
    #[error(
        "the least shares of the sales of `{firm}` that go to customers whom the cut reaches add up to {sum:.3}, more than one"
    )]
    Shares {
        /// Id of the firm.
        firm: String,
        /// Sum of the shares.
        sum: f64,
    },
    /// Days are not in order.
    #[error("{what} is {found}; expected {expected}")]
    Days {
        /// Which day.
        what: &'static str,
        /// The day.
        found: Date,
        /// What it can be.
        expected: String,
    },
    /// A kind of good is not in the bill.
    #[error("no good `{good}` is in the bill of the part; it has {known}")]
    Good {
        /// The name given.
        good: String,
        /// All of the bill.
        known: String,
    },
}

/// Longest question, in quarters.
pub const MOST_QUARTERS: usize = 40;
/// Longest lead or restart, in days.
pub const MOST_DAYS: u32 = 3_660;

/// Checks what is asked.
pub(super) fn check(cost_share: Band, demand: &Demand, assumptions: &Assumptions) -> Result<(), CutFault> {
    let number = |what: &str, found: String, expected| {
        Err(CutFault::Number { what: what.to_owned(), found, expected })
    };
    let pairs = [
        ("the share sold to others", assumptions.reroute),
        ("the share sold elsewhere", assumptions.redeploy),
        ("the discount", assumptions.discount),
    ];
    let of_goods = assumptions
        .reroute_of
        .iter()
        .map(|(good, pair)| (format!("the share of {good} sold to others"), *pair));
    for (what, (low, high)) in pairs.map(|(what, pair)| (what.to_owned(), pair)).into_iter().chain(of_goods) {
        if !(0.0..=1.0).contains(&low) || !(low..=1.0).contains(&high) {
            return number(
                &what,
                format!("{low} to {high}"),
                "two shares from zero to one, the lesser first",
            );
        }
    }
    if !cost_share.is_amount() || cost_share.high > 1.0 {
        let found = format!("{} to {}", cost_share.low, cost_share.high);
        return number("the cost over the price", found, "two shares from zero to one, the lesser first");
    }
    for (what, days) in [("the lead", assumptions.lead_days), ("the restart", assumptions.restart_days)] {
        if days > MOST_DAYS {
            return number(what, format!("{days} days"), "at most 3,660 days");
        }
    }
    for (what, count) in
        [("the number of quarters", demand.quarters.len()), ("the delay", assumptions.delay_quarters)]
    {
        if count > MOST_QUARTERS {
            return number(what, count.to_string(), "at most 40 quarters");
        }
    }
    days(demand)?;
    for quarter in &demand.quarters {
        if !quarter.wanted.is_amount() {
            let found = format!("{} to {}", quarter.wanted.low, quarter.wanted.high);
            return number("the demand", found, "dollars, the lesser first, none below zero");
        }
        if let Some(sales) = quarter.maker_sales.filter(|sales| !(sales.is_finite() && *sales > 0.0)) {
            return number("the maker's sales", sales.to_string(), "dollars above zero");
        }
    }
    Ok(())
}

/// The cut lies in the first quarter, the rule ends after it began, and quarters follow each other.
fn days(demand: &Demand) -> Result<(), CutFault> {
    let wrong = |what, found, expected: String| Err(CutFault::Days { what, found, expected });
    if let Some(until) = demand.until.filter(|until| *until <= demand.from) {
        return wrong("the end of the rule", until, format!("a day after {}", demand.from));
    }
    if let Some(first) = demand.quarters.first()
        && !(first.first..=first.last).contains(&demand.from)
    {
        return wrong(
            "the day of the cut",
            demand.from,
            format!("a day of {} to {}", first.first, first.last),
        );
    }
    let mut expected = demand.quarters.first().map(|quarter| quarter.first);
    for quarter in &demand.quarters {
        if expected.is_some_and(|first| quarter.first != first) || quarter.last < quarter.first {
            let words = expected.map(|day| day.to_string()).unwrap_or_default();
            return wrong(
                "the first day of a quarter",
                quarter.first,
                format!("{words}, and an end after it"),
            );
        }
        expected = quarter.last.checked_add(1.day()).ok();
    }
    Ok(())
}
