//! [`Model`]: the shape of a language model, as far as time and memory depend on it.
//!
//! Layers of the same kind are kept together ([`LayerKind`]), in the order of their first
//! occurrence, so an engine computes each kind once and multiplies. Where a model alternates
//! (local and global attention, linear and full attention), each alternative is a kind.

mod find;
mod read;

pub use find::{Models, Named, UnknownModel};
pub use read::GREATEST_DIMENSION;

use narrows_quantity::Certainty;
use serde::Serialize;

use crate::precision::Scheme;

/// A language model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Model {
    /// Id, as in the data files: `deepseek-v3`.
    pub id: String,
    /// Name.
    pub name: String,
    /// Who made it.
    pub vendor: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Entries of the vocabulary, padding included where the weights have it.
    pub vocabulary: usize,
    /// Whether the output head reuses the embedding's weights.
    pub tied_embeddings: bool,
    /// Learned absolute positions, each with a row of weights; zero for rotary or ALiBi.
    pub learned_positions: usize,
    /// Kinds of layers, with how many there are of each.
    pub layers: Vec<LayerKind>,
    /// Modules that predict further tokens (multi-token prediction): each a layer of its own
    /// with a product that joins two hidden states. Not part of `layers` or of the parameters.
    pub prediction: Option<Prediction>,
    /// Longest context in tokens.
    pub maximum_context: usize,
    /// Parameters as the makers state them.
    pub stated: StatedParameters,
    /// Where the shape comes from.
    pub provenance: Provenance,
}

/// Parameters as stated by the makers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct StatedParameters {
    /// All of them.
    pub total: Option<f64>,
    /// Those that a token uses.
    pub active: Option<f64>,
}

/// Where a shape comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// Address of a page, or path of a file.
    pub source: String,
    /// How firm it is, as in the catalogue; the maker's configuration file or paper counts as
    /// a datasheet.
    pub certainty: Certainty,
    /// What is simplified or had to be assumed.
    pub notes: Vec<String>,
}

/// Layers that are all alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LayerKind {
    /// How many there are.
    pub count: usize,
    /// How tokens are mixed.
    pub attention: Attention,
    /// What is done to each token.
    pub feed_forward: FeedForward,
}

/// Modules that predict further tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Prediction {
    /// How many modules, each predicting one more token.
    pub modules: usize,
    /// The layer inside each; its `count` is one.
    pub layer: LayerKind,
}

/// How tokens are mixed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// Multi-head, grouped-query or multi-query attention.
    Grouped(GroupedAttention),
    /// Multi-head latent attention.
    Latent(LatentAttention),
    /// A recurrence with a state of fixed size: Mamba-2, gated delta rule, lightning attention.
    Linear(LinearAttention),
    /// None: a layer that is only a feed-forward network.
    None,
}

/// Multi-head, grouped-query or multi-query attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct GroupedAttention {
    /// Query heads.
    pub heads: usize,
    /// Heads of keys and values.
    pub kv_heads: usize,
    /// Width of a query or key head.
    pub head_dim: usize,
    /// Width of a value head; the same as `head_dim` in nearly all models.
    pub value_dim: usize,
    /// Tokens that a query sees, if the attention is local (sliding or chunked).
    pub window: Option<usize>,
    /// Whether the output is gated by a product of its own as wide as the queries.
    pub output_gate: bool,
    /// Whether the layer uses the keys and values of an earlier one: no cache of its own.
    pub reuses_cache: bool,
    /// Ranks of the projections, where they are factored.
    pub factors: Factors,
    /// Choice of the tokens that take part, where the attention is sparse.
    pub index: Option<SparseIndex>,
    /// Tokens that are pooled into one cache entry; one in nearly all models.
    pub pooled_tokens: usize,
    /// Whether one projection serves as both keys and values.
    pub shared_key_value: bool,
}

/// Low-rank factors of the projections of attention; zero where a projection is whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Factors {
    /// Rank of the queries.
    pub query: usize,
    /// Rank of the output, for each of `output_groups` groups of heads.
    pub output: usize,
    /// Groups of heads whose output is projected apart.
    pub output_groups: usize,
}

/// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LatentAttention {
    /// Query heads.
    pub heads: usize,
    /// Rank of the queries' compression; zero if they are not compressed.
    pub q_lora_rank: usize,
    /// Width of the compressed keys and values, which are what is cached.
    pub kv_lora_rank: usize,
    /// Width of the rotary part, shared among heads.
    pub qk_rope_head_dim: usize,
    /// Width of a head's part without positions.
    pub qk_nope_head_dim: usize,
    /// Width of a value head.
    pub v_head_dim: usize,
    /// Choice of the tokens that take part (DeepSeek sparse attention), if there is one.
    pub index: Option<SparseIndex>,
}

/// A light scorer that picks the tokens to attend to (DeepSeek-V3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SparseIndex {
    /// Heads of the scorer.
    pub heads: usize,
    /// Width of each; also what it caches for a token.
    pub head_dim: usize,
    /// Tokens picked.
    pub selected: usize,
}

/// What recurrence a linear layer runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Recurrence {
    /// Mamba-2: scalar decay a head.
    Mamba2,
    /// Gated delta rule (Qwen3-Next, Qwen3.5).
    GatedDelta,
    /// Kimi delta attention: decay a channel, low-rank gates.
    KimiDelta,
    /// Lightning attention (MiniMax-Text-01): fixed decay a head.
    Lightning,
}

/// A recurrence with a state of `value_heads x key_dim x value_dim`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LinearAttention {
    /// Which recurrence.
    pub recurrence: Recurrence,
    /// Heads of keys and queries (for Mamba-2: groups of B and C).
    pub key_heads: usize,
    /// Heads of values (for Mamba-2: heads).
    pub value_heads: usize,
    /// Width of a key head (for Mamba-2: the state size).
    pub key_dim: usize,
    /// Width of a value head.
    pub value_dim: usize,
    /// Taps of the short convolution; zero without one.
    pub convolution: usize,
}

/// What is done to each token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedForward {
    /// One network for every token.
    Dense(DenseFeedForward),
    /// Some of many networks.
    Experts(Experts),
    /// None: a layer that only mixes tokens.
    None,
}

/// One network for every token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DenseFeedForward {
    /// Width inside.
    pub inner: usize,
    /// Whether there are two products in (SwiGLU, GeGLU) instead of one.
    pub gated: bool,
}

/// Some of many networks, chosen token by token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Experts {
    /// How many to choose from.
    pub experts: usize,
    /// How many a token uses.
    pub top_k: usize,
    /// Width inside one.
    pub inner: usize,
    /// Width inside the part that every token uses (shared experts together, or a dense
    /// network beside the experts); zero without one.
    pub shared_inner: usize,
    /// Shared experts, as a number; one where `shared_inner` is not cut into experts.
    pub shared: usize,
    /// Whether there are two products in instead of one.
    pub gated: bool,
    /// Width into which tokens are projected before the routed experts (latent experts of
    /// Nemotron 3); zero if experts work at the full width.
    pub latent: usize,
}

/// How the work of attention is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttentionCount {
    /// Each query against the whole context, as Megatron and PaLM count.
    Full,
    /// Each query against what comes before it: on average half of the context.
    Causal,
}

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
                let picked = attention.index.map(|index| index.selected.saturating_mul(attention.pooled_tokens.max(1)));
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
    /// Plain attention with heads of one width.
    #[must_use]
    pub const fn plain(heads: usize, kv_heads: usize, head_dim: usize) -> Self {
        Self {
            heads,
            kv_heads,
            head_dim,
            value_dim: head_dim,
            window: None,
            output_gate: false,
            reuses_cache: false,
            factors: Factors { query: 0, output: 0, output_groups: 0 },
            index: None,
            pooled_tokens: 1,
            shared_key_value: false,
        }
    }

    fn parameters(&self, hidden: f64) -> f64 {
        let query_width = real(self.heads) * real(self.head_dim) * if self.output_gate { 2.0 } else { 1.0 };
        let query = factored(hidden, query_width, self.factors.query);
        let value_width = if self.shared_key_value { 0 } else { self.value_dim };
        let cached = if self.reuses_cache { 0.0 } else { real(self.kv_heads) * real(self.head_dim + value_width) };
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
        let query = factored(
            hidden,
            heads * real(self.qk_nope_head_dim + self.qk_rope_head_dim),
            self.q_lora_rank,
        );
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
            Recurrence::KimiDelta => {
                real(self.value_dim) * (2.0 * hidden + keys + values) + hidden * heads
            }
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
