//! Receipts of answers: made here, kept by whoever the front end chooses.
//!
//! A [`Recorder`] records single answers; a [`BatchRecorder`] those of a table, in steps, so
//! that a run that was stopped goes on where it was. [`replay`] asks again what a receipt says
//! was asked, and tells what differs and why.

mod batch;
mod replay;

use jiff::Timestamp;
use narrows_ledger::{Book, Content, Entry};

pub use batch::{BatchRecorder, Outgoing, Ticket};
pub use narrows_ledger::{Difference, Hash, Hasher, Origin, Recorded};
pub use replay::{Outcome, Replay, Versions, replay};

use crate::failure::Failure;
use crate::operation::Operation;
use crate::workbench::Workbench;

/// When, by what and on what answers are made.
#[must_use]
pub fn origin(workbench: &Workbench, program_version: &str, recorded_at: Timestamp) -> Origin {
    let (data_version, own_data_version) = workbench.data_hashes();
    Origin { recorded_at, data_version, own_data_version, program_version: program_version.to_owned() }
}

/// Records answers one by one.
pub struct Recorder<'a> {
    book: &'a mut dyn Book,
    origin: Origin,
}

impl<'a> Recorder<'a> {
    /// A recorder that keeps receipts in a book.
    #[must_use]
    pub fn new(book: &'a mut dyn Book, origin: Origin) -> Self {
        Self { book, origin }
    }

    /// Records an answer. Show it after this only: what was shown is then on record.
    ///
    /// # Errors
    /// The book cannot be written; then nothing is recorded.
    pub fn record<O: Operation>(
        &mut self,
        request: &O::Request,
        answer: &O::Answer,
    ) -> Result<Recorded, Failure> {
        let entry = entry::<O>(request, answer)?;
        let recorded = self.book.append(&self.origin, &[entry])?;
        recorded.first().copied().ok_or_else(|| Failure::data("the book gave no receipt"))
    }
}

/// What is recorded of an answer.
///
/// # Errors
/// It cannot be written as JSON.
pub(crate) fn entry<O: Operation>(request: &O::Request, answer: &O::Answer) -> Result<Entry, Failure> {
    let json = |what: &str, text: Result<String, serde_json::Error>| {
        text.map_err(|error| Failure::data(format!("the {what} of `{}` as JSON: {error}", O::NAME)))
    };
    let summary = O::summary(request, answer);
    let content = Content {
        request: json("request", serde_json::to_string(request))?,
        answer: json("answer", serde_json::to_string(answer))?,
        subject: summary.subject,
        status: summary.status,
    };
    Ok(Entry { kind: O::NAME.to_owned(), content, place: None })
}
