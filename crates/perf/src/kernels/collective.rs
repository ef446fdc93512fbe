//! Collectives: what chips exchange with one another, with the best of several algorithms.
//!
//! Each algorithm costs a start, a latency for every serial step and the bytes that pass
//! the link (Hockney 1994; Thakur, Rabenseifner and Gropp 2005). A pipeline that cuts its
//! buffer into the best number of pieces adds the geometric mean of the two, hence the
//! square root. NCCL's protocols differ in how soon a step ends and in how much of the
//! rate is left, so that the step gets dearer once buffers are large.

use super::{Kernel, Work};
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;

/// What is exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CollectiveOperation {
    /// Everyone ends with the sum.
    AllReduce,
    /// Everyone ends with everyone's part.
    AllGather,
    /// Everyone ends with a part of the sum.
    ReduceScatter,
    /// Everyone sends a different part to everyone.
    AllToAll,
    /// One sends to one.
    SendReceive,
}

impl CollectiveOperation {
    /// All of them, in the order of [`CollectiveOperation::index`].
    pub const ALL: [Self; 5] =
        [Self::AllReduce, Self::AllGather, Self::ReduceScatter, Self::AllToAll, Self::SendReceive];

    /// Position in [`CollectiveOperation::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Our name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AllReduce => "all_reduce",
            Self::AllGather => "all_gather",
            Self::ReduceScatter => "reduce_scatter",
            Self::AllToAll => "all_to_all",
            Self::SendReceive => "send_receive",
        }
    }

    /// Bytes that pass each chip's link, for one byte of the whole buffer.
    #[must_use]
    pub fn traffic(self, ranks: f64) -> f64 {
        let others = (ranks - 1.0).max(0.0) / ranks.max(1.0);
        match self {
            Self::AllReduce => 2.0 * others,
            Self::SendReceive => 1.0,
            Self::AllGather | Self::ReduceScatter | Self::AllToAll => others,
        }
    }

    /// Steps of a ring that wait for one another, or messages of an all-to-all.
    #[must_use]
    pub fn steps(self, ranks: f64) -> f64 {
        let others = (ranks - 1.0).max(0.0);
        match self {
            Self::AllReduce => 2.0 * others,
            Self::AllGather | Self::ReduceScatter | Self::AllToAll => others,
            Self::SendReceive => 1.0,
        }
    }
}

/// What kind of link joins the ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LinkClass {
    /// Chip-to-chip links through a switch (NVSwitch and its like).
    Switched,
    /// The same through a switch that can add up what passes it (NVLink SHARP).
    SummingSwitch,
    /// Chip-to-chip links without a switch: a mesh, a bridge, a torus.
    Direct,
    /// The host's PCI Express.
    HostBus,
    /// Network cards between nodes.
    Fabric,
}

/// With whose kernels a collective is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum CollectiveMethod {
    /// The vendor's library: NCCL and its like.
    #[default]
    Library,
    /// A serving framework's kernels, which read other chips' memory directly where buffers
    /// are small and leave larger ones to the library; replayed from a graph.
    Framework,
    /// The same, each call started by the host's program.
    EagerFramework,
}

/// A collective among ranks of one tier of the network. One that crosses nodes with
/// several ranks in each has the bandwidth of all ports that these share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CollectiveShape {
    /// What is exchanged.
    pub operation: CollectiveOperation,
    /// Chips taking part.
    pub ranks: f64,
    /// Bytes of the whole buffer of one rank: the reduced buffer, the gathered output,
    /// the scattered input, all peers' data of an all-to-all, the message of a send.
    pub bytes: f64,
    /// Kind of link.
    pub link: LinkClass,
    /// What a chip can send over it, in bytes per second and one direction.
    pub bandwidth: f64,
    /// With whose kernels, and how they are started.
    pub method: CollectiveMethod,
}

impl CollectiveShape {
    /// Steps that wait for one another. Between nodes libraries use trees, which carry as
    /// much as a ring in fewer steps (Sanders, Speck and Traeff 2009).
    fn serial_steps(&self) -> f64 {
        let ring = self.operation.steps(self.ranks);
        let doublings = self.ranks.max(1.0).log2();
        match (self.link, self.operation) {
            (LinkClass::Fabric, CollectiveOperation::AllReduce) => ring.min(2.0 * doublings),
            (LinkClass::Fabric, CollectiveOperation::AllGather | CollectiveOperation::ReduceScatter) => {
                ring.min(doublings)
            }
            _ => ring,
        }
    }
}

/// Libraries and frameworks whose collectives were measured, by the families they are for.
#[must_use]
pub fn library_of(family: &str) -> &'static str {
    match family {
        "da_vinci" => "hccl",
        "xe" => "oneccl",
        _ => "nccl",
    }
}

