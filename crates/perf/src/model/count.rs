//! Parameters, cache and operations of a model, counted from its shape.

use super::{
    Attention, AttentionCount, Experts, FeedForward, GroupedAttention, LatentAttention, LayerKind,
    LinearAttention, Model, Recurrence, SparseIndex,
};
use crate::precision::Scheme;

/// What a token costs in one part of a model.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Weights {
    /// Parameters that are stored.
    total: f64,
    /// Parameters that a token is multiplied with.
    active: f64,
}

impl Weights {
    const fn both(parameters: f64) -> Self {
        Self { total: parameters, active: parameters }
    }

    fn plus(self, other: Self) -> Self {
        Self { total: self.total + other.total, active: self.active + other.active }
    }
}

/// Shapes are far below 2^53, where this would lose anything.
const fn real(count: usize) -> f64 {
    count as f64
}

impl Model {
    /// The kinds of layers with their counts, in the order of first occurrence.
    #[must_use]
    pub fn layer_kinds(&self) -> &[LayerKind] {
        &self.layers
    }

    /// Layers in all, without those of [`Model::prediction`].
    #[must_use]
    pub fn layer_count(&self) -> usize {
        self.layers.iter().map(|kind| kind.count).sum()
    }

    /// Whether any layer has experts.
    #[must_use]
    pub fn has_experts(&self) -> bool {
        self.layers.iter().any(|kind| matches!(kind.feed_forward, FeedForward::Experts(_)))
    }

    /// The same model without its further-token modules.
    #[must_use]
    pub fn without_prediction(&self) -> Self {
        Self { prediction: None, ..self.clone() }
    }

    /// Parameters of the embedding (and of learned positions).
    #[must_use]
    pub fn embedding_parameters(&self) -> f64 {
        real(self.hidden) * (real(self.vocabulary) + real(self.learned_positions))
    }

    /// Parameters of the output head that are stored; zero if tied to the embedding.
    #[must_use]
    pub fn head_parameters(&self) -> f64 {
        if self.tied_embeddings { 0.0 } else { self.head_products() }
    }

    /// Parameters that a token is multiplied with in the output head, tied or not.
    #[must_use]
    pub fn head_products(&self) -> f64 {
        real(self.hidden) * real(self.vocabulary)
    }

    /// Parameters of the whole model, from its shape, without further-token modules.
    #[must_use]
    pub fn total_parameters(&self) -> f64 {
        let layers: f64 =
            self.layers.iter().map(|kind| real(kind.count) * kind.total_parameters(self.hidden)).sum();
        layers + self.embedding_parameters() + self.head_parameters() + real(self.hidden)
    }

    /// Parameters that a token uses, embedding and head included.
    #[must_use]
    pub fn active_parameters(&self) -> f64 {
        self.layer_products() + self.embedding_parameters() + self.head_parameters()
    }

    /// Parameters that a token is multiplied with: those it uses without the embedding, in
    /// which it only looks up a row.
    #[must_use]
    pub fn multiplied_parameters(&self) -> f64 {
        self.layer_products() + self.head_products()
    }

    /// Parameters of the further-token modules; they share embedding and head.
    #[must_use]
    pub fn prediction_parameters(&self) -> f64 {
        let join = 2.0 * real(self.hidden) * real(self.hidden);
        self.prediction.map_or(0.0, |prediction| {
            real(prediction.modules) * (prediction.layer.total_parameters(self.hidden) + join)
        })
    }

    /// Parameters of the layers that a token is multiplied with.
    #[must_use]
    pub fn layer_products(&self) -> f64 {
        self.layers.iter().map(|kind| real(kind.count) * kind.active_parameters(self.hidden)).sum()
    }

    /// Computed parameters over stated ones, less one: (total, active), where stated. Some
    /// makers count the embedding among the active ones, some do not; the nearer count is
    /// taken.
    #[must_use]
    pub fn deviation(&self) -> (Option<f64>, Option<f64>) {
        let against = |computed: f64, stated: Option<f64>| stated.map(|stated| computed / stated - 1.0);
        let total = against(self.total_parameters(), self.stated.total);
        let counts = [self.active_parameters(), self.multiplied_parameters(), self.layer_products()];
        let active = counts.map(|count| against(count, self.stated.active));
        (total, active.into_iter().flatten().min_by(|one, other| one.abs().total_cmp(&other.abs())))
    }

