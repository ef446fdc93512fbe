//! [`Fault`]: what is odd about quotes. None is mended; what cannot be used is left out and
//! named.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::Serialize;

/// What is odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// A row that has more or fewer cells than the header, or cannot be read; it is left out.
    Unreadable,
    /// A row whose date has no known form, or is no day; it is left out.
    BadDate,
    /// A row without a price; it is left out.
    Missing,
    /// A price that is no number, zero or negative, or a return that cannot be; it is left out.
    BadPrice,
    /// A day given twice, with the same figures; one is kept.
    Duplicate,
    /// A day given twice, with different figures; the first is kept.
    Conflict,
    /// A jump by the ratio of a split; it is kept as it is.
    Split,
    /// More than seven days without a quote; the next return spans them.
    Gap,
    /// Five sessions or more at one price.
    Standstill,
    /// A volume of zero: the price is that of an earlier day.
    NotTraded,
    /// A quote on a Saturday or Sunday; it is kept.
    Weekend,
    /// A series that ends long before the others of its table: perhaps a delisting.
    EndsEarly,
    /// Days that look odd and are as they should be, or whose oddity is understood.
    Explained,
    /// What was taken for granted where the table does not say.
    Assumption,
}

impl FaultKind {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable row",
            Self::BadDate => "bad date",
            Self::Missing => "no price",
            Self::BadPrice => "bad price",
            Self::Duplicate => "duplicated day",
            Self::Conflict => "contradictory day",
            Self::Split => "split not adjusted for, or a very large move",
            Self::Gap => "gap",
            Self::Standstill => "standstill",
            Self::NotTraded => "not traded",
            Self::Weekend => "quote on a weekend",
            Self::EndsEarly => "ends early",
            Self::Explained => "on record",
            Self::Assumption => "assumption",
        }
    }

    /// Whether the figures themselves are in doubt, and not only incomplete.
    #[must_use]
    pub const fn is_error(self) -> bool {
        matches!(self, Self::Unreadable | Self::BadDate | Self::BadPrice | Self::Conflict | Self::Split)
    }

    /// How many of the kind are told one by one; of the rest only the number is told.
    const fn told(self) -> usize {
        match self {
            // Each of these may move a result by itself.
            Self::Split | Self::Conflict | Self::Assumption => 20,
            _ => 3,
        }
    }
}

/// One oddity, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What kind.
    pub kind: FaultKind,
    /// The day it concerns, where it concerns one that can be read.
    pub date: Option<Date>,
    /// The last such day, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Where and what: file, line, column, what was found.
    pub message: String,
}

impl Fault {
    /// Whether it concerns a day from `first` to `last`; one without a day concerns all.
    #[must_use]
    pub fn concerns(&self, first: Date, last: Date) -> bool {
        self.date.is_none_or(|date| date <= last && first <= self.until.unwrap_or(date))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.kind.word(), self.message)
    }
}

/// Faults as they are met: the first of each kind in words, the rest counted.
#[derive(Debug, Default)]
pub(super) struct Faults {
    told: Vec<Fault>,
    counts: BTreeMap<FaultKind, usize>,
}

impl Faults {
    /// Notes a fault. The words are put together only if they are told.
    pub(super) fn add(&mut self, kind: FaultKind, date: Option<Date>, words: impl FnOnce() -> String) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= kind.told() {
            self.told.push(Fault { kind, date, until: None, message: words() });
        }
    }

    /// All of them; `subject` is what they are about.
    pub(super) fn told(self, subject: &str) -> Vec<Fault> {
        let mut told = self.told;
        for (kind, count) in self.counts {
            let rest = count.saturating_sub(kind.told());
            if rest > 0 {
                let message = format!("{rest} more of {subject}");
                told.push(Fault { kind, date: None, until: None, message });
            }
        }
        told
    }
}
