//! Look-up by name: id, alias, any script, any case, with or without the vendor.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meaning {
    /// One entry.
    Entry(String),
    /// A family of entries, by its name.
    Family(String),
}

impl Meaning {
    /// The id of the entry, or the name of the family.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Entry(id) | Self::Family(id) => id,
        }
    }
}

/// Why a name gave no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nobody has that name.
    #[error("unknown {what} `{name}`{}", suggestions(.nearest))]
    Unknown {
        /// What was looked for ("chip").
        what: &'static str,
        /// The name given.
        name: String,
        /// Names near it.
        nearest: Vec<String>,
    },
    /// Several have it.
    #[error("`{name}` may be any of {}; say which", .candidates.join(", "))]
    Ambiguous {
        /// The name given.
        name: String,
        /// Ids of those that have it.
        candidates: Vec<String>,
    },
}

fn suggestions(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        names => format!(
            "; did you mean {}?",
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// Lower case, compatible forms folded, and the marks that people write or leave out removed.
#[must_use]
pub fn normalise(name: &str) -> String {
    name.nfkc()
        .flat_map(char::to_lowercase)
        .filter(|character| !character.is_whitespace() && !"-_./,()·•'’\"®™".contains(*character))
        .collect()
}

/// Names of entries and families, in normalised form.
#[derive(Debug, Clone, Default)]
pub(crate) struct NameIndex {
    meanings: BTreeMap<String, BTreeSet<Meaning>>,
    /// Names as written, for suggestions.
    written: BTreeMap<String, String>,
    /// Words that may be left out or put before a name: (normalised word, vendor).
    optional: Vec<(String, String)>,
}

impl NameIndex {
    /// Adds a name; returns another meaning that it already has.
    pub(crate) fn add(&mut self, name: &str, meaning: Meaning) -> Option<Meaning> {
        let key = normalise(name);
        if key.is_empty() {
            return None;
        }
        self.written.entry(key.clone()).or_insert_with(|| name.to_owned());
        let meanings = self.meanings.entry(key).or_default();
        let other = meanings.iter().find(|other| **other != meaning).cloned();
        meanings.insert(meaning);
        other
    }

    /// Adds a word that may stand before the names of a vendor's chips or be left out.
    pub(crate) fn add_optional_word(&mut self, word: &str, vendor: &str) {
        let word = normalise(word);
        if !word.is_empty() {
            self.optional.push((word, vendor.to_owned()));
        }
    }

    /// Adds every name of an entry once more without the optional words before it, unless
    /// that form already means something.
    pub(crate) fn add_shortened(&mut self, name: &str, vendor: &str, meaning: &Meaning) {
        let full = normalise(name);
        for short in self.without_optional_words(&full, Some(vendor)) {
            if short != full && !self.meanings.contains_key(&short) {
                self.meanings.entry(short).or_default().insert(meaning.clone());
            }
        }
    }

    /// What a name means, trying it whole first and then without optional words.
    /// `vendor_of` tells the vendor of a meaning, so that `AMD H100` stays unknown.
    pub(crate) fn find(&self, name: &str, vendor_of: impl Fn(&Meaning, &str) -> bool) -> BTreeSet<Meaning> {
        let full = normalise(name);
        if let Some(meanings) = self.meanings.get(&full) {
            return meanings.clone();
        }
        let mut found = BTreeSet::new();
        for (_, vendor) in &self.optional {
            for short in self.without_optional_words(&full, Some(vendor)) {
                if short != full
                    && let Some(meanings) = self.meanings.get(&short)
                {
                    found.extend(meanings.iter().filter(|meaning| vendor_of(meaning, vendor)).cloned());
                }
            }
        }
        found
    }

    /// The forms of a normalised name with one to three leading optional words removed.
    fn without_optional_words(&self, full: &str, vendor: Option<&str>) -> Vec<String> {
        let mut forms = vec![full.to_owned()];
        let mut frontier = vec![full.to_owned()];
        for _ in 0..3 {
            let mut next = Vec::new();
            for form in &frontier {
                for (word, owner) in &self.optional {
                    if vendor.is_none_or(|vendor| vendor == owner)
                        && let Some(rest) = form.strip_prefix(word.as_str())
                        && !rest.is_empty()
                        && !forms.iter().any(|form| form == rest)
                    {
                        next.push(rest.to_owned());
                        forms.push(rest.to_owned());
                    }
                }
            }
            frontier = next;
        }
        forms
    }

    /// Up to three names near a name that nobody has.
    pub(crate) fn nearest(&self, name: &str) -> Vec<String> {
        let wanted: String = normalise(name).chars().take(64).collect();
        let limit = (wanted.chars().count() / 3).max(1);
        let mut near: Vec<(usize, &str)> = self
            .written
            .iter()
            .map(|(key, written)| (strsim::osa_distance(&wanted, key), written.as_str()))
            .filter(|(distance, _)| *distance <= limit)
            .collect();
        near.sort_unstable();
        near.into_iter().take(3).map(|(_, written)| written.to_owned()).collect()
    }
}
