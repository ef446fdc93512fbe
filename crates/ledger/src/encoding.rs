//! The bytes of which hashes are taken: each field says where it ends, so that two different
//! records never have the same bytes.

use crate::hash::Hash;

/// Writes fields one after another.
///
/// A text is its length in bytes (eight bytes, most significant first) and its UTF-8 bytes; a
/// number is eight bytes, most significant first; a hash is its 32 bytes; a field that may be
/// missing is one byte 0, or one byte 1 and the field. What is encoded begins with a text that
/// names it, so that the bytes of one kind of record are never those of another.
#[derive(Debug, Clone)]
pub(crate) struct Encoding(Vec<u8>);

impl Encoding {
    /// The encoding of a kind of record.
    pub(crate) fn of(name: &str) -> Self {
        let mut encoding = Self(Vec::with_capacity(512));
        encoding.text(name);
        encoding
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub(crate) fn hash(&mut self, hash: &Hash) -> &mut Self {
        self.0.extend_from_slice(hash.bytes());
        self
    }

    /// A field that may be missing; `write` writes one that is there.
    pub(crate) fn optional<T>(&mut self, field: Option<T>, write: impl FnOnce(&mut Self, T)) -> &mut Self {
        match field {
            None => self.0.push(0),
            Some(field) => {
                self.0.push(1);
                write(self, field);
            }
        }
        self
    }

    pub(crate) fn optional_text(&mut self, text: Option<&str>) -> &mut Self {
        self.optional(text, |encoding, text| {
            encoding.text(text);
        })
    }

    /// The bytes written.
    pub(crate) fn bytes(self) -> Vec<u8> {
        self.0
    }
}
