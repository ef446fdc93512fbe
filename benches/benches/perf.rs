//! The performance engine on one thread: single operators, whole steps of DeepSeek-V3 with
//! expert and pipeline parallelism, and searches over executions.
//!
//! ```console
//! $ cargo bench -p narrows-benches --bench perf
//! ```

#![expect(clippy::expect_used, reason = "a benchmark that fails has no result")]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use narrows::Workbench;
use narrows_benches::performance::{Serving, Training};
use narrows_perf::kernels::attention::AttentionShape;
use narrows_perf::kernels::collective::{CollectiveMethod, CollectiveOperation, CollectiveShape, LinkClass};
use narrows_perf::kernels::elementwise::{ElementwiseKind, ElementwiseShape};
use narrows_perf::kernels::exchange::{ExchangeShape, USUAL_CORES};
use narrows_perf::kernels::experts::ExpertsShape;
use narrows_perf::kernels::gemm::GemmShape;
use narrows_perf::kernels::mla::MlaShape;
use narrows_perf::serving::{Batch, Worker};
use narrows_perf::training::step::{ModelPasses, fits, step_time, with_schedule};
use narrows_perf::training::{Limits, Memory, Parameters, Plan, Sharding, Slice, Step, search};
use narrows_perf::{Estimate, Machine, Scheme};

fn main() {
    divan::main();
}

/// One operator on an H20, its shape not known beforehand.
fn operator<S: Copy>(bencher: Bencher<'_, '_>, shape: S, estimate: impl Fn(&Machine, &S) -> Estimate) {
    let workbench = Workbench::default();
    let serving = Serving::deepseek_v3(&workbench);
    let machine = &serving.setting.machine;
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| estimate(black_box(machine), &black_box(shape)));
}

#[divan::bench(sample_size = 1_000)]
fn operator_gemm(bencher: Bencher<'_, '_>) {
    operator(bencher, GemmShape::new(4096.0, 7168.0, 2048.0, Scheme::Fp8), Machine::gemm);
}

fn attention(query_length: f64) -> AttentionShape {
    AttentionShape {
        batch: 16.0,
        query_length,
        kv_length: 4096.0,
        heads: 64.0,
        kv_heads: 8.0,
        head_dim: 128.0,
        window: f64::INFINITY,
        causal: true,
        scheme: Scheme::Bf16,
        kv_scheme: Scheme::Bf16,
    }
}

#[divan::bench(sample_size = 1_000)]
fn operator_attention_prefill(bencher: Bencher<'_, '_>) {
    operator(bencher, attention(4096.0), Machine::prefill);
}

#[divan::bench(sample_size = 1_000)]
fn operator_attention_decode(bencher: Bencher<'_, '_>) {
    operator(bencher, attention(1.0), Machine::decode);
}

#[divan::bench(sample_size = 1_000, args = [true, false])]
fn operator_mla(bencher: Bencher<'_, '_>, absorbed: bool) {
    let shape = MlaShape {
        absorbed,
        batch: 16.0,
        query_length: if absorbed { 1.0 } else { 4096.0 },
        kv_length: 4096.0,
        heads: 128.0,
        latent: 512.0,
        rope: 64.0,
        key: 128.0,
        value: 128.0,
        scheme: Scheme::Bf16,
        kv_scheme: Scheme::Bf16,
    };
    operator(bencher, shape, Machine::mla);
}

/// Tokens spread evenly over experts, and by a power law.
#[divan::bench(sample_size = 1_000, args = [0.0, 1.2])]
fn operator_experts(bencher: Bencher<'_, '_>, skew: f64) {
    let shape = ExpertsShape {
        tokens: 512.0,
        hidden: 7168.0,
        intermediate: 2048.0,
        top_k: 8.0,
        experts: 256.0,
        tensor_parallel: 1.0,
        expert_parallel: 8.0,
        skew,
        gated: true,
        scheme: Scheme::Fp8Block,
    };
    operator(bencher, shape, Machine::experts);
}

#[divan::bench(sample_size = 1_000)]
fn operator_elementwise(bencher: Bencher<'_, '_>) {
    let shape = ElementwiseShape {
        kind: ElementwiseKind::Normalization,
        rows: 4096.0,
        columns: 7168.0,
        read_bytes: 2.0,
        write_bytes: 2.0,
    };
    operator(bencher, shape, Machine::elementwise);
}

