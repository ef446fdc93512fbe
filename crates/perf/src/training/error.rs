//! What can be wrong with a plan.

use serde::Serialize;

/// Why a model cannot be trained as planned.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum TrainingError {
    /// A count is zero.
    #[error("{what}: expected at least 1, found 0")]
    Zero {
        /// Which count.
        what: &'static str,
    },
    /// A figure is not a positive, finite number.
    #[error("{what}: expected a positive number, found {found}")]
    NotPositive {
        /// Which figure.
        what: &'static str,
        /// What was found.
        found: String,
    },
    /// The chips are not a multiple of those of one copy.
    #[error(
        "{found} chips: expected a multiple of {group} (tensor x pipeline x context); nearest is {nearest}"
    )]
    Chips {
        /// Chips given.
        found: usize,
        /// Chips of one copy.
        group: usize,
        /// Nearest multiple.
        nearest: usize,
    },
    /// Tensor parallelism does not divide the heads.
    #[error("tensor parallelism {found}: expected a divisor of the {heads} heads; nearest is {nearest}")]
    Heads {
        /// Tensor parallelism given.
        found: usize,
        /// Heads of the model.
        heads: usize,
        /// Nearest divisor.
        nearest: usize,
    },
    /// Context parallelism does not divide the sequence.
    #[error("context parallelism {found}: expected a divisor of the {sequence} tokens; nearest is {nearest}")]
    Context {
        /// Context parallelism given.
        found: usize,
        /// Tokens of a sequence.
        sequence: usize,
        /// Nearest divisor.
        nearest: usize,
    },
    /// Expert parallelism for a model without experts.
    #[error("expert parallelism {found}: the model has no experts; expected 1")]
    NoExperts {
        /// Expert parallelism given.
        found: usize,
    },
    /// Expert parallelism does not divide the experts.
    #[error("expert parallelism {found}: expected a divisor of the {experts} experts; nearest is {nearest}")]
    Experts {
        /// Expert parallelism given.
        found: usize,
        /// Experts of the model.
        experts: usize,
        /// Nearest divisor.
        nearest: usize,
    },
    /// Expert parallelism does not divide the chips of a stage.
    #[error(
        "expert parallelism {found}: expected a divisor of the {ranks} chips of a stage; nearest is {nearest}"
    )]
    ExpertRanks {
        /// Expert parallelism given.
        found: usize,
        /// Chips of a stage.
        ranks: usize,
        /// Nearest divisor.
        nearest: usize,
    },
    /// More stages than layers.
    #[error(
        "{pipeline} stages of {virtual_stages} chunks: expected at most the {layers} layers; nearest is {nearest} stages"
    )]
    Stages {
        /// Stages given.
        pipeline: usize,
        /// Chunks given.
        virtual_stages: usize,
        /// Layers of the model.
        layers: usize,
        /// Nearest number of stages.
        nearest: usize,
    },
    /// The batch cannot be divided.
    #[error(
        "global batch {found}: expected a multiple of {replicas} replicas x micro batch {micro_batch}; nearest is {nearest}"
    )]
    Batch {
        /// Batch given.
        found: usize,
        /// Replicas.
        replicas: usize,
        /// Micro batch.
        micro_batch: usize,
        /// Nearest batch.
        nearest: usize,
    },
    /// Virtual stages without a pipeline.
    #[error("virtual stages: expected a pipeline of at least 2 stages, found {pipeline}")]
    Interleaving {
        /// Stages given.
        pipeline: usize,
    },
    /// Virtual stages under a schedule that has none.
    #[error("virtual stages {found}: expected 1 under this schedule")]
    VirtualStages {
        /// Chunks given.
        found: usize,
    },
    /// Too few micro batches to fill the bubble with.
    #[error(
        "zero bubble: expected at least {pipeline} micro batches, one for each stage; found {micro_batches}"
    )]
    ZeroBubble {
        /// Stages given.
        pipeline: usize,
        /// Micro batches of a replica.
        micro_batches: usize,
    },
    /// What the two-directional schedule needs is not there.
    #[error(
        "DualPipe: expected an even number of stages and at least twice as many micro batches, found {pipeline} stages and {micro_batches} micro batches"
    )]
    DualPipe {
        /// Stages given.
        pipeline: usize,
        /// Micro batches of a replica.
        micro_batches: usize,
    },
    /// The memory does not suffice.
    #[error(
        "does not fit: {needed_gb:.1} GB needed of {available_gb:.1} GB; over by {over_gb:.1} GB, most of it {part} ({part_gb:.1} GB){hint}"
    )]
    DoesNotFit {
        /// Memory that is needed.
        needed_gb: f64,
        /// Memory that there is.
        available_gb: f64,
        /// By how much it is too little.
        over_gb: f64,
        /// The largest part.
        part: &'static str,
        /// Its size.
        part_gb: f64,
        /// What would do.
        hint: Hint,
    },
    /// The chip has no arithmetic at all for a precision.
    #[error("the chip has no rate for {precision} nor for any format that may stand for it")]
    NoArithmetic {
        /// Precision asked for.
        precision: &'static str,
    },
    /// Nothing that was tried is valid.
    #[error("none of {seen} executions is possible: {why}")]
    NothingFits {
        /// Executions seen.
        seen: usize,
        /// What most of them lacked.
        why: String,
    },
}

/// The smallest number of chips with which a model fits, if it was looked for and found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Hint(pub Option<usize>);

impl std::fmt::Display for Hint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(count) => write!(formatter, "; {count} chips are the fewest with which it fits"),
            None => Ok(()),
        }
    }
}
