//! A year of sectors after a loss of capital: total output by day, and seconds of the
//! processor. The counterpart of the peer under `benches/peer-market/`.
//!
//! ```console
//! $ cargo run --release -p narrows-benches --bin sector_rate -- FOLDER
//! ```
//!
//! The folder holds `sectors.csv`, a table of sectors.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that fails has no result")]

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use narrows_benches::processor::seconds_a_pass;
use narrows_market::ripple::input_output::{Parameters, Shock, simulate};
use narrows_market::ripple::sector_table::SectorTable;

/// Passes that are timed.
const PASSES: usize = 20;
/// Days of a run.
const DAYS: usize = 365;

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("a folder with sectors.csv"));
    let file = File::open(folder.join("sectors.csv")).expect("a table");
    let table = SectorTable::read(BufReader::new(file)).expect("a table of sectors");
    let shocks = loss_of_capital(&table);
    // As the peer does it: overproduction stays once it was built up.
    let parameters = Parameters { overproduction_ends: false, ..Parameters::default() };
    let mut run = None;
    let seconds = seconds_a_pass(PASSES, || run = simulate(&table, &parameters, &shocks, DAYS).ok());
    let run = run.expect("shocks of this table");
    let first = run.days.first().map_or(f64::NAN, |day| day.output);
    let ratios: Vec<String> = run.days.iter().map(|day| format!("{:e}", day.output / first)).collect();
    let lowest = run.lowest();
    println!("{{\"ratios\": [{}], \"lowest\": {lowest:e}, \"seconds\": {seconds:.6}}}", ratios.join(", "));
}

/// A tenth of the output of the first two sectors, lost as capital on day 1 in equal parts, held
/// for 20 days and back in 180. Capital is four times value added, as the peer takes it.
fn loss_of_capital(table: &SectorTable) -> Vec<Shock> {
    let impact: f64 = table.outputs().iter().take(2).sum::<f64>() / 20.0;
    let loss = |(industry, added): (usize, f64)| Shock::Capital {
        industry,
        share: impact / (4.0 * added),
        from: 1,
        held_until: 22,
        recovery: 180,
    };
    table.value_added().into_iter().enumerate().take(2).map(loss).collect()
}
