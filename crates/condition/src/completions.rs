//! What a question hangs on: all ways in which the unknown could turn out.
//!
//! An answer is definite when every completion of what is unknown gives it, and a
//! fact is *missing* when there are two completions that differ in that fact alone
//! and give different answers. Both are decided here exactly: the linear forms of the
//! tests cut the space of the unknown numbers into finitely many cells in which
//! nothing changes (a cylindrical decomposition: forms are projected one variable at
//! a time, and sample points are lifted back), and one point of each cell is
//! looked at. Kleene's logic on the partly known case prunes the walk.

use std::collections::BTreeSet;
use std::ops::Range;

use num_rational::Ratio;
use num_traits::{CheckedAdd, CheckedMul, CheckedSub, Zero};

use crate::case::{Case, Domain, Span};
use crate::circuit::{Circuit, Linear, Test};
use crate::dictionary::FactId;
use crate::truth::Truth;

/// A number between the millionths: exact, so that no cell is overlooked.
type Number = Ratio<i128>;

/// How many partly known cases are looked at before the walk gives up and calls
/// every unknown fact missing. Reached only by items of which nothing is known.
const BUDGET: usize = 1_000_000;

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
    domains: &'a [Domain],
    case: &'a Case,
    variables: Vec<FactId>,
}

impl<'a> Completions<'a> {
    /// The completions of `case`; `domains` gives the domain of every fact by position.
    #[must_use]
    pub fn new(circuit: &'a Circuit, domains: &'a [Domain], case: &'a Case) -> Self {
        let mut variables = BTreeSet::new();
        for test in circuit.tests() {
            if test.truth(case).is_unknown() {
                variables.extend(test.facts(case).filter(|fact| !case.span(*fact).is_exact()));
            }
        }
        // Truths and choices first: each of their values prunes most of the tests on numbers.
        let mut variables: Vec<FactId> = variables.into_iter().collect();
        variables.sort_by_key(|fact| matches!(domains.get(fact.index()), Some(Domain::Real(_))));
        Self { circuit, domains, case, variables }
    }

    /// Looks at every cell. `decide` sees the truth of every gate and answers once
    /// they settle the outcome.
    pub fn explore(&self, decide: &mut dyn FnMut(&[Truth]) -> Option<Decided>) -> Exploration {
        let mut found = Exploration::default();
        let mut walk = Walk::new(self, &self.variables, decide);
        walk.everything(&mut found);
        if found.statuses.len() > 1 {
            if let [only] = self.variables.as_slice() {
                found.missing.push(*only);
            } else {
                for variable in &self.variables {
                    let rest = self.variables.iter().filter(|other| *other != variable);
                    let order: Vec<FactId> = rest.copied().chain([*variable]).collect();
                    let mut walk = Walk::new(self, &order, decide);
                    if found.exhausted || walk.last_matters() {
                        found.missing.push(*variable);
                    }
                }
            }
        }
        found
    }

    /// The statuses along one unknown fact, whatever the other unknown facts are.
    pub fn along(&self, fact: FactId, decide: &mut dyn FnMut(&[Truth]) -> Option<Decided>) -> Vec<Stretch> {
        let rest = self.variables.iter().filter(|other| **other != fact);
        let order: Vec<FactId> = std::iter::once(fact).chain(rest.copied()).collect();
        let mut walk = Walk::new(self, &order, decide);
        let mut stretches: Vec<Stretch> = Vec::new();
        for cell in walk.cells(0) {
            let mut found = Exploration::default();
            walk.assign(0, &cell);
            walk.visit(1, &mut found);
            walk.release(0);
            match stretches.last_mut() {
                Some(last) if last.statuses == found.statuses => {
                    last.high = floor(&cell.high);
                    last.high_included = cell.is_point();
                }
                _ => stretches.push(Stretch {
                    low: floor(&cell.low),
                    low_included: cell.is_point(),
                    high: floor(&cell.high),
                    high_included: cell.is_point(),
                    statuses: found.statuses,
                }),
            }
        }
        stretches
    }
}

fn floor(number: &Number) -> i64 {
    i64::try_from(number.floor().to_integer()).unwrap_or(i64::MAX)
}

