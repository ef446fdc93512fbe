//! [`Plan`]: how a model is trained: how it is divided among chips, in what order the
//! pieces run, and what is kept in which precision.

use serde::Serialize;

use super::error::TrainingError;
use crate::model::{Attention, FeedForward, Model};
use crate::precision::Scheme;

/// What of the training state each replica keeps whole (ZeRO, Rajbhandari et al. 2020,
/// arXiv 1910.02054; FSDP's strategies by their names).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharding {
    /// Everything (ZeRO 0).
    None,
    /// All but the optimizer's state (ZeRO 1; Megatron's distributed optimizer).
    Optimizer,
    /// Only the weights (ZeRO 2; FSDP `SHARD_GRAD_OP`).
    Gradients,
    /// Nothing (ZeRO 3; FSDP `FULL_SHARD`): weights are gathered layer by layer.
    Parameters,
}

impl Sharding {
    /// All of them, from stage 0.
    pub const ALL: [Self; 4] = [Self::None, Self::Optimizer, Self::Gradients, Self::Parameters];

    /// Stage of ZeRO.
    #[must_use]
    pub const fn stage(self) -> usize {
        self as usize
    }
}

/// Order of micro batches in a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// One forward, one backward; with virtual stages it is interleaved (Narayanan et al.
    /// 2021, arXiv 2104.04473, section 2.2).
    OneForwardOneBackward,
    /// Weight gradients fill the bubble (Qi et al. 2023, arXiv 2401.10241: ZB-H1, which
    /// takes no more memory than 1F1B).
    ZeroBubble,
    /// Two directions at once, communication hidden under the other direction's arithmetic
    /// (DeepSeek-V3, arXiv 2412.19437, section 3.2.1).
    DualPipe,
}

impl Schedule {
    /// Name, as it is given and shown.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::OneForwardOneBackward => "1F1B",
            Self::ZeroBubble => "zero-bubble",
            Self::DualPipe => "DualPipe",
        }
    }
}

/// What is computed again in the backward pass instead of being kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Recomputation {
    /// Nothing.
    None,
    /// What is large for what it costs: the scores of attention where they are written
    /// (Korthikanti et al. 2022, arXiv 2205.05198); else norms, activation functions and
    /// products up from latent vectors (DeepSeek-V3, section 3.2.3).
    Selective,
    /// Whole layers.
    Full,
}

impl Recomputation {
    /// Name, as it is given and shown.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Selective => "selective",
            Self::Full => "full",
        }
    }
}

/// Bytes that the training state takes for each parameter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StateBytes {
    /// Weights as the products read them.
    pub weight: f64,
    /// Gradients as they are summed.
    pub gradient: f64,
    /// Master copy of the weights; zero without one.
    pub master: f64,
    /// Moments of the optimizer.
    pub moments: f64,
    /// A gradient on its way between replicas.
    pub reduced: f64,
    /// A weight on its way between replicas.
    pub gathered: f64,
}

impl StateBytes {
    /// Mixed precision as Megatron keeps it: 16-bit weights, 32-bit gradients, master copy
    /// and both moments of Adam: 18 bytes.
    pub const MIXED: Self =
        Self { weight: 2.0, gradient: 4.0, master: 4.0, moments: 8.0, reduced: 4.0, gathered: 2.0 };

    /// As PyTorch's FSDP with 32-bit shards and 16-bit communication keeps it.
    pub const SHARDED: Self =
        Self { weight: 2.0, gradient: 4.0, master: 4.0, moments: 8.0, reduced: 2.0, gathered: 2.0 };

    /// 16-bit moments and gradients (DeepSeek-V3, section 3.3.1: moments in BF16, gradients
    /// and master copy in FP32).
    pub const LEAN: Self =
        Self { weight: 2.0, gradient: 4.0, master: 4.0, moments: 4.0, reduced: 2.0, gathered: 2.0 };
}

/// Shares of communication that run under arithmetic, where there is enough of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Overlap {
    /// Collectives of tensor parallelism.
    pub tensor: f64,
    /// The exchange among experts.
    pub expert: f64,
    /// Keys and values passed round for context parallelism.
    pub context: f64,
    /// Activations between stages.
    pub pipeline: f64,
    /// Gradients and weights between replicas.
    pub data: f64,
}

impl Overlap {
    /// Nothing is hidden.
    pub const NOTHING: Self = Self { tensor: 0.0, expert: 0.0, context: 0.0, pipeline: 0.0, data: 0.0 };

