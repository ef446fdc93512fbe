//! `narrows events`

use std::io::{self, Write};

use narrows::operations::{EventsAnswer, EventsOperation, EventsRequest};
use narrows::{Operation, PolicyEvent, Workbench};

use crate::Stop;
use crate::arguments::{EventsCommand, Format};
use crate::commands::{print_csv, print_json};
use crate::text::{self, FAINT, HEADING, item, paragraph};

pub(crate) fn run(workbench: &Workbench, command: &EventsCommand, format: Format) -> Result<u8, Stop> {
    let request = EventsRequest {
        name: command.name.clone(),
        chip: command.chip.clone(),
        firm: command.firm.clone(),
        kind: command.kind.clone(),
        from: command.from,
        to: command.to,
    };
    let answer = EventsOperation::run(workbench, &request)?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => print_csv(&CSV, answer.events.iter().map(csv_row))?,
        Format::Text => {
            let mut out = anstream::stdout().lock();
            match answer.events.as_slice() {
                [event] if command.name.is_some() => print_event(&mut out, event)?,
                events => print_list(&mut out, events, &answer)?,
            }
            writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)?;
        }
    }
    Ok(0)
}

/// Columns of the table; those of several values are joined by semicolons.
const CSV: [&str; 18] = [
    "id",
    "announced",
    "time_zone",
    "timing",
    "told",
    "published",
    "effective",
    "disclosed",
    "kind",
    "legal_actor",
    "political_actor",
    "act",
    "instruments",
    "chips",
    "title",
    "confounders",
    "certainty",
    "sources",
];

fn csv_row(event: &PolicyEvent) -> Vec<String> {
    let days = &event.days;
    let day = |day: Option<narrows::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let confounders: Vec<&str> = event.confounders.iter().map(|it| it.what.as_str()).collect();
    let sources: Vec<&str> = event.sources.iter().map(|it| it.url.as_str()).collect();
    vec![
        event.id.clone(),
        days.announced.to_string(),
        days.time_zone.clone(),
        days.timing.word().to_owned(),
        day(days.told),
        day(days.published),
        day(days.effective),
        day(days.disclosed),
        event.kind.word().to_owned(),
        event.legal_actor.join(";"),
        event.political_actor.join(";"),
        event.act.clone(),
        event.instruments.join(";"),
        event.chips.join(";"),
        event.title.clone(),
        confounders.join(";"),
        event.certainty.to_string(),
        sources.join(";"),
    ]
}

fn print_list(out: &mut dyn Write, events: &[PolicyEvent], answer: &EventsAnswer) -> io::Result<()> {
    let rows = events.iter().map(|event| {
        let mark = if event.confounders.is_empty() { "" } else { " *" };
        vec![
            event.days.announced.to_string(),
            event.kind.word().to_owned(),
            event.legal_actor.join(", "),
            format!("{}{mark}", event.title),
        ]
    });
    writeln!(out, "{}", text::table(&["announced", "kind", "who", "what"], &[], &[0, 1], rows))?;
    writeln!(out)?;
    writeln!(out, "{} of {} events; * something else moved the same shares then", events.len(), answer.of)?;
    if let Some((first, last)) = answer.record {
        writeln!(out, "the record runs from {first} to {last}")?;
    }
    Ok(())
}

fn print_event(out: &mut dyn Write, event: &PolicyEvent) -> io::Result<()> {
    let days = &event.days;
    writeln!(out, "{HEADING}{}{HEADING:#}", event.title)?;
    writeln!(out, "{FAINT}{}{FAINT:#}", event.id)?;
    paragraph(out, 0, &event.summary)?;
    writeln!(out)?;
    let time = days.time.map(|time| format!(" at {}", time.strftime("%H:%M"))).unwrap_or_default();
    let mut rows = vec![
        ("kind", event.kind.word().to_owned()),
        ("act", event.act.clone()),
        ("who acted", event.legal_actor.join(", ")),
        ("whose will", event.political_actor.join(", ")),
        ("announced", format!("{}{time}, {} ({})", days.announced, days.timing.phrase(), days.time_zone)),
    ];
    let others = [
        ("told", days.told),
        ("published", days.published),
        ("effective", days.effective),
        ("disclosed", days.disclosed),
    ];
    rows.extend(others.into_iter().filter_map(|(name, day)| Some((name, day?.to_string()))));
    rows.push(("law", event.instruments.join(", ")));
    rows.push(("chips", event.chips.join(", ")));
    rows.push(("also", event.subjects.join(", ")));
    rows.push(("firms", event.firms.join(", ")));
    let sureness = match event.date_certainty {
        Some(day) => format!("{}; its day: {day}", event.certainty),
        None => event.certainty.to_string(),
    };
    rows.push(("certainty", sureness));
    for (name, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
        item(out, 0, &format!("{name:<10}"), &value)?;
    }
    if let Some(note) = &event.note {
        item(out, 0, "note      ", note)?;
    }
    for confounder in &event.confounders {
        let id = confounder.event.as_ref().map(|id| format!(" [{id}]")).unwrap_or_default();
        item(out, 0, "confounded", &format!("{} ({}){id}", confounder.what, confounder.kind))?;
    }
    for source in &event.sources {
        item(out, 0, "source    ", &format!("{} ({})", source.url, source.certainty))?;
    }
    Ok(())
}
