//! Time of one layer for one micro batch on one chip: forward, gradients of inputs and
//! gradients of weights.

use super::communication::{Group, exposed};
use super::parts::{Operator, Parts};
use super::plan::{Overlap, Plan, real};
use super::software::TrainingConstants;
use crate::estimate::Estimate;
use crate::kernels::collective::CollectiveOperation;
use crate::kernels::elementwise::{ElementwiseKind, ElementwiseShape};
use crate::kernels::gemm::GemmShape;
use crate::machine::Machine;
use crate::model::{Attention, FeedForward, LayerKind, Model};
use crate::network::Domain;
use crate::precision::{Arithmetic, Scheme};

/// Time of the passes of a layer, or of all layers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Passes {
    /// Forward.
    pub forward: Parts,
    /// Backward, to the inputs.
    pub input: Parts,
    /// Backward, to the weights.
    pub weight: Parts,
    /// What selective recomputation repeats of the forward pass: the core of attention where
    /// it writes its scores, else element-wise work and products up from latent vectors.
    pub light: Parts,
}

impl Passes {
    /// Adds `times` another's passes.
    pub fn add_scaled(&mut self, other: &Self, times: f64) {
        self.forward.add_scaled(&other.forward, times);
        self.input.add_scaled(&other.input, times);
        self.weight.add_scaled(&other.weight, times);
        self.light.add_scaled(&other.light, times);
    }
}

/// What a chip computes with: itself, its wires, its software.
#[derive(Debug, Clone, Copy)]
pub struct Means<'a> {
    /// The chip.
    pub machine: &'a Machine,
    /// What joins chips.
    pub domain: &'a Domain,
    /// The framework.
    pub software: &'a TrainingConstants,
}

/// What the time of a layer depends on, besides the model and the chip. Two plans with the
/// same value have the same layers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slice {
    /// Tensor parallelism.
    pub tensor: usize,
    /// Context parallelism.
    pub context: usize,
    /// Expert parallelism.
    pub expert: usize,
    /// Sequences that pass at once.
    pub micro_batch: usize,
    /// Tokens of a sequence.
    pub sequence: usize,
    /// Whether the rest is divided along the sequence.
    pub sequence_parallel: bool,
    /// Precision of products.
    pub precision: Scheme,
    /// What is hidden.
    pub overlap: Overlap,
    /// Whether experts take a fixed number of tokens.
    pub drops_tokens: bool,
    /// Whether attention writes its scores.
    pub writes_scores: bool,
    /// Whether there is dropout.
    pub dropout: bool,
}

impl From<&Plan> for Slice {
    fn from(plan: &Plan) -> Self {
        Self {
            tensor: plan.tensor,
            context: plan.context,
            expert: plan.expert,
            micro_batch: plan.micro_batch,
            sequence: plan.sequence,
            sequence_parallel: plan.sequence_parallel,
            precision: plan.precision,
            overlap: plan.overlap,
            drops_tokens: plan.drops_tokens,
            writes_scores: plan.writes_scores,
            dropout: plan.dropout,
        }
    }
}

impl Slice {
    /// Tokens of a micro batch on one chip.
    #[must_use]
    pub fn tokens(&self) -> f64 {
        real(self.micro_batch) * real(self.sequence) / real(self.context)
    }
}

/// Launches of a layer that is neither product nor experts: norms, residuals, positions.
const SMALL_OPERATORS: f64 = 6.0;
/// Times one kind of layer.
pub struct LayerTimer<'a> {
    pub(super) means: Means<'a>,
    pub(super) slice: Slice,
    pub(super) hidden: f64,
    pub(super) tokens: f64,
    /// Tokens of what tensor parallelism does not divide.
    pub(super) rest: f64,
    pub(super) tensor: f64,
    /// Share of a pass under which one kind of communication may hide: they share it, so
    /// that no second of arithmetic hides more than one of communication.
    pub(super) room: f64,
    pub(super) passes: Passes,
    pub(super) operators: f64,
    pub(super) expert_operators: f64,
}