/// A point, or all numbers strictly between two, with one number to stand for them.
#[derive(Debug, Clone)]
struct Cell {
    low: Number,
    high: Number,
    sample: Number,
}

impl Cell {
    fn is_point(&self) -> bool {
        self.low == self.high
    }
}

/// `Σ coefficients · variables + constant`, over the real variables in their order.
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
        Some(Self { coefficients, constant: eliminate(&self.constant, &other.constant)? }.normalised())
    }

    /// The two forms that are zero at the ends of the span of variable `at`.
    fn ends(span: Span, at: usize, count: usize) -> impl Iterator<Item = Self> {
        [span.low, span.high].into_iter().map(move |end| {
            let mut coefficients = vec![Number::zero(); count];
            if let Some(slot) = coefficients.get_mut(at) {
                *slot = Number::from_integer(1);
            }
            Self { coefficients, constant: Number::from_integer(-i128::from(end)) }
        })
    }

    /// Divided by its leading coefficient, so that equal zero sets are equal forms.
    fn normalised(mut self) -> Self {
        if let Some(lead) = self.top().map(|top| self.coefficient(top)) {
            for coefficient in &mut self.coefficients {
                *coefficient /= lead;
            }
            self.constant /= lead;
        }
        self
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

struct Walk<'a, 'd> {
    circuit: &'a Circuit,
    case: Case,
    /// The variables in the order of the walk.
    order: Vec<(FactId, Domain)>,
    /// Position among the real variables, for each variable of the order.
    real_position: Vec<Option<usize>>,
    /// For each real variable, the forms in which it is the last.
    levels: Vec<Vec<Form>>,
    /// The chosen value of each variable of the order.
    chosen: Vec<Option<Number>>,
    decide: &'d mut dyn FnMut(&[Truth]) -> Option<Decided>,
    gates: Vec<Truth>,
    looked_at: usize,
    overflow: bool,
}

impl<'a, 'd> Walk<'a, 'd> {
    fn new(
        whole: &Completions<'a>,
        order: &[FactId],
        decide: &'d mut dyn FnMut(&[Truth]) -> Option<Decided>,
    ) -> Self {
        let order: Vec<(FactId, Domain)> = order
            .iter()
            .map(|fact| {
                let span = whole.case.span(*fact);
                let domain = match whole.domains.get(fact.index()) {
                    Some(Domain::Real(_)) => Domain::Real(span),
                    _ => Domain::Discrete(span),
                };
                (*fact, domain)
            })
            .collect();
        let mut reals = 0;
        let real_position = order
            .iter()
            .map(|(_, domain)| {
                matches!(domain, Domain::Real(_)).then(|| {
                    reals += 1;
                    reals - 1
                })
            })
            .collect();
        let mut walk = Self {
            circuit: whole.circuit,
            case: whole.case.clone(),
            chosen: vec![None; order.len()],
            order,
            real_position,
            levels: vec![Vec::new(); reals],
            decide,
            gates: Vec::new(),
            looked_at: 0,
            overflow: false,
        };
        walk.overflow = walk.project().is_none();
        walk
    }

    /// Fills `levels`: the forms of the undecided tests and the ends of the domains,
    /// with one variable after the other eliminated from the last to the first.
    fn project(&mut self) -> Option<()> {
        let count = self.levels.len();
        let mut forms: BTreeSet<Form> = BTreeSet::new();
        for test in self.circuit.tests() {
            if let Some(linear) = test.linear(&self.case)
                && test.truth(&self.case).is_unknown()
            {
                forms.insert(self.form(linear)?.normalised());
            }
        }
        for ((_, domain), position) in self.order.iter().zip(&self.real_position) {
            if let (Domain::Real(span), Some(position)) = (domain, position) {
                forms.extend(Form::ends(*span, *position, count));
            }
        }
        let (levels, _) = eliminate(forms, 0..count)?;
        self.levels = levels;
        Some(())
    }

    fn form(&self, linear: &Linear) -> Option<Form> {
        let mut coefficients = vec![Number::zero(); self.levels.len()];
        let mut constant = -i128::from(linear.bound);
        for (coefficient, fact) in &linear.terms {
            let variable = self.order.iter().position(|(variable, _)| variable == fact);
            let position = variable.and_then(|at| self.real_position.get(at).copied().flatten());
            match position.and_then(|position| coefficients.get_mut(position)) {
                Some(slot) => *slot = slot.checked_add(&Number::from_integer(i128::from(*coefficient)))?,
                None => {
                    let known = i128::from(self.case.span(*fact).low);
                    constant = constant.checked_add(i128::from(*coefficient).checked_mul(known)?)?;
                }
            }
        }
        Some(Form { coefficients, constant: Number::from_integer(constant) })
    }

    fn everything(&mut self, found: &mut Exploration) {
        self.visit(0, found);
        found.exhausted |= self.overflow || self.looked_at >= BUDGET;
    }

    /// Whether some cells that differ only in the last variable have different statuses.
    fn last_matters(&mut self) -> bool {
        let Some(last) = self.order.len().checked_sub(1) else { return false };
        self.overflow || self.differs(0, last) || self.looked_at >= BUDGET
    }

    fn differs(&mut self, level: usize, last: usize) -> bool {
        if self.look().is_some() || self.looked_at >= BUDGET {
            return false;
        }
        if level == last {
            let mut found = Exploration::default();
            self.visit(level, &mut found);
            return found.statuses.len() > 1;
        }
        for cell in self.cells(level) {
            self.assign(level, &cell);
            let differs = self.differs(level + 1, last);
            self.release(level);
            if differs {
                return true;
            }
        }
        false
    }

    fn visit(&mut self, level: usize, found: &mut Exploration) {
        if let Some(decided) = self.look() {
            found.statuses.insert(decided.status);
            found.outcomes.insert(decided.outcome);
            return;
        }
        if level >= self.order.len() || self.looked_at >= BUDGET {
            found.exhausted = true;
            return;
        }
        for cell in self.cells(level) {
            self.assign(level, &cell);
            self.visit(level + 1, found);
            self.release(level);
        }
    }

    /// Evaluates the circuit on what is chosen so far.
    fn look(&mut self) -> Option<Decided> {
        self.looked_at += 1;
        let mut gates = std::mem::take(&mut self.gates);
        self.circuit.evaluate(
            |position| self.circuit.tests().get(position).map_or(Truth::Unknown, |test| self.test(test)),
            &mut gates,
        );
        let decided = (self.decide)(&gates);
        self.gates = gates;
        decided
    }

    fn value(&self, fact: FactId) -> Option<Number> {
        let at = self.order.iter().position(|(variable, _)| *variable == fact)?;
        self.chosen.get(at).copied().flatten()
    }

    fn test(&self, test: &Test) -> Truth {
        match test.linear(&self.case) {
            Some(linear) => {
                let (mut low, mut high) = (Number::zero(), Number::zero());
                for (coefficient, fact) in &linear.terms {
                    let coefficient = Number::from_integer(i128::from(*coefficient));
                    let (a, b) = match self.value(*fact) {
                        Some(value) => (coefficient * value, coefficient * value),
                        None => {
                            let Span { low, high } = self.case.span(*fact);
                            let end = |value: i64| coefficient * Number::from_integer(i128::from(value));
                            (end(low), end(high))
                        }
                    };
                    low += a.min(b);
                    high += a.max(b);
                }
                let bound = Number::from_integer(i128::from(linear.bound));
                let passes = |sum: &Number| if linear.strict { *sum > bound } else { *sum >= bound };
                if passes(&low) {
                    Truth::True
                } else if passes(&high) {
                    Truth::Unknown
                } else {
                    Truth::False
                }
            }
            None => match test {
                Test::Choice { fact, mask } => match self.value(*fact) {
                    Some(value) => Truth::from(mask >> value.to_integer() & 1 == 1),
                    None => test.truth(&self.case),
                },
                _ => test.truth(&self.case),
            },
        }
    }

    /// The cells of a variable above what is chosen for the variables before it.
    fn cells(&self, level: usize) -> Vec<Cell> {
        let Some((_, domain)) = self.order.get(level) else { return Vec::new() };
        let point = |value: Number| Cell { low: value, high: value, sample: value };
        let span = match domain {
            Domain::Real(span) => span,
            Domain::Discrete(span) => {
                return (span.low..=span.high)
                    .map(|value| point(Number::from_integer(i128::from(value))))
                    .collect();
            }
            Domain::Contextual => return Vec::new(),
        };
        let ends = [span.low, span.high].map(|end| Number::from_integer(i128::from(end)));
        let [low, high] = ends;
        let mut critical: BTreeSet<Number> = BTreeSet::from(ends);
        if let Some(position) = self.real_position.get(level).copied().flatten() {
            for form in self.levels.get(position).into_iter().flatten() {
                if let Some(root) = self.root(form, position)
                    && low < root
                    && root < high
                {
                    critical.insert(root);
                }
            }
        }
        let mut cells = Vec::with_capacity(critical.len() * 2);
        let mut before: Option<Number> = None;
        for value in critical {
            if let Some(before) = before {
                let sample = (before + value) / Number::from_integer(2);
                cells.push(Cell { low: before, high: value, sample });
            }
            cells.push(point(value));
            before = Some(value);
        }
        cells
    }

    /// Where a form is zero in its last variable, given the values of the others.
    fn root(&self, form: &Form, position: usize) -> Option<Number> {
        let mut rest = form.constant;
        for ((_, at), chosen) in self.order.iter().zip(&self.real_position).zip(&self.chosen) {
            if let Some(at) = at
                && *at != position
            {
                let coefficient = form.coefficient(*at);
                if !coefficient.is_zero() {
                    rest = rest.checked_add(&coefficient.checked_mul(chosen.as_ref()?)?)?;
                }
            }
        }
        let lead = form.coefficient(position);
        (!lead.is_zero()).then(|| -rest / lead)
    }

    fn assign(&mut self, level: usize, cell: &Cell) {
        if let Some(slot) = self.chosen.get_mut(level) {
            *slot = Some(cell.sample);
        }
    }

    fn release(&mut self, level: usize) {
        if let Some(slot) = self.chosen.get_mut(level) {
            *slot = None;
        }
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
        let mut form = Form {
            coefficients: vec![Number::zero(); order.len()],
            constant: Number::from_integer(-i128::from(linear.bound)),
        };
        for (coefficient, fact) in &linear.terms {
            if let Some(slot) =
                order.iter().position(|other| other == fact).and_then(|at| form.coefficients.get_mut(at))
            {
                *slot += Number::from_integer(i128::from(*coefficient));
            }
        }
        if form.top().is_some_and(|top| top >= known_count) {
            forms.insert(form.normalised());
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

/// Values in millionths at which crossing flips a test of one fact, all others being
/// known: for each, the nearest value on the other side of where `case` is.
#[must_use]
pub fn crossings(circuit: &Circuit, case: &Case, fact: FactId) -> Vec<Crossing> {
    let here = case.span(fact);
    let mut found = Vec::new();
    if !here.is_exact() {
        return found;
    }
    for (position, test) in circuit.tests().iter().enumerate() {
        let Some(linear) = test.linear(case) else { continue };
        let mut slope: i128 = 0;
        let mut rest: i128 = 0;
        let mut exact = true;
        for (coefficient, other) in &linear.terms {
            if *other == fact {
                slope += i128::from(*coefficient);
            } else {
                exact &= case.span(*other).is_exact();
                rest += i128::from(*coefficient) * i128::from(case.span(*other).low);
            }
        }
        if slope == 0 || !exact {
            continue;
        }
        // The test holds from the first whole number with slope·x + rest ≥ bound (or >).
        let needed = i128::from(linear.bound) + i128::from(linear.strict) - rest;
        let holds_now = slope * i128::from(here.low) >= needed;
        let boundary = if slope > 0 { div_ceil(needed, slope) } else { (-needed).div_euclid(-slope) };
        let target = match (slope > 0, holds_now) {
            (true, true) => boundary - 1,
            (false, true) => boundary + 1,
            (_, false) => boundary,
        };
        if let Ok(value) = i64::try_from(target) {
            found.push(Crossing { test: position, value });
        }
    }
    found
}

/// A value of a fact at which a test turns over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossing {
    /// Position of the test in its circuit.
    pub test: usize,
    /// The nearest value, in millionths, at which the test has the other outcome.
    pub value: i64,
}

fn div_ceil(a: i128, b: i128) -> i128 {
    -((-a).div_euclid(b))
}
