//! Who is listed: editions of the lists of restricted parties, and names matched across scripts.
//!
//! What is not here: reading from disk or network, a clock, what a listing means for a
//! shipment (that is law), and any particular list or party.

pub mod alias;
pub mod country;
pub mod difference;
pub mod edition;
pub mod effect;
mod federal_register;
pub mod footnote;
pub mod government;
mod id;
pub mod identity;
pub mod list;
pub mod matching;
mod name_text;
pub mod names;
pub mod party;
pub mod since;
pub mod snapshot;
pub mod update;
