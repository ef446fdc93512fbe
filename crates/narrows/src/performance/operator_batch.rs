//! `perf op --batch`: a table of operators in, the same with predicted times out.

use std::io::{Read, Write};

use narrows_calibration::operators::{Operator, Prediction, predict};
use narrows_calibration::table::{Row, Table, TableReader};

use super::roster;
use crate::batch::BatchSummary;
use crate::failure::Failure;
use crate::workbench::Workbench;

/// Columns that are added.
const OUTPUT: [&str; 4] = ["predicted_us", "bound", "calibration", "error"];

/// Reads a table; ragged rows are kept and get their own error.
pub(crate) fn read_table(shown: &str, input: &mut dyn Read) -> Result<Table, Failure> {
    Table::read(input).map_err(|error| Failure::input(format!("{shown}: {error}")))
}

/// The kind of an operator table.
pub(crate) fn operator_of(shown: &str, columns: &[String]) -> Result<Operator, Failure> {
    Operator::of(columns).ok_or_else(|| {
        Failure::input(format!(
            "{shown}: expected the columns of an operator table (`chip` with `m`, `n`, `k`; or `batch`, `q_len`, \
             `kv_len`, `heads`, `kv_heads`; or `tokens`, `hidden`, `inter`, `topk`, `experts`; or `op` with `n` and \
             `bytes`; ...), found {}",
            columns.join(", ")
        ))
    })
}

/// Answers every row of an operator table. `progress` is told the number of rows from time to time.
///
/// # Errors
/// The table is none of operators, or the output fails. Errors of single rows are written
/// into the rows and counted.
pub fn operator_batch(
    workbench: &Workbench,
    shown: &str,
    input: &mut dyn Read,
    output: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> Result<BatchSummary, Failure> {
    let unreadable = |error: csv::Error| Failure::input(format!("{shown}: {error}"));
    let mut reader = TableReader::new(input).map_err(unreadable)?;
    let columns = reader.columns.clone();
    check_header(shown, &columns)?;
    let operator = operator_of(shown, &columns)?;
    if let Some(name) = OUTPUT.iter().find(|name| columns.iter().any(|column| column == *name)) {
        return Err(Failure::input(format!(
            "{shown}: column `{name}`: the name is that of a column of the answer; rename it"
        )));
    }
    let data = workbench.performance()?;
    let mut roster = roster(workbench.chips()?, data);
    let failed = |error: csv::Error| Failure::input(format!("the output cannot be written: {error}"));
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(output);
    writer.write_record(columns.iter().map(String::as_str).chain(OUTPUT)).map_err(failed)?;
    let mut summary = BatchSummary::default();
    let mut record = csv::ByteRecord::new();
    while reader.next(&mut record).map_err(unreadable)? {
        summary.rows += 1;
        let cells = csv::StringRecord::from_byte_record_lossy(record.clone());
        let row = Row::new(&columns, &cells, summary.rows as usize + 1);
        let answer = check_precision(operator, row)
            .and_then(|()| check_sizes(row, false))
            .and_then(|()| predict(operator, row, &mut roster, &data.calibration));
        summary.errors += u64::from(answer.is_err());
        for cell in answer_cells(answer) {
            record.push_field(cell.as_bytes());
        }
        writer.write_byte_record(&record).map_err(failed)?;
        if summary.rows % 4_096 == 0 {
            progress(summary.rows);
        }
    }
    progress(summary.rows);
    writer.flush().map_err(|error| Failure::input(format!("the output cannot be written: {error}")))?;
    Ok(summary)
}

/// Every column is given once, and there are some.
fn check_header(shown: &str, columns: &[String]) -> Result<(), Failure> {
    if columns.iter().all(String::is_empty) {
        return Err(Failure::input(format!(
            "{shown}: expected a header with the columns of an operator, found none"
        )));
    }
    let is_again = |(at, name): (usize, &String)| columns.iter().take(at).any(|earlier| earlier == name);
    let again = columns.iter().enumerate().find(|(at, name)| !name.is_empty() && is_again((*at, name)));
    match again {
        Some((_, name)) => Err(Failure::input(format!("{shown}: column `{name}` is given twice"))),
        None => Ok(()),
    }
}

/// Kernels that multiply need a precision.
fn check_precision(operator: Operator, row: Row<'_>) -> Result<(), String> {
    let multiplies =
        matches!(operator, Operator::Gemm | Operator::Attention | Operator::Mla | Operator::Experts);
    if multiplies && row.text("dtype").is_empty() {
        return Err("dtype: expected a precision such as bfloat16, found nothing".to_owned());
    }
    Ok(())
}

/// Columns of sizes: none is zero, and none so large that it cannot be meant.
const SIZES: [&str; 20] = [
    "m",
    "n",
    "k",
    "batch",
    "q_len",
    "kv_len",
    "heads",
    "kv_heads",
    "head_dim",
    "tokens",
    "hidden",
    "inter",
    "topk",
    "experts",
    "tp",
    "ep",
    "nodes",
    "gpus_per_node",
    "rows",
    "cols",
];
/// The largest size: more elements than any memory holds.
const LARGEST: f64 = 1e12;

/// Checks the sizes of an operator. Tables leave sizes open that are not needed; a person who
/// asks (`strict`) means a number.
///
/// # Errors
/// Which is wrong, and how.
pub(crate) fn check_sizes(row: Row<'_>, strict: bool) -> Result<(), String> {
    for column in SIZES {
        let text = row.text(column);
        let is_sound = match text.parse::<f64>() {
            Ok(number) => (1.0..=LARGEST).contains(&number),
            Err(_) => text.is_empty() || !strict,
        };
        if !is_sound {
            return Err(format!("{column}: expected a number from 1 to {LARGEST:e}, found `{text}`"));
        }
    }
    for (part, whole) in [("topk", "experts"), ("ep", "experts"), ("kv_heads", "heads")] {
        if let (Ok(found), Ok(most)) = (row.number(part), row.number(whole))
            && found > most
        {
            return Err(format!("{part}: expected at most the {most} {whole}, found {found}"));
        }
    }
    Ok(())
}

/// The added cells of a row.
fn answer_cells(answer: Result<Prediction, String>) -> [String; OUTPUT.len()] {
    match answer {
        Ok(prediction) => {
            let mut ground = prediction.ground.words().to_owned();
            if let Some(named) = prediction.replaced {
                ground.push_str(&format!("; {named} computed as {}", prediction.scheme));
            }
            let time = format!("{:.4}", prediction.estimate.seconds() * 1e6);
            [time, prediction.estimate.bound().word().to_owned(), ground, String::new()]
        }
        Err(error) => [String::new(), String::new(), String::new(), error],
    }
}
