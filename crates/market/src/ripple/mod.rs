//! Who else is hit: losses that travel through a network of firms or a table of sectors.

pub mod input_output;
pub mod sector_table;
