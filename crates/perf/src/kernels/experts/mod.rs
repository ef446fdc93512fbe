//! The experts of one layer: grouped matrix products over the tokens that each expert gets.
//!
//! Tokens are sorted by expert, multiplied up and down tile by tile, and summed up again.
//! What counts are the experts that get any token (their weights are read), the tiles that
//! cover the tokens of each (a tile is computed whole), and the launches in between. The
//! time is that of the chip on which most tokens arrive.

mod load;

pub use load::{Load, Routing};

use super::sustained::sustained_rate;
use super::{Kernel, Work};
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;
use crate::precision::Scheme;

/// Routed experts of one layer on one chip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExpertsShape {
    /// Tokens that are routed, over all chips among which experts are divided.
    pub tokens: f64,
    /// Width of the model.
    pub hidden: f64,
    /// Inner width of an expert, before any division.
    pub intermediate: f64,
    /// Experts a token goes to.
    pub top_k: f64,
    /// Experts of the layer.
    pub experts: f64,
    /// Chips among which the inner width is divided.
    pub tensor_parallel: f64,
    /// Chips among which experts are divided.
    pub expert_parallel: f64,
    /// Exponent of the power law of tokens over experts; zero if all get the same, below
    /// zero if every token draws its experts at random.
    pub skew: f64,
    /// Whether there are two projections up (gate and up).
    pub gated: bool,
    /// Precision.
    pub scheme: Scheme,
}

crate::constants! {
    /// Fitted constants of experts.
    pub struct ExpertsConstants {
        /// All launches of a layer, in microseconds.
        launch_us: 20.0 in 3.0..=300.0,
        /// Sorting a pair of token and expert, in nanoseconds.
        pair_ns: 0.2 in 0.001..=30.0,
        /// Share of memory bandwidth at which tokens are permuted, activated and summed up;
        /// above one where they stay in the cache.
        traffic_share: 0.5 in 0.02..=4.0,
        /// Share of tokens that are copied into the order of experts, not gathered on the way.
        permuted_share: 0.5 in 0.0..=1.0,
        /// Passes over the inner width between the products.
        activation_passes: 1.0 in 0.1..=4.0,
        /// Share of the pairs of other chips that are carried along through permutation,
        /// activation and sum.
        carried_share: 0.1 in 0.0..=1.0,
        /// Energy of an operation in picojoules.
        energy_pj: 0.7 in 0.02..=10.0,
        /// Share of the memory bandwidth that is sustained.
        bandwidth_share: 0.93 in 0.45..=1.0,
        /// Share of the cache in which weights of an earlier run are found again.
        cached_share: 0.05 in 0.001..=1.0,
        /// Filling and draining the pipeline of a tile, in microseconds.
        tile_us: 1.0 in 0.05..=60.0,
        /// Least time of a step of 128 bytes along the inner dimension, in clocks.
        step_clocks: 200.0 in 1.0..=20000.0,
        /// Bytes of weights that all cores together take in a clock, however fast the memory.
        weight_bytes_per_clock: 8000.0 in 100.0..=20000.0,
        /// Least rows of a tile.
        least_rows: 14.0 in 2.0..=128.0,
        /// Most rows of a tile.
        most_rows: 110.0 in 16.0..=512.0,
        /// Rows of a tile for every token that an expert gets on average.
        rows_per_token: 1.4 in 0.05..=8.0,
        /// How blind the choice of tiles is: power of the number of chips by which the average
        /// counts for more, as if tokens of all chips came to this one, and share of the
        /// estimate that smaller tiles cannot better.
        crowding: 0.4 in 0.0..=1.0,
        /// Passing over a tile without tokens, in nanoseconds of a core.
        empty_ns: 60.0 in 0.1..=5000.0,
        /// Share of weights read again for every further tile of the same expert.
        reread: 0.1 in 0.0..=1.0,
        /// Exponent of the norm that joins arithmetic, memory and serial steps.
        sharpness: 3.0 in 2.0..=10.0,
        /// Share of left-over tokens that gathers on one chip (see [`Routing::gathered`]).
        gathered: 0.1 in 0.0..=1.0,
    }
}

/// Grouped products of experts.
#[derive(Debug, Clone, Copy)]
pub struct Experts;

/// Share of the published rate that is left when power is ample: issue slots, barriers
/// and the clock's own droop. Fixed: only a chip with power to spare could tell it.
const RATE_SHARE: f64 = 0.96;

/// Waves of tiles beyond the full ones, on average over what is left for the last.
const LAST_WAVE: f64 = 0.5;

