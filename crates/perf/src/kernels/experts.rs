//! The experts of one layer: grouped matrix products over the tokens that each expert gets.

use super::Kernel;
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;
use crate::precision::Scheme;

/// Routed experts of one layer on one chip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpertsShape {
    /// Tokens that are routed, over all chips among which experts are divided.
    pub tokens: f64,
    /// Width of the model.
    pub hidden: f64,
    /// Inner width of an expert, before any division.
    pub intermediate: f64,
    /// Experts a token goes to.
    pub top_k: f64,
    /// Experts of the layer.
    pub experts: f64,
    /// Chips among which the inner width is divided.
    pub tensor_parallel: f64,
    /// Chips among which experts are divided.
    pub expert_parallel: f64,
    /// Exponent of the power law of tokens over experts; zero if all get the same.
    pub skew: f64,
    /// Whether there are two projections up (gate and up).
    pub gated: bool,
    /// Precision.
    pub scheme: Scheme,
}

crate::constants! {
    /// Fitted constants of experts.
    pub struct ExpertsConstants {
        /// Launches in microseconds.
        launch_us: 40.0 in 5.0..=400.0,
        /// Share of the published rate that is sustained.
        rate_share: 0.5 in 0.02..=1.0,
        /// Share of the memory bandwidth that is sustained.
        bandwidth_share: 0.75 in 0.05..=1.0,
    }
}

/// Grouped products of experts.
#[derive(Debug, Clone, Copy)]
pub struct Experts;

impl Kernel for Experts {
    type Shape = ExpertsShape;
    type Constants = ExpertsConstants;
    const NAME: &'static str = "experts";

    fn estimate(shape: &ExpertsShape, chip: &Accelerator, constants: &ExpertsConstants) -> Estimate {
        let matrices = if shape.gated { 3.0 } else { 2.0 };
        let expert = matrices * shape.hidden * shape.intermediate / shape.tensor_parallel;
        let pairs = shape.tokens * shape.top_k / shape.expert_parallel;
        let here = shape.experts / shape.expert_parallel;
        let touched = here * (1.0 - (1.0 - 1.0 / shape.experts).powf(shape.tokens * shape.top_k));
        let compute = 2.0 * pairs * expert / (constants.rate_share * chip.rate(shape.scheme.arithmetic()));
        let bytes = touched * expert * shape.scheme.weight_bytes();
        let memory = bytes / (constants.bandwidth_share * chip.memory_bandwidth);
        Estimate::overlapped(constants.launch_us * 1e-6, compute, memory)
    }
}
