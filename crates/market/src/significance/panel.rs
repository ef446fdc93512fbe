//! [`Panel`]: firms that share days and factors, studied on any of those days.

use std::ops::Range;

use super::correlation::Correlation;
use super::cross_section::{CrossSection, Evidence};
use super::layout::Layout;
use super::ranks::RankDays;
use super::score::Degenerate;

/// Returns of firms and of factors on the same days. The model is ordinary least squares on a
/// constant and all factors. A return that is not known is not a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    days: usize,
    firms: Vec<Vec<f64>>,
    factors: Vec<Vec<f64>>,
}

/// What is wrong with a panel, or with a day asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PanelError {
    /// Columns of different lengths.
    #[error("column {column} (from zero, firms before factors) has {found} days, the first has {expected}")]
    Uneven {
        /// Column.
        column: usize,
        /// Its days.
        found: usize,
        /// Days of the first column.
        expected: usize,
    },
    /// Windows that do not fit around a day.
    #[error("the windows around day {day} (from zero) overlap or reach beyond the {days} days of the panel")]
    Outside {
        /// Day 0.
        day: usize,
        /// Days there are.
        days: usize,
    },
    /// Factors that are unknown, do not move, or move as one.
    #[error("a factor is unknown or does not move in the windows around day {day}, or two move as one")]
    Collinear {
        /// Day 0.
        day: usize,
    },
}

/// A regressor made orthogonal to those before it and of unit length in the estimation window.
struct Column {
    before: Vec<f64>,
    during: Vec<f64>,
}

/// What is left of a factor's length once others are taken out must be more than rounding.
const COLLINEAR: f64 = 1e-10;
/// The same of a firm.
const CONSTANT: f64 = 1e-10;

/// Cumulative abnormal returns around one day, plain and standardized.
pub(super) struct Swept {
    pub(super) cars: Vec<f64>,
    pub(super) standardized: Vec<f64>,
    positive_before: f64,
    pub(super) correlation: Correlation,
    left_out: Vec<(usize, Degenerate)>,
    by_day: Vec<f64>,
    degrees_of_freedom: usize,
}

impl Panel {
    /// Takes the columns, one for each firm and factor, all of the same days.
    ///
    /// # Errors
    ///
    /// If their lengths differ.
    pub fn new(firms: Vec<Vec<f64>>, factors: Vec<Vec<f64>>) -> Result<Self, PanelError> {
        let days = firms.first().or(factors.first()).map_or(0, Vec::len);
        let odd = firms.iter().chain(&factors).enumerate().find(|(_, column)| column.len() != days);
        match odd {
            Some((column, values)) => Err(PanelError::Uneven { column, found: values.len(), expected: days }),
            None => Ok(Self { days, firms, factors }),
        }
    }

    /// How many days it has.
    #[must_use]
    pub const fn days(&self) -> usize {
        self.days
    }

    /// How many firms it has.
    #[must_use]
    pub const fn firms(&self) -> usize {
        self.firms.len()
    }

    /// Runs the tests over all firms on one common day, all but the generalized rank test.
    /// Firms are left out, by name of the reason, where a return is unknown.
    ///
    /// # Errors
    ///
    /// If the windows do not fit or the factors cannot be told apart.
    pub fn study(&self, day: usize, layout: &Layout) -> Result<CrossSection, PanelError> {
        let mut ranks = RankDays::default();
        let swept = self.sweep(day, layout, Some(&mut ranks))?;
        let firms = swept.cars.len();
        let evidence = Evidence {
            values: swept.cars,
            standardized: swept.standardized,
            degrees_of_freedom: vec![swept.degrees_of_freedom; firms],
            positive_before: swept.positive_before,
            correlation: swept.correlation,
            rank: ranks.corrado(0, layout.window.len()),
            generalized_rank: None,
            left_out: swept.left_out,
            by_day: swept.by_day,
        };
        Ok(evidence.judged())
    }

