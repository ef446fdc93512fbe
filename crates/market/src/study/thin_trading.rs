//! [`ThinTrading`]: slopes for shares whose closes lag those of their benchmark.
//!
//! A share that last traded before the close, or on an exchange that closed before that of its
//! benchmark, moves a day late in part; a slope on the same day alone is then too small. Both
//! estimators fit `R(t) = mean + beta (x(t) - mean of x)`, so the constant follows from beta.

use std::fmt;
use std::str::FromStr;

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::aligned::Aligned;
use super::fault::StudyFault;
use super::least_squares::{Fit, solve};

/// How slopes allow for closes at different hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ThinTrading {
    /// Slopes on the day before, the day and the day after, added up and divided by one plus
    /// twice the first autocorrelation of the factor (Scholes and Williams 1977).
    ScholesWilliams,
    /// The sum of the slopes of one regression on the factor and its neighbours (Dimson 1979).
    Dimson {
        /// Sessions before the day.
        lags: usize,
        /// Sessions after the day.
        leads: usize,
    },
}

/// A text that names no estimator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected scholes_williams, dimson (one session before and one after) or dimson:LAGS:LEADS with at most {MOST} each, found `{0}`"
)]
pub struct ThinTradingError(String);

/// Sessions before or after; prices that lag by more are no prices.
const MOST: usize = 10;

impl ThinTrading {
    /// Sessions before and after the day that it looks at.
    #[must_use]
    pub const fn reach(self) -> (usize, usize) {
        match self {
            Self::ScholesWilliams => (1, 1),
            Self::Dimson { lags, leads } => (lags, leads),
        }
    }
}

impl fmt::Display for ThinTrading {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ScholesWilliams => formatter.pad("scholes_williams"),
            Self::Dimson { lags, leads } => formatter.pad(&format!("dimson:{lags}:{leads}")),
        }
    }
}

impl FromStr for ThinTrading {
    type Err = ThinTradingError;

