//! `narrows lists show`

use std::io::{self, Write};

use narrows::listed::{Alias, Party};
use narrows::operations::{ListsShow, ListsShowAnswer, ListsShowRequest};
use narrows::{Operation, Workbench};

use crate::Stop;
use crate::arguments::{Format, ListsShowCommand};
use crate::commands::{print_csv, print_json};
use crate::text::{FAINT, HEADING, heading, item, paragraph, visible};

pub(super) fn run(workbench: &Workbench, command: &ListsShowCommand, format: Format) -> Result<u8, Stop> {
    let request = ListsShowRequest { id: command.id.clone(), edition: command.edition };
    let answer = ListsShow::run(workbench, &request)?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => {
            let parties = std::iter::once(&answer.party).chain(&answer.also);
            print_csv(&CSV, parties.map(csv_row))?;
        }
        Format::Text => print(&mut anstream::stdout().lock(), &answer)?,
    }
    Ok(0)
}

const CSV: [&str; 15] = [
    "id",
    "former_ids",
    "list",
    "name",
    "aliases",
    "kind",
    "countries",
    "addresses",
    "entity_number",
    "programmes",
    "federal_register",
    "effective",
    "licence_requirement",
    "licence_policy",
    "footnotes",
];

fn csv_row(party: &Party) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        party.id.clone(),
        party.former_ids.join(";"),
        party.list.clone(),
        party.name.clone(),
        party.aliases.join(";"),
        party.kind.map(|kind| kind.word().to_owned()).unwrap_or_default(),
        party.countries.join(";"),
        party.addresses.join(";"),
        text(&party.entity_number),
        party.programmes.join(";"),
        text(&party.federal_register),
        party.effective.map(|day| day.to_string()).unwrap_or_default(),
        text(&party.licence_requirement),
        text(&party.licence_policy),
        footnotes(party, ";"),
    ]
}

fn footnotes(party: &Party, between: &str) -> String {
    party.footnotes.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

fn print(out: &mut dyn Write, answer: &ListsShowAnswer) -> io::Result<()> {
    let ListsShowAnswer { party, list, .. } = answer;
    paragraph(out, 0, &format!("{HEADING}{}{HEADING:#}", visible(&party.name)))?;
    let date = answer.date.map(|date| format!(" as of {date}")).unwrap_or_default();
    writeln!(out, "{FAINT}{}{FAINT:#} on the {} ({}){date}", party.id, list.name, list.code)?;
    writeln!(out)?;
    let day = party.effective.map(|day| day.to_string()).unwrap_or_default();
    let kind = party.kind.map(|kind| kind.word().to_owned()).unwrap_or_default();
    let editions: Vec<String> = answer.editions.iter().map(ToString::to_string).collect();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let aliases = party.aliases.join("; ");
    let addresses = party.addresses.join("; ");
    for (name, value) in [
        ("kind", kind),
        ("countries", party.countries.join(", ")),
        ("also called", aliases),
        ("addresses", addresses),
        ("number", text(&party.entity_number)),
        ("programmes", party.programmes.join(", ")),
        ("requirement", text(&party.licence_requirement)),
        ("review", text(&party.licence_policy)),
        ("footnotes", footnotes(party, ", ")),
        ("notices", text(&party.federal_register)),
        ("effective", day),
        ("former ids", party.former_ids.join(", ")),
        ("editions", editions.join(", ")),
    ] {
        if !value.is_empty() {
            item(out, 0, &format!("{name:<11}"), &visible(&value))?;
        }
    }
    writeln!(out)?;
    paragraph(out, 0, &format!("{} ({}; {})", list.effect, list.citation, list.certainty))?;
    if !answer.own_names.is_empty() {
        heading(out, "Names of ours")?;
        print_names(out, &answer.own_names)?;
    }
    if !answer.also.is_empty() {
        heading(out, "Other entries under one of its names")?;
        for other in &answer.also {
            item(out, 2, "·", &format!("{} {}", other.id, visible(&other.name)))?;
        }
    }
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}

fn print_names(out: &mut dyn Write, names: &[Alias]) -> io::Result<()> {
    for name in names {
        item(out, 2, "·", &format!("{} ({}; {})", name.text, name.script, name.certainty))?;
        if let Some(source) = &name.source {
            paragraph(out, 4, source)?;
        }
    }
    Ok(())
}
