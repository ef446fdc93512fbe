//! [`Interval`]: a figure known only within bounds.

use std::fmt;

use serde::Serialize;

use crate::Decimal;

/// All decimals from `low` to `high`, both included.
///
/// A figure that is known exactly is an interval whose ends are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Interval {
    low: Decimal,
    high: Decimal,
}

/// The lower end lies above the upper one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the range is empty: its low end {low} lies above its high end {high}")]
pub struct EmptyInterval {
    low: Decimal,
    high: Decimal,
}

impl Interval {
    /// The interval from `low` to `high`.
    ///
    /// # Errors
    /// [`EmptyInterval`] if `low` is above `high`.
    pub fn new(low: Decimal, high: Decimal) -> Result<Self, EmptyInterval> {
        if low <= high { Ok(Self { low, high }) } else { Err(EmptyInterval { low, high }) }
    }

    /// The interval that holds one figure.
    #[must_use]
    pub const fn exactly(value: Decimal) -> Self {
        Self { low: value, high: value }
    }

    /// The smallest figure it may be.
    #[must_use]
    pub const fn low(self) -> Decimal {
        self.low
    }

    /// The largest figure it may be.
    #[must_use]
    pub const fn high(self) -> Decimal {
        self.high
    }

    /// Whether only one figure is possible.
    #[must_use]
    pub fn is_exact(self) -> bool {
        self.low == self.high
    }

    /// The figure, if only one is possible.
    #[must_use]
    pub fn exact(self) -> Option<Decimal> {
        self.is_exact().then_some(self.low)
    }

    /// Whether `value` is one of the figures it may be.
    #[must_use]
    pub fn contains(self, value: Decimal) -> bool {
        self.low <= value && value <= self.high
    }

    /// The larger of two figures, whichever they turn out to be.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.max(other.high) }
    }

    /// The sum of two figures, if it can be held.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self { low: self.low.checked_add(other.low)?, high: self.high.checked_add(other.high)? })
    }
}

impl From<Decimal> for Interval {
    fn from(value: Decimal) -> Self {
        Self::exactly(value)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_exact() {
            fmt::Display::fmt(&self.low, formatter)
        } else {
            write!(formatter, "{} to {}", self.low, self.high)
        }
    }
}
