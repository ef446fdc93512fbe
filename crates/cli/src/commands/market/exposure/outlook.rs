//! `narrows exposure outlook`

use std::collections::BTreeMap;
use std::io::{self, Write};

use narrows::exposure::{Amount, Amounts, Exporter, Importer, Rule};
use narrows::operations::{ExposureOutlook, OutlookAnswer, OutlookQuarter, OutlookRequest};
use narrows::{Operation, Workbench};

use super::{day, tree};
use crate::Stop;
use crate::arguments::{Format, OutlookCommand};
use crate::commands::{print_csv, print_json};
use crate::text::{self, FAINT, heading, paragraph};

pub(super) fn run(workbench: &Workbench, command: &OutlookCommand, format: Format) -> Result<u8, Stop> {
    let request = OutlookRequest {
        firm: command.firm.clone(),
        on: day(command.on)?,
        quarters: command.quarters,
        basis: command.basis.clone(),
        part: command.part.clone(),
        never_booked: command.never_booked,
        released: command.released,
        stock: command.stock,
        rule: tree::request(&command.rule),
    };
    let answer = ExposureOutlook::run(workbench, &request)?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => print_csv(&CSV, csv_rows(&answer))?,
        Format::Text => print(&mut anstream::stdout().lock(), &answer)?,
    }
    Ok(0)
}

const CSV: [&str; 9] =
    ["period", "end", "figure", "expected", "simulated", "standard_error", "p05", "median", "p95"];

fn csv_rows(answer: &OutlookAnswer) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for quarter in &answer.quarters {
        let (period, end) = (quarter.period.to_string(), quarter.end.to_string());
        let shut = ("nothing sold".to_owned(), quarter.ahead.shut);
        let states = quarter.ahead.states.iter().map(|(rule, probability)| (rule.to_string(), *probability));
        for (name, probability) in states.chain([shut]) {
            let figures = [probability.mean, probability.low, probability.high];
            let [mean, low, high] = figures.map(|figure| format!("{figure:.6}"));
            let none = String::new;
            rows.push(vec![period.clone(), end.clone(), name, mean, none(), none(), low, none(), high]);
        }
        rows.extend(csv_amounts(answer, &period, &end, &quarter.ahead.amounts));
    }
    rows.extend(csv_amounts(answer, "all", "", &answer.total));
    rows
}

fn csv_amounts(answer: &OutlookAnswer, period: &str, end: &str, amounts: &Amounts) -> Vec<Vec<String>> {
    let row = |(name, amount): (&str, Amount)| {
        let figures =
            [amount.expected, amount.simulated, amount.error, amount.low, amount.median, amount.high];
        let names = [period, end, name].map(str::to_owned);
        names.into_iter().chain(figures.map(|figure| format!("{:.0}", figure.round() + 0.0))).collect()
    };
    known(answer, amounts).into_iter().map(row).collect()
}

/// The amounts for which the record or the asker has what they are computed from.
fn known(answer: &OutlookAnswer, amounts: &Amounts) -> Vec<(&'static str, Amount)> {
    let mut all = Vec::new();
    if answer.stakes.stock.is_some() {
        all.extend([("charge", amounts.charge), ("redeployed", amounts.redeployed)]);
    }
    if answer.has_sales {
        all.extend([("lost sales", amounts.lost_sales), ("fee", amounts.fee)]);
    }
    all
}

fn print(out: &mut dyn Write, answer: &OutlookAnswer) -> io::Result<()> {
    let question =
        format!("what the rule on {} may be and cost, by what was known on {}", answer.part, answer.on);
    tree::print_head(out, [&answer.name, &answer.firm], &question, answer.rule.today)?;
    print_states(out, &answer.quarters)?;
    print_amounts(out, answer)?;
    tree::print(out, &answer.rule)?;
    tree::print_assumed(out, &answer.assumed)?;
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}

