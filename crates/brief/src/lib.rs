//! The brief: one self-contained page on a chip and a destination.
//!
//! [`page`] turns the answer of the operation `brief` into HTML that needs no network and
//! no script: pictures are SVG drawn here, colours follow the reader's light or dark
//! setting, every picture has a text alternative, and the whole prints.

mod abilities;
mod band;
mod costs;
mod drawing;
mod end_user;
#[cfg(test)]
mod golden;
mod map;
mod moves;
mod page;
mod scale;
mod suppliers;
mod tone;

pub use page::{BriefError, page};
