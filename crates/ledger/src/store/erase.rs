//! Erasing what was asked and answered. The chain stays whole, as it holds hashes only; that
//! something was erased, and why, is a receipt of its own.

use rusqlite::{Connection, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use super::Ledger;
use super::append::{head, open, signed, write};
use super::problem::about;
use crate::book::{Fault, Recorded};
use crate::hash::Hash;
use crate::receipt::{Content, Entry, Origin};

/// The kind of the receipt of an erasure.
pub(super) const KIND: &str = "ledger erase";

/// The request of an erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Erasure {
    pub(super) receipt: u64,
    pub(super) reason: String,
}

/// What an erasure did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// The receipt whose content is erased.
    pub receipt: u64,
    /// Other receipts that hold the same request or answer, which therefore is still there.
    pub still_held_by: Vec<u64>,
}

impl Ledger {
    /// Erases the content of a receipt and records that it was erased.
    ///
    /// # Errors
    /// There is no such receipt, or it is erased already, or is itself the receipt of an erasure.
    pub fn erase(&mut self, origin: &Origin, name: &str, reason: &str) -> Result<(Erased, Recorded), Fault> {
        let line = self.find(name)?;
        let receipt = &line.receipt;
        if receipt.kind == KIND {
            let words = format!("receipt {} records an erasure and cannot be erased", receipt.sequence);
            return Err(self.refused(&words));
        }
        if let Some(by) = line.erased_by {
            let words = format!("receipt {} was erased already, by receipt {by}", receipt.sequence);
            return Err(self.refused(&words));
        }
        let erased = Erased { receipt: receipt.sequence, still_held_by: self.sharing(&line)? };
        let json = |value: Result<String, serde_json::Error>| {
            value.map_err(|error| self.refused(&format!("the erasure cannot be written as JSON: {error}")))
        };
        let erasure = Erasure { receipt: receipt.sequence, reason: reason.to_owned() };
        let content = Content {
            request: json(serde_json::to_string(&erasure))?,
            answer: json(serde_json::to_string(&erased))?,
            subject: Some(format!("receipt {}", receipt.sequence)),
            status: Some("erased".to_owned()),
        };
        let entry = Entry { kind: KIND.to_owned(), content, place: None };
        let path = self.path.clone();
        let fault = |error| about(&path, error);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        let mut chain = head(&transaction).map_err(fault)?;
        let of_erasure = chain.append(origin, &entry);
        write(&transaction, &of_erasure, &entry.content).map_err(fault)?;
        cut(&transaction, receipt.sequence, of_erasure.sequence).map_err(fault)?;
        for hash in [&receipt.request_hash, &receipt.answer_hash] {
            forget(&transaction, hash).map_err(fault)?;
        }
        open(&transaction).map_err(fault)?;
        transaction.commit().map_err(fault)?;
        self.wrote = true;
        Ok((erased, Recorded { sequence: of_erasure.sequence, hash: of_erasure.hash }))
    }
}

/// Takes from a receipt what it is found by.
fn cut(connection: &Connection, sequence: u64, by: u64) -> Result<(), rusqlite::Error> {
    let statement = "UPDATE receipt SET subject = NULL, status = NULL, erased_by = ?2 WHERE sequence = ?1";
    connection.execute(statement, params![signed(sequence), signed(by)])?;
    Ok(())
}

/// Removes a text that no receipt holds any more.
fn forget(connection: &Connection, hash: &Hash) -> Result<(), rusqlite::Error> {
    let statement = "DELETE FROM body WHERE hash = ?1 AND NOT EXISTS (SELECT 1 FROM receipt \
         WHERE erased_by IS NULL AND (request_hash = ?1 OR answer_hash = ?1))";
    connection.execute(statement, [hash.bytes()])?;
    Ok(())
}
