//! Laws of matrix products, and their formula once more in the plainest way.

use narrows_perf::kernels::gemm::{Gemm, GemmConstants, GemmShape};
use narrows_perf::{Accelerator, Arithmetic, ConstantSet, Kernel, Scheme};
use proptest::prelude::*;

/// A chip that never was: figures between those of small and of large parts.
fn chip() -> impl Strategy<Value = Accelerator> {
    let figures = (1e13..3e15, 1e11..1e13, 8.0..256.0, 8e8..3e9, 1e6..3e8, 50.0..2000.0);
    figures.prop_map(|(peak, bandwidth, cores, clock, cache, power): (f64, f64, f64, f64, f64, f64)| {
        Accelerator {
            family: 0,
            peak: [peak; Arithmetic::ALL.len()],
            memory_bytes: 8e10,
            memory_bandwidth: bandwidth,
            cores: cores.floor(),
            clock,
            cache_bytes: cache,
            shared_memory_bytes: 2e5,
            link_bandwidth: 4e11,
            host_bandwidth: 6e10,
            power,
            exponential_rate: 1e12,
        }
    })
}

fn size() -> impl Strategy<Value = f64> {
    prop_oneof![(0.0..23.2_f64).prop_map(|power| power.exp2().floor()), Just(1.0), Just(1e7)]
}

fn shape() -> impl Strategy<Value = GemmShape> {
    let schemes = prop::sample::select(Scheme::ALL.to_vec());
    (size(), size(), size(), schemes, any::<bool>()).prop_map(|(m, n, k, scheme, ready)| {
        let shape = GemmShape::new(m, n, k, scheme);
        if ready { shape.prequantized() } else { shape }
    })
}

/// Any constants in their ranges.
fn constants() -> impl Strategy<Value = GemmConstants> {
    prop::collection::vec(0.0..=1.0_f64, GemmConstants::SPECS.len()).prop_map(|shares| {
        let values: Vec<f64> = GemmConstants::SPECS
            .iter()
            .zip(&shares)
            .map(|(spec, share)| (spec.low.ln() + share * (spec.high.ln() - spec.low.ln())).exp())
            .collect();
        GemmConstants::from_values(&values)
    })
}

fn seconds(shape: &GemmShape, chip: &Accelerator, constants: &GemmConstants) -> f64 {
    Gemm::estimate(shape, chip, constants).seconds()
}

/// The formula in the plainest way: loops, no shared terms.
fn plain(s: &GemmShape, chip: &Accelerator, c: &GemmConstants) -> f64 {
    let fourth = |a: f64, b: f64| (a.powi(4) + b.powi(4)).powf(0.25);
    let (a, w, o) = (s.scheme.activation_bytes(), s.scheme.weight_bytes(), s.scheme.output_bytes());
    let whole = s.m * s.k * a + s.n * s.k * w + s.m * s.n * o;
    let hot = |share: f64| 1.0 / (1.0 + (whole / (share * chip.cache_bytes).max(1.0)).powi(4));
    let cold = whole
        - s.m * s.k * a * hot(c.activation_cache)
        - s.n * s.k * w * hot(c.weight_cache)
        - s.m * s.n * o * hot(c.output_cache);
    let inner = 128.0 / a;
    let steps = (s.k / inner).ceil();
    let mut best = f64::MAX;
    for (rows, columns) in [
        (16.0, 64.0),
        (16.0, 128.0),
        (64.0, 64.0),
        (64.0, 128.0),
        (128.0, 64.0),
        (128.0, 128.0),
        (128.0, 256.0),
        (256.0, 128.0),
        (256.0_f64, 256.0_f64),
    ] {
        for shared in [false, true] {
            let tiles = (s.m / rows).ceil() * (s.n / columns).ceil();
            let share = if shared { (chip.cores / tiles).min(steps / 2.0) } else { 1.0 };
            let blocks = tiles * share;
            let arithmetic =
                2.0 * rows * columns * inner / (0.96 * chip.rate(s.scheme.arithmetic()) / chip.cores);
            let feeding =
                (rows.min(s.m) * a + columns.min(s.n) * w) * inner / (c.cache_bytes_per_clock * chip.clock);
            let step = arithmetic.max(feeding).hypot(c.step_clocks / chip.clock);
            let mut body = (steps / share).max(1.0) * step;
            let mut time = 0.0;
            if shared {
                body *= 1.0 + c.split_loss;
                time += c.split_us * 1e-6;
                time +=
                    8.0 * s.m * s.n * share.max(1.0) / (chip.cores * c.cache_bytes_per_clock * chip.clock);
            }
            let full = (blocks / chip.cores).floor();
            let mut rest = blocks - full * chip.cores;
            if rest <= 1e-6 * chip.cores {
                rest = 0.0;
            }
            let waves = full + if rest > 0.0 { 1.0 } else { 0.0 };
            let patch = (chip.cores * rows * columns).sqrt();
            let again = (blocks / chip.cores).max(1.0) * s.k * patch * (a + w);
            let bytes = cold + c.reread * (again - cold).max(0.0);
            let bandwidth = c.bandwidth_share * chip.memory_bandwidth;
            let first = full * chip.cores * bytes / blocks / bandwidth;
            let last =
                rest * bytes / blocks / bandwidth.min(rest.max(1.0) * c.core_bytes_per_clock * chip.clock);
            let last_body = if rest > 0.0 { body } else { 0.0 };
            time += (full * body).max(first) + c.overlap_loss * (full * body).min(first);
            time += last_body.max(last) + c.overlap_loss * last_body.min(last);
            time += waves * c.tile_clocks / chip.clock;
            time += waves * rows.min(s.m) * columns.min(s.n) * o / (c.store_bytes_per_clock * chip.clock);
            best = best.min(time);
        }
    }
    let energy = 2.0 * s.m * s.n * s.k * c.energy_pj * 1e-12 / chip.power;
    let launch = c.launch_us * 1e-6 * if s.scheme.quantizes_activations() { 0.2 } else { 1.0 };
    let mut time = fourth(fourth(best + launch, energy), c.issue_us * 1e-6);
    if s.scheme.quantizes_activations() && !s.prequantized {
        let passes = if s.scheme == Scheme::Fp8 { 2.0 } else { 1.0 };
        let moved = s.m * s.k * (2.0 * passes + a) / (c.quantize_share * chip.memory_bandwidth);
        let converted = passes * s.m * s.k / (c.quantize_per_clock * chip.clock * chip.cores);
        time += 0.8 * c.launch_us * 1e-6 + (s.m / chip.cores).min(1.0) * c.quantize_fill_us * 1e-6;
        time += fourth(moved, converted);
    }
    time
}

