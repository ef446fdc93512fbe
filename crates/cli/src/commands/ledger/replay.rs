//! `narrows ledger replay`

use std::io::Write;
use std::path::Path;

use narrows::record::{Difference, Outcome, Replay, replay};
use narrows::{Failure, FailureKind, Workbench};
use serde_json::Value;

use super::open;
use crate::Stop;
use crate::arguments::Format;
use crate::commands::record::PROGRAM;
use crate::commands::{print_csv, print_json};
use crate::text::{HEADING, heading, item, paragraph};

/// Exit status 70 if the same question has two answers on the same data and program.
pub(super) fn run(workbench: &Workbench, path: &Path, id: &str, format: Format) -> Result<u8, Stop> {
    let ledger = open(path)?;
    let line = ledger.find(id).map_err(Failure::from)?;
    let Some(content) = ledger.content(&line).map_err(Failure::from)? else {
        let words = format!("receipt {} was erased: what was asked is not there", line.receipt.sequence);
        return Err(Failure::input(words).into());
    };
    narrows_ledger::check_content(&line.receipt, &content)
        .map_err(|broken| Failure::data(format!("receipt {}: {broken}", line.receipt.sequence)))?;
    let replay = replay(workbench, PROGRAM, &line.receipt, &content)?;
    match format {
        Format::Json => print_json(&replay)?,
        Format::Csv => {
            let cell = |value: &Option<Value>| value.as_ref().map(Value::to_string).unwrap_or_default();
            let row = |it: &Difference| vec![it.field.clone(), cell(&it.recorded), cell(&it.now)];
            print_csv(&["field", "recorded", "now"], replay.differences.iter().map(row))?;
        }
        Format::Text => print(&replay)?,
    }
    let is_same = matches!(replay.outcome, Outcome::Identical | Outcome::SameOnOtherData);
    let same_ground = replay.recorded == replay.now;
    Ok(if same_ground && !is_same { FailureKind::Data.exit_status() } else { 0 })
}

fn print(replay: &Replay) -> Result<(), Stop> {
    let mut out = anstream::stdout().lock();
    let data = if replay.on_recorded_data { "on the recorded data" } else { "on today's data" };
    writeln!(out, "{HEADING}receipt {}{HEADING:#}, {}, asked again {data}", replay.receipt, replay.kind)?;
    let words = match replay.outcome {
        Outcome::Identical => "the answer is the same, field by field".to_owned(),
        Outcome::SameOnOtherData => "the answer is the same, on other data".to_owned(),
        Outcome::Differs => format!("the answer differs in {} fields", replay.differences.len()),
        Outcome::Fails => "there is no answer any more".to_owned(),
    };
    paragraph(&mut out, 0, &words)?;
    if let Some(failure) = &replay.failure {
        paragraph(&mut out, 2, failure)?;
    }
    if !replay.reasons.is_empty() {
        heading(&mut out, "Why")?;
        for reason in &replay.reasons {
            item(&mut out, 2, "·", reason)?;
        }
    }
    if !replay.differences.is_empty() {
        heading(&mut out, "What differs")?;
        for Difference { field, recorded, now } in &replay.differences {
            item(&mut out, 2, "·", field)?;
            for (name, value) in [("recorded", recorded), ("now", now)] {
                let value = value.as_ref().map_or_else(|| "(not there)".to_owned(), Value::to_string);
                item(&mut out, 4, &format!("{name}:"), &value)?;
            }
        }
    }
    Ok(())
}
