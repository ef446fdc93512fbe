//! Time of a step by operator.

use serde::Serialize;

use crate::estimate::Estimate;

/// What a step spends time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Products around attention.
    Projections,
    /// Attention itself, or the recurrence in its place.
    Attention,
    /// Dense networks, shared experts included.
    FeedForward,
    /// Routed experts with their routing.
    Experts,
    /// Normalization, residuals, activation, positions.
    Elementwise,
    /// Embedding, output head and loss.
    Head,
    /// Collectives of tensor parallelism.
    TensorParallel,
    /// Exchange among experts.
    ExpertParallel,
    /// Keys and values passed round.
    ContextParallel,
    /// Activations between stages.
    PipelineParallel,
    /// Gradients and weights between replicas.
    DataParallel,
    /// Update of the weights.
    Optimizer,
    /// Work of the host that the chip waits for.
    Host,
}

impl Operator {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Projections,
        Self::Attention,
        Self::FeedForward,
        Self::Experts,
        Self::Elementwise,
        Self::Head,
        Self::TensorParallel,
        Self::ExpertParallel,
        Self::ContextParallel,
        Self::PipelineParallel,
        Self::DataParallel,
        Self::Optimizer,
        Self::Host,
    ];

    /// Words for tables.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Projections => "projections",
            Self::Attention => "attention",
            Self::FeedForward => "feed forward",
            Self::Experts => "experts",
            Self::Elementwise => "element-wise",
            Self::Head => "embedding and head",
            Self::TensorParallel => "tensor parallelism",
            Self::ExpertParallel => "expert parallelism",
            Self::ContextParallel => "context parallelism",
            Self::PipelineParallel => "pipeline transfers",
            Self::DataParallel => "data parallelism",
            Self::Optimizer => "optimizer",
            Self::Host => "host",
        }
    }
}

/// Time by operator; the whole is the sum.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Parts([Estimate; Operator::ALL.len()]);

impl Parts {
    /// Adds to an operator.
    pub fn add(&mut self, operator: Operator, estimate: Estimate) {
        if let Some(part) = self.0.get_mut(operator as usize) {
            *part += estimate;
        }
    }

    /// Time of an operator.
    #[must_use]
    pub fn of(&self, operator: Operator) -> Estimate {
        self.0.get(operator as usize).copied().unwrap_or_default()
    }

    /// The whole, by cause.
    #[must_use]
    pub fn sum(&self) -> Estimate {
        self.0.iter().copied().sum()
    }

    /// The whole in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.0.iter().map(Estimate::seconds).sum()
    }

    /// Operators with their times.
    pub fn iter(&self) -> impl Iterator<Item = (Operator, Estimate)> + '_ {
        Operator::ALL.into_iter().zip(self.0.iter().copied())
    }

    /// Adds `times` another's times.
    pub fn add_scaled(&mut self, other: &Self, times: f64) {
        for (part, more) in self.0.iter_mut().zip(&other.0) {
            *part += *more * times;
        }
    }

    /// All times multiplied.
    #[must_use]
    pub fn scaled(&self, by: f64) -> Self {
        Self(self.0.map(|part| part * by))
    }
}

impl Serialize for Parts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().filter(|(_, estimate)| estimate.seconds() > 0.0))
    }
}
