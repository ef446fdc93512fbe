//! `check --batch`: a table in, the same table with answers out.
//!
//! Input columns pass through unchanged, ours are added, one output row per input row in
//! order. A bad row carries its own error and the others are answered. Where a recorder is
//! given, a row is written when its receipt is kept, and names it in one more column.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, Write};

use jiff::civil::Date;
use narrows_law::View;
use serde_json::{Map, Value};

use crate::end_user::{self, EndUser, day_of_lists};
use crate::examiner::{PreparedItem, Question, Verdict};
use crate::failure::Failure;
use crate::operations::{Check, CheckRequest, Checker};
use crate::record::{BatchRecorder, Outgoing, Recorded, Ticket};
use crate::scenario::Scenario;
use crate::table::{self, failed_output, next_line, next_record};
use crate::workbench::Workbench;

/// Form of a table; the output has that of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchFormat {
    /// Comma separated values with a header.
    Csv,
    /// One JSON object per line.
    JsonLines,
}

/// What became of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BatchSummary {
    /// Rows read, each of which was written.
    pub rows: u64,
    /// Rows with an error.
    pub errors: u64,
    /// What a reader of the answers should know: columns that look like ours and are not.
    pub notices: BTreeSet<String>,
}

/// Columns that a row may ask with.
const INPUT: [&str; 10] =
    ["id", "item", "facts", "on", "to", "headquarters", "end_user", "from", "known_on", "view"];
/// Columns that are added.
const OUTPUT: [&str; 7] = ["status", "class", "provisions", "nearest_margin", "missing", "assumed", "error"];
/// The column that is added where answers are recorded: the number of the receipt.
const RECEIPT: &str = "receipt";

/// Answers every row of a table, and records the answers where a recorder is given. `progress`
/// is told the number of rows from time to time.
///
/// # Errors
/// An unreadable table or header, failing output, a book that cannot be written, or problems in
/// the data or a reform.
/// Errors of single rows are written into the rows and counted.
pub fn check_batch(
    workbench: &Workbench,
    scenario: &Scenario,
    format: BatchFormat,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    recorder: Option<&mut BatchRecorder<'_>>,
    progress: &mut dyn FnMut(u64),
) -> Result<BatchSummary, Failure> {
    let checker = Checker::new(workbench, scenario)?;
    let mut rows = Rows { checker, scenario, items: HashMap::new() };
    match format {
        BatchFormat::Csv => csv_rows(&mut rows, input, output, recorder, progress),
        BatchFormat::JsonLines => json_rows(&mut rows, input, output, recorder, progress),
    }
}

fn csv_rows(
    rows: &mut Rows<'_>,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    recorder: Option<&mut BatchRecorder<'_>>,
    progress: &mut dyn FnMut(u64),
) -> Result<BatchSummary, Failure> {
    let mut outgoing = recorder.map(Outgoing::new);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(output);
    let header = table::header(&mut reader)?;
    let mut summary = BatchSummary::default();
    let columns = Columns::of(&header, outgoing.is_some(), &mut summary.notices)?;
    let mut record = header.clone();
    OUTPUT.iter().for_each(|name| record.push_field(name.as_bytes()));
    if outgoing.is_some() {
        record.push_field(RECEIPT.as_bytes());
    }
    writer.write_byte_record(&record).map_err(failed_output)?;
    while next_record(&mut reader, &mut record, &mut summary.rows)? {
        let row = columns.row(&record);
        let mut answer = row.and_then(|row| rows.answer(&row, summary.rows, &mut outgoing));
        table::to_width(&mut record, header.len());
        summary.errors += u64::from(answer.is_err());
        for cell in cells(&answer) {
            record.push_field(cell.as_bytes());
        }
        match &mut outgoing {
            None => writer.write_byte_record(&record).map_err(failed_output)?,
            Some(outgoing) => {
                let ticket = ticket(&mut answer);
                if outgoing.add(record.clone(), record.as_slice().len(), ticket) {
                    csv_release(outgoing, &mut writer)?;
                }
            }
        }
        if summary.rows % 4_096 == 0 {
            progress(summary.rows);
        }
    }
    if let Some(outgoing) = &mut outgoing {
        csv_release(outgoing, &mut writer)?;
    }
    writer.flush().map_err(failed_output)?;
    progress(summary.rows);
    Ok(summary)
}

