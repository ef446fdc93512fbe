//! Where an answer turns: the smallest change of one fact that changes the status.

use narrows_condition::{Case, Domain, FactId, Linear, Span, Test, crossings};
use narrows_quantity::Decimal;

use crate::docket::Docket;
use crate::status::StatusId;

/// A change of one fact that changes the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The fact.
    pub fact: FactId,
    /// Its value now, in millionths (truth as 0 and 1).
    pub from: i64,
    /// The nearest value at which the status is another.
    pub to: i64,
    /// The test that turns over there; none for a fact that is true or false.
    pub test: Option<usize>,
    /// The status there, or none if it is undetermined.
    pub status: Option<StatusId>,
}

/// All turns of a case whose answer is definite: for each number the nearest above and
/// below, and each truth that matters.
#[must_use]
pub fn turns(docket: &mut Docket, case: &Case) -> Vec<Turn> {
    let Some(now) = docket.answer(case).status else { return Vec::new() };
    let mut facts: Vec<FactId> =
        docket.circuit().tests().iter().flat_map(|test| test.facts(case).collect::<Vec<_>>()).collect();
    facts.sort_unstable();
    facts.dedup();
    let mut found = Vec::new();
    let mut changed = case.clone();
    for fact in facts {
        let here = case.span(fact);
        let domain = docket.edition().domains.get(fact.index()).copied();
        match domain {
            Some(Domain::Discrete(Span { low: 0, high: 1 })) if here.is_exact() => {
                let to = 1 - here.low;
                changed.set_span(fact, Span::exactly(to));
                let status = docket.answer(&changed).status;
                if status != Some(now) {
                    found.push(Turn { fact, from: here.low, to, test: None, status });
                }
            }
            Some(Domain::Real(range)) if here.is_exact() => {
                let mut candidates = crossings(docket.circuit(), case, fact);
                candidates.retain(|crossing| range.low <= crossing.value && crossing.value <= range.high);
                candidates.sort_by_key(|crossing| crossing.value.abs_diff(here.low));
                for upwards in [true, false] {
                    let side = candidates.iter().filter(|crossing| (crossing.value > here.low) == upwards);
                    for crossing in side {
                        changed.set_span(fact, Span::exactly(crossing.value));
                        let status = docket.answer(&changed).status;
                        if status != Some(now) {
                            let test = Some(crossing.test);
                            found.push(Turn { fact, from: here.low, to: crossing.value, test, status });
                            break;
                        }
                    }
                }
            }
            _ => {}
        }
        changed.set_span(fact, here);
    }
    found
}

/// Values of one fact at which tests turn over, all other facts that those tests look at
/// being known: thresholds as they are written where the fact is compared by itself, and
/// where other facts enter, the nearest value on the other side of where `case` is.
#[must_use]
pub fn boundaries(docket: &Docket, case: &Case, fact: FactId) -> Vec<Boundary> {
    let tests = docket.circuit().tests();
    let found = crossings(docket.circuit(), case, fact).into_iter().map(|crossing| {
        let linear = tests.get(crossing.test).and_then(|test| test.linear(case));
        let own = linear.filter(|linear| linear.terms.len() == 1).and_then(threshold);
        match own {
            Some(threshold) => Boundary { at: threshold, alone: true },
            None => Boundary { at: Decimal::from_millionths(crossing.value), alone: false },
        }
    });
    let mut found: Vec<Boundary> = found.collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// A value of a fact at which a test turns over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Boundary {
    /// The value.
    pub at: Decimal,
    /// Whether the test looks at this fact only, so that the value is a threshold of the law.
    pub alone: bool,
}

/// A test as it reads in law: its subject's value and threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Value of the subject; a quotient is rounded for display.
    pub value: Decimal,
    /// Threshold.
    pub threshold: Decimal,
}

impl Reading {
    /// Value less threshold, in their unit.
    #[must_use]
    #[inline]
    pub fn margin(self) -> Option<Decimal> {
        self.value.checked_sub(self.threshold)
    }

    /// The margin as a fraction of the threshold.
    #[must_use]
    pub fn fraction(self) -> Option<Decimal> {
        self.margin()?.quotient_for_display(self.threshold.abs())
    }
}

/// Reads a test of a fully known subject.
#[must_use]
#[inline]
pub fn reading(test: &Test, case: &Case) -> Option<Reading> {
    match test {
        Test::Linear(linear) => match *linear.terms {
            // Nearly all tests are of one fact as it is.
            [(1, fact)] => {
                let span = case.span(fact);
                let threshold = Decimal::from_millionths(linear.bound);
                Some(Reading { value: Decimal::from_millionths(span.low), threshold })
                    .filter(|_| span.is_exact())
            }
            _ => reading_of_sum(linear, case),
        },
        Test::Ratio { ratio, given, multiplied } => {
            let threshold = threshold(given)?;
            let span = case.span(*ratio);
            if span.is_exact() {
                return Some(Reading { value: Decimal::from_millionths(span.low), threshold });
            }
            // n − t·d: the first term is the numerator, the second the denominator.
            let [(_, numerator), (_, denominator)] = *multiplied.terms else { return None };
            let (n, d) = (case.span(numerator), case.span(denominator));
            if !span.is_absent() || !n.is_exact() || !d.is_exact() {
                return None;
            }
            let (n, d) = (Decimal::from_millionths(n.low), Decimal::from_millionths(d.low));
            Some(Reading { value: n.quotient_for_display(d)?, threshold })
        }
        _ => None,
    }
}

fn reading_of_sum(linear: &Linear, case: &Case) -> Option<Reading> {
    let (lead, _) = *linear.terms.first()?;
    let mut sum: i64 = 0;
    for (coefficient, fact) in &linear.terms {
        let span = case.span(*fact);
        if !span.is_exact() {
            return None;
        }
        sum = sum.checked_add(coefficient.checked_mul(span.low)?)?;
    }
    Some(Reading { value: in_unit_of(lead, sum)?, threshold: in_unit_of(lead, linear.bound)? })
}

/// The bound in the unit of the first fact.
fn threshold(linear: &Linear) -> Option<Decimal> {
    let (lead, _) = *linear.terms.first()?;
    in_unit_of(lead, linear.bound)
}

/// A sum in the unit of its first fact, whose coefficient is nearly always 1. Its sign stays:
/// what is at least a threshold in the law is at least that here.
fn in_unit_of(lead: i64, sum: i64) -> Option<Decimal> {
    Some(Decimal::from_millionths(if lead == 1 { sum } else { sum.checked_div(lead.checked_abs()?)? }))
}
