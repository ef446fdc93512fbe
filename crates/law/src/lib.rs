//! Export-control law as dated data, and determinations from it.
mod docket;
mod edition;
mod facts;
mod instrument;
mod jurisdiction;
mod law;
mod timeline;

pub use docket::{Answer, Docket, Transaction};
pub use edition::{Edition, ProvisionId};
pub use facts::{Facts, FactsError, Origin, Supplies, Supply};
pub use instrument::{
    Act, Definition, Effect, Instrument, InstrumentKind, Operation, ProceduralCondition, Source, View,
};
pub use jurisdiction::{Class, Jurisdiction, Registers, Status, StatusId, UNDETERMINED};
pub use law::{Law, LawError, Scrutiny, read_law};
pub use timeline::InForce;
