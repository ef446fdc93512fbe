//! [`Snapshot`]: what was on some lists on one day, as one file of the data states it.
//!
//! A snapshot is two files: a description (`2026-07-31.toml`: provenance, and how many
//! parties each list had) and the parties (`2026-07-31.jsonl`, one [`Party`] a line).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use narrows_catalog::datafile::{Collector, Document, Table};
use narrows_catalog::{DataFile, Problem, Problems};
use narrows_quantity::Certainty;
use serde::{Deserialize, Serialize};

use crate::list::Lists;
use crate::party::Party;

/// How much of a list a snapshot has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Code of the list.
    pub list: String,
    /// Rows of the file that was read, before rows of one party were joined.
    pub rows: usize,
    /// Parties.
    pub parties: usize,
    /// Names: primary and other ones.
    pub names: usize,
    /// Parties that were on the list in the snapshot before.
    pub kept: usize,
    /// Of the ids before, those that now are a former id of another party.
    pub merged: usize,
    /// Parties that were not there before.
    pub added: usize,
    /// Of the parties before, those that are gone.
    pub removed: usize,
    /// Parties of which more than one row could be meant.
    pub ambiguous: usize,
    /// Whether the list shrank by more than is taken without a word, and was taken nevertheless.
    pub shrink_accepted: bool,
}

/// A snapshot without its parties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// The day.
    pub date: Date,
    /// What file it was read from, and who published it.
    pub source: String,
    /// Public address of that file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// SHA-256 of that file, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// How sure it is.
    pub certainty: Certainty,
    /// Remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What it has, by code of the list.
    pub lists: BTreeMap<String, Coverage>,
}

impl Snapshot {
    /// Reads a description.
    ///
    /// # Errors
    /// Everything that is wrong in it.
    pub fn read(file: DataFile<'_>, lists: &Lists) -> Result<Self, Problems> {
        let problems = Collector::new();
        let snapshot = Document::parse(file, &problems).and_then(|document| {
            let root = document.root(&problems);
            let mut coverage = BTreeMap::new();
            for table in root.tables("list") {
                let Some(one) = read_coverage(&table, lists) else { continue };
                if coverage.contains_key(&one.list) {
                    table.report("code", format!("the list `{}` is described twice", one.list));
                }
                coverage.insert(one.list.clone(), one);
            }
            let date = root.date("date");
            let snapshot = Self {
                date: date?,
                source: root.string("source")?,
                url: root.optional_string("url"),
                sha256: root.optional_string("sha256"),
                certainty: root.certainty("certainty")?,
                note: root.optional_string("note"),
                lists: coverage,
            };
            root.finish();
            let name = file.path.rsplit(['/', '\\']).next().unwrap_or_default();
            if name != format!("{}.toml", snapshot.date) {
                root.report("date", format!("expected the file to be named `{}.toml`", snapshot.date));
            }
            Some(snapshot)
        });
        match (problems.finish(()), snapshot) {
            (Err(problems), _) => Err(problems),
            (Ok(()), Some(snapshot)) => Ok(snapshot),
            (Ok(()), None) => {
                Err(Problems(vec![problem(file.path, 1, "", "expected the description of an edition")]))
            }
        }
    }

    /// The description as text, which [`read`](Self::read) reads back.
    #[must_use]
    pub fn to_toml(&self) -> String {
        // Strings of JSON are strings of TOML, too.
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut text = format!("date = {}\nsource = {}\n", self.date, quoted(&self.source));
        for (key, value) in [("url", &self.url), ("sha256", &self.sha256)] {
            if let Some(value) = value {
                text.push_str(&format!("{key} = {}\n", quoted(value)));
            }
        }
        text.push_str(&format!("certainty = {}\n", quoted(self.certainty.word())));
        if let Some(note) = &self.note {
            text.push_str(&format!("note = {}\n", quoted(note)));
        }
        for one in self.lists.values() {
            let Coverage { list, rows, parties, names, kept, merged, added, removed, ambiguous, .. } = one;
            text.push_str(&format!(
                "\n[[list]]\ncode = {}\nrows = {rows}\nparties = {parties}\nnames = {names}\nkept = {kept}\n\
                 merged = {merged}\nadded = {added}\nremoved = {removed}\nambiguous = {ambiguous}\n",
                quoted(list)
            ));
            if one.shrink_accepted {
                text.push_str("shrink_accepted = true\n");
            }
        }
        text
    }

