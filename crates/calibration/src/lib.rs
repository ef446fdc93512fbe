//! Measured rows, constants fitted to them, and the error on rows that were not fitted.

pub mod calibrate;
pub mod chips;
pub mod fit;
pub mod group;
pub mod kernels;
pub mod operators;
pub mod serving;
pub mod table;
pub mod training;
