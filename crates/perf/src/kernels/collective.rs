//! Collectives: what chips exchange with one another, with the best of several algorithms.

use super::Kernel;
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

/// What kind of link joins the ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LinkClass {
    /// Chip-to-chip links through a switch (NVSwitch and its like).
    Switched,
    /// Chip-to-chip links without a switch: a mesh, a bridge, a torus.
    Direct,
    /// The host's PCI Express.
    HostBus,
    /// Network cards between nodes.
    Fabric,
}

/// A collective among ranks of one tier of the network.
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
}

crate::constants! {
    /// Fitted constants of collectives.
    pub struct CollectiveConstants {
        /// Start in microseconds.
        launch_us: 8.0 in 0.5..=200.0,
        /// Share of the link rate that is sustained.
        bandwidth_share: 0.75 in 0.02..=1.0,
    }
}

/// A collective.
#[derive(Debug, Clone, Copy)]
pub struct Collective;

impl Kernel for Collective {
    type Shape = CollectiveShape;
    type Constants = CollectiveConstants;
    const NAME: &'static str = "collective";

    fn estimate(shape: &CollectiveShape, _: &Accelerator, constants: &CollectiveConstants) -> Estimate {
        let others = (shape.ranks - 1.0) / shape.ranks.max(1.0);
        let factor = match shape.operation {
            CollectiveOperation::AllReduce => 2.0 * others,
            CollectiveOperation::SendReceive => 1.0,
            _ => others,
        };
        let network_s = factor * shape.bytes / (constants.bandwidth_share * shape.bandwidth);
        Estimate { network_s, latency_s: constants.launch_us * 1e-6, ..Estimate::default() }
    }
}