/// Bytes along the inner dimension that one step multiplies: the width of a swizzled
/// line of scratch memory.
const STEP_BYTES: f64 = 128.0;

/// Columns of weights in a tile.
const TILE_COLUMNS: f64 = 128.0;

/// One of the two grouped products.
struct Product {
    /// Columns of an expert's weights.
    columns: f64,
    /// Length of the inner dimension.
    inner: f64,
}

impl ExpertsShape {
    fn up(&self) -> Product {
        let matrices = if self.gated { 2.0 } else { 1.0 };
        Product { columns: matrices * self.inner(), inner: self.hidden }
    }

    fn down(&self) -> Product {
        Product { columns: self.hidden, inner: self.inner() }
    }

    /// Inner width on this chip.
    fn inner(&self) -> f64 {
        (self.intermediate / self.tensor_parallel).max(1.0)
    }

    /// Weights of one expert on this chip.
    fn weights(&self) -> f64 {
        (if self.gated { 3.0 } else { 2.0 }) * self.hidden * self.inner()
    }

    /// The load of the busiest chip.
    #[must_use]
    pub fn load(&self, gathered: f64) -> Load {
        Load::of(&Routing {
            tokens: self.tokens,
            top_k: self.top_k.min(self.experts),
            experts: self.experts,
            chips: self.expert_parallel.min(self.experts),
            skew: self.skew,
            gathered,
        })
    }
}

/// What the two products share.
struct Ground<'a> {
    load: Load,
    touched: f64,
    /// Rows of a tile, and tiles that cover the tokens.
    rows: f64,
    tiles: f64,
    /// Tiles that are launched without tokens, because the host cannot know.
    empty: f64,
    /// Sustained operations per second.
    rate: f64,
    /// Share of what was read before that has to come from memory again.
    missed: f64,
    chip: &'a Accelerator,
    constants: &'a ExpertsConstants,
    scheme: Scheme,
}

impl<'a> Ground<'a> {
    /// `average`: tokens of an expert as the choice of tiles sees them; `weights`: elements of
    /// one expert.
    fn new(
        load: Load,
        average: f64,
        weights: f64,
        scheme: Scheme,
        chip: &'a Accelerator,
        constants: &'a ExpertsConstants,
    ) -> Self {
        let touched = load.touched();
        let most = constants.most_rows.max(constants.least_rows);
        let bytes = touched * weights * scheme.weight_bytes();
        let peak = chip.rate(scheme.arithmetic()).max(1.0);
        Self {
            load,
            touched,
            rows: power_of_two(average * constants.rows_per_token).clamp(constants.least_rows, most),
            tiles: 0.0,
            empty: 0.0,
            rate: sustained_rate(peak, chip.power, RATE_SHARE, constants.energy_pj * 1e-12),
            missed: bytes / (bytes + constants.cached_share * chip.cache_bytes),
            chip,
            constants,
            scheme,
        }
    }

    /// Products of `pairs` over all chips. As far as the choice of tiles is not blind, tiles of
    /// half the rows are taken where they are faster: tuning on the chip would have found them.
    fn tuned(&mut self, products: &[Product], pairs: f64) -> Estimate {
        let blind = self.constants.crowding;
        let (rows, least) = (self.rows, self.constants.least_rows);
        let first = self.with_rows(products, rows, pairs);
        if rows <= least {
            return first;
        }
        let halved = self.with_rows(products, (0.5 * rows).max(least), pairs);
        if halved.seconds() < first.seconds() { first * blind + halved * (1.0 - blind) } else { first }
    }

    fn with_rows(&mut self, products: &[Product], rows: f64, pairs: f64) -> Estimate {
        self.rows = rows;
        // No fewer than hold the pairs, however the slices were rounded.
        self.tiles = self.load.tiles(rows).max(self.load.pairs / rows);
        self.empty = (pairs / rows + self.load.experts - self.tiles).max(0.0);
        products.iter().map(|product| self.product(product)).sum()
    }

