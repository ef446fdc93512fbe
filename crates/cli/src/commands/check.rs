//! `narrows check`

use std::io::{self, Write};
use std::path::Path;

use narrows::operations::{Check, CheckAnswer, PlaceReference};
use narrows::{Decimal, Determination, Failure, LeadsTo, Operation, Workbench, check_batch};

use super::record::{Keeper, answer_table};
use super::{end_user, print_csv, print_json, table};
use crate::Stop;
use crate::arguments::{CheckCommand, Format};
use crate::files;
use crate::text::{self, FAINT, HEADING, class_style, heading, item, paragraph, yes_no};

pub(crate) fn run(workbench: &Workbench, command: &CheckCommand, format: Format) -> Result<u8, Stop> {
    if let Some(path) = &command.batch {
        return batch(workbench, command, path);
    }
    if command.output.is_some() {
        return Err(Failure::input("--output is for --batch; send a single answer where you want it").into());
    }
    let to = command.to.as_deref().unwrap_or_default();
    let transaction = &command.transaction;
    if command.item.is_none() && transaction.fact.is_empty() {
        return Err(Failure::input("name a chip, or describe an item with --fact").into());
    }
    let request = files::check_request(
        workbench,
        command.item.as_ref(),
        to,
        command.on,
        &command.end_user,
        transaction,
    )?;
    let answer = Check::run(workbench, &request)?;
    let kept = Keeper::open(workbench, &command.record)?
        .map(|keeper| keeper.record::<Check>(&request, &answer))
        .transpose()?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => csv(&answer)?,
        Format::Text => print(&mut anstream::stdout().lock(), &answer)?,
    }
    if let Some(kept) = kept {
        kept.tell()?;
    }
    Ok(0)
}

fn csv(answer: &CheckAnswer) -> Result<(), Stop> {
    let determination = &answer.determination;
    let provisions: Vec<&str> =
        determination.deciding.iter().map(|ground| ground.provision.as_str()).collect();
    let missing: Vec<&str> = determination.missing.iter().map(|missing| missing.fact.as_str()).collect();
    let assumed: Vec<String> =
        determination.assumptions.iter().map(|it| format!("{}={}", it.fact, it.assumed)).collect();
    let header = ["item", "on", "to", "headquarters", "status", "class", "provisions", "missing", "assumed"];
    let row = vec![
        answer.item.id.clone().unwrap_or_default(),
        answer.on.to_string(),
        answer.destination.code.clone(),
        answer.headquarters.code.clone(),
        determination.status.clone(),
        determination.class.word().to_owned(),
        provisions.join(";"),
        missing.join(";"),
        assumed.join(";"),
    ];
    print_csv(&header, [row])
}

/// Answers a table; exit status 2 if any row is bad.
fn batch(workbench: &Workbench, command: &CheckCommand, path: &Path) -> Result<u8, Stop> {
    let scenario = files::scenario(workbench, &command.transaction.law)?;
    let mut input = table::Input::open(path)?;
    let format = input.format(path)?;
    let output = command.output.as_deref();
    answer_table::<Check>(
        workbench,
        &command.record,
        &mut input,
        output,
        &scenario,
        |input, output, recorder, progress| {
            check_batch(workbench, &scenario, format, input, output, recorder, progress)
        },
    )
}

/// The answer as text.
pub(crate) fn print(out: &mut dyn Write, answer: &CheckAnswer) -> io::Result<()> {
    let determination = &answer.determination;
    print_question(out, answer)?;
    let style = class_style(determination.class);
    writeln!(out)?;
    writeln!(out, "{style}{}{style:#}", determination.title.to_uppercase())?;
    let certainty = determination.certainty.map(|certainty| format!("; rests on: {certainty}"));
    let words = format!(
        "status {}, class {}{}",
        determination.status,
        determination.class.word(),
        certainty.unwrap_or_default()
    );
    writeln!(out, "{FAINT}{words}{FAINT:#}")?;
    paragraph(out, 0, &determination.meaning)?;
    print_undetermined(out, determination)?;
    if let Some(end_user) = &answer.end_user {
        end_user::print(out, end_user)?;
    }
    print_deciding(out, determination)?;
    print_comparisons(out, determination)?;
    print_flips(out, determination)?;
    if !determination.assumptions.is_empty() {
        heading(out, "Assumed, and it matters")?;
        for assumption in &determination.assumptions {
            let text = format!(
                "{}={}; with {} the status would be {}",
                assumption.fact, assumption.assumed, assumption.otherwise, assumption.status
            );
            item(out, 2, "·", &text)?;
        }
    }
    list(out, "Also classified, as a label only", &determination.labels)?;
    list(out, "Conditions", &determination.conditions)?;
    let charges: Vec<String> = determination
        .charges
        .iter()
        .map(|charge| {
            format!("{} of {} ({}; {})", charge.rate, charge.base, charge.citation, charge.certainty)
        })
        .collect();
    list(out, "Duties and fees", &charges)?;
    let elsewhere: Vec<String> = answer
        .elsewhere
        .iter()
        .map(|other| {
            let by: Vec<&str> = other.deciding.iter().map(|(title, _)| title.as_str()).collect();
            format!("{}: {} ({})", other.name, other.title, by.join("; "))
        })
        .collect();
    list(out, "Other jurisdictions", &elsewhere)?;
    list(out, "Notes", &determination.notes)?;
    list(out, "Not examined", &determination.not_examined)?;
    if !determination.sources.is_empty() {
        heading(out, "Sources")?;
        for source in &determination.sources {
            item(out, 2, "·", &format!("{} ({}): {}", source.citation, source.certainty, source.title))?;
            for url in &source.urls {
                writeln!(out, "    {FAINT}{url}{FAINT:#}")?;
            }
        }
    }
    writeln!(out)?;
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}

