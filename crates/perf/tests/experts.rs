//! Laws of the experts' formula, a naive reading of it, and the public load generator
//! played out against the closed form of its expectations.

#![expect(clippy::expect_used, reason = "test code: a panic is the report")]

use narrows_perf::kernels::experts::{Experts, ExpertsConstants, ExpertsShape, Load, Routing};
use narrows_perf::{Accelerator, ConstantSet, Kernel, Scheme};
use proptest::prelude::*;

fn chip() -> Accelerator {
    Accelerator {
        family: 0,
        peak: [6e13, 4e14, 8e14, 8e14, 1.6e15, 1.6e15, 3.2e15, 0.0],
        memory_bytes: 1e11,
        memory_bandwidth: 4e12,
        cores: 120.0,
        clock: 1.8e9,
        cache_bytes: 5e7,
        shared_memory_bytes: 2e5,
        link_bandwidth: 4e11,
        host_bandwidth: 6e10,
        power: 700.0,
        exponential_rate: 4e12,
    }
}

fn usual() -> ExpertsShape {
    ExpertsShape {
        tokens: 512.0,
        hidden: 4096.0,
        intermediate: 1536.0,
        top_k: 8.0,
        experts: 128.0,
        tensor_parallel: 1.0,
        expert_parallel: 4.0,
        skew: 0.0,
        gated: true,
        scheme: Scheme::Bf16,
    }
}

fn seconds(shape: &ExpertsShape, chip: &Accelerator, constants: &ExpertsConstants) -> f64 {
    Experts::estimate(shape, chip, constants).seconds()
}

/// Magnitudes from one to ten million.
fn magnitude(most: f64) -> impl Strategy<Value = f64> {
    (0.0..=most.log10()).prop_map(|power| 10f64.powf(power).round())
}

fn schemes() -> impl Strategy<Value = Scheme> {
    prop::sample::select(Scheme::ALL.to_vec())
}

fn skews() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(-1.0), Just(1.0), Just(1.01), Just(1.2), Just(2.0), 0.05f64..4.0]
}

fn shapes(most: f64) -> impl Strategy<Value = ExpertsShape> {
    let sizes = (magnitude(most), magnitude(most), magnitude(most), magnitude(most), magnitude(most));
    (sizes, magnitude(most), magnitude(most), skews(), any::<bool>(), schemes()).prop_map(
        |(
            (tokens, hidden, intermediate, top_k, experts),
            tensor_parallel,
            expert_parallel,
            skew,
            gated,
            scheme,
        )| {
            ExpertsShape {
                tokens,
                hidden,
                intermediate,
                top_k,
                experts,
                tensor_parallel,
                expert_parallel,
                skew,
                gated,
                scheme,
            }
        },
    )
}

/// Constants anywhere in their ranges.
fn constants() -> impl Strategy<Value = ExpertsConstants> {
    prop::collection::vec(0.0f64..=1.0, ExpertsConstants::SPECS.len()).prop_map(|shares| {
        let values: Vec<f64> = ExpertsConstants::SPECS
            .iter()
            .zip(shares)
            .map(|(spec, share)| spec.low + (spec.high - spec.low) * share)
            .collect();
        ExpertsConstants::from_values(&values)
    })
}

