//! [`Quotes`]: daily returns of securities, embedded or the user's own.
//!
//! Returns are simple, as fractions, in the currency of the security's exchange; a price table
//! becomes returns when it is read. A user's series replaces an embedded one as a whole: two
//! sources are never spliced.

mod cell;
mod fault;
mod layout;
mod read;
mod remark;
mod rows;

pub use fault::{Fault, FaultKind};
pub use read::QuoteError;
pub use remark::Remark;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::civil::Date;

use crate::study::ReturnKind;

/// Daily returns of one security, a row for each session with a quote. What is not given is
/// not a number.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Ticker.
    pub ticker: String,
    /// Days on the security's own exchange, the earliest first, each once.
    pub dates: Vec<Date>,
    /// Returns from the close of the row before.
    pub close: Vec<f64>,
    /// Returns from the close of the row before to the open.
    pub overnight: Vec<f64>,
    /// Returns from open to close.
    pub intraday: Vec<f64>,
    /// Where the quotes come from.
    pub source: String,
    /// What was odd about them.
    pub faults: Vec<Fault>,
}

impl Series {
    /// Returns of one part of the day.
    #[must_use]
    pub fn returns(&self, kind: ReturnKind) -> &[f64] {
        match kind {
            ReturnKind::Close => &self.close,
            ReturnKind::Overnight => &self.overnight,
            ReturnKind::Intraday => &self.intraday,
        }
    }

    /// This series with the columns of a later table of the same ticker.
    ///
    /// The days are those of the closes, since a close return starts at the row before it:
    /// what the other columns hold on other days is left out, and told.
    fn merged(&self, later: Self) -> Self {
        let has = |values: &[f64]| values.iter().any(|value| value.is_finite());
        let mut faults: Vec<Fault> = self.faults.iter().chain(&later.faults).cloned().collect();
        let dates = match (has(&self.close), has(&later.close)) {
            (_, true) => later.dates.clone(),
            (true, false) => self.dates.clone(),
            (false, false) => {
                let mut dates: Vec<Date> = self.dates.iter().chain(&later.dates).copied().collect();
                dates.sort_unstable();
                dates.dedup();
                dates
            }
        };
        let mut column = |kind: ReturnKind| -> Vec<f64> {
            let (old, new) = (self.returns(kind), later.returns(kind));
            let mut note = |message: String| {
                faults.push(Fault { kind: FaultKind::Assumption, date: None, until: None, message });
            };
            let taken = if has(new) { &later } else { self };
            if has(old) && has(new) {
                let (ticker, before, after) = (&later.ticker, &self.source, &later.source);
                note(format!(
                    "{kind} returns of {ticker} stand in {before} and {after}: the latter are used"
                ));
            }
            let unmatched = |date: &&Date| dates.binary_search(date).is_err();
            let outside =
                if has(taken.returns(kind)) { taken.dates.iter().filter(unmatched).count() } else { 0 };
            if outside > 0 {
                let (ticker, source) = (&later.ticker, &taken.source);
                note(format!(
                    "{outside} days of {ticker} in {source} have no close: their {kind} returns are left out"
                ));
            }
            let value = |date: &Date| {
                let at = taken.dates.binary_search(date).ok()?;
                taken.returns(kind).get(at).copied()
            };
            dates.iter().map(|date| value(date).unwrap_or(f64::NAN)).collect()
        };
        let close = column(ReturnKind::Close);
        let overnight = column(ReturnKind::Overnight);
        let intraday = column(ReturnKind::Intraday);
        let source = format!("{} and {}", self.source, later.source);
        Self { ticker: later.ticker, dates, close, overnight, intraday, source, faults }
    }
}

/// Daily returns by ticker.
#[derive(Debug, Clone, Default)]
pub struct Quotes {
    series: BTreeMap<String, Series>,
    faults: Vec<Fault>,
}

impl Quotes {
    /// The series of a ticker.
    #[must_use]
    pub fn get(&self, ticker: &str) -> Option<&Series> {
        self.series.get(ticker)
    }

    /// All series, by ticker.
    pub fn iter(&self) -> impl Iterator<Item = &Series> {
        self.series.values()
    }

    /// What was odd about the tables as a whole: rows that belong to no ticker, and what had to
    /// be taken for granted. What concerns one ticker stands with its [`Series`].
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Adds a series; one of the same ticker is replaced.
    pub fn insert(&mut self, series: Series) {
        self.series.insert(series.ticker.clone(), series);
    }

    /// Lays other quotes over these: whole series of the same ticker are replaced.
    pub fn overlay(&mut self, other: Self) {
        self.series.extend(other.series);
        self.faults.extend(other.faults);
    }

    /// Adds a user's quotes to those of the user read before: columns that the earlier table of
    /// a ticker lacked are filled in, day by day; columns that both have are replaced, and told.
    pub fn merge(&mut self, other: Self) {
        for (ticker, series) in other.series {
            match self.series.entry(ticker) {
                Entry::Vacant(place) => {
                    place.insert(series);
                }
                Entry::Occupied(mut place) => {
                    let merged = place.get().merged(series);
                    place.insert(merged);
                }
            }
        }
        self.faults.extend(other.faults);
    }
}
