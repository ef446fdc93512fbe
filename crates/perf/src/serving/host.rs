//! [`Host`]: what serving software adds to a step beside the kernels of the chips.

use super::profile::Overheads;
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;
use crate::kernels::Kernel;

/// A step as the host sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HostShape {
    /// Sequences of one group of chips.
    pub sequences: f64,
    /// Layers of the model.
    pub layers: f64,
}

/// The host's work for a step: scheduling, launches, handling of tokens.
#[derive(Debug, Clone, Copy)]
pub struct Host;

impl Kernel for Host {
    type Shape = HostShape;
    type Constants = Overheads;
    const NAME: &'static str = "serving";

    fn estimate(shape: &HostShape, _: &Accelerator, constants: &Overheads) -> Estimate {
        let us = constants.step_us + constants.sequence_us * shape.sequences + constants.layer_us * shape.layers;
        Estimate { latency_s: 1e-6 * us, ..Estimate::default() }
    }
}