proptest! {
    #[test]
    fn any_shape_takes_a_finite_time_that_its_parts_make_up(
        shape in shapes(1e7),
        constants in constants(),
    ) {
        let estimate = Experts::estimate(&shape, &chip(), &constants);
        let whole = estimate.seconds();
        prop_assert!(whole.is_finite() && whole > 0.0, "{whole}");
        let parts = [estimate.compute_s, estimate.memory_s, estimate.latency_s, estimate.network_s];
        prop_assert!(parts.iter().all(|part| part.is_finite() && *part >= 0.0), "{parts:?}");
        prop_assert!((parts.iter().sum::<f64>() - whole).abs() <= 1e-9 * whole);
    }

    #[test]
    fn a_better_chip_is_never_slower(
        shape in shapes(1e5),
        constants in constants(),
        by in 1.0f64..20.0,
    ) {
        let plain = chip();
        let before = seconds(&shape, &plain, &constants);
        let better = [
            ("rate", Accelerator { peak: plain.peak.map(|peak| peak * by), ..plain }),
            ("bandwidth", Accelerator { memory_bandwidth: plain.memory_bandwidth * by, ..plain }),
            ("cache", Accelerator { cache_bytes: plain.cache_bytes * by, ..plain }),
            ("power", Accelerator { power: plain.power * by, ..plain }),
            ("links", Accelerator { link_bandwidth: plain.link_bandwidth * by, ..plain }),
        ];
        for (what, chip) in better {
            let after = seconds(&shape, &chip, &constants);
            prop_assert!(after <= before * (1.0 + 1e-9), "{what}: {before} to {after}");
        }
    }

    #[test]
    fn no_time_is_below_the_roofline(shape in shapes(1e6), constants in constants()) {
        let chip = chip();
        let scheme = chip.supported(shape.scheme);
        let shape = ExpertsShape { scheme, ..shape };
        let work = Experts::work(&shape);
        let bound = (work.operations / chip.rate(scheme.arithmetic()))
            .max((work.bytes - chip.cache_bytes).max(0.0) / chip.memory_bandwidth);
        let found = seconds(&shape, &chip, &constants);
        prop_assert!(found >= bound * (1.0 - 1e-9), "{found} under {bound}");
    }

    #[test]
    fn four_times_the_tokens_are_not_much_faster(
        shape in shapes(1e5),
        skew in prop_oneof![Just(0.0), Just(-1.0)],
    ) {
        let shape = ExpertsShape { skew, ..shape };
        let more = ExpertsShape { tokens: shape.tokens * 4.0, ..shape };
        let constants = ExpertsConstants::default();
        let (few, many) = (seconds(&shape, &chip(), &constants), seconds(&more, &chip(), &constants));
        prop_assert!(many >= 0.8 * few, "{few} to {many}");
    }

    #[test]
    fn an_even_load_is_told_by_counting(
        tokens in 1u32..3000,
        top_k in 1u32..9,
        chips in prop::sample::select(vec![1u32, 2, 4, 8, 16]),
    ) {
        let experts = 64u32;
        // In turn: pair number i goes to expert i times the step, so that chips take turns.
        let pairs = tokens * top_k;
        let load = load(f64::from(tokens), f64::from(top_k), f64::from(experts), f64::from(chips), 0.0);
        let share = f64::from(pairs) / f64::from(chips);
        prop_assert!(load.pairs >= share - 1e-9 && load.pairs < share + 1.0);
        let touched = f64::from(pairs.min(experts)) / f64::from(chips);
        prop_assert!(load.touched() >= touched - 1e-9 && load.touched() < touched + 1.0);
    }
}

fn load(tokens: f64, top_k: f64, experts: f64, chips: f64, skew: f64) -> Load {
    Load::of(&Routing { tokens, top_k, experts, chips, skew, gathered: 0.0 })
}

/// A small generator of numbers in [0, 1): an additive counter, mixed (Steele et al. 2014).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Tokens of each expert of the busiest chip in one draw of the public generator.
fn play(tokens: i64, top_k: i64, experts: usize, chips: usize, skew: f64, dice: &mut Dice) -> Vec<i64> {
    let wanted = tokens * top_k;
    let (low, high) = if wanted > experts as i64 { (1.0, 0.8 * tokens as f64) } else { (0.01, 2.0) };
    let power = 1.0 - skew;
    let mut draw = || {
        let share = dice.roll();
        ((f64::powf(high, power) - f64::powf(low, power)) * share + f64::powf(low, power)).powf(1.0 / power)
    };
    let weights: Vec<f64> = (0..experts).map(|_| draw()).collect();
    let sum: f64 = weights.iter().sum();
    let mut counts: Vec<i64> =
        weights.iter().map(|weight| ((weight / sum * wanted as f64).round() as i64).min(tokens)).collect();
    let here = experts / chips;
    // What is missing or too much is given out chip by chip, to the least or from the most loaded.
    let mut missing = wanted - counts.iter().sum::<i64>();
    while missing != 0 {
        for own in counts.chunks_mut(here) {
            let chosen = if missing > 0 { own.iter_mut().min() } else { own.iter_mut().max() };
            let Some(chosen) = chosen else { continue };
            let step = missing.signum();
            if (0..=tokens).contains(&(*chosen + step)) {
                *chosen += step;
                missing -= step;
            }
            if missing == 0 {
                break;
            }
        }
    }
    counts.chunks(here).max_by_key(|own| own.iter().sum::<i64>()).unwrap_or_default().to_vec()
}

