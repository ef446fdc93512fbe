//! Attention of one layer within a step: grouped, latent and linear, with their projections.

use super::{Part, Share, Step, real};
use crate::kernels::attention::AttentionShape;
use crate::kernels::elementwise::{ElementwiseKind, ElementwiseShape};
use crate::kernels::gemm::GemmShape;
use crate::kernels::mla::MlaShape;
use crate::model::{GroupedAttention, LatentAttention, LinearAttention, SparseIndex};
use crate::precision::Scheme;
use crate::serving::Worker;

/// Tokens of a chunk of linear attention.
const LINEAR_CHUNK: f64 = 64.0;

impl Worker<'_> {
    pub(super) fn grouped(&self, attention: &GroupedAttention, share: &Share, step: &mut Step) {
        let hidden = real(self.model.hidden);
        let heads = real(attention.heads) / share.tensor;
        // Heads of keys and values are repeated where there are fewer than chips.
        let kv_heads = (real(attention.kv_heads) / share.tensor).max(1.0);
        let head_dim = real(attention.head_dim);
        let gate = if attention.output_gate { 2.0 } else { 1.0 };
        let cached =
            if attention.reuses_cache { 0.0 } else { kv_heads * (head_dim + real(attention.value_dim)) };
        let width = heads * head_dim * gate + cached;
        self.product(share.tokens, width, hidden, step, Part::Products);
        self.elementwise(ElementwiseKind::Rope, share.tokens, heads * head_dim + cached, 1.0, step);
        let selected = attention.index.map(|index| index.selected);
        let window = attention.window.or(selected).map_or(f64::INFINITY, real);
        let shape = |batch: f64, query_length: f64, kv_length: f64| AttentionShape {
            batch,
            query_length,
            kv_length,
            heads,
            kv_heads,
            head_dim: (head_dim + real(attention.value_dim)) / 2.0,
            window,
            causal: true,
            scheme: Scheme::Bf16,
            kv_scheme: self.deployment.cache,
        };
        let pooled = real(attention.pooled_tokens.max(1));
        if share.prompts > 0.0 {
            let kv_length = share.prompt_context + share.prompt_tokens;
            let one =
                shape(share.prompts, share.prompt_tokens, (kv_length / pooled).max(share.prompt_tokens));
            step.add(Part::PromptAttention, self.machine.prefill(&one));
        }
        if share.decoding > 0.0 {
            let one = shape(share.decoding, share.new_tokens, ((share.context + 1.0) / pooled).max(1.0));
            step.add(Part::DecodeAttention, self.machine.decode(&one));
        }
        self.index(attention.index, share, step);
        self.product(share.tokens, hidden, heads * real(attention.value_dim), step, Part::Products);
    }

    /// The scorer of sparse attention: one cached key for all of its heads.
    fn index(&self, index: Option<SparseIndex>, share: &Share, step: &mut Step) {
        let Some(index) = index else { return };
        let width = real(index.heads * index.head_dim);
        self.product(
            share.tokens,
            width + real(index.head_dim),
            real(self.model.hidden),
            step,
            Part::Products,
        );
        let shape = |batch, query_length, kv_length| AttentionShape {
            batch,
            query_length,
            kv_length,
            heads: real(index.heads),
            kv_heads: 1.0,
            head_dim: real(index.head_dim) / 2.0,
            window: f64::INFINITY,
            causal: true,
            scheme: Scheme::Fp8,
            kv_scheme: Scheme::Fp8,
        };
        if share.prompts > 0.0 {
            let kv_length = share.prompt_context + share.prompt_tokens;
            let one = shape(share.prompts, share.prompt_tokens, kv_length);
            step.add(Part::PromptAttention, self.machine.prefill(&one));
        }
        if share.decoding > 0.0 {
            let one = shape(share.decoding, share.new_tokens, share.context + 1.0);
            step.add(Part::DecodeAttention, self.machine.decode(&one));
        }
    }

    pub(super) fn latent(&self, attention: &LatentAttention, share: &Share, step: &mut Step) {
        let hidden = real(self.model.hidden);
        let heads = real(attention.heads) / share.tensor;
        let (latent, rope) = (real(attention.kv_lora_rank), real(attention.qk_rope_head_dim));
        let (key, value) = (real(attention.qk_nope_head_dim), real(attention.v_head_dim));
        let query_rank = real(attention.q_lora_rank);
        let tokens = share.tokens;
        if query_rank > 0.0 {
            self.product(tokens, query_rank + latent + rope, hidden, step, Part::Products);
            self.elementwise(ElementwiseKind::Normalization, tokens, query_rank + latent, 1.0, step);
            self.product(tokens, heads * (key + rope), query_rank, step, Part::Products);
        } else {
            self.product(tokens, heads * (key + rope) + latent + rope, hidden, step, Part::Products);
        }
        self.elementwise(ElementwiseKind::Rope, tokens, (heads + 1.0) * rope, 1.0, step);
        let shape = |absorbed, batch, query_length, kv_length| MlaShape {
            absorbed,
            batch,
            query_length,
            kv_length,
            heads,
            latent,
            rope,
            key,
            value,
            scheme: Scheme::Bf16,
            kv_scheme: self.deployment.cache,
        };
        let selected = attention.index.map_or(f64::INFINITY, |index| real(index.selected));
        if share.prompts > 0.0 {
            let kv_length = share.prompt_context + share.prompt_tokens;
            // Keys and values of everything attended to are built from the latents.
            self.product(share.prompts * kv_length, heads * (key + value), latent, step, Part::Products);
            let seen = kv_length.min((2.0 * selected).max(1.0)).max(share.prompt_tokens.min(2.0 * selected));
            let one = shape(false, share.prompts, share.prompt_tokens, seen.max(1.0));
            step.add(Part::PromptAttention, self.machine.mla(&one));
        }
        if share.decoding > 0.0 {
            let rows = share.decoding * share.new_tokens;
            // Absorbed: queries into the latent space and results out of it, head by head.
            self.absorbed(rows, heads, key, latent, step);
            let one = shape(true, share.decoding, share.new_tokens, (share.context + 1.0).min(selected));
            step.add(Part::DecodeAttention, self.machine.mla(&one));
            self.absorbed(rows, heads, latent, value, step);
        }
        self.index(attention.index, share, step);
        self.product(tokens, hidden, heads * value, step, Part::Products);
    }

    /// Products of every head by itself, in 16 bits: as one product of the same work.
    fn absorbed(&self, rows: f64, heads: f64, from: f64, to: f64, step: &mut Step) {
        let shape = GemmShape::new(rows, (heads * to).max(1.0), from.max(1.0), Scheme::Bf16);
        step.add(Part::Products, self.machine.gemm(&shape));
    }

    pub(super) fn linear(&self, attention: &LinearAttention, share: &Share, step: &mut Step) {
        let hidden = real(self.model.hidden);
        let (keys, values) = (real(attention.key_width()), real(attention.value_width()));
        let channels = (2.0 * keys + values) / share.tensor;
        let value_heads = real(attention.value_heads);
        let gates = (values + 2.0 * value_heads) / share.tensor;
        self.product(share.tokens, channels + gates, hidden, step, Part::Products);
        if attention.convolution > 0 {
            self.elementwise(ElementwiseKind::Activation, share.tokens, channels, 1.0, step);
        }
        let state = attention.state_values() / share.tensor;
        if share.decoding > 0.0 {
            // The state is read and written, in single precision.
            let shape = ElementwiseShape {
                kind: ElementwiseKind::Add,
                rows: share.decoding,
                columns: state.max(1.0),
                read_bytes: 4.0,
                write_bytes: 4.0,
            };
            step.add(Part::Elementwise, self.machine.elementwise(&shape));
        }
        if share.prompts > 0.0 {
            // In chunks: within a chunk as attention over its tokens, between chunks by the state.
            let rows = share.prompts * share.prompt_tokens;
            let heads = (value_heads / share.tensor).max(1.0);
            let (key, value) = (real(attention.key_dim), real(attention.value_dim));
            let width = heads * (LINEAR_CHUNK + value);
            let inner = GemmShape::new(rows, width.max(1.0), (2.0 * key).max(1.0), Scheme::Bf16);
            step.add(Part::PromptAttention, self.machine.gemm(&inner));
            self.elementwise(ElementwiseKind::Add, rows, heads * (2.0 * key + 2.0 * value), 2.0, step);
        }
        self.elementwise(ElementwiseKind::Normalization, share.tokens, values / share.tensor, 2.0, step);
        self.product(share.tokens, hidden, values / share.tensor, step, Part::Products);
    }
}
