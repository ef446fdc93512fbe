//! The data folder, embedded file by file.
//!
//! Nothing is parsed here: a question about one chip parses the files that it needs
//! and no others. [`CONTENT_HASH`] identifies the data version.

mod hash;

pub use hash::content_hash;

/// A file of the data folder.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Path below the data folder, with forward slashes.
    pub path: &'static str,
    /// Its text.
    pub text: &'static str,
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
