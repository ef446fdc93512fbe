//! Cells: pieces of a space of unknown numbers in each of which every test has one outcome.
//!
//! The linear forms of the tests cut the space into finitely many cells (a cylindrical
//! decomposition: forms are projected one variable at a time, and sample points are
//! lifted back). One point of each cell is looked at, in exact rationals, so that no
//! outcome is overlooked, however thin the piece in which it occurs.

use std::collections::BTreeSet;
use std::ops::Range;

use num_integer::Integer;
use num_rational::Ratio;

use crate::case::{Case, Domain, Span};
use crate::circuit::{Circuit, Linear};
use crate::dictionary::FactId;

/// A number between the millionths: exact, so that no cell is overlooked.
type Number = Ratio<i128>;

/// How many cells of one group of numbers are looked at before it is given up. Only sums
/// over many unknown numbers at once come near it.
const MOST_CELLS: usize = 100_000;

fn whole(value: i64) -> Number {
    Number::from_integer(i128::from(value))
}

fn floor(number: &Number) -> i128 {
    number.numer().div_floor(number.denom())
}

/// A number between two others, the simplest at hand: mostly a whole one.
fn between(low: &Number, high: &Number) -> Option<Number> {
    let next = Number::from_integer(floor(low) + 1);
    if next < *high {
        return Some(next);
    }
    let sum = low.numer().checked_mul(*high.denom())?.checked_add(high.numer().checked_mul(*low.denom())?)?;
    Some(Number::new(sum, low.denom().checked_mul(*high.denom())?.checked_mul(2)?))
}

/// A point, or all numbers strictly between two, with one number to stand for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    low: Number,
    high: Number,
    sample: Number,
}

impl Cell {
    const fn point(value: Number) -> Self {
        Self { low: value, high: value, sample: value }
    }

    pub(crate) fn is_point(&self) -> bool {
        self.low == self.high
    }

    /// Smallest value, rounded down.
    pub(crate) fn low(&self) -> i64 {
        i64::try_from(floor(&self.low)).unwrap_or(i64::MAX)
    }

    /// Largest value, rounded down.
    pub(crate) fn high(&self) -> i64 {
        i64::try_from(floor(&self.high)).unwrap_or(i64::MAX)
    }
}

/// `Σ coefficients · variables + constant`, over some variables in their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Form {
    coefficients: Vec<i128>,
    constant: i128,
}

impl Form {
    /// The form of a test less its bound, over variables found by `slot`; `known` gives the
    /// values of all other facts.
    fn of(
        linear: &Linear,
        count: usize,
        slot: impl Fn(FactId) -> Option<usize>,
        known: impl Fn(FactId) -> i64,
    ) -> Option<Self> {
        let mut form = Self { coefficients: vec![0; count], constant: -i128::from(linear.bound) };
        for (coefficient, fact) in &linear.terms {
            let coefficient = i128::from(*coefficient);
            match slot(*fact).and_then(|at| form.coefficients.get_mut(at)) {
                Some(slot) => *slot = slot.checked_add(coefficient)?,
                None => {
                    let known = coefficient.checked_mul(i128::from(known(*fact)))?;
                    form.constant = form.constant.checked_add(known)?;
                }
            }
        }
        Some(form)
    }

    /// The last variable it involves.
    fn top(&self) -> Option<usize> {
        self.coefficients.iter().rposition(|coefficient| *coefficient != 0)
    }

    fn coefficient(&self, at: usize) -> i128 {
        self.coefficients.get(at).copied().unwrap_or(0)
    }

    /// `self · b − other · a`, in which variable `at` no longer occurs.
    fn without(&self, other: &Self, at: usize) -> Option<Self> {
        let (a, b) = (self.coefficient(at), other.coefficient(at));
        let eliminate = |x: i128, y: i128| x.checked_mul(b)?.checked_sub(y.checked_mul(a)?);
        let pairs = self.coefficients.iter().zip(&other.coefficients);
        let coefficients = pairs.map(|(x, y)| eliminate(*x, *y)).collect::<Option<Vec<_>>>()?;
        Some(Self { coefficients, constant: eliminate(self.constant, other.constant)? }.normalised())
    }

