//! Tables run in columns: one number a row for its answer.
//!
//! Every test is one pass over one or two columns that sets one bit of the row's key. A
//! row in which all is known is answered by its key. Rows with unknown facts fall into
//! *patterns*, by which of their cells are empty; within a pattern the answer depends on the
//! bits that are left and on the signs of a few linear forms over the known cells
//! ([`shape_forms`]), so rows alike in those are explored once.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::case::{Case, Domain, Span};
use crate::cells::{ShapeForm, shape_forms};
use crate::circuit::{Circuit, Linear, Test};
use crate::dictionary::FactId;
use crate::session::{Judge, Session};
use crate::truth::Truth;

/// One column of a table: the values of a fact in millionths (truth as 0 and 1, a
/// choice as the position of its word), and which rows do not know it.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// The fact.
    pub fact: FactId,
    /// A value for every row, within the range of the fact; where unknown, any value.
    pub values: &'a [i64],
    /// Whether each row's value is unknown; none if all are known.
    pub unknown: Option<&'a [bool]>,
}

impl Column<'_> {
    /// Whether a row does not know its value.
    fn is_empty(&self, row: usize) -> bool {
        self.unknown.and_then(|flags| flags.get(row)).copied().unwrap_or(false)
    }
}

/// Rows handled together, so that their keys stay in the first cache.
const CHUNK: usize = 1_024;

impl Session {
    /// The answers for all rows of a table. Facts without a column are as in `base`.
    ///
    /// `answers` receives one number a row, up to the shortest of the columns and itself.
    pub fn run(&mut self, base: &Case, columns: &[Column<'_>], judge: &mut dyn Judge, answers: &mut [u32]) {
        let rows = columns.iter().map(|column| column.values.len()).min().unwrap_or(0).min(answers.len());
        let program = Program::new(&self.circuit, base, columns, &self.domains);
        let mut table = Table { patterns: FxHashMap::default(), case: base.clone(), columns, program };
        let mut keys = [0_u64; CHUNK];
        let mut open = [false; CHUNK];
        for start in (0..rows).step_by(CHUNK) {
            let range = start..rows.min(start + CHUNK);
            let (Some(answers), Some(keys), Some(open)) =
                (answers.get_mut(range.clone()), keys.get_mut(..range.len()), open.get_mut(..range.len()))
            else {
                return;
            };
            table.program.mark(range.clone(), columns, keys);
            open.fill(!table.program.all_known);
            for flags in columns.iter().filter_map(|column| column.unknown?.get(range.clone())) {
                open.iter_mut().zip(flags).for_each(|(open, flag)| *open |= flag);
            }
            for (row, (answer, (key, open))) in (start..).zip(answers.iter_mut().zip(keys.iter().zip(&*open)))
            {
                *answer =
                    if *open { table.indefinite(self, row, *key, judge) } else { self.definite(*key, judge) };
            }
        }
    }
}

/// A table on its way through.
struct Table<'a> {
    program: Program,
    columns: &'a [Column<'a>],
    /// By which cells are empty.
    patterns: FxHashMap<u64, Option<Pattern>>,
    /// A row written out; facts without a column are as in the base.
    case: Case,
}

impl Table<'_> {
    /// The answer of a row in which something is unknown, in the row or in the base.
    fn indefinite(&mut self, session: &mut Session, row: usize, key: u64, judge: &mut dyn Judge) -> u32 {
        let empty = self.empty(row);
        if !self.patterns.contains_key(&empty) {
            self.write_out(session, row);
            let pattern = Pattern::new(session, &self.case, self.columns, empty);
            self.patterns.insert(empty, pattern);
        }
        if let Some(Some(pattern)) = self.patterns.get_mut(&empty) {
            let key = (key & pattern.known_tests, pattern.shape(row, self.columns));
            if let Some(answer) = pattern.answers.get(&key) {
                return *answer;
            }
            self.write_out(session, row);
            let answer = session.answer(&self.case, judge);
            if let Some(Some(pattern)) = self.patterns.get_mut(&empty) {
                pattern.answers.insert(key, answer);
            }
            return answer;
        }
        self.write_out(session, row);
        session.answer(&self.case, judge)
    }

    /// Which cells of a row are empty: bit i for column i.
    fn empty(&self, row: usize) -> u64 {
        self.columns.iter().rev().fold(0, |empty, column| empty << 1 | u64::from(column.is_empty(row)))
    }

    fn write_out(&mut self, session: &Session, row: usize) {
        for column in self.columns {
            let known =
                column.values.get(row).filter(|_| !column.is_empty(row)).map(|value| Span::exactly(*value));
            let span = known.unwrap_or_else(|| anything(&session.circuit, &session.domains, column.fact));
            self.case.set_span(column.fact, span);
        }
    }
}

