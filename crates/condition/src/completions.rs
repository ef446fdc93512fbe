//! What a question hangs on: all ways in which the unknown could turn out.
//!
//! An answer is definite when every completion of what is unknown gives it, and a
//! fact is *missing* when there are two completions that differ in that fact alone
//! and give different answers. Both are decided here exactly.
//!
//! Unknown facts that no test ties together are independent of one another, so they fall
//! into groups, and of a group only its *signatures* matter: which of its tests can hold
//! together ([`Space`]). The walk gives one group after the other a signature and lets
//! Kleene's logic settle what it can. What is then left to decide is a smaller circuit, and
//! the same small circuit is met along many ways, so its outcomes are remembered: the
//! walk is a decision diagram over groups, and its size is that of the law, not the
//! product of all that is unknown.

use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::case::{Case, Domain, Span};
use crate::cells::{Leaf, Space};
use crate::circuit::{Circuit, Test};
use crate::dictionary::FactId;
use crate::truth::Truth;

/// How many partly known cases are looked at before the walk gives up and calls
/// every unknown fact missing. No data on record come near it; a hostile file may.
const BUDGET: usize = 400_000;

/// What was decided for a case: its status, and the number of the whole outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decided {
    /// The status, by which completions are compared.
    pub status: u32,
    /// The outcome with all that belongs to it.
    pub outcome: u32,
}

/// What all completions of a case come to.
#[derive(Debug, Clone, Default)]
pub struct Exploration {
    /// Every status that some completion has.
    pub statuses: BTreeSet<u32>,
    /// Every outcome that some completion has.
    pub outcomes: BTreeSet<u32>,
    /// Facts on which the status hangs, by position.
    pub missing: Vec<FactId>,
    /// Whether the walk gave up; then `missing` may hold facts that do not matter.
    pub exhausted: bool,
}

/// A stretch of values of one fact, and the statuses that the rest leaves possible there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Smallest value, in millionths, rounded down.
    pub low: i64,
    /// Whether the smallest value belongs to the stretch.
    pub low_included: bool,
    /// Largest value, in millionths, rounded down.
    pub high: i64,
    /// Whether the largest value belongs to the stretch.
    pub high_included: bool,
    /// Statuses possible there.
    pub statuses: BTreeSet<u32>,
}

/// A partly known case of one circuit.
pub struct Completions<'a> {
    circuit: &'a Circuit,
    groups: Vec<Group>,
    /// Tests that come out whatever is unknown.
    start: Assigned,
    /// Whether some group has too many cells to look at.
    overflow: bool,
}

/// Unknown facts that tests tie together.
struct Group {
    variables: Vec<FactId>,
    /// Bits of its tests.
    mask: u64,
    /// Every way in which its tests can come out together.
    signatures: Vec<u64>,
    values: Values,
}

enum Values {
    /// Numbers.
    Numbers(Space),
    /// One truth or choice: each value with its signature.
    Words(Vec<(i64, u64)>),
}

/// Outcomes of some tests: bit i is test i.
#[derive(Debug, Clone, Copy)]
struct Assigned {
    mask: u64,
    truths: u64,
}

impl Assigned {
    fn with(self, mask: u64, signature: u64) -> Self {
        Self { mask: self.mask | mask, truths: self.truths | signature }
    }

    fn truth(self, test: usize) -> Truth {
        match (self.mask >> test & 1, self.truths >> test & 1) {
            (0, _) => Truth::Unknown,
            (_, 0) => Truth::False,
            _ => Truth::True,
        }
    }
}