    /// Fits every firm and takes it to the event window.
    pub(super) fn sweep(
        &self,
        day: usize,
        layout: &Layout,
        mut ranks: Option<&mut RankDays>,
    ) -> Result<Swept, PanelError> {
        let (before, during) =
            layout.around(day, self.days).ok_or(PanelError::Outside { day, days: self.days })?;
        let columns = self.basis(&before, &during).ok_or(PanelError::Collinear { day })?;
        let degrees_of_freedom = before.len() - columns.len();
        let factor = car_factor(&columns, during.len());
        let length = before.len();
        let mut errors = vec![0.0; length + during.len()];
        let mut sum = vec![0.0; length];
        let mut by_day = vec![0.0; during.len()];
        let (mut positive, mut left_out) = (0_usize, Vec::new());
        let (mut cars, mut standardized) =
            (Vec::with_capacity(self.firms.len()), Vec::with_capacity(self.firms.len()));
        for (at, firm) in self.firms.iter().enumerate() {
            let (residuals, abnormal) = errors.split_at_mut(length);
            residuals.iter_mut().zip(firm.iter().skip(before.start)).for_each(|(to, from)| *to = *from);
            abnormal.iter_mut().zip(firm.iter().skip(during.start)).for_each(|(to, from)| *to = *from);
            let whole = dot(residuals, residuals);
            for column in &columns {
                let slope = dot(&column.before, residuals);
                subtract(residuals, slope, &column.before);
                subtract(abnormal, slope, &column.during);
            }
            let squares = dot(residuals, residuals);
            let car: f64 = abnormal.iter().sum();
            if !(squares.is_finite() && car.is_finite()) {
                left_out.push((at, Degenerate::Missing));
                continue;
            }
            if squares <= CONSTANT * CONSTANT * whole {
                left_out.push((at, Degenerate::Constant));
                continue;
            }
            cars.push(car);
            standardized.push(car / (squares / degrees_of_freedom as f64 * factor).sqrt());
            subtract(&mut sum, -squares.sqrt().recip(), residuals);
            by_day.iter_mut().zip(&*abnormal).for_each(|(sum, value)| *sum += value);
            if let Some(ranks) = ranks.as_deref_mut() {
                positive += residuals.iter().filter(|value| **value > 0.0).count();
                ranks.add(errors.iter().copied());
            }
        }
        let firms = cars.len();
        by_day.iter_mut().for_each(|sum| *sum /= firms.max(1) as f64);
        let pairs = firms * firms.saturating_sub(1) / 2;
        Ok(Swept {
            positive_before: positive as f64 / (firms * length).max(1) as f64,
            correlation: Correlation::of((dot(&sum, &sum) - firms as f64) / 2.0, pairs, firms),
            cars,
            standardized,
            left_out,
            by_day,
            degrees_of_freedom,
        })
    }

    /// A constant and the factors, made orthogonal in the estimation window.
    fn basis(&self, before: &Range<usize>, during: &Range<usize>) -> Option<Vec<Column>> {
        let mut columns: Vec<Column> = Vec::with_capacity(self.factors.len() + 1);
        let constant = vec![1.0; self.days];
        for factor in std::iter::once(&constant).chain(&self.factors) {
            let mut column = Column {
                before: factor.get(before.clone())?.to_vec(),
                during: factor.get(during.clone())?.to_vec(),
            };
            let whole = dot(&column.before, &column.before).sqrt();
            // Twice, so that rounding leaves nothing of those before it.
            for earlier in columns.iter().chain(&columns) {
                let slope = dot(&earlier.before, &column.before);
                subtract(&mut column.before, slope, &earlier.before);
                subtract(&mut column.during, slope, &earlier.during);
            }
            let left = dot(&column.before, &column.before).sqrt();
            if !left.is_finite()
                || left <= COLLINEAR * whole
                || column.during.iter().any(|it| !it.is_finite())
            {
                return None;
            }
            column.before.iter_mut().chain(&mut column.during).for_each(|value| *value /= left);
            columns.push(column);
        }
        (before.len() > columns.len()).then_some(columns)
    }
}

/// `1'(I + E (X'X)^-1 E')1`, which is `L` and the squares of the columns' sums once the columns
/// are orthogonal and of unit length.
fn car_factor(columns: &[Column], length: usize) -> f64 {
    length as f64 + columns.iter().map(|column| column.during.iter().sum::<f64>().powi(2)).sum::<f64>()
}

/// Sum of products in eight lanes, which a compiler can lay side by side.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let (left, left_rest) = left.as_chunks::<8>();
    let (right, right_rest) = right.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for (left, right) in left.iter().zip(right) {
        for ((lane, left), right) in lanes.iter_mut().zip(left).zip(right) {
            *lane += left * right;
        }
    }
    let rest: f64 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
    lanes.iter().sum::<f64>() + rest
}

/// `values -= slope * column`.
fn subtract(values: &mut [f64], slope: f64, column: &[f64]) {
    for (value, of_column) in values.iter_mut().zip(column) {
        *value -= slope * of_column;
    }
}
