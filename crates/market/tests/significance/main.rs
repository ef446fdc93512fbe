//! The tests over many firms: against a second implementation, by laws they must obey, and by
//! how often they see an effect where there is none.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "test code: a panic is the report")]

mod agreement;
mod degenerate;
mod laws;
mod simulated;
mod size;
