//! `narrows ledger list`

use std::io::Write;

use narrows_ledger::store::Line;

use super::{open, visit};
use crate::Stop;
use crate::arguments::{Format, ListCommand};
use crate::commands::{print_csv, print_json};
use crate::text::{FAINT, table};

pub(super) fn run(command: &ListCommand, format: Format) -> Result<u8, Stop> {
    let ledger = open(&command.ledger)?;
    let mut lines = Vec::new();
    visit(&ledger, &command.chosen, |line| {
        lines.push(line);
        Ok(())
    })?;
    match format {
        Format::Json => print_json(&lines)?,
        Format::Csv => {
            let header = ["receipt", "recorded_at", "kind", "item", "status", "row", "erased_by", "hash"];
            print_csv(&header, lines.iter().map(csv_row))?;
        }
        Format::Text => {
            let mut out = anstream::stdout().lock();
            let header = ["receipt", "recorded at", "kind", "item", "status"];
            writeln!(out, "{}", table(&header, &[0], &[0, 1], lines.iter().map(text_row)))?;
            writeln!(out)?;
            let all = ledger.head().map_err(narrows::Failure::from)?;
            writeln!(out, "{FAINT}{} of {} receipts{FAINT:#}", lines.len(), all.length())?;
        }
    }
    Ok(0)
}

fn text_row(line: &Line) -> Vec<String> {
    let receipt = &line.receipt;
    let subject = match line.erased_by {
        Some(by) => format!("(erased by {by})"),
        None => shown(line.subject.as_deref()),
    };
    vec![
        receipt.sequence.to_string(),
        receipt.origin.recorded_at.to_string(),
        receipt.kind.clone(),
        subject,
        shown(line.status.as_deref()),
    ]
}

/// A text on one line of a terminal: what controls it or turns its direction is left out.
fn shown(text: Option<&str>) -> String {
    let text = text.unwrap_or_default();
    let is_plain = |letter: &char| !letter.is_control() && !('\u{202a}'..='\u{202e}').contains(letter);
    let mut shown: String = text.chars().filter(is_plain).take(60).collect();
    if text.chars().count() > 60 {
        shown.push('…');
    }
    shown
}

fn csv_row(line: &Line) -> Vec<String> {
    let receipt = &line.receipt;
    [
        receipt.sequence.to_string(),
        receipt.origin.recorded_at.to_string(),
        receipt.kind.clone(),
        line.subject.clone().unwrap_or_default(),
        line.status.clone().unwrap_or_default(),
        receipt.place.map(|place| place.row.to_string()).unwrap_or_default(),
        line.erased_by.map(|by| by.to_string()).unwrap_or_default(),
        receipt.hash.to_string(),
    ]
    .iter()
    .map(|cell| narrows::harmless(cell).into_owned())
    .collect()
}