impl Group {
    /// The sets of signatures that one variable can reach, the others staying as they are.
    fn stacks(&self, variable: FactId) -> Option<BTreeSet<Vec<u64>>> {
        let space = match &self.values {
            Values::Numbers(space) if self.variables.len() > 1 => space,
            // One fact alone reaches all of its signatures.
            _ => return Some(BTreeSet::from([self.signatures.clone()])),
        };
        let leaves = space.leaves(&self.order(variable, false))?;
        let beside = |a: &Leaf, b: &Leaf| {
            a.path.split_last().map(|(_, rest)| rest) == b.path.split_last().map(|(_, rest)| rest)
        };
        let stack = |leaves: &[Leaf]| {
            let distinct: BTreeSet<u64> = leaves.iter().map(|leaf| leaf.signature).collect();
            distinct.into_iter().collect::<Vec<u64>>()
        };
        Some(leaves.chunk_by(beside).map(stack).filter(|stack| stack.len() > 1).collect())
    }

    /// Stretches of one variable, each with the signatures that the others leave possible.
    fn stretches(&self, variable: FactId) -> Option<Vec<(Stretch, BTreeSet<u64>)>> {
        let stretch = |low: i64, high: i64, included: bool| Stretch {
            low,
            low_included: included,
            high,
            high_included: included,
            statuses: BTreeSet::new(),
        };
        let space = match &self.values {
            Values::Words(values) => {
                let each = values
                    .iter()
                    .map(|(value, signature)| (stretch(*value, *value, true), BTreeSet::from([*signature])));
                return Some(each.collect());
            }
            Values::Numbers(space) => space,
        };
        let leaves = space.leaves(&self.order(variable, true))?;
        let groups = leaves.chunk_by(|a, b| a.path.first() == b.path.first());
        let found = groups.filter_map(|leaves| {
            let cell = leaves.first()?.path.first()?;
            let signatures = leaves.iter().map(|leaf| leaf.signature).collect();
            Some((stretch(cell.low(), cell.high(), cell.is_point()), signatures))
        });
        Some(found.collect())
    }

    /// All variables, with one of them first or last.
    fn order(&self, variable: FactId, first: bool) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.variables.len()).collect();
        order.sort_by_key(|at| (self.variables.get(*at) == Some(&variable)) != first);
        order
    }
}

impl<'a> Completions<'a> {
    /// The completions of `case`; `domains` gives the domain of every fact by position.
    #[must_use]
    pub fn new(circuit: &'a Circuit, domains: &[Domain], case: &Case) -> Self {
        let mut start = Assigned { mask: 0, truths: 0 };
        let mut ties: Vec<(BTreeSet<FactId>, u64)> = Vec::new();
        for (bit, test) in (0_u32..).zip(circuit.tests()) {
            match test.truth(case) {
                Truth::True => start = start.with(1 << bit, 1 << bit),
                Truth::False => start = start.with(1 << bit, 0),
                Truth::Unknown => {
                    let unknown = test.facts(case).filter(|fact| !case.span(*fact).is_exact());
                    let mut tie: (BTreeSet<FactId>, u64) = (unknown.collect(), 1 << bit);
                    // A test joins the groups of all its unknown facts.
                    ties.retain(|other| {
                        let apart = other.0.is_disjoint(&tie.0);
                        if !apart {
                            tie.0.extend(&other.0);
                            tie.1 |= other.1;
                        }
                        apart
                    });
                    ties.push(tie);
                }
            }
        }
        let is_number = |fact: &FactId| matches!(domains.get(fact.index()), Some(Domain::Real(_)));
        let mut overflow = false;
        let mut groups = Vec::new();
        for (variables, mask) in ties {
            let tests = (0_u32..).zip(circuit.tests()).filter(|(bit, _)| mask >> bit & 1 == 1);
            let variables: Vec<FactId> = variables.into_iter().collect();
            let found = match variables.as_slice() {
                [word] if !is_number(word) => {
                    let values = words(*word, case, tests);
                    let signatures: BTreeSet<u64> = values.iter().map(|(_, signature)| *signature).collect();
                    Some((Values::Words(values), signatures))
                }
                _ => {
                    let linear = tests.filter_map(|(bit, test)| Some((bit, test.linear(case)?)));
                    Space::new(case, &variables, linear).and_then(|space| {
                        let order: Vec<usize> = (0..variables.len()).collect();
                        let leaves = space.leaves(&order)?;
                        let signatures = leaves.iter().map(|leaf| leaf.signature).collect();
                        Some((Values::Numbers(space), signatures))
                    })
                }
            };
            match found {
                Some((values, signatures)) => groups.push(Group {
                    variables,
                    mask,
                    signatures: signatures.into_iter().collect(),
                    values,
                }),
                None => overflow = true,
            }
        }
        // Truths and choices first: each of their values settles most of the tests on numbers.
        groups.sort_by_key(|group| (matches!(group.values, Values::Numbers(_)), group.variables.clone()));
        Self { circuit, groups, start, overflow }
    }

