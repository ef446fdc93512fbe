//! [`EndUserAnswer`]: what the lists say of an end user, and what follows.

use jiff::civil::Date;
use narrows_quantity::Decimal;
use narrows_screening::effect::Listing;
use narrows_screening::since::{OnDay, Since};
use serde::Serialize;

/// What came of looking it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is listed, or owned by listed parties so far that it counts.
    Listed,
    /// It may be a listed party; whether it is must be found out.
    PossiblyListed,
    /// It, or a party of a like name, was listed later than the day of the transaction.
    NotYetListed,
    /// It is on lists that bear on no determination.
    NamedOnly,
    /// Nothing was found.
    NotFound,
}

impl Outcome {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::PossiblyListed => "possibly listed",
            Self::NotYetListed => "not listed on that day",
            Self::NamedOnly => "on lists that do not bear on the licence",
            Self::NotFound => "not found",
        }
    }
}

/// A listing of the end user or an owner.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListingLine {
    /// What the entry means.
    #[serde(flatten)]
    pub listing: Listing,
    /// From which day on it is listed, where the entry tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
    /// How the listing stands to the day of the transaction.
    pub on_day: OnDay,
    /// Which items need a licence, in the list's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence_requirement: Option<String>,
    /// How applications are reviewed, in the list's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence_policy: Option<String>,
    /// Footnotes of the entry.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub footnotes: Vec<u8>,
    /// Notices in the Federal Register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub federal_register: Option<String>,
    /// The status by this listing alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// A listed party that the name may be of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// Its listings.
    pub listings: Vec<ListingLine>,
    /// How near the name is, as `screen` gives it.
    pub score: f64,
    /// Why.
    pub reason: String,
}

/// An owner and what the lists say of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OwnerLine {
    /// Name as given.
    pub name: String,
    /// Share that it owns, in percent.
    pub percent: Decimal,
    /// What came of looking it up.
    pub outcome: Outcome,
    /// Its listings that count among owners.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listings: Vec<ListingLine>,
    /// Listed parties that it may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
}

/// What the lists say of an end user, and what follows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EndUserAnswer {
    /// Name as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Id as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Newest day of the lists that were asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lists_of: Option<Date>,
    /// What came of it.
    pub outcome: Outcome,
    /// Listings of the party.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listings: Vec<ListingLine>,
    /// Listed parties that the name may be of, the nearest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// Owners that were named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<OwnerLine>,
    /// What a reader must know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl EndUserAnswer {
    /// All listings, those of candidates and owners included.
    pub(crate) fn listings_mut(&mut self) -> Vec<&mut ListingLine> {
        let mut all: Vec<&mut ListingLine> = self.listings.iter_mut().collect();
        let owners = self.owners.iter_mut().map(|owner| (&mut owner.listings, &mut owner.candidates));
        let mut candidates: Vec<&mut Candidate> = self.candidates.iter_mut().collect();
        for (listings, of_owner) in owners {
            all.extend(listings);
            candidates.extend(of_owner);
        }
        all.extend(candidates.into_iter().flat_map(|candidate| &mut candidate.listings));
        all
    }
}
