//! Collectives and exchanges of tokens: laws that hold whatever the constants, and a plain
//! rewriting of each formula beside it.

#![expect(clippy::indexing_slicing, clippy::float_cmp, reason = "test code: a panic is the report")]

use narrows_perf::kernels::collective::{
    Collective, CollectiveConstants, CollectiveMethod, CollectiveOperation, CollectiveShape, LinkClass,
    variant,
};
use narrows_perf::kernels::exchange::{Exchange, ExchangeConstants, ExchangeShape};
use narrows_perf::{Accelerator, ConstantSet, ConstantSpec, Kernel};
use proptest::prelude::*;

fn chip() -> Accelerator {
    Accelerator {
        family: 0,
        peak: [1e15; 8],
        memory_bytes: 80e9,
        memory_bandwidth: 3.35e12,
        cores: 132.0,
        clock: 1.98e9,
        cache_bytes: 50e6,
        shared_memory_bytes: 228e3,
        link_bandwidth: 450e9,
        host_bandwidth: 64e9,
        power: 700.0,
        exponential_rate: 4e12,
    }
}

/// Constants anywhere in their ranges.
fn constants<C: ConstantSet + std::fmt::Debug>() -> impl Strategy<Value = C> {
    let shares = prop::collection::vec(0.0..=1.0_f64, C::SPECS.len());
    shares.prop_map(|shares| {
        let at = |(spec, share): (&ConstantSpec, &f64)| spec.low + (spec.high - spec.low) * share.powi(3);
        C::from_values(&C::SPECS.iter().zip(&shares).map(at).collect::<Vec<f64>>())
    })
}

fn collective() -> impl Strategy<Value = CollectiveShape> {
    let operation = prop::sample::select(CollectiveOperation::ALL.to_vec());
    let link = prop::sample::select(vec![
        LinkClass::Switched,
        LinkClass::SummingSwitch,
        LinkClass::Direct,
        LinkClass::HostBus,
        LinkClass::Fabric,
    ]);
    let method = prop::sample::select(vec![
        CollectiveMethod::Library,
        CollectiveMethod::Framework,
        CollectiveMethod::EagerFramework,
    ]);
    (operation, 2_u32..5000, 0.0..11.0_f64, link, 8.0..12.5_f64, method).prop_map(
        |(operation, ranks, bytes, link, bandwidth, method)| CollectiveShape {
            operation,
            ranks: f64::from(ranks),
            bytes: 10_f64.powf(bytes),
            link,
            bandwidth: 10_f64.powf(bandwidth),
            method,
        },
    )
}

fn exchange() -> impl Strategy<Value = ExchangeShape> {
    let sizes = (0.0..5.3_f64, 512_u32..16384, 1_u32..32, 1_u32..1024, 0_u32..8, 0_u32..5);
    (sizes, any::<bool>(), 0_u32..48, 9.0..12.5_f64, 8.0..11.5_f64).prop_map(
        |((tokens, hidden, top_k, experts, ranks, nodes), low_latency, cores, node, fabric)| {
            let nodes = 2_f64.powi(nodes as i32);
            ExchangeShape {
                tokens: 10_f64.powf(tokens),
                hidden: f64::from(hidden),
                top_k: f64::from(top_k),
                experts: f64::from(experts),
                ranks: nodes * 2_f64.powi(ranks as i32),
                nodes,
                low_latency,
                cores: f64::from(cores),
                dispatch_bytes: 1.03,
                combine_bytes: 2.0,
                link: LinkClass::Switched,
                node_bandwidth: 10_f64.powf(node),
                fabric_bandwidth: 10_f64.powf(fabric),
            }
        },
    )
}

fn collective_time(shape: &CollectiveShape, constants: &CollectiveConstants) -> f64 {
    Collective::estimate(shape, &chip(), constants).seconds()
}

fn exchange_time(shape: &ExchangeShape, constants: &ExchangeConstants) -> f64 {
    Exchange::estimate(shape, &chip(), constants).seconds()
}

