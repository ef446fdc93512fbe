//! Cells: pieces of a space of unknown numbers in each of which every test has one outcome.
//!
//! The linear forms of the tests cut the space into finitely many cells (a cylindrical
//! decomposition: forms are projected one variable at a time, and sample points are
//! lifted back). One point of each cell is looked at, in exact rationals, so that no
//! outcome is overlooked, however thin the piece in which it occurs.

use std::collections::BTreeSet;
use std::ops::Range;

use num_rational::Ratio;
use num_traits::{CheckedAdd, CheckedDiv, CheckedMul, CheckedSub, Zero};

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

fn floor(number: &Number) -> i64 {
    i64::try_from(number.floor().to_integer()).unwrap_or(i64::MAX)
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
        floor(&self.low)
    }

    /// Largest value, rounded down.
    pub(crate) fn high(&self) -> i64 {
        floor(&self.high)
    }
}

/// `Σ coefficients · variables + constant`, over some variables in their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Form {
    coefficients: Vec<Number>,
    constant: Number,
}

impl Form {
    /// The last variable it involves.
    fn top(&self) -> Option<usize> {
        self.coefficients.iter().rposition(|coefficient| !coefficient.is_zero())
    }

    fn coefficient(&self, at: usize) -> Number {
        self.coefficients.get(at).copied().unwrap_or_else(Number::zero)
    }

    /// `self · b − other · a`, in which variable `at` no longer occurs.
    fn without(&self, other: &Self, at: usize) -> Option<Self> {
        let (a, b) = (self.coefficient(at), other.coefficient(at));
        let eliminate = |x: &Number, y: &Number| x.checked_mul(&b)?.checked_sub(&y.checked_mul(&a)?);
        let coefficients = self
            .coefficients
            .iter()
            .zip(&other.coefficients)
            .map(|(x, y)| eliminate(x, y))
            .collect::<Option<Vec<_>>>()?;
        Self { coefficients, constant: eliminate(&self.constant, &other.constant)? }.normalised()
    }

    /// The two forms that are zero at the ends of the span of variable `at`.
    fn ends(span: Span, at: usize, count: usize) -> impl Iterator<Item = Self> {
        [span.low, span.high].into_iter().map(move |end| {
            let mut coefficients = vec![Number::zero(); count];
            if let Some(slot) = coefficients.get_mut(at) {
                *slot = Number::from_integer(1);
            }
            Self { coefficients, constant: -whole(end) }
        })
    }

    /// Divided by its leading coefficient, so that equal zero sets are equal forms.
    fn normalised(mut self) -> Option<Self> {
        if let Some(lead) = self.top().map(|top| self.coefficient(top)) {
            for coefficient in &mut self.coefficients {
                *coefficient = coefficient.checked_div(&lead)?;
            }
            self.constant = self.constant.checked_div(&lead)?;
        }
        Some(self)
    }

