//! [`Chain`]: receipts one after another, each naming the one before.

use crate::hash::Hash;
use crate::receipt::{Content, Entry, Origin, Receipt};

/// Where a chain has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chain {
    length: u64,
    head: Hash,
}

/// Why a receipt is no link of the chain, or its content not what was recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    /// A number is missing or out of order.
    #[error("expected receipt {expected}, found receipt {found}")]
    Sequence {
        /// The number that comes next.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// It does not name the receipt before it.
    #[error("it names {found} as the receipt before it, which is {expected}")]
    Previous {
        /// Hash of the receipt before.
        expected: Hash,
        /// The hash named.
        found: Hash,
    },
    /// Some field is not what was recorded.
    #[error("its fields have the hash {computed}, and {recorded} is recorded")]
    Fields {
        /// Hash of the fields as they are.
        computed: Hash,
        /// Hash that is recorded.
        recorded: Hash,
    },
    /// A part of its content is not what was recorded.
    #[error("its {part} has the hash {computed}, and {recorded} is recorded")]
    Content {
        /// Which part.
        part: &'static str,
        /// Hash of the part as it is.
        computed: Hash,
        /// Hash that is recorded.
        recorded: Hash,
    },
}

impl Chain {
    /// A chain that has come to a receipt with this number and hash.
    #[must_use]
    pub const fn at(length: u64, head: Hash) -> Self {
        Self { length, head }
    }

    /// How many receipts it has.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Hash of the last receipt; [`Hash::NONE`] of an empty chain.
    #[must_use]
    pub const fn head(&self) -> Hash {
        self.head
    }

    /// Adds the receipt of an entry.
    pub fn append(&mut self, origin: &Origin, entry: &Entry) -> Receipt {
        let receipt = Receipt::after(self.length + 1, self.head, origin, entry);
        *self = Self { length: receipt.sequence, head: receipt.hash };
        receipt
    }

    /// Goes on to a receipt that is there.
    ///
    /// # Errors
    /// It is not the next link; the chain stays where it was.
    pub fn follow(&mut self, receipt: &Receipt) -> Result<(), Break> {
        let expected = self.length + 1;
        if receipt.sequence != expected {
            return Err(Break::Sequence { expected, found: receipt.sequence });
        }
        if receipt.previous != self.head {
            return Err(Break::Previous { expected: self.head, found: receipt.previous });
        }
        let computed = receipt.computed_hash();
        if receipt.hash != computed {
            return Err(Break::Fields { computed, recorded: receipt.hash });
        }
        *self = Self { length: receipt.sequence, head: receipt.hash };
        Ok(())
    }
}

/// Whether a content is the one that a receipt was made for.
///
/// # Errors
/// The first part that is not.
pub fn check_content(receipt: &Receipt, content: &Content) -> Result<(), Break> {
    let parts = [
        ("request", Hash::of(content.request.as_bytes()), receipt.request_hash),
        ("answer", Hash::of(content.answer.as_bytes()), receipt.answer_hash),
        ("subject or status", content.summary_hash(), receipt.summary_hash),
    ];
    match parts.into_iter().find(|(_, computed, recorded)| computed != recorded) {
        None => Ok(()),
        Some((part, computed, recorded)) => Err(Break::Content { part, computed, recorded }),
    }
}
