//! The event study: what of a return on the day of an event the market does not explain.
//!
//! A model of normal returns is fitted on days before the event and carried to the days of
//! the event; what is left is abnormal (MacKinlay 1997, *Event Studies in Economics and
//! Finance*). Models work on log returns unless told, so that abnormal returns of days add up;
//! raw returns are simple ones. The error of a cumulative abnormal return includes that of the
//! fitted coefficients: with regressors `X` in the estimation window and `E` in the event
//! window, residual variance `s2` on `T - k`, its variance is `s2 1'(I + E (X'X)^-1 E')1`.

mod aligned;
mod index;
mod model;
mod specification;
mod window;

pub use index::equal_weight_index;
pub use model::{Abnormal, StudyFault};
pub use specification::{Measure, Model, ReturnKind, Scale, Specification, Word};
pub use window::{Window, WindowError};

use jiff::civil::Date;

use crate::quotes::Series;
use aligned::{Aligned, align};

/// What a study of one security and one event gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// First session on or after the day asked for.
    pub day0: Option<Date>,
    /// Simple return over the window, a fraction; given whenever there are quotes, even if
    /// the model fails.
    pub raw_return: Option<f64>,
    /// The abnormal part, or why there is none.
    pub abnormal: Result<Abnormal, StudyFault>,
    /// What a reader should know: days taken out, windows that were short.
    pub notes: Vec<String>,
}

/// Studies one security on one day: `first_day` or its first session after it. `factors` are
/// the benchmark and whatever else the model takes.
#[must_use]
pub fn study(
    security: &Series,
    factors: &[&Series],
    first_day: Date,
    specification: &Specification,
) -> Outcome {
    let kind = specification.return_kind;
    let mut notes = Vec::new();
    let at = security.dates.partition_point(|date| *date < first_day);
    let Some(day0) = security.dates.get(at).copied() else {
        let fault = match (security.dates.first(), security.dates.last()) {
            (Some(_), Some(last)) => {
                StudyFault::AfterQuotes { ticker: security.ticker.clone(), day: first_day, last: *last }
            }
            _ => StudyFault::NoQuotes { ticker: security.ticker.clone(), kind },
        };
        return Outcome { day0: None, raw_return: None, abnormal: Err(fault), notes };
    };
    let raw_return = raw_return(security, at, specification, &mut notes);
    let fitted = match align(security, factors, specification, day0) {
        Ok(aligned) => abnormal(&aligned, specification, &mut notes),
        Err(fault) => Err(fault),
    };
    Outcome { day0: Some(day0), raw_return, abnormal: fitted, notes }
}

/// Compounded simple return over the window, on the security's own sessions.
fn raw_return(
    security: &Series,
    at: usize,
    specification: &Specification,
    notes: &mut Vec<String>,
) -> Option<f64> {
    let (first, last) = specification.window.around(at)?;
    let returns = security.returns(specification.return_kind).get(first..=last)?;
    if returns.iter().any(|value| !value.is_finite()) {
        notes.push(format!(
            "{} has no {} return on every day of the window",
            security.ticker,
            specification.return_kind.word()
        ));
        return None;
    }
    Some(returns.iter().map(|value| 1.0 + value).product::<f64>() - 1.0)
}

/// Fits the model and takes it to the window.
fn abnormal(
    aligned: &Aligned<'_>,
    specification: &Specification,
    notes: &mut Vec<String>,
) -> Result<Abnormal, StudyFault> {
    let window = aligned.window(specification)?;
    let estimation = aligned.estimation(specification, notes)?;
    model::fit(aligned, &estimation, window, specification)
}
