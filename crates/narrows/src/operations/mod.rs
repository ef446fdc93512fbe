//! One module per operation.

mod brief;
mod check;
mod chip;
mod chips;
mod data_check;
mod events;
mod exposure;
mod history;
mod lists;
mod lists_diff;
mod lists_show;
mod lists_update;
mod perf_compare;
mod perf_op;
mod perf_serve;
mod perf_train;
mod plane;
mod ripple;
mod ripple_sectors;
mod rules;
mod screen;
mod shock;

pub use brief::{
    Abilities, AbilityComparison, Brief, BriefAnswer, CostlyEvent, Costs, Party, Reaction, Role, Sibling,
    SiblingCell, SiblingRow, Siblings, SupplierCosts,
};
pub(crate) use check::Checker;
pub use check::{Check, CheckAnswer, CheckRequest, Elsewhere, ItemReference, PlaceReference};
pub use chip::{ChipAnswer, ChipOperation, ChipRequest, LegalFact};
pub use chips::{ChipRow, ChipsAnswer, ChipsOperation, ChipsRequest, StatusFilter};
pub use data_check::{DataCheck, DataCheckAnswer, DataCheckRequest, JurisdictionSummary};
pub use events::{EventsAnswer, EventsOperation, EventsRequest};
pub use exposure::{
    Alternative, BuildAnswer, BuildRequest, Exposure, ExposureAnswer, ExposureBuild, ExposureOutlook,
    ExposureRequest, HazardAnswer, Numbers, OutlookAnswer, OutlookQuarter, OutlookRequest, RuleRequest,
    State, TakenFigure, TermsAnswer, TreeAnswer, Tried, UnitsAnswer,
};
pub use history::{ChangedBy, History, HistoryAnswer, HistoryRequest, Period};
pub use lists::{ListState, ListsAnswer, ListsOperation, ListsRequest};
pub use lists_diff::{ListsDiff, ListsDiffAnswer, ListsDiffRequest};
pub use lists_show::{ListsShow, ListsShowAnswer, ListsShowRequest};
pub use lists_update::{ListsUpdate, ListsUpdateAnswer, ListsUpdateRequest, NewFile};
pub use perf_compare::{ComparedChip, PerfCompare, PerfCompareAnswer, PerfCompareRequest, Task, compare};
pub use perf_op::{PerfOp, PerfOpAnswer, PerfOpRequest};
pub use perf_serve::{
    GivenParallelism, PerfServe, PerfServeAnswer, PerfServeRequest, ServeSearch, constraint_words, serve,
};
pub use perf_train::{
    Layout, OperatorTime, PerfTrain, PerfTrainAnswer, PerfTrainRequest, SearchSummary, train,
};
pub use plane::{Axis, LeftOut, PlaneMap, Point, Reach, Region};
pub use ripple::{
    Assumed, EventReactions, GivenAssumptions, Ground, NotCounted, Ripple, RippleAnswer, RippleQuarter,
    RippleRequest, Supplier, SupplierReaction, SupplySource,
};
pub use ripple_sectors::{CsvText, IndustryLoss, RippleSectors, RippleSectorsAnswer, RippleSectorsRequest};
pub use rules::{
    InstrumentSummary, ProvisionText, ProvisionVersion, RuleChange, Rules, RulesAnswer, RulesDiff,
    RulesDiffAnswer, RulesDiffRequest, RulesRequest,
};
pub(crate) use screen::also_ids;
pub use screen::{FoundIn, Screen, ScreenAnswer, ScreenHit, ScreenRequest, ScreenWord};
pub use shock::{AllDays, FactorText, Overlap, Shock, ShockAnswer, ShockRequest, ShockRow, Worth};
