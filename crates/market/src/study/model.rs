//! [`Abnormal`]: what a model of normal returns leaves unexplained.

use jiff::civil::Date;
use nalgebra::{DMatrix, DVector};
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::aligned::Aligned;
use super::fault::StudyFault;
use super::least_squares::{Fit, solve};
use super::specification::{Measure, Model, Scale, Specification};
use super::{synthetic, thin_trading};

/// What the model leaves unexplained, in the measure of the specification.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Abnormal {
    /// Constant of the model; zero where it has none.
    pub alpha: f64,
    /// Slopes, one for each factor.
    pub betas: Vec<f64>,
    /// Standard deviation of a day's residual, on the scale asked for.
    pub sigma: f64,
    /// Root of the residual sum of squares over the degrees of freedom.
    pub residual_sigma: f64,
    /// Median absolute deviation of the residuals over 0.6745; far below `residual_sigma`
    /// where a few wild days make up most of the spread.
    pub robust_sigma: f64,
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
    /// Two-sided probability of so large a `t` by chance (Student; where a synthetic control was
    /// tried on placebos, theirs).
    pub p: f64,
    /// Buy-and-hold abnormal return: compounded return less compounded normal return
    /// (Barber and Lyon 1997), simple.
    pub bhar: f64,
}

/// A residual spread below this is none: returns are known to six or more decimals.
const NO_SPREAD: f64 = 1e-9;
/// Median absolute deviation of a standard normal variable.
const NORMAL_MEDIAN_DEVIATION: f64 = 0.674_489_750_196_081_7;

/// Fits the model on the estimation window and takes it to the event window.
pub(super) fn fit(
    aligned: &Aligned<'_>,
    estimation: &[usize],
    window: &[usize],
    specification: &Specification,
) -> Result<Abnormal, StudyFault> {
    let model = specification.model;
    let given = aligned.explaining.factors.len();
    let expected = model.least_factors();
    if given < expected {
        return Err(StudyFault::Factors { model, expected, found: given });
    }
    let count = given.min(model.most_factors());
    let fit = coefficients(aligned, estimation, count, specification)?;
    let is_fitted = fit.count > 0;
    let (before, during) = (design(aligned, estimation, count), design(aligned, window, count));
    let residuals = |design: &DMatrix<f64>, days: &[usize]| -> Vec<f64> {
        let normal = design * &fit.coefficients;
        aligned.observed(days).iter().zip(normal.iter()).map(|(value, normal)| value - normal).collect()
    };
    let estimation_residuals = residuals(&before, estimation);
    let abnormal = residuals(&during, window);
    // Where nothing is fitted the spread is about the mean, which costs one.
    let degrees_of_freedom = estimation.len().saturating_sub(fit.count.max(1));
    let residual_sigma = deviation(&estimation_residuals, degrees_of_freedom, !is_fitted);
    let robust_sigma = robust_deviation(&estimation_residuals);
    let sigma = match specification.scale {
        Scale::Residual => residual_sigma,
        Scale::Robust => robust_sigma,
    };
    if !sigma.is_finite() || sigma < NO_SPREAD {
        return Err(StudyFault::Constant { ticker: aligned.security.ticker.clone() });
    }
    let errors = &during * &fit.covariance * during.transpose();
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
    let raw = aligned.observed(window);
    let normal: Vec<f64> = raw.iter().zip(&abnormal).map(|(raw, abnormal)| raw - abnormal).collect();
    Ok(Abnormal {
        alpha: fit.coefficients.get(0).copied().unwrap_or(0.0),
        betas: fit.coefficients.iter().skip(1).copied().collect(),
        sigma,
        residual_sigma,
        robust_sigma,
        degrees_of_freedom,
        estimation_days: aligned.days(estimation),
        estimation_residuals,
        days: aligned.days(window),
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

/// Constant and slopes, on the first `count` factors.
fn coefficients(
    aligned: &Aligned<'_>,
    estimation: &[usize],
    count: usize,
    specification: &Specification,
) -> Result<Fit, StudyFault> {
    if specification.model == Model::MarketAdjusted {
        // Nothing is fitted: alpha is zero, beta one, and both are known.
        let coefficients = DVector::from_vec(vec![0.0, 1.0]);
        return Ok(Fit { coefficients, covariance: DMatrix::zeros(2, 2), count: 0 });
    }
    if specification.model == Model::Synthetic {
        let columns = design(aligned, estimation, count).remove_column(0);
        return Ok(synthetic::fit(&columns, &aligned.observed(estimation)));
    }
    let (lags, leads) = if count > 0 { specification.reach() } else { (0, 0) };
    let fewest = 2 + count * (1 + lags + leads);
    if estimation.len() < fewest {
        return Err(aligned.short(estimation.len(), fewest));
    }
    match specification.thin_trading {
        Some(thin_trading) if count > 0 => thin_trading::fit(aligned, estimation, count, thin_trading),
        _ => solve(&design(aligned, estimation, count), &aligned.observed(estimation))
            .map_err(|column| aligned.collinear(column.saturating_sub(1))),
    }
}

/// Regressors of some days, a row each: one, and the factors.
fn design(aligned: &Aligned<'_>, days: &[usize], count: usize) -> DMatrix<f64> {
    DMatrix::from_fn(days.len(), count + 1, |row, column| match column.checked_sub(1) {
        None => 1.0,
        Some(factor) => aligned.factor(factor, days.get(row).copied().unwrap_or(usize::MAX)),
    })
}

/// Standard deviation of residuals; about their mean where no constant was fitted.
fn deviation(residuals: &[f64], degrees_of_freedom: usize, about_mean: bool) -> f64 {
    let mean = if about_mean { residuals.iter().sum::<f64>() / residuals.len() as f64 } else { 0.0 };
    let squares: f64 = residuals.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / degrees_of_freedom as f64).sqrt()
}

/// Median distance from the median, as a standard deviation.
fn robust_deviation(residuals: &[f64]) -> f64 {
    let middle = median(residuals.to_vec());
    median(residuals.iter().map(|value| (value - middle).abs()).collect()) / NORMAL_MEDIAN_DEVIATION
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
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
