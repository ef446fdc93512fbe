//! How many full training steps a second one thread answers: GPT-3 on 1,024 A100, as
//! `benches/peer-performance` asks a peer.
//!
//! Two rates are printed: every step from nothing, and steps of shapes that were timed
//! before, as a search asks for them.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that fails has no result")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use narrows::Workbench;
use narrows_benches::performance::Training;
use narrows_perf::training::step::{ModelPasses, step_time, with_schedule};
use narrows_perf::training::{Memory, Parameters, Slice, Step};

/// How long each rate is measured.
const WHILE: Duration = Duration::from_secs(3);

fn main() {
    let workbench = Workbench::default();
    let training = Training::gpt3(&workbench);
    let (model, plan) = (&training.model, &training.plan);
    let whole = || Step::of(black_box(model), black_box(plan), training.means()).expect("it fits");
    let step = whole();
    let parameters = Parameters::of(model);
    let passes = ModelPasses::of(model, training.means(), Slice::from(&with_schedule(plan)));
    let composed = || {
        let plan = black_box(plan);
        plan.check(model).expect("a plan that is possible");
        black_box(Memory::of(model, &parameters, plan));
        step_time(model, &parameters, plan, training.means(), &passes)
    };
    println!("{{");
    println!("  \"latency_per_iteration_s\": {:.4},", step.seconds);
    println!("  \"memory_per_chip_gb\": {:.2},", step.memory.total() / 1e9);
    println!("  \"parameters\": {:.0},", model.total_parameters());
    println!("  \"steps_per_s\": {:.0},", rate(whole));
    println!("  \"steps_per_s_of_shapes_remembered\": {:.0}", rate(composed));
    println!("}}");
}

/// Calls a second.
fn rate<T>(mut call: impl FnMut() -> T) -> f64 {
    let (start, mut calls) = (Instant::now(), 0_u32);
    while start.elapsed() < WHILE {
        for _ in 0..100 {
            black_box(call());
        }
        calls += 100;
    }
    f64::from(calls) / start.elapsed().as_secs_f64()
}