    /// Its value without variable `at`, for values of the first variables.
    fn rest(&self, at: Option<usize>, values: &[Number]) -> Option<Number> {
        let mut sum = self.constant;
        for (position, coefficient) in self.coefficients.iter().enumerate() {
            if Some(position) != at && !coefficient.is_zero() {
                sum = sum.checked_add(&coefficient.checked_mul(values.get(position)?)?)?;
            }
        }
        Some(sum)
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
        for (index, first) in level.iter().enumerate() {
            for second in level.iter().skip(index + 1) {
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
        let mut inequalities = Vec::new();
        for (bit, linear) in tests {
            let mut form =
                Form { coefficients: vec![Number::zero(); variables.len()], constant: -whole(linear.bound) };
            for (coefficient, fact) in &linear.terms {
                let slot = variables.iter().position(|variable| variable == fact);
                match slot.and_then(|at| form.coefficients.get_mut(at)) {
                    Some(slot) => *slot = slot.checked_add(&whole(*coefficient))?,
                    None => {
                        let known = whole(*coefficient).checked_mul(&whole(case.span(*fact).low))?;
                        form.constant = form.constant.checked_add(&known)?;
                    }
                }
            }
            inequalities.push(Inequality { bit, form, strict: linear.strict });
        }
        Some(Self { spans: variables.iter().map(|fact| case.span(*fact)).collect(), inequalities })
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
        let mut forms: BTreeSet<Form> = BTreeSet::new();
        for test in &inequalities {
            forms.insert(test.form.clone().normalised()?);
        }
        for (at, span) in spans.iter().enumerate() {
            forms.extend(Form::ends(*span, at, spans.len()));
        }
        let (levels, _) = eliminate(forms, 0..spans.len())?;
        let mut walk =
            Walk { spans, inequalities, levels, path: Vec::new(), values: Vec::new(), found: Vec::new() };
        walk.descend()?;
        Some(walk.found)
    }
}

struct Walk {
    spans: Vec<Span>,
    inequalities: Vec<Inequality>,
    /// For each variable, the forms in which it is the last.
    levels: Vec<Vec<Form>>,
    path: Vec<Cell>,
    values: Vec<Number>,
    found: Vec<Leaf>,
}

impl Walk {
    fn descend(&mut self) -> Option<()> {
        let level = self.path.len();
        if level == self.spans.len() {
            if self.found.len() >= MOST_CELLS {
                return None;
            }
            let signature = self.signature()?;
            self.found.push(Leaf { path: self.path.clone(), signature });
            return Some(());
        }
        for cell in self.cells(level)? {
            self.path.push(cell);
            self.values.push(cell.sample);
            self.descend()?;
            self.path.pop();
            self.values.pop();
        }
        Some(())
    }

    /// The cells of a variable above the values chosen for those before it.
    fn cells(&self, level: usize) -> Option<Vec<Cell>> {
        let span = self.spans.get(level)?;
        let (low, high) = (whole(span.low), whole(span.high));
        let mut critical = BTreeSet::from([low, high]);
        for form in self.levels.get(level)? {
            let root = form.rest(Some(level), &self.values)?.checked_div(&-form.coefficient(level))?;
            if low < root && root < high {
                critical.insert(root);
            }
        }
        let mut cells = Vec::with_capacity(critical.len() * 2);
        let mut before: Option<Number> = None;
        for value in critical {
            if let Some(before) = before {
                let sample = before.checked_add(&value)?.checked_div(&Number::from_integer(2))?;
                cells.push(Cell { low: before, high: value, sample });
            }
            cells.push(Cell::point(value));
            before = Some(value);
        }
        Some(cells)
    }

    /// Which tests hold at the values chosen.
    fn signature(&self) -> Option<u64> {
        let mut signature = 0;
        for test in &self.inequalities {
            let value = test.form.rest(None, &self.values)?;
            let holds = if test.strict { value > Number::zero() } else { value >= Number::zero() };
            signature |= u64::from(holds) << test.bit;
        }
        Some(signature)
    }
}

/// The forms over *known* facts on whose signs the cells of the facts `unknown`
/// depend: two cases with the same unknown facts, the same outcomes of all tests and
/// the same signs of these forms have the same completions up to a stretching of the
/// axes. They let an answer for one row of a table serve for many.
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
    for linear in linears {
        let mut form =
            Form { coefficients: vec![Number::zero(); order.len()], constant: -whole(linear.bound) };
        for (coefficient, fact) in &linear.terms {
            if let Some(slot) =
                order.iter().position(|other| other == fact).and_then(|at| form.coefficients.get_mut(at))
            {
                *slot = slot.checked_add(&whole(*coefficient))?;
            }
        }
        if form.top().is_some_and(|top| top >= known_count) {
            forms.insert(form.normalised()?);
        }
    }
    for (at, fact) in order.iter().enumerate().skip(known_count) {
        if let Some(Domain::Real(span)) = domains.get(fact.index()) {
            forms.extend(Form::ends(*span, at, order.len()));
        }
    }
    let (_, forms) = eliminate(forms, known_count..order.len())?;
    forms.iter().map(|form| ShapeForm::new(form, &order)).collect()
}

/// A linear form over known facts, in whole numbers, of which only the sign matters.
#[derive(Debug, Clone)]
pub(crate) struct ShapeForm {
    terms: Vec<(i128, FactId)>,
    constant: i128,
}

impl ShapeForm {
    fn new(form: &Form, order: &[FactId]) -> Option<Self> {
        let mut multiple: i128 = 1;
        for number in form.coefficients.iter().chain([&form.constant]) {
            let denominator = *number.denom();
            let common = gcd(multiple, denominator);
            multiple = multiple.checked_mul(denominator / common)?;
        }
        let whole = |number: &Number| {
            number.checked_mul(&Number::from_integer(multiple)).map(|scaled| scaled.to_integer())
        };
        let mut terms = Vec::new();
        for (coefficient, fact) in form.coefficients.iter().zip(order) {
            if !coefficient.is_zero() {
                terms.push((whole(coefficient)?, *fact));
            }
        }
        let constant = whole(&form.constant)?;
        // The largest value of a fact is far below 2⁶³, so this bounds every sum.
        let limit = i128::MAX / (i128::from(i64::MAX) * 8);
        let fits = terms.iter().all(|(coefficient, _)| coefficient.abs() < limit);
        (fits && terms.len() < 8 && constant.abs() < i128::MAX / 2).then_some(Self { terms, constant })
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

fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.abs().max(1)
}
