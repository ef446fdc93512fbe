//! What the code of an architecture adds to its configuration.

use narrows_quantity::nearest;

use super::config::{Config, HIDDEN};

/// What is known of an architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Architecture {
    /// Its name in the file.
    pub(super) name: String,
    /// Whether it is one of ours.
    pub(super) known: bool,
    /// Whether its feed-forward networks have two products in.
    pub(super) gated: bool,
    /// Whether the head reuses the embedding if the file does not say.
    pub(super) ties_embeddings: bool,
    /// Whether positions have weights.
    learns_positions: bool,
    /// How it departs from the rest.
    pub(super) manner: Manner,
}

/// Departures that more than a field's name depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// None.
    Usual,
    /// The file states twice the inner width (Qwen 1).
    HalvedInner,
    /// Every second layer is local (Gemma 2, gpt-oss).
    EverySecondGlobal,
    /// Every sixth layer is global (Gemma 3).
    EverySixthGlobal,
    /// Every fourth layer is global (Llama 4, Cohere 2).
    EveryFourthGlobal,
    /// One head of keys unless the file says otherwise (Falcon).
    Falcon,
}

/// (Beginning of the class name or model type, gated, ties embeddings, learns positions, manner).
type Entry = (&'static str, bool, bool, bool, Manner);

/// Known architectures; the longest beginning that fits counts. In lower case without `_`.
const KNOWN: &[Entry] = &[
    ("llama", true, false, false, Manner::Usual),
    ("llama4", true, false, false, Manner::EveryFourthGlobal),
    ("mistral", true, false, false, Manner::Usual),
    ("mixtral", true, false, false, Manner::Usual),
    ("pixtral", true, false, false, Manner::Usual),
    ("qwenlmhead", true, false, false, Manner::HalvedInner),
    ("qwen2", true, false, false, Manner::Usual),
    ("qwen3", true, false, false, Manner::Usual),
    ("deepseek", true, false, false, Manner::Usual),
    ("gemma", true, true, false, Manner::Usual),
    ("gemma2", true, true, false, Manner::EverySecondGlobal),
    ("gemma3", true, true, false, Manner::EverySixthGlobal),
    ("gemma4", true, true, false, Manner::EverySixthGlobal),
    ("phifor", false, false, false, Manner::Usual),
    ("phi3", true, false, false, Manner::Usual),
    ("phi4", true, false, false, Manner::Usual),
    ("phimoe", true, false, false, Manner::Usual),
    ("gpt2", false, true, true, Manner::Usual),
    ("gptbigcode", false, true, true, Manner::Usual),
    ("gptj", false, false, false, Manner::Usual),
    ("gptneofor", false, true, true, Manner::Usual),
    ("gptneox", false, false, false, Manner::Usual),
    ("gptoss", true, false, false, Manner::EverySecondGlobal),
    ("opt", false, true, true, Manner::Usual),
    ("mpt", false, true, true, Manner::Usual),
    ("falcon", false, true, false, Manner::Falcon),
    ("rw", false, true, false, Manner::Falcon),
    ("bloom", false, true, false, Manner::Usual),
    ("chatglm", true, false, false, Manner::Usual),
    ("glm", true, false, false, Manner::Usual),
    ("minimax", true, false, false, Manner::Usual),
    ("kimi", true, false, false, Manner::Usual),
    ("nemotron", false, false, false, Manner::Usual),
    ("nemotronh", false, false, false, Manner::Usual),
    ("internlm", true, false, false, Manner::Usual),
    ("baichuan", true, false, false, Manner::Usual),
    ("aquila", true, false, false, Manner::Usual),
    ("cohere", true, true, false, Manner::Usual),
    ("cohere2", true, true, false, Manner::EveryFourthGlobal),
    ("olmo", true, false, false, Manner::Usual),
    ("starcoder2", false, true, false, Manner::Usual),
    ("stablelm", true, false, false, Manner::Usual),
    ("dbrx", true, false, false, Manner::Usual),
    ("grok", true, false, false, Manner::Usual),
    ("yi", true, false, false, Manner::Usual),
    ("ernie4", true, true, false, Manner::Usual),
    ("hunyuan", true, true, false, Manner::Usual),
    ("mimo", true, false, false, Manner::Usual),
    ("granite", true, true, false, Manner::Usual),
    ("exaone", true, false, false, Manner::Usual),
    ("solar", true, false, false, Manner::Usual),
    ("pangu", true, false, false, Manner::Usual),
    ("arctic", true, false, false, Manner::Usual),
];

/// Activations of networks with one product in.
const PLAIN_ACTIVATIONS: [&str; 6] = ["relu", "relu2", "gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh"];

fn class_of<'a>(config: &Config<'a>) -> Option<&'a str> {
    config.list("architectures").and_then(|names| names.first()).and_then(|name| name.as_str())
}

