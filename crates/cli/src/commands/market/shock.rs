//! `narrows shock`

use std::fs::File;
use std::io::{self, BufReader, Write};

use narrows::market::shock_batch::shock_batch;
use narrows::operations::{Shock, ShockAnswer, ShockRequest, ShockRow};
use narrows::{Failure, Measure, Operation, Quotes, Scale, Specification, Workbench};

use crate::Stop;
use crate::arguments::{Format, ShockCommand};
use crate::commands::{print_csv, print_json, table};
use crate::text::{self, FAINT, HEADING, heading, item, paragraph};

pub(crate) fn run(workbench: &Workbench, command: &ShockCommand, format: Format) -> Result<u8, Stop> {
    let specification = Specification {
        return_kind: command.return_kind,
        window: command.window,
        model: command.model,
        measure: if command.simple { Measure::Simple } else { Measure::Log },
        estimation: command.estimation,
        gap: command.gap,
        excluded: command.exclude.iter().copied().collect(),
        scale: if command.robust { Scale::Robust } else { Scale::Residual },
        ..Specification::default()
    };
    if let Some(path) = &command.batch {
        let mut input = table::Input::open(path)?;
        return table::answer(command.output.as_deref(), |output, progress| {
            shock_batch(workbench, &specification, &input.name, &mut input.text, output, progress)
        });
    }
    let request = ShockRequest {
        event: command.event.clone().unwrap_or_default(),
        tickers: command.tickers.clone(),
        specification,
        benchmark: command.benchmark.clone(),
    };
    let answer = Shock::run(workbench, &request)?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => print_csv(&CSV, answer.rows.iter().map(csv_row))?,
        Format::Text => print(&mut anstream::stdout().lock(), &answer)?,
    }
    Ok(0)
}

/// The user's quotes; tables of one ticker are joined column by column.
pub(crate) fn own_quotes(command: &ShockCommand) -> Result<Quotes, Failure> {
    let mut quotes = Quotes::default();
    for path in &command.prices {
        let name = path.display().to_string();
        let file =
            File::open(path).map_err(|error| Failure::input(format!("`{name}` cannot be read: {error}")))?;
        let read = Quotes::read(&name, BufReader::with_capacity(1 << 16, file));
        quotes.merge(read.map_err(|error| Failure::input(error.to_string()))?);
    }
    Ok(quotes)
}

const CSV: [&str; 12] = [
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
        notes.join("; "),
    ]
}

fn print(out: &mut dyn Write, answer: &ShockAnswer) -> io::Result<()> {
    let (event, asked) = (&answer.event, &answer.specification);
    writeln!(out, "{HEADING}{}{HEADING:#}  {FAINT}{}{FAINT:#}", event.title, event.id)?;
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
                format!("{:.3}", abnormal.p),
            ]),
            None => cells.extend(["none".to_owned(), String::new(), String::new(), String::new()]),
        }
        cells.push(row.factors.join(", "));
        cells
    });
    let header = ["ticker", "day 0", "raw", "abnormal", "error", "t", "p", "benchmark"];
    writeln!(out, "{}", text::table(&header, &[2, 3, 4, 5, 6], &[0, 1, 2, 3, 4, 5, 6], rows))?;
    writeln!(out)?;
    for row in &answer.rows {
        for note in row.fault.iter().chain(&row.notes) {
            item(out, 0, &format!("{}:", row.ticker), note)?;
        }
    }
    if !answer.confounders.is_empty() || !answer.overlapping.is_empty() {
        heading(out, "What else moved these shares then")?;
        for confounder in &answer.confounders {
            item(out, 0, "-", &format!("{} ({})", confounder.what, confounder.kind))?;
        }
        for other in &answer.overlapping {
            item(out, 0, "-", &format!("{}: {} [{}]", other.announced, other.title, other.id))?;
        }
    }
    writeln!(out, "{FAINT}data {}{FAINT:#}", answer.data_version)
}
