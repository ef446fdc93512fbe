//! Decoding over latent vectors.

use super::{LAUNCH_S, MlaShape, arithmetic, cached_share, overlap, splits_sequences};
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;
use crate::kernels::{Kernel, Work};
use crate::precision::Arithmetic;

crate::constants! {
    /// Fitted constants of decoding over latent vectors. Latencies are in clocks, for they
    /// are chains of instructions and of trips through the chip.
    pub struct MlaDecodeConstants {
        /// Launches and rotation of the new token.
        launch_clocks: 10000.0 in 500.0..=1000000.0,
        /// Further start for every doubling of sequences times heads.
        doubling_clocks: 500.0 in 10.0..=5000.0,
        /// Starting and ending a sequence in a core.
        sequence_clocks: 8000.0 in 100.0..=100000.0,
        /// Fixed work of a tile of 64 tokens (synchronization, softmax).
        step_clocks: 1000.0 in 50.0..=40000.0,
        /// Softmax of a row over one token in a core.
        pair_clocks: 0.05 in 0.0005..=2.0,
        /// Joining the parts of a split sequence.
        join_clocks: 4000.0 in 10.0..=60000.0,
        /// The same for every part.
        part_clocks: 150.0 in 1.0..=2000.0,
        /// Times that partial results go to or from memory.
        join_passes: 1.0 in 0.01..=10.0,
        /// Times that queries and results go to or from memory.
        query_passes: 1.5 in 0.1..=10.0,
        /// Share of the memory bandwidth that is sustained.
        bandwidth_share: 0.85 in 0.05..=1.0,
        /// Cache bandwidth over memory bandwidth.
        cache_gain: 2.5 in 1.0..=10.0,
        /// Share of the cache that holds vectors from one run to the next.
        cache_share: 0.6 in 0.05..=1.5,
        /// Sharpness of the overlap of arithmetic and loading.
        sharpness: 4.0 in 1.2..=10.0,
        /// Rows below which a tile costs no less, where rows are not padded.
        least_rows: 16.0 in 1.0..=128.0,
        /// Time of two tiles in one core at once over that of one.
        pair_slowdown: 1.4 in 1.0..=2.0,
    }
}

/// Decoding over latent vectors.
#[derive(Debug, Clone, Copy)]
pub struct MlaDecode;

/// Tokens of a tile.
const TILE_TOKENS: f64 = 64.0;
/// Share of the published rate that a core sustains. Decoding draws too little power for
/// the board to limit it.
const RATE_SHARE: f64 = 0.96;
/// How matrix products of a tile overlap with its softmax and synchronization.
const TILE_SHARPNESS: f64 = 2.0;

/// Rows to which heads are shared out while cores are to spare.
const FEW_ROWS: f64 = 16.0;

/// How much of a kernel is one chain of work in a core.
struct Chain {
    /// Seconds from the first tile to the last, without what starts and ends it.
    seconds: f64,
    /// Parts that a sequence is split into.
    parts: f64,
}

impl Kernel for MlaDecode {
    type Shape = MlaShape;
    type Constants = MlaDecodeConstants;
    const NAME: &'static str = "mla_decode";

    fn work(shape: &MlaShape) -> Work {
        shape.work()
    }

    fn estimate(shape: &MlaShape, chip: &Accelerator, constants: &MlaDecodeConstants) -> Estimate {
        let splits = splits_sequences(chip, shape.precision());
        let chain = if splits { split(shape, chip, constants) } else { unsplit(shape, chip, constants) };
        // Kernels that do not split widen what they store.
        let bytes = shape.kv_scheme.weight_bytes();
        let stored = if splits { bytes } else { bytes.max(2.0) };
        let kv_bytes = shape.batch * shape.kv_length * (shape.latent + shape.rope) * stored;
        let rows = shape.batch * shape.heads * shape.query_length;
        let query_bytes = 2.0 * rows * (2.0 * shape.latent + shape.rope) * constants.query_passes;
        // Partial results are kept in single precision.
        let part_bytes = if chain.parts > 1.0 {
            4.0 * rows * chain.parts * shape.latent * constants.join_passes
        } else {
            0.0
        };
        let other_bytes = query_bytes + part_bytes;
        let hit = cached_share(kv_bytes + other_bytes, constants.cache_share * chip.cache_bytes);
        let byte_s =
            (1.0 - hit + hit / constants.cache_gain) / (constants.bandwidth_share * chip.memory_bandwidth);
        let loading = kv_bytes * byte_s;
        let both = overlap(chain.seconds, loading, constants.sharpness);
        let clocks = constants.launch_clocks
            + constants.sequence_clocks
            + constants.doubling_clocks * (1.0 + rows).log2()
            + constants.join_clocks * (1.0 - 1.0 / chain.parts)
            + constants.part_clocks * (chain.parts - 1.0);
        let (compute_s, loading_s) = if chain.seconds >= loading { (both, 0.0) } else { (0.0, both) };
        Estimate {
            compute_s,
            memory_s: loading_s + other_bytes * byte_s,
            latency_s: LAUNCH_S + clocks / chip.clock,
            network_s: 0.0,
        }
    }
}

