//! Matrix products.

use super::Kernel;
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;
use crate::precision::Scheme;

/// Activations (m x k) times weights (k x n).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GemmShape {
    /// Rows of activations.
    pub m: f64,
    /// Columns of weights.
    pub n: f64,
    /// Inner dimension.
    pub k: f64,
    /// Precision.
    pub scheme: Scheme,
}

crate::constants! {
    /// Fitted constants of matrix products.
    pub struct GemmConstants {
        /// Launch of the kernel in microseconds.
        launch_us: 2.5 in 0.5..=20.0,
        /// Share of the published rate that is sustained.
        rate_share: 0.75 in 0.2..=1.0,
        /// Share of the memory bandwidth that is sustained.
        bandwidth_share: 0.8 in 0.3..=1.0,
    }
}

/// A matrix product.
#[derive(Debug, Clone, Copy)]
pub struct Gemm;

impl Kernel for Gemm {
    type Shape = GemmShape;
    type Constants = GemmConstants;
    const NAME: &'static str = "gemm";

    fn estimate(shape: &GemmShape, chip: &Accelerator, constants: &GemmConstants) -> Estimate {
        let scheme = shape.scheme;
        let operations = 2.0 * shape.m * shape.n * shape.k;
        let bytes = shape.n * shape.k * scheme.weight_bytes()
            + shape.m * shape.k * scheme.activation_bytes()
            + shape.m * shape.n * scheme.output_bytes();
        let compute = operations / (constants.rate_share * chip.rate(scheme.arithmetic()));
        let memory = bytes / (constants.bandwidth_share * chip.memory_bandwidth);
        Estimate::overlapped(constants.launch_us * 1e-6, compute, memory)
    }
}
