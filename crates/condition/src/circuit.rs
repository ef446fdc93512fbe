//! [`Circuit`]: conditions compiled to shared tests and gates.
//!
//! All conditions of a day and a jurisdiction are compiled into one circuit in
//! which every comparison occurs once. A circuit is then *specialised* for a
//! transaction: what depends on places, days and names becomes constant, and what
//! is left are tests of the item's measures. Tests are linear forms over whole
//! numbers, so they can be evaluated exactly, run over columns, bounded over
//! intervals, and read as constraints.

use narrows_quantity::Decimal;
use rustc_hash::FxHashMap;

use jiff::civil::Date;

use crate::case::{Case, Span};
use crate::dictionary::{Dictionary, FactId, FactType};
use crate::tree::{Comparison, Node, Operator};
use crate::truth::Truth;

/// A gate of a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GateId(u32);

impl GateId {
    /// The position, for tables indexed by gate.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// How a gate is computed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Gate {
    /// Always the same.
    Constant(bool),
    /// The outcome of a test, by position.
    Test(usize),
    /// Negation.
    Not(GateId),
    /// Conjunction.
    All(Box<[GateId]>),
    /// Disjunction.
    Any(Box<[GateId]>),
}

/// `Σ coefficient · fact ≥ bound`, or `>` when strict, in whole numbers.
///
/// A fact counts in millionths (truth as 0 and 1); coefficients and bound are
/// scaled so that nothing is rounded, and the ranges of the facts guarantee that
/// no sum leaves 64 bits (checked when the test is made).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Linear {
    /// Coefficient and fact.
    pub terms: Box<[(i64, FactId)]>,
    /// The bound.
    pub bound: i64,
    /// Whether the bound itself is excluded.
    pub strict: bool,
}

/// What a circuit tests.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// A linear inequality.
    Linear(Linear),
    /// An inequality of a ratio: on the ratio itself where it is given, otherwise
    /// multiplied out.
    Ratio {
        /// The ratio.
        ratio: FactId,
        /// The test when the ratio is given.
        given: Linear,
        /// The test on numerator and denominator.
        multiplied: Linear,
    },
    /// A choice is one of the words of a mask (bit = position of the word).
    Choice {
        /// The fact.
        fact: FactId,
        /// Which words.
        mask: u64,
    },
    /// A contextual fact is one of a set of names or places.
    Member {
        /// The fact.
        fact: FactId,
        /// The set.
        items: Vec<String>,
    },
    /// A day compared with another.
    Day {
        /// The fact.
        fact: FactId,
        /// The operator.
        operator: Operator,
        /// The day.
        day: Date,
    },
}

/// What a test turns out to be when a circuit is specialised.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Settled {
    /// It stays a test.
    Kept,
    /// Known.
    Constant(bool),
    /// It hangs on an open question: any of the literals makes it true.
    Open(Vec<Literal>),
}

/// An open question or its negation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Literal {
    /// The question.
    pub question: FactId,
    /// Whether the answer *yes* makes the literal true.
    pub positive: bool,
}

/// Why a condition could not be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CircuitError {
    /// Numbers too large for exact 64-bit arithmetic.
    #[error(
        "the comparison with {threshold} can leave exact 64-bit arithmetic within the ranges of its facts"
    )]
    Overflow {
        /// The threshold.
        threshold: Decimal,
    },
    /// More than 64 tests of measures in one transaction.
    #[error("{found} different tests of measures apply at once; columns run at most 64")]
    TooManyTests {
        /// How many.
        found: usize,
    },
}

/// Shared tests and gates; gates refer only to gates before them.
#[derive(Debug, Clone, Default)]
pub struct Circuit {
    tests: Vec<Test>,
    gates: Vec<Gate>,
    test_index: FxHashMap<Test, usize>,
    gate_index: FxHashMap<Gate, GateId>,
    /// Gates that somebody outside looks at, once the circuit is specialised.
    outputs: Vec<GateId>,
}

impl Circuit {
    /// An empty circuit.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All tests.
    #[must_use]
    pub fn tests(&self) -> &[Test] {
        &self.tests
    }

    fn gate(&mut self, gate: Gate) -> GateId {
        if let Some(id) = self.gate_index.get(&gate) {
            return *id;
        }
        let id = GateId(u32::try_from(self.gates.len()).unwrap_or(u32::MAX));
        self.gates.push(gate.clone());
        self.gate_index.insert(gate, id);
        id
    }

