//! `narrows chips`

use std::io::Write;

use narrows::operations::{ChipRow, ChipsOperation, ChipsRequest, StatusFilter};
use narrows::{Bounds, Operation, Workbench};

use super::{print_csv, print_json};
use crate::Stop;
use crate::arguments::{ChipsCommand, Format};
use crate::files;
use crate::text::{self, FAINT, paragraph};

pub(crate) fn run(workbench: &Workbench, command: &ChipsCommand, format: Format) -> Result<u8, Stop> {
    let status = match &command.to {
        Some(to) => Some(StatusFilter {
            to: to.clone(),
            on: match command.on {
                Some(on) => on,
                None => files::today()?,
            },
            headquarters: command.headquarters.clone(),
            only: command.status.clone(),
            codified: files::codified(&command.law),
            scenario: files::scenario(workbench, &command.law)?,
        }),
        None => None,
    };
    let answer = ChipsOperation::run(
        workbench,
        &ChipsRequest {
            vendor: command.vendor.clone(),
            figures: command.condition.clone(),
            status,
            columns: command.columns.clone(),
        },
    )?;
    let extra: Vec<&str> = command.columns.iter().map(String::as_str).collect();
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => {
            let mut header = vec![
                "id",
                "name",
                "tpp",
                "performance_density",
                "memory_bandwidth_gb_per_s",
                "io_bandwidth_gb_per_s",
            ];
            header.extend(&extra);
            if command.to.is_some() {
                header.push("status");
            }
            print_csv(&header, answer.chips.iter().map(|chip| row(chip, &extra, true)))?;
        }
        Format::Text => {
            let mut out = anstream::stdout().lock();
            let mut header = vec!["id", "TPP", "PD", "mem GB/s", "I/O GB/s"];
            header.extend(&extra);
            let mut whole = vec![0];
            if command.to.is_some() {
                whole.push(header.len());
                header.push("status");
            }
            let rows = answer.chips.iter().map(|chip| {
                row(chip, &extra, false).iter().map(|cell| narrow(cell)).collect::<Vec<String>>()
            });
            writeln!(out, "{}", text::table(&header, &[1, 2, 3, 4], &whole, rows))?;
            writeln!(out)?;
            writeln!(out, "{} of {} chips", answer.chips.len(), answer.of)?;
            if !answer.undecided.is_empty() {
                let text = format!(
                    "left out, since a figure that the condition needs is not on record: {}",
                    answer.undecided.join(", ")
                );
                paragraph(&mut out, 0, &text)?;
            }
            writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)?;
        }
    }
    Ok(0)
}

fn row(chip: &ChipRow, extra: &[&str], with_name: bool) -> Vec<String> {
    let text = |bounds: &Option<Bounds>| bounds.map(|it| it.to_string().replace(',', "")).unwrap_or_default();
    let mut row = vec![chip.id.clone()];
    if with_name {
        row.push(chip.name.clone());
    }
    row.extend([
        text(&chip.tpp),
        text(&chip.performance_density),
        text(&chip.memory_bandwidth_gb_per_s),
        text(&chip.io_bandwidth_gb_per_s),
    ]);
    row.extend(extra.iter().map(|name| {
        chip.figures.get(*name).map(|figure| figure.text().replace(',', "")).unwrap_or_default()
    }));
    row.extend(chip.status.clone());
    row
}

/// Ranges and bounds in as few characters as they can be read in.
fn narrow(cell: &str) -> String {
    cell.replace(" to ", "-").replace("at least ", ">=").replace("at most ", "<=")
}