/// Room for rounding.
const HAIR: f64 = 1.0 + 1e-9;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn collectives_keep_the_laws(shape in collective(), by in 1.0..100.0_f64, constants in constants()) {
        let time = collective_time(&shape, &constants);
        prop_assert!(time.is_finite() && time > 0.0);
        prop_assert!(time * HAIR >= Collective::work(&shape).network_s, "below what the link allows");
        let wider = CollectiveShape { bandwidth: shape.bandwidth * by, ..shape };
        prop_assert!(collective_time(&wider, &constants) <= time * HAIR, "more bandwidth is slower");
        let larger = CollectiveShape { bytes: shape.bytes * by, ..shape };
        prop_assert!(collective_time(&larger, &constants) * HAIR >= time, "more bytes are faster");
        let better = Accelerator { memory_bandwidth: chip().memory_bandwidth * by, ..chip() };
        let after = Collective::estimate(&shape, &better, &constants).seconds();
        prop_assert!(after <= time * HAIR, "more memory bandwidth is slower");
        let estimate = Collective::estimate(&shape, &chip(), &constants);
        let parts = [estimate.compute_s, estimate.memory_s, estimate.latency_s, estimate.network_s];
        prop_assert!(parts.iter().all(|part| *part >= 0.0));
        prop_assert!((parts.iter().sum::<f64>() - time).abs() <= 1e-9 * time);
    }

    #[test]
    fn a_switch_that_adds_up_is_never_worse(shape in collective(), constants in constants()) {
        let plain = CollectiveShape { link: LinkClass::Switched, ..shape };
        let summing = CollectiveShape { link: LinkClass::SummingSwitch, ..shape };
        prop_assert!(collective_time(&summing, &constants) <= collective_time(&plain, &constants) * HAIR);
    }

    #[test]
    fn exchanges_keep_the_laws(shape in exchange(), by in 1.0..100.0_f64, constants in constants()) {
        let time = exchange_time(&shape, &constants);
        prop_assert!(time.is_finite() && time > 0.0);
        prop_assert!(time * HAIR >= Exchange::work(&shape).network_s, "below what the links allow");
        let node = ExchangeShape { node_bandwidth: shape.node_bandwidth * by, ..shape };
        prop_assert!(exchange_time(&node, &constants) <= time * HAIR, "more bandwidth is slower");
        let fabric = ExchangeShape { fabric_bandwidth: shape.fabric_bandwidth * by, ..shape };
        prop_assert!(exchange_time(&fabric, &constants) <= time * HAIR, "a wider network is slower");
        let more = ExchangeShape { tokens: shape.tokens * by, ..shape };
        prop_assert!(exchange_time(&more, &constants) * HAIR >= time, "more tokens are faster");
        if shape.cores > 0.0 {
            let helped = ExchangeShape { cores: shape.cores * by, ..shape };
            prop_assert!(exchange_time(&helped, &constants) <= time * HAIR, "more cores are slower");
        }
        let estimate = Exchange::estimate(&shape, &chip(), &constants);
        let parts = [estimate.compute_s, estimate.memory_s, estimate.latency_s, estimate.network_s];
        prop_assert!((parts.iter().sum::<f64>() - time).abs() <= 1e-9 * time);
    }

    #[test]
    fn collectives_are_as_written_plainly(shape in collective(), constants in constants::<CollectiveConstants>()) {
        let plain = plain_collective(&shape, &constants.values());
        let time = collective_time(&shape, &constants);
        prop_assert!((time - plain).abs() <= 1e-9 * plain, "{time} and {plain}");
    }

    #[test]
    fn exchanges_are_as_written_plainly(shape in exchange(), constants in constants::<ExchangeConstants>()) {
        let plain = plain_exchange(&shape, &constants.values());
        let time = exchange_time(&shape, &constants);
        prop_assert!((time - plain).abs() <= 1e-9 * plain, "{time} and {plain}");
    }
}

/// Value of a constant by its name.
fn named<C: ConstantSet>(values: &[f64], name: &str) -> f64 {
    values[C::SPECS.iter().position(|spec| spec.name == name).unwrap_or(usize::MAX)]
}

fn plain_collective(shape: &CollectiveShape, values: &[f64]) -> f64 {
    use CollectiveOperation as Operation;
    let k = |name| named::<CollectiveConstants>(values, name);
    let (n, s) = (shape.ranks, shape.bytes);
    let frameworks = shape.method != CollectiveMethod::Library && shape.operation == Operation::AllReduce;
    let fabric = shape.link == LinkClass::Fabric;
    let (traffic, steps, own) = match shape.operation {
        Operation::AllReduce if fabric => (2.0 * (n - 1.0) / n, (2.0 * n.log2()).min(2.0 * (n - 1.0)), true),
        Operation::AllReduce => (2.0 * (n - 1.0) / n, 2.0 * (n - 1.0), true),
        Operation::AllGather | Operation::ReduceScatter if fabric => {
            ((n - 1.0) / n, n.log2().min(n - 1.0), true)
        }
        Operation::AllGather | Operation::ReduceScatter | Operation::AllToAll => {
            ((n - 1.0) / n, n - 1.0, true)
        }
        Operation::SendReceive => (1.0, 1.0, false),
    };
    let start = if frameworks { k("direct_us") } else { k("launch_us") };
    let mut rate = shape.bandwidth * k("ring_share");
    if shape.link == LinkClass::HostBus {
        rate *= (2.0 / n).powf(k("contention"));
    }
    let wire = s * (traffic + if own { k("own_part") / n } else { 0.0 }) / rate * 1e6;
    let filling = (k("pipeline_us") * wire / (1.0 + wire / k("pipeline_end_us"))).sqrt();
    let part = s / n / 1_048_576.0 * if shape.operation == Operation::AllToAll { 16.0 } else { 1.0 };
    let bulk = 1.0 / (1.0 + (k("bulk_from_mb") / part).powi(6));
    let mut time = start
        + k("hop_us") * steps.powf(k("hop_growth"))
        + k("bulk_us") * bulk * steps.powf(k("bulk_growth"))
        + filling
        + wire;
    if shape.link == LinkClass::SummingSwitch && shape.operation == Operation::AllReduce {
        let sum = s * (1.0 + 1.0 / n) / (shape.bandwidth * k("switch_share")) * 1e6;
        time = time.min(start + k("switch_us") + sum);
    }
    if frameworks {
        let direct = |s: f64| {
            let begin = k("direct_us") + k("barrier_us") * (n - 1.0);
            let rate = shape.bandwidth * k("direct_share") / 1e6;
            let one = begin + (n - 1.0) * s / rate;
            one.min(begin + k("second_phase_us") + 2.0 * (n - 1.0) / n * s / rate)
        };
        let until = k("direct_until_mb") * 1_048_576.0 * (2.0 / n).powf(k("direct_fall"));
        let beyond = time.max(direct(s.min(until)));
        let share = 1.0 / (1.0 + (until / s).powi(6));
        time = direct(s).min(beyond) * (1.0 - share) + beyond * share;
    }
    if shape.method == CollectiveMethod::EagerFramework {
        let copies = 2.0 / 0.9 * s / chip().memory_bandwidth * 1e6;
        time = (time + copies).max(k("host_us"));
    }
    time * 1e-6
}

