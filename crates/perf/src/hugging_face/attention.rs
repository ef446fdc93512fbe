//! How the layers of a configuration mix tokens.

use serde_json::Value;

use super::architecture::{Architecture, Manner};
use super::config::{Config, ConfigError};
use crate::model::{
    Attention, Factors, GroupedAttention, LatentAttention, LinearAttention, Recurrence, SparseIndex,
};

const HEADS: &[&str] = &["num_attention_heads", "n_head", "n_heads", "num_heads"];
const KV_HEADS: &[&str] =
    &["num_key_value_heads", "num_kv_heads", "n_head_kv", "multi_query_group_num", "num_query_groups"];
const HEAD_DIM: &[&str] = &["head_dim", "kv_channels", "attention_head_dim", "qk_head_dim"];

/// Which layers mix tokens how.
#[derive(Debug)]
pub(super) struct Mixers(Vec<Attention>);

/// What a layer does, as files name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Global,
    Local,
    Linear,
    Nothing,
}

impl Mixers {
    pub(super) fn read(
        config: &Config<'_>,
        architecture: &Architecture,
        hidden: usize,
        count: usize,
        notes: &mut Vec<String>,
    ) -> Result<Self, ConfigError> {
        if config.list("compress_ratios").is_some() {
            return pooled(config, count, notes);
        }
        let roles = roles(config, architecture, count)?;
        let global = global(config, architecture, hidden)?;
        let local = if roles.contains(&Role::Local) { local(config, global)? } else { Attention::None };
        let linear = if roles.contains(&Role::Linear) { linear(config)? } else { Attention::None };
        let of_role = |role: &Role| match role {
            Role::Global => global,
            Role::Local => local,
            Role::Linear => linear,
            Role::Nothing => Attention::None,
        };
        Ok(Self(roles.iter().map(of_role).collect()))
    }

    pub(super) fn of_layer(&self, index: usize) -> Attention {
        self.0.get(index).copied().unwrap_or(Attention::None)
    }
}

/// What each layer does, from whichever field says it.
fn roles(config: &Config<'_>, architecture: &Architecture, count: usize) -> Result<Vec<Role>, ConfigError> {
    if let Some(pattern) = config.text("hybrid_override_pattern") {
        let role = |kind| match kind {
            'M' => Role::Linear,
            '*' => Role::Global,
            _ => Role::Nothing,
        };
        return Ok(pattern.chars().filter(|kind| *kind != '|').map(role).collect());
    }
    let local = window(config)?.is_some();
    if let Some(types) = config.list("layer_types") {
        let role = |index: usize| match types.get(index).and_then(Value::as_str) {
            Some("linear_attention" | "mamba" | "mamba2" | "linear") => Role::Linear,
            Some("sliding_attention" | "chunked_attention" | "local_attention") if local => Role::Local,
            _ => Role::Global,
        };
        return Ok((0..count).map(role).collect());
    }
    // One mark a layer: 1 is local in MiMo, 0 is linear in MiniMax.
    for (name, mark, role) in [("hybrid_layer_pattern", 1, Role::Local), ("attn_type_list", 0, Role::Linear)]
    {
        if let Some(marks) = config.list(name) {
            let is_it = |index: usize| marks.get(index).and_then(Value::as_u64) == Some(mark);
            return Ok((0..count).map(|index| if is_it(index) { role } else { Role::Global }).collect());
        }
    }
    if let Some(full) = config.inner("linear_attn_config", "full_attn_layers").and_then(Value::as_array) {
        // Counted from one.
        let is_full = |index: usize| full.iter().any(|item| item.as_u64() == u64::try_from(index + 1).ok());
        return Ok((0..count)
            .map(|index| if is_full(index) { Role::Global } else { Role::Linear })
            .collect());
    }
    let interval = config.count(&["full_attention_interval"])?.filter(|interval| *interval > 1);
    if let Some(interval) = interval {
        let role =
            |index: usize| if (index + 1).is_multiple_of(interval) { Role::Global } else { Role::Linear };
        return Ok((0..count).map(role).collect());
    }
    let every = config.count(&["sliding_window_pattern", "no_rope_layer_interval"])?;
    let every = every.or(match architecture.manner {
        Manner::EverySecondGlobal => Some(2),
        Manner::EverySixthGlobal => Some(6),
        Manner::EveryFourthGlobal => Some(4),
        _ => None,
    });
    let role = |index: usize| match (local, every) {
        (true, Some(every)) if every > 0 && (index + 1).is_multiple_of(every) => Role::Global,
        (true, _) => Role::Local,
        _ => Role::Global,
    };
    Ok((0..count).map(role).collect())
}