/// Writes the rows that waited, now that they are recorded.
fn csv_release(
    outgoing: &mut Outgoing<'_, '_, csv::ByteRecord>,
    writer: &mut csv::Writer<&mut dyn Write>,
) -> Result<(), Failure> {
    for (mut record, receipt) in outgoing.release()? {
        record.push_field(receipt_cell(receipt).as_bytes());
        writer.write_byte_record(&record).map_err(failed_output)?;
    }
    writer.flush().map_err(failed_output)
}

fn receipt_cell(receipt: Option<Recorded>) -> String {
    receipt.map(|receipt| receipt.sequence.to_string()).unwrap_or_default()
}

/// Takes out of an answer what its row waits for.
fn ticket(answer: &mut Result<Answered, Failure>) -> Ticket {
    answer
        .as_mut()
        .map_or(Ticket::Nothing, |answered| std::mem::replace(&mut answered.ticket, Ticket::Nothing))
}

fn json_rows(
    rows: &mut Rows<'_>,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
    recorder: Option<&mut BatchRecorder<'_>>,
    progress: &mut dyn FnMut(u64),
) -> Result<BatchSummary, Failure> {
    let mut outgoing = recorder.map(Outgoing::new);
    let mut summary = BatchSummary::default();
    let mut line = Vec::new();
    while let Some(text) = next_line(input, &mut line, &mut summary.rows)? {
        let (mut object, read) = table::object(text);
        let mut answer = read.map_err(Failure::input).and_then(|()| {
            let row = json_row(&object, outgoing.is_some(), &mut summary.notices)?;
            rows.answer(&row, summary.rows, &mut outgoing)
        });
        let bytes = text.len();
        summary.errors += u64::from(answer.is_err());
        for (name, cell) in OUTPUT.into_iter().zip(cells(&answer)) {
            // A row refused for a field of ours keeps that field as it came.
            if answer.is_ok() || name == "error" || !object.contains_key(name) {
                object.insert(name.to_owned(), Value::String(cell));
            }
        }
        match &mut outgoing {
            None => write_line(output, &object)?,
            Some(outgoing) => {
                let ticket = ticket(&mut answer);
                if outgoing.add(object, bytes, ticket) {
                    json_release(outgoing, output)?;
                }
            }
        }
        if summary.rows % 4_096 == 0 {
            progress(summary.rows);
        }
    }
    if let Some(outgoing) = &mut outgoing {
        json_release(outgoing, output)?;
    }
    output.flush().map_err(failed_output)?;
    progress(summary.rows);
    Ok(summary)
}

fn write_line(output: &mut dyn Write, object: &Map<String, Value>) -> Result<(), Failure> {
    serde_json::to_writer(&mut *output, object).map_err(failed_output)?;
    output.write_all(b"\n").map_err(failed_output)
}

/// Writes the rows that waited, now that they are recorded.
fn json_release(
    outgoing: &mut Outgoing<'_, '_, Map<String, Value>>,
    output: &mut dyn Write,
) -> Result<(), Failure> {
    for (mut object, receipt) in outgoing.release()? {
        // A row refused for a field of ours keeps that field as it came.
        if receipt.is_some() || !object.contains_key(RECEIPT) {
            object.insert(RECEIPT.to_owned(), Value::String(receipt_cell(receipt)));
        }
        write_line(output, &object)?;
    }
    output.flush().map_err(failed_output)
}

