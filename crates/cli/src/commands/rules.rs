//! `narrows rules`

use std::io::{self, Write};

use narrows::operations::{
    InstrumentSummary, ProvisionText, Rules, RulesAnswer, RulesDiff, RulesDiffAnswer, RulesDiffRequest,
    RulesRequest,
};
use narrows::{ChangeKind, Operation, Workbench};

use super::{print_csv, print_json};
use crate::Stop;
use crate::arguments::{Format, RulesCommand, RulesSubcommand};
use crate::files;
use crate::text::{FAINT, HEADING, heading, item, paragraph};

pub(crate) fn run(workbench: &Workbench, command: &RulesCommand, format: Format) -> Result<u8, Stop> {
    if let Some(RulesSubcommand::Diff { before, after, known_on, law }) = &command.diff {
        let answer = RulesDiff::run(
            workbench,
            &RulesDiffRequest {
                before: *before,
                after: *after,
                known_on: *known_on,
                codified: files::codified(law),
                scenario: files::scenario(workbench, law)?,
            },
        )?;
        match format {
            Format::Json => print_json(&answer)?,
            Format::Csv => {
                let rows = answer.changes.iter().map(|change| {
                    let text = |it: &Option<ProvisionText>| it.as_ref().map(as_line).unwrap_or_default();
                    vec![
                        change.provision.clone(),
                        kind(change.kind).to_owned(),
                        text(&change.before),
                        text(&change.after),
                    ]
                });
                print_csv(&["provision", "change", "before", "after"], rows)?;
            }
            Format::Text => print_diff(&mut anstream::stdout().lock(), &answer)?,
        }
        return Ok(0);
    }
    let answer = Rules::run(
        workbench,
        &RulesRequest {
            id: command.id.clone(),
            on: match command.on {
                Some(on) => on,
                None => files::today()?,
            },
            known_on: command.known_on,
            codified: files::codified(&command.law),
            scenario: files::scenario(workbench, &command.law)?,
        },
    )?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => {
            let header = ["provision", "effect", "title", "citation", "certainty", "instruments", "as_data"];
            let rows = answer.provisions.iter().map(|it| {
                vec![
                    it.provision.clone(),
                    it.effect.to_owned(),
                    it.title.clone(),
                    it.citation.clone(),
                    it.certainty.to_string(),
                    it.instruments.join(";"),
                    as_line(it),
                ]
            });
            print_csv(&header, rows)?;
        }
        Format::Text => print(&mut anstream::stdout().lock(), &answer)?,
    }
    Ok(0)
}

const fn kind(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Ended => "ended",
        ChangeKind::Changed => "changed",
        ChangeKind::Unsettled => "unsettled",
    }
}

/// A provision's data on one line.
fn as_line(provision: &ProvisionText) -> String {
    let parts: Vec<String> = provision.as_data.iter().map(|(name, text)| format!("{name}: {text}")).collect();
    parts.join(" | ")
}

fn print(out: &mut dyn Write, answer: &RulesAnswer) -> io::Result<()> {
    if let Some(instrument) = &answer.instrument {
        print_instrument(out, instrument)?;
    }
    if let [only] = answer.provisions.as_slice() {
        print_provision(out, only, true)?;
    } else {
        writeln!(
            out,
            "{HEADING}{} provisions of `{}` in force on {}, law as {}{HEADING:#}",
            answer.provisions.len(),
            answer.jurisdiction,
            answer.on,
            answer.view
        )?;
        for provision in &answer.provisions {
            writeln!(out)?;
            print_provision(out, provision, false)?;
        }
    }
    if answer.versions.len() > 1 {
        heading(out, "Versions")?;
        for version in &answer.versions {
            let until = version.until.map_or_else(String::new, |until| until.to_string());
            let what = version.text.as_ref().map_or_else(
                || "not in force".to_owned(),
                |text| format!("{} ({})", text.citation, text.instruments.join(", ")),
            );
            item(out, 2, &format!("{} .. {until:10}", version.from), &what)?;
        }
    }
    writeln!(out)?;
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}

