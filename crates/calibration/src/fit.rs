//! Fitting of constants: least absolute error of the logarithm, by damped Gauss-Newton
//! steps on reweighted residuals (Levenberg 1944, Marquardt 1963; Huber 1964).

use narrows_perf::ConstantSpec;

/// How an error is summed up. All are absolute percentage errors, as fractions.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ErrorSummary {
    /// How many rows.
    pub count: usize,
    /// Middle one.
    pub median: f64,
    /// Nine of ten are below.
    pub p90: f64,
    /// Mean.
    pub mean: f64,
    /// Median of the signed error: above zero if predictions are too slow.
    pub bias: f64,
}

impl ErrorSummary {
    /// Sums up pairs of prediction and observation.
    #[must_use]
    pub fn of(pairs: &[(f64, f64)]) -> Self {
        let mut signed: Vec<f64> =
            pairs.iter().map(|(predicted, observed)| predicted / observed - 1.0).collect();
        let mut absolute: Vec<f64> = signed.iter().map(|error| error.abs()).collect();
        signed.sort_by(f64::total_cmp);
        absolute.sort_by(f64::total_cmp);
        let count = absolute.len();
        let mean = if count == 0 { 0.0 } else { absolute.iter().sum::<f64>() / count as f64 };
        Self {
            count,
            median: quantile(&absolute, 0.5),
            p90: quantile(&absolute, 0.9),
            mean,
            bias: quantile(&signed, 0.5),
        }
    }
}

/// A quantile of sorted numbers, interpolated linearly (Hyndman and Fan 1996, type 7).
#[must_use]
pub fn quantile(sorted: &[f64], fraction: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let position = fraction * last as f64;
    let (below, above) = (position.floor() as usize, position.ceil() as usize);
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    at(below) + (position - position.floor()) * (at(above) - at(below))
}

/// Finds constants for which `predict(row, constants)` comes near `observed(row)`.
///
/// `weights` give each row's say. Goes down from each of `starts` (from the constants' own
/// if there are none) and keeps the best end.
pub fn fit(
    specs: &[ConstantSpec],
    starts: &[Vec<f64>],
    observed: &[f64],
    weights: &[f64],
    predict: &dyn Fn(usize, &[f64]) -> f64,
) -> Vec<f64> {
    let own = own_start(specs);
    let problem = Problem { specs, observed, weights, predict };
    let starts = if starts.is_empty() { std::slice::from_ref(&own) } else { starts };
    let ends = starts.iter().map(|start| problem.descend(start));
    ends.min_by(|one, other| problem.loss(one).total_cmp(&problem.loss(other))).unwrap_or(own)
}

/// The values of constants before any fit.
#[must_use]
pub fn own_start(specs: &[ConstantSpec]) -> Vec<f64> {
    specs.iter().map(|spec| spec.start).collect()
}

/// Several starts: the constants' own, and others around it, always the same ones.
#[must_use]
pub fn several_starts(specs: &[ConstantSpec], count: usize) -> Vec<Vec<f64>> {
    // A Weyl sequence with the golden ratio: evenly spread, and free of any generator.
    let spread = |at: usize| (at as f64 * 0.618_033_988_749_895).fract() - 0.5;
    (0..count)
        .map(|start| {
            let moved = |(at, spec): (usize, &ConstantSpec)| {
                let by = if start == 0 { 0.0 } else { REACH * spread(start * specs.len() + at) };
                Problem::close(spec, Problem::open(spec, spec.start) + by)
            };
            specs.iter().enumerate().map(moved).collect()
        })
        .collect()
}

/// How far other starts reach, on the open scale: a factor of some three either way.
const REACH: f64 = 2.0;

/// Residuals below this count with their square, above it with their size.
const KNEE: f64 = 0.03;
const ROUNDS: usize = 60;
/// Distances over which slopes are taken, in turns.
const SLOPES: [f64; 3] = [1e-3, 0.1, 0.02];
/// Steps along one constant at a time: a factor of several down to a tenth.
const STRIDES: [f64; 4] = [2.0, 1.0, 0.3, 0.1];

