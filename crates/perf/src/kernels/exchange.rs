//! The exchange of tokens between chips that hold different experts: dispatch to the
//! experts and combination of what they return.

use super::Kernel;
use super::collective::LinkClass;
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

crate::constants! {
    /// Fitted constants of the exchange.
    pub struct ExchangeConstants {
        /// Start in microseconds, both ways together.
        launch_us: 35.0 in 2.0..=400.0,
        /// Share of the link rate that is sustained.
        bandwidth_share: 0.6 in 0.02..=1.0,
    }
}

/// Dispatch and combination.
#[derive(Debug, Clone, Copy)]
pub struct Exchange;

impl Kernel for Exchange {
    type Shape = ExchangeShape;
    type Constants = ExchangeConstants;
    const NAME: &'static str = "exchange";

    fn estimate(shape: &ExchangeShape, _: &Accelerator, constants: &ExchangeConstants) -> Estimate {
        let bytes = shape.tokens * shape.hidden * shape.top_k * (shape.dispatch_bytes + shape.combine_bytes);
        let away = (shape.nodes - 1.0) / shape.nodes.max(1.0);
        let near = (shape.ranks - 1.0) / shape.ranks.max(1.0) - away;
        let rate = constants.bandwidth_share;
        let fabric = if away > 0.0 { bytes * away / (rate * shape.fabric_bandwidth) } else { 0.0 };
        let network_s = fabric.max(bytes * near.max(0.0) / (rate * shape.node_bandwidth));
        Estimate { network_s, latency_s: constants.launch_us * 1e-6, ..Estimate::default() }
    }
}
