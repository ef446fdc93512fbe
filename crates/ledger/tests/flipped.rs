//! A flipped byte anywhere in the file, or in the log beside it, is found.
//!
//! A few thousand positions are tried, those of the header among them; all of them with
//! `NARROWS_FLIP_EVERY=1 cargo test -p narrows-ledger --test flipped`.

#![cfg(feature = "sqlite")]
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "test code: a panic is the report")]

mod common;

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;

use common::{entry, origin, row};
use narrows_ledger::store::{Cover, Ledger};
use narrows_ledger::{Book, Hash};

/// A small ledger with everything in it: receipts, rows of tables, texts over several pages,
/// erased content, free pages.
fn fill(ledger: &mut Ledger) {
    let batch = Hash::of(b"a table");
    ledger.append(&origin(), &[entry("{\"item\":\"H20\"}", &"long ".repeat(1_500))]).expect("recorded");
    ledger.append(&origin(), &[row(batch, 1, 1), row(batch, 1, 2), row(batch, 1, 0)]).expect("recorded");
    ledger.append(&origin(), &[entry("{\"item\":\"H800\"}", &"gone ".repeat(3_000))]).expect("recorded");
    ledger.erase(&origin(), "5", "a test").expect("erased");
}

/// Whether something is found: the file does not open, or verification has a finding.
fn is_found(path: &Path) -> bool {
    let Ok(mut ledger) = Ledger::open(path) else { return true };
    ledger.verify().map_or(true, |verification| !verification.holds())
}

fn positions(length: u64) -> impl Iterator<Item = u64> {
    let every = std::env::var("NARROWS_FLIP_EVERY").ok().and_then(|every| every.parse().ok()).unwrap_or(29);
    (0..length).filter(move |at| *at < 100 || at % every == 0)
}

/// Flips bits of one byte of a file after another; gives the positions at which nothing is
/// found.
fn passed_over(flipped: &Path, ledger: &Path, prepare: &dyn Fn()) -> Vec<(u64, u8)> {
    let mut passed_over = Vec::new();
    prepare();
    let bytes = fs::read(flipped).expect("the file");
    let mut last_pattern = 0_u8;
    for at in positions(bytes.len() as u64) {
        // Another pattern for each position: one bit, several, all of them.
        last_pattern = last_pattern.wrapping_mul(5).wrapping_add(37);
        let pattern = if at % 3 == 0 { 1 << (at % 8) } else { last_pattern.max(1) };
        prepare();
        let file = fs::OpenOptions::new().write(true).open(flipped).expect("the file");
        let position = usize::try_from(at).expect("a position");
        file.write_all_at(&[bytes[position] ^ pattern], at).expect("flipped");
        drop(file);
        if !is_found(ledger) {
            passed_over.push((at, pattern));
        }
    }
    prepare();
    passed_over
}

#[test]
fn a_flipped_byte_of_a_closed_ledger_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    let mut ledger = Ledger::open_or_create(&path).expect("a new ledger");
    fill(&mut ledger);
    ledger.close().expect("closed");
    let bytes = fs::read(&path).expect("the file");
    let restore = || fs::write(&path, &bytes).expect("written");
    assert_eq!(passed_over(&path, &path, &restore), []);
    let verification = Ledger::open(&path).expect("a ledger").verify().expect("a verification");
    assert!(verification.holds() && verification.cover == Cover::EveryByte, "{verification:?}");
    assert!(!is_found(&path), "without a flipped byte nothing is found");
    fs::write(&path, [bytes.as_slice(), b"more"].concat()).expect("written");
    assert!(is_found(&path), "bytes after the end are found");
    fs::write(&path, &bytes[..bytes.len() - 4_096]).expect("written");
    assert!(is_found(&path), "a page cut off is found");
}

#[test]
fn a_flipped_byte_of_the_log_of_a_stopped_writer_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    let mut ledger = Ledger::open_or_create(&path).expect("a new ledger");
    ledger.append(&origin(), &[entry("{\"item\":\"H20\"}", "{}")]).expect("recorded");
    ledger.close().expect("closed");
    let mut ledger = Ledger::open_or_create(&path).expect("the ledger");
    fill_log(&mut ledger);
    // What a writer leaves behind that is stopped here.
    let [copy, log] = ["copy", "copy-wal"].map(|name| folder.path().join(name));
    let main = fs::read(&path).expect("the file");
    let written = fs::read(folder.path().join("a-wal")).expect("the log");
    assert!(!written.is_empty());
    let restore = || {
        fs::write(&copy, &main).expect("written");
        fs::write(&log, &written).expect("written");
        let _ = fs::remove_file(folder.path().join("copy-shm"));
    };
    restore();
    let verification = Ledger::open(&copy).expect("a ledger").verify().expect("a verification");
    assert!(verification.holds(), "{verification:?}");
    assert_eq!((verification.receipts, verification.cover), (4, Cover::Receipts));
    assert_eq!(fs::read(&copy).expect("the file"), main, "verification changes nothing");
    assert_eq!(passed_over(&log, &copy, &restore), []);
    // An unfinished write at the end is no damage.
    fs::write(&log, [written.as_slice(), &written[32..1_000]].concat()).expect("written");
    let verification = Ledger::open(&copy).expect("a ledger").verify().expect("a verification");
    assert!(verification.holds(), "{verification:?}");
}

fn fill_log(ledger: &mut Ledger) {
    for name in ["H800", "H100", "A100"] {
        ledger.append(&origin(), &[entry(name, "{}")]).expect("recorded");
    }
}
