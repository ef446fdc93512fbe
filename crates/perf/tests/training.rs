//! The training engine: laws, closed forms, memory, errors, search.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code: a panic is the report")]

use narrows_perf::families::Family;
use narrows_perf::kernels::collective::LinkClass;
use narrows_perf::model::{
    Attention, DenseFeedForward, Experts, FeedForward, GroupedAttention, LatentAttention, LayerKind, Model,
    Prediction, Provenance, StatedParameters,
};
use narrows_perf::network::Domain;
use narrows_perf::training::communication::exposed;
use narrows_perf::training::memory::{Memory, Parameters};
use narrows_perf::training::schedule::{StageSeconds, bubble_s, kept_micro_batches, slowest_stage_s};
use narrows_perf::training::search::fewest_chips;
use narrows_perf::training::{
    Failures, Limits, Means, Operator, Plan, Recomputation, Run, Schedule, Sharding, Step, Tariff,
    TrainingConstants, TrainingError, search,
};
use narrows_perf::{
    Accelerator, Arithmetic, Calibration, Estimate, Families, Machine, Scheme, Software, Specification,
};
use proptest::prelude::*;

fn families() -> Families {
    Families(vec![Family {
        id: "any".to_owned(),
        architectures: vec![String::new()],
        similar: Vec::new(),
        exponentials_per_core_and_clock: 16.0,
        tiles_per_core: 1.0,
        typical_cores: 132.0,
        typical_clock_mhz: 1980.0,
        typical_power_w: 700.0,
        typical_cache_mb: 50.0,
        typical_shared_memory_kb: 228.0,
        source: String::new(),
    }])
}

fn chip() -> Accelerator {
    let mut peak = [0.0; Arithmetic::ALL.len()];
    peak[Arithmetic::Fp32.index()] = 67e12;
    peak[Arithmetic::Bf16.index()] = 989e12;
    peak[Arithmetic::Fp16.index()] = 989e12;
    peak[Arithmetic::Fp8.index()] = 1979e12;
    Accelerator {
        family: 0,
        peak,
        memory_bytes: 80e9,
        memory_bandwidth: 3.35e12,
        cores: 132.0,
        clock: 1.98e9,
        cache_bytes: 50e6,
        shared_memory_bytes: 228e3,
        link_bandwidth: 450e9,
        host_bandwidth: 64e9,
        power: 700.0,
        exponential_rate: 132.0 * 1.98e9 * 16.0,
    }
}

fn machine(accelerator: Accelerator) -> Machine {
    let specification = Specification {
        id: "imagined".to_owned(),
        name: "Imagined".to_owned(),
        accelerator,
        assumed: Vec::new(),
    };
    Machine::new(&specification, &Calibration::default(), &families(), Software::Training)
}

fn domain() -> Domain {
    Domain { chips: 8, link: LinkClass::Switched, bandwidth: 450e9, fabric_bandwidth: 50e9 }
}

fn model(layers: Vec<LayerKind>, hidden: usize, vocabulary: usize) -> Model {
    Model {
        id: "test".to_owned(),
        name: "Test".to_owned(),
        vendor: String::new(),
        aliases: Vec::new(),
        hidden,
        vocabulary,
        tied_embeddings: false,
        learned_positions: 0,
        layers,
        prediction: None,
        maximum_context: 131_072,
        stated: StatedParameters::default(),
        provenance: Provenance {
            source: String::new(),
            certainty: narrows_quantity::Certainty::Inferred,
            notes: Vec::new(),
        },
    }
}

/// 70 billion parameters with grouped queries.
fn dense() -> Model {
    let kind = LayerKind {
        count: 80,
        attention: Attention::Grouped(GroupedAttention::plain(64, 8, 128)),
        feed_forward: FeedForward::Dense(DenseFeedForward { inner: 28_672, gated: true }),
    };
    model(vec![kind], 8192, 128_256)
}