/// The added cells of a row.
fn cells(answer: &Result<Answered, Failure>) -> [String; 7] {
    match answer {
        Ok(Answered { verdict, .. }) => [
            verdict.standing.status.clone(),
            verdict.standing.class.to_owned(),
            verdict.standing.provisions.join(";"),
            verdict
                .nearest_margin
                .as_ref()
                .map(|(subject, fraction)| format!("{}:{fraction}", subject.replace(' ', "")))
                .unwrap_or_default(),
            verdict.standing.missing.join(";"),
            verdict
                .assumed
                .iter()
                .map(|(fact, value)| format!("{fact}={value}"))
                .collect::<Vec<_>>()
                .join(";"),
            String::new(),
        ],
        Err(failure) => {
            let mut cells: [String; 7] = Default::default();
            if let Some(last) = cells.last_mut() {
                last.clone_from(&failure.message);
            }
            cells
        }
    }
}

/// The cells of a row that ask something; an empty cell is none.
#[derive(Debug, Default)]
struct Row<'a> {
    item: Option<&'a str>,
    facts: Vec<(String, String)>,
    on: Option<&'a str>,
    to: Option<&'a str>,
    headquarters: Option<&'a str>,
    end_user: Option<&'a str>,
    from: Option<&'a str>,
    known_on: Option<&'a str>,
    view: Option<&'a str>,
}

/// A name that is one of ours but for case and separators is refused, as what it holds would
/// otherwise pass for not given; one that is only near to ours is named in a notice.
pub(crate) fn resemblance(
    what: &str,
    name: &str,
    ours: &[&'static str],
    notices: &mut BTreeSet<String>,
) -> Result<(), Failure> {
    if ours.contains(&name) {
        return Ok(());
    }
    let plain: String = name.trim().to_lowercase().replace([' ', '-'], "_");
    if let Some(ours) = ours.iter().find(|ours| **ours == plain) {
        return Err(Failure::input(format!("{what} `{name}`: expected `{ours}`")));
    }
    // Anything is near to a name of two letters.
    let long = ours.iter().copied().filter(|ours| ours.len() > 3);
    if plain.len() > 3
        && notices.len() < MOST_NOTICES
        && let Some(ours) = narrows_quantity::nearest(&plain, long)
    {
        let shown: String = name.chars().take(40).collect();
        notices.insert(format!("{what} `{shown}` passes through unread; `{ours}` is what asks"));
    }
    Ok(())
}

/// Whether a column is one that is added.
fn is_ours(name: &str, with_receipt: bool) -> bool {
    OUTPUT.contains(&name) || (with_receipt && name == RECEIPT)
}

/// Notices kept of one table.
const MOST_NOTICES: usize = 16;

/// Where the columns of a header stand.
struct Columns {
    positions: [Option<usize>; INPUT.len()],
    width: usize,
}

impl Columns {
    fn of(
        header: &csv::ByteRecord,
        with_receipt: bool,
        notices: &mut BTreeSet<String>,
    ) -> Result<Self, Failure> {
        let names: Vec<String> =
            header.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
        if names.iter().all(String::is_empty) {
            return Err(Failure::input(
                "the table is empty: expected a header with the columns `on` and `to`, and `item` or `facts`",
            ));
        }
        for (position, name) in names.iter().enumerate() {
            if is_ours(name, with_receipt) {
                return Err(Failure::input(format!(
                    "column `{name}`: the name is that of a column of the answer; rename it"
                )));
            }
            resemblance("column", name, &INPUT, notices)?;
            if INPUT.contains(&name.as_str()) && names.iter().take(position).any(|other| other == name) {
                return Err(Failure::input(format!("column `{name}` is there twice")));
            }
        }
        let position = |name: &str| names.iter().position(|other| other == name);
        for required in ["on", "to"] {
            if position(required).is_none() {
                let hint = narrows_quantity::nearest(required, names.iter().map(String::as_str));
                let hint = hint.map(|near| format!("; is it `{near}`?")).unwrap_or_default();
                return Err(Failure::input(format!("the header has no column `{required}`{hint}")));
            }
        }
        if position("item").is_none() && position("facts").is_none() {
            return Err(Failure::input("the header has neither a column `item` nor a column `facts`"));
        }
        Ok(Self { positions: INPUT.map(position), width: names.len() })
    }

    fn row<'a>(&self, record: &'a csv::ByteRecord) -> Result<Row<'a>, Failure> {
        if record.len() != self.width {
            return Err(Failure::input(format!("expected {} fields, found {}", self.width, record.len())));
        }
        let mut cells: [Option<&'a str>; INPUT.len()] = [None; INPUT.len()];
        for ((cell, position), name) in cells.iter_mut().zip(self.positions).zip(INPUT) {
            let Some(bytes) = position.and_then(|at| record.get(at)) else { continue };
            let text = std::str::from_utf8(bytes)
                .map_err(|_| Failure::input(format!("column `{name}`: expected UTF-8 text")))?
                .trim();
            *cell = (!text.is_empty()).then_some(text);
        }
        let [_, item, facts, on, to, headquarters, end_user, from, known_on, view] = cells;
        let facts = facts.map(read_facts).transpose()?.unwrap_or_default();
        Ok(Row { item, facts, on, to, headquarters, end_user, from, known_on, view })
    }
}

