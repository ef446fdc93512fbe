//! [`cross_section`]: the tests over many firm-events.

use super::correlation::{Correlation, mean_correlation};
use super::firm_event::{FirmEvent, Span};
use super::ranks::RankDays;
use super::score::{
    Degenerate, Kind, Score, between_firms, kolari_pynnonen, mean, patell, patell_adjusted, sign, spread,
};

/// A test and what it found, or why it has no answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// Test.
    pub kind: Kind,
    /// Answer.
    pub score: Result<Score, Degenerate>,
}

/// Many firm-events taken together.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossSection {
    /// Firm-events that count.
    pub firms: usize,
    /// Positions of those that do not, and why.
    pub left_out: Vec<(usize, Degenerate)>,
    /// Mean abnormal return over the span: CAAR of a window, AAR of a day.
    pub mean: f64,
    /// Mean abnormal return of each day of the event window; empty where windows differ in
    /// length.
    pub by_day: Vec<f64>,
    /// How much the firms move together.
    pub correlation: Correlation,
    /// The tests.
    pub verdicts: Vec<Verdict>,
}

impl CrossSection {
    /// What one test found.
    #[must_use]
    pub fn score(&self, kind: Kind) -> Option<&Result<Score, Degenerate>> {
        self.verdicts.iter().find(|verdict| verdict.kind == kind).map(|verdict| &verdict.score)
    }
}

/// What the formulas need to know.
pub(super) struct Evidence {
    pub(super) values: Vec<f64>,
    pub(super) standardized: Vec<f64>,
    pub(super) degrees_of_freedom: Vec<usize>,
    /// Mean share of positive residuals in the estimation windows.
    pub(super) positive_before: f64,
    pub(super) correlation: Correlation,
    pub(super) rank: Result<Score, Degenerate>,
    /// `None` where it was not asked for.
    pub(super) generalized_rank: Option<Result<Score, Degenerate>>,
    pub(super) left_out: Vec<(usize, Degenerate)>,
    pub(super) by_day: Vec<f64>,
}

impl Evidence {
    /// Runs all tests.
    pub(super) fn judged(self) -> CrossSection {
        let correlation = self.correlation.mean;
        let patell = patell(&self.standardized, &self.degrees_of_freedom);
        let standardized = between_firms(&self.standardized);
        let mut verdicts = vec![
            (Kind::CrossSectional, between_firms(&self.values)),
            (Kind::Patell, patell),
            (Kind::PatellAdjusted, patell.and_then(|score| patell_adjusted(&score, correlation))),
            (Kind::Standardized, standardized),
            (Kind::KolariPynnonen, standardized.and_then(|score| kolari_pynnonen(&score, correlation))),
            (Kind::Rank, self.rank),
        ];
        if let Some(score) = self.generalized_rank {
            verdicts.push((Kind::GeneralizedRank, score));
        }
        verdicts.push((Kind::Sign, sign(&self.values, None)));
        verdicts.push((Kind::GeneralizedSign, sign(&self.values, Some(self.positive_before))));
        CrossSection {
            firms: self.values.len(),
            left_out: self.left_out,
            mean: mean(&self.values),
            by_day: self.by_day,
            correlation: self.correlation,
            verdicts: verdicts.into_iter().map(|(kind, score)| Verdict { kind, score }).collect(),
        }
    }
}

/// Share of values above zero.
pub(super) fn positive_share(values: &[f64]) -> f64 {
    let positive = values.iter().filter(|value| **value > 0.0).count();
    positive as f64 / values.len().max(1) as f64
}

/// Runs the tests over firm-events of any days and markets. Ranks take days by their distance
/// from the end of the event window.
#[must_use]
pub fn cross_section(events: &[FirmEvent<'_>], span: Span) -> CrossSection {
    let mut left_out = Vec::new();
    let (mut counted, mut values, mut standardized) = (Vec::new(), Vec::new(), Vec::new());
    for (at, event) in events.iter().enumerate() {
        match event.over(span) {
            Ok((value, scaled)) => {
                counted.push(*event);
                values.push(value);
                standardized.push(scaled);
            }
            Err(reason) => left_out.push((at, reason)),
        }
    }
    let length = counted.first().map_or(0, |event| event.abnormal.len());
    let even = counted.iter().all(|event| event.abnormal.len() == length);
    let shares: Vec<f64> = counted.iter().map(|event| positive_share(event.residuals)).collect();
    Evidence {
        positive_before: mean(&shares),
        degrees_of_freedom: counted.iter().map(|event| event.degrees_of_freedom).collect(),
        correlation: mean_correlation(&counted),
        rank: if even { rank(&counted, length, span) } else { Err(Degenerate::Uneven) },
        generalized_rank: Some(generalized_rank(&counted, &standardized)),
        by_day: if even { by_day(&counted, length) } else { Vec::new() },
        values,
        standardized,
        left_out,
    }
    .judged()
}

fn by_day(events: &[FirmEvent<'_>], length: usize) -> Vec<f64> {
    let mut sums = vec![0.0; length];
    for event in events {
        sums.iter_mut().zip(event.abnormal).for_each(|(sum, value)| *sum += value / events.len() as f64);
    }
    sums
}

fn rank(events: &[FirmEvent<'_>], length: usize, span: Span) -> Result<Score, Degenerate> {
    let mut days = RankDays::default();
    let mut values = Vec::new();
    for event in events {
        values.clear();
        values.extend(event.residuals.iter().chain(event.abnormal));
        days.add(values.iter().copied());
    }
    match span {
        Span::Window => days.corrado(0, length),
        Span::Day(day) => days.corrado(length.saturating_sub(day + 1), 1),
    }
}

/// Each firm's standardized residuals and, as its last day, its standardized value over the
/// spread of those between firms, so that an event that raises the variance does not pass for
/// one that moves the mean.
fn generalized_rank(events: &[FirmEvent<'_>], standardized: &[f64]) -> Result<Score, Degenerate> {
    if events.len() < 2 {
        return Err(Degenerate::Few { found: events.len(), expected: 2 });
    }
    let between = spread(standardized)?;
    let mut days = RankDays::default();
    let mut values = Vec::new();
    for (event, scaled) in events.iter().zip(standardized) {
        values.clear();
        values.extend(event.residuals.iter().map(|value| value / event.sigma));
        values.push(scaled / between);
        days.add(values.iter().copied());
    }
    days.generalized()
}
