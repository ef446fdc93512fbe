//! Measured exchanges of tokens among experts.

use narrows_perf::Scheme;
use narrows_perf::kernels::collective::LinkClass;
use narrows_perf::kernels::exchange::{Exchange, ExchangeShape};

use super::{Measured, Reading};
use crate::chips::Roster;
use crate::group::{GroupKey, Measurement};
use crate::table::Row;

/// Network card of a chip where rows cross nodes: 400 Gb/s.
const NETWORK: f64 = 50e9;

impl Measured for Exchange {
    fn read(row: Row<'_>, roster: &mut Roster<'_>) -> Reading<ExchangeShape> {
        let families = roster.families();
        let accelerator = roster.find(row.text("chip"))?.accelerator;
        let family = families.get(accelerator.family).map(|family| family.id.clone()).unwrap_or_default();
        let nodes = row.number("nodes").unwrap_or(1.0).max(1.0);
        let linked = accelerator.link_bandwidth > 0.0;
        let shape = ExchangeShape {
            tokens: row.number("tokens")?,
            hidden: row.number("hidden")?,
            top_k: row.number("topk")?,
            experts: row.number("experts")?,
            ranks: row.number("ranks").unwrap_or(8.0 * nodes),
            nodes,
            low_latency: row.text("mode").starts_with("low"),
            cores: row.number("dispatch_sms").unwrap_or(0.0),
            // DeepEP sends 8-bit floating point with a scale for every 128, and gets 16-bit back.
            dispatch_bytes: Scheme::Fp8Block.activation_bytes(),
            combine_bytes: Scheme::Bf16.activation_bytes(),
            link: if linked { LinkClass::Switched } else { LinkClass::HostBus },
            node_bandwidth: if linked { accelerator.link_bandwidth } else { accelerator.host_bandwidth },
            fabric_bandwidth: NETWORK,
        };
        let configuration = format!(
            "{} {} {} {} {} {} {}",
            row.text("mode"),
            shape.hidden,
            shape.tokens,
            shape.top_k,
            shape.experts,
            shape.cores,
            shape.ranks
        );
        Ok(Measurement {
            key: GroupKey { variant: "deepep".to_owned(), scheme: Scheme::Bf16, family },
            chip: row.text("chip").to_owned(),
            accelerator,
            shape,
            configuration,
            observed: row.microseconds("dispatch_us")? + row.microseconds("combine_us")?,
        })
    }
}
