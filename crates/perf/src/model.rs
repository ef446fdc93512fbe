//! [`Model`]: the shape of a language model, as far as time and memory depend on it.
//!
//! Layers of the same kind are kept together ([`LayerKind`]), in the order of their first
//! occurrence, so an engine computes each kind once and multiplies. Where a model alternates
//! (local and global attention, linear and full attention), each alternative is a kind.

mod count;
mod find;
mod read;

pub use find::{Models, Named, UnknownModel};
pub use read::GREATEST_DIMENSION;

use narrows_quantity::Certainty;
use serde::Serialize;

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
}
