//! One optimizer step: passes of all micro batches, bubble, communication between replicas,
//! update.

use serde::Serialize;

use super::communication::{Group, exposed};
use super::error::{Hint, TrainingError};
use super::layer::{LayerTimer, Means, Passes, Slice};
use super::memory::{Memory, Parameters, Share};
use super::parts::{Operator, Parts};
use super::plan::{Plan, Recomputation, Schedule, Sharding, real};
use super::schedule::{StageSeconds, bubble_s, slowest_stage_s};
use crate::estimate::Estimate;
use crate::kernels::collective::CollectiveOperation;
use crate::kernels::elementwise::{ElementwiseKind, ElementwiseShape};
use crate::model::{AttentionCount, LayerKind, Model};

/// Passes of one micro batch through the whole model.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ModelPasses {
    /// All layers, further-token modules included.
    pub layers: Passes,
    /// Embedding, head and loss.
    pub head: Passes,
}

impl ModelPasses {
    /// Times every kind of layer once.
    #[must_use]
    pub fn of(model: &Model, means: Means<'_>, slice: Slice) -> Self {
        let mut layers = Passes::default();
        let timer = || LayerTimer::new(means, slice, model.hidden);
        let predicted = model.prediction.as_ref().map(|prediction| &prediction.layer);
        let mut alike = None;
        for kind in model.layer_kinds() {
            let layer = timer().layer(kind);
            let is_alike = |other: &LayerKind| {
                other.attention == kind.attention && other.feed_forward == kind.feed_forward
            };
            if predicted.is_some_and(is_alike) {
                alike = Some(layer);
            }
            layers.add_scaled(&layer, real(kind.count));
        }
        let mut head = timer().head(model);
        if let Some(prediction) = &model.prediction {
            let modules = real(prediction.modules);
            let one_head = head;
            let layer = alike.unwrap_or_else(|| timer().layer(&prediction.layer));
            head.add_scaled(&timer().join(), modules);
            head.add_scaled(&layer, modules);
            head.add_scaled(&one_head, modules);
        }
        Self { layers, head }
    }
}

/// Time of one optimizer step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StepTime {
    /// By operator, averaged over the stages.
    pub parts: Parts,
    /// Waiting for other stages: the schedule's bubble and what uneven stages cost.
    pub bubble_s: f64,
    /// Of all parts, what is computed a second time.
    pub recomputation_s: f64,
}

impl StepTime {
    /// The whole.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.parts.seconds() + self.bubble_s
    }

    /// By cause; with [`StepTime::bubble_s`] it sums to the whole.
    #[must_use]
    pub fn by_cause(&self) -> Estimate {
        self.parts.sum()
    }
}

/// Bytes that an update reads and writes for each parameter besides the state itself.
const UPDATE_PASSES: f64 = 2.0;

/// Composes a step from the passes of a micro batch. No allocation; a few hundred operations.
///
/// A step is the time of all micro batches in the slowest stage, the schedule's bubble, and
/// what communication cannot hide under the slowest stage.
#[must_use]
pub fn step_time(
    model: &Model,
    parameters: &Parameters,
    plan: &Plan,
    means: Means<'_>,
    passes: &ModelPasses,
) -> StepTime {
    let stages = real(plan.pipeline);
    let batches = real(plan.micro_batches());
    let repeated = match plan.recomputation {
        Recomputation::None => Parts::default(),
        Recomputation::Selective => passes.layers.light.scaled(1.0 / stages),
        Recomputation::Full => passes.layers.forward.scaled(1.0 / stages),
    };
    let mut mean = passes.layers;
    mean.add_scaled(&passes.head, 1.0);
    let mut parts = Parts::default();
    for pass in [&mean.forward, &mean.input, &mean.weight] {
        parts.add_scaled(pass, batches / stages);
    }
    parts.add_scaled(&repeated, batches);

    let slowest = slowest_s(model, plan, passes, &repeated);
    let uneven = (slowest - parts.seconds() / batches.max(1.0)).max(0.0);
    let traffic = Traffic::of(model, parameters, plan, means);
    let send = traffic.transfer * (1.0 - traffic.transfer_hidden);
    let stage = StageSeconds {
        forward: mean.forward.seconds() / stages + send.seconds(),
        input: mean.input.seconds() / stages + repeated.seconds() + send.seconds(),
        weight: mean.weight.seconds() / stages,
    };
    let bubble = bubble_s(plan.schedule, stages, real(plan.virtual_stages), &stage) + batches * uneven;

    let room = traffic.room(batches) * slowest;
    let (transfer, between) = traffic.each_micro_batch(room);
    parts.add(Operator::PipelineParallel, transfer * batches);
    parts.add(Operator::DataParallel, between * batches);
    parts.add(Operator::DataParallel, exposed(traffic.once, traffic.data_hidden, room));
    parts.add(Operator::Optimizer, update(parameters, plan, means));
    let pause = Estimate { latency_s: means.software.step_ms * 1e-3, ..Estimate::default() };
    parts.add(Operator::Host, pause);
    StepTime { parts, bubble_s: bubble, recomputation_s: batches * repeated.seconds() }
}

