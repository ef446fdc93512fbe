//! [`permute`]: how often other days show as much as the days of the events.
//!
//! The days of events are exchanged for others of the sample, with all firms together, so that
//! what the firms share stays shared. Nothing is assumed of distributions; only that, without
//! the event, its day would have been like the others (Fisher 1935, *The Design of
//! Experiments*). The day itself counts as one draw, so that `p` is never zero (Phipson and
//! Smyth 2010, Statistical Applications in Genetics and Molecular Biology 9:39).

use serde::Serialize;

use super::layout::Layout;
use super::panel::Panel;
use super::random::Draw;
use super::score::{between_firms, kolari_pynnonen, mean};

/// What is compared between days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Mean cumulative abnormal return over the firms.
    MeanCar,
    /// Mean of the same standardized by each firm's spread before, so that wild times do not
    /// pass for events.
    MeanStandardized,
    /// Statistic of Kolari and Pynnonen.
    KolariPynnonen,
}

/// Which other days are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Draws {
    /// Each eligible day once; for one event only.
    Every,
    /// Days drawn with replacement, as many for each draw as there are events.
    Seeded {
        /// Draws.
        count: usize,
        /// Seed.
        seed: u64,
    },
}

/// What is asked of [`permute`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermutationPlan {
    /// Days looked at.
    pub draws: Draws,
    /// Positions of days that are not to be drawn, such as those of other events.
    pub listed: Vec<usize>,
    /// Sessions around each listed day that are not to be drawn either; `None` to draw
    /// listed days too.
    pub around: Option<usize>,
}

/// What [`permute`] found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Permutation {
    /// Statistic on the events' own days: the mean over them.
    pub observed: f64,
    /// Two-sided: `(1 + as large) / (1 + draws)`.
    pub p: f64,
    /// Draws at least as large, by magnitude.
    pub as_large: usize,
    /// Draws.
    pub draws: usize,
    /// Days that could be drawn.
    pub eligible: usize,
    /// Days that could not because they are listed or near one that is.
    pub excluded: usize,
    /// Days that could not because windows do not fit there or the statistic has no value.
    pub unfit: usize,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum PermutationError {
    /// No event.
    #[error("no event day was given")]
    NoEvent,
    /// The statistic has no value on a day of an event.
    #[error(
        "the windows around the event on day {day} (from zero) do not fit, or no firm can be studied there"
    )]
    EventDay {
        /// Day.
        day: usize,
    },
    /// Nothing to compare with.
    #[error("no other day of the sample can be studied")]
    NoDay,
    /// Every day once is only for one event.
    #[error("every day once is for one event; found {events}: draw instead")]
    Many {
        /// Events.
        events: usize,
    },
}

/// A statistic on every day of a panel on which it has a value.
#[derive(Debug, Clone, PartialEq)]
pub struct DayStatistics {
    values: Vec<Option<f64>>,
}

impl DayStatistics {
    /// Studies every day around which the windows fit, once.
    #[must_use]
    pub fn new(panel: &Panel, layout: &Layout, statistic: Statistic) -> Self {
        let on = |day: usize| -> Option<f64> {
            let swept = panel.sweep(day, layout, None).ok().filter(|swept| !swept.cars.is_empty())?;
            match statistic {
                Statistic::MeanCar => Some(mean(&swept.cars)),
                Statistic::MeanStandardized => Some(mean(&swept.standardized)),
                Statistic::KolariPynnonen => between_firms(&swept.standardized)
                    .and_then(|score| kolari_pynnonen(&score, swept.correlation.mean))
                    .ok()
                    .map(|score| score.statistic),
            }
        };
        Self { values: (0..panel.days()).map(on).collect() }
    }

    /// Takes values worked out elsewhere, one for each day in turn: of firms on exchanges that
    /// keep different days, or of a model that a panel has not.
    #[must_use]
    pub const fn of(values: Vec<Option<f64>>) -> Self {
        Self { values }
    }

    /// Its value on a day; `None` where windows do not fit or it has none.
    #[must_use]
    pub fn on(&self, day: usize) -> Option<f64> {
        self.values.get(day).copied().flatten()
    }
}

/// Compares the mean of a statistic over the events' days with the same on other days.
///
/// # Errors
///
/// If the statistic has no value on a day of an event, or there is no other day.
pub fn permute(
    days: &DayStatistics,
    events: &[usize],
    plan: &PermutationPlan,
) -> Result<Permutation, PermutationError> {
    if events.is_empty() {
        return Err(PermutationError::NoEvent);
    }
    if plan.draws == Draws::Every && events.len() > 1 {
        return Err(PermutationError::Many { events: events.len() });
    }
    let own = events.iter().map(|day| days.on(*day).ok_or(PermutationError::EventDay { day: *day }));
    let observed = mean(&own.collect::<Result<Vec<f64>, _>>()?);
    let near = |day: usize| {
        let within = |around| plan.listed.iter().any(|listed| listed.abs_diff(day) <= around);
        plan.around.is_some_and(within)
    };
    let (mut values, mut excluded, mut unfit) = (Vec::new(), 0, 0);
    for (day, value) in days.values.iter().enumerate() {
        match value {
            _ if events.contains(&day) => {}
            None => unfit += 1,
            Some(_) if near(day) => excluded += 1,
            Some(value) => values.push(*value),
        }
    }
    if values.is_empty() {
        return Err(PermutationError::NoDay);
    }
    // A tie up to rounding counts against the event.
    let bar = observed.abs() * (1.0 - 1e-12);
    let (as_large, draws) = match plan.draws {
        Draws::Every => (values.iter().filter(|value| value.abs() >= bar).count(), values.len()),
        Draws::Seeded { count, seed } => {
            let mut draw = Draw::new(seed);
            let mut drawn = || {
                let sum: f64 = events.iter().filter_map(|_| values.get(draw.below(values.len()))).sum();
                sum / events.len() as f64
            };
            ((0..count).filter(|_| drawn().abs() >= bar).count(), count)
        }
    };
    Ok(Permutation {
        observed,
        p: (1.0 + as_large as f64) / (1.0 + draws as f64),
        as_large,
        draws,
        eligible: values.len(),
        excluded,
        unfit,
    })
}
