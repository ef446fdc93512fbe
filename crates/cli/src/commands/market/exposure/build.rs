//! `narrows exposure build`

use std::io::{self, Write};

use narrows::exposure::Probability;
use narrows::operations::{BuildAnswer, BuildRequest, ExposureBuild, TakenFigure};
use narrows::{Operation, Workbench};

use super::{day, tree};
use crate::Stop;
use crate::arguments::{BuildCommand, Format};
use crate::commands::{print_csv, print_json};
use crate::text::{self, FAINT, HEADING, heading, item, paragraph};

pub(super) fn run(workbench: &Workbench, command: &BuildCommand, format: Format) -> Result<u8, Stop> {
    let request = BuildRequest {
        firm: command.firm.clone(),
        on: day(command.on)?,
        part: command.part.clone(),
        lead: command.lead,
        demand: command.demand,
        price: command.price,
        cost: command.cost,
        margin: command.margin,
        salvage: command.salvage,
        wait: command.wait,
        season: command.season,
        discount: command.discount,
        rule: tree::request(&command.rule),
    };
    let answer = ExposureBuild::run(workbench, &request)?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => print_csv(&["figure", "value", "low", "high"], csv_rows(&answer))?,
        Format::Text => print(&mut anstream::stdout().lock(), &answer)?,
    }
    Ok(0)
}

fn csv_rows(answer: &BuildAnswer) -> Vec<Vec<String>> {
    let numbers = &answer.numbers;
    let mut rows = Vec::new();
    let mut row = |name: &str, value: Option<f64>, spread: Option<(f64, f64)>| {
        // Shares to the millionth, parts and dollars to the whole one.
        let is_share =
            name.starts_with("probability") || name.starts_with("break") || name.starts_with("critical");
        let digits = if is_share { 6 } else { 0 };
        let words = |value: Option<f64>| value.map(|value| format!("{value:.digits$}")).unwrap_or_default();
        let (low, high) = spread.map_or((None, None), |(low, high)| (Some(low), Some(high)));
        rows.push(vec![name.to_owned(), words(value), words(low), words(high)]);
    };
    let spread = |it: Probability| Some((it.low, it.high));
    row("units", Some(numbers.best.units), spread(numbers.spread));
    row("expected_profit_usd", Some(numbers.best.expected_profit), None);
    row("critical_fractile", numbers.best.critical_fractile, None);
    row("probability_shut", Some(numbers.shut.mean), spread(numbers.shut));
    row("break_even_probability", numbers.break_even, None);
    row("break_even_probability_of_batch", numbers.break_even_of_batch, None);
    row("value_of_waiting_usd", Some(numbers.waiting.value), None);
    for (rule, probability) in &numbers.states {
        row(&format!("probability {rule}"), Some(probability.mean), spread(*probability));
    }
    for tried in &numbers.tried {
        let name = format!("simulated_profit_usd of {:.0}", tried.units);
        row(&name, Some(tried.simulated.mean), Some((tried.simulated.low, tried.simulated.high)));
    }
    for other in &numbers.otherwise {
        row(&format!("units, {}", other.what), Some(other.best.units), None);
    }
    rows
}

fn print(out: &mut dyn Write, answer: &BuildAnswer) -> io::Result<()> {
    let (numbers, terms) = (&answer.numbers, &answer.terms);
    let question = format!("how many {} to build, by what was known on {}", answer.part, answer.on);
    tree::print_head(out, [&answer.name, &answer.firm], &question, answer.rule.today)?;
    writeln!(out)?;
    writeln!(out, "{HEADING}BUILD {}{HEADING:#}", parts(numbers.best.units))?;
    let mut lines = vec![format!(
        "by single draws of the hazards {} to {} (5% to 95%): what few turns on record leave open",
        parts(numbers.spread.low),
        parts(numbers.spread.high)
    )];
    lines.push(format!("expected profit: {} million USD", millions(numbers.best.expected_profit)));
    if let Some(fractile) = numbers.best.critical_fractile {
        lines.push(format!("critical fractile: {}% of demand", text::decimals(fractile * 100.0, 1)));
    }
    lines.push(format!(
        "nothing can be sold on the day of delivery: {} percent, by a 90% interval",
        tree::percent_spread(numbers.shut)
    ));
    match numbers.break_even {
        Some(bar) => lines.push(format!(
            "break-even: above {}% not even the first part pays{}",
            text::decimals(bar * 100.0, 1),
            numbers.break_even_of_batch.map_or_else(String::new, |batch| format!(
                "; this batch as a whole pays up to {}%",
                text::decimals(batch * 100.0, 1)
            )),
        )),
        None => lines.push("break-even: none, for nothing can be sold in any state".to_owned()),
    }
    lines.iter().try_for_each(|line| item(out, 0, "-", line))?;
    print_states(out, answer)?;
    print_waiting(out, answer)?;
    print_tried(out, answer)?;
    heading(out, "The number if one thing were otherwise")?;
    let rows = numbers
        .otherwise
        .iter()
        .map(|other| vec![other.what.clone(), parts(other.best.units), millions(other.best.expected_profit)]);
    writeln!(out, "{}", text::table(&["if", "build", "million USD"], &[1, 2], &[0, 1, 2], rows))?;
    heading(out, "Terms")?;
    print_figure(out, "price", &terms.price, |value| format!("{value:.0} USD"))?;
    print_figure(out, "cost", &terms.cost, |value| format!("{value:.0} USD"))?;
    print_figure(out, "salvage", &terms.salvage, |value| {
        format!("{}% of the cost", text::decimals(value * 100.0, 1))
    })?;
    let (low, high) = terms.demand;
    item(out, 0, "-", &format!("demand: {} to {} parts, as given", parts(low), parts(high)))?;
    item(out, 0, "-", &format!("lead time: {} quarters, as given", text::decimals(terms.lead, 2)))?;
    tree::print(out, &answer.rule)?;
    tree::print_assumed(out, &answer.assumed)?;
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}

