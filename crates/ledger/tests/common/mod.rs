//! Entries and ledgers to test with.

#![expect(clippy::expect_used, reason = "test code: a panic is the report")]

use narrows_ledger::{Content, Entry, Origin, Place};

pub(crate) fn origin() -> Origin {
    Origin {
        recorded_at: "2026-03-02T10:20:30Z".parse().expect("a time"),
        data_version: "sha256:0123".to_owned(),
        own_data_version: None,
        program_version: "narrows 0.1.0".to_owned(),
    }
}

pub(crate) fn entry(request: &str, answer: &str) -> Entry {
    let content = Content {
        request: request.to_owned(),
        answer: answer.to_owned(),
        subject: Some("nvidia.h20-96gb".to_owned()),
        status: Some("licence_required".to_owned()),
    };
    Entry { kind: "check".to_owned(), content, place: None }
}

pub(crate) fn row(batch: narrows_ledger::Hash, run: u64, row: u64) -> Entry {
    let place = Some(Place { batch, run, row });
    Entry { place, ..entry(&format!("{{\"row\":{row}}}"), "{\"status\":\"not_controlled\"}") }
}
