//! [`FirmEvent`]: one firm on one event, as the tests see it.

use jiff::civil::Date;

use super::score::Degenerate;
use crate::study::Abnormal;

/// One firm on one event: what a model left of its returns, before and during.
#[derive(Debug, Clone, Copy)]
pub struct FirmEvent<'a> {
    /// Residuals of the estimation window, the earliest first.
    pub residuals: &'a [f64],
    /// Days of the estimation window.
    pub estimation_days: &'a [Date],
    /// Abnormal returns of the event window.
    pub abnormal: &'a [f64],
    /// Days of the event window.
    pub days: &'a [Date],
    /// Variance of each day's prediction error, in units of `sigma` squared.
    pub factors: &'a [f64],
    /// Standard deviation of a residual.
    pub sigma: f64,
    /// Days of the estimation window less the coefficients fitted.
    pub degrees_of_freedom: usize,
    /// Variance of the cumulative abnormal return, in units of `sigma` squared.
    pub car_factor: f64,
}

impl<'a> From<&'a Abnormal> for FirmEvent<'a> {
    fn from(abnormal: &'a Abnormal) -> Self {
        Self {
            residuals: &abnormal.estimation_residuals,
            estimation_days: &abnormal.estimation_days,
            abnormal: &abnormal.abnormal,
            days: &abnormal.days,
            factors: &abnormal.factors,
            sigma: abnormal.sigma,
            degrees_of_freedom: abnormal.degrees_of_freedom,
            car_factor: abnormal.car_factor,
        }
    }
}

/// What of the event window is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// Its sum.
    Window,
    /// One of its days, counted from zero at the first of the window.
    Day(usize),
}

impl FirmEvent<'_> {
    /// Abnormal return over the span, and its standardized value (prediction error counted).
    pub(super) fn over(&self, span: Span) -> Result<(f64, f64), Degenerate> {
        let (value, factor) = match span {
            Span::Window => (self.abnormal.iter().sum(), self.car_factor),
            Span::Day(day) => match (self.abnormal.get(day), self.factors.get(day)) {
                (Some(value), Some(factor)) => (*value, *factor),
                _ => return Err(Degenerate::NoDay { day }),
            },
        };
        if self.residuals.len() != self.estimation_days.len() || self.abnormal.len() != self.days.len() {
            return Err(Degenerate::Uneven);
        }
        let finite = value.is_finite() && factor.is_finite();
        if !finite || self.residuals.iter().any(|value| !value.is_finite()) {
            return Err(Degenerate::Missing);
        }
        let scale = self.sigma * factor.sqrt();
        if scale > 0.0 && scale.is_finite() { Ok((value, value / scale)) } else { Err(Degenerate::Constant) }
    }
}
