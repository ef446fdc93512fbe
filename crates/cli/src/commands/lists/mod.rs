//! `narrows lists`: the lists of restricted parties and the editions on record.

mod diff;
mod show;
mod update;

use std::io::Write;
use std::path::PathBuf;

use narrows::operations::{ListState, ListsAnswer, ListsOperation, ListsRequest};
use narrows::{Operation, Workbench};

use super::{print_csv, print_json};
use crate::Stop;
use crate::arguments::{Format, ListsCommand, ListsSubcommand};
use crate::text::{self, FAINT, grouped, heading, item, paragraph};

pub(crate) fn run(
    workbench: &Workbench,
    folders: &[PathBuf],
    command: &ListsCommand,
    format: Format,
) -> Result<u8, Stop> {
    match &command.command {
        None => overview(workbench, format),
        Some(ListsSubcommand::Diff(command)) => diff::run(workbench, command, format),
        Some(ListsSubcommand::Show(command)) => show::run(workbench, command, format),
        Some(ListsSubcommand::Update(command)) => update::run(workbench, folders, command, format),
    }
}

fn overview(workbench: &Workbench, format: Format) -> Result<u8, Stop> {
    let answer = ListsOperation::run(workbench, &ListsRequest::default())?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => print_csv(&CSV, answer.lists.iter().map(csv_row))?,
        Format::Text => print(&mut anstream::stdout().lock(), &answer)?,
    }
    Ok(0)
}

const CSV: [&str; 9] =
    ["code", "name", "authority", "date", "parties", "names", "citation", "effect", "source"];

fn csv_row(state: &ListState) -> Vec<String> {
    let list = &state.list;
    vec![
        list.code.clone(),
        list.name.clone(),
        list.authority.clone(),
        state.date.map(|date| date.to_string()).unwrap_or_default(),
        state.parties.to_string(),
        state.names.to_string(),
        list.citation.clone(),
        list.effect.clone(),
        list.source.clone(),
    ]
}

/// A count with its thousands set apart.
fn count(number: usize) -> String {
    grouped(number as f64)
}

fn print(out: &mut dyn Write, answer: &ListsAnswer) -> std::io::Result<()> {
    let rows = answer.lists.iter().map(|state| {
        vec![
            state.list.code.clone(),
            state.list.name.clone(),
            state.date.map(|date| date.to_string()).unwrap_or_default(),
            count(state.parties),
            count(state.names),
        ]
    });
    writeln!(
        out,
        "{}",
        text::table(&["list", "what it is", "of", "parties", "names"], &[3, 4], &[0, 2], rows)
    )?;
    let (parties, names) =
        answer.lists.iter().fold((0, 0), |(parties, names), it| (parties + it.parties, names + it.names));
    writeln!(out)?;
    writeln!(
        out,
        "{} parties with {} names, and {} names of ours beside them",
        count(parties),
        count(names),
        count(answer.own_names)
    )?;
    heading(out, "What a listing means")?;
    for ListState { list, .. } in &answer.lists {
        item(out, 2, &format!("{:<6}", list.code), &format!("{} ({})", list.effect, list.citation))?;
    }
    heading(out, "Editions")?;
    for edition in &answer.editions {
        let lists: Vec<&str> = edition.lists.keys().map(String::as_str).collect();
        let parties = edition.lists.values().map(|it| it.parties).sum();
        item(
            out,
            2,
            &edition.date.to_string(),
            &format!("{} parties on {} ({})", count(parties), lists.join(", "), edition.certainty),
        )?;
        paragraph(out, 4, &edition.source)?;
        if let Some(note) = &edition.note {
            paragraph(out, 4, note)?;
        }
        if let Some(url) = &edition.url {
            paragraph(out, 4, url)?;
        }
    }
    paragraph(
        out,
        2,
        "An edition on a day takes each list from the newest file that has it and is not later.",
    )?;
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}
