//! Reads the `config.json` that model repositories carry.
//!
//! Architectures differ in the names of their fields, in defaults that their code supplies,
//! and in how layers alternate. An unknown one is read as a transformer if it has the usual
//! fields, with a note.

mod architecture;
mod attention;
mod config;
mod feed_forward;
mod quantization;

use narrows_quantity::Certainty;
use serde_json::Value;

use crate::model::{LayerKind, Model, Prediction, Provenance, StatedParameters};
use crate::precision::Scheme;

pub use config::{ConfigError, MissingField};

use architecture::Architecture;
use config::Config;

/// More layers than this are a mistake.
const MOST_LAYERS: usize = 4096;
/// Context of a file that does not say.
const USUAL_CONTEXT: usize = 2048;

/// What a `config.json` says.
#[derive(Debug, Clone, PartialEq)]
pub struct HuggingFaceModel {
    /// The shape; its notes say what was assumed.
    pub model: Model,
    /// Name of the architecture as the file has it.
    pub architecture: String,
    /// How the weights are stored, if they are quantized in a way that is known.
    pub quantization: Option<Scheme>,
}

/// Reads a `config.json`. `file` is its path, for messages and for the model's name.
///
/// # Errors
/// The first field that is missing or cannot be, or what is wrong with the JSON.
pub fn read(file: &str, text: &str) -> Result<HuggingFaceModel, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value: Value = serde_json::from_str(text)
        .map_err(|error| ConfigError::Syntax { file: file.to_owned(), message: error.to_string() })?;
    let config = Config::new(file, &value)?;
    let architecture = Architecture::of(&config);
    let mut notes = Vec::new();
    if !architecture.known {
        notes.push(format!(
            "architecture `{}` is not known; read as a transformer by its fields",
            architecture.name
        ));
    }
    if config.is_nested() {
        notes.push("language part only".to_owned());
    }
    let hidden = config.dimension(config::HIDDEN)?;
    let layers = layers(&config, &architecture, hidden, &mut notes)?;
    let prediction = prediction(&config, &layers)?;
    let context = config.optional_dimension(config::CONTEXT)?.unwrap_or_else(|| {
        notes.push(format!("no longest context is given; taken as {USUAL_CONTEXT}"));
        USUAL_CONTEXT
    });
    let quantization = quantization::of(&config, &mut notes);
    let id = name_of(file);
    let model = Model {
        name: id.clone(),
        id,
        vendor: String::new(),
        aliases: Vec::new(),
        hidden,
        vocabulary: config.dimension(config::VOCABULARY)?,
        tied_embeddings: config.flag("tie_word_embeddings").unwrap_or(architecture.ties_embeddings),
        learned_positions: architecture.learned_positions(&config, context),
        layers,
        prediction,
        maximum_context: context,
        stated: StatedParameters::default(),
        provenance: Provenance { source: file.to_owned(), certainty: Certainty::Datasheet, notes },
    };
    Ok(HuggingFaceModel { model, architecture: architecture.name, quantization })
}

/// Kinds of layers, equal ones together, in the order of their first occurrence.
fn layers(
    config: &Config<'_>,
    architecture: &Architecture,
    hidden: usize,
    notes: &mut Vec<String>,
) -> Result<Vec<LayerKind>, ConfigError> {
    let pattern = config.text("hybrid_override_pattern");
    let count = match pattern {
        Some(pattern) => pattern.chars().filter(|kind| *kind != '|').count(),
        None => config.dimension(config::LAYERS)?,
    };
    if !(1..=MOST_LAYERS).contains(&count) {
        let expected = format!("from 1 to {MOST_LAYERS} layers");
        return Err(config.wrong("num_hidden_layers", &expected, &count.to_string()));
    }
    let mixers = attention::Mixers::read(config, architecture, hidden, count, notes)?;
    let networks = feed_forward::Networks::read(config, architecture, hidden, count)?;
    let mut kinds: Vec<LayerKind> = Vec::new();
    for index in 0..count {
        let kind =
            LayerKind { count: 1, attention: mixers.of_layer(index), feed_forward: networks.of_layer(index) };
        let same = |other: &&mut LayerKind| {
            other.attention == kind.attention && other.feed_forward == kind.feed_forward
        };
        match kinds.iter_mut().find(same) {
            Some(found) => found.count += 1,
            None => kinds.push(kind),
        }
    }
    Ok(kinds)
}

/// Modules for further tokens; each holds a layer like the last kind.
fn prediction(config: &Config<'_>, layers: &[LayerKind]) -> Result<Option<Prediction>, ConfigError> {
    if config.flag("use_mtp") == Some(false) {
        return Ok(None);
    }
    let names = &["num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_modules", "mtp_num_layers"];
    let modules = config.count(names)?.unwrap_or(0);
    let layer = layers.iter().rev().find(|kind| kind.feed_forward != crate::model::FeedForward::None);
    let Some(layer) = layer.filter(|_| modules > 0) else { return Ok(None) };
    Ok(Some(Prediction { modules, layer: LayerKind { count: 1, ..*layer } }))
}

/// `deepseek-v3` of `models/deepseek-v3/config.json`, or the name of the file itself.
fn name_of(file: &str) -> String {
    let parts: Vec<&str> = file.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
    let own = parts.last().map_or("model", |name| name.strip_suffix(".json").unwrap_or(name));
    let folder = parts.len().checked_sub(2).and_then(|at| parts.get(at));
    match folder {
        Some(folder) if own == "config" => (*folder).to_owned(),
        _ => own.to_owned(),
    }
}