proptest! {
    #[test]
    fn the_formula_is_the_plain_one(shape in shape(), chip in chip(), constants in constants()) {
        let (fast, plain) = (seconds(&shape, &chip, &constants), plain(&shape, &chip, &constants));
        prop_assert!((fast / plain - 1.0).abs() < 1e-9, "{fast} {plain}");
    }

    #[test]
    fn better_figures_are_never_slower(
        shape in shape(), chip in chip(), constants in constants(), more in 1.0..8.0_f64,
    ) {
        let before = seconds(&shape, &chip, &constants);
        let better = [
            Accelerator { peak: chip.peak.map(|rate| rate * more), ..chip },
            Accelerator { memory_bandwidth: chip.memory_bandwidth * more, ..chip },
            Accelerator { cache_bytes: chip.cache_bytes * more, ..chip },
            Accelerator { power: chip.power * more, ..chip },
            Accelerator { link_bandwidth: chip.link_bandwidth * more, ..chip },
            Accelerator { memory_bytes: chip.memory_bytes * more, ..chip },
        ];
        for (which, better) in better.iter().enumerate() {
            let after = seconds(&shape, better, &constants);
            prop_assert!(after <= before * (1.0 + 1e-12), "figure {which}: {before} {after}");
        }
    }

    #[test]
    fn time_is_at_least_the_roofline(shape in shape(), chip in chip(), constants in constants()) {
        let time = seconds(&shape, &chip, &constants);
        let work = Gemm::work(&shape);
        prop_assert!(time >= work.operations / chip.rate(shape.scheme.arithmetic()));
        prop_assert!(time >= (work.bytes - chip.cache_bytes) / chip.memory_bandwidth);
    }

    #[test]
    fn parts_are_finite_and_sum_to_the_whole(shape in shape(), chip in chip(), constants in constants()) {
        let estimate = Gemm::estimate(&shape, &chip, &constants);
        let parts = [estimate.compute_s, estimate.memory_s, estimate.latency_s, estimate.network_s];
        prop_assert!(parts.iter().all(|part| part.is_finite() && *part >= 0.0), "{estimate:?}");
        let sum: f64 = parts.iter().sum();
        prop_assert!(sum > 0.0 && (sum / estimate.seconds() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn more_work_is_not_much_faster(shape in shape(), chip in chip(), more in 1.0..4.0_f64) {
        let constants = GemmConstants::default();
        let before = seconds(&shape, &chip, &constants);
        for larger in [
            GemmShape { m: (shape.m * more).ceil(), ..shape },
            GemmShape { n: (shape.n * more).ceil(), ..shape },
            GemmShape { k: (shape.k * more).ceil(), ..shape },
        ] {
            let after = seconds(&larger, &chip, &constants);
            prop_assert!(after >= 0.7 * before, "{before} {after} {larger:?}");
        }
    }

    #[test]
    fn quantized_activations_cost_no_quantizing(shape in shape(), chip in chip(), constants in constants()) {
        let ready = seconds(&shape.prequantized(), &chip, &constants);
        let raw = seconds(&GemmShape { prequantized: false, ..shape }, &chip, &constants);
        if shape.scheme.quantizes_activations() {
            prop_assert!(ready < raw);
        } else {
            prop_assert!((ready - raw).abs() <= 0.0);
        }
    }
}

/// A chip cut down in arithmetic alone keeps a greater share of what it publishes.
#[test]
fn ample_power_sustains_nearly_all_of_a_small_peak() {
    let large = Accelerator {
        family: 0,
        peak: [1e15; Arithmetic::ALL.len()],
        memory_bytes: 8e10,
        memory_bandwidth: 4e12,
        cores: 128.0,
        clock: 2e9,
        cache_bytes: 5e7,
        shared_memory_bytes: 2e5,
        link_bandwidth: 4e11,
        host_bandwidth: 6e10,
        power: 600.0,
        exponential_rate: 1e12,
    };
    let small = Accelerator { peak: [1.5e14; Arithmetic::ALL.len()], ..large };
    let shape = GemmShape::new(16384.0, 16384.0, 16384.0, Scheme::Bf16);
    let constants = GemmConstants { energy_pj: 0.7, ..GemmConstants::default() };
    let share = |chip: &Accelerator| {
        shape.operations() / seconds(&shape, chip, &constants) / chip.rate(Arithmetic::Bf16)
    };
    assert!(share(&small) > 0.9, "{}", share(&small));
    assert!(share(&large) < 0.85, "{}", share(&large));
}
