//! [`Hazard`]: how often a rule turns in a year, with what is not known of it.
//!
//! Turns of one kind are taken as a Poisson process while the rule is in the state that they
//! leave. With `n` turns in `T` years and a prior `Gamma(a, b)` the posterior of the rate is
//! `Gamma(a + n, b + T)` (Gelman and others 2013, *Bayesian Data Analysis*, section 2.6). The
//! default prior is that of Jeffreys, `Gamma(1/2, 0)`. Where a state can be left in several
//! ways, its shape is divided among them: gammas of one rate add up, so that the rate of
//! leaving at all has that prior, and transitions that were never seen do not add half a turn
//! each.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Gamma};
use statrs::function::gamma::ln_gamma;

use super::fault::{Fault, not_negative, positive};
use super::random::Stream;
use super::state::{Exporter, Importer};

/// Logarithm of the rate below which the first term of the series stands for the distribution.
const NEAR_ZERO: f64 = -25.0;

/// A turn of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(tag = "side", rename_all = "snake_case")]
pub enum Transition {
    /// The exporter's authority changes its rule.
    Exporter {
        /// State left.
        from: Exporter,
        /// State entered.
        to: Exporter,
    },
    /// The importer's authority changes its rule.
    Importer {
        /// State left.
        from: Importer,
        /// State entered.
        to: Importer,
        /// What the exporter says meanwhile; whatever it is, if not given.
        #[serde(skip_serializing_if = "Option::is_none")]
        under: Option<Exporter>,
    },
}

impl Transition {
    /// All of the exporter's side.
    pub fn of_exporter() -> impl Iterator<Item = Self> {
        let pairs = Exporter::ALL.into_iter().flat_map(|from| Exporter::ALL.map(|to| (from, to)));
        pairs.filter(|(from, to)| from != to).map(|(from, to)| Self::Exporter { from, to })
    }

    /// All of the importer's side, in one state of the exporter's or in all.
    pub fn of_importer(under: Option<Exporter>) -> impl Iterator<Item = Self> {
        let pairs = [(Importer::Allows, Importer::Blocks), (Importer::Blocks, Importer::Allows)];
        pairs.into_iter().map(move |(from, to)| Self::Importer { from, to, under })
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exporter { from, to } => write!(formatter, "{}->{}", from.word(), to.word()),
            Self::Importer { from, to, under } => {
                write!(formatter, "{}->{}", from.word(), to.word())?;
                under.map_or(Ok(()), |under| write!(formatter, " under {}", under.word()))
            }
        }
    }
}

/// What was seen of a transition.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Evidence {
    /// How often it happened.
    pub count: u32,
    /// Years in which it could have happened.
    pub years: f64,
}

/// What is believed of a hazard before anything was seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Prior {
    shape: f64,
    years: f64,
}

impl Prior {
    /// `Gamma(shape, years)`: as if `shape` turns had been seen in so many years.
    ///
    /// # Errors
    /// A shape that is not above zero, or negative years.
    pub fn new(shape: f64, years: f64) -> Result<Self, Fault> {
        Ok(Self {
            shape: positive("shape of the prior", shape)?,
            years: not_negative("years of the prior", years)?,
        })
    }

    /// The prior of Jeffreys for a rate, `Gamma(1/2, 0)`.
    #[must_use]
    pub const fn jeffreys() -> Self {
        Self { shape: 0.5, years: 0.0 }
    }

    /// Its part for one of several ways to leave a state.
    #[must_use]
    pub fn shared_among(self, ways: u32) -> Self {
        Self { shape: self.shape / f64::from(ways.max(1)), ..self }
    }

    /// Its shape.
    #[must_use]
    pub const fn shape(self) -> f64 {
        self.shape
    }
}

/// A rate of turns per year.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Hazard {
    /// The user's.
    Given {
        /// Turns per year.
        per_year: f64,
    },
    /// From what was seen: `Gamma(shape, years)`.
    Posterior {
        /// Shape of the posterior.
        shape: f64,
        /// Its rate, in years.
        years: f64,
    },
}

