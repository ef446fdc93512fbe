//! [`Status`]: the answers that a jurisdiction gives, and how strict they are.

use serde::Serialize;

/// How strict a class of answers is, and what it lets a person do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Prohibited, or presumed to be.
    Prohibition,
    /// A licence is needed.
    Licence,
    /// A licence exception is available.
    Exception,
    /// No licence is needed.
    NoLicence,
    /// It hangs on something unknown.
    Undetermined,
}

impl Class {
    /// The word used in data files and answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Prohibition => "prohibition",
            Self::Licence => "licence",
            Self::Exception => "exception",
            Self::NoLicence => "no_licence",
            Self::Undetermined => "undetermined",
        }
    }
}

/// The word for an answer that hangs on something unknown.
pub const UNDETERMINED: &str = "undetermined";
/// What that means.
pub(crate) const OPEN_MEANING: &str = "The answer hangs on facts that are not known.";

/// An answer that a jurisdiction gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The word.
    pub word: String,
    /// Its class.
    pub class: Class,
    /// A short name.
    pub title: String,
    /// One sentence on what it means.
    pub meaning: String,
}

/// The place of a status in the order of strictness, the strictest being zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusId(pub(crate) u32);
