//! [`Waiting`]: what it is worth to build only after the next day of decision.
//!
//! Two dates, as in Dixit and Pindyck (1994), *Investment under Uncertainty*, chapter 2, after
//! McDonald and Siegel (1986), *Quarterly Journal of Economics* 101(4). Who builds now commits on
//! today's probabilities. Who waits sees the state on the day of decision (and what it says of the
//! hazards), builds what is best
//! then or nothing, and pays for it with the part of the season that has gone by when the parts
//! come. The value of waiting is what the second brings more than the first, and is negative if
//! the season lost outweighs what is learnt. Its three parts are told apart: the knowledge, the
//! drift of the rule by itself, and the delay.

use serde::Serialize;

use super::{Batch, Decision, Delivery};
use crate::policy::chain::Distribution;
use crate::policy::fault::{Fault, not_negative, positive};
use crate::policy::forecast::Forecast;
use crate::policy::state::{Rule, Terms};

/// The times of a decision that may wait.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Wait {
    /// Years until the next day of decision.
    pub decision_years: f64,
    /// Years from the order to the delivery.
    pub lead_years: f64,
    /// Years of the season in which demand arises, from the first day of delivery.
    pub season_years: f64,
    /// Rate at which later profit counts less, per year, continuously.
    pub discount_rate: f64,
}

/// Building now against building later.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waiting {
    /// The best number now, with its profit; nothing, if nothing pays.
    pub now: Decision,
    /// Expected profit of who waits.
    pub later_profit: f64,
    /// What waiting is worth: the difference, and the sum of the three parts below.
    pub value: f64,
    /// What it brings to know the state of the day of decision before building. Never negative.
    pub knowledge: f64,
    /// What the rule's own drift does to parts that come so much later, without that knowledge.
    pub drift: f64,
    /// What the part of the season that is lost, and the price of time, take. Never positive.
    pub delay: f64,
    /// Share of the demand that is lost.
    pub demand_lost: f64,
    /// What would be built after each state, with its probability.
    pub later: Vec<(Rule, f64, Decision)>,
}

impl Wait {
    /// Compares building now with waiting, from today's state.
    ///
    /// # Errors
    /// Times or a rate that are negative or not finite.
    pub fn value(
        &self,
        batch: &Batch,
        forecast: &Forecast,
        today: Rule,
        terms: &Terms,
    ) -> Result<Waiting, Fault> {
        let lead = not_negative("lead time", self.lead_years)?;
        let decision = not_negative("time to the next decision", self.decision_years)?;
        let season = positive("season", self.season_years)?;
        let rate = not_negative("discount rate", self.discount_rate)?;
        let under = |states: &Distribution| batch.with_deliveries(Delivery::under(states, terms));
        let now = under(&forecast.after(today, lead)?)?.best();
        let blind = under(&forecast.after(today, lead + decision)?)?.best().expected_profit;
        let left = (1.0 - decision / season).max(0.0);
        let price_of_time = (-rate * decision).exp();
        let (mut later, mut later_profit, mut known) = (Vec::new(), 0.0, 0.0);
        for (rule, probability, states) in forecast.after_seeing(today, decision, lead)? {
            let then = under(&states)?;
            known += probability * then.best().expected_profit;
            let best = then.with_demand(batch.demand().times(left)).best();
            later_profit += probability * price_of_time * best.expected_profit;
            later.push((rule, probability, best));
        }
        Ok(Waiting {
            value: later_profit - now.expected_profit,
            knowledge: known - blind,
            drift: blind - now.expected_profit,
            delay: later_profit - known,
            demand_lost: 1.0 - left,
            now,
            later_profit,
            later,
        })
    }
}