fn print_figure(
    out: &mut dyn Write,
    name: &str,
    figure: &TakenFigure,
    words: impl Fn(f64) -> String,
) -> io::Result<()> {
    let range = if figure.low < figure.high {
        format!(", {} to {}", words(figure.low), words(figure.high))
    } else {
        String::new()
    };
    let source = figure.source.as_ref().map(|source| format!(" {source}")).unwrap_or_default();
    item(out, 0, "-", &format!("{name}: {}, {}{range}{source}", words(figure.value), figure.from))
}

fn print_states(out: &mut dyn Write, answer: &BuildAnswer) -> io::Result<()> {
    heading(out, "The rule on the day of delivery, percent (90% interval)")?;
    let rows = answer
        .numbers
        .states
        .iter()
        .map(|(rule, probability)| {
            vec![
                rule.exporter.word().to_owned(),
                rule.importer.word().to_owned(),
                tree::percent_spread(*probability),
            ]
        })
        .collect::<Vec<_>>();
    let header = ["exporter", "importer", "percent"];
    writeln!(out, "{}", text::table(&header, &[2], &[0, 1, 2], rows))
}

fn print_waiting(out: &mut dyn Write, answer: &BuildAnswer) -> io::Result<()> {
    let waiting = &answer.numbers.waiting;
    let wait = answer.terms.wait;
    let unit = if (wait - 1.0).abs() < 1e-9 { "quarter" } else { "quarters" };
    let title = format!(
        "To wait {} {unit} is worth {} million USD",
        text::decimals(wait, 2),
        millions(waiting.value)
    );
    heading(out, &title)?;
    let line = format!(
        "to know the rule of that day {}, its drift {}, the delay {} ({}% of the demand is lost)",
        millions(waiting.knowledge),
        millions(waiting.drift),
        millions(waiting.delay),
        text::decimals(waiting.demand_lost * 100.0, 1),
    );
    item(out, 0, "-", &line)?;
    let word = if waiting.value > 0.0 { "wait" } else { "do not wait" };
    item(out, 0, "-", &format!("so: {word}"))
}

fn print_tried(out: &mut dyn Write, answer: &BuildAnswer) -> io::Result<()> {
    if answer.numbers.tried.is_empty() {
        return Ok(());
    }
    heading(out, "Profit, million USD, in closed form and simulated")?;
    let rows = answer.numbers.tried.iter().map(|tried| {
        let simulated = &tried.simulated;
        vec![
            parts(tried.units),
            millions(tried.expected_profit),
            format!("{} ± {}", millions(simulated.mean), millions(simulated.error)),
            millions(simulated.low),
            millions(simulated.median),
            millions(simulated.high),
            tree::percent(simulated.loses),
        ]
    });
    let header = ["build", "expected", "simulated", "5%", "median", "95%", "% that lose"];
    writeln!(out, "{}", text::table(&header, &[0, 1, 2, 3, 4, 5, 6], &[0, 1, 2, 3, 4, 5, 6], rows))?;
    paragraph(
        out,
        0,
        &format!(
            "{} histories each, of {} draws of the hazards; ± is the standard error.",
            text::grouped(as_f64(answer.numbers.histories)),
            answer.numbers.hazard_draws
        ),
    )
}

fn millions(usd: f64) -> String {
    text::grouped((usd / 1e6).round() + 0.0)
}

/// A number of parts, to four digits.
fn parts(units: f64) -> String {
    if units <= 0.0 {
        return "0".to_owned();
    }
    let unit = 10_f64.powf((units.log10().floor() - 3.0).max(0.0));
    text::grouped((units / unit).round() * unit)
}

#[expect(clippy::cast_precision_loss, reason = "a count of histories")]
const fn as_f64(count: usize) -> f64 {
    count as f64
}
