//! Prefill with keys and values built from latent vectors.

use super::{MlaShape, arithmetic, cached_share, overlap};
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;
use crate::kernels::{Kernel, Work};
use crate::kernels::sustained::sustained_rate;

crate::constants! {
    /// Fitted constants of prefill over latent vectors.
    pub struct MlaPrefillConstants {
        /// Launches in microseconds.
        launch_us: 12.0 in 0.5..=400.0,
        /// Energy of an operation in picojoules.
        energy_pj: 0.5 in 0.01..=3.0,
        /// Exponentials for a pair, with those that the kernel waits for otherwise.
        exponentials: 1.2 in 0.1..=8.0,
        /// Other work for a pair in a core, in clocks.
        pair_clocks: 0.02 in 0.0001..=1.0,
        /// Starting and ending a tile of queries, in clocks.
        tile_clocks: 3000.0 in 50.0..=40000.0,
        /// Share of the memory bandwidth that is sustained.
        bandwidth_share: 0.8 in 0.05..=1.0,
        /// Cache bandwidth over memory bandwidth.
        cache_gain: 2.5 in 1.0..=10.0,
        /// Share of the cache that holds operands from one run to the next.
        cache_share: 0.6 in 0.05..=1.5,
        /// Times that operands go to or from memory.
        passes: 1.5 in 0.5..=10.0,
        /// How evenly tiles are spread over cores.
        evenness: 4.0 in 1.0..=12.0,
        /// Queries of a tile.
        tile_rows: 128.0 in 64.0..=256.0,
    }
}

/// Prefill with keys and values built from latent vectors.
#[derive(Debug, Clone, Copy)]
pub struct MlaPrefill;

/// Share of the published rate that a core sustains where power allows.
const RATE_SHARE: f64 = 0.96;
/// How matrix products and softmax overlap.
const SHARPNESS: f64 = 1.5;

impl Kernel for MlaPrefill {
    type Shape = MlaShape;
    type Constants = MlaPrefillConstants;
    const NAME: &'static str = "mla_prefill";

    fn work(shape: &MlaShape) -> Work {
        shape.work()
    }

    fn estimate(shape: &MlaShape, chip: &Accelerator, constants: &MlaPrefillConstants) -> Estimate {
        let precision = shape.precision();
        let rate = sustained_rate(
            chip.rate(arithmetic(chip, precision)),
            chip.power,
            RATE_SHARE,
            constants.energy_pj * 1e-12,
        );
        let tensor = 2.0 * shape.widths() * chip.cores / rate;
        let softmax = constants.exponentials * chip.cores / chip.exponential_rate + constants.pair_clocks / chip.clock;
        let pair_s = overlap(tensor, softmax, SHARPNESS);
        let rows = constants.tile_rows;
        let tiles = (shape.query_length / rows).ceil().max(1.0);
        let before = (shape.kv_length - shape.query_length).max(0.0);
        let tile_s = constants.tile_clocks / chip.clock;
        let longest = rows * (before + shape.query_length.max(64.0)) * pair_s + tile_s;
        let average_pairs = rows * (before + (tiles + 1.0) / 2.0 * rows.min(shape.query_length.max(64.0)));
        let all = shape.batch * shape.heads * tiles;
        let average = all / chip.cores * (average_pairs * pair_s + tile_s);
        let compute = overlap(longest, average, constants.evenness);
        let bytes = shape.batch * shape.heads * shape.query_length * 4.0 * shape.widths() * constants.passes;
        let hit = cached_share(bytes, constants.cache_share * chip.cache_bytes);
        let memory = bytes * (1.0 - hit + hit / constants.cache_gain)
            / (constants.bandwidth_share * chip.memory_bandwidth);
        let latency_s = constants.launch_us * 1e-6;
        Estimate { compute_s: compute, memory_s: memory, latency_s, network_s: 0.0 }
    }
}
