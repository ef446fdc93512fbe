//! Typed access to a configuration: a field under any of its names, in the part of the file
//! that describes the language model.

use narrows_quantity::{did_you_mean, nearest};
use serde_json::{Map, Value};

use crate::model::GREATEST_DIMENSION;

/// Names of the width.
pub(super) const HIDDEN: &[&str] = &["hidden_size", "n_embd", "d_model", "model_dim"];
/// Names of the number of layers.
pub(super) const LAYERS: &[&str] = &["num_hidden_layers", "n_layer", "n_layers", "num_layers"];
/// Names of the vocabulary's size.
pub(super) const VOCABULARY: &[&str] = &["vocab_size", "padded_vocab_size"];
/// Names of the longest context.
pub(super) const CONTEXT: &[&str] = &[
    "max_position_embeddings",
    "n_positions",
    "seq_length",
    "max_seq_len",
    "max_sequence_length",
    "model_max_length",
    "n_ctx",
];

/// Parts of a file that may hold the language model's fields.
const PARTS: [&str; 4] = ["text_config", "language_config", "llm_config", "thinker_config"];

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is no JSON.
    #[error("{file}: {message}")]
    Syntax {
        /// Path of the file.
        file: String,
        /// What is wrong, with line and column.
        message: String,
    },
    /// A field is missing.
    #[error(transparent)]
    Missing(Box<MissingField>),
    /// A field holds what it cannot.
    #[error("{file}: {field}: expected {expected}, found {found}")]
    Wrong {
        /// Path of the file.
        file: String,
        /// The field.
        field: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
    },
}

/// A field that is needed and not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: the field `{field}` is missing{}; expected {expected} ({architecture}){}", also(.names), did_you_mean(.nearest.as_deref()))]
pub struct MissingField {
    /// Path of the file.
    pub file: String,
    /// The usual name of the field.
    pub field: String,
    /// Its other names.
    pub names: Vec<String>,
    /// What was expected.
    pub expected: String,
    /// The architecture, and for an unknown one the nearest known.
    pub architecture: String,
    /// The name of a field that is there and nearly right.
    pub nearest: Option<String>,
}

fn also(names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!(" (also known as {})", names.join(", ")),
    }
}

/// The language model's part of a configuration.
#[derive(Debug)]
pub(super) struct Config<'a> {
    file: &'a str,
    whole: &'a Map<String, Value>,
    part: Option<&'a Map<String, Value>>,
}

impl<'a> Config<'a> {
    pub(super) fn new(file: &'a str, value: &'a Value) -> Result<Self, ConfigError> {
        let Some(whole) = value.as_object() else {
            return Err(ConfigError::Wrong {
                file: file.to_owned(),
                field: "the whole".to_owned(),
                expected: "an object".to_owned(),
                found: describe(value),
            });
        };
        let part = PARTS.iter().find_map(|name| whole.get(*name)?.as_object());
        // Some wrap once more: thinker_config.text_config.
        let part = part.map(|part| part.get("text_config").and_then(Value::as_object).unwrap_or(part));
        Ok(Self { file, whole, part })
    }

    /// Whether the language model is one part of several.
    pub(super) const fn is_nested(&self) -> bool {
        self.part.is_some()
    }

    /// A field that is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        let own = self.part.and_then(|part| part.get(name));
        own.or_else(|| self.whole.get(name)).filter(|value| !value.is_null())
    }

    /// A field of an object that is a field.
    pub(super) fn inner(&self, object: &str, name: &str) -> Option<&'a Value> {
        self.get(object)?.as_object()?.get(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str()
    }

    /// True or false.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    /// A list.
    pub(super) fn list(&self, name: &str) -> Option<&'a [Value]> {
        self.get(name)?.as_array().map(Vec::as_slice)
    }

    /// A whole number from one up, under any of its names.
    pub(super) fn dimension(&self, names: &[&str]) -> Result<usize, ConfigError> {
        self.optional_dimension(names)?.ok_or_else(|| self.missing(names))
    }

    /// The same, if it is there.
    pub(super) fn optional_dimension(&self, names: &[&str]) -> Result<Option<usize>, ConfigError> {
        self.number(names, 1)
    }

    /// A whole number from zero up, if it is there.
    pub(super) fn count(&self, names: &[&str]) -> Result<Option<usize>, ConfigError> {
        self.number(names, 0)
    }

    fn number(&self, names: &[&str], least: usize) -> Result<Option<usize>, ConfigError> {
        let Some((name, value)) = names.iter().find_map(|name| Some((*name, self.get(name)?))) else {
            return Ok(None);
        };
        self.whole_number(name, value, least).map(Some)
    }

    /// A value as a whole number.
    pub(super) fn whole_number(&self, name: &str, value: &Value, least: usize) -> Result<usize, ConfigError> {
        // Some give one number for each layer; they are nearly always alike.
        let value = value.as_array().and_then(|items| items.first()).unwrap_or(value);
        let number = value.as_f64().filter(|number| number.fract().abs() < f64::EPSILON);
        let fits = number.filter(|number| (least as f64..=GREATEST_DIMENSION as f64).contains(number));
        fits.map(|number| number as usize).ok_or_else(|| {
            let expected = format!("a whole number from {least} to {GREATEST_DIMENSION}");
            self.wrong(name, &expected, &describe(value))
        })
    }

    /// That a field holds what it cannot.
    pub(super) fn wrong(&self, field: &str, expected: &str, found: &str) -> ConfigError {
        ConfigError::Wrong {
            file: self.file.to_owned(),
            field: field.to_owned(),
            expected: expected.to_owned(),
            found: found.to_owned(),
        }
    }

    /// That a field is missing.
    pub(super) fn missing(&self, names: &[&str]) -> ConfigError {
        let field = names.first().copied().unwrap_or_default();
        let fields = self.part.unwrap_or(self.whole).iter().filter(|(_, value)| !value.is_null());
        let there = fields.map(|(name, _)| name.as_str());
        ConfigError::Missing(Box::new(MissingField {
            file: self.file.to_owned(),
            field: field.to_owned(),
            names: names.iter().skip(1).map(|name| (*name).to_owned()).collect(),
            expected: format!("a whole number from 1 to {GREATEST_DIMENSION}"),
            architecture: super::architecture::describe(self),
            nearest: nearest(field, there),
        }))
    }
}

/// A value in a few words.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string().chars().take(40).collect(),
        Value::String(text) => format!("the text `{}`", text.chars().take(40).collect::<String>()),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
