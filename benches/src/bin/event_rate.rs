//! Answers an event study over a table of returns, and how many firm-events a second; the
//! counterpart of the peer under `benches/peer-market/`.
//!
//! ```console
//! $ cargo run --release -p narrows-benches --bin event_rate -- FOLDER
//! ```
//!
//! The folder holds `es_returns.csv` (a date, a column for each firm, `MKT` last) and
//! `es_events.csv` (one date a line below a title).

#![expect(clippy::expect_used, reason = "a benchmark that fails has no result")]

use std::path::PathBuf;
use std::time::Instant;

use narrows_benches::market::layout;
use narrows_market::significance::{CrossSection, Kind, Panel};

/// The best of this many passes is told.
const PASSES: usize = 20;

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("a folder with es_returns.csv"));
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a table");
    let (dates, panel) = panel(&read("es_returns.csv"));
    let day = |date: &str| dates.iter().position(|it| it == date).expect("an event on a day of the table");
    let events: Vec<usize> = read("es_events.csv").lines().skip(1).map(day).collect();
    let layout = layout();
    let mut seconds = f64::INFINITY;
    let mut found: Vec<CrossSection> = Vec::new();
    for _ in 0..PASSES {
        let start = Instant::now();
        found = events.iter().map(|day| panel.study(*day, &layout).expect("windows that fit")).collect();
        seconds = seconds.min(start.elapsed().as_secs_f64());
    }
    let first = found.first().expect("an event");
    let last = found.last().expect("an event");
    let statistic = |kind| match first.score(kind) {
        Some(Ok(score)) => score.statistic,
        _ => f64::NAN,
    };
    let studies: usize = found.iter().map(|it| it.firms).sum();
    println!(
        "{{\"caar_first\": {:.12}, \"caar_last\": {:.12}, \"bmp\": {:.12}, \"kp\": {:.12}, \"rank\": {:.12}, \
         \"generalized_sign\": {:.12}, \"studies\": {studies}, \"seconds\": {seconds:.6}}}",
        first.mean,
        last.mean,
        statistic(Kind::Standardized),
        statistic(Kind::KolariPynnonen),
        statistic(Kind::Rank),
        statistic(Kind::GeneralizedSign),
    );
}

/// Dates and columns of a table.
fn panel(text: &str) -> (Vec<String>, Panel) {
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
    (dates, Panel::new(returns, vec![market]).expect("columns of one length"))
}
