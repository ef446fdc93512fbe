//! Matrix products: tiles in waves over the cores, each a chain of steps along the inner
//! dimension, against the memory traffic that the wave needs.
//!
//! The library's heuristic is taken to be good: of a short list of tiles, with and without
//! the inner dimension shared out over cores (stream-K, Osama et al., PPoPP 2023), the
//! fastest counts.

use super::Kernel;
use super::sustained::short_of_power;
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
}

crate::constants! {
    /// Fitted constants of matrix products.
    pub struct GemmConstants {
        /// Launch of the kernel in microseconds.
        launch_us: 2.2 in 0.5..=60.0,
        /// Least time of a step of 128 bytes along the inner dimension, in clocks.
        step_clocks: 150.0 in 10.0..=3000.0,
        /// Filling and draining the pipeline of a tile, in clocks.
        tile_clocks: 800.0 in 50.0..=20000.0,
        /// Bytes of results that a core writes in a clock when its tile is done.
        store_bytes_per_clock: 30.0 in 1.0..=1000.0,
        /// Handing partial sums to the core that adds them, in microseconds.
        split_us: 1.5 in 0.1..=60.0,
        /// Share by which steps take longer when the inner dimension is shared out: cores out of
        /// step with each other find less in the cache.
        split_loss: 0.05 in 0.001..=2.0,
        /// Energy of an operation in picojoules.
        energy_pj: 0.6 in 0.02..=10.0,
        /// Share of the memory bandwidth that is sustained.
        bandwidth_share: 0.85 in 0.3..=1.0,
        /// Bytes a core takes from memory in a clock, at most.
        core_bytes_per_clock: 30.0 in 2.0..=500.0,
        /// Bytes a core takes from the last-level cache in a clock.
        cache_bytes_per_clock: 64.0 in 5.0..=1000.0,
        /// Share of the last-level cache from which activations come, just written by the kernel before.
        activation_cache: 0.6 in 0.01..=1.0,
        /// Share of the last-level cache in which results stay, to be overwritten there.
        output_cache: 0.1 in 0.01..=1.0,
        /// Share of the last-level cache from which weights come, used by an earlier layer.
        weight_cache: 0.1 in 0.01..=1.0,
        /// Share of the shorter of arithmetic and memory traffic that does not hide behind the other.
        overlap_loss: 0.2 in 0.01..=1.0,
        /// Operands read again because a wave's working set does not stay in the cache.
        reread: 0.3 in 0.01..=1.0,
        /// Launch of the quantize kernel in microseconds.
        quantize_us: 2.5 in 0.1..=30.0,
        /// Share of memory bandwidth that the quantize kernel sustains.
        quantize_share: 0.7 in 0.05..=1.0,
        /// Elements that the quantize kernel converts in a clock on a core.
        quantize_per_clock: 4.0 in 0.2..=64.0,
    }
}

/// A matrix product.
#[derive(Debug, Clone, Copy)]
pub struct Gemm;

/// Share of the published rate that is left when power is ample: issue slots, barriers
/// and the clock's own droop. Fixed: only a chip with power to spare could tell it.
const RATE_SHARE: f64 = 0.96;

/// Bytes along the inner dimension that one step multiplies: the width of a swizzled
/// line of scratch memory.
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

/// What does not depend on the tile.
struct Product {
    m: f64,
    n: f64,
    /// Steps along the inner dimension.
    steps: f64,
    /// Operations of a core in a second.
    core_rate: f64,
    /// Steps' inner length in elements.
    step_elements: f64,
    activation_bytes: f64,
    weight_bytes: f64,
    step_latency: f64,
    tile_latency: f64,
    split_latency: f64,
    split_loss: f64,
    store_rate: f64,
    output_bytes: f64,
    cache_rate: f64,
    core_bandwidth: f64,
    bandwidth: f64,
    cores: f64,
    /// Bytes that come from memory at least.
    bytes: f64,
    /// Bytes by which a wave's operands overrun the cache, at most.
    reread: f64,
    overlap_loss: f64,
    k: f64,
}

/// Time of one way to tile.
#[derive(Clone, Copy)]
struct Tiling {
    seconds: f64,
    latency: f64,
    memory_bound: bool,
}

impl Product {
    fn new(shape: &GemmShape, chip: &Accelerator, constants: &GemmConstants) -> Self {
        let scheme = shape.scheme;
        let (m, n, k) = (shape.m, shape.n, shape.k);
        let rate = RATE_SHARE * chip.rate(scheme.arithmetic());
        let step_elements = STEP_BYTES / scheme.activation_bytes();
        let operands = m * k * scheme.activation_bytes() + n * k * scheme.weight_bytes();
        let bytes = operands + m * n * scheme.output_bytes();
        let cached = m * k * scheme.activation_bytes() * found(bytes, constants.activation_cache * chip.cache_bytes)
            + m * n * scheme.output_bytes() * found(bytes, constants.output_cache * chip.cache_bytes)
            + n * k * scheme.weight_bytes() * found(bytes, constants.weight_cache * chip.cache_bytes);
        Self {
            m,
            n,
            k,
            steps: (k / step_elements).ceil(),
            core_rate: rate / chip.cores,
            step_elements,
            activation_bytes: scheme.activation_bytes(),
            weight_bytes: scheme.weight_bytes(),
            step_latency: constants.step_clocks / chip.clock,
            tile_latency: constants.tile_clocks / chip.clock,
            store_rate: constants.store_bytes_per_clock * chip.clock,
            output_bytes: scheme.output_bytes(),
            split_latency: constants.split_us * 1e-6,
            split_loss: constants.split_loss,
            cache_rate: constants.cache_bytes_per_clock * chip.clock,
            core_bandwidth: constants.core_bytes_per_clock * chip.clock,
            bandwidth: constants.bandwidth_share * chip.memory_bandwidth,
            cores: chip.cores,
            bytes: bytes - cached,
            reread: constants.reread,
            overlap_loss: constants.overlap_loss,
        }
    }

