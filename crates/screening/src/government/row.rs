//! [`Row`]: one record of a published file, read field by field.

use jiff::civil::Date;
use narrows_catalog::Problem;
use narrows_quantity::{did_you_mean, nearest};
use serde_json::Value;

use super::fields::{Field, all, field, names};
use super::{Names, Record};
use crate::country::Countries;
use crate::list::{List, Lists};
use crate::name_text::{fault, hidden, spaced};
use crate::party::{Party, PartyKind};

/// Between the items of a list in a cell.
const SEPARATOR: char = ';';

/// One record of a published file. Its party has no id yet, unless the file gave one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line of the file, from one.
    pub line: usize,
    /// Whether the id of the party is the file's own.
    pub has_id: bool,
    /// What the row says.
    pub party: Party,
}

/// Reads records, and keeps what was wrong with them.
pub(super) struct Reader<'a> {
    path: &'a str,
    lists: &'a Lists,
    countries: &'a Countries,
    problems: Vec<Problem>,
    left_out: Names,
    unknown: Names,
    places: Names,
    /// What is odd in the file and is kept as it stands.
    defects: Vec<String>,
}

/// A record whose fields are asked for.
struct Asked<'r> {
    record: &'r Record,
}

impl<'r> Asked<'r> {
    /// The value of a field, and the name that it has in the file.
    fn value(&self, field: Field) -> Option<(&'static str, &'r Value)> {
        let present =
            |value: &&Value| !(value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()));
        names(field).find_map(|name| Some((name, self.record.fields.get(name).filter(present)?)))
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(path: &'a str, lists: &'a Lists, countries: &'a Countries) -> Self {
        let (left_out, unknown, places) = Default::default();
        let (problems, defects) = Default::default();
        Self { path, lists, countries, problems, left_out, unknown, places, defects }
    }

    fn wrong<T>(&mut self, record: &Record, field: &str, message: &str) -> Option<T> {
        self.problems.push(crate::snapshot::problem(self.path, record.line, field, message));
        None
    }

    pub(super) fn read(&mut self, record: &Record) -> Option<Row> {
        for (name, value) in &record.fields {
            let is_empty =
                value.is_null() || value.as_str() == Some("") || value.as_array().is_some_and(Vec::is_empty);
            match field(name) {
                None => _ = self.unknown.insert(name.clone()),
                Some(Field::Other) if !is_empty => _ = self.left_out.insert(name.clone()),
                Some(_) => {}
            }
        }
        let asked = Asked { record };
        let list = self.list(&asked)?;
        let name = match asked.value(Field::Name) {
            Some((key, _)) => self.text(&asked, Field::Name).map(|name| (key, name)),
            None => self.wrong(record, "name", "the field is missing"),
        };
        let aliases = self.texts(&asked, Field::Aliases);
        let (key, name) = name?;
        for name in std::iter::once(&name).chain(&aliases) {
            if let Some(message) = fault(name) {
                return self.wrong(record, key, &message);
            }
            if let Some(mark) = hidden(name) {
                let begin: String = name
                    .chars()
                    .filter(|letter| hidden(letter.encode_utf8(&mut [0; 4])).is_none())
                    .take(40)
                    .collect();
                self.defects.push(format!(
                    "line {}: the name `{begin}` holds U+{:04X}, and keeps it",
                    record.line,
                    u32::from(mark)
                ));
            }
        }
        let given = self.text(&asked, Field::Id).filter(|id| crate::id::number(id, &list.code).is_some());
        let requirement = self.text(&asked, Field::LicenceRequirement);
        let footnotes =
            requirement.as_deref().map(|text| crate::footnote::footnotes(text, &list.footnotes_after));
        let mut countries = self.countries(&asked);
        countries.sort();
        countries.dedup();
        let party = Party {
            id: given.clone().unwrap_or_default(),
            former_ids: Vec::new(),
            list: list.code.clone(),
            aliases,
            name,
            kind: self.kind(&asked),
            countries,
            addresses: self.addresses(&asked),
            entity_number: self.text(&asked, Field::EntityNumber),
            programmes: self.texts(&asked, Field::Programmes),
            federal_register: self.text(&asked, Field::FederalRegister),
            effective: self.date(&asked),
            licence_requirement: requirement,
            licence_policy: self.text(&asked, Field::LicencePolicy),
            footnotes: footnotes.unwrap_or_default(),
        };
        Some(Row { line: record.line, has_id: given.is_some(), party })
    }

