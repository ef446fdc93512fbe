//! Operators. Each kernel is a closed formula of its shape, the chip's figures and at most
//! twenty constants fitted to measurements ([`ConstantSet`]); none allocates.

pub mod attention;
pub mod collective;
pub mod elementwise;
pub mod exchange;
pub mod experts;
pub mod gemm;
pub mod mla;
pub mod sustained;

use crate::accelerator::Accelerator;
use crate::estimate::Estimate;

/// A constant of a kernel's formula, and the range in which a fit may look for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConstantSpec {
    /// Name, with its unit as a suffix.
    pub name: &'static str,
    /// Value before any fit.
    pub start: f64,
    /// Least value.
    pub low: f64,
    /// Greatest value.
    pub high: f64,
}

/// The constants of a kernel.
pub trait ConstantSet: Copy {
    /// What they are, in order.
    const SPECS: &'static [ConstantSpec];
    /// From values in the order of [`ConstantSet::SPECS`]; missing ones take their start.
    fn from_values(values: &[f64]) -> Self;
    /// Values in the order of [`ConstantSet::SPECS`].
    fn values(&self) -> Vec<f64>;
}

/// Declares the constants of a kernel: name, value before any fit, and allowed range.
#[macro_export]
macro_rules! constants {
    ($(#[$about:meta])* $visibility:vis struct $name:ident {
        $($(#[$meaning:meta])* $field:ident: $start:literal in $low:literal..=$high:literal),* $(,)?
    }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        $visibility struct $name { $($(#[$meaning])* pub $field: f64),* }

        impl $crate::kernels::ConstantSet for $name {
            const SPECS: &'static [$crate::kernels::ConstantSpec] = &[$(
                $crate::kernels::ConstantSpec {
                    name: stringify!($field),
                    start: $start,
                    low: $low,
                    high: $high,
                }
            ),*];

            fn from_values(values: &[f64]) -> Self {
                let mut values = values.iter().copied();
                Self { $($field: values.next().unwrap_or($start)),* }
            }

            fn values(&self) -> Vec<f64> {
                vec![$(self.$field),*]
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $start),* }
            }
        }
    };
}

/// What an operator cannot do without, whatever the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Work {
    /// Arithmetic operations.
    pub operations: f64,
    /// Bytes to or from memory if nothing is read twice.
    pub bytes: f64,
    /// Seconds on the links between chips at their full rate.
    pub network_s: f64,
}

/// An operator with a formula.
pub trait Kernel {
    /// What it works on.
    type Shape: Copy;
    /// Its fitted constants.
    type Constants: ConstantSet;
    /// Name, as in the data and in answers.
    const NAME: &'static str;

    /// What it cannot do without: the ground of roofline bounds and of the baseline in tables
    /// of errors.
    fn work(_: &Self::Shape) -> Work {
        Work::default()
    }

    /// Time on one chip (or, for collectives, among several).
    fn estimate(shape: &Self::Shape, chip: &Accelerator, constants: &Self::Constants) -> Estimate;
}
