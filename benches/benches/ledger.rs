//! Receipts: recorded one by one and in the steps of a table, with the size of a real answer,
//! on the disk where temporary files lie; verified; and what `--record` adds to a table.
//!
//! ```console
//! $ cargo bench -p narrows-benches --bench ledger
//! ```

#![expect(clippy::expect_used, reason = "a benchmark that fails has no result")]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use narrows::operations::{Check, CheckRequest};
use narrows::record::{BatchRecorder, Hash, Origin, origin};
use narrows::{BatchFormat, Operation, Scenario, Timestamp, Workbench, check_batch};
use narrows_benches::{Spread, batch_table};
use narrows_ledger::store::Ledger;
use narrows_ledger::{Book, Content, Entry};

/// Rows recorded in one transaction, as a table does.
const STEP: usize = 1_000;
/// Rows of the table.
const ROWS: usize = 5_000;

fn main() {
    divan::main();
}

fn receipts_of(workbench: &Workbench) -> Origin {
    origin(workbench, "narrows bench", Timestamp::UNIX_EPOCH)
}

/// An entry as large as that of a real determination, and not the same as any other.
fn entries(workbench: &Workbench, count: usize) -> Vec<Entry> {
    let request: CheckRequest =
        serde_json::from_str(r#"{"item":"H20","to":"CN","on":"2025-05-01"}"#).expect("a request");
    let answer = Check::run(workbench, &request).expect("an answer");
    let answer = serde_json::to_string(&answer).expect("JSON");
    let entry = |at: usize| Entry {
        kind: Check::NAME.to_owned(),
        content: Content {
            request: format!("{{\"row\":{at}}}"),
            answer: format!("{answer}{at}"),
            subject: Some("nvidia.h20-96gb".to_owned()),
            status: Some("licence_required".to_owned()),
        },
        place: None,
    };
    (0..count).map(entry).collect()
}

fn record_in_steps(bencher: Bencher<'_, '_>, count: usize, step: usize) {
    let workbench = Workbench::new(Vec::new());
    let (entries, origin) = (entries(&workbench, count), receipts_of(&workbench));
    bencher
        .counter(ItemsCount::new(count))
        .with_inputs(|| {
            let folder = tempfile::tempdir().expect("a folder");
            let ledger = Ledger::open_or_create(&folder.path().join("a")).expect("a new ledger");
            (folder, ledger)
        })
        .bench_local_values(|(folder, mut ledger)| {
            for step in entries.chunks(step) {
                black_box(ledger.append(&origin, step).expect("recorded"));
            }
            ledger.close().expect("closed");
            folder
        });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn receipts_one_by_one(bencher: Bencher<'_, '_>) {
    record_in_steps(bencher, 500, 1);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn receipts_in_steps_of_a_thousand(bencher: Bencher<'_, '_>) {
    record_in_steps(bencher, 10 * STEP, STEP);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn receipts_verified(bencher: Bencher<'_, '_>) {
    let workbench = Workbench::new(Vec::new());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    let mut ledger = Ledger::open_or_create(&path).expect("a new ledger");
    for step in entries(&workbench, 10 * STEP).chunks(STEP) {
        ledger.append(&receipts_of(&workbench), step).expect("recorded");
    }
    ledger.close().expect("closed");
    let mut ledger = Ledger::open(&path).expect("the ledger");
    bencher.counter(ItemsCount::new(10 * STEP)).bench_local(|| {
        assert!(ledger.verify().expect("a verification").holds());
    });
}

/// A table answered with and without a record of it.
#[divan::bench(sample_count = 3, sample_size = 1, args = [false, true])]
fn a_table_answered(bencher: Bencher<'_, '_>, recorded: bool) {
    let workbench = Workbench::new(Vec::new());
    let table = batch_table(&workbench, Spread::Ledger, ROWS);
    let hash = Hash::of(table.as_bytes());
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let scenario = Scenario::default();
        let mut ledger = Ledger::open_or_create(&folder.path().join("a")).expect("a new ledger");
        let mut recorder = recorded.then(|| {
            BatchRecorder::open::<Check>(&mut ledger, receipts_of(&workbench), &scenario, &hash)
                .expect("a recorder")
        });
        let mut output = Vec::new();
        let summary = check_batch(
            &workbench,
            &scenario,
            BatchFormat::Csv,
            &mut table.as_bytes(),
            &mut output,
            recorder.as_mut(),
            &mut |_| {},
        );
        assert_eq!(summary.expect("a sound table").errors, 0, "no row of the table is bad");
        ledger.close().expect("closed");
        output
    });
}