/// Name under which constants are kept: library or framework, operation, and where the
/// ranks are not joined by links of their own, by what else.
#[must_use]
pub fn variant(library: &str, operation: CollectiveOperation, link: LinkClass) -> String {
    let by = match link {
        LinkClass::HostBus => "_host_bus",
        LinkClass::Fabric => "_fabric",
        LinkClass::Switched | LinkClass::SummingSwitch | LinkClass::Direct => "",
    };
    format!("{library}_{}{by}", operation.name())
}

crate::constants! {
    /// Fitted constants of collectives.
    pub struct CollectiveConstants {
        /// Start in microseconds.
        launch_us: 5.0 in 0.5..=60.0,
        /// A step of a ring with small buffers, in microseconds.
        hop_us: 0.9 in 0.05..=20.0,
        /// Exponent with which that grows with the number of steps: 1 for a ring, less where
        /// steps overlap, more where rings grow longer than a board.
        hop_growth: 0.9 in 0.1..=1.6,
        /// Share of the link rate that a ring sustains.
        ring_share: 0.78 in 0.02..=1.0,
        /// Own part of the buffer, as a share of its bytes that passes at the rate of the link.
        own_part: 0.4 in 0.0..=2.0,
        /// Time scale of the pipeline: its filling costs the geometric mean of this and of
        /// the transfer, in microseconds.
        pipeline_us: 5.0 in 0.01..=200.0,
        /// Transfer from which the pipeline costs no more, in microseconds.
        pipeline_end_us: 1000.0 in 20.0..=20000.0,
        /// What a first step costs more with the protocol for large buffers, in microseconds.
        bulk_us: 5.0 in 0.01..=200.0,
        /// Exponent with which that grows with the number of steps.
        bulk_growth: 0.5 in 0.0..=1.5,
        /// Each rank's part from which that protocol is used, in megabytes.
        bulk_from_mb: 1.0 in 0.01..=16.0,
        /// Exponent with which the rate falls with ranks that share a bus.
        contention: 0.1 in 0.0..=2.5,
        /// Share of the link rate in sums made by the switch.
        switch_share: 0.65 in 0.3..=0.95,
        /// Latency of sums made by the switch, in microseconds.
        switch_us: 40.0 in 2.0..=200.0,
        /// Start of a kernel that reads other chips' memory, in microseconds.
        direct_us: 3.0 in 0.5..=60.0,
        /// Latency of its barrier for each further chip, in microseconds.
        barrier_us: 0.1 in 0.005..=10.0,
        /// Share of the link rate that reads of other chips' memory sustain.
        direct_share: 0.6 in 0.02..=1.0,
        /// What the second phase of a two-phase kernel adds, in microseconds.
        second_phase_us: 2.0 in 0.1..=60.0,
        /// Buffer of two ranks up to which direct kernels are used, in megabytes.
        direct_until_mb: 4.0 in 0.1..=32.0,
        /// Exponent with which that size falls with the number of ranks.
        direct_fall: 0.5 in 0.0..=2.0,
        /// What the host needs for a call, in microseconds; chips wait for it if they are quicker.
        host_us: 30.0 in 2.0..=200.0,
    }
}

/// A collective.
#[derive(Debug, Clone, Copy)]
pub struct Collective;

/// Bytes of memory traffic for each of a buffer that the host's program has copied: read
/// and written at nine tenths of the bandwidth.
const COPIED: f64 = 2.0 / 0.9;

const MICRO: f64 = 1e-6;
const MEGA: f64 = 1048576.0;

impl Kernel for Collective {
    type Shape = CollectiveShape;
    type Constants = CollectiveConstants;
    const NAME: &'static str = "collective";

    fn work(shape: &CollectiveShape) -> Work {
        let sums_on_the_way =
            shape.link == LinkClass::SummingSwitch && shape.operation == CollectiveOperation::AllReduce;
        let traffic = shape.operation.traffic(shape.ranks);
        let least = if sums_on_the_way { traffic.min(1.0) } else { traffic };
        Work { network_s: least * shape.bytes / shape.bandwidth, ..Work::default() }
    }

    fn estimate(shape: &CollectiveShape, chip: &Accelerator, constants: &CollectiveConstants) -> Estimate {
        let ring = best_ring(shape, constants);
        let device = if own_kernels(shape) { with_direct(shape, constants, ring) } else { ring };
        if shape.method != CollectiveMethod::EagerFramework {
            return device;
        }
        let memory_s = COPIED * shape.bytes / chip.memory_bandwidth;
        let device = Estimate { memory_s, ..device };
        // The host prepares the next call while chips work on this one.
        let waiting = (constants.host_us * MICRO - device.seconds()).max(0.0);
        Estimate { latency_s: device.latency_s + waiting, ..device }
    }
}