    /// The two forms that are zero at the ends of the span of variable `at`.
    fn ends(span: Span, at: usize, count: usize) -> impl Iterator<Item = Self> {
        [span.low, span.high].into_iter().map(move |end| {
            let mut coefficients = vec![0; count];
            if let Some(slot) = coefficients.get_mut(at) {
                *slot = 1;
            }
            Self { coefficients, constant: -i128::from(end) }
        })
    }

    /// Divided by the greatest common divisor and with a positive leading coefficient, so
    /// that equal zero sets are equal forms.
    fn normalised(mut self) -> Self {
        let lead = self.top().map_or(1, |top| self.coefficient(top));
        let divisor = self.coefficients.iter().fold(self.constant, |divisor, number| divisor.gcd(number));
        let divisor = if lead < 0 { -divisor } else { divisor };
        if divisor != 0 {
            self.coefficients.iter_mut().for_each(|coefficient| *coefficient /= divisor);
            self.constant /= divisor;
        }
        self
    }

    /// Numerator and positive denominator of its value without variable `at`, for values of
    /// the others: not reduced, since mostly only the sign is asked for.
    fn rest(&self, at: Option<usize>, values: &[Number]) -> Option<(i128, i128)> {
        let (mut numerator, mut denominator) = (self.constant, 1_i128);
        for (position, coefficient) in self.coefficients.iter().enumerate() {
            if Some(position) != at && *coefficient != 0 {
                let value = values.get(position)?;
                let product = coefficient.checked_mul(*value.numer())?.checked_mul(denominator)?;
                numerator = numerator.checked_mul(*value.denom())?.checked_add(product)?;
                denominator = denominator.checked_mul(*value.denom())?;
            }
        }
        Some((numerator, denominator))
    }

    /// Where it is zero, for values of the variables before its last, `at`.
    fn root(&self, at: usize, values: &[Number]) -> Option<Number> {
        let (numerator, denominator) = self.rest(Some(at), values)?;
        Some(Number::new(numerator.checked_neg()?, denominator.checked_mul(self.coefficient(at))?))
    }
}

/// Eliminates the variables of a range from the last to the first: for each, the forms
/// in which it is the last variable, and the forms without any of them that are left.
/// None if the numbers outgrow 128 bits.
fn eliminate(mut forms: BTreeSet<Form>, variables: Range<usize>) -> Option<(Vec<Vec<Form>>, BTreeSet<Form>)> {
    let mut levels = vec![Vec::new(); variables.len()];
    for (at, level) in variables.zip(&mut levels).rev() {
        let (here, mut rest): (BTreeSet<Form>, BTreeSet<Form>) =
            forms.into_iter().partition(|form| form.top() == Some(at));
        level.extend(here);
        // Below the first variable there is nothing that a form could still be about.
        let pairs = if at == 0 { &[] } else { level.as_slice() };
        for (index, first) in pairs.iter().enumerate() {
            for second in pairs.iter().skip(index + 1) {
                let eliminated = first.without(second, at)?;
                if eliminated.top().is_some() {
                    rest.insert(eliminated);
                }
            }
        }
        forms = rest;
    }
    Some((levels, forms))
}

/// Unknown numbers that tests tie together, and those tests.
#[derive(Debug, Clone)]
pub(crate) struct Space {
    spans: Vec<Span>,
    inequalities: Vec<Inequality>,
}

/// A test over the variables of a space: the form is at least zero, or above it.
#[derive(Debug, Clone)]
struct Inequality {
    bit: u32,
    form: Form,
    strict: bool,
}

/// A cell of a space: for every variable in the order asked for, where it lies above the
/// ones before it; and the tests that hold there, as bits.
pub(crate) struct Leaf {
    pub(crate) path: Vec<Cell>,
    pub(crate) signature: u64,
}

