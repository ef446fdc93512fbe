//! A second implementation of `docs/law-data.md`, naive and independent of the engine, and random cases to
//! compare the two on.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is test code: a panic is the report"
)]

mod complete;
mod data;
mod evaluate;
mod generate;
mod language;
mod rational;

pub(crate) use evaluate::{Given, Oracle, Question, Verdict};
pub(crate) use generate::Generator;
pub(crate) use rational::Rational;
