//! Receipts: proof of what was asked, answered and known, chained and kept.
//!
//! A [`Receipt`] holds hashes of a request and its answer, what they rested on, and the hash
//! of the receipt before it; so no receipt can be changed, taken out or put in without
//! changing every one after it. The pure part is here: the bytes that are hashed, the
//! [`Chain`], and what differs between two answers ([`differences`]). A [`Book`] is
//! whatever keeps receipts.
//!
//! The feature `sqlite` adds `store`, a book in an SQLite file: the one place among the
//! engines that touches a disk. Nothing here has a clock: times are given.
//!
//! The format of receipts, and what verification proves, is in `docs/ledger.md`.

mod book;
mod chain;
mod difference;
mod encoding;
mod hash;
mod receipt;
#[cfg(feature = "sqlite")]
pub mod store;

pub use book::{Book, Fault, Recorded};
pub use chain::{Break, Chain, check_content};
pub use difference::{Difference, differences};
pub use hash::{Hash, Hasher, NoHash};
pub use receipt::{Content, Entry, Origin, Place, Receipt};
