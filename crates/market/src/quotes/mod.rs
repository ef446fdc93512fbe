//! [`Quotes`]: daily returns of securities, embedded or the user's own.
//!
//! Returns are simple, as fractions, in the currency of the security's exchange; a price table
//! becomes returns when it is read. A user's series replaces an embedded one as a whole: two
//! sources are never spliced.

mod fault;
mod read;

pub use fault::{Fault, FaultKind};
pub use read::QuoteError;

use std::collections::BTreeMap;

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
}

/// Daily returns by ticker.
#[derive(Debug, Clone, Default)]
pub struct Quotes {
    series: BTreeMap<String, Series>,
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

    /// Adds a series; one of the same ticker is replaced.
    pub fn insert(&mut self, series: Series) {
        self.series.insert(series.ticker.clone(), series);
    }

    /// Lays other quotes over these: whole series of the same ticker are replaced.
    pub fn overlay(&mut self, other: Self) {
        self.series.extend(other.series);
    }
}
