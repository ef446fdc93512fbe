//! `data check`: reads everything with full scrutiny.

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::operation::Operation;
use crate::workbench::Workbench;

/// A check of all data.
pub struct DataCheck;

/// What `data check` is asked: nothing beyond the workbench itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataCheckRequest {}

/// What `data check` answers when nothing is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DataCheckAnswer {
    /// Embedded files.
    pub embedded_files: usize,
    /// Files of the user's own.
    pub own_files: usize,
    /// Chips.
    pub chips: usize,
    /// Places.
    pub places: usize,
    /// Editions of the lists of restricted parties.
    pub editions: usize,
    /// Parties of the newest edition.
    pub parties: usize,
    /// Jurisdictions.
    pub jurisdictions: Vec<JurisdictionSummary>,
    /// What identifies the data.
    pub data_version: String,
}

/// How much law a jurisdiction has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JurisdictionSummary {
    /// Id.
    pub id: String,
    /// Instruments.
    pub instruments: usize,
    /// Their operations on provisions.
    pub operations: usize,
}

impl Operation for DataCheck {
    const NAME: &'static str = "data check";
    const SUMMARY: &'static str =
        "Reads all data, embedded and your own, and reports what is wrong with file, line and field.";
    type Request = DataCheckRequest;
    type Answer = DataCheckAnswer;

    fn run(workbench: &Workbench, _: &DataCheckRequest) -> Result<DataCheckAnswer, Failure> {
        workbench.check_everything()?;
        let (embedded_files, own_files) = workbench.file_counts();
        let jurisdictions = workbench.law()?.jurisdictions().map(|jurisdiction| {
            let operations =
                jurisdiction.instruments.iter().map(|instrument| instrument.operations.len()).sum();
            JurisdictionSummary {
                id: jurisdiction.id.clone(),
                instruments: jurisdiction.instruments.len(),
                operations,
            }
        });
        Ok(DataCheckAnswer {
            embedded_files,
            own_files,
            chips: workbench.chips()?.iter().count(),
            places: workbench.places()?.iter().count(),
            editions: workbench.party_register()?.snapshots.len(),
            parties: workbench.edition(None)?.parties().len(),
            jurisdictions: jurisdictions.collect(),
            data_version: workbench.data_version(),
        })
    }
}
