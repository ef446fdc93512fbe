//! Time of one layer for one micro batch on one chip: forward, gradients of inputs and
//! gradients of weights.

use super::communication::{Group, RoutedTokens, Wiring, exposed};
use super::parts::{Operator, Parts};
use super::plan::{Overlap, Plan, real};
use super::software::TrainingConstants;
use crate::estimate::Estimate;
use crate::kernels::attention::AttentionShape;
use crate::kernels::collective::CollectiveOperation;
use crate::kernels::elementwise::{ElementwiseKind, ElementwiseShape};
use crate::kernels::gemm::GemmShape;
use crate::machine::Machine;
use crate::model::{
    Attention, DenseFeedForward, Experts, FeedForward, GroupedAttention, LatentAttention, LayerKind,
    LinearAttention, Model,
};
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
    pub wiring: &'a Wiring,
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

/// Time of attention's backward pass over its forward pass: 2.5 by operations (Dao 2023,
/// arXiv 2307.08691, section 3.1.2: five products instead of two), at nine tenths of its rate.
const ATTENTION_BACKWARD: f64 = 2.8;
/// Rows of the scan of a recurrence that are computed at once (Mamba-2's chunks).
const SCAN_CHUNK: f64 = 256.0;
/// Launches of a layer that is neither product nor experts: norms, residuals, positions.
const SMALL_OPERATORS: f64 = 6.0;
/// Launches around routed experts: routing, sorting, copying, weighting.
const EXPERT_OPERATORS: f64 = 16.0;

