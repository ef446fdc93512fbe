//! [`Places`]: countries and territories, and groups of them with dated membership.

use std::collections::BTreeMap;

use jiff::civil::Date;
use narrows_quantity::Certainty;
use serde::Serialize;

use crate::datafile::{Collector, DataFile, Document, Location, Table};
use crate::names::{Meaning, NameError, NameIndex};

/// A country or territory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// ISO 3166-1 alpha-2 code, or a code of the user's own.
    pub code: String,
    /// Name.
    pub name: String,
    /// Other names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The place that export law tests instead of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treated_as: Option<String>,
    /// Remark printed where the place is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where it stands.
    #[serde(skip)]
    pub at: Location,
}

/// A group of places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Name used in conditions (`D:5`).
    pub id: String,
    /// What it is.
    pub title: String,
    /// Who belonged when the record begins.
    pub members: Vec<String>,
    /// What changed since.
    pub changes: Vec<Change>,
    /// Remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where the list comes from.
    pub source: String,
    /// How sure it is.
    pub certainty: Certainty,
}

/// A place joins or leaves a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Who.
    pub place: String,
    /// Whether it joins (or else leaves).
    pub joins: bool,
    /// First day on which it may have happened.
    pub from: Date,
    /// First day on which it certainly has; equal to `from` for a day that is known.
    pub settled: Date,
    /// The open question, while it may or may not have happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// First day on which the change could be known.
    pub known_from: Date,
    /// Citation.
    pub citation: String,
    /// Address.
    pub source: String,
    /// How sure it is.
    pub certainty: Certainty,
    /// Remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where it stands.
    #[serde(skip)]
    pub at: Location,
}

/// Whether a place belongs to a group on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belonging<'a> {
    /// It is settled.
    Settled(bool),
    /// It hangs on an open question.
    Open {
        /// The question.
        question: &'a str,
        /// Whether it belongs if the answer is yes.
        if_yes: bool,
    },
}

/// All places and groups.
#[derive(Debug, Clone, Default)]
pub struct Places {
    places: BTreeMap<String, Place>,
    groups: BTreeMap<String, Group>,
    names: NameIndex,
}

impl Places {
    pub(crate) fn read(&mut self, file: DataFile<'_>, problems: &Collector) {
        let Some(document) = Document::parse(file, problems) else { return };
        let root = document.root(problems);
        for table in root.tables("place") {
            if let Some(place) = read_place(&table) {
                for name in [&place.code, &place.name].into_iter().chain(&place.names) {
                    let other = self.names.add(name, Meaning::Entry(place.code.clone()));
                    // A user's file may describe a place again; two places may not share a name.
                    if let Some(other) = other {
                        table
                            .report("names", format!("`{name}` is already a name of place `{}`", other.id()));
                    }
                }
                self.places.insert(place.code.clone(), place);
            }
        }
        let source = root.optional_string("source");
        let certainty = root.optional_certainty("certainty");
        for table in root.tables("group") {
            if let Some(group) = self.read_group(&table, source.as_deref(), certainty) {
                self.groups.insert(group.id.clone(), group);
            }
        }
        root.finish();
    }

    fn read_group(
        &self,
        table: &Table<'_>,
        source: Option<&str>,
        certainty: Option<Certainty>,
    ) -> Option<Group> {
        let members = table.strings("members");
        for member in &members {
            if !self.places.contains_key(&member.value) {
                table.report("members", format!("unknown place `{}`", member.value));
            }
        }
        let source = table.optional_string("source").or_else(|| source.map(str::to_owned));
        let certainty = table.optional_certainty("certainty").or(certainty);
        let changes = table.tables("change").iter().filter_map(|change| self.read_change(change)).collect();
        if source.is_none() {
            table.report("source", "the field is missing, here and at the top of the file");
        }
        if certainty.is_none() {
            table.report("certainty", "the field is missing, here and at the top of the file");
        }
        let group = Group {
            id: table.string("id")?,
            title: table.string("title")?,
            members: members.into_iter().map(|member| member.value).collect(),
            changes,
            note: table.optional_string("note"),
            source: source?,
            certainty: certainty?,
        };
        table.finish();
        Some(group)
    }

