//! `narrows ledger show`

use std::io::Write;
use std::path::Path;

use narrows::Failure;
use narrows_ledger::Content;
use narrows_ledger::store::Line;
use serde_json::{Value, json};

use super::open;
use crate::Stop;
use crate::arguments::Format;
use crate::commands::{print_csv, print_json};
use crate::text::{HEADING, heading};

pub(super) fn run(path: &Path, id: &str, format: Format) -> Result<u8, Stop> {
    let ledger = open(path)?;
    let line = ledger.find(id).map_err(Failure::from)?;
    let content = ledger.content(&line).map_err(Failure::from)?;
    match format {
        Format::Json => print_json(&as_json(&line, content.as_ref()))?,
        Format::Csv => print_csv(&super::export::HEADER, [super::export::row(&line, content.as_ref())])?,
        Format::Text => print(&line, content.as_ref())?,
    }
    Ok(0)
}

/// A recorded text as the JSON that it is; as a text if it is none.
pub(super) fn recorded(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// A receipt with its content, as one object.
pub(super) fn as_json(line: &Line, content: Option<&Content>) -> Value {
    let mut object = json!(line);
    if let (Value::Object(fields), Some(content)) = (&mut object, content) {
        fields.insert("request".to_owned(), recorded(&content.request));
        fields.insert("answer".to_owned(), recorded(&content.answer));
    }
    object
}

fn print(line: &Line, content: Option<&Content>) -> Result<(), Stop> {
    let mut out = anstream::stdout().lock();
    let receipt = &line.receipt;
    let origin = &receipt.origin;
    writeln!(
        out,
        "{HEADING}receipt {}{HEADING:#}: {} at {}",
        receipt.sequence, receipt.kind, origin.recorded_at
    )?;
    let mut field = |name: &str, value: &str| writeln!(out, "{name:<8} {value}");
    field("program", &origin.program_version)?;
    field("data", &origin.data_version)?;
    if let Some(own) = &origin.own_data_version {
        field("own data", own)?;
    }
    if let Some(place) = &receipt.place {
        field("table", &place.batch.to_string())?;
        let row = if place.row == 0 { "end".to_owned() } else { format!("row {}", place.row) };
        field("", &format!("run {}, {row}", place.run))?;
    }
    field("request", &receipt.request_hash.to_string())?;
    field("answer", &receipt.answer_hash.to_string())?;
    field("summary", &receipt.summary_hash.to_string())?;
    field("before", &receipt.previous.to_string())?;
    field("hash", &receipt.hash.to_string())?;
    let Some(content) = content else {
        let by = line.erased_by.unwrap_or_default();
        writeln!(out)?;
        writeln!(out, "what was asked and answered is erased, by receipt {by}")?;
        return Ok(());
    };
    for (name, text) in [("Request", &content.request), ("Answer", &content.answer)] {
        heading(&mut out, name)?;
        let pretty = serde_json::to_string_pretty(&recorded(text))
            .map_err(|error| Failure::data(format!("the {name} cannot be written as JSON: {error}")))?;
        writeln!(out, "{pretty}")?;
    }
    Ok(())
}
