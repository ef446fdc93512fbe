//! The `narrows` command: AI-chip export controls, from the paragraph to the verdict.

mod arguments;
mod commands;
mod files;
mod text;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use narrows::{Failure, FailureKind, Workbench};

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers; everything else is bad input.
            let status = if error.use_stderr() { FailureKind::Input.exit_status() } else { 0 };
            let _ = error.print();
            return ExitCode::from(status);
        }
    };
    match run(&arguments) {
        Ok(status) => ExitCode::from(status),
        Err(Stop::OutputClosed) => ExitCode::SUCCESS,
        Err(Stop::Failure(failure)) => {
            let style = anstyle::AnsiColor::Red.on_default().effects(anstyle::Effects::BOLD);
            let _ = writeln!(anstream::stderr(), "{style}error{style:#}: {}", failure.message);
            ExitCode::from(failure.kind.exit_status())
        }
    }
}

/// Why a command stopped without an answer.
enum Stop {
    /// The reader of our output went away, as `head` does. That is no error.
    OutputClosed,
    /// The question has no answer.
    Failure(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::OutputClosed
        } else {
            Self::Failure(Failure::input(format!("the output cannot be written: {error}")))
        }
    }
}

fn run(arguments: &Arguments) -> Result<u8, Stop> {
    let mut folders: Vec<&std::path::Path> = arguments.data.iter().map(|path| path.as_path()).collect();
    if let Command::Data(arguments::DataCommand::Check { folder: Some(folder) }) = &arguments.command {
        folders.push(folder);
    }
    let overlay = files::read_overlay(&folders)?;
    // The process ends with the answer: taking the data apart first would only cost time.
    let mut workbench = Workbench::new(overlay);
    if let Command::Shock(command) = &arguments.command {
        workbench = workbench.with_quotes(commands::market::quotes::own(&command.prices)?);
    }
    let workbench = std::mem::ManuallyDrop::new(workbench);
    let format = arguments.format;
    match &arguments.command {
        Command::Chip(command) => commands::chip::run(&workbench, command, format),
        Command::Chips(command) => commands::chips::run(&workbench, command, format),
        Command::Check(command) => commands::check::run(&workbench, command, format),
        Command::History(command) => commands::history::run(&workbench, command, format),
        Command::Rules(command) => commands::rules::run(&workbench, command, format),
        Command::Perf(command) => commands::perf::run(&workbench, command, format),
        Command::Events(command) => commands::market::events::run(&workbench, command, format),
        Command::Shock(command) => commands::market::shock::run(&workbench, command, format),
        Command::Exposure(command) => commands::market::exposure::run(&workbench, command, format),
        Command::Lists(command) => commands::lists::run(&workbench, &arguments.data, command, format),
        Command::Screen(command) => commands::screen::run(&workbench, command, format),
        Command::Ledger(command) => commands::ledger::run(&workbench, command, format),
        Command::Ripple(command) => commands::market::ripple::run(&workbench, command, format),
        Command::Data(_) => commands::data::run(&workbench, format),
        Command::Brief(command) => commands::brief::run(&workbench, &arguments.data, command, format),
    }
}
