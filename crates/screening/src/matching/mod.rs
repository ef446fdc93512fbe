//! Names matched with the names of listed parties.
//!
//! An [`Index`] holds all names of an edition. A [`Screener`] asks it: a name is read
//! ([`crate::names`]), names that share words with it or have words near to its own are looked up
//! by the rarest words first, and the best of them are compared word by word. Rare words count
//! more, as weights of the inverse document frequency do (K. Spärck Jones, "A statistical
//! interpretation of term specificity and its application in retrieval", Journal of Documentation
//! 28, 1972), and a word's kind bounds its weight, so that a family of two hundred listed firms does
//! not make its own name common.

mod acronym;
mod align;
mod hit;
mod index;
mod query;
mod same_party;
mod screener;
mod vocabulary;

pub use hit::{Hit, How, MatchedWord, Path, Refusal, Screening, Strength};
pub use index::{Index, NameSource, OwnName};
pub use screener::{Options, Screener};
