//! [`Party`]: one entry of one list, as an edition of the lists states it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What a party is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartyKind {
    /// A company, institution or other organisation.
    Entity,
    /// A person.
    Individual,
    /// A ship.
    Vessel,
    /// An aircraft.
    Aircraft,
}

impl PartyKind {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Entity => "entity",
            Self::Individual => "individual",
            Self::Vessel => "vessel",
            Self::Aircraft => "aircraft",
        }
    }
}

/// One entry of one list. The words of the government stand unchanged in
/// [`licence_requirement`](Self::licence_requirement) and [`licence_policy`](Self::licence_policy).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// Id, the same in all editions: the code of the list and a number (`EL-0054`).
    pub id: String,
    /// Other ids under which earlier editions held the same party on the same list, as where
    /// one firm had a row for each country.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_ids: Vec<String>,
    /// Code of the list (`EL`).
    pub list: String,
    /// Primary name.
    pub name: String,
    /// Other names on the list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// What it is, where the list says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<PartyKind>,
    /// Countries (ISO 3166 alpha-2), sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
    /// Addresses, where the edition holds them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Number that the listing authority gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_number: Option<String>,
    /// Programmes under which it is listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub programmes: Vec<String>,
    /// Notices in the Federal Register, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub federal_register: Option<String>,
    /// Day on which the listing took effect, where the edition says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Date>,
    /// Which items need a licence, in the list's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_requirement: Option<String>,
    /// How applications are reviewed, in the list's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_policy: Option<String>,
    /// Footnotes of the entry (1, 4, 5 on the Entity List), sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub footnotes: Vec<u8>,
}
