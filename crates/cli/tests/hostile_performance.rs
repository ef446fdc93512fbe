//! Hostile input for the performance engine: each gets its message and exit status, and the
//! other rows of a table are answered.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "test code: a panic is the report")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases/hostile")
}

fn narrows(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_narrows"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Lines are broken where they are wide: words are compared.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn commands_fail_with_their_status_and_message() {
    let table = fs::read_to_string(cases().join("performance.toml")).expect("the cases");
    let table: toml::Table = table.parse().expect("TOML");
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("models")).expect("a folder");
    for model in fs::read_dir(cases().join("models")).expect("models") {
        let model = model.expect("a model");
        fs::copy(model.path(), folder.path().join("models").join(model.file_name())).expect("a copy");
    }
    let commands = table["command"].as_array().expect("commands");
    assert!(commands.len() >= 120);
    let mut wrong = String::new();
    for command in commands {
        let name = command["name"].as_str().expect("a name");
        let says = command["says"].as_str().expect("says");
        let arguments = command["arguments"].as_array().expect("arguments");
        let arguments: Vec<&str> = arguments.iter().map(|it| it.as_str().expect("a text")).collect();
        let output = narrows(folder.path(), &arguments);
        let status = output.status.code().map(i64::from);
        let expected = command["status"].as_integer();
        let said = if expected == Some(0) { text(&output.stdout) } else { text(&output.stderr) };
        let is_calm = !text(&output.stderr).contains("panicked");
        if status != expected || !words(&said).contains(&words(says)) || !is_calm {
            wrong.push_str(&format!("{name}: status {status:?}, says {said}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    let left = fs::read_dir(folder.path()).expect("the folder").count();
    assert_eq!(left, 1, "something was written");
}

/// Runs a table of operators; gives the exit status, the answered table and what was said.
fn table(name: &str, content: &[u8]) -> (i32, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(name), content).expect("a file");
    let output = narrows(folder.path(), &["perf", "op", "--batch", name]);
    let said = text(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
    (output.status.code().expect("it ends by itself"), text(&output.stdout), said)
}

fn rows(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize().map(|row| {
        let row: BTreeMap<String, String> = row.expect("a row as wide as its header");
        (row["id"].clone(), row)
    });
    rows.collect()
}

#[test]
fn bad_rows_have_their_error_and_good_rows_their_time() {
    let content = fs::read(cases().join("operators/rows.csv")).expect("the table");
    let (status, answered, said) = table("rows.csv", &content);
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("13 of 20 rows"), "{said}");
    let rows = rows(&answered);
    assert_eq!(rows.len(), 20);
    let expected = [
        ("unknown-chip", "unknown chip `H999`"),
        ("ambiguous-chip", "may be any of intel.gaudi1-hl205"),
        ("no-chip", "unknown chip ``"),
        ("unknown-precision", "unknown precision `fp9`"),
        ("no-precision", "dtype: expected a precision such as bfloat16, found nothing"),
        ("nan", "m: expected a number from 1 to 1e12, found `NaN`"),
        ("infinity", "m: expected a number from 1 to 1e12, found `inf`"),
        ("negative", "m: expected a number from 1 to 1e12, found `-1`"),
        ("zero", "m: expected a number from 1 to 1e12, found `0`"),
        ("huge", "m: expected a number from 1 to 1e12, found `1e300`"),
        ("words", "m: expected a number of at least 0, found `4k`"),
        ("nothing", "m: expected a number of at least 0, found ``"),
        ("short", "m: expected a number of at least 0, found ``"),
    ];
    for (id, error) in expected {
        assert!(rows[id]["error"].contains(error), "{id}: {}", rows[id]["error"]);
        assert!(rows[id]["predicted_us"].is_empty() && rows[id]["bound"].is_empty(), "{id}");
    }
    let answers =
        ["good-first", "fallback", "one", "fraction", "long", "quoted \"id\", with a comma", "good-last"];
    for id in answers {
        let time: f64 = rows[id]["predicted_us"].parse().expect("a time");
        assert!(time > 0.0 && time.is_finite(), "{id}: {time}");
        assert!(rows[id]["error"].is_empty(), "{id}");
    }
    assert_eq!(rows["good-first"]["predicted_us"], rows["long"]["predicted_us"]);
    assert_eq!(rows["good-first"]["note"], "kept as it is");
    assert_eq!(rows["quoted \"id\", with a comma"]["note"], "a note, with \"quotes\"");
    assert!(rows["fallback"]["calibration"].contains("fp8 computed as int8_wo"), "{:?}", rows["fallback"]);
}

const HEADER: &str = "id,chip,dtype,m,n,k\n";
const ROW: &str = "a,H20,bf16,4096,4096,4096\n";

#[test]
fn odd_tables_are_answered_or_refused_as_a_whole() {
    let refused: [(&str, &[u8], &str); 9] = [
        ("empty.csv", b"", "expected a header with the columns of an operator, found none"),
        ("missing.csv", b"chip,m,n\nH20,1,2\n", "expected the columns of an operator table"),
        ("no-chip.csv", b"dtype,m,n,k\nbf16,1,2,3\n", "expected the columns of an operator table"),
        ("capitals.csv", b"Chip,Dtype,M,N,K\nH20,bf16,1,2,3\n", "found Chip, Dtype, M, N, K"),
        ("semicolons.csv", b"chip;dtype;m;n;k\nH20;bf16;1;2;3\n", "found chip;dtype;m;n;k"),
        (
            "ours.csv",
            b"chip,dtype,m,n,k,predicted_us\nH20,bf16,1,2,3,4\n",
            "column `predicted_us`: the name is that",
        ),
        ("twice.csv", b"chip,dtype,m,n,k,m\nH20,bf16,1,2,3,4\n", "column `m` is given twice"),
        ("binary.csv", &[0, 159, 146, 150, 255, 254, 10], "expected the columns of an operator table"),
        ("utf16.csv", b"\xff\xfec\0h\0\n\0", "expected the columns of an operator table"),
    ];
    for (name, content, says) in refused {
        let (status, answered, said) = table(name, content);
        assert_eq!((status, answered.as_str()), (2, ""), "{name}: {said}");
        assert!(said.contains(name) && said.contains(says), "{name}: {said}");
    }
    let (status, answered, _) = table("header-only.csv", HEADER.as_bytes());
    assert_eq!((status, answered.lines().count()), (0, 1));
}

#[test]
fn carriage_returns_marks_and_odd_bytes_are_no_obstacle() {
    let (_, plain, _) = table("plain.csv", format!("{HEADER}{ROW}").as_bytes());
    let windows = format!("\u{feff}{HEADER}{ROW}").replace('\n', "\r\n");
    let (status, answered, said) = table("windows.csv", windows.as_bytes());
    assert_eq!(status, 0, "{said}");
    assert_eq!(rows(&answered)["a"], rows(&plain)["a"]);

    let bytes = [HEADER.as_bytes(), b"b,H20,\xff\xfe,1,1,1\n", ROW.as_bytes()].concat();
    let (status, answered, _) = table("bytes.csv", &bytes);
    assert_eq!((status, answered.lines().count()), (2, 3));
    assert!(answered.lines().last().expect("a row").starts_with("a,H20,bf16,4096,4096,4096,"), "{answered}");

    let long = format!("{HEADER}long,{},bf16,1,1,1\n{ROW}", "H".repeat(1 << 20));
    let (status, answered, said) = table("long.csv", long.as_bytes());
    assert_eq!(status, 2, "{said:.200}");
    assert!(answered.contains("\na,H20,bf16,4096,4096,4096,"), "the good row is answered");
}

#[test]
fn a_file_that_is_there_survives_a_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("answered.csv"), "what was there").expect("a file");
    fs::write(folder.path().join("bad.csv"), "a,b\n1,2\n").expect("a file");
    let output = narrows(folder.path(), &["perf", "op", "--batch", "bad.csv", "--output", "answered.csv"]);
    assert_eq!(output.status.code(), Some(2));
    let left = fs::read_to_string(folder.path().join("answered.csv")).expect("the file");
    assert_eq!(left, "what was there");
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 2, "no draft is left behind");
}