fn plain_exchange(shape: &ExchangeShape, values: &[f64]) -> f64 {
    let k = |name| named::<ExchangeConstants>(values, name);
    let per_node = shape.ranks / shape.nodes;
    let touched = |places: f64| places * (1.0 - (1.0 - 1.0 / places).powf(shape.top_k));
    let both = shape.dispatch_bytes + shape.combine_bytes;
    let crossing = k("fabric_us") * shape.nodes.log2();
    let (latency, within, leaving) = if shape.low_latency {
        let copies = shape.tokens * shape.hidden * shape.top_k;
        let scarce = shape.dispatch_bytes * (1.0 + k("few_experts") / shape.experts) + shape.combine_bytes;
        let within = copies * scarce * (1.0 - 1.0 / per_node) / (k("quick_share") * shape.node_bandwidth);
        let latency = k("quick_launch_us") + k("rank_us") * per_node + k("expert_us") * shape.experts;
        (latency, within, copies * both * (1.0 - 1.0 / shape.nodes))
    } else {
        let once = shape.tokens * shape.hidden * both;
        let copies = touched(shape.ranks);
        let cores = if shape.cores > 0.0 { shape.cores } else { 20.0 };
        let copying = once * (copies + k("own_copies")) / (k("core_rate") * 1e9)
            + shape.tokens * shape.top_k * k("handling_ns") * 1e-9;
        let linking = once * copies * (1.0 - 1.0 / per_node) / (k("link_share") * shape.node_bandwidth);
        let power = k("sharpness");
        let within = ((copying / cores).powf(power) + linking.powf(power)).powf(1.0 / power);
        let latency = k("launch_us") + k("width_us") * shape.hidden / 1000.0;
        (latency, within, once * touched(shape.nodes) * (1.0 - 1.0 / shape.nodes))
    };
    let beyond = leaving / (k("fabric_share") * shape.fabric_bandwidth);
    (latency + crossing) * 1e-6 + within.max(beyond)
}

/// Constants are kept by what joins the ranks; links of their own share one name.
#[test]
fn variants_have_names_by_link() {
    let name = |link| variant("nccl", CollectiveOperation::AllReduce, link);
    assert_eq!(name(LinkClass::Switched), "nccl_all_reduce");
    assert_eq!(name(LinkClass::SummingSwitch), name(LinkClass::Direct));
    assert_eq!(name(LinkClass::HostBus), "nccl_all_reduce_host_bus");
    assert_eq!(name(LinkClass::Fabric), "nccl_all_reduce_fabric");
}

/// One node sends nothing over the network, however slow that is.
#[test]
fn one_node_needs_no_network() {
    let shape = ExchangeShape {
        tokens: 4096.0,
        hidden: 7168.0,
        top_k: 8.0,
        experts: 256.0,
        ranks: 8.0,
        nodes: 1.0,
        low_latency: false,
        cores: 0.0,
        dispatch_bytes: 1.03,
        combine_bytes: 2.0,
        link: LinkClass::Switched,
        node_bandwidth: 450e9,
        fabric_bandwidth: 50e9,
    };
    let without = ExchangeShape { fabric_bandwidth: 0.0, ..shape };
    let constants = ExchangeConstants::default();
    assert_eq!(exchange_time(&shape, &constants), exchange_time(&without, &constants));
}
