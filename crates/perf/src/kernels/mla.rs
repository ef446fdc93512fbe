//! Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1): keys and
//! values of all heads are kept as one latent vector.

use super::Kernel;
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;
use crate::precision::Scheme;

/// The attention core of one layer on one chip, without its projections.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MlaShape {
    /// Whether the latent vectors are attended to directly (decoding), or keys and values
    /// are built from them first (prefill).
    pub absorbed: bool,
    /// Sequences.
    pub batch: f64,
    /// New tokens of each.
    pub query_length: f64,
    /// Tokens attended to, the new ones included.
    pub kv_length: f64,
    /// Heads on this chip.
    pub heads: f64,
    /// Width of the latent vector.
    pub latent: f64,
    /// Width of the part of keys that carries position.
    pub rope: f64,
    /// Width of the rest of a key of a head.
    pub key: f64,
    /// Width of a value of a head.
    pub value: f64,
    /// Precision of queries.
    pub scheme: Scheme,
    /// Precision of stored latent vectors.
    pub kv_scheme: Scheme,
}

crate::constants! {
    /// Fitted constants of latent attention.
    pub struct MlaConstants {
        /// Launch in microseconds.
        launch_us: 10.0 in 0.5..=400.0,
        /// Share of the published rate that is sustained.
        rate_share: 0.5 in 0.02..=1.0,
        /// Share of the memory bandwidth that is sustained.
        bandwidth_share: 0.75 in 0.05..=1.0,
    }
}

/// Latent attention.
#[derive(Debug, Clone, Copy)]
pub struct Mla;

impl Kernel for Mla {
    type Shape = MlaShape;
    type Constants = MlaConstants;
    const NAME: &'static str = "mla";

    fn estimate(shape: &MlaShape, chip: &Accelerator, constants: &MlaConstants) -> Estimate {
        let (widths, pairs) = if shape.absorbed {
            (2.0 * shape.latent + shape.rope, shape.query_length * shape.kv_length)
        } else {
            (shape.key + shape.rope + shape.value, shape.query_length * shape.kv_length / 2.0)
        };
        let operations = 2.0 * shape.batch * shape.heads * widths * pairs;
        let bytes = shape.batch * shape.kv_length * (shape.latent + shape.rope) * shape.kv_scheme.weight_bytes();
        let compute = operations / (constants.rate_share * chip.rate(shape.scheme.arithmetic()));
        let memory = bytes / (constants.bandwidth_share * chip.memory_bandwidth);
        Estimate::overlapped(constants.launch_us * 1e-6, compute, memory)
    }
}
