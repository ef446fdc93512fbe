//! The files in which the lists are published: the government's consolidated file as CSV and
//! as JSON, and JSON Lines with the same fields.
//!
//! Columns may stand in any order. A column that nobody knows is reported, and so is a known
//! one that is not kept. A row that cannot be read refuses the file, for a list that loses a
//! row in silence is worse than none.

mod fields;
mod row;
mod table;

pub use row::Row;

use std::collections::BTreeSet;

use narrows_catalog::{DataFile, Problem, Problems};

use crate::country::Countries;
use crate::list::Lists;

/// Problems that a message shows; a wrong file has one in every row.
const MOST_PROBLEMS: usize = 20;

/// How a file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Comma separated values with a header.
    Csv,
    /// One object whose field `results` holds the rows.
    Json,
    /// One object a line.
    JsonLines,
}

impl Layout {
    /// The layout of a text, by how it begins.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if !text.starts_with('{') {
            return Self::Csv;
        }
        // A row of its own is complete at the end of its line; the one object is not, unless
        // all of it stands on one line.
        let first = text.lines().next().unwrap_or_default();
        let is_row = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(first)
            .is_ok_and(|row| !row.contains_key("results"));
        if is_row { Self::JsonLines } else { Self::Json }
    }

    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Csv => "comma separated values",
            Self::Json => "JSON with the rows in `results`",
            Self::JsonLines => "JSON Lines",
        }
    }
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Its layout.
    pub layout: Layout,
    /// Its rows, in order.
    pub rows: Vec<Row>,
    /// What a reader should know: columns that were not kept or not known, names of places that
    /// nobody knows.
    pub notices: Vec<String>,
}

/// Reads a file.
///
/// # Errors
/// Rows or fields that cannot be read, with line and field.
pub fn read(file: DataFile<'_>, lists: &Lists, countries: &Countries) -> Result<Publication, Problems> {
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(file.text);
    let file = DataFile { path: file.path, text };
    let layout = Layout::of(text);
    let records = match layout {
        Layout::Csv => table::csv(file),
        Layout::Json => table::json(file),
        Layout::JsonLines => table::json_lines(file),
    }?;
    let mut reader = row::Reader::new(file.path, lists, countries);
    let rows: Vec<Row> = records.iter().filter_map(|record| reader.read(record)).collect();
    let notices = reader.finish().map_err(shorten)?;
    if rows.is_empty() {
        let message = format!("expected parties, found none in {}", layout.words());
        return Err(Problems(vec![crate::snapshot::problem(file.path, 1, "", &message)]));
    }
    Ok(Publication { layout, rows, notices })
}

/// The first problems, and how many more there are.
fn shorten(mut problems: Vec<Problem>) -> Problems {
    let all = problems.len();
    problems.truncate(MOST_PROBLEMS);
    if let Some(last) = problems.last_mut().filter(|_| all > MOST_PROBLEMS) {
        last.message.push_str(&format!(" (and {} more problems)", all - MOST_PROBLEMS));
    }
    Problems(problems)
}

/// One object or line of a file: fields by name, and where it stands.
#[derive(Debug, Clone)]
struct Record {
    line: usize,
    fields: serde_json::Map<String, serde_json::Value>,
}

/// Names of columns that came up, each once.
type Names = BTreeSet<String>;
