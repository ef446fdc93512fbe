//! How likely an effect over many firms is by chance.
//!
//! A rule hits many firms on one day. Their abnormal returns then move together, and a test
//! that takes firms as independent finds effects where there are none. So tests that correct
//! for it, or do not need to, stand beside those that do not, and each says which it is:
//! [`Kind::takes_firms_as_independent`]. [`permute`] asks the question without a formula: how
//! often do other days show as much?
//!
//! [`cross_section`] takes firm-events of any days and markets; a [`Panel`] of firms that
//! share days and factors gives the same faster.

mod bootstrap;
mod correlation;
mod cross_section;
mod firm_event;
mod layout;
mod panel;
mod permutation;
mod random;
mod ranks;
mod score;

pub use bootstrap::{Interval, Resampled, bootstrap};
pub use correlation::Correlation;
pub use cross_section::{CrossSection, Verdict, cross_section};
pub use firm_event::{FirmEvent, Span};
pub use layout::Layout;
pub use panel::{Panel, PanelError};
pub use permutation::{
    DayStatistics, Draws, Permutation, PermutationError, PermutationPlan, Statistic, permute,
};
pub use score::{Degenerate, Kind, Reference, Score};
