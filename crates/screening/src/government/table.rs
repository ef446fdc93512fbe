//! Files taken apart into records, with the line of each.

use narrows_catalog::{DataFile, Problems};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Record;
use crate::snapshot::{at_line, problem};

/// Comma separated values: the first line names the columns.
pub(super) fn csv(file: DataFile<'_>) -> Result<Vec<Record>, Problems> {
    let wrong = |line: u64, field: &str, message: &str| {
        Problems(vec![problem(file.path, usize::try_from(line).unwrap_or(usize::MAX), field, message)])
    };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file.text.as_bytes());
    let header = reader.headers().map_err(|error| wrong(1, "", &error.to_string()))?.clone();
    for (at, name) in header.iter().enumerate() {
        if header.iter().take(at).any(|before| before == name) {
            return Err(wrong(1, name, "two columns have this name"));
        }
    }
    let mut records = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            wrong(line, "", &error.to_string())
        })?;
        let line = row.position().map_or(0, csv::Position::line);
        if row.len() != header.len() {
            let message = format!("expected {} fields as in the header, found {}", header.len(), row.len());
            return Err(wrong(line, "", &message));
        }
        let fields = header.iter().zip(&row).map(|(name, cell)| (name.to_owned(), Value::from(cell)));
        records.push(Record { line: usize::try_from(line).unwrap_or(usize::MAX), fields: fields.collect() });
    }
    Ok(records)
}

/// The rows of the one object, unread, so that each can be told by its line.
#[derive(Deserialize)]
struct Results<'a> {
    #[serde(borrow)]
    results: Vec<&'a RawValue>,
}

/// JSON: one object with the rows in `results`.
pub(super) fn json(file: DataFile<'_>) -> Result<Vec<Record>, Problems> {
    let found: Results<'_> = serde_json::from_str(file.text)
        .map_err(|error| Problems(vec![at_line(file.path, error.line(), &error)]))?;
    let start = file.text.as_ptr().addr();
    let mut line = 1;
    let mut read_to = 0;
    let mut records = Vec::with_capacity(found.results.len());
    for (at, raw) in found.results.into_iter().enumerate() {
        let offset = raw.get().as_ptr().addr().saturating_sub(start);
        let passed = file.text.as_bytes().get(read_to..offset).unwrap_or_default();
        line += passed.iter().filter(|byte| **byte == b'\n').count();
        read_to = offset;
        let fields: Map<String, Value> = serde_json::from_str(raw.get()).map_err(|error| {
            let mut found = at_line(file.path, line + error.line().saturating_sub(1), &error);
            found.field = format!("results[{at}]");
            Problems(vec![found])
        })?;
        records.push(Record { line, fields });
    }
    Ok(records)
}

/// JSON Lines: one object a line.
pub(super) fn json_lines(file: DataFile<'_>) -> Result<Vec<Record>, Problems> {
    let lines = file.text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            let fields = serde_json::from_str(line)
                .map_err(|error| Problems(vec![at_line(file.path, at + 1, &error)]))?;
            Ok(Record { line: at + 1, fields })
        })
        .collect()
}
