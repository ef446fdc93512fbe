//! `narrows screen`

use std::io::{self, Write};
use std::path::Path;

use narrows::operations::{FoundIn, Screen, ScreenAnswer, ScreenHit, ScreenRequest};
use narrows::screening::{BatchOptions, screen_batch};
use narrows::{Operation, Workbench};

use super::record::{Keeper, answer_table};
use super::{print_csv, print_json, table};
use crate::Stop;
use crate::arguments::{Format, ScreenCommand};
use crate::text::{FAINT, HEADING, heading, item, paragraph};

pub(crate) fn run(workbench: &Workbench, command: &ScreenCommand, format: Format) -> Result<u8, Stop> {
    if let Some(path) = &command.batch {
        return batch(workbench, command, path);
    }
    let request = ScreenRequest {
        name: command.name.clone().unwrap_or_default(),
        lists: command.list.clone(),
        country: command.country.clone(),
        threshold: command.threshold,
        top: command.top,
        edition: command.edition,
    };
    let answer = Screen::run(workbench, &request)?;
    let kept = Keeper::open(workbench, &command.record)?
        .map(|keeper| keeper.record::<Screen>(&request, &answer))
        .transpose()?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => print_csv(&CSV, answer.hits.iter().map(|hit| csv_row(&answer, hit)))?,
        Format::Text => print(&mut anstream::stdout().lock(), &answer)?,
    }
    if let Some(kept) = kept {
        kept.tell()?;
    }
    Ok(0)
}

/// Answers a table; exit status 2 if any row is bad.
fn batch(workbench: &Workbench, command: &ScreenCommand, path: &Path) -> Result<u8, Stop> {
    let options = workbench.screening_options(
        &command.list,
        command.country.as_deref(),
        command.threshold,
        command.top,
    )?;
    let asked = BatchOptions { options, edition: command.edition };
    let mut input = table::Input::open(path)?;
    let format = input.format(path)?;
    let output = command.output.as_deref();
    answer_table::<Screen>(
        workbench,
        &command.record,
        &mut input,
        output,
        &asked.question(""),
        |input, output, recorder, progress| {
            screen_batch(workbench, &asked, format, input, output, recorder, progress)
        },
    )
}

const CSV: [&str; 9] = ["query", "rank", "id", "name", "list", "score", "strength", "reason", "also_ids"];

fn csv_row(answer: &ScreenAnswer, hit: &ScreenHit) -> Vec<String> {
    let row = [
        answer.query.clone(),
        hit.rank.to_string(),
        hit.id.clone(),
        hit.name.clone(),
        hit.list.clone(),
        format!("{:.3}", hit.score),
        hit.strength.to_owned(),
        format!("{}; listed as {}", hit.reason, hit.found),
        hit.also_ids.join(" "),
    ];
    row.iter().map(|cell| narrows::harmless(cell).into_owned()).collect()
}

fn print(out: &mut dyn Write, answer: &ScreenAnswer) -> io::Result<()> {
    writeln!(out, "{HEADING}{}{HEADING:#}", shown(&answer.query))?;
    let edition = answer.edition.map(|date| format!("edition of {date}, ")).unwrap_or_default();
    let lists = answer.lists.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    paragraph(
        out,
        0,
        &format!("{edition}{} parties under {} names; lists {lists}", answer.parties, answer.names),
    )?;
    if let Some(note) = &answer.note {
        writeln!(out)?;
        paragraph(out, 0, note)?;
    } else if answer.hits.is_empty() {
        writeln!(out)?;
        let text = format!("No listed name reaches the threshold of {}.", answer.threshold);
        paragraph(out, 0, &text)?;
    }
    for hit in &answer.hits {
        print_hit(out, hit)?;
    }
    if !answer.hits.is_empty() {
        writeln!(out)?;
        let text = "An exact hit is a name of the party. A stem or fuzzy hit is a question: it may be the \
            party, one of its house, or another firm.";
        paragraph(out, 0, text)?;
    }
    writeln!(out)?;
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}

/// A name as one line that a terminal can be given.
fn shown(name: &str) -> String {
    let short: String = name.chars().take(200).collect();
    short.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

fn print_hit(out: &mut dyn Write, hit: &ScreenHit) -> io::Result<()> {
    heading(out, &format!("{}. {}", hit.rank, hit.name))?;
    let also =
        if hit.also_ids.is_empty() { String::new() } else { format!(", also {}", hit.also_ids.join(", ")) };
    let place =
        if hit.countries.is_empty() { String::new() } else { format!(", {}", hit.countries.join(" ")) };
    item(out, 2, "·", &format!("{}, {}{place}{also}", hit.id, hit.list_name))?;
    item(out, 2, "·", &format!("{:.3} {}", hit.score, hit.reason))?;
    match &hit.found_in {
        FoundIn::PrimaryName => {}
        FoundIn::ListedAlias => item(out, 2, "·", &format!("by its other name on the list: {}", hit.found))?,
        FoundIn::OwnTable { certainty, source } => {
            let source = source.as_ref().map(|source| format!(", {source}")).unwrap_or_default();
            let text =
                format!("by a name of our own table, not the list's: {} ({certainty}{source})", hit.found);
            item(out, 2, "·", &text)?;
        }
    }
    if let Some(requirement) = &hit.licence_requirement {
        item(out, 2, "·", &format!("licence requirement: {requirement}"))?;
    }
    if let Some(policy) = &hit.licence_policy {
        item(out, 2, "·", &format!("review: {policy}"))?;
    }
    Ok(())
}
