//! Measured collectives.

use narrows_perf::Scheme;
use narrows_perf::kernels::collective::{
    Collective, CollectiveMethod, CollectiveOperation, CollectiveShape, LinkClass, variant,
};

use super::{Measured, Reading};
use crate::chips::Roster;
use crate::group::{GroupKey, Measurement};
use crate::table::Row;

impl Measured for Collective {
    fn read(row: Row<'_>, roster: &mut Roster<'_>) -> Reading<CollectiveShape> {
        let name = row.text("chip");
        let families = roster.families();
        let accelerator = find(name, roster)?;
        let family = families.get(accelerator.family).map(|family| family.id.clone()).unwrap_or_default();
        let operation = operation(row.text("op"))?;
        let ranks = row.number("n")?;
        let bytes = total_bytes(row, operation, ranks)?;
        let link = link(row, &family, accelerator.link_bandwidth, ranks);
        let library = library(row, &family, link);
        // Kernels that use the network within a node too share no port with their neighbours.
        let ports = match library {
            "deepep" => 1.0,
            _ => row.number("gpus_per_node").unwrap_or(1.0).max(1.0),
        };
        let bandwidth = match link {
            LinkClass::HostBus => accelerator.host_bandwidth,
            // The card of a node is of the generation of the port it sits in: 200 Gb/s for
            // 4.0, 400 Gb/s for 5.0.
            LinkClass::Fabric if name.ends_with(PAIRS) => CLOUD_NETWORK,
            LinkClass::Fabric => ports * 0.78125 * accelerator.host_bandwidth,
            _ => accelerator.link_bandwidth,
        };
        let own_kernels = ["trtllm", "vllm", "sglang"].iter().any(|framework| library.starts_with(framework));
        let method = match own_kernels {
            false => CollectiveMethod::Library,
            true if eager(row) => CollectiveMethod::EagerFramework,
            true => CollectiveMethod::Framework,
        };
        let shape = CollectiveShape {
            operation,
            ranks,
            bytes,
            link: if whole_numbers(row) { without_sums(link) } else { link },
            bandwidth,
            method,
        };
        let variant = match link {
            LinkClass::HostBus | LinkClass::Fabric => variant(library, operation, link),
            _ if name.ends_with(PAIRS) => variant(library, operation, link) + "_pair",
            _ => variant(library, operation, link),
        };
        let variant = if unrecorded_network(row, link) { variant + "_unrecorded" } else { variant };
        Ok(Measurement {
            key: GroupKey { variant, scheme: Scheme::Bf16, family },
            chip: name.to_owned(),
            accelerator,
            shape,
            configuration: format!("{} {ranks} {bytes}", operation.name()),
            observed: row.microseconds("latency_us")?,
        })
    }
}

/// Hosts whose chips are joined in pairs go by their chip's name and how they are joined.
const PAIRS: &str = "-pairwise-NVLink";

/// Such hosts are rented in clouds, where they share a network of 80 Gb/s (Microsoft, NC A100 v4
/// and NC H100 v5 series).
const CLOUD_NETWORK: f64 = 10e9;

fn find(name: &str, roster: &mut Roster<'_>) -> Result<narrows_perf::Accelerator, String> {
    if let Ok(specification) = roster.find(name) {
        return Ok(specification.accelerator);
    }
    let chip = name.strip_suffix(PAIRS).map_or_else(|| name.to_owned(), |chip| format!("{chip} PCIe 80GB"));
    roster.find(&chip).map(|specification| specification.accelerator)
}

fn operation(text: &str) -> Result<CollectiveOperation, String> {
    let text = text.split(':').next().unwrap_or_default().to_ascii_lowercase().replace(['-', '_', ' '], "");
    let starts = [
        ("allreduce", CollectiveOperation::AllReduce),
        ("psum", CollectiveOperation::AllReduce),
        ("allgather", CollectiveOperation::AllGather),
        ("reducescatter", CollectiveOperation::ReduceScatter),
        ("alltoall", CollectiveOperation::AllToAll),
        ("moedispatch", CollectiveOperation::AllToAll),
        ("moecombine", CollectiveOperation::AllToAll),
        ("send", CollectiveOperation::SendReceive),
        ("p2p", CollectiveOperation::SendReceive),
        ("ppermute", CollectiveOperation::SendReceive),
        ("broadcast", CollectiveOperation::AllGather),
    ];
    let found = starts.iter().find(|(start, _)| text.starts_with(start));
    found.map(|(_, operation)| *operation).ok_or_else(|| {
        format!(
            "op: expected all_reduce, all_gather, reduce_scatter, all_to_all or send_recv, found `{text}`"
        )
    })
}

