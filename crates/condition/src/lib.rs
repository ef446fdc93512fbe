//! One small condition language: parsed once to a typed tree, read in many ways.
//!
//! ```text
//! limb a.1 (tpp >= 4000 TPP)
//! or limb a.2 (tpp >= 1000 TPP and performance_density >= 3.5 TPP/mm2)
//! ```
//!
//! A [`Dictionary`] fixes which facts there are, their types, units and ranges. A
//! text is [`parse`]d against it to a [`Condition`]; the same tree is then
//! - evaluated on three truth values with a [`trace`](trace::trace) that holds every comparison
//!   and its margin;
//! - printed in words ([`words::outline`]);
//! - compiled into a [`Circuit`] of exact linear tests, which answers cases one by one
//!   or in columns ([`Session`]), enumerates what the unknown may come to
//!   ([`Completions`]), and finds where an answer turns ([`crossings`]).
//!
//! What is not here: any particular rule, fact, country or day; arithmetic beyond
//! weighted sums and one quotient; loops, functions, strings.

mod case;
mod cells;
mod circuit;
mod columns;
mod completions;
mod crossings;
mod dictionary;
mod parse;
mod print;
mod session;
pub mod trace;
mod tree;
mod truth;
pub mod words;

pub use case::{Case, Domain, Span};
pub use circuit::{Circuit, CircuitError, GateId, Linear, Literal, Settled, Test};
pub use columns::Column;
pub use completions::{Completions, Decided, Exploration, Stretch};
pub use crossings::{Crossing, crossings};
pub use dictionary::{
    Dictionary, DictionaryError, Fact, FactId, FactType, Role, Value, ValueError, WhenMissing,
};
pub use parse::{MAX_LENGTH, ParseError, Vocabulary, parse};
pub use print::canonical_text;
pub use session::{Judge, Session};
pub use tree::{Comparison, Condition, DayComparison, Membership, Node, Operator, Term};
pub use truth::Truth;
