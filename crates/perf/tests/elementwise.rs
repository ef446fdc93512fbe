//! Element-wise work: laws that hold whatever the constants, and a plain rewriting of the
//! formula beside it.

#![expect(clippy::indexing_slicing, reason = "test code: a panic is the report")]

use narrows_perf::kernels::elementwise::{
    Elementwise, ElementwiseConstants, ElementwiseKind, ElementwiseShape,
};
use narrows_perf::{Accelerator, ConstantSet, ConstantSpec, Kernel};
use proptest::prelude::*;

fn chips() -> impl Strategy<Value = Accelerator> {
    (10.5..13.5_f64, 1_u32..300, 8.5..9.6_f64, 5.0..8.5_f64).prop_map(|(bandwidth, cores, clock, cache)| {
        Accelerator {
            family: 0,
            peak: [1e15; 8],
            memory_bytes: 80e9,
            memory_bandwidth: 10_f64.powf(bandwidth),
            cores: f64::from(cores),
            clock: 10_f64.powf(clock),
            cache_bytes: 10_f64.powf(cache),
            shared_memory_bytes: 228e3,
            link_bandwidth: 450e9,
            host_bandwidth: 64e9,
            power: 700.0,
            exponential_rate: 4e12,
        }
    })
}

fn constants() -> impl Strategy<Value = ElementwiseConstants> {
    let specs = ElementwiseConstants::SPECS;
    prop::collection::vec(0.0..=1.0_f64, specs.len()).prop_map(|shares| {
        let at = |(spec, share): (&ConstantSpec, &f64)| spec.low + (spec.high - spec.low) * share.powi(3);
        ElementwiseConstants::from_values(&specs.iter().zip(&shares).map(at).collect::<Vec<f64>>())
    })
}

fn shapes() -> impl Strategy<Value = ElementwiseShape> {
    let kind = prop::sample::select(vec![
        ElementwiseKind::Normalization,
        ElementwiseKind::Softmax,
        ElementwiseKind::Activation,
        ElementwiseKind::Rope,
        ElementwiseKind::Add,
        ElementwiseKind::Sampling,
        ElementwiseKind::Embedding,
    ]);
    (kind, 0.0..7.0_f64, 0.0..7.0_f64, 1_u32..8, 1_u32..8).prop_map(|(kind, rows, columns, read, write)| {
        ElementwiseShape {
            kind,
            rows: 10_f64.powf(rows),
            columns: 10_f64.powf(columns),
            read_bytes: f64::from(read),
            write_bytes: f64::from(write),
        }
    })
}

fn time(shape: &ElementwiseShape, chip: &Accelerator, constants: &ElementwiseConstants) -> f64 {
    Elementwise::estimate(shape, chip, constants).seconds()
}

/// Room for rounding.
const HAIR: f64 = 1.0 + 1e-9;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_laws_hold(
        shape in shapes(), chip in chips(), constants in constants(), by in 1.0..100.0_f64
    ) {
        let before = time(&shape, &chip, &constants);
        prop_assert!(before.is_finite() && before > 0.0);
        let better = [
            Accelerator { memory_bandwidth: chip.memory_bandwidth * by, ..chip },
            Accelerator { cores: chip.cores * by, ..chip },
            Accelerator { clock: chip.clock * by, ..chip },
            Accelerator { cache_bytes: chip.cache_bytes * by, ..chip },
            Accelerator { power: chip.power * by, ..chip },
        ];
        for better in &better {
            prop_assert!(time(&shape, better, &constants) <= before * HAIR, "{better:?}");
        }
        let taller = ElementwiseShape { rows: shape.rows * by, ..shape };
        prop_assert!(time(&taller, &chip, &constants) * HAIR >= before);
        let wider = ElementwiseShape { columns: shape.columns * by, ..shape };
        prop_assert!(time(&wider, &chip, &constants) * HAIR >= before);
        let beyond_cache = (Elementwise::work(&shape).bytes - chip.cache_bytes).max(0.0);
        prop_assert!(before * HAIR >= beyond_cache / chip.memory_bandwidth);
        let estimate = Elementwise::estimate(&shape, &chip, &constants);
        let parts = [estimate.compute_s, estimate.memory_s, estimate.latency_s, estimate.network_s];
        prop_assert!(parts.iter().all(|part| *part >= 0.0));
        prop_assert!((parts.iter().sum::<f64>() - before).abs() <= 1e-9 * before);
    }

    #[test]
    fn the_formula_is_as_written_plainly(shape in shapes(), chip in chips(), constants in constants()) {
        let plain = plainly(&shape, &chip, &constants.values());
        let time = time(&shape, &chip, &constants);
        prop_assert!((time - plain).abs() <= 1e-9 * plain, "{time} and {plain}");
    }
}

fn plainly(shape: &ElementwiseShape, chip: &Accelerator, values: &[f64]) -> f64 {
    use ElementwiseKind as Kind;
    let k = |name: &str| {
        let at = ElementwiseConstants::SPECS.iter().position(|spec| spec.name == name);
        values[at.unwrap_or(usize::MAX)]
    };
    let (launch, clocks) = match shape.kind {
        Kind::Normalization => ("normalization_us", "normalization_clocks"),
        Kind::Softmax | Kind::Sampling => ("softmax_us", "softmax_clocks"),
        Kind::Activation => ("launch_us", "activation_clocks"),
        Kind::Rope => ("launch_us", "rope_clocks"),
        Kind::Add | Kind::Embedding => ("launch_us", "add_clocks"),
    };
    let mut rounds = shape.rows / chip.cores;
    if rounds < 1.0 {
        rounds = 1.0;
    }
    let cores = rounds * (k("row_clocks") + shape.columns * k(clocks)) / chip.clock;
    let elements = shape.rows * shape.columns;
    let mut bytes = elements * (shape.read_bytes + shape.write_bytes);
    if matches!(shape.kind, Kind::Normalization | Kind::Softmax) {
        let long = k("long_row_thousands") * 1000.0;
        bytes += elements * shape.read_bytes * shape.columns / (shape.columns + long);
    }
    let rate = chip.memory_bandwidth * k("bandwidth_share");
    let memory = if bytes <= chip.cache_bytes {
        bytes / k("cache_gain") / rate
    } else {
        (chip.cache_bytes / k("cache_gain") + bytes - chip.cache_bytes) / rate
    };
    let sharp = k("sharpness");
    k(launch) * 1e-6 + (cores.powf(sharp) + memory.powf(sharp)).powf(1.0 / sharp)
}
