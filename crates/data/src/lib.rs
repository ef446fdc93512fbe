//! The data folder, embedded file by file.
//!
//! Nothing is parsed here: a question about one chip parses the files that it needs
//! and no others. Long files are embedded compressed and unpacked when they are asked for.
//! [`CONTENT_HASH`] identifies the data version.

mod hash;

use std::fmt;

pub use hash::{content_hash, text_hash};

/// A file of the data folder.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Path below the data folder, with forward slashes.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// A long file of the data folder, compressed.
#[derive(Clone, Copy)]
pub struct PackedFile {
    /// Path below the data folder, with forward slashes.
    pub path: &'static str,
    /// Length of its text in bytes.
    pub length: usize,
    /// Its text, compressed (RFC 1951).
    packed: &'static [u8],
}

/// The compressed bytes do not hold the text that they were made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged {
    /// Path of the file.
    pub path: &'static str,
}

impl fmt::Display for Damaged {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the embedded file `{}` is damaged", self.path)
    }
}

impl std::error::Error for Damaged {}

impl fmt::Debug for PackedFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PackedFile {{ path: {:?}, length: {}, .. }}", self.path, self.length)
    }
}

impl PackedFile {
    /// Unpacks the text.
    ///
    /// # Errors
    /// [`Damaged`] if the program is.
    pub fn text(&self) -> Result<String, Damaged> {
        let damaged = Damaged { path: self.path };
        let bytes = miniz_oxide::inflate::decompress_to_vec_with_limit(self.packed, self.length);
        let text = String::from_utf8(bytes.map_err(|_| damaged)?).map_err(|_| damaged)?;
        if text.len() == self.length { Ok(text) } else { Err(damaged) }
    }

    /// Length of the compressed bytes.
    #[must_use]
    pub const fn packed_length(&self) -> usize {
        self.packed.len()
    }
}

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The files of one part of the data: those whose path begins with `folder` and a slash.
pub fn folder(folder: &str) -> impl Iterator<Item = &'static File> {
    let start = FILES.partition_point(|file| file.path < folder);
    let is_below =
        move |file: &&File| file.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    // Paths are sorted, so the files of a folder stand together.
    FILES
        .get(start..)
        .unwrap_or_default()
        .iter()
        .skip_while(move |file| !is_below(file))
        .take_while(is_below)
        .collect::<Vec<_>>()
        .into_iter()
}

/// The long files of one part of the data.
pub fn packed_folder(folder: &str) -> impl Iterator<Item = &'static PackedFile> {
    PACKED_FILES
        .iter()
        .filter(move |file| file.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::{Damaged, PACKED_FILES, PackedFile};

    #[test]
    fn long_files_unpack_to_what_was_packed() {
        assert!(!PACKED_FILES.is_empty());
        for file in PACKED_FILES {
            assert_eq!(file.text().map(|text| text.len()), Ok(file.length), "{}", file.path);
        }
    }

    #[test]
    fn damage_is_named() {
        for (packed, length) in [(&[0xff, 0x00][..], 4), (&[][..], 1), (&[0x03, 0x00][..], 1)] {
            let file = PackedFile { path: "x.jsonl", length, packed };
            assert_eq!(file.text(), Err(Damaged { path: "x.jsonl" }));
        }
    }
}
