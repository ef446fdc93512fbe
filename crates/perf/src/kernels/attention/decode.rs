//! Attention of one new token (or a few) a sequence: keys and values are read once, shared
//! out over cores in blocks whose partial results are joined (Flash-Decoding; the rules by
//! which blocks are counted are those of TensorRT-LLM's `decoderXQAImplCommon.h`).
//!
//! Two kinds of kernels are in use. One reads keys and values once for all query heads of a
//! group, with matrix units; the other takes every query head by itself. Which one runs
//! depends on the group's size, and on whether there are enough blocks to fill the chip.

use super::{AttentionShape, cached_share, overlap};
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;
use crate::kernels::{Kernel, Work};

crate::constants! {
    /// Fitted constants of decoding.
    pub struct DecodeConstants {
        /// Launch in microseconds.
        launch_us: 7.0 in 0.5..=90.0,
        /// Share of the memory bandwidth that is sustained.
        bandwidth_share: 0.9 in 0.3..=1.0,
        /// Bytes per clock and core that the cache adds for what lies in it.
        cache_bytes_per_clock: 25.0 in 1.0..=200.0,
        /// Share of the cache that holds keys and values from one run to the next.
        cache_share: 0.6 in 0.1..=1.2,
        /// Ramp of the memory's rate, in microseconds.
        ramp_us: 5.0 in 0.01..=60.0,
        /// Clocks to start and end a block.
        block_clocks: 5000.0 in 50.0..=60000.0,
        /// More of them, as a share, for every doubling of a group over 8 heads.
        widening: 0.3 in 0.001..=3.0,
        /// Clocks of 64 keys in a block.
        step_clocks: 600.0 in 1.0..=20000.0,
        /// Clocks of 64 keys for each query row, beside products: exponentials, sums,
        /// conversion.
        row_clocks: 10.0 in 0.01..=300.0,
        /// Least keys of a block where blocks fill the cores once.
        block_keys: 256.0 in 64.0..=1000000.0,
        /// Joining of blocks in microseconds.
        join_us: 2.0 in 0.01..=20.0,
        /// How far blocks fill the cores once, instead of eight times over.
        one_wave: 0.5 in 0.01..=1.0,
        /// Blocks per core below which every head is taken by itself.
        lone_blocks: 0.25 in 0.0005..=1.0,
        /// What a launch takes longer where every head is taken by itself, in microseconds.
        lone_launch_us: 2.0 in 0.01..=30.0,
        /// The same for its larger blocks, from 48 keys on.
        lone_setup_us: 2.0 in 0.01..=30.0,
        /// Clocks to start and end a block of one head.
        lone_block_clocks: 3000.0 in 50.0..=60000.0,
        /// Clocks of a key in a block of one head.
        lone_key_clocks: 30.0 in 1.0..=800.0,
        /// Blocks of single heads that run in a core at once.
        lone_occupancy: 2.0 in 0.5..=16.0,
        /// Joining of their blocks in microseconds.
        lone_join_us: 4.0 in 0.01..=20.0,
        /// How far every head is taken by itself where none share keys and values.
        lone_unshared: 0.7 in 0.01..=1.0,
    }
}

/// Keys of a step in a block.
const STEP: f64 = 64.0;
/// Least keys of a block that is not the only one of its sequence.
const LEAST_KEYS: f64 = 128.0;
/// Blocks per core that are aimed at, and how their number grows with the square root of
/// the length, so that joining them stays cheap.
const WAVES: f64 = 8.0;
/// Largest group that shares reads of keys and values.
const WIDEST_GROUP: f64 = 32.0;
/// How reading and arithmetic overlap.
const OVERLAP: f64 = 2.5;
/// How sharply the cache fails above its size, and kernels change at their limits.
const CACHE_SHARPNESS: i32 = 12;
const SWITCH_SHARPNESS: f64 = 12.0;
/// Keys from which blocks of single heads have more threads.
const LARGER_BLOCKS: f64 = 48.0;

/// Attention of one new token (or a few) a sequence.
#[derive(Debug, Clone, Copy)]
pub struct Decode;

impl Kernel for Decode {
    type Shape = AttentionShape;
    type Constants = DecodeConstants;
    const NAME: &'static str = "attention_decode";

    fn work(shape: &AttentionShape) -> Work {
        shape.work()
    }

    fn estimate(shape: &AttentionShape, chip: &Accelerator, constants: &DecodeConstants) -> Estimate {
        let call = Call::of(shape, chip, constants);
        let lone = call.lone_share();
        let head = if lone > 0.0 { call.by_head() } else { 0.0 };
        let group = if lone < 1.0 { call.by_group() } else { 0.0 };
        let work = lone * head + (1.0 - lone) * group;
        // Reading takes its time in either case; arithmetic what is seen of it, at most
        // its own time; the rest is waiting.
        let memory_s = call.memory.min(work);
        let compute_s = call.products().min(work - memory_s);
        Estimate {
            compute_s,
            memory_s,
            latency_s: constants.launch_us * 1e-6 + (work - memory_s - compute_s),
            network_s: 0.0,
        }
    }
}

