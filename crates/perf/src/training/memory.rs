//! Memory of a training step by part, on the chip that needs most.

use serde::Serialize;

use super::plan::{Plan, Recomputation, Sharding, real};
use super::schedule::{kept_micro_batches, weight_copies};
use crate::model::{Attention, FeedForward, LayerKind, Model};

/// Parameters of a model by how they are divided.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Parameters {
    /// Of layers, divided by tensor parallelism.
    pub dense: f64,
    /// Of routed experts, divided among experts' chips.
    pub experts: f64,
    /// Of the embedding; the first stage has them.
    pub embedding: f64,
    /// Of the head; the last stage has them.
    pub head: f64,
}

impl Parameters {
    /// Parameters of a model, further-token modules included.
    #[must_use]
    pub fn of(model: &Model) -> Self {
        let mut all =
            Self { embedding: model.embedding_parameters(), head: model.head_products(), ..Self::default() };
        let mut add = |kind: &LayerKind, count: f64| {
            let routed = match &kind.feed_forward {
                FeedForward::Experts(experts) => {
                    real(experts.experts) * experts.expert_parameters(model.hidden)
                }
                FeedForward::Dense(_) | FeedForward::None => 0.0,
            };
            all.dense += count * (kind.total_parameters(model.hidden) - routed);
            all.experts += count * routed;
        };
        for kind in model.layer_kinds() {
            add(kind, real(kind.count));
        }
        if let Some(prediction) = &model.prediction {
            add(&prediction.layer, real(prediction.modules));
            all.dense += real(prediction.modules) * 2.0 * real(model.hidden) * real(model.hidden);
        }
        all
    }
}

/// Parameters on one chip before they are divided among replicas.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Share {
    /// Those of which all replicas have a copy.
    pub dense: f64,
    /// Those of experts.
    pub experts: f64,
}

impl Share {
    /// What a chip of the stage with the embedding or the head holds, whichever is more.
    #[must_use]
    pub fn of(parameters: &Parameters, plan: &Plan) -> Self {
        let stages = real(plan.pipeline);
        let copies = weight_copies(plan.schedule);
        let ends = if plan.pipeline == 1 {
            parameters.embedding + parameters.head
        } else {
            parameters.embedding.max(parameters.head)
        };
        Self {
            dense: (copies * parameters.dense / stages + ends) / real(plan.tensor),
            experts: copies * parameters.experts / (stages * real(plan.expert)),
        }
    }
}

/// Bytes on the fullest chip, by part; the whole is the sum.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Memory {
    /// Weights as products read them.
    pub weights: f64,
    /// Gradients.
    pub gradients: f64,
    /// Master copy and moments.
    pub optimizer: f64,
    /// What the backward pass needs of the forward pass.
    pub activations: f64,
    /// Logits with their gradient.
    pub logits: f64,
    /// Gathered layers, tokens on their way, buffers of collectives.
    pub buffers: f64,
    /// Runtime and fragmentation.
    pub overhead: f64,
}

/// Bytes that runtime, libraries and communicators take.
const RUNTIME_BYTES: f64 = 1.5e9;
/// Share of activations lost to fragmentation.
const FRAGMENTATION: f64 = 0.05;

impl Memory {
    /// The whole.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.parts().iter().map(|(_, bytes)| bytes).sum()
    }

    /// Parts with their names.
    #[must_use]
    pub const fn parts(&self) -> [(&'static str, f64); 7] {
        [
            ("weights", self.weights),
            ("gradients", self.gradients),
            ("optimizer", self.optimizer),
            ("activations", self.activations),
            ("logits", self.logits),
            ("buffers", self.buffers),
            ("overhead", self.overhead),
        ]
    }

    /// The largest part.
    #[must_use]
    pub fn largest(&self) -> (&'static str, f64) {
        let start = ("weights", self.weights);
        self.parts().into_iter().fold(start, |best, part| if part.1 > best.1 { part } else { best })
    }

    /// Memory of a plan.
    #[must_use]
    pub fn of(model: &Model, parameters: &Parameters, plan: &Plan) -> Self {
        let share = Share::of(parameters, plan);
        let divided = |from: Sharding, count: f64, replicas: f64| {
            if plan.sharding >= from { count / replicas.max(1.0) } else { count }
        };
        let limit = |replicas: f64| {
            if plan.shard_ranks == 0 { replicas } else { replicas.min(real(plan.shard_ranks)) }
        };
        let dense_replicas = limit(real(plan.replicas() * plan.context));
        let expert_replicas = limit(plan.expert_replicas());
        let on_chip = |from: Sharding| {
            divided(from, share.dense, dense_replicas) + divided(from, share.experts, expert_replicas)
        };
        let state = &plan.state;
        let tokens = real(plan.micro_batch) * real(plan.sequence) / real(plan.context);
        let activations = Activations { plan, tokens, hidden: real(model.hidden) };
        let kept = kept_micro_batches(
            plan.schedule,
            real(plan.pipeline),
            real(plan.virtual_stages),
            real(plan.micro_batches()),
        );
        let (mut layers, mut widest) = (0.0, 0.0_f64);
        for kind in model.layer_kinds() {
            let whole = activations.of_layer(kind, Recomputation::None);
            layers += real(kind.count) * activations.of_layer(kind, plan.recomputation);
            widest = widest.max(whole);
        }
        let mut activation_bytes = kept * layers / real(plan.pipeline);
        if plan.recomputation == Recomputation::Full {
            activation_bytes += widest;
        }
        let per_layer = parameters.dense / real(model.layer_count()).max(1.0) / real(plan.tensor)
            + parameters.experts / real(model.layer_count()).max(1.0) / real(plan.expert);
        let gathered = if plan.sharding >= Sharding::Parameters {
            2.0 * per_layer * state.gathered + per_layer * state.gradient
        } else {
            0.0
        };
        let vocabulary = real(model.vocabulary) / real(plan.tensor);
        let buffers = gathered + activations.in_flight(model);
        Self {
            weights: on_chip(Sharding::Parameters) * state.weight,
            gradients: on_chip(Sharding::Gradients) * state.gradient,
            optimizer: on_chip(Sharding::Optimizer) * (state.master + state.moments),
            activations: activation_bytes,
            // 16-bit logits, their single-precision copy, and its gradient in place.
            logits: tokens * vocabulary * 6.0,
            buffers,
            overhead: RUNTIME_BYTES + FRAGMENTATION * activation_bytes,
        }
    }
}

