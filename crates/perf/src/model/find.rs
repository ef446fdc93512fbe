//! Models by name: id, name or alias, in any case and punctuation, with or without the
//! publisher before a slash, and with the suffixes that publishers and tables add.

use std::collections::BTreeMap;

use narrows_quantity::nearest;

use super::Model;

/// All models that are on record.
#[derive(Debug, Clone, Default)]
pub struct Models {
    models: Vec<Model>,
    /// Normalised name to index.
    names: BTreeMap<String, usize>,
}

/// A model found by name, with what its suffixes said.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// The model; without its further-token modules if the name says so.
    pub model: Model,
    /// Whether the name says with (`w/ MTP`) or without (`w/o MTP`) further-token modules.
    pub prediction: Option<bool>,
    /// Whether experts drop tokens above their capacity (`tokendrop`).
    pub drops_tokens: bool,
}

/// Nobody has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown model `{name}`{}", hint(.nearest.as_deref()))]
pub struct UnknownModel {
    /// The name given.
    pub name: String,
    /// The nearest name.
    pub nearest: Option<String>,
}

fn hint(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!("; did you mean `{name}`? A path to a config.json works too"),
        None => "; a path to a config.json works too".to_owned(),
    }
}

/// Endings that name a tuning or a format of the same shape.
const ENDINGS: [&str; 33] = [
    "instruct", "chat", "base", "hf", "it", "pt", "thinking", "fp8", "fp4", "nvfp4", "mxfp4", "bf16", "fp16",
    "int4", "int8", "w8a8", "w4a8", "w4a16", "w4a16ct", "awq", "gptq", "dynamic", "block", "mlperf", "0528",
    "0324", "2507", "0905", "2512", "v01", "v02", "v03", "preview",
];

impl Models {
    /// All models, in the order of the files.
    #[must_use]
    pub fn all(&self) -> &[Model] {
        &self.models
    }

    /// Adds a model; a name that another one has already is reported and stays with it.
    pub fn add(&mut self, model: Model, mut report: impl FnMut(String)) {
        let index = self.models.len();
        let mut names = vec![model.id.as_str(), model.name.as_str()];
        names.extend(model.aliases.iter().map(String::as_str));
        for name in names {
            let taken = *self.names.entry(key_of(name)).or_insert(index);
            if let Some(other) = self.models.get(taken).filter(|_| taken != index) {
                report(format!("`{name}` is already a name of `{}`", other.id));
            }
        }
        self.models.push(model);
    }

    /// A model by any of its names.
    ///
    /// # Errors
    /// [`UnknownModel`] with the nearest name.
    pub fn find(&self, name: &str) -> Result<Named, UnknownModel> {
        let lower = name.to_lowercase();
        let drops_tokens = lower.contains("tokendrop") || lower.contains("token drop");
        let prediction = said_of_prediction(&lower);
        let found = self.lookup(name).or_else(|| self.lookup(without_parentheses(name).as_str()));
        match found {
            Some(model) if prediction == Some(false) => {
                Ok(Named { model: model.without_prediction(), prediction, drops_tokens })
            }
            Some(model) => Ok(Named { model: model.clone(), prediction, drops_tokens }),
            None => Err(UnknownModel { name: name.to_owned(), nearest: self.nearest(name) }),
        }
    }

    fn lookup(&self, name: &str) -> Option<&Model> {
        let after_publisher = name.rsplit('/').next().unwrap_or(name);
        [name, after_publisher].iter().find_map(|form| self.without_endings(&key_of(form)))
    }

    /// Takes endings off, one after the other, until a name is known.
    fn without_endings(&self, full: &str) -> Option<&Model> {
        let mut rest = full;
        loop {
            if let Some(index) = self.names.get(rest) {
                return self.models.get(*index);
            }
            let shorter = ENDINGS.iter().find_map(|ending| rest.strip_suffix(ending));
            rest = shorter.filter(|shorter| !shorter.is_empty())?;
        }
    }

    fn nearest(&self, name: &str) -> Option<String> {
        let wanted = key_of(name.rsplit('/').next().unwrap_or(name));
        let near = nearest(&wanted, self.names.keys().map(String::as_str))?;
        self.names.get(&near).and_then(|index| self.models.get(*index)).map(|model| model.id.clone())
    }
}

/// Lower case without the marks that people write or leave out. A point between digits
/// stays: 1.3B is not 13B.
fn key_of(name: &str) -> String {
    let characters: Vec<char> = name.trim().chars().collect();
    let digit = |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(char::is_ascii_digit);
    let kept = characters.iter().enumerate().filter(|(at, character)| match character {
        '.' => digit(at.checked_sub(1)) && digit(at.checked_add(1)),
        other => other.is_alphanumeric() || **other == '+',
    });
    kept.flat_map(|(_, character)| character.to_lowercase()).collect()
}

/// Whether a name in lower case says something of multi-token prediction.
fn said_of_prediction(lower: &str) -> Option<bool> {
    let at = lower.find("mtp")?;
    let before = lower.get(..at)?.trim_end_matches([' ', '-', '_']);
    Some(!["w/o", "without", "no"].iter().any(|word| before.ends_with(word)))
}

/// The name without what stands in parentheses.
fn without_parentheses(name: &str) -> String {
    let mut depth = 0_usize;
    let mut rest = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            other if depth == 0 => rest.push(other),
            _ => {}
        }
    }
    rest
}
