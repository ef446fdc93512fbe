//! A rule that may turn: its states, how often it turned, and what that is worth.
//!
//! A sale to a controlled market needs two consents: that of the exporter's authority and that
//! of the importer's. [`state`] names what each may say, [`line`](mod@line) which parts stood under one
//! rule and when it turned, [`history`] counts the turns, [`hazard`] makes rates of counts with
//! their uncertainty, [`given`] puts the asker's in their place, [`chain`] makes probabilities of
//! rates, [`forecast`] allows for what is not known of them, [`outlook`] makes money of
//! probabilities, and [`stock`] the number of parts to build. [`answered`] shows how soon one
//! side answered the other.

pub mod answered;
pub mod chain;
pub mod fault;
pub mod forecast;
pub mod given;
pub mod hazard;
pub mod history;
pub mod line;
pub mod outlook;
pub mod random;
pub mod state;
pub mod stock;
