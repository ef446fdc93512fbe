//! Attention over keys and values of heads (multi-head, grouped-query and multi-query): the
//! prefill of prompts ([`Prefill`]) and the decoding of tokens ([`Decode`]), which are two
//! kernels with constants of their own.

mod decode;
mod prefill;

pub use decode::{Decode, DecodeConstants};
pub use prefill::{Prefill, PrefillConstants};

use super::Work;
use crate::accelerator::Accelerator;
use crate::precision::{Arithmetic, Scheme};

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

/// Name under which constants are kept for kernels whose keys and values are stored as
/// queries are.
pub const VARIANT: &str = "framework";
/// The same for kernels that read 8-bit keys and values with wider queries.
pub const VARIANT_NARROW_CACHE: &str = "framework_kv8";

impl AttentionShape {
    /// Whether keys and values are stored in fewer bits than queries have, for which there
    /// are kernels of their own: they quantize or convert on the way.
    #[must_use]
    pub fn narrow_cache(&self) -> bool {
        self.kv_scheme.weight_bytes() < self.scheme.activation_bytes()
    }

    /// Name of the constants that serve this shape: [`VARIANT`] or [`VARIANT_NARROW_CACHE`].
    #[must_use]
    pub fn variant(&self) -> &'static str {
        if self.narrow_cache() { VARIANT_NARROW_CACHE } else { VARIANT }
    }

    /// The precision whose arithmetic the products run in at best: 8-bit keys and values
    /// meet queries that are quantized on the fly where the chip has the arithmetic, and are
    /// widened where it has not.
    #[must_use]
    pub fn product_scheme(&self, chip: &Accelerator) -> Scheme {
        let narrow = if self.narrow_cache() { self.kv_scheme } else { self.scheme };
        if chip.rate(narrow.arithmetic()) > 0.0 { narrow } else { chip.supported(self.scheme) }
    }

    /// Published rate of the products, in operations per second.
    fn product_rate(&self, chip: &Accelerator) -> f64 {
        let rate = chip.rate(self.product_scheme(chip).arithmetic());
        if rate > 0.0 { rate } else { chip.rate(Arithmetic::Bf16).max(1e9) }
    }

    /// Tokens attended to that are older than the new ones.
    fn before(&self) -> f64 {
        (self.kv_length - self.query_length).max(0.0)
    }

    /// Most keys that one new token sees.
    fn reach(&self) -> f64 {
        self.window.max(1.0).min(self.kv_length)
    }

    /// Pairs of a new token and a token that it sees, in one head of one sequence.
    fn pairs(&self) -> f64 {
        let (new, reach) = (self.query_length, self.reach());
        if !self.causal {
            return new * reach;
        }
        // The first new tokens see one key more each, until the window is full.
        let growing = (reach - self.before()).clamp(0.0, new.min(self.kv_length));
        let first = self.before().min(reach);
        growing * (first + (growing + 1.0) / 2.0) + (new - growing) * reach
    }

    /// Bytes of the keys and values that any new token sees, once each.
    fn kv_bytes(&self) -> f64 {
        let seen = if self.window < self.kv_length {
            (self.window + self.query_length).min(self.kv_length)
        } else {
            self.kv_length
        };
        2.0 * self.batch * seen * self.kv_heads * self.head_dim * self.kv_scheme.weight_bytes()
    }

    fn work(&self) -> Work {
        let outputs =
            self.batch * self.query_length * self.heads * self.head_dim * self.scheme.output_bytes();
        Work {
            operations: 4.0 * self.batch * self.heads * self.head_dim * self.pairs(),
            bytes: self.kv_bytes() + outputs,
            network_s: 0.0,
        }
    }
}

/// Smooth maximum of two non-negative times, between both limits of overlap: their larger
/// (`sharpness` infinite) and their sum (one).
fn overlap(one: f64, other: f64, sharpness: f64) -> f64 {
    let (low, high) = if one < other { (one, other) } else { (other, one) };
    if high <= 0.0 {
        return 0.0;
    }
    high * (1.0 + (low / high).powf(sharpness)).powf(1.0 / sharpness)
}

/// Share of reads of `bytes` that a cache of `room` bytes serves when the same bytes are
/// read again and again: near one below its size, and soon little above.
fn cached_share(bytes: f64, room: f64, sharpness: i32) -> f64 {
    if room <= 0.0 { 0.0 } else { 1.0 / (1.0 + (bytes / room).min(1e30).powi(sharpness)) }
}