/// DeepSeek-V3's shape.
fn sparse() -> Model {
    let latent = Attention::Latent(LatentAttention {
        heads: 128,
        q_lora_rank: 1536,
        kv_lora_rank: 512,
        qk_rope_head_dim: 64,
        qk_nope_head_dim: 128,
        v_head_dim: 128,
        index: None,
    });
    let experts = FeedForward::Experts(Experts {
        experts: 256,
        top_k: 8,
        inner: 2048,
        shared_inner: 2048,
        shared: 1,
        gated: true,
        latent: 0,
    });
    let first = FeedForward::Dense(DenseFeedForward { inner: 18_432, gated: true });
    let kinds = vec![
        LayerKind { count: 3, attention: latent, feed_forward: first },
        LayerKind { count: 58, attention: latent, feed_forward: experts },
    ];
    let mut model = model(kinds, 7168, 129_280);
    let layer = LayerKind { count: 1, attention: latent, feed_forward: experts };
    model.prediction = Some(Prediction { modules: 1, layer });
    model
}

fn dense_plan() -> Plan {
    Plan { chips: 64, tensor: 4, pipeline: 4, global_batch: 128, sequence: 8192, ..Plan::default() }
}

fn sparse_plan() -> Plan {
    Plan {
        chips: 2048,
        pipeline: 16,
        expert: 64,
        global_batch: 15_360,
        sequence: 4096,
        schedule: Schedule::DualPipe,
        recomputation: Recomputation::Selective,
        precision: Scheme::Fp8,
        ..Plan::default()
    }
}

fn step_on(accelerator: Accelerator, model: &Model, plan: &Plan) -> Result<Step, TrainingError> {
    let (machine, domain, software) = (machine(accelerator), domain(), TrainingConstants::default());
    Step::unlimited(model, plan, Means { machine: &machine, domain: &domain, software: &software })
}

fn seconds_on(accelerator: Accelerator, model: &Model, plan: &Plan) -> f64 {
    step_on(accelerator, model, plan).unwrap().seconds
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
}

#[test]
fn parts_sum_to_the_step() {
    for (model, plan) in [(dense(), dense_plan()), (sparse(), sparse_plan())] {
        let step = step_on(chip(), &model, &plan).unwrap();
        let by_operator: f64 = step.time.parts.iter().map(|(_, part)| part.seconds()).sum();
        assert!(near(by_operator + step.time.bubble_s, step.seconds));
        assert!(near(step.time.by_cause().seconds() + step.time.bubble_s, step.seconds));
        assert!(step.seconds.is_finite() && step.seconds > 0.0);
        assert!(step.time.parts.iter().all(|(_, part)| part.seconds() >= 0.0));
    }
}

#[test]
fn a_step_takes_no_less_than_its_operations() {
    for (model, plan) in [(dense(), dense_plan()), (sparse(), sparse_plan())] {
        let step = step_on(chip(), &model, &plan).unwrap();
        assert!(step.own_utilization < 1.0, "{}", step.own_utilization);
        assert!(step.hardware_utilization >= step.model_utilization);
        assert!(step.own_utilization > 0.1, "{}", step.own_utilization);
    }
}

#[test]
fn memory_parts_sum_and_none_is_negative() {
    for (model, plan) in [(dense(), dense_plan()), (sparse(), sparse_plan())] {
        let memory = Memory::of(&model, &Parameters::of(&model), &plan);
        let sum: f64 = memory.parts().iter().map(|(_, bytes)| bytes).sum();
        assert!(near(sum, memory.total()));
        assert!(memory.parts().iter().all(|(_, bytes)| *bytes >= 0.0));
    }
}

/// Korthikanti et al. 2022, table 2: s b h (34 + 5 a s / h) a layer without parallelism,
/// s b h (10 + 24 / t + 5 a s / (h t)) with tensor parallelism, 34 / t with sequence
/// parallelism besides, and 34 / t with selective recomputation; 2 s b h with full.
#[test]
fn activations_are_those_of_korthikanti() {
    let (hidden, heads, sequence, layers) = (12_288_usize, 96_usize, 2048_usize, 96_usize);
    let kind = LayerKind {
        count: layers,
        attention: Attention::Grouped(GroupedAttention::plain(heads, heads, hidden / heads)),
        feed_forward: FeedForward::Dense(DenseFeedForward { inner: 4 * hidden, gated: false }),
    };
    let model = model(vec![kind], hidden, 51_200);
    let plan = Plan {
        chips: 8,
        tensor: 8,
        global_batch: 1,
        sequence,
        sequence_parallel: false,
        writes_scores: true,
        dropout: true,
        precision: Scheme::Fp16,
        ..Plan::default()
    };
    let unit = (sequence * hidden) as f64;
    let scores = 5.0 * (heads * sequence) as f64 / hidden as f64;
    let of =
        |plan: &Plan| Memory::of(&model, &Parameters::of(&model), plan).activations / (unit * layers as f64);
    assert!(near(of(&plan), 10.0 + 24.0 / 8.0 + scores / 8.0), "{}", of(&plan));
    let plan = Plan { sequence_parallel: true, ..plan };
    assert!(near(of(&plan), (34.0 + scores) / 8.0));
    assert!(near(of(&Plan { recomputation: Recomputation::Selective, ..plan }), 34.0 / 8.0));
    let full = of(&Plan { recomputation: Recomputation::Full, ..plan });
    // Each layer's input, and the layer that is being computed again.
    assert!(near(full, 2.0 / 8.0 + (34.0 + scores) / 8.0 / layers as f64));
}