    /// Bytes of cache that one more token takes on all layers, windows not yet full.
    #[must_use]
    pub fn kv_bytes_per_token(&self, scheme: Scheme) -> f64 {
        self.layers.iter().map(|kind| real(kind.count) * kind.attention.kv_bytes_per_token(scheme)).sum()
    }

    /// Bytes of cache and of recurrent state that a sequence of `context` tokens takes.
    #[must_use]
    pub fn cache_bytes(&self, scheme: Scheme, context: f64) -> f64 {
        self.layers.iter().map(|kind| real(kind.count) * kind.attention.cache_bytes(scheme, context)).sum()
    }

    /// Operations of attention itself (scores and weighted sums), forward, for a token of a
    /// sequence of `context` tokens, on all layers.
    #[must_use]
    pub fn attention_flops_per_token(&self, context: f64, count: AttentionCount) -> f64 {
        self.layers.iter().map(|kind| real(kind.count) * kind.attention.flops_per_token(context, count)).sum()
    }

    /// Operations of one forward pass for a token: two for each parameter it is multiplied
    /// with (the head included, the embedding's lookup not), and attention.
    #[must_use]
    pub fn forward_flops_per_token(&self, context: f64, count: AttentionCount) -> f64 {
        2.0 * self.multiplied_parameters() + self.attention_flops_per_token(context, count)
    }

    /// Operations of a training step for a token, without recomputation: forward, and twice
    /// that backward.
    #[must_use]
    pub fn training_flops_per_token(&self, context: f64, count: AttentionCount) -> f64 {
        3.0 * self.forward_flops_per_token(context, count)
    }

    /// PaLM's count (arXiv 2204.02311, appendix B): `6 N + 12 L H Q T`, with the parameters
    /// that a token uses as N.
    #[must_use]
    pub fn palm_flops_per_token(&self, context: f64) -> f64 {
        let attention = self.attention_flops_per_token(context, AttentionCount::Full);
        6.0 * self.active_parameters() + 3.0 * attention
    }

    /// Megatron's count for a batch (Narayanan et al. 2021, equation 3), for GPT shapes:
    /// `96 B s l h^2 (1 + s / 6h + V / 16 l h)` with full recomputation, 72 in place of 96
    /// without.
    #[must_use]
    pub fn megatron_flops(&self, batch: f64, sequence: f64, recomputes: bool) -> f64 {
        let (hidden, layers) = (real(self.hidden), real(self.layer_count()));
        let passes = if recomputes { 96.0 } else { 72.0 };
        // The head is not recomputed: V enters with the passes' share that leaves 6 B s h V.
        let head = 6.0 * batch * sequence * hidden * real(self.vocabulary);
        let blocks = passes * batch * sequence * layers * hidden * hidden;
        blocks * (1.0 + sequence / (6.0 * hidden)) + head
    }
}

impl LayerKind {
    /// Parameters of one layer, two norms included.
    #[must_use]
    pub fn total_parameters(&self, hidden: usize) -> f64 {
        let hidden = real(hidden);
        self.attention.weights(hidden).plus(self.feed_forward.weights(hidden)).total + 2.0 * hidden
    }

    /// Parameters of one layer that a token is multiplied with.
    #[must_use]
    pub fn active_parameters(&self, hidden: usize) -> f64 {
        let hidden = real(hidden);
        self.attention.weights(hidden).plus(self.feed_forward.weights(hidden)).active
    }
}

impl Attention {
    /// Parameters of the projections of one layer.
    #[must_use]
    pub fn parameters(&self, hidden: usize) -> f64 {
        self.weights(real(hidden)).total
    }

    fn weights(&self, hidden: f64) -> Weights {
        Weights::both(match self {
            Self::Grouped(attention) => attention.parameters(hidden),
            Self::Latent(attention) => attention.parameters(hidden),
            Self::Linear(attention) => attention.parameters(hidden),
            Self::None => 0.0,
        })
    }

