//! Hostile input: nothing brings the program down, each gets its message and exit status, and
//! the other rows of a table are answered.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "test code: a panic is the report")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn narrows(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_narrows"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .expect("the program runs")
}

fn status(output: &Output) -> i32 {
    output.status.code().expect("it ends by itself")
}

/// Columns pass through unchanged, whatever bytes they hold.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The program did not panic, whatever else it said.
fn is_calm(output: &Output) -> bool {
    !text(&output.stderr).contains("panicked") && status(output) != 101
}

#[test]
fn commands_fail_with_their_status_and_message() {
    let table = fs::read_to_string(root().join("cases/hostile/commands.toml")).expect("the cases");
    let table: toml::Table = table.parse().expect("TOML");
    let folder = tempfile::tempdir().expect("a folder");
    let commands = table["command"].as_array().expect("commands");
    assert!(commands.len() >= 40);
    let mut wrong = String::new();
    for command in commands {
        let (name, says) =
            (command["name"].as_str().expect("a name"), command["says"].as_str().expect("says"));
        let arguments = command["arguments"].as_array().expect("arguments");
        let arguments: Vec<&str> = arguments.iter().map(|it| it.as_str().expect("a text")).collect();
        let output = narrows(folder.path(), &arguments);
        let expected = command["status"].as_integer().expect("a status");
        let said = if expected == 0 { text(&output.stdout) } else { text(&output.stderr) };
        if i64::from(status(&output)) != expected || !said.contains(says) || !is_calm(&output) {
            wrong.push_str(&format!("{name}: status {}, says {said}\n", status(&output)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    let left: Vec<_> = fs::read_dir(folder.path()).expect("the folder").collect();
    assert!(left.is_empty(), "something was written: {left:?}");
}

fn rows(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader
        .deserialize()
        .map(|row| {
            let row: BTreeMap<String, String> = row.expect("a row as wide as its header");
            (row["id"].clone(), row)
        })
        .collect()
}

#[test]
fn bad_rows_have_their_error_and_good_rows_their_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = root().join("cases/hostile/table.csv");
    let path = path.to_str().expect("a plain path");
    let output = narrows(folder.path(), &["check", "--batch", path, "--output", "answered.csv"]);
    assert_eq!(status(&output), 2, "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("18 of 25 rows have an error"), "{}", text(&output.stderr));
    let answered = fs::read_to_string(folder.path().join("answered.csv")).expect("the answered table");
    let rows = rows(&answered);
    assert_eq!(rows.len(), 25);
    let expected = [
        ("unknown-chip", "unknown chip `H999`"),
        ("ambiguous-chip", "may be any of intel.gaudi1-hl205"),
        ("no-item", "the row names no item and gives no facts"),
        ("unknown-fact", "unknown fact `colour`"),
        ("wrong-unit", "expected a number in TPP"),
        ("nan", "found `NaN`"),
        ("infinity", "found `inf`"),
        ("minus-infinity", "found `-Infinity`"),
        ("huge", "too large to be held exactly"),
        ("negative-area", "-814 lies outside the range"),
        ("zero-area", "0 lies outside the range"),
        ("no-equals", "expected name=value, found `tpp`"),
        ("before-coverage", "lies before coverage"),
        ("no-such-day", "expected a date such as 2020-12-31, found `2025-02-30`"),
        ("no-day", "column `on` is empty"),
        ("no-such-country", "unknown place `ZZ`"),
        ("no-country", "column `to` is empty"),
        ("no-such-headquarters", "unknown place `QQ`"),
    ];
    for (id, error) in expected {
        assert!(rows[id]["error"].contains(error), "{id}: {}", rows[id]["error"]);
        assert!(rows[id]["status"].is_empty() && rows[id]["class"].is_empty(), "{id}");
    }
    let answers = [
        ("good-first", "licence_required"),
        ("good-last", "not_controlled"),
        ("far-future", "licence_required"),
        ("kosovo", "nlr_destination"),
        ("hong-kong-for-an-american", "denied_presumption"),
        ("any-script", "gp10_risk"),
        ("quoted \"id\", with a comma", "licence_required"),
    ];
    for (id, status) in answers {
        assert_eq!(rows[id]["status"], status, "{id}");
        assert!(rows[id]["error"].is_empty(), "{id}");
    }
    assert_eq!(rows["good-first"]["note"], "kept as it is");
    assert_eq!(rows["quoted \"id\", with a comma"]["note"], "a note, with \"quotes\"");
}

/// Runs a table given as bytes; gives the exit status, the answered table and what was said.
fn table(name: &str, content: &[u8]) -> (i32, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(name), content).expect("a file");
    let output = narrows(folder.path(), &["check", "--batch", name]);
    assert!(is_calm(&output), "{}", text(&output.stderr));
    (status(&output), text(&output.stdout), text(&output.stderr))
}

const HEADER: &str = "id,item,facts,on,to,headquarters\n";

#[test]
fn odd_tables_are_answered_or_refused_as_a_whole() {
    let (code, _, said) = table("empty.csv", b"");
    assert_eq!((code, said.contains("empty.csv")), (2, true), "{said}");

    let (code, answered, _) = table("header-only.csv", HEADER.as_bytes());
    assert_eq!((code, answered.lines().count()), (0, 1));

    let (code, _, said) = table("no-columns.csv", b"a,b\n1,2\n");
    assert_eq!((code, said.contains("column")), (2, true), "{said}");

    let (code, _, said) = table("twice.csv", b"id,item,on,on,to\n1,H20,2025-01-01,2025-01-01,CN\n");
    assert_eq!((code, said.contains("twice")), (2, true), "{said}");

    let (code, _, said) = table("binary.csv", &[0, 159, 146, 150, 255, 254, 10]);
    assert_eq!(code, 2, "{said}");

    let (code, _, said) = table("utf16.csv", b"\xff\xfei\0d\0\n\0");
    assert_eq!(code, 2, "{said}");
}

#[test]
fn a_row_of_the_wrong_width_or_bytes_is_one_bad_row() {
    let content = [
        HEADER.as_bytes(),
        b"short,H20\n",
        b"long,H20,,2025-01-01,CN,,and,more\n",
        b"bytes,\xff\xfe,,2025-01-01,CN,\n",
        b"good,H20,,2025-05-01,CN,\n",
    ]
    .concat();
    let (code, answered, _) = table("widths.csv", &content);
    assert_eq!(code, 2);
    let good = answered.lines().find(|line| line.starts_with("good")).expect("the good row");
    assert!(good.contains("licence_required"), "{good}");
    assert_eq!(answered.lines().count(), 5, "{answered}");
}

#[test]
fn carriage_returns_marks_and_long_lines_are_no_obstacle() {
    let windows = format!("\u{feff}{HEADER}a,H20,,2025-05-01,CN,\n").replace('\n', "\r\n");
    let (code, answered, said) = table("windows.csv", windows.as_bytes());
    assert_eq!(code, 0, "{said}");
    assert_eq!(rows(&answered)["a"]["status"], "licence_required");

    let long = format!("{HEADER}long,{},,2025-05-01,CN,\ngood,H20,,2025-05-01,CN,\n", "H".repeat(10 << 20));
    let (code, answered, said) = table("long.csv", long.as_bytes());
    assert_eq!(code, 2, "{:.200}", said);
    assert!(answered.contains("\ngood,H20,,2025-05-01,CN,,licence_required"), "the good row is answered");
}

#[test]
fn json_lines_in_give_json_lines_out() {
    let content = "\u{feff}{\"id\":\"a\",\"item\":\"H20\",\"on\":\"2025-05-01\",\"to\":\"CN\",\"own\":[1,{\"deep\":null}]}\r\n\
                   \n\
                   {\"id\":\"b\",\"item\":7,\"on\":\"2025-05-01\",\"to\":\"CN\"}\n\
                   [1,2]\n\
                   {\"id\":\"c\",\"item\":\"H20\"\n\
                   {\"id\":\"d\",\"facts\":\"tpp=1e999\",\"on\":\"2025-05-01\",\"to\":\"CN\"}\n\
                   {\"id\":\"e\",\"facts\":\"tpp=100; item_kind=logic_ic\",\"on\":\"2025-05-01\",\"to\":\"FR\"}";
    let (code, answered, said) = table("rows.jsonl", content.as_bytes());
    assert_eq!(code, 2, "{said}");
    let lines: Vec<serde_json::Value> =
        answered.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |id: &str| lines.iter().find(|line| line["id"] == id).expect("the row");
    assert_eq!(of("a")["status"], "licence_required");
    assert_eq!(of("a")["own"], serde_json::json!([1, {"deep": null}]));
    assert_eq!(of("e")["status"], "not_controlled");
    let errors = lines.iter().filter(|line| line["error"].as_str().is_some_and(|error| !error.is_empty()));
    assert_eq!(errors.count(), 4, "{answered}");
}

#[test]
fn standard_input_is_read_in_either_form() {
    use std::io::Write;
    use std::process::Stdio;
    for (content, expected) in [
        (format!("{HEADER}a,H20,,2025-05-01,CN,\n"), "a,H20,,2025-05-01,CN,,licence_required"),
        (
            "{\"id\":\"a\",\"item\":\"H20\",\"on\":\"2025-05-01\",\"to\":\"CN\"}\n".to_owned(),
            "\"status\":\"licence_required\"",
        ),
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_narrows"))
            .args(["check", "--batch", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program runs");
        child.stdin.take().expect("a pipe").write_all(content.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        assert!(text(&output.stdout).contains(expected), "{}", text(&output.stdout));
    }
}

#[test]
fn a_file_that_is_there_survives_a_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("answered.csv"), "what was there").expect("a file");
    fs::write(folder.path().join("bad.csv"), "a,b\n1,2\n").expect("a file");
    let output = narrows(folder.path(), &["check", "--batch", "bad.csv", "--output", "answered.csv"]);
    assert_eq!(status(&output), 2);
    let left = fs::read_to_string(folder.path().join("answered.csv")).expect("the file");
    assert_eq!(left, "what was there");
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 2, "no draft is left behind");
}

#[test]
fn data_of_the_users_own_are_checked_before_they_are_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let chips = folder.path().join("chips");
    fs::create_dir(&chips).expect("a folder");
    for (content, says) in [
        ("id = \"nvidia.mine\"\nname = 3\n", "name: expected a text, found the number 3"),
        ("id = [[[[", ""),
        ("", "id: the field is missing"),
    ] {
        fs::write(chips.join("mine.toml"), content).expect("a file");
        let output = narrows(folder.path(), &["--data", ".", "chip", "H20"]);
        assert_eq!(status(&output), 2, "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("mine.toml:"), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains(says), "{}", text(&output.stderr));
    }
    fs::write(chips.join("mine.toml"), [0xff, 0xfe]).expect("a file");
    let output = narrows(folder.path(), &["--data", ".", "data", "check"]);
    assert_eq!(status(&output), 2);
    assert!(text(&output.stderr).contains("expected UTF-8 text"), "{}", text(&output.stderr));
}

#[test]
fn columns_that_are_nearly_ours_are_not_passed_over_in_silence() {
    let folder = tempfile::tempdir().expect("a folder");
    let ask = |name: &str, table: &str| {
        fs::write(folder.path().join(name), table).expect("a file");
        narrows(folder.path(), &["check", "--batch", name])
    };
    let output = ask("a.csv", "id,item,on,to,Headquarters\na,H100,2024-06-01,SG,CN\n");
    assert_eq!(status(&output), 2);
    assert!(text(&output.stderr).contains("column `Headquarters`: expected `headquarters`"));
    let output = ask("b.csv", "id,item,on,to,headquarter\na,H100,2024-06-01,SG,CN\n");
    assert_eq!(status(&output), 0);
    let says = "note: column `headquarter` passes through unread; `headquarters` is what asks";
    assert!(text(&output.stderr).contains(says), "{}", text(&output.stderr));
    let output =
        ask("c.jsonl", "{\"item\":\"H100\",\"on\":\"2024-06-01\",\"to\":\"SG\",\"Known-On\":\"x\"}\n");
    assert_eq!(status(&output), 2);
    assert!(text(&output.stdout).contains("field `Known-On`: expected `known_on`"));
    let output = ask("d.csv", "id,item,on,to,end_users\na,H100,2024-06-01,SG,Somebody\n");
    let says = "note: column `end_users` passes through unread; `end_user` is what asks";
    assert!(text(&output.stderr).contains(says), "{}", text(&output.stderr));
}

#[test]
fn lines_of_json_come_back_as_they_were() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = "{\"weight\":1.10,\"serial\":123456789012345678901234567890,\"item\":\"H20\",\"on\":\"2025-05-01\",\"to\":\"CN\"}\n{ broken\n{\"status\":\"mine\",\"item\":\"H20\"}\n";
    fs::write(folder.path().join("a.jsonl"), lines).expect("a file");
    let output = narrows(folder.path(), &["check", "--batch", "a.jsonl"]);
    assert_eq!(status(&output), 2);
    let answered = text(&output.stdout);
    let answered: Vec<&str> = answered.lines().collect();
    assert!(
        answered[0].contains("\"weight\":1.10,\"serial\":123456789012345678901234567890"),
        "{answered:?}"
    );
    assert!(answered[1].contains("\"line\":\"{ broken\""), "{answered:?}");
    assert!(answered[2].contains("\"status\":\"mine\""), "{answered:?}");
}

#[test]
fn reforms_of_the_users_own_are_known_by_name_and_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    let reforms = folder.path().join("reforms");
    fs::create_dir(&reforms).expect("a folder");
    let example = fs::read_to_string(root().join("data/reforms/example-lower-tpp-floor.toml")).expect("text");
    fs::write(reforms.join("mine.toml"), example.replace("2300", "2350")).expect("a file");
    let asked = ["--data", ".", "check", "H20", "--to", "CN", "--on", "2024-03-01", "--reform", "mine"];
    let output = narrows(folder.path(), &asked);
    assert_eq!(status(&output), 0, "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains(">= 2,350 TPP"), "{}", text(&output.stdout));
    fs::write(reforms.join("mine.toml"), "garbage = [").expect("a file");
    let output = narrows(folder.path(), &["data", "check", "."]);
    assert_eq!(status(&output), 2);
    assert!(text(&output.stderr).contains("mine.toml:1"), "{}", text(&output.stderr));
    fs::create_dir(folder.path().join("typo")).expect("a folder");
    fs::write(folder.path().join("typo/a.toml"), "").expect("a file");
    let output = narrows(folder.path(), &["data", "check", "."]);
    assert!(text(&output.stderr).contains("expected data files in the folders"), "{}", text(&output.stderr));
}
