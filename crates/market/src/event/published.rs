//! [`PublishedMove`]: what the press said of a share when an event became known.

use narrows_catalog::datafile::Table;
use narrows_quantity::{Certainty, Decimal};
use serde::Serialize;

/// What the press said of a share. It is no quote: it may be of a moment in the session, and
/// rounded as its writer liked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PublishedMove {
    /// Id of the firm.
    pub firm: String,
    /// Least change that the words allow, a fraction; `None` if they do not bound it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Greatest change that the words allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Of what moment: `close`, `session`.
    pub of: String,
    /// How sure it is.
    pub certainty: Certainty,
    /// Page that says so.
    pub source: String,
}

/// Moments of a move.
const MOMENTS: [(&str, &str); 2] = [("close", "close"), ("session", "session")];

impl PublishedMove {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        let number = |key: &str| table.optional_decimal(key).map(Decimal::to_f64);
        let (low, high) = (number("low"), number("high"));
        let of = table.word("of", &MOMENTS);
        let (firm, certainty) = (table.string("firm"), table.certainty("certainty"));
        let source = table.string("source");
        if low.is_none() && high.is_none() {
            table.report("low", "expected `low`, `high` or both");
        }
        if low.zip(high).is_some_and(|(low, high)| low > high) {
            table.report("low", "expected no more than `high`");
        }
        if low.into_iter().chain(high).any(|change| change.abs() > 1.0) {
            table.report("low", "expected a fraction such as -0.02, not percent");
        }
        Some(Self { firm: firm?, low, high, of: of?.to_owned(), certainty: certainty?, source: source? })
    }

    /// In words: `about -3.5% to -2.5%`, `-2.0% or less`.
    #[must_use]
    pub fn words(&self) -> String {
        let percent = |change: f64| format!("{:+.1}%", change * 100.0);
        match (self.low, self.high) {
            (Some(low), Some(high)) if low < high => format!("{} to {}", percent(low), percent(high)),
            (Some(change), Some(_)) => percent(change),
            (Some(low), None) => format!("{} or more", percent(low)),
            (None, Some(high)) => format!("{} or less", percent(high)),
            (None, None) => String::new(),
        }
    }
}
