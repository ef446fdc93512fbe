//! Whole commands with their output: those of `cases/transcripts/`, and every example of
//! the README. `TRYCMD=overwrite` writes what is found; read the difference.

use std::path::Path;

#[test]
fn commands_answer_as_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    // Paths in the transcripts are those of the repository.
    assert!(std::env::set_current_dir(root).is_ok(), "the repository is there");
    // What identifies the data changes with every change of them.
    let data = narrows::Workbench::new(Vec::new()).data_version();
    let cases = trycmd::TestCases::new();
    assert!(cases.insert_var("[DATA]", data).is_ok(), "a name in brackets");
    cases.case("README.md").case("cases/transcripts/*.md");
}
