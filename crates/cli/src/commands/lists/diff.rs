//! `narrows lists diff`

use std::io::{self, Write};

use narrows::listed::{Change, ListDifference, Party};
use narrows::operations::{ListsDiff, ListsDiffAnswer, ListsDiffRequest};
use narrows::{Operation, Workbench};

use super::count;
use crate::Stop;
use crate::arguments::{Format, ListsDiffCommand};
use crate::commands::{print_csv, print_json};
use crate::text::{self, FAINT, heading, item, paragraph, visible};

/// Parties of one kind of change that a list shows unless all are asked for.
const SHOWN: usize = 12;

pub(super) fn run(workbench: &Workbench, command: &ListsDiffCommand, format: Format) -> Result<u8, Stop> {
    let request =
        ListsDiffRequest { before: command.before, after: command.after, list: command.list.clone() };
    let answer = ListsDiff::run(workbench, &request)?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => print_csv(&CSV, answer.lists.iter().flat_map(csv_rows))?,
        Format::Text => print(&mut anstream::stdout().lock(), &answer, command)?,
    }
    Ok(0)
}

const CSV: [&str; 7] = ["list", "change", "id", "name", "field", "before", "after"];

fn csv_rows(list: &ListDifference) -> Vec<Vec<String>> {
    let row = |change: &str, id: &str, name: &str, field: &str, before: String, after: String| {
        vec![
            list.list.clone(),
            change.to_owned(),
            id.to_owned(),
            name.to_owned(),
            field.to_owned(),
            before,
            after,
        ]
    };
    let plain = |change: &'static str, parties: &[Party]| {
        let rows = parties.iter().map(|it| row(change, &it.id, &it.name, "", String::new(), String::new()));
        rows.collect::<Vec<_>>()
    };
    let mut rows = plain("added", &list.added);
    rows.extend(plain("removed", &list.removed));
    rows.extend(
        list.merged.iter().map(|(from, into)| row("merged", from, "", "id", from.clone(), into.clone())),
    );
    for Change { id, name, fields } in &list.changed {
        rows.extend(fields.iter().map(|it| {
            let change = if it.in_substance { "changed" } else { "respelt" };
            row(change, id, name, it.field, it.before.join("; "), it.after.join("; "))
        }));
    }
    rows
}

/// Parties of which more than the spelling changed.
fn in_substance(list: &ListDifference) -> usize {
    list.changed.iter().filter(|change| change.fields.iter().any(|field| field.in_substance)).count()
}

fn print(out: &mut dyn Write, answer: &ListsDiffAnswer, command: &ListsDiffCommand) -> io::Result<()> {
    writeln!(out, "The lists from {} to {}", answer.before, answer.after)?;
    let rows = answer.lists.iter().map(|list| {
        let substance = in_substance(list);
        vec![
            list.list.clone(),
            count(list.before),
            count(list.after),
            count(list.added.len()),
            count(list.removed.len()),
            count(list.merged.len()),
            count(substance),
            count(list.changed.len() - substance),
        ]
    });
    let header = ["list", "before", "after", "added", "removed", "merged", "changed", "respelt"];
    writeln!(out, "{}", text::table(&header, &[1, 2, 3, 4, 5, 6, 7], &[0], rows))?;
    writeln!(out)?;
    paragraph(
        out,
        0,
        "merged: ids that are now former ids of another party of the list; respelt: fields that differ in case, \
         punctuation, spaces or diacritics only",
    )?;
    for note in &answer.notes {
        paragraph(out, 0, note)?;
    }
    let in_full = command.list.is_some() || command.all;
    for list in answer.lists.iter().filter(|list| in_full && list.from != list.to) {
        print_list(out, list, command.all)?;
    }
    if !in_full {
        paragraph(out, 0, "--list CODE shows the parties of one list, --all everything")?;
    }
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}

fn print_list(out: &mut dyn Write, list: &ListDifference, all: bool) -> io::Result<()> {
    let limit = if all { usize::MAX } else { SHOWN };
    for (title, mark, parties) in [("added", "+", &list.added), ("removed", "-", &list.removed)] {
        if parties.is_empty() {
            continue;
        }
        heading(out, &format!("{} {title}", list.list))?;
        for party in parties.iter().take(limit) {
            let countries = if party.countries.is_empty() {
                String::new()
            } else {
                format!(" ({})", party.countries.join(", "))
            };
            item(out, 2, mark, &format!("{} {}{countries}", party.id, visible(&party.name)))?;
        }
        rest(out, parties.len(), limit)?;
    }
    let changed: Vec<&Change> = list
        .changed
        .iter()
        .filter(|change| all || change.fields.iter().any(|field| field.in_substance))
        .collect();
    if !changed.is_empty() {
        heading(out, &format!("{} changed", list.list))?;
    }
    for change in changed.iter().take(limit) {
        item(out, 2, "~", &format!("{} {}", change.id, visible(&change.name)))?;
        for field in change.fields.iter().filter(|field| all || field.in_substance) {
            let before = field.before.iter().map(|text| format!("- {}", visible(text)));
            let after = field.after.iter().map(|text| format!("+ {}", visible(text)));
            let parts: Vec<String> = before.chain(after).collect();
            item(out, 6, &format!("{}:", field.field), &parts.join(" "))?;
        }
    }
    rest(out, changed.len(), limit)
}

/// How many are not shown.
fn rest(out: &mut dyn Write, all: usize, shown: usize) -> io::Result<()> {
    if all > shown {
        writeln!(out, "  and {} more (--all)", count(all - shown))?;
    }
    Ok(())
}
