//! Looking up receipts.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::Ledger;
use super::append::{head, signed};
use super::problem::{damaged, input};
use crate::book::Fault;
use crate::chain::Chain;
use crate::hash::Hash;
use crate::receipt::{Content, Origin, Place, Receipt};

/// The columns of a [`Line`], in the order in which [`line`] reads them.
pub(super) const LINE: &str = "sequence, kind, recorded_at, data_version, own_data_version, program_version, \
    batch, run, batch_row, request_hash, answer_hash, summary_hash, previous, hash, subject, status, erased_by";

/// A receipt with what it is found by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The receipt.
    #[serde(flatten)]
    pub receipt: Receipt,
    /// What it is about; none if it was erased or there is none.
    pub subject: Option<String>,
    /// The answer in a word; none if it was erased or there is none.
    pub status: Option<String>,
    /// The receipt of the erasure of its content.
    pub erased_by: Option<u64>,
}

/// Which receipts are asked for; those that meet all that is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// The day on which they were recorded, in UTC, as `2026-01-31`.
    pub day: Option<String>,
    /// The operation.
    pub kind: Option<String>,
    /// A part of what they are about; the case of Latin letters does not matter.
    pub subject: Option<String>,
    /// The answer in a word.
    pub status: Option<String>,
    /// At most so many, the last ones.
    pub last: Option<u64>,
}

impl Ledger {
    /// How many receipts there are, and the hash of the last one.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn head(&self) -> Result<Chain, Fault> {
        head(&self.connection).map_err(|error| self.fault(error))
    }

    /// Shows receipts in order to a visitor, until it says that it has seen enough.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn visit(
        &self,
        selection: &Selection,
        visitor: &mut dyn FnMut(Line) -> std::ops::ControlFlow<()>,
    ) -> Result<(), Fault> {
        let fault = |error| self.fault(error);
        let question = format!(
            "SELECT * FROM (SELECT {LINE} FROM receipt \
             WHERE (?1 IS NULL OR substr(recorded_at, 1, 10) = ?1) \
             AND (?2 IS NULL OR kind = ?2) \
             AND (?3 IS NULL OR instr(lower(subject), lower(?3)) > 0) \
             AND (?4 IS NULL OR status = ?4) \
             ORDER BY sequence DESC LIMIT ?5) ORDER BY sequence"
        );
        let mut statement = self.connection.prepare(&question).map_err(fault)?;
        let last = selection.last.map_or(-1, signed);
        let chosen = params![selection.day, selection.kind, selection.subject, selection.status, last];
        let mut rows = statement.query(chosen).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            if visitor(line(row).map_err(fault)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The receipt of a number, or whose hash begins with these digits (eight or more).
    ///
    /// # Errors
    /// There is none, or there are several.
    pub fn find(&self, name: &str) -> Result<Line, Fault> {
        let fault = |error| self.fault(error);
        let chain = self.head()?;
        let unknown = |words: &str| {
            let shown: String = name.chars().take(80).collect();
            let all = match chain.length() {
                0 => "the ledger has no receipts".to_owned(),
                last => format!("the ledger has receipts 1 to {last}"),
            };
            Fault::Unknown(format!("ledger `{}`: {words} `{shown}`; {all}", self.path.display()))
        };
        // A hash may have no letter among its digits; a number has never so many.
        let is_hash = name.parse::<Hash>().is_ok();
        if let Ok(sequence) = name.parse::<u64>()
            && sequence <= chain.length()
            && !is_hash
        {
            let found = at(&self.connection, sequence).map_err(fault)?;
            return found.ok_or_else(|| unknown("there is no receipt"));
        }
        if name.len() < 8 || !name.chars().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(unknown("there is no receipt"));
        }
        let question =
            format!("SELECT {LINE} FROM receipt WHERE substr(hex(hash), 1, length(?1)) = upper(?1) LIMIT 2");
        let mut statement = self.connection.prepare(&question).map_err(fault)?;
        let mut found: Vec<Line> =
            statement.query_map([name], line).and_then(Iterator::collect).map_err(fault)?;
        match (found.pop(), found.pop()) {
            (Some(line), None) => Ok(line),
            (None, _) => Err(unknown("there is no receipt")),
            (Some(_), Some(_)) => Err(unknown("several receipts have a hash that begins with")),
        }
    }

    /// What was asked and answered; none if it was erased.
    ///
    /// # Errors
    /// A text is missing though nobody erased it.
    pub fn content(&self, line: &Line) -> Result<Option<Content>, Fault> {
        if line.erased_by.is_some() {
            return Ok(None);
        }
        let text = |what: &str, hash: &Hash| {
            let text = body(&self.connection, hash).map_err(|error| self.fault(error))?;
            let sequence = line.receipt.sequence;
            text.ok_or_else(|| damaged(&self.path, &format!("receipt {sequence}: its {what} is missing")))
        };
        Ok(Some(Content {
            request: text("request", &line.receipt.request_hash)?,
            answer: text("answer", &line.receipt.answer_hash)?,
            subject: line.subject.clone(),
            status: line.status.clone(),
        }))
    }

    /// The receipts, among others, that hold the request or the answer of one.
    pub(super) fn sharing(&self, line: &Line) -> Result<Vec<u64>, Fault> {
        let fault = |error| self.fault(error);
        let question = "SELECT sequence FROM receipt WHERE erased_by IS NULL AND sequence <> ?1 \
             AND (request_hash IN (?2, ?3) OR answer_hash IN (?2, ?3)) ORDER BY sequence";
        let mut statement = self.connection.prepare(question).map_err(fault)?;
        let receipt = &line.receipt;
        let of = params![signed(receipt.sequence), receipt.request_hash.bytes(), receipt.answer_hash.bytes()];
        statement.query_map(of, |row| number(row, 0)).and_then(Iterator::collect).map_err(fault)
    }

    pub(super) fn refused(&self, words: &str) -> Fault {
        input(&self.path, words)
    }
}

