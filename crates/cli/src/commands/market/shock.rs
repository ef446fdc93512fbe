//! `narrows shock`

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use narrows::market::pool::Resampling;
use narrows::market::shock_batch::{ShockTable, shock_batch};
use narrows::operations::{FactorText, Shock, ShockAnswer, ShockRequest, ShockRow};
use narrows::{FactorTable, Failure, Measure, Model, Operation, Scale, Specification, Workbench};

use crate::Stop;
use crate::arguments::{Format, ShockCommand};
use crate::commands::market::pools;
use crate::commands::{print_csv, print_json, table};
use crate::text::{self, FAINT, HEADING, heading, item, paragraph};

pub(crate) fn run(workbench: &Workbench, command: &ShockCommand, format: Format) -> Result<u8, Stop> {
    let specification = Specification {
        return_kind: command.return_kind,
        window: command.window,
        model: command.model.unwrap_or(if command.factors.is_some() {
            Model::Factors
        } else {
            Model::Market
        }),
        thin_trading: command.thin,
        measure: if command.simple { Measure::Simple } else { Measure::Log },
        estimation: command.estimation,
        gap: command.gap,
        excluded: command.exclude.iter().copied().collect(),
        scale: if command.robust { Scale::Robust } else { Scale::Residual },
        ..Specification::default()
    };
    if let Some(path) = &command.batch {
        let factors = command.factors.as_deref().map(factor_text).transpose()?;
        let factors = factors.map(|text| FactorTable::read(&text.name, &text.text)).transpose();
        let asked = ShockTable {
            usual: specification,
            benchmark: command.benchmark.clone(),
            factors: factors.map_err(|error| Failure::input(error.to_string()))?,
        };
        let mut input = table::Input::open(path)?;
        return table::answer(command.output.as_deref(), |output, progress| {
            shock_batch(workbench, &asked, &input.name, &mut input.text, output, progress)
        });
    }
    let request = ShockRequest {
        event: command.event.clone().unwrap_or_default(),
        tickers: command.tickers.clone(),
        specification,
        benchmark: command.benchmark.clone(),
        factors: command.factors.as_deref().map(factor_text).transpose()?,
        without_events: command.no_confounded,
        capitalization: capitalizations(command)?,
        groups: groups(command)?,
        resampling: Resampling { draws: command.draws as usize, seed: command.seed },
    };
    let answer = Shock::run(workbench, &request)?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => print_csv(&CSV, answer.rows.iter().map(csv_row))?,
        Format::Text => print(&mut anstream::stdout().lock(), &answer)?,
    }
    Ok(0)
}

/// The user's factors.
fn factor_text(path: &Path) -> Result<FactorText, Failure> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::input(format!("`{name}` cannot be read: {error}")))?;
    Ok(FactorText { name, text })
}

fn capitalizations(command: &ShockCommand) -> Result<BTreeMap<String, f64>, Failure> {
    let mut given = BTreeMap::new();
    for (ticker, usd) in command.capitalizations.iter().chain(&command.shares) {
        if given.insert(ticker.clone(), *usd).is_some() {
            return Err(Failure::input(format!("the capitalization of {ticker} is given twice")));
        }
    }
    Ok(given)
}

fn groups(command: &ShockCommand) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let mut given = BTreeMap::new();
    for (name, tickers) in &command.groups {
        if given.insert(name.clone(), tickers.clone()).is_some() {
            return Err(Failure::input(format!("the group `{name}` is given twice")));
        }
    }
    Ok(given)
}

const CSV: [&str; 15] = [
    "ticker",
    "firm",
    "exchange",
    "benchmark",
    "day0",
    "raw_return",
    "abnormal_return",
    "standard_error",
    "t",
    "p",
    "beta",
    "bhar",
    "change_usd",
    "abnormal_return_with_all_days",
    "note",
];

fn csv_row(row: &ShockRow) -> Vec<String> {
    let number = |value: Option<f64>| value.map(|value| format!("{value:.6}")).unwrap_or_default();
    let abnormal = row.abnormal.as_ref();
    let notes: Vec<&str> = row.fault.iter().chain(&row.notes).map(String::as_str).collect();
    vec![
        row.ticker.clone(),
        row.firm.clone(),
        row.exchange.clone().unwrap_or_default(),
        row.factors.join(";"),
        row.day0.map(|day| day.to_string()).unwrap_or_default(),
        number(row.raw_return),
        number(abnormal.map(|it| it.car)),
        number(abnormal.map(|it| it.standard_error)),
        number(abnormal.map(|it| it.t)),
        number(abnormal.map(|it| it.p)),
        number(abnormal.and_then(|it| it.betas.first().copied())),
        number(abnormal.map(|it| it.bhar)),
        row.value.map(|value| format!("{:.0}", value.change_usd)).unwrap_or_default(),
        number(row.with_all_days.map(|it| it.car)),
        notes.join("; "),
    ]
}

