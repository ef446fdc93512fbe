//! [`Chain`]: how likely each state of the rule is on a later day.
//!
//! A continuous-time Markov chain on the product of the two sides. Where the importer's hazards
//! do not depend on what the exporter says, its generator is the Kronecker sum of the two; where
//! they do, only the exporter moves by itself. Probabilities are by uniformisation (Jensen 1953,
//! *Skandinavisk Aktuarietidskrift* 36; Grassmann 1977, *Computers & Operations Research* 4(1)):
//! with `Λ` no less than any rate of leaving and `U = I + G/Λ`,
//! `P(t) = Σ_k Pois(k; Λt) U^k` and `∫₀ᵗ P = Σ_k P(N > k) U^k / Λ`, all terms positive. Long times
//! are reached by doubling: `P(2t) = P(t)²`, `∫₀²ᵗ P = ∫₀ᵗ P + P(t) ∫₀ᵗ P`.

use nalgebra::SMatrix;

use super::fault::{Fault, not_negative};
use super::hazard::{Hazards, Transition};
use super::random::Stream;
use super::state::{Exporter, Importer, RULES, Rule};

type Matrix = SMatrix<f64, RULES, RULES>;

/// Longest time in units of `1/Λ` that one sum covers.
const LONGEST: f64 = 8.0;

/// Terms after which the Poisson weights of [`LONGEST`] are below rounding.
const TERMS: u32 = 64;

/// A rule that turns at constant rates.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    generator: Matrix,
}

impl Chain {
    /// The chain with each hazard at its mean. A transition without a hazard does not happen.
    ///
    /// # Errors
    /// A hazard that is negative or not finite.
    pub fn new(hazards: &Hazards) -> Result<Self, Fault> {
        let mut generator = Matrix::zeros();
        for from in Rule::all() {
            let of_exporter = Exporter::ALL.map(|exporter| Rule { exporter, ..from });
            let of_importer = Importer::ALL.map(|importer| Rule { importer, ..from });
            for to in of_exporter.into_iter().chain(of_importer).filter(|to| *to != from) {
                let transition = if to.exporter == from.exporter {
                    Transition::Importer { from: from.importer, to: to.importer, under: Some(from.exporter) }
                } else {
                    Transition::Exporter { from: from.exporter, to: to.exporter }
                };
                let rate = not_negative("hazard", hazards.get(transition).map_or(0.0, |it| it.mean()))?;
                for (row, column, change) in [(from.row(), to.row(), rate), (from.row(), from.row(), -rate)] {
                    if let Some(cell) = generator.get_mut((row, column)) {
                        *cell += change;
                    }
                }
            }
        }
        Ok(Self { generator })
    }

    /// The rate from one joint state to another, per year; on the diagonal, minus the rate of
    /// leaving.
    #[must_use]
    pub fn rate(&self, from: Rule, to: Rule) -> f64 {
        self.generator.get((from.row(), to.row())).copied().unwrap_or(0.0)
    }

    /// The chain that stays in a state once that is one of those chosen: for the probability
    /// that such a state was met at all.
    #[must_use]
    pub fn stopped_in(&self, stops: impl Fn(Rule) -> bool) -> Self {
        let mut generator = self.generator;
        for rule in Rule::all().into_iter().filter(|rule| stops(*rule)) {
            generator.row_mut(rule.row()).fill(0.0);
        }
        Self { generator }
    }

    /// Probabilities of the states after so many years.
    ///
    /// # Errors
    /// Years that are negative or not finite.
    pub fn after(&self, start: Rule, years: f64) -> Result<Distribution, Fault> {
        Ok(self.span(years)?.after(&Distribution::certain(start)))
    }

    /// Expected years in each state within so many years.
    ///
    /// # Errors
    /// Years that are negative or not finite.
    pub fn time_in(&self, start: Rule, years: f64) -> Result<Distribution, Fault> {
        Ok(self.span(years)?.time_in(&Distribution::certain(start)))
    }