/// Tokens that local layers see.
fn window(config: &Config<'_>) -> Result<Option<usize>, ConfigError> {
    if config.flag("use_sliding_window") == Some(false) {
        return Ok(None);
    }
    // Qwen 2 names a window that its code does not use unless it is told to.
    let qwen2 =
        config.text("model_type").is_some_and(|kind| kind.starts_with("qwen2") || kind.starts_with("qwen3"));
    if qwen2 && config.flag("use_sliding_window") != Some(true) {
        return Ok(None);
    }
    let window = config.count(&["sliding_window", "sliding_window_size", "attention_chunk_size"])?;
    Ok(window.filter(|window| *window > 0))
}

fn heads(config: &Config<'_>) -> Result<usize, ConfigError> {
    config.dimension(HEADS)
}

/// Attention of layers that see everything.
fn global(config: &Config<'_>, architecture: &Architecture, hidden: usize) -> Result<Attention, ConfigError> {
    let heads = heads(config)?;
    let index = index(config)?;
    if config.get("kv_lora_rank").is_some() {
        return Ok(Attention::Latent(LatentAttention {
            heads,
            q_lora_rank: config.count(&["q_lora_rank"])?.unwrap_or(0),
            kv_lora_rank: config.dimension(&["kv_lora_rank"])?,
            qk_rope_head_dim: config.dimension(&["qk_rope_head_dim"])?,
            qk_nope_head_dim: config.dimension(&["qk_nope_head_dim"])?,
            v_head_dim: config.dimension(&["v_head_dim"])?,
            index,
        }));
    }
    let head_dim = head_dim(config, hidden, heads)?;
    let head_dim = config.count(&["global_head_dim"])?.filter(|width| *width > 0).unwrap_or(head_dim);
    let kv_heads = match config.count(&["num_global_key_value_heads"])?.filter(|heads| *heads > 0) {
        Some(kv_heads) => kv_heads,
        None => kv_heads(config, architecture, heads)?,
    };
    check_groups(config, heads, kv_heads)?;
    Ok(Attention::Grouped(GroupedAttention {
        value_dim: config.optional_dimension(&["v_head_dim"])?.unwrap_or(head_dim),
        output_gate: config.flag("attn_output_gate").unwrap_or(false),
        shared_key_value: config.flag("attention_k_eq_v").unwrap_or(false),
        index,
        ..GroupedAttention::plain(heads, kv_heads, head_dim)
    }))
}

fn check_groups(config: &Config<'_>, heads: usize, kv_heads: usize) -> Result<(), ConfigError> {
    if kv_heads > 0 && heads.is_multiple_of(kv_heads) {
        return Ok(());
    }
    let expected = format!("a number that divides {heads} query heads");
    Err(config.wrong("num_key_value_heads", &expected, &kv_heads.to_string()))
}

fn head_dim(config: &Config<'_>, hidden: usize, heads: usize) -> Result<usize, ConfigError> {
    if let Some(stated) = config.optional_dimension(HEAD_DIM)? {
        return Ok(stated);
    }
    if hidden.is_multiple_of(heads) {
        return Ok(hidden / heads);
    }
    let expected = format!("a number that divides the width {hidden}, or a head_dim");
    Err(config.wrong("num_attention_heads", &expected, &heads.to_string()))
}

fn kv_heads(config: &Config<'_>, architecture: &Architecture, heads: usize) -> Result<usize, ConfigError> {
    let nested = ["kv_n_heads"].iter().find_map(|name| Some((*name, config.inner("attn_config", name)?)));
    if let Some((name, value)) = nested {
        return config.whole_number(name, value, 1);
    }
    let several = config.flag("multi_query_attention") != Some(false);
    let stated = config.optional_dimension(KV_HEADS)?.filter(|_| several);
    let one = config.flag("multi_query").unwrap_or(architecture.manner == Manner::Falcon);
    let newer = config.flag("new_decoder_architecture") == Some(true);
    Ok(match stated {
        // The first Falcon names all its heads there and has one nevertheless.
        Some(_) if architecture.manner == Manner::Falcon && one && !newer => 1,
        Some(stated) => stated,
        None if one && !newer => 1,
        None => heads,
    })
}

/// Local attention: the global one with a window and, in some, with heads of its own.
fn local(config: &Config<'_>, global: Attention) -> Result<Attention, ConfigError> {
    let window = window(config)?;
    let Attention::Grouped(global) = global else { return Ok(global) };
    let heads = config.optional_dimension(&["swa_num_attention_heads"])?.unwrap_or(global.heads);
    let own = config.get("num_global_key_value_heads").is_some() || config.get("global_head_dim").is_some();
    let kv_heads = match config.optional_dimension(&["swa_num_key_value_heads"])? {
        Some(stated) => stated,
        None if own => config.optional_dimension(KV_HEADS)?.unwrap_or(global.kv_heads),
        None => global.kv_heads,
    };
    let head_dim = match config.optional_dimension(&["swa_head_dim"])? {
        Some(stated) => stated,
        None if own => config.optional_dimension(HEAD_DIM)?.unwrap_or(global.head_dim),
        None => global.head_dim,
    };
    let value_dim = match config.optional_dimension(&["swa_v_head_dim"])? {
        Some(stated) => stated,
        None if own => head_dim,
        None => global.value_dim,
    };
    check_groups(config, heads, kv_heads)?;
    let shared_key_value = global.shared_key_value && !own;
    Ok(Attention::Grouped(GroupedAttention {
        heads,
        kv_heads,
        head_dim,
        value_dim,
        window,
        shared_key_value,
        ..global
    }))
}

