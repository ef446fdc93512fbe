//! What the tables of all operations share: rows read within bounds, and cells that do no harm.

use std::borrow::Cow;
use std::io::{BufRead, Read as _};

use serde_json::{Map, Value};

use crate::failure::Failure;

/// A longer line of JSON is refused unread, so that no line can exhaust the memory.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

/// The output does not take what is written.
pub(crate) fn failed_output(error: impl std::fmt::Display) -> Failure {
    Failure::input(format!("the output cannot be written: {error}"))
}

/// The header of a table of comma separated values.
///
/// # Errors
/// It cannot be read.
pub(crate) fn header<R: std::io::Read>(reader: &mut csv::Reader<R>) -> Result<csv::ByteRecord, Failure> {
    let header = reader.byte_headers();
    let unreadable = |error| Failure::input(format!("the header cannot be read: {error}"));
    header.map_err(unreadable).cloned()
}

/// Reads the next row and counts it; false at the end.
///
/// # Errors
/// It cannot be read.
pub(crate) fn next_record<R: std::io::Read>(
    reader: &mut csv::Reader<R>,
    record: &mut csv::ByteRecord,
    rows: &mut u64,
) -> Result<bool, Failure> {
    let unreadable = |error| Failure::input(format!("row {}: {error}", *rows + 1));
    let found = reader.read_byte_record(record).map_err(unreadable)?;
    *rows += u64::from(found);
    Ok(found)
}

/// Brings a row that is too short or too long to the width of the header.
pub(crate) fn to_width(record: &mut csv::ByteRecord, width: usize) {
    let found = record.len();
    record.truncate(width);
    for _ in found..width {
        record.push_field(b"");
    }
}

/// Reads the next line that is not blank, without a byte order mark, and counts it; none at the end.
///
/// # Errors
/// It cannot be read, or is too long.
pub(crate) fn next_line<'l>(
    input: &mut dyn BufRead,
    line: &'l mut Vec<u8>,
    rows: &mut u64,
) -> Result<Option<&'l [u8]>, Failure> {
    let start = loop {
        line.clear();
        let read = input.take(LONGEST_LINE).read_until(b'\n', line);
        let read = read.map_err(|error| Failure::input(format!("row {}: {error}", *rows + 1)))?;
        if read == 0 {
            return Ok(None);
        }
        if line.len() as u64 == LONGEST_LINE && line.last() != Some(&b'\n') {
            return Err(Failure::input(format!("row {}: expected lines of less than 64 MiB", *rows + 1)));
        }
        let mark = if *rows == 0 { line.strip_prefix(b"\xef\xbb\xbf") } else { None };
        let text = mark.unwrap_or(line);
        if !text.iter().all(u8::is_ascii_whitespace) {
            break line.len() - text.len();
        }
    };
    *rows += 1;
    Ok(line.get(start..))
}

/// The object on a line, or one that hands the line back as it came, and why.
pub(crate) fn object(text: &[u8]) -> (Map<String, Value>, Result<(), String>) {
    match serde_json::from_slice(text) {
        Ok(object) => (object, Ok(())),
        Err(error) => {
            let line = Value::String(String::from_utf8_lossy(text.trim_ascii()).into_owned());
            let error = format!("expected a JSON object on one line: {error}");
            (Map::from_iter([("line".to_owned(), line)]), Err(error))
        }
    }
}

/// A cell that no spreadsheet takes for a formula: one that begins as a formula does gets an
/// apostrophe before it (<https://owasp.org/www-community/attacks/CSV_Injection>).
#[must_use]
pub fn harmless(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}
