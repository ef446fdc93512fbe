//! [`Book`]: whatever keeps receipts.

use crate::hash::Hash;
use crate::receipt::{Entry, Origin, Place};

/// Keeps receipts in a chain.
pub trait Book {
    /// Records entries, all or none of them. What it gives back is kept: no crash loses it.
    /// A row of a table that is recorded already is not recorded again.
    ///
    /// # Errors
    /// [`Fault`]; then none of the entries is recorded.
    fn append(&mut self, origin: &Origin, entries: &[Entry]) -> Result<Vec<Recorded>, Fault>;

    /// The run over a table that is not closed yet, or the next one.
    ///
    /// # Errors
    /// [`Fault`].
    fn open_run(&mut self, batch: &Hash) -> Result<u64, Fault>;

    /// The receipt of a row, if there is one.
    ///
    /// # Errors
    /// [`Fault`].
    fn recorded(&mut self, place: &Place) -> Result<Option<Recorded>, Fault>;
}

/// A receipt that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Its number.
    pub sequence: u64,
    /// Its hash.
    pub hash: Hash,
}

/// Why a book cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file, or what was asked of it, is not what was expected.
    #[error("{0}")]
    Input(String),
    /// There is no such receipt.
    #[error("{0}")]
    Unknown(String),
    /// The file contradicts itself.
    #[error("{0}")]
    Damaged(String),
}
