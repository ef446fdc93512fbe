//! Screens 1,000 names against some 20,000 and prints, as JSON, how many a second, how long the slowest
//! take, how many of the listed ones were found and how many innocent ones were flagged. With a folder as
//! argument it writes the names and the queries there, for other programs to be given the same.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that fails has no result")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use narrows::matching::{Options, Screener};
use narrows_benches::screening::Workload;

/// How often each name is screened: the least time is that without interruptions by the system.
const REPETITIONS: usize = 7;

fn main() {
    let workload = Workload::new(20_404, 500, 1);
    if let Some(folder) = std::env::args_os().nth(1) {
        export(&workload, Path::new(&folder));
        return;
    }
    let start = Instant::now();
    let index = workload.index();
    let build = start.elapsed();
    let mut screener = Screener::new(&index);
    let options = Options::default();
    let queries: Vec<&str> = workload.queries().collect();
    let mut least = vec![Duration::MAX; queries.len()];
    for _ in 0..REPETITIONS {
        for (query, least) in queries.iter().zip(&mut least) {
            let start = Instant::now();
            std::hint::black_box(screener.screen(query, &options));
            *least = start.elapsed().min(*least);
        }
    }
    let sum: Duration = least.iter().sum();
    least.sort_unstable();
    let at = |share: usize| least.get(least.len() * share / 1_000).copied().unwrap_or_default().as_secs_f64();
    let outcome = workload.outcome(&mut screener, &options);
    println!(
        "{{\"names\": {}, \"per_second\": {:.0}, \"median_us\": {:.1}, \"p99_us\": {:.1}, \"build_s\": {:.3}, \"recall\": {:.3}, \"false_alarms\": {:.3}}}",
        workload.names.len(),
        queries.len() as f64 / sum.as_secs_f64(),
        at(500) * 1e6,
        at(990) * 1e6,
        build.as_secs_f64(),
        outcome.recall,
        outcome.false_alarms,
    );
}

fn export(workload: &Workload, folder: &Path) {
    let mut queries = String::new();
    for perturbed in &workload.perturbed {
        let _ = writeln!(queries, "{}\t{}", perturbed.name, perturbed.query.replace(['\t', '\n'], " "));
    }
    for innocent in &workload.innocents {
        let _ = writeln!(queries, "\t{innocent}");
    }
    fs::create_dir_all(folder).expect("a folder");
    let names = workload.names.iter().map(|name| name.replace('\n', " ")).collect::<Vec<_>>().join("\n");
    fs::write(folder.join("names.txt"), names).expect("names written");
    fs::write(folder.join("queries.tsv"), queries).expect("queries written");
}
