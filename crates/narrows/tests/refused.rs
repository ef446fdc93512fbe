//! Files that must be refused, and the messages with which they are: `cases/invented/refused/`.
//!
//! Each case lays some files over the invented jurisdiction. `NARROWS_BLESS=1` writes the
//! messages found into the cases, to be read before they are kept.

#![expect(clippy::expect_used, reason = "test code: a panic is the report")]
#![expect(dead_code, reason = "the helpers serve several test files")]

mod support;

use std::fs;

use narrows::{OverlayFile, Workbench};
use support::{overlay, root};

const EXPECTED: &str = "=== refused with\n";

#[test]
fn files_with_a_fault_are_refused_by_file_line_and_field() {
    let base = overlay(&root().join("cases/invented"));
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(root().join("cases/invented/refused")).expect("the folder of cases") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("text");
        let (given, expected) = text.split_once(EXPECTED).expect("a case has an expectation");
        let mut files = base.clone();
        for file in given.split("=== ").filter(|file| !file.is_empty()) {
            let (name, content) = file.split_once('\n').expect("a path and a text");
            files.retain(|other| other.path != name);
            files.push(OverlayFile {
                path: name.to_owned(),
                shown: name.to_owned(),
                text: content.to_owned(),
            });
        }
        let found = match Workbench::new(files).check_everything() {
            Ok(()) => "nothing wrong\n".to_owned(),
            Err(failure) => format!("{}\n", failure.message),
        };
        if found != expected {
            if std::env::var_os("NARROWS_BLESS").is_some() {
                fs::write(&path, format!("{given}{EXPECTED}{found}")).expect("a writable case");
            }
            wrong.push(format!("{}\nexpected:\n{expected}found:\n{found}", path.display()));
        }
        count += 1;
    }
    assert!(count >= 45, "{count} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
