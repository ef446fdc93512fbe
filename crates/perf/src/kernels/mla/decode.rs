//! Decoding over latent vectors.

use super::{MlaShape, arithmetic, cached_share, overlap, splits_sequences};
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;
use crate::kernels::{Kernel, Work};
use crate::kernels::sustained::sustained_rate;

crate::constants! {
    /// Fitted constants of decoding over latent vectors.
    pub struct MlaDecodeConstants {
        /// Launches and rotation of the new token, in microseconds.
        launch_us: 10.0 in 0.5..=400.0,
        /// Fixed work of a tile of 64 tokens (synchronization, softmax), in clocks.
        step_clocks: 1000.0 in 50.0..=40000.0,
        /// Starting and ending a sequence in a core, in tiles.
        sequence_steps: 3.0 in 0.1..=60.0,
        /// Starting and ending a part of a split sequence, in tiles.
        part_steps: 3.0 in 0.1..=60.0,
        /// Joining the parts of a split sequence, in microseconds.
        join_us: 2.0 in 0.01..=30.0,
        /// Share of the memory bandwidth that is sustained.
        bandwidth_share: 0.85 in 0.05..=1.0,
        /// Cache bandwidth over memory bandwidth.
        cache_gain: 2.5 in 1.0..=10.0,
        /// Share of the cache that holds vectors from one run to the next.
        cache_share: 0.6 in 0.05..=1.5,
        /// Times that queries and results go to or from memory.
        query_passes: 1.5 in 0.1..=10.0,
        /// Rows to which heads are padded.
        row_tile: 64.0 in 8.0..=128.0,
        /// Energy of an operation in picojoules.
        energy_pj: 0.5 in 0.01..=3.0,
        /// Time of two tiles in one core at once over that of one.
        pair_slowdown: 1.4 in 1.0..=2.0,
    }
}

/// Decoding over latent vectors.
#[derive(Debug, Clone, Copy)]
pub struct MlaDecode;

/// Tokens of a tile.
const TILE_TOKENS: f64 = 64.0;
/// How arithmetic and loading overlap.
const SHARPNESS: f64 = 3.0;
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
        let row_tiles = (rows / constants.row_tile).ceil().max(1.0);
        let steps = (shape.kv_length / TILE_TOKENS).ceil().max(1.0);
        let rate = sustained_rate(
            chip.rate(arithmetic(chip, precision)),
            chip.power,
            RATE_SHARE,
            constants.energy_pj * 1e-12,
        );
        let tile_operations = 2.0 * constants.row_tile * TILE_TOKENS * shape.widths();
        let step_s = tile_operations / (rate / chip.cores) + constants.step_clocks / chip.clock;
        let (serial_steps, parts) = if splits {
            let workers = (chip.cores / row_tiles).max(1.0);
            let total = shape.batch * (steps + constants.sequence_steps);
            let payload = (total / workers).ceil() + constants.part_steps;
            (payload, ((steps + constants.sequence_steps) / payload).max(1.0))
        } else {
            let turns = shape.batch * row_tiles * 2.0 / chip.cores;
            let turns = turns.ceil().max(1.0);
            let odd = turns % 2.0;
            let turns = (turns - odd) / 2.0 * constants.pair_slowdown + odd;
            ((steps + constants.sequence_steps) * turns, 1.0)
        };
        let compute = serial_steps * step_s;
        let kv_bytes = shape.work().bytes.max(0.0);
        let kv_bytes = if splits { kv_bytes } else { kv_bytes * 2.0 / shape.kv_scheme.weight_bytes() };
        let query_bytes = 2.0 * shape.batch * rows * (2.0 * shape.latent + shape.rope) * constants.query_passes;
        let hit = cached_share(kv_bytes + query_bytes, constants.cache_share * chip.cache_bytes);
        let slowness = (1.0 - hit + hit / constants.cache_gain) / (constants.bandwidth_share * chip.memory_bandwidth);
        let memory = kv_bytes * slowness;
        let query = query_bytes * slowness;
        let join = constants.join_us * 1e-6 * (1.0 - 1.0 / parts);
        let both = overlap(compute, memory, SHARPNESS);
        let body = if compute >= memory {
            Estimate { compute_s: both, memory_s: query, ..Estimate::default() }
        } else {
            Estimate { memory_s: both + query, ..Estimate::default() }
        };
        Estimate { latency_s: constants.launch_us * 1e-6 + join, ..body }
    }
}
