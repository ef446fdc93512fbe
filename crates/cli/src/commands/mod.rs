//! One module per command: from arguments to a request, from an answer to text.

pub(crate) mod brief;
pub(crate) mod check;
pub(crate) mod chip;
pub(crate) mod chips;
pub(crate) mod data;
pub(crate) mod history;
pub(crate) mod ledger;
pub(crate) mod market;
pub(crate) mod perf;
mod record;
pub(crate) mod rules;
mod table;

use std::io::{self, IsTerminal, Write};

use narrows::Failure;
use serde::Serialize;

use crate::Stop;

/// Prints an answer as JSON.
fn print_json(answer: &impl Serialize) -> Result<(), Stop> {
    let text = serde_json::to_string_pretty(answer)
        .map_err(|error| Failure::data(format!("the answer cannot be written as JSON: {error}")))?;
    writeln!(anstream::stdout(), "{text}")?;
    Ok(())
}

/// Prints rows as comma separated values.
fn print_csv(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Result<(), Stop> {
    let mut text = Vec::new();
    {
        let mut writer = csv::Writer::from_writer(&mut text);
        let failed =
            |error: csv::Error| Failure::data(format!("the answer cannot be written as CSV: {error}"));
        writer.write_record(header).map_err(failed)?;
        for row in rows {
            writer.write_record(&row).map_err(failed)?;
        }
        writer.flush()?;
    }
    anstream::stdout().write_all(&text)?;
    Ok(())
}

/// A count of rows on standard error, if that is a terminal.
fn progress_bar() -> Option<indicatif::ProgressBar> {
    if !io::stderr().is_terminal() {
        return None;
    }
    let bar = indicatif::ProgressBar::new_spinner();
    if let Ok(style) =
        indicatif::ProgressStyle::with_template("{spinner} {msg} {pos} rows, {per_sec}, {elapsed}")
    {
        bar.set_style(style);
    }
    Some(bar)
}
