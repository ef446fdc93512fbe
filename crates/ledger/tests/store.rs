//! Receipts in a file: what is acknowledged is there, in order, whoever writes.

#![cfg(feature = "sqlite")]
#![expect(clippy::expect_used, reason = "test code: a panic is the report")]

mod common;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use common::{entry, origin, row};
use narrows_ledger::store::{Cover, Ledger, Line, Selection};
use narrows_ledger::{Book, Content, Fault, Hash, Origin, Place};

fn lines(ledger: &Ledger, selection: &Selection) -> Vec<Line> {
    let mut lines = Vec::new();
    let visited = ledger.visit(selection, &mut |line| {
        lines.push(line);
        ControlFlow::Continue(())
    });
    assert_eq!(visited, Ok(()));
    lines
}

fn verified(path: &Path) -> narrows_ledger::store::Verification {
    Ledger::open(path).expect("a ledger").verify().expect("a verification")
}

#[test]
fn what_is_recorded_is_read_back_and_verified() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file:odd ?name#.ledger");
    let entries = [
        entry("{\"item\":\"H20\"}", "{\"status\":\"licence_required\"}"),
        entry("{\"item\":\"\u{202e}昇腾\\u0000\"}", "{}"),
        // The same text twice is kept once.
        entry("{\"item\":\"H20\"}", "{\"status\":\"licence_required\"}"),
    ];
    let mut ledger = Ledger::open_or_create(&path).expect("a new ledger");
    let first = ledger.append(&origin(), &entries[..1]).expect("recorded");
    assert_eq!(first[0].sequence, 1);
    ledger.close().expect("closed");
    let mut ledger = Ledger::open_or_create(&path).expect("the ledger");
    let rest = ledger.append(&origin(), &entries[1..]).expect("recorded");
    assert_eq!((rest[0].sequence, rest[1].sequence), (2, 3));
    ledger.close().expect("closed");

    let names: Vec<_> = fs::read_dir(folder.path()).expect("the folder").collect();
    assert_eq!(names.len(), 1, "a ledger at rest is one file: {names:?}");
    let mut ledger = Ledger::open(&path).expect("the ledger");
    let all = lines(&ledger, &Selection::default());
    assert_eq!(all.len(), 3);
    for (line, entry) in all.iter().zip(&entries) {
        assert_eq!(ledger.content(line).expect("sound").as_ref(), Some(&entry.content));
        assert_eq!(line.receipt.origin, origin());
    }
    assert_eq!(ledger.head().expect("a head").head(), rest[1].hash);
    let found = ledger.verify().expect("a verification");
    assert!(found.holds(), "{found:?}");
    assert_eq!((found.receipts, found.head, found.cover), (3, rest[1].hash, Cover::EveryByte));
    let by_hash = ledger.find(&rest[0].hash.to_string()[..10]).expect("the receipt");
    assert_eq!(by_hash.receipt.sequence, 2);
}

#[test]
fn receipts_are_found_by_day_kind_subject_and_status() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut ledger = Ledger::open_or_create(&folder.path().join("a")).expect("a new ledger");
    let mut other = entry("1", "2");
    other.kind = "screen".to_owned();
    other.content.subject = Some("Huawei 华为 100%_".to_owned());
    other.content.status = None;
    let later = Origin { recorded_at: "2026-03-03T00:00:00Z".parse().expect("a time"), ..origin() };
    ledger.append(&origin(), &[entry("1", "1")]).expect("recorded");
    ledger.append(&later, &[other]).expect("recorded");
    let found = |selection: Selection| -> Vec<u64> {
        lines(&ledger, &selection).iter().map(|line| line.receipt.sequence).collect()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(found(Selection { day: some("2026-03-02"), ..Selection::default() }), [1]);
    assert_eq!(found(Selection { day: some("2026-03-03"), ..Selection::default() }), [2]);
    assert_eq!(found(Selection { kind: some("screen"), ..Selection::default() }), [2]);
    assert_eq!(found(Selection { subject: some("H20"), ..Selection::default() }), [1]);
    assert_eq!(found(Selection { subject: some("华为 100%_"), ..Selection::default() }), [2]);
    assert_eq!(found(Selection { subject: some("%"), ..Selection::default() }), [2]);
    assert_eq!(found(Selection { status: some("licence_required"), ..Selection::default() }), [1]);
    assert_eq!(found(Selection { last: Some(1), ..Selection::default() }), [2]);
    assert_eq!(found(Selection { last: Some(0), ..Selection::default() }), [] as [u64; 0]);
}

