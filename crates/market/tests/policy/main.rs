//! A rule that may turn: chain, hazards, history, money and stock, each against a second way of
//! working it out.
#![expect(clippy::unwrap_used, reason = "test code: a panic is the report")]

mod chain;
mod hazard;
mod history;
mod outlook;
mod stock;
