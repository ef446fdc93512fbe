//! Where tests of one fact turn over, all others being known.

use crate::case::Case;
use crate::circuit::Circuit;
use crate::dictionary::FactId;

/// A value of a fact at which a test turns over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossing {
    /// Position of the test in its circuit.
    pub test: usize,
    /// The nearest value, in millionths, at which the test has the other outcome.
    pub value: i64,
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

fn div_ceil(a: i128, b: i128) -> i128 {
    -((-a).div_euclid(b))
}