    fn from_str(text: &str) -> Result<Self, ThinTradingError> {
        let wrong = || ThinTradingError(text.to_owned());
        let plain = text.trim().to_lowercase().replace(['-', ' '], "_");
        let count = |part: &str| part.parse().ok().filter(|count| *count <= MOST).ok_or_else(wrong);
        match plain.split(':').collect::<Vec<_>>().as_slice() {
            ["scholes_williams"] => Ok(Self::ScholesWilliams),
            ["dimson"] => Ok(Self::Dimson { lags: 1, leads: 1 }),
            ["dimson", lags, leads] => Ok(Self::Dimson { lags: count(lags)?, leads: count(leads)? }),
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for ThinTrading {
    type Error = ThinTradingError;

    fn try_from(text: String) -> Result<Self, ThinTradingError> {
        text.parse()
    }
}

impl From<ThinTrading> for String {
    fn from(thin_trading: ThinTrading) -> Self {
        thin_trading.to_string()
    }
}

/// Fits slopes on the days of the estimation window, on the first `count` factors.
pub(super) fn fit(
    aligned: &Aligned<'_>,
    days: &[usize],
    count: usize,
    thin_trading: ThinTrading,
) -> Result<Fit, StudyFault> {
    match thin_trading {
        ThinTrading::Dimson { lags, leads } => dimson(aligned, days, count, lags, leads),
        ThinTrading::ScholesWilliams if count == 1 => scholes_williams(aligned, days),
        ThinTrading::ScholesWilliams => Err(StudyFault::SeveralFactors { found: count }),
    }
}

fn dimson(
    aligned: &Aligned<'_>,
    days: &[usize],
    count: usize,
    lags: usize,
    leads: usize,
) -> Result<Fit, StudyFault> {
    let width = lags + leads + 1;
    let design = DMatrix::from_fn(days.len(), 1 + count * width, |row, column| {
        let Some(column) = column.checked_sub(1) else { return 1.0 };
        let at = days.get(row).map_or(usize::MAX, |at| (at + column % width).wrapping_sub(lags));
        aligned.factor(column / width, at)
    });
    let plain = solve(&design, &aligned.observed(days))
        .map_err(|column| aligned.collinear(column.saturating_sub(1) / width))?;
    let mut slopes = DVector::zeros(count);
    let mut spread = DMatrix::zeros(count, count);
    for first in 0..count * width {
        if let (Some(slope), Some(value)) = (slopes.get_mut(first / width), plain.coefficients.get(first + 1))
        {
            *slope += value;
        }
        for second in 0..count * width {
            let place = spread.get_mut((first / width, second / width));
            if let (Some(place), Some(value)) = (place, plain.covariance.get((first + 1, second + 1))) {
                *place += value;
            }
        }
    }
    Ok(about_means(aligned, days, &slopes, &spread, plain.count))
}

fn scholes_williams(aligned: &Aligned<'_>, days: &[usize]) -> Result<Fit, StudyFault> {
    let factor = |shift: usize| -> Vec<f64> {
        // A shift of one is the day itself.
        days.iter().map(|at| aligned.factor(0, (at + shift).wrapping_sub(1))).collect()
    };
    let (before, same, after) = (factor(0), factor(1), factor(2));
    let observed = aligned.observed(days);
    let slope = |of: &[f64], on: &[f64]| products(of, on) / products(on, on);
    let around: Vec<f64> =
        before.iter().zip(&same).zip(&after).map(|((before, same), after)| before + same + after).collect();
    if ![&before, &same, &after].into_iter().all(|values| products(values, values) > 0.0) {
        return Err(aligned.collinear(0));
    }
    let autocorrelation =
        products(&same, &before) / (products(&same, &same) * products(&before, &before)).sqrt();
    let divisor = 1.0 + 2.0 * autocorrelation;
    if divisor < LEAST_DIVISOR {
        return Err(StudyFault::TurnsAbout { factor: aligned.name(0) });
    }
    let slopes: f64 = [&before, &same, &after].into_iter().map(|values| slope(&observed, values)).sum();
    // The estimator is that of an instrument, the sum over the three days (Fowler and Rorke
    // 1983), and its variance that of one.
    let variance = products(&around, &around) / products(&around, &same).powi(2);
    let (slopes, spread) =
        (DVector::from_element(1, slopes / divisor), DMatrix::from_element(1, 1, variance));
    Ok(about_means(aligned, days, &slopes, &spread, 2))
}

/// One plus twice the autocorrelation must not be less than this: daily returns of an index
/// are nowhere near.
const LEAST_DIVISOR: f64 = 0.1;

/// Sum of products about the means.
fn products(first: &[f64], second: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (middle, other) = (mean(first), mean(second));
    first.iter().zip(second).map(|(first, second)| (first - middle) * (second - other)).sum()
}

/// The line through the means with the given slopes; means and slopes err independently.
fn about_means(
    aligned: &Aligned<'_>,
    days: &[usize],
    slopes: &DVector<f64>,
    spread: &DMatrix<f64>,
    count: usize,
) -> Fit {
    let length = days.len() as f64;
    let factors = slopes.len();
    let means = DVector::from_fn(factors, |factor, _| {
        days.iter().map(|at| aligned.factor(factor, *at)).sum::<f64>() / length
    });
    let mean = aligned.observed(days).iter().sum::<f64>() / length;
    let cross = spread * &means;
    let mut coefficients = DVector::zeros(factors + 1);
    coefficients.rows_mut(1, factors).copy_from(slopes);
    coefficients.rows_mut(0, 1).fill(mean - slopes.dot(&means));
    let mut covariance = DMatrix::zeros(factors + 1, factors + 1);
    covariance.view_mut((0, 0), (1, 1)).fill(1.0 / length + means.dot(&cross));
    covariance.view_mut((1, 0), (factors, 1)).copy_from(&-&cross);
    covariance.view_mut((0, 1), (1, factors)).copy_from(&-cross.transpose());
    covariance.view_mut((1, 1), (factors, factors)).copy_from(spread);
    Fit { coefficients, covariance, count }
}
