//! `screen --batch`: a table of names in, a row for each party that one of them may be out.
//!
//! Input columns pass through unchanged. A name that is like no listed one has no row; a row that
//! cannot be screened has one with its error.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};

use jiff::civil::Date;
use narrows_screening::matching::{Options, Screener};
use serde_json::{Map, Value};

use crate::batch::{BatchFormat, BatchSummary};
use crate::failure::Failure;
use crate::named_edition::NamedEdition;
use crate::operation::Operation as _;
use crate::operations::{Screen, ScreenRequest, also_ids};
use crate::record::{BatchRecorder, Outgoing, Ticket};
use crate::table::{self, failed_output, harmless, next_line, next_record};
use crate::workbench::Workbench;

/// The column that asks.
const QUERY: &str = "query";
/// Columns that are added.
const OUTPUT: [&str; 9] = ["rank", "id", "name", "list", "score", "strength", "reason", "also_ids", "error"];
/// What is put before the name of an input column that has the name of one of ours.
const RENAMED: &str = "input_";
/// Rows between reports of progress.
const REPORTED: u64 = 1_024;

/// What a batch asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchOptions {
    /// Lists, country, threshold and number of parties.
    pub options: Options,
    /// Day of the edition; the newest if none.
    pub edition: Option<Date>,
}

impl BatchOptions {
    /// The single question that a row with this name asks.
    #[must_use]
    pub fn question(&self, name: &str) -> ScreenRequest {
        ScreenRequest {
            name: name.to_owned(),
            lists: self.options.lists.clone(),
            country: self.options.country.clone(),
            threshold: Some(self.options.threshold),
            top: Some(self.options.top),
            edition: self.edition,
        }
    }
}

/// Screens every row of a table. `progress` is told the number of rows from time to time. With a
/// recorder, what is written is on record.
///
/// # Errors
/// An unreadable table or header, failing output, or problems in the data. Errors of single rows are
/// written into rows and counted.
pub fn screen_batch(
    workbench: &Workbench,
    asked: &BatchOptions,
    format: BatchFormat,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    recorder: Option<&mut BatchRecorder<'_>>,
    progress: &mut dyn FnMut(u64),
) -> Result<BatchSummary, Failure> {
    let named = workbench.named_edition(asked.edition)?;
    let mut rows = Rows { named: &named, screener: Screener::new(&named.index), options: &asked.options };
    let mut sink = Sink { workbench, asked, output, outgoing: recorder.map(Outgoing::new) };
    match format {
        BatchFormat::Csv => csv_rows(&mut rows, input, &mut sink, progress),
        BatchFormat::JsonLines => json_rows(&mut rows, input, &mut sink, progress),
    }
}

/// Where answered rows go: to the output, or first on record.
struct Sink<'s, 'r> {
    workbench: &'s Workbench,
    asked: &'s BatchOptions,
    output: &'s mut dyn Write,
    outgoing: Option<Outgoing<'s, 'r, Vec<u8>>>,
}

impl Sink<'_, '_> {
    /// All that was written for a row (from 1), and the name that it screened, if it did.
    fn put(&mut self, number: u64, name: Option<&str>, written: Vec<u8>) -> Result<(), Failure> {
        let Some(outgoing) = &mut self.outgoing else {
            return self.output.write_all(&written).map_err(failed_output);
        };
        let ticket = match name {
            None => Ticket::Nothing,
            Some(name) => {
                let (workbench, question) = (self.workbench, self.asked.question(name));
                let answer = |question: &ScreenRequest| Screen::run(workbench, question);
                outgoing.recorder().ticket::<Screen>(number, &question, answer)?
            }
        };
        let bytes = written.len();
        if outgoing.add(written, bytes, ticket) { self.release() } else { Ok(()) }
    }

    fn release(&mut self) -> Result<(), Failure> {
        let Some(outgoing) = &mut self.outgoing else { return Ok(()) };
        for (written, _) in outgoing.release()? {
            self.output.write_all(&written).map_err(failed_output)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Failure> {
        self.release()?;
        self.output.flush().map_err(failed_output)
    }
}

struct Rows<'d> {
    named: &'d NamedEdition,
    screener: Screener<'d>,
    options: &'d Options,
}

/// The added cells of one row.
type Cells = [String; OUTPUT.len()];

impl Rows<'_> {
    /// The added cells of a row, and the name that it screened: one row for each party, or one with
    /// the error, which counts.
    fn answered<'n>(
        &mut self,
        name: Result<&'n str, String>,
        errors: &mut u64,
    ) -> (Vec<Cells>, Option<&'n str>) {
        match name.and_then(|name| Ok((self.answer(name)?, name))) {
            Ok((cells, name)) => (cells, Some(name)),
            Err(error) => {
                *errors += 1;
                (vec![with_error(error)], None)
            }
        }
    }

    /// The added cells for a name: one row for each party.
    fn answer(&mut self, name: &str) -> Result<Vec<Cells>, String> {
        let found = self.screener.screen(name, self.options);
        if let Some(refusal) = found.refusal {
            return Err(refusal.to_string());
        }
        let cells = (1..).zip(&found.hits).filter_map(|(rank, hit): (usize, _)| {
            let party = self.named.edition.parties().get(hit.party)?;
            Some([
                rank.to_string(),
                party.id.clone(),
                party.name.clone(),
                party.list.clone(),
                format!("{:.3}", hit.score),
                hit.strength.word().to_owned(),
                format!("{}; listed as {}", hit.reason(), hit.name),
                also_ids(self.named, hit).join(" "),
                String::new(),
            ])
        });
        Ok(cells.collect())
    }
}

