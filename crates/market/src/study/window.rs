//! [`Window`]: the days around day 0 over which abnormal returns are added up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Sessions around day 0, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    first: i32,
    last: i32,
}

/// A text that names no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected sessions around day 0 such as -1,+1 or 0, the first no later than the last and none beyond {FURTHEST}, found `{0}`"
)]
pub struct WindowError(String);

/// No window reaches further: a year of sessions says nothing of one event.
const FURTHEST: i32 = 250;

impl Window {
    /// The day of the event alone.
    pub const DAY: Self = Self { first: 0, last: 0 };

    /// A window from `first` to `last`, in sessions from day 0; `None` if they are the wrong
    /// way round or too far away.
    #[must_use]
    pub fn new(first: i32, last: i32) -> Option<Self> {
        let near = |day: i32| (-FURTHEST..=FURTHEST).contains(&day);
        (first <= last && near(first) && near(last)).then_some(Self { first, last })
    }

    /// First session.
    #[must_use]
    pub const fn first(self) -> i32 {
        self.first
    }

    /// Last session.
    #[must_use]
    pub const fn last(self) -> i32 {
        self.last
    }

    /// How many sessions.
    #[must_use]
    pub fn len(self) -> usize {
        usize::try_from(self.last - self.first + 1).unwrap_or(0)
    }

    /// A window has at least one session.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        false
    }

    /// First and last position when day 0 stands at a position; `None` before the start.
    #[must_use]
    pub fn around(self, day0: usize) -> Option<(usize, usize)> {
        let shift = |by: i32| day0.checked_add_signed(isize::try_from(by).ok()?);
        Some((shift(self.first)?, shift(self.last)?))
    }
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last && self.first == 0 {
            return formatter.pad("[0]");
        }
        formatter.pad(&format!("[{:+},{:+}]", self.first, self.last).replace("+0", "0"))
    }
}

impl FromStr for Window {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let wrong = || WindowError(text.to_owned());
        let inner = text.trim().trim_start_matches(['[', '(']).trim_end_matches([']', ')']);
        let number = |part: &str| part.trim().replace('\u{2212}', "-").parse::<i32>().map_err(|_| wrong());
        let parts: Vec<&str> = ["..", ",", ":", ";"]
            .into_iter()
            .find(|mark| inner.contains(mark))
            .map_or_else(|| vec![inner], |mark| inner.split(mark).collect());
        let (first, last) = match parts.as_slice() {
            [only] => (number(only)?, number(only)?),
            [first, last] => (number(first)?, number(last)?),
            _ => return Err(wrong()),
        };
        Self::new(first, last).ok_or_else(wrong)
    }
}

impl TryFrom<String> for Window {
    type Error = WindowError;

    fn try_from(text: String) -> Result<Self, WindowError> {
        text.parse()
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.to_string()
    }
}