/// What an empty cell stands for: a ratio is then taken from its parts.
fn anything(circuit: &Circuit, domains: &[Domain], fact: FactId) -> Span {
    let is_ratio =
        circuit.tests().iter().any(|test| matches!(test, Test::Ratio { ratio, .. } if *ratio == fact));
    match domains.get(fact.index()) {
        _ if is_ratio => Span::ABSENT,
        Some(Domain::Real(span) | Domain::Discrete(span)) => *span,
        _ => Span::exactly(0),
    }
}

/// Rows with the same empty cells.
struct Pattern {
    /// Tests whose bits in the key count.
    known_tests: u64,
    forms: Vec<Form>,
    answers: FxHashMap<(u64, u128), u32>,
}

impl Pattern {
    /// None if the rows of the pattern must be looked at one by one.
    fn new(session: &Session, case: &Case, columns: &[Column<'_>], empty: u64) -> Option<Self> {
        // Then the word of empty cells would not hold them all.
        if columns.len() > 64 {
            return None;
        }
        let circuit = &session.circuit;
        let is_unknown = |fact: FactId| !case.span(fact).is_exact();
        let emptied = |fact: FactId| {
            columns.iter().enumerate().any(|(at, column)| column.fact == fact && empty >> at & 1 == 1)
        };
        let mut known_tests = 0_u64;
        let mut unknown: Vec<FactId> = Vec::new();
        let mut shapes: Vec<ShapeForm> = Vec::new();
        for (bit, test) in (0_u32..).zip(circuit.tests()) {
            let facts = || test.facts(case).filter(|fact| is_unknown(*fact));
            if facts().next().is_some() {
                unknown.extend(facts());
            } else if let (Test::Ratio { ratio, .. }, Some(linear)) = (test, test.linear(case))
                && emptied(*ratio)
            {
                // The key's bit is of the ratio as a column has it; here it follows from its parts.
                shapes.push(ShapeForm::of(linear));
            } else {
                known_tests |= 1 << bit;
            }
        }
        unknown.sort_unstable();
        unknown.dedup();
        shapes.extend(shape_forms(circuit, &session.domains, case, &unknown)?);
        let forms: Vec<Form> = shapes
            .iter()
            .map(|shape| Form::new(shape, case, columns, &session.domains))
            .filter(|form| !form.has_one_sign)
            .collect();
        (forms.len() <= 64).then(|| Self { known_tests, forms, answers: FxHashMap::default() })
    }

    /// The signs of the forms in a row, two bits each.
    fn shape(&self, row: usize, columns: &[Column<'_>]) -> u128 {
        self.forms.iter().fold(0, |shape, form| shape << 2 | u128::from(form.sign(row, columns)))
    }
}

/// A form of which only the sign matters, over columns.
struct Form {
    terms: Vec<(i128, usize)>,
    constant: i128,
    /// The same in 64 bits, where no sum can leave them.
    narrow: Option<(Vec<(i64, usize)>, i64)>,
    /// Whether the sign is the same for all values that the facts may have.
    has_one_sign: bool,
}

impl Form {
    fn new(shape: &ShapeForm, case: &Case, columns: &[Column<'_>], domains: &[Domain]) -> Self {
        let mut terms = Vec::new();
        let mut constant = shape.constant;
        let (mut least, mut most, mut extent) = (0_i128, 0_i128, 0_i128);
        for (coefficient, fact) in &shape.terms {
            match columns.iter().position(|column| column.fact == *fact) {
                Some(column) => {
                    terms.push((*coefficient, column));
                    let Some(Domain::Real(span) | Domain::Discrete(span)) = domains.get(fact.index()) else {
                        continue;
                    };
                    let (low, high) =
                        (coefficient * i128::from(span.low), coefficient * i128::from(span.high));
                    least += low.min(high);
                    most += low.max(high);
                    extent += low.abs().max(high.abs());
                }
                None => constant += coefficient * i128::from(case.span(*fact).low),
            }
        }
        let narrow = || {
            let terms =
                terms.iter().map(|(coefficient, column)| Some((i64::try_from(*coefficient).ok()?, *column)));
            Some((terms.collect::<Option<Vec<_>>>()?, i64::try_from(constant).ok()?))
        };
        let fits = extent + constant.abs() < i128::from(i64::MAX);
        Self {
            narrow: fits.then(narrow).flatten(),
            has_one_sign: least + constant > 0 || most + constant < 0,
            terms,
            constant,
        }
    }

    /// 0 below zero, 1 at zero, 2 above.
    fn sign(&self, row: usize, columns: &[Column<'_>]) -> u8 {
        let value =
            |column: usize| columns.get(column).and_then(|it| it.values.get(row)).copied().unwrap_or(0);
        match &self.narrow {
            Some((terms, constant)) => {
                let sum = terms.iter().fold(*constant, |sum, (coefficient, column)| {
                    sum.wrapping_add(coefficient.wrapping_mul(value(*column)))
                });
                u8::from(sum >= 0) + u8::from(sum > 0)
            }
            None => {
                let sum = self.terms.iter().fold(self.constant, |sum, (coefficient, column)| {
                    sum + coefficient * i128::from(value(*column))
                });
                u8::from(sum >= 0) + u8::from(sum > 0)
            }
        }
    }
}

/// All tests of a circuit, planned for the columns of a table.
struct Program {
    /// Whether no test looks at a fact that the base does not know.
    all_known: bool,
    /// Bits to begin with; a pass turns over those of the rows below its bounds.
    start: u64,
    /// For each column, the tests on it alone.
    thresholds: Vec<(usize, Vec<Threshold>)>,
    /// For each two columns, the tests on them.
    pairs: Vec<((usize, usize), Vec<Pair>)>,
    sums: Vec<Sum>,
    /// Columns of words, each with a bit and the words for which it is set.
    choices: Vec<(usize, u32, u64)>,
}

/// A bit that turns over in rows whose value is below a bound.
#[derive(Clone, Copy)]
struct Threshold {
    bit: u64,
    bound: i64,
}

/// A bit that turns over in rows with `a · first + b · second` below a bound.
#[derive(Clone, Copy)]
struct Pair {
    bit: u64,
    a: i64,
    b: i64,
    bound: i64,
}

/// A bit that is set in rows with `Σ coefficient · column ≥ bound`.
struct Sum {
    bit: u64,
    terms: Vec<(i64, usize)>,
    bound: i64,
}

impl Program {
    fn new(circuit: &Circuit, base: &Case, columns: &[Column<'_>], domains: &[Domain]) -> Self {
        let mut program = Self {
            all_known: true,
            start: 0,
            thresholds: Vec::new(),
            pairs: Vec::new(),
            sums: Vec::new(),
            choices: Vec::new(),
        };
        let column_of = |fact: FactId| columns.iter().position(|column| column.fact == fact);
        for (bit, test) in (0_u32..).zip(circuit.tests()) {
            let linear = match test {
                Test::Linear(linear) => linear,
                Test::Ratio { ratio, multiplied, .. }
                    if column_of(*ratio).is_none() && base.span(*ratio).is_absent() =>
                {
                    multiplied
                }
                Test::Ratio { given, .. } => given,
                Test::Choice { fact, mask } => {
                    match column_of(*fact) {
                        Some(column) => program.choices.push((column, bit, *mask)),
                        None => program.constant(bit, test.truth(base)),
                    }
                    continue;
                }
                Test::Member { .. } | Test::Day { .. } => {
                    program.constant(bit, Truth::Unknown);
                    continue;
                }
            };
            program.linear(bit, linear, base, &column_of, domains);
        }
        program
    }

    fn constant(&mut self, bit: u32, truth: Truth) {
        match truth {
            Truth::True => self.start |= 1 << bit,
            Truth::False => {}
            Truth::Unknown => self.all_known = false,
        }
    }

    fn linear(
        &mut self,
        bit: u32,
        linear: &Linear,
        base: &Case,
        column_of: &dyn Fn(FactId) -> Option<usize>,
        domains: &[Domain],
    ) {
        // On whole numbers, > bound is ≥ bound + 1.
        let mut bound = linear.bound.saturating_add(i64::from(linear.strict));
        let mut terms = Vec::new();
        let (mut least, mut most) = (0_i128, 0_i128);
        for (coefficient, fact) in &linear.terms {
            let span = match (column_of(*fact), domains.get(fact.index())) {
                (Some(column), Some(Domain::Real(span) | Domain::Discrete(span))) => {
                    terms.push((*coefficient, column));
                    *span
                }
                _ => {
                    let span = base.span(*fact);
                    if !span.is_exact() {
                        return self.constant(bit, Truth::Unknown);
                    }
                    bound = bound.saturating_sub(coefficient.saturating_mul(span.low));
                    continue;
                }
            };
            let ends = [span.low, span.high].map(|end| i128::from(*coefficient) * i128::from(end));
            least += ends.into_iter().min().unwrap_or(0);
            most += ends.into_iter().max().unwrap_or(0);
        }
        if terms.is_empty() {
            return self.constant(bit, Truth::from(0 >= bound));
        }
        // A bound beyond what the facts can come to is as good as one just there; then a sum
        // less its bound stays within 64 bits, and its sign says on which side it is.
        let clamped = i128::from(bound).clamp(least, most + 1);
        let fits = most - least < i128::from(i64::MAX);
        let bit = 1 << bit;
        match (terms.as_slice(), i64::try_from(clamped).ok().filter(|_| fits)) {
            ([(coefficient, column)], Some(bound)) if *coefficient > 0 => {
                self.start |= bit;
                let threshold = Threshold { bit, bound: div_ceil(bound, *coefficient) };
                add(&mut self.thresholds, *column, threshold);
            }
            ([(a, first), (b, second)], Some(bound)) => {
                self.start |= bit;
                add(&mut self.pairs, (*first, *second), Pair { bit, a: *a, b: *b, bound });
            }
            _ => self.sums.push(Sum { bit, terms, bound }),
        }
    }

    /// The keys of the rows of `range`.
    fn mark(&self, range: Range<usize>, columns: &[Column<'_>], keys: &mut [u64]) {
        let values =
            |column: usize| columns.get(column).and_then(|it| it.values.get(range.clone())).unwrap_or(&[]);
        keys.fill(self.start);
        for (column, thresholds) in &self.thresholds {
            let values = values(*column);
            let (fours, rest) = thresholds.as_chunks::<4>();
            fours.iter().for_each(|four| turn_below(values, four, keys));
            let (twos, rest) = rest.as_chunks::<2>();
            twos.iter().for_each(|two| turn_below(values, two, keys));
            let (ones, _) = rest.as_chunks::<1>();
            ones.iter().for_each(|one| turn_below(values, one, keys));
        }
        for (column, bit, mask) in &self.choices {
            keys.iter_mut()
                .zip(values(*column))
                .for_each(|(key, value)| *key |= (mask >> (value & 63) & 1) << bit);
        }
        // INVARIANT: the ranges of the facts keep sums within 64 bits.
        for ((first, second), pairs) in &self.pairs {
            let (first, second) = (values(*first), values(*second));
            let (fours, rest) = pairs.as_chunks::<4>();
            fours.iter().for_each(|four| turn_sums_below(first, second, four, keys));
            let (twos, rest) = rest.as_chunks::<2>();
            twos.iter().for_each(|two| turn_sums_below(first, second, two, keys));
            let (ones, _) = rest.as_chunks::<1>();
            ones.iter().for_each(|one| turn_sums_below(first, second, one, keys));
        }
        for Sum { bit, terms, bound } in &self.sums {
            for (offset, key) in keys.iter_mut().enumerate() {
                let sum = terms.iter().fold(0_i64, |sum, (coefficient, column)| {
                    let value = values(*column).get(offset).copied().unwrap_or(0);
                    sum.wrapping_add(coefficient.wrapping_mul(value))
                });
                *key |= if sum >= *bound { *bit } else { 0 };
            }
        }
    }
}

/// Turns bits over where the value is below their bounds.
#[inline]
fn turn_below<const N: usize>(values: &[i64], thresholds: &[Threshold; N], keys: &mut [u64]) {
    let thresholds = *thresholds;
    for (key, value) in keys.iter_mut().zip(values) {
        for Threshold { bit, bound } in thresholds {
            *key ^= below(*value, bound) & bit;
        }
    }
}

/// Turns bits over where weighted sums are below their bounds.
#[inline]
fn turn_sums_below<const N: usize>(first: &[i64], second: &[i64], pairs: &[Pair; N], keys: &mut [u64]) {
    let pairs = *pairs;
    for (key, (x, y)) in keys.iter_mut().zip(first.iter().zip(second)) {
        for Pair { bit, a, b, bound } in pairs {
            let sum = a.wrapping_mul(*x).wrapping_add(b.wrapping_mul(*y));
            *key ^= below(sum, bound) & bit;
        }
    }
}

/// Adds an item to those of a key.
fn add<K: PartialEq, T>(groups: &mut Vec<(K, Vec<T>)>, key: K, item: T) {
    match groups.iter_mut().find(|(other, _)| *other == key) {
        Some((_, items)) => items.push(item),
        None => groups.push((key, vec![item])),
    }
}

/// All bits if a number is below a bound, else none, without a branch: their difference
/// must fit 64 bits, and its sign is spread over the word.
#[inline]
const fn below(value: i64, bound: i64) -> u64 {
    (value.wrapping_sub(bound) >> 63).cast_unsigned()
}

const fn div_ceil(a: i64, b: i64) -> i64 {
    // Neither end of 64 bits is met: the bound was clamped to what the facts can come to.
    -(-a).div_euclid(b)
}