    fn product(&self, product: &Product) -> Estimate {
        let (chip, constants) = (self.chip, self.constants);
        let across = (product.columns / TILE_COLUMNS).max(1.0);
        let blocks = self.tiles * across;
        let waves = blocks / chip.cores;
        let operations = 2.0 * self.rows * TILE_COLUMNS.min(product.columns) * product.inner;
        let compute = operations * chip.cores / self.rate * (waves + LAST_WAVE).max(1.0);
        let steps =
            product.inner * self.scheme.weight_bytes().max(self.scheme.activation_bytes()) / STEP_BYTES;
        let rounds = waves.max(1.0);
        let chain = steps * constants.step_clocks / chip.clock * rounds;
        let idle =
            constants.tile_us * 1e-6 * rounds + self.empty * across * constants.empty_ns * 1e-9 / chip.cores;
        let weights = product.columns * product.inner * self.scheme.weight_bytes();
        let again = constants.reread * (self.tiles - self.touched).max(0.0);
        let tokens =
            self.load.pairs * (product.inner * self.scheme.activation_bytes() + product.columns * 2.0);
        let bytes = weights * (self.touched * self.missed + again) + tokens * self.missed;
        let taken = weights * self.touched / (constants.weight_bytes_per_clock * chip.clock);
        let memory = (bytes / (constants.bandwidth_share * chip.memory_bandwidth)).hypot(taken);
        let parts = Estimate { compute_s: compute, memory_s: memory, latency_s: chain, network_s: 0.0 };
        let most = compute.max(memory).max(chain).max(1e-12);
        let p = constants.sharpness;
        let norm = (compute / most).powf(p) + (memory / most).powf(p) + (chain / most).powf(p);
        parts.scaled_to(most * norm.powf(1.0 / p)) + Estimate { latency_s: idle, ..Estimate::default() }
    }
}

impl Kernel for Experts {
    type Shape = ExpertsShape;
    type Constants = ExpertsConstants;
    const NAME: &'static str = "experts";

    fn work(shape: &ExpertsShape) -> Work {
        let load = shape.load(0.0);
        let weights = shape.weights();
        Work {
            operations: 2.0 * load.pairs * weights,
            bytes: load.touched() * weights * shape.scheme.weight_bytes(),
            network_s: 0.0,
        }
    }

    fn estimate(shape: &ExpertsShape, chip: &Accelerator, constants: &ExpertsConstants) -> Estimate {
        let scheme = chip.supported(shape.scheme);
        let load = shape.load(constants.gathered);
        let pairs = shape.tokens * shape.top_k;
        let average =
            pairs / shape.experts * shape.expert_parallel.min(shape.experts).powf(constants.crowding);
        let mut ground = Ground::new(load, average, shape.weights(), scheme, chip, constants);
        ground.tuned(&[shape.up(), shape.down()], pairs) + around(shape, &ground)
    }
}

/// One grouped product alone: `groups` of `rows` activations each, times weights of
/// `inner` x `columns`, without launches, routing, permutation or activation.
#[must_use]
pub fn grouped_product(
    groups: f64,
    rows: f64,
    (columns, inner): (f64, f64),
    scheme: Scheme,
    chip: &Accelerator,
    constants: &ExpertsConstants,
) -> Estimate {
    let scheme = chip.supported(scheme);
    let pairs = groups * rows;
    let load = Load::uniform(pairs, groups, groups);
    let mut ground = Ground::new(load, rows, columns * inner, scheme, chip, constants);
    ground.tuned(&[Product { columns, inner }], pairs)
}

/// The power of two that is nearest, without a jump from one to the next.
fn power_of_two(rows: f64) -> f64 {
    let exponent = rows.max(1e-9).log2();
    let turn = std::f64::consts::TAU;
    (exponent - 0.9 * (turn * exponent).sin() / turn).exp2()
}

/// Everything around the products: routing, permutation, activation and the sum.
fn around(shape: &ExpertsShape, ground: &Ground<'_>) -> Estimate {
    let constants = ground.constants;
    let stored = ground.scheme.activation_bytes();
    let local = ground.load.pairs;
    let columns = shape.up().columns;
    let permuted = shape.hidden * (constants.permuted_share * (2.0 + stored) + 2.0);
    let activated = constants.activation_passes * (columns * 2.0 + shape.inner() * stored);
    // Pairs of other chips are written as zeros where the products would have been.
    let carried = constants.carried_share * (shape.tokens * shape.top_k - local).max(0.0);
    let zeros = 2.0 * (columns + shape.hidden);
    let bytes =
        (local + carried) * (permuted + activated) + carried * zeros + shape.tokens * shape.hidden * 2.0;
    let found = constants.cached_share * ground.chip.cache_bytes;
    let missed = bytes * bytes / (bytes + found);
    Estimate {
        memory_s: missed / (constants.traffic_share * ground.chip.memory_bandwidth),
        latency_s: constants.launch_us * 1e-6 + constants.pair_ns * 1e-9 * shape.tokens * shape.top_k,
        ..Estimate::default()
    }
}
