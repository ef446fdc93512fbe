//! Names screened on a workbench: an edition of the lists with its index, made with the first
//! question that needs it.

mod batch;
mod desk;

pub use batch::{BatchOptions, harmless, screen_batch};
pub use desk::ScreeningDesk;
pub(crate) use desk::ScreeningRecord;
