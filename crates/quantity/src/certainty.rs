//! [`Certainty`]: how sure a figure or a rule is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How sure a figure or a statement of law is, from the best ground to the weakest.
///
/// The order is the order of trust, so the weakest ground of an answer is the
/// maximum over what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// The words of a government, regulator or filing were read.
    Official,
    /// A maker's datasheet or white paper.
    Datasheet,
    /// Measured on the part.
    Measured,
    /// A law firm's note, a transcription, a tracker.
    Secondary,
    /// Press.
    Press,
    /// Computed here from figures of the certainties named beside it.
    Computed,
    /// Concluded from other facts; the basis says which.
    Inferred,
    /// An estimate by somebody who could not know.
    Estimate,
    /// From general knowledge; the cited page was not opened again.
    Recalled,
}

impl Certainty {
    /// The word used in data files and answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Official => "official",
            Self::Datasheet => "datasheet",
            Self::Measured => "measured",
            Self::Secondary => "secondary",
            Self::Press => "press",
            Self::Computed => "computed",
            Self::Inferred => "inferred",
            Self::Estimate => "estimate",
            Self::Recalled => "recalled",
        }
    }
}

impl fmt::Display for Certainty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}
