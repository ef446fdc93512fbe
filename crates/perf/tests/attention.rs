//! Laws of attention, and a plain rewriting of its formulas as their oracle.

use narrows_perf::kernels::attention::{
    AttentionShape, Decode, DecodeConstants, Prefill, PrefillConstants, VARIANT, VARIANT_NARROW_CACHE,
};
use narrows_perf::kernels::{ConstantSet, Kernel};
use narrows_perf::{Accelerator, Arithmetic, Estimate, Scheme};
use proptest::prelude::*;

const NARROW: usize = Arithmetic::Fp8.index();

fn chip() -> Accelerator {
    let mut peak = [0.0; Arithmetic::ALL.len()];
    for (rate, tera) in peak.iter_mut().zip([60.0, 400.0, 800.0, 800.0, 1600.0, 1600.0, 0.0, 0.0]) {
        *rate = tera * 1e12;
    }
    Accelerator {
        family: 0,
        peak,
        memory_bytes: 80e9,
        memory_bandwidth: 3e12,
        cores: 120.0,
        clock: 1.8e9,
        cache_bytes: 50e6,
        shared_memory_bytes: 228e3,
        link_bandwidth: 0.0,
        host_bandwidth: 64e9,
        power: 700.0,
        exponential_rate: 120.0 * 1.8e9 * 16.0,
    }
}

/// Chips from a phone's to those of a later decade.
fn chips() -> impl Strategy<Value = Accelerator> {
    let log = |low: f64, high: f64| (low.ln()..high.ln()).prop_map(f64::exp);
    (
        log(1e12, 1e16),
        log(1e10, 5e13),
        log(1.0, 1000.0),
        log(3e8, 4e9),
        log(1e5, 1e9),
        log(10.0, 5e3),
        any::<bool>(),
    )
        .prop_map(|(rate, bandwidth, cores, clock, cache, power, narrow)| {
            let mut chip = chip();
            chip.peak.iter_mut().for_each(|peak| *peak = rate);
            chip.peak[NARROW] = if narrow { 2.0 * rate } else { 0.0 };
            let exponential_rate = cores * clock * 16.0;
            Accelerator {
                memory_bandwidth: bandwidth,
                cores: cores.round(),
                clock,
                cache_bytes: cache,
                power,
                exponential_rate,
                ..chip
            }
        })
}

fn shapes() -> impl Strategy<Value = AttentionShape> {
    let whole = |high: f64| (0.0..high.ln()).prop_map(|value: f64| value.exp().round());
    let width = prop::sample::select(vec![64.0, 80.0, 96.0, 128.0, 192.0, 256.0]);
    let window = prop::sample::select(vec![f64::INFINITY, f64::INFINITY, 128.0, 4096.0]);
    (
        whole(1e4),
        whole(1e6),
        whole(1e6),
        whole(128.0),
        whole(128.0),
        width,
        window,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(batch, new, old, kv_heads, group, head_dim, window, narrow, narrow_cache)| {
            AttentionShape {
                batch,
                query_length: new,
                kv_length: new + old - 1.0,
                heads: kv_heads * group,
                kv_heads,
                head_dim,
                window,
                causal: true,
                scheme: if narrow { Scheme::Fp8 } else { Scheme::Bf16 },
                kv_scheme: if narrow || narrow_cache { Scheme::Fp8 } else { Scheme::Bf16 },
            }
        })
}

/// Constants anywhere in their ranges.
fn constants<C: ConstantSet>() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.0..=1.0_f64, C::SPECS.len()).prop_map(|places| {
        let value = |(spec, place): (&narrows_perf::ConstantSpec, f64)| {
            (spec.low.ln() + place * (spec.high.ln() - spec.low.ln())).exp()
        };
        C::SPECS.iter().zip(places).map(value).collect()
    })
}

fn sane(estimate: Estimate) -> bool {
    let parts = [estimate.compute_s, estimate.memory_s, estimate.latency_s, estimate.network_s];
    let whole: f64 = parts.iter().sum();
    parts.iter().all(|part| part.is_finite() && *part >= 0.0)
        && estimate.seconds() > 0.0
        && (whole - estimate.seconds()).abs() <= 1e-12 * whole
}

/// The chip with one figure larger, whichever.
fn better(chip: &Accelerator, which: usize, by: f64) -> Accelerator {
    let mut chip = *chip;
    match which {
        0 => chip.peak.iter_mut().for_each(|peak| *peak *= by),
        1 => chip.memory_bandwidth *= by,
        2 => chip.cache_bytes *= by,
        3 => chip.power *= by,
        _ => chip.link_bandwidth = 1e9 * by,
    }
    chip
}

