//! Who else is hit: losses that travel through a network of firms or a table of sectors.

pub mod cut;
pub mod input_output;
pub mod network;
pub mod sector_table;
