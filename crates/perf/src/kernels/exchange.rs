//! The exchange of tokens between chips that hold different experts: dispatch to the
//! experts and combination of what they return.
//!
//! After DeepEP (DeepSeek-AI 2025). Its kernels for many tokens send a token once to each
//! chip that holds any of its experts, over the network once to each node, and copy it with
//! a set number of cores. Those for few tokens send a copy for every expert.

use super::collective::LinkClass;
use super::{Kernel, Work};
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;

/// Dispatch and combination for one layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExchangeShape {
    /// Tokens of each rank.
    pub tokens: f64,
    /// Width of the model.
    pub hidden: f64,
    /// Experts a token goes to.
    pub top_k: f64,
    /// Experts of the layer.
    pub experts: f64,
    /// Chips among which experts are divided.
    pub ranks: f64,
    /// Nodes over which they are spread.
    pub nodes: f64,
    /// Whether the kernels are those for few tokens (decoding).
    pub low_latency: bool,
    /// Cores that copy, of the kernels for many tokens; 0 for the usual number.
    pub cores: f64,
    /// Bytes of an element on the way to the experts.
    pub dispatch_bytes: f64,
    /// Bytes of an element on the way back.
    pub combine_bytes: f64,
    /// Kind of link within a node.
    pub link: LinkClass,
    /// What a chip can send within its node, in bytes per second.
    pub node_bandwidth: f64,
    /// What a chip can send to other nodes, in bytes per second.
    pub fabric_bandwidth: f64,
}

/// Cores that copy unless a shape says otherwise: DeepSeek-V3's choice (technical report,
/// section 3.2.2).
pub const USUAL_CORES: f64 = 20.0;

crate::constants! {
    /// Fitted constants of the exchange.
    pub struct ExchangeConstants {
        /// Start of the kernels for many tokens, both ways together, in microseconds.
        launch_us: 60.0 in 5.0..=400.0,
        /// What they need besides for a token's width, in microseconds for 1,000 elements.
        width_us: 2.0 in 0.01..=20.0,
        /// Bytes that a core copies, in gigabytes per second.
        core_rate: 12.0 in 1.0..=100.0,
        /// Copies of each token that stay on its chip: packing and unpacking.
        own_copies: 1.5 in 0.0..=8.0,
        /// What a core does for each expert of a token whatever its width, in nanoseconds.
        handling_ns: 50.0 in 0.1..=2000.0,
        /// Share of the link rate that is sustained with many tokens.
        link_share: 0.8 in 0.1..=1.0,
        /// How sharply the slower of cores and links decides: 1 adds them up.
        sharpness: 1.5 in 1.0..=6.0,
        /// Start of the kernels for few tokens, both ways together, in microseconds.
        quick_launch_us: 20.0 in 2.0..=200.0,
        /// What they need for each expert, in microseconds.
        expert_us: 0.03 in 0.0005..=0.5,
        /// What they need for each chip that takes part, in microseconds.
        rank_us: 1.0 in 0.01..=10.0,
        /// Share of the link rate that is sustained with few tokens.
        quick_share: 0.5 in 0.05..=1.0,
        /// Experts at which dispatch takes twice its time, since a core serves only one.
        few_experts: 40.0 in 0.1..=500.0,
        /// Share of the network's rate that is sustained. Rows within one node do not tell;
        /// 43 to 46 of 50 GB/s are published (DeepEP, README).
        fabric_share: 0.9 in 0.3..=1.0,
        /// What crossing the network adds, both ways together, in microseconds: published
        /// latencies among 8 to 256 chips grow by as much for each doubling.
        fabric_us: 12.0 in 1.0..=100.0,
    }
}

/// Dispatch and combination.
#[derive(Debug, Clone, Copy)]
pub struct Exchange;

const MICRO: f64 = 1e-6;
const NANO: f64 = 1e-9;
const GIGA: f64 = 1e9;

impl Kernel for Exchange {
    type Shape = ExchangeShape;
    type Constants = ExchangeConstants;
    const NAME: &'static str = "exchange";

