//! The write-ahead log beside a ledger whose writer was stopped. SQLite takes the transactions
//! of a log up to the first frame whose checksum is wrong and drops the rest without a word;
//! here it is told whether that was an unfinished write or damage.
//!
//! The format is described at <https://sqlite.org/fileformat2.html>, section 4.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// First four bytes of a log, but for the last bit: it is set where the checksums take numbers
/// most significant byte first.
const MAGIC: u32 = 0x377f_0682;

/// What a log says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Log {
    /// There is none, or nothing is wrong with it.
    Sound,
    /// The header, or a frame (counted from 1) among those that were written, is damaged.
    DamagedHeader,
    DamagedFrame(u64),
}

/// The log of a ledger.
pub(super) fn path_of(ledger: &Path) -> PathBuf {
    let mut path = ledger.as_os_str().to_owned();
    path.push("-wal");
    path.into()
}

/// Reads the log of a ledger.
///
/// # Errors
/// The file cannot be read.
pub(super) fn check(ledger: &Path) -> std::io::Result<Log> {
    match File::open(path_of(ledger)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Log::Sound),
        Err(error) => Err(error),
        Ok(file) => read(&mut BufReader::with_capacity(1 << 16, file)),
    }
}

/// The running checksum: two sums over pairs of 32-bit words.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Sums(u32, u32);

impl Sums {
    fn add(&mut self, bytes: &[u8], word: fn([u8; 4]) -> u32) {
        let mut words = bytes.chunks_exact(4).map(|four| four.try_into().map_or(0, word));
        while let (Some(first), Some(second)) = (words.next(), words.next()) {
            self.0 = self.0.wrapping_add(first).wrapping_add(self.1);
            self.1 = self.1.wrapping_add(second).wrapping_add(self.0);
        }
    }
}

/// A number of a header: these are always most significant byte first.
fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
}

/// Fills a buffer; false if the file ends before it is full.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<bool> {
    match input.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn read(input: &mut impl Read) -> std::io::Result<Log> {
    let mut header = [0; HEADER];
    if !fill(input, &mut header)? {
        // Nothing was written to it yet.
        return Ok(Log::Sound);
    }
    let magic = number(&header, 0);
    let word = if magic & 1 == 1 { u32::from_be_bytes } else { u32::from_le_bytes };
    let mut sums = Sums(0, 0);
    sums.add(header.get(..HEADER - 8).unwrap_or_default(), word);
    let page_size = number(&header, 8);
    let plausible = page_size.is_power_of_two() && (512..=65_536).contains(&page_size);
    let agrees = sums == Sums(number(&header, HEADER - 8), number(&header, HEADER - 4));
    if magic & !1 != MAGIC || !plausible || !agrees {
        return Ok(Log::DamagedHeader);
    }
    let salts = [number(&header, 16), number(&header, 20)];
    let mut frame = vec![0; FRAME_HEADER + page_size as usize];
    let mut count = 0_u64;
    // The first frame that does not go on from the one before.
    let mut stop: Option<u64> = None;
    while fill(input, &mut frame)? {
        count += 1;
        let named = [number(&frame, 8), number(&frame, 12)];
        let same = [0, 1].map(|at| named.get(at) == salts.get(at));
        // The last frame of a transaction has the size of the file after it, and is written last;
        // nothing of ours writes a frame twice (`cache_spill` is off).
        let commits = same == [true, true] && number(&frame, 4) != 0;
        if let Some(frame) = stop {
            if commits {
                // A whole transaction follows, so the frame was not the end of the log.
                return Ok(Log::DamagedFrame(frame));
            }
            continue;
        }
        if same == [true, true] {
            sums.add(frame.get(..8).unwrap_or_default(), word);
            sums.add(frame.get(FRAME_HEADER..).unwrap_or_default(), word);
            if sums == Sums(number(&frame, 16), number(&frame, 20)) {
                continue;
            }
        } else if same != [false, false] {
            // Frames left over from an earlier log differ in both.
            return Ok(Log::DamagedFrame(count));
        }
        stop = Some(count);
        if commits {
            // The end of a transaction, all of which is there. What is left over from a transaction
            // that failed or was stopped has no such end.
            return Ok(Log::DamagedFrame(count));
        }
    }
    Ok(Log::Sound)
}
