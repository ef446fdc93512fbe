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

impl HostShape {
    /// Seconds of the host and of gaps between kernels.
    #[must_use]
    pub fn seconds(&self, constants: &Overheads) -> f64 {
        let per_sequence = constants.sequence_us * self.sequences;
        1e-6 * (constants.step_us + per_sequence + constants.layer_us * self.layers)
    }
}

/// The host's work for a step: scheduling, launches, handling of tokens.
#[derive(Debug, Clone, Copy)]
pub struct Host;

impl Kernel for Host {
    type Shape = HostShape;
    type Constants = Overheads;
    const NAME: &'static str = "serving";

    fn estimate(shape: &HostShape, _: &Accelerator, constants: &Overheads) -> Estimate {
        Estimate { latency_s: shape.seconds(constants), ..Estimate::default() }
    }
}