/// 18 bytes a parameter in mixed precision; 6 + 12 / d with a divided optimizer, 16-bit
/// weights and 32-bit gradients whole (Megatron-Core's documentation of its optimizer).
#[test]
fn state_takes_the_usual_bytes() {
    let model = dense();
    let plan = Plan { chips: 64, tensor: 8, global_batch: 64, sharding: Sharding::None, ..Plan::default() };
    let state = |plan: &Plan| {
        let memory = Memory::of(&model, &Parameters::of(&model), plan);
        let parameters = Parameters::of(&model);
        let all = parameters.dense + parameters.embedding + parameters.head;
        (memory.weights + memory.gradients + memory.optimizer) / (all / plan.tensor as f64)
    };
    assert!(near(state(&plan), 18.0));
    assert!(near(state(&Plan { sharding: Sharding::Optimizer, ..plan }), 6.0 + 12.0 / 8.0));
    assert!(near(state(&Plan { sharding: Sharding::Gradients, ..plan }), 2.0 + 16.0 / 8.0));
    assert!(near(state(&Plan { sharding: Sharding::Parameters, ..plan }), 18.0 / 8.0));
}

#[test]
fn bubbles_are_the_published_ones() {
    let stage = StageSeconds { forward: 1.0, input: 1.2, weight: 0.8 };
    // Narayanan et al. 2021: (p - 1)(t_f + t_b), divided by the chunks.
    assert!(near(bubble_s(Schedule::OneForwardOneBackward, 8.0, 1.0, &stage), 21.0));
    assert!(near(bubble_s(Schedule::OneForwardOneBackward, 8.0, 4.0, &stage), 21.0 / 4.0));
    // Qi et al. 2023: (p - 1)(T_F + T_B - T_W).
    assert!(near(bubble_s(Schedule::ZeroBubble, 8.0, 1.0, &stage), 7.0 * 1.4));
    // DeepSeek-V3: (p / 2 - 1)(F&B + B - 3 W).
    assert!(near(bubble_s(Schedule::DualPipe, 8.0, 1.0, &stage), 3.0 * (3.0 + 2.0 - 2.4)));
    assert!(near(bubble_s(Schedule::OneForwardOneBackward, 1.0, 1.0, &stage), 0.0));
    assert!(near(kept_micro_batches(Schedule::OneForwardOneBackward, 8.0, 4.0, 64.0), 8.0 + 7.0 / 4.0));
    assert!(near(kept_micro_batches(Schedule::OneForwardOneBackward, 8.0, 1.0, 4.0), 4.0));
}

#[test]
fn the_slowest_stage_has_the_head_or_the_most_layers() {
    // Even: the head comes on top.
    assert!(near(slowest_stage_s(80, 8, 5, 1.0, 2.0), 12.0));
    // 126 layers on 16 stages: eight each, and six with the head.
    assert!(near(slowest_stage_s(126, 16, 8, 1.0, 2.0), 8.0));
    assert!(near(slowest_stage_s(80, 1, 1, 1.0, 2.0), 82.0));
}

#[test]
fn what_is_hidden_is_hidden_only_under_arithmetic() {
    let ten = Estimate { network_s: 8.0, latency_s: 2.0, ..Estimate::default() };
    assert!(near(exposed(ten, 0.0, 100.0).seconds(), 10.0));
    assert!(near(exposed(ten, 0.8, 100.0).seconds(), 2.0));
    assert!(near(exposed(ten, 0.8, 5.0).seconds(), 5.0));
    assert!(near(exposed(ten, 1.0, 0.0).seconds(), 10.0));
}