    /// The gate that is always `value`.
    pub fn constant(&mut self, value: bool) -> GateId {
        self.gate(Gate::Constant(value))
    }

    /// The gate of a test.
    pub fn test(&mut self, test: Test) -> GateId {
        let position = match self.test_index.get(&test) {
            Some(position) => *position,
            None => {
                let position = self.tests.len();
                self.tests.push(test.clone());
                self.test_index.insert(test, position);
                position
            }
        };
        self.gate(Gate::Test(position))
    }

    /// Negation.
    pub fn not(&mut self, inner: GateId) -> GateId {
        match self.gates.get(inner.index()) {
            Some(Gate::Constant(value)) => {
                let value = !*value;
                self.constant(value)
            }
            Some(Gate::Not(original)) => *original,
            _ => self.gate(Gate::Not(inner)),
        }
    }

    /// Conjunction.
    pub fn all(&mut self, parts: impl IntoIterator<Item = GateId>) -> GateId {
        self.combine(parts, true)
    }

    /// Disjunction.
    pub fn any(&mut self, parts: impl IntoIterator<Item = GateId>) -> GateId {
        self.combine(parts, false)
    }

    fn combine(&mut self, parts: impl IntoIterator<Item = GateId>, all: bool) -> GateId {
        let mut kept: Vec<GateId> = Vec::new();
        for part in parts {
            match self.gates.get(part.index()) {
                // The neutral element changes nothing, its opposite decides.
                Some(Gate::Constant(value)) if *value == all => {}
                Some(Gate::Constant(_)) => return self.constant(!all),
                Some(Gate::All(inner)) if all => kept.extend(inner.iter()),
                Some(Gate::Any(inner)) if !all => kept.extend(inner.iter()),
                _ => kept.push(part),
            }
        }
        kept.sort_unstable();
        kept.dedup();
        match kept.as_slice() {
            [] => self.constant(all),
            [only] => *only,
            _ if all => self.gate(Gate::All(kept.into_boxed_slice())),
            _ => self.gate(Gate::Any(kept.into_boxed_slice())),
        }
    }

    /// Compiles a node of a typed tree. `provision` gives the gate of a provision that
    /// the node names, and `presumed` the gate of a presumption that makes a
    /// fact true whatever is given.
    ///
    /// # Errors
    /// [`CircuitError::Overflow`].
    pub fn compile(
        &mut self,
        node: &Node,
        dictionary: &Dictionary,
        provision: &dyn Fn(&str) -> GateId,
        presumed: &dyn Fn(FactId) -> Option<GateId>,
    ) -> Result<GateId, CircuitError> {
        Ok(match node {
            Node::Constant(value) => self.constant(*value),
            Node::Truth(fact) => {
                let own = self.test(truth_test(*fact));
                match presumed(*fact) {
                    Some(gate) => self.any([own, gate]),
                    None => own,
                }
            }
            Node::Member(membership) => match &dictionary.fact(membership.fact).kind {
                FactType::Choice { values } => {
                    let mask = values
                        .iter()
                        .zip(0_u32..)
                        .filter(|((word, _), _)| membership.items.contains(word))
                        .fold(0_u64, |mask, (_, bit)| mask | 1 << bit);
                    self.test(Test::Choice { fact: membership.fact, mask })
                }
                _ => self.test(Test::Member { fact: membership.fact, items: membership.items.clone() }),
            },
            Node::Day(comparison) => self.test(Test::Day {
                fact: comparison.fact,
                operator: comparison.operator,
                day: comparison.day,
            }),
            Node::Compare(comparison) => {
                let at_least = |strict| inequality(comparison, dictionary, strict);
                match comparison.operator {
                    Operator::AtLeast => self.test(at_least(false)?),
                    Operator::Above => self.test(at_least(true)?),
                    Operator::AtMost => {
                        let above = self.test(at_least(true)?);
                        self.not(above)
                    }
                    Operator::Below => {
                        let at_least = self.test(at_least(false)?);
                        self.not(at_least)
                    }
                    Operator::Equal | Operator::Unequal => {
                        let reaches = self.test(at_least(false)?);
                        let exceeds = self.test(at_least(true)?);
                        let not_above = self.not(exceeds);
                        let equal = self.all([reaches, not_above]);
                        if comparison.operator == Operator::Equal { equal } else { self.not(equal) }
                    }
                }
            }
            Node::Provision(id) => provision(id),
            Node::Not(inner) => {
                let inner = self.compile(inner, dictionary, provision, presumed)?;
                self.not(inner)
            }
            Node::Limb { node, .. } => self.compile(node, dictionary, provision, presumed)?,
            Node::All(parts) | Node::Any(parts) => {
                let mut gates = Vec::with_capacity(parts.len());
                for part in parts {
                    gates.push(self.compile(part, dictionary, provision, presumed)?);
                }
                if matches!(node, Node::All(_)) { self.all(gates) } else { self.any(gates) }
            }
        })
    }

