//! [`Host`]: what serving software adds to a step beside the kernels of the chips.

use super::profile::Overheads;
use crate::accelerator::Accelerator;
use crate::calibration::{Calibration, Resolved};
use crate::estimate::Estimate;
use crate::families::Families;
use crate::kernels::Kernel;
use crate::machine::Software;
use crate::precision::Scheme;

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

/// Names of groups of constants that may serve, the best first.
#[must_use]
pub const fn variants(software: Software, has_experts: bool, apart: bool) -> [&'static str; 4] {
    let [dense, routed, dense_apart, routed_apart] = match software {
        Software::Vllm => ["vllm", "vllm_experts", "vllm_disaggregated", "vllm_experts_disaggregated"],
        Software::Sglang => {
            ["sglang", "sglang_experts", "sglang_disaggregated", "sglang_experts_disaggregated"]
        }
        _ => [
            "tensorrt_llm",
            "tensorrt_llm_experts",
            "tensorrt_llm_disaggregated",
            "tensorrt_llm_experts_disaggregated",
        ],
    };
    match (has_experts, apart) {
        (false, false) => [dense, routed, dense_apart, routed_apart],
        (true, false) => [routed, dense, routed_apart, dense_apart],
        (false, true) => [dense_apart, dense, routed_apart, routed],
        (true, true) => [routed_apart, routed, dense_apart, dense],
    }
}

/// Constants of software for a chip: those of the first group that was fitted for its family
/// or for a similar one.
#[must_use]
pub fn resolve(
    calibration: &Calibration,
    variants: &[&str],
    families: &Families,
    family: usize,
    chip: &str,
) -> Resolved<Overheads> {
    let own = families.get(family);
    let similar = own.map(|family| family.similar.as_slice()).unwrap_or_default();
    let places =
        || own.map(|family| family.id.as_str()).into_iter().chain(similar.iter().map(String::as_str));
    let fitted = |variant: &str| {
        let of_variant =
            || calibration.fits.iter().filter(|fit| fit.kernel == Host::NAME && fit.variant == variant);
        places().any(|place| of_variant().any(|fit| fit.family == place))
    };
    let found = variants.iter().copied().find(|variant| fitted(variant));
    let variant = found.or(variants.first().copied()).unwrap_or_default();
    calibration.resolve::<Host>(variant, Scheme::Bf16, families, family, chip)
}
