//! Memory of a worker: weights, workspace, and how many sequences the cache holds.

use serde::Serialize;

use super::{Parallelism, Worker};
use crate::model::{Attention, FeedForward, LayerKind};
use crate::precision::Scheme;

/// Share of the memory that servers give to weights and cache together.
pub const USABLE: f64 = 0.95;

/// Memory of the fullest chip, in bytes. The parts add up to `used()`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Memory {
    /// Attention, dense networks, router.
    pub dense_weights: f64,
    /// Routed experts.
    pub expert_weights: f64,
    /// Embedding and head.
    pub vocabulary_weights: f64,
    /// Activations of the largest step.
    pub workspace: f64,
    /// Cached keys and values (and states) of the sequences asked for.
    pub cache: f64,
    /// What the chip lets servers use.
    pub usable: f64,
}

/// A model that does not fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "{part} do not fit: {needed_gb:.1} GB needed on a chip, {usable_gb:.1} GB usable, {over_gb:.1} GB too much{hint}",
    over_gb = needed_gb - usable_gb, hint = smallest.map_or_else(String::new, |chips| format!("; {chips} chips would do"))
)]
pub struct OutOfMemory {
    /// The part that is over.
    pub part: &'static str,
    /// Needed on a chip, in gigabytes.
    pub needed_gb: f64,
    /// Usable on a chip, in gigabytes.
    pub usable_gb: f64,
    /// The smallest number of chips of a worker that would do, if some number does.
    pub smallest: Option<usize>,
}

impl Memory {
    /// Everything.
    #[must_use]
    pub fn used(&self) -> f64 {
        self.weights() + self.workspace + self.cache
    }

    /// All weights.
    #[must_use]
    pub fn weights(&self) -> f64 {
        self.dense_weights + self.expert_weights + self.vocabulary_weights
    }
}

const fn real(count: usize) -> f64 {
    count as f64
}

const GIGA: f64 = 1e9;

/// Buffers of a step beside the residual stream: the widest activations and the buffers of
/// collectives, in widths of the model.
const WORKSPACE_WIDTHS: f64 = 12.0;
/// What drivers, graphs and libraries take.
const RUNTIME_BYTES: f64 = 2e9;

impl Worker<'_> {
    /// Memory of the fullest chip with `sequences` of `context` tokens in the whole worker
    /// and steps of at most `step_tokens` tokens on a chip.
    #[must_use]
    pub fn memory(&self, sequences: f64, context: f64, step_tokens: f64) -> Memory {
        let parallelism = &self.deployment.parallelism;
        let hidden = self.model.hidden;
        let (tensor, stages) = (real(parallelism.tensor), real(parallelism.pipeline));
        let mut memory = Memory {
            vocabulary_weights: (self.model.embedding_parameters() + self.model.head_parameters())
                * Scheme::Bf16.weight_bytes()
                / (tensor * if stages > 1.0 { 2.0 } else { 1.0 }),
            workspace: RUNTIME_BYTES + step_tokens * real(hidden) * 2.0 * WORKSPACE_WIDTHS,
            usable: USABLE * self.machine.accelerator.memory_bytes,
            ..Memory::default()
        };
        for kind in self.model.layer_kinds() {
            let (dense, routed) = self.layer_weights(kind);
            memory.dense_weights += dense * real(kind.count) / stages;
            memory.expert_weights += routed * real(kind.count) / stages;
        }
        let groups = real(parallelism.attention_data);
        let here = if sequences > 0.0 { (sequences / groups).max(sequences.min(1.0)) } else { 0.0 };
        memory.cache = here * self.cache_bytes(context);
        memory
    }

    /// Bytes of weights of one layer on a chip: dense and routed.
    fn layer_weights(&self, kind: &LayerKind) -> (f64, f64) {
        let parallelism = &self.deployment.parallelism;
        let hidden = self.model.hidden;
        let tensor = real(parallelism.tensor);
        let bytes = self.deployment.weights.weight_bytes();
        let attention = kind.attention.parameters(hidden) * bytes / tensor;
        let all = kind.feed_forward.parameters(hidden);
        match kind.feed_forward {
            FeedForward::Experts(experts) => {
                let routed = real(experts.experts) * experts.expert_parameters(hidden);
                let groups = real(parallelism.expert);
                let per_group = (real(experts.experts) / groups).ceil() * groups / real(experts.experts);
                let divided = groups * real(parallelism.expert_tensor);
                let dense = (all - routed).max(0.0) * bytes / tensor;
                (attention + dense, routed * per_group * self.deployment.experts.weight_bytes() / divided)
            }
            _ => (attention + all * bytes / tensor, 0.0),
        }
    }

    /// Bytes on a chip of the cache of one sequence of `context` tokens.
    #[must_use]
    pub fn cache_bytes(&self, context: f64) -> f64 {
        let parallelism = &self.deployment.parallelism;
        let layers = self.model.layer_kinds().iter().map(|kind| {
            let whole = kind.attention.cache_bytes(self.deployment.cache, context);
            let divided = match kind.attention {
                Attention::Grouped(attention) => real(attention.kv_heads.min(parallelism.tensor)),
                // Every chip keeps the whole latent vector.
                Attention::Latent(_) | Attention::None => 1.0,
                Attention::Linear(_) => real(parallelism.tensor),
            };
            real(kind.count) * whole / divided.max(1.0)
        });
        layers.sum::<f64>() / real(parallelism.pipeline)
    }

    /// How many sequences of `context` tokens the worker's cache holds.
    ///
    /// # Errors
    /// The weights leave no room for a single one.
    pub fn capacity(&self, context: f64, step_tokens: f64) -> Result<f64, OutOfMemory> {
        let memory = self.memory(0.0, context, step_tokens);
        let room = memory.usable - memory.used();
        let one = self.cache_bytes(context).max(1.0);
        if room >= one {
            return Ok(room / one * real(self.deployment.parallelism.attention_data));
        }
        let (part, needed) = if room >= 0.0 {
            ("keys and values of one sequence", memory.used() + one)
        } else if memory.weights() >= memory.workspace {
            ("weights", memory.used())
        } else {
            ("activations of one step", memory.used())
        };
        Err(OutOfMemory {
            part,
            needed_gb: needed / GIGA,
            usable_gb: memory.usable / GIGA,
            smallest: self.smallest(context, step_tokens),
        })
    }

    /// The smallest worker, dividing in the same manner, that holds one sequence.
    fn smallest(&self, context: f64, step_tokens: f64) -> Option<usize> {
        let mut worker = *self;
        for _ in 0..12 {
            let parallelism = &mut worker.deployment.parallelism;
            *parallelism = doubled(parallelism);
            let larger = Worker::new(self.model, self.machine, self.domain, worker.deployment).ok()?;
            let memory = larger.memory(1.0, context, step_tokens);
            if memory.used() <= memory.usable {
                return Some(larger.chips());
            }
        }
        None
    }
}

/// The same manner of division over twice as many chips.
fn doubled(parallelism: &Parallelism) -> Parallelism {
    let mut twice = *parallelism;
    if twice.attention_data > 1 {
        twice.attention_data *= 2;
    } else {
        twice.tensor *= 2;
    }
    if twice.expert > 1 {
        twice.expert *= 2;
    } else {
        twice.expert_tensor *= 2;
    }
    twice
}