    /// What the common frameworks hide.
    pub const USUAL: Self = Self { tensor: 0.0, expert: 0.0, context: 0.7, pipeline: 0.5, data: 0.8 };
}

/// How a model is trained.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Plan {
    /// Chips.
    pub chips: usize,
    /// Chips that share each matrix (tensor parallelism).
    pub tensor: usize,
    /// Stages of the pipeline.
    pub pipeline: usize,
    /// Chips that share each sequence (context parallelism).
    pub context: usize,
    /// Chips among which experts are divided; drawn from those that share neither stage nor
    /// pipeline (Megatron's folding: tensor, context and data ranks alike).
    pub expert: usize,
    /// Whether what is not divided by tensor parallelism is divided along the sequence.
    pub sequence_parallel: bool,
    /// What each replica keeps whole.
    pub sharding: Sharding,
    /// Replicas among which state is divided; zero for all.
    pub shard_ranks: usize,
    /// Sequences that pass at once.
    pub micro_batch: usize,
    /// Sequences of a step.
    pub global_batch: usize,
    /// Tokens of a sequence.
    pub sequence: usize,
    /// Order in the pipeline.
    pub schedule: Schedule,
    /// Chunks of layers of each stage; one if not interleaved.
    pub virtual_stages: usize,
    /// What is computed again.
    pub recomputation: Recomputation,
    /// Precision of the products of layers.
    pub precision: Scheme,
    /// Bytes of the state.
    pub state: StateBytes,
    /// What is hidden.
    pub overlap: Overlap,
    /// Whether experts take a fixed number of tokens and drop the rest: then the host knows
    /// all shapes beforehand.
    pub drops_tokens: bool,
    /// Whether attention writes its scores to memory (before FlashAttention).
    pub writes_scores: bool,
    /// Whether there is dropout.
    pub dropout: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            chips: 1,
            tensor: 1,
            pipeline: 1,
            context: 1,
            expert: 1,
            sequence_parallel: true,
            sharding: Sharding::Optimizer,
            shard_ranks: 0,
            micro_batch: 1,
            global_batch: 1,
            sequence: 4096,
            schedule: Schedule::OneForwardOneBackward,
            virtual_stages: 1,
            recomputation: Recomputation::None,
            precision: Scheme::Bf16,
            state: StateBytes::MIXED,
            overlap: Overlap::USUAL,
            drops_tokens: false,
            writes_scores: false,
            dropout: false,
        }
    }
}

/// Shapes are far below 2^53.
pub(super) const fn real(count: usize) -> f64 {
    count as f64
}

/// The divisor of `whole` that is nearest to `wanted`.
fn nearest_divisor(whole: usize, wanted: usize) -> usize {
    let divides = |candidate: &usize| *candidate > 0 && whole.is_multiple_of(*candidate);
    let below = (1..=wanted.min(whole).min(1 << 16)).rev().find(divides).unwrap_or(1);
    let above = (wanted..=whole.min(wanted.saturating_mul(2)).min(1 << 16)).find(divides);
    above.filter(|above| above - wanted < wanted - below).unwrap_or(below)
}

impl Plan {
    /// Chips of one copy of the model.
    #[must_use]
    pub const fn model_chips(&self) -> usize {
        self.tensor.saturating_mul(self.pipeline).saturating_mul(self.context)
    }

    /// Copies of the model (data parallelism).
    #[must_use]
    pub const fn replicas(&self) -> usize {
        match self.chips.checked_div(self.model_chips()) {
            Some(replicas) => replicas,
            None => 0,
        }
    }

    /// Micro batches of a replica in a step.
    #[must_use]
    pub const fn micro_batches(&self) -> usize {
        match self.global_batch.checked_div(self.replicas().saturating_mul(self.micro_batch)) {
            Some(batches) => batches,
            None => 0,
        }
    }

    /// Tokens of a step.
    #[must_use]
    pub fn tokens(&self) -> f64 {
        real(self.global_batch) * real(self.sequence)
    }

    /// Chips among which the copies of an expert's weights are divided.
    #[must_use]
    pub fn expert_replicas(&self) -> f64 {
        real(self.chips) / (real(self.pipeline) * real(self.expert)).max(1.0)
    }

    /// Says what makes a plan impossible for a model, if anything does.
    ///
    /// # Errors
    /// The first rule that is broken, with what was found, what is expected and the nearest
    /// value that would do.
    pub fn check(&self, model: &Model) -> Result<(), TrainingError> {
        self.check_counts()?;
        self.check_layout(model)?;
        self.check_batch()?;
        self.check_schedule(model)
    }