pub(crate) fn print_question(out: &mut dyn Write, answer: &CheckAnswer) -> io::Result<()> {
    let place = |place: &PlaceReference| format!("{} ({})", place.name, place.code);
    writeln!(
        out,
        "{HEADING}{}{HEADING:#} to {} on {}",
        answer.item.name,
        place(&answer.destination),
        answer.on
    )?;
    let mut line = format!(
        "party seated in {}; from {}; law as {}",
        place(&answer.headquarters),
        place(&answer.exported_from),
        answer.view
    );
    if let Some(known_on) = answer.known_on {
        line.push_str(&format!(", as published by {known_on}"));
    }
    paragraph(out, 0, &line)?;
    if let (Some(family), Some(id)) = (&answer.item.by_default_of, &answer.item.id) {
        paragraph(out, 0, &format!("`{family}` is taken as {id}"))?;
    }
    for reform in &answer.reforms {
        paragraph(out, 0, &format!("under the reform: {reform}"))?;
    }
    for place in [&answer.destination, &answer.headquarters] {
        if let Some(note) = &place.note {
            paragraph(out, 0, note)?;
            if answer.destination.code == answer.headquarters.code {
                break;
            }
        }
    }
    Ok(())
}

fn print_undetermined(out: &mut dyn Write, determination: &Determination) -> io::Result<()> {
    if determination.missing.is_empty() {
        return Ok(());
    }
    paragraph(out, 0, &format!("It may be: {}.", determination.possible.join(", ")))?;
    if let Some(class) = determination.common_class {
        paragraph(out, 0, &format!("All of these are of class {}.", class.word()))?;
    }
    heading(out, "To supply")?;
    for missing in &determination.missing {
        let kind = if missing.open_question { " (open question)" } else { "" };
        item(out, 2, "·", &format!("{}{kind}: {}", missing.fact, missing.definition))?;
        for LeadsTo { when, statuses } in &missing.leads_to {
            item(out, 6, "-", &format!("{when}: {}", statuses.join(" or ")))?;
        }
    }
    Ok(())
}

fn print_deciding(out: &mut dyn Write, determination: &Determination) -> io::Result<()> {
    if determination.deciding.is_empty() {
        return Ok(());
    }
    heading(out, "Decided by")?;
    for ground in &determination.deciding {
        item(out, 2, "·", &format!("{}{} ({})", ground.title, ground.limbs_text(), ground.certainty))?;
        paragraph(out, 4, &format!("{}: {}", ground.provision, ground.citation))?;
        if let Some(text) = &ground.text {
            paragraph(out, 4, text)?;
        }
    }
    Ok(())
}

/// The comparisons of every provision that has something to say, under its name.
fn print_comparisons(out: &mut dyn Write, determination: &Determination) -> io::Result<()> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (ground, comparisons) in determination.comparisons() {
        rows.push(vec![ground.title.clone()]);
        for live in comparisons {
            let margin = live.margin;
            let unit = margin.unit.as_deref().unwrap_or_default();
            rows.push(vec![
                live.limb.unwrap_or_default().to_owned(),
                margin.fact.clone(),
                margin.value_text(),
                format!("{} {} {unit}", margin.operator, margin.threshold.grouped()).trim_end().to_owned(),
                yes_no(live.truth).to_owned(),
                margin.fraction.map(Decimal::as_change).unwrap_or_default(),
            ]);
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    heading(out, "Comparisons")?;
    text::sections(out, ["limb", "fact", "value", "test", "met", "margin"], [2, 5], &rows)
}

fn print_flips(out: &mut dyn Write, determination: &Determination) -> io::Result<()> {
    if determination.flips.is_empty() {
        return Ok(());
    }
    heading(out, "What would change it")?;
    for flip in &determination.flips {
        item(out, 2, "·", &flip.line())?;
    }
    Ok(())
}

fn list(out: &mut dyn Write, title: &str, texts: &[String]) -> io::Result<()> {
    if texts.is_empty() {
        return Ok(());
    }
    heading(out, title)?;
    texts.iter().try_for_each(|text| item(out, 2, "·", text))
}
