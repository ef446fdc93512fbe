//! Synthetic control: a mix of other shares that moved as the share did before the event.
//!
//! Abadie, Diamond and Hainmueller (2010), *Journal of the American Statistical Association*
//! 105:493, on daily returns as in Acemoglu, Johnson, Kermani, Kwak and Mitton (2016), *Journal
//! of Financial Economics* 121:368. Weights are zero or more and add up to one, so that nothing
//! is extrapolated; there is no constant. How unusual the result is, is told by placebos: each
//! of the others is taken in turn for the one that was struck.

use jiff::civil::Date;
use nalgebra::{DMatrix, DVector};
use serde::Serialize;

use super::least_squares::Fit;
use super::specification::Specification;
use super::{Explaining, day0, study_with};
use crate::quotes::Series;

/// The sum of squares is this near its least, as a share of that of the share itself.
const NEAR: f64 = 1e-12;
/// Steps after which weights are as good as rounding lets them be.
const MOST_STEPS: usize = 100_000;

/// Weights of the columns, zero or more and one together, that come nearest to what is
/// observed, and a constant of zero before them.
///
/// Each step moves weight from the column whose share costs most to that which gains most, by
/// the length that is best (pairwise Frank and Wolfe; Lacoste-Julien and Jaggi 2015). It
/// converges at a geometric rate, and stops when no exchange can gain more than [`NEAR`].
pub(super) fn fit(columns: &DMatrix<f64>, observed: &[f64]) -> Fit {
    let count = columns.ncols();
    let observed = DVector::from_column_slice(observed);
    let (products, targets) = (columns.tr_mul(columns), columns.tr_mul(&observed));
    let mut weights = DVector::from_element(count, 1.0 / count.max(1) as f64);
    let mut slopes = &products * &weights - &targets;
    let enough = NEAR * observed.norm_squared();
    for _ in 0..MOST_STEPS {
        let smaller = |(_, one): &(usize, f64), (_, other): &(usize, f64)| one.total_cmp(other);
        let all = || slopes.iter().copied().enumerate();
        let held = all().filter(|(at, _)| weights.get(*at).is_some_and(|weight| *weight > 0.0));
        let (Some((to, least)), Some((from, most))) = (all().min_by(smaller), held.max_by(smaller)) else {
            break;
        };
        if most - least <= enough {
            break;
        }
        let entry = |row: usize, column: usize| products.get((row, column)).copied().unwrap_or_default();
        let bend = entry(to, to) + entry(from, from) - 2.0 * entry(to, from);
        let has = weights.get(from).copied().unwrap_or_default();
        let step = if bend > 0.0 { ((most - least) / bend).min(has) } else { has };
        weights.iter_mut().enumerate().for_each(|(at, weight)| {
            if at == to {
                *weight += step;
            } else if at == from {
                // Exactly none, where all is given away.
                *weight = if step < has { *weight - step } else { 0.0 };
            }
        });
        slopes += (products.column(to) - products.column(from)) * step;
    }
    let free = weights.iter().filter(|weight| **weight > 0.0).count().max(1);
    let coefficients = weights.insert_row(0, 0.0);
    // Weights are taken as known: what that leaves out, placebos see.
    Fit { coefficients, covariance: DMatrix::zeros(count + 1, count + 1), count: free }
}

/// How often others, taken for the one that was struck, moved as much.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Placebo {
    /// Others that could be studied.
    pub others: usize,
    /// Those whose abnormal return, by their spread before, is at least as large.
    pub as_large: usize,
    /// `(1 + as_large) / (1 + others)`: with few others it cannot be small.
    pub p: f64,
}

/// Takes each of the others in turn for the one that was struck; the share itself is no part of
/// their mixes. `t` is what the share itself showed.
#[must_use]
pub fn placebo(others: &[&Series], first_day: Date, specification: &Specification, t: f64) -> Placebo {
    let (mut studied, mut as_large) = (0, 0);
    for (at, other) in others.iter().enumerate() {
        let rest: Vec<&Series> =
            others.iter().enumerate().filter(|(place, _)| *place != at).map(|(_, series)| *series).collect();
        let explaining = Explaining { factors: &rest, risk_free: None };
        if let Ok(found) = study_with(other, &explaining, first_day, specification).abnormal {
            studied += 1;
            as_large += usize::from(found.t.abs() >= t.abs());
        }
    }
    Placebo { others: studied, as_large, p: (1 + as_large) as f64 / (1 + studied) as f64 }
}

/// Those of some shares that have every return that a study of `security` looks at, and the
/// tickers of those that have not.
#[must_use]
pub fn donors<'a>(
    security: &Series,
    others: &[&'a Series],
    first_day: Date,
    specification: &Specification,
) -> (Vec<&'a Series>, Vec<String>) {
    let kind = specification.return_kind;
    let Ok((row, _)) = day0(security, first_day, kind) else { return (others.to_vec(), Vec::new()) };
    let first = row.saturating_sub(specification.rows_back());
    let last = specification.window.around(row).map_or(row, |(_, last)| last);
    let is_known = |series: &Series, at: usize| series.returns(kind).get(at).is_some_and(|it| it.is_finite());
    let known = (first..=last).filter(|at| is_known(security, *at));
    let days: Vec<Date> = known.filter_map(|at| security.dates.get(at).copied()).collect();
    let has = |other: &Series, day: &Date| other.dates.binary_search(day).is_ok_and(|at| is_known(other, at));
    let (kept, left): (Vec<&'a Series>, Vec<&'a Series>) =
        others.iter().partition(|other| days.iter().all(|day| has(other, day)));
    (kept, left.into_iter().map(|series| series.ticker.clone()).collect())
}
