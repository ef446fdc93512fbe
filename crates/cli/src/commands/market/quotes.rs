//! The user's own quotes, and what is odd about them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::PathBuf;

use narrows::{Failure, Fault, FaultKind, Quotes};

use crate::Stop;

/// Room for the rows on their way.
const BUFFER: usize = 1 << 16;
/// Oddities that are told one by one; of the rest only the numbers are told.
const TOLD: usize = 40;

/// Reads tables of quotes; those of one ticker are joined column by column. What is odd about
/// them is told on standard error, and beside each answer that it touches.
pub(crate) fn own(paths: &[PathBuf]) -> Result<Quotes, Stop> {
    let mut quotes = Quotes::default();
    for path in paths {
        let name = path.display().to_string();
        let file =
            File::open(path).map_err(|error| Failure::input(format!("`{name}` cannot be read: {error}")))?;
        let read = Quotes::read(&name, BufReader::with_capacity(BUFFER, file));
        quotes.merge(read.map_err(|error| Failure::input(error.to_string()))?);
    }
    tell(&quotes)?;
    Ok(quotes)
}

/// Tells what is odd, that first which puts figures in doubt.
fn tell(quotes: &Quotes) -> Result<(), Stop> {
    let mut faults: Vec<&Fault> = quotes.faults().iter().collect();
    faults.extend(quotes.iter().flat_map(|series| &series.faults));
    faults.sort_by_key(|fault| !fault.kind.is_error());
    let mut out = anstream::stderr().lock();
    for fault in faults.iter().take(TOLD) {
        writeln!(out, "note: {fault}")?;
    }
    let mut more: BTreeMap<FaultKind, usize> = BTreeMap::new();
    for fault in faults.iter().skip(TOLD) {
        *more.entry(fault.kind).or_default() += 1;
    }
    if !more.is_empty() {
        let counts: Vec<String> =
            more.iter().map(|(kind, count)| format!("{} ({count})", kind.word())).collect();
        writeln!(out, "note: quotes: {} more notes: {}", faults.len() - TOLD, counts.join(", "))?;
    }
    Ok(())
}
