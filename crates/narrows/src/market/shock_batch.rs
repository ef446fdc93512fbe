//! `shock --batch`: a table of days and tickers in, the same with returns and their tests out.

use std::io::{Read, Write};

use jiff::civil::Date;
use narrows_market::study::{Model, ReturnKind, Specification, Window};

use super::desk::{Asked, Day, Desk};
use crate::batch::BatchSummary;
use crate::failure::Failure;
use crate::workbench::Workbench;

/// Columns that a row may ask with.
const INPUT: [&str; 5] = ["event_date", "ticker", "return", "model", "window"];
/// Columns that are added.
const OUTPUT: [&str; 7] = ["raw_return", "abnormal_return", "t", "p", "day0", "note", "error"];

/// Answers every row of a table of events. What a row leaves out is taken from `usual`.
/// `progress` is told the number of rows from time to time.
///
/// # Errors
/// An unreadable table or header, or failing output. Errors of single rows are written into
/// the rows and counted.
pub fn shock_batch(
    workbench: &Workbench,
    usual: &Specification,
    shown: &str,
    input: &mut dyn Read,
    output: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> Result<BatchSummary, Failure> {
    let desk = Desk::new(workbench)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
    let unreadable = |error: csv::Error| Failure::input(format!("{shown}: {error}"));
    let header = reader.byte_headers().map_err(unreadable)?.clone();
    let columns = Columns::of(shown, &header)?;
    let failed = |error: csv::Error| Failure::input(format!("the output cannot be written: {error}"));
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(output);
    let mut record = header.clone();
    OUTPUT.iter().for_each(|name| record.push_field(name.as_bytes()));
    writer.write_byte_record(&record).map_err(failed)?;
    let mut summary = BatchSummary::default();
    while reader.read_byte_record(&mut record).map_err(unreadable)? {
        summary.rows += 1;
        let answer = columns.row(&record, header.len()).and_then(|row| answer(&desk, usual, &row));
        // Rows that are too short or too long are brought to the width of the header.
        let found = record.len();
        record.truncate(header.len());
        for _ in found..header.len() {
            record.push_field(b"");
        }
        summary.errors += u64::from(answer.is_err());
        let cells = answer.unwrap_or_else(|error| {
            let mut cells: [String; 7] = Default::default();
            if let Some(last) = cells.last_mut() {
                *last = error;
            }
            cells
        });
        for cell in cells {
            record.push_field(cell.as_bytes());
        }
        writer.write_byte_record(&record).map_err(failed)?;
        if summary.rows % 1_024 == 0 {
            progress(summary.rows);
        }
    }
    progress(summary.rows);
    writer.flush().map_err(|error| Failure::input(format!("the output cannot be written: {error}")))?;
    Ok(summary)
}

/// Where the columns of a table stand.
struct Columns([Option<usize>; INPUT.len()]);

impl Columns {
    fn of(shown: &str, header: &csv::ByteRecord) -> Result<Self, Failure> {
        let names: Vec<String> = header
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim_start_matches('\u{feff}').trim().to_owned())
            .collect();
        if let Some(name) = OUTPUT.iter().find(|name| names.iter().any(|found| found == *name)) {
            return Err(Failure::input(format!(
                "{shown}: column `{name}`: the name is that of a column of the answer; rename it"
            )));
        }
        let mut places = [None; INPUT.len()];
        for (place, name) in places.iter_mut().zip(INPUT) {
            let mut found = names.iter().enumerate().filter(|(_, found)| *found == name);
            *place = found.next().map(|(at, _)| at);
            if found.next().is_some() {
                return Err(Failure::input(format!("{shown}: column `{name}` is given twice")));
            }
        }
        for (place, name) in places.iter().zip(INPUT).take(2) {
            if place.is_none() {
                return Err(Failure::input(format!(
                    "{shown}: expected the columns event_date and ticker (and return, model, window), found no \
                     `{name}` among {}",
                    names.join(", ")
                )));
            }
        }
        Ok(Self(places))
    }

    fn row(&self, record: &csv::ByteRecord, width: usize) -> Result<[String; INPUT.len()], String> {
        if record.len() != width {
            return Err(format!("expected {width} cells, found {}", record.len()));
        }
        let mut cells: [String; INPUT.len()] = Default::default();
        for ((cell, place), name) in cells.iter_mut().zip(self.0).zip(INPUT) {
            let Some(bytes) = place.and_then(|place| record.get(place)) else { continue };
            let text = std::str::from_utf8(bytes).map_err(|_| format!("{name}: expected UTF-8 text"))?;
            *cell = text.trim().to_owned();
        }
        Ok(cells)
    }
}

/// The added cells of a row, or what is wrong with it.
fn answer(
    desk: &Desk<'_>,
    usual: &Specification,
    [day, ticker, kind, model, window]: &[String; INPUT.len()],
) -> Result<[String; OUTPUT.len()], String> {
    let day: Date =
        day.parse().map_err(|_| format!("event_date: expected a date such as 2020-12-31, found `{day}`"))?;
    if ticker.is_empty() {
        return Err("ticker: expected one, found nothing".to_owned());
    }
    let mut specification = usual.clone();
    if !kind.is_empty() {
        specification.return_kind = kind.parse::<ReturnKind>().map_err(|error| format!("return: {error}"))?;
    }
    if !model.is_empty() {
        specification.model = model.parse::<Model>().map_err(|error| format!("model: {error}"))?;
    }
    if !window.is_empty() {
        specification.window = window.parse::<Window>().map_err(|error| format!("window: {error}"))?;
    }
    let asked = Asked { ticker, day: Day::Local(day), specification: &specification, benchmark: None };
    let studied = desk.study(&asked).map_err(|failure| failure.message)?;
    let outcome = &studied.outcome;
    let number = |value: Option<f64>| value.map(|value| format!("{value:.8}")).unwrap_or_default();
    let mut notes = outcome.notes.clone();
    let abnormal = outcome.abnormal.as_ref();
    if let Err(fault) = abnormal {
        notes.insert(0, format!("no abnormal return: {fault}"));
    }
    let abnormal = abnormal.ok();
    Ok([
        number(outcome.raw_return),
        number(abnormal.map(|it| it.car)),
        number(abnormal.map(|it| it.t)),
        number(abnormal.map(|it| it.p)),
        outcome.day0.map(|day| day.to_string()).unwrap_or_default(),
        notes.join("; "),
        String::new(),
    ])
}