/// Sums over the states of one side.
fn print_states(out: &mut dyn Write, quarters: &[OutlookQuarter]) -> io::Result<()> {
    heading(out, "The rule at the end of each quarter, percent (90% interval)")?;
    let of = |quarter: &OutlookQuarter, chosen: &dyn Fn(Rule) -> bool| -> f64 {
        quarter.ahead.states.iter().filter(|(rule, _)| chosen(*rule)).map(|(_, it)| it.mean).sum()
    };
    let is_possible =
        |state: &Exporter| quarters.iter().any(|quarter| of(quarter, &|it| it.exporter == *state) > 0.0);
    let possible: Vec<Exporter> = Exporter::ALL.into_iter().filter(is_possible).collect();
    let header: Vec<&str> = ["quarter", "ends"]
        .into_iter()
        .chain(possible.iter().map(|state| state.word()))
        .chain(["importer blocks", "nothing sold"])
        .collect();
    let rows = quarters.iter().map(|quarter| {
        let mut cells = vec![quarter.period.to_string(), quarter.end.to_string()];
        cells.extend(possible.iter().map(|state| tree::percent(of(quarter, &|it| it.exporter == *state))));
        cells.push(tree::percent(of(quarter, &|it| it.importer == Importer::Blocks)));
        cells.push(tree::percent_spread(quarter.ahead.shut));
        cells
    });
    let right: Vec<usize> = (2..header.len()).collect();
    let whole: Vec<usize> = (0..header.len()).collect();
    writeln!(out, "{}", text::table(&header, &right, &whole, rows))?;
    paragraph(
        out,
        0,
        "The interval is what few turns on record leave open of the probability; of the joint states it stands in \
         the other formats.",
    )
}

fn print_amounts(out: &mut dyn Write, answer: &OutlookAnswer) -> io::Result<()> {
    heading(
        out,
        &format!("What it may cost, million USD ({} histories)", text::grouped(as_f64(answer.histories))),
    )?;
    let millions = |usd: f64| text::grouped((usd / 1e6).round() + 0.0);
    let mut rows: Vec<Vec<String>> = Vec::new();
    let quarters = answer.quarters.iter().map(|quarter| (quarter.period.to_string(), &quarter.ahead.amounts));
    for (period, amounts) in quarters.chain([("all".to_owned(), &answer.total)]) {
        for (at, (name, amount)) in known(answer, amounts).into_iter().enumerate() {
            let figures = [amount.expected, amount.simulated, amount.low, amount.median, amount.high];
            let period = if at == 0 { period.clone() } else { String::new() };
            let cells = figures.map(millions);
            rows.push([period, name.to_owned()].into_iter().chain(cells).collect());
        }
    }
    if rows.is_empty() {
        return paragraph(out, 0, "neither sales of the part nor stock are on record by then");
    }
    let header = ["quarter", "what", "expected", "simulated", "5%", "median", "95%"];
    writeln!(out, "{}", text::table(&header, &[2, 3, 4, 5, 6], &[0, 1, 2, 3, 4, 5, 6], rows))?;
    let total = known(answer, &answer.total);
    let apart: BTreeMap<String, Vec<&str>> = total.iter().fold(BTreeMap::new(), |mut all, (name, amount)| {
        let errors = (amount.simulated - amount.expected) / amount.error;
        let words = if amount.error > 0.0 { format!("{errors:+.1}") } else { "0".to_owned() };
        all.entry(words).or_default().push(name);
        all
    });
    let apart: Vec<String> =
        apart.into_iter().map(|(errors, names)| format!("{} {errors}", names.join(", "))).collect();
    paragraph(
        out,
        0,
        &format!(
            "Expected is the closed form, simulated the mean of the histories; in standard errors they lie apart by \
             (all quarters): {}. Redeployed: stock at cost that was foreseen as lost and never booked, or booked and \
             released.",
            apart.join("; ")
        ),
    )
}

#[expect(clippy::cast_precision_loss, reason = "a count of histories")]
const fn as_f64(count: usize) -> f64 {
    count as f64
}