fn law<K: Kernel<Shape = AttentionShape>>(
    shape: &AttentionShape,
    chip: &Accelerator,
    values: &[f64],
    which: usize,
    by: f64,
) -> Result<(), TestCaseError> {
    let constants = K::Constants::from_values(values);
    let estimate = K::estimate(shape, chip, &constants);
    prop_assert!(sane(estimate), "{estimate:?}");
    let seconds = estimate.seconds();
    let faster = K::estimate(shape, &better(chip, which, by), &constants).seconds();
    prop_assert!(faster <= seconds * (1.0 + 1e-9), "figure {which}: {seconds} to {faster}");
    let work = K::work(shape);
    let peak = chip.rate(shape.product_scheme(chip).arithmetic());
    prop_assert!(
        seconds >= work.operations / peak * (1.0 - 1e-9),
        "{seconds} against {}",
        work.operations / peak
    );
    let beyond = (work.bytes - chip.cache_bytes * 4.0).max(0.0) / chip.memory_bandwidth;
    prop_assert!(seconds >= beyond * (1.0 - 1e-9), "{seconds} against {beyond}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn prefill_obeys_its_laws(
        shape in shapes(), chip in chips(), values in constants::<PrefillConstants>(), which in 0..5_usize, by in 1.0..10.0_f64,
    ) {
        law::<Prefill>(&shape, &chip, &values, which, by)?;
    }

    #[test]
    fn decoding_obeys_its_laws(
        shape in shapes(), chip in chips(), values in constants::<DecodeConstants>(), which in 0..5_usize, by in 1.0..10.0_f64,
    ) {
        law::<Decode>(&shape, &chip, &values, which, by)?;
    }

    #[test]
    fn more_prompts_take_longer(shape in shapes(), chip in chips(), values in constants::<PrefillConstants>()) {
        let constants = PrefillConstants::from_values(&values);
        let seconds = |shape: &AttentionShape| Prefill::estimate(shape, &chip, &constants).seconds();
        let more = AttentionShape { batch: 2.0 * shape.batch, ..shape };
        let longer = AttentionShape { kv_length: 2.0 * shape.kv_length, ..shape };
        prop_assert!(seconds(&more) >= seconds(&shape));
        prop_assert!(seconds(&longer) >= 0.999 * seconds(&shape));
    }

    /// A kernel for fuller chips may take over, and is little faster where it does.
    #[test]
    fn more_sequences_do_not_decode_much_faster(shape in shapes()) {
        let constants = DecodeConstants::default();
        let seconds = |shape: &AttentionShape| Decode::estimate(shape, &chip(), &constants).seconds();
        let shape = AttentionShape { kv_length: shape.kv_length - shape.query_length + 1.0, query_length: 1.0, ..shape };
        let more = AttentionShape { batch: 2.0 * shape.batch, ..shape };
        prop_assert!(seconds(&more) >= 0.5 * seconds(&shape), "{} to {}", seconds(&shape), seconds(&more));
    }

    #[test]
    fn prefill_is_its_plain_formula(shape in shapes(), chip in chips(), values in constants::<PrefillConstants>()) {
        let constants = PrefillConstants::from_values(&values);
        let plain = plain_prefill(&shape, &chip, &constants);
        let seconds = Prefill::estimate(&shape, &chip, &constants).seconds();
        prop_assert!((plain / seconds - 1.0).abs() < 1e-6, "{plain} against {seconds}");
    }

    #[test]
    fn decoding_is_its_plain_formula(shape in shapes(), chip in chips(), values in constants::<DecodeConstants>()) {
        let constants = DecodeConstants::from_values(&values);
        let plain = plain_decode(&shape, &chip, &constants);
        let seconds = Decode::estimate(&shape, &chip, &constants).seconds();
        prop_assert!((plain / seconds - 1.0).abs() < 1e-6, "{plain} against {seconds}");
    }
}