/// A shape on a chip.
struct Call<'a> {
    shape: &'a AttentionShape,
    chip: &'a Accelerator,
    constants: &'a DecodeConstants,
    /// Keys that a sequence's tokens see.
    keys: f64,
    /// Sequences times heads of keys and values.
    tiles: f64,
    /// Time of reading, in seconds.
    memory: f64,
    /// Operations per second of a core.
    core_rate: f64,
}

impl<'a> Call<'a> {
    fn of(shape: &'a AttentionShape, chip: &'a Accelerator, constants: &'a DecodeConstants) -> Self {
        let keys = (shape.window.max(1.0) + shape.query_length - 1.0).min(shape.kv_length).max(1.0);
        // Keys and values, and with short contexts also queries and outputs.
        let ends = shape.batch * shape.query_length * shape.heads * shape.head_dim;
        let bytes = shape.kv_bytes() + ends * (shape.scheme.activation_bytes() + shape.scheme.output_bytes());
        let hit = cached_share(bytes, constants.cache_share * chip.cache_bytes, CACHE_SHARPNESS);
        let rate = constants.bandwidth_share * chip.memory_bandwidth;
        let cache = rate + constants.cache_bytes_per_clock * chip.cores * chip.clock;
        let memory = bytes * ((1.0 - hit) / rate + hit / cache) + constants.ramp_us * 1e-6 * (1.0 - hit);
        let core_rate = shape.product_rate(chip) / chip.cores;
        Self { shape, chip, constants, keys, tiles: shape.batch * shape.kv_heads, memory, core_rate }
    }

    fn group(&self) -> f64 {
        self.shape.heads / self.shape.kv_heads
    }

    /// Query rows that share keys and values, as matrix units pad them.
    fn rows(&self) -> f64 {
        (self.group() * self.shape.query_length).max(8.0).log2().ceil().exp2()
    }

    /// What the products take at the published rate of the whole chip.
    fn products(&self) -> f64 {
        self.shape.work().operations / (self.core_rate * self.chip.cores)
    }

    /// Blocks of a sequence if none shall have fewer keys than [`LEAST_KEYS`].
    fn most_blocks(&self) -> f64 {
        (self.keys / LEAST_KEYS).floor().max(1.0)
    }

    /// How far every head is taken by itself: a smooth switch.
    fn lone_share(&self) -> f64 {
        let group = self.group();
        if group > WIDEST_GROUP {
            return 1.0;
        }
        if group < 1.5 {
            return self.constants.lone_unshared;
        }
        let blocks = self.tiles * self.most_blocks() / (self.chip.cores * self.constants.lone_blocks);
        1.0 / (1.0 + blocks.min(1e6).powf(SWITCH_SHARPNESS))
    }

    /// Time where a group shares what is read.
    fn by_group(&self) -> f64 {
        let once =
            (self.chip.cores / self.tiles).clamp(1.0, (self.keys / self.constants.block_keys).max(1.0));
        let most = self.most_blocks();
        let over = most
            .min((WAVES * most).sqrt().round())
            .min((WAVES * self.chip.cores / self.tiles).floor())
            .max(1.0);
        let share = self.constants.one_wave;
        share * self.with_blocks(once) + (1.0 - share) * self.with_blocks(over)
    }

    /// Time with so many blocks of each sequence and head of keys and values.
    fn with_blocks(&self, blocks: f64) -> f64 {
        let constants = self.constants;
        let waves = (self.tiles * blocks / self.chip.cores - 1e-9).ceil().max(1.0);
        let rows = self.rows();
        let start =
            constants.block_clocks * (1.0 + constants.widening * (rows / 8.0).log2()) / self.chip.clock;
        let products = STEP * 4.0 * self.shape.head_dim * rows / self.core_rate;
        let step = (constants.step_clocks + constants.row_clocks * rows) / self.chip.clock + products;
        let work = waves * (start + self.keys / blocks / STEP * step);
        overlap(self.memory, work, OVERLAP) + constants.join_us * 1e-6 * (1.0 - 1.0 / blocks)
    }

    /// Time where every head is taken by itself.
    fn by_head(&self) -> f64 {
        let constants = self.constants;
        let heads = self.shape.batch * self.shape.heads;
        let blocks = (self.chip.cores / heads).floor().clamp(1.0, (self.keys / LEAST_KEYS).max(1.0));
        let waves = (heads * blocks / (self.chip.cores * constants.lone_occupancy)).max(1.0);
        let queries = self.shape.query_length;
        let block = constants.lone_block_clocks + self.keys / blocks * queries * constants.lone_key_clocks;
        // These kernels leave the matrix units idle, but no chip computes beyond its rate.
        let work = (waves * block / self.chip.clock).max(self.products());
        let longer = LARGER_BLOCKS / self.keys;
        let setup = constants.lone_setup_us / (1.0 + longer * longer * longer * longer);
        overlap(self.memory, work, OVERLAP)
            + (constants.lone_launch_us + setup + constants.lone_join_us * (1.0 - 1.0 / blocks)) * 1e-6
    }
}
