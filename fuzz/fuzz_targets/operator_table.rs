//! Any bytes as a table of operators (`narrows perf op --batch`).
//!
//! Nothing may panic. A table is refused as a whole with a message, or every row of it comes
//! back with a time that is finite and positive, or with an error of its own.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use narrows::performance::operator_batch::operator_batch;
use narrows::{BatchSummary, Workbench};

fn check(input: &[u8], output: &[u8], summary: BatchSummary) {
    let read = |table: &[u8]| {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(table);
        reader.byte_records().map(|row| row.expect("rows of any width and bytes can be read")).count() as u64
    };
    assert_eq!(summary.rows, read(input), "rows were read that are not there, or the other way round");
    // A reader that is not flexible refuses rows of another width than the header.
    let mut answered = csv::Reader::from_reader(output);
    let header = answered.byte_headers().expect("a header").clone();
    let column = |name: &str| header.iter().rposition(|column| column == name.as_bytes()).expect("a column of ours");
    let (time, bound, error) = (column("predicted_us"), column("bound"), column("error"));
    let (mut count, mut errors) = (0, 0);
    for row in answered.byte_records() {
        let row = row.expect("a row as wide as the header");
        let failed = !row[error].is_empty();
        assert!(failed == row[time].is_empty() && failed == row[bound].is_empty(), "a row has a time or an error");
        if !failed {
            let text = std::str::from_utf8(&row[time]).expect("a number");
            let time: f64 = text.parse().expect("a number");
            assert!(time.is_finite() && time > 0.0, "a time of {time} us");
        }
        count += 1;
        errors += u64::from(failed);
    }
    assert_eq!((count, errors), (summary.rows, summary.errors));
}

/// Columns and cells, and some that are refused.
const WORDS: &str = "\
    chip dtype kv_dtype m n k batch q_len kv_len heads kv_heads head_dim window phase tokens hidden inter topk \
    experts tp ep distribution gated op bytes elements size_convention per_rank total library nccl gpus_per_node \
    mode nodes ranks rows cols config kernel_source framework latency_us predicted_us error H20 H100 A100 910B \
    MI300X B200 TPUv3 H100-pairwise-NVLink bfloat16 float16 fp8 fp8_block nvfp4 int8_wo w4a16_mxfp4 balanced \
    power_law_1.2 power_law_1e9 all_reduce all_gather reduce_scatter all_to_all send_recv moe_dispatch decode \
    prefill low_latency softmax layernorm rope add vidur:mlp_act h=32;kv=8;tp=2 default vllm sglang triton marlin \
    0 1 8 64 256 4096 7168 1e12 1e13 1e300 -1 0.5 nan inf";

static WORKBENCH: OnceLock<Workbench> = OnceLock::new();

fn workbench() -> &'static Workbench {
    WORKBENCH.get_or_init(Workbench::default)
}

fuzz_target!(
    init: {
        let workbench = workbench();
        workbench.chips().expect("sound data");
        workbench.performance().expect("sound data");
    },
    |bytes: &[u8]| -> Corpus {
        let mut output = Vec::new();
        let mut progress = 0;
        let tell = &mut |rows| progress = rows;
        let mut reader = bytes;
        match operator_batch(workbench(), "table.csv", &mut reader, &mut output, tell) {
            Ok(summary) => {
                assert_eq!(progress, summary.rows, "the last word on progress is the number of rows");
                check(bytes, &output, summary);
                Corpus::Keep
            }
            Err(failure) => {
                assert!(failure.message.starts_with("table.csv: "), "{}", failure.message);
                narrows_fuzz::keep_few(bytes)
            }
        }
    }
);

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    narrows_fuzz::mutate(data, size, max_size, seed, 0, WORDS)
});