    /// What was wrong, or else what a reader should know.
    pub(super) fn finish(self) -> Result<Vec<String>, Vec<Problem>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let mut notices = Vec::new();
        let listed =
            |names: &Names| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        for name in &self.unknown {
            let hint = nearest(name, all());
            notices.push(format!("unknown column `{name}`{}; it is left out", did_you_mean(hint.as_deref())));
        }
        if !self.left_out.is_empty() {
            notices.push(format!("columns that are not kept: {}", listed(&self.left_out)));
        }
        if !self.places.is_empty() {
            notices.push(format!("names of places that nobody knows: {}", listed(&self.places)));
        }
        notices.extend(self.defects);
        Ok(notices)
    }

    fn list(&mut self, asked: &Asked<'_>) -> Option<&'a List> {
        let Some((key, value)) = asked.value(Field::List) else {
            return self.wrong(asked.record, "source", "the field is missing");
        };
        let Some(title) = value.as_str() else {
            return self.wrong(asked.record, key, "expected the title of a list");
        };
        let found = self.lists.titled(title);
        if found.is_none() {
            let begin: String = title.chars().take(80).collect();
            let hint = did_you_mean(self.lists.nearest_title(title).as_deref());
            let message =
                format!("unknown list `{begin}`{hint}; a new one is declared in `parties/lists.toml`");
            return self.wrong(asked.record, key, &message);
        }
        found
    }

    /// A text; a number is one, too.
    fn text(&mut self, asked: &Asked<'_>, field: Field) -> Option<String> {
        let (key, value) = asked.value(field)?;
        match value {
            Value::String(text) => Some(spaced(text)),
            Value::Number(number) => Some(number.to_string()),
            _ => self.wrong(asked.record, key, "expected a text"),
        }
    }

    /// A list of texts, or one text with its items between semicolons.
    fn texts(&mut self, asked: &Asked<'_>, field: Field) -> Vec<String> {
        let Some((key, value)) = asked.value(field) else { return Vec::new() };
        let items: Vec<String> = match value {
            Value::String(text) => text.split(SEPARATOR).map(spaced).collect(),
            Value::Array(items) if items.iter().all(|item| item.is_string() || item.is_null()) => {
                items.iter().filter_map(Value::as_str).map(spaced).collect()
            }
            _ => self.wrong(asked.record, key, "expected a list of texts").unwrap_or_default(),
        };
        items.into_iter().filter(|item| !item.is_empty()).collect()
    }

    fn kind(&mut self, asked: &Asked<'_>) -> Option<PartyKind> {
        let (key, value) = asked.value(Field::Kind)?;
        use PartyKind::{Aircraft, Entity, Individual, Vessel};
        let words = [Entity, Individual, Vessel, Aircraft].map(|kind| (kind.word(), kind));
        let word = value.as_str().unwrap_or_default().trim().to_lowercase();
        match words.iter().find(|(known, _)| *known == word) {
            Some((_, kind)) => Some(*kind),
            None => {
                let known = words.map(|(known, _)| known).join(", ");
                self.wrong(asked.record, key, &format!("expected one of {known}, found {value}"))
            }
        }
    }

    fn date(&mut self, asked: &Asked<'_>) -> Option<Date> {
        let (key, _) = asked.value(Field::Effective)?;
        let text = self.text(asked, Field::Effective)?;
        match text.parse() {
            Ok(date) => Some(date),
            Err(_) => {
                self.wrong(asked.record, key, &format!("expected a day such as 2020-12-31, found `{text}`"))
            }
        }
    }

    /// Addresses; objects are put together from their parts.
    fn addresses(&mut self, asked: &Asked<'_>) -> Vec<String> {
        let Some((key, value)) = asked.value(Field::Addresses) else { return Vec::new() };
        let whole = |item: &Value| match item {
            Value::String(text) => Some(spaced(text)),
            Value::Object(parts) => {
                let parts =
                    ["address", "city", "state", "postal_code", "country"].map(|part| parts.get(part));
                let parts = parts.into_iter().flatten().filter_map(Value::as_str).map(spaced);
                Some(parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "))
            }
            _ => None,
        };
        let found: Option<Vec<String>> = match value {
            // An address of ours may hold a semicolon; those of a cell are parted by it.
            Value::String(text) if key == "addresses" => Some(text.split(SEPARATOR).map(spaced).collect()),
            Value::String(text) => Some(vec![spaced(text)]),
            Value::Array(items) => items.iter().map(whole).collect(),
            _ => None,
        };
        let found = found.or_else(|| self.wrong(asked.record, key, "expected a list of addresses"));
        found.into_iter().flatten().filter(|address| !address.is_empty()).collect()
    }

    /// Countries as the file names them, or else those in which addresses end.
    fn countries(&mut self, asked: &Asked<'_>) -> Vec<String> {
        let named: Vec<String> = match asked.value(Field::Countries) {
            Some(_) => self.texts(asked, Field::Countries),
            None => self.countries_of_addresses(asked),
        };
        let mut codes = Vec::new();
        for name in named {
            match self.countries.codes(&name) {
                Some(found) => codes.extend(found),
                None => _ = self.places.insert(name),
            }
        }
        codes
    }

    fn countries_of_addresses(&mut self, asked: &Asked<'_>) -> Vec<String> {
        match asked.value(Field::Addresses) {
            Some((_, Value::Array(items))) => items
                .iter()
                .filter_map(|item| item.get("country")?.as_str())
                .map(spaced)
                .filter(|it| !it.is_empty())
                .collect(),
            Some((_, Value::String(text))) => {
                let ends = text.split(SEPARATOR).filter_map(|address| address.rsplit(',').next()).map(spaced);
                ends.filter(|end| self.countries.codes(end).is_some()).collect()
            }
            _ => Vec::new(),
        }
    }
}
