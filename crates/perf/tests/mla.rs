//! Latent attention: laws that hold whatever the constants, and a plain rewriting of the
//! formulas beside them.

use narrows_perf::kernels::mla::{
    MlaDecode, MlaDecodeConstants, MlaPrefill, MlaPrefillConstants, MlaShape, splits_sequences,
};
use narrows_perf::{Accelerator, Arithmetic, ConstantSet, ConstantSpec, Kernel, Scheme};
use proptest::prelude::*;

/// Cores of every kind: of other makers, of Ada, of Ampere, of Hopper and later.
const SCRATCH: [f64; 4] = [64e3, 100e3, 164e3, 228e3];

fn chips() -> impl Strategy<Value = Accelerator> {
    let rates = (12.5..15.8_f64, prop::bool::ANY, prop::bool::ANY);
    let figures = (10.5..13.5_f64, 1_u32..400, 8.8..9.6_f64, 5.0..8.5_f64, 1.5..3.5_f64);
    (rates, figures, prop::sample::select(SCRATCH.to_vec())).prop_map(|(rates, figures, scratch)| {
        let (rate, fp8, fp4) = rates;
        let (bandwidth, cores, clock, cache, power) = figures;
        let rate = 10_f64.powf(rate);
        let mut peak = [0.0; Arithmetic::ALL.len()];
        for (arithmetic, peak) in Arithmetic::ALL.into_iter().zip(&mut peak) {
            *peak = match arithmetic {
                Arithmetic::Fp8 if fp8 => 2.0 * rate,
                Arithmetic::Fp4 if fp4 => 4.0 * rate,
                Arithmetic::Fp8 | Arithmetic::Fp4 => 0.0,
                _ => rate,
            };
        }
        let (cores, clock) = (f64::from(cores), 10_f64.powf(clock));
        Accelerator {
            family: 0,
            peak,
            memory_bytes: 80e9,
            memory_bandwidth: 10_f64.powf(bandwidth),
            cores,
            clock,
            cache_bytes: 10_f64.powf(cache),
            shared_memory_bytes: scratch,
            link_bandwidth: 450e9,
            host_bandwidth: 64e9,
            power: 10_f64.powf(power),
            exponential_rate: 16.0 * cores * clock,
        }
    })
}

fn constants<C: ConstantSet + std::fmt::Debug>() -> impl Strategy<Value = C> {
    prop::collection::vec(0.0..=1.0_f64, C::SPECS.len()).prop_map(|shares| {
        let at = |(spec, share): (&ConstantSpec, &f64)| spec.low + (spec.high - spec.low) * share.powi(3);
        C::from_values(&C::SPECS.iter().zip(&shares).map(at).collect::<Vec<f64>>())
    })
}

fn shapes(absorbed: bool, longest: f64) -> impl Strategy<Value = MlaShape> {
    let precisions = prop::sample::select(vec![Scheme::Bf16, Scheme::Fp16, Scheme::Fp8, Scheme::Nvfp4]);
    let lengths = (0.0..=longest, 0.0..=1.0_f64, 0.0..=longest, 0.0..3.0_f64);
    (lengths, precisions).prop_map(move |((kv, part, batch, heads), kv_scheme)| {
        let kv_length = 10_f64.powf(kv).round();
        // Decoding has one new token or a few, prefill up to all of the context.
        let query_length = if absorbed { 1.0 + (3.0 * part).floor() } else { (kv_length * part).ceil() };
        MlaShape {
            absorbed,
            batch: 10_f64.powf(batch).round(),
            query_length: query_length.clamp(1.0, kv_length.max(1.0)),
            kv_length,
            heads: 10_f64.powf(heads).round(),
            latent: 512.0,
            rope: 64.0,
            key: 128.0,
            value: 128.0,
            scheme: Scheme::Bf16,
            kv_scheme,
        }
    })
}

/// Every figure that may only help, doubled alone.
fn better(chip: &Accelerator) -> [Accelerator; 5] {
    [
        Accelerator { peak: chip.peak.map(|rate| 2.0 * rate), ..*chip },
        Accelerator { memory_bandwidth: 2.0 * chip.memory_bandwidth, ..*chip },
        Accelerator { cache_bytes: 2.0 * chip.cache_bytes, ..*chip },
        Accelerator { power: 2.0 * chip.power, ..*chip },
        Accelerator { link_bandwidth: 2.0 * chip.link_bandwidth, ..*chip },
    ]
}