/// Prefill tile by tile.
fn plain_prefill(shape: &AttentionShape, chip: &Accelerator, c: &PrefillConstants) -> f64 {
    let tiles = (shape.query_length / 64.0).ceil();
    let before = shape.kv_length - shape.query_length;
    let keys = (shape.kv_length / 64.0).ceil() * 64.0;
    let reach = (shape.window + 64.0).min(keys);
    let mut steps = 0.0;
    // So many tiles that no test would end are summed as a whole: the last ones are alike.
    let counted = tiles.min(20_000.0) as usize;
    for tile in 1..=counted {
        steps += (before + 64.0 * tile as f64).min(reach) / 64.0;
    }
    if tiles > 20_000.0 {
        return Prefill::estimate(shape, chip, c).seconds();
    }
    let width = (shape.head_dim / 32.0).ceil() * 32.0;
    let narrow_cache = shape.kv_scheme.weight_bytes() < shape.scheme.activation_bytes();
    let narrow = narrow_cache || shape.scheme == Scheme::Fp8;
    let rate =
        if narrow && chip.peak[NARROW] > 0.0 { chip.peak[NARROW] } else { chip.rate(Arithmetic::Bf16) };
    let products = 4.0 * width / (0.96 * rate);
    let softmax = c.pair_clocks / (chip.cores * chip.clock) + 1.0 / chip.exponential_rate;
    let unlimited = (products.powf(1.5) + softmax.powf(1.5)).powf(1.0 / 1.5);
    let powered = 4.0 * width * c.energy_pj * 1e-12 / chip.power;
    let pair = norm(unlimited, powered, 4.0);
    let step = 64.0 * 64.0 * chip.cores * pair + c.step_clocks / chip.clock;
    let sequences = shape.batch * shape.heads;
    let busy = sequences * steps * step / chip.cores;
    let starts = (sequences * tiles / chip.cores).ceil() * c.tile_clocks / chip.clock;
    let longest = reach / 64.0 * (step + c.lone_step_clocks / chip.clock);
    let work = norm(norm(busy, starts, c.start_overlap), longest, 4.0) + c.tail * longest.min(busy);
    let (kv, query) = (shape.kv_scheme.weight_bytes(), shape.scheme.activation_bytes());
    let per_token = 2.0 * (shape.heads + 2.0 * shape.kv_heads)
        + 2.0 * shape.heads * query
        + 2.0 * shape.heads
        + 2.0 * shape.kv_heads * kv * c.cache_passes;
    let seen = if shape.window < shape.kv_length {
        (shape.window + shape.query_length).min(shape.kv_length)
    } else {
        shape.kv_length
    };
    let old = (seen - shape.query_length).max(0.0) * 2.0 * shape.kv_heads * kv;
    let bytes = shape.batch * shape.head_dim * (shape.query_length * per_token + old);
    let hit = 1.0 / (1.0 + (bytes / (c.cache_share * chip.cache_bytes)).powi(3));
    let memory = bytes / (c.bandwidth_share * chip.memory_bandwidth) * (1.0 - hit + hit / c.cache_gain);
    c.launch_us * 1e-6 + memory + work
}

fn plain_decode(shape: &AttentionShape, chip: &Accelerator, c: &DecodeConstants) -> f64 {
    let group = shape.heads / shape.kv_heads;
    let tiles = shape.batch * shape.kv_heads;
    let seen = if shape.window < shape.kv_length {
        (shape.window + shape.query_length).min(shape.kv_length)
    } else {
        shape.kv_length
    };
    let keys = (shape.window + shape.query_length - 1.0).min(shape.kv_length);
    let ends = shape.batch * shape.query_length * shape.heads * shape.head_dim;
    let bytes = 2.0 * tiles * seen * shape.head_dim * shape.kv_scheme.weight_bytes()
        + ends * (shape.scheme.activation_bytes() + 2.0);
    let hit = 1.0 / (1.0 + (bytes / (c.cache_share * chip.cache_bytes)).powi(12));
    let slow = c.bandwidth_share * chip.memory_bandwidth;
    let fast = slow + c.cache_bytes_per_clock * chip.cores * chip.clock;
    let memory = bytes * (1.0 - hit) / slow + bytes * hit / fast + c.ramp_us * 1e-6 * (1.0 - hit);
    let narrow = shape.kv_scheme == Scheme::Fp8;
    let rate =
        if narrow && chip.peak[NARROW] > 0.0 { chip.peak[NARROW] } else { chip.rate(Arithmetic::Bf16) };
    let mut rows = 8.0;
    while rows < group * shape.query_length {
        rows *= 2.0;
    }
    let most = (keys / 128.0).floor().max(1.0);
    let shared = |blocks: f64| {
        let waves = (tiles * blocks / chip.cores - 1e-9).ceil().max(1.0);
        let start = c.block_clocks * (1.0 + c.widening * (rows / 8.0_f64).log2()) / chip.clock;
        let products = 64.0 * 4.0 * shape.head_dim * rows * chip.cores / rate;
        let step = (c.step_clocks + c.row_clocks * rows) / chip.clock + products;
        norm(memory, waves * (start + keys / blocks / 64.0 * step), 2.5)
            + c.join_us * 1e-6 * (1.0 - 1.0 / blocks)
    };
    let once = (chip.cores / tiles).max(1.0).min((keys / c.block_keys).max(1.0));
    let over = most.min((8.0 * most).sqrt().round()).min((8.0 * chip.cores / tiles).floor()).max(1.0);
    let by_group = c.one_wave * shared(once) + (1.0 - c.one_wave) * shared(over);
    let heads = shape.batch * shape.heads;
    let blocks = (chip.cores / heads).floor().max(1.0).min((keys / 128.0).max(1.0));
    let waves = (heads * blocks / (chip.cores * c.lone_occupancy)).max(1.0);
    let block = c.lone_block_clocks + keys / blocks * shape.query_length * c.lone_key_clocks;
    let work = (waves * block / chip.clock).max(Decode::work(shape).operations / rate);
    let setup = c.lone_setup_us / (1.0 + (48.0 / keys).powi(4));
    let by_head =
        norm(memory, work, 2.5) + (c.lone_launch_us + setup + c.lone_join_us * (1.0 - 1.0 / blocks)) * 1e-6;
    let lone = if group > 32.0 {
        1.0
    } else if group < 1.5 {
        c.lone_unshared
    } else {
        1.0 / (1.0 + (tiles * most / (chip.cores * c.lone_blocks)).min(1e6).powf(12.0))
    };
    c.launch_us * 1e-6 + lone * by_head + (1.0 - lone) * by_group
}