#[divan::bench(sample_size = 1_000)]
fn operator_collective(bencher: Bencher<'_, '_>) {
    let shape = CollectiveShape {
        operation: CollectiveOperation::AllReduce,
        ranks: 8.0,
        bytes: 64e6,
        link: LinkClass::Switched,
        bandwidth: 450e9,
        method: CollectiveMethod::Framework,
    };
    operator(bencher, shape, Machine::collective);
}

#[divan::bench(sample_size = 1_000)]
fn operator_exchange(bencher: Bencher<'_, '_>) {
    let shape = ExchangeShape {
        tokens: 4096.0,
        hidden: 7168.0,
        top_k: 8.0,
        experts: 256.0,
        ranks: 64.0,
        nodes: 8.0,
        low_latency: false,
        cores: USUAL_CORES,
        dispatch_bytes: 1.0,
        combine_bytes: 2.0,
        link: LinkClass::Switched,
        node_bandwidth: 200e9,
        fabric_bandwidth: 50e9,
    };
    operator(bencher, shape, Machine::exchange);
}

/// Nothing remembered: parameters counted, layers timed, step composed, memory counted.
#[divan::bench(sample_size = 100)]
fn training_step_from_nothing(bencher: Bencher<'_, '_>) {
    let workbench = Workbench::default();
    let training = Training::deepseek_v3(&workbench, "H800");
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        Step::unlimited(black_box(&training.model), &black_box(training.plan), training.means())
            .expect("a plan that is possible")
    });
}

/// Layers timed once; plans that divide the rest otherwise are composed, and their memory
/// counted, as in a search.
#[divan::bench(sample_size = 100)]
fn training_step_of_shapes_remembered(bencher: Bencher<'_, '_>) {
    let workbench = Workbench::default();
    let training = Training::deepseek_v3(&workbench, "H800");
    let model = &training.model;
    let parameters = Parameters::of(model);
    let slice = Slice::from(&with_schedule(&training.plan));
    let passes = ModelPasses::of(model, training.means(), slice);
    let mut plans = Vec::new();
    for pipeline in [2_usize, 4, 8, 16] {
        for sharding in Sharding::ALL {
            plans.push(Plan { pipeline, sharding, ..training.plan });
        }
    }
    bencher.counter(ItemsCount::new(plans.len())).bench_local(|| {
        for plan in &plans {
            let plan = black_box(plan);
            plan.check(model).expect("a plan that is possible");
            let memory = Memory::of(model, &parameters, plan);
            let fit = fits(&memory, training.memory_bytes());
            black_box(fit.is_ok());
            black_box(step_time(model, &parameters, plan, training.means(), &passes));
        }
    });
}

/// The whole grid of executions of DeepSeek-V3 on 2,048 H200; the counter is of executions
/// that are possible and fit.
#[divan::bench(sample_count = 3, sample_size = 1)]
fn training_search(bencher: Bencher<'_, '_>) {
    let workbench = Workbench::default();
    let training = Training::deepseek_v3(&workbench, "H200");
    let limits = Limits::default();
    let run = || {
        search(&training.model, black_box(&training.plan), training.means(), &limits, &mut |_, _| {})
            .expect("executions that fit")
    };
    let found = run();
    assert!(found.valid >= 100_000, "the bar is set for 100,000 valid executions, there are {}", found.valid);
    bencher.counter(ItemsCount::new(found.valid)).bench_local(run);
}

/// A step of 2,048 sequences at 4,864 tokens of context, on 32 H20.
#[divan::bench(sample_size = 100)]
fn serving_step(bencher: Bencher<'_, '_>) {
    let workbench = Workbench::default();
    let serving = Serving::deepseek_v3(&workbench);
    let machine = &serving.setting.machine;
    let worker = Worker::new(&serving.model, machine, serving.setting.domain, serving.deployment());
    let worker = worker.expect("a model that can be divided so");
    let batch = Batch::decode(2_048.0, 4_864.0);
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| black_box(&worker).step(&black_box(batch)));
}

/// All executions of DeepSeek-V3 on up to 64 H20, with and without workers of their own for
/// prompts; the counter is of executions looked at.
#[divan::bench(sample_count = 10, args = [false, true])]
fn serving_search(bencher: Bencher<'_, '_>, disaggregate: bool) {
    let workbench = Workbench::default();
    let serving = Serving::deepseek_v3(&workbench);
    let search = serving.search(disaggregate);
    let seen = search.run(&mut |_| {}).candidates;
    bencher.counter(ItemsCount::new(seen)).bench_local(|| black_box(&search).run(&mut |_| {}));
}
