//! [`Demand`]: how many parts may be wanted.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::policy::fault::{Fault, not_negative, positive};
use crate::policy::random::Stream;

/// How many parts may be wanted in the season.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Demand {
    /// Known.
    Known {
        /// Units.
        units: f64,
    },
    /// Equally likely anywhere in a range.
    Range {
        /// Least, in units.
        low: f64,
        /// Most, in units.
        high: f64,
    },
    /// Lognormal.
    Lognormal {
        /// Median, in units.
        median: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
}

impl Demand {
    /// Demand in a range; a range of no width is demand that is known.
    ///
    /// # Errors
    /// Ends that are negative, not finite or the wrong way round.
    pub fn range(low: f64, high: f64) -> Result<Self, Fault> {
        let (low, high) = (not_negative("demand", low)?, not_negative("demand", high)?);
        if low > high {
            return Err(Fault::Range { what: "demand", low, high });
        }
        Ok(if low < high { Self::Range { low, high } } else { Self::Known { units: low } })
    }

    /// Lognormal demand; without spread it is known.
    ///
    /// # Errors
    /// A median that is not above zero, or a negative spread.
    pub fn lognormal(median: f64, sigma: f64) -> Result<Self, Fault> {
        let median = positive("median of demand", median)?;
        let sigma = not_negative("spread of demand", sigma)?;
        Ok(if sigma > 0.0 { Self::Lognormal { median, sigma } } else { Self::Known { units: median } })
    }

    /// The same with each figure multiplied.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        match self {
            Self::Known { units } => Self::Known { units: units * factor },
            Self::Range { low, high } if factor > 0.0 => {
                Self::Range { low: low * factor, high: high * factor }
            }
            Self::Lognormal { median, sigma } if factor > 0.0 => {
                Self::Lognormal { median: median * factor, sigma }
            }
            Self::Range { .. } | Self::Lognormal { .. } => Self::Known { units: 0.0 },
        }
    }

    /// Expected demand, in units.
    #[must_use]
    pub fn mean(self) -> f64 {
        match self {
            Self::Known { units } => units,
            Self::Range { low, high } => f64::midpoint(low, high),
            Self::Lognormal { median, sigma } => median * (0.5 * sigma * sigma).exp(),
        }
    }

    /// Probability that no more than so many units are wanted.
    #[must_use]
    pub fn cumulative(self, units: f64) -> f64 {
        match self {
            Self::Known { units: known } => f64::from(u8::from(units >= known)),
            Self::Range { low, high } => ((units - low) / (high - low)).clamp(0.0, 1.0),
            Self::Lognormal { .. } if units <= 0.0 => 0.0,
            Self::Lognormal { median, sigma } => Normal::standard().cdf((units / median).ln() / sigma),
        }
    }

    /// The number of units that demand does not exceed with that probability.
    #[must_use]
    pub fn quantile(self, probability: f64) -> f64 {
        let probability = probability.clamp(0.0, 1.0);
        match self {
            Self::Known { units } => units,
            Self::Range { low, high } => low + probability * (high - low),
            Self::Lognormal { median, sigma } => {
                median * (sigma * Normal::standard().inverse_cdf(probability)).exp()
            }
        }
    }

    /// Expected sales, `E min(Q, D)`, of a number built, in units. For a lognormal,
    /// `E[D; D ≤ Q] = m Φ(z − σ)` with `m` the mean and `z = ln(Q / median) / σ`.
    #[must_use]
    pub fn expected_sales(self, built: f64) -> f64 {
        match self {
            Self::Known { units } => built.min(units),
            Self::Range { low, high } => {
                let sold = built.min(high);
                if sold <= low { sold } else { sold - (sold - low).powi(2) / (2.0 * (high - low)) }
            }
            Self::Lognormal { .. } if built <= 0.0 => 0.0,
            Self::Lognormal { median, sigma } => {
                let normal = Normal::standard();
                let z = (built / median).ln() / sigma;
                self.mean() * normal.cdf(z - sigma) + built * normal.sf(z)
            }
        }
    }

    /// One demand that may come.
    pub fn draw(self, stream: &mut Stream) -> f64 {
        match self {
            Self::Known { units } => units,
            _ => self.quantile(stream.uniform()),
        }
    }
}
