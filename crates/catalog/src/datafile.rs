//! Checked reading of data files: every field is asked for by name and type, what
//! is wrong is collected with its file, line and field, and nothing is left over.
//!
//! All data of Narrows is TOML. A reader of a table knows which fields it was asked
//! for; [`Table::finish`] reports the others, with the nearest right name.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;
use narrows_quantity::{Certainty, Decimal, did_you_mean, nearest};
use serde::Serialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A file of the data: its path, for messages, and its text.
#[derive(Debug, Clone, Copy)]
pub struct DataFile<'a> {
    /// Path below the data folder, with forward slashes.
    pub path: &'a str,
    /// Content.
    pub text: &'a str,
}

/// Something wrong in a data file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// Path of the file.
    pub file: String,
    /// Line, from one.
    pub line: usize,
    /// The field, with the tables that it lies in.
    pub field: String,
    /// What was expected and what was found.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: ", self.file, self.line)?;
        if !self.field.is_empty() {
            write!(formatter, "{}: ", self.field)?;
        }
        write!(formatter, "{}", self.message)
    }
}

/// All that is wrong in the files that were read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", list(.0))]
pub struct Problems(pub Vec<Problem>);

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A place in a data file, kept with what was read there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// Path of the file.
    pub file: Arc<str>,
    /// Line, from one.
    pub line: usize,
    /// The field.
    pub field: String,
}

impl Location {
    /// A problem at this place.
    #[must_use]
    pub fn problem(&self, message: impl Into<String>) -> Problem {
        Problem {
            file: self.file.to_string(),
            line: self.line,
            field: self.field.clone(),
            message: message.into(),
        }
    }
}

/// A value with the place it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub at: Location,
}

/// Collects problems across tables and files.
#[derive(Debug, Default)]
pub struct Collector(RefCell<Vec<Problem>>);

impl Collector {
    /// An empty collector.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a problem.
    pub fn add(&self, problem: Problem) {
        self.0.borrow_mut().push(problem);
    }

    /// How many problems there are so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.borrow().len()
    }

    /// `value` if nothing is wrong.
    ///
    /// # Errors
    /// All problems, in the order of file and line.
    pub fn finish<T>(self, value: T) -> Result<T, Problems> {
        let mut problems = self.0.into_inner();
        if problems.is_empty() {
            Ok(value)
        } else {
            problems.sort();
            problems.dedup();
            Err(Problems(problems))
        }
    }
}

/// A parsed file.
pub struct Document<'a> {
    file: Arc<str>,
    text: &'a str,
    line_starts: Vec<usize>,
    table: DeTable<'a>,
}

impl<'a> Document<'a> {
    /// Parses a file; a syntax error goes to the collector.
    pub fn parse(file: DataFile<'a>, problems: &Collector) -> Option<Self> {
        // A byte order mark is no part of the text.
        let text = file.text.strip_prefix('\u{feff}').unwrap_or(file.text);
        match DeTable::parse(text) {
            Ok(table) => Some(Self {
                file: Arc::from(file.path),
                text,
                line_starts: line_starts(text),
                table: table.into_inner(),
            }),
            Err(error) => {
                let line = error.span().map_or(1, |span| line_at(&line_starts(text), span.start));
                problems.add(Problem {
                    file: file.path.to_owned(),
                    line,
                    field: String::new(),
                    message: error.message().to_owned(),
                });
                None
            }
        }
    }

    /// The top-level table.
    #[must_use]
    pub fn root<'d>(&'d self, problems: &'d Collector) -> Table<'d> {
        let document = Source { file: &self.file, text: self.text, line_starts: &self.line_starts };
        Table {
            document,
            prefix: String::new(),
            line: 1,
            table: &self.table,
            asked: RefCell::default(),
            problems,
        }
    }
}

/// Offsets at which lines begin.
fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

fn line_at(line_starts: &[usize], offset: usize) -> usize {
    line_starts.partition_point(|start| *start <= offset)
}

#[derive(Clone, Copy)]
struct Source<'d> {
    file: &'d Arc<str>,
    text: &'d str,
    line_starts: &'d [usize],
}

/// One table of a document, read field by field.
pub struct Table<'d> {
    document: Source<'d>,
    prefix: String,
    line: usize,
    table: &'d DeTable<'d>,
    asked: RefCell<BTreeSet<String>>,
    problems: &'d Collector,
}

