//! [`Fault`]: what is odd about quotes. None is mended; rows that cannot be used are left out
//! and named.

use std::fmt;

use serde::Serialize;

/// What is odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// A row that cannot be read; it is left out.
    Unreadable,
    /// A price that is zero, negative or no number; it is left out.
    BadPrice,
    /// A day given twice; the first is kept.
    Duplicate,
    /// A jump by the ratio of a split; it is kept as it is.
    Split,
    /// More than ten days without a quote; the next return spans them.
    Gap,
    /// Five sessions or more at one price.
    Standstill,
}

impl FaultKind {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::BadPrice => "bad price",
            Self::Duplicate => "duplicated day",
            Self::Split => "split not adjusted for, or a very large move",
            Self::Gap => "gap",
            Self::Standstill => "standstill",
        }
    }
}

/// One oddity, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What kind.
    pub kind: FaultKind,
    /// Where and what: file, line, day, what was found.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.kind.word(), self.message)
    }
}