    /// Values that one token adds to the cache of one layer.
    #[must_use]
    pub fn cache_values_per_token(&self) -> f64 {
        match self {
            Self::Grouped(attention) if attention.reuses_cache => 0.0,
            Self::Grouped(attention) => {
                let width = if attention.shared_key_value {
                    attention.head_dim
                } else {
                    attention.head_dim + attention.value_dim
                };
                let index = attention.index.map_or(0, |index| index.head_dim);
                (real(attention.kv_heads) * real(width) + real(index)) / real(attention.pooled_tokens.max(1))
            }
            Self::Latent(attention) => {
                let index = attention.index.map_or(0, |index| index.head_dim);
                real(attention.kv_lora_rank + attention.qk_rope_head_dim + index)
            }
            Self::Linear(_) | Self::None => 0.0,
        }
    }

    /// Bytes that one token adds to the cache of one layer.
    #[must_use]
    pub fn kv_bytes_per_token(&self, scheme: Scheme) -> f64 {
        self.cache_values_per_token() * scheme.activation_bytes()
    }

    /// Tokens of a sequence that one layer keeps.
    #[must_use]
    pub fn kept_tokens(&self, context: f64) -> f64 {
        match self {
            Self::Grouped(attention) => attention.window.map_or(context, |window| context.min(real(window))),
            _ => context,
        }
    }

    /// Bytes of cache or state of one layer for a sequence of `context` tokens. States of
    /// recurrences are kept in single precision.
    #[must_use]
    pub fn cache_bytes(&self, scheme: Scheme, context: f64) -> f64 {
        match self {
            Self::Linear(attention) => 4.0 * attention.state_values(),
            other => other.kv_bytes_per_token(scheme) * other.kept_tokens(context),
        }
    }

    /// Operations of scores and weighted sums of one layer, forward, on average over the
    /// tokens of a sequence of `context` tokens.
    #[must_use]
    pub fn flops_per_token(&self, context: f64, count: AttentionCount) -> f64 {
        let seen = |limit: Option<usize>| seen_tokens(context, limit.map(real), count);
        let index = |index: Option<SparseIndex>| {
            index.map_or(0.0, |index| 2.0 * real(index.heads) * real(index.head_dim) * seen(None))
        };
        match self {
            Self::Grouped(attention) => {
                let widths = real(attention.heads) * real(attention.head_dim + attention.value_dim);
                let pooled = real(attention.pooled_tokens.max(1));
                let picked = attention
                    .index
                    .map(|index| index.selected.saturating_mul(attention.pooled_tokens.max(1)));
                let limit = attention.window.or(picked);
                (2.0 * widths * seen(limit) + index(attention.index)) / pooled
            }
            Self::Latent(attention) => {
                let key = attention.qk_nope_head_dim + attention.qk_rope_head_dim;
                let widths = real(attention.heads) * real(key + attention.v_head_dim);
                2.0 * widths * seen(attention.index.map(|index| index.selected)) + index(attention.index)
            }
            // Update and reading of the state: two products of key_dim x value_dim a head.
            Self::Linear(attention) => 4.0 * attention.state_values(),
            Self::None => 0.0,
        }
    }
}

/// Tokens that a query sees on average in a sequence of `context` tokens.
fn seen_tokens(context: f64, window: Option<f64>, count: AttentionCount) -> f64 {
    let window = window.map_or(context, |window| window.min(context));
    match count {
        AttentionCount::Full => window,
        // The first `window` queries see half of it on average, the others all of it.
        AttentionCount::Causal => window * (1.0 - window / (2.0 * context.max(1.0))),
    }
}

impl GroupedAttention {
    fn parameters(&self, hidden: f64) -> f64 {
        let query_width = real(self.heads) * real(self.head_dim) * if self.output_gate { 2.0 } else { 1.0 };
        let query = factored(hidden, query_width, self.factors.query);
        let value_width = if self.shared_key_value { 0 } else { self.value_dim };
        let cached =
            if self.reuses_cache { 0.0 } else { real(self.kv_heads) * real(self.head_dim + value_width) };
        let output_width = real(self.heads) * real(self.value_dim);
        let output = match (self.factors.output, self.factors.output_groups) {
            (0, _) | (_, 0) => output_width * hidden,
            // Each group of heads is reduced to the rank; the reduced ones are joined.
            (rank, groups) => real(rank) * output_width + real(rank) * real(groups) * hidden,
        };
        query + hidden * cached + output + index_parameters(self.index, hidden, self.factors.query)
    }
}

