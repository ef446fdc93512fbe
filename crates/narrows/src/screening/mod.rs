//! Names screened on a workbench: what is asked for, and tables of names.

mod batch;
mod options;

pub use batch::{BatchOptions, screen_batch};
