//! `narrows brief`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use narrows::operations::{Abilities, Brief, BriefAnswer, Costs, Period, Role, Siblings, Task};
use narrows::{Failure, Operation, Workbench};

use super::check::print_question;
use super::perf::short;
use super::print_json;
use crate::Stop;
use crate::arguments::{BriefCommand, EndUserArguments, Format, TransactionArguments, ViewArgument};
use crate::files;
use crate::text::{FAINT, class_style, heading, item, paragraph};

/// The summary is a screenful: what does not fit is in the page, and the summary says so.
const PERIODS: usize = 8;
const FLIPS: usize = 4;
const DECIDING: usize = 4;
const FIGURES: usize = 4;

pub(crate) fn run(
    workbench: &Workbench,
    data: &[PathBuf],
    command: &BriefCommand,
    format: Format,
) -> Result<u8, Stop> {
    if format == Format::Csv {
        return Err(Failure::input(
            "a brief is a page, with a summary as text or json; csv is not one of its forms",
        )
        .into());
    }
    let transaction = &command.transaction;
    let request = files::check_request(
        workbench,
        Some(&command.item),
        &command.to,
        command.on,
        &command.end_user,
        transaction,
    )?;
    let answer = Brief::run(workbench, &request)?;
    let again = again(command, data, &answer);
    let page = narrows_brief::page(&answer, &again).map_err(|error| Failure::data(error.to_string()))?;
    let path = command.output.clone().unwrap_or_else(|| default_path(&command.item, &answer));
    files::write_whole(&path, |out| {
        out.write_all(page.as_bytes())
            .map_err(|error| Failure::input(format!("the page cannot be written: {error}")))
    })?;
    match format {
        Format::Json => print_json(&answer)?,
        _ => summary(&mut anstream::stdout().lock(), &answer, &path)?,
    }
    Ok(0)
}