/// Activations of a micro batch.
struct Activations<'a> {
    plan: &'a Plan,
    tokens: f64,
    hidden: f64,
}

impl Activations<'_> {
    /// Bytes that one layer keeps of a micro batch, after Korthikanti et al. 2022: 34 s b h
    /// for a GPT layer with dropout, of which 10 are divided only along the sequence, and
    /// 5 a s^2 b where scores are written.
    fn of_layer(&self, kind: &LayerKind, recomputation: Recomputation) -> f64 {
        let plan = self.plan;
        let tensor = real(plan.tensor);
        let rest = if plan.sequence_parallel { tensor } else { 1.0 };
        if recomputation == Recomputation::Full {
            return 2.0 * self.hidden * self.tokens / rest;
        }
        let mask = if plan.dropout { self.hidden } else { 0.0 };
        // Inputs of products are kept in the products' precision; norms' inputs in 16 bits.
        let stored = plan.precision.activation_bytes();
        let light = recomputation == Recomputation::Selective && !plan.writes_scores;
        let normed = if light { 0.0 } else { stored };
        let around = (2.0 + normed) * self.hidden + mask;
        let mut along = 0.0;
        let mut across = 0.0;
        if !matches!(kind.attention, Attention::None) {
            along += around;
            across += self.of_attention(&kind.attention, recomputation, light);
        }
        match &kind.feed_forward {
            FeedForward::Dense(dense) => {
                along += around;
                across += inside(real(dense.inner), dense.gated, stored, light);
            }
            FeedForward::Experts(experts) => {
                along += around;
                across += inside(real(experts.shared_inner), experts.gated, stored, light);
                let width = if experts.latent == 0 { self.hidden } else { real(experts.latent) };
                let routed = stored * width + inside(real(experts.inner), experts.gated, stored, light);
                // Experts' tokens are divided like the sequence.
                along += real(experts.top_k) * routed * rest / tensor;
            }
            FeedForward::None => {}
        }
        self.tokens * (along / rest + across / tensor)
    }

    fn of_attention(&self, attention: &Attention, recomputation: Recomputation, light: bool) -> f64 {
        let written = self.plan.writes_scores && recomputation == Recomputation::None;
        let stored = self.plan.precision.activation_bytes();
        match attention {
            Attention::Grouped(attention) => {
                let heads = real(attention.heads);
                let cached = real(attention.kv_heads * (attention.head_dim + attention.value_dim));
                let scores = if written { 5.0 * heads * real(self.plan.sequence) } else { 0.0 };
                let values = heads * real(attention.value_dim);
                2.0 * (heads * real(attention.head_dim) + cached) + 2.0 * values + scores
            }
            Attention::Latent(attention) => {
                let heads = real(attention.heads);
                let key = real(attention.qk_nope_head_dim + attention.qk_rope_head_dim);
                let value = real(attention.v_head_dim);
                let latent = real(attention.q_lora_rank + attention.kv_lora_rank);
                let up = if light { 0.0 } else { 2.0 * heads * (2.0 * key + value) };
                up + 2.0 * heads * value + stored * latent
            }
            Attention::Linear(attention) => {
                let values = real(attention.value_width());
                2.0 * (2.0 * real(attention.key_width()) + 3.0 * values)
            }
            Attention::None => 0.0,
        }
    }

    /// Tokens sent to experts and back, and a stage's input and output.
    fn in_flight(&self, model: &Model) -> f64 {
        let plan = self.plan;
        let routed = model.layer_kinds().iter().map(|kind| match &kind.feed_forward {
            FeedForward::Experts(experts) if plan.expert > 1 => real(experts.top_k),
            _ => 0.0,
        });
        let copies = routed.fold(0.0_f64, f64::max);
        let tokens = self.tokens / real(plan.tensor);
        let stages = if plan.pipeline > 1 { 4.0 } else { 0.0 };
        tokens * self.hidden * 2.0 * (2.0 * copies + stages)
    }
}

/// Bytes kept of a token inside a network: what goes into the activation function and, unless
/// it is computed again, what comes out of it.
fn inside(inner: f64, gated: bool, stored: f64, light: bool) -> f64 {
    // What is computed again needs no more than the products' precision (DeepSeek-V3, 3.3.3).
    let kept = if light { stored } else { 2.0 };
    let before = if gated { 2.0 * kept } else { kept };
    inner * if light { before } else { before + stored }
}
