//! Time of what mixes tokens: attention with its projections, latent attention, recurrences.

use super::communication::{Group, exposed};
use super::layer::LayerTimer;
use super::parts::Operator;
use super::plan::real;
use crate::estimate::Estimate;
use crate::kernels::attention::AttentionShape;
use crate::kernels::collective::CollectiveOperation;
use crate::kernels::elementwise::ElementwiseKind;
use crate::kernels::gemm::GemmShape;
use crate::model::{Attention, GroupedAttention, LatentAttention, LinearAttention};
use crate::precision::Scheme;

/// Time of attention's backward pass over its forward pass: 2.5 by operations (Dao 2023,
/// arXiv 2307.08691, section 3.1.2: five products instead of two), at nine tenths of its rate.
const ATTENTION_BACKWARD: f64 = 2.8;
/// Rows of the scan of a recurrence that are computed at once (Mamba-2's chunks).
const SCAN_CHUNK: f64 = 256.0;

impl LayerTimer<'_> {
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
        let gather =
            self.means.domain.collective(self.means.machine, CollectiveOperation::AllGather, group, bytes);
        let hidden = self.slice.overlap.context;
        let attention_s = self.room * attention_s;
        let backward = attention_s * ATTENTION_BACKWARD;
        self.passes.forward.add(Operator::ContextParallel, exposed(gather, hidden, attention_s));
        self.passes.input.add(Operator::ContextParallel, exposed(gather * 2.0, hidden, backward));
    }

    pub(super) fn grouped(&mut self, attention: &GroupedAttention) {
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

    pub(super) fn latent(&mut self, attention: &LatentAttention) {
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

    pub(super) fn linear(&mut self, attention: &LinearAttention) {
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
        let states = self.means.machine.gemm(&GemmShape::new(
            tokens,
            2.0 * heads * real(attention.value_dim),
            real(attention.key_dim),
            scheme,
        ));
        let forward = within + states;
        self.passes.forward.add(Operator::Attention, forward);
        self.passes.input.add(Operator::Attention, forward * ATTENTION_BACKWARD);
        self.operators += 4.0;
    }
}
