//! Tables of the file, and how it is told from other files.

use std::path::Path;

use rusqlite::{Connection, Error};

use super::problem::{about, input};
use crate::book::Fault;

/// `application_id` of a ledger whose checksum holds. It differs from [`OPEN`] in two bytes,
/// so that no single flipped byte makes one of the other.
pub(super) const SEALED: i32 = i32::from_be_bytes(*b"nwl1");
/// `application_id` of a ledger that was written to and whose checksum was not taken since.
pub(super) const OPEN: i32 = i32::from_be_bytes(*b"NWl1");

/// Every object of the file, as SQLite keeps its text.
pub(super) const OBJECTS: [(&str, &str); 3] = [
    (
        "receipt",
        "CREATE TABLE receipt (\
         sequence INTEGER PRIMARY KEY, \
         kind TEXT NOT NULL, \
         recorded_at TEXT NOT NULL, \
         data_version TEXT NOT NULL, \
         own_data_version TEXT, \
         program_version TEXT NOT NULL, \
         batch BLOB, \
         run INTEGER, \
         batch_row INTEGER, \
         request_hash BLOB NOT NULL, \
         answer_hash BLOB NOT NULL, \
         summary_hash BLOB NOT NULL, \
         previous BLOB NOT NULL, \
         hash BLOB NOT NULL, \
         subject TEXT, \
         status TEXT, \
         erased_by INTEGER) STRICT",
    ),
    ("body", "CREATE TABLE body (hash BLOB PRIMARY KEY NOT NULL, text TEXT NOT NULL) STRICT"),
    (
        "receipt_place",
        "CREATE UNIQUE INDEX receipt_place ON receipt (batch, run, batch_row) WHERE batch IS NOT NULL",
    ),
];

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing yet.
    Empty,
    /// A ledger whose checksum holds.
    Sealed,
    /// A ledger that was written to and not closed since.
    Open,
}

impl State {
    pub(super) fn of(connection: &Connection, path: &Path) -> Result<Self, Fault> {
        let fault = |error| about(path, error);
        // The tables are counted before the id is read: who makes a ledger meanwhile commits both
        // at once, so that tables without an id are another file's.
        let count = "SELECT count(*) FROM sqlite_schema";
        let objects: i64 = connection.query_row(count, (), |row| row.get(0)).map_err(fault)?;
        let id: i32 = header_field(connection, "application_id").map_err(fault)?;
        match id {
            SEALED => return Ok(Self::Sealed),
            OPEN => return Ok(Self::Open),
            _ => {}
        }
        let [family @ .., format] = id.to_be_bytes();
        if [*b"nwl", *b"NWl"].contains(&family) {
            let format = char::from(format);
            return Err(input(
                path,
                &format!("a ledger of format `{format}`; this program reads format `1`"),
            ));
        }
        if id == 0 && objects == 0 {
            return Ok(Self::Empty);
        }
        Err(input(
            path,
            &format!(
                "expected a ledger, found another SQLite file (application id {id:#x}, {objects} objects)"
            ),
        ))
    }
}

/// A number of the header of the file.
pub(super) fn header_field(connection: &Connection, name: &str) -> Result<i32, Error> {
    connection.query_row(&format!("PRAGMA {name}"), (), |row| row.get(0))
}

pub(super) fn create(connection: &Connection) -> Result<(), Error> {
    for (_, statement) in OBJECTS {
        connection.execute(statement, ())?;
    }
    mark(connection, OPEN)
}

/// Says whether the checksum of the file holds.
pub(super) fn mark(connection: &Connection, id: i32) -> Result<(), Error> {
    connection.pragma_update(None, "application_id", id)
}
