//! What a change of rule cost, and whom.
//!
//! What is not here: reading from disk or network, a clock, and any particular firm or event.
pub mod event;
pub mod exchange;
pub mod exposure;
pub mod firm;
pub mod policy;
pub mod quotes;
pub mod ripple;
pub mod significance;
pub mod study;