/// Bytes of the whole buffer.
fn total_bytes(row: Row<'_>, operation: CollectiveOperation, ranks: f64) -> Result<f64, String> {
    let given = row.number("bytes");
    let bytes = given.or_else(|_| {
        let elements = row.number("elements")?;
        let bytes = Scheme::parse(row.text("dtype")).map_or(1.0, Scheme::output_bytes);
        Ok::<_, String>(elements * if row.text("dtype") == "int8" { 1.0 } else { bytes })
    })?;
    let per_rank = row.text("size_convention") == "per_rank" && operation != CollectiveOperation::SendReceive;
    let whole = if per_rank && operation != CollectiveOperation::AllReduce { bytes * ranks } else { bytes };
    if whole > 0.0 { Ok(whole) } else { Err("bytes: nothing is sent".to_owned()) }
}

/// Switches add up floating-point numbers, not short whole ones.
fn whole_numbers(row: Row<'_>) -> bool {
    row.text("dtype").starts_with("int") || row.text("dtype").starts_with("uint")
}

const fn without_sums(link: LinkClass) -> LinkClass {
    match link {
        LinkClass::SummingSwitch => LinkClass::Switched,
        other => other,
    }
}

/// Families whose switches add up (NVLink SHARP, from the third generation of NVSwitch).
const SUMMING: [&str; 4] = ["hopper", "blackwell", "blackwell_ultra", "rubin"];

/// Rows between nodes whose network no source names, and whose rates are far from those
/// of the cards that such hosts have: they must not stand for networks at large.
fn unrecorded_network(row: Row<'_>, link: LinkClass) -> bool {
    let modern = row.text("chip").starts_with("H100-SXM") || row.text("chip").starts_with("H200");
    link == LinkClass::Fabric && row.text("path") == "unknown" && !modern
}

fn link(row: Row<'_>, family: &str, link_bandwidth: f64, ranks: f64) -> LinkClass {
    let pairs = row.text("chip").ends_with(PAIRS);
    let per_node = row.number("gpus_per_node").ok().filter(|count| *count > 0.0);
    let several = per_node.is_some_and(|count| count < ranks);
    match row.text("path") {
        "infiniband" | "roce" | "ethernet" | "network" => LinkClass::Fabric,
        _ if several && !matches!(row.text("path"), "nvlink" | "hccs" | "ici") => LinkClass::Fabric,
        "pcie" => LinkClass::HostBus,
        _ if pairs => {
            if ranks <= 2.0 {
                LinkClass::Direct
            } else {
                LinkClass::HostBus
            }
        }
        _ if link_bandwidth <= 0.0 => LinkClass::HostBus,
        _ if SUMMING.contains(&family) => LinkClass::SummingSwitch,
        _ if matches!(family, "tpu" | "da_vinci" | "gaudi" | "cdna") => LinkClass::Direct,
        _ => LinkClass::Switched,
    }
}

/// Whether the host's program starts each call.
fn eager(row: Row<'_>) -> bool {
    row.text("mode") == "eager" || row.text("op").ends_with("_eager")
}

/// Beginnings of the names of chips that come with a Grace processor, which starts kernels
/// at half the pace of the servers that the other tables come from.
const GRACE: [&str; 3] = ["GB200", "GB300", "GH200"];

/// Which library, and how it is called. Others are taken to be like NCCL.
fn library(row: Row<'_>, family: &str, link: LinkClass) -> &'static str {
    let library = row.text("library").to_ascii_lowercase();
    let grace = eager(row) && GRACE.iter().any(|start| row.text("chip").starts_with(start));
    let known = |name: &str| library.contains(name);
    match () {
        () if known("deepep") => "deepep",
        // Habana's library has the name of Huawei's.
        () if known("hccl") && family == "da_vinci" => "hccl",
        () if known("oneccl") => "oneccl",
        () if known("trtllm") || known("tensorrt") => "trtllm",
        () if known("vllm") && grace => "vllm_eager_grace",
        () if known("vllm") => "vllm",
        () if known("sglang") && grace => "sglang_eager_grace",
        () if known("sglang") => "sglang",
        // Its own tests have no rows of single messages; frameworks have none over the host's bus.
        () if link == LinkClass::HostBus => "nccl",
        () if known("nccl") && row.text("op").starts_with("send") => "nccl",
        () if known("vidur") || row.text("lib_version").is_empty() && known("nccl") => "nccl_framework",
        () => "nccl",
    }
}
