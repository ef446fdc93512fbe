//! [`Forecast`]: what is to be expected where the hazards themselves are not known.
//!
//! A probability that allows for what is not known of the hazards is the mean over hazards drawn
//! from what is believed of them (the posterior predictive; Gelman and others 2013, *Bayesian
//! Data Analysis*, section 1.3). The spread over the draws says how far few turns on record
//! leave the probability open. Who has seen the state of a later day has learnt of the hazards
//! too: [`Forecast::after_seeing`] conditions on it.

use super::chain::{Chain, Distribution, Span};
use super::fault::Fault;
use super::hazard::Hazards;
use super::random::Stream;
use super::state::Rule;

/// Chains that are equally likely the true one.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast(Vec<Chain>);

impl From<Chain> for Forecast {
    fn from(known: Chain) -> Self {
        Self(vec![known])
    }
}

/// A probability with what few turns leave open of it.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Probability {
    /// The mean over the hazards drawn: the one to act on.
    pub mean: f64,
    /// Its 5% point over them.
    pub low: f64,
    /// Its 95% point.
    pub high: f64,
}

impl Forecast {
    /// Chains with hazards drawn from what is believed of them.
    ///
    /// # Errors
    /// Fewer than two draws, or a hazard that is no rate.
    pub fn drawn(hazards: &Hazards, draws: usize, stream: &mut Stream) -> Result<Self, Fault> {
        if draws < 2 {
            return Err(Fault::Draws { draws });
        }
        (0..draws).map(|_| Chain::new(&hazards.drawn(stream))).collect::<Result<_, _>>().map(Self)
    }

    /// The chains.
    #[must_use]
    pub fn chains(&self) -> &[Chain] {
        &self.0
    }

    /// Probabilities of the states after so many years, by each chain.
    ///
    /// # Errors
    /// Years that are negative or not finite.
    pub fn by_chain(&self, start: Rule, years: f64) -> Result<Vec<Distribution>, Fault> {
        let start = Distribution::certain(start);
        Ok(self.spans(years)?.iter().map(|span| span.after(&start)).collect())
    }

    /// What so many years do, by each chain.
    fn spans(&self, years: f64) -> Result<Vec<Span>, Fault> {
        self.0.iter().map(|chain| chain.span(years)).collect()
    }

    /// Probabilities of the states after so many years.
    ///
    /// # Errors
    /// Years that are negative or not finite.
    pub fn after(&self, start: Rule, years: f64) -> Result<Distribution, Fault> {
        Ok(Distribution::mean(&self.by_chain(start, years)?))
    }

    /// The states that may be seen after the first years, each with its probability and with
    /// those of the states after the further years by who has seen it.
    ///
    /// # Errors
    /// Years that are negative or not finite.
    pub fn after_seeing(
        &self,
        start: Rule,
        first: f64,
        further: f64,
    ) -> Result<Vec<(Rule, f64, Distribution)>, Fault> {
        let seen = self.by_chain(start, first)?;
        let further = self.spans(further)?;
        let of_each = Distribution::mean(&seen);
        let then = |rule: Rule, probability: f64| {
            let certain = Distribution::certain(rule);
            let all: Vec<Distribution> = seen
                .iter()
                .zip(&further)
                .map(|(seen, span)| span.after(&certain).scaled(seen.of(rule) / probability))
                .collect();
            (rule, probability, Distribution::mean(&all))
        };
        let possible = of_each.iter().filter(|(_, probability)| *probability > 0.0);
        Ok(possible.map(|(rule, probability)| then(rule, probability)).collect())
    }
}

impl Probability {
    /// Mean and spread of a probability that was found once for each draw of the hazards.
    #[must_use]
    pub fn over(mut all: Vec<f64>) -> Self {
        all.sort_by(f64::total_cmp);
        #[expect(clippy::cast_precision_loss, reason = "a count of draws")]
        let count = all.len().max(1) as f64;
        Self { mean: all.iter().sum::<f64>() / count, low: point(&all, 0.05), high: point(&all, 0.95) }
    }
}

/// The value below which that share of sorted values lies; zero if there is none.
#[must_use]
pub(super) fn point(sorted: &[f64], share: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a count of draws")]
    let at = share * sorted.len() as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the values")]
    let at = (at as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or(0.0)
}
