//! What identifies files: the build script and the library share it.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// SHA-256 of one text, in hexadecimal digits.
pub fn text_hash(text: &str) -> String {
    hexadecimal(&Sha256::digest(text.as_bytes()))
}

/// SHA-256 over paths and contents, in hexadecimal digits.
pub fn content_hash<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut hash = Sha256::new();
    for (path, content) in files {
        // Lengths keep the boundary between two files from moving unnoticed.
        hash.update((path.len() as u64).to_be_bytes());
        hash.update(path.as_bytes());
        hash.update((content.len() as u64).to_be_bytes());
        hash.update(content);
    }
    hexadecimal(&hash.finalize())
}

/// Bytes as hexadecimal digits.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