impl<'d> Table<'d> {
    fn value(&self, key: &str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.asked.borrow_mut().insert(key.to_owned());
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    fn name(&self, key: &str) -> String {
        if self.prefix.is_empty() { key.to_owned() } else { format!("{}.{key}", self.prefix) }
    }

    fn location(&self, key: &str, span: &Range<usize>) -> Location {
        Location {
            file: Arc::clone(self.document.file),
            line: line_at(self.document.line_starts, span.start),
            field: self.name(key),
        }
    }

    /// Where a field stands, or the table if the field is absent.
    #[must_use]
    pub fn at(&self, key: &str) -> Location {
        match self.table.iter().find(|(name, _)| name.get_ref() == key) {
            Some((_, value)) => self.location(key, &value.span()),
            None => Location { file: Arc::clone(self.document.file), line: self.line, field: self.name(key) },
        }
    }

    /// Where the table itself begins.
    #[must_use]
    pub fn here(&self) -> Location {
        Location { file: Arc::clone(self.document.file), line: self.line, field: self.prefix.clone() }
    }

    /// Reports a problem with a field.
    pub fn report(&self, key: &str, message: impl Into<String>) {
        self.problems.add(self.at(key).problem(message));
    }

    fn missing<T>(&self, key: &str) -> Option<T> {
        // So that a misspelt field below is told what was asked for.
        self.asked.borrow_mut().insert(key.to_owned());
        let mut at = self.here();
        at.field = self.name(key);
        self.problems.add(at.problem("the field is missing"));
        None
    }

    fn mismatch<T>(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) -> Option<T> {
        let at = self.location(key, &value.span());
        let found = describe(value.get_ref());
        self.problems.add(at.problem(format!("expected {expected}, found {found}")));
        None
    }

    fn optional<T>(
        &self,
        key: &str,
        expected: &str,
        read: impl FnOnce(&'d DeValue<'d>) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(key)?;
        read(value.get_ref()).or_else(|| self.mismatch(key, value, expected))
    }

    /// Whether the field is there.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.table.iter().any(|(name, _)| name.get_ref() == key)
    }

    /// A text, if given.
    pub fn optional_string(&self, key: &str) -> Option<String> {
        self.optional(key, "a text", |value| value.as_str().map(str::to_owned))
    }

    /// A text.
    pub fn string(&self, key: &str) -> Option<String> {
        if self.has(key) { self.optional_string(key) } else { self.missing(key) }
    }

    /// A text of several lines with the place of its *first* line, for languages within
    /// the data whose errors count lines of their own.
    pub fn embedded(&self, key: &str) -> Option<Located<String>> {
        let value = self.value(key)?;
        let Some(text) = value.get_ref().as_str() else {
            return self.mismatch(key, value, "a text");
        };
        let span = value.span();
        let mut at = self.location(key, &span);
        let raw = self.document.text.get(span).unwrap_or("");
        // The line break right after opening quotes is not part of the text.
        if ["\"\"\"\n", "'''\n", "\"\"\"\r\n", "'''\r\n"].iter().any(|quotes| raw.starts_with(quotes)) {
            at.line += 1;
        }
        Some(Located { value: text.to_owned(), at })
    }

