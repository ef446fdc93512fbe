//! An event study over a table of returns: every answer, and seconds of the processor. The
//! counterpart of the peer under `benches/peer-market/`.
//!
//! ```console
//! $ cargo run --release -p narrows-benches --bin event_rate -- FOLDER
//! ```
//!
//! The folder holds `returns.csv` (a date, a column for each firm, `MKT` last) and `events.csv`
//! (one date a line below a title).

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that fails has no result")]

use std::path::PathBuf;

use narrows_benches::market::layout;
use narrows_benches::processor::seconds_a_pass;
use narrows_market::significance::{
    CrossSection, DayStatistics, Draws, Kind, Panel, PermutationPlan, Statistic, permute,
};

/// Passes that are timed.
const PASSES: usize = 20;
/// Firms of the permutation, and how often days are drawn.
const PERMUTED: usize = 50;
const DRAWS: usize = 10_000;

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("a folder with returns.csv"));
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a table");
    let (dates, firms, market) = columns(&read("returns.csv"));
    let day = |date: &str| dates.iter().position(|it| it == date).expect("an event on a day of the table");
    let events: Vec<usize> = read("events.csv").lines().skip(1).map(day).collect();
    let layout = layout();
    let some: Vec<Vec<f64>> = firms.iter().take(PERMUTED).cloned().collect();
    let panel = Panel::new(firms, vec![market.clone()]).expect("columns of one length");
    let mut found: Vec<CrossSection> = Vec::new();
    let seconds = seconds_a_pass(PASSES, || {
        found = events.iter().map(|day| panel.study(*day, &layout).expect("windows that fit")).collect();
    });
    let fewer = Panel::new(some, vec![market]).expect("columns of one length");
    let plan = PermutationPlan {
        draws: Draws::Seeded { count: DRAWS, seed: 1 },
        listed: events.clone(),
        around: Some(layout.window.len()),
    };
    let event = events.get(..1).expect("an event");
    let mut p = f64::NAN;
    let permutation = seconds_a_pass(PASSES, || {
        let days = DayStatistics::new(&fewer, &layout, Statistic::KolariPynnonen);
        p = permute(&days, event, &plan).expect("days to draw").p;
    });
    let studies: Vec<String> = found.iter().map(values).collect();
    println!(
        "{{\"studies\": [{}], \"seconds\": {seconds:.6}, \"permutation_p\": {p:.6}, \"permutation_seconds\": \
         {permutation:.6}}}",
        studies.join(", ")
    );
}

/// Mean cumulative abnormal return, BMP, Kolari and Pynnonen, rank and generalized sign.
fn values(found: &CrossSection) -> String {
    let statistic = |kind| match found.score(kind) {
        Some(Ok(score)) => score.statistic,
        _ => f64::NAN,
    };
    let kinds = [Kind::Standardized, Kind::KolariPynnonen, Kind::Rank, Kind::GeneralizedSign];
    let values: Vec<String> =
        std::iter::once(found.mean).chain(kinds.map(statistic)).map(|value| format!("{value:e}")).collect();
    format!("[{}]", values.join(", "))
}

/// Dates, columns of the firms, and that of the market.
fn columns(text: &str) -> (Vec<String>, Vec<Vec<f64>>, Vec<f64>) {
    let mut lines = text.lines();
    let columns = lines.next().expect("a line of titles").split(',').count() - 1;
    let mut dates = Vec::new();
    let mut returns = vec![Vec::new(); columns];
    for line in lines {
        let mut cells = line.split(',');
        dates.push(cells.next().expect("a date").to_owned());
        for (column, cell) in returns.iter_mut().zip(cells) {
            column.push(cell.parse::<f64>().expect("a number"));
        }
    }
    let market = returns.pop().expect("a column of the market");
    (dates, returns, market)
}
