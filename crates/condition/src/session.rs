//! [`Session`]: many cases answered by one circuit, each kind of case once.
//!
//! What an answer depends on is only how the tests come out. So a session keys its
//! memory by the outcomes of the tests (and, where facts are unknown, by the shape of
//! the space of completions), and a million rows ask the judge a few hundred times.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::case::{Case, Domain, Span};
use crate::cells::{ShapeForm, shape_forms};
use crate::circuit::{Circuit, Test};
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

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// Cases alike in what is unknown.
    Shape {
        truths: u64,
        unknown_tests: u64,
        /// Of the facts that tests look at, bit i: nothing is known of the i-th; bit 64 + i: it
        /// is a ratio to be taken from its parts.
        unknown_facts: u128,
        shape: u128,
    },
    /// One case: what is known of each fact that tests look at.
    Spans(Box<[Span]>),
}

/// Answers of one circuit, remembered.
#[derive(Debug, Clone)]
pub struct Session {
    pub(crate) circuit: Arc<Circuit>,
    pub(crate) domains: Arc<[Domain]>,
    /// Answers where every test came out, by position if the tests are few.
    direct: Vec<u32>,
    definite: FxHashMap<u64, u32>,
    indefinite: FxHashMap<Key, u32>,
    shapes: FxHashMap<u128, Option<Vec<ShapeForm>>>,
    gates: Vec<Truth>,
    weighing: Weighing,
}

/// Up to so many tests, their outcomes are a position in a table rather than hashed.
const MOST_DIRECT: usize = 12;

/// Answers for partly known cases remembered at once.
const MOST_INDEFINITE: usize = 65_536;

/// No answer yet.
const OPEN: u32 = u32::MAX;

/// The tests of a circuit, sorted by how much work they are.
#[derive(Debug, Clone, Default)]
struct Weighing {
    /// Tests `fact ≥ bound`, with their bits: nearly all are such.
    single: Vec<(u32, FactId, i64)>,
    /// Positions of the others.
    other: Vec<usize>,
    /// Facts that some test looks at.
    facts: Vec<FactId>,
}

impl Weighing {
    fn of(circuit: &Circuit) -> Self {
        let mut weighing = Self::default();
        for (position, (bit, test)) in (0_u32..).zip(circuit.tests()).enumerate() {
            match test {
                Test::Linear(linear) if !linear.strict && matches!(*linear.terms, [(1, _)]) => {
                    weighing.single.extend(linear.terms.iter().map(|(_, fact)| (bit, *fact, linear.bound)));
                }
                _ => weighing.other.push(position),
            }
            match test {
                Test::Linear(linear) => weighing.facts.extend(linear.terms.iter().map(|(_, fact)| *fact)),
                Test::Ratio { ratio, multiplied, .. } => {
                    weighing.facts.push(*ratio);
                    weighing.facts.extend(multiplied.terms.iter().map(|(_, fact)| *fact));
                }
                Test::Choice { fact, .. } => weighing.facts.push(*fact),
                Test::Member { .. } | Test::Day { .. } => {}
            }
        }
        weighing.facts.sort_unstable();
        weighing.facts.dedup();
        weighing
    }

    /// Bits of the tests that hold for all values in the spans of a case, and for any.
    fn weigh(&self, circuit: &Circuit, case: &Case) -> (u64, u64) {
        let (mut always, mut ever) = (0_u64, 0_u64);
        for (bit, fact, bound) in &self.single {
            let span = case.span(*fact);
            always |= u64::from(span.low >= *bound) << bit;
            ever |= u64::from(span.high >= *bound) << bit;
        }
        for position in &self.other {
            let Some(test) = circuit.tests().get(*position) else { continue };
            let (all, any) = test.holds(case);
            always |= u64::from(all) << position;
            ever |= u64::from(any) << position;
        }
        (always, ever)
    }
}

impl Session {
    /// A session over a specialised circuit; `domains` gives the domain of every fact.
    #[must_use]
    pub fn new(circuit: Arc<Circuit>, domains: Arc<[Domain]>) -> Self {
        Self {
            weighing: Weighing::of(&circuit),
            circuit,
            domains,
            direct: Vec::new(),
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
        let (truths, possible) = self.weighing.weigh(&self.circuit, case);
        let unknown_tests = possible & !truths;
        if unknown_tests == 0 {
            self.definite(truths, judge)
        } else {
            self.indefinite(case, truths, unknown_tests, judge)
        }
    }

    /// Every test came out; bit i of `truths` is test i.
    #[inline]
    pub(crate) fn definite(&mut self, truths: u64, judge: &mut dyn Judge) -> u32 {
        match usize::try_from(truths).ok().and_then(|at| self.direct.get(at)) {
            Some(answer) if *answer != OPEN => *answer,
            _ => self.definite_by_hash(truths, judge),
        }
    }

    fn definite_by_hash(&mut self, truths: u64, judge: &mut dyn Judge) -> u32 {
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
        let tests = self.circuit.tests().len();
        if tests <= MOST_DIRECT {
            self.direct.resize(1 << tests, OPEN);
            if let Some(slot) = usize::try_from(truths).ok().and_then(|at| self.direct.get_mut(at)) {
                *slot = answer;
            }
        } else {
            self.definite.insert(truths, answer);
        }
        answer
    }

    fn indefinite(&mut self, case: &Case, truths: u64, unknown_tests: u64, judge: &mut dyn Judge) -> u32 {
        let key = self.key(case, truths, unknown_tests);
        if let Some(answer) = self.indefinite.get(&key) {
            return *answer;
        }
        let exploration =
            Completions::new(&self.circuit, &self.domains, case).explore(&mut |gates| judge.decide(gates));
        let answer = judge.conclude(&exploration);
        if self.indefinite.len() >= MOST_INDEFINITE {
            self.indefinite.clear();
        }
        self.indefinite.insert(key, answer);
        answer
    }

    /// What the answer for a partly known case depends on.
    fn key(&mut self, case: &Case, truths: u64, unknown_tests: u64) -> Key {
        self.key_by_shape(case, truths, unknown_tests)
            .unwrap_or_else(|| Key::Spans(self.weighing.facts.iter().map(|fact| case.span(*fact)).collect()))
    }

    /// None if some fact is known within bounds of its own: such a case is one of a kind.
    fn key_by_shape(&mut self, case: &Case, truths: u64, unknown_tests: u64) -> Option<Key> {
        let mut unknown_facts = 0_u128;
        for (position, fact) in self.weighing.facts.iter().enumerate() {
            let span = case.span(*fact);
            if span.is_exact() {
                continue;
            }
            let whole = match self.domains.get(fact.index())? {
                Domain::Real(whole) | Domain::Discrete(whole) => *whole,
                Domain::Contextual => continue,
            };
            if position >= 64 || (!span.is_absent() && span != whole) {
                return None;
            }
            unknown_facts |= 1 << if span.is_absent() { 64 + position } else { position };
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
        Some(Key::Shape { truths, unknown_tests, unknown_facts, shape })
    }
}