impl Hazard {
    /// A hazard that is known.
    ///
    /// # Errors
    /// A rate that is negative or not finite.
    pub fn given(per_year: f64) -> Result<Self, Fault> {
        Ok(Self::Given { per_year: not_negative("hazard", per_year)? })
    }

    /// A hazard from what was seen; `None` if no time was spent in the state that is left and
    /// the prior counts none either, for then the posterior is no distribution.
    ///
    /// # Errors
    /// Years that are negative or not finite.
    pub fn posterior(evidence: Evidence, prior: Prior) -> Result<Option<Self>, Fault> {
        let years = prior.years + not_negative("years in a state", evidence.years)?;
        let shape = prior.shape + f64::from(evidence.count);
        Ok((years > 0.0).then_some(Self::Posterior { shape, years }))
    }

    /// Mean, in turns per year.
    #[must_use]
    pub fn mean(self) -> f64 {
        match self {
            Self::Given { per_year } => per_year,
            Self::Posterior { shape, years } => shape / years,
        }
    }

    /// The rate below which the hazard lies with that probability, in turns per year.
    ///
    /// By bisection of the regularised incomplete gamma function over the logarithm of the
    /// rate: for small shapes the lower quantiles lie many powers of ten below the mean.
    #[must_use]
    pub fn quantile(self, probability: f64) -> f64 {
        let (shape, years) = match self {
            Self::Given { per_year } => return per_year,
            Self::Posterior { shape, years } => (shape, years),
        };
        let Ok(gamma) = Gamma::new(shape, 1.0) else { return f64::NAN };
        // Close to zero F(x) = x^a / Γ(a + 1), to within a part x of itself, where the library
        // gives zero.
        let below = |logarithm: f64| {
            if logarithm < NEAR_ZERO {
                (shape * logarithm - ln_gamma(shape + 1.0)).exp()
            } else {
                gamma.cdf(logarithm.exp())
            }
        };
        let (mut low, mut high) = (-700.0, (shape + 40.0 * (shape + 1.0).sqrt() + 700.0).ln());
        for _ in 0..200 {
            let middle = f64::midpoint(low, high);
            if below(middle) < probability {
                low = middle;
            } else {
                high = middle;
            }
        }
        f64::midpoint(low, high).exp() / years
    }

    /// The interval that holds the hazard with that probability, with equal tails.
    #[must_use]
    pub fn interval(self, level: f64) -> (f64, f64) {
        let tail = (1.0 - level) / 2.0;
        (self.quantile(tail), self.quantile(1.0 - tail))
    }

    /// One hazard that may be the true one.
    pub fn draw(self, stream: &mut Stream) -> f64 {
        match self {
            Self::Given { per_year } => per_year,
            Self::Posterior { shape, years } => stream.gamma(shape) / years,
        }
    }
}

/// The hazards of all turns that are thought possible.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hazards(BTreeMap<Transition, Hazard>);

impl Hazards {
    /// Sets the hazard of a transition.
    pub fn set(&mut self, transition: Transition, hazard: Hazard) {
        self.0.insert(transition, hazard);
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Transition, Hazard)> {
        self.0.iter().map(|(transition, hazard)| (*transition, *hazard))
    }

    /// The hazard of a transition. One of the importer's side in a state of the exporter's
    /// falls back on that in all states.
    #[must_use]
    pub fn get(&self, transition: Transition) -> Option<Hazard> {
        let fallback = match transition {
            Transition::Importer { from, to, under: Some(_) } => {
                Some(Transition::Importer { from, to, under: None })
            }
            _ => None,
        };
        self.0.get(&transition).or_else(|| self.0.get(&fallback?)).copied()
    }

    /// The same with each hazard at its mean.
    #[must_use]
    pub fn at_means(&self) -> Self {
        Self(self.0.iter().map(|(key, hazard)| (*key, Hazard::Given { per_year: hazard.mean() })).collect())
    }

    /// The same with each hazard drawn, in the order of the transitions.
    #[must_use]
    pub fn drawn(&self, stream: &mut Stream) -> Self {
        let draw =
            |(key, hazard): (&Transition, &Hazard)| (*key, Hazard::Given { per_year: hazard.draw(stream) });
        Self(self.0.iter().map(draw).collect())
    }
}
