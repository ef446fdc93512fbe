//! Who the item is for: the name is looked up in the lists of restricted parties, and what is
//! found there goes into the determination as facts.
//!
//! Only an exact listed name, or a party that the asker confirms by id, applies a listing. A name
//! that merely resembles one leaves the answer undetermined, unless it makes no difference.
//! Owners count only through the rule on affiliates, as the law of the day has it.

mod answer;
mod apply;
mod cases;
mod resolve;

use jiff::civil::Date;
use narrows_quantity::Decimal;
use serde::{Deserialize, Serialize};

pub use answer::{Candidate, EndUserAnswer, ListingLine, Outcome, OwnerLine};
pub(crate) use apply::{determine, facts_of, verdict};
pub(crate) use resolve::Desk;

/// An owner of the end user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// Name.
    pub name: String,
    /// Share that it owns, in percent.
    pub percent: Decimal,
}

/// Who the item is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct EndUser {
    /// Name.
    pub(crate) name: Option<String>,
    /// Id of the listed party that it is known to be.
    pub(crate) id: Option<String>,
    /// Its owners.
    pub(crate) owners: Vec<Owner>,
}

impl EndUser {
    /// Whether nothing is known of it.
    #[must_use]
    pub(crate) fn is_unnamed(&self) -> bool {
        self.name.is_none() && self.id.is_none() && self.owners.is_empty()
    }
}

/// The day whose lists are asked: the earlier of the day of the transaction and that of knowledge.
pub(crate) fn day_of_lists(on: Date, known_on: Option<Date>) -> Date {
    known_on.map_or(on, |known_on| known_on.min(on))
}