impl<'a> LayerTimer<'a> {
    /// A timer for layers of a model's width.
    #[must_use]
    pub fn new(means: Means<'a>, slice: Slice, hidden: usize) -> Self {
        let tokens = slice.tokens();
        let tensor = real(slice.tensor);
        let kinds = [slice.tensor, slice.context, slice.expert].into_iter().filter(|ranks| *ranks > 1);
        let rest = if slice.sequence_parallel { tokens / tensor } else { tokens };
        Self {
            means,
            slice,
            hidden: real(hidden),
            tokens,
            rest,
            tensor,
            room: 1.0 / real(kinds.count().max(1)),
            passes: Passes::default(),
            operators: 0.0,
            expert_operators: 0.0,
        }
    }

    /// Time of a layer.
    #[must_use]
    pub fn layer(mut self, kind: &LayerKind) -> Passes {
        let both =
            !matches!(kind.attention, Attention::None) && !matches!(kind.feed_forward, FeedForward::None);
        match &kind.attention {
            Attention::Grouped(attention) => self.grouped(attention),
            Attention::Latent(attention) => self.latent(attention),
            Attention::Linear(attention) => self.linear(attention),
            Attention::None => {}
        }
        match &kind.feed_forward {
            FeedForward::Dense(dense) => self.dense(dense),
            FeedForward::Experts(experts) => self.experts(experts),
            FeedForward::None => {}
        }
        let blocks = if both { 2.0 } else { 1.0 };
        self.around(blocks);
        self.tensor_collectives(blocks);
        self.finish()
    }

    /// The product that joins two hidden states in a further-token module.
    #[must_use]
    pub fn join(mut self) -> Passes {
        self.product(Operator::Projections, self.rest, self.hidden, 2.0 * self.hidden);
        self.finish()
    }

    /// Embedding, head and loss of one micro batch, on the chips that hold them.
    #[must_use]
    pub fn head(mut self, model: &Model) -> Passes {
        let vocabulary = real(model.vocabulary) / self.tensor;
        let slice = self.slice;
        self.slice.precision = if slice.precision == Scheme::Fp16 { Scheme::Fp16 } else { Scheme::Bf16 };
        self.product(Operator::Head, self.tokens, vocabulary, self.hidden);
        // Conversion to single precision, maximum, sum of exponentials, and their gradient.
        let loss = self.elements(ElementwiseKind::Softmax, self.tokens, vocabulary, 6.0, 4.0);
        self.passes.forward.add(Operator::Head, loss);
        self.passes.input.add(Operator::Head, loss * 0.6);
        let embedding = self.elements(ElementwiseKind::Embedding, self.tokens, self.hidden, 2.0, 2.0);
        self.passes.forward.add(Operator::Head, embedding);
        self.passes.weight.add(Operator::Head, embedding * 2.0);
        if slice.tensor > 1 {
            let bytes = self.tokens * self.hidden * 2.0;
            let gather = self.among_tensor(CollectiveOperation::AllGather, bytes);
            self.passes.forward.add(Operator::TensorParallel, gather);
            self.passes.input.add(Operator::TensorParallel, gather);
        }
        self.finish()
    }

    fn finish(mut self) -> Passes {
        let software = self.means.software;
        let expert = if self.slice.drops_tokens { software.host_us } else { software.host_expert_us };
        let host = self.operators * software.host_us + self.expert_operators * expert;
        let host = host * 1e-6;
        let forward = self.passes.forward.seconds();
        let backward = self.passes.input.seconds() + self.passes.weight.seconds();
        let waiting =
            |host: f64, device: f64| Estimate { latency_s: (host - device).max(0.0), ..Estimate::default() };
        self.passes.forward.add(Operator::Host, waiting(host, forward));
        self.passes.input.add(Operator::Host, waiting(2.0 * host, backward));
        self.passes
    }

    /// Slows a product down to its rate within a step.
    pub(super) fn in_step(&self, scheme: Scheme, estimate: Estimate) -> Estimate {
        let software = self.means.software;
        let share = match scheme.arithmetic() {
            Arithmetic::Fp4 | Arithmetic::Int4 => software.quarter_share,
            Arithmetic::Fp8 | Arithmetic::Int8 => software.narrow_share,
            _ => software.matrix_share,
        };
        Estimate { compute_s: estimate.compute_s / share, memory_s: estimate.memory_s / share, ..estimate }
    }

