//! [`Session`]: many cases answered by one circuit, each kind of case once.
//!
//! What an answer depends on is only how the tests come out. So a session keys its
//! memory by the outcomes of the tests (and, where facts are unknown, by the shape of
//! the space of completions), and a million rows ask the judge a few hundred times.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::case::{Case, Domain, Span};
use crate::cells::{ShapeForm, shape_forms};
use crate::circuit::{Circuit, Linear, Test};
use crate::completions::{Completions, Decided, Exploration};
use crate::dictionary::FactId;
use crate::truth::Truth;

/// Turns gates into outcomes, and what all completions come to into an answer.
pub trait Judge {
    /// The outcome, once the gates settle it.
    fn decide(&mut self, gates: &[Truth]) -> Option<Decided>;
    /// The number of the answer for what was found.
    fn conclude(&mut self, exploration: &Exploration) -> u32;
}

/// One column of a table: the values of a fact in millionths (truth as 0 and 1, a
/// choice as the position of its word), and which rows do not know it.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// The fact.
    pub fact: FactId,
    /// A value for every row; where unknown, any value.
    pub values: &'a [i64],
    /// Whether each row's value is unknown; none if all are known.
    pub unknown: Option<&'a [bool]>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    truths: u64,
    unknown_tests: u64,
    unknown_facts: u64,
    shape: u128,
}

/// Answers of one circuit, remembered.
#[derive(Debug, Clone)]
pub struct Session {
    circuit: Arc<Circuit>,
    domains: Arc<[Domain]>,
    definite: FxHashMap<u64, u32>,
    indefinite: FxHashMap<Key, u32>,
    shapes: FxHashMap<u64, Option<Vec<ShapeForm>>>,
    gates: Vec<Truth>,
}

/// Rows handled together, so that their keys stay in the first cache.
const CHUNK: usize = 1_024;

impl Session {
    /// A session over a specialised circuit; `domains` gives the domain of every fact.
    #[must_use]
    pub fn new(circuit: Arc<Circuit>, domains: Arc<[Domain]>) -> Self {
        Self {
            circuit,
            domains,
            definite: FxHashMap::default(),
            indefinite: FxHashMap::default(),
            shapes: FxHashMap::default(),
            gates: Vec::new(),
        }
    }

    /// The circuit.
    #[must_use]
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// The answer for one case.
    pub fn answer(&mut self, case: &Case, judge: &mut dyn Judge) -> u32 {
        let (mut truths, mut unknown_tests) = (0_u64, 0_u64);
        for (bit, test) in (0_u32..).zip(self.circuit.tests()) {
            match test.truth(case) {
                Truth::True => truths |= 1 << bit,
                Truth::Unknown => unknown_tests |= 1 << bit,
                Truth::False => {}
            }
        }
        if unknown_tests == 0 {
            self.definite(truths, judge)
        } else {
            self.indefinite(case, truths, unknown_tests, judge)
        }
    }

    /// Every test came out; bit i of `truths` is test i.
    fn definite(&mut self, truths: u64, judge: &mut dyn Judge) -> u32 {
        if let Some(answer) = self.definite.get(&truths) {
            return *answer;
        }
        self.circuit.evaluate(|test| Truth::from(truths >> test & 1 == 1), &mut self.gates);
        let mut exploration = Exploration::default();
        match judge.decide(&self.gates) {
            Some(decided) => {
                exploration.statuses.insert(decided.status);
                exploration.outcomes.insert(decided.outcome);
            }
            None => exploration.exhausted = true,
        }
        let answer = judge.conclude(&exploration);
        self.definite.insert(truths, answer);
        answer
    }

    fn indefinite(&mut self, case: &Case, truths: u64, unknown_tests: u64, judge: &mut dyn Judge) -> u32 {
        let key = self.key(case, truths, unknown_tests);
        if let Some(answer) = key.as_ref().and_then(|key| self.indefinite.get(key)) {
            return *answer;
        }
        let exploration =
            Completions::new(&self.circuit, &self.domains, case).explore(&mut |gates| judge.decide(gates));
        let answer = judge.conclude(&exploration);
        if let Some(key) = key {
            self.indefinite.insert(key, answer);
        }
        answer
    }