fn norm(one: f64, other: f64, sharpness: f64) -> f64 {
    let high = one.max(other);
    ((one / high).powf(sharpness) + (other / high).powf(sharpness)).powf(1.0 / sharpness) * high
}

fn prompt() -> AttentionShape {
    AttentionShape {
        batch: 4.0,
        query_length: 4096.0,
        kv_length: 4096.0,
        heads: 32.0,
        kv_heads: 8.0,
        head_dim: 128.0,
        window: f64::INFINITY,
        causal: true,
        scheme: Scheme::Bf16,
        kv_scheme: Scheme::Bf16,
    }
}

#[test]
fn a_causal_prompt_costs_about_half() {
    let constants = PrefillConstants::default();
    let seconds = |shape: &AttentionShape| Prefill::estimate(shape, &chip(), &constants).seconds();
    let long = AttentionShape { query_length: 32768.0, kv_length: 32768.0, ..prompt() };
    let ratio = seconds(&AttentionShape { causal: false, ..long }) / seconds(&long);
    assert!((1.8..2.1).contains(&ratio), "{ratio}");
}

#[test]
fn chunks_with_a_prefix_add_up_to_the_whole_prompt() {
    let constants = PrefillConstants { launch_us: 0.5, ..PrefillConstants::default() };
    let seconds = |shape: &AttentionShape| Prefill::estimate(shape, &chip(), &constants).seconds();
    let whole = seconds(&AttentionShape { query_length: 16384.0, kv_length: 16384.0, ..prompt() });
    let chunks: f64 = (1..=4)
        .map(|chunk| {
            seconds(&AttentionShape {
                query_length: 4096.0,
                kv_length: 4096.0 * f64::from(chunk),
                ..prompt()
            })
        })
        .sum();
    assert!((0.98..1.15).contains(&(chunks / whole)), "{}", chunks / whole);
}

#[test]
fn a_window_makes_long_contexts_cheap() {
    let constants = DecodeConstants::default();
    let long = AttentionShape { batch: 64.0, query_length: 1.0, kv_length: 131_072.0, ..prompt() };
    let full = Decode::estimate(&long, &chip(), &constants).seconds();
    let near = Decode::estimate(&AttentionShape { window: 4096.0, ..long }, &chip(), &constants).seconds();
    assert!(near < full / 10.0, "{near} against {full}");
    let prompt = AttentionShape { query_length: 65_536.0, kv_length: 65_536.0, ..prompt() };
    let constants = PrefillConstants::default();
    let full = Prefill::estimate(&prompt, &chip(), &constants).seconds();
    let near = Prefill::estimate(&AttentionShape { window: 4096.0, ..prompt }, &chip(), &constants).seconds();
    assert!(near < full / 5.0, "{near} against {full}");
}

#[test]
fn narrow_caches_have_constants_of_their_own() {
    let narrow = AttentionShape { kv_scheme: Scheme::Fp8, ..prompt() };
    assert_eq!(prompt().variant(), VARIANT);
    assert_eq!(narrow.variant(), VARIANT_NARROW_CACHE);
    assert_eq!(AttentionShape { scheme: Scheme::Fp8, ..narrow }.variant(), VARIANT);
    // Without 8-bit arithmetic they are widened.
    let mut old = chip();
    old.peak[NARROW] = 0.0;
    assert_eq!(narrow.product_scheme(&chip()), Scheme::Fp8);
    assert_eq!(narrow.product_scheme(&old), Scheme::Bf16);
}

#[test]
fn a_chip_cut_in_arithmetic_decodes_as_fast_as_its_memory() {
    let constants = DecodeConstants::default();
    let mut cut = chip();
    cut.peak.iter_mut().for_each(|peak| *peak *= 0.15);
    let shape = AttentionShape { batch: 256.0, query_length: 1.0, kv_length: 8192.0, ..prompt() };
    let ratio = Decode::estimate(&shape, &cut, &constants).seconds()
        / Decode::estimate(&shape, &chip(), &constants).seconds();
    assert!((1.0..1.5).contains(&ratio), "{ratio}");
}
