//! What SQLite says, in words that name the file and what to do.

use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::book::Fault;

/// A fault of the file or of what was asked of it.
pub(super) fn input(path: &Path, words: &str) -> Fault {
    Fault::Input(format!("ledger `{}`: {words}", path.display()))
}

/// A file that contradicts itself.
pub(super) fn damaged(path: &Path, words: &str) -> Fault {
    Fault::Damaged(format!("ledger `{}`: {words}", path.display()))
}

/// What became of a file when SQLite failed.
pub(super) fn about(path: &Path, error: Error) -> Fault {
    let kept = "receipts already acknowledged are kept";
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => input(path, "expected a ledger, found a file that is not SQLite's"),
        Some(ErrorCode::DatabaseCorrupt) => damaged(path, &format!("the file is damaged: {error}")),
        Some(ErrorCode::DiskFull) => {
            input(path, &format!("the disk is full; nothing of this step was recorded, {kept}"))
        }
        Some(ErrorCode::SystemIoFailure) => input(
            path,
            &format!(
                "the file cannot be read or written (is the disk full, or the size of files limited?): {error}; \
                 nothing of this step was recorded, {kept}"
            ),
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => input(
            path,
            "another program has held the file for more than a minute; nothing of this step was recorded",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            input(path, &format!("the file or its folder cannot be opened for writing: {error}"))
        }
        Some(_) => damaged(path, &error.to_string()),
        // What was read has another type than was written.
        None => damaged(path, &format!("a value is not what was written: {error}")),
    }
}
