//! The event study: what of a return on the day of an event the market does not explain.
//!
//! A model of normal returns is fitted on days before the event and carried to the days of
//! the event; what is left is abnormal (MacKinlay 1997, *Event Studies in Economics and
//! Finance*). Models work on log returns unless told, so that abnormal returns of days add up;
//! raw returns are simple ones. The error of a cumulative abnormal return includes that of the
//! fitted coefficients: with regressors `X` in the estimation window and `E` in the event
//! window, residual variance `s2` on `T - k`, its variance is `s2 1'(I + E (X'X)^-1 E')1`.
//! Slopes that allow for thin trading bring their own covariance in place of `(X'X)^-1`.

mod aligned;
mod factor_table;
mod fault;
mod index;
mod least_squares;
mod model;
mod notes;
mod specification;
mod synthetic;
mod thin_trading;
mod window;

pub use factor_table::{FactorError, FactorTable};
pub use fault::StudyFault;
pub use index::equal_weight_index;
pub use model::Abnormal;
pub use specification::{Measure, Model, ReturnKind, Scale, Specification, Word};
pub use synthetic::{Placebo, donors, placebo};
pub use thin_trading::{ThinTrading, ThinTradingError};
pub use window::{Window, WindowError};

use jiff::civil::Date;

use crate::quotes::Series;
use aligned::align;

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

/// What a normal return is explained with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Explaining<'a> {
    /// The benchmark and whatever else the model takes, in its order.
    pub factors: &'a [&'a Series],
    /// The riskless return, taken off that of the security. Factors are used as they are: a
    /// market among them should be in excess of the riskless return too, as those of Fama and
    /// French (1993) are.
    pub risk_free: Option<&'a Series>,
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
    study_with(security, &Explaining { factors, risk_free: None }, first_day, specification)
}

/// As [`study`], with a riskless return.
#[must_use]
pub fn study_with(
    security: &Series,
    explaining: &Explaining<'_>,
    first_day: Date,
    specification: &Specification,
) -> Outcome {
    let mut notes = Vec::new();
    let (row, day0) = match day0(security, first_day, specification.return_kind) {
        Ok(found) => found,
        Err(fault) => return Outcome { day0: None, raw_return: None, abnormal: Err(fault), notes },
    };
    notes::on_day0(security, first_day, row, &mut notes);
    let raw_return = raw_return(security, row, specification, &mut notes);
    let abnormal = abnormal(security, explaining, (row, day0), specification, &mut notes);
    Outcome { day0: Some(day0), raw_return, abnormal, notes }
}

/// First session on or after a day, and its row.
fn day0(security: &Series, day: Date, kind: ReturnKind) -> Result<(usize, Date), StudyFault> {
    let ticker = || security.ticker.clone();
    let (Some(first), Some(last)) = (security.dates.first(), security.dates.last()) else {
        return Err(StudyFault::NoQuotes { ticker: ticker(), kind });
    };
    if day < *first {
        // That day may have been a session, or the first may not: there is no telling.
        return Err(StudyFault::BeforeQuotes { ticker: ticker(), day, first: *first });
    }
    let row = security.dates.partition_point(|date| *date < day);
    let day0 = security.dates.get(row).copied();
    day0.map(|day0| (row, day0)).ok_or_else(|| StudyFault::AfterQuotes { ticker: ticker(), day, last: *last })
}

/// Compounded simple return over the window, on the security's own sessions.
fn raw_return(
    security: &Series,
    row: usize,
    specification: &Specification,
    notes: &mut Vec<String>,
) -> Option<f64> {
    let (first, last) = specification.window.around(row)?;
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
    security: &Series,
    explaining: &Explaining<'_>,
    day0: (usize, Date),
    specification: &Specification,
    notes: &mut Vec<String>,
) -> Result<Abnormal, StudyFault> {
    let mut stretch = 1;
    loop {
        let aligned = align(security, explaining, specification, day0, stretch)?;
        let window = aligned.window(specification);
        let estimation = aligned.estimation(specification);
        let is_short = |days: &Vec<usize>| days.len() < specification.estimation;
        if !aligned.is_whole && (window.is_err() || estimation.as_ref().map_or(true, is_short)) {
            stretch *= 2;
            continue;
        }
        let (window, estimation) = (window?, estimation?);
        let fitted = model::fit(&aligned, &estimation, &window, specification)?;
        notes::on_days(&aligned, &estimation, &window, specification, notes);
        notes::on_specification(&aligned, &estimation, specification, notes);
        return Ok(fitted);
    }
}