    /// The circuit with tests settled as `settle` says, restricted to what `outputs`
    /// need, and the gates of the outputs in it.
    ///
    /// # Errors
    /// [`CircuitError::TooManyTests`] if more than 64 tests are left.
    pub fn specialise(
        &self,
        outputs: &[GateId],
        settle: &mut dyn FnMut(&Test) -> Settled,
    ) -> Result<(Self, Vec<GateId>), CircuitError> {
        let needed = self.needed_by(outputs);
        let mut special = Self::new();
        let fallback = special.constant(false);
        let mut images: Vec<GateId> = Vec::with_capacity(self.gates.len());
        for (gate, needed) in self.gates.iter().zip(&needed) {
            if !needed {
                images.push(fallback);
                continue;
            }
            let image = |id: &GateId| images.get(id.index()).copied().unwrap_or(fallback);
            let gate = match gate {
                Gate::Constant(value) => special.constant(*value),
                Gate::Test(position) => match self.tests.get(*position) {
                    Some(test) => match settle(test) {
                        Settled::Kept => special.test(test.clone()),
                        Settled::Constant(value) => special.constant(value),
                        Settled::Open(literals) => {
                            let mut gates = Vec::with_capacity(literals.len());
                            for literal in literals {
                                let gate = special.test(truth_test(literal.question));
                                gates.push(if literal.positive { gate } else { special.not(gate) });
                            }
                            special.any(gates)
                        }
                    },
                    None => fallback,
                },
                Gate::Not(inner) => {
                    let inner = image(inner);
                    special.not(inner)
                }
                Gate::All(parts) => {
                    let parts: Vec<_> = parts.iter().map(image).collect();
                    special.all(parts)
                }
                Gate::Any(parts) => {
                    let parts: Vec<_> = parts.iter().map(image).collect();
                    special.any(parts)
                }
            };
            images.push(gate);
        }
        let outputs: Vec<GateId> =
            outputs.iter().map(|id| images.get(id.index()).copied().unwrap_or(fallback)).collect();
        let (special, outputs) = special.swept(&outputs);
        if special.tests.len() > 64 {
            return Err(CircuitError::TooManyTests { found: special.tests.len() });
        }
        Ok((special, outputs))
    }

    /// Which gates the outputs rest on.
    fn needed_by(&self, outputs: &[GateId]) -> Vec<bool> {
        let mut needed = vec![false; self.gates.len()];
        let mark = |id: &GateId, needed: &mut Vec<bool>| {
            if let Some(flag) = needed.get_mut(id.index()) {
                *flag = true;
            }
        };
        outputs.iter().for_each(|output| mark(output, &mut needed));
        // Gates refer backwards only, so one pass from the end reaches everything.
        for (position, gate) in self.gates.iter().enumerate().rev() {
            if needed.get(position) == Some(&true) {
                gate.inputs().iter().for_each(|input| mark(input, &mut needed));
            }
        }
        needed
    }

    /// The same circuit without tests and gates that no output needs.
    fn swept(&self, outputs: &[GateId]) -> (Self, Vec<GateId>) {
        let needed = self.needed_by(outputs);
        let mut swept = Self::new();
        let mut images = vec![GateId(0); self.gates.len()];
        for (position, gate) in self.gates.iter().enumerate() {
            if needed.get(position) != Some(&true) {
                continue;
            }
            let image = |id: &GateId| images.get(id.index()).copied().unwrap_or(GateId(0));
            let id = match gate {
                Gate::Constant(value) => swept.constant(*value),
                Gate::Test(test) => match self.tests.get(*test) {
                    Some(test) => swept.test(test.clone()),
                    None => swept.constant(false),
                },
                Gate::Not(inner) => {
                    let inner = image(inner);
                    swept.gate(Gate::Not(inner))
                }
                Gate::All(parts) => swept.gate(Gate::All(parts.iter().map(image).collect())),
                Gate::Any(parts) => swept.gate(Gate::Any(parts.iter().map(image).collect())),
            };
            if let Some(slot) = images.get_mut(position) {
                *slot = id;
            }
        }
        let outputs: Vec<GateId> =
            outputs.iter().map(|id| images.get(id.index()).copied().unwrap_or(GateId(0))).collect();
        swept.outputs.clone_from(&outputs);
        swept.outputs.sort_unstable();
        swept.outputs.dedup();
        (swept, outputs)
    }

