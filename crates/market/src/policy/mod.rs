//! A rule that may turn: its states, how often it turned, and what that is worth.
//!
//! A sale to a controlled market needs two consents: that of the exporter's authority and that
//! of the importer's. [`state`] names what each may say, [`history`] counts how often each
//! changed its mind, [`hazard`] turns counts into rates with their uncertainty, [`chain`] into
//! probabilities, [`simulation`] into money, and [`stock`] into the number of parts to build.
pub mod chain;
pub mod fault;
pub mod hazard;
pub mod random;
pub mod state;
pub mod stock;