    /// What the answer for a partly known case depends on; none if some fact is known
    /// within bounds of its own, since such a case is one of a kind.
    fn key(&mut self, case: &Case, truths: u64, unknown_tests: u64) -> Option<Key> {
        let mut unknown_facts = 0_u64;
        for (position, (span, domain)) in case.spans().iter().zip(&*self.domains).enumerate() {
            let whole = match domain {
                Domain::Real(whole) | Domain::Discrete(whole) => *whole,
                Domain::Contextual => continue,
            };
            if span.is_exact() {
                continue;
            }
            if position >= 64 || (!span.is_absent() && *span != whole) {
                return None;
            }
            unknown_facts |= 1 << position;
        }
        let (circuit, domains) = (&self.circuit, &self.domains);
        let forms = self.shapes.entry(unknown_facts).or_insert_with(|| {
            let mut unknown: Vec<FactId> = circuit
                .tests()
                .iter()
                .flat_map(|test| test.facts(case))
                .filter(|fact| !case.span(*fact).is_exact())
                .collect();
            unknown.sort_unstable();
            unknown.dedup();
            shape_forms(circuit, domains, case, &unknown).filter(|forms| forms.len() <= 64)
        });
        let shape = forms.as_ref()?.iter().fold(0_u128, |shape, form| {
            // −1, 0, 1 as 0, 1, 2 in two bits each.
            shape << 2 | (form.sign(case) + 1).unsigned_abs()
        });
        Some(Key { truths, unknown_tests, unknown_facts, shape })
    }

