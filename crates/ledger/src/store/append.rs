//! Recording: one transaction for all entries of a step.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::layout::{self, OPEN, SEALED};
use super::problem::about;
use super::{Ledger, read};
use crate::book::{Book, Fault, Recorded};
use crate::chain::Chain;
use crate::hash::Hash;
use crate::receipt::{Content, Entry, Origin, Place, Receipt};

impl Book for Ledger {
    fn append(&mut self, origin: &Origin, entries: &[Entry]) -> Result<Vec<Recorded>, Fault> {
        let path = self.path.clone();
        let fault = |error| about(&path, error);
        // The lock comes before the head is read: nobody else can append to the same head.
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        let mut chain = head(&transaction).map_err(fault)?;
        let before = chain;
        let mut recorded = Vec::with_capacity(entries.len());
        for entry in entries {
            let known = entry.place.as_ref().map(|place| at_place(&transaction, place)).transpose();
            if let Some(known) = known.map_err(fault)?.flatten() {
                recorded.push(known);
                continue;
            }
            let receipt = chain.append(origin, entry);
            write(&transaction, &receipt, &entry.content).map_err(fault)?;
            recorded.push(Recorded { sequence: receipt.sequence, hash: receipt.hash });
        }
        if chain != before {
            open(&transaction).map_err(fault)?;
        }
        transaction.commit().map_err(fault)?;
        self.wrote |= chain != before;
        Ok(recorded)
    }

    fn open_run(&mut self, batch: &Hash) -> Result<u64, Fault> {
        let question = "SELECT coalesce(max(run), 0) + 1 FROM receipt WHERE batch = ?1 AND batch_row = 0";
        let run: i64 = self
            .connection
            .query_row(question, [batch.bytes()], |row| row.get(0))
            .map_err(|error| self.fault(error))?;
        Ok(run.unsigned_abs())
    }

    fn recorded(&mut self, place: &Place) -> Result<Option<Recorded>, Fault> {
        at_place(&self.connection, place).map_err(|error| self.fault(error))
    }
}

/// Takes away the mark that the checksum of the file holds.
pub(super) fn open(connection: &Connection) -> Result<(), rusqlite::Error> {
    if layout::header_field(connection, "application_id")? == SEALED {
        layout::mark(connection, OPEN)?;
    }
    Ok(())
}

/// The chain as far as it has come.
pub(super) fn head(connection: &Connection) -> Result<Chain, rusqlite::Error> {
    let question = "SELECT sequence, hash FROM receipt ORDER BY sequence DESC LIMIT 1";
    let last = connection.query_row(question, (), |row| Ok((read::number(row, 0)?, read::hash(row, 1)?)));
    Ok(last.optional()?.map_or_else(Chain::default, |(length, hash)| Chain::at(length, hash)))
}

fn at_place(connection: &Connection, place: &Place) -> Result<Option<Recorded>, rusqlite::Error> {
    let question = "SELECT sequence, hash FROM receipt WHERE batch = ?1 AND run = ?2 AND batch_row = ?3";
    connection
        .prepare_cached(question)?
        .query_row(params![place.batch.bytes(), signed(place.run), signed(place.row)], |row| {
            Ok(Recorded { sequence: read::number(row, 0)?, hash: read::hash(row, 1)? })
        })
        .optional()
}

/// Writes a receipt and the texts that are not there yet.
pub(super) fn write(
    connection: &Connection,
    receipt: &Receipt,
    content: &Content,
) -> Result<(), rusqlite::Error> {
    let mut body = connection.prepare_cached("INSERT OR IGNORE INTO body (hash, text) VALUES (?1, ?2)")?;
    body.execute(params![receipt.request_hash.bytes(), content.request])?;
    body.execute(params![receipt.answer_hash.bytes(), content.answer])?;
    let origin = &receipt.origin;
    connection
        .prepare_cached(
            "INSERT INTO receipt (sequence, kind, recorded_at, data_version, own_data_version, \
             program_version, batch, run, batch_row, request_hash, answer_hash, summary_hash, previous, hash, \
             subject, status) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?
        .execute(params![
            signed(receipt.sequence),
            receipt.kind,
            origin.recorded_at.to_string(),
            origin.data_version,
            origin.own_data_version,
            origin.program_version,
            receipt.place.as_ref().map(|place| place.batch.bytes()),
            receipt.place.as_ref().map(|place| signed(place.run)),
            receipt.place.as_ref().map(|place| signed(place.row)),
            receipt.request_hash.bytes(),
            receipt.answer_hash.bytes(),
            receipt.summary_hash.bytes(),
            receipt.previous.bytes(),
            receipt.hash.bytes(),
            content.subject,
            content.status,
        ])?;
    Ok(())
}

/// SQLite counts with a sign; nobody has more receipts than that.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