struct Problem<'a> {
    specs: &'a [ConstantSpec],
    observed: &'a [f64],
    weights: &'a [f64],
    predict: &'a dyn Fn(usize, &[f64]) -> f64,
}

impl Problem<'_> {
    fn residuals(&self, constants: &[f64]) -> Vec<f64> {
        let residual = |(at, observed): (usize, &f64)| {
            let predicted = (self.predict)(at, constants).max(1e-12);
            (predicted / observed).ln()
        };
        self.observed.iter().enumerate().map(residual).collect()
    }

    fn loss_of(&self, residuals: &[f64]) -> f64 {
        let huber = |residual: f64| (residual * residual + KNEE * KNEE).sqrt() - KNEE;
        let sum: f64 =
            residuals.iter().zip(self.weights).map(|(residual, weight)| weight * huber(*residual)).sum();
        sum / self.weights.iter().sum::<f64>().max(1e-12)
    }

    fn loss(&self, constants: &[f64]) -> f64 {
        let loss = self.loss_of(&self.residuals(constants));
        if loss.is_finite() { loss } else { f64::MAX }
    }

    /// From a constant in its range to the whole line and back, so that steps need no fence.
    fn open(spec: &ConstantSpec, value: f64) -> f64 {
        let (low, high, value) = Self::scale(spec, value);
        let share = ((value - low) / (high - low)).clamp(1e-6, 1.0 - 1e-6);
        (share / (1.0 - share)).ln()
    }

    fn close(spec: &ConstantSpec, open: f64) -> f64 {
        let (low, high, _) = Self::scale(spec, spec.start);
        let value = low + (high - low) / (1.0 + (-open).exp());
        if spec.low > 0.0 { value.exp() } else { value }
    }

    /// Positive constants are looked for on a logarithmic scale.
    fn scale(spec: &ConstantSpec, value: f64) -> (f64, f64, f64) {
        if spec.low > 0.0 {
            (spec.low.ln(), spec.high.ln(), value.max(spec.low).ln())
        } else {
            (spec.low, spec.high, value)
        }
    }

    fn constants(&self, open: &[f64]) -> Vec<f64> {
        self.specs.iter().zip(open).map(|(spec, open)| Self::close(spec, *open)).collect()
    }

    /// Down from a start: by gradients, then, as formulas that take the best of several ways
    /// have creases at which gradients stall, by steps along one constant at a time, in turns.
    fn descend(&self, start: &[f64]) -> Vec<f64> {
        let mut open: Vec<f64> =
            self.specs.iter().zip(start).map(|(spec, value)| Self::open(spec, *value)).collect();
        for slope in SLOPES {
            open = self.by_gradients(open, slope);
            for step in STRIDES {
                open = self.one_at_a_time(open, step);
            }
        }
        self.constants(&self.by_gradients(open, 1e-3))
    }

    /// Moves each constant by a step either way where that helps.
    fn one_at_a_time(&self, start: Vec<f64>, step: f64) -> Vec<f64> {
        let mut best = self.loss(&self.constants(&start));
        let mut open = start;
        for at in 0..open.len() {
            for by in [step, -step] {
                let mut trial = open.clone();
                if let Some(value) = trial.get_mut(at) {
                    *value = (*value + by).clamp(-12.0, 12.0);
                }
                let loss = self.loss(&self.constants(&trial));
                if loss < best {
                    (open, best) = (trial, loss);
                }
            }
        }
        open
    }

    /// Levenberg's and Marquardt's steps, with slopes taken over a distance of `slope`.
    fn by_gradients(&self, start: Vec<f64>, slope: f64) -> Vec<f64> {
        let count = self.specs.len();
        let mut open = start;
        let mut residuals = self.residuals(&self.constants(&open));
        let mut loss = self.loss_of(&residuals);
        let mut damping = 1e-2;
        for _ in 0..ROUNDS {
            let columns: Vec<Vec<f64>> = (0..count)
                .map(|column| {
                    let step = slope;
                    let moved: Vec<f64> = open
                        .iter()
                        .enumerate()
                        .map(|(at, value)| if at == column { value + step } else { *value })
                        .collect();
                    let after = self.residuals(&self.constants(&moved));
                    after.iter().zip(&residuals).map(|(after, before)| (after - before) / step).collect()
                })
                .collect();
            // The weights that turn least squares into least absolute errors.
            let say: Vec<f64> = residuals
                .iter()
                .zip(self.weights)
                .map(|(residual, weight)| weight / (residual * residual + KNEE * KNEE).sqrt())
                .collect();
            let product = |one: &[f64], other: &[f64]| -> f64 {
                one.iter().zip(other).zip(&say).map(|((one, other), say)| one * other * say).sum()
            };
            let normal: Vec<Vec<f64>> = columns
                .iter()
                .map(|row| columns.iter().map(|column| product(row, column)).collect())
                .collect();
            let gradient: Vec<f64> = columns.iter().map(|column| product(column, &residuals)).collect();
            let mut improved = false;
            for _ in 0..8 {
                let Some(step) = solve_damped(&normal, &gradient, damping) else {
                    damping *= 10.0;
                    continue;
                };
                let trial: Vec<f64> = open
                    .iter()
                    .zip(&step)
                    .map(|(value, step)| (value - step.clamp(-2.0, 2.0)).clamp(-12.0, 12.0))
                    .collect();
                let after = self.residuals(&self.constants(&trial));
                let after_loss = self.loss_of(&after);
                if after_loss.is_finite() && after_loss < loss {
                    improved = loss - after_loss > 3e-5 * loss;
                    (open, residuals, loss) = (trial, after, after_loss);
                    damping = (damping / 5.0).max(1e-9);
                    break;
                }
                damping *= 4.0;
            }
            if !improved {
                break;
            }
        }
        open
    }
}