    /// What so many years do, from every state at once.
    ///
    /// # Errors
    /// Years that are negative or not finite.
    pub fn span(&self, years: f64) -> Result<Span, Fault> {
        let years = not_negative("years ahead", years)?;
        let fastest = self.generator.diagonal().iter().fold(0.0_f64, |most, rate| most.max(-rate));
        if fastest * years <= 0.0 {
            return Ok(Span { probabilities: Matrix::identity(), times: Matrix::identity() * years });
        }
        let mut doublings = 0_i32;
        while fastest * years * 0.5_f64.powi(doublings) > LONGEST {
            doublings += 1;
        }
        let short = years * 0.5_f64.powi(doublings);
        let jump = Matrix::identity() + self.generator / fastest;
        let mut weight = (-fastest * short).exp();
        let mut beyond = -(-fastest * short).exp_m1();
        let mut power = Matrix::identity();
        let (mut probabilities, mut times) = (Matrix::zeros(), Matrix::zeros());
        for term in 1..=TERMS {
            probabilities += power * weight;
            times += power * (beyond.max(0.0) / fastest);
            power *= jump;
            weight *= fastest * short / f64::from(term);
            beyond -= weight;
        }
        for _ in 0..doublings {
            times += probabilities * times;
            probabilities = probabilities * probabilities;
            // Squaring doubles what rounding adds to the sum of a row, so it is taken out.
            for mut row in probabilities.row_iter_mut() {
                let sum = row.sum();
                row /= sum;
            }
        }
        Ok(Span { probabilities, times })
    }

    /// One history of the rule from `start`: the states met and the years spent in each, up to
    /// `years` in all.
    pub fn path(&self, start: Rule, years: f64, stream: &mut Stream) -> Vec<(Rule, f64)> {
        let rules = Rule::all();
        let (mut rule, mut left) = (start, years);
        let mut path = Vec::new();
        loop {
            let leaving = -self.rate(rule, rule);
            let stay = if leaving > 0.0 { stream.exponential() / leaving } else { f64::INFINITY };
            if stay >= left {
                path.push((rule, left));
                return path;
            }
            path.push((rule, stay));
            left -= stay;
            let mut mark = stream.uniform() * leaving;
            let mut next = rule;
            for candidate in rules.into_iter().filter(|candidate| *candidate != rule) {
                let rate = self.rate(rule, candidate);
                if rate > 0.0 {
                    // The last possible state takes what rounding leaves of the mark.
                    next = candidate;
                    if mark < rate {
                        break;
                    }
                    mark -= rate;
                }
            }
            rule = next;
        }
    }
}

/// What a span of time does to the rule: probabilities at its end and expected years in each
/// state within it.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    probabilities: Matrix,
    times: Matrix,
}

impl Span {
    /// Probabilities at the end from those at the beginning.
    #[must_use]
    pub fn after(&self, start: &Distribution) -> Distribution {
        start.through(&self.probabilities)
    }

    /// Expected years in each state from probabilities at the beginning.
    #[must_use]
    pub fn time_in(&self, start: &Distribution) -> Distribution {
        start.through(&self.times)
    }
}

/// A figure for each joint state: probabilities, or years.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distribution([f64; RULES]);

impl Distribution {
    fn through(&self, matrix: &Matrix) -> Self {
        let column = |column: usize| {
            let rows = self.0.iter().enumerate().filter(|(_, figure)| **figure != 0.0);
            rows.map(|(row, figure)| figure * matrix.get((row, column)).copied().unwrap_or(0.0)).sum()
        };
        Self(std::array::from_fn(column))
    }

    /// The same with nothing left in the states chosen.
    #[must_use]
    pub fn without(&self, chosen: impl Fn(Rule) -> bool) -> Self {
        let mut left = *self;
        for (rule, figure) in Rule::all().into_iter().zip(&mut left.0) {
            if chosen(rule) {
                *figure = 0.0;
            }
        }
        left
    }

    /// The same with each figure multiplied.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self(self.0.map(|figure| figure * factor))
    }

    /// Certainty of one state.
    #[must_use]
    pub fn certain(rule: Rule) -> Self {
        let mut all = [0.0; RULES];
        if let Some(one) = all.get_mut(rule.row()) {
            *one = 1.0;
        }
        Self(all)
    }

    /// The mean of several.
    #[must_use]
    pub fn mean(of: &[Self]) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a count of draws")]
        let count = of.len().max(1) as f64;
        Self(std::array::from_fn(|row| of.iter().filter_map(|one| one.0.get(row)).sum::<f64>() / count))
    }

    /// The figure of a state.
    #[must_use]
    pub fn of(&self, rule: Rule) -> f64 {
        self.0.get(rule.row()).copied().unwrap_or(0.0)
    }

    /// All states with their figures.
    pub fn iter(&self) -> impl Iterator<Item = (Rule, f64)> {
        Rule::all().into_iter().zip(self.0)
    }

    /// The sum over the states chosen.
    #[must_use]
    pub fn sum(&self, chosen: impl Fn(Rule) -> bool) -> f64 {
        self.iter().filter(|(rule, _)| chosen(*rule)).map(|(_, figure)| figure).sum()
    }

    /// The sum of a quantity over all states, each weighted with its figure.
    #[must_use]
    pub fn weigh(&self, quantity: impl Fn(Rule) -> f64) -> f64 {
        self.iter().map(|(rule, figure)| figure * quantity(rule)).sum()
    }
}