pub(super) fn at(connection: &Connection, sequence: u64) -> Result<Option<Line>, rusqlite::Error> {
    let question = format!("SELECT {LINE} FROM receipt WHERE sequence = ?1");
    connection.query_row(&question, [signed(sequence)], line).optional()
}

pub(super) fn body(connection: &Connection, hash: &Hash) -> Result<Option<String>, rusqlite::Error> {
    let mut statement = connection.prepare_cached("SELECT text FROM body WHERE hash = ?1")?;
    statement.query_row([hash.bytes()], |row| row.get(0)).optional()
}

/// A receipt from the columns of [`LINE`].
pub(super) fn line(row: &Row<'_>) -> Result<Line, rusqlite::Error> {
    let batch: Option<Stored<Hash>> = row.get(6)?;
    let place = match batch {
        None => None,
        Some(Stored(batch)) => Some(Place { batch, run: number(row, 7)?, row: number(row, 8)? }),
    };
    let erased_by: Option<Stored<u64>> = row.get(16)?;
    Ok(Line {
        receipt: Receipt {
            sequence: number(row, 0)?,
            kind: row.get(1)?,
            origin: Origin {
                recorded_at: row.get::<_, Stored<jiff::Timestamp>>(2)?.0,
                data_version: row.get(3)?,
                own_data_version: row.get(4)?,
                program_version: row.get(5)?,
            },
            place,
            request_hash: hash(row, 9)?,
            answer_hash: hash(row, 10)?,
            summary_hash: hash(row, 11)?,
            previous: hash(row, 12)?,
            hash: hash(row, 13)?,
        },
        subject: row.get(14)?,
        status: row.get(15)?,
        erased_by: erased_by.map(|Stored(sequence)| sequence),
    })
}

pub(super) fn number(row: &Row<'_>, column: usize) -> Result<u64, rusqlite::Error> {
    row.get::<_, Stored<u64>>(column).map(|Stored(number)| number)
}

pub(super) fn hash(row: &Row<'_>, column: usize) -> Result<Hash, rusqlite::Error> {
    row.get::<_, Stored<Hash>>(column).map(|Stored(hash)| hash)
}

/// A value in the one form in which it is stored: another form of the same would have the
/// same hash and not be the same bytes.
struct Stored<T>(T);

impl FromSql for Stored<u64> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        u64::try_from(number).map(Self).map_err(|_| FromSqlError::OutOfRange(number))
    }
}

impl FromSql for Stored<Hash> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        let wrong = FromSqlError::InvalidBlobSize { expected_size: 32, blob_size: bytes.len() };
        Hash::from_bytes(bytes).map(Self).ok_or(wrong)
    }
}

impl FromSql for Stored<jiff::Timestamp> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        let time: jiff::Timestamp =
            text.parse().map_err(|error: jiff::Error| FromSqlError::Other(Box::new(error)))?;
        let canonical = time.to_string();
        if canonical == text {
            Ok(Self(time))
        } else {
            Err(FromSqlError::Other(format!("expected `{canonical}`, found `{text}`").into()))
        }
    }
}