/// Solves (A + damping diag A) x = b for a symmetric A by Cholesky's method.
fn solve_damped(matrix: &[Vec<f64>], right: &[f64], damping: f64) -> Option<Vec<f64>> {
    let count = right.len();
    let at = |row: usize, column: usize| {
        matrix.get(row).and_then(|row| row.get(column)).copied().unwrap_or_default()
    };
    let mut lower = vec![vec![0.0_f64; count]; count];
    for row in 0..count {
        for column in 0..=row {
            let known: f64 = lower
                .get(row)?
                .iter()
                .zip(lower.get(column)?)
                .take(column)
                .map(|(one, other)| one * other)
                .sum();
            let mut value = at(row, column) - known;
            if row == column {
                value += damping * at(row, row) + 1e-12;
                if value <= 0.0 {
                    return None;
                }
                *lower.get_mut(row)?.get_mut(column)? = value.sqrt();
            } else {
                *lower.get_mut(row)?.get_mut(column)? = value / lower.get(column)?.get(column)?;
            }
        }
    }
    let mut forward = vec![0.0; count];
    for row in 0..count {
        let known: f64 = lower.get(row)?.iter().zip(&forward).take(row).map(|(one, other)| one * other).sum();
        *forward.get_mut(row)? = (right.get(row)? - known) / lower.get(row)?.get(row)?;
    }
    let mut solution = vec![0.0; count];
    for row in (0..count).rev() {
        let known: f64 = (row + 1..count)
            .filter_map(|below| Some(lower.get(below)?.get(row)? * solution.get(below)?))
            .sum();
        *solution.get_mut(row)? = (forward.get(row)? - known) / lower.get(row)?.get(row)?;
    }
    solution.iter().all(|value| value.is_finite()).then_some(solution)
}