fn error_of(model: &Model, plan: &Plan) -> TrainingError {
    step_on(chip(), model, plan).unwrap_err()
}

#[test]
fn impossible_plans_say_what_is_wrong() {
    let plan = dense_plan();
    let text = |plan: Plan| error_of(&dense(), &plan).to_string();
    assert_eq!(
        text(Plan { tensor: 12, chips: 48, ..plan }),
        "tensor parallelism 12: expected a divisor of the 64 heads; nearest is 8"
    );
    assert_eq!(
        text(Plan { chips: 60, ..plan }),
        "60 chips: expected a multiple of 16 (tensor x pipeline x context); nearest is 48"
    );
    assert_eq!(
        text(Plan { expert: 8, ..plan }),
        "expert parallelism 8: the model has no experts; expected 1"
    );
    assert_eq!(text(Plan { sequence: 0, ..plan }), "sequence: expected at least 1, found 0");
    assert_eq!(
        text(Plan { pipeline: 128, chips: 512, ..plan }),
        "128 stages of 1 chunks: expected at most the 80 layers; nearest is 80 stages"
    );
    assert_eq!(
        text(Plan { global_batch: 130, ..plan }),
        "global batch 130: expected a multiple of 4 replicas x micro batch 1; nearest is 132"
    );
    // More chips than sequences.
    assert!(matches!(
        error_of(&dense(), &Plan { chips: 10_000_000, tensor: 1, pipeline: 1, ..plan }),
        TrainingError::Batch { found: 128, replicas: 10_000_000, .. }
    ));
    let experts = |expert| error_of(&sparse(), &Plan { expert, ..sparse_plan() });
    assert!(matches!(experts(48), TrainingError::Experts { found: 48, experts: 256, .. }));
    assert!(matches!(experts(256), TrainingError::ExpertRanks { found: 256, ranks: 128, nearest: 128 }));
    assert!(matches!(
        error_of(&sparse(), &Plan { global_batch: 128 * 16, ..sparse_plan() }),
        TrainingError::DualPipe { pipeline: 16, micro_batches: 16 }
    ));
}

#[test]
fn absurd_figures_are_refused() {
    for spoil in [f64::NAN, 0.0, -1.0, f64::INFINITY] {
        let accelerator = Accelerator { memory_bandwidth: spoil, ..chip() };
        assert!(matches!(
            step_on(accelerator, &dense(), &dense_plan()),
            Err(TrainingError::NotPositive { what: "memory bandwidth", .. })
        ));
    }
    let accelerator = Accelerator { peak: [0.0; Arithmetic::ALL.len()], ..chip() };
    assert!(matches!(
        step_on(accelerator, &dense(), &dense_plan()),
        Err(TrainingError::NoArithmetic { precision: "bf16" })
    ));
}

#[test]
fn a_model_that_does_not_fit_says_which_part_and_how_many_chips_would_do() {
    let (machine, domain, software) = (machine(chip()), domain(), TrainingConstants::default());
    let means = Means { machine: &machine, domain: &domain, software: &software };
    let plan = Plan { chips: 8, tensor: 8, global_batch: 8, sequence: 4096, ..Plan::default() };
    let TrainingError::DoesNotFit { needed_gb, available_gb, over_gb, part, part_gb, .. } =
        Step::of(&dense(), &plan, means).unwrap_err()
    else {
        panic!("70 billion parameters do not train on eight chips of 80 GB")
    };
    assert!(near(needed_gb - available_gb, over_gb));
    assert_eq!(part, "optimizer");
    assert!(part_gb > 100.0);
    let fewest = fewest_chips(&dense(), &plan, 80e9, &Limits::default(), 1 << 20).unwrap();
    // 18 bytes for each of 70.6 billion parameters are 16 chips' worth.
    assert!((16..=32).contains(&fewest), "{fewest}");
}

#[test]
fn recomputation_costs_time_and_saves_memory() {
    let plan = dense_plan();
    let of = |recomputation| {
        let step = step_on(chip(), &dense(), &Plan { recomputation, ..plan }).unwrap();
        (step.seconds, step.memory.activations, step.time.recomputation_s)
    };
    let (none, selective, full) =
        (of(Recomputation::None), of(Recomputation::Selective), of(Recomputation::Full));
    assert!(none.0 < selective.0 && selective.0 < full.0);
    assert!(none.1 > selective.1 && selective.1 > full.1);
    assert!(none.2 < selective.2 && selective.2 < full.2);
}