fn arithmetic(shape: &MlaShape, chip: &Accelerator) -> Arithmetic {
    let narrow = shape.kv_scheme.weight_bytes() < 2.0;
    if narrow && splits_sequences(chip, shape.kv_scheme) && chip.rate(Arithmetic::Fp8) > 0.0 {
        Arithmetic::Fp8
    } else {
        Arithmetic::Bf16
    }
}

fn lawful<K: Kernel<Shape = MlaShape>>(
    shape: &MlaShape,
    chip: &Accelerator,
    constants: &K::Constants,
) -> Result<(), TestCaseError> {
    let estimate = K::estimate(shape, chip, constants);
    let seconds = estimate.seconds();
    prop_assert!(seconds.is_finite() && seconds > 0.0, "{seconds}");
    let parts = [estimate.compute_s, estimate.memory_s, estimate.latency_s, estimate.network_s];
    prop_assert!(parts.iter().all(|part| *part >= 0.0 && part.is_finite()), "{parts:?}");
    prop_assert!((parts.iter().sum::<f64>() - seconds).abs() <= 1e-12 * seconds);
    for chip in better(chip) {
        let faster = K::estimate(shape, &chip, constants).seconds();
        prop_assert!(faster <= seconds * (1.0 + 1e-9), "{faster} > {seconds} on {chip:?}");
    }
    let work = K::work(shape);
    let least = work.operations / chip.rate(arithmetic(shape, chip));
    prop_assert!(seconds >= least * (1.0 - 1e-9), "{seconds} < {least} of arithmetic");
    let least = (work.bytes - chip.cache_bytes) / chip.memory_bandwidth;
    prop_assert!(seconds >= least * (1.0 - 1e-9), "{seconds} < {least} of memory");
    Ok(())
}

