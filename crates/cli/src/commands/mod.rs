//! One module per command: from arguments to a request, from an answer to text.

pub(crate) mod brief;
pub(crate) mod check;
pub(crate) mod chip;
pub(crate) mod chips;
pub(crate) mod data;
mod end_user;
pub(crate) mod history;
pub(crate) mod ledger;
pub(crate) mod lists;
pub(crate) mod market;
pub(crate) mod perf;
mod record;
pub(crate) mod rules;
pub(crate) mod screen;
mod table;

use std::borrow::Cow;
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
            writer.write_record(row.iter().map(|cell| inert(cell).into_owned())).map_err(failed)?;
        }
        writer.flush()?;
    }
    anstream::stdout().write_all(&text)?;
    Ok(())
}

/// A cell that no spreadsheet takes for a formula; a number is none, whatever its sign.
fn inert(cell: &str) -> Cow<'_, str> {
    let number = cell.trim_end_matches('%');
    let is_number = || number.ends_with(|end: char| end.is_ascii_digit()) && number.parse::<f64>().is_ok();
    if is_number() { Cow::Borrowed(cell) } else { narrows::harmless(cell) }
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

#[cfg(test)]
mod tests {
    use super::inert;

    #[test]
    fn formulas_are_neutralised_and_numbers_are_not() {
        for (cell, expected) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("-Infinity Ltd", "'-Infinity Ltd"),
            ("-0.5", "-0.5"),
            ("-50.7%", "-50.7%"),
            ("-inf", "'-inf"),
            ("+12", "+12"),
            ("Huawei", "Huawei"),
            ("", ""),
        ] {
            assert_eq!(inert(cell), expected);
        }
    }
}
