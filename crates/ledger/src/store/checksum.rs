//! A checksum over every byte of the file, those included that no receipt vouches for: free
//! space within pages, free pages, the header.
//!
//! It is a CRC-32 (IEEE 802.3), which finds with certainty every change within 32 bits in a
//! row, a flipped byte among them; the chain is what finds changes made on purpose. It
//! stands in the field `user_version` of the header and is written in one transaction with
//! the mark that it holds, which the first transaction of the next writer takes away. So a crash
//! leaves a file without checksum, never one with a wrong one.

use rusqlite::{Connection, Error, TransactionBehavior};

use super::layout::{self, SEALED};

/// Fields of the header (<https://sqlite.org/fileformat2.html>, section 1.3) that SQLite itself
/// sets when it commits the checksum, or that hold it.
const CHANGE_COUNTER: std::ops::Range<usize> = 24..28;
const USER_VERSION: std::ops::Range<usize> = 60..64;
const VERSION_VALID_FOR: std::ops::Range<usize> = 92..96;
const LIBRARY_VERSION: std::ops::Range<usize> = 96..100;

/// Whether the checksum of a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seal {
    Holds,
    Broken,
    /// The writer of the file was stopped before it took the checksum, or is still at work.
    Missing,
}

/// Takes the checksum and writes it.
pub(super) fn seal(connection: &mut Connection) -> Result<(), Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    layout::mark(&transaction, SEALED)?;
    // The commit that follows writes the version of this library into the header.
    let version = rusqlite::version_number().to_be_bytes();
    let (checksum, _) = of_pages(&transaction, Some(version))?;
    transaction.pragma_update(None, "user_version", i32::from_be_bytes(checksum.to_be_bytes()))?;
    transaction.commit()
}

/// Compares the file with its checksum.
pub(super) fn check(connection: &Connection) -> Result<Seal, Error> {
    if layout::header_field(connection, "application_id")? != SEALED {
        return Ok(Seal::Missing);
    }
    let recorded = layout::header_field(connection, "user_version")?;
    let (checksum, counters_agree) = of_pages(connection, None)?;
    let holds = counters_agree && recorded.to_be_bytes() == checksum.to_be_bytes();
    Ok(if holds { Seal::Holds } else { Seal::Broken })
}

/// The checksum of all pages as a reader sees them, and whether the two fields agree that
/// SQLite sets alike.
fn of_pages(connection: &Connection, version: Option<[u8; 4]>) -> Result<(u32, bool), Error> {
    let mut statement = connection.prepare("SELECT data FROM sqlite_dbpage('main') ORDER BY pgno")?;
    let mut rows = statement.query(())?;
    let mut checksum = crc32fast::Hasher::new();
    let mut counters_agree = false;
    let mut is_first = true;
    while let Some(row) = rows.next()? {
        let page = row.get_ref(0)?.as_blob()?;
        if std::mem::take(&mut is_first) {
            let mut page = page.to_vec();
            counters_agree = page.get(CHANGE_COUNTER) == page.get(VERSION_VALID_FOR);
            for field in [CHANGE_COUNTER, USER_VERSION, VERSION_VALID_FOR] {
                page.get_mut(field).into_iter().flatten().for_each(|byte| *byte = 0);
            }
            if let (Some(version), Some(field)) = (version, page.get_mut(LIBRARY_VERSION)) {
                field.copy_from_slice(&version);
            }
            checksum.update(&page);
        } else {
            checksum.update(page);
        }
    }
    Ok((checksum.finalize(), counters_agree))
}
