//! [`ChipChoice`]: a chip of the catalogue, one of the asker's own, or either with figures
//! that the asker supposes.

use narrows_catalog::{Chip, DataFile, Family};
use narrows_perf::Specification;
use narrows_quantity::Decimal;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::workbench::Workbench;

/// Which chip is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChipChoice {
    /// Any name of a chip of the catalogue.
    #[serde(default)]
    pub name: Option<String>,
    /// A chip of the asker's own, as a data file.
    #[serde(default)]
    pub file: Option<ChipText>,
    /// Figures that the asker supposes, by name.
    #[serde(default)]
    pub set: Vec<(String, String)>,
}

/// A chip as a data file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChipText {
    /// Path to show in messages.
    pub shown: String,
    /// Its text.
    pub text: String,
}

/// A chip that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// With the supposed figures put in.
    pub chip: Chip,
    /// What time depends on.
    pub specification: Specification,
    /// The family through whose default it was found.
    pub by_default_of: Option<Family>,
}

/// Figures without which a chip does nothing.
const NEEDED: [&str; 2] = ["memory_gb", "memory_bandwidth_gb_per_s"];

impl ChipChoice {
    /// A chip of the catalogue.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..Self::default() }
    }

    /// Finds the chip.
    ///
    /// # Errors
    /// An unknown name, a file that is no chip, a figure that cannot be meant or is missing.
    pub fn find(&self, workbench: &Workbench) -> Result<Chosen, Failure> {
        let (mut chip, by_default_of) = match (&self.name, &self.file) {
            (Some(name), None) => {
                let found = workbench.chips()?.find(name)?;
                (found.chip.clone(), found.by_default_of.cloned())
            }
            (None, Some(file)) => (Chip::parse(DataFile { path: &file.shown, text: &file.text })?, None),
            (Some(_), Some(_)) => return Err(Failure::input("give the name of a chip or a file, not both")),
            (None, None) => return Err(Failure::input("name a chip, or give a file with one")),
        };
        for (figure, value) in &self.set {
            let number: Decimal = value.parse().map_err(|_| {
                Failure::input(format!("{figure}: expected a number such as 4000, found `{value}`"))
            })?;
            if NEEDED.contains(&figure.as_str()) && number.to_f64() <= 0.0 {
                return Err(Failure::input(format!("{figure}: expected more than 0, found {value}")));
            }
            // Only links can be none; anything else of nothing is no chip.
            if number <= Decimal::ZERO && figure != "link_bandwidth_gb_per_s" {
                return Err(Failure::input(format!("{figure}: expected a number above 0, found {number}")));
            }
            chip.suppose(figure, number).map_err(Failure::input)?;
        }
        let mut specification = workbench.performance()?.specification(&chip)?;
        if !self.set.is_empty() {
            // Constants of the chip itself hold for its own figures alone.
            let supposed: Vec<String> =
                self.set.iter().map(|(name, value)| format!("{name}={value}")).collect();
            specification.id = format!("{} with {}", specification.id, supposed.join(", "));
            specification.name = format!("{} with {}", specification.name, supposed.join(", "));
        }
        Ok(Chosen { chip, specification, by_default_of })
    }
}
