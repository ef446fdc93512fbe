//! `check --batch` end to end, in memory: a CSV read, answered and written, once as a firm's
//! ledger is and once with rows as far apart as rows can be.
//!
//! ```console
//! $ cargo bench -p narrows-benches --bench batch
//! ```

#![expect(clippy::expect_used, reason = "a benchmark that fails has no result")]

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use narrows::{BatchFormat, Scenario, Workbench, check_batch};
use narrows_benches::{Spread, batch_table};

const ROWS: usize = 50_000;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 3, sample_size = 1, args = [Spread::Ledger, Spread::Scattered])]
fn a_table_read_answered_and_written(bencher: Bencher<'_, '_>, spread: Spread) {
    let workbench = Workbench::new(Vec::new());
    let table = batch_table(&workbench, spread, ROWS);
    bencher.counter(ItemsCount::new(ROWS)).counter(BytesCount::new(table.len())).bench_local(|| {
        let mut output = Vec::with_capacity(table.len() * 4);
        let summary = check_batch(
            &workbench,
            &Scenario::default(),
            BatchFormat::Csv,
            &mut table.as_bytes(),
            &mut output,
            None,
            &mut |_| {},
        );
        assert_eq!(summary.expect("a sound table").errors, 0, "no row of the table is bad");
        black_box(output)
    });
}
