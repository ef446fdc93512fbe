//! [`Usd`], [`Units`], [`UsdPerUnit`] and what they are amounts *of*.
//!
//! Stock is carried at cost, so an [`InventoryCharge`] divides by a [`UnitCost`]; [`Sales`] divide
//! by a [`SellingPrice`]. The other two quotients do not exist:
//!
//! ```compile_fail
//! use narrows_market::exposure::money::{InventoryCharge, SellingPrice, Usd, UsdPerUnit};
//! let charge = InventoryCharge(Usd(5.5e9));
//! let units = charge / SellingPrice(UsdPerUnit(12_000.0));
//! ```

use std::ops::{Add, Div, Mul, Neg, Sub};

use serde::Serialize;

/// Dollars (USD).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize)]
pub struct Usd(pub f64);

/// A number of parts; a fraction is a mean.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize)]
pub struct Units(pub f64);

/// Dollars for one part.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize)]
pub struct UsdPerUnit(pub f64);

/// What one part is sold for.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
pub struct SellingPrice(pub UsdPerUnit);

/// What one part stands in the books for.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
pub struct UnitCost(pub UsdPerUnit);

/// A charge for stock, at cost; negative if released.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
pub struct InventoryCharge(pub Usd);

/// Sales, at selling prices.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize)]
pub struct Sales(pub Usd);

impl InventoryCharge {
    /// The same sum of money taken for sales, as those do who divide a charge by a price. Nothing
    /// but the name changes; the result says how many parts *sell* for that sum.
    #[must_use]
    pub const fn misread_as_sales(self) -> Sales {
        Sales(self.0)
    }
}

impl Div<SellingPrice> for Sales {
    type Output = Units;
    fn div(self, price: SellingPrice) -> Units {
        self.0 / price.0
    }
}

impl Div<UnitCost> for InventoryCharge {
    type Output = Units;
    fn div(self, cost: UnitCost) -> Units {
        self.0 / cost.0
    }
}

impl Div<UsdPerUnit> for Usd {
    type Output = Units;
    fn div(self, each: UsdPerUnit) -> Units {
        Units(self.0 / each.0)
    }
}

impl Mul<Units> for UsdPerUnit {
    type Output = Usd;
    fn mul(self, units: Units) -> Usd {
        Usd(self.0 * units.0)
    }
}

/// Sum, difference, negative and multiples by a plain number.
macro_rules! linear {
    ($($name:ident),*) => {$(
        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }
        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }
        impl Mul<f64> for $name {
            type Output = Self;
            fn mul(self, factor: f64) -> Self {
                Self(self.0 * factor)
            }
        }
        impl Div<$name> for $name {
            type Output = f64;
            fn div(self, other: Self) -> f64 {
                self.0 / other.0
            }
        }
        impl std::iter::Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                Self(items.map(|item| item.0).sum())
            }
        }
    )*};
}
linear!(Usd, Units, UsdPerUnit);

/// The least and the most that something may be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bounds<T> {
    /// Least.
    pub low: T,
    /// Most.
    pub high: T,
}

impl<T: Copy + PartialOrd> Bounds<T> {
    /// Both ends, in either order.
    #[must_use]
    pub fn of(one: T, other: T) -> Self {
        if one <= other { Self { low: one, high: other } } else { Self { low: other, high: one } }
    }

    /// One value.
    #[must_use]
    pub const fn point(value: T) -> Self {
        Self { low: value, high: value }
    }

    /// Both ends through a function; the result is in order whichever way the function runs.
    #[must_use]
    pub fn map<U: Copy + PartialOrd>(self, through: impl Fn(T) -> U) -> Bounds<U> {
        Bounds::of(through(self.low), through(self.high))
    }

    /// The least range that holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self {
            low: if other.low < self.low { other.low } else { self.low },
            high: if other.high > self.high { other.high } else { self.high },
        }
    }
}
