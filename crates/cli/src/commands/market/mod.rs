//! Commands on what a change of rule cost, and whom.

pub(crate) mod events;
pub(crate) mod exposure;
mod pools;
pub(crate) mod quotes;
pub(crate) mod ripple;
mod ripple_sectors;
pub(crate) mod shock;