/// `name=value; name=value`
fn read_facts(text: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut facts = Vec::new();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let Some((name, value)) = part.split_once('=') else {
            let part: String = part.chars().take(60).collect();
            return Err(Failure::input(format!("column `facts`: expected name=value, found `{part}`")));
        };
        facts.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(facts)
}

fn json_row<'a>(
    object: &'a Map<String, Value>,
    with_receipt: bool,
    notices: &mut BTreeSet<String>,
) -> Result<Row<'a>, Failure> {
    for name in object.keys() {
        resemblance("field", name, &INPUT, notices)?;
        if is_ours(name, with_receipt) {
            return Err(Failure::input(format!(
                "field `{name}`: the name is that of a field of the answer; rename it"
            )));
        }
    }
    let text = |name: &str| match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(other) => {
            Err(Failure::input(format!("field `{name}`: expected a text, found {}", kind_of(other))))
        }
    };
    let facts = match object.get("facts") {
        Some(Value::Object(facts)) => facts
            .iter()
            .map(|(name, value)| match value {
                Value::String(text) => Ok((name.clone(), text.clone())),
                Value::Number(number) => Ok((name.clone(), number.to_string())),
                Value::Bool(truth) => Ok((name.clone(), truth.to_string())),
                other => Err(Failure::input(format!(
                    "fact `{name}`: expected a text, number or truth, found {}",
                    kind_of(other)
                ))),
            })
            .collect::<Result<_, _>>()?,
        _ => text("facts")?.map(read_facts).transpose()?.unwrap_or_default(),
    };
    Ok(Row {
        item: text("item")?,
        facts,
        on: text("on")?,
        to: text("to")?,
        headquarters: text("headquarters")?,
        end_user: text("end_user")?,
        from: text("from")?,
        known_on: text("known_on")?,
        view: text("view")?,
    })
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Answers rows, resolving each item once.
struct Rows<'w> {
    checker: Checker<'w>,
    scenario: &'w Scenario,
    items: HashMap<ItemCells, Result<PreparedItem<'w>, Failure>>,
}

/// A row's answer, and what the row waits for before it is written.
struct Answered {
    verdict: Verdict,
    ticket: Ticket,
}

/// The cells that an item is read from: its name and its facts.
type ItemCells = (Option<String>, Vec<(String, String)>);

/// Items remembered at once; beyond that the memory is cleared, which costs only time.
const MOST_ITEMS: usize = 65_536;

