//! Any bytes as a table.
//!
//! The first byte says whether the rest is CSV or JSON Lines. Nothing may panic; a table is
//! refused as a whole with a message, or every row of it comes back with an answer or an
//! error of its own.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use narrows::{BatchFormat, BatchSummary, Scenario, Workbench, check_batch};
use serde_json::{Map, Value};

/// Rows of a table as they are counted without reading them, the header not counted.
fn count_rows(table: &[u8]) -> u64 {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(table);
    let rows = reader.byte_records().map(|row| row.expect("rows of any width and bytes can be read"));
    rows.count() as u64
}

fn check_csv(input: &[u8], output: &[u8], summary: BatchSummary) {
    assert_eq!(summary.rows, count_rows(input), "rows were read that are not there, or the other way round");
    let header = |table: &[u8]| {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(table);
        reader.byte_headers().expect("a header").clone()
    };
    let (asked, answered) = (header(input), header(output));
    // A reader that is not flexible refuses rows of another width than the header.
    let mut rows = csv::Reader::from_reader(output);
    let (mut count, mut errors) = (0, 0);
    let column = |name: &str| {
        let found = answered.iter().rposition(|column| column == name.as_bytes());
        found.filter(|at| *at >= asked.len()).expect("a column of ours after all others")
    };
    let (status, class, error) = (column("status"), column("class"), column("error"));
    for row in rows.byte_records() {
        let row = row.expect("a row as wide as the header");
        let (answered, failed) = (!row[status].is_empty(), !row[error].is_empty());
        assert!(answered != failed, "a row has an answer or an error");
        assert_eq!(answered, !row[class].is_empty());
        count += 1;
        errors += u64::from(failed);
    }
    assert_eq!((count, errors), (summary.rows, summary.errors));
}

fn check_json(output: &[u8], summary: BatchSummary) {
    let (mut count, mut errors) = (0, 0);
    for line in output.split_inclusive(|byte| *byte == b'\n') {
        assert!(line.ends_with(b"\n"), "a line that is not ended");
        let row: Map<String, Value> = serde_json::from_slice(line).expect("an object on one line");
        let is_filled = |name: &str| row[name].as_str().is_some_and(|text| !text.is_empty());
        // A row that is refused for a field with the name of one of ours keeps that field.
        let failed = is_filled("error");
        assert!(failed || is_filled("status") && is_filled("class"), "a row has an answer or an error");
        count += 1;
        errors += u64::from(failed);
    }
    assert_eq!((count, errors), (summary.rows, summary.errors));
}

/// Columns and cells, and some that are refused.
const WORDS: &str = "\
    id item facts on to headquarters from known_on view error codified H20 H100 MI308X Gaudi CN US AE \
    KH FR 2022-10-07 2023-11-17 2025-05-15 2026-02-01 9999-12-31 tpp performance_density \
    applicable_die_area_mm2 item_kind logic_ic computer hbm_stack datacenter designer_hq other_eccn \
    true unknown 0..1000000000 4800 0.000001 1e308 NaN null";

static WORKBENCH: OnceLock<Workbench> = OnceLock::new();

fn workbench() -> &'static Workbench {
    WORKBENCH.get_or_init(|| {
        let workbench = Workbench::default();
        workbench.read_ahead();
        workbench
    })
}

fuzz_target!(
    init: {
        workbench();
    },
    |bytes: &[u8]| -> Corpus {
        let Some((first, input)) = bytes.split_first() else { return Corpus::Reject };
        let format = if first % 2 == 0 { BatchFormat::Csv } else { BatchFormat::JsonLines };
        let mut output = Vec::new();
        let mut progress = 0;
        let mut reader = input;
        let tell = &mut |rows| progress = rows;
        match check_batch(workbench(), &Scenario::default(), format, &mut reader, &mut output, None, tell) {
            Ok(summary) => {
                assert_eq!(progress, summary.rows, "the last word on progress is the number of rows");
                match format {
                    BatchFormat::Csv => check_csv(input, &output, summary),
                    BatchFormat::JsonLines => check_json(&output, summary),
                }
            }
            Err(failure) => {
                assert!(!failure.message.is_empty(), "a refusal says why");
                return narrows_fuzz::keep_few(bytes);
            }
        }
        Corpus::Keep
    }
);

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    narrows_fuzz::mutate(data, size, max_size, seed, 1, WORDS)
});
