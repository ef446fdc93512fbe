//! Tables that are answered row by row.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use narrows::record::{Hash, Hasher};
use narrows::{BatchFormat, BatchSummary, Failure, FailureKind};

use super::progress_bar;
use crate::Stop;
use crate::files;

/// Room for the rows on their way.
const BUFFER: usize = 1 << 16;

/// A table to read: a file, or `-` for standard input.
pub(super) struct Input {
    /// Name to show in messages.
    pub(super) name: String,
    /// Its text.
    pub(super) text: Box<dyn BufRead>,
    /// Whether it is standard input.
    pub(super) is_standard: bool,
}

impl Input {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        if path.as_os_str() == "-" {
            let text = Box::new(BufReader::with_capacity(BUFFER, io::stdin()));
            return Ok(Self { name: "standard input".to_owned(), text, is_standard: true });
        }
        let name = path.display().to_string();
        let file =
            File::open(path).map_err(|error| Failure::input(format!("`{name}` cannot be read: {error}")))?;
        Ok(Self { name, text: Box::new(BufReader::with_capacity(BUFFER, file)), is_standard: false })
    }

    /// The form of the table: by the ending of a file, by the first character of standard input.
    pub(super) fn format(&mut self, path: &Path) -> Result<BatchFormat, Stop> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if !self.is_standard {
            return Ok(match extension.to_ascii_lowercase().as_str() {
                "jsonl" | "ndjson" | "json" => BatchFormat::JsonLines,
                _ => BatchFormat::Csv,
            });
        }
        let start = self.text.fill_buf()?;
        let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
        let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
        Ok(if first == Some(&b'{') { BatchFormat::JsonLines } else { BatchFormat::Csv })
    }
}

/// Larger tables are put down on the disk while they are hashed.
const HELD_IN_MEMORY: usize = 16 << 20;

/// A copy of a table that nobody can change any more, and its hash.
pub(super) fn spooled(input: &mut Input) -> Result<(impl BufRead + use<>, Hash), Failure> {
    let failed = |error: io::Error| Failure::input(format!("{} cannot be read: {error}", input.name));
    let mut copy = tempfile::SpooledTempFile::new(HELD_IN_MEMORY);
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = input.text.read(&mut buffer).map_err(failed)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hasher.update(bytes);
        copy.write_all(bytes)
            .map_err(|error| Failure::input(format!("a copy of {} cannot be kept: {error}", input.name)))?;
    }
    copy.rewind().map_err(failed)?;
    Ok((BufReader::with_capacity(BUFFER, copy), hasher.finish()))
}

/// Writes the answered table and says what a reader should know; exit status 2 if any row is bad.
pub(super) fn answer(
    output: Option<&Path>,
    answer: impl FnMut(&mut dyn Write, &mut dyn FnMut(u64)) -> Result<BatchSummary, Failure>,
) -> Result<u8, Stop> {
    report(&written(output, answer)?)
}

/// Writes the answered table to a file, whole or not at all, or to standard output.
pub(super) fn written(
    output: Option<&Path>,
    mut answer: impl FnMut(&mut dyn Write, &mut dyn FnMut(u64)) -> Result<BatchSummary, Failure>,
) -> Result<BatchSummary, Stop> {
    let bar = progress_bar();
    let mut progress = |rows: u64| {
        if let Some(bar) = &bar {
            bar.set_position(rows);
        }
    };
    let summary = match output {
        Some(output) => {
            let mut summary = Default::default();
            files::write_whole(output, |writer| {
                summary = answer(writer, &mut progress)?;
                Ok(())
            })?;
            summary
        }
        None => {
            let mut output = BufWriter::with_capacity(BUFFER, io::stdout().lock());
            let summary = answer(&mut output, &mut progress)?;
            output.flush()?;
            summary
        }
    };
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    Ok(summary)
}

/// Says what a reader of the answered table should know; exit status 2 if any row is bad.
pub(super) fn report(summary: &BatchSummary) -> Result<u8, Stop> {
    for notice in &summary.notices {
        writeln!(anstream::stderr(), "note: {notice}")?;
    }
    if summary.errors > 0 {
        let have = if summary.errors == 1 { "has" } else { "have" };
        writeln!(
            anstream::stderr(),
            "{} of {} rows {have} an error; see the column `error`",
            summary.errors,
            summary.rows
        )?;
        return Ok(FailureKind::Input.exit_status());
    }
    Ok(0)
}
