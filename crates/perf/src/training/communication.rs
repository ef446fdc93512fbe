//! Communication among ranks that are spread over nodes.

use crate::estimate::Estimate;
use crate::kernels::collective::{CollectiveMethod, CollectiveOperation, CollectiveShape, LinkClass};
use crate::kernels::exchange::ExchangeShape;
use crate::machine::Machine;
use crate::network::Domain;

/// Ranks that communicate: how many, and how far apart neighbours are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// Ranks.
    pub ranks: f64,
    /// Distance of neighbours, in chips.
    pub stride: f64,
}

impl Domain {
    /// Ranks of a group that stand in one domain.
    #[must_use]
    pub fn members(&self, group: Group) -> f64 {
        (self.chips as f64 / group.stride.max(1.0)).floor().clamp(1.0, group.ranks.max(1.0))
    }

    /// Time of a collective over `bytes` (the whole buffer of one rank).
    #[must_use]
    pub fn collective(
        &self,
        machine: &Machine,
        operation: CollectiveOperation,
        group: Group,
        bytes: f64,
    ) -> Estimate {
        let members = self.members(group);
        let shape = |ranks, link, bandwidth| CollectiveShape {
            operation,
            ranks,
            bytes,
            link,
            bandwidth,
            method: CollectiveMethod::Library,
        };
        if members >= group.ranks {
            return machine.collective(&shape(group.ranks, self.link, self.bandwidth));
        }
        // Rings run over every network port of the domain that the group has, so what one
        // rank sees is the sum of the ports of its neighbours, or its own link.
        let operation_is_pair = matches!(operation, CollectiveOperation::SendReceive);
        let rails = if operation_is_pair { 1.0 } else { members };
        let bandwidth = (rails * self.fabric_bandwidth).min(self.bandwidth.max(self.fabric_bandwidth));
        machine.collective(&shape(group.ranks, LinkClass::Fabric, bandwidth))
    }

    /// Time to send `bytes` to the neighbouring stage.
    #[must_use]
    pub fn send(&self, machine: &Machine, stride: f64, bytes: f64) -> Estimate {
        let group = Group { ranks: 2.0, stride };
        self.collective(machine, CollectiveOperation::SendReceive, group, bytes)
    }

    /// Time of dispatch and combination among experts; ranks stand side by side.
    #[must_use]
    pub fn exchange(&self, machine: &Machine, shape: &RoutedTokens) -> Estimate {
        machine.exchange(&ExchangeShape {
            tokens: shape.tokens,
            hidden: shape.hidden,
            top_k: shape.top_k,
            experts: shape.experts,
            ranks: shape.ranks,
            nodes: (shape.ranks / self.chips as f64).ceil().max(1.0),
            low_latency: false,
            cores: 0.0,
            dispatch_bytes: shape.dispatch_bytes,
            combine_bytes: 2.0,
            link: self.link,
            node_bandwidth: self.bandwidth,
            fabric_bandwidth: self.fabric_bandwidth,
        })
    }
}

/// Tokens on their way to experts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoutedTokens {
    /// Tokens of each rank.
    pub tokens: f64,
    /// Width.
    pub hidden: f64,
    /// Experts a token goes to.
    pub top_k: f64,
    /// Experts of the layer.
    pub experts: f64,
    /// Ranks.
    pub ranks: f64,
    /// Bytes of an element on the way there.
    pub dispatch_bytes: f64,
}

/// What remains of communication of which `hidden` (a share) may run under `under_s`
/// seconds of arithmetic: the rest, and what has no room.
#[must_use]
pub fn exposed(communication: Estimate, hidden: f64, under_s: f64) -> Estimate {
    let whole = communication.seconds();
    let hidden = hidden.clamp(0.0, 1.0);
    let seconds = whole * (1.0 - hidden) + (whole * hidden - under_s.max(0.0)).max(0.0);
    communication.scaled_to(seconds)
}