impl Space {
    /// The space of `variables`, with every other fact of the tests as in `case`.
    pub(crate) fn new<'t>(
        case: &Case,
        variables: &[FactId],
        tests: impl Iterator<Item = (u32, &'t Linear)>,
    ) -> Option<Self> {
        let slot = |fact: FactId| variables.iter().position(|variable| *variable == fact);
        let inequalities = tests.map(|(bit, linear)| {
            let form = Form::of(linear, variables.len(), slot, |fact| case.span(fact).low)?;
            Some(Inequality { bit, form, strict: linear.strict })
        });
        Some(Self {
            spans: variables.iter().map(|fact| case.span(*fact)).collect(),
            inequalities: inequalities.collect::<Option<_>>()?,
        })
    }

    /// All cells, with the variables in the given order (positions among those of the
    /// space). None if there are too many, or numbers outgrow 128 bits.
    pub(crate) fn leaves(&self, order: &[usize]) -> Option<Vec<Leaf>> {
        let reorder = |form: &Form| Form {
            coefficients: order.iter().map(|at| form.coefficient(*at)).collect(),
            constant: form.constant,
        };
        let spans: Vec<Span> = order.iter().filter_map(|at| self.spans.get(*at).copied()).collect();
        let inequalities: Vec<Inequality> = self
            .inequalities
            .iter()
            .map(|test| Inequality { form: reorder(&test.form), ..test.clone() })
            .collect();
        let mut forms: BTreeSet<Form> =
            inequalities.iter().map(|test| test.form.clone().normalised()).collect();
        for (at, span) in spans.iter().enumerate() {
            forms.extend(Form::ends(*span, at, spans.len()));
        }
        let (levels, _) = eliminate(forms, 0..spans.len())?;
        let mut walk = Walk {
            spans,
            levels,
            tests: Vec::new(),
            path: Vec::new(),
            values: Vec::new(),
            found: Vec::new(),
        };
        // A test is known once its last variable is.
        let at_level = |level: Option<usize>| {
            inequalities.iter().filter(move |test| test.form.top() == level).cloned().collect::<Vec<_>>()
        };
        walk.tests = (0..walk.spans.len()).map(|level| at_level(Some(level))).collect();
        let signature = walk.signature(&at_level(None))?;
        walk.descend(signature)?;
        Some(walk.found)
    }
}

struct Walk {
    spans: Vec<Span>,
    /// For each variable, the forms in which it is the last.
    levels: Vec<Vec<Form>>,
    /// For each variable, the tests in which it is the last.
    tests: Vec<Vec<Inequality>>,
    path: Vec<Cell>,
    values: Vec<Number>,
    found: Vec<Leaf>,
}

impl Walk {
    /// Goes through the cells above the values chosen so far, at which the tests of
    /// `signature` hold.
    fn descend(&mut self, signature: u64) -> Option<()> {
        let level = self.path.len();
        if level == self.spans.len() {
            if self.found.len() >= MOST_CELLS {
                return None;
            }
            self.found.push(Leaf { path: self.path.clone(), signature });
            return Some(());
        }
        for cell in self.cells(level)? {
            self.path.push(cell);
            self.values.push(cell.sample);
            let here = self.signature(self.tests.get(level)?)?;
            self.descend(signature | here)?;
            self.path.pop();
            self.values.pop();
        }
        Some(())
    }

    /// The cells of a variable above the values chosen for those before it.
    fn cells(&self, level: usize) -> Option<Vec<Cell>> {
        let span = self.spans.get(level)?;
        let (low, high) = (whole(span.low), whole(span.high));
        let mut critical = vec![low, high];
        for form in self.levels.get(level)? {
            let root = form.root(level, &self.values)?;
            if low < root && root < high {
                critical.push(root);
            }
        }
        critical.sort_unstable();
        critical.dedup();
        let mut cells = Vec::with_capacity(critical.len() * 2);
        let mut before: Option<Number> = None;
        for value in critical {
            if let Some(before) = before {
                cells.push(Cell { low: before, high: value, sample: between(&before, &value)? });
            }
            cells.push(Cell::point(value));
            before = Some(value);
        }
        Some(cells)
    }

    /// Which of some tests hold at the values chosen.
    fn signature(&self, tests: &[Inequality]) -> Option<u64> {
        tests.iter().try_fold(0, |signature, test| {
            let (value, _) = test.form.rest(None, &self.values)?;
            let holds = if test.strict { value > 0 } else { value >= 0 };
            Some(signature | u64::from(holds) << test.bit)
        })
    }
}