/// From 0 to 1 around `middle`, within about an octave on either side.
fn rise(value: f64, middle: f64) -> f64 {
    let ratio = (value / middle).powi(6);
    if ratio.is_finite() { ratio / (1.0 + ratio) } else { 1.0 }
}

/// Serving frameworks have kernels of their own for sums alone.
fn own_kernels(shape: &CollectiveShape) -> bool {
    shape.method != CollectiveMethod::Library && shape.operation == CollectiveOperation::AllReduce
}

/// Frameworks that have kernels of their own start the library's as fast as these.
fn start_us(shape: &CollectiveShape, constants: &CollectiveConstants) -> f64 {
    if own_kernels(shape) { constants.direct_us } else { constants.launch_us }
}

/// A ring, or the switch's own sum where it is quicker.
fn best_ring(shape: &CollectiveShape, constants: &CollectiveConstants) -> Estimate {
    let ring = ring(shape, constants);
    if shape.link != LinkClass::SummingSwitch || shape.operation != CollectiveOperation::AllReduce {
        return ring;
    }
    let summed = switch_sum(shape, constants);
    if summed.seconds() < ring.seconds() { summed } else { ring }
}

/// A ring, cut into pieces that follow one another.
fn ring(shape: &CollectiveShape, constants: &CollectiveConstants) -> Estimate {
    let ranks = shape.ranks.max(1.0);
    let sharing = match shape.link {
        LinkClass::HostBus => (2.0 / ranks.max(2.0)).powf(constants.contention),
        _ => 1.0,
    };
    let rate = shape.bandwidth * constants.ring_share * sharing;
    let steps = shape.serial_steps();
    let own = match shape.operation {
        CollectiveOperation::SendReceive => 0.0,
        _ => constants.own_part / ranks,
    };
    let network_s = (shape.operation.traffic(ranks) + own) * shape.bytes / rate;
    let capped = network_s / (1.0 + network_s / (constants.pipeline_end_us * MICRO));
    let filling = (constants.pipeline_us * MICRO * capped).sqrt();
    // Messages of pairs leave the protocol for small buffers sooner than a ring's pieces.
    let sooner = if shape.operation == CollectiveOperation::AllToAll { 16.0 } else { 1.0 };
    let bulk = rise(sooner * shape.bytes / ranks, constants.bulk_from_mb * MEGA);
    let bulk_us = constants.bulk_us * bulk * steps.powf(constants.bulk_growth);
    let latency_s =
        (start_us(shape, constants) + constants.hop_us * steps.powf(constants.hop_growth) + bulk_us) * MICRO
            + filling;
    Estimate { network_s, latency_s, ..Estimate::default() }
}

/// Every chip has the switch add up its part of the buffer and spread the sum: the buffer
/// leaves once, and a part of it once more.
fn switch_sum(shape: &CollectiveShape, constants: &CollectiveConstants) -> Estimate {
    let bytes = shape.bytes * (1.0 + 1.0 / shape.ranks.max(1.0));
    let network_s = bytes / (shape.bandwidth * constants.switch_share);
    let latency_s = (start_us(shape, constants) + constants.switch_us) * MICRO;
    Estimate { network_s, latency_s, ..Estimate::default() }
}

/// Small buffers by direct access, large ones by `otherwise`, which is taken to need at
/// least as long as the largest of the small ones: more bytes are never sent sooner.
fn with_direct(shape: &CollectiveShape, constants: &CollectiveConstants, otherwise: Estimate) -> Estimate {
    let ranks = shape.ranks.max(2.0);
    let until = constants.direct_until_mb * MEGA * (2.0 / ranks).powf(constants.direct_fall);
    let largest = direct(&CollectiveShape { bytes: shape.bytes.min(until), ..*shape }, constants);
    let beyond = otherwise.scaled_to(otherwise.seconds().max(largest.seconds()));
    let direct = direct(shape, constants);
    let nearby = if direct.seconds() < beyond.seconds() { direct } else { beyond };
    let share = rise(shape.bytes, until);
    nearby * (1.0 - share) + beyond * share
}

/// In one phase everyone reads everyone's whole buffer; in two, everyone adds up a part and
/// then reads the others' sums.
fn direct(shape: &CollectiveShape, constants: &CollectiveConstants) -> Estimate {
    let others = (shape.ranks - 1.0).max(0.0);
    let rate = shape.bandwidth * constants.direct_share;
    let start = constants.direct_us + constants.barrier_us * others;
    let one =
        Estimate { latency_s: start * MICRO, network_s: others * shape.bytes / rate, ..Estimate::default() };
    let two = Estimate {
        latency_s: (start + constants.second_phase_us) * MICRO,
        network_s: 2.0 * others / shape.ranks.max(1.0) * shape.bytes / rate,
        ..Estimate::default()
    };
    if one.seconds() < two.seconds() { one } else { two }
}