    fn read_change(&self, table: &Table<'_>) -> Option<Change> {
        let place = table.string("place");
        if let Some(place) = &place
            && !self.places.contains_key(place)
        {
            table.report("place", format!("unknown place `{place}`"));
        }
        let day = |key: &str| table.optional_date(key).map(|day| (day, day));
        let bracket = |key: &str| match table.dates(key).as_slice() {
            [] => None,
            [first, settled] if first < settled => Some((*first, *settled)),
            _ => {
                table.report(key, "expected two days, the first on which it may and the first on which it must have happened");
                None
            }
        };
        let (joined, left) = (
            day("joined").or_else(|| bracket("joined_between")),
            day("left").or_else(|| bracket("left_between")),
        );
        let ((from, settled), joins) = match (joined, left) {
            (Some(days), None) => (days, true),
            (None, Some(days)) => (days, false),
            _ => {
                table.report(
                    "joined",
                    "expected exactly one of joined, joined_between, left and left_between",
                );
                return None;
            }
        };
        let question = table.optional_string("question");
        if (from < settled) != question.is_some() {
            table.report("question", "a bracketed day needs a question, and a known day has none");
        }
        let change = Change {
            place: place?,
            joins,
            from,
            settled,
            question,
            known_from: table.optional_date("published").unwrap_or(from),
            citation: table.string("citation")?,
            source: table.string("source")?,
            certainty: table.certainty("certainty")?,
            note: table.optional_string("note"),
            at: table.here(),
        };
        table.finish();
        Some(change)
    }

    pub(crate) fn check(&self, problems: &Collector) {
        for place in self.places.values() {
            if let Some(other) = &place.treated_as
                && !self.places.contains_key(other)
            {
                problems.add(place.at.problem(format!("treated as the unknown place `{other}`")));
            }
        }
    }

    /// All places, by code.
    pub fn iter(&self) -> impl Iterator<Item = &Place> {
        self.places.values()
    }

    /// All groups, by id.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// A place by its code.
    #[must_use]
    pub fn place(&self, code: &str) -> Option<&Place> {
        self.places.get(code)
    }

    /// A group by its id.
    #[must_use]
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.get(id)
    }

    /// A place by code or name, in any case and script.
    ///
    /// # Errors
    /// [`NameError`] for a name that nobody or several have.
    pub fn find(&self, name: &str) -> Result<&Place, NameError> {
        if let Some(place) = self.places.get(name) {
            return Ok(place);
        }
        let meanings = self.names.find(name, |_, _| false);
        let mut codes = meanings.iter().map(Meaning::id);
        match (codes.next().and_then(|code| self.places.get(code)), codes.next()) {
            (Some(place), None) => Ok(place),
            (Some(_), Some(_)) => Err(NameError::Ambiguous {
                name: name.to_owned(),
                candidates: meanings.iter().map(|meaning| meaning.id().to_owned()).collect(),
            }),
            (None, _) => Err(NameError::Unknown {
                what: "place",
                name: name.to_owned(),
                nearest: self.names.nearest(name),
            }),
        }
    }

    /// The place that law tests for a code.
    #[must_use]
    pub fn tested<'a>(&'a self, code: &'a str) -> &'a str {
        self.places.get(code).and_then(|place| place.treated_as.as_deref()).unwrap_or(code)
    }

    /// Whether a place is another one, or belongs to a group, on a day, as known on another.
    #[must_use]
    pub fn belongs(&self, code: &str, item: &str, on: Date, known_on: Option<Date>) -> Belonging<'_> {
        let code = self.tested(code);
        let Some(group) = self.groups.get(item) else {
            return Belonging::Settled(code == self.tested(item));
        };
        let mut belongs = Belonging::Settled(group.members.iter().any(|member| member == code));
        for change in group.changes.iter().filter(|change| change.place == code) {
            let is_known = known_on.is_none_or(|known_on| change.known_from <= known_on);
            if !is_known || on < change.from {
                continue;
            }
            // What settles an open day is known from that day on, and no sooner.
            let known_by = known_on.unwrap_or(on).min(on);
            belongs = match &change.question {
                Some(question) if known_by < change.settled => {
                    Belonging::Open { question, if_yes: change.joins }
                }
                _ => Belonging::Settled(change.joins),
            };
        }
        belongs
    }

    /// All days on which some membership changes or stops being open.
    pub fn days(&self) -> impl Iterator<Item = Date> {
        self.groups.values().flat_map(|group| &group.changes).flat_map(|change| [change.from, change.settled])
    }
}

fn read_place(table: &Table<'_>) -> Option<Place> {
    let place = Place {
        code: table.string("code")?,
        name: table.string("name")?,
        names: table.plain_strings("names"),
        treated_as: table.optional_string("treated_as"),
        note: table.optional_string("note"),
        at: table.here(),
    };
    table.finish();
    let plain = (1..=8).contains(&place.code.len())
        && place.code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    if !plain {
        table.report(
            "code",
            format!("expected up to eight capital letters or digits, found `{}`", place.code),
        );
    }
    Some(place)
}