/// The forms over *known* facts on whose signs the cells of the facts `unknown`
/// depend: two cases with the same spans of the unknown facts, the same outcomes of the
/// tests that look at known facts only, and the same signs of these forms have the same
/// completions up to a stretching of the axes. They let an answer for one row of a table
/// serve for many.
///
/// None if they cannot be computed in exact 128-bit arithmetic.
#[must_use]
pub(crate) fn shape_forms(
    circuit: &Circuit,
    domains: &[Domain],
    case: &Case,
    unknown: &[FactId],
) -> Option<Vec<ShapeForm>> {
    let is_unknown = |fact: &FactId| unknown.contains(fact);
    // Every fact of the tests is a variable here; the unknown ones come last and are eliminated.
    let mut facts: BTreeSet<FactId> = BTreeSet::new();
    let linears: Vec<&Linear> = circuit.tests().iter().filter_map(|test| test.linear(case)).collect();
    for linear in &linears {
        facts.extend(linear.terms.iter().map(|(_, fact)| *fact));
    }
    let real = |fact: &&FactId| matches!(domains.get(fact.index()), Some(Domain::Real(_)));
    let order: Vec<FactId> = facts
        .iter()
        .filter(real)
        .filter(|fact| !is_unknown(fact))
        .chain(facts.iter().filter(real).filter(|fact| is_unknown(fact)))
        .copied()
        .collect();
    let known_count = order.iter().filter(|fact| !is_unknown(fact)).count();
    let mut forms: BTreeSet<Form> = BTreeSet::new();
    let slot = |fact: FactId| order.iter().position(|other| *other == fact);
    for linear in linears {
        // Truths and choices are not in the order; no linear test has more than one of them.
        let form = Form::of(linear, order.len(), slot, |_| 0)?;
        // A test may name an unknown fact with the coefficient zero (a quotient above zero):
        // its form is then over known facts already.
        if form.top().is_some() && linear.terms.iter().any(|(_, fact)| is_unknown(fact)) {
            forms.insert(form.normalised());
        }
    }
    for (at, fact) in order.iter().enumerate().skip(known_count) {
        forms.extend(Form::ends(case.span(*fact), at, order.len()));
    }
    let (_, forms) = eliminate(forms, known_count..order.len())?;
    forms.into_iter().map(|form| ShapeForm::new(&form, &order)).collect()
}

/// A linear form over known facts, in whole numbers, of which only the sign matters.
#[derive(Debug, Clone)]
pub(crate) struct ShapeForm {
    pub(crate) terms: Vec<(i128, FactId)>,
    pub(crate) constant: i128,
}

impl ShapeForm {
    /// The form of a test: what it adds up less its bound.
    pub(crate) fn of(linear: &Linear) -> Self {
        Self {
            terms: linear.terms.iter().map(|(coefficient, fact)| (i128::from(*coefficient), *fact)).collect(),
            constant: -i128::from(linear.bound),
        }
    }

    fn new(form: &Form, order: &[FactId]) -> Option<Self> {
        let terms: Vec<(i128, FactId)> = form
            .coefficients
            .iter()
            .zip(order)
            .filter(|(coefficient, _)| **coefficient != 0)
            .map(|(coefficient, fact)| (*coefficient, *fact))
            .collect();
        let constant = form.constant;
        // The largest value of a fact is far below 2⁶³, so this bounds every sum.
        let limit = i128::MAX / (i128::from(i64::MAX) * 32);
        let fits = terms.iter().all(|(coefficient, _)| coefficient.abs() < limit);
        (fits && terms.len() < 8 && constant.abs() < i128::MAX / 4).then_some(Self { terms, constant })
    }

    /// −1, 0 or 1 for a case.
    #[must_use]
    pub(crate) fn sign(&self, case: &Case) -> i128 {
        self.terms
            .iter()
            .fold(self.constant, |sum, (coefficient, fact)| {
                sum + coefficient * i128::from(case.span(*fact).low)
            })
            .signum()
    }
}
