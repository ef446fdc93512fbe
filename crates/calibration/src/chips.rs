//! The chips of measured tables, found in the catalogue.

use std::collections::BTreeMap;

use narrows_catalog::Chips;
use narrows_perf::{Families, Specification};

/// Chips by the names that tables give them.
pub struct Roster<'a> {
    chips: &'a Chips,
    families: &'a Families,
    found: BTreeMap<String, Result<Specification, String>>,
}

impl<'a> Roster<'a> {
    /// An empty roster over a catalogue.
    #[must_use]
    pub fn new(chips: &'a Chips, families: &'a Families) -> Self {
        Self { chips, families, found: BTreeMap::new() }
    }

    /// The families.
    #[must_use]
    pub fn families(&self) -> &'a Families {
        self.families
    }

    /// Adds a chip under a name, as one of the asker's own.
    pub fn add(&mut self, name: &str, specification: Specification) {
        self.found.insert(name.to_owned(), Ok(specification));
    }

    /// The chip of that name.
    ///
    /// # Errors
    /// The name is unknown, or a figure that time depends on is not on record.
    pub fn find(&mut self, name: &str) -> Result<&Specification, String> {
        let (chips, families) = (self.chips, self.families);
        let entry = self.found.entry(name.to_owned()).or_insert_with(|| {
            let chip = chips.find(name).map_err(|error| error.to_string())?.chip;
            let family = families.of_architecture(chip.architecture.as_deref().unwrap_or_default());
            let traits = families.get(family).ok_or("no architecture families are given")?;
            Specification::of(chip, family, traits).map_err(|error| error.to_string())
        });
        entry.as_ref().map_err(Clone::clone)
    }
}
