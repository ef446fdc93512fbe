//! Attention of prompts: tiles of queries walk over keys and values and keep the softmax
//! running (FlashAttention-2, arXiv 2307.08691, algorithm 1; FlashAttention-3, arXiv
//! 2407.08608, on the overlap of products and exponentials).

use super::{AttentionShape, cached_share, overlap};
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;
use crate::kernels::{Kernel, Work};

crate::constants! {
    /// Fitted constants of prefill.
    pub struct PrefillConstants {
        /// Launches of the kernel that places keys and values in the cache, and of attention,
        /// in microseconds.
        launch_us: 12.0 in 0.5..=120.0,
        /// Share of the memory bandwidth that the placing of keys and values sustains.
        bandwidth_share: 0.8 in 0.2..=1.0,
        /// Cache bandwidth over memory bandwidth for what still lies in the cache.
        cache_gain: 2.0 in 1.0..=20.0,
        /// Traffic that the cache catches, over its size: the same bytes go by several times.
        cache_share: 1.0 in 0.2..=4.0,
        /// Times that new keys and values go to or from the cache of tokens.
        cache_passes: 1.0 in 0.3..=6.0,
        /// Energy of an operation in picojoules, by which power limits the clock. The range is
        /// that of what matrix products alone sustain: one chip cannot tell energy from clocks.
        energy_pj: 0.5 in 0.2..=1.7,
        /// Clocks of a core for a pair of query and key, beside the exponential: scaling,
        /// maximum, sum, conversion.
        pair_clocks: 0.03 in 0.0005..=1.0,
        /// Clocks to start and end a tile of queries.
        tile_clocks: 4000.0 in 50.0..=40000.0,
        /// Clocks that a tile of keys takes over its arithmetic when a core is busy.
        step_clocks: 100.0 in 1.0..=5000.0,
        /// More of them when a core waits for a single tile of queries.
        lone_step_clocks: 600.0 in 1.0..=20000.0,
        /// Share of the longest tile by which cores finish apart.
        tail: 0.5 in 0.01..=1.0,
        /// How starts of tiles hide behind other tiles: 1 not at all.
        start_overlap: 1.2 in 1.0..=6.0,
    }
}

/// Queries, and keys, of a tile.
const TILE: f64 = 64.0;
/// How products and softmax overlap. Where exponentials are scarce (Blackwell), where there
/// are twice as many (Blackwell Ultra), and with products twice as fast (8-bit formats),
/// the same exponent fits with like constants.
const OVERLAP: f64 = 1.5;
/// Share of the published rate that is reached where power allows.
const RATE_SHARE: f64 = 0.96;
/// How sharply power limits the clock, as in [`crate::kernels::sustained`].
const POWER_SHARPNESS: f64 = 4.0;
/// Heads are stored in registers in multiples of this.
const HEAD_GRAIN: f64 = 32.0;

/// Attention of prompts.
#[derive(Debug, Clone, Copy)]
pub struct Prefill;

impl Kernel for Prefill {
    type Shape = AttentionShape;
    type Constants = PrefillConstants;
    const NAME: &'static str = "attention_prefill";

    fn work(shape: &AttentionShape) -> Work {
        shape.work()
    }

    fn estimate(shape: &AttentionShape, chip: &Accelerator, constants: &PrefillConstants) -> Estimate {
        let steps = Steps::of(shape);
        let sequences = shape.batch * shape.heads;
        let pair_s = pair_seconds(shape, chip, constants);
        let step_s = TILE * TILE * chip.cores * pair_s + constants.step_clocks / chip.clock;
        let busy = sequences * steps.all * step_s / chip.cores;
        let waves = (sequences * steps.tiles / chip.cores).ceil();
        let starts = waves * constants.tile_clocks / chip.clock;
        let longest = steps.longest * (step_s + constants.lone_step_clocks / chip.clock);
        let together = overlap(busy, starts, constants.start_overlap);
        let work = overlap(together, longest, 4.0) + constants.tail * longest.min(busy);
        // What full cores would take; the rest is waiting.
        let compute_s = work.min(sequences * steps.all * TILE * TILE * pair_s);
        Estimate {
            compute_s,
            memory_s: memory_seconds(shape, chip, constants),
            latency_s: constants.launch_us * 1e-6 + (work - compute_s),
            network_s: 0.0,
        }
    }
}

/// Time of the whole chip for one pair of query and key.
fn pair_seconds(shape: &AttentionShape, chip: &Accelerator, constants: &PrefillConstants) -> f64 {
    let width = (shape.head_dim / HEAD_GRAIN).ceil().max(1.0) * HEAD_GRAIN;
    let products = 4.0 * width / (RATE_SHARE * shape.product_rate(chip));
    let softmax = constants.pair_clocks / (chip.cores * chip.clock) + 1.0 / chip.exponential_rate;
    let unlimited = overlap(products, softmax, OVERLAP);
    // Power divided by energy is a rate too; a chip without a figure is not limited.
    let powered = if chip.power > 0.0 { 4.0 * width * constants.energy_pj * 1e-12 / chip.power } else { 0.0 };
    overlap(unlimited, powered, POWER_SHARPNESS)
}

/// Reads the projections, writes queries and the cache, reads queries, writes outputs; and
/// reads what was cached before.
fn memory_seconds(shape: &AttentionShape, chip: &Accelerator, constants: &PrefillConstants) -> f64 {
    let cached = shape.kv_scheme.weight_bytes();
    let query = shape.scheme.activation_bytes();
    let output = shape.scheme.output_bytes();
    let token = (shape.heads + 2.0 * shape.kv_heads) * output
        + shape.heads * (2.0 * query + output)
        + 2.0 * shape.kv_heads * cached * constants.cache_passes;
    let new = shape.query_length.min(shape.kv_length);
    let old = shape.kv_bytes() - 2.0 * shape.batch * new * shape.kv_heads * shape.head_dim * cached;
    let bytes = shape.batch * shape.query_length * shape.head_dim * token + old.max(0.0);
    let hit = cached_share(bytes, constants.cache_share * chip.cache_bytes, 3);
    bytes / (constants.bandwidth_share * chip.memory_bandwidth) * (1.0 - hit + hit / constants.cache_gain)
}

/// Tiles of one head of one sequence.
struct Steps {
    /// Tiles of queries.
    tiles: f64,
    /// Tiles of keys that they visit together.
    all: f64,
    /// Tiles of keys that the longest visits.
    longest: f64,
}

impl Steps {
    fn of(shape: &AttentionShape) -> Self {
        let tiles = (shape.query_length / TILE).ceil().max(1.0);
        let keys = (shape.kv_length / TILE).ceil().max(1.0) * TILE;
        // A tile of queries sees the windows of all of its queries.
        let reach = (shape.window.max(1.0) + TILE).min(keys);
        if !shape.causal {
            return Self { tiles, all: tiles * reach / TILE, longest: reach / TILE };
        }
        let before = shape.before();
        let growing = ((reach - before) / TILE).floor().clamp(0.0, tiles);
        let all = growing * (before + TILE * (growing + 1.0) / 2.0) + (tiles - growing) * reach;
        Self { tiles, all: all / TILE, longest: reach / TILE }
    }
}
