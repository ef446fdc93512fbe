//! [`Lists`]: the lists of restricted parties, and how each numbers its parties.

use std::collections::BTreeMap;

use narrows_catalog::datafile::{Collector, Document, Table};
use narrows_catalog::{DataFile, Problems, normalise};
use narrows_quantity::{Certainty, did_you_mean, nearest};
use serde::Serialize;

use crate::footnote::Marks;

/// Where the number in an id comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Numbering {
    /// The next number that was free when the party was first seen.
    Ours,
    /// The number that the authority gives.
    Authority,
}

const NUMBERINGS: [(&str, Numbering); 2] = [("ours", Numbering::Ours), ("authority", Numbering::Authority)];

/// A list of restricted parties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct List {
    /// Code, the beginning of the ids of its parties (`EL`).
    pub code: String,
    /// Name.
    pub name: String,
    /// Who keeps it.
    pub authority: String,
    /// Where the law speaks of it.
    pub citation: String,
    /// What being listed means, in our words.
    pub effect: String,
    /// Public address.
    pub source: String,
    /// How sure citation and effect are.
    pub certainty: Certainty,
    /// What the government's consolidated file calls it; empty for a list that the file lacks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub titles: Vec<String>,
    /// Where the numbers of ids come from.
    pub numbering: Numbering,
    /// How licence requirements refer to footnotes.
    #[serde(skip)]
    pub footnotes: Marks,
}

/// All lists, by code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lists {
    lists: BTreeMap<String, List>,
}

impl Lists {
    /// Reads files of lists.
    ///
    /// # Errors
    /// Everything that is wrong in them.
    pub fn read<'a>(files: impl IntoIterator<Item = DataFile<'a>>) -> Result<Self, Problems> {
        let problems = Collector::new();
        let mut lists: BTreeMap<String, List> = BTreeMap::new();
        for file in files {
            let Some(document) = Document::parse(file, &problems) else { continue };
            let root = document.root(&problems);
            for table in root.tables("list") {
                let Some(list) = read_list(&table) else { continue };
                if lists.contains_key(&list.code) {
                    table.report("code", format!("two lists have the code `{}`", list.code));
                }
                lists.insert(list.code.clone(), list);
            }
            root.finish();
        }
        problems.finish(Self { lists })
    }

    /// All lists, by code.
    pub fn iter(&self) -> impl Iterator<Item = &List> {
        self.lists.values()
    }

    /// A list by its code.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<&List> {
        self.lists.get(code)
    }

    /// A list by its code, in any case.
    ///
    /// # Errors
    /// [`UnknownList`].
    pub fn find(&self, code: &str) -> Result<&List, UnknownList> {
        let wanted = normalise(code);
        self.lists.values().find(|list| normalise(&list.code) == wanted).ok_or_else(|| UnknownList {
            given: code.to_owned(),
            nearest: nearest(code, self.lists.keys().map(String::as_str)),
            known: self.lists.keys().cloned().collect(),
        })
    }

    /// A list by its code or by what the government's file calls it. Where the words have
    /// changed, the code in brackets decides.
    #[must_use]
    pub fn titled(&self, title: &str) -> Option<&List> {
        let wanted = normalise(title);
        let by_title = |list: &&List| list.titles.iter().any(|title| normalise(title) == wanted);
        self.get(title.trim()).or_else(|| self.lists.values().find(by_title)).or_else(|| {
            let (_, rest) = title.split_once('(')?;
            let (code, _) = rest.split_once(')')?;
            self.get(code.trim())
        })
    }

    /// What the government's file calls the list that is nearest to a title.
    #[must_use]
    pub fn nearest_title(&self, title: &str) -> Option<String> {
        nearest(title, self.lists.values().flat_map(|list| &list.titles).map(String::as_str))
    }
}

/// Nobody knows a list of that code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown list `{given}`{}; the lists are {}", did_you_mean(.nearest.as_deref()), .known.join(", "))]
pub struct UnknownList {
    /// The code given.
    pub given: String,
    /// A code near it.
    pub nearest: Option<String>,
    /// All codes.
    pub known: Vec<String>,
}

fn read_list(table: &Table<'_>) -> Option<List> {
    let list = List {
        code: table.string("code")?,
        name: table.string("name")?,
        authority: table.string("authority")?,
        citation: table.string("citation")?,
        effect: table.string("effect")?,
        source: table.string("source")?,
        certainty: table.certainty("certainty")?,
        titles: table.plain_strings("titles"),
        numbering: table.word("numbering", &NUMBERINGS)?,
        footnotes: Marks { after: table.plain_strings("footnotes_after"), paragraphs: read_footnotes(table) },
    };
    table.finish();
    if list.code.is_empty() || !list.code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        table.report("code", format!("expected letters, digits and hyphens, found `{}`", list.code));
    }
    Some(list)
}

/// Paragraphs that stand for a footnote.
fn read_footnotes(table: &Table<'_>) -> Vec<(String, u8)> {
    let read = |footnote: &Table<'_>| {
        let number = footnote.decimal("number")?.to_string().parse().ok();
        if number.is_none() {
            footnote.report("number", "expected the number of a footnote");
        }
        let paragraph = footnote.string("paragraph")?;
        footnote.finish();
        Some((paragraph, number?))
    };
    table.tables("footnotes").iter().filter_map(read).collect()
}
