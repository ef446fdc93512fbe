//! Verification: the chain, the texts it stands for, and every byte around them.

use std::collections::BTreeMap;

use rusqlite::{Connection, TransactionBehavior};
use serde::Serialize;

use super::Ledger;
use super::append::signed;
use super::checksum::{self, Seal};
use super::erase::{Erasure, KIND};
use super::layout::OBJECTS;
use super::log::{self, Log};
use super::problem::about;
use super::read::{LINE, Line, body, line};
use crate::book::Fault;
use crate::chain::{Chain, check_content};
use crate::hash::Hash;
use crate::receipt::Content;

/// Findings beyond this many are counted only.
const MOST_FINDINGS: usize = 20;

/// What a verification covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cover {
    /// Every byte of the file.
    EveryByte,
    /// Receipts, texts and the structure of the file: its last writer was stopped before it took
    /// the checksum, or is still at work.
    Receipts,
}

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The receipt at fault; none if it is the file.
    pub receipt: Option<u64>,
    /// What is wrong.
    pub words: String,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Receipts that form a chain, from the first one on.
    pub receipts: u64,
    /// Hash of the last of them.
    pub head: Hash,
    /// Receipts whose content was erased, and says so.
    pub erased: Vec<u64>,
    /// What the verification covers.
    pub cover: Cover,
    /// The first broken link is the first one.
    pub findings: Vec<Finding>,
    /// Further findings that are not listed.
    pub further: u64,
}

impl Verification {
    /// Whether all is as it was written.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }

    fn found(&mut self, receipt: Option<u64>, words: impl Into<String>) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Finding { receipt, words: words.into() });
        } else {
            self.further += 1;
        }
    }
}

impl Ledger {
    /// Recomputes the chain and every hash, and compares the file with its checksum. The file
    /// is not changed.
    ///
    /// # Errors
    /// The file cannot be read at all. What is wrong with what can be read is no error but a
    /// finding.
    pub fn verify(&mut self) -> Result<Verification, Fault> {
        let log = self.check_log()?;
        let path = self.path.clone();
        // One state of the file, whatever others write meanwhile.
        let transaction = self.connection.transaction().map_err(|error| about(&path, error))?;
        let mut result = Verification {
            receipts: 0,
            head: Hash::NONE,
            erased: Vec::new(),
            cover: Cover::Receipts,
            findings: Vec::new(),
            further: 0,
        };
        if let Err(error) = walk(&transaction, &mut result) {
            result.found(Some(result.receipts + 1), about(&path, error).to_string());
        }
        for check in [structure, strays, seal] {
            if let Err(error) = check(&transaction, &mut result) {
                result.found(None, about(&path, error).to_string());
            }
        }
        match log {
            Log::Sound => {}
            Log::DamagedHeader => result.found(None, "the write-ahead log beside the file is damaged"),
            Log::DamagedFrame(frame) => result.found(
                None,
                format!(
                    "the write-ahead log beside the file is damaged at frame {frame}, or power was lost \
                     while it was written: transactions after it are lost"
                ),
            ),
        }
        let pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        let length: Result<i64, _> = transaction.query_row(pages, (), |row| row.get(0));
        let is_alone = !log::path_of(&path).metadata().is_ok_and(|log| log.len() > 0);
        if let (true, Ok(file), Ok(length)) = (is_alone, path.metadata(), length)
            && signed(file.len()) != length
        {
            result.found(None, format!("the file has {} bytes; its pages have {length}", file.len()));
        }
        Ok(result)
    }

    /// The log is read while nobody writes to it.
    fn check_log(&mut self) -> Result<Log, Fault> {
        let path = self.path.clone();
        let _nobody_writes = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| about(&path, error))?;
        log::check(&path).map_err(|error| super::problem::input(&path, &format!("its log: {error}")))
    }
}

