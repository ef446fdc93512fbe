//! Feed-forward networks of a configuration, layer by layer.

use serde_json::Value;

use super::architecture::{Architecture, Manner};
use super::config::{Config, ConfigError};
use crate::model::{DenseFeedForward, Experts, FeedForward};

const INNER: &[&str] = &[
    "intermediate_size_mlp",
    "intermediate_size",
    "ffn_hidden_size",
    "n_inner",
    "ffn_dim",
    "ff_intermediate_size",
    "mlp_hidden_size",
];
const EXPERTS: &[&str] =
    &["num_local_experts", "n_routed_experts", "num_experts", "moe_num_experts", "num_routed_experts"];
const TOP_K: &[&str] = &[
    "num_experts_per_tok",
    "num_experts_per_token",
    "experts_per_token",
    "top_k_experts",
    "moe_topk",
    "moe_top_k",
    "moe_k",
    "num_selected_experts",
];
const EXPERT_INNER: &[&str] =
    &["moe_intermediate_size", "expert_ffn_hidden_size", "intermediate_size", "ffn_hidden_size"];
const SHARED: &[&str] =
    &["n_shared_experts", "num_shared_experts", "moe_num_shared_experts", "num_shared_expert"];
const SHARED_INNER: &[&str] =
    &["moe_shared_expert_intermediate_size", "shared_expert_intermediate_size", "shared_intermediate_size"];

/// Which layers have which network.
#[derive(Debug)]
pub(super) struct Networks {
    dense: FeedForward,
    experts: FeedForward,
    /// For each layer, whether it has experts.
    sparse: Vec<bool>,
    /// Kinds of layers of a hybrid; empty if every layer has a network.
    pattern: Vec<char>,
}

impl Networks {
    pub(super) fn read(
        config: &Config<'_>,
        architecture: &Architecture,
        hidden: usize,
        count: usize,
    ) -> Result<Self, ConfigError> {
        let pattern: Vec<char> = config
            .text("hybrid_override_pattern")
            .unwrap_or("")
            .chars()
            .filter(|kind| *kind != '|')
            .collect();
        let experts = read_experts(config, architecture)?;
        let sparse = match experts {
            Some(_) => sparse_layers(config, count)?,
            None => vec![false; count],
        };
        let needs_dense = if pattern.is_empty() { sparse.contains(&false) } else { pattern.contains(&'-') };
        let dense = if needs_dense { read_dense(config, architecture, hidden)? } else { FeedForward::None };
        Ok(Self { dense, experts: experts.unwrap_or(FeedForward::None), sparse, pattern })
    }

    pub(super) fn of_layer(&self, index: usize) -> FeedForward {
        match self.pattern.get(index) {
            Some('-') => self.dense,
            Some('M' | '*') => FeedForward::None,
            Some(_) => self.experts,
            None if self.sparse.get(index) == Some(&true) => self.experts,
            None => self.dense,
        }
    }
}

fn read_dense(
    config: &Config<'_>,
    architecture: &Architecture,
    hidden: usize,
) -> Result<FeedForward, ConfigError> {
    let stated = config.optional_dimension(INNER)?;
    let inner = match (stated, architecture.manner) {
        (Some(stated), Manner::HalvedInner) => stated / 2,
        (Some(stated), _) => stated,
        (None, _) => architecture.usual_inner(config).ok_or_else(|| config.missing(INNER))?,
    };
    let inner = inner.max(1);
    // MLPs of OLMo count both products in.
    let inner = match config.get("mlp_hidden_size") {
        Some(_) if architecture.gated && inner > 4 * hidden => inner / 2,
        _ => inner,
    };
    Ok(FeedForward::Dense(DenseFeedForward { inner, gated: architecture.gated }))
}

/// A field of the whole, or of the part in which DBRX keeps it.
fn number(config: &Config<'_>, names: &[&str]) -> Result<Option<usize>, ConfigError> {
    if let Some(found) = config.count(names)? {
        return Ok(Some(found));
    }
    let nested = names.iter().find_map(|name| Some((*name, config.inner("ffn_config", name)?)));
    nested.map(|(name, value)| config.whole_number(name, value, 0)).transpose()
}

fn read_experts(
    config: &Config<'_>,
    architecture: &Architecture,
) -> Result<Option<FeedForward>, ConfigError> {
    if config.flag("enable_moe_block") == Some(false) {
        return Ok(None);
    }
    let experts = number(config, EXPERTS)?.unwrap_or(0);
    if experts <= 1 {
        return Ok(None);
    }
    let top_k = number(config, TOP_K)?.ok_or_else(|| config.missing(TOP_K))?;
    if !(1..=experts).contains(&top_k) {
        let expected = format!("from 1 to {experts} experts");
        return Err(config.wrong("num_experts_per_tok", &expected, &top_k.to_string()));
    }
    let inner = number(config, EXPERT_INNER)?.filter(|inner| *inner > 0);
    let inner = inner.ok_or_else(|| config.missing(EXPERT_INNER))?;
    let shared = number(config, SHARED)?.unwrap_or(0);
    // Gemma 4 has a dense network beside the experts; Llama 4 has one shared expert and no field.
    let beside = config.flag("enable_moe_block") == Some(true);
    let llama4 = config.get("interleave_moe_layer_step").is_some();
    let shared = if llama4 { shared.max(1) } else { shared };
    let shared_inner = match config.count(SHARED_INNER)? {
        Some(stated) => stated,
        None if beside => config.dimension(&["intermediate_size"])?,
        None => shared.saturating_mul(inner),
    };
    let shared = if shared_inner > 0 { shared.max(1) } else { 0 };
    let latent = config.count(&["moe_latent_size", "routed_expert_hidden_size"])?.unwrap_or(0);
    Ok(Some(FeedForward::Experts(Experts {
        experts,
        top_k,
        inner,
        shared_inner,
        shared,
        gated: architecture.gated,
        latent,
    })))
}

/// For each layer, whether it has experts.
fn sparse_layers(config: &Config<'_>, count: usize) -> Result<Vec<bool>, ConfigError> {
    if let Some(marks) = config.list("moe_layer_freq") {
        return Ok((0..count).map(|index| marks.get(index).is_none_or(truthy)).collect());
    }
    let first_dense = config
        .count(&["first_k_dense_replace", "moe_layer_start_index"])?
        .unwrap_or_else(|| usize::from(starts_dense(config)));
    let step_names =
        &["interleave_moe_layer_step", "decoder_sparse_step", "moe_layer_freq", "moe_layer_interval"];
    let step = config.count(step_names)?.unwrap_or(1).max(1);
    // These count from the end of each step, the others from its start.
    let from_end =
        ["interleave_moe_layer_step", "decoder_sparse_step"].iter().any(|name| config.get(name).is_some());
    let listed = |name: &str, index: usize| {
        let list = config.list(name)?;
        Some(list.iter().any(|item| item.as_u64() == u64::try_from(index).ok()))
    };
    let is_sparse = |index: usize| {
        let place = if from_end { index.saturating_add(1) } else { index };
        let dense = listed("mlp_only_layers", index) == Some(true);
        index >= first_dense
            && place.is_multiple_of(step)
            && !dense
            && listed("moe_layers", index) != Some(false)
    };
    Ok((0..count).map(is_sparse).collect())
}

/// Some mark dense layers by the type of each network.
fn starts_dense(config: &Config<'_>) -> bool {
    config.list("mlp_layer_types").and_then(|types| types.first()).and_then(Value::as_str) == Some("dense")
}

fn truthy(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_f64() != Some(0.0))
}
