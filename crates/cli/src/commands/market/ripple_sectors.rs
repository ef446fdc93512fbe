//! `narrows ripple sectors`

use std::io::{self, Write};
use std::path::Path;

use narrows::operations::{CsvText, RippleSectors, RippleSectorsAnswer, RippleSectorsRequest};
use narrows::ripple::{Ordering, Parameters};
use narrows::{Failure, Operation, Workbench};

use crate::Stop;
use crate::arguments::{By, Format, OrderingArgument, SectorsCommand};
use crate::commands::{print_csv, print_json};
use crate::files;
use crate::text::{self, FAINT, HEADING, heading, paragraph};

pub(super) fn run(workbench: &Workbench, arguments: &SectorsCommand, format: Format) -> Result<u8, Stop> {
    let by = arguments.by.unwrap_or(By::Summary);
    let request = RippleSectorsRequest {
        table: csv_text(&arguments.table)?,
        shocks: arguments.shocks.as_deref().map(csv_text).transpose()?,
        days: arguments.days.unwrap_or(365),
        parameters: parameters(arguments),
        by_industry: by == By::Industry,
    };
    let answer = RippleSectors::run(workbench, &request)?;
    match (format, by) {
        (Format::Json, _) => print_json(&answer)?,
        (Format::Csv, By::Summary) => print_csv(&SUMMARY, summary(&answer))?,
        (Format::Csv, By::Day) => print_csv(&DAYS, days(&answer, |value| value.to_string()))?,
        (Format::Csv, By::Industry) => print_csv(&INDUSTRY, industries(&answer, |value| value.to_string()))?,
        (Format::Text, by) => print(&mut anstream::stdout().lock(), &answer, by)?,
    }
    Ok(0)
}

fn csv_text(path: &Path) -> Result<CsvText, Failure> {
    Ok(CsvText { name: path.display().to_string(), text: files::read_text(path)? })
}

fn parameters(given: &SectorsCommand) -> Parameters {
    let plain = Parameters::default();
    Parameters {
        days_of_table: given.days_of_table.unwrap_or(plain.days_of_table),
        stock_days: given.stock_days.unwrap_or(plain.stock_days),
        restoration_days: given.restoration_days.unwrap_or(plain.restoration_days),
        psi: given.psi.unwrap_or(plain.psi),
        overproduction_most: given.overproduction_most.unwrap_or(plain.overproduction_most),
        overproduction_days: given.overproduction_days.unwrap_or(plain.overproduction_days),
        overproduction_ends: !given.overproduction_stays,
        ordering: match given.ordering {
            Some(OrderingArgument::AtRest) => Ordering::AtRest,
            Some(OrderingArgument::Capacity) => Ordering::Capacity,
            None => plain.ordering,
        },
        ..plain
    }
}

const SUMMARY: [&str; 5] = ["industry", "at_rest_per_day", "lowest_ratio", "lowest_day", "lost"];
const DAYS: [&str; 8] =
    ["day", "output", "ratio", "delivered", "final_delivered", "final_unmet", "used", "stocks"];
const INDUSTRY: [&str; 4] = ["day", "industry", "output", "ratio"];

fn summary(answer: &RippleSectorsAnswer) -> impl Iterator<Item = Vec<String>> + '_ {
    answer.by_industry.iter().map(|it| {
        let day = it.lowest_day.map(|day| day.to_string()).unwrap_or_default();
        vec![it.industry.clone(), it.at_rest.to_string(), it.lowest.to_string(), day, it.lost.to_string()]
    })
}

fn days<'a>(
    answer: &'a RippleSectorsAnswer,
    number: impl Fn(f64) -> String + 'a,
) -> impl Iterator<Item = Vec<String>> + 'a {
    answer.days.iter().enumerate().map(move |(at, day)| {
        let mut row = vec![at.to_string(), number(day.output), number(ratio(day.output, answer.at_rest))];
        row.extend([day.delivered, day.final_delivered, day.final_unmet, day.used, day.stocks].map(&number));
        row
    })
}

