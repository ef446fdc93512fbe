//! Fitting a model of normal returns, and what it leaves unexplained.

use jiff::civil::Date;
use nalgebra::{DMatrix, DVector};
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::aligned::Aligned;
use super::specification::{Measure, Model, ReturnKind, Scale, Specification};
use super::window::Window;

/// What the model leaves unexplained, in the measure of the specification.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Abnormal {
    /// Constant of the model; zero where it has none.
    pub alpha: f64,
    /// Slopes, one for each factor.
    pub betas: Vec<f64>,
    /// Standard deviation of a day's residual.
    pub sigma: f64,
    /// Days of the estimation window less the coefficients fitted.
    pub degrees_of_freedom: usize,
    /// Residuals of the estimation window.
    #[serde(skip)]
    pub estimation_residuals: Vec<f64>,
    /// Days of the estimation window.
    #[serde(skip)]
    pub estimation_days: Vec<Date>,
    /// Abnormal returns of the window's days.
    pub abnormal: Vec<f64>,
    /// Days of the window.
    pub days: Vec<Date>,
    /// Variance of each day's prediction error, in units of `sigma` squared.
    #[serde(skip)]
    pub factors: Vec<f64>,
    /// Cumulative abnormal return.
    pub car: f64,
    /// Variance of it, in units of `sigma` squared.
    #[serde(skip)]
    pub car_factor: f64,
    /// Standard error of the cumulative abnormal return.
    pub standard_error: f64,
    /// Cumulative abnormal return over its standard error.
    pub t: f64,
    /// Two-sided probability of so large a `t` by chance (Student).
    pub p: f64,
    /// Buy-and-hold abnormal return: compounded return less compounded normal return
    /// (Barber and Lyon 1997), simple.
    pub bhar: f64,
}

/// Why there is no abnormal return.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StudyFault {
    /// The security or factor has no return of that kind.
    #[error("{ticker} has no {kind} returns")]
    NoQuotes {
        /// Ticker.
        ticker: String,
        /// Part of the day.
        kind: ReturnKind,
    },
    /// The event is later than the quotes.
    #[error("{ticker} has no session on or after {day}: its quotes end on {last}")]
    AfterQuotes {
        /// Ticker.
        ticker: String,
        /// Day asked for.
        day: Date,
        /// Last quote.
        last: Date,
    },
    /// A factor has no quote on day 0.
    #[error("{ticker} has no quote on {day}{}", .last.map(|last| format!("; its quotes end on {last}")).unwrap_or_default())]
    FactorWithoutDay {
        /// Ticker of the factor.
        ticker: String,
        /// Day 0.
        day: Date,
        /// Last quote.
        last: Option<Date>,
    },
    /// No return on day 0.
    #[error("{ticker} or its benchmark has no {kind} return on {day}")]
    NoReturn {
        /// Ticker.
        ticker: String,
        /// Day 0.
        day: Date,
        /// Part of the day.
        kind: ReturnKind,
    },
    /// The window reaches beyond the quotes.
    #[error("the window {window} reaches beyond the common quotes of {ticker} and its benchmark{}", span(.first, .last))]
    WindowOutside {
        /// Ticker.
        ticker: String,
        /// Window.
        window: Window,
        /// First common day.
        first: Option<Date>,
        /// Last common day.
        last: Option<Date>,
    },
    /// Too few days to estimate on.
    #[error("{ticker} has {found} days to estimate on; expected at least {expected}")]
    ShortEstimation {
        /// Ticker.
        ticker: String,
        /// Days found.
        found: usize,
        /// Fewest days.
        expected: usize,
    },
    /// A factor that does not move, or that others explain.
    #[error("the benchmark of {ticker} does not move on the days to estimate on, or two factors move as one")]
    Collinear {
        /// Ticker.
        ticker: String,
    },
    /// A security that does not move.
    #[error("{ticker} does not move apart from its benchmark on the days to estimate on")]
    Constant {
        /// Ticker.
        ticker: String,
    },
    /// The model needs another number of factors.
    #[error("the model {model} takes {expected} factor(s), found {found}")]
    Factors {
        /// Model.
        model: Model,
        /// How many it takes.
        expected: usize,
        /// How many were given.
        found: usize,
    },
}

fn span(first: &Option<Date>, last: &Option<Date>) -> String {
    match (first, last) {
        (Some(first), Some(last)) => format!(", {first} to {last}"),
        _ => String::new(),
    }
}

/// A residual spread below this is none: returns are known to six or more decimals.
const NO_SPREAD: f64 = 1e-9;
/// Median absolute deviation of a standard normal variable.
const NORMAL_MEDIAN_DEVIATION: f64 = 0.674_489_750_196_081_7;

/// Coefficients, residuals of the estimation window, and `(X'X)^-1`.
struct Fit {
    coefficients: DVector<f64>,
    inverse: DMatrix<f64>,
}

