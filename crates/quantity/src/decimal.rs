//! [`Decimal`]: a fixed-point number of millionths.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// An exact decimal with six places after the point.
///
/// The range is about ±9.2 × 10¹², wide enough for a total processing
/// performance, a price or a transistor count in billions, and narrow enough that
/// a comparison is one machine instruction. Text with more than six places is
/// refused rather than rounded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal(i64);

/// Why a text or an operation gave no [`Decimal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// The text is no decimal number (`NaN`, `inf`, words, nothing).
    #[error("expected a decimal number such as 4000 or 3.5")]
    NotANumber,
    /// More than six places after the point.
    #[error("expected at most six places after the decimal point")]
    TooPrecise,
    /// Beyond about ±9.2 × 10¹².
    #[error("the number is too large to be held exactly")]
    OutOfRange,
}

impl Decimal {
    /// How many millionths make one.
    pub const SCALE: i64 = 1_000_000;
    /// Places after the point.
    pub const PLACES: u32 = 6;
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(Self::SCALE);
    /// The smallest step between two decimals, one millionth.
    pub const STEP: Self = Self(1);
    /// The largest decimal.
    pub const MAX: Self = Self(i64::MAX);
    /// The smallest (most negative) decimal.
    pub const MIN: Self = Self(i64::MIN);

    /// A whole number.
    #[must_use]
    pub const fn whole(value: i32) -> Self {
        // i32 times a million always fits an i64.
        Self(value as i64 * Self::SCALE)
    }

    /// The decimal that is `millionths` millionths.
    #[must_use]
    pub const fn from_millionths(millionths: i64) -> Self {
        Self(millionths)
    }

    /// How many millionths this is.
    #[must_use]
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// Reads the shortest decimal text of a float, which for a literal of up to
    /// fifteen digits in a data file is that literal itself.
    ///
    /// # Errors
    /// As for reading text: not finite, too precise, or out of range.
    pub fn from_float_text(value: f64) -> Result<Self, DecimalError> {
        if value.is_finite() { format!("{value}").parse() } else { Err(DecimalError::NotANumber) }
    }

