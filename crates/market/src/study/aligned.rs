//! [`Aligned`]: returns of a security and its factors over the same spans.
//!
//! A security that missed a session has a return over two; a factor must then be measured
//! over the same two. So returns are taken between days on which all have a quote.

use jiff::civil::Date;

use super::Explaining;
use super::fault::StudyFault;
use super::specification::{Measure, ReturnKind, Specification};
use crate::quotes::Series;

/// Returns on common days.
#[derive(Debug)]
pub(super) struct Aligned<'a> {
    /// The security.
    pub(super) security: &'a Series,
    /// What its normal return is explained with.
    pub(super) explaining: &'a Explaining<'a>,
    /// Days.
    pub(super) dates: Vec<Date>,
    /// Returns of the security, less the riskless one where it is given.
    pub(super) returns: Vec<f64>,
    /// Returns of the factors.
    factors: Vec<Vec<f64>>,
    /// Where day 0 stands.
    day0: usize,
    /// Row of day 0 in the security's own table.
    row: usize,
    /// Nothing was left aside: a longer stretch of quotes would give no more days.
    pub(super) is_whole: bool,
}

/// Rows of all series on their common days, the security's own first.
fn common_rows(
    series: &[&Series],
    own: std::ops::RangeInclusive<usize>,
    dates: &mut Vec<Date>,
) -> Vec<Vec<usize>> {
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); series.len()];
    let Some((security, factors)) = series.split_first() else { return rows };
    let start = security.dates.get(*own.start()).copied().unwrap_or_default();
    let mut places: Vec<usize> =
        factors.iter().map(|factor| factor.dates.partition_point(|date| *date < start)).collect();
    for row in own {
        let Some(date) = security.dates.get(row) else { break };
        let mut is_common = true;
        for (factor, place) in factors.iter().zip(&mut places) {
            while factor.dates.get(*place).is_some_and(|other| other < date) {
                *place += 1;
            }
            is_common &= factor.dates.get(*place) == Some(date);
        }
        if is_common {
            dates.push(*date);
            for (rows, place) in rows.iter_mut().zip(std::iter::once(row).chain(places.iter().copied())) {
                rows.push(place);
            }
        }
    }
    rows
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

/// Brings a security and its factors to common days around `row`, the row of day 0. `stretch`
/// says how many times the rows that a study needs at least are looked at.
pub(super) fn align<'a>(
    security: &'a Series,
    explaining: &'a Explaining<'a>,
    specification: &Specification,
    (row, day0): (usize, Date),
    stretch: usize,
) -> Result<Aligned<'a>, StudyFault> {
    let kind = specification.return_kind;
    let mut series: Vec<&Series> = Vec::with_capacity(explaining.factors.len() + 2);
    series.push(security);
    series.extend(explaining.factors.iter().copied().chain(explaining.risk_free));
    for series in &series {
        if series.returns(kind).iter().all(|value| !value.is_finite()) {
            return Err(StudyFault::NoQuotes { ticker: series.ticker.clone(), kind });
        }
        if series.dates.binary_search(&day0).is_err() {
            let (ticker, last) = (series.ticker.clone(), series.dates.last().copied());
            return Err(StudyFault::FactorWithoutDay { ticker, day: day0, last });
        }
    }
    let back = specification.rows_back().saturating_mul(stretch);
    let forward = specification.rows_forward().saturating_mul(stretch);
    let start = row.saturating_sub(back);
    let end = row.saturating_add(forward).min(security.dates.len().saturating_sub(1));
    let mut dates = Vec::new();
    let rows = common_rows(&series, start..=end, &mut dates);
    let mut columns: Vec<Vec<f64>> =
        series.iter().zip(&rows).map(|(series, rows)| between(series, kind, rows)).collect();
    if specification.measure == Measure::Simple {
        columns.iter_mut().flatten().for_each(|value| *value = value.exp_m1());
    }
    // What the first return starts from is not seen, so it may not be the same day for all;
    // only tables that begin together are taken to.
    let is_start_known =
        kind != ReturnKind::Close || rows.iter().all(|rows| rows.first().is_none_or(|row| *row == 0));
    // A day on which any is unknown is no day to compute with.
    let keep: Vec<bool> = (0..dates.len())
        .map(|at| {
            let is_known = |column: &Vec<f64>| column.get(at).is_some_and(|value| value.is_finite());
            (at > 0 || is_start_known) && columns.iter().all(is_known)
        })
        .collect();
    for column in &mut columns {
        let mut kept = keep.iter();
        column.retain(|_| kept.next().copied().unwrap_or(false));
    }
    let mut kept = keep.iter();
    dates.retain(|_| kept.next().copied().unwrap_or(false));
    let Ok(at) = dates.binary_search(&day0) else {
        return Err(StudyFault::NoReturn { ticker: security.ticker.clone(), day: day0, kind });
    };
    let riskless = explaining.risk_free.and_then(|_| columns.pop());
    let mut columns = columns.into_iter();
    let mut returns = columns.next().unwrap_or_default();
    for (value, riskless) in returns.iter_mut().zip(riskless.iter().flatten()) {
        *value -= riskless;
    }
    Ok(Aligned {
        security,
        explaining,
        returns,
        factors: columns.collect(),
        dates,
        day0: at,
        row,
        is_whole: start == 0 && end + 1 >= security.dates.len(),
    })
}

