//! Who else is hit: losses that travel through a network of firms ([`cut`]) or a table of sectors
//! ([`input_output`]).

pub mod cut;
pub mod input_output;
pub mod network;
pub mod sector_table;
