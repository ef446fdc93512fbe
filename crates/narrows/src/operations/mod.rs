//! One module per operation.

mod check;
mod chip;
mod chips;
mod data_check;
mod history;
mod rules;

pub use check::{Check, CheckAnswer, CheckRequest, Elsewhere, ItemReference, PlaceReference};
pub use chip::{ChipAnswer, ChipOperation, ChipRequest, LegalFact};
pub use chips::{ChipRow, ChipsAnswer, ChipsOperation, ChipsRequest, StatusFilter};
pub use data_check::{DataCheck, DataCheckAnswer, DataCheckRequest};
pub use history::{ChangedBy, History, HistoryAnswer, HistoryRequest, Period};
pub use rules::{
    InstrumentSummary, ProvisionText, ProvisionVersion, RuleChange, Rules, RulesAnswer, RulesDiff,
    RulesDiffAnswer, RulesDiffRequest, RulesRequest,
};