    /// Computes all gates from the outcomes of the tests.
    pub fn evaluate(&self, test: impl Fn(usize) -> Truth, gates: &mut Vec<Truth>) {
        gates.clear();
        for gate in &self.gates {
            let at = |id: &GateId| gates.get(id.index()).copied().unwrap_or(Truth::Unknown);
            let truth = match gate {
                Gate::Constant(value) => Truth::from(*value),
                Gate::Test(position) => test(*position),
                Gate::Not(inner) => !at(inner),
                Gate::All(parts) => parts.iter().map(at).fold(Truth::True, Truth::and),
                Gate::Any(parts) => parts.iter().map(at).fold(Truth::False, Truth::or),
            };
            gates.push(truth);
        }
    }

    /// What is left to decide for a partly known case whose gates are `gates`: bits of the
    /// gates that are open and that some output hangs on, then bits of the outputs that
    /// hold; and bits of the tests among those gates. Two cases with equal bits are
    /// completed alike: the settled inputs of an open gate cannot matter to it.
    #[must_use]
    pub(crate) fn open(&self, gates: &[Truth]) -> (Vec<u64>, u64) {
        let words = self.gates.len().div_ceil(64);
        let mut bits = vec![0_u64; words + self.outputs.len().div_ceil(64)];
        let is_open = |id: &GateId| gates.get(id.index()).is_some_and(|truth| truth.is_unknown());
        let mut set = |at: usize| {
            if let Some(word) = bits.get_mut(at / 64) {
                *word |= 1 << (at % 64);
            }
        };
        let mut live = vec![false; self.gates.len()];
        let mark = |id: &GateId, live: &mut Vec<bool>| {
            if let Some(flag) = live.get_mut(id.index())
                && is_open(id)
            {
                *flag = true;
            }
        };
        for output in &self.outputs {
            mark(output, &mut live);
        }
        let mut tests = 0;
        for (position, gate) in self.gates.iter().enumerate().rev() {
            if live.get(position) != Some(&true) {
                continue;
            }
            set(position);
            if let Gate::Test(test) = gate {
                tests |= 1 << test;
            }
            gate.inputs().iter().for_each(|input| mark(input, &mut live));
        }
        for (at, output) in self.outputs.iter().enumerate() {
            if gates.get(output.index()).is_some_and(|truth| truth.is_true()) {
                set(words * 64 + at);
            }
        }
        (bits, tests)
    }
}

impl Gate {
    fn inputs(&self) -> &[GateId] {
        match self {
            Self::Constant(_) | Self::Test(_) => &[],
            Self::Not(inner) => std::slice::from_ref(inner),
            Self::All(parts) | Self::Any(parts) => parts,
        }
    }
}

impl Linear {
    /// The outcome on the spans of a case.
    #[must_use]
    pub fn truth(&self, case: &Case) -> Truth {
        let (always, ever) = self.holds(case);
        Truth::of(always, ever)
    }

    /// Whether it holds for all values in the spans of a case, and whether for any. There
    /// is no branch on what is compared: the outcomes of a table's rows are past guessing.
    #[inline]
    fn holds(&self, case: &Case) -> (bool, bool) {
        let (mut low, mut high) = (0_i64, 0_i64);
        for (coefficient, fact) in &self.terms {
            let Span { low: least, high: most } = case.span(*fact);
            // INVARIANT: `linear` checked that no sum within the ranges of the facts overflows.
            let (a, b) = (coefficient.wrapping_mul(least), coefficient.wrapping_mul(most));
            low = low.wrapping_add(a.min(b));
            high = high.wrapping_add(a.max(b));
        }
        (self.passes(low), self.passes(high))
    }

    /// Whether a sum satisfies the inequality.
    #[must_use]
    pub const fn passes(&self, sum: i64) -> bool {
        (sum > self.bound) | (!self.strict & (sum == self.bound))
    }
}