fn industries<'a>(
    answer: &'a RippleSectorsAnswer,
    number: impl Fn(f64) -> String + 'a,
) -> impl Iterator<Item = Vec<String>> + 'a {
    let cells = (0..answer.days.len()).flat_map(|day| {
        answer.by_industry.iter().filter_map(move |it| Some((day, it, *it.output.get(day)?)))
    });
    cells.map(move |(day, it, output)| {
        vec![day.to_string(), it.industry.clone(), number(output), number(ratio(output, it.at_rest))]
    })
}

fn ratio(output: f64, at_rest: f64) -> f64 {
    if at_rest > 0.0 { output / at_rest } else { 1.0 }
}

fn print(out: &mut dyn Write, answer: &RippleSectorsAnswer, by: By) -> io::Result<()> {
    let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    writeln!(
        out,
        "{HEADING}{} industries, {}, {}{HEADING:#}",
        answer.industries,
        plural(answer.shocks, "shock"),
        plural(answer.days.len(), "day")
    )?;
    let percent = |share: f64| format!("{:.3}%", share * 100.0);
    writeln!(out, "output at rest  {} a day", significant(answer.at_rest))?;
    let day = answer.lowest_day.map(|day| format!(" on day {day}")).unwrap_or_default();
    writeln!(out, "lowest output   {}{day}", percent(answer.lowest))?;
    writeln!(out, "last day        {}", percent(answer.last))?;
    writeln!(out, "output lost     {}", significant(answer.lost))?;
    writeln!(out, "demand unmet    {}", significant(answer.unmet))?;
    match by {
        By::Summary => {
            heading(out, "By industry, the hardest hit first")?;
            let rows = answer.by_industry.iter().map(|it| {
                let day = it.lowest_day.map(|day| day.to_string()).unwrap_or_default();
                vec![
                    it.industry.clone(),
                    significant(it.at_rest),
                    percent(it.lowest),
                    day,
                    significant(it.lost),
                ]
            });
            let header = ["industry", "at rest", "lowest", "on day", "lost"];
            writeln!(out, "{}", text::table(&header, &[1, 2, 3, 4], &[1, 2, 3, 4], rows))?;
        }
        By::Day => {
            heading(out, "By day")?;
            let header = ["day", "output", "ratio", "delivered", "final", "unmet", "used", "stocks"];
            let right = [0, 1, 2, 3, 4, 5, 6, 7];
            writeln!(out, "{}", text::table(&header, &right, &right, days(answer, significant)))?;
        }
        By::Industry => {
            heading(out, "By day and industry")?;
            let rows = industries(answer, significant);
            writeln!(out, "{}", text::table(&INDUSTRY, &[0, 2, 3], &[0, 2, 3], rows))?;
        }
    }
    let Parameters { stock_days, restoration_days, psi, overproduction_base, overproduction_most, .. } =
        answer.parameters;
    let Parameters { days_of_table, overproduction_days, overproduction_ends, ordering, .. } =
        answer.parameters;
    heading(out, "Taken for granted")?;
    let ends = if overproduction_ends { "and ends" } else { "and stays" };
    let spread = match ordering {
        Ordering::AtRest => "as at rest",
        Ordering::Capacity => "by what is left of their capacity",
    };
    paragraph(
        out,
        0,
        &format!(
            "The table covers {days_of_table} days. Stocks cover {stock_days} days of use and are filled up in \
             {restoration_days}; output falls below {psi} of the stock. Overproduction goes from \
             {overproduction_base} to {overproduction_most} in {overproduction_days} days {ends}. Orders are \
             spread over suppliers {spread}. Change them with --days-of-table, --stock-days, --restoration-days, \
             --psi, --overproduction-most, --overproduction-days, --overproduction-stays, --ordering.",
        ),
    )?;
    writeln!(out, "{FAINT}money in the unit of the table{FAINT:#}")
}

/// Five significant digits.
fn significant(value: f64) -> String {
    if value.abs() < f64::MIN_POSITIVE {
        return "0".to_owned();
    }
    let before = value.abs().log10().floor() as i32 + 1;
    if (-3..=9).contains(&before) {
        text::decimals(value, usize::try_from((5 - before).clamp(0, 8)).unwrap_or(0))
    } else {
        format!("{value:.4e}")
    }
}
