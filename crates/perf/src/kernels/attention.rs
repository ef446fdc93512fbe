//! Attention over keys and values: the prefill of prompts and the decoding of tokens.

use super::Kernel;
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;
use crate::precision::Scheme;

/// Queries against keys and values of one layer on one chip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttentionShape {
    /// Sequences.
    pub batch: f64,
    /// New tokens of each.
    pub query_length: f64,
    /// Tokens attended to, the new ones included.
    pub kv_length: f64,
    /// Query heads on this chip.
    pub heads: f64,
    /// Key and value heads on this chip.
    pub kv_heads: f64,
    /// Width of a head.
    pub head_dim: f64,
    /// Sliding window in tokens; infinite without one.
    pub window: f64,
    /// Whether a token attends only to those before it.
    pub causal: bool,
    /// Precision of queries.
    pub scheme: Scheme,
    /// Precision of stored keys and values.
    pub kv_scheme: Scheme,
}

crate::constants! {
    /// Fitted constants of prefill.
    pub struct PrefillConstants {
        /// Launch in microseconds.
        launch_us: 5.0 in 0.5..=60.0,
        /// Share of the published rate that is sustained.
        rate_share: 0.6 in 0.05..=1.0,
    }
}

crate::constants! {
    /// Fitted constants of decoding.
    pub struct DecodeConstants {
        /// Launch in microseconds.
        launch_us: 4.0 in 0.5..=90.0,
        /// Share of the memory bandwidth that is sustained.
        bandwidth_share: 0.75 in 0.2..=1.0,
    }
}

/// Attention of prompts.
#[derive(Debug, Clone, Copy)]
pub struct Prefill;

/// Attention of one new token (or a few) a sequence.
#[derive(Debug, Clone, Copy)]
pub struct Decode;

impl Kernel for Prefill {
    type Shape = AttentionShape;
    type Constants = PrefillConstants;
    const NAME: &'static str = "attention_prefill";

    fn estimate(shape: &AttentionShape, chip: &Accelerator, constants: &PrefillConstants) -> Estimate {
        let pairs = shape.query_length * shape.kv_length.min(shape.window) * if shape.causal { 0.5 } else { 1.0 };
        let operations = 4.0 * shape.batch * shape.heads * shape.head_dim * pairs;
        let compute = operations / (constants.rate_share * chip.rate(shape.scheme.arithmetic()));
        Estimate::overlapped(constants.launch_us * 1e-6, compute, 0.0)
    }
}

impl Kernel for Decode {
    type Shape = AttentionShape;
    type Constants = DecodeConstants;
    const NAME: &'static str = "attention_decode";

    fn estimate(shape: &AttentionShape, chip: &Accelerator, constants: &DecodeConstants) -> Estimate {
        let elements = 2.0 * shape.batch * shape.kv_length.min(shape.window) * shape.kv_heads * shape.head_dim;
        let memory = elements * shape.kv_scheme.weight_bytes() / (constants.bandwidth_share * chip.memory_bandwidth);
        Estimate::overlapped(constants.launch_us * 1e-6, 0.0, memory)
    }
}
