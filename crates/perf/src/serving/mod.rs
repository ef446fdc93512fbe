//! Serving: the time and memory of prefill and decode steps, and the steady state of a
//! server that batches continuously.
//!
//! A [`Worker`] is a model on a group of chips; it answers how long one step takes
//! ([`Worker::step`]) and how many tokens its memory holds ([`memory`]). [`steady`] turns
//! steps into time to first token, time per output token and throughput in closed form;
//! [`simulation`] checks that by replaying requests one by one.

pub mod disaggregated;
pub mod host;
pub mod memory;
pub mod profile;
pub mod search;
pub mod simulation;
pub mod steady;
pub mod step;

use serde::Serialize;

use crate::machine::Machine;
use crate::model::{Attention, FeedForward, Model};
use crate::network::Domain;
use crate::precision::Scheme;

pub use host::{Host, HostShape};
pub use memory::{Memory, OutOfMemory};
pub use profile::{Overheads, Profile};
pub use steady::{Load, Steady};
pub use step::{Batch, Part, Step};

/// How a model is divided among the chips of one worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Parallelism {
    /// Chips that share each attention layer and dense network.
    pub tensor: usize,
    /// Stages of layers.
    pub pipeline: usize,
    /// Groups that attend to different sequences but share the experts.
    pub attention_data: usize,
    /// Chips that share each expert.
    pub expert_tensor: usize,
    /// Groups of chips that hold different experts.
    pub expert: usize,
}

impl Parallelism {
    /// Tensor parallelism alone, experts included.
    #[must_use]
    pub const fn tensor(chips: usize) -> Self {
        Self { tensor: chips, pipeline: 1, attention_data: 1, expert_tensor: chips, expert: 1 }
    }

    /// Tensor parallelism for attention, expert parallelism for experts.
    #[must_use]
    pub const fn tensor_expert(chips: usize) -> Self {
        Self { tensor: chips, pipeline: 1, attention_data: 1, expert_tensor: 1, expert: chips }
    }

    /// Every chip attends to sequences of its own; experts are divided among all.
    #[must_use]
    pub const fn data_expert(chips: usize) -> Self {
        Self { tensor: 1, pipeline: 1, attention_data: chips, expert_tensor: 1, expert: chips }
    }

    /// Chips of one stage.
    #[must_use]
    pub const fn stage_chips(&self) -> usize {
        self.tensor.saturating_mul(self.attention_data)
    }

    /// Chips in all.
    #[must_use]
    pub const fn chips(&self) -> usize {
        self.stage_chips().saturating_mul(self.pipeline)
    }
}

/// How a model is run: what does not depend on the load.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Deployment {
    /// How the model is divided.
    pub parallelism: Parallelism,
    /// Precision of dense weights.
    pub weights: Scheme,
    /// Precision of experts.
    pub experts: Scheme,
    /// Precision of cached keys and values.
    pub cache: Scheme,
    /// Exponent of the power law of tokens over experts; zero if all get the same.
    pub skew: f64,
}

impl Deployment {
    /// One precision for all weights, the cache in 8 bits where weights are, else in 16.
    #[must_use]
    pub fn new(parallelism: Parallelism, weights: Scheme) -> Self {
        let cache = if weights.weight_bytes() > 1.5 { Scheme::Bf16 } else { Scheme::Fp8 };
        Self { parallelism, weights, experts: weights, cache, skew: 0.0 }
    }
}

/// Why a model cannot be divided so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Indivisible {
    /// A degree is zero.
    #[error("{0} parallelism is zero")]
    Zero(&'static str),
    /// Heads cannot be divided.
    #[error("{heads} query heads cannot be divided among {tensor} chips")]
    Heads {
        /// Query heads.
        heads: usize,
        /// Tensor parallelism.
        tensor: usize,
    },
    /// More groups than experts.
    #[error("{experts} experts cannot be divided among {groups} groups of chips")]
    Experts {
        /// Experts of a layer.
        experts: usize,
        /// Expert parallelism.
        groups: usize,
    },
    /// Experts are divided among another number of chips than attention.
    #[error("experts are divided among {experts} chips, attention among {attention}")]
    Chips {
        /// Chips of the experts.
        experts: usize,
        /// Chips of attention.
        attention: usize,
    },
    /// More stages than layers.
    #[error("{layers} layers cannot be divided into {stages} stages")]
    Stages {
        /// Layers.
        layers: usize,
        /// Pipeline stages.
        stages: usize,
    },
}

/// A model on a group of chips.
#[derive(Debug, Clone, Copy)]
pub struct Worker<'a> {
    /// The model.
    pub model: &'a Model,
    /// The chip with its constants.
    pub machine: &'a Machine,
    /// How the chips are joined.
    pub domain: Domain,
    /// How the model is run.
    pub deployment: Deployment,
}

impl<'a> Worker<'a> {
    /// A worker.
    ///
    /// # Errors
    /// The model cannot be divided so.
    pub fn new(
        model: &'a Model,
        machine: &'a Machine,
        domain: Domain,
        deployment: Deployment,
    ) -> Result<Self, Indivisible> {
        check(model, &deployment.parallelism)?;
        Ok(Self { model, machine, domain, deployment })
    }

    /// Chips of the worker.
    #[must_use]
    pub const fn chips(&self) -> usize {
        self.deployment.parallelism.chips()
    }
}

fn check(model: &Model, parallelism: &Parallelism) -> Result<(), Indivisible> {
    let degrees = [
        ("tensor", parallelism.tensor),
        ("pipeline", parallelism.pipeline),
        ("attention data", parallelism.attention_data),
        ("expert tensor", parallelism.expert_tensor),
        ("expert", parallelism.expert),
    ];
    if let Some((name, _)) = degrees.into_iter().find(|(_, degree)| *degree == 0) {
        return Err(Indivisible::Zero(name));
    }
    if parallelism.pipeline > model.layer_count() {
        return Err(Indivisible::Stages { layers: model.layer_count(), stages: parallelism.pipeline });
    }
    for kind in model.layer_kinds() {
        let heads = match kind.attention {
            Attention::Grouped(attention) => attention.heads,
            Attention::Latent(attention) => attention.heads,
            Attention::Linear(attention) => attention.value_heads,
            Attention::None => parallelism.tensor,
        };
        if !heads.is_multiple_of(parallelism.tensor) {
            return Err(Indivisible::Heads { heads, tensor: parallelism.tensor });
        }
        if let FeedForward::Experts(experts) = kind.feed_forward {
            if experts.experts < parallelism.expert {
                return Err(Indivisible::Experts { experts: experts.experts, groups: parallelism.expert });
            }
            let chips = parallelism.expert_tensor.saturating_mul(parallelism.expert);
            if chips != parallelism.stage_chips() {
                return Err(Indivisible::Chips { experts: chips, attention: parallelism.stage_chips() });
            }
        }
    }
    Ok(())
}