#[test]
fn a_row_is_recorded_once_in_a_run_and_again_in_the_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    let batch = Hash::of(b"a table");
    let mut ledger = Ledger::open_or_create(&path).expect("a new ledger");
    assert_eq!(ledger.open_run(&batch), Ok(1));
    let first = ledger.append(&origin(), &[row(batch, 1, 1), row(batch, 1, 2)]).expect("recorded");
    drop(ledger);

    let mut ledger = Ledger::open_or_create(&path).expect("the ledger");
    assert_eq!(ledger.open_run(&batch), Ok(1), "the run goes on");
    assert_eq!(ledger.recorded(&Place { batch, run: 1, row: 2 }), Ok(Some(first[1])));
    assert_eq!(ledger.recorded(&Place { batch, run: 1, row: 3 }), Ok(None));
    let again = ledger.append(&origin(), &[row(batch, 1, 2), row(batch, 1, 3)]).expect("recorded");
    assert_eq!(again[0], first[1], "what is recorded is not recorded again");
    assert_eq!(again[1].sequence, 3);
    ledger.append(&origin(), &[row(batch, 1, 0)]).expect("the run is closed");
    assert_eq!(ledger.open_run(&batch), Ok(2));
    assert_eq!(ledger.open_run(&Hash::of(b"another table")), Ok(1));
    let next = ledger.append(&origin(), &[row(batch, 2, 1)]).expect("recorded");
    assert_eq!(next[0].sequence, 5);
    ledger.close().expect("closed");
    assert!(verified(&path).holds());
}

#[test]
fn many_writers_at_once_lose_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    const WRITERS: usize = 4;
    const STEPS: usize = 25;
    let recorded: Vec<u64> = std::thread::scope(|scope| {
        let write = |writer: usize| {
            // Each has a connection of its own, made at the same time as the others.
            let mut ledger = Ledger::open_or_create(&path).expect("the ledger");
            let mut recorded = Vec::new();
            for step in 0..STEPS {
                let entries = [0, 1].map(|part| entry(&format!("{writer} {step} {part}"), "the same"));
                recorded.extend(ledger.append(&origin(), &entries).expect("recorded"));
            }
            ledger.close().expect("closed");
            recorded.into_iter().map(|it| it.sequence).collect::<Vec<_>>()
        };
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        writers.into_iter().flat_map(|writer| writer.join().expect("no panic")).collect()
    });
    let mut sorted = recorded;
    sorted.sort_unstable();
    let all: Vec<u64> = (1..=(WRITERS * STEPS * 2) as u64).collect();
    assert_eq!(sorted, all);
    let found = verified(&path);
    assert!(found.holds(), "{found:?}");
    assert_eq!((found.receipts, found.cover), (all.len() as u64, Cover::EveryByte));
}

#[test]
fn erasure_takes_the_words_and_leaves_the_chain() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    let secret = "Somebody's name, told nobody else";
    let mut ledger = Ledger::open_or_create(&path).expect("a new ledger");
    let mut named = entry(&format!("{{\"query\":\"{secret}\"}}"), "{\"hits\":[]}");
    named.content.subject = Some(secret.to_owned());
    let plain = entry("{\"query\":\"other\"}", "{\"hits\":[]}");
    ledger.append(&origin(), &[named.clone(), plain.clone(), named]).expect("recorded");
    let (erased, by) = ledger.erase(&origin(), "1", "asked to").expect("erased");
    assert_eq!(erased.still_held_by, [2, 3]);
    assert_eq!(by.sequence, 4);
    ledger.erase(&origin(), "3", "asked to").expect("erased");
    assert!(matches!(ledger.erase(&origin(), "3", "again"), Err(Fault::Input(_))));
    assert!(matches!(ledger.erase(&origin(), "4", "the erasure"), Err(Fault::Input(_))));
    assert!(matches!(ledger.erase(&origin(), "99", "no such"), Err(Fault::Unknown(_))));
    let line = ledger.find("1").expect("its receipt is there");
    assert_eq!(ledger.content(&line), Ok(None));
    let line = ledger.find("2").expect("the receipt");
    assert_eq!(ledger.content(&line), Ok(Some(plain.content)), "what another receipt holds stays");
    ledger.close().expect("closed");

    let found = verified(&path);
    assert!(found.holds(), "{found:?}");
    assert_eq!(found.erased, [1, 3]);
    let bytes = fs::read(&path).expect("the file");
    let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
    assert!(!is_there, "the words are overwritten in the file");
}