    /// Reads the parties of those lists that are wanted.
    ///
    /// # Errors
    /// The first line that is no party, or a list with another count than described.
    pub fn parties(&self, file: DataFile<'_>, wanted: impl Fn(&str) -> bool) -> Result<Vec<Party>, Problems> {
        let mut parties = Vec::new();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, line) in file.text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let wrong = |error: serde_json::Error| Problems(vec![at_line(file.path, at + 1, &error)]);
            let ListOf { list } = serde_json::from_str(line).map_err(wrong)?;
            let Some((code, _)) = self.lists.get_key_value(list) else {
                let message = format!("the description of {} has no list `{list}`", self.date);
                return Err(Problems(vec![problem(file.path, at + 1, "list", &message)]));
            };
            *counts.entry(code).or_default() += 1;
            if wanted(list) {
                parties.push(serde_json::from_str(line).map_err(wrong)?);
            }
        }
        for (code, coverage) in &self.lists {
            let found = counts.get(code.as_str()).copied().unwrap_or_default();
            if found != coverage.parties {
                let message = format!("expected {} parties of {code}, found {found}", coverage.parties);
                return Err(Problems(vec![problem(file.path, 1, "list", &message)]));
            }
        }
        Ok(parties)
    }
}

/// As much of a party as tells whether it is wanted.
#[derive(Deserialize)]
struct ListOf<'a> {
    #[serde(borrow)]
    list: &'a str,
}

/// What is wrong with parties that can be read: ids, order, countries, and names that hide
/// something. Sources have defects of their own, which are kept.
#[must_use]
pub fn check_parties(
    path: &str,
    parties: &[Party],
    lists: &Lists,
    is_place: impl Fn(&str) -> bool,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    let mut before: Option<(&str, crate::id::Order<'_>)> = None;
    for (at, party) in parties.iter().enumerate() {
        let mut wrong = |field: &str, message: String| problems.push(problem(path, at + 1, field, &message));
        if lists.get(&party.list).is_none() {
            wrong("list", format!("unknown list `{}`", party.list));
        }
        for id in std::iter::once(&party.id).chain(&party.former_ids) {
            if crate::id::number(id, &party.list).is_none() {
                wrong("id", format!("expected `{}-` and a number, found `{id}`", party.list));
            }
            if !ids.insert(id) {
                wrong("id", format!("two parties have the id `{id}`"));
            }
        }
        let place = (party.list.as_str(), crate::id::order(&party.id));
        if before.is_some_and(|before| before > place) {
            wrong("id", format!("expected parties sorted by list and id; `{}` comes too late", party.id));
        }
        before = Some(place);
        for code in party.countries.iter().filter(|code| !is_place(code)) {
            wrong("countries", format!("unknown place `{code}`"));
        }
        for name in std::iter::once(&party.name).chain(&party.aliases) {
            if let Some(message) = crate::name_text::fault(name) {
                wrong("name", message);
            }
        }
    }
    problems
}

fn read_coverage(table: &Table<'_>, lists: &Lists) -> Option<Coverage> {
    let count = |key: &str| {
        let value = table.decimal(key)?;
        let whole = value.to_string().parse().ok();
        if whole.is_none() {
            table.report(key, format!("expected a count, found {value}"));
        }
        whole
    };
    let code = table.string("code")?;
    if let Err(unknown) = lists.find(&code) {
        table.report("code", unknown.to_string());
    }
    let coverage = Coverage {
        list: code,
        rows: count("rows")?,
        parties: count("parties")?,
        names: count("names")?,
        kept: count("kept")?,
        merged: count("merged")?,
        added: count("added")?,
        removed: count("removed")?,
        ambiguous: count("ambiguous")?,
        shrink_accepted: table.optional_bool("shrink_accepted").unwrap_or_default(),
    };
    table.finish();
    Some(coverage)
}

pub(crate) fn problem(file: &str, line: usize, field: &str, message: &str) -> Problem {
    Problem { file: file.to_owned(), line, field: field.to_owned(), message: message.to_owned() }
}

/// A message of the JSON reader without its own count of lines, which starts anew in each.
pub(crate) fn at_line(file: &str, line: usize, error: &serde_json::Error) -> Problem {
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or_default();
    problem(file, line, &format!("column {}", error.column()), words)
}
