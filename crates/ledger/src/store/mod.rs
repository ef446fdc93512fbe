//! [`Ledger`]: receipts in an SQLite file.
//!
//! The file is in write-ahead-log mode and every transaction is on disk before it is
//! acknowledged (`synchronous=FULL`). Any number of processes may write: each transaction
//! takes the write lock before it reads the head of the chain.

mod append;
mod checksum;
mod erase;
mod layout;
mod log;
mod problem;
mod read;
mod verify;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

pub use erase::Erased;
pub use read::{Line, Selection};
pub use verify::{Cover, Finding, Verification};

use crate::book::Fault;
use layout::State;
use problem::{about, input};

/// How long a writer waits for the others.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it waits between two tries where SQLite does not wait itself.
const PAUSE: Duration = Duration::from_millis(20);

/// A book of receipts in a file.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    connection: Connection,
    /// Whether this process wrote, so that the checksum of the file is to be taken anew.
    wrote: bool,
}

impl Ledger {
    /// Opens a ledger to write to it; makes one where there is no file, or an empty one.
    ///
    /// # Errors
    /// The file cannot be opened or written, or is something else.
    pub fn open_or_create(path: &Path) -> Result<Self, Fault> {
        let mut ledger = Self::connect(path, OpenFlags::SQLITE_OPEN_CREATE)?;
        ledger.prepare(true)?;
        let mode = ledger.write_ahead()?;
        if mode != "wal" {
            return Err(input(path, &format!("its file system has no write-ahead log (found `{mode}`)")));
        }
        if ledger.state()? == State::Empty {
            ledger.create()?;
        }
        Ok(ledger)
    }

    /// Opens a ledger that is there.
    ///
    /// # Errors
    /// There is no such file, it cannot be read, or it is no ledger.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        if !path.is_file() {
            return Err(input(path, "there is no such file"));
        }
        let ledger = Self::connect(path, OpenFlags::empty())?;
        ledger.prepare(false)?;
        if ledger.state()? == State::Empty {
            return Err(input(path, "expected a ledger, found an empty file"));
        }
        Ok(ledger)
    }

    fn connect(path: &Path, further: OpenFlags) -> Result<Self, Fault> {
        // An absolute path is never taken for an address of the form `file:`.
        let whole = std::path::absolute(path).map_err(|error| input(path, &error.to_string()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | further;
        let connection = Connection::open_with_flags(&whole, flags).map_err(|error| about(path, error))?;
        connection.busy_timeout(PATIENCE).map_err(|error| about(path, error))?;
        Ok(Self { path: path.to_owned(), connection, wrote: false })
    }

    /// Settings of the connection; nothing is written to a file that is no ledger.
    fn prepare(&self, writes: bool) -> Result<(), Fault> {
        self.state()?;
        // Text that is erased is overwritten in the file. A transaction is written to the log once,
        // when it is committed, so that what a stopped writer leaves there can be told from damage.
        let settings = "PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA cache_spill = OFF; \
             PRAGMA trusted_schema = OFF;";
        self.connection.execute_batch(settings).map_err(|error| self.fault(error))?;
        if !writes {
            // Looking at a file does not change it.
            let keep = rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
            self.connection.set_db_config(keep, true).map_err(|error| self.fault(error))?;
        }
        Ok(())
    }

    /// Brings the file into write-ahead-log mode. Of two that make a file at once SQLite refuses one
    /// without asking it to wait, as neither could go on; it tries again here.
    fn write_ahead(&self) -> Result<String, Fault> {
        let ask = || self.connection.query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0));
        let mut left = PATIENCE.as_millis() / PAUSE.as_millis();
        loop {
            match ask() {
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && left > 0 => {
                    left -= 1;
                    std::thread::sleep(PAUSE);
                }
                answer => return answer.map_err(|error| self.fault(error)),
            }
        }
    }

    fn state(&self) -> Result<State, Fault> {
        State::of(&self.connection, &self.path)
    }

    fn create(&mut self) -> Result<(), Fault> {
        let path = self.path.clone();
        let fault = |error| about(&path, error);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        // Another process may have been first.
        if State::of(&transaction, &path)? == State::Empty {
            layout::create(&transaction).map_err(fault)?;
        }
        transaction.commit().map_err(fault)?;
        self.wrote = true;
        Ok(())
    }

    /// The path as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the checksum of the file, if this process wrote to it, and closes it.
    ///
    /// # Errors
    /// The checksum cannot be written. All receipts are there nevertheless.
    pub fn close(mut self) -> Result<(), Fault> {
        self.seal()
    }

    fn seal(&mut self) -> Result<(), Fault> {
        if !std::mem::take(&mut self.wrote) {
            return Ok(());
        }
        checksum::seal(&mut self.connection).map_err(|error| about(&self.path, error))?;
        // Others may be reading; then the last of them brings the log into the file.
        let _busy: Result<i64, Fault> = self.ask("PRAGMA wal_checkpoint(TRUNCATE)");
        Ok(())
    }

    fn fault(&self, error: rusqlite::Error) -> Fault {
        about(&self.path, error)
    }

    /// The first column of the first row.
    fn ask<T: rusqlite::types::FromSql>(&self, question: &str) -> Result<T, Fault> {
        self.connection.query_row(question, (), |row| row.get(0)).map_err(|error| self.fault(error))
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        // After a failure there is nobody to tell; the file is whole without its checksum.
        let _ = self.seal();
    }
}
