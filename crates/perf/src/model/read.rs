//! Reads models from data files (`models/*.toml`; their form is described in
//! `data/models/README.md`).

use narrows_catalog::datafile::{Collector, Document, Table};
use narrows_catalog::{DataFile, Problems};

use super::{
    Attention, DenseFeedForward, Experts, Factors, FeedForward, GroupedAttention, LatentAttention, LayerKind,
    LinearAttention, Model, Models, Prediction, Provenance, Recurrence, SparseIndex, StatedParameters,
};

/// No dimension of a model comes near this; above it products of dimensions could overflow.
pub const GREATEST_DIMENSION: usize = 1_000_000_000;

const RECURRENCES: [(&str, Recurrence); 4] = [
    ("mamba2", Recurrence::Mamba2),
    ("gated_delta", Recurrence::GatedDelta),
    ("kimi_delta", Recurrence::KimiDelta),
    ("lightning", Recurrence::Lightning),
];

impl Models {
    /// Reads all model files.
    ///
    /// # Errors
    /// Everything that is wrong in the files.
    pub fn read<'a>(files: impl IntoIterator<Item = DataFile<'a>>) -> Result<Self, Problems> {
        let problems = Collector::new();
        let mut models = Self::default();
        for file in files {
            let Some(document) = Document::parse(file, &problems) else { continue };
            let root = document.root(&problems);
            for table in root.tables("model") {
                if let Some(model) = read_model(&table) {
                    models.add(model, |message| table.report("aliases", message));
                }
                table.finish();
            }
            root.finish();
        }
        problems.finish(models)
    }
}

fn read_model(table: &Table<'_>) -> Option<Model> {
    let billions = |key: &str| Some(table.optional_decimal(key)?.to_f64() * 1e9);
    let layers: Vec<LayerKind> =
        table.tables("layers").iter().filter_map(|layer| read_layer(layer, true)).collect();
    let prediction = table.optional_table("prediction").and_then(|module| {
        let modules = dimension(&module, "modules")?;
        Some(Prediction { modules, layer: read_layer(&module, false)? })
    });
    if layers.is_empty() {
        table.report("layers", "a model has at least one kind of layers");
    }
    let total = billions("parameters_billion");
    Some(Model {
        id: table.string("id")?,
        name: table.string("name")?,
        vendor: table.string("vendor")?,
        aliases: table.plain_strings("aliases"),
        hidden: dimension(table, "hidden")?,
        vocabulary: dimension(table, "vocabulary")?,
        tied_embeddings: table.optional_bool("tied_embeddings").unwrap_or(false),
        learned_positions: optional_dimension(table, "learned_positions"),
        layers,
        prediction,
        maximum_context: dimension(table, "context")?,
        stated: StatedParameters { total, active: billions("active_parameters_billion").or(total) },
        provenance: Provenance {
            source: table.string("source")?,
            certainty: table.certainty("certainty")?,
            notes: table.plain_strings("notes"),
        },
    })
}

fn read_layer(table: &Table<'_>, counted: bool) -> Option<LayerKind> {
    let count = if counted { dimension(table, "count")? } else { 1 };
    let layer =
        LayerKind { count, attention: read_attention(table)?, feed_forward: read_feed_forward(table)? };
    table.finish();
    Some(layer)
}

