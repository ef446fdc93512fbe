//! From the start of the program to its answer, as a whole process.
//!
//! ```console
//! $ cargo build --release && cargo bench -p narrows-benches --bench cold_start
//! ```

#![expect(clippy::expect_used, reason = "a benchmark that fails has no result")]

use std::path::PathBuf;
use std::process::{Command, Stdio};

use divan::Bencher;

fn main() {
    divan::main();
}

/// The binary beside the benchmark's own.
fn narrows() -> PathBuf {
    let own = std::env::current_exe().expect("a path");
    let binary = own.ancestors().nth(2).expect("a folder").join("narrows");
    assert!(binary.exists(), "`cargo build --release` makes the binary that is timed here");
    binary
}

#[divan::bench(sample_count = 40, sample_size = 1, args = [
    "check H20 --to CN --on 2025-05-01",
    "chip H20",
    "history H20 --to CN",
    "--version",
])]
fn from_start_to_answer(bencher: Bencher<'_, '_>, arguments: &str) {
    let binary = narrows();
    bencher.bench_local(|| {
        let status = Command::new(&binary).args(arguments.split(' ')).stdout(Stdio::null()).status();
        assert!(status.expect("it starts").success());
    });
}
