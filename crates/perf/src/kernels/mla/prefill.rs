//! Prefill with keys and values built from latent vectors.

use super::{LAUNCH_S, MlaShape, arithmetic, cached_share, is_older, overlap};
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;
use crate::kernels::sustained::short_of_power;
use crate::kernels::{Kernel, Work};
use crate::precision::Arithmetic;

crate::constants! {
    /// Fitted constants of prefill over latent vectors. Latencies are in clocks, for they
    /// are chains of instructions and of trips through the chip.
    pub struct MlaPrefillConstants {
        /// Launches, rotation and storing of new tokens.
        launch_clocks: 20000.0 in 500.0..=1000000.0,
        /// Exponentials for a pair, with those that the kernel waits for otherwise.
        exponentials: 1.2 in 0.1..=8.0,
        /// Other work for a pair in a core.
        pair_clocks: 0.02 in 0.0001..=1.0,
        /// Starting and ending a tile of queries.
        tile_clocks: 3000.0 in 50.0..=40000.0,
        /// How evenly tiles are spread over cores.
        evenness: 2.0 in 1.0..=12.0,
        /// Energy of an operation in picojoules.
        energy_pj: 0.7 in 0.05..=1.7,
        /// Share of the memory bandwidth that is sustained.
        bandwidth_share: 0.85 in 0.05..=1.0,
        /// Sharpness of the overlap of arithmetic and loading.
        sharpness: 1.5 in 1.0..=8.0,
        /// Times that operands of heads go to or from memory before, to be made narrower.
        narrowing_passes: 1.0 in 0.1..=10.0,
        /// Times that latent vectors go to or from memory.
        latent_passes: 2.0 in 0.1..=40.0,
        /// Cache bandwidth over memory bandwidth.
        cache_gain: 2.5 in 1.0..=10.0,
        /// Share of the cache that holds operands from one run to the next.
        cache_share: 0.8 in 0.05..=1.5,
    }
}

/// Prefill with keys and values built from latent vectors.
#[derive(Debug, Clone, Copy)]
pub struct MlaPrefill;

/// Keys that are taken at a time.
const TILE_KEYS: f64 = 64.0;
/// Share of the published rate that a core sustains where power allows.
const RATE_SHARE: f64 = 0.96;
/// Energy of an operation through registers, in picojoules: instructions before Hopper's
/// feed matrix units from there, not from scratch memory. Only chips with little power for
/// their rate show it, so it is not fitted.
const OLDER_ENERGY_PJ: f64 = 2.0;
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
        let compute = compute_s(shape, chip, constants);
        let tokens = shape.batch * shape.query_length;
        let operands = shape.operands();
        let results = tokens * shape.heads * shape.value;
        // Kernels without narrow arithmetic take operands as they are made.
        let narrow = arithmetic(chip, shape.precision()) != Arithmetic::Bf16;
        let stored = if narrow { 1.0 } else { shape.operand_bytes().max(2.0) };
        let head_bytes = operands * stored + stored.max(2.0) * results;
        let narrowing =
            if stored < 2.0 { operands * (2.0 + stored) * constants.narrowing_passes } else { 0.0 };
        let latent_bytes = 4.0 * tokens * (shape.latent + shape.rope) * constants.latent_passes;
        let before = latent_bytes + narrowing;
        let hit = cached_share(before + head_bytes, constants.cache_share * chip.cache_bytes);
        let byte_s =
            (1.0 - hit + hit / constants.cache_gain) / (constants.bandwidth_share * chip.memory_bandwidth);
        let loading = head_bytes * byte_s;
        let both = overlap(compute, loading, constants.sharpness);
        let (compute_s, loading_s) = if compute >= loading { (both, 0.0) } else { (0.0, both) };
        Estimate {
            compute_s,
            memory_s: before * byte_s + loading_s,
            latency_s: LAUNCH_S + constants.launch_clocks / chip.clock,
            network_s: 0.0,
        }
    }
}

/// Seconds of tiles of queries over cores.
fn compute_s(shape: &MlaShape, chip: &Accelerator, constants: &MlaPrefillConstants) -> f64 {
    let rate = RATE_SHARE * chip.rate(arithmetic(chip, shape.precision()));
    let operations = 2.0 * shape.widths();
    let softmax =
        constants.exponentials / chip.exponential_rate * chip.cores + constants.pair_clocks / chip.clock;
    let products = operations / rate * chip.cores;
    let pair_s = overlap(products, softmax, SHARPNESS);
    let tile_s = constants.tile_clocks / chip.clock;
    // Two tiles of the older kernel in a core hide each other's latencies.
    let older = is_older(chip);
    let paired = older && chip.shared_memory_bytes >= super::SCRATCH_OF_TWO;
    let (full_pair_s, full_tile_s) =
        if paired { (overlap(products, softmax, 2.0), tile_s / 2.0) } else { (pair_s, tile_s) };
    let (rows, at_once) = tile_rows(chip);
    let tiles = (shape.query_length / rows).ceil().max(1.0);
    let before = (shape.kv_length - shape.query_length).max(0.0);
    let last = (shape.query_length / TILE_KEYS).ceil().max(1.0) * TILE_KEYS;
    // Tiles see one more tile of keys each, so that the mean is half of the last and first.
    let mean = (last + last.min(rows)) / 2.0;
    let longest = rows * at_once.min(tiles) * (before + last) * pair_s + tile_s;
    let pairs = shape.batch * shape.heads * tiles * rows * (before + mean);
    let even = (pairs * full_pair_s + shape.batch * shape.heads * tiles * full_tile_s) / chip.cores;
    let free = overlap(longest, even, constants.evenness);
    let wide = arithmetic(chip, shape.precision()) == Arithmetic::Bf16;
    let older_pj = if wide { OLDER_ENERGY_PJ } else { OLDER_ENERGY_PJ / 2.0 };
    let energy_pj = if older { older_pj } else { constants.energy_pj };
    let energy = pairs * operations * energy_pj * 1e-12;
    let draw = if chip.power > 0.0 { energy / (free * chip.power) } else { 0.0 };
    free * short_of_power(draw)
}

/// Queries of a tile, and tiles that a core works on at once: one of 64 before Hopper, one
/// of 128 there, two of 128 from the fifth generation of matrix units on, which brought
/// 4-bit arithmetic.
fn tile_rows(chip: &Accelerator) -> (f64, f64) {
    if is_older(chip) {
        (64.0, 1.0)
    } else if chip.rate(Arithmetic::Fp4) > 0.0 {
        (128.0, 2.0)
    } else {
        (128.0, 1.0)
    }
}
