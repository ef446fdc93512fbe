//! Hostile quotes and factors: each gets its message, nothing is left out in silence, and what
//! can be answered is.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "test code: a panic is the report")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases/hostile")
}

/// Lines are broken where they are wide: words are compared.
fn words(text: &[u8]) -> String {
    String::from_utf8_lossy(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text<'a>(case: &'a toml::Value, key: &str) -> Option<&'a str> {
    Some(case.get(key)?.as_str().expect("a text"))
}

/// The table of a case: bytes of its own, or a sound one with some texts replaced.
fn table(case: &toml::Value, file: &str) -> Vec<u8> {
    if let Some(bytes) = case.get("bytes") {
        let bytes = bytes.as_array().expect("numbers");
        return bytes
            .iter()
            .map(|it| it.as_integer().and_then(|it| it.try_into().ok()).expect("a byte"))
            .collect();
    }
    let sound = cases().join("quotes").join(text(case, "from").unwrap_or(file));
    let mut table = fs::read_to_string(sound).expect("a sound table");
    for pair in case.get("replace").and_then(toml::Value::as_array).into_iter().flatten() {
        let [from, to] = [0, 1].map(|at| pair[at].as_str().expect("a pair of texts"));
        assert!(table.contains(from), "{:?}: `{from}` is not in the table", case["name"]);
        table = table.replace(from, to);
    }
    table.into_bytes()
}

/// What is not as the case says.
fn wrong(case: &toml::Value) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).expect("a file");
    let file = text(case, "file").unwrap_or("acme.csv");
    write(file, &table(case, file));
    let asks = text(case, "asks").expect("asks");
    write("asked.csv", format!("event_date,ticker,return,model,window\n{asks}\n").as_bytes());
    let mut arguments = vec!["shock", "--batch", "asked.csv", "--prices", file];
    if let Some(factors) = text(case, "factors") {
        write("factors.csv", factors.as_bytes());
        arguments.extend(["--factors", "factors.csv"]);
    }
    let output = Command::new(env!("CARGO_BIN_EXE_narrows"))
        .args(arguments)
        .current_dir(folder.path())
        .env("NO_COLOR", "1")
        .output()
        .expect("the program runs");
    let said = words(&output.stderr);
    let mut wrong = String::new();
    let status = output.status.code().map(i64::from);
    if status != case["status"].as_integer() || said.contains("panicked") {
        wrong.push_str(&format!("status {status:?}; "));
    }
    for says in case["says"].as_array().expect("texts") {
        let says = says.as_str().expect("a text");
        if !said.contains(says) {
            wrong.push_str(&format!("does not say `{says}`; "));
        }
    }
    if said.is_empty() != case["says"].as_array().is_some_and(Vec::is_empty) {
        wrong.push_str("says more or less than the case; ");
    }
    if let Some(answer) = case.get("answer").and_then(toml::Value::as_table) {
        let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
        let header = reader.headers().cloned().unwrap_or_default();
        let row = reader.records().next().and_then(Result::ok).unwrap_or_default();
        for (column, holds) in answer {
            let at = header.iter().position(|name| name == column).expect("a column of the answer");
            let (found, holds) = (&row[at], holds.as_str().expect("a text"));
            if found.is_empty() != holds.is_empty() || !found.contains(holds) {
                wrong.push_str(&format!("{column} is `{found}`, not `{holds}`; "));
            }
        }
    }
    if wrong.is_empty() { wrong } else { format!("{:?}: {wrong}it says: {said}\n", case["name"]) }
}

#[test]
fn quotes_and_factors_with_one_thing_wrong_are_told_and_answered() {
    let table = fs::read_to_string(cases().join("market.toml")).expect("the cases");
    let table: toml::Table = table.parse().expect("TOML");
    let cases = table["case"].as_array().expect("cases");
    assert!(cases.len() >= 45);
    let wrong: String = cases.iter().map(wrong).collect();
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_order_of_rows_changes_no_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let sound = fs::read_to_string(cases().join("quotes/acme.csv")).expect("a sound table");
    let mut lines: Vec<&str> = sound.lines().skip(1).collect();
    lines.reverse();
    let turned = format!("date,ticker,adj_close\n{}\n", lines.join("\n"));
    let rows = "event_date,ticker,return,model,window\n2025-04-16,ACME,,,\"-1,+1\"\n2025-03-03,ACME,,mean_adjusted,\n";
    fs::write(folder.path().join("asked.csv"), rows).expect("a file");
    let ask = |content: &str| {
        fs::write(folder.path().join("acme.csv"), content).expect("a file");
        let output = Command::new(env!("CARGO_BIN_EXE_narrows"))
            .args(["shock", "--batch", "asked.csv", "--prices", "acme.csv"])
            .current_dir(folder.path())
            .output()
            .expect("the program runs");
        assert!(output.status.success(), "{}", words(&output.stderr));
        output.stdout
    };
    assert_eq!(ask(&sound), ask(&turned));
}
