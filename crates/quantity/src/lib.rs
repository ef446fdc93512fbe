//! Exact decimals, intervals, units and certainty: the numbers that every
//! other crate speaks.
//!
//! Law compares figures with thresholds, and a figure that is off in the
//! sixteenth digit can turn *controlled* into *not controlled*. So a figure is a
//! [`Decimal`], a whole number of millionths; a figure known only within bounds is
//! an [`Interval`]; a figure without a [`Unit`](UnitTable) is refused where one is
//! expected; and a figure always says how sure it is ([`Certainty`]).
//!
//! ```
//! use narrows_quantity::{Decimal, Interval};
//!
//! let tpp: Decimal = "15831.2".parse()?;
//! assert!(tpp > Decimal::whole(4000));
//! let range = Interval::new("1398".parse()?, "1568".parse()?)?;
//! assert!(!range.is_exact());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is not here: floating point (no conversion *from* a float other than by
//! its shortest decimal text), rounding in silence, and any particular unit. The
//! units themselves are data.

mod certainty;
mod decimal;
mod interval;
mod nearest;
mod unit;

pub use certainty::Certainty;
pub use decimal::{Decimal, DecimalError};
pub use interval::{EmptyInterval, Interval};
pub use nearest::{did_you_mean, nearest};
pub use unit::{UnitError, UnitTable};