#[test]
fn the_busiest_chip_of_a_power_law_is_that_of_the_generator() {
    let mut dice = Dice(7);
    let mut errors: [Vec<f64>; 3] = Default::default();
    for (experts, top_k) in [(256, 8), (128, 4), (160, 6), (512, 10), (8, 2), (128, 1)] {
        for chips in [1, 4, 8, 32].into_iter().filter(|chips| experts % chips == 0 && experts > *chips) {
            for tokens in [1, 4, 16, 64, 512, 4096, 16384] {
                for skew in [1.01, 1.2] {
                    let rounds = 24;
                    let mut sums = [0.0; 3];
                    for _ in 0..rounds {
                        let counts = play(tokens, top_k, experts, chips, skew, &mut dice);
                        let tiles = counts.iter().map(|count| (count + 63) / 64).sum::<i64>();
                        let found = [
                            counts.iter().sum::<i64>(),
                            counts.iter().filter(|count| **count > 0).count() as i64,
                            tiles,
                        ];
                        for (sum, found) in sums.iter_mut().zip(found) {
                            *sum += found as f64 / f64::from(rounds);
                        }
                    }
                    let load = load(tokens as f64, top_k as f64, experts as f64, chips as f64, skew);
                    let told = [load.pairs, load.touched(), load.tiles(64.0)];
                    for ((errors, told), played) in errors.iter_mut().zip(told).zip(sums) {
                        errors.push((told / played - 1.0).abs());
                    }
                }
            }
        }
    }
    for (what, mut errors) in ["pairs", "touched", "tiles"].into_iter().zip(errors) {
        errors.sort_by(f64::total_cmp);
        let at = |share: f64| errors.get((errors.len() as f64 * share) as usize).copied().unwrap_or(1.0);
        println!(
            "{what}: {} draws, median {:.3}, nine of ten {:.3}, worst {:.3}",
            errors.len(),
            at(0.5),
            at(0.9),
            at(0.999)
        );
        assert!(at(0.5) < 0.05, "{what}: median {}", at(0.5));
        assert!(at(0.9) < 0.18, "{what}: nine of ten {}", at(0.9));
        assert!(at(0.999) < 0.5, "{what}: worst {}", at(0.999));
    }
}

#[test]
fn random_routing_touches_as_many_experts_as_draws_do() {
    let mut dice = Dice(11);
    for (experts, top_k, tokens) in
        [(64usize, 6usize, 1usize), (64, 6, 4), (64, 6, 16), (256, 8, 32), (128, 1, 100)]
    {
        let rounds = 400;
        let mut touched = 0.0;
        for _ in 0..rounds {
            let mut hit = vec![false; experts];
            for _ in 0..tokens {
                let mut own: Vec<usize> = Vec::new();
                while own.len() < top_k {
                    let drawn = (dice.roll() * experts as f64) as usize;
                    if !own.contains(&drawn) {
                        own.push(drawn);
                    }
                }
                for (expert, hit) in hit.iter_mut().enumerate() {
                    *hit |= own.contains(&expert);
                }
            }
            touched += hit.iter().filter(|hit| **hit).count() as f64 / f64::from(rounds);
        }
        let told = load(tokens as f64, top_k as f64, experts as f64, 1.0, -1.0).touched();
        assert!((told / touched - 1.0).abs() < 0.03, "{experts} {top_k} {tokens}: {told} and {touched}");
    }
}

