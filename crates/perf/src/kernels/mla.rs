//! Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1): keys and
//! values of all heads are kept as one latent vector.
//!
//! Prefill builds keys and values from it and attends to those ([`MlaPrefill`]); decoding
//! attends to the latent vectors themselves ([`MlaDecode`]), which all heads share.

mod decode;
mod prefill;

pub use decode::{MlaDecode, MlaDecodeConstants};
pub use prefill::{MlaPrefill, MlaPrefillConstants};

use super::Work;
use crate::accelerator::Accelerator;
use crate::precision::{Arithmetic, Scheme};

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

impl MlaShape {
    /// The precision by which a measurement is told from others: the narrower of queries
    /// and stored vectors, since either makes the kernel another one.
    #[must_use]
    pub fn precision(&self) -> Scheme {
        if self.kv_scheme.weight_bytes() < self.scheme.activation_bytes() {
            self.kv_scheme
        } else {
            self.scheme
        }
    }

    /// Pairs of a new token and a token it attends to, in one head of one sequence. Each
    /// new token sees those before it.
    fn causal_pairs(&self) -> f64 {
        let before = (self.kv_length - self.query_length).max(0.0);
        self.query_length * (before + (self.query_length.min(self.kv_length) + 1.0) / 2.0)
    }

    /// Multiplications for a pair.
    fn widths(&self) -> f64 {
        if self.absorbed { 2.0 * self.latent + self.rope } else { self.key + self.rope + self.value }
    }

    /// Bytes of an operand of prefill: kernels have 8-bit ones and wider.
    fn operand_bytes(&self) -> f64 {
        self.precision().weight_bytes().max(1.0)
    }

    /// Numbers in queries, keys and values of all heads.
    fn operands(&self) -> f64 {
        let (key, value) = (self.key + self.rope, self.value);
        self.batch * self.heads * (self.query_length * key + self.kv_length * (key + value))
    }

    fn work(&self) -> Work {
        let bytes = if self.absorbed {
            self.batch * self.kv_length * (self.latent + self.rope) * self.kv_scheme.weight_bytes()
        } else {
            let results = self.batch * self.heads * self.query_length * self.value;
            (self.operands() + results) * self.operand_bytes()
        };
        Work {
            operations: 2.0 * self.batch * self.heads * self.widths() * self.causal_pairs(),
            bytes,
            network_s: 0.0,
        }
    }
}

/// Scratch memory of a core, in bytes, from which the latent kernels run that split a
/// sequence over cores: 64 queries and two tiles of 64 latent vectors of 576 16-bit
/// numbers, 221 KB. With less, TensorRT-LLM walks a sequence in one core.
const SCRATCH_TO_SPLIT: f64 = 200e3;
/// Cores with less than this are other makers', whose software splits in its own way.
const SCRATCH_OF_AMPERE: f64 = 96e3;
/// Scratch memory of a core, in bytes, from which two tiles of the older kernels share it.
const SCRATCH_OF_TWO: f64 = 160e3;

/// Whether a chip's cores are of the generations before Hopper, by their scratch memory.
fn is_older(chip: &Accelerator) -> bool {
    (SCRATCH_OF_AMPERE..SCRATCH_TO_SPLIT).contains(&chip.shared_memory_bytes)
}

/// Whether the cache of one sequence is shared out over cores. Graphics parts with 4-bit
/// arithmetic have a kernel of their own that does so for 8-bit vectors (XQA of
/// TensorRT-LLM); for all else they lack the scratch memory.
#[must_use]
pub fn splits_sequences(chip: &Accelerator, precision: Scheme) -> bool {
    let narrow = precision.weight_bytes() < 2.0;
    !is_older(chip) || (narrow && chip.rate(Arithmetic::Fp4) > 0.0)
}

/// Name of TensorRT-LLM's code path on a chip: constants of one say nothing of the other.
#[must_use]
pub fn variant(chip: &Accelerator, precision: Scheme) -> &'static str {
    if splits_sequences(chip, precision) { "tensorrt_llm" } else { "tensorrt_llm_unsplit" }
}

/// The arithmetic that the kernel works in: 8-bit for what is stored in less than 16 bits.
/// Kernels that walk a sequence in one core widen it, and so does every chip without 8-bit
/// arithmetic.
fn arithmetic(chip: &Accelerator, precision: Scheme) -> Arithmetic {
    let narrow = precision.weight_bytes() < 2.0;
    let able = splits_sequences(chip, precision) && chip.rate(Arithmetic::Fp8) > 0.0;
    if narrow && able { Arithmetic::Fp8 } else { Arithmetic::Bf16 }
}

/// Share of reads of `bytes` that a cache of `room` bytes serves when the same bytes are
/// read again and again: near one below its size, and soon little above.
fn cached_share(bytes: f64, room: f64) -> f64 {
    if room <= 0.0 {
        return 0.0;
    }
    let fullness = (bytes / room).min(1e30);
    let squared = fullness * fullness;
    1.0 / (1.0 + squared * squared)
}

/// What a launch takes whatever the chip's clock, in seconds: the host's and the driver's
/// part. With it the floors of chips of 1.4 to 2.5 GHz come to nearly the same clocks.
const LAUNCH_S: f64 = 1e-6;

/// Smooth maximum of two non-negative times, between both limits of overlap: their larger
/// (`sharpness` infinite) and their sum (one).
fn overlap(one: f64, other: f64, sharpness: f64) -> f64 {
    let (low, high) = if one < other { (one, other) } else { (other, one) };
    if high <= 0.0 {
        return 0.0;
    }
    high * (1.0 + (low / high).powf(sharpness)).powf(1.0 / sharpness)
}
