//! `narrows history`

use std::io::Write;

use narrows::operations::{History, HistoryAnswer, HistoryRequest, Period, PlaceReference};
use narrows::{Operation, Workbench};

use super::{print_csv, print_json};
use crate::Stop;
use crate::arguments::{Format, HistoryCommand};
use crate::files;
use crate::text::{FAINT, HEADING, class_style, paragraph};

pub(crate) fn run(workbench: &Workbench, command: &HistoryCommand, format: Format) -> Result<u8, Stop> {
    let transaction = &command.transaction;
    let answer = History::run(
        workbench,
        &HistoryRequest {
            item: command.item.clone(),
            to: command.to.clone(),
            headquarters: transaction.headquarters.clone(),
            from: transaction.from.clone(),
            known_on: transaction.known_on,
            codified: files::codified(&transaction.law),
            facts: transaction.fact.clone(),
            scenario: files::scenario(workbench, &transaction.law)?,
        },
    )?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => {
            let header = ["from", "until", "status", "class", "provisions", "changed_by", "missing"];
            print_csv(&header, answer.periods.iter().map(row))?;
        }
        Format::Text => print(&mut anstream::stdout().lock(), &answer)?,
    }
    Ok(0)
}

fn row(period: &Period) -> Vec<String> {
    let changed_by: Vec<&str> =
        period.changed_by.iter().map(|by| by.instrument.as_deref().unwrap_or(&by.title)).collect();
    vec![
        period.from.to_string(),
        period.until.map(|until| until.to_string()).unwrap_or_default(),
        period.status.clone(),
        period.class.word().to_owned(),
        period.provisions.join(";"),
        changed_by.join(";"),
        period.missing.join(";"),
    ]
}

fn print(out: &mut dyn Write, answer: &HistoryAnswer) -> std::io::Result<()> {
    let name = |place: &PlaceReference| format!("{} ({})", place.name, place.code);
    writeln!(out, "{HEADING}{}{HEADING:#} to {}", answer.item.name, name(&answer.destination))?;
    let line = format!("party seated in {}; law as {}", name(&answer.headquarters), answer.view);
    paragraph(out, 0, &line)?;
    if let (Some(family), Some(id)) = (&answer.item.by_default_of, &answer.item.id) {
        paragraph(out, 0, &format!("`{family}` is taken as {id}"))?;
    }
    writeln!(out)?;
    for period in &answer.periods {
        let style = class_style(period.class);
        let until = period.until.map_or_else(|| "          ".to_owned(), |until| until.to_string());
        writeln!(out, "{} .. {until}  {style}{}{style:#}", period.from, period.status)?;
        if !period.provisions.is_empty() {
            paragraph(out, 26, &format!("under {}", period.provisions.join(", ")))?;
        }
        if !period.missing.is_empty() {
            paragraph(out, 26, &format!("hangs on {}", period.missing.join(", ")))?;
        }
        for by in &period.changed_by {
            let act = if by.ends { "ended" } else { "since" };
            paragraph(out, 26, &format!("{act}: {} ({})", by.citation, by.title))?;
        }
    }
    writeln!(out)?;
    writeln!(out, "{FAINT}the day on the right is the first of the next line{FAINT:#}")?;
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}
