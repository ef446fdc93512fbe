//! The formulas of the tests, on what is known of a cross-section of firms.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// A test over many firms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Mean over its standard error between firms.
    CrossSectional,
    /// Sum of standardized abnormal returns.
    Patell,
    /// The same, corrected for correlated firms.
    PatellAdjusted,
    /// Mean standardized abnormal return over its standard error between firms (BMP).
    Standardized,
    /// The same, corrected for correlated firms (KP).
    KolariPynnonen,
    /// Ranks within each firm's own days.
    Rank,
    /// Ranks of standardized cumulative returns.
    GeneralizedRank,
    /// Share of positive abnormal returns against one half.
    Sign,
    /// Share of positive abnormal returns against that of the estimation window.
    GeneralizedSign,
}

impl Kind {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::CrossSectional => "cross_sectional",
            Self::Patell => "patell",
            Self::PatellAdjusted => "patell_adjusted",
            Self::Standardized => "standardized",
            Self::KolariPynnonen => "kolari_pynnonen",
            Self::Rank => "rank",
            Self::GeneralizedRank => "generalized_rank",
            Self::Sign => "sign",
            Self::GeneralizedSign => "generalized_sign",
        }
    }

    /// Where the formula is published.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::CrossSectional => "Brown and Warner 1980, J. Financial Economics 8:205",
            Self::Patell => "Patell 1976, J. Accounting Research 14:246",
            Self::PatellAdjusted | Self::KolariPynnonen => {
                "Kolari and Pynnonen 2010, Review of Financial Studies 23:3996"
            }
            Self::Standardized => "Boehmer, Musumeci and Poulsen 1991, J. Financial Economics 30:253",
            Self::Rank => "Corrado 1989, J. Financial Economics 23:385; days together as in Cowan 1992",
            Self::GeneralizedRank => "Kolari and Pynnonen 2011, J. Empirical Finance 18:953",
            Self::Sign => "Brown and Warner 1980, J. Financial Economics 8:205",
            Self::GeneralizedSign => "Cowan 1992, Review of Quantitative Finance and Accounting 2:343",
        }
    }

    /// Whether it takes the firms as independent, and so finds too much where they share days.
    #[must_use]
    pub const fn takes_firms_as_independent(self) -> bool {
        matches!(
            self,
            Self::CrossSectional | Self::Patell | Self::Standardized | Self::Sign | Self::GeneralizedSign
        )
    }
}

/// Distribution of a statistic where nothing happened.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// Standard normal.
    Normal,
    /// Student, with these degrees of freedom.
    Student(f64),
}

/// What a test found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// Statistic.
    pub statistic: f64,
    /// Two-sided probability of one so large by chance.
    pub p: f64,
    /// Distribution that the probability is of.
    pub reference: Reference,
    /// Firm-events that it stands on.
    pub firms: usize,
}

/// Why a test has no answer, or a firm-event no part in it.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Degenerate {
    /// Too few firm-events.
    #[error("needs at least {expected} firm-events, found {found}")]
    Few {
        /// How many there are.
        found: usize,
        /// Fewest.
        expected: usize,
    },
    /// All firms alike.
    #[error("the abnormal returns do not differ between firms")]
    NoSpread,
    /// All abnormal returns zero.
    #[error("every abnormal return is exactly zero")]
    AllZero,
    /// Residuals all of one sign.
    #[error("the residuals before the event all have one sign")]
    OneSign,
    /// The mean rank is the same every day.
    #[error("the mean rank is the same on every day")]
    NoRankSpread,
    /// A correlation that the formula cannot take.
    #[error("a mean correlation of {mean} between {firms} firms leaves no variance")]
    Correlation {
        /// Mean correlation.
        mean: f64,
        /// Firms.
        firms: usize,
    },
    /// Two or fewer degrees of freedom.
    #[error("a firm was estimated with two degrees of freedom or fewer")]
    NoFreedom,
    /// Windows of different lengths, or days that do not match returns.
    #[error("the event windows differ in length, or days are not as many as returns")]
    Uneven,
    /// A day outside the window.
    #[error("day {day} (from zero) is outside the event window")]
    NoDay {
        /// Day, from zero.
        day: usize,
    },
    /// A return is not known.
    #[error("a return in the estimation or event window is not known")]
    Missing,
    /// No residual spread.
    #[error("does not move apart from its factors in the estimation window")]
    Constant,
}

