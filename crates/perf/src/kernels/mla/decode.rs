//! Decoding over latent vectors.

use super::{MlaShape, arithmetic, cached_share, overlap, splits_sequences};
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;
use crate::kernels::{Kernel, Work};
use crate::precision::Arithmetic;

crate::constants! {
    /// Fitted constants of decoding over latent vectors.
    pub struct MlaDecodeConstants {
        /// Launches and rotation of the new token, in microseconds.
        launch_us: 8.0 in 0.5..=400.0,
        /// Fixed work of a tile of 64 tokens (synchronization, softmax), in clocks.
        step_clocks: 1000.0 in 50.0..=40000.0,
        /// Starting and ending a sequence in a core, in clocks.
        sequence_clocks: 4000.0 in 100.0..=100000.0,
        /// Joining the parts of a split sequence, in microseconds.
        join_us: 2.0 in 0.01..=30.0,
        /// The same for every part, in microseconds.
        part_join_us: 0.03 in 0.0001..=1.0,
        /// Times that partial results go to or from memory.
        join_passes: 1.0 in 0.01..=10.0,
        /// Share of the memory bandwidth that is sustained.
        bandwidth_share: 0.85 in 0.05..=1.0,
        /// Cache bandwidth over memory bandwidth.
        cache_gain: 2.5 in 1.0..=10.0,
        /// Share of the cache that holds vectors from one run to the next.
        cache_share: 0.6 in 0.05..=1.5,
        /// Times that queries and results go to or from memory.
        query_passes: 1.5 in 0.1..=10.0,
        /// Softmax of a row over one token in a core, in clocks.
        pair_clocks: 0.02 in 0.0005..=2.0,
        /// Sharpness of the overlap of arithmetic and loading.
        sharpness: 3.0 in 1.2..=10.0,
        /// Further start of heads that are many, in microseconds for every doubling.
        doubling_us: 0.2 in 0.0001..=2.0,
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
/// Share of the published rate that a core sustains where power allows.
const RATE_SHARE: f64 = 0.96;

impl Kernel for MlaDecode {
    type Shape = MlaShape;
    type Constants = MlaDecodeConstants;
    const NAME: &'static str = "mla_decode";

    fn work(shape: &MlaShape) -> Work {
        shape.work()
    }

    fn estimate(shape: &MlaShape, chip: &Accelerator, constants: &MlaDecodeConstants) -> Estimate {
        let precision = shape.precision();
        let splits = splits_sequences(chip, precision);
        let rows = shape.heads * shape.query_length;
        let (row_tiles, tile_rows) = row_tiles(chip, rows, constants.least_rows);
        let least_steps = if chip.rate(Arithmetic::Fp4) > 0.0 { 4.0 } else { 1.0 };
        let steps = (shape.kv_length / TILE_TOKENS).ceil().max(1.0);
        let rate = RATE_SHARE * chip.rate(arithmetic(chip, precision));
        let tile_operations = 2.0 * tile_rows * TILE_TOKENS * shape.widths();
        let around = (constants.step_clocks + constants.pair_clocks * tile_rows * TILE_TOKENS) / chip.clock;
        let step_s = overlap(tile_operations / (rate / chip.cores), around, 2.0);
        let sequence_s = constants.sequence_clocks / chip.clock;
        let (compute, parts) = if splits {
            let workers = (chip.cores / row_tiles).max(1.0);
            let share = shape.batch * steps / workers;
            let serial = share.max(steps.min(least_steps));
            let parts = (steps / serial).max(1.0);
            let sequences = (shape.batch / workers).max(1.0);
            let sequences = if least_steps > 1.0 { sequences.ceil() } else { sequences };
            (serial * step_s + (sequences - 1.0) * sequence_s, parts)
        } else {
            let turns = (shape.batch * row_tiles * 2.0 / chip.cores).ceil().max(1.0);
            let odd = turns % 2.0;
            let turns = (turns - odd) / 2.0 * constants.pair_slowdown + odd;
            ((steps * step_s + sequence_s) * turns - sequence_s, 1.0)
        };
        let kv_bytes = shape.work().bytes.max(0.0);
        let kv_bytes = if splits { kv_bytes } else { kv_bytes * 2.0 / shape.kv_scheme.weight_bytes() };
        let per_row = shape.batch * rows;
        let query_bytes = 2.0 * per_row * (2.0 * shape.latent + shape.rope) * constants.query_passes;
        let part_bytes = if parts > 1.0 { 4.0 * per_row * parts * shape.latent * constants.join_passes } else { 0.0 };
        let hit = cached_share(kv_bytes + query_bytes + part_bytes, constants.cache_share * chip.cache_bytes);
        let slowness = (1.0 - hit + hit / constants.cache_gain) / (constants.bandwidth_share * chip.memory_bandwidth);
        let memory = kv_bytes * slowness;
        let query = (query_bytes + part_bytes) * slowness;
        let join = constants.join_us * 1e-6 * (1.0 - 1.0 / parts) + constants.part_join_us * 1e-6 * (parts - 1.0);
        let both = overlap(compute, memory, constants.sharpness);
        let body = if compute >= memory {
            Estimate { compute_s: both, memory_s: query, ..Estimate::default() }
        } else {
            Estimate { memory_s: both + query, ..Estimate::default() }
        };
        Estimate { latency_s: (constants.launch_us + constants.doubling_us * (1.0 + per_row).log2()) * 1e-6 + sequence_s + join, ..body }
    }
}

/// Tiles of rows, and rows of each as far as they cost: multiples of 64 in warpgroup
/// instructions and before; the fifth generation of matrix units, which brought 4-bit
/// arithmetic, takes 128 and can put queries on the side that needs no padding.
fn row_tiles(chip: &Accelerator, rows: f64, least: f64) -> (f64, f64) {
    if chip.rate(Arithmetic::Fp4) > 0.0 {
        let tiles = (rows / 128.0).ceil().max(1.0);
        (tiles, (rows / tiles).max(least))
    } else {
        ((rows / 64.0).ceil().max(1.0), 64.0)
    }
}
