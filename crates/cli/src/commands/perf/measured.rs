//! `narrows perf validate` and `narrows perf calibrate`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use narrows::performance::accuracy::{
    Accuracy, AccuracyRow, Errors, MeasuredTable, OutcomeWriter, ValidateRequest, calibrate_tables,
    validate as compare,
};
use narrows::performance::report;
use narrows::{Failure, Workbench};

use super::percent;
use crate::Stop;
use crate::arguments::{CalibrateCommand, Format, ValidateCommand};
use crate::commands::{print_csv, print_json, progress_bar};
use crate::files;
use crate::text::{self, FAINT, heading, paragraph};

pub(super) fn validate(workbench: &Workbench, command: &ValidateCommand, format: Format) -> Result<u8, Stop> {
    let tables = command.files.iter().map(|path| read(path)).collect::<Result<Vec<_>, Failure>>()?;
    let request = ValidateRequest { tables, leave_out: command.leave_out };
    let mut told = progress();
    let accuracy = match &command.rows {
        Some(path) => {
            let mut accuracy = None;
            files::write_whole(path, |output| {
                let mut writer = OutcomeWriter::new(&request.tables, output)?;
                let answer = compare(
                    workbench,
                    &request,
                    &mut |table, row, outcome| writer.write(table, row, outcome),
                    &mut told,
                )?;
                accuracy = Some(answer);
                writer.finish()
            })?;
            accuracy.ok_or_else(|| Failure::data("nothing was compared"))?
        }
        None => compare(workbench, &request, &mut |_, _, _| Ok(()), &mut told)?,
    };
    if let Some(path) = &command.report {
        let text = report::document(&accuracy);
        files::write_whole(path, |output| {
            output
                .write_all(text.as_bytes())
                .map_err(|error| Failure::input(format!("`{}` cannot be written: {error}", path.display())))
        })?;
    }
    match format {
        Format::Json => print_json(&accuracy)?,
        Format::Csv => {
            let header = [
                "operator",
                "variant",
                "precision",
                "chip",
                "count",
                "skipped",
                "median",
                "p90",
                "mean",
                "bias",
                "baseline_median",
                "baseline_p90",
                "known_median",
                "known_p90",
                "unseen_median",
                "unseen_p90",
            ];
            print_csv(&header, accuracy.rows.iter().map(csv_row))?;
        }
        Format::Text => print(&mut anstream::stdout().lock(), &accuracy, command.leave_out)?,
    }
    Ok(0)
}

/// Says on a terminal what is being worked on.
fn progress() -> impl FnMut(&str) {
    let bar = progress_bar();
    move |what: &str| {
        if let Some(bar) = &bar {
            bar.set_message(what.to_owned());
            bar.tick();
        }
    }
}

fn read(path: &Path) -> Result<MeasuredTable, Failure> {
    Ok(MeasuredTable { shown: path.display().to_string(), text: files::read_text(path)? })
}

fn csv_row(row: &AccuracyRow) -> Vec<String> {
    let number = |value: f64| format!("{value:.5}");
    let pair = |errors: Option<Errors>| match errors {
        Some(errors) => [number(errors.median), number(errors.p90)],
        None => [String::new(), String::new()],
    };
    let mut cells = vec![row.operator.clone(), row.variant.clone(), row.precision.clone(), row.chip.clone()];
    cells.extend([row.errors.count.to_string(), row.skipped.to_string()]);
    cells.extend([row.errors.median, row.errors.p90, row.errors.mean, row.errors.bias].map(number));
    cells.extend([row.baseline, row.known, row.unseen].into_iter().flat_map(pair));
    cells
}

fn print(out: &mut dyn Write, accuracy: &Accuracy, left_out: bool) -> io::Result<()> {
    paragraph(
        out,
        0,
        "Absolute percentage errors, median and 90th percentile; bias is the median of the signed error \
         (above zero: predicted too large). Baseline: a roofline with one efficiency for all chips.",
    )?;
    if !left_out {
        paragraph(
            out,
            0,
            "Rows among those that the constants were fitted to (data/measured) look better than new ones: \
             --leave-out fits anew without them.",
        )?;
    }
    let mut operators: Vec<&str> = accuracy.rows.iter().map(|row| row.operator.as_str()).collect();
    operators.dedup();
    for operator in operators {
        heading(out, operator)?;
        let rows = accuracy.rows.iter().filter(|row| row.operator == operator);
        let pooled = accuracy.pooled.iter().filter(|row| row.operator == operator);
        let pair = |errors: Option<Errors>| {
            errors.map_or_else(
                || "-".to_owned(),
                |it| format!("{:.1}/{:.0}", 100.0 * it.median, 100.0 * it.p90),
            )
        };
        let cells = rows.chain(pooled).map(|row| {
            let mut cells = vec![
                row.chip.clone(),
                row.precision.clone(),
                row.variant.clone(),
                row.errors.count.to_string(),
                pair((row.errors.count > 0).then_some(row.errors)),
                format!("{:+.1}", 100.0 * row.errors.bias),
                pair(row.baseline),
            ];
            if left_out {
                cells.extend([pair(row.known), pair(row.unseen)]);
            }
            cells.push(row.skipped.to_string());
            cells
        });
        let mut header = vec!["chip", "precision", "path", "rows", "error", "bias", "baseline"];
        if left_out {
            header.extend(["known", "unseen"]);
        }
        header.push("skipped");
        let right: Vec<usize> = (3..header.len()).collect();
        writeln!(out, "{}", text::table(&header, &right, &[0, 1], cells))?;
    }
    if !accuracy.skipped.is_empty() {
        heading(out, "Rows without a prediction")?;
        for (reason, count) in &accuracy.skipped {
            text::item(out, 2, &format!("{count}:"), reason)?;
        }
    }
    writeln!(out)?;
    writeln!(out, "{FAINT}data {}{FAINT:#}", accuracy.data_version)
}

pub(super) fn calibrate(workbench: &Workbench, command: &CalibrateCommand) -> Result<u8, Stop> {
    let folder = &command.folder;
    let unreadable =
        |error: io::Error| Failure::input(format!("`{}` cannot be read: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            paths.push(path);
        }
    }
    paths.sort();
    let tables = paths.iter().map(|path| read(path)).collect::<Result<Vec<_>, Failure>>()?;
    let mut told = progress();
    let calibrated = calibrate_tables(workbench, &tables, &command.without, &mut told)?;
    let mut out = anstream::stdout().lock();
    for kernel in &calibrated {
        heading(&mut out, kernel.kernel)?;
        let rows = kernel.errors.iter().map(|error| {
            let pair = |summary: Errors| match summary.count {
                0 => "-".to_owned(),
                _ => format!("{}/{}", percent(summary.median), percent(summary.p90)),
            };
            vec![
                error.chip.clone(),
                error.key.scheme.name().to_owned(),
                error.key.variant.clone(),
                error.known.count.to_string(),
                pair(error.known.into()),
                pair(error.unseen.into()),
            ]
        });
        let header = ["chip", "precision", "path", "rows", "known", "unseen"];
        writeln!(out, "{}", text::table(&header, &[3, 4, 5], &[0, 1], rows))?;
        for (reason, count) in &kernel.skipped {
            text::item(&mut out, 2, &format!("{count} skipped:"), reason)?;
        }
        if let Some(folder) = &command.output {
            let path = folder.join(format!("{}.toml", kernel.kernel));
            files::write_whole(&path, |output| {
                output.write_all(kernel.text.as_bytes()).map_err(|error| {
                    Failure::input(format!("`{}` cannot be written: {error}", path.display()))
                })
            })?;
        }
    }
    Ok(0)
}
