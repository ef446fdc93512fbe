//! `narrows ledger`: what was recorded, and whether it still holds.

mod export;
mod list;
mod replay;
mod show;
mod verify;

use std::io::Write;
use std::path::Path;

use narrows::{Failure, Workbench};
use narrows_ledger::store::{Ledger, Line, Selection};

use super::record::origin_now;
use super::{print_csv, print_json};
use crate::Stop;
use crate::arguments::{ChosenArguments, Format, LedgerCommand};
use crate::text::paragraph;

pub(crate) fn run(workbench: &Workbench, command: &LedgerCommand, format: Format) -> Result<u8, Stop> {
    match command {
        LedgerCommand::List(command) => list::run(command, format),
        LedgerCommand::Show { ledger, id } => show::run(ledger, id, format),
        LedgerCommand::Head { ledger } => head(ledger, format),
        LedgerCommand::Verify { ledger, head } => verify::run(ledger, head, format),
        LedgerCommand::Replay { ledger, id } => replay::run(workbench, ledger, id, format),
        LedgerCommand::Export { ledger, output, chosen } => {
            export::run(ledger, output.as_deref(), chosen, format)
        }
        LedgerCommand::Erase { ledger, id, reason, recorded_at } => {
            let origin = origin_now(workbench, *recorded_at)?;
            erase(ledger, id, reason, &origin, format)
        }
    }
}

fn open(path: &Path) -> Result<Ledger, Failure> {
    Ok(Ledger::open(path)?)
}

/// The receipts that the arguments choose.
fn selection(chosen: &ChosenArguments) -> Selection {
    Selection {
        day: chosen.day.map(|day| day.to_string()),
        kind: chosen.kind.clone(),
        subject: chosen.item.clone(),
        status: chosen.status.clone(),
        last: chosen.last,
    }
}

/// Shows receipts to a visitor that may fail.
fn visit(
    ledger: &Ledger,
    chosen: &ChosenArguments,
    mut visitor: impl FnMut(Line) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut outcome = Ok(());
    ledger
        .visit(&selection(chosen), &mut |line| {
            outcome = visitor(line);
            if outcome.is_ok() {
                std::ops::ControlFlow::Continue(())
            } else {
                std::ops::ControlFlow::Break(())
            }
        })
        .map_err(Failure::from)?;
    outcome
}

fn head(path: &Path, format: Format) -> Result<u8, Stop> {
    let chain = open(path)?.head().map_err(Failure::from)?;
    match format {
        Format::Json => {
            print_json(&serde_json::json!({ "receipts": chain.length(), "head": chain.head() }))?;
        }
        Format::Csv => {
            print_csv(&["receipts", "head"], [vec![chain.length().to_string(), chain.head().to_string()]])?;
        }
        Format::Text => {
            let mut out = anstream::stdout().lock();
            writeln!(out, "receipts {}", chain.length())?;
            writeln!(out, "head {}", chain.head())?;
        }
    }
    Ok(0)
}

fn erase(
    path: &Path,
    id: &str,
    reason: &str,
    origin: &narrows::record::Origin,
    format: Format,
) -> Result<u8, Stop> {
    if reason.trim().is_empty() {
        return Err(Failure::input("--reason is empty: an erasure says why").into());
    }
    // A file that is not there is not made.
    drop(open(path)?);
    let mut ledger = Ledger::open_or_create(path).map_err(Failure::from)?;
    let (erased, by) = ledger.erase(origin, id, reason).map_err(Failure::from)?;
    ledger.close().map_err(Failure::from)?;
    if format == Format::Json {
        print_json(&serde_json::json!({
            "erased": erased.receipt,
            "by": by.sequence,
            "still_held_by": erased.still_held_by,
            "head": by.hash,
        }))?;
        return Ok(0);
    }
    let mut out = anstream::stdout().lock();
    writeln!(out, "the content of receipt {} is erased, by receipt {}", erased.receipt, by.sequence)?;
    if !erased.still_held_by.is_empty() {
        let others: Vec<String> = erased.still_held_by.iter().map(u64::to_string).collect();
        let words = format!(
            "the same request or answer is still held by {}; erase those too if it must go",
            others.join(", ")
        );
        paragraph(&mut out, 0, &words)?;
    }
    writeln!(out, "head {}", by.hash)?;
    Ok(0)
}