impl Test {
    /// The outcome on the spans of a case. Contextual tests are settled elsewhere
    /// and are unknown here.
    #[must_use]
    pub fn truth(&self, case: &Case) -> Truth {
        let (always, ever) = self.holds(case);
        Truth::of(always, ever)
    }

    /// Whether it holds for all values in the spans of a case, and whether for any.
    #[inline]
    pub(crate) fn holds(&self, case: &Case) -> (bool, bool) {
        match self {
            Self::Linear(linear) => linear.holds(case),
            Self::Ratio { ratio, given, multiplied } => {
                if case.span(*ratio).is_absent() {
                    multiplied.holds(case)
                } else {
                    given.holds(case)
                }
            }
            Self::Choice { fact, mask } => {
                let span = case.span(*fact);
                let mut inside = (span.low..=span.high).map(|value| mask >> value & 1 == 1);
                (inside.clone().all(|is_in| is_in), inside.any(|is_in| is_in))
            }
            Self::Member { .. } | Self::Day { .. } => (false, true),
        }
    }

    /// The linear form that applies to a case, if the test is one.
    #[must_use]
    pub fn linear(&self, case: &Case) -> Option<&Linear> {
        match self {
            Self::Linear(linear) => Some(linear),
            Self::Ratio { ratio, given, multiplied } => {
                Some(if case.span(*ratio).is_absent() { multiplied } else { given })
            }
            _ => None,
        }
    }

    /// The facts it looks at in a case.
    pub fn facts(&self, case: &Case) -> impl Iterator<Item = FactId> {
        let linear = self.linear(case).map(|linear| linear.terms.iter().map(|(_, fact)| *fact));
        let choice = match self {
            Self::Choice { fact, .. } => Some(*fact),
            _ => None,
        };
        linear.into_iter().flatten().chain(choice)
    }
}

fn truth_test(fact: FactId) -> Test {
    Test::Linear(Linear { terms: Box::new([(1, fact)]), bound: 1, strict: false })
}

/// `Σ terms ≥ threshold` (or `>`), scaled to whole numbers.
fn inequality(comparison: &Comparison, dictionary: &Dictionary, strict: bool) -> Result<Test, CircuitError> {
    let overflow = || CircuitError::Overflow { threshold: comparison.threshold };
    let terms: Vec<(Decimal, FactId)> =
        comparison.terms.iter().map(|term| (term.coefficient, term.fact)).collect();
    let plain = linear(&terms, comparison.threshold, strict, dictionary).ok_or_else(overflow)?;
    if let [(_, fact)] = terms.as_slice()
        && let FactType::Ratio { numerator, denominator, .. } = dictionary.fact(*fact).kind
    {
        // n / d ≥ t with d > 0 is n − t·d ≥ 0.
        let parts = [(Decimal::ONE, numerator), (comparison.threshold.negated(), denominator)];
        let multiplied = linear(&parts, Decimal::ZERO, strict, dictionary).ok_or_else(overflow)?;
        return Ok(Test::Ratio { ratio: *fact, given: plain, multiplied });
    }
    Ok(Test::Linear(plain))
}

fn linear(
    terms: &[(Decimal, FactId)],
    threshold: Decimal,
    strict: bool,
    dictionary: &Dictionary,
) -> Option<Linear> {
    // Coefficients count in millionths as facts do, so the bound counts in their product.
    let bound = i128::from(threshold.millionths()) * i128::from(Decimal::SCALE);
    let mut divisor = bound.unsigned_abs();
    for (coefficient, _) in terms {
        divisor = greatest_common_divisor(divisor, u128::from(coefficient.millionths().unsigned_abs()));
    }
    let divisor = i128::try_from(divisor.max(1)).ok()?;
    let bound = i64::try_from(bound / divisor).ok()?;
    let mut extent: i128 = 0;
    let mut scaled = Vec::with_capacity(terms.len());
    for (coefficient, fact) in terms {
        let coefficient = i64::try_from(i128::from(coefficient.millionths()) / divisor).ok()?;
        let range = dictionary.fact(*fact).range()?;
        let largest = range.low().millionths().unsigned_abs().max(range.high().millionths().unsigned_abs());
        extent = extent.checked_add(i128::from(coefficient).abs().checked_mul(i128::from(largest))?)?;
        scaled.push((coefficient, *fact));
    }
    (extent < i128::from(i64::MAX)).then(|| Linear { terms: scaled.into_boxed_slice(), bound, strict })
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