#[test]
fn tampering_is_named_by_the_first_receipt_it_breaks() {
    let cases: [(&str, Option<u64>, &str); 10] = [
        ("UPDATE receipt SET kind = 'screen' WHERE sequence = 3", Some(3), "its fields have the hash"),
        ("UPDATE receipt SET recorded_at = '2020-01-01T00:00:00Z' WHERE sequence = 2", Some(2), "its fields"),
        ("UPDATE receipt SET status = 'not_controlled' WHERE sequence = 4", Some(4), "its subject or status"),
        ("DELETE FROM receipt WHERE sequence = 2", Some(3), "expected receipt 2, found receipt 3"),
        ("UPDATE body SET text = '{}' WHERE text = '{\"row\":5}'", Some(5), "its request has the hash"),
        ("DELETE FROM body WHERE text = '{\"row\":5}'", Some(5), "its request is missing, and no erasure"),
        (
            "UPDATE receipt SET erased_by = 6, subject = NULL, status = NULL WHERE sequence = 2",
            Some(2),
            "no erasure of it is on record",
        ),
        ("INSERT INTO body VALUES (zeroblob(32), 'hidden')", None, "1 texts belong to no receipt"),
        ("CREATE TABLE other (a)", None, "the tables are not those of a ledger"),
        (
            "UPDATE receipt SET recorded_at = '2026-03-02T10:20:30.0Z' WHERE sequence = 2",
            Some(2),
            "is not what was written",
        ),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    let batch = Hash::of(b"a table");
    let mut ledger = Ledger::open_or_create(&path).expect("a new ledger");
    let rows: Vec<_> = (1..=6).map(|at| row(batch, 1, at)).collect();
    ledger.append(&origin(), &rows).expect("recorded");
    ledger.close().expect("closed");
    for (statement, receipt, says) in cases {
        let copy = folder.path().join("copy");
        fs::copy(&path, &copy).expect("a copy");
        let connection = rusqlite::Connection::open(&copy).expect("SQLite");
        connection.execute_batch(statement).expect("tampered with");
        connection.close().expect("closed");
        let found = verified(&copy);
        let first = found.findings.first().expect("a finding");
        assert_eq!(first.receipt, receipt, "{statement}: {found:?}");
        assert!(first.words.contains(says), "{statement}: {found:?}");
        // Whoever tampers through SQLite does not take the checksum anew.
        assert!(found.findings.iter().any(|finding| finding.words.contains("the checksum")), "{found:?}");
    }
}

#[test]
fn a_chain_rewritten_from_the_middle_is_told_by_its_head_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let head = |answer: &str| {
        let path = folder.path().join(answer);
        let mut ledger = Ledger::open_or_create(&path).expect("a new ledger");
        ledger.append(&origin(), &[entry("1", "1"), entry("2", answer), entry("3", "3")]).expect("recorded");
        ledger.close().expect("closed");
        let found = verified(&path);
        assert!(found.holds());
        found.head
    };
    assert_ne!(head("licence_required"), head("not_controlled"));
}

#[test]
fn what_is_no_ledger_is_told_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    let refused = |says: &str| {
        let before = fs::read(&path).ok();
        for open in [Ledger::open, Ledger::open_or_create] {
            let fault = open(&path).expect_err("no ledger").to_string();
            assert!(fault.contains(says), "{fault}");
        }
        assert_eq!(fs::read(&path).ok(), before, "the file is as it was");
    };
    fs::write(
        &path,
        "some text, longer than the header of a file of SQLite is, which has a hundred bytes; ".repeat(2),
    )
    .expect("a file");
    refused("found a file that is not SQLite's");
    fs::remove_file(&path).expect("removed");
    rusqlite::Connection::open(&path)
        .and_then(|other| other.execute_batch("CREATE TABLE mine (a); PRAGMA application_id = 7;"))
        .expect("another database");
    refused("found another SQLite file (application id 0x7, 1 objects)");
    fs::remove_file(&path).expect("removed");
    let next = i32::from_be_bytes(*b"nwl2");
    rusqlite::Connection::open(&path)
        .and_then(|other| {
            other.execute_batch(&format!("CREATE TABLE a (a); PRAGMA application_id = {next};"))
        })
        .expect("a ledger to come");
    refused("a ledger of format `2`; this program reads format `1`");
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("a folder");
    for open in [Ledger::open, Ledger::open_or_create] {
        assert!(matches!(open(&path), Err(Fault::Input(_))));
    }
    fs::remove_dir(&path).expect("removed");
    assert!(Ledger::open(&path).expect_err("nothing").to_string().contains("there is no such file"));
    assert!(!path.exists(), "reading makes no file");
    fs::write(&path, "").expect("an empty file");
    assert!(Ledger::open(&path).expect_err("empty").to_string().contains("found an empty file"));
    assert!(Ledger::open_or_create(&path).is_ok(), "an empty file becomes a ledger");
}

#[test]
fn large_and_odd_texts_are_kept_as_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    let odd: String = (0..=0x20_u8).map(char::from).chain("\u{7f}\u{202e}\u{feff}'\";--💥".chars()).collect();
    let large = "汉".repeat(350_000);
    let entries: Vec<_> = [&odd, &large]
        .into_iter()
        .map(|text| {
            let content = Content {
                request: text.clone(),
                answer: format!("answer to {text}"),
                subject: Some(text.clone()),
                status: Some(text.clone()),
            };
            narrows_ledger::Entry { kind: odd.clone(), content, place: None }
        })
        .collect();
    let mut ledger = Ledger::open_or_create(&path).expect("a new ledger");
    ledger.append(&origin(), &entries).expect("recorded");
    for (line, entry) in lines(&ledger, &Selection::default()).iter().zip(&entries) {
        assert_eq!(ledger.content(line).expect("sound").as_ref(), Some(&entry.content));
        assert_eq!(line.receipt.kind, odd);
    }
    ledger.close().expect("closed");
    assert!(verified(&path).holds());
}