/// Time of a micro batch in the slowest stage.
fn slowest_s(model: &Model, plan: &Plan, passes: &ModelPasses, repeated: &Parts) -> f64 {
    let stages = real(plan.pipeline);
    let layers = model.layer_count();
    let all = |passes: &Passes| passes.forward.seconds() + passes.input.seconds() + passes.weight.seconds();
    let layer = (all(&passes.layers) + repeated.seconds() * stages) / real(layers).max(1.0);
    slowest_stage_s(layers, plan.pipeline, plan.virtual_stages, layer, all(&passes.head))
}

/// What a chip communicates outside of layers.
#[derive(Debug, Clone, Copy)]
struct Traffic {
    /// Activations and their gradients, to and from other stages, for each micro batch.
    transfer: Estimate,
    transfer_hidden: f64,
    /// Weights and gradients for each micro batch, where they are divided among replicas.
    each: Estimate,
    /// Weights and gradients once a step.
    once: Estimate,
    data_hidden: f64,
}

impl Traffic {
    fn of(model: &Model, parameters: &Parameters, plan: &Plan, means: Means<'_>) -> Self {
        let (each, once) = between_replicas(parameters, plan, means);
        Self {
            transfer: transfers(model, plan, means),
            transfer_hidden: if plan.schedule == Schedule::DualPipe { 1.0 } else { plan.overlap.pipeline },
            each,
            once,
            data_hidden: 1.0 - means.software.data_exposed,
        }
    }

    /// Share of the slowest stage's time under which communication may hide. Where there is
    /// traffic of both kinds they share it, so that no second of arithmetic hides more than
    /// one of communication: a faster chip must not seem slower.
    fn room(&self, batches: f64) -> f64 {
        let each = self.transfer.seconds() + self.each.seconds() > 0.0;
        if each && self.once.seconds() > 0.0 { batches / (batches + 1.0) } else { 1.0 }
    }

    /// What is not hidden of transfers, and of what passes between replicas, for each micro
    /// batch; both hide under the same `room_s`.
    fn each_micro_batch(&self, room_s: f64) -> (Estimate, Estimate) {
        let hidden = self.transfer.seconds() * self.transfer_hidden + self.each.seconds() * self.data_hidden;
        let excess = if hidden > 0.0 { ((hidden - room_s) / hidden).max(0.0) } else { 0.0 };
        let share = |hides: f64| 1.0 - hides + hides * excess;
        (self.transfer * share(self.transfer_hidden), self.each * share(self.data_hidden))
    }
}

/// Sending of activations to the next stage for each chunk, and of gradients back.
fn transfers(model: &Model, plan: &Plan, means: Means<'_>) -> Estimate {
    if plan.pipeline < 2 {
        return Estimate::default();
    }
    let tokens = real(plan.micro_batch) * real(plan.sequence) / real(plan.context);
    let divided = if plan.sequence_parallel { real(plan.tensor) } else { 1.0 };
    let bytes = tokens / divided * real(model.hidden) * 2.0;
    let stride = real(plan.chips / plan.pipeline);
    means.domain.send(means.machine, stride, bytes) * (2.0 * real(plan.virtual_stages))
}

/// Ranks that hold copies of the dense weights.
fn dense_group(plan: &Plan) -> Group {
    Group { ranks: real(plan.replicas() * plan.context), stride: real(plan.tensor) }
}

/// Ranks that hold copies of the same experts.
fn expert_group(plan: &Plan) -> Group {
    Group { ranks: plan.expert_replicas().max(1.0), stride: real(plan.expert) }
}