impl Rows<'_> {
    fn answer<R>(
        &mut self,
        row: &Row<'_>,
        number: u64,
        outgoing: &mut Option<Outgoing<'_, '_, R>>,
    ) -> Result<Answered, Failure> {
        if row.item.is_none() && row.facts.is_empty() {
            return Err(Failure::input("the row names no item and gives no facts"));
        }
        let date = |name: &str, text: &str| -> Result<Date, Failure> {
            text.parse().map_err(|_| {
                let text: String = text.chars().take(40).collect();
                Failure::input(format!("column `{name}`: expected a date such as 2020-12-31, found `{text}`"))
            })
        };
        let required = |name: &str, cell: Option<&str>| {
            cell.map(str::to_owned).ok_or_else(|| Failure::input(format!("column `{name}` is empty")))
        };
        let view = match row.view {
            None => View::Enforced,
            Some(view) if view.eq_ignore_ascii_case("enforced") => View::Enforced,
            Some(view) if view.eq_ignore_ascii_case("codified") => View::Codified,
            Some(other) => {
                let other: String = other.chars().take(40).collect();
                return Err(Failure::input(format!(
                    "column `view`: expected enforced or codified, found `{other}`"
                )));
            }
        };
        let question = Question {
            item: None,
            facts: Vec::new(),
            on: date("on", &required("on", row.on)?)?,
            to: required("to", row.to)?,
            headquarters: row.headquarters.map(str::to_owned),
            from: row.from.map(str::to_owned),
            known_on: row.known_on.map(|text| date("known_on", text)).transpose()?,
            view,
        };
        let verdict = match row.end_user {
            None => self.verdict(row.item, &row.facts, &question)?,
            Some(name) => self.verdict_for(name, row, &question)?,
        };
        let ticket = match outgoing {
            None => Ticket::Nothing,
            Some(outgoing) => {
                let request = self.request(row, question);
                let checker = &mut self.checker;
                outgoing.recorder().ticket::<Check>(number, &request, |request| checker.answer(request))?
            }
        };
        Ok(Answered { verdict, ticket })
    }

    /// The verdict of a row that names an end user.
    fn verdict_for(&mut self, name: &str, row: &Row<'_>, question: &Question) -> Result<Verdict, Failure> {
        let end_user = EndUser { name: Some(name.to_owned()), ..EndUser::default() };
        let lists_on = day_of_lists(question.on, question.known_on);
        let resolved = self.checker.desk()?.resolve(&end_user, question.on, lists_on)?;
        let (cases, all_hold) = resolved.cases.to_ask();
        let jurisdiction = self.checker.examiner.jurisdiction();
        let mut verdicts = Vec::with_capacity(cases.len());
        for case in &cases {
            let facts = end_user::facts_of(jurisdiction, case, &row.facts);
            verdicts.push(self.verdict(row.item, &facts, question)?);
        }
        end_user::verdict(jurisdiction, &cases, all_hold, verdicts)
            .ok_or_else(|| Failure::data("an end user led to no answer"))
    }

    fn verdict(
        &mut self,
        item: Option<&str>,
        facts: &[(String, String)],
        question: &Question,
    ) -> Result<Verdict, Failure> {
        if self.items.len() > MOST_ITEMS {
            self.items.clear();
        }
        let key = (item.map(str::to_owned), facts.to_vec());
        let item = match self.items.get(&key) {
            Some(item) => item.clone()?,
            None => {
                let item = self.checker.examiner.prepare_item(item, facts);
                self.items.insert(key, item.clone());
                item?
            }
        };
        let prepared = self.checker.examiner.prepare_transaction(&item, question)?;
        self.checker.examiner.verdict(&prepared)
    }

    /// The single check that asks what a row asks.
    fn request(&self, row: &Row<'_>, question: Question) -> CheckRequest {
        CheckRequest {
            item: row.item.map(str::to_owned),
            to: question.to,
            on: question.on,
            headquarters: question.headquarters,
            from: question.from,
            known_on: question.known_on,
            codified: question.view == View::Codified,
            facts: row.facts.clone(),
            end_user: row.end_user.map(str::to_owned),
            end_user_id: None,
            owners: Vec::new(),
            scenario: self.scenario.clone(),
        }
    }
}
