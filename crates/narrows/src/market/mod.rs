//! What a change of rule cost: the quotes, calendars and firms behind the operations.

mod desk;
pub mod pool;
pub mod shock_batch;

pub(crate) use desk::{Asked, Day, Desk};
