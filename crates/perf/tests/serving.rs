//! Servers: parts add up, better chips are never slower, what does not fit is named, and the
//! closed form agrees with requests replayed one by one.

#![expect(clippy::expect_used, reason = "test code: a panic is the report")]

use narrows_perf::kernels::collective::LinkClass;
use narrows_perf::model::{
    Attention, DenseFeedForward, Experts, FeedForward, GroupedAttention, LatentAttention, LayerKind, Model,
    Provenance, StatedParameters,
};
use narrows_perf::network::Domain;
use narrows_perf::serving::disaggregated::Disaggregated;
use narrows_perf::serving::profile::{Lengths, Overheads, Policy, Profile};
use narrows_perf::serving::search::{Constraint, Search};
use narrows_perf::serving::simulation::{Replay, replay};
use narrows_perf::serving::{Batch, Deployment, Indivisible, Load, Parallelism, Part, Worker};
use narrows_perf::{Accelerator, Calibration, Families, Machine, Scheme, Software, Specification};
use proptest::prelude::*;

/// The usual node of eight with one 400-gigabit card a chip.
fn node(chip: &Accelerator) -> Domain {
    let (link, bandwidth) = if chip.link_bandwidth > 0.0 {
        (LinkClass::Switched, chip.link_bandwidth)
    } else {
        (LinkClass::HostBus, chip.host_bandwidth)
    };
    Domain { chips: 8, link, bandwidth, fabric_bandwidth: 50e9 }
}

