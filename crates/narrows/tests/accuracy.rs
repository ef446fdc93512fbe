//! The constants that ship meet the measured rows that ship as closely as the accuracy
//! document says, and the published results that everybody knows come out.

#![expect(clippy::expect_used, reason = "test code: a panic is the report")]

use std::fs;
use std::path::Path;

use narrows::Workbench;
use narrows::performance::accuracy::{Accuracy, MeasuredTable, ValidateRequest, validate};

fn compared(files: &[&str]) -> Accuracy {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/measured");
    let read = |name: &&str| MeasuredTable {
        shown: (*name).to_owned(),
        text: fs::read_to_string(folder.join(name)).expect("a measured table"),
    };
    let request = ValidateRequest { tables: files.iter().map(read).collect(), leave_out: false };
    validate(&Workbench::default(), &request, &mut |_, _, _| Ok(()), &mut |_| {}).expect("errors")
}

/// Pooled median and 90th percentile of each kernel at most, in percent: those of
/// `docs/accuracy.md`, and a little more.
const LIMITS: [(&str, f64, f64); 9] = [
    ("gemm", 4.6, 17.0),
    ("attention_prefill", 3.4, 13.0),
    ("attention_decode", 5.0, 20.0),
    ("mla_prefill", 4.6, 16.0),
    ("mla_decode", 4.5, 22.0),
    ("experts", 7.6, 29.0),
    ("collective", 3.4, 18.0),
    ("exchange", 5.0, 13.0),
    ("elementwise", 5.8, 29.0),
];

#[test]
fn kernels_meet_the_rows_that_they_were_fitted_to() {
    let accuracy = compared(&[
        "gemm.csv",
        "attention_prefill.csv",
        "attention_decode.csv",
        "mla.csv",
        "moe_grouped_gemm.csv",
        "collectives.csv",
        "moe_all_to_all_deepep.csv",
        "elementwise_and_layer_parts.csv",
    ]);
    for (kernel, median, p90) in LIMITS {
        let pooled = accuracy.pooled.iter().find(|row| row.operator == kernel).expect(kernel);
        let errors = pooled.errors;
        assert!(errors.count > 700, "{kernel}: {} rows", errors.count);
        assert!(100.0 * errors.median <= median, "{kernel}: median {}", errors.median);
        assert!(100.0 * errors.p90 <= p90, "{kernel}: 90th percentile {}", errors.p90);
        let baseline = pooled.baseline.expect("a baseline");
        assert!(baseline.median > 2.0 * errors.median, "{kernel}: no better than one efficiency for all");
    }
}

#[test]
fn published_results_come_out() {
    let accuracy = compared(&["e2e.csv", "named_checks.csv"]);
    // Id of the row, and by how much the computed value may differ, in percent.
    let checks = [
        ("e0400", 8.0),  // DeepSeek-V3: H800-hours per trillion tokens
        ("e0397", 8.0),  // Llama 3 405B on 8,192 H100
        ("e0388", 8.0),  // Megatron 1T, selective recomputation
        ("e0432", 15.0), // Pangu Ultra MoE
        ("e0411", 20.0), // DeepSeek's prefill on H800, computed tokens
        ("n01", 20.0),   // DeepSeek's decoding on H800
        ("n03", 20.0),   // decoding on H20
    ];
    for (id, limit) in checks {
        let check = accuracy.published.iter().find(|check| check.id == id).expect(id);
        let error = 100.0 * (check.computed / check.published - 1.0);
        assert!(error.abs() <= limit, "{id}: {} computed, {} published", check.computed, check.published);
    }
}