    /// Looks at every cell. `decide` sees the truth of every gate and answers once
    /// they settle the outcome.
    pub fn explore(&self, decide: &mut dyn FnMut(&[Truth]) -> Option<Decided>) -> Exploration {
        let mut walk = Walk::new(self, decide);
        let whole = walk.reach(self.start);
        let mut found = Exploration {
            statuses: whole.statuses.clone(),
            outcomes: whole.outcomes.clone(),
            missing: Vec::new(),
            exhausted: walk.exhausted,
        };
        if found.statuses.len() > 1 || found.exhausted {
            for group in &self.groups {
                for variable in &group.variables {
                    let matters = walk.exhausted || walk.matters(group, *variable);
                    if matters || walk.exhausted {
                        found.missing.push(*variable);
                    }
                }
            }
            found.exhausted = walk.exhausted;
        }
        found
    }

    /// The statuses along one unknown fact, whatever the other unknown facts are.
    pub fn along(&self, fact: FactId, decide: &mut dyn FnMut(&[Truth]) -> Option<Decided>) -> Vec<Stretch> {
        let mut walk = Walk::new(self, decide);
        let Some(group) = self.groups.iter().find(|group| group.variables.contains(&fact)) else {
            return Vec::new();
        };
        let mut stretches: Vec<Stretch> = Vec::new();
        for (mut stretch, signatures) in group.stretches(fact).unwrap_or_default() {
            for signature in signatures {
                let reach = walk.reach(self.start.with(group.mask, signature));
                stretch.statuses.extend(&reach.statuses);
            }
            match stretches.last_mut() {
                Some(last) if last.statuses == stretch.statuses => {
                    last.high = stretch.high;
                    last.high_included = stretch.high_included;
                }
                _ => stretches.push(stretch),
            }
        }
        stretches
    }
}

/// The values of a truth or choice, each with the tests that hold for it.
fn words<'t>(
    fact: FactId,
    case: &Case,
    tests: impl Iterator<Item = (u32, &'t Test)> + Clone,
) -> Vec<(i64, u64)> {
    let span = case.span(fact);
    let mut known = case.clone();
    let each = (span.low..=span.high).map(|value| {
        known.set_span(fact, Span::exactly(value));
        let holds = tests.clone().filter(|(_, test)| test.truth(&known).is_true());
        (value, holds.fold(0, |signature, (bit, _)| signature | 1 << bit))
    });
    each.collect()
}

/// What the completions of a partly known case come to.
#[derive(Debug, Default)]
struct Reach {
    statuses: BTreeSet<u32>,
    outcomes: BTreeSet<u32>,
}

/// What is left to decide: which gates are still open, of those that some output hangs
/// on, and which outputs hold already. Inputs of an open gate that are settled do not
/// matter to it (else it were settled), so this says all that there is to know.
type Rest = Vec<u64>;

struct Walk<'a, 'd> {
    completions: &'a Completions<'a>,
    decide: &'d mut dyn FnMut(&[Truth]) -> Option<Decided>,
    reached: FxHashMap<Rest, Rc<Reach>>,
    gates: Vec<Truth>,
    looked_at: usize,
    exhausted: bool,
}

