//! [`Since`]: from which day a party is listed, as far as its entries tell.
//!
//! An entry cites the notices of the Federal Register that made and changed it; the earliest is
//! the one that listed the party. Some citations carry the day, others the volume alone, which
//! is a calendar year: the register's first volume is of 1936.

use jiff::civil::Date;
use serde::Serialize;

use crate::party::Party;

/// The year before that of volume 1 of the Federal Register.
const YEAR_BEFORE_FIRST_VOLUME: u16 = 1935;
/// Volumes of the years from 1970 on, to tell a volume from other numbers.
const VOLUMES: std::ops::Range<u16> = 35..200;

/// The day on which a listing began lies between two days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Since {
    /// The earliest that it can have been.
    pub first: Date,
    /// The latest that it can have been; the same day where it is known.
    pub settled: Date,
}

/// How a listing stands to a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDay {
    /// It had begun.
    Listed,
    /// It had not begun.
    NotYet,
    /// The entries do not tell.
    Unknown,
}

impl Since {
    /// What the rows of one party tell; `None` where they tell nothing.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Party>) -> Option<Self> {
        let mut found: Option<Self> = None;
        for row in rows {
            let cited = row.federal_register.as_deref().and_then(Self::cited);
            let own = row.effective.map(|day| Self { first: day, settled: day });
            for since in cited.into_iter().chain(own) {
                found = Some(found.map_or(since, |other| other.earlier(since)));
            }
        }
        found
    }

    /// Both are of one listing: it began no later than either says.
    fn earlier(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), settled: self.settled.min(other.settled) }
    }

    /// The earliest notice cited in a text.
    fn cited(text: &str) -> Option<Self> {
        let days = text.split(|c: char| !(c.is_ascii_digit() || c == '/')).filter_map(day);
        let days = days.map(|day| Self { first: day, settled: day });
        let years = volumes(text).filter_map(|volume| {
            let year = i16::try_from(volume.checked_add(YEAR_BEFORE_FIRST_VOLUME)?).ok()?;
            Some(Self { first: Date::new(year, 1, 1).ok()?, settled: Date::new(year, 12, 31).ok()? })
        });
        let earliest = days.chain(years).reduce(Self::earlier)?;
        // A day within the year of the earliest volume is the day of that notice.
        Some(if earliest.first.year() == earliest.settled.year() && earliest.settled.day_of_year() < 365 {
            Self { first: earliest.settled, settled: earliest.settled }
        } else {
            earliest
        })
    }

    /// How the listing stands to a day.
    #[must_use]
    pub fn on(self, day: Date) -> OnDay {
        if day >= self.settled {
            OnDay::Listed
        } else if day < self.first {
            OnDay::NotYet
        } else {
            OnDay::Unknown
        }
    }
}

/// `5/21/19` or `12/23/2020`: month, day, year.
fn day(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split('/').collect();
    let [month, day, year] = parts.as_slice() else { return None };
    let written = year.len();
    let year: i16 = year.parse().ok()?;
    let year = match written {
        2 if year >= 70 => 1900 + year,
        2 => 2000 + year,
        4 => year,
        _ => return None,
    };
    Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()
}

/// Numbers before `FR`, or after `Vol.`.
fn volumes(text: &str) -> impl Iterator<Item = u16> {
    let words: Vec<String> = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
        .map(|word| word.replace('.', "").to_ascii_lowercase())
        .filter(|word| !word.is_empty())
        .collect();
    let before_fr = words.windows(2).filter_map(|pair| match pair {
        [number, word] if word == "fr" => number.parse().ok(),
        [word, number] if word == "vol" => number.parse().ok(),
        [word, _] => word.strip_prefix("vol").and_then(|number| number.parse().ok()),
        _ => None,
    });
    let found: Vec<u16> = before_fr.filter(|volume| VOLUMES.contains(volume)).collect();
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cited(text: &str) -> Option<(String, String)> {
        Since::cited(text).map(|since| (since.first.to_string(), since.settled.to_string()))
    }

    #[test]
    fn the_earliest_notice_counts() {
        let day = |text: &str| Some((text.to_owned(), text.to_owned()));
        let year = |year: &str| Some((format!("{year}-01-01"), format!("{year}-12-31")));
        for (text, expected) in [
            ("84 FR 22963, 5/21/19", day("2019-05-21")),
            ("85 FR 83799, 12/23/2020", day("2020-12-23")),
            ("73 FR 54504,\n9/22/08.\n77 FR 24590, 4/25/12", day("2008-09-22")),
            ("46 F.R. 46154 9/17/81", day("1981-09-17")),
            ("Vol.78, No. 28, 02/11/13", day("2013-02-11")),
            ("90 FR 14032", year("2025")),
            ("84 FR 22963; 90 FR 14032, 3/28/25", year("2019")),
            ("91 FR 35189 (June 10, 2026)", year("2026")),
            ("FR NOTICE ADDED", None),
            ("99/99/99", None),
            ("", None),
        ] {
            assert_eq!(cited(text), expected, "{text}");
        }
    }

    #[test]
    fn a_day_is_before_within_or_after_the_bracket() {
        let date = |month: i8| Date::constant(1970, 1, 1).with().year(2024).month(month).build();
        let Some(since) = Since::cited("89 FR 96836") else { panic!("a volume is a year") };
        for month in 1..=12 {
            assert_eq!(date(month).map(|day| since.on(day)).ok(), Some(OnDay::Unknown));
        }
        assert_eq!(since.on(since.first.yesterday().unwrap_or(Date::MIN)), OnDay::NotYet);
        assert_eq!(since.on(since.settled), OnDay::Listed);
    }
}
