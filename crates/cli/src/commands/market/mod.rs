//! Commands on what a change of rule cost, and whom.

pub(crate) mod events;
mod pools;
pub(crate) mod shock;
