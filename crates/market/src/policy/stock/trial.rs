//! [`Trial`]: a number built, tried out on histories of the rule that are drawn.
//!
//! The same question as [`Batch::expected_profit`], by another way: hazards, the path of the
//! rule to the day of delivery, and demand are drawn, and profit is counted.

use serde::Serialize;

use super::Batch;
use crate::policy::fault::{Fault, up_to};
use crate::policy::forecast::{Forecast, point};
use crate::policy::random::Stream;
use crate::policy::state::{Rule, Terms};

/// Longest lead time: a history has as many steps as the rule turns.
const LONGEST_YEARS: f64 = 10.0;

/// What a number built brought in the histories drawn, in the currency of the prices.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Trial {
    /// Mean profit.
    pub mean: f64,
    /// Standard error of the mean.
    pub error: f64,
    /// Its 5% point.
    pub low: f64,
    /// Its median.
    pub median: f64,
    /// Its 95% point.
    pub high: f64,
    /// Share of histories that lose money.
    pub loses: f64,
}

impl Trial {
    /// Tries a number out, with the chains of a forecast in turn.
    ///
    /// # Errors
    /// A lead time that is negative or beyond ten years, or fewer than two draws.
    pub fn of(
        batch: &Batch,
        units: f64,
        forecast: &Forecast,
        (today, lead_years): (Rule, f64),
        terms: &Terms,
        (draws, stream): (usize, &mut Stream),
    ) -> Result<Self, Fault> {
        let lead = up_to("lead time, in years", lead_years, LONGEST_YEARS)?;
        let mut profits: Vec<f64> = Vec::new();
        for chain in forecast.chains().iter().cycle().take(draws) {
            let path = chain.path(today, lead, stream);
            let rule = path.last().map_or(today, |(rule, _)| *rule);
            let wanted = batch.demand().draw(stream);
            profits.push(batch.profit(units, wanted, 1.0 - terms.fee(rule), terms.sold_share(rule)));
        }
        if profits.len() < 2 {
            return Err(Fault::Draws { draws });
        }
        profits.sort_by(f64::total_cmp);
        #[expect(clippy::cast_precision_loss, reason = "a count of draws")]
        let count = profits.len() as f64;
        let mean = profits.iter().sum::<f64>() / count;
        let variance = profits.iter().map(|profit| (profit - mean).powi(2)).sum::<f64>() / (count - 1.0);
        #[expect(clippy::cast_precision_loss, reason = "a count of draws")]
        let lost = profits.iter().filter(|profit| **profit < 0.0).count() as f64;
        Ok(Self {
            mean,
            error: (variance / count).sqrt(),
            low: point(&profits, 0.05),
            median: point(&profits, 0.5),
            high: point(&profits, 0.95),
            loses: lost / count,
        })
    }
}