impl Aligned<'_> {
    /// A factor's return; not a number beyond the days.
    pub(super) fn factor(&self, factor: usize, at: usize) -> f64 {
        self.factors.get(factor).and_then(|values| values.get(at)).copied().unwrap_or(f64::NAN)
    }

    /// Returns of the security on some days.
    pub(super) fn observed(&self, days: &[usize]) -> Vec<f64> {
        days.iter().map(|at| self.returns.get(*at).copied().unwrap_or(f64::NAN)).collect()
    }

    /// Some days.
    pub(super) fn days(&self, days: &[usize]) -> Vec<Date> {
        days.iter().filter_map(|at| self.dates.get(*at).copied()).collect()
    }

    /// Ticker of a factor.
    pub(super) fn name(&self, factor: usize) -> String {
        self.explaining.factors.get(factor).map(|series| series.ticker.clone()).unwrap_or_default()
    }

    /// A factor that says nothing of its own.
    pub(super) fn collinear(&self, factor: usize) -> StudyFault {
        StudyFault::Collinear { ticker: self.security.ticker.clone(), factor: self.name(factor) }
    }

    /// Positions of the event window.
    pub(super) fn window(&self, specification: &Specification) -> Result<Vec<usize>, StudyFault> {
        let inside = specification.window.around(self.day0).filter(|(_, last)| *last < self.dates.len());
        inside.map(|(first, last)| (first..=last).collect()).ok_or_else(|| self.outside(specification))
    }

    /// What ends before the window does.
    fn outside(&self, specification: &Specification) -> StudyFault {
        let own = specification.window.around(self.row);
        if let Some(day) = own.and_then(|(_, last)| self.security.dates.get(last)).copied() {
            let factors = self.explaining.factors.iter().copied().chain(self.explaining.risk_free);
            let ended = factors.filter(|factor| factor.dates.last().is_none_or(|last| *last < day));
            if let Some(factor) = ended.min_by_key(|factor| factor.dates.last()) {
                let (ticker, last) = (factor.ticker.clone(), factor.dates.last().copied());
                return StudyFault::FactorWithoutDay { ticker, day, last };
            }
        }
        StudyFault::WindowOutside {
            ticker: self.security.ticker.clone(),
            window: specification.window,
            first: self.dates.first().copied(),
            last: self.dates.last().copied(),
        }
    }

    /// Positions of the estimation window, the earliest first. Days that are excluded are
    /// made up for by earlier ones.
    pub(super) fn estimation(&self, specification: &Specification) -> Result<Vec<usize>, StudyFault> {
        let (lags, leads) = specification.reach();
        // A window that reaches further back than the gap must not be estimated on, nor may
        // what a day is regressed on.
        let before_window = usize::try_from(-specification.window.first()).unwrap_or(0);
        let end = self.day0.saturating_sub(specification.gap.max(before_window + leads).max(leads));
        let is_usable = |at: &usize| {
            self.dates.get(*at).is_some_and(|date| !specification.excluded.contains(date)) && *at >= lags
        };
        let mut days: Vec<usize> = (0..end).rev().filter(is_usable).take(specification.estimation).collect();
        if days.len() < specification.minimum {
            return Err(self.short(days.len(), specification.minimum));
        }
        days.reverse();
        Ok(days)
    }

    /// Too few days.
    pub(super) fn short(&self, found: usize, expected: usize) -> StudyFault {
        let factors = self.explaining.factors.iter().copied().chain(self.explaining.risk_free);
        let begins = |series: &Series| Some((*series.dates.first()?, series.ticker.clone()));
        let shortest = std::iter::once(self.security).chain(factors).filter_map(begins).max();
        StudyFault::ShortEstimation {
            ticker: self.security.ticker.clone(),
            found,
            expected,
            shortest: shortest.map(|(first, ticker)| (ticker, first)),
        }
    }
}
