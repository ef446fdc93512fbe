//! [`Reference`]: what an event refers to by an id of other data.

use narrows_catalog::datafile::Located;

/// What an event refers to by an id of other data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// What it must be.
    pub register: Register,
    /// The id.
    pub id: Located<String>,
}

/// What an id of other data stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Register {
    /// A chip.
    Chip,
    /// A firm.
    Firm,
    /// An instrument of law.
    Instrument,
}

impl Register {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Chip => "chip",
            Self::Firm => "firm",
            Self::Instrument => "instrument",
        }
    }
}