/// A partly known case after a look at it.
enum Look {
    /// The outcome is settled.
    Decided(Decided),
    /// It is not: what is left, and bits of the tests that still matter.
    Open(Rest, u64),
}

impl<'a, 'd> Walk<'a, 'd> {
    fn new(completions: &'a Completions<'a>, decide: &'d mut dyn FnMut(&[Truth]) -> Option<Decided>) -> Self {
        Self {
            completions,
            decide,
            reached: FxHashMap::default(),
            gates: Vec::new(),
            looked_at: 0,
            exhausted: completions.overflow,
        }
    }

    /// Evaluates the circuit on what is assigned.
    fn look(&mut self, assigned: Assigned) -> Look {
        self.looked_at += 1;
        self.exhausted |= self.looked_at > BUDGET;
        let circuit = self.completions.circuit;
        circuit.evaluate(|test| assigned.truth(test), &mut self.gates);
        if let Some(decided) = (self.decide)(&self.gates) {
            return Look::Decided(decided);
        }
        let (open, tests) = circuit.open(&self.gates);
        Look::Open(open, tests)
    }

    /// All outcomes of the completions of a partly known case.
    fn reach(&mut self, assigned: Assigned) -> Rc<Reach> {
        let (rest, tests) = match self.look(assigned) {
            Look::Decided(Decided { status, outcome }) => {
                return Rc::new(Reach { statuses: [status].into(), outcomes: [outcome].into() });
            }
            Look::Open(rest, tests) => (rest, tests),
        };
        if let Some(known) = self.reached.get(&rest) {
            return Rc::clone(known);
        }
        let completions = self.completions;
        let mut found = Reach::default();
        match completions.groups.iter().find(|group| group.mask & tests & !assigned.mask != 0) {
            Some(group) => {
                for signature in &group.signatures {
                    if self.exhausted {
                        break;
                    }
                    let reach = self.reach(assigned.with(group.mask, *signature));
                    found.statuses.extend(&reach.statuses);
                    found.outcomes.extend(&reach.outcomes);
                }
            }
            // Everything is assigned and nothing is decided: no circuit of ours is such.
            None => self.exhausted = true,
        }
        let found = Rc::new(found);
        self.reached.insert(rest, Rc::clone(&found));
        found
    }

    /// Whether two completions that differ in one variable alone have different statuses.
    fn matters(&mut self, group: &Group, variable: FactId) -> bool {
        let Some(stacks) = group.stacks(variable) else {
            self.exhausted = true;
            return true;
        };
        let mut known = FxHashMap::default();
        self.differs(self.completions.start, group, &stacks, &mut known)
    }

    fn differs(
        &mut self,
        assigned: Assigned,
        group: &Group,
        stacks: &BTreeSet<Vec<u64>>,
        known: &mut FxHashMap<Rest, bool>,
    ) -> bool {
        let Look::Open(rest, tests) = self.look(assigned) else { return false };
        if tests & group.mask == 0 || self.reach(assigned).statuses.len() < 2 {
            return false;
        }
        if let Some(differs) = known.get(&rest) {
            return *differs;
        }
        let completions = self.completions;
        let open = |other: &&Group| other.mask != group.mask && other.mask & tests & !assigned.mask != 0;
        let differs = match completions.groups.iter().find(open) {
            Some(other) => other.signatures.iter().any(|signature| {
                !self.exhausted && self.differs(assigned.with(other.mask, *signature), group, stacks, known)
            }),
            // All else is settled: the signatures that the variable can reach decide.
            None => stacks.iter().any(|stack| {
                let mut statuses = BTreeSet::new();
                for signature in stack {
                    statuses
                        .extend(self.reach(assigned.with(group.mask, *signature)).statuses.iter().copied());
                }
                statuses.len() > 1
            }),
        };
        known.insert(rest, differs);
        differs
    }
}
