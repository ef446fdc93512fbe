//! Names of the columns of published files.
//!
//! The official ones are those of <https://data.trade.gov/downloadable_consolidated_screening_list/>;
//! the others are ours, so that an edition that we wrote can be read like one that was published.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// Title or code of the list.
    List,
    /// An id of ours, or the file's own.
    Id,
    Name,
    Aliases,
    Kind,
    Countries,
    Addresses,
    EntityNumber,
    Programmes,
    FederalRegister,
    Effective,
    LicenceRequirement,
    LicencePolicy,
    /// Known, and not kept.
    Other,
}

/// Names of columns with what they hold. Where a row has two names of one field, the earlier
/// one is taken.
const FIELDS: [(&str, Field); 47] = [
    ("source", Field::List),
    ("list", Field::List),
    ("id", Field::Id),
    ("name", Field::Name),
    ("alt_names", Field::Aliases),
    ("aliases", Field::Aliases),
    ("type", Field::Kind),
    ("kind", Field::Kind),
    ("countries", Field::Countries),
    ("country", Field::Countries),
    ("addresses", Field::Addresses),
    ("address", Field::Addresses),
    ("entity_number", Field::EntityNumber),
    ("programs", Field::Programmes),
    ("programmes", Field::Programmes),
    ("federal_register_notice", Field::FederalRegister),
    ("federal_register", Field::FederalRegister),
    ("start_date", Field::Effective),
    ("effective_date", Field::Effective),
    ("effective", Field::Effective),
    ("license_requirement", Field::LicenceRequirement),
    ("licence_requirement", Field::LicenceRequirement),
    ("license_policy", Field::LicencePolicy),
    ("licence_policy", Field::LicencePolicy),
    ("_id", Field::Other),
    ("title", Field::Other),
    ("end_date", Field::Other),
    ("standard_order", Field::Other),
    ("call_sign", Field::Other),
    ("vessel_type", Field::Other),
    ("gross_tonnage", Field::Other),
    ("gross_registered_tonnage", Field::Other),
    ("vessel_flag", Field::Other),
    ("vessel_owner", Field::Other),
    ("remarks", Field::Other),
    ("source_list_url", Field::Other),
    ("citizenships", Field::Other),
    ("dates_of_birth", Field::Other),
    ("nationalities", Field::Other),
    ("places_of_birth", Field::Other),
    ("source_information_url", Field::Other),
    ("ids", Field::Other),
    ("status", Field::Other),
    ("score", Field::Other),
    ("country_codes", Field::Other),
    ("footnotes", Field::Other),
    ("former_ids", Field::Other),
];

/// What a column of that name holds.
pub(super) fn field(name: &str) -> Option<Field> {
    FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
}

/// The names of a field, the official one first.
pub(super) fn names(field: Field) -> impl Iterator<Item = &'static str> {
    FIELDS.iter().filter(move |(_, known)| *known == field).map(|(name, _)| *name)
}

/// All names.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|(name, _)| *name)
}