/// Follows the chain to its end, or to the first receipt that cannot be read.
fn walk(connection: &Connection, result: &mut Verification) -> Result<(), rusqlite::Error> {
    let mut statement = connection.prepare(&format!("SELECT {LINE} FROM receipt ORDER BY sequence"))?;
    let mut rows = statement.query(())?;
    let mut chain = Chain::default();
    let mut is_whole = true;
    // Erasures that receipts speak of, and those on record.
    let mut claimed: BTreeMap<u64, u64> = BTreeMap::new();
    let mut recorded: BTreeMap<u64, u64> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let line = line(row)?;
        let sequence = line.receipt.sequence;
        match chain.follow(&line.receipt) {
            Ok(()) if is_whole => (result.receipts, result.head) = (chain.length(), chain.head()),
            Ok(()) => {}
            Err(broken) => {
                is_whole = false;
                result.found(Some(sequence), broken.to_string());
                // The rest is judged by itself.
                chain = Chain::at(sequence, line.receipt.hash);
            }
        }
        if let Some(by) = line.erased_by {
            claimed.insert(sequence, by);
            if line.subject.is_some() || line.status.is_some() {
                result.found(Some(sequence), "it is erased, and has a subject or status");
            }
            continue;
        }
        let Some(content) = content(connection, &line, result)? else { continue };
        if let Err(broken) = check_content(&line.receipt, &content) {
            result.found(Some(sequence), broken.to_string());
        } else if line.receipt.kind == KIND
            && let Ok(erasure) = serde_json::from_str::<Erasure>(&content.request)
        {
            recorded.insert(erasure.receipt, sequence);
        }
    }
    for (receipt, by) in &claimed {
        if recorded.get(receipt) == Some(by) {
            result.erased.push(*receipt);
        } else {
            result.found(Some(*receipt), "its content is gone, and no erasure of it is on record");
        }
    }
    for (receipt, by) in &recorded {
        if !claimed.contains_key(receipt) {
            result.found(Some(*receipt), format!("receipt {by} records its erasure, and it is not erased"));
        }
    }
    Ok(())
}

fn content(
    connection: &Connection,
    line: &Line,
    result: &mut Verification,
) -> Result<Option<Content>, rusqlite::Error> {
    let receipt = &line.receipt;
    let request = body(connection, &receipt.request_hash)?;
    let answer = body(connection, &receipt.answer_hash)?;
    if let (Some(request), Some(answer)) = (&request, &answer) {
        let (request, answer) = (request.clone(), answer.clone());
        let (subject, status) = (line.subject.clone(), line.status.clone());
        return Ok(Some(Content { request, answer, subject, status }));
    }
    let missing = if request.is_none() { "request" } else { "answer" };
    result.found(
        Some(receipt.sequence),
        format!("its {missing} is missing, and no erasure of it is on record"),
    );
    Ok(None)
}

/// The file has our tables and no others, and SQLite finds them sound.
fn structure(connection: &Connection, result: &mut Verification) -> Result<(), rusqlite::Error> {
    let mut statement =
        connection.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")?;
    let objects: Vec<(String, String)> =
        statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let ours = OBJECTS.map(|(name, sql)| (name.to_owned(), sql.to_owned()));
    if objects != ours {
        let names: Vec<String> = objects.into_iter().map(|(name, _)| name).collect();
        result.found(None, format!("the tables are not those of a ledger: {}", names.join(", ")));
    }
    let mut statement = connection.prepare("PRAGMA integrity_check(10)")?;
    let reports: Vec<String> = statement.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?;
    for report in reports.into_iter().filter(|report| report != "ok") {
        result.found(None, format!("SQLite finds: {}", report.replace('\n', " ")));
    }
    Ok(())
}

/// Texts that no receipt stands for are not covered by the chain.
fn strays(connection: &Connection, result: &mut Verification) -> Result<(), rusqlite::Error> {
    let question = "SELECT count(*) FROM body WHERE hash NOT IN \
         (SELECT request_hash FROM receipt WHERE erased_by IS NULL \
         UNION SELECT answer_hash FROM receipt WHERE erased_by IS NULL)";
    let strays: i64 = connection.query_row(question, (), |row| row.get(0))?;
    if strays > 0 {
        result.found(None, format!("{strays} texts belong to no receipt"));
    }
    Ok(())
}

fn seal(connection: &Connection, result: &mut Verification) -> Result<(), rusqlite::Error> {
    match checksum::check(connection)? {
        Seal::Holds => result.cover = Cover::EveryByte,
        Seal::Missing => {}
        Seal::Broken => result.found(None, "the checksum over all bytes of the file does not hold"),
    }
    Ok(())
}
