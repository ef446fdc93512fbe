//! `narrows exposure`

mod build;
mod outlook;
mod tree;

use std::io::{self, Write};

use narrows::exposure::{
    AtRisk, Bounds, Divisor, Estimate, Figure, FigureKind, FigureUnit, Later, Measure, QuarterRisk, Supposed,
    Usd,
};
use narrows::operations::{Exposure, ExposureAnswer, ExposureRequest, State, UnitsAnswer};
use narrows::{Date, Operation, Workbench};

use crate::Stop;
use crate::arguments::{ExposureCommand, ExposureSubcommand, Format, StateArgument};
use crate::commands::{print_csv, print_json};
use crate::files;
use crate::text::{self, FAINT, HEADING, heading, item, paragraph};

pub(crate) fn run(workbench: &Workbench, command: &ExposureCommand, format: Format) -> Result<u8, Stop> {
    match &command.under_risk {
        Some(ExposureSubcommand::Outlook(command)) => return outlook::run(workbench, command, format),
        Some(ExposureSubcommand::Build(command)) => return build::run(workbench, command, format),
        None => {}
    }
    let request = ExposureRequest {
        firm: command.firm.clone().unwrap_or_default(),
        state: command.state.map(state),
        fee: command.fee,
        on: day(command.on)?,
        quarters: command.quarters,
        basis: command.basis.clone(),
        part: command.part.clone(),
        never_booked: command.never_booked,
        released: command.released,
    };
    let answer = Exposure::run(workbench, &request)?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => print_csv(&CSV, answer.states.iter().flat_map(csv_rows))?,
        Format::Text => print(&mut anstream::stdout().lock(), &answer)?,
    }
    Ok(0)
}

const fn state(state: StateArgument) -> State {
    match state {
        StateArgument::Ban => State::Ban,
        StateArgument::Licence => State::Licence,
        StateArgument::Fee => State::Fee,
        StateArgument::Open => State::Open,
    }
}

fn day(on: Option<Date>) -> Result<Date, Stop> {
    Ok(match on {
        Some(on) => on,
        None => files::today()?,
    })
}

const CSV: [&str; 8] = ["state", "period", "end", "figure", "low_usd", "central_usd", "high_usd", "how"];

fn csv_rows(state: &AtRisk) -> impl Iterator<Item = Vec<String>> + '_ {
    let rows = move |quarter: &QuarterRisk| {
        let (period, end) = (quarter.period.to_string(), quarter.end.to_string());
        let named = columns(quarter).into_iter().filter_map(|(name, estimate)| Some((name, estimate?)));
        let one = |(name, estimate): (&str, &Estimate)| {
            vec![
                state_words(state.state),
                period.clone(),
                end.clone(),
                name.to_owned(),
                estimate.range.low.0.to_string(),
                estimate.central.map(|usd| usd.0.to_string()).unwrap_or_default(),
                estimate.range.high.0.to_string(),
                estimate.how.clone(),
            ]
        };
        named.map(one).collect::<Vec<_>>()
    };
    state.quarters.iter().flat_map(rows)
}