    /// Time with tiles of `rows` x `columns`; `shared`: every tile's inner dimension is
    /// shared out so that all cores are busy.
    fn tiled(&self, rows: f64, columns: f64, shared: bool) -> Tiling {
        let down = (self.m / rows).ceil();
        let across = (self.n / columns).ceil();
        let tiles = down * across;
        let share = if shared { (self.cores / tiles).min(self.steps * 0.5) } else { 1.0 };
        let blocks = tiles * share;
        let steps = if shared { (self.steps / share).max(1.0) } else { self.steps };
        let operations = 2.0 * rows * columns * self.step_elements;
        let fed = (rows.min(self.m) * self.activation_bytes + columns.min(self.n) * self.weight_bytes)
            * self.step_elements;
        let work = (operations / self.core_rate).max(fed / self.cache_rate);
        let step = (work * work + self.step_latency * self.step_latency).sqrt();
        let body = steps * step * if shared { 1.0 + self.split_loss } else { 1.0 };
        let full = (blocks / self.cores).floor();
        let rest = blocks - full * self.cores;
        let (tail, rest) = if rest > 1e-6 * self.cores { (1.0, rest) } else { (0.0, 0.0) };
        // A wave's patch of the output is as square as can be; each further wave reads
        // its operands again.
        let waves = (blocks / self.cores).max(1.0);
        let patch = (self.cores * rows * columns).sqrt();
        let again = waves * self.k * patch * (self.activation_bytes + self.weight_bytes);
        let bytes = self.bytes + self.reread * (again - self.bytes).max(0.0);
        let every = bytes / blocks;
        let steady = self.overlapped(full * body, full * self.cores * every / self.bandwidth);
        let reach = self.bandwidth.min(rest.max(1.0) * self.core_bandwidth);
        let last = self.overlapped(tail * body, rest * every / reach);
        let reduce = if shared {
            self.split_latency + 8.0 * self.m * self.n * share.max(1.0) / (self.cores * self.cache_rate)
        } else {
            0.0
        };
        let stored = rows.min(self.m) * columns.min(self.n) * self.output_bytes / self.store_rate;
        let latency = (full + tail) * (self.tile_latency + stored) + reduce;
        let memory_bound = bytes / self.bandwidth > (full + tail) * body;
        Tiling { seconds: latency + steady + last, latency, memory_bound }
    }

    /// Time of arithmetic and memory traffic that overlap.
    fn overlapped(&self, one: f64, other: f64) -> f64 {
        one.max(other) + self.overlap_loss * one.min(other)
    }

    fn best(&self) -> Tiling {
        let mut best = Tiling { seconds: f64::MAX, latency: 0.0, memory_bound: false };
        for (rows, columns) in TILES {
            for shared in [false, true] {
                let tiling = self.tiled(rows, columns, shared);
                if tiling.seconds < best.seconds {
                    best = tiling;
                }
            }
        }
        best
    }
}

/// A maximum without a corner: two activities that overlap, each now and then waiting for the other.
fn soft_max(one: f64, other: f64) -> f64 {
    let (large, small) = if one > other { (one, other) } else { (other, one) };
    if large <= 0.0 { 0.0 } else { large * short_of_power(small / large) }
}

/// Share of what was touched before that a cache still holds when `bytes` are touched between:
/// nearly all or nearly none, as least recently used lines leave first.
fn found(bytes: f64, cache: f64) -> f64 {
    let squared = (bytes / cache.max(1.0)).powi(2);
    1.0 / (1.0 + squared * squared)
}

impl Kernel for Gemm {
    type Shape = GemmShape;
    type Constants = GemmConstants;
    const NAME: &'static str = "gemm";

    fn estimate(shape: &GemmShape, chip: &Accelerator, constants: &GemmConstants) -> Estimate {
        let best = Product::new(shape, chip, constants).best();
        let latency = constants.launch_us * 1e-6 + best.latency;
        let unlimited = constants.launch_us * 1e-6 + best.seconds;
        let energy = 2.0 * shape.m * shape.n * shape.k * constants.energy_pj * 1e-12;
        let seconds = soft_max(unlimited, energy / chip.power);
        let busy = seconds - latency;
        let product = if best.memory_bound {
            Estimate { latency_s: latency, memory_s: busy, ..Estimate::default() }
        } else {
            Estimate { latency_s: latency, compute_s: busy, ..Estimate::default() }
        };
        product + quantize(shape, chip, constants)
    }
}

/// The kernel that quantizes activations before the product.
fn quantize(shape: &GemmShape, chip: &Accelerator, constants: &GemmConstants) -> Estimate {
    if shape.prequantized || !shape.scheme.quantizes_activations() {
        return Estimate::default();
    }
    // One scale for the whole tensor needs its greatest value first: a pass of its own.
    let reads = if shape.scheme == Scheme::Fp8 { 2.0 } else { 1.0 };
    let bytes = shape.m * shape.k * (2.0 * reads + shape.scheme.activation_bytes());
    Estimate {
        latency_s: reads * constants.quantize_us * 1e-6,
        memory_s: soft_max(
            bytes / (constants.quantize_share * chip.memory_bandwidth),
            reads * shape.m * shape.k / (constants.quantize_per_clock * chip.clock * chip.cores),
        ),
        ..Estimate::default()
    }
}
