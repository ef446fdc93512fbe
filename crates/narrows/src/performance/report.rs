//! The table of errors as a document.

use std::fmt::Write as _;

use super::accuracy::{Accuracy, AccuracyRow, Errors};

/// The document of `perf validate --report`.
#[must_use]
pub fn document(accuracy: &Accuracy) -> String {
    let mut text = String::from(
        "# Accuracy\n\n\
         Predicted against measured: absolute percentage errors, median / 90th percentile. This file is written by\n\n\
         ```sh\n\
         narrows perf validate data/measured/*.csv --leave-out --report docs/accuracy.md\n\
         ```\n\n\
         - **fitted**: with the constants that ship, which were fitted to these rows. It is *not* the error to expect.\n\
         - **known chip**: constants fitted anew with a quarter of the configurations left out, four times; the\n  \
           error is that on what was left out. A configuration measured on several chips is left out on all of them.\n\
         - **chip never seen**: constants fitted anew without any row of the chip, on the other chips of its family,\n  \
           or on the nearest family that was measured.\n\
         - **baseline**: `2.5 us + max(operations / (0.75 peak), bytes / (0.8 bandwidth))`, one efficiency for all chips.\n\
         - **bias**: median of the signed error with the constants that ship; above zero, what is predicted is larger.\n",
    );
    let mut operators: Vec<&str> = accuracy.rows.iter().map(|row| row.operator.as_str()).collect();
    operators.dedup();
    for operator in operators {
        let _ = write!(
            text,
            "\n## {operator}\n\n\
             | chip | precision | path | rows | fitted | bias | known chip | chip never seen | baseline | skipped |\n\
             |---|---|---|---:|---:|---:|---:|---:|---:|---:|\n"
        );
        let rows = accuracy.rows.iter().filter(|row| row.operator == operator);
        for row in rows.chain(accuracy.pooled.iter().filter(|row| row.operator == operator)) {
            line(&mut text, row);
        }
    }
    if !accuracy.published.is_empty() {
        text.push_str(
            "\n## Published results one by one\n\n\
             With the constants that ship. Results of training were fitted to (see *known chip* above for the error to\n\
             expect); those of prefill and decoding were not, except that constants of kernels and links were.\n\n\
             | id | what | metric | published | computed | difference |\n|---|---|---|---:|---:|---:|\n",
        );
        for check in &accuracy.published {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {:+.1} % |",
                check.id,
                check.what.replace('|', "\\|"),
                check.metric,
                significant(check.published),
                significant(check.computed),
                100.0 * (check.computed / check.published - 1.0)
            );
        }
    }
    if !accuracy.skipped.is_empty() {
        text.push_str("\n## Rows without a prediction\n\n| rows | reason |\n|---:|---|\n");
        for (reason, count) in &accuracy.skipped {
            let _ = writeln!(text, "| {count} | {} |", reason.replace('|', "\\|"));
        }
    }
    text
}

fn line(text: &mut String, row: &AccuracyRow) {
    let pair = |errors: Option<Errors>| {
        errors
            .filter(|errors| errors.count > 0)
            .map_or_else(String::new, |it| format!("{:.1} / {:.0} %", 100.0 * it.median, 100.0 * it.p90))
    };
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} | {} | {:+.1} % | {} | {} | {} | {} |",
        row.chip,
        row.precision,
        row.variant,
        row.errors.count,
        pair(Some(row.errors)),
        100.0 * row.errors.bias,
        pair(row.known),
        pair(row.unseen),
        pair(row.baseline),
        row.skipped
    );
}

/// Four significant digits.
fn significant(value: f64) -> String {
    if value.abs() >= 1000.0 {
        format!("{value:.0}")
    } else if value.abs() >= 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}