/// The scorer of sparse attention.
fn index(config: &Config<'_>) -> Result<Option<SparseIndex>, ConfigError> {
    let Some(heads) = config.count(&["index_n_heads"])?.filter(|heads| *heads > 0) else { return Ok(None) };
    Ok(Some(SparseIndex {
        heads,
        head_dim: config.dimension(&["index_head_dim"])?,
        selected: config.dimension(&["index_topk", "index_top_k"])?,
    }))
}

/// The recurrence of linear layers.
fn linear(config: &Config<'_>) -> Result<Attention, ConfigError> {
    let kimi = |name: &str| {
        let value = config.inner("linear_attn_config", name)?;
        Some(config.whole_number(name, value, 1))
    };
    let attention = if config.get("mamba_num_heads").is_some() {
        LinearAttention {
            recurrence: Recurrence::Mamba2,
            key_heads: config.optional_dimension(&["n_groups", "mamba_n_groups"])?.unwrap_or(8),
            value_heads: config.dimension(&["mamba_num_heads"])?,
            key_dim: config.dimension(&["ssm_state_size", "mamba_state_dim", "mamba_d_state"])?,
            value_dim: config.dimension(&["mamba_head_dim"])?,
            convolution: config.count(&["conv_kernel", "mamba_d_conv"])?.unwrap_or(4),
        }
    } else if let (Some(heads), Some(width)) = (kimi("num_heads"), kimi("head_dim")) {
        let (heads, width) = (heads?, width?);
        LinearAttention {
            recurrence: Recurrence::KimiDelta,
            key_heads: heads,
            value_heads: heads,
            key_dim: width,
            value_dim: width,
            convolution: kimi("short_conv_kernel_size").transpose()?.unwrap_or(4),
        }
    } else if config.list("attn_type_list").is_some() {
        let heads = heads(config)?;
        let width = config.dimension(HEAD_DIM)?;
        LinearAttention {
            recurrence: Recurrence::Lightning,
            key_heads: heads,
            value_heads: heads,
            key_dim: width,
            value_dim: width,
            convolution: 0,
        }
    } else {
        LinearAttention {
            recurrence: Recurrence::GatedDelta,
            key_heads: config.dimension(&["linear_num_key_heads"])?,
            value_heads: config.dimension(&["linear_num_value_heads"])?,
            key_dim: config.dimension(&["linear_key_head_dim"])?,
            value_dim: config.dimension(&["linear_value_head_dim"])?,
            convolution: config.count(&["linear_conv_kernel_dim"])?.unwrap_or(4),
        }
    };
    Ok(Attention::Linear(attention))
}

/// Attention over pooled entries (DeepSeek-V4): a ratio for each layer, zero for a window alone.
fn pooled(config: &Config<'_>, count: usize, notes: &mut Vec<String>) -> Result<Mixers, ConfigError> {
    let heads = heads(config)?;
    let kv_heads = config.optional_dimension(KV_HEADS)?.unwrap_or(1);
    check_groups(config, heads, kv_heads)?;
    let index = index(config)?;
    let whole = GroupedAttention {
        shared_key_value: true,
        factors: Factors {
            query: config.count(&["q_lora_rank"])?.unwrap_or(0),
            output: config.count(&["o_lora_rank"])?.unwrap_or(0),
            output_groups: config.count(&["o_groups"])?.unwrap_or(0),
        },
        ..GroupedAttention::plain(heads, kv_heads, config.dimension(HEAD_DIM)?)
    };
    let window = window(config)?;
    notes.push("the window that pooled layers see beside their entries is left out".to_owned());
    let ratios = config.list("compress_ratios").unwrap_or_default();
    let mut layers = Vec::with_capacity(count);
    for layer in 0..count {
        let ratio = match ratios.get(layer) {
            Some(ratio) => config.whole_number("compress_ratios", ratio, 0)?,
            None => 0,
        };
        // Entries that pool few tokens are many, so a scorer picks among them.
        let picked = index.filter(|_| (1..=16).contains(&ratio));
        let window = if ratio == 0 { window } else { None };
        layers.push(Attention::Grouped(GroupedAttention {
            window,
            pooled_tokens: ratio.max(1),
            index: picked,
            ..whole
        }));
    }
    Ok(Mixers(layers))
}
