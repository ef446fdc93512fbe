//! [`Aliases`]: names of listed parties that the lists do not have, such as those in a firm's
//! own script. They are ours, each with its source, and stand apart from the government's words.

use std::collections::{BTreeMap, BTreeSet};

use narrows_catalog::datafile::{Collector, Document, Located, Table};
use narrows_catalog::{DataFile, Problems};
use narrows_quantity::Certainty;
use serde::Serialize;

use crate::name_text::{fault, hidden};
use crate::party::Party;

/// In what a name differs from the one on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AliasKind {
    /// The name in the script of its seat.
    Native,
    /// The native name in Traditional characters, where the seat writes Simplified ones.
    Traditional,
    /// A short form that people use.
    Short,
    /// A name that it had before.
    Former,
    /// A name under which it trades.
    Brand,
    /// The native name in Latin letters, as it is spelt out.
    Romanisation,
}

/// The words for kinds.
const KINDS: [(&str, AliasKind); 6] = [
    ("native", AliasKind::Native),
    ("traditional", AliasKind::Traditional),
    ("short", AliasKind::Short),
    ("former", AliasKind::Former),
    ("brand", AliasKind::Brand),
    ("romanisation", AliasKind::Romanisation),
];

/// One name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alias {
    /// The name.
    pub text: String,
    /// Its script (ISO 15924, such as `Hans`).
    pub script: String,
    /// In what it differs from the listed name.
    pub kind: AliasKind,
    /// Public address that has it; none for a name that is only recalled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// How sure it is that the listed party is meant.
    pub certainty: Certainty,
}

/// One firm: its entries on the lists and its other names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firm {
    /// Ids of its entries, where they stand.
    pub parties: Vec<Located<String>>,
    /// Its other names.
    pub names: Vec<Alias>,
}

/// Names of ours, by party.
#[derive(Debug, Clone, Default)]
pub struct Aliases {
    firms: Vec<Firm>,
    of: BTreeMap<String, Vec<usize>>,
}

impl Aliases {
    /// Reads files of names.
    ///
    /// # Errors
    /// Everything that is wrong in them.
    pub fn read<'a>(files: impl IntoIterator<Item = DataFile<'a>>) -> Result<Self, Problems> {
        let problems = Collector::new();
        let mut firms = Vec::new();
        for file in files {
            let Some(document) = Document::parse(file, &problems) else { continue };
            let root = document.root(&problems);
            firms.extend(root.tables("firm").iter().filter_map(read_firm));
            root.finish();
        }
        let mut of: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, firm) in firms.iter().enumerate() {
            for id in &firm.parties {
                of.entry(id.value.clone()).or_default().push(at);
            }
        }
        problems.finish(Self { firms, of })
    }

    /// The names of a party, by the ids that it has or had.
    pub fn of<'a>(&'a self, party: &'a Party) -> impl Iterator<Item = &'a Alias> {
        std::iter::once(&party.id)
            .chain(&party.former_ids)
            .filter_map(|id| self.of.get(id))
            .flatten()
            .filter_map(|at| self.firms.get(*at))
            .flat_map(|firm| &firm.names)
    }

    /// All firms, in the order of the files.
    pub fn firms(&self) -> impl Iterator<Item = &Firm> {
        self.firms.iter()
    }

    /// Ids must be those of parties.
    ///
    /// # Errors
    /// Ids that nobody has.
    pub fn check(&self, known: &BTreeSet<String>) -> Result<(), Problems> {
        let ids = self.firms.iter().flat_map(|firm| &firm.parties);
        let unknown = ids.filter(|id| !known.contains(&id.value));
        let problems: Vec<_> =
            unknown.map(|id| id.at.problem(format!("no party has the id `{}`", id.value))).collect();
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }
}

fn read_firm(table: &Table<'_>) -> Option<Firm> {
    let parties = table.strings("parties");
    if parties.is_empty() {
        table.report("parties", "expected at least one id");
    }
    let source = table.optional_string("source");
    let certainty = table.optional_certainty("certainty");
    let names: Vec<Alias> = table
        .tables("names")
        .iter()
        .filter_map(|name| read_alias(name, source.as_ref(), certainty))
        .collect();
    if names.is_empty() {
        table.report("names", "expected at least one name");
    }
    table.optional_string("note");
    table.finish();
    Some(Firm { parties, names })
}

fn read_alias(table: &Table<'_>, source: Option<&String>, certainty: Option<Certainty>) -> Option<Alias> {
    let text = table.string("text")?;
    if let Some(message) = fault(&text) {
        table.report("text", message);
    }
    if let Some(mark) = hidden(&text) {
        table.report("text", format!("expected visible characters, found U+{:04X}", u32::from(mark)));
    }
    let script = table.string("script")?;
    if script.len() != 4 || !script.chars().all(|letter| letter.is_ascii_alphabetic()) {
        table.report("script", format!("expected a code of ISO 15924 such as Hans, found `{script}`"));
    }
    let certainty = table.optional_certainty("certainty").or(certainty);
    // A name that is only recalled has no source, even where its neighbours have one.
    let own = table.optional_string("source");
    let source = own.or_else(|| source.filter(|_| certainty != Some(Certainty::Recalled)).cloned());
    match (&source, certainty) {
        (_, None) => table.report("certainty", "the field is missing, here and for the firm"),
        (None, Some(certainty)) if certainty != Certainty::Recalled => {
            table.report(
                "source",
                "the field is missing, here and for the firm; a name without one is `recalled`",
            );
        }
        _ => {}
    }
    let alias = Alias { text, script, kind: table.word("kind", &KINDS)?, source, certainty: certainty? };
    table.finish();
    Some(alias)
}
