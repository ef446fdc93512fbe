//! Files of the repository as the command line would read them, and tables as tests do.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use narrows::{BatchFormat, OverlayFile, Scenario, Workbench, check_batch};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files of a folder that a user lays over the embedded ones.
pub(crate) fn overlay(folder: &Path) -> Vec<OverlayFile> {
    fn collect(root: &Path, folder: &Path, files: &mut Vec<OverlayFile>) {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                collect(root, &path, files);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                let name = path.strip_prefix(root).expect("below the folder").to_string_lossy().into_owned();
                let text = fs::read_to_string(&path).expect("text");
                files.push(OverlayFile { path: name.clone(), shown: name, text });
            }
        }
    }
    let mut files = Vec::new();
    collect(folder, folder, &mut files);
    files
}

/// Rows of a CSV file, by column.
pub(crate) fn rows(text: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text);
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

/// A table answered, with the number of rows that have an error.
pub(crate) fn answered(workbench: &Workbench, scenario: &Scenario, table: &[u8]) -> (Vec<u8>, u64) {
    let mut output = Vec::new();
    let summary =
        check_batch(workbench, scenario, BatchFormat::Csv, &mut &*table, &mut output, None, &mut |_| {})
            .expect("a table");
    (output, summary.errors)
}