/// A collective over the replicas of a chip's parameters, dense and experts'.
fn over_replicas(
    plan: &Plan,
    means: Means<'_>,
    share: &Share,
    operation: CollectiveOperation,
    bytes: f64,
    pieces: f64,
) -> Estimate {
    // One call for each piece (a layer, a bucket) pays the latency of each.
    let over = |group: Group, count: f64| {
        let group = limited(plan, group);
        means.domain.collective(means.machine, operation, group, count * bytes / pieces) * pieces
    };
    let mut all = over(dense_group(plan), share.dense);
    if share.experts > 0.0 {
        all += over(expert_group(plan), share.experts);
    }
    all
}

/// The part of a group within which state is divided.
fn limited(plan: &Plan, group: Group) -> Group {
    if plan.sharding >= Sharding::Gradients && plan.shard_ranks > 0 {
        Group { ranks: group.ranks.min(real(plan.shard_ranks)), ..group }
    } else {
        group
    }
}

/// Layers whose weights are gathered by one call.
const PIECES: f64 = 32.0;

/// What passes between replicas for each micro batch, and what passes once a step.
///
/// With weights divided, every micro batch gathers those of each layer, forward and again
/// backward, and scatters gradients; with gradients divided it scatters them. Once a step
/// gradients are summed and weights gathered, as far as they are whole.
fn between_replicas(parameters: &Parameters, plan: &Plan, means: Means<'_>) -> (Estimate, Estimate) {
    if plan.chips <= plan.model_chips() && plan.context < 2 {
        return (Estimate::default(), Estimate::default());
    }
    let share = Share::of(parameters, plan);
    let state = &plan.state;
    let over = |operation, bytes| over_replicas(plan, means, &share, operation, bytes, PIECES);
    let scatter = || over(CollectiveOperation::ReduceScatter, state.reduced);
    let gather = || over(CollectiveOperation::AllGather, state.gathered);
    match plan.sharding {
        Sharding::None => (Estimate::default(), over(CollectiveOperation::AllReduce, state.reduced)),
        Sharding::Optimizer => (Estimate::default(), scatter() + gather()),
        Sharding::Gradients => (scatter(), gather()),
        Sharding::Parameters => (gather() * 2.0 + scatter(), Estimate::default()),
    }
}

/// Update of the weights: state and gradients are read, state and weights written.
fn update(parameters: &Parameters, plan: &Plan, means: Means<'_>) -> Estimate {
    let share = Share::of(parameters, plan);
    let divided = plan.sharding >= Sharding::Optimizer;
    let ranks = |group: Group| if divided { limited(plan, group).ranks.max(1.0) } else { 1.0 };
    let count = share.dense / ranks(dense_group(plan)) + share.experts / ranks(expert_group(plan));
    let state = &plan.state;
    let bytes = state.master + state.moments;
    means.machine.elementwise(&ElementwiseShape {
        kind: ElementwiseKind::Add,
        rows: (count / 4096.0).max(1.0),
        columns: 4096.0,
        read_bytes: bytes + UPDATE_PASSES * state.gradient,
        write_bytes: bytes + state.weight,
    })
}

/// A step as it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Step {
    /// The plan.
    pub plan: Plan,
    /// Time.
    pub time: StepTime,
    /// Memory of the fullest chip.
    pub memory: Memory,
    /// Seconds.
    pub seconds: f64,
    /// Tokens of a step.
    pub tokens: f64,
    /// Tokens per second and chip.
    pub tokens_per_s_per_chip: f64,
    /// Operations of a step without recomputation: six for each parameter that a token is
    /// multiplied with (head included, embedding not), attention counted causally.
    pub model_flops: f64,
    /// Share of the published dense 16-bit rate (of the rate of the products' precision in
    /// [`Step::own_utilization`]) at which [`Step::model_flops`] are done.
    pub model_utilization: f64,
    /// The same with what is computed again.
    pub hardware_utilization: f64,
    /// [`Step::model_utilization`] against the rate of the precision of the products.
    pub own_utilization: f64,
}

/// Share of the published memory that can be allocated.
const USABLE_MEMORY: f64 = 0.96;

impl Step {
    /// Computes a step.
    ///
    /// # Errors
    /// The plan is impossible, a figure of the chip is not positive, or the memory does not
    /// suffice.
    pub fn of(model: &Model, plan: &Plan, means: Means<'_>) -> Result<Self, TrainingError> {
        let step = Self::unlimited(model, plan, means)?;
        fits(&step.memory, means.machine.accelerator.memory_bytes)?;
        Ok(step)
    }