    /// The answers for all rows of a table. Facts without a column are as in `base`.
    ///
    /// `answers` receives one number a row, up to the shortest of the columns and itself.
    pub fn run(&mut self, base: &Case, columns: &[Column<'_>], judge: &mut dyn Judge, answers: &mut [u32]) {
        let rows = columns.iter().map(|column| column.values.len()).min().unwrap_or(0).min(answers.len());
        let plans: Vec<Plan> =
            self.circuit.tests().iter().map(|test| Plan::new(test, base, columns)).collect();
        let always_unknown = plans.iter().any(|plan| matches!(plan, Plan::RowByRow));
        let mut keys = [0_u64; CHUNK];
        let mut unknown = [false; CHUNK];
        let mut last: Option<(u64, u32)> = None;
        let mut case = base.clone();
        for start in (0..rows).step_by(CHUNK) {
            let length = CHUNK.min(rows - start);
            let range = start..start + length;
            let Some(answers) = answers.get_mut(range.clone()) else { return };
            let (Some(keys), Some(unknown)) = (keys.get_mut(..length), unknown.get_mut(..length)) else {
                return;
            };
            keys.fill(0);
            unknown.fill(always_unknown);
            for column in columns {
                if let Some(flags) = column.unknown.and_then(|flags| flags.get(range.clone())) {
                    unknown.iter_mut().zip(flags).for_each(|(unknown, flag)| *unknown |= flag);
                }
            }
            for (bit, plan) in (0_u32..).zip(&plans) {
                plan.mark(bit, range.clone(), columns, keys);
            }
            for (offset, ((answer, key), unknown)) in
                answers.iter_mut().zip(&*keys).zip(&*unknown).enumerate()
            {
                *answer = if *unknown {
                    for column in columns {
                        case.set_span(column.fact, self.cell(column, start + offset));
                    }
                    self.answer(&case, judge)
                } else {
                    match last {
                        Some((known, answer)) if known == *key => answer,
                        _ => {
                            let answer = self.definite(*key, judge);
                            last = Some((*key, answer));
                            answer
                        }
                    }
                };
            }
        }
    }

    fn cell(&self, column: &Column<'_>, row: usize) -> Span {
        let unknown = column.unknown.and_then(|flags| flags.get(row)).copied().unwrap_or(false);
        let whole = || match self.domains.get(column.fact.index()) {
            Some(Domain::Real(span) | Domain::Discrete(span)) => *span,
            _ => Span::exactly(0),
        };
        let is_ratio = || {
            self.circuit
                .tests()
                .iter()
                .any(|test| matches!(test, Test::Ratio { ratio, .. } if *ratio == column.fact))
        };
        match column.values.get(row) {
            Some(value) if !unknown => Span::exactly(*value),
            _ if is_ratio() => Span::ABSENT,
            _ => whole(),
        }
    }
}

/// How a test runs over columns.
enum Plan {
    /// The same for every row.
    Same(bool),
    /// `sign · value ≥ bound` on one column.
    One { column: usize, ascending: bool, bound: i64 },
    /// A sum over columns and a constant.
    Sum { terms: Vec<(i64, usize)>, bound: i64 },
    /// One word of a choice.
    Choice { column: usize, mask: u64 },
    /// Some fact is unknown in every row.
    RowByRow,
}

impl Plan {
    fn new(test: &Test, base: &Case, columns: &[Column<'_>]) -> Self {
        let column_of = |fact: FactId| columns.iter().position(|column| column.fact == fact);
        match test {
            Test::Choice { fact, mask } => match column_of(*fact) {
                Some(column) => Self::Choice { column, mask: *mask },
                None => Self::constant(test, base),
            },
            Test::Linear(linear) => Self::linear(linear, base, &column_of),
            Test::Ratio { ratio, given, multiplied } => match column_of(*ratio) {
                // Some rows may give the ratio and others not.
                Some(column) if columns.get(column).is_some_and(|column| column.unknown.is_some()) => {
                    Self::RowByRow
                }
                Some(_) => Self::linear(given, base, &column_of),
                None if base.span(*ratio).is_absent() => Self::linear(multiplied, base, &column_of),
                None => Self::linear(given, base, &column_of),
            },
            Test::Member { .. } | Test::Day { .. } => Self::RowByRow,
        }
    }

    fn constant(test: &Test, base: &Case) -> Self {
        match test.truth(base) {
            Truth::True => Self::Same(true),
            Truth::False => Self::Same(false),
            Truth::Unknown => Self::RowByRow,
        }
    }

    fn linear(linear: &Linear, base: &Case, column_of: &dyn Fn(FactId) -> Option<usize>) -> Self {
        // On whole numbers, > bound is ≥ bound + 1.
        let mut bound = linear.bound.saturating_add(i64::from(linear.strict));
        let mut terms = Vec::new();
        for (coefficient, fact) in &linear.terms {
            match column_of(*fact) {
                Some(column) => terms.push((*coefficient, column)),
                None => {
                    let span = base.span(*fact);
                    if !span.is_exact() {
                        return Self::RowByRow;
                    }
                    bound = bound.saturating_sub(coefficient.saturating_mul(span.low));
                }
            }
        }
        match terms.as_slice() {
            [] => Self::Same(0 >= bound),
            [(coefficient, column)] if *coefficient > 0 => {
                Self::One { column: *column, ascending: true, bound: div_ceil(bound, *coefficient) }
            }
            [(coefficient, column)] if *coefficient < 0 => {
                // c·x ≥ b with c < 0 is x ≤ ⌊b / c⌋.
                let most = bound.saturating_neg().div_euclid(coefficient.saturating_neg());
                Self::One { column: *column, ascending: false, bound: most }
            }
            _ => Self::Sum { terms, bound },
        }
    }

    /// Sets bit `bit` of the key of every row of `range` where the test holds.
    fn mark(&self, bit: u32, range: std::ops::Range<usize>, columns: &[Column<'_>], keys: &mut [u64]) {
        let values =
            |column: &usize| columns.get(*column).and_then(|column| column.values.get(range.clone()));
        match self {
            Self::Same(true) => keys.iter_mut().for_each(|key| *key |= 1 << bit),
            Self::Same(false) | Self::RowByRow => {}
            Self::One { column, ascending, bound } => {
                let Some(values) = values(column) else { return };
                let bound = *bound;
                if *ascending {
                    keys.iter_mut()
                        .zip(values)
                        .for_each(|(key, value)| *key |= u64::from(*value >= bound) << bit);
                } else {
                    keys.iter_mut()
                        .zip(values)
                        .for_each(|(key, value)| *key |= u64::from(*value <= bound) << bit);
                }
            }
            Self::Choice { column, mask } => {
                let Some(values) = values(column) else { return };
                keys.iter_mut().zip(values).for_each(|(key, value)| *key |= (mask >> value & 1) << bit);
            }
            Self::Sum { terms, bound } => match terms.as_slice() {
                [(a, first), (b, second)] => {
                    let (Some(first), Some(second)) = (values(first), values(second)) else { return };
                    // INVARIANT: the ranges of the facts keep such sums within 64 bits.
                    keys.iter_mut().zip(first.iter().zip(second)).for_each(|(key, (x, y))| {
                        let sum = a.wrapping_mul(*x).wrapping_add(b.wrapping_mul(*y));
                        *key |= u64::from(sum >= *bound) << bit;
                    });
                }
                _ => {
                    for (offset, key) in keys.iter_mut().enumerate() {
                        let sum = terms.iter().fold(0_i64, |sum, (coefficient, column)| {
                            let value =
                                values(column).and_then(|values| values.get(offset)).copied().unwrap_or(0);
                            sum.wrapping_add(coefficient.wrapping_mul(value))
                        });
                        *key |= u64::from(sum >= *bound) << bit;
                    }
                }
            },
        }
    }
}

fn div_ceil(a: i64, b: i64) -> i64 {
    a.saturating_neg().div_euclid(b).saturating_neg()
}
