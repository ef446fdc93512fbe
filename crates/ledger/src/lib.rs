//! Receipts: proof of what was asked, answered and known, chained and kept.
