//! Matrix products: tiles in waves over the cores, each a chain of steps along the inner
//! dimension, beside the memory traffic of the wave; before it, a kernel that quantizes
//! activations; over all, energy against power.
//!
//! The library's heuristic is taken to be good: of a short list of tiles, each with the
//! inner dimension whole or shared out over the cores (stream-K: Osama et al., PPoPP 2023),
//! the fastest counts.

use super::sustained::later;
use super::{Kernel, Work};
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;
use crate::precision::Scheme;

/// Activations (m x k) times weights (k x n).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GemmShape {
    /// Rows of activations.
    pub m: f64,
    /// Columns of weights.
    pub n: f64,
    /// Inner dimension.
    pub k: f64,
    /// Precision.
    pub scheme: Scheme,
    /// Whether activations come in the product's precision, quantized by the kernel before.
    pub prequantized: bool,
}

impl GemmShape {
    /// A product whose activations come in 16 bits.
    #[must_use]
    pub const fn new(m: f64, n: f64, k: f64, scheme: Scheme) -> Self {
        Self { m, n, k, scheme, prequantized: false }
    }

    /// The same product of activations that were quantized before.
    #[must_use]
    pub const fn prequantized(self) -> Self {
        Self { prequantized: true, ..self }
    }

    /// Multiplications and additions.
    #[must_use]
    pub const fn operations(&self) -> f64 {
        2.0 * self.m * self.n * self.k
    }

    /// Bytes of activations, weights and results, each moved once.
    #[must_use]
    pub const fn bytes(&self) -> [f64; 3] {
        [
            self.m * self.k * self.scheme.activation_bytes(),
            self.n * self.k * self.scheme.weight_bytes(),
            self.m * self.n * self.scheme.output_bytes(),
        ]
    }
}

crate::constants! {
    /// Fitted constants of matrix products. Those in clocks are of a core and scale with the
    /// chip's clock.
    pub struct GemmConstants {
        /// Launches in microseconds: of the product, and of the passes that quantize its
        /// activations. They are measured together only (`PRODUCT_LAUNCH`).
        launch_us: 2.2 in 0.5..=60.0,
        /// Time in which the host issues a product, in microseconds: a floor that execution
        /// hides behind.
        issue_us: 3.0 in 0.1..=80.0,
        /// Least time of a step of 128 bytes along the inner dimension, in clocks.
        step_clocks: 150.0 in 10.0..=3000.0,
        /// Filling and draining the pipeline of a tile, in clocks.
        tile_clocks: 800.0 in 50.0..=20000.0,
        /// Bytes of results that a core writes in a clock when its tile is done.
        store_bytes_per_clock: 30.0 in 1.0..=1000.0,
        /// Handing partial sums to the core that adds them, in microseconds.
        split_us: 1.5 in 0.1..=60.0,
        /// Share by which steps take longer when the inner dimension is shared out: cores out
        /// of step with each other find less in the cache.
        split_loss: 1.2 in 0.001..=2.0,
        /// Energy of an operation in picojoules, its share of everything that draws power then.
        energy_pj: 0.6 in 0.02..=10.0,
        /// Share of the memory bandwidth that is sustained.
        bandwidth_share: 0.85 in 0.3..=1.0,
        /// Bytes a core takes from memory in a clock at most: those in flight over the latency.
        core_bytes_per_clock: 30.0 in 2.0..=500.0,
        /// Bytes a core takes from the last-level cache in a clock.
        cache_bytes_per_clock: 64.0 in 5.0..=1000.0,
        /// Share of the last-level cache from which activations come, just written by the
        /// kernel before.
        activation_cache: 0.6 in 0.01..=1.0,
        /// Share of the last-level cache in which results stay, to be overwritten there.
        output_cache: 0.1 in 0.01..=1.0,
        /// Share of the last-level cache from which weights come, used a short while before.
        weight_cache: 0.1 in 0.01..=1.0,
        /// Share of the shorter of arithmetic and memory traffic that does not hide behind
        /// the other.
        overlap_loss: 0.8 in 0.01..=1.0,
        /// Share of the operands that every wave reads again from memory.
        reread: 0.3 in 0.01..=1.0,
        /// What the quantize kernel's launch takes longer, in microseconds, with as many rows as
        /// cores or more.
        quantize_fill_us: 0.5 in 0.01..=10.0,
        /// Share of memory bandwidth that the quantize kernel sustains.
        quantize_share: 0.7 in 0.05..=1.0,
        /// Elements that the quantize kernel converts in a clock on a core.
        quantize_per_clock: 4.0 in 0.2..=64.0,
    }
}

/// A matrix product.
#[derive(Debug, Clone, Copy)]
pub struct Gemm;

impl Kernel for Gemm {
    type Shape = GemmShape;
    type Constants = GemmConstants;
    const NAME: &'static str = "gemm";

    fn work(shape: &GemmShape) -> Work {
        let [activations, weights, results] = shape.bytes();
        Work { operations: shape.operations(), bytes: activations + weights + results, network_s: 0.0 }
    }