fn print(out: &mut dyn Write, answer: &ShockAnswer) -> io::Result<()> {
    let (event, asked) = (&answer.event, &answer.specification);
    writeln!(out, "{HEADING}{}{HEADING:#}", event.title)?;
    writeln!(out, "{FAINT}{}{FAINT:#}", event.id)?;
    paragraph(out, 0, &event.summary)?;
    paragraph(
        out,
        0,
        &format!(
            "{} returns, window {}, model {}: {} sessions to estimate on, the last {} before day 0",
            asked.return_kind,
            asked.window,
            asked.model,
            asked.estimation,
            asked.gap + 1
        ),
    )?;
    writeln!(out)?;
    let percent = |value: f64| format!("{:+.2}%", 100.0 * value);
    let rows = answer.rows.iter().map(|row| {
        let mut cells = vec![
            row.ticker.clone(),
            row.day0.map(|day| day.to_string()).unwrap_or_default(),
            row.raw_return.map(percent).unwrap_or_default(),
        ];
        match &row.abnormal {
            Some(abnormal) => cells.extend([
                percent(abnormal.car),
                percent(abnormal.standard_error).trim_start_matches('+').to_owned(),
                format!("{:.2}", abnormal.t),
                text::probability(abnormal.p, 3),
            ]),
            None => cells.extend(["none".to_owned(), String::new(), String::new(), String::new()]),
        }
        // The notes tell which of them the mix is made of.
        let is_mix = asked.model == Model::Synthetic;
        let against = if is_mix { format!("{} others", row.factors.len()) } else { row.factors.join(", ") };
        cells.push(against);
        cells
    });
    let header = ["ticker", "day 0", "raw", "abnormal", "error", "t", "p", "benchmark"];
    writeln!(out, "{}", text::table(&header, &[2, 3, 4, 5, 6], &[0, 1, 2, 3, 4, 5, 6], rows))?;
    print_all_days(out, answer)?;
    print_values(out, answer)?;
    if answer.rows.iter().any(|row| row.fault.is_some() || !row.notes.is_empty()) {
        writeln!(out)?;
    }
    // A note that many share is told once.
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    for row in &answer.rows {
        for note in row.fault.iter().chain(&row.notes) {
            let note = note.strip_prefix(&row.ticker).map_or(note.as_str(), str::trim_start);
            match told.iter_mut().find(|(other, _)| *other == note) {
                Some((_, tickers)) => tickers.push(&row.ticker),
                None => told.push((note, vec![&row.ticker])),
            }
        }
    }
    for (note, tickers) in told {
        let whom = if tickers.len() > 3 { format!("{} shares", tickers.len()) } else { tickers.join(", ") };
        item(out, 0, &format!("{whom}:"), note)?;
    }
    pools::print(out, answer)?;
    // An event of the record that is on record as a confounder is told once.
    let told = |id: &str| answer.confounders.iter().any(|confounder| confounder.event.as_deref() == Some(id));
    let overlapping: Vec<_> = answer.overlapping.iter().filter(|other| !told(&other.id)).collect();
    if !answer.confounders.is_empty() || !overlapping.is_empty() {
        heading(out, "What else moved these shares then")?;
        for confounder in &answer.confounders {
            item(out, 0, "-", &format!("{} ({})", confounder.what, confounder.kind))?;
        }
        for other in overlapping {
            item(out, 0, "-", &format!("{}: {} [{}]", other.announced, other.title, other.id))?;
        }
    }
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}

/// Abnormal returns beside those that are estimated on the days left out too.
fn print_all_days(out: &mut dyn Write, answer: &ShockAnswer) -> io::Result<()> {
    let percent = |value: f64| format!("{:+.2}%", 100.0 * value);
    let mut rows = answer.rows.iter().filter_map(|row| {
        let (abnormal, whole) = (row.abnormal.as_ref()?, row.with_all_days?);
        let t = |t: f64| format!("{t:.2}");
        Some(vec![row.ticker.clone(), percent(abnormal.car), t(abnormal.t), percent(whole.car), t(whole.t)])
    });
    let Some(first) = rows.next() else { return Ok(()) };
    heading(out, "With and without the days left out of estimation")?;
    let header = ["ticker", "without", "t", "with", "t"];
    let rows = std::iter::once(first).chain(rows);
    writeln!(out, "{}", text::table(&header, &[1, 2, 3, 4], &[0, 1, 2, 3, 4], rows))
}

/// What abnormal returns were worth.
fn print_values(out: &mut dyn Write, answer: &ShockAnswer) -> io::Result<()> {
    let billions = |usd: f64| format!("{:+.2}", usd / 1e9);
    let given: Vec<_> = answer.rows.iter().filter_map(|row| Some((&row.ticker, row.value?))).collect();
    if given.is_empty() {
        return Ok(());
    }
    heading(out, "What the abnormal part was worth, billion USD")?;
    let rows = given.iter().map(|(ticker, value)| {
        let capitalization = format!("{:.2}", value.capitalization_usd / 1e9);
        let error = format!("{:.2}", value.standard_error_usd / 1e9);
        vec![(*ticker).clone(), capitalization, billions(value.change_usd), error]
    });
    let header = ["ticker", "capitalization", "change", "error"];
    writeln!(out, "{}", text::table(&header, &[1, 2, 3], &[0, 1, 2, 3], rows))?;
    if given.len() > 1 {
        let total: f64 = given.iter().map(|(_, value)| value.change_usd).sum();
        writeln!(out, "together {}; capitalizations as given", billions(total))?;
    }
    Ok(())
}