/// Two-sided probability of a statistic.
pub(super) fn two_sided(statistic: f64, reference: Reference) -> f64 {
    let beyond = -statistic.abs();
    let tail = match reference {
        Reference::Normal => Normal::new(0.0, 1.0).map_or(f64::NAN, |normal| normal.cdf(beyond)),
        Reference::Student(freedom) => {
            StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |student| student.cdf(beyond))
        }
    };
    (2.0 * tail).min(1.0)
}

pub(super) fn scored(statistic: f64, reference: Reference, firms: usize) -> Score {
    Score { statistic, p: two_sided(statistic, reference), reference, firms }
}

fn enough(found: usize, expected: usize) -> Result<(), Degenerate> {
    if found < expected { Err(Degenerate::Few { found, expected }) } else { Ok(()) }
}

/// Mean; zero of none.
pub(super) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// Standard deviation between values that are alike to rounding is none.
const ROUNDING: f64 = 1e-13;

/// Standard deviation on `n - 1`.
pub(super) fn spread(values: &[f64]) -> Result<f64, Degenerate> {
    let centre = mean(values);
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    let spread = (squares / (values.len().max(2) - 1) as f64).sqrt();
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if spread > ROUNDING * largest { Ok(spread) } else { Err(Degenerate::NoSpread) }
}

/// `mean / (s / sqrt(N))`, Student on `N - 1`: of abnormal returns the cross-sectional test,
/// of standardized ones BMP (Boehmer, Musumeci and Poulsen 1991).
pub(super) fn between_firms(values: &[f64]) -> Result<Score, Degenerate> {
    enough(values.len(), 2)?;
    let firms = values.len();
    let statistic = mean(values) / (spread(values)? / (firms as f64).sqrt());
    Ok(scored(statistic, Reference::Student((firms - 1) as f64), firms))
}

/// `sum SCAR / sqrt(sum v/(v-2))` with `v` degrees of freedom (Patell 1976).
pub(super) fn patell(standardized: &[f64], degrees_of_freedom: &[usize]) -> Result<Score, Degenerate> {
    enough(standardized.len(), 1)?;
    let mut variance = 0.0;
    for freedom in degrees_of_freedom {
        if *freedom <= 2 {
            return Err(Degenerate::NoFreedom);
        }
        variance += *freedom as f64 / (*freedom as f64 - 2.0);
    }
    let statistic = standardized.iter().sum::<f64>() / variance.sqrt();
    Ok(scored(statistic, Reference::Normal, standardized.len()))
}

/// `1 + (N-1) r`, by which correlation widens the variance of a mean.
fn widening(mean: f64, firms: usize) -> Result<f64, Degenerate> {
    let widening = 1.0 + (firms as f64 - 1.0) * mean;
    if widening > 0.0 && mean < 1.0 - ROUNDING {
        Ok(widening)
    } else {
        Err(Degenerate::Correlation { mean, firms })
    }
}

/// Patell's statistic over `sqrt(1 + (N-1) r)` (Kolari and Pynnonen 2010).
pub(super) fn patell_adjusted(patell: &Score, correlation: f64) -> Result<Score, Degenerate> {
    enough(patell.firms, 2)?;
    let statistic = patell.statistic / widening(correlation, patell.firms)?.sqrt();
    Ok(scored(statistic, patell.reference, patell.firms))
}

/// BMP times `sqrt((1-r) / (1 + (N-1) r))` (Kolari and Pynnonen 2010).
pub(super) fn kolari_pynnonen(standardized: &Score, correlation: f64) -> Result<Score, Degenerate> {
    let widening = widening(correlation, standardized.firms)?;
    let statistic = standardized.statistic * ((1.0 - correlation) / widening).sqrt();
    Ok(scored(statistic, standardized.reference, standardized.firms))
}

/// `(w - N p) / sqrt(N p (1-p))` with `w` positive of `N`; zeros are neither and left out.
/// `p` is one half, or the share before the event (Cowan 1992).
pub(super) fn sign(values: &[f64], share: Option<f64>) -> Result<Score, Degenerate> {
    enough(values.len(), 1)?;
    let positive = values.iter().filter(|value| **value > 0.0).count();
    let firms = positive + values.iter().filter(|value| **value < 0.0).count();
    if firms == 0 {
        return Err(Degenerate::AllZero);
    }
    let share = share.unwrap_or(0.5);
    let variance = firms as f64 * share * (1.0 - share);
    if variance <= 0.0 {
        return Err(Degenerate::OneSign);
    }
    Ok(scored((positive as f64 - firms as f64 * share) / variance.sqrt(), Reference::Normal, firms))
}
