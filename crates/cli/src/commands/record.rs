//! `--record FILE`: what any command needs to keep receipts of its answers.
//!
//! A single answer is recorded before it is shown ([`Keeper::record`]), a table row by row
//! ([`answer_table`]).

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use narrows::record::{BatchRecorder, Hash, Origin, Recorded, Recorder, origin};
use narrows::{BatchSummary, Failure, Operation, Timestamp, Workbench};
use narrows_ledger::store::Ledger;
use serde::Serialize;

use super::table;
use crate::Stop;
use crate::arguments::RecordArguments;
use crate::files;

/// The program, as receipts name it.
pub(super) const PROGRAM: &str = concat!("narrows ", env!("CARGO_PKG_VERSION"));

/// An open ledger, and what its next receipts say of when and by what they were made.
pub(super) struct Keeper {
    ledger: Ledger,
    path: PathBuf,
    origin: Origin,
}

/// What was kept.
pub(super) struct Kept {
    path: PathBuf,
    last: Recorded,
    /// Why the file has no checksum.
    unsealed: Option<String>,
}

/// When, by what and on what the answers of this run are made.
pub(super) fn origin_now(workbench: &Workbench, recorded_at: Option<Timestamp>) -> Result<Origin, Failure> {
    let recorded_at = match recorded_at {
        Some(time) => time,
        None => files::now()?,
    };
    Ok(origin(workbench, PROGRAM, recorded_at))
}

/// Answers a table, with receipts of its rows where a ledger is named; exit status 2 if any row is
/// bad. `options` is what decides the answers beside the table.
pub(super) fn answer_table<O: Operation>(
    workbench: &Workbench,
    arguments: &RecordArguments,
    input: &mut table::Input,
    output: Option<&Path>,
    options: &impl Serialize,
    mut answer: impl FnMut(
        &mut dyn BufRead,
        &mut dyn Write,
        Option<&mut BatchRecorder<'_>>,
        &mut dyn FnMut(u64),
    ) -> Result<BatchSummary, Failure>,
) -> Result<u8, Stop> {
    let name = input.name.clone();
    let Some(mut keeper) = Keeper::open(workbench, arguments)? else {
        return table::answer(output, |output, progress| {
            answer(&mut input.text, output, None, progress).map_err(|failure| failure.within(&name))
        });
    };
    // The table is recognised by its bytes, so all of it is read before the first row is answered.
    let (mut table, hash) = table::spooled(input)?;
    let mut recorder = keeper.table::<O>(options, &hash)?;
    let summary = table::written(output, |output, progress| {
        answer(&mut table, output, Some(&mut recorder), progress).map_err(|failure| failure.within(&name))
    })?;
    let closing = recorder.close(&summary)?;
    let (added, met) = (recorder.added(), recorder.met());
    keeper.close(closing).tell_rows(added, met)?;
    table::report(&summary)
}

impl Keeper {
    /// The ledger that the arguments name, if they name one.
    ///
    /// # Errors
    /// It cannot be opened or made.
    pub(super) fn open(workbench: &Workbench, arguments: &RecordArguments) -> Result<Option<Self>, Failure> {
        let Some(path) = &arguments.record else { return Ok(None) };
        let origin = origin_now(workbench, arguments.recorded_at)?;
        let ledger = Ledger::open_or_create(path)?;
        Ok(Some(Self { ledger, path: path.clone(), origin }))
    }

    /// Records a single answer.
    ///
    /// # Errors
    /// The ledger cannot be written; then nothing is recorded.
    pub(super) fn record<O: Operation>(
        mut self,
        request: &O::Request,
        answer: &O::Answer,
    ) -> Result<Kept, Failure> {
        let recorded = Recorder::new(&mut self.ledger, self.origin.clone()).record::<O>(request, answer)?;
        Ok(self.close(recorded))
    }

    /// Begins to record a table that an operation answers, or goes on with it. `options` is what
    /// decides the answers beside the table.
    ///
    /// # Errors
    /// The ledger cannot be read.
    fn table<O: Operation>(
        &mut self,
        options: &impl Serialize,
        table: &Hash,
    ) -> Result<BatchRecorder<'_>, Failure> {
        BatchRecorder::open::<O>(&mut self.ledger, self.origin.clone(), options, table)
    }

    /// Closes the ledger.
    fn close(self, last: Recorded) -> Kept {
        let unsealed = self.ledger.close().err().map(|fault| fault.to_string());
        Kept { path: self.path, last, unsealed }
    }
}

impl Kept {
    /// Says on standard error where the receipt is.
    pub(super) fn tell(&self) -> io::Result<()> {
        self.tell_words(&format!("recorded as receipt {} of", self.last.sequence))
    }

    /// Says on standard error what became of the rows of a table.
    fn tell_rows(&self, added: u64, met: u64) -> io::Result<()> {
        let before = if met > 0 { format!(", {met} were there") } else { String::new() };
        self.tell_words(&format!(
            "recorded {added} rows{before}, closed by receipt {} of",
            self.last.sequence
        ))
    }

    fn tell_words(&self, words: &str) -> io::Result<()> {
        let mut out = anstream::stderr().lock();
        writeln!(out, "{words} {}", self.path.display())?;
        writeln!(out, "head {}", self.last.hash)?;
        if let Some(fault) = &self.unsealed {
            writeln!(out, "note: the checksum of the file was not taken: {fault}")?;
        }
        Ok(())
    }
}