fn read_attention(table: &Table<'_>) -> Option<Attention> {
    if table.has("recurrence") {
        return Some(Attention::Linear(LinearAttention {
            recurrence: table.word("recurrence", &RECURRENCES)?,
            key_heads: dimension(table, "key_heads")?,
            value_heads: dimension(table, "value_heads")?,
            key_dim: dimension(table, "key_dim")?,
            value_dim: dimension(table, "value_dim")?,
            convolution: optional_dimension(table, "convolution"),
        }));
    }
    if !table.has("heads") {
        return Some(Attention::None);
    }
    let heads = dimension(table, "heads")?;
    let index = read_index(table);
    if table.has("kv_lora_rank") {
        return Some(Attention::Latent(LatentAttention {
            heads,
            q_lora_rank: optional_dimension(table, "q_lora_rank"),
            kv_lora_rank: dimension(table, "kv_lora_rank")?,
            qk_rope_head_dim: dimension(table, "qk_rope_head_dim")?,
            qk_nope_head_dim: dimension(table, "qk_nope_head_dim")?,
            v_head_dim: dimension(table, "v_head_dim")?,
            index,
        }));
    }
    let kv_heads = if table.has("kv_heads") { dimension(table, "kv_heads")? } else { heads };
    let head_dim = dimension(table, "head_dim")?;
    if kv_heads == 0 || !heads.is_multiple_of(kv_heads) {
        table.report("kv_heads", format!("{heads} query heads cannot share {kv_heads} heads of keys evenly"));
        return None;
    }
    let flag = |key: &str| table.optional_bool(key).unwrap_or(false);
    Some(Attention::Grouped(GroupedAttention {
        value_dim: if table.has("value_dim") { dimension(table, "value_dim")? } else { head_dim },
        window: table.has("window").then(|| dimension(table, "window")).flatten(),
        output_gate: flag("output_gate"),
        reuses_cache: flag("reuses_cache"),
        shared_key_value: flag("shared_key_value"),
        factors: Factors {
            query: optional_dimension(table, "query_rank"),
            output: optional_dimension(table, "output_rank"),
            output_groups: optional_dimension(table, "output_groups"),
        },
        index,
        pooled_tokens: optional_dimension(table, "pooled_tokens").max(1),
        ..GroupedAttention::plain(heads, kv_heads, head_dim)
    }))
}

fn read_index(table: &Table<'_>) -> Option<SparseIndex> {
    table.has("index_heads").then(|| {
        Some(SparseIndex {
            heads: dimension(table, "index_heads")?,
            head_dim: dimension(table, "index_dim")?,
            selected: dimension(table, "index_tokens")?,
        })
    })?
}

fn read_feed_forward(table: &Table<'_>) -> Option<FeedForward> {
    let gated = table.optional_bool("gated").unwrap_or(true);
    if table.has("experts") {
        let experts = dimension(table, "experts")?;
        let top_k = dimension(table, "top_k")?;
        if top_k > experts {
            table.report("top_k", format!("a token cannot use {top_k} of {experts} experts"));
        }
        let inner = dimension(table, "expert_inner")?;
        let shared = optional_dimension(table, "shared");
        let shared_inner = if table.has("shared_inner") {
            dimension(table, "shared_inner")?
        } else {
            shared.saturating_mul(inner)
        };
        let shared = if shared_inner > 0 { shared.max(1) } else { 0 };
        let latent = optional_dimension(table, "latent");
        return Some(FeedForward::Experts(Experts {
            experts,
            top_k,
            inner,
            shared_inner,
            shared,
            gated,
            latent,
        }));
    }
    if table.has("inner") {
        return Some(FeedForward::Dense(DenseFeedForward { inner: dimension(table, "inner")?, gated }));
    }
    Some(FeedForward::None)
}

/// A dimension: a whole number from one up to [`GREATEST_DIMENSION`].
fn dimension(table: &Table<'_>, key: &str) -> Option<usize> {
    let value = table.decimal(key)?.to_f64();
    let whole = value as usize;
    let fits = (1..=GREATEST_DIMENSION).contains(&whole) && (value - whole as f64).abs() < f64::EPSILON;
    if !fits {
        table.report(key, format!("expected a whole number from 1 to {GREATEST_DIMENSION}, found {value}"));
    }
    fits.then_some(whole)
}

/// A dimension that may be absent: zero then.
fn optional_dimension(table: &Table<'_>, key: &str) -> usize {
    if table.has(key) { dimension(table, key).unwrap_or(0) } else { 0 }
}
