//! [`Layout`]: where the windows lie around a day.

use std::ops::Range;

use crate::study::Window;

/// Where estimation window and event window lie around day 0, in sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Event window.
    pub window: Window,
    /// Sessions of the estimation window.
    pub estimation: usize,
    /// Sessions from the last of the estimation window to day 0; 11 where ten lie between.
    pub lead: usize,
}

impl Layout {
    /// Estimation window and event window around a day, of `length` sessions in all.
    pub(super) fn around(&self, day: usize, length: usize) -> Option<(Range<usize>, Range<usize>)> {
        let (first, last) = self.window.around(day)?;
        let end = (day + 1).checked_sub(self.lead)?;
        let start = end.checked_sub(self.estimation)?;
        // The two must not overlap, and both must lie within the sessions.
        (end <= first && last < length).then_some((start..end, first..last + 1))
    }
}