    /// A product of `m` rows with its two gradients; gives the forward one.
    pub(super) fn product(&mut self, operator: Operator, m: f64, n: f64, k: f64) -> Estimate {
        let scheme = self.slice.precision;
        let time = |m, n, k| {
            let shape = GemmShape::new(m, n, k, scheme).prequantized();
            self.in_step(scheme, self.means.machine.gemm(&shape))
        };
        let (forward, input, weight) = (time(m, n, k), time(m, k, n), time(k, n, m));
        self.passes.forward.add(operator, forward);
        self.passes.input.add(operator, input);
        self.passes.weight.add(operator, weight);
        self.operators += 1.0;
        self.quantization(m, n, k);
        forward
    }

    /// Inputs and the gradients of outputs are quantized once each, along rows for one
    /// product and along columns for the other.
    pub(super) fn quantization(&mut self, m: f64, n: f64, k: f64) {
        let scheme = self.slice.precision;
        if scheme.activation_bytes() >= 1.5 {
            return;
        }
        let write = 2.0 * scheme.activation_bytes();
        let forward = self.elements(ElementwiseKind::Add, m, k, 2.0, write);
        let backward = self.elements(ElementwiseKind::Add, m, n, 2.0, write);
        self.passes.forward.add(Operator::Elementwise, forward);
        self.passes.input.add(Operator::Elementwise, backward);
    }

    pub(super) fn elements(
        &self,
        kind: ElementwiseKind,
        rows: f64,
        columns: f64,
        read: f64,
        write: f64,
    ) -> Estimate {
        let shape = ElementwiseShape { kind, rows, columns, read_bytes: read, write_bytes: write };
        let estimate = self.means.machine.elementwise(&shape);
        Estimate { memory_s: estimate.memory_s * self.means.software.passes, ..estimate }
    }

    /// Element-wise work, and twice as much of it backward unless said otherwise.
    pub(super) fn elementwise(
        &mut self,
        kind: ElementwiseKind,
        rows: f64,
        columns: f64,
        read: f64,
        write: f64,
    ) {
        let forward = self.elements(kind, rows, columns, read, write);
        let backward = self.elements(kind, rows, columns, read + 2.0, write);
        self.passes.forward.add(Operator::Elementwise, forward);
        self.passes.input.add(Operator::Elementwise, backward);
        if !self.slice.writes_scores {
            self.passes.light.add(Operator::Elementwise, forward);
        }
    }

    /// Norms and residuals.
    fn around(&mut self, blocks: f64) {
        self.elementwise(ElementwiseKind::Normalization, blocks * self.rest, self.hidden, 2.0, 2.0);
        self.elementwise(ElementwiseKind::Add, blocks * self.rest, self.hidden, 4.0, 2.0);
        if self.slice.dropout {
            self.elementwise(ElementwiseKind::Add, blocks * self.rest, self.hidden, 2.0, 3.0);
        }
        self.operators += SMALL_OPERATORS;
    }

    /// Seconds of the passes so far under which one kind of communication may hide.
    pub(super) fn under(&self) -> (f64, f64) {
        let backward = self.passes.input.seconds() + self.passes.weight.seconds();
        (self.room * self.passes.forward.seconds(), self.room * backward)
    }

    pub(super) fn among_tensor(&self, operation: CollectiveOperation, bytes: f64) -> Estimate {
        let group = Group { ranks: self.tensor, stride: 1.0 };
        self.means.domain.collective(self.means.machine, operation, group, bytes)
    }

    /// A gather before and a scatter after each block (or one sum after it), forward and
    /// backward; with sequence parallelism the gathered input is gathered once more for the
    /// weights' gradient, which hides it (Korthikanti et al. 2022, section 4.2.2).
    fn tensor_collectives(&mut self, blocks: f64) {
        if self.slice.tensor < 2 {
            return;
        }
        let bytes = self.tokens * self.hidden * 2.0;
        let one = if self.slice.sequence_parallel {
            self.among_tensor(CollectiveOperation::AllGather, bytes)
                + self.among_tensor(CollectiveOperation::ReduceScatter, bytes)
        } else {
            self.among_tensor(CollectiveOperation::AllReduce, bytes)
        };
        let hidden = self.slice.overlap.tensor;
        let (forward, backward) = self.under();
        self.passes.forward.add(Operator::TensorParallel, exposed(one * blocks, hidden, forward));
        self.passes.input.add(Operator::TensorParallel, exposed(one * blocks, hidden, backward));
    }
}
