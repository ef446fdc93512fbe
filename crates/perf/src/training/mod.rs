//! Training: time and memory of an optimizer step, and what a run takes.
//!
//! A step is composed in closed form. Each kind of layer is timed once for a micro batch
//! ([`layer`]), layers are summed, stages of the pipeline and its bubble follow
//! ([`schedule`]), then communication between replicas and the update ([`step`]). Memory is
//! counted by part ([`memory`]). [`mod@search`] tries plans; [`run`] turns a step into days,
//! energy and cost.

pub mod communication;
pub mod error;
mod feeding;
pub mod layer;
pub mod memory;
mod mixing;
pub mod parts;
pub mod plan;
pub mod run;
pub mod schedule;
pub mod search;
pub mod software;
pub mod step;

pub use error::TrainingError;
pub use layer::{Means, Slice};
pub use memory::{Memory, Parameters};
pub use parts::{Operator, Parts};
pub use plan::{Overlap, Plan, Recomputation, Schedule, Sharding, StateBytes};
pub use run::{Failures, Run, Tariff};
pub use search::{Found, Limits, search};
pub use software::TrainingConstants;
pub use step::{Step, StepTime};