    /// Sum, if it can be held.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// Difference, if it can be held.
    #[must_use]
    #[inline]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// Product, if it is exact and can be held.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let product = i128::from(self.0) * i128::from(other.0);
        let scale = i128::from(Self::SCALE);
        if product % scale != 0 {
            return None;
        }
        i64::try_from(product / scale).ok().map(Self)
    }

    /// Quotient, if it is exact and can be held.
    #[must_use]
    pub fn checked_div(self, other: Self) -> Option<Self> {
        if other.0 == 0 {
            return None;
        }
        let numerator = i128::from(self.0) * i128::from(Self::SCALE);
        let denominator = i128::from(other.0);
        if numerator % denominator != 0 {
            return None;
        }
        i64::try_from(numerator / denominator).ok().map(Self)
    }

    /// Quotient rounded half away from zero, for display only: law never divides.
    #[must_use]
    #[inline]
    pub fn quotient_for_display(self, other: Self) -> Option<Self> {
        if other.0 == 0 {
            return None;
        }
        let (numerator, denominator) = (self.0.unsigned_abs(), other.0.unsigned_abs());
        let scale = Self::SCALE.unsigned_abs();
        // Half of the divisor added, the quotient is rounded away from zero. Nearly all sums
        // fit 64 bits, in which a division costs a fraction of what it costs in 128.
        let in_64_bits = numerator.checked_mul(scale).and_then(|scaled| scaled.checked_add(denominator / 2));
        let magnitude = match in_64_bits {
            Some(sum) => i64::try_from(sum / denominator).ok()?,
            None => {
                let sum = u128::from(numerator) * u128::from(scale) + u128::from(denominator / 2);
                i64::try_from(sum / u128::from(denominator)).ok()?
            }
        };
        Some(Self(if (self.0 < 0) == (other.0 < 0) { magnitude } else { -magnitude }))
    }

    /// Rounded half away from zero to `places` places after the point, for display.
    #[must_use]
    pub fn rounded(self, places: u32) -> Self {
        let Some(drop) = Self::PLACES.checked_sub(places) else {
            return self;
        };
        let unit = 10_i64.pow(drop);
        let half = unit / 2;
        let magnitude = self.0.unsigned_abs();
        let unit = unit.unsigned_abs();
        let rounded = (magnitude + half.unsigned_abs()) / unit * unit;
        let rounded = i64::try_from(rounded).unwrap_or(i64::MAX);
        Self(if self.0 < 0 { -rounded } else { rounded })
    }

    /// A fraction as people read it: a signed percentage, and from ten times on a multiple.
    #[must_use]
    pub fn as_change(self) -> String {
        if self >= Self::whole(9) {
            let times = self.checked_add(Self::ONE).unwrap_or(self);
            return format!("x{}", times.rounded(1).grouped());
        }
        let percent = self.checked_mul(Self::whole(100)).unwrap_or(self).rounded(1);
        let sign = if percent > Self::ZERO { "+" } else { "" };
        format!("{sign}{}%", percent.grouped())
    }

    /// Absolute value.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// Negated.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// The value as a float, for drawing and for the physical models.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        // A float holds these to fifteen digits, which is ample for a picture.
        self.0 as f64 / Self::SCALE as f64
    }

    /// The text with a comma between thousands: `15,831.2`.
    #[must_use]
    pub fn grouped(self) -> String {
        let plain = self.to_string();
        let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("-", rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let mut text = String::from(sign);
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index) % 3 == 0 {
                text.push(',');
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push('.');
            text.push_str(fraction);
        }
        text
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = Self::SCALE.unsigned_abs();
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let whole = magnitude / scale;
        let fraction = magnitude % scale;
        let text = if fraction == 0 {
            format!("{sign}{whole}")
        } else {
            let digits = format!("{fraction:06}");
            format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
        };
        formatter.pad(&text)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                (mantissa, exponent.parse::<i32>().map_err(|_| DecimalError::NotANumber)?)
            }
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.as_bytes().first() {
            Some(b'-') => (true, mantissa.get(1..).unwrap_or("")),
            Some(b'+') => (false, mantissa.get(1..).unwrap_or("")),
            _ => (false, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
            return Err(DecimalError::NotANumber);
        }
        let fraction = fraction.trim_end_matches('0');
        let mut value: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            value = value
                .checked_mul(10)
                .and_then(|value| value.checked_add(i128::from(byte - b'0')))
                .ok_or(DecimalError::OutOfRange)?;
        }
        // value × 10^(exponent − places of the fraction) × 10^6, in millionths.
        let places = i64::try_from(fraction.len()).map_err(|_| DecimalError::TooPrecise)?;
        let shift = i64::from(Self::PLACES) + i64::from(exponent) - places;
        if value == 0 {
            return Ok(Self::ZERO);
        }
        if shift >= 0 {
            for _ in 0..shift.min(40) {
                value = value.checked_mul(10).ok_or(DecimalError::OutOfRange)?;
            }
            if shift > 40 {
                return Err(DecimalError::OutOfRange);
            }
        } else {
            for _ in 0..(-shift).min(40) {
                if value % 10 != 0 {
                    return Err(DecimalError::TooPrecise);
                }
                value /= 10;
            }
            if -shift > 40 {
                return Err(DecimalError::TooPrecise);
            }
        }
        let value = if negative { -value } else { value };
        i64::try_from(value).map(Self).map_err(|_| DecimalError::OutOfRange)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Every decimal of up to fifteen digits survives the trip through a JSON number.
        if self.0 % Self::SCALE == 0 {
            serializer.serialize_i64(self.0 / Self::SCALE)
        } else {
            serializer.serialize_f64(self.to_f64())
        }
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DecimalVisitor;
        impl Visitor<'_> for DecimalVisitor {
            type Value = Decimal;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a decimal number with at most six places after the point")
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Decimal, E> {
                value
                    .checked_mul(Decimal::SCALE)
                    .map(Decimal)
                    .ok_or_else(|| E::custom(DecimalError::OutOfRange))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Decimal, E> {
                i64::try_from(value)
                    .map_err(|_| E::custom(DecimalError::OutOfRange))
                    .and_then(|value| self.visit_i64(value))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Decimal, E> {
                Decimal::from_float_text(value).map_err(E::custom)
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Decimal, E> {
                value.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(DecimalVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn reads_what_a_table_may_hold() {
        for (text, millionths) in [
            ("0", 0),
            ("4800", 4_800_000_000),
            ("5.92", 5_920_000),
            ("-0.0133", -13_300),
            ("+7", 7_000_000),
            (".5", 500_000),
            ("5.", 5_000_000),
            ("1e3", 1_000_000_000),
            ("2.5E-3", 2_500),
            ("1.9000000000", 1_900_000),
            ("0e999999", 0),
        ] {
            assert_eq!(decimal(text).millionths(), millionths, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_exact_number() {
        for (text, error) in [
            ("", DecimalError::NotANumber),
            (".", DecimalError::NotANumber),
            ("-", DecimalError::NotANumber),
            ("NaN", DecimalError::NotANumber),
            ("inf", DecimalError::NotANumber),
            ("-Infinity", DecimalError::NotANumber),
            ("4,800", DecimalError::NotANumber),
            ("1e", DecimalError::NotANumber),
            ("0x10", DecimalError::NotANumber),
            ("１２", DecimalError::NotANumber),
            ("0.0000001", DecimalError::TooPrecise),
            ("1e-7", DecimalError::TooPrecise),
            ("1e-999", DecimalError::TooPrecise),
            ("1e308", DecimalError::OutOfRange),
            ("9223372036854775808", DecimalError::OutOfRange),
            ("1e99999999999", DecimalError::NotANumber),
        ] {
            assert_eq!(text.parse::<Decimal>(), Err(error), "{text}");
        }
    }

    #[test]
    fn groups_thousands_and_rounds_for_display() {
        assert_eq!(decimal("15831.2").grouped(), "15,831.2");
        assert_eq!(decimal("-1234567").grouped(), "-1,234,567");
        assert_eq!(decimal("999").grouped(), "999");
        assert_eq!(decimal("2.909090").rounded(2), decimal("2.91"));
        assert_eq!(decimal("-0.01335").rounded(4), decimal("-0.0134"));
        let density = decimal("2368").quotient_for_display(decimal("814")).unwrap();
        assert_eq!(density, decimal("2.909091"));
        assert_eq!(decimal("-1").quotient_for_display(decimal("3")), Some(decimal("-0.333333")));
        assert_eq!(decimal("2").quotient_for_display(decimal("-3")), Some(decimal("-0.666667")));
    }

    #[test]
    fn a_float_literal_keeps_its_text() {
        for text in ["1978.9", "608.5", "665.6", "5.92", "2614.9"] {
            let float: f64 = text.parse().unwrap();
            assert_eq!(Decimal::from_float_text(float).unwrap(), decimal(text));
        }
        assert_eq!(Decimal::from_float_text(f64::NAN), Err(DecimalError::NotANumber));
    }

    proptest! {
        #[test]
        fn display_and_parse_are_inverse(millionths in any::<i64>()) {
            let value = Decimal::from_millionths(millionths);
            prop_assert_eq!(value.to_string().parse::<Decimal>().unwrap(), value);
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,40}") {
            let _ = text.parse::<Decimal>();
        }

        #[test]
        fn an_exact_product_divides_back(a in -1_000_000i64..1_000_000, b in 1i64..1_000_000) {
            let (a, b) = (Decimal::from_millionths(a * 1000), Decimal::from_millionths(b * 1000));
            let product = a.checked_mul(b).unwrap();
            prop_assert_eq!(product.checked_div(b), Some(a));
        }
    }
}