fn lookup(name: &str) -> Option<&'static Entry> {
    let key: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    KNOWN.iter().filter(|entry| key.starts_with(entry.0)).max_by_key(|entry| entry.0.len())
}

/// The architecture for messages; for an unknown one with the nearest known.
pub(super) fn describe(config: &Config<'_>) -> String {
    let name = class_of(config).or_else(|| config.text("model_type"));
    match name {
        None => "the file names no architecture".to_owned(),
        Some(name) if lookup(name).is_some() => format!("architecture `{name}`"),
        Some(name) => {
            let wanted = name.to_lowercase();
            let wanted = wanted.split("for").next().unwrap_or(&wanted);
            let near = nearest(wanted, KNOWN.iter().map(|entry| entry.0));
            let near = near.map_or_else(String::new, |near| format!("; the nearest known is `{near}`"));
            format!("architecture `{}` is not known{near}", name.chars().take(60).collect::<String>())
        }
    }
}

impl Architecture {
    /// The architecture that a file names by class or by model type.
    pub(super) fn of(config: &Config<'_>) -> Self {
        let class = class_of(config);
        let kind = config.text("model_type");
        let name = class.or(kind).unwrap_or("unnamed").to_owned();
        let found = class.and_then(lookup).or_else(|| kind.and_then(lookup));
        match found {
            Some((_, gated, ties_embeddings, learns_positions, manner)) => Self {
                name,
                known: true,
                gated: *gated,
                ties_embeddings: *ties_embeddings,
                learns_positions: *learns_positions,
                manner: *manner,
            },
            None => {
                let activation = config.text("hidden_act").or_else(|| config.text("activation_function"));
                let gated = !activation.is_some_and(|activation| PLAIN_ACTIVATIONS.contains(&activation));
                let manner = Manner::Usual;
                Self { name, known: false, gated, ties_embeddings: false, learns_positions: false, manner }
            }
        }
    }

    /// Rows of position weights.
    pub(super) fn learned_positions(&self, config: &Config<'_>, context: usize) -> usize {
        let alibi = config.inner("attn_config", "alibi").and_then(serde_json::Value::as_bool) == Some(true);
        let rotary = config.inner("attn_config", "rope").and_then(serde_json::Value::as_bool) == Some(true);
        let without = config.flag("learned_pos_emb") == Some(false) || config.flag("alibi") == Some(true);
        if self.learns_positions && !alibi && !rotary && !without { context } else { 0 }
    }

    /// Inner width where the file leaves it to the code.
    pub(super) fn usual_inner(&self, config: &Config<'_>) -> Option<usize> {
        if self.gated {
            return None;
        }
        let ratio = config.get("expansion_ratio").and_then(serde_json::Value::as_f64).unwrap_or(4.0);
        let hidden = config.optional_dimension(HIDDEN).ok()??;
        let inner = ratio * hidden as f64;
        (1.0..=1e9).contains(&inner).then_some(inner as usize)
    }
}