fn accelerator() -> Accelerator {
    Accelerator {
        family: 0,
        peak: [6e13, 5e14, 1e15, 1e15, 2e15, 2e15, 0.0, 0.0],
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

fn machine(accelerator: Accelerator) -> Machine {
    let specification =
        Specification { id: "test".to_owned(), name: "test".to_owned(), accelerator, assumed: Vec::new() };
    Machine::new(&specification, &Calibration::default(), &Families::default(), Software::Vllm)
}

fn model(hidden: usize, layers: Vec<LayerKind>) -> Model {
    Model {
        id: "test".to_owned(),
        name: "test".to_owned(),
        vendor: "test".to_owned(),
        aliases: Vec::new(),
        hidden,
        vocabulary: 128_256,
        tied_embeddings: false,
        learned_positions: 0,
        layers,
        prediction: None,
        maximum_context: 131_072,
        stated: StatedParameters::default(),
        provenance: Provenance {
            source: "test".to_owned(),
            certainty: narrows_quantity::Certainty::Inferred,
            notes: Vec::new(),
        },
    }
}

/// As Llama 3 70B.
fn dense() -> Model {
    let attention = Attention::Grouped(GroupedAttention::plain(64, 8, 128));
    let feed_forward = FeedForward::Dense(DenseFeedForward { inner: 28672, gated: true });
    model(8192, vec![LayerKind { count: 80, attention, feed_forward }])
}

/// As DeepSeek-V3.
fn routed() -> Model {
    let attention = Attention::Latent(LatentAttention {
        heads: 128,
        q_lora_rank: 1536,
        kv_lora_rank: 512,
        qk_rope_head_dim: 64,
        qk_nope_head_dim: 128,
        v_head_dim: 128,
        index: None,
    });
    let experts = Experts {
        experts: 256,
        top_k: 8,
        inner: 2048,
        shared_inner: 2048,
        shared: 1,
        gated: true,
        latent: 0,
    };
    model(
        7168,
        vec![
            LayerKind {
                count: 3,
                attention,
                feed_forward: FeedForward::Dense(DenseFeedForward { inner: 18432, gated: true }),
            },
            LayerKind { count: 58, attention, feed_forward: FeedForward::Experts(experts) },
        ],
    )
}

fn worker<'a>(model: &'a Model, machine: &'a Machine, parallelism: Parallelism) -> Worker<'a> {
    let domain = node(&machine.accelerator);
    Worker::new(model, machine, domain, Deployment::new(parallelism, Scheme::Fp8)).expect("divisible")
}

const LENGTHS: Lengths = Lengths { input: 2000.0, output: 500.0, cached: 0.0 };

#[test]
fn parts_of_a_step_add_up() {
    let (machine, model) = (machine(accelerator()), routed());
    let ways = [Parallelism::tensor(16), Parallelism::tensor_expert(16), Parallelism::data_expert(32)];
    for parallelism in ways {
        let worker = worker(&model, &machine, parallelism);
        let batch = Batch { prompts: 1.0, prompt_tokens: 2000.0, ..Batch::decode(64.0, 3000.0) };
        let step = worker.step(&batch);
        let sum: f64 = Part::ALL.iter().map(|part| step.part(*part).seconds()).sum();
        assert!((sum / step.seconds() - 1.0).abs() < 1e-12);
        assert!(step.parts.iter().all(|part| part.seconds() >= 0.0 && part.seconds().is_finite()));
        let talks = step.part(Part::Exchange).seconds() > 0.0;
        assert_eq!(talks, parallelism.attention_data > 1, "experts are reached by an exchange");
        assert!(step.part(Part::Experts).seconds() > 0.0);
    }
}

#[test]
fn memory_parts_add_up_and_what_is_over_is_named() {
    let (machine, model) = (machine(accelerator()), routed());
    let memory = worker(&model, &machine, Parallelism::tensor(16)).memory(32.0, 4000.0, 8192.0);
    let sum = memory.dense_weights
        + memory.expert_weights
        + memory.vocabulary_weights
        + memory.workspace
        + memory.cache;
    assert!((sum / memory.used() - 1.0).abs() < 1e-12);
    // 671 billion parameters in 8 bits on 80 GB each.
    let error =
        worker(&model, &machine, Parallelism::tensor(4)).capacity(4000.0, 8192.0).expect_err("too large");
    assert_eq!(error.part, "weights");
    assert!(error.needed_gb > error.usable_gb);
    let smallest = error.smallest.expect("some number does");
    assert_eq!(smallest, 16, "{error}");
    let fits = worker(&model, &machine, Parallelism::tensor(smallest)).capacity(4000.0, 8192.0);
    assert!(fits.is_ok());
    assert!(error.to_string().contains("16 chips would do"), "{error}");
}

#[test]
fn divisions_that_cannot_be_are_refused() {
    let (machine, model) = (machine(accelerator()), routed());
    let domain = node(&machine.accelerator);
    let refused =
        |parallelism| Worker::new(&model, &machine, domain, Deployment::new(parallelism, Scheme::Fp8)).err();
    let usual = Parallelism::tensor_expert(8);
    assert_eq!(refused(Parallelism { pipeline: 0, ..usual }), Some(Indivisible::Zero("pipeline")));
    assert_eq!(refused(Parallelism::tensor(3)), Some(Indivisible::Heads { heads: 128, tensor: 3 }));
    assert_eq!(
        refused(Parallelism { expert: 4, ..usual }),
        Some(Indivisible::Chips { experts: 4, attention: 8 })
    );
    assert_eq!(
        refused(Parallelism::data_expert(512)),
        Some(Indivisible::Experts { experts: 256, groups: 512 })
    );
    let many = Parallelism { pipeline: 100, ..usual };
    assert_eq!(refused(many), Some(Indivisible::Stages { layers: 61, stages: 100 }));
}

/// The closed form is within 10% of the replay for time per output token and throughput, and
/// within 35% for time to first token, at loads from idle to full.
#[test]
fn closed_form_agrees_with_replay() {
    let (machine, model) = (machine(accelerator()), dense());
    let worker = worker(&model, &machine, Parallelism::tensor(4));
    let overheads =
        Overheads { request_ms: 0.1, prompt_token_us: 0.001, bunching: 0.001, ..Overheads::default() };
    for mixes in [true, false] {
        for clients in [1.0, 4.0, 16.0, 48.0] {
            let policy = Policy { mixes, ..Policy::default() };
            let profile = Profile::new(&worker, LENGTHS, clients, policy).expect("fits");
            let load = Load { concurrency: clients, lengths: LENGTHS, rounds: f64::INFINITY };
            let closed = profile.steady(&load, &overheads);
            let load = Load { rounds: 40.0, ..load };
            let told = replay(
                &profile,
                Replay { load, spread: 0.5, pause_s: 0.1, seed: 7, with_first_round: false },
                &overheads,
            );
            let off = |one: f64, other: f64| (one / other - 1.0).abs();
            let at = format!("mixes {mixes}, {clients} clients: {closed:?} against {told:?}");
            assert!(off(closed.output_token_s, told.output_token_s.mean) < 0.10, "{at}");
            assert!(off(closed.output_tokens_per_s, told.output_tokens_per_s) < 0.10, "{at}");
            assert!(off(closed.first_token_s, told.first_token_s.mean) < 0.35, "{at}");
        }
    }
}

#[test]
fn replays_repeat_themselves_and_percentiles_rise() {
    let (machine, model) = (machine(accelerator()), dense());
    let worker = worker(&model, &machine, Parallelism::tensor(4));
    let profile = Profile::new(&worker, LENGTHS, 32.0, Policy::default()).expect("fits");
    let load = Load { concurrency: 32.0, lengths: LENGTHS, rounds: 5.0 };
    let asked = Replay { load, spread: 0.2, pause_s: 0.0, seed: 1, with_first_round: true };
    let told = replay(&profile, asked, &Overheads::default());
    assert_eq!(told, replay(&profile, asked, &Overheads::default()));
    assert_ne!(told, replay(&profile, Replay { seed: 2, ..asked }, &Overheads::default()));
    assert_eq!(told.requests, 32 * 5);
    for percentiles in [told.first_token_s, told.output_token_s] {
        assert!(percentiles.p50 <= percentiles.p90 && percentiles.p90 <= percentiles.p99);
    }
}

#[test]
fn matched_rates_leave_neither_side_waiting() {
    let (machine, model) = (machine(accelerator()), dense());
    let worker = worker(&model, &machine, Parallelism::tensor(4));
    let overheads = Overheads::default();
    let apart = Policy { mixes: false, ..Policy::default() };
    let prefill = Profile::new(&worker, Lengths { output: 1.0, ..LENGTHS }, 32.0, apart).expect("fits");
    let decode = Profile::new(&worker, LENGTHS, 32.0, apart).expect("fits");
    let mut both = Disaggregated {
        prefill: &prefill,
        prefill_workers: 1.0,
        decode: &decode,
        decode_workers: 2.0,
        handed_bytes: 1e9,
        handing_bandwidth: 50e9,
    };
    let load = Load { concurrency: 64.0, lengths: LENGTHS, rounds: f64::INFINITY };
    both.prefill_workers = 2.0 * both.matched_ratio(32.0, LENGTHS.output, &overheads);
    let matched = both.steady(&load, &overheads);
    assert!((matched.prefill_capacity / matched.decode_capacity - 1.0).abs() < 0.05, "{matched:?}");
    both.prefill_workers *= 0.25;
    let starved = both.steady(&load, &overheads);
    assert!(starved.prefill_bound);
    assert!(starved.steady.first_token_s > matched.steady.first_token_s);
    assert!(starved.steady.output_tokens_per_s < matched.steady.output_tokens_per_s);
}

#[test]
fn search_keeps_to_targets() {
    let (machine, model) = (machine(accelerator()), dense());
    let search = Search {
        model: &model,
        machine: &machine,
        domain: node(&machine.accelerator),
        deployment: Deployment::new(Parallelism::tensor(1), Scheme::Fp8),
        lengths: LENGTHS,
        chips: 16,
        concurrency: None,
        first_token_s: 2.0,
        output_token_s: 0.03,
        disaggregate: true,
        policy: Policy::default(),
        overheads: Overheads::default(),
        overheads_apart: Overheads::default(),
        only: None,
    };
    let found = search.run(&mut |_| ());
    let best = found.best.expect("there is a way");
    assert!(best.steady.first_token_s <= 2.0 && best.steady.output_token_s <= 0.03);
    assert!(best.chips <= 16);
    assert!(found.valid > 100 && found.candidates >= found.valid);
    assert!(!found.runners_up.is_empty());
    assert!(found.runners_up.iter().all(|other| other.per_chip <= best.per_chip));
    assert_ne!(found.binding, Constraint::None);
    for pair in found.pareto.windows(2) {
        let [one, other] = pair else { panic!("windows of two") };
        assert!(one.per_chip >= other.per_chip);
        assert!(one.steady.output_token_s > other.steady.output_token_s);
    }
    let hopeless = Search { output_token_s: 1e-6, ..search }.run(&mut |_| ());
    assert_eq!(hopeless.best, None);
    assert_eq!(hopeless.binding, Constraint::OutputToken);
    for clients in [1.0, 24.0, 4_000.0] {
        let asked = Search { concurrency: Some(clients), output_token_s: 1e6, first_token_s: 1e9, ..search };
        let found = asked.run(&mut |_| ());
        let all = found.best.iter().chain(&found.runners_up).chain(&found.pareto);
        for execution in all {
            assert!(
                (execution.clients - clients).abs() < 1e-6,
                "{} clients, not {clients}",
                execution.clients
            );
        }
        assert!(found.best.is_some());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_better_chip_is_never_slower(
        sequences in 1.0..512.0_f64,
        context in 1.0..20_000.0_f64,
        prompt in 0.0..8192.0_f64,
        better in 1.0..8.0_f64,
        which in 0..3,
    ) {
        let own = accelerator();
        let mut other = own;
        match which {
            0 => other.memory_bandwidth *= better,
            1 => other.peak.iter_mut().for_each(|rate| *rate *= better),
            _ => other.link_bandwidth *= better,
        }
        let model = routed();
        let batch = Batch { prompts: f64::from(u8::from(prompt >= 1.0)), prompt_tokens: prompt, ..Batch::decode(sequences, context) };
        for parallelism in [Parallelism::tensor(16), Parallelism::data_expert(16)] {
            let (one, faster) = (machine(own), machine(other));
            let before = worker(&model, &one, parallelism).step(&batch).seconds();
            let after = worker(&model, &faster, parallelism).step(&batch).seconds();
            prop_assert!(after <= before * (1.0 + 1e-9), "{after} against {before}");
        }
    }

    #[test]
    fn more_clients_wait_longer_and_get_more_done(clients in 1.0..200.0_f64, more in 1.1..4.0_f64) {
        let (machine, model) = (machine(accelerator()), dense());
        let worker = worker(&model, &machine, Parallelism::tensor(8));
        let profile = Profile::new(&worker, LENGTHS, 1024.0, Policy::default()).expect("fits");
        let at = |concurrency| {
            profile.steady(&Load { concurrency, lengths: LENGTHS, rounds: f64::INFINITY }, &Overheads::default())
        };
        let (few, many) = (at(clients), at(clients * more));
        prop_assert!(many.output_token_s >= few.output_token_s * 0.98);
        prop_assert!(many.output_tokens_per_s >= few.output_tokens_per_s * 0.98, "{few:?} {many:?}");
        prop_assert!(few.first_token_s > 0.0 && many.output_tokens_per_s.is_finite());
    }
}
