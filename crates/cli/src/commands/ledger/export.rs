//! `narrows ledger export`

use std::io::Write;
use std::path::Path;

use narrows::{Failure, harmless};
use narrows_ledger::Content;
use narrows_ledger::store::{Ledger, Line};

use super::show::as_json;
use super::{open, visit};
use crate::Stop;
use crate::arguments::{ChosenArguments, Format};
use crate::files;

/// Columns of the table.
pub(super) const HEADER: [&str; 18] = [
    "sequence",
    "kind",
    "recorded_at",
    "data_version",
    "own_data_version",
    "program_version",
    "batch",
    "run",
    "row",
    "subject",
    "status",
    "erased_by",
    "request",
    "answer",
    "request_hash",
    "answer_hash",
    "previous",
    "hash",
];

pub(super) fn run(
    path: &Path,
    output: Option<&Path>,
    chosen: &ChosenArguments,
    format: Format,
) -> Result<u8, Stop> {
    let ledger = open(path)?;
    let named_csv =
        output.and_then(Path::extension).is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let as_csv = match format {
        Format::Csv => true,
        Format::Json => false,
        Format::Text => named_csv,
    };
    let mut count = 0;
    let mut write = |out: &mut dyn Write| {
        count = if as_csv { csv(&ledger, chosen, out) } else { json_lines(&ledger, chosen, out) }?;
        Ok(())
    };
    match output {
        None => {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            write(&mut out)?;
            out.flush()?;
        }
        Some(output) => {
            files::write_whole(output, |out| write(out).map_err(|stop| failure(stop, output)))?;
            writeln!(anstream::stderr(), "{count} receipts written to {}", output.display())?;
        }
    }
    Ok(0)
}

fn failure(stop: Stop, output: &Path) -> Failure {
    match stop {
        Stop::Failure(failure) => failure,
        Stop::OutputClosed => Failure::input(format!("`{}` cannot be written", output.display())),
    }
}

fn content(ledger: &Ledger, line: &Line) -> Result<Option<Content>, Failure> {
    Ok(ledger.content(line)?)
}

fn json_lines(ledger: &Ledger, chosen: &ChosenArguments, out: &mut dyn Write) -> Result<u64, Stop> {
    let mut count = 0;
    visit(ledger, chosen, |line| {
        count += 1;
        writeln!(out, "{}", as_json(&line, content(ledger, &line)?.as_ref()))?;
        Ok(())
    })?;
    Ok(count)
}

fn csv(ledger: &Ledger, chosen: &ChosenArguments, out: &mut dyn Write) -> Result<u64, Stop> {
    let failed =
        |error: csv::Error| Stop::Failure(Failure::input(format!("the table cannot be written: {error}")));
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(HEADER).map_err(failed)?;
    let mut count = 0;
    visit(ledger, chosen, |line| {
        count += 1;
        writer.write_record(row(&line, content(ledger, &line)?.as_ref())).map_err(failed)
    })?;
    writer.flush()?;
    Ok(count)
}

/// A receipt as a row of the table.
pub(super) fn row(line: &Line, content: Option<&Content>) -> Vec<String> {
    let receipt = &line.receipt;
    let origin = &receipt.origin;
    let place = receipt.place.as_ref();
    let cells = [
        receipt.sequence.to_string(),
        receipt.kind.clone(),
        origin.recorded_at.to_string(),
        origin.data_version.clone(),
        origin.own_data_version.clone().unwrap_or_default(),
        origin.program_version.clone(),
        place.map(|place| place.batch.to_string()).unwrap_or_default(),
        place.map(|place| place.run.to_string()).unwrap_or_default(),
        place.map(|place| place.row.to_string()).unwrap_or_default(),
        line.subject.clone().unwrap_or_default(),
        line.status.clone().unwrap_or_default(),
        line.erased_by.map(|by| by.to_string()).unwrap_or_default(),
        content.map(|content| content.request.clone()).unwrap_or_default(),
        content.map(|content| content.answer.clone()).unwrap_or_default(),
        receipt.request_hash.to_string(),
        receipt.answer_hash.to_string(),
        receipt.previous.to_string(),
        receipt.hash.to_string(),
    ];
    cells.iter().map(|cell| harmless(cell).into_owned()).collect()
}
