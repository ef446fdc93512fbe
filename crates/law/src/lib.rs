//! Export-control law as dated data, and determinations from it.
//!
//! A [`Jurisdiction`] is read from text: facts that its conditions may speak of, words for
//! answers, and instruments whose operations change provisions. For a day, a view and a
//! day of knowledge the operations are folded into an [`Edition`]; settled for a
//! [`Transaction`] it is a [`Docket`], which answers cases one by one or in columns; an
//! [`Inquiry`] turns an answer into a [`Determination`] with its grounds, margins, flips,
//! assumptions and sources.
//!
//! No rule, threshold, country, word for an answer or date stands in this crate. The
//! format of the data and the meaning of a determination are in `docs/law-data.md`.
//!
//! What is not here: the catalogue of chips, lists of parties, reading from disk, a clock.

mod alternatives;
mod determination;
mod difference;
mod docket;
mod edition;
mod explain;
mod facts;
mod flip;
mod inquiry;
mod instrument;
mod jurisdiction;
mod law;
mod read;
mod status;
mod timeline;

pub use alternatives::{Alternative, one_of};
pub use determination::{
    Assumption, Charge, Determination, FactLine, Flip, Ground, InstrumentReference, LeadsTo, Missing, Turning,
};
pub use difference::{ChangeKind, ProvisionChange, describe, difference};
pub use docket::{Answer, Docket, Elsewhere, Transaction};
pub use edition::{Edition, ProvisionId};
pub use facts::{Facts, FactsError, Origin, Supplies, Supply};
pub use flip::{Boundary, Reading, Turn, boundaries, reading, turns};
pub use inquiry::{Inquiry, subject};
pub use instrument::{
    Act, Definition, Effect, Instrument, InstrumentKind, Operation, ProceduralCondition, Source, View,
};
pub use jurisdiction::{Jurisdiction, Plane};
pub use law::{Law, LawError, Scrutiny, read_law};
pub use read::Registers;
pub use status::{Class, Status, StatusId, UNDETERMINED};
pub use timeline::InForce;
