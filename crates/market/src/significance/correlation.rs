//! [`Correlation`]: how much firms move together apart from the market.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::firm_event::FirmEvent;

/// Mean correlation between the residuals of different firm-events.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Correlation {
    /// Mean over all pairs; a pair without a common day of the event window counts as zero.
    pub mean: f64,
    /// Pairs whose correlation was measured.
    pub measured_pairs: usize,
    /// All pairs.
    pub pairs: usize,
}

impl Correlation {
    /// From the sum of all measured correlations.
    pub(super) fn of(sum: f64, measured_pairs: usize, firms: usize) -> Self {
        let pairs = firms * firms.saturating_sub(1) / 2;
        let mean = if pairs == 0 { 0.0 } else { sum / pairs as f64 };
        Self { mean, measured_pairs, pairs }
    }
}

/// Firm-events with the same days.
struct Group<'a> {
    days: &'a [Date],
    estimation_days: &'a [Date],
    /// Sum of residuals, each firm's scaled to mean zero and variance one.
    sum: Vec<f64>,
    firms: usize,
}

/// Mean correlation without a table of all pairs. Where `n` firms share their days, the sum of
/// their correlations is that of the squares of their summed scaled residuals, `|sum z|^2 / T`,
/// less `n`. Between groups that share some days of the event window, it is the product of
/// the two sums on common days, times the share of the event window that is common.
pub(super) fn mean_correlation(events: &[FirmEvent<'_>]) -> Correlation {
    let mut groups: BTreeMap<(&[Date], &[Date]), Group<'_>> = BTreeMap::new();
    for event in events {
        let group = groups.entry((event.days, event.estimation_days)).or_insert_with(|| Group {
            days: event.days,
            estimation_days: event.estimation_days,
            sum: vec![0.0; event.residuals.len()],
            firms: 0,
        });
        let count = event.residuals.len() as f64;
        let mean = event.residuals.iter().sum::<f64>() / count;
        let squares: f64 = event.residuals.iter().map(|value| (value - mean).powi(2)).sum();
        let scale = (squares / count).sqrt().recip();
        if scale.is_finite() {
            for (sum, value) in group.sum.iter_mut().zip(event.residuals) {
                *sum += (value - mean) * scale;
            }
            group.firms += 1;
        }
    }
    let groups: Vec<Group<'_>> = groups.into_values().collect();
    let (mut sum, mut measured) = (0.0, 0);
    for (at, group) in groups.iter().enumerate() {
        let squares: f64 = group.sum.iter().map(|value| value * value).sum();
        let days = group.sum.len().max(1) as f64;
        // Each pair is in the square twice.
        sum += (squares / days - group.firms as f64) / 2.0;
        measured += group.firms * group.firms.saturating_sub(1) / 2;
        for other in groups.iter().skip(at + 1) {
            if let Some(between) = between(group, other) {
                sum += between;
                measured += group.firms * other.firms;
            }
        }
    }
    Correlation::of(sum, measured, events.len())
}

/// Sum of the correlations between firms of two groups; `None` where their event windows have
/// no day in common, or less than half of the shorter estimation window is common.
fn between(left: &Group<'_>, right: &Group<'_>) -> Option<f64> {
    let shared = left.days.iter().filter(|day| right.days.binary_search(day).is_ok()).count();
    if shared == 0 {
        return None;
    }
    let (mut product, mut days) = (0.0, 0_usize);
    for (day, value) in left.estimation_days.iter().zip(&left.sum) {
        if let Some(other) = right.estimation_days.binary_search(day).ok().and_then(|at| right.sum.get(at)) {
            product += value * other;
            days += 1;
        }
    }
    let shorter = left.estimation_days.len().min(right.estimation_days.len());
    if days == 0 || 2 * days < shorter {
        return None;
    }
    let overlap = shared as f64 / ((left.days.len() * right.days.len()) as f64).sqrt();
    Some(product / days as f64 * overlap)
}