    fn work(shape: &ExchangeShape) -> Work {
        let once = shape.tokens * shape.hidden * (shape.dispatch_bytes + shape.combine_bytes);
        let per_node = shape.ranks / shape.nodes.max(1.0);
        let near = once * touched(per_node, shape.top_k / shape.nodes.max(1.0)) * elsewhere(per_node);
        let far = once * touched(shape.nodes, shape.top_k) * elsewhere(shape.nodes);
        let far_s =
            if far > 0.0 && shape.fabric_bandwidth > 0.0 { far / shape.fabric_bandwidth } else { 0.0 };
        Work { network_s: far_s.max(near / shape.node_bandwidth), ..Work::default() }
    }

    fn estimate(shape: &ExchangeShape, _: &Accelerator, constants: &ExchangeConstants) -> Estimate {
        let crossing = constants.fabric_us * MICRO * shape.nodes.max(1.0).log2();
        let exchange = if shape.low_latency { few(shape, constants) } else { many(shape, constants) };
        Estimate { latency_s: exchange.latency_s + crossing, ..exchange }
    }
}

/// How many of `places` a token goes to on average, if its experts are drawn freely.
fn touched(places: f64, top_k: f64) -> f64 {
    let places = places.max(1.0);
    (places * (1.0 - (1.0 - 1.0 / places).powf(top_k))).min(places)
}

/// Share of places other than one's own.
fn elsewhere(places: f64) -> f64 {
    (places - 1.0).max(0.0) / places.max(1.0)
}

/// Seconds for bytes that leave over the network; none within one node.
fn over_network(bytes: f64, shape: &ExchangeShape, constants: &ExchangeConstants) -> f64 {
    if shape.nodes > 1.0 && shape.fabric_bandwidth > 0.0 {
        bytes / (constants.fabric_share * shape.fabric_bandwidth)
    } else {
        0.0
    }
}

/// Many tokens: one copy to each chip that needs it, made by few cores.
fn many(shape: &ExchangeShape, constants: &ExchangeConstants) -> Estimate {
    let once = shape.tokens * shape.hidden * (shape.dispatch_bytes + shape.combine_bytes);
    let copies = touched(shape.ranks, shape.top_k);
    let cores = if shape.cores > 0.0 { shape.cores } else { USUAL_CORES };
    let handling = shape.tokens * shape.top_k * constants.handling_ns * NANO;
    let copying = (once * (copies + constants.own_copies) / (constants.core_rate * GIGA) + handling) / cores;
    let per_node = shape.ranks / shape.nodes.max(1.0);
    let linking = once * copies * elsewhere(per_node) / (constants.link_share * shape.node_bandwidth);
    let power = constants.sharpness;
    let within = (copying.powf(power) + linking.powf(power)).powf(1.0 / power);
    let beyond = once * touched(shape.nodes, shape.top_k) * elsewhere(shape.nodes);
    let network_s = within.max(over_network(beyond, shape, constants));
    let latency_s = (constants.launch_us + constants.width_us * shape.hidden / 1000.0) * MICRO;
    Estimate { network_s, latency_s, ..Estimate::default() }
}

/// Few tokens: one copy for each expert.
fn few(shape: &ExchangeShape, constants: &ExchangeConstants) -> Estimate {
    let scarce = 1.0 + constants.few_experts / shape.experts.max(1.0);
    let copies = shape.tokens * shape.hidden * shape.top_k;
    let bytes = copies * (shape.dispatch_bytes * scarce + shape.combine_bytes);
    let per_node = shape.ranks / shape.nodes.max(1.0);
    let within = bytes * elsewhere(per_node) / (constants.quick_share * shape.node_bandwidth);
    let beyond = copies * (shape.dispatch_bytes + shape.combine_bytes) * elsewhere(shape.nodes);
    let network_s = within.max(over_network(beyond, shape, constants));
    // Chips of other nodes are told in parallel with those of one's own.
    let waiting = constants.rank_us * per_node + constants.expert_us * shape.experts;
    let latency_s = (constants.quick_launch_us + waiting) * MICRO;
    Estimate { network_s, latency_s, ..Estimate::default() }
}
