//! [`Aligned`]: returns of a security and its factors over the same spans.
//!
//! A security that missed a session has a return over two; a factor must then be measured
//! over the same two. So returns are taken between days on which all have a quote.

use jiff::civil::Date;

use super::model::StudyFault;
use super::specification::{Measure, ReturnKind, Specification};
use crate::quotes::Series;

/// Returns on common days.
#[derive(Debug)]
pub(super) struct Aligned<'a> {
    /// The security.
    pub(super) security: &'a Series,
    /// Days.
    pub(super) dates: Vec<Date>,
    /// Returns of the security.
    pub(super) returns: Vec<f64>,
    /// Returns of the factors.
    pub(super) factors: Vec<Vec<f64>>,
    /// Where day 0 stands.
    day0: usize,
}

/// Log returns of one series between the days of `rows`, which are positions in it.
fn between(series: &Series, kind: ReturnKind, rows: &[usize]) -> Vec<f64> {
    let simple = series.returns(kind);
    let log = |row: usize| simple.get(row).map_or(f64::NAN, |value| value.ln_1p());
    if kind != ReturnKind::Close {
        return rows.iter().map(|row| log(*row)).collect();
    }
    let mut before: Option<usize> = None;
    rows.iter()
        .map(|row| {
            // The return of a row starts at the row before it in its own table.
            let start = before.map_or(*row, |before| before + 1);
            before = Some(*row);
            (start..=*row).map(log).sum()
        })
        .collect()
}

/// Brings a security and its factors to common days.
pub(super) fn align<'a>(
    security: &'a Series,
    factors: &[&Series],
    specification: &Specification,
    day0: Date,
) -> Result<Aligned<'a>, StudyFault> {
    let kind = specification.return_kind;
    for series in std::iter::once(security).chain(factors.iter().copied()) {
        if series.returns(kind).iter().all(|value| !value.is_finite()) {
            return Err(StudyFault::NoQuotes { ticker: series.ticker.clone(), kind });
        }
    }
    for factor in factors {
        if factor.dates.binary_search(&day0).is_err() {
            return Err(StudyFault::FactorWithoutDay {
                ticker: factor.ticker.clone(),
                day: day0,
                last: factor.dates.last().copied(),
            });
        }
    }
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); factors.len() + 1];
    let mut dates = Vec::new();
    for (own, date) in security.dates.iter().enumerate() {
        let found: Option<Vec<usize>> =
            factors.iter().map(|factor| factor.dates.binary_search(date).ok()).collect();
        let Some(found) = found else { continue };
        dates.push(*date);
        for (rows, row) in rows.iter_mut().zip(std::iter::once(own).chain(found)) {
            rows.push(row);
        }
    }
    let all = std::iter::once(security).chain(factors.iter().copied());
    let mut columns = all.zip(&rows).map(|(series, rows)| between(series, kind, rows));
    let mut returns = columns.next().unwrap_or_default();
    let mut factors: Vec<Vec<f64>> = columns.collect();
    if specification.measure == Measure::Simple {
        for value in returns.iter_mut().chain(factors.iter_mut().flatten()) {
            *value = value.exp_m1();
        }
    }
    // A day on which any is unknown is no day to compute with.
    let keep: Vec<bool> = (0..dates.len())
        .map(|at| {
            std::iter::once(&returns)
                .chain(&factors)
                .all(|it| it.get(at).is_some_and(|value| value.is_finite()))
        })
        .collect();
    let kept = |values: &[f64]| -> Vec<f64> {
        values.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(value, _)| *value).collect()
    };
    let aligned_dates: Vec<Date> =
        dates.into_iter().zip(&keep).filter(|(_, keep)| **keep).map(|(date, _)| date).collect();
    let Ok(at) = aligned_dates.binary_search(&day0) else {
        return Err(StudyFault::NoReturn { ticker: security.ticker.clone(), day: day0, kind });
    };
    Ok(Aligned {
        security,
        returns: kept(&returns),
        factors: factors.iter().map(|factor| kept(factor)).collect(),
        dates: aligned_dates,
        day0: at,
    })
}

impl Aligned<'_> {
    /// First and last position of the event window.
    pub(super) fn window(&self, specification: &Specification) -> Result<(usize, usize), StudyFault> {
        let inside = specification.window.around(self.day0).filter(|(_, last)| *last < self.dates.len());
        inside.ok_or_else(|| StudyFault::WindowOutside {
            ticker: self.security.ticker.clone(),
            window: specification.window,
            first: self.dates.first().copied(),
            last: self.dates.last().copied(),
        })
    }

    /// Positions of the estimation window, the earliest first. Days that are excluded are
    /// made up for by earlier ones.
    pub(super) fn estimation(
        &self,
        specification: &Specification,
        notes: &mut Vec<String>,
    ) -> Result<Vec<usize>, StudyFault> {
        // A window that reaches further back than the gap must not be estimated on.
        let before_window = usize::try_from(-specification.window.first()).unwrap_or(0);
        let end = self.day0.saturating_sub(specification.gap.max(before_window));
        let mut excluded = Vec::new();
        let mut days = Vec::with_capacity(specification.estimation);
        for at in (0..end).rev() {
            if days.len() == specification.estimation {
                break;
            }
            match self.dates.get(at) {
                Some(date) if specification.excluded.contains(date) => excluded.push(date.to_string()),
                Some(_) => days.push(at),
                None => {}
            }
        }
        if days.len() < specification.minimum {
            return Err(StudyFault::ShortEstimation {
                ticker: self.security.ticker.clone(),
                found: days.len(),
                expected: specification.minimum,
            });
        }
        if days.len() < specification.estimation {
            notes.push(format!(
                "estimated on {} days, of {} asked for",
                days.len(),
                specification.estimation
            ));
        }
        if !excluded.is_empty() {
            excluded.reverse();
            notes.push(format!("not estimated on {}", excluded.join(", ")));
        }
        days.reverse();
        Ok(days)
    }
}
