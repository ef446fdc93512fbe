//! [`bootstrap`]: an interval for a mean abnormal return by drawing firms or days anew.

use serde::Serialize;

use super::random::Draw;
use super::score::Degenerate;

/// What is drawn anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resampled {
    /// Firm-events, as if independent.
    Firms,
    /// Groups of firm-events, whole: those of one day belong together.
    Groups,
}

/// An interval for the mean (Efron 1979, percentile method).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Mean.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Standard deviation of the drawn means.
    pub standard_error: f64,
    /// Two-sided: twice the share of drawn means on the smaller side of zero, the mean itself
    /// counted as one draw on the other side (the level at which the interval meets zero).
    pub p: f64,
    /// Firm-events or groups that were drawn from.
    pub units: usize,
    /// Draws.
    pub draws: usize,
}

/// Interval that holds the share `level` of the means of samples drawn with replacement.
/// `groups` are the cumulative abnormal returns, those of one day (or event) together.
///
/// # Errors
///
/// If there are fewer than two units to draw, no draws, or values that are not finite.
pub fn bootstrap(
    groups: &[Vec<f64>],
    resampled: Resampled,
    level: f64,
    draws: usize,
    seed: u64,
) -> Result<Interval, Degenerate> {
    if groups.iter().flatten().any(|value| !value.is_finite()) {
        return Err(Degenerate::Missing);
    }
    // Sum and count of each unit.
    let units: Vec<(f64, usize)> = match resampled {
        Resampled::Firms => groups.iter().flatten().map(|value| (*value, 1)).collect(),
        Resampled::Groups => groups
            .iter()
            .filter(|group| !group.is_empty())
            .map(|group| (group.iter().sum(), group.len()))
            .collect(),
    };
    if units.len() < 2 || draws == 0 {
        return Err(Degenerate::Few { found: units.len().min(draws), expected: 2 });
    }
    let ratio = |(sum, count): (f64, usize)| sum / count.max(1) as f64;
    let total = |all: (f64, usize), unit: &(f64, usize)| (all.0 + unit.0, all.1 + unit.1);
    let mut draw = Draw::new(seed);
    let mut means: Vec<f64> = (0..draws)
        .map(|_| {
            let taken = (0..units.len()).filter_map(|_| units.get(draw.below(units.len())));
            ratio(taken.fold((0.0, 0), total))
        })
        .collect();
    means.sort_unstable_by(f64::total_cmp);
    let centre = means.iter().sum::<f64>() / draws as f64;
    let squares: f64 = means.iter().map(|value| (value - centre).powi(2)).sum();
    let below = means.partition_point(|mean| *mean < 0.0);
    let above = draws - means.partition_point(|mean| *mean <= 0.0);
    let smaller = below.min(above) + means.len() - below - above;
    let p = (2.0 * (1.0 + smaller as f64) / (1.0 + draws as f64)).min(1.0);
    let tail = (1.0 - level.clamp(0.0, 1.0)) / 2.0;
    Ok(Interval {
        mean: ratio(units.iter().fold((0.0, 0), total)),
        low: quantile(&means, tail),
        high: quantile(&means, 1.0 - tail),
        standard_error: (squares / (draws.max(2) - 1) as f64).sqrt(),
        p,
        units: units.len(),
        draws,
    })
}

/// Quantile of sorted values, between neighbours in proportion.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len().saturating_sub(1)) as f64;
    let below = place.floor();
    let at = |place: f64| sorted.get(place as usize).copied().unwrap_or(f64::NAN);
    let (low, high) = (at(below), at(place.ceil()));
    low + (high - low) * (place - below)
}