#[test]
fn more_chunks_shorten_the_bubble() {
    let of = |virtual_stages| {
        step_on(chip(), &dense(), &Plan { virtual_stages, ..dense_plan() }).unwrap().time.bubble_s
    };
    assert!(of(1) > of(2) && of(2) > of(5));
}

#[test]
fn further_tokens_cost_time() {
    let with = step_on(chip(), &sparse(), &sparse_plan()).unwrap();
    let without = step_on(chip(), &sparse().without_prediction(), &sparse_plan()).unwrap();
    assert!(with.seconds > without.seconds);
    assert!(with.model_flops > without.model_flops);
}

#[test]
fn the_order_of_layers_changes_nothing() {
    let mut turned = sparse();
    turned.layers.reverse();
    let (one, other) =
        (seconds_on(chip(), &sparse(), &sparse_plan()), seconds_on(chip(), &turned, &sparse_plan()));
    assert!(near(one, other));
}

#[test]
fn a_run_adds_up() {
    let step = step_on(chip(), &dense(), &dense_plan()).unwrap();
    let tariff = Tariff { per_chip_hour: Some(2.0), ..Tariff::default() };
    let run = Run::of(&step, 1e12, 700.0, &Failures::NONE, &tariff).unwrap();
    assert!(near(run.goodput, 1.0));
    assert!(near(run.days * 24.0 * 64.0, run.chip_hours));
    assert!(near(run.energy_kwh, run.chip_hours * 0.7));
    assert!(near(run.cost.unwrap(), 2.0 * run.chip_hours));
    assert!(near(run.tokens, step.tokens_per_s_per_chip * 64.0 * run.days * 86_400.0));
    assert!(Run::of(&step, f64::NAN, 700.0, &Failures::NONE, &tariff).is_err());
    // Llama 3: above 90% on 16,384 chips.
    let goodput = Failures::default().goodput(16_384.0);
    assert!((0.9..0.95).contains(&goodput), "{goodput}");
    assert!(Failures::default().goodput(1e7) < 0.2);
}

#[test]
fn the_search_finds_what_trying_finds_and_accounts_for_all() {
    let (machine, domain, software) = (machine(chip()), domain(), TrainingConstants::default());
    let means = Means { machine: &machine, domain: &domain, software: &software };
    let start = Plan { chips: 64, global_batch: 256, sequence: 4096, ..Plan::default() };
    let mut told = 0;
    let found = search(&dense(), &start, means, &Limits::default(), &mut |_, _| told += 1).unwrap();
    assert_eq!(found.seen, found.valid + found.rejected.total());
    assert!(found.valid > 100 && told > 0);
    assert!(found.best.memory.total() <= 80e9);
    for runner_up in &found.runners_up {
        assert!(runner_up.seconds >= found.best.seconds);
    }
    assert!(found.unlimited_s <= found.best.seconds);
    let again = Step::of(&dense(), &found.best.plan, means).unwrap();
    assert!(near(again.seconds, found.best.seconds));
    for tensor in [1, 2, 4, 8] {
        for pipeline in [1, 2, 4, 8] {
            let plan = Plan { tensor, pipeline, ..start };
            if let Ok(step) = Step::of(&dense(), &plan, means) {
                assert!(step.seconds >= found.best.seconds * (1.0 - 1e-12));
            }
        }
    }
    let none = search(
        &dense(),
        &Plan { chips: 1, global_batch: 1, ..start },
        means,
        &Limits::default(),
        &mut |_, _| {},
    );
    assert!(none.unwrap_err().to_string().contains("memory"));
}

