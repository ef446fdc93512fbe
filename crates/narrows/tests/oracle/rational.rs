//! Exact fractions. An overflow panics: in a test that is the right answer.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A fraction in lowest terms with a positive denominator, so that equality of fields is equality of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rational {
    numerator: i128,
    denominator: i128,
}

fn greatest_common_divisor(first: u128, second: u128) -> u128 {
    // Division of 128-bit numbers is slow, and almost all numbers here are short.
    if let (Ok(mut a), Ok(mut b)) = (u64::try_from(first), u64::try_from(second)) {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        return u128::from(a);
    }
    let (mut a, mut b) = (first, second);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn product(first: i128, second: i128) -> i128 {
    first.checked_mul(second).expect("the numbers of a case stay far below 128 bits")
}

fn total(first: i128, second: i128) -> i128 {
    first.checked_add(second).expect("the numbers of a case stay far below 128 bits")
}

impl Rational {
    pub(crate) const ZERO: Rational = Rational { numerator: 0, denominator: 1 };
    pub(crate) const ONE: Rational = Rational { numerator: 1, denominator: 1 };

    pub(crate) fn new(numerator: i128, denominator: i128) -> Rational {
        assert!(denominator != 0, "a fraction without denominator");
        let sign = if denominator < 0 { -1 } else { 1 };
        let divisor = greatest_common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs());
        let divisor = i128::try_from(divisor).expect("a divisor is no larger than what it divides");
        Rational { numerator: sign * numerator / divisor, denominator: sign * denominator / divisor }
    }

    pub(crate) fn integer(number: i128) -> Rational {
        Rational { numerator: number, denominator: 1 }
    }

    /// Reads `12`, `-0.5` or `5.92`; `None` if the text is no plain decimal.
    pub(crate) fn parse(text: &str) -> Option<Rational> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(whole) || !plain(decimals) {
            return None;
        }
        let scale = 10_i128.checked_pow(u32::try_from(decimals.len()).ok()?)?;
        let whole: i128 = whole.parse().ok()?;
        let decimals: i128 = decimals.parse().ok()?;
        Some(Rational::new(sign * total(product(whole, scale), decimals), scale))
    }

    /// The largest multiple of a millionth that is not above this number.
    pub(crate) fn floor_to_millionths(self) -> Rational {
        Rational::new(product(self.numerator, 1_000_000).div_euclid(self.denominator), 1_000_000)
    }

    pub(crate) fn is_zero(self) -> bool {
        self.numerator == 0
    }
}

impl Add for Rational {
    type Output = Rational;
    fn add(self, other: Rational) -> Rational {
        if self.denominator == 1 && other.denominator == 1 {
            return Rational::integer(total(self.numerator, other.numerator));
        }
        let numerator =
            total(product(self.numerator, other.denominator), product(other.numerator, self.denominator));
        Rational::new(numerator, product(self.denominator, other.denominator))
    }
}

impl Neg for Rational {
    type Output = Rational;
    fn neg(self) -> Rational {
        Rational { numerator: -self.numerator, denominator: self.denominator }
    }
}

impl Sub for Rational {
    type Output = Rational;
    fn sub(self, other: Rational) -> Rational {
        self + -other
    }
}

impl Mul for Rational {
    type Output = Rational;
    fn mul(self, other: Rational) -> Rational {
        Rational::new(product(self.numerator, other.numerator), product(self.denominator, other.denominator))
    }
}

impl Div for Rational {
    type Output = Rational;
    fn div(self, other: Rational) -> Rational {
        Rational::new(product(self.numerator, other.denominator), product(self.denominator, other.numerator))
    }
}

impl Ord for Rational {
    fn cmp(&self, other: &Rational) -> Ordering {
        if self.denominator == other.denominator {
            return self.numerator.cmp(&other.numerator);
        }
        product(self.numerator, other.denominator).cmp(&product(other.numerator, self.denominator))
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Rational) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A decimal where the number has one, otherwise `numerator/denominator`.
impl fmt::Display for Rational {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for places in 0_usize..=12 {
            let scale = 10_i128.pow(u32::try_from(places).map_err(|_| fmt::Error)?);
            if scale % self.denominator == 0 {
                let scaled = product(self.numerator, scale / self.denominator);
                let sign = if scaled < 0 { "-" } else { "" };
                let digits = format!("{:0>width$}", scaled.unsigned_abs(), width = places + 1);
                let (whole, decimals) = digits.split_at(digits.len() - places);
                let point = if places == 0 { "" } else { "." };
                return write!(formatter, "{sign}{whole}{point}{decimals}");
            }
        }
        write!(formatter, "{}/{}", self.numerator, self.denominator)
    }
}

#[test]
fn fractions_are_kept_in_lowest_terms() {
    assert_eq!(Rational::new(6, -4), Rational::new(-3, 2));
    assert_eq!(Rational::new(0, 7), Rational::ZERO);
    assert_eq!(Rational::new(1, 3) + Rational::new(1, 6), Rational::new(1, 2));
    assert_eq!(Rational::new(1, 3) - Rational::new(1, 3), Rational::ZERO);
    assert_eq!(Rational::new(2, 3) * Rational::new(3, 4), Rational::new(1, 2));
    assert_eq!(Rational::new(2, 3) / Rational::new(-4, 3), Rational::new(-1, 2));
}

#[test]
fn decimals_are_read_and_written_exactly() {
    for text in ["0", "5.92", "-0.5", "4799.999999", "0.000001", "1000000000"] {
        assert_eq!(Rational::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(Rational::parse("1.50").unwrap().to_string(), "1.5");
    assert_eq!(Rational::new(1, 3).to_string(), "1/3");
    for text in ["", ".5", "5.", "1e9", "2027-01-01", "3A001"] {
        assert_eq!(Rational::parse(text), None, "{text}");
    }
}

#[test]
fn order_is_that_of_the_numbers() {
    assert!(Rational::new(1, 3) < Rational::new(34, 100));
    assert!(Rational::parse("4799.999999").unwrap() < Rational::integer(4800));
    assert!(Rational::new(-1, 2) < Rational::ZERO);
    assert_eq!(Rational::new(1, 3).floor_to_millionths(), Rational::parse("0.333333").unwrap());
    assert_eq!(Rational::new(-1, 3).floor_to_millionths(), Rational::parse("-0.333334").unwrap());
}