/// The formula for an even load, read from the documentation and written down step by step.
fn naive(shape: &ExpertsShape, chip: &Accelerator, constants: &ExpertsConstants) -> f64 {
    let scheme = shape.scheme;
    let value = |name: &str| {
        let at = ExpertsConstants::SPECS.iter().position(|spec| spec.name == name);
        at.and_then(|at| constants.values().get(at).copied()).expect("a constant of that name")
    };
    let inner = shape.intermediate / shape.tensor_parallel;
    let columns = if shape.gated { 2.0 * inner } else { inner };
    let here = shape.experts / shape.expert_parallel;
    let all_pairs = shape.tokens * shape.top_k;
    let pairs = if all_pairs < shape.experts {
        (all_pairs / shape.expert_parallel).ceil()
    } else {
        all_pairs / shape.expert_parallel
    };
    // Every expert here gets the same, or some get one and the others none.
    let each = pairs / here;
    let touched = each.min(1.0) * here;
    let average =
        all_pairs / shape.experts * shape.expert_parallel.powf(value("crowding")) * value("rows_per_token");
    let exponent = average.log2();
    let waves = std::f64::consts::TAU * exponent;
    let power_of_two = f64::powf(2.0, exponent - 0.9 * waves.sin() / std::f64::consts::TAU);
    let rows = power_of_two.max(value("least_rows")).min(value("most_rows").max(value("least_rows")));
    let draw = 0.96 * chip.rate(scheme.arithmetic()) * value("energy_pj") * 1e-12 / chip.power;
    let rate = 0.96 * chip.rate(scheme.arithmetic()) / (1.0 + draw.powi(4)).powf(0.25);
    let matrices = if shape.gated { 3.0 } else { 2.0 };
    let found = value("cached_share") * chip.cache_bytes;
    let all_weights = touched * matrices * shape.hidden * inner * scheme.weight_bytes();
    let missed = all_weights / (all_weights + found);
    let products = |rows: f64| {
        let tiles_each = (each / rows + 0.5 - 0.5 / rows).max(1.0);
        let tiles = (touched * tiles_each).max(pairs / rows);
        let empty = (all_pairs / rows + here - tiles).max(0.0);
        let mut total = 0.0;
        for (columns, inner) in [(columns, shape.hidden), (shape.hidden, inner)] {
            let across = (columns / 128.0).max(1.0);
            let waves = tiles * across / chip.cores;
            let per_tile = 2.0 * rows * columns.min(128.0) * inner / (rate / chip.cores);
            let compute = per_tile * (waves + 0.5).max(1.0);
            let stored = scheme.weight_bytes().max(scheme.activation_bytes());
            let steps = inner * stored / 128.0;
            let chain = steps * value("step_clocks") / chip.clock * waves.max(1.0);
            total += value("tile_us") / 1e6 * waves.max(1.0);
            total += empty * across * value("empty_ns") / 1e9 / chip.cores;
            let weights = columns * inner * scheme.weight_bytes();
            let again = value("reread") * (tiles - touched).max(0.0) * weights;
            let tokens = pairs * (inner * scheme.activation_bytes() + columns * 2.0);
            let read = (weights * touched * missed + again + tokens * missed)
                / (value("bandwidth_share") * chip.memory_bandwidth);
            let taken = weights * touched / (value("weight_bytes_per_clock") * chip.clock);
            let memory = (read * read + taken * taken).sqrt();
            let p = value("sharpness");
            total += (compute.powf(p) + memory.powf(p) + chain.powf(p)).powf(1.0 / p);
        }
        total
    };
    let (first, halved) = (products(rows), products((rows / 2.0).max(value("least_rows"))));
    let mut total = value("crowding") * first + (1.0 - value("crowding")) * first.min(halved);
    let stored = scheme.activation_bytes();
    let carried = value("carried_share") * (all_pairs - pairs).max(0.0);
    let per_pair = shape.hidden * (value("permuted_share") * (2.0 + stored) + 2.0)
        + value("activation_passes") * (columns * 2.0 + inner * stored);
    let moved = (pairs + carried) * per_pair
        + carried * 2.0 * (columns + shape.hidden)
        + shape.tokens * shape.hidden * 2.0;
    total += moved * moved / (moved + found) / (value("traffic_share") * chip.memory_bandwidth);
    total + value("launch_us") / 1e6 + value("pair_ns") / 1e9 * all_pairs
}

proptest! {
    #[test]
    fn the_formula_is_the_naive_one(
        powers in (0u32..16, 0u32..4, 0u32..4, 0u32..6),
        wide in any::<bool>(),
        gated in any::<bool>(),
        scheme in prop::sample::select(vec![Scheme::Bf16, Scheme::Fp8, Scheme::Fp8Block, Scheme::Nvfp4, Scheme::Mxfp4Weight]),
        constants in constants(),
    ) {
        let (tokens, top_k, tensor, chips) = powers;
        let shape = ExpertsShape {
            tokens: f64::from(1u32 << tokens),
            top_k: f64::from(1u32 << top_k),
            tensor_parallel: f64::from(1u32 << tensor),
            expert_parallel: f64::from(1u32 << chips),
            hidden: if wide { 7168.0 } else { 2048.0 },
            gated,
            scheme,
            ..usual()
        };
        let (told, plain) = (seconds(&shape, &chip(), &constants), naive(&shape, &chip(), &constants));
        prop_assert!((told / plain - 1.0).abs() < 1e-9, "{told} and {plain}");
    }
}

#[test]
fn an_estimate_takes_microseconds() {
    let shape = ExpertsShape { skew: 1.2, ..usual() };
    let constants = ExpertsConstants::default();
    let rounds = 20_000_u32;
    let start = std::time::Instant::now();
    let sum: f64 = (0..rounds)
        .map(|round| {
            seconds(&ExpertsShape { tokens: f64::from(round % 4096 + 1), ..shape }, &chip(), &constants)
        })
        .sum();
    let each = start.elapsed().as_secs_f64() / f64::from(rounds);
    println!("{:.2} us, {sum}", each * 1e6);
    // Far above what it takes, so that a busy machine does not fail it.
    assert!(each < 50e-6);
}
