//! `narrows chip`

use std::io::{self, Write};

use narrows::operations::{ChipAnswer, ChipOperation, ChipRequest};
use narrows::{FIGURES, FigureValue, Link, Operation, Workbench, figure_kind};

use super::{print_csv, print_json};
use crate::Stop;
use crate::arguments::{ChipCommand, Format};
use crate::text::{self, FAINT, HEADING, certainty_of, heading, item, paragraph};

pub(crate) fn run(workbench: &Workbench, command: &ChipCommand, format: Format) -> Result<u8, Stop> {
    let request = ChipRequest { name: command.name.clone(), jurisdiction: command.jurisdiction.clone() };
    let answer = ChipOperation::run(workbench, &request)?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => {
            let header = ["figure", "value", "unit", "certainty", "sources"];
            let rows = answer.chip.figures.iter().map(|(name, figure)| {
                vec![
                    (*name).to_owned(),
                    figure.text().replace(',', ""),
                    figure_kind(name).map_or("", |kind| kind.unit).to_owned(),
                    figure.certainty.to_string(),
                    figure.sources.join(";"),
                ]
            });
            print_csv(&header, rows)?;
        }
        Format::Text => print(&mut anstream::stdout().lock(), &answer)?,
    }
    Ok(0)
}

fn print(out: &mut dyn Write, answer: &ChipAnswer) -> io::Result<()> {
    let chip = &answer.chip;
    writeln!(out, "{HEADING}{}{HEADING:#}  {FAINT}{}{FAINT:#}", chip.name, chip.id)?;
    if let Some(family) = &answer.by_default_of {
        let text = format!(
            "`{}` is taken as {}; its members are {}",
            family.name,
            chip.id,
            family.members.join(", ")
        );
        paragraph(out, 0, &text)?;
    }
    let seat = answer.vendor.as_ref().and_then(|vendor| vendor.headquarters.clone());
    let vendor = answer.vendor.as_ref().map_or(chip.vendor.as_str(), |vendor| vendor.name.as_str());
    let mut about = vec![match seat {
        Some(seat) => format!("{vendor} ({seat})"),
        None => vendor.to_owned(),
    }];
    about.extend(chip.architecture.clone());
    about.extend(chip.form_factor.clone());
    about.extend(chip.foundry.as_ref().map(|foundry| format!("made by {foundry}")));
    about.extend(chip.memory_type.clone());
    match &chip.link {
        Link::Named(name) => about.push(name.clone()),
        Link::PcieOnly => about.push("no chip-to-chip link".to_owned()),
        Link::Unknown => {}
    }
    about.extend(chip.pcie.map(|port| port.to_string()));
    if let Some(released) = chip.released {
        let note = chip.released_note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
        about.push(format!("released {released}{note}"));
    }
    paragraph(out, 0, &about.join("; "))?;
    if !chip.aliases.is_empty() {
        paragraph(out, 0, &format!("also {}", chip.aliases.join(", ")))?;
    }
    heading(out, "What law asks of it")?;
    for fact in &answer.legal_facts {
        let value = fact.value.as_ref().map_or_else(|| "not on record".to_owned(), ToString::to_string);
        let unit = fact
            .unit
            .as_ref()
            .filter(|_| fact.value.is_some())
            .map(|unit| format!(" {unit}"))
            .unwrap_or_default();
        item(
            out,
            2,
            &format!("{}:", fact.fact),
            &format!("{value}{unit}  [{}]", text::origin(&fact.origin)),
        )?;
    }
    print_figures(out, answer)?;
    if !chip.conflicts.is_empty() {
        heading(out, "Sources that say something else")?;
        for conflict in &chip.conflicts {
            let note = conflict.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
            item(
                out,
                2,
                "·",
                &format!("{}: {} according to {}{note}", conflict.figure, conflict.found, conflict.source),
            )?;
        }
    }
    if !chip.notes.is_empty() {
        heading(out, "Notes")?;
        chip.notes.iter().try_for_each(|note| item(out, 2, "·", note))?;
    }
    let sources = answer.sources();
    if !sources.is_empty() {
        heading(out, "Sources")?;
    }
    for (at, source) in sources.iter().enumerate() {
        writeln!(out, "  {FAINT}[{}] {source}{FAINT:#}", at + 1)?;
    }
    let weakest = answer.legal_facts.iter().filter_map(|fact| certainty_of(&fact.origin)).max();
    if let Some(weakest) = weakest {
        writeln!(out)?;
        writeln!(
            out,
            "{FAINT}weakest ground of a legal fact: {weakest}; data {}{FAINT:#}",
            answer.data_version
        )?;
    }
    Ok(())
}

fn print_figures(out: &mut dyn Write, answer: &ChipAnswer) -> io::Result<()> {
    let sources = answer.sources();
    let numbers = |urls: &[String]| {
        let numbers = urls.iter().filter_map(|url| sources.iter().position(|known| known == url));
        numbers.map(|at| format!("[{}]", at + 1)).collect::<Vec<_>>().join("")
    };
    let mut absent = Vec::new();
    let mut rows = Vec::new();
    for kind in FIGURES {
        let Some(figure) = answer.chip.figures.get(kind.name) else {
            absent.push(kind.name);
            continue;
        };
        let unit = if figure.value == FigureValue::Unsupported { "" } else { kind.unit };
        let second = match figure.agreed_by.as_slice() {
            [] => String::new(),
            agreed_by => format!("agreed by {}", numbers(agreed_by)),
        };
        let ground = [numbers(&figure.sources), second, figure.basis.clone().unwrap_or_default()];
        let ground: Vec<String> = ground.into_iter().filter(|part| !part.is_empty()).collect();
        rows.push(vec![
            kind.name.to_owned(),
            format!("{} {unit}", figure.text()).trim_end().to_owned(),
            figure.certainty.to_string(),
            ground.join(", "),
        ]);
    }
    heading(out, "Figures")?;
    writeln!(out, "{}", text::table(&["figure", "value", "certainty", "source"], &[1], &[0, 1, 2], rows))?;
    if !absent.is_empty() {
        paragraph(out, 0, &format!("not on record: {}", absent.join(", ")))?;
    }
    Ok(())
}