const fn columns(quarter: &QuarterRisk) -> [(&'static str, Option<&Estimate>); 5] {
    [
        ("revenue", quarter.revenue.as_ref()),
        ("stock", quarter.inventory.as_ref()),
        ("charge", quarter.charge.as_ref()),
        ("lost sales", quarter.lost_sales.as_ref()),
        ("fee", quarter.fee.as_ref()),
    ]
}

fn state_words(state: Supposed) -> String {
    match state {
        Supposed::Open => "open".to_owned(),
        Supposed::Licence => "licence".to_owned(),
        Supposed::Ban => "ban".to_owned(),
        Supposed::Fee(rate) => format!("fee {}%", text::decimals(rate * 100.0, 1)),
    }
}

fn print(out: &mut dyn Write, answer: &ExposureAnswer) -> io::Result<()> {
    writeln!(out, "{HEADING}{}{HEADING:#}  {FAINT}{}{FAINT:#}", answer.name, answer.firm)?;
    writeln!(out, "what hung on the rule by what was known on {}, billion USD", answer.on)?;
    let Some(first) = answer.states.first() else { return Ok(()) };
    match &first.part {
        Some(part) => writeln!(out, "part under the rule: {part}")?,
        None => paragraph(out, 0, "no figure of a single part under a rule was known by then")?,
    }
    if let Some(china) = &first.china_share {
        let how = if china.reported { "as reported" } else { "computed" };
        let share = range(china.share, |share| format!("{:.1}%", share * 100.0));
        paragraph(
            out,
            0,
            &format!(
                "{}: {share} of all in {}, {how}, by {}",
                Measure::ChinaShare.words(),
                china.period,
                china.basis
            ),
        )?;
    }
    if let Some(note) = &answer.note {
        paragraph(out, 0, note)?;
    }
    for state in &answer.states {
        print_state(out, state)?;
    }
    print_later(out, first)?;
    if let Some(units) = &answer.units {
        print_units(out, units)?;
    }
    print_figures(out, &answer.figures)?;
    if !first.recovery.is_empty() {
        heading(out, "What became of charges by then")?;
        for point in &first.recovery {
            let share = |share: f64| format!("{:.0}%", share * 100.0);
            let line = format!(
                "{} {}: foreseen {}, booked {}, released {}: {} never booked, {} of the booked released",
                point.firm,
                point.part,
                billions(point.guided),
                billions(point.booked),
                billions(point.released),
                share(point.never_booked()),
                share(point.released_share()),
            );
            item(out, 0, "-", &line)?;
        }
    }
    for (title, lines) in [("Supposed", &first.assumed), ("On record and not used", &first.left_out)] {
        if !lines.is_empty() {
            heading(out, title)?;
            lines.iter().try_for_each(|line| item(out, 0, "-", line))?;
        }
    }
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}

fn print_state(out: &mut dyn Write, state: &AtRisk) -> io::Result<()> {
    heading(out, &format!("If the rule is: {}", state_words(state.state)))?;
    // A column that no quarter has says nothing.
    let all: Vec<_> = state.quarters.iter().map(columns).collect();
    let shown: Vec<usize> =
        (0..5).filter(|at| all.iter().any(|row| row.get(*at).is_some_and(|(_, it)| it.is_some()))).collect();
    let names = |at: &usize| all.first().and_then(|row| row.get(*at)).map_or("", |(name, _)| *name);
    let header: Vec<&str> = ["quarter", "ends"].into_iter().chain(shown.iter().map(names)).collect();
    let rows = state.quarters.iter().zip(&all).map(|(quarter, row)| {
        let mark = if quarter.end_by_rule { " *" } else { "" };
        let mut cells = vec![quarter.period.to_string(), format!("{}{mark}", quarter.end)];
        let cell = |at: &usize| match row.get(*at).and_then(|(_, it)| *it) {
            Some(estimate) => range(estimate.range, billions),
            None => "not on record".to_owned(),
        };
        cells.extend(shown.iter().map(cell));
        cells
    });
    let right: Vec<usize> = (2..header.len()).collect();
    writeln!(out, "{}", text::table(&header, &right, &(0..header.len()).collect::<Vec<_>>(), rows))?;
    if state.quarters.iter().any(|quarter| quarter.end_by_rule) {
        writeln!(out, "{FAINT}* by the rule of the firm's calendar{FAINT:#}")?;
    }
    // How each column was made, once for the quarters that agree.
    for at in shown {
        let mut told: Vec<(&str, Vec<String>)> = Vec::new();
        for (quarter, row) in state.quarters.iter().zip(&all) {
            let Some(estimate) = row.get(at).and_then(|(_, it)| *it) else { continue };
            match told.iter_mut().find(|(how, _)| *how == estimate.how) {
                Some((_, periods)) => periods.push(quarter.period.to_string()),
                None => told.push((&estimate.how, vec![quarter.period.to_string()])),
            }
        }
        let many = told.len() > 1;
        for (how, periods) in told {
            let which = if many { format!(" ({})", periods.join(", ")) } else { String::new() };
            item(out, 0, "-", &format!("{}{which}: {how}", names(&at)))?;
        }
    }
    Ok(())
}

fn print_later(out: &mut dyn Write, state: &AtRisk) -> io::Result<()> {
    let of_quarters = state.quarters.iter().flat_map(|quarter| &quarter.later);
    let all: Vec<&Later> = of_quarters.chain(&state.later).collect();
    if all.is_empty() {
        return Ok(());
    }
    heading(out, "What came out later")?;
    let mut sources: Vec<&str> = Vec::new();
    for figure in &all {
        if !sources.contains(&figure.source.as_str()) {
            sources.push(&figure.source);
        }
    }
    let rows = all.iter().map(|figure| {
        let source = sources.iter().position(|source| *source == figure.source).unwrap_or_default();
        vec![
            figure.period.to_string(),
            format!("{}{}", figure.measure.words(), kind_words(figure.kind)),
            amount(figure.range, &figure.unit),
            figure.known.to_string(),
            format!("{} [{}]", figure.certainty, source + 1),
        ]
    });
    let header = ["period", "what", "amount", "known", "certainty"];
    writeln!(out, "{}", text::table(&header, &[2], &[0, 2, 3, 4], rows))?;
    for (at, source) in sources.iter().enumerate() {
        item(out, 0, &format!("[{}]", at + 1), source)?;
    }
    Ok(())
}

fn print_units(out: &mut dyn Write, units: &UnitsAnswer) -> io::Result<()> {
    let title = format!("How many parts are {}? ({})", range(units.charge, billions), units.of);
    heading(out, &title)?;
    paragraph(
        out,
        0,
        "A charge is at cost. Over the cost of a part it is a number of parts written down; over the price it is \
         how many parts sell for that sum, a smaller number.",
    )?;
    let rows = units.readings.iter().map(|reading| {
        let divisor = match reading.divisor {
            Divisor::Cost => "cost",
            Divisor::Price => "price",
        };
        let known = match (reading.each.known, reading.with_hindsight) {
            (None, _) => "no day".to_owned(),
            (Some(day), false) => day.to_string(),
            (Some(day), true) => format!("{day}, later"),
        };
        vec![
            divisor.to_owned(),
            range(reading.each.range, text::grouped),
            range(reading.units, |units| text::grouped((units.0 / 1e3).round() * 1e3)),
            known,
            reading.each.certainty.to_string(),
        ]
    });
    let header = ["over the", "USD each", "parts", "known", "certainty"];
    writeln!(out, "{}", text::table(&header, &[1, 2], &[0, 1, 2, 3, 4], rows))?;
    for figure in &units.on_record {
        let days = match (figure.from, figure.until) {
            (Some(from), Some(until)) if from != until => format!(", {from} to {until}"),
            (Some(day), _) | (None, Some(day)) => format!(", {day}"),
            (None, None) => String::new(),
        };
        let what = figure.what.as_deref().unwrap_or("parts");
        let count = range(figure.range, text::grouped);
        item(out, 0, "-", &format!("on record: {count} {what}{days} ({})", figure.certainty))?;
    }
    Ok(())
}

fn print_figures(out: &mut dyn Write, figures: &[Figure]) -> io::Result<()> {
    if figures.is_empty() {
        return Ok(());
    }
    heading(out, "What it rests on, with sources")?;
    figures.iter().try_for_each(|figure| item(out, 0, "-", &figure_line(figure)))
}

/// A figure with its certainty, the day on which it was known, and its source.
pub(super) fn figure_line(figure: &Figure) -> String {
    let basis = figure.basis.as_ref().map(|basis| format!(" by {basis}")).unwrap_or_default();
    let known = figure.known.map(|day| format!(", known {day}")).unwrap_or_default();
    format!(
        "{} {}{}{basis}: {} ({}{known}) {}",
        figure.period,
        figure.measure.words(),
        kind_words(figure.kind),
        amount(figure.range, &figure.unit),
        figure.certainty,
        figure.source,
    )
}

const fn kind_words(kind: FigureKind) -> &'static str {
    match kind {
        FigureKind::Guided => ", foreseen",
        FigureKind::Booked => "",
    }
}

/// Billions of dollars to the million.
fn billions(usd: Usd) -> String {
    let value = (usd.0 / 1e6).round() / 1e3;
    text::decimals(value, 3)
}

fn amount(bounds: Bounds<f64>, unit: &FigureUnit) -> String {
    match unit {
        FigureUnit::Usd => range(bounds.map(Usd), billions),
        FigureUnit::Share => range(bounds, |share| format!("{:.1}%", share * 100.0)),
        FigureUnit::Currency(code) => format!("{} {code}", range(bounds, |it| text::decimals(it / 1e9, 3))),
    }
}

/// A range, or one value where both ends read the same.
fn range<T: Copy>(bounds: Bounds<T>, words: impl Fn(T) -> String) -> String {
    let (low, high) = (words(bounds.low), words(bounds.high));
    if low == high { low } else { format!("{low} to {high}") }
}