fn any_plan() -> impl Strategy<Value = (bool, Plan)> {
    (
        any::<bool>(),
        0..4_usize,
        0..4_usize,
        0..3_usize,
        0..7_usize,
        0..3_usize,
        0..3_usize,
        0..4_usize,
        any::<bool>(),
    )
        .prop_map(
            |(is_sparse, tensor, pipeline, context, expert, micro, recomputation, sharding, fp8)| {
                let (tensor, pipeline, context) = (1 << tensor, 1 << pipeline, 1 << context);
                let plan = Plan {
                    chips: 2048,
                    tensor,
                    pipeline,
                    context,
                    expert: if is_sparse { 1 << expert } else { 1 },
                    micro_batch: 1 << micro,
                    global_batch: 8192,
                    sequence: 8192,
                    recomputation: [Recomputation::None, Recomputation::Selective, Recomputation::Full]
                        [recomputation],
                    sharding: Sharding::ALL[sharding],
                    precision: if fp8 { Scheme::Fp8 } else { Scheme::Bf16 },
                    ..Plan::default()
                };
                (is_sparse, plan)
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// More of any figure of the chip or its network never slows a step down.
    #[test]
    fn more_is_never_slower((is_sparse, plan) in any_plan(), factor in 1.01..4.0_f64) {
        let model = if is_sparse { sparse() } else { dense() };
        let base = chip();
        let before = seconds_on(base, &model, &plan);
        let faster = [
            Accelerator { peak: base.peak.map(|rate| rate * factor), ..base },
            Accelerator { memory_bandwidth: base.memory_bandwidth * factor, ..base },
            Accelerator { cache_bytes: base.cache_bytes * factor, ..base },
            Accelerator { memory_bytes: base.memory_bytes * factor, ..base },
            Accelerator { power: base.power * factor, ..base },
        ];
        for accelerator in faster {
            prop_assert!(seconds_on(accelerator, &model, &plan) <= before * (1.0 + 1e-9));
        }
        let (machine, software) = (machine(base), TrainingConstants::default());
        let narrow = domain();
        for wide in [
            Domain { bandwidth: narrow.bandwidth * factor, ..narrow },
            Domain { fabric_bandwidth: narrow.fabric_bandwidth * factor, ..narrow },
        ] {
            let means = Means { machine: &machine, domain: &wide, software: &software };
            let after = Step::unlimited(&model, &plan, means).unwrap().seconds;
            prop_assert!(after <= before * (1.0 + 1e-9));
        }
    }

    /// Any plan either computes to finite, positive times whose parts sum, or says why not.
    #[test]
    fn plans_compute_or_say_why(
        counts in prop::collection::vec(0..10_000_000_usize, 9),
        small in prop::collection::vec(0..40_usize, 6),
        is_sparse in any::<bool>(),
        mixed in 0..64_u32,
    ) {
        let pick = |at: usize| if mixed >> at & 1 == 1 { counts[at] } else { small[at] };
        let model = if is_sparse { sparse() } else { dense() };
        let plan = Plan {
            chips: counts[6],
            tensor: pick(0),
            pipeline: pick(1),
            context: pick(2),
            expert: pick(3),
            micro_batch: pick(4),
            virtual_stages: pick(5),
            global_batch: counts[7],
            sequence: counts[8],
            ..Plan::default()
        };
        if let Ok(step) = step_on(chip(), &model, &plan) {
            prop_assert!(step.seconds.is_finite() && step.seconds > 0.0);
            prop_assert!(near(step.time.parts.seconds() + step.time.bubble_s, step.seconds));
            prop_assert!(step.memory.total().is_finite());
        }
    }

    /// Keeping less on each chip never takes more memory.
    #[test]
    fn dividing_more_keeps_less((is_sparse, plan) in any_plan()) {
        let model = if is_sparse { sparse() } else { dense() };
        let parameters = Parameters::of(&model);
        let state = |sharding| {
            let memory = Memory::of(&model, &parameters, &Plan { sharding, ..plan });
            memory.weights + memory.gradients + memory.optimizer
        };
        let all: Vec<f64> = Sharding::ALL.map(state).to_vec();
        prop_assert!(all.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-12)));
    }
}

#[test]
fn operators_have_their_own_time() {
    let step = step_on(chip(), &sparse(), &sparse_plan()).unwrap();
    for operator in [
        Operator::Projections,
        Operator::Attention,
        Operator::FeedForward,
        Operator::Experts,
        Operator::Elementwise,
        Operator::Head,
        Operator::ExpertParallel,
        Operator::Optimizer,
    ] {
        assert!(step.time.parts.of(operator).seconds() > 0.0, "{operator:?}");
    }
    assert!(step.time.parts.of(Operator::TensorParallel).seconds() <= 0.0);
}
