//! [`Band`]: a figure at its least, in the middle and at its most.

use std::ops::{Add, AddAssign, Mul};

use serde::{Deserialize, Serialize};

use crate::exposure::money::Bounds;

/// Least, middle and most of a figure that is not negative.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Band {
    /// Least.
    pub low: f64,
    /// The one value to take if one is needed.
    pub middle: f64,
    /// Most.
    pub high: f64,
}

/// One of the three values of a band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Low,
    Middle,
    High,
}

impl End {
    pub(super) const ALL: [Self; 3] = [Self::Low, Self::Middle, Self::High];
}

impl Band {
    /// One value.
    #[must_use]
    pub const fn point(value: f64) -> Self {
        Self { low: value, middle: value, high: value }
    }

    /// Two ends; the middle lies between them.
    #[must_use]
    pub const fn between(low: f64, high: f64) -> Self {
        Self { low, middle: f64::midpoint(low, high), high }
    }

    /// What is left of one.
    #[must_use]
    pub fn rest(self) -> Self {
        let rest = |value: f64| (1.0 - value).max(0.0);
        Self { low: rest(self.high), middle: rest(self.middle), high: rest(self.low) }
    }

    /// Whether it is three finite numbers in order, none below zero.
    #[must_use]
    pub fn is_amount(self) -> bool {
        self.low >= 0.0 && self.low <= self.middle && self.middle <= self.high && self.high.is_finite()
    }

    /// The least band that holds both, with this one's middle.
    pub(super) const fn widened(self, value: f64) -> Self {
        Self { low: self.low.min(value), middle: self.middle, high: self.high.max(value) }
    }

    pub(super) const fn at(self, end: End) -> f64 {
        match end {
            End::Low => self.low,
            End::Middle => self.middle,
            End::High => self.high,
        }
    }

    pub(super) const fn at_mut(&mut self, end: End) -> &mut f64 {
        match end {
            End::Low => &mut self.low,
            End::Middle => &mut self.middle,
            End::High => &mut self.high,
        }
    }
}

impl From<Bounds<f64>> for Band {
    fn from(bounds: Bounds<f64>) -> Self {
        Self::between(bounds.low, bounds.high)
    }
}

impl Add for Band {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { low: self.low + other.low, middle: self.middle + other.middle, high: self.high + other.high }
    }
}

impl AddAssign for Band {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Band {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::default(), Add::add)
    }
}

/// Neither is negative, so that the ends of the product are the products of the ends.
impl Mul for Band {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self { low: self.low * other.low, middle: self.middle * other.middle, high: self.high * other.high }
    }
}

impl Mul<f64> for Band {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        self * Self::point(factor)
    }
}