    fn estimate(shape: &GemmShape, chip: &Accelerator, constants: &GemmConstants) -> Estimate {
        let best = Product::new(shape, chip, constants).best();
        let launched = best.seconds + launches(shape.scheme, constants).0;
        let powered = later(launched, needed_energy_s(shape, chip, constants));
        let issued = later(powered, constants.issue_us * MICRO);
        // What waits for power is arithmetic; what waits for the host is latency.
        let busy = powered - launched + best.seconds - best.latency;
        let latency_s = issued - busy;
        let product = if best.memory_bound {
            Estimate { latency_s, memory_s: busy, ..Estimate::default() }
        } else {
            Estimate { latency_s, compute_s: busy, ..Estimate::default() }
        };
        product + quantization(shape, chip, constants)
    }
}

/// Seconds in a microsecond.
const MICRO: f64 = 1e-6;

/// Share of the published rate that is left when power is ample: issue slots, barriers and
/// the clock's droop. Fixed, as no chip that was measured has power to spare.
const RATE_SHARE: f64 = 0.96;

/// Bytes along the inner dimension that one step multiplies: a swizzled line of scratch memory.
const STEP_BYTES: f64 = 128.0;

/// Tiles, in rows of activations and columns of weights.
const TILES: [(f64, f64); 9] = [
    (16.0, 64.0),
    (16.0, 128.0),
    (64.0, 64.0),
    (64.0, 128.0),
    (128.0, 64.0),
    (128.0, 128.0),
    (128.0, 256.0),
    (256.0, 128.0),
    (256.0, 256.0),
];

/// Time that the chip's power takes to bring up the energy of all operations.
fn needed_energy_s(shape: &GemmShape, chip: &Accelerator, constants: &GemmConstants) -> f64 {
    if chip.power > 0.0 { shape.operations() * constants.energy_pj * 1e-12 / chip.power } else { 0.0 }
}

/// Share of the product among all launches where activations are quantized first: about what a
/// product in 16 bits takes. Fixed, as hardly any row has one without the other.
const PRODUCT_LAUNCH: f64 = 0.2;

/// Launches of the product and of what quantizes its activations, in seconds.
fn launches(scheme: Scheme, constants: &GemmConstants) -> (f64, f64) {
    let all = constants.launch_us * MICRO;
    let product = if scheme.quantizes_activations() { PRODUCT_LAUNCH * all } else { all };
    (product, all - product)
}

/// The kernel that quantizes activations before the product.
fn quantization(shape: &GemmShape, chip: &Accelerator, constants: &GemmConstants) -> Estimate {
    if shape.prequantized || !shape.scheme.quantizes_activations() {
        return Estimate::default();
    }
    // One scale for the whole tensor needs its greatest value first: a pass of its own.
    let passes = if shape.scheme == Scheme::Fp8 { 2.0 } else { 1.0 };
    let elements = shape.m * shape.k;
    let bytes = elements * (2.0 * passes + shape.scheme.activation_bytes());
    let moved = bytes / (constants.quantize_share * chip.memory_bandwidth);
    let converted = passes * elements / (constants.quantize_per_clock * chip.clock * chip.cores);
    // A block takes a row.
    let filled = (shape.m / chip.cores.max(1.0)).min(1.0);
    Estimate {
        latency_s: launches(shape.scheme, constants).1 + filled * constants.quantize_fill_us * MICRO,
        memory_s: later(moved, converted),
        ..Estimate::default()
    }
}

/// Share of what was touched before that a cache still holds when `bytes` are touched between:
/// nearly all or nearly none, as least recently used lines leave first.
fn found(bytes: f64, cache: f64) -> f64 {
    let squared = (bytes / cache.max(1.0)).powi(2);
    1.0 / (1.0 + squared * squared)
}

/// What does not depend on the tile. Times in seconds, rates per second and core unless said.
struct Product {
    m: f64,
    n: f64,
    k: f64,
    cores: f64,
    /// Steps along the inner dimension, and elements of a step.
    steps: f64,
    step_elements: f64,
    /// Operations.
    rate: f64,
    activation_bytes: f64,
    weight_bytes: f64,
    output_bytes: f64,
    step_latency: f64,
    tile_latency: f64,
    split_latency: f64,
    split_loss: f64,
    store_rate: f64,
    cache_rate: f64,
    memory_rate: f64,
    /// Of all cores together.
    bandwidth: f64,
    /// Bytes that come from memory at least.
    bytes: f64,
    reread: f64,
    overlap_loss: f64,
}

/// Time of one way to tile.
#[derive(Clone, Copy)]
struct Tiling {
    /// The whole, without the launch.
    seconds: f64,
    /// Of it, what neither arithmetic nor memory can shorten.
    latency: f64,
    memory_bound: bool,
}