/// Tiles of 64 tokens in a sequence.
fn steps(shape: &MlaShape) -> f64 {
    (shape.kv_length / TILE_TOKENS).ceil().max(1.0)
}

/// A tile of 64 tokens in a core.
struct Tile {
    /// All of its seconds.
    seconds: f64,
    /// Those that its matrix products would take alone.
    products: f64,
}

/// A tile of 64 tokens and `rows` rows, with `widths` multiplications for a pair.
fn tile_s(
    rows: f64,
    widths: f64,
    shape: &MlaShape,
    chip: &Accelerator,
    constants: &MlaDecodeConstants,
) -> Tile {
    let rate = RATE_SHARE * chip.rate(arithmetic(chip, shape.precision())) / chip.cores;
    let products = 2.0 * rows * TILE_TOKENS * widths / rate;
    let clocks = constants.step_clocks + constants.pair_clocks * rows * TILE_TOKENS;
    Tile { seconds: overlap(products, clocks / chip.clock, TILE_SHARPNESS), products }
}

/// Kernels that share a sequence out over cores, so that all have the same to do: FlashMLA
/// on Hopper (tiles of 64 rows, parts from one tile on), TensorRT-LLM's own from Blackwell
/// on (128 rows, parts from four tiles on, whole sequences to a core when there are many).
fn split(shape: &MlaShape, chip: &Accelerator, constants: &MlaDecodeConstants) -> Chain {
    let rows = shape.heads * shape.query_length;
    // The fifth generation of matrix units brought 4-bit arithmetic.
    let fifth = chip.rate(Arithmetic::Fp4) > 0.0;
    let (tile_rows, least_steps) = if fifth { (128.0, 4.0) } else { (64.0, 1.0) };
    let row_tiles = (rows / tile_rows).ceil().max(1.0);
    // It can put few queries on the side of a product that needs no padding.
    let rows = if fifth { (rows / row_tiles).max(constants.least_rows) } else { tile_rows };
    let steps = steps(shape);
    // Sequences, and tiles of 64 tokens, of a core.
    let sequences = shape.batch * row_tiles / chip.cores;
    let share = shape.batch * steps * row_tiles / chip.cores;
    let least = steps.min(least_steps);
    // Where cores are to spare, heads are shared out as well.
    let few_rows = if fifth { rows.min(FEW_ROWS) } else { rows };
    let time = |rows| tile_s(rows, shape.widths(), shape, chip, constants).seconds;
    let turns = sequences.max(1.0);
    let turns = if fifth { turns.ceil() } else { turns };
    Chain {
        seconds: (share * time(rows)).max(least * time(few_rows))
            + (turns - 1.0) * constants.sequence_clocks / chip.clock,
        parts: (steps / share.max(least)).max(1.0),
    }
}

/// Kernels that walk a sequence in two cores, each with all scores and half of the values.
fn unsplit(shape: &MlaShape, chip: &Accelerator, constants: &MlaDecodeConstants) -> Chain {
    let rows = shape.heads * shape.query_length;
    let row_tiles = (rows / 64.0).ceil().max(1.0);
    let turns = (shape.batch * row_tiles * 2.0 / chip.cores).ceil().max(1.0);
    let widths = 1.5 * shape.latent + shape.rope;
    let tile = tile_s(64.0, widths, shape, chip, constants);
    let walk = steps(shape) * tile.seconds;
    let turns = if chip.shared_memory_bytes >= super::SCRATCH_OF_TWO {
        let odd = turns % 2.0;
        // Two at once cannot be faster than their products.
        let both = constants.pair_slowdown.max(2.0 * tile.products / tile.seconds);
        (turns - odd) / 2.0 * both + odd
    } else {
        turns
    };
    let start = constants.sequence_clocks / chip.clock;
    Chain { seconds: (walk + start) * turns - start, parts: 1.0 }
}
