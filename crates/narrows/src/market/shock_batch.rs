//! `shock --batch`: a table of days and tickers in, the same with returns and their tests out.

use std::io::{Read, Write};

use jiff::civil::Date;
use narrows_market::study::{FactorTable, Model, ReturnKind, Specification, Window};

use super::desk::{Asked, Day, Desk};
use crate::batch::{BatchSummary, resemblance};
use crate::failure::Failure;
use crate::table::{failed_output, to_width};
use crate::workbench::Workbench;

/// Columns that a row may ask with.
const INPUT: [&str; 5] = ["event_date", "ticker", "return", "model", "window"];
/// Columns that are added.
const OUTPUT: [&str; 7] = ["raw_return", "abnormal_return", "t", "p", "day0", "note", "error"];

/// What holds for all rows of a table.
#[derive(Debug, Clone, Default)]
pub struct ShockTable {
    /// How a row is studied where it does not say.
    pub usual: Specification,
    /// The benchmark; that of each exchange if none.
    pub benchmark: Option<String>,
    /// Factors of the asker's own, for rows with the model of that name.
    pub factors: Option<FactorTable>,
}

/// Answers every row of a table of events. `progress` is told the number of rows from time to
/// time.
///
/// # Errors
/// An unreadable table or header, a benchmark without quotes, or failing output. Errors of
/// single rows are written into the rows and counted.
pub fn shock_batch(
    workbench: &Workbench,
    asked: &ShockTable,
    shown: &str,
    input: &mut dyn Read,
    output: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> Result<BatchSummary, Failure> {
    let mut desk = Desk::new(workbench)?;
    if let Some(table) = &asked.factors {
        desk = desk.with_factors(table);
    }
    if let Some(benchmark) = &asked.benchmark {
        desk.series(benchmark)?;
    }
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
    let unreadable = |error: csv::Error| Failure::input(format!("{shown}: {error}"));
    let header = reader.byte_headers().map_err(unreadable)?.clone();
    let mut summary = BatchSummary::default();
    let columns = Columns::of(shown, &header, &mut summary)?;
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(output);
    let mut record = header.clone();
    OUTPUT.iter().for_each(|name| record.push_field(name.as_bytes()));
    writer.write_byte_record(&record).map_err(failed_output)?;
    while reader.read_byte_record(&mut record).map_err(unreadable)? {
        summary.rows += 1;
        let answer = columns.row(&record, header.len()).and_then(|row| answer(&desk, asked, &row));
        to_width(&mut record, header.len());
        let cells = answer.unwrap_or_else(Cells::failed);
        let [.., error] = &cells.0;
        summary.errors += u64::from(!error.is_empty());
        for cell in cells.0 {
            record.push_field(cell.as_bytes());
        }
        writer.write_byte_record(&record).map_err(failed_output)?;
        if summary.rows % 1_024 == 0 {
            progress(summary.rows);
        }
    }
    progress(summary.rows);
    writer.flush().map_err(failed_output)?;
    Ok(summary)
}

/// Where the columns of a table stand.
struct Columns([Option<usize>; INPUT.len()]);

impl Columns {
    fn of(shown: &str, header: &csv::ByteRecord, summary: &mut BatchSummary) -> Result<Self, Failure> {
        let names: Vec<String> = header
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim_start_matches('\u{feff}').trim().to_owned())
            .collect();
        if let Some(name) = OUTPUT.iter().find(|name| names.iter().any(|found| found == *name)) {
            return Err(Failure::input(format!(
                "{shown}: column `{name}`: the name is that of a column of the answer; rename it"
            )));
        }
        for name in &names {
            resemblance("column", name, &INPUT, &mut summary.notices)
                .map_err(|failure| Failure::input(format!("{shown}: {}", failure.message)))?;
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

/// The added cells of a row.
#[derive(Default)]
struct Cells([String; OUTPUT.len()]);

impl Cells {
    /// Those of a row that cannot be answered at all.
    fn failed(error: String) -> Self {
        let mut cells = Self::default();
        let [.., last] = &mut cells.0;
        *last = error;
        cells
    }
}

/// The added cells of a row, or why there are none. A row whose model is unknown still has its
/// raw return.
fn answer(
    desk: &Desk<'_>,
    table: &ShockTable,
    [day, ticker, kind, model, window]: &[String; INPUT.len()],
) -> Result<Cells, String> {
    let day: Date =
        day.parse().map_err(|_| format!("event_date: expected a date such as 2020-12-31, found `{day}`"))?;
    if ticker.is_empty() {
        return Err("ticker: expected one, found nothing".to_owned());
    }
    let mut specification = table.usual.clone();
    if !kind.is_empty() {
        specification.return_kind = kind.parse::<ReturnKind>().map_err(|error| format!("return: {error}"))?;
    }
    if !window.is_empty() {
        specification.window = window.parse::<Window>().map_err(|error| format!("window: {error}"))?;
    }
    let mut unknown_model = String::new();
    if !model.is_empty() {
        match model.parse::<Model>() {
            Ok(model) => specification.model = model,
            Err(error) => unknown_model = format!("model: {error}"),
        }
    }
    let benchmark = table.benchmark.as_deref();
    let asked = Asked { ticker, day: Day::Local(day), specification: &specification, benchmark, struck: &[] };
    let studied = desk.study(&asked).map_err(|failure| failure.message)?;
    let outcome = &studied.outcome;
    let number = |value: Option<f64>| value.map(|value| format!("{value:.8}")).unwrap_or_default();
    let mut notes = outcome.notes.clone();
    let abnormal = outcome.abnormal.as_ref();
    if let Err(fault) = abnormal {
        notes.insert(0, format!("no abnormal return: {fault}"));
    }
    let abnormal = abnormal.ok().filter(|_| unknown_model.is_empty());
    Ok(Cells([
        number(outcome.raw_return),
        number(abnormal.map(|it| it.car)),
        number(abnormal.map(|it| it.t)),
        number(abnormal.map(|it| it.p)),
        outcome.day0.map(|day| day.to_string()).unwrap_or_default(),
        notes.join("; "),
        unknown_model,
    ]))
}
