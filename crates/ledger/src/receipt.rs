//! [`Receipt`]: what was asked and answered, when, and on which data.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::encoding::Encoding;
use crate::hash::Hash;

/// What was asked and answered: the part of a receipt that can be erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The request, as JSON.
    pub request: String,
    /// The answer with its trace, as JSON.
    pub answer: String,
    /// What it is about, by which receipts are found: the item, the party.
    pub subject: Option<String>,
    /// The answer in a word, by which receipts are found.
    pub status: Option<String>,
}

/// A question and its answer, to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The operation that answered.
    pub kind: String,
    /// What was asked and answered.
    pub content: Content,
    /// Where it stands in a table, if it is a row of one.
    pub place: Option<Place>,
}

/// A row of a table that was answered in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// What identifies the table: its bytes, how it was asked, the data and the program.
    pub batch: Hash,
    /// Which run over the same table, from 1.
    pub run: u64,
    /// The row, from 1; 0 is the receipt that closes the run.
    pub row: u64,
}

/// When, by what and on what an answer was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The time that the caller gives, to the second.
    pub recorded_at: Timestamp,
    /// What identifies the data that the program carries.
    pub data_version: String,
    /// What identifies the data that the user laid over them.
    pub own_data_version: Option<String>,
    /// The program and its version.
    pub program_version: String,
}

/// One link of the chain. It holds hashes of what was asked and answered, never the words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Number, from 1 without a gap.
    pub sequence: u64,
    /// The operation that answered.
    pub kind: String,
    /// When, by what and on what.
    #[serde(flatten)]
    pub origin: Origin,
    /// Where it stands in a table, if it is a row of one.
    pub place: Option<Place>,
    /// Hash of the text of the request.
    pub request_hash: Hash,
    /// Hash of the text of the answer.
    pub answer_hash: Hash,
    /// Hash of subject and status.
    pub summary_hash: Hash,
    /// Hash of the receipt before.
    pub previous: Hash,
    /// Hash of all of the above.
    pub hash: Hash,
}

impl Place {
    /// What identifies a table: the operation, how it was asked, the bytes of the table, the
    /// data and the program. The time does not count, so that a run that was stopped goes on later.
    #[must_use]
    pub fn batch_of(kind: &str, options: &str, table: &Hash, origin: &Origin) -> Hash {
        let mut encoding = Encoding::of("narrows batch 1");
        encoding
            .text(kind)
            .text(options)
            .hash(table)
            .text(&origin.data_version)
            .optional_text(origin.own_data_version.as_deref())
            .text(&origin.program_version);
        Hash::of(&encoding.bytes())
    }
}

impl Content {
    /// Hash of subject and status, each with its end.
    #[must_use]
    pub fn summary_hash(&self) -> Hash {
        let mut encoding = Encoding::of("narrows summary 1");
        encoding.optional_text(self.subject.as_deref()).optional_text(self.status.as_deref());
        Hash::of(&encoding.bytes())
    }
}

impl Receipt {
    /// The receipt of an entry after another one. Its time is cut to whole seconds.
    pub(crate) fn after(sequence: u64, previous: Hash, origin: &Origin, entry: &Entry) -> Self {
        let mut origin = origin.clone();
        origin.recorded_at = whole_seconds(origin.recorded_at);
        let mut receipt = Self {
            sequence,
            kind: entry.kind.clone(),
            origin,
            place: entry.place,
            request_hash: Hash::of(entry.content.request.as_bytes()),
            answer_hash: Hash::of(entry.content.answer.as_bytes()),
            summary_hash: entry.content.summary_hash(),
            previous,
            hash: Hash::NONE,
        };
        receipt.hash = receipt.computed_hash();
        receipt
    }

    /// The bytes of which [`Receipt::hash`] is the hash: every field but itself, in the order
    /// of `docs/ledger.md`.
    #[must_use]
    pub fn encoded(&self) -> Vec<u8> {
        let mut encoding = Encoding::of("narrows receipt 1");
        encoding
            .number(self.sequence)
            .text(&self.kind)
            .text(&self.origin.recorded_at.to_string())
            .text(&self.origin.data_version)
            .optional_text(self.origin.own_data_version.as_deref())
            .text(&self.origin.program_version)
            .optional(self.place.as_ref(), |encoding, place| {
                encoding.hash(&place.batch).number(place.run).number(place.row);
            })
            .hash(&self.request_hash)
            .hash(&self.answer_hash)
            .hash(&self.summary_hash)
            .hash(&self.previous);
        encoding.bytes()
    }

    /// The hash that it should have.
    #[must_use]
    pub fn computed_hash(&self) -> Hash {
        Hash::of(&self.encoded())
    }
}

/// A time without its fraction of a second.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