    /// A list of texts; empty if absent.
    pub fn strings(&self, key: &str) -> Vec<Located<String>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            return self.mismatch(key, value, "a list of texts").unwrap_or_default();
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match item.get_ref().as_str() {
                Some(text) => {
                    texts.push(Located { value: text.to_owned(), at: self.location(key, &item.span()) });
                }
                None => self.mismatch(key, item, "a text").unwrap_or_default(),
            }
        }
        texts
    }

    /// A list of days; empty if absent.
    pub fn dates(&self, key: &str) -> Vec<Date> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            return self.mismatch(key, value, "a list of dates").unwrap_or_default();
        };
        items
            .iter()
            .filter_map(|item| date_of(item.get_ref()).or_else(|| self.mismatch(key, item, "a date")))
            .collect()
    }

    /// Plain texts without their places.
    pub fn plain_strings(&self, key: &str) -> Vec<String> {
        self.strings(key).into_iter().map(|text| text.value).collect()
    }

    /// True or false, if given.
    pub fn optional_bool(&self, key: &str) -> Option<bool> {
        self.optional(key, "true or false", DeValue::as_bool)
    }

    /// A day, if given.
    pub fn optional_date(&self, key: &str) -> Option<Date> {
        self.optional(key, "a date such as 2020-12-31", date_of)
    }

    /// A day.
    pub fn date(&self, key: &str) -> Option<Date> {
        if self.has(key) { self.optional_date(key) } else { self.missing(key) }
    }

    /// An exact decimal, if given.
    pub fn optional_decimal(&self, key: &str) -> Option<Decimal> {
        let value = self.value(key)?;
        self.decimal_of(key, value)
    }

    /// An exact decimal.
    pub fn decimal(&self, key: &str) -> Option<Decimal> {
        if self.has(key) { self.optional_decimal(key) } else { self.missing(key) }
    }

    fn decimal_of(&self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Decimal> {
        let text = match value.get_ref() {
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().replace('_', ""),
            DeValue::Float(float) => float.as_str().replace('_', ""),
            _ => return self.mismatch(key, value, "a number"),
        };
        match text.parse() {
            Ok(number) => Some(number),
            Err(error) => {
                let at = self.location(key, &value.span());
                self.problems.add(at.problem(format!("{error}, found {text}")));
                None
            }
        }
    }

    /// A pair of exact decimals, if given.
    pub fn optional_pair(&self, key: &str) -> Option<(Decimal, Decimal)> {
        let value = self.value(key)?;
        let items: Vec<_> = value.get_ref().as_array().into_iter().flatten().collect();
        match items.as_slice() {
            [first, second] => Some((self.decimal_of(key, first)?, self.decimal_of(key, second)?)),
            _ => self.mismatch(key, value, "a list of two numbers"),
        }
    }

    /// One of a list of words, if given.
    pub fn optional_word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.optional_string(key)?;
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, meaning)) => Some(*meaning),
            None => {
                let list = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
                let hint = nearest(&text, words.iter().map(|(word, _)| *word));
                let hint = did_you_mean(hint.as_deref());
                self.report(key, format!("expected one of {list}, found `{text}`{hint}"));
                None
            }
        }
    }

    /// One of a list of words.
    pub fn word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Option<T> {
        if self.has(key) { self.optional_word(key, words) } else { self.missing(key) }
    }

    /// A certainty, if given.
    pub fn optional_certainty(&self, key: &str) -> Option<Certainty> {
        use Certainty::{
            Computed, Datasheet, Estimate, Inferred, Measured, Official, Press, Recalled, Secondary,
        };
        let all = [Official, Datasheet, Measured, Secondary, Press, Computed, Inferred, Estimate, Recalled];
        self.optional_word(key, &all.map(|certainty| (certainty.word(), certainty)))
    }

    /// A certainty.
    pub fn certainty(&self, key: &str) -> Option<Certainty> {
        if self.has(key) { self.optional_certainty(key) } else { self.missing(key) }
    }

    /// A table below this one, if given.
    pub fn optional_table(&self, key: &str) -> Option<Table<'d>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(self.below(key, table, value.span())),
            _ => self.mismatch(key, value, "a table"),
        }
    }

    /// A list of tables; empty if absent.
    pub fn tables(&self, key: &str) -> Vec<Table<'d>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            return self.mismatch(key, value, "a list of tables").unwrap_or_default();
        };
        let mut tables = Vec::with_capacity(items.len());
        for (position, item) in items.iter().enumerate() {
            match item.get_ref() {
                DeValue::Table(table) => {
                    tables.push(self.below(&format!("{key}[{position}]"), table, item.span()));
                }
                _ => self.mismatch(key, item, "a table").unwrap_or_default(),
            }
        }
        tables
    }

    fn below(&self, key: &str, table: &'d DeTable<'d>, span: Range<usize>) -> Self {
        // A table that was opened by a header spans the header; its fields come after.
        let line = line_at(self.document.line_starts, span.start);
        Self {
            document: self.document,
            prefix: self.name(key),
            line,
            table,
            asked: RefCell::default(),
            problems: self.problems,
        }
    }

    /// The names of all fields that nobody has asked for yet, and marks them as asked for.
    pub fn remaining(&self) -> Vec<String> {
        let mut asked = self.asked.borrow_mut();
        let names: Vec<String> = self
            .table
            .keys()
            .map(|name| name.get_ref().to_string())
            .filter(|name| !asked.contains(name))
            .collect();
        asked.extend(names.iter().cloned());
        names
    }

    /// What kind of value a field holds.
    #[must_use]
    pub fn kind(&self, key: &str) -> Option<FieldKind> {
        let (_, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        Some(match value.get_ref() {
            DeValue::String(_) => FieldKind::Text,
            DeValue::Boolean(_) => FieldKind::Truth,
            DeValue::Integer(_) | DeValue::Float(_) => FieldKind::Number,
            DeValue::Datetime(_) => FieldKind::Date,
            DeValue::Array(_) => FieldKind::List,
            DeValue::Table(_) => FieldKind::Table,
        })
    }

    /// Reports every field that nobody asked for.
    pub fn finish(&self) {
        let asked = self.asked.borrow();
        for name in self.table.keys() {
            if !asked.contains(name.get_ref().as_ref()) {
                let hint = nearest(name.get_ref(), asked.iter().map(String::as_str));
                let hint = did_you_mean(hint.as_deref());
                let at = self.location(name.get_ref(), &name.span());
                self.problems.add(at.problem(format!("unknown field{hint}")));
            }
        }
    }
}

/// What kind of value a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A text.
    Text,
    /// True or false.
    Truth,
    /// A number.
    Number,
    /// A day or time.
    Date,
    /// A list.
    List,
    /// A table.
    Table,
}

fn date_of(value: &DeValue<'_>) -> Option<Date> {
    let moment = value.as_datetime()?;
    if moment.time.is_some() || moment.offset.is_some() {
        return None;
    }
    let date = moment.date?;
    Date::new(i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?)
        .ok()
}

fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text `{}`", text.chars().take(40).collect::<String>()),
        DeValue::Integer(number) => format!("the number {}", number.as_str()),
        DeValue::Float(number) => format!("the number {}", number.as_str()),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