/// More work is not done much faster: what is joined less may save a little.
fn grows<K: Kernel<Shape = MlaShape>>(shape: &MlaShape, chip: &Accelerator) -> Result<(), TestCaseError> {
    let constants = K::Constants::from_values(&[]);
    let seconds = K::estimate(shape, chip, &constants).seconds();
    let more = [
        MlaShape { batch: 2.0 * shape.batch, ..*shape },
        MlaShape { heads: 2.0 * shape.heads, ..*shape },
        MlaShape { kv_length: 2.0 * shape.kv_length, ..*shape },
    ];
    for shape in more {
        let longer = K::estimate(&shape, chip, &constants).seconds();
        prop_assert!(longer >= 0.6 * seconds, "{longer} < {seconds} for {shape:?}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn decoding_keeps_the_laws(
        shape in shapes(true, 7.0),
        chip in chips(),
        constants in constants::<MlaDecodeConstants>(),
    ) {
        lawful::<MlaDecode>(&shape, &chip, &constants)?;
    }

    #[test]
    fn prefill_keeps_the_laws(
        shape in shapes(false, 7.0),
        chip in chips(),
        constants in constants::<MlaPrefillConstants>(),
    ) {
        lawful::<MlaPrefill>(&shape, &chip, &constants)?;
    }

    #[test]
    fn more_work_takes_longer(decoding in shapes(true, 6.0), prefill in shapes(false, 6.0), chip in chips()) {
        grows::<MlaDecode>(&decoding, &chip)?;
        grows::<MlaPrefill>(&prefill, &chip)?;
    }

    #[test]
    fn decoding_is_as_written_plainly(
        shape in shapes(true, 4.0),
        chip in chips(),
        constants in constants::<MlaDecodeConstants>(),
    ) {
        let (fast, plain) = (MlaDecode::estimate(&shape, &chip, &constants).seconds(), plain_decode(&shape, &chip, &constants));
        prop_assert!((fast - plain).abs() <= 1e-9 * plain, "{fast} against {plain}");
    }

    #[test]
    fn prefill_is_as_written_plainly(
        shape in shapes(false, 4.0),
        chip in chips(),
        constants in constants::<MlaPrefillConstants>(),
    ) {
        let (fast, plain) = (MlaPrefill::estimate(&shape, &chip, &constants).seconds(), plain_prefill(&shape, &chip, &constants));
        prop_assert!((fast - plain).abs() <= 1e-9 * plain, "{fast} against {plain}");
    }
}

fn norm(one: f64, other: f64, power: f64) -> f64 {
    // Scaled by the larger, so that powers stay in range.
    let scale = one.max(other);
    ((one / scale).powf(power) + (other / scale).powf(power)).powf(1.0 / power) * scale
}

fn byte_seconds(bytes: f64, room: f64, gain: f64, share: f64, chip: &Accelerator) -> f64 {
    let hit = room.powi(4) / (room.powi(4) + bytes.powi(4));
    (hit / gain + (1.0 - hit)) / share / chip.memory_bandwidth
}

fn plain_decode(shape: &MlaShape, chip: &Accelerator, c: &MlaDecodeConstants) -> f64 {
    let narrow = shape.kv_scheme != Scheme::Bf16 && shape.kv_scheme != Scheme::Fp16;
    let older = (96e3..200e3).contains(&chip.shared_memory_bytes);
    let fifth = chip.rate(Arithmetic::Fp4) > 0.0;
    let unsplit = older && !(narrow && fifth);
    let rows = shape.heads * shape.query_length;
    let steps = (shape.kv_length / 64.0).ceil();
    let core = 0.96 * chip.rate(arithmetic(shape, chip)) / chip.cores;
    let tile = |rows: f64, widths: f64| {
        let clocks = c.step_clocks + c.pair_clocks * rows * 64.0;
        norm(2.0 * rows * 64.0 * widths / core, clocks / chip.clock, 2.0)
    };
    let start = c.sequence_clocks / chip.clock;
    let (chain, parts) = if unsplit {
        let blocks = 2.0 * shape.batch * (rows / 64.0).ceil();
        let turns = (blocks / chip.cores).ceil() as u64;
        let walk = steps * tile(64.0, 832.0);
        let two = if chip.shared_memory_bytes >= 160e3 {
            (c.pair_slowdown * walk).max(2.0 * steps * 2.0 * 64.0 * 64.0 * 832.0 / core)
        } else {
            2.0 * walk
        };
        let pair_start = if chip.shared_memory_bytes >= 160e3 { two / walk * start } else { 2.0 * start };
        let (pairs, odd) = ((turns / 2) as f64, (turns % 2) as f64);
        (pairs * (two + pair_start) + odd * (walk + start) - start, 1.0)
    } else {
        let (most, fewest) = if fifth { (128.0, 4.0) } else { (64.0, 1.0) };
        let row_tiles = (rows / most).ceil();
        let padded = if fifth { (rows / row_tiles).max(c.least_rows) } else { 64.0 };
        let few = if fifth { padded.min(16.0) } else { padded };
        let even = shape.batch * steps * row_tiles / chip.cores;
        let shortest = steps.min(fewest);
        let mut turns = (shape.batch * row_tiles / chip.cores).max(1.0);
        if fifth {
            turns = turns.ceil();
        }
        let busy = (even * tile(padded, 1088.0)).max(shortest * tile(few, 1088.0));
        (busy + (turns - 1.0) * start, (steps / even.max(shortest)).max(1.0))
    };
    let stored = shape.kv_scheme.weight_bytes();
    let kv = shape.batch * shape.kv_length * 576.0 * if unsplit { stored.max(2.0) } else { stored };
    let all_rows = shape.batch * rows;
    let mut other = all_rows * (576.0 + 512.0) * 2.0 * c.query_passes;
    if parts > 1.0 {
        other += all_rows * parts * 512.0 * 4.0 * c.join_passes;
    }
    let byte =
        byte_seconds(kv + other, c.cache_share * chip.cache_bytes, c.cache_gain, c.bandwidth_share, chip);
    let joining = c.join_clocks * (1.0 - 1.0 / parts) + c.part_clocks * (parts - 1.0);
    let latency = c.launch_clocks
        + c.sequence_clocks
        + c.doubling_clocks * (all_rows + 1.0).ln() / 2_f64.ln()
        + joining;
    1e-6 + latency / chip.clock + norm(chain, kv * byte, c.sharpness) + other * byte
}

fn plain_prefill(shape: &MlaShape, chip: &Accelerator, c: &MlaPrefillConstants) -> f64 {
    let older = (96e3..200e3).contains(&chip.shared_memory_bytes);
    let fifth = chip.rate(Arithmetic::Fp4) > 0.0;
    let used = arithmetic(shape, chip);
    let narrow = used == Arithmetic::Fp8;
    let products = 2.0 * 320.0 / (0.96 * chip.rate(used) / chip.cores);
    let softmax = c.exponentials / (chip.exponential_rate / chip.cores) + c.pair_clocks / chip.clock;
    let tile = c.tile_clocks / chip.clock;
    let rows = if older { 64.0 } else { 128.0 };
    let tiles = (shape.query_length / rows).ceil();
    let at_once = if fifth && !older && tiles > 1.0 { 2.0 } else { 1.0 };
    let before = shape.kv_length - shape.query_length;
    let last = 64.0 * (shape.query_length / 64.0).ceil();
    let first = if last < rows { last } else { rows };
    let pairs_of_all = shape.batch * shape.heads * tiles * rows * (before + (first + last) / 2.0);
    let two = older && chip.shared_memory_bytes >= 160e3;
    let pair = norm(products, softmax, 1.5);
    let longest = at_once * rows * (before + last) * pair + tile;
    let count = shape.batch * shape.heads * tiles;
    let even = if two {
        (pairs_of_all * norm(products, softmax, 2.0) + count * tile / 2.0) / chip.cores
    } else {
        (pairs_of_all * pair + count * tile) / chip.cores
    };
    let free = norm(longest, even, c.evenness);
    let picojoules = if older { if narrow { 1.0 } else { 2.0 } } else { c.energy_pj };
    let compute = norm(free, 640.0 * pairs_of_all * picojoules * 1e-12 / chip.power, 4.0);
    let head_numbers = 192.0 * shape.query_length + (192.0 + 128.0) * shape.kv_length;
    let operands = shape.batch * shape.heads * head_numbers;
    let results = shape.batch * shape.heads * shape.query_length * 128.0;
    let own = if narrow { operands + 2.0 * results } else { 2.0 * operands + 2.0 * results };
    let mut earlier = shape.batch * shape.query_length * 576.0 * 4.0 * c.latent_passes;
    if narrow {
        earlier += 3.0 * operands * c.narrowing_passes;
    }
    let byte =
        byte_seconds(own + earlier, c.cache_share * chip.cache_bytes, c.cache_gain, c.bandwidth_share, chip);
    1e-6 + c.launch_clocks / chip.clock + norm(compute, own * byte, c.sharpness) + earlier * byte
}

/// A chip with much bandwidth and little arithmetic is bound by arithmetic where one with
/// both is bound by memory: few heads still fill tiles of 64 rows.
#[test]
fn decoding_turns_to_arithmetic_on_a_chip_cut_down_in_it() {
    let whole = Accelerator {
        family: 0,
        peak: [1e15; Arithmetic::ALL.len()],
        memory_bytes: 141e9,
        memory_bandwidth: 4.8e12,
        cores: 132.0,
        clock: 1.98e9,
        cache_bytes: 50e6,
        shared_memory_bytes: 228e3,
        link_bandwidth: 450e9,
        host_bandwidth: 64e9,
        power: 700.0,
        exponential_rate: 132.0 * 16.0 * 1.98e9,
    };
    let mut whole = whole;
    if let Some(rate) = whole.peak.get_mut(Arithmetic::Fp4.index()) {
        *rate = 0.0;
    }
    let cut = Accelerator { peak: whole.peak.map(|rate| 0.15 * rate), cores: 78.0, ..whole };
    let shape = MlaShape {
        absorbed: true,
        batch: 64.0,
        query_length: 1.0,
        kv_length: 65536.0,
        heads: 16.0,
        latent: 512.0,
        rope: 64.0,
        key: 128.0,
        value: 128.0,
        scheme: Scheme::Bf16,
        kv_scheme: Scheme::Bf16,
    };
    let constants = MlaDecodeConstants::default();
    let on_whole = MlaDecode::estimate(&shape, &whole, &constants);
    let on_cut = MlaDecode::estimate(&shape, &cut, &constants);
    assert!(on_whole.memory_s > on_whole.compute_s, "{on_whole:?}");
    assert!(on_cut.compute_s > on_cut.memory_s, "{on_cut:?}");
    assert!(on_cut.seconds() > 2.0 * on_whole.seconds());
}