impl Product {
    fn new(shape: &GemmShape, chip: &Accelerator, constants: &GemmConstants) -> Self {
        let scheme = shape.scheme;
        let [activations, weights, results] = shape.bytes();
        let bytes = activations + weights + results;
        let held = |share: f64| found(bytes, share * chip.cache_bytes);
        let cached = activations * held(constants.activation_cache)
            + weights * held(constants.weight_cache)
            + results * held(constants.output_cache);
        let step_elements = STEP_BYTES / scheme.activation_bytes();
        let cores = chip.cores.max(1.0);
        Self {
            m: shape.m,
            n: shape.n,
            k: shape.k,
            cores,
            steps: (shape.k / step_elements).ceil().max(1.0),
            step_elements,
            rate: RATE_SHARE * chip.rate(scheme.arithmetic()) / cores,
            activation_bytes: scheme.activation_bytes(),
            weight_bytes: scheme.weight_bytes(),
            output_bytes: scheme.output_bytes(),
            step_latency: constants.step_clocks / chip.clock,
            tile_latency: constants.tile_clocks / chip.clock,
            split_latency: constants.split_us * MICRO,
            split_loss: constants.split_loss,
            store_rate: constants.store_bytes_per_clock * chip.clock,
            cache_rate: constants.cache_bytes_per_clock * chip.clock,
            memory_rate: constants.core_bytes_per_clock * chip.clock,
            bandwidth: constants.bandwidth_share * chip.memory_bandwidth,
            bytes: bytes - cached,
            reread: constants.reread,
            overlap_loss: constants.overlap_loss,
        }
    }

    /// The fastest way to tile.
    fn best(&self) -> Tiling {
        let ways = TILES
            .iter()
            .flat_map(|(rows, columns)| [self.whole(*rows, *columns), self.shared_out(*rows, *columns)]);
        let none = Tiling { seconds: f64::MAX, latency: 0.0, memory_bound: false };
        ways.fold(none, |best, way| if way.seconds < best.seconds { way } else { best })
    }

    /// Every tile on one core, tiles in waves.
    fn whole(&self, rows: f64, columns: f64) -> Tiling {
        let blocks = self.tiles(rows, columns);
        self.waves(rows, columns, blocks, self.steps * self.step(rows, columns), 0.0)
    }

    /// The inner dimension of every tile shared out so that each core does as much.
    fn shared_out(&self, rows: f64, columns: f64) -> Tiling {
        let tiles = self.tiles(rows, columns);
        // A share of less than two steps only waits.
        let share = (self.cores / tiles).min(self.steps * 0.5);
        let steps = (self.steps / share).max(1.0) * (1.0 + self.split_loss);
        // Partial sums in single precision, written and read.
        let sums = 8.0 * self.m * self.n * share.max(1.0) / (self.cores * self.cache_rate);
        let handed_over = self.split_latency + sums;
        self.waves(rows, columns, tiles * share, steps * self.step(rows, columns), handed_over)
    }

    fn tiles(&self, rows: f64, columns: f64) -> f64 {
        (self.m / rows).ceil().max(1.0) * (self.n / columns).ceil().max(1.0)
    }

    /// Time of a step along the inner dimension: arithmetic and feeding from the cache, or the
    /// chain of load, barrier and multiplication if that is longer.
    fn step(&self, rows: f64, columns: f64) -> f64 {
        let operations = 2.0 * rows * columns * self.step_elements;
        let lines = rows.min(self.m) * self.activation_bytes + columns.min(self.n) * self.weight_bytes;
        let work = (operations / self.rate).max(lines * self.step_elements / self.cache_rate);
        (work * work + self.step_latency * self.step_latency).sqrt()
    }

    /// `blocks` of work of `body` seconds each, in full waves and a last one, beside their
    /// memory traffic.
    fn waves(&self, rows: f64, columns: f64, blocks: f64, body: f64, extra: f64) -> Tiling {
        let full = (blocks / self.cores).floor();
        let rest = blocks - full * self.cores;
        let (tail, rest) = if rest > 1e-6 * self.cores { (1.0, rest) } else { (0.0, 0.0) };
        let bytes = self.traffic(rows, columns, blocks);
        let each = bytes / blocks;
        // Few cores cannot keep enough bytes in flight to use all of the bandwidth.
        let reach = self.bandwidth.min(rest.max(1.0) * self.memory_rate);
        let steady = self.beside(full * body, full * self.cores * each / self.bandwidth);
        let last = self.beside(tail * body, rest * each / reach);
        let stored = rows.min(self.m) * columns.min(self.n) * self.output_bytes / self.store_rate;
        let latency = (full + tail) * (self.tile_latency + stored) + extra;
        let memory_bound = bytes / self.bandwidth > (full + tail) * body;
        Tiling { seconds: latency + steady + last, latency, memory_bound }
    }

    /// Bytes from memory: a wave's patch of the results is as square as can be, and each wave
    /// reads a part of its patch's operands again.
    fn traffic(&self, rows: f64, columns: f64, blocks: f64) -> f64 {
        let waves = (blocks / self.cores).max(1.0);
        let side = (self.cores * rows * columns).sqrt();
        let again = waves * self.k * side * (self.activation_bytes + self.weight_bytes);
        self.bytes + self.reread * (again - self.bytes).max(0.0)
    }

    /// Time of arithmetic and memory traffic side by side.
    fn beside(&self, arithmetic: f64, traffic: f64) -> f64 {
        arithmetic.max(traffic) + self.overlap_loss * arithmetic.min(traffic)
    }
}