/// A name of a file that any system takes: chip and destination as asked.
fn default_path(item: &str, answer: &BriefAnswer) -> PathBuf {
    let mut name = String::new();
    for character in item.chars() {
        if character.is_alphanumeric() || character == '.' {
            name.extend(character.to_lowercase());
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_matches(['-', '.']);
    PathBuf::from(format!("{name}-{}.html", answer.check.destination.code.to_lowercase()))
}

/// The command that makes the page again, whatever the day.
fn again(command: &BriefCommand, data: &[PathBuf], answer: &BriefAnswer) -> String {
    let TransactionArguments { headquarters, from, known_on, fact, law } = &command.transaction;
    let mut words = vec!["narrows".to_owned(), "brief".to_owned(), command.item.clone()];
    let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
    for folder in data {
        option("--data", folder.display().to_string());
    }
    option("--to", command.to.clone());
    option("--on", answer.check.on.to_string());
    for (name, value) in
        [("--headquarters", headquarters), ("--from", from), ("--jurisdiction", &law.jurisdiction)]
    {
        if let Some(value) = value {
            option(name, value.clone());
        }
    }
    if let Some(known_on) = known_on {
        option("--known-on", known_on.to_string());
    }
    if law.view == ViewArgument::Codified {
        option("--view", "codified".to_owned());
    }
    for (name, value) in fact {
        option("--fact", format!("{name}={value}"));
    }
    let EndUserArguments { end_user, end_user_id, owner } = &command.end_user;
    for (name, value) in [("--end-user", end_user), ("--end-user-id", end_user_id)] {
        if let Some(value) = value {
            option(name, value.clone());
        }
    }
    for owner in owner {
        option("--owner", format!("{}={}", owner.name, owner.percent));
    }
    for reform in &law.reform {
        option("--reform", reform.clone());
    }
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// A word as a POSIX shell takes it.
fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "-_./=:,".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn summary(out: &mut dyn Write, answer: &BriefAnswer, path: &Path) -> io::Result<()> {
    let check = &answer.check;
    let determination = &check.determination;
    print_question(out, check)?;
    let style = class_style(determination.class);
    writeln!(
        out,
        "{style}{}{style:#}  {FAINT}{}{FAINT:#}",
        determination.title.to_uppercase(),
        determination.status
    )?;
    for ground in determination.deciding.iter().take(DECIDING) {
        item(
            out,
            2,
            "·",
            &format!("{}{} ({}; {})", ground.title, ground.limbs_text(), ground.citation, ground.certainty),
        )?;
    }
    more(out, determination.deciding.len(), DECIDING, "deciding provisions")?;
    if !determination.missing.is_empty() {
        let facts: Vec<&str> = determination.missing.iter().map(|missing| missing.fact.as_str()).collect();
        item(out, 2, "?", &format!("hangs on {}", facts.join(", ")))?;
    }
    heading(out, "Over time")?;
    // The latest periods matter most.
    let skipped = answer.history.len().saturating_sub(PERIODS);
    if skipped > 0 {
        writeln!(out, "  {FAINT}{skipped} earlier periods are in the page{FAINT:#}")?;
    }
    for Period { from, until, class, title, .. } in answer.history.iter().skip(skipped) {
        let style = class_style(*class);
        let until = until.map_or_else(|| "          ".to_owned(), |until| until.to_string());
        writeln!(out, "  {from} .. {until}  {style}{title}{style:#}")?;
    }
    if !determination.flips.is_empty() {
        heading(out, "What would change it")?;
        for flip in determination.flips.iter().take(FLIPS) {
            writeln!(out, "  {}", flip.line())?;
        }
        more(out, determination.flips.len(), FLIPS, "flips")?;
    }
    if let Some(siblings) = &answer.siblings {
        print_siblings(out, siblings)?;
    }
    if let Some(abilities) = &answer.abilities {
        print_abilities(out, abilities, &answer.chip.chip.id)?;
    }
    if let Some(costs) = &answer.costs {
        print_costs(out, costs)?;
    }
    writeln!(out)?;
    writeln!(out, "page written to {}", path.display())
}

fn more(out: &mut dyn Write, all: usize, shown: usize, what: &str) -> io::Result<()> {
    match all.saturating_sub(shown) {
        0 => Ok(()),
        rest => writeln!(out, "  {FAINT}{rest} more {what} in the page{FAINT:#}"),
    }
}

/// The first figures of the siblings, as ratios.
fn print_siblings(out: &mut dyn Write, siblings: &Siblings) -> io::Result<()> {
    heading(out, "Beside its siblings, as ratios to the first")?;
    let Some(first) = siblings.chips.first() else { return Ok(()) };
    paragraph(out, 2, &format!("{}: {}", first.name, first.status))?;
    let wanted =
        |row: &&narrows::operations::SiblingRow| row.cells.iter().flatten().all(|cell| cell.ratio.is_some());
    for (at, chip) in siblings.chips.iter().enumerate().skip(1) {
        let rows = siblings.rows.iter().filter(wanted).take(FIGURES);
        let ratios = rows.filter_map(|row| {
            let ratio = row.cells.get(at)?.as_ref()?.ratio?;
            Some(format!("{} x {}", row.name, ratio.rounded(2)))
        });
        paragraph(
            out,
            2,
            &format!("{}: {}; {}", chip.name, ratios.collect::<Vec<_>>().join(", "), chip.status),
        )?;
    }
    Ok(())
}

/// The chip's own rates, one line for each model.
fn print_abilities(out: &mut dyn Write, abilities: &Abilities, subject: &str) -> io::Result<()> {
    heading(out, "What it can still do, in tokens a second and chip")?;
    if let Some(figure) = &abilities.lacks {
        return paragraph(out, 2, &format!("cannot be computed: {figure} is not on record"));
    }
    for answer in abilities.comparisons.iter().flat_map(|comparison| &comparison.models) {
        let Some(own) = answer.chips.iter().find(|chip| chip.chip == subject) else { continue };
        let rate = |task: &Task| match task {
            Task::Done { per_chip, ratio, .. } => {
                let ratio = ratio.map(|ratio| format!(" x {ratio:.2}")).unwrap_or_default();
                format!("{} to {}{ratio}", short(per_chip.low), short(per_chip.high))
            }
            Task::Impossible(_) => "impossible, the page says why".to_owned(),
        };
        let [training, decoding] = [&own.training, &own.decoding].map(rate);
        let ground =
            if own.calibration.is_empty() { String::new() } else { format!(" ({})", own.calibration) };
        let line = format!("{}{ground}: training {training}; decoding {decoding}", answer.model_name);
        paragraph(out, 2, &line)?;
    }
    Ok(())
}

/// The sessions on which the maker's shares moved most against what is usual for them.
fn print_costs(out: &mut dyn Write, costs: &Costs) -> io::Result<()> {
    let reactions = costs.events.iter().filter_map(|costly| {
        let maker = costly.reactions.iter().find(|reaction| reaction.role == Role::Maker)?;
        let overnight = maker.overnight.as_ref().and_then(|row| Some((" overnight", row.abnormal.as_ref()?)));
        let close = maker.close.abnormal.as_ref().map(|abnormal| ("", abnormal));
        let sharper =
            overnight.into_iter().chain(close).max_by(|one, two| one.1.t.abs().total_cmp(&two.1.t.abs()));
        let (when, abnormal) = sharper?;
        Some((maker.close.day0?, &maker.close.ticker, when, abnormal, &costly.event.title))
    });
    let Some(sharpest) = reactions.max_by(|one, two| one.3.t.abs().total_cmp(&two.3.t.abs())) else {
        return Ok(());
    };
    heading(out, &format!("What each change cost: {} events, the sharpest", costs.events.len()))?;
    let (day0, ticker, when, abnormal, title) = sharpest;
    let change = 100.0 * abnormal.car;
    paragraph(out, 2, &format!("{day0} {ticker} {change:+.1}%{when} (t {:.1}): {title}", abnormal.t))
}