fn with_error(error: String) -> Cells {
    let mut cells: Cells = Default::default();
    if let Some(last) = cells.last_mut() {
        *last = error;
    }
    cells
}

/// Lines of a table, to be handed on together.
fn csv_lines() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().flexible(true).from_writer(Vec::new())
}

fn csv_rows(
    rows: &mut Rows<'_>,
    input: &mut dyn BufRead,
    sink: &mut Sink<'_, '_>,
    progress: &mut dyn FnMut(u64),
) -> Result<BatchSummary, Failure> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
    let header = table::header(&mut reader)?;
    let mut summary = BatchSummary::default();
    let names: Vec<String> = header
        .iter()
        .map(|name| String::from_utf8_lossy(name).trim().trim_start_matches('\u{feff}').to_owned())
        .collect();
    let column = query_column(&names)?;
    let own = OUTPUT.into_iter().map(str::to_owned);
    let head: Vec<String> = names.iter().map(|name| renamed(name, &mut summary.notices)).chain(own).collect();
    let mut line = csv_lines();
    line.write_record(head).map_err(failed_output)?;
    sink.put(0, None, line.into_inner().map_err(failed_output)?)?;
    let mut record = csv::ByteRecord::new();
    while next_record(&mut reader, &mut record, &mut summary.rows)? {
        let name = if record.len() == header.len() {
            let bytes = record.get(column).unwrap_or_default();
            std::str::from_utf8(bytes).map_err(|_| format!("column `{QUERY}`: expected UTF-8 text"))
        } else {
            Err(format!("expected {} fields, found {}", header.len(), record.len()))
        };
        let (answers, screened) = rows.answered(name, &mut summary.errors);
        let mut lines = csv_lines();
        for cells in answers {
            // Rows that are too short or too long are brought to the width of the header.
            for at in 0..header.len() {
                lines.write_field(record.get(at).unwrap_or_default()).map_err(failed_output)?;
            }
            lines
                .write_record(cells.iter().map(|cell| harmless(cell).into_owned()))
                .map_err(failed_output)?;
        }
        let written = lines.into_inner().map_err(failed_output)?;
        sink.put(summary.rows, screened, written)?;
        if summary.rows % REPORTED == 0 {
            progress(summary.rows);
        }
    }
    sink.finish()?;
    progress(summary.rows);
    Ok(summary)
}

/// Where the column that asks stands.
fn query_column(names: &[String]) -> Result<usize, Failure> {
    let mut columns = (0..).zip(names).filter(|(_, name)| *name == QUERY).map(|(at, _)| at);
    match (columns.next(), columns.next()) {
        (Some(_), Some(_)) => Err(Failure::input(format!("column `{QUERY}` is there twice"))),
        (Some(column), None) => Ok(column),
        (None, _) => {
            let hint = narrows_quantity::nearest(QUERY, names.iter().map(String::as_str));
            let hint = hint.map(|near| format!("; is it `{near}`?")).unwrap_or_default();
            Err(Failure::input(format!("the header has no column `{QUERY}`{hint}")))
        }
    }
}

/// The name under which an input column passes through.
fn renamed(name: &str, notices: &mut BTreeSet<String>) -> String {
    if !OUTPUT.contains(&name) {
        return name.to_owned();
    }
    notices.insert(format!(
        "the input's `{name}` passes through as `{RENAMED}{name}`: `{name}` is the answer's"
    ));
    format!("{RENAMED}{name}")
}

fn json_rows(
    rows: &mut Rows<'_>,
    input: &mut dyn BufRead,
    sink: &mut Sink<'_, '_>,
    progress: &mut dyn FnMut(u64),
) -> Result<BatchSummary, Failure> {
    let mut summary = BatchSummary::default();
    let mut line = Vec::new();
    while let Some(text) = next_line(input, &mut line, &mut summary.rows)? {
        let (object, read) = table::object(text);
        let name = read.and_then(|()| query_field(&object));
        let (answers, screened) = rows.answered(name, &mut summary.errors);
        let mut written = Vec::new();
        for cells in answers {
            let mut row: Map<String, Value> = object
                .iter()
                .map(|(name, value)| (renamed(name, &mut summary.notices), value.clone()))
                .collect();
            for (name, cell) in OUTPUT.into_iter().zip(cells) {
                row.insert(name.to_owned(), typed(name, cell));
            }
            serde_json::to_writer(&mut written, &row).map_err(failed_output)?;
            written.push(b'\n');
        }
        sink.put(summary.rows, screened, written)?;
        if summary.rows % REPORTED == 0 {
            progress(summary.rows);
        }
    }
    sink.finish()?;
    progress(summary.rows);
    Ok(summary)
}

fn query_field(object: &Map<String, Value>) -> Result<&str, String> {
    match object.get(QUERY) {
        Some(Value::String(text)) => Ok(text),
        None => {
            let hint = narrows_quantity::nearest(QUERY, object.keys().map(String::as_str));
            let hint = hint.map(|near| format!("; is it `{near}`?")).unwrap_or_default();
            Err(format!("the object has no field `{QUERY}`{hint}"))
        }
        Some(_) => Err(format!("field `{QUERY}`: expected a text")),
    }
}

/// Ranks and scores are numbers, ids a list.
fn typed(name: &str, cell: String) -> Value {
    match name {
        "rank" | "score" => cell.parse().map_or(Value::Null, Value::Number),
        "also_ids" => cell.split_whitespace().map(|id| Value::String(id.to_owned())).collect(),
        _ => Value::String(cell),
    }
}