/// Times one kind of layer.
pub struct LayerTimer<'a> {
    means: Means<'a>,
    slice: Slice,
    hidden: f64,
    tokens: f64,
    /// Tokens of what tensor parallelism does not divide.
    rest: f64,
    tensor: f64,
    /// Share of a pass under which one kind of communication may hide: they share it, so
    /// that no second of arithmetic hides more than one of communication.
    room: f64,
    passes: Passes,
    operators: f64,
    expert_operators: f64,
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
        let both = !matches!(kind.attention, Attention::None) && !matches!(kind.feed_forward, FeedForward::None);
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
        let waiting = |host: f64, device: f64| Estimate { latency_s: (host - device).max(0.0), ..Estimate::default() };
        self.passes.forward.add(Operator::Host, waiting(host, forward));
        self.passes.input.add(Operator::Host, waiting(2.0 * host, backward));
        self.passes
    }

    /// Slows a product down to its rate within a step.
    fn in_step(&self, scheme: Scheme, estimate: Estimate) -> Estimate {
        let software = self.means.software;
        let share = match scheme.arithmetic() {
            Arithmetic::Fp4 | Arithmetic::Int4 => software.quarter_share,
            Arithmetic::Fp8 | Arithmetic::Int8 => software.narrow_share,
            _ => software.matrix_share,
        };
        Estimate { compute_s: estimate.compute_s / share, memory_s: estimate.memory_s / share, ..estimate }
    }

    /// A product of `m` rows with its two gradients; gives the forward one.
    fn product(&mut self, operator: Operator, m: f64, n: f64, k: f64) -> Estimate {
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
    fn quantization(&mut self, m: f64, n: f64, k: f64) {
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

    fn elements(&self, kind: ElementwiseKind, rows: f64, columns: f64, read: f64, write: f64) -> Estimate {
        let shape = ElementwiseShape { kind, rows, columns, read_bytes: read, write_bytes: write };
        let estimate = self.means.machine.elementwise(&shape);
        Estimate { memory_s: estimate.memory_s * self.means.software.passes, ..estimate }
    }

    /// Element-wise work, and twice as much of it backward unless said otherwise.
    fn elementwise(&mut self, kind: ElementwiseKind, rows: f64, columns: f64, read: f64, write: f64) {
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
    fn under(&self) -> (f64, f64) {
        let backward = self.passes.input.seconds() + self.passes.weight.seconds();
        (self.room * self.passes.forward.seconds(), self.room * backward)
    }

    fn among_tensor(&self, operation: CollectiveOperation, bytes: f64) -> Estimate {
        let group = Group { ranks: self.tensor, stride: 1.0 };
        self.means.wiring.collective(self.means.machine, operation, group, bytes)
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

    /// The core of attention: `kv` heads of width `head_dim`, seeing at most `window`.
    fn core(&mut self, heads: f64, kv_heads: f64, head_dim: f64, window: f64) {
        let sequence = real(self.slice.sequence);
        let batch = real(self.slice.micro_batch);
        let context = real(self.slice.context);
        let forward = if self.slice.writes_scores {
            self.written_core(batch, heads, head_dim, sequence)
        } else {
            // Chunks are dealt out so that every rank has the same share of the triangle: as
            // much as a whole triangle whose side is shorter by the root of their number.
            let side = sequence / context.sqrt();
            let scheme = if self.slice.precision == Scheme::Fp16 { Scheme::Fp16 } else { Scheme::Bf16 };
            self.means.machine.prefill(&AttentionShape {
                batch,
                query_length: side,
                kv_length: side,
                heads,
                kv_heads,
                head_dim,
                window: window.min(side),
                causal: true,
                scheme,
                kv_scheme: scheme,
            })
        };
        let forward = self.limited_attention(forward, batch, heads, head_dim, window);
        self.passes.forward.add(Operator::Attention, forward);
        if self.slice.writes_scores {
            self.passes.light.add(Operator::Attention, forward);
        }
        self.passes.input.add(Operator::Attention, forward * self.attention_backward());
        self.operators += 1.0;
        self.context_collectives(kv_heads * head_dim, window, forward.seconds());
    }

    /// Attention no faster than the framework's kernel is on any chip: one that was written
    /// for an older family does so much for each core and clock and no more.
    fn limited_attention(
        &self,
        forward: Estimate,
        batch: f64,
        heads: f64,
        head_dim: f64,
        window: f64,
    ) -> Estimate {
        if self.slice.writes_scores {
            return forward;
        }
        let chip = &self.means.machine.accelerator;
        let sequence = real(self.slice.sequence);
        let seen = window.min(sequence);
        let pairs = sequence * seen * (1.0 - seen / (2.0 * sequence)) / real(self.slice.context);
        let operations = 4.0 * batch * heads * head_dim * pairs;
        let fastest = operations / (self.means.software.attention_per_clock * chip.cores * chip.clock);
        let compute_s = forward.compute_s.max(fastest - forward.memory_s - forward.latency_s);
        Estimate { compute_s, ..forward }
    }

    /// Written scores are read again, not computed again: twice the products of forward.
    const fn attention_backward(&self) -> f64 {
        if self.slice.writes_scores { 2.0 } else { ATTENTION_BACKWARD }
    }

    /// Scores written to memory: two batched products over the full square, softmax, dropout.
    fn written_core(&self, batch: f64, heads: f64, head_dim: f64, sequence: f64) -> Estimate {
        let scheme = if self.slice.precision == Scheme::Fp16 { Scheme::Fp16 } else { Scheme::Bf16 };
        let rows = batch * heads * sequence;
        let scores = self.means.machine.gemm(&GemmShape::new(rows, sequence, head_dim, scheme));
        let sums = self.means.machine.gemm(&GemmShape::new(rows, head_dim, sequence, scheme));
        let softmax = self.elements(ElementwiseKind::Softmax, rows, sequence, 2.0, 2.0);
        let dropout = self.elements(ElementwiseKind::Add, rows, sequence, 2.0, 3.0);
        scores + sums + softmax + if self.slice.dropout { dropout } else { Estimate::default() }
    }

    /// Keys and values of all ranks, gathered or passed round (Liu et al. 2023, ring
    /// attention; Llama 3, section 3.3.2, gathers them), and their gradients back.
    fn context_collectives(&mut self, kv_width: f64, window: f64, attention_s: f64) {
        if self.slice.context < 2 {
            return;
        }
        let seen = (window / real(self.slice.sequence)).min(1.0);
        let bytes = 2.0 * 2.0 * kv_width * self.tokens * real(self.slice.context) * seen;
        let group = Group { ranks: real(self.slice.context), stride: self.tensor };
        let gather = self.means.wiring.collective(
            self.means.machine,
            CollectiveOperation::AllGather,
            group,
            bytes,
        );
        let hidden = self.slice.overlap.context;
        let attention_s = self.room * attention_s;
        let backward = attention_s * ATTENTION_BACKWARD;
        self.passes.forward.add(Operator::ContextParallel, exposed(gather, hidden, attention_s));
        self.passes.input.add(Operator::ContextParallel, exposed(gather * 2.0, hidden, backward));
    }

    fn grouped(&mut self, attention: &GroupedAttention) {
        let (tokens, hidden, tensor) = (self.tokens, self.hidden, self.tensor);
        let heads = real(attention.heads) / tensor;
        // Heads of keys and values are repeated where there are fewer than chips.
        let kv_heads = (real(attention.kv_heads) / tensor).max(1.0);
        let (key, value) = (real(attention.head_dim), real(attention.value_dim));
        let queries = heads * key * if attention.output_gate { 2.0 } else { 1.0 };
        let values = if attention.shared_key_value { 0.0 } else { value };
        let cached = if attention.reuses_cache { 0.0 } else { kv_heads * (key + values) };
        if attention.factors.query > 0 {
            let rank = real(attention.factors.query);
            self.product(Operator::Projections, self.rest, rank, hidden);
            self.product(Operator::Projections, tokens, queries, rank);
            self.product(Operator::Projections, tokens, cached.max(1.0), hidden);
        } else {
            self.product(Operator::Projections, tokens, queries + cached, hidden);
        }
        self.elementwise(ElementwiseKind::Rope, tokens, heads * key + cached, 2.0, 2.0);
        let window = attention.window.map_or(f64::INFINITY, real);
        let window = attention.index.map_or(window, |index| window.min(real(index.selected)));
        self.core(heads, kv_heads, f64::midpoint(key, value), window);
        self.product(Operator::Projections, tokens, hidden, heads * value);
    }

    fn latent(&mut self, attention: &LatentAttention) {
        let (tokens, hidden) = (self.tokens, self.hidden);
        let heads = real(attention.heads) / self.tensor;
        let key = real(attention.qk_nope_head_dim + attention.qk_rope_head_dim);
        let value = real(attention.v_head_dim);
        let (query_rank, rank) = (real(attention.q_lora_rank), real(attention.kv_lora_rank));
        let down = query_rank + rank + real(attention.qk_rope_head_dim);
        // The products down are not divided by tensor parallelism.
        self.product(Operator::Projections, self.rest, down, hidden);
        let from = if attention.q_lora_rank > 0 { query_rank } else { hidden };
        self.product(Operator::Projections, tokens, heads * key, from);
        let up = heads * (real(attention.qk_nope_head_dim) + value);
        let again = self.product(Operator::Projections, tokens, up, rank);
        self.passes.light.add(Operator::Projections, again);
        self.elementwise(ElementwiseKind::Normalization, self.rest, query_rank + rank, 2.0, 2.0);
        // Queries and keys are put together from their two parts.
        self.elementwise(ElementwiseKind::Rope, tokens, 2.0 * heads * key, 2.0, 2.0);
        let window = attention.index.map_or(f64::INFINITY, |index| real(index.selected));
        self.core(heads, heads, f64::midpoint(key, value), window);
        self.product(Operator::Projections, tokens, hidden, heads * value);
    }

    fn linear(&mut self, attention: &LinearAttention) {
        let (tokens, hidden, tensor) = (self.tokens, self.hidden, self.tensor);
        let keys = real(attention.key_width());
        let values = real(attention.value_width());
        let channels = 2.0 * keys + values;
        let whole = Attention::Linear(*attention).parameters(self.hidden as usize);
        let into = (whole - values * hidden).max(hidden) / hidden / tensor;
        self.product(Operator::Projections, tokens, into, hidden);
        self.product(Operator::Projections, tokens, hidden, values / tensor);
        if attention.convolution > 0 {
            self.elementwise(ElementwiseKind::Activation, tokens, channels / tensor, 2.0, 2.0);
        }
        self.elementwise(ElementwiseKind::Normalization, tokens, values / tensor, 4.0, 2.0);
        // Within a chunk as attention, among chunks through the state.
        let heads = real(attention.value_heads) / tensor;
        let width = f64::midpoint(real(attention.key_dim), real(attention.value_dim));
        let chunk = real(self.slice.sequence).min(SCAN_CHUNK);
        let scheme = Scheme::Bf16;
        let within = self.means.machine.prefill(&AttentionShape {
            batch: tokens / chunk,
            query_length: chunk,
            kv_length: chunk,
            heads,
            kv_heads: heads,
            head_dim: width,
            window: f64::INFINITY,
            causal: true,
            scheme,
            kv_scheme: scheme,
        });
        let states = self.means.machine.gemm(&GemmShape::new(tokens, 2.0 * heads * real(attention.value_dim), real(attention.key_dim), scheme));
        let forward = within + states;
        self.passes.forward.add(Operator::Attention, forward);
        self.passes.input.add(Operator::Attention, forward * ATTENTION_BACKWARD);
        self.operators += 4.0;
    }

    fn dense(&mut self, dense: &DenseFeedForward) {
        self.network(real(dense.inner), dense.gated);
    }

    fn network(&mut self, inner: f64, gated: bool) {
        let inner = inner / self.tensor;
        let into = if gated { 2.0 } else { 1.0 };
        self.product(Operator::FeedForward, self.tokens, into * inner, self.hidden);
        self.elementwise(ElementwiseKind::Activation, self.tokens, inner, 2.0 * into, 2.0);
        self.product(Operator::FeedForward, self.tokens, self.hidden, inner);
    }

    fn experts(&mut self, experts: &Experts) {
        // Experts are divided over tensor ranks too, each with its part of the sequence.
        let tokens = self.tokens / self.tensor;
        let width = if experts.latent == 0 { self.hidden } else { real(experts.latent) };
        let top_k = real(experts.top_k);
        if experts.shared_inner > 0 {
            self.network(real(experts.shared_inner), experts.gated);
        }
        if experts.latent > 0 {
            self.product(Operator::Experts, tokens, width, self.hidden);
            self.product(Operator::Experts, tokens, self.hidden, width);
        }
        self.router(experts, tokens);
        self.grouped_products(experts, tokens * top_k, width);
        // Tokens are sorted by expert and put back, activations within.
        self.elementwise(ElementwiseKind::Add, tokens * top_k, width, 2.0, 2.0);
        self.elementwise(ElementwiseKind::Add, tokens * top_k, width, 2.0, 1.0);
        let into = if experts.gated { 2.0 } else { 1.0 };
        self.elementwise(ElementwiseKind::Activation, tokens * top_k, real(experts.inner), 2.0 * into, 2.0);
        self.expert_operators += EXPERT_OPERATORS;
        self.exchange(experts, tokens, width);
    }

    /// Products of the experts of a chip, one launch for all. A step has so many tokens that
    /// each expert's are a product of their own, unlike the few of serving; experts are
    /// kept balanced by the router's loss or bias.
    fn grouped_products(&mut self, experts: &Experts, pairs: f64, width: f64) {
        let scheme = self.slice.precision;
        let here = (real(experts.experts) / real(self.slice.expert)).max(1.0);
        let rows = pairs / here;
        let inner = real(experts.inner);
        let into = if experts.gated { 2.0 * inner } else { inner };
        let time = |m, n, k| {
            let one = self.means.machine.gemm(&GemmShape::new(m, n, k, scheme).prequantized());
            let times = here / self.means.software.experts_share;
            let one = self.in_step(scheme, one);
            Estimate { compute_s: times * one.compute_s, memory_s: times * one.memory_s, ..one }
        };
        let forward = time(rows, into, width) + time(rows, width, inner);
        let input = time(rows, width, into) + time(rows, inner, width);
        let weight = time(width, into, rows) + time(inner, width, rows);
        // The weights' gradient is summed in single precision: each is read and written,
        // however few tokens came.
        let sums = self.means.machine.elementwise(&ElementwiseShape {
            kind: ElementwiseKind::Add,
            rows: here * (into + inner),
            columns: width,
            read_bytes: 4.0,
            write_bytes: 4.0,
        });
        let weight = if sums.seconds() > weight.seconds() { sums } else { weight };
        self.passes.forward.add(Operator::Experts, forward);
        self.passes.input.add(Operator::Experts, input);
        self.passes.weight.add(Operator::Experts, weight);
        self.quantization(pairs, into + width, width + inner);
    }

    fn router(&mut self, experts: &Experts, tokens: f64) {
        let precision = self.slice.precision;
        self.slice.precision = Scheme::Bf16;
        self.product(Operator::Experts, tokens, real(experts.experts), self.hidden);
        self.slice.precision = precision;
    }

    fn exchange(&mut self, experts: &Experts, tokens: f64, width: f64) {
        if self.slice.expert < 2 {
            return;
        }
        let routed = RoutedTokens {
            tokens,
            hidden: width,
            top_k: real(experts.top_k),
            experts: real(experts.experts),
            ranks: real(self.slice.expert),
            dispatch_bytes: 2.0,
        };
        let exchange = self.means.wiring.exchange(self.means.machine, &routed);
        let software = self.means.software;
        let within = routed.ranks <= self.means.wiring.domain;
        let exchange = exchange * if within { software.exchange_factor } else { software.exchange_fabric };
        let hidden = self.slice.overlap.expert;
        let (forward, backward) = self.under();
        self.passes.forward.add(Operator::ExpertParallel, exposed(exchange, hidden, forward));
        self.passes.input.add(Operator::ExpertParallel, exposed(exchange, hidden, backward));
    }
}
