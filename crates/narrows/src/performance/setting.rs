//! [`Setting`]: a chip ready to compute with, in its network.

use narrows_perf::model::Model;
use narrows_perf::network::{Domain, Network};
use narrows_perf::{Machine, Software, Specification};
use serde::{Deserialize, Serialize};

use super::chip_choice::{ChipChoice, Chosen};
use crate::failure::{Failure, FailureKind};
use crate::workbench::Workbench;

/// A chip with its constants, in its network.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The chip as it was found.
    pub chosen: Chosen,
    /// The chip with its constants.
    pub machine: Machine,
    /// How chips are joined.
    pub network: Network,
    /// Its widest domain of fast links.
    pub domain: Domain,
}

impl Setting {
    /// Finds a chip and its network: that in which it is usually sold, unless one is named.
    ///
    /// # Errors
    /// An unknown chip or network, or a figure that is missing.
    pub fn find(
        workbench: &Workbench,
        chip: &ChipChoice,
        network: Option<&str>,
        software: Software,
    ) -> Result<Self, Failure> {
        let chosen = chip.find(workbench)?;
        let data = workbench.performance()?;
        // A supposed figure does not change how a chip is joined to others.
        let sold = Specification { id: chosen.chip.id.clone(), ..chosen.specification.clone() };
        let network = match network {
            Some(name) => workbench
                .networks()?
                .find(name, &chosen.specification.accelerator)
                .map_err(|error| Failure { kind: FailureKind::UnknownName, message: error.to_string() })?,
            None => workbench.networks()?.of_chip(&sold, &data.families),
        };
        let domain = network
            .domain()
            .ok_or_else(|| Failure::data(format!("network `{}` has no tier of chips", network.id)))?;
        let machine = Machine::new(&chosen.specification, &data.calibration, &data.families, software);
        Ok(Self { chosen, machine, network, domain })
    }

    /// What was assumed of the chip and its network.
    #[must_use]
    pub fn assumed(&self) -> Vec<String> {
        self.chosen.specification.assumed.iter().chain(&self.network.assumed).cloned().collect()
    }

    /// Middle of the price band, if the catalogue has one, with both ends.
    #[must_use]
    pub fn price(&self) -> Option<(f64, f64)> {
        let number = |figure: &str| Some(self.chosen.chip.bounds(figure)?.best()?.to_f64());
        let low = number("price_low_usd")?;
        Some((low, number("price_high_usd").unwrap_or(low)))
    }
}

/// Which model is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ModelChoice {
    /// One on record, by any of its names.
    Name(String),
    /// A Hugging Face `config.json`.
    Config {
        /// Path to show in messages.
        shown: String,
        /// Its text.
        text: String,
    },
}

impl ModelChoice {
    /// Finds the model.
    ///
    /// # Errors
    /// An unknown name, or a file that is no configuration of a model.
    pub fn find(&self, workbench: &Workbench) -> Result<Model, Failure> {
        match self {
            Self::Name(name) => workbench
                .models()?
                .find(name)
                .map(|named| named.model)
                .map_err(|error| Failure { kind: FailureKind::UnknownName, message: error.to_string() }),
            Self::Config { shown, text } => narrows_perf::hugging_face::read(shown, text)
                .map(|read| read.model)
                .map_err(|error| Failure::input(error.to_string())),
        }
    }

    /// What had to be assumed to read the model from a file.
    #[must_use]
    pub fn assumed(&self, model: &Model) -> Vec<String> {
        match self {
            Self::Name(_) => Vec::new(),
            Self::Config { shown, .. } => {
                model.provenance.notes.iter().map(|note| format!("{shown}: {note}")).collect()
            }
        }
    }
}