    /// Computes a step as if memory were unlimited.
    ///
    /// # Errors
    /// The plan is impossible, or a figure of the chip is not positive.
    pub fn unlimited(model: &Model, plan: &Plan, means: Means<'_>) -> Result<Self, TrainingError> {
        plan.check(model)?;
        check_figures(plan, means)?;
        let parameters = Parameters::of(model);
        let passes = ModelPasses::of(model, means, Slice::from(&with_schedule(plan)));
        let time = step_time(model, &parameters, plan, means, &passes);
        Ok(Self::answer(model, &parameters, plan, means, time))
    }

    /// Puts an answer together.
    #[must_use]
    pub fn answer(
        model: &Model,
        parameters: &Parameters,
        plan: &Plan,
        means: Means<'_>,
        time: StepTime,
    ) -> Self {
        let seconds = time.seconds();
        let tokens = plan.tokens();
        let chips = real(plan.chips);
        let sequence = real(plan.sequence);
        let model_flops = tokens * training_flops_per_token(model, sequence);
        let again = match plan.recomputation {
            Recomputation::None => 0.0,
            Recomputation::Selective => model.attention_flops_per_token(sequence, AttentionCount::Causal),
            Recomputation::Full => {
                2.0 * model.layer_products()
                    + model.attention_flops_per_token(sequence, AttentionCount::Causal)
            }
        };
        let accelerator = &means.machine.accelerator;
        let half = accelerator.rate(crate::precision::Arithmetic::Bf16);
        let own = accelerator.rate(means.machine.accelerator.supported(plan.precision).arithmetic());
        let share = |flops: f64, rate: f64| flops / (seconds * chips * rate);
        Self {
            plan: *plan,
            time,
            memory: Memory::of(model, parameters, plan),
            seconds,
            tokens,
            tokens_per_s_per_chip: tokens / seconds / chips,
            model_flops,
            model_utilization: share(model_flops, half),
            hardware_utilization: share(model_flops + tokens * again, half),
            own_utilization: share(model_flops, own),
        }
    }
}

/// DualPipe hides the exchange among experts under the other direction's arithmetic.
#[must_use]
pub fn with_schedule(plan: &Plan) -> Plan {
    let mut plan = *plan;
    if plan.schedule == Schedule::DualPipe {
        plan.overlap.expert = plan.overlap.expert.max(0.95);
    }
    plan
}

/// Operations of a training step for a token, further-token modules included.
#[must_use]
pub fn training_flops_per_token(model: &Model, sequence: f64) -> f64 {
    let further = model.prediction.map_or(0.0, |prediction| {
        let join = 2.0 * real(model.hidden) * real(model.hidden);
        let layer = prediction.layer.active_parameters(model.hidden) + join + model.head_products();
        let attention = prediction.layer.attention.flops_per_token(sequence, AttentionCount::Causal);
        real(prediction.modules) * (6.0 * layer + 3.0 * attention)
    });
    model.training_flops_per_token(sequence, AttentionCount::Causal) + further
}

fn check_figures(plan: &Plan, means: Means<'_>) -> Result<(), TrainingError> {
    let accelerator = &means.machine.accelerator;
    let figures = [
        ("memory bandwidth", accelerator.memory_bandwidth),
        ("memory", accelerator.memory_bytes),
        ("cores", accelerator.cores),
        ("clock", accelerator.clock),
        ("network bandwidth", means.domain.fabric_bandwidth),
    ];
    for (what, value) in figures {
        if !(value > 0.0 && value.is_finite()) {
            return Err(TrainingError::NotPositive { what, found: value.to_string() });
        }
    }
    let scheme = means.machine.accelerator.supported(plan.precision);
    let rate = accelerator.rate(scheme.arithmetic());
    if !(rate > 0.0 && rate.is_finite()) {
        return Err(TrainingError::NoArithmetic { precision: plan.precision.name() });
    }
    Ok(())
}

/// Says which part is too large if the whole does not fit.
///
/// # Errors
/// It does not fit.
pub fn fits(memory: &Memory, capacity: f64) -> Result<(), TrainingError> {
    let available = capacity * USABLE_MEMORY;
    let needed = memory.total();
    if needed <= available {
        return Ok(());
    }
    let (part, bytes) = memory.largest();
    let gb = 1e-9;
    Err(TrainingError::DoesNotFit {
        needed_gb: needed * gb,
        available_gb: available * gb,
        over_gb: (needed - available) * gb,
        part,
        part_gb: bytes * gb,
        hint: Hint(None),
    })
}
