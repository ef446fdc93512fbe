//! `narrows perf op`

use std::io::{self, Write};
use std::path::Path;

use narrows::operations::{PerfOp, PerfOpAnswer, PerfOpRequest};
use narrows::performance::operator_batch::operator_batch;
use narrows::{Failure, Operation, Workbench};

use super::{chip_choice, percent, short};
use crate::Stop;
use crate::arguments::{Format, OpCommand};
use crate::commands::{print_csv, print_json, table};
use crate::text::{self, FAINT, HEADING, paragraph};

pub(super) fn run(workbench: &Workbench, command: &OpCommand, format: Format) -> Result<u8, Stop> {
    if let Some(path) = &command.batch {
        return batch(workbench, path, command.output.as_deref());
    }
    let Some(operator) = &command.operator else {
        return Err(Failure::input(
            "name an operator (gemm, attention, mla, ...), or give a table with --batch",
        )
        .into());
    };
    let (name, common, shape) = operator.parts();
    let mut shape: Vec<(String, String)> =
        shape.into_iter().map(|(column, value)| (column.to_owned(), value.to_owned())).collect();
    if let Some(source) = &common.kernel_source {
        shape.push(("kernel_source".to_owned(), source.clone()));
    }
    let request = PerfOpRequest {
        chip: chip_choice(&common.chip)?,
        operator: name.to_owned(),
        shape,
        strict: common.strict,
    };
    let answer = PerfOp::run(workbench, &request)?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => {
            let header = [
                "chip",
                "kernel",
                "precision",
                "time_us",
                "low_us",
                "high_us",
                "compute_us",
                "memory_us",
                "latency_us",
                "network_us",
                "bound",
                "share_of_peak",
                "calibration",
            ];
            let parts = answer.parts_us;
            let numbers = [
                answer.time_us.value,
                answer.time_us.low,
                answer.time_us.high,
                parts.compute,
                parts.memory,
                parts.latency,
                parts.network,
            ];
            let mut row = vec![answer.chip.clone(), answer.kernel.clone(), answer.precision.clone()];
            row.extend(numbers.map(|number| format!("{number:.4}")));
            row.extend([
                answer.bound.clone(),
                format!("{:.4}", answer.share_of_peak),
                answer.calibration.clone(),
            ]);
            print_csv(&header, [row])?;
        }
        Format::Text => print(&mut anstream::stdout().lock(), &answer)?,
    }
    Ok(0)
}

fn print(out: &mut dyn Write, answer: &PerfOpAnswer) -> io::Result<()> {
    let time = answer.time_us;
    writeln!(out, "{HEADING}{}{HEADING:#}  {FAINT}{}{FAINT:#}", answer.name, answer.chip)?;
    if let Some(asked) = &answer.replaced {
        paragraph(
            out,
            0,
            &format!("the chip has no arithmetic for {asked}: computed as {}", answer.precision),
        )?;
    }
    paragraph(
        out,
        0,
        &format!(
            "{} in {}: {} us ({} to {}), bound by {}",
            answer.kernel,
            answer.precision,
            short(time.value),
            short(time.low),
            short(time.high),
            answer.bound
        ),
    )?;
    let parts = answer.parts_us;
    let rows = [
        ("compute", parts.compute),
        ("memory", parts.memory),
        ("latency", parts.latency),
        ("network", parts.network),
    ];
    let rows = rows.into_iter().filter(|(_, part)| *part > 0.0).map(|(cause, part)| {
        vec![cause.to_owned(), format!("{} us", short(part)), percent(part / time.value)]
    });
    writeln!(out)?;
    writeln!(out, "{}", text::table(&["cause", "time", "share"], &[1, 2], &[0, 1, 2], rows))?;
    writeln!(out)?;
    if answer.share_of_peak > 0.0 {
        paragraph(
            out,
            0,
            &format!("{} of the chip's rate at that precision", percent(answer.share_of_peak)),
        )?;
    }
    paragraph(out, 0, &format!("constants: {} ({})", answer.calibration, answer.variant))?;
    for assumed in &answer.assumed {
        paragraph(out, 0, &format!("assumed: {assumed}"))?;
    }
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}

/// Answers a table; exit status 2 if any row is bad.
fn batch(workbench: &Workbench, path: &Path, output: Option<&Path>) -> Result<u8, Stop> {
    let mut input = table::Input::open(path)?;
    table::answer(output, |output, progress| {
        operator_batch(workbench, &input.name, &mut input.text, output, progress)
    })
}