    fn check_counts(&self) -> Result<(), TrainingError> {
        let counts = [
            ("chips", self.chips),
            ("tensor", self.tensor),
            ("pipeline", self.pipeline),
            ("context", self.context),
            ("expert", self.expert),
            ("micro batch", self.micro_batch),
            ("global batch", self.global_batch),
            ("sequence", self.sequence),
            ("virtual stages", self.virtual_stages),
        ];
        for (what, found) in counts {
            if found == 0 {
                return Err(TrainingError::Zero { what });
            }
        }
        if !self.chips.is_multiple_of(self.model_chips()) {
            let nearest = (self.chips / self.model_chips()).max(1).saturating_mul(self.model_chips());
            return Err(TrainingError::Chips { found: self.chips, group: self.model_chips(), nearest });
        }
        Ok(())
    }

    fn check_layout(&self, model: &Model) -> Result<(), TrainingError> {
        for kind in model.layer_kinds() {
            let heads = match kind.attention {
                Attention::Grouped(attention) => attention.heads,
                Attention::Latent(attention) => attention.heads,
                Attention::Linear(attention) => attention.value_heads,
                Attention::None => continue,
            };
            if !heads.is_multiple_of(self.tensor) {
                let nearest = nearest_divisor(heads, self.tensor);
                return Err(TrainingError::Heads { found: self.tensor, heads, nearest });
            }
        }
        if !self.sequence.is_multiple_of(self.context) {
            let nearest = nearest_divisor(self.sequence, self.context);
            return Err(TrainingError::Context { found: self.context, sequence: self.sequence, nearest });
        }
        if self.expert > 1 {
            self.check_experts(model)?;
        }
        let layers = model.layer_count();
        let slots = self.pipeline.saturating_mul(self.virtual_stages);
        if slots > layers {
            return Err(TrainingError::Stages {
                pipeline: self.pipeline,
                virtual_stages: self.virtual_stages,
                layers,
                nearest: (layers / self.virtual_stages).max(1),
            });
        }
        Ok(())
    }

    fn check_experts(&self, model: &Model) -> Result<(), TrainingError> {
        let experts = model.layer_kinds().iter().filter_map(|kind| match kind.feed_forward {
            FeedForward::Experts(experts) => Some(experts.experts),
            FeedForward::Dense(_) | FeedForward::None => None,
        });
        let Some(experts) = experts.min() else {
            return Err(TrainingError::NoExperts { found: self.expert });
        };
        if !experts.is_multiple_of(self.expert) {
            let nearest = nearest_divisor(experts, self.expert);
            return Err(TrainingError::Experts { found: self.expert, experts, nearest });
        }
        let ranks = self.chips / self.pipeline;
        if !ranks.is_multiple_of(self.expert) {
            let nearest = nearest_divisor(ranks, self.expert);
            return Err(TrainingError::ExpertRanks { found: self.expert, ranks, nearest });
        }
        Ok(())
    }

    fn check_batch(&self) -> Result<(), TrainingError> {
        let group = self.replicas().saturating_mul(self.micro_batch);
        if self.global_batch < group || !self.global_batch.is_multiple_of(group) {
            let nearest = ((self.global_batch + group / 2) / group).max(1).saturating_mul(group);
            return Err(TrainingError::Batch {
                found: self.global_batch,
                replicas: self.replicas(),
                micro_batch: self.micro_batch,
                nearest,
            });
        }
        Ok(())
    }

    fn check_schedule(&self, model: &Model) -> Result<(), TrainingError> {
        let batches = self.micro_batches();
        match self.schedule {
            Schedule::OneForwardOneBackward if self.virtual_stages > 1 => {
                if self.pipeline < 2 {
                    return Err(TrainingError::Interleaving { pipeline: self.pipeline });
                }
            }
            Schedule::ZeroBubble | Schedule::DualPipe if self.virtual_stages > 1 => {
                return Err(TrainingError::VirtualStages { found: self.virtual_stages });
            }
            Schedule::DualPipe => {
                let pipeline_wrong = !self.pipeline.is_multiple_of(2);
                if pipeline_wrong || batches < 2 * self.pipeline || model.layer_count() < self.pipeline {
                    return Err(TrainingError::DualPipe { pipeline: self.pipeline, micro_batches: batches });
                }
            }
            Schedule::ZeroBubble if batches < self.pipeline => {
                return Err(TrainingError::ZeroBubble { pipeline: self.pipeline, micro_batches: batches });
            }
            Schedule::OneForwardOneBackward | Schedule::ZeroBubble => {}
        }
        Ok(())
    }
}
