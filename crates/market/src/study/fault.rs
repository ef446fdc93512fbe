//! [`StudyFault`]: why there is no abnormal return.

use jiff::civil::Date;

use super::specification::{Model, ReturnKind};
use super::window::Window;

/// Why there is no abnormal return.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StudyFault {
    /// The security or factor has no return of that kind.
    #[error("{ticker} has no {kind} returns")]
    NoQuotes {
        /// Ticker.
        ticker: String,
        /// Part of the day.
        kind: ReturnKind,
    },
    /// The event is earlier than the quotes.
    #[error("{ticker} has no quote as early as {day}: its quotes begin on {first}")]
    BeforeQuotes {
        /// Ticker.
        ticker: String,
        /// Day asked for.
        day: Date,
        /// First quote.
        first: Date,
    },
    /// The event is later than the quotes.
    #[error("{ticker} has no session on or after {day}: its quotes end on {last}")]
    AfterQuotes {
        /// Ticker.
        ticker: String,
        /// Day asked for.
        day: Date,
        /// Last quote.
        last: Date,
    },
    /// A factor has no quote on a day that is needed.
    #[error("{ticker} has no quote on {day}{}", .last.map(|last| format!("; its quotes end on {last}")).unwrap_or_default())]
    FactorWithoutDay {
        /// Ticker of the factor.
        ticker: String,
        /// Day 0, or the last day of the window.
        day: Date,
        /// Last quote.
        last: Option<Date>,
    },
    /// No return on day 0.
    #[error("{ticker} or its benchmark has no {kind} return on {day}")]
    NoReturn {
        /// Ticker.
        ticker: String,
        /// Day 0.
        day: Date,
        /// Part of the day.
        kind: ReturnKind,
    },
    /// The window reaches beyond the quotes.
    #[error("the window {window} reaches beyond the common quotes of {ticker} and its benchmark{}", span(.first, .last))]
    WindowOutside {
        /// Ticker.
        ticker: String,
        /// Window.
        window: Window,
        /// First common day.
        first: Option<Date>,
        /// Last common day.
        last: Option<Date>,
    },
    /// Too few days to estimate on.
    #[error("{ticker} has {found} days to estimate on; expected at least {expected}{}", since(.shortest))]
    ShortEstimation {
        /// Ticker.
        ticker: String,
        /// Days found.
        found: usize,
        /// Fewest days.
        expected: usize,
        /// The series that begins last, and when.
        shortest: Option<(String, Date)>,
    },
    /// A factor that does not move, or that others explain.
    #[error("{factor} does not move on the days to estimate {ticker} on, or other factors explain all of it")]
    Collinear {
        /// Ticker.
        ticker: String,
        /// Ticker of the factor.
        factor: String,
    },
    /// A security that does not move.
    #[error("{ticker} does not move apart from its benchmark on the days to estimate on")]
    Constant {
        /// Ticker.
        ticker: String,
    },
    /// The model needs more factors.
    #[error("the model {model} takes at least {expected} factor(s), found {found}")]
    Factors {
        /// Model.
        model: Model,
        /// How many it takes.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// Scholes and Williams have one market.
    #[error("betas of Scholes and Williams are those of one factor, found {found}; Dimson's take several")]
    SeveralFactors {
        /// How many were given.
        found: usize,
    },
    /// The estimator of Scholes and Williams divides by next to nothing.
    #[error("{factor} turns about from day to day (autocorrelation near -1/2): its beta is not defined")]
    TurnsAbout {
        /// Ticker of the factor.
        factor: String,
    },
}

fn span(first: &Option<Date>, last: &Option<Date>) -> String {
    match (first, last) {
        (Some(first), Some(last)) => format!(", {first} to {last}"),
        _ => String::new(),
    }
}

fn since(shortest: &Option<(String, Date)>) -> String {
    let Some((ticker, first)) = shortest else { return String::new() };
    format!("; the quotes of {ticker} begin on {first}")
}
