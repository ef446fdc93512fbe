//! Receipts as the command keeps them: what was acknowledged survives whatever stops the
//! program, and what is recorded is found, compared and handed on.
//!
//! The full form of the first test, with a table of 100,000 rows and 50 kills:
//!
//! ```console
//! $ NARROWS_KILLS=50 NARROWS_KILL_ROWS=100000 cargo test -p narrows-cli --test ledger kill -- --nocapture
//! ```

#![cfg(unix)]
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "test code: a panic is the report")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use narrows_ledger::store::{Cover, Ledger, Line, Selection, Verification};

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_narrows"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1");
    command
}

fn narrows(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn said(output: &Output) -> String {
    text(&output.stderr)
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// A table in which every row asks something else.
fn table(rows: u64, name: &str) -> String {
    let chips = ["H20", "H800", "A100", "L40S", "nvidia.h100-sxm5-80gb", "910B", "MI308X"];
    let places = ["CN", "DE", "AE", "SG", "IN", "MO", "VN", "FR", "HK"];
    let mut table = String::from("id,item,facts,on,to,headquarters\n");
    for row in 0..rows {
        let at = usize::try_from(row).expect("a small number");
        let (chip, to) = (chips[at % chips.len()], places[at % places.len()]);
        let day = row % 28 + 1;
        let month = row / 28 % 12 + 1;
        let _ =
            writeln!(table, "{name}{row},{chip},transistors_billion={row},2025-{month:02}-{day:02},{to},");
    }
    table
}

/// Rows of an answered table that are whole, as id and number of the receipt.
fn acknowledged(output: &[u8]) -> Vec<(String, u64)> {
    let Some(end) = output.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
    let mut reader = csv::Reader::from_reader(&output[..end]);
    let columns = reader.headers().expect("a header").clone();
    let of = |name: &str| columns.iter().position(|column| column == name).expect("a column");
    let (id, receipt) = (of("id"), of("receipt"));
    let rows = reader.into_records().map(|row| row.expect("a whole row"));
    rows.map(|row| (row[id].to_owned(), row[receipt].parse().expect("a receipt"))).collect()
}

fn lines(path: &Path) -> Vec<Line> {
    let mut lines = Vec::new();
    let ledger = Ledger::open(path).expect("a ledger");
    let visited = ledger.visit(&Selection::default(), &mut |line| {
        lines.push(line);
        ControlFlow::Continue(())
    });
    visited.expect("receipts");
    lines
}

fn verified(path: &Path) -> Verification {
    let verification = Ledger::open(path).expect("a ledger").verify().expect("a verification");
    assert!(verification.holds(), "{verification:?}");
    verification
}

/// Every row that was acknowledged has its receipt. Ids end in the position of the row.
fn assert_kept(path: &Path, name: &str, acknowledged: &[(String, u64)]) {
    let rows: BTreeMap<u64, u64> = lines(path)
        .into_iter()
        .filter_map(|line| Some((line.receipt.sequence, line.receipt.place?.row)))
        .collect();
    for (id, receipt) in acknowledged {
        let position: u64 = id.strip_prefix(name).expect("the name").parse().expect("a position");
        assert_eq!(rows.get(receipt), Some(&(position + 1)), "row {id} has receipt {receipt}");
    }
}

/// Numbers that look random, the same on every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }
}

#[test]
fn a_kill_at_any_moment_loses_no_acknowledged_receipt() {
    let kills = number("NARROWS_KILLS", 5);
    let rows = number("NARROWS_KILL_ROWS", 3_000);
    let mut chance = Chance(number("NARROWS_KILL_SEED", 1));
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("table.csv"), table(rows, "row-")).expect("a table");
    let path = folder.path().join("a.ledger");
    let arguments = ["check", "--batch", "table.csv", "--record", "a.ledger"];

    // How long a whole run takes, in a ledger of its own: kills fall anywhere in that time.
    let start = Instant::now();
    let whole = narrows(folder.path(), &["check", "--batch", "table.csv", "--record", "other.ledger"]);
    assert_eq!(whole.status.code(), Some(0), "{}", said(&whole));
    let whole_run = u64::try_from(start.elapsed().as_millis()).expect("a short time");
    println!("a run over {rows} rows without a kill: {whole_run} ms");

    let mut received: BTreeSet<(String, u64)> = BTreeSet::new();
    let mut done = 0;
    for kill in 1..=kills {
        let mut child = command(folder.path(), &arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let mut output = child.stdout.take().expect("a pipe");
        let reader = std::thread::spawn(move || {
            let mut read = Vec::new();
            output.read_to_end(&mut read).expect("what it wrote");
            read
        });
        let after = chance.below(whole_run);
        std::thread::sleep(Duration::from_millis(after));
        child.kill().expect("killed with SIGKILL");
        child.wait().expect("ended");
        let rows = acknowledged(&reader.join().expect("no panic"));
        if let Err(fault) = Ledger::open(&path) {
            // The program had not come to make the file, or its tables.
            let words = fault.to_string();
            assert!(
                words.contains("there is no such file") || words.contains("found an empty file"),
                "{words}"
            );
            assert!(rows.is_empty() && done == 0);
            continue;
        }
        assert_kept(&path, "row-", &rows);
        let verification = verified(&path);
        println!(
            "kill {kill} after {after} ms: {} rows acknowledged, {} receipts, {:?}",
            rows.len(),
            verification.receipts,
            verification.cover
        );
        assert!(verification.receipts >= done, "receipts do not go away");
        done = verification.receipts;
        received.extend(rows);
    }

    let output = narrows(folder.path(), &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let last = acknowledged(&output.stdout);
    assert_eq!(last.len() as u64, rows);
    assert_kept(&path, "row-", &last);
    let received: Vec<(String, u64)> = received.into_iter().collect();
    assert_kept(&path, "row-", &received);
    let verification = verified(&path);
    assert_eq!(verification.cover, Cover::EveryByte);
    // Every run recorded every row once, and its end.
    assert_eq!(verification.receipts % (rows + 1), 0, "{}", verification.receipts);
    let answered = acknowledged(&whole.stdout).len() as u64;
    assert_eq!(answered, rows);
}

#[test]
fn a_stopped_table_goes_on_and_a_finished_one_is_recorded_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = format!("{}bad,H999,,2025-01-01,CN,\n", table(40, "row-"));
    fs::write(folder.path().join("table.csv"), &table).expect("a table");
    let plain = narrows(folder.path(), &["check", "--batch", "table.csv"]);
    let record = ["check", "--batch", "table.csv", "--record", "a.ledger"];
    let first = narrows(folder.path(), &record);
    assert_eq!(first.status.code(), Some(2), "one row is bad");
    assert!(said(&first).contains("recorded 40 rows, closed by receipt 41 of a.ledger"), "{}", said(&first));
    let without_receipts: Vec<String> = text(&first.stdout)
        .lines()
        .map(|line| line.rsplit_once(',').expect("a column").0.to_owned())
        .collect();
    assert_eq!(
        without_receipts,
        text(&plain.stdout).lines().collect::<Vec<_>>(),
        "the other columns are the same"
    );
    assert!(text(&first.stdout).trim_end().ends_with(','), "a bad row has no receipt");

    let again = narrows(folder.path(), &record);
    assert!(said(&again).contains("recorded 40 rows, closed by receipt 82"), "{}", said(&again));

    // A table whose answers could not be written stays open.
    let to_folder = ["check", "--batch", "table.csv", "--record", "a.ledger", "--output", "."];
    let failed = narrows(folder.path(), &to_folder);
    assert_eq!(failed.status.code(), Some(2), "{}", said(&failed));
    let on = narrows(folder.path(), &record);
    assert!(said(&on).contains("recorded 0 rows, 40 were there, closed by receipt 123"), "{}", said(&on));
    // What comes in another way is the same table.
    fs::write(folder.path().join("same.csv"), &table).expect("a table");
    let mut child = command(folder.path(), &["check", "--batch", "-", "--record", "a.ledger"]);
    let input = fs::File::open(folder.path().join("same.csv")).expect("the table");
    let output = child.stdin(input).output().expect("the program runs");
    assert!(said(&output).contains("recorded 40 rows, closed by receipt 164"), "{}", said(&output));
    assert_eq!(verified(&folder.path().join("a.ledger")).receipts, 164);
}

#[test]
fn lines_of_json_name_their_receipts() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = "{\"id\":1,\"item\":\"H20\",\"on\":\"2025-05-01\",\"to\":\"CN\"}\n{\"receipt\":\"mine\",\"item\":\"H20\",\"on\":\"2025-05-01\",\"to\":\"CN\"}\n{ broken\n";
    fs::write(folder.path().join("a.jsonl"), rows).expect("a table");
    let output = narrows(folder.path(), &["check", "--batch", "a.jsonl", "--record", "a.ledger"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let lines: Vec<serde_json::Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines[0]["receipt"], "1");
    assert_eq!(lines[1]["receipt"], "mine");
    assert!(lines[1]["error"].as_str().expect("a text").contains("`receipt`: the name is that of a field"));
    assert_eq!(lines[2]["receipt"], "");
}

#[test]
fn two_processes_at_once_lose_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let names = ["one-", "two-"];
    for name in names {
        fs::write(folder.path().join(format!("{name}.csv")), table(1_500, name)).expect("a table");
    }
    let start = |table: &str| {
        command(folder.path(), &["check", "--batch", table, "--record", "a.ledger"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs")
    };
    // The first table twice: each of its rows is recorded once.
    let children = [start("one-.csv"), start("two-.csv"), start("one-.csv")];
    let outputs = children.map(|child| child.wait_with_output().expect("it ends"));
    let path = folder.path().join("a.ledger");
    let mut receipts = BTreeSet::new();
    for (output, name) in outputs.iter().zip(["one-", "two-", "one-"]) {
        assert_eq!(output.status.code(), Some(0), "{}", said(output));
        let rows = acknowledged(&output.stdout);
        assert_eq!(rows.len(), 1_500);
        assert_kept(&path, name, &rows);
        receipts.extend(rows.into_iter().map(|(_, receipt)| receipt));
    }
    let verification = verified(&path);
    assert_eq!(verification.cover, Cover::EveryByte);
    // Whoever of the two was done when the other began to write recorded the table by itself.
    let tables = verification.receipts / 1_501;
    assert_eq!(verification.receipts % 1_501, 0, "{}", verification.receipts);
    assert!(tables == 2 || tables == 3, "{tables}");
    assert_eq!(receipts.len() as u64, tables * 1_500);
}

#[test]
fn a_full_disk_is_told_and_leaves_the_file_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("table.csv"), table(4_000, "row-")).expect("a table");
    let path = folder.path().join("a.ledger");
    let once = ["check", "H20", "--to", "CN", "--on", "2025-05-01", "--record", "a.ledger"];
    assert_eq!(narrows(folder.path(), &once).status.code(), Some(0));
    let before = verified(&path).head;

    // The size of files is limited, and the signal that says so is ignored.
    let limited = format!(
        "trap '' XFSZ; ulimit -f 24000 || exit 99; exec '{}' check --batch table.csv --record a.ledger",
        env!("CARGO_BIN_EXE_narrows")
    );
    let output = Command::new("sh")
        .args(["-c", &limited])
        .current_dir(folder.path())
        .env("NO_COLOR", "1")
        .output()
        .expect("a shell");
    if output.status.code() == Some(99) {
        println!("the size of files cannot be limited here: not tried");
        return;
    }
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let words = said(&output);
    assert!(words.contains("ledger `a.ledger`: the") && words.contains("disk"), "{words}");
    assert!(words.contains("receipts already acknowledged are kept"), "{words}");
    let rows = acknowledged(&output.stdout);
    assert!(!rows.is_empty() && rows.len() < 4_000, "{} rows", rows.len());
    assert_kept(&path, "row-", &rows);
    let verification = verified(&path);
    assert!(verification.receipts > rows.len() as u64);
    let kept = narrows(folder.path(), &["ledger", "verify", "a.ledger", "--head", &before.to_string()]);
    assert_eq!(kept.status.code(), Some(0), "{}", text(&kept.stdout));

    let on = narrows(folder.path(), &["check", "--batch", "table.csv", "--record", "a.ledger"]);
    assert_eq!(on.status.code(), Some(0), "{}", said(&on));
    assert!(said(&on).contains(" were there, closed by receipt 4002"), "{}", said(&on));
    assert_eq!(verified(&path).cover, Cover::EveryByte);
}