/// Fits the model on the estimation window and takes it to the event window.
pub(super) fn fit(
    aligned: &Aligned<'_>,
    estimation: &[usize],
    (first, last): (usize, usize),
    specification: &Specification,
) -> Result<Abnormal, StudyFault> {
    let ticker = || aligned.security.ticker.clone();
    let expected = match specification.model {
        Model::MarketAdjusted => 1,
        model => model.factors().unwrap_or(0),
    };
    if aligned.factors.len() < expected {
        let found = aligned.factors.len();
        return Err(StudyFault::Factors { model: specification.model, expected, found });
    }
    let pick = |values: &[f64], at: usize| values.get(at).copied().unwrap_or(f64::NAN);
    let window: Vec<usize> = (first..=last).collect();
    let observed =
        |days: &[usize]| -> Vec<f64> { days.iter().map(|at| pick(&aligned.returns, *at)).collect() };
    let fitted = specification.model != Model::MarketAdjusted;
    let design = |days: &[usize]| design(aligned, days, specification.model);
    let (before, during) = (design(estimation), design(&window));
    let solved = if fitted {
        solve(&before, &observed(estimation)).ok_or_else(|| StudyFault::Collinear { ticker: ticker() })?
    } else {
        // Nothing is fitted: alpha is zero, beta one, and both are known.
        Fit { coefficients: DVector::from_vec(vec![0.0, 1.0]), inverse: DMatrix::zeros(2, 2) }
    };
    let residuals = |design: &DMatrix<f64>, days: &[usize]| -> Vec<f64> {
        let normal = design * &solved.coefficients;
        observed(days).iter().zip(normal.iter()).map(|(value, normal)| value - normal).collect()
    };
    let estimation_residuals = residuals(&before, estimation);
    let abnormal = residuals(&during, &window);
    let coefficients = if fitted { solved.coefficients.len() } else { 1 };
    let degrees_of_freedom = estimation.len().saturating_sub(coefficients);
    let sigma = spread(&estimation_residuals, degrees_of_freedom, specification.scale, !fitted);
    if !sigma.is_finite() || sigma < NO_SPREAD || degrees_of_freedom == 0 {
        return Err(StudyFault::Constant { ticker: ticker() });
    }
    let errors = &during * &solved.inverse * during.transpose();
    let factors: Vec<f64> = errors.diagonal().iter().map(|value| 1.0 + value).collect();
    let car_factor = window.len() as f64 + errors.sum();
    let car: f64 = abnormal.iter().sum();
    let standard_error = sigma * car_factor.sqrt();
    let t = car / standard_error;
    // Compounding goes by logarithms, whatever the model works on.
    let grown = |values: &[f64]| -> f64 {
        match specification.measure {
            Measure::Log => values.iter().sum::<f64>().exp_m1(),
            Measure::Simple => values.iter().map(|value| value.ln_1p()).sum::<f64>().exp_m1(),
        }
    };
    let raw = observed(&window);
    let normal: Vec<f64> = raw.iter().zip(&abnormal).map(|(raw, abnormal)| raw - abnormal).collect();
    Ok(Abnormal {
        alpha: solved.coefficients.get(0).copied().unwrap_or(0.0),
        betas: solved.coefficients.iter().skip(1).copied().collect(),
        sigma,
        degrees_of_freedom,
        estimation_days: estimation.iter().filter_map(|at| aligned.dates.get(*at).copied()).collect(),
        estimation_residuals,
        days: window.iter().filter_map(|at| aligned.dates.get(*at).copied()).collect(),
        bhar: grown(&raw) - grown(&normal),
        p: two_sided(t, degrees_of_freedom),
        abnormal,
        factors,
        car,
        car_factor,
        standard_error,
        t,
    })
}

/// Regressors of some days, a row each: one, and the factors that the model takes.
fn design(aligned: &Aligned<'_>, days: &[usize], model: Model) -> DMatrix<f64> {
    let count = match model {
        Model::MarketAdjusted => 1,
        model => model.factors().unwrap_or(0),
    };
    DMatrix::from_fn(days.len(), count + 1, |row, column| {
        let Some(column) = column.checked_sub(1) else { return 1.0 };
        let at = days.get(row).copied().unwrap_or(usize::MAX);
        aligned.factors.get(column).and_then(|factor| factor.get(at)).copied().unwrap_or(f64::NAN)
    })
}

/// Least squares by QR; `None` if the regressors are not independent.
fn solve(design: &DMatrix<f64>, observed: &[f64]) -> Option<Fit> {
    let decomposition = design.clone().qr();
    let upper = decomposition.r();
    // Against the length of each column, so that small returns are no reason.
    let is_independent = upper.diagonal().iter().zip(design.column_iter()).all(|(pivot, column)| {
        let length = column.norm();
        length > 0.0 && pivot.abs() > 1e-9 * length
    });
    if !is_independent {
        return None;
    }
    let rotated = decomposition.q().transpose() * DVector::from_column_slice(observed);
    let coefficients = upper.solve_upper_triangular(&rotated)?;
    let size = upper.ncols();
    let half = upper.solve_upper_triangular(&DMatrix::identity(size, size))?;
    Some(Fit { coefficients, inverse: &half * half.transpose() })
}

/// Spread of residuals; about their mean where no constant was fitted.
fn spread(residuals: &[f64], degrees_of_freedom: usize, scale: Scale, about_mean: bool) -> f64 {
    let mean = if about_mean { residuals.iter().sum::<f64>() / residuals.len() as f64 } else { 0.0 };
    match scale {
        Scale::Residual => {
            let squares: f64 = residuals.iter().map(|value| (value - mean).powi(2)).sum();
            (squares / degrees_of_freedom as f64).sqrt()
        }
        Scale::Robust => {
            let middle = median(residuals.to_vec());
            median(residuals.iter().map(|value| (value - middle).abs()).collect()) / NORMAL_MEDIAN_DEVIATION
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.get(middle), middle.checked_sub(1).and_then(|at| values.get(at))) {
        (Some(upper), Some(lower)) if values.len().is_multiple_of(2) => 0.5 * (lower + upper),
        (Some(middle), _) => *middle,
        _ => f64::NAN,
    }
}

/// Two-sided probability of Student's t.
fn two_sided(t: f64, degrees_of_freedom: usize) -> f64 {
    match StudentsT::new(0.0, 1.0, degrees_of_freedom as f64) {
        Ok(distribution) => (2.0 * distribution.sf(t.abs())).min(1.0),
        Err(_) => f64::NAN,
    }
}
