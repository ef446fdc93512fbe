//! `narrows perf`

mod compare;
mod measured;
mod op;
mod serve;
mod train;

use std::path::Path;

use narrows::performance::chip_choice::{ChipChoice, ChipText};
use narrows::performance::setting::ModelChoice;
use narrows::performance::{Parts, Range};
use narrows::{Failure, Workbench};

use crate::Stop;
use crate::arguments::{ChipArguments, Format, PerfCommand};
use crate::files;
use crate::text::grouped;

pub(crate) fn run(workbench: &Workbench, command: &PerfCommand, format: Format) -> Result<u8, Stop> {
    match command {
        PerfCommand::Train(command) => train::run(workbench, command, format),
        PerfCommand::Serve(command) => serve::run(workbench, command, format),
        PerfCommand::Compare(command) => compare::run(workbench, command, format),
        PerfCommand::Op(command) => op::run(workbench, command, format),
        PerfCommand::Validate(command) => measured::validate(workbench, command, format),
        PerfCommand::Calibrate(command) => measured::calibrate(workbench, command),
    }
}

/// The chip that a command line means.
fn chip_choice(arguments: &ChipArguments) -> Result<ChipChoice, Failure> {
    let file = match &arguments.chip_file {
        Some(path) => Some(ChipText { shown: path.display().to_string(), text: files::read_text(path)? }),
        None => None,
    };
    Ok(ChipChoice { name: arguments.chip.clone(), file, set: arguments.set.clone() })
}

/// The model that a command line means: a file if there is one of that name.
fn model_choice(name: &str) -> Result<ModelChoice, Failure> {
    let path = Path::new(name);
    if path.extension().is_some_and(|extension| extension == "json") || path.is_file() {
        return Ok(ModelChoice::Config { shown: name.to_owned(), text: files::read_text(path)? });
    }
    Ok(ModelChoice::Name(name.to_owned()))
}

/// A figure with its range.
fn ranged(range: Range) -> String {
    format!("{} ({} to {})", short(range.value), short(range.low), short(range.high))
}

/// Parts of a time as shares of the whole, the largest first.
fn causes(parts: Parts, bubble: f64) -> String {
    let mut all = [
        ("compute", parts.compute),
        ("memory", parts.memory),
        ("latency", parts.latency),
        ("network", parts.network),
        ("bubble", bubble),
    ];
    let whole: f64 = all.iter().map(|(_, part)| part).sum();
    all.sort_by(|one, other| other.1.total_cmp(&one.1));
    let shown = all.iter().filter(|(_, part)| *part > 0.0005 * whole);
    shown.map(|(cause, part)| format!("{cause} {}", percent(part / whole))).collect::<Vec<_>>().join(", ")
}

/// A number as a person reads it: three significant digits, grouped if it is large.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return "-".to_owned();
    }
    if size >= 1_000.0 {
        return grouped(value);
    }
    match size {
        _ if size >= 100.0 => format!("{value:.0}"),
        _ if size >= 10.0 => format!("{value:.1}"),
        _ if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// A number of things.
fn counted(count: usize) -> String {
    if count < 1_000 { count.to_string() } else { short(count as f64) }
}

/// A fraction as a percentage.
fn percent(fraction: f64) -> String {
    format!("{:.1}%", 100.0 * fraction)
}