#[test]
fn hostile_requests_are_recorded_and_handed_on_as_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let large = "9".repeat(1 << 20);
    let rows = [
        "=cmd|' /C calc'!A0".to_owned(),
        "@SUM(1+1)*\t\u{1}\u{202e}'; DROP TABLE receipt; --".to_owned(),
        large,
    ];
    let mut table = String::new();
    for user in &rows {
        let row = serde_json::json!({"item": "H20", "on": "2025-05-01", "to": "CN", "end_user": user});
        let _ = writeln!(table, "{row}");
    }
    fs::write(folder.path().join("a.jsonl"), &table).expect("a table");
    let output = narrows(folder.path(), &["check", "--batch", "a.jsonl", "--record", "a.ledger"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let odd = ["check", "--to", "CN", "--on", "2025-05-01", "--fact", "tpp=1", "--end-user", "=1+1\t\u{7}"];
    let odd = [&odd[..], &["--record", "a.ledger"]].concat();
    assert_eq!(narrows(folder.path(), &odd).status.code(), Some(0));
    assert!(verified(&folder.path().join("a.ledger")).holds());

    let exported = narrows(folder.path(), &["ledger", "export", "a.ledger"]);
    let lines: Vec<serde_json::Value> =
        text(&exported.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for (line, user) in lines.iter().zip(&rows) {
        assert_eq!(line["request"]["end_user"].as_str(), Some(user.as_str()));
        assert_eq!(line["answer"]["determination"]["status"], "licence_required");
        let hash = narrows_ledger::Hash::of(line["answer"].to_string().as_bytes()).to_string();
        assert_eq!(line["answer_hash"], hash.as_str(), "the hash can be recomputed from what is handed on");
    }
    let output = narrows(folder.path(), &["ledger", "export", "a.ledger", "--output", "a.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let csv = fs::read_to_string(folder.path().join("a.csv")).expect("the table");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let dangerous = |cell: &str| cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let mut count = 0;
    for row in reader.records() {
        count += 1;
        assert!(!row.expect("a row").iter().any(dangerous));
    }
    assert_eq!(count, 5);
    assert!(narrows(folder.path(), &["ledger", "list", "a.ledger"]).status.success());
    assert!(narrows(folder.path(), &["ledger", "show", "a.ledger", "3"]).status.success());
}

#[test]
fn cells_that_begin_as_formulas_do_are_made_harmless() {
    // Subjects come from the asker where the operation says so; here they are written directly.
    use narrows_ledger::{Book, Content, Entry, Origin};
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.ledger");
    let origin = Origin {
        recorded_at: "2026-03-02T10:20:30Z".parse().expect("a time"),
        data_version: "=1".to_owned(),
        own_data_version: None,
        program_version: "+1".to_owned(),
    };
    let entries: Vec<Entry> = ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "harmless"]
        .into_iter()
        .map(|subject| Entry {
            kind: "divine".to_owned(),
            content: Content {
                request: "{}".to_owned(),
                answer: "{}".to_owned(),
                subject: Some(subject.to_owned()),
                status: None,
            },
            place: None,
        })
        .collect();
    let mut ledger = Ledger::open_or_create(&path).expect("a new ledger");
    ledger.append(&origin, &entries).expect("recorded");
    ledger.close().expect("closed");
    for arguments in [["ledger", "export"], ["ledger", "list"]] {
        let arguments = [&arguments[..], &["a.ledger", "--format", "csv"]].concat();
        let output = narrows(folder.path(), &arguments);
        let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
        for row in reader.records() {
            let row = row.expect("a row");
            assert!(!row.iter().any(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{row:?}");
        }
    }
    let replay = narrows(folder.path(), &["ledger", "replay", "a.ledger", "1"]);
    assert_eq!(replay.status.code(), Some(2), "an operation that this program does not have");
    assert!(said(&replay).contains("receipt 1 is of `divine`, which asks nothing that could be asked again"));
}

#[test]
fn a_replay_on_other_data_says_what_differs_and_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let chips = folder.path().join("mine/chips/example");
    fs::create_dir_all(&chips).expect("a folder");
    let vendors = "[[vendor]]\nid = \"example\"\nname = \"Example\"\nheadquarters = \"DE\"\n";
    fs::write(chips.join("vendors.toml"), vendors).expect("a file");
    let ask = ["check", "H20", "--to", "CN", "--on", "2025-05-01", "--record", "a.ledger"];
    let ask = [&["--data", "mine"], &ask[..]].concat();
    assert_eq!(narrows(folder.path(), &ask).status.code(), Some(0));

    let same = narrows(folder.path(), &["--data", "mine", "ledger", "replay", "a.ledger", "1"]);
    assert_eq!(same.status.code(), Some(0), "{}", said(&same));
    let words = text(&same.stdout);
    assert!(
        words.contains("asked again on the recorded data\nthe answer is the same, field by field"),
        "{words}"
    );

    let other = narrows(folder.path(), &["ledger", "replay", "a.ledger", "1"]);
    assert_eq!(other.status.code(), Some(0), "{}", said(&other));
    let words = text(&other.stdout);
    assert!(words.contains("asked again on today's data\nthe answer is the same, on other data"), "{words}");
    assert!(words.contains("the data of the user's own are others"), "{words}");

    // An answer that was not given by this program on these data.
    let path = folder.path().join("a.ledger");
    let mut ledger = Ledger::open_or_create(&path).expect("the ledger");
    let line = ledger.find("1").expect("the receipt");
    let mut content = ledger.content(&line).expect("sound").expect("not erased");
    content.answer = content.answer.replace("licence_required", "not_controlled");
    let origin = line.receipt.origin.clone();
    let entry = narrows_ledger::Entry { kind: "check".to_owned(), content, place: None };
    narrows_ledger::Book::append(&mut ledger, &origin, &[entry]).expect("recorded");
    ledger.close().expect("closed");
    let wrong = narrows(folder.path(), &["--data", "mine", "ledger", "replay", "a.ledger", "2"]);
    assert_eq!(wrong.status.code(), Some(70), "{}", text(&wrong.stdout));
    let words = text(&wrong.stdout);
    assert!(words.contains("neither data nor program are others"), "{words}");
    assert!(words.contains("determination.status"), "{words}");
}

#[test]
fn a_replayed_row_of_a_table_is_the_answer_of_a_single_check() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("table.csv"), table(60, "row-")).expect("a table");
    let output = narrows(folder.path(), &["check", "--batch", "table.csv", "--record", "a.ledger"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for receipt in ["1", "17", "42", "60"] {
        let output = narrows(folder.path(), &["ledger", "replay", "a.ledger", receipt, "--format", "json"]);
        let replay: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(replay["outcome"], "identical", "{receipt}: {replay}");
        assert_eq!(replay["on_recorded_data"], true);
    }
    let closing = narrows(folder.path(), &["ledger", "replay", "a.ledger", "61"]);
    assert_eq!(closing.status.code(), Some(2));
}
