//! Who is listed: editions of the lists of restricted parties, and names matched across scripts.
//!
//! What is not here: reading from disk or network, a clock, what a listing means for a
//! shipment (that is law), and any particular list or party.

pub mod matching;
pub mod names;
pub mod party;