fn print_instrument(out: &mut dyn Write, instrument: &InstrumentSummary) -> io::Result<()> {
    writeln!(out, "{HEADING}{}{HEADING:#}  {FAINT}{}{FAINT:#}", instrument.id, instrument.kind)?;
    paragraph(out, 2, &instrument.title)?;
    paragraph(out, 2, &instrument.citation)?;
    let mut days = format!("published {}, known from {}", instrument.published, instrument.known_from);
    if let Some(effective) = instrument.effective {
        days.push_str(&format!(", effective {effective}"));
    }
    if let Some(compliance) = instrument.compliance.filter(|day| Some(*day) != instrument.effective) {
        days.push_str(&format!(", applied from {compliance}"));
    }
    paragraph(out, 2, &format!("{days}; {}", instrument.certainty))?;
    if let Some(note) = &instrument.note {
        paragraph(out, 2, note)?;
    }
    for (act, provision) in &instrument.operations {
        item(out, 2, "·", &format!("{act} {provision}"))?;
    }
    for (url, supports) in &instrument.sources {
        writeln!(out, "  {FAINT}{url}{FAINT:#}")?;
        if let Some(supports) = supports {
            paragraph(out, 4, supports)?;
        }
    }
    writeln!(out)
}

fn print_provision(out: &mut dyn Write, provision: &ProvisionText, whole: bool) -> io::Result<()> {
    writeln!(
        out,
        "{HEADING}{}{HEADING:#}  {FAINT}{}, {}{FAINT:#}",
        provision.provision, provision.effect, provision.certainty
    )?;
    paragraph(out, 2, &format!("{}. {}", provision.title, provision.citation))?;
    if let Some(text) = &provision.text {
        paragraph(out, 2, text)?;
    }
    for line in &provision.in_words {
        item(out, 2 + line.depth * 2, "-", &line.text)?;
    }
    if !whole {
        return Ok(());
    }
    if let Some(note) = &provision.note {
        paragraph(out, 2, note)?;
    }
    heading(out, "As data")?;
    for (name, text) in &provision.as_data {
        item(out, 2, &format!("{name}:"), text)?;
    }
    paragraph(out, 2, &format!("by {}", provision.instruments.join(", ")))
}

fn print_diff(out: &mut dyn Write, answer: &RulesDiffAnswer) -> io::Result<()> {
    writeln!(
        out,
        "{HEADING}From {} to {}: {} {} differ, law as {}{HEADING:#}",
        answer.before,
        answer.after,
        answer.changes.len(),
        if answer.changes.len() == 1 { "provision" } else { "provisions" },
        answer.view
    )?;
    for change in &answer.changes {
        writeln!(out)?;
        writeln!(out, "{HEADING}{}{HEADING:#}  {}", change.provision, kind(change.kind))?;
        match (&change.before, &change.after) {
            (Some(before), Some(after)) => {
                print_lines(out, "-", before, after)?;
                print_lines(out, "+", after, before)?;
                paragraph(out, 4, &format!("by {}", after.instruments.join(", ")))?;
            }
            (Some(only), None) => {
                only.as_data
                    .iter()
                    .try_for_each(|(name, text)| item(out, 2, "-", &format!("{name}: {text}")))?;
            }
            (None, Some(only)) => {
                only.as_data
                    .iter()
                    .try_for_each(|(name, text)| item(out, 2, "+", &format!("{name}: {text}")))?;
                paragraph(out, 4, &format!("by {}", only.instruments.join(", ")))?;
            }
            (None, None) => {}
        }
    }
    if !answer.memberships.is_empty() {
        heading(out, "Country groups")?;
        for (place, group, what) in &answer.memberships {
            item(out, 2, "·", &format!("{place} {what} {group}"))?;
        }
    }
    writeln!(out)?;
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}

/// The lines of one state that the other has not.
fn print_lines(out: &mut dyn Write, mark: &str, of: &ProvisionText, but: &ProvisionText) -> io::Result<()> {
    for (name, text) in of.as_data.iter().filter(|line| !but.as_data.contains(line)) {
        item(out, 2, mark, &format!("{name}: {text}"))?;
    }
    Ok(())
}