/// Parameters of a projection, whole or in two factors.
fn factored(from: f64, to: f64, rank: usize) -> f64 {
    if rank == 0 { from * to } else { real(rank) * (from + to) }
}

/// Parameters of a scorer: its queries (from the compressed ones where there are any), its
/// one key and its head weights.
fn index_parameters(index: Option<SparseIndex>, hidden: f64, query_rank: usize) -> f64 {
    index.map_or(0.0, |index| {
        let from = if query_rank == 0 { hidden } else { real(query_rank) };
        from * real(index.heads) * real(index.head_dim) + hidden * real(index.head_dim + index.heads)
    })
}

impl LatentAttention {
    fn parameters(&self, hidden: f64) -> f64 {
        let heads = real(self.heads);
        let query =
            factored(hidden, heads * real(self.qk_nope_head_dim + self.qk_rope_head_dim), self.q_lora_rank);
        let down = hidden * real(self.kv_lora_rank + self.qk_rope_head_dim);
        let up = real(self.kv_lora_rank) * heads * real(self.qk_nope_head_dim + self.v_head_dim);
        let output = heads * real(self.v_head_dim) * hidden;
        query + down + up + output + index_parameters(self.index, hidden, self.q_lora_rank)
    }
}

impl LinearAttention {
    /// Values of the state of one layer and sequence.
    #[must_use]
    pub fn state_values(&self) -> f64 {
        real(self.value_heads) * real(self.key_dim) * real(self.value_dim)
    }

    /// Width of all keys.
    #[must_use]
    pub const fn key_width(&self) -> usize {
        self.key_heads.saturating_mul(self.key_dim)
    }

    /// Width of all values.
    #[must_use]
    pub const fn value_width(&self) -> usize {
        self.value_heads.saturating_mul(self.value_dim)
    }

    fn parameters(&self, hidden: f64) -> f64 {
        let (keys, values, heads) =
            (real(self.key_width()), real(self.value_width()), real(self.value_heads));
        let channels = 2.0 * keys + values;
        let gates = match self.recurrence {
            Recurrence::Mamba2 => hidden * (values + heads),
            Recurrence::GatedDelta => hidden * (values + 2.0 * heads),
            // Output gate and decay in two factors of a head's width each, and one more a head.
            Recurrence::KimiDelta => real(self.value_dim) * (2.0 * hidden + keys + values) + hidden * heads,
            Recurrence::Lightning => hidden * values,
        };
        hidden * channels + gates + real(self.convolution) * channels + values * hidden
    }
}

impl FeedForward {
    /// Parameters of one layer.
    #[must_use]
    pub fn parameters(&self, hidden: usize) -> f64 {
        self.weights(real(hidden)).total
    }

    fn weights(&self, hidden: f64) -> Weights {
        match self {
            Self::Dense(dense) => Weights::both(hidden * real(dense.inner) * products(dense.gated)),
            Self::Experts(experts) => experts.weights(hidden),
            Self::None => Weights::default(),
        }
    }
}

/// Matrices of a feed-forward network.
const fn products(gated: bool) -> f64 {
    if gated { 3.0 } else { 2.0 }
}

impl Experts {
    /// Parameters of one routed expert.
    #[must_use]
    pub fn expert_parameters(&self, hidden: usize) -> f64 {
        let width = if self.latent == 0 { hidden } else { self.latent };
        real(width) * real(self.inner) * products(self.gated)
    }

    fn weights(&self, hidden: f64) -> Weights {
        let width = if self.latent == 0 { hidden } else { real(self.latent) };
        let one = width * real(self.inner) * products(self.gated);
        let router = hidden * real(self.experts);
        let shared = hidden * real(self.shared_inner) * products(self.gated);
        let latent = 2.0 * hidden * real(self.latent);
        let common = router + shared + latent;
        Weights { total: common + real(self.experts) * one, active: common + real(self.top_k) * one }
    }
}
