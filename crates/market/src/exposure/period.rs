//! [`FiscalPeriod`] and [`Calendar`]: a firm's quarters, and when they end.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Serialize, Serializer};

/// A fiscal year, half or quarter, as the firm numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FiscalPeriod {
    /// Fiscal year.
    pub year: i16,
    /// Which part of it.
    pub part: Part,
}

/// A part of a fiscal year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A quarter, from one.
    Quarter(u8),
    /// A half, from one.
    Half(u8),
    /// The whole year.
    Year,
}

/// The text is not the name of a fiscal period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a fiscal period such as FY2026Q1, FY2026H1 or FY2026, found `{0}`")]
pub struct NotAPeriod(pub String);

impl FromStr for FiscalPeriod {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        let wrong = || NotAPeriod(text.to_owned());
        let rest = text.strip_prefix("FY").ok_or_else(wrong)?;
        let (year, part) = match (rest.get(..4), rest.get(4..)) {
            (Some(year), Some("")) => (year, Part::Year),
            (Some(year), Some("H1")) => (year, Part::Half(1)),
            (Some(year), Some("H2")) => (year, Part::Half(2)),
            (Some(year), Some("Q1")) => (year, Part::Quarter(1)),
            (Some(year), Some("Q2")) => (year, Part::Quarter(2)),
            (Some(year), Some("Q3")) => (year, Part::Quarter(3)),
            (Some(year), Some("Q4")) => (year, Part::Quarter(4)),
            _ => return Err(wrong()),
        };
        Ok(Self { year: year.parse().map_err(|_| wrong())?, part })
    }
}

impl fmt::Display for FiscalPeriod {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Part::Quarter(number) => write!(formatter, "FY{}Q{number}", self.year),
            Part::Half(number) => write!(formatter, "FY{}H{number}", self.year),
            Part::Year => write!(formatter, "FY{}", self.year),
        }
    }
}

impl Serialize for FiscalPeriod {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FiscalPeriod {
    /// Quarters that it has.
    #[must_use]
    pub const fn quarters(self) -> u8 {
        match self.part {
            Part::Quarter(_) => 1,
            Part::Half(_) => 2,
            Part::Year => 4,
        }
    }

    /// Quarters from the first quarter of year zero to the last of this period.
    #[must_use]
    pub const fn last_quarter_number(self) -> i32 {
        let within = match self.part {
            Part::Quarter(number) => number as i32,
            Part::Half(number) => 2 * number as i32,
            Part::Year => 4,
        };
        self.year as i32 * 4 + within - 1
    }

    /// The quarter of that number; `None` outside of any calendar.
    #[must_use]
    pub fn quarter_of_number(number: i32) -> Option<Self> {
        let year = i16::try_from(number.div_euclid(4)).ok()?;
        let quarter = u8::try_from(number.rem_euclid(4)).ok()? + 1;
        Some(Self { year, part: Part::Quarter(quarter) })
    }

    /// Whether the other period lies within this one.
    #[must_use]
    pub const fn holds(self, other: Self) -> bool {
        let (end, length) = (self.last_quarter_number(), self.quarters() as i32);
        let (other_end, other_length) = (other.last_quarter_number(), other.quarters() as i32);
        other_end <= end && other_end - other_length >= end - length
    }

    /// Whether it is a quarter.
    #[must_use]
    pub const fn is_quarter(self) -> bool {
        matches!(self.part, Part::Quarter(_))
    }
}

/// How the ends of quarters follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Every thirteen weeks; a year of 53 weeks, which many firms have now and then, shifts the
    /// quarters after it by a week unless the file names their ends.
    Weeks,
    /// Every three calendar months, at the end of a month.
    Months,
}

/// When a firm's quarters end, where the file does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Calendar {
    /// A quarter whose end is known.
    pub quarter: FiscalPeriod,
    /// Its end.
    pub end: Date,
    /// How the others follow.
    pub rule: Rule,
}

impl Calendar {
    /// The last day of a period by rule.
    #[must_use]
    pub fn end_of(&self, period: FiscalPeriod) -> Option<Date> {
        let steps = period.last_quarter_number() - self.quarter.last_quarter_number();
        match self.rule {
            Rule::Weeks => self.end.checked_add((steps * 13).weeks()).ok(),
            Rule::Months => {
                let shifted = self.end.checked_add((steps * 3).months()).ok()?;
                Some(shifted.last_of_month())
            }
        }
    }

    /// The quarter in which a day lies by rule.
    #[must_use]
    pub fn quarter_on(&self, day: Date) -> Option<FiscalPeriod> {
        let days = (day - self.end).get_days();
        // A guess that cannot be late by more than a quarter, then the first one that has not ended.
        let guess = self.quarter.last_quarter_number() + days.div_euclid(92) - 1;
        (guess..guess + 12)
            .filter_map(FiscalPeriod::quarter_of_number)
            .find(|quarter| self.end_of(*quarter).is_some_and(|end| day <= end))
    }
}
