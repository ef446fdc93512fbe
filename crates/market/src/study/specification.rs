//! [`Specification`]: what an event study is asked to do.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use narrows_quantity::{did_you_mean, nearest};
use serde::{Deserialize, Serialize};

use super::thin_trading::ThinTrading;
use super::window::Window;

/// A word that is none of those expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {}, found `{found}`{}", .expected.join(", "), did_you_mean(.near.as_deref()))]
pub struct Word {
    found: String,
    expected: Vec<&'static str>,
    near: Option<String>,
}

/// Finds a word, whatever its case and whether it is written with hyphens or underscores.
fn find<T: Copy>(text: &str, words: &[(&'static str, T)]) -> Result<T, Word> {
    let plain = text.trim().to_lowercase().replace(['-', ' '], "_");
    words.iter().find(|(word, _)| *word == plain).map(|(_, meaning)| *meaning).ok_or_else(|| Word {
        found: text.to_owned(),
        expected: words.iter().map(|(word, _)| *word).collect(),
        near: nearest(&plain, words.iter().map(|(word, _)| *word)),
    })
}

/// Which part of a day a return covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnKind {
    /// From the close before to the close.
    Close,
    /// From the close before to the open: news that came out in between, and nothing else.
    Overnight,
    /// From the open to the close.
    Intraday,
}

const RETURN_KINDS: [(&str, ReturnKind); 3] =
    [("close", ReturnKind::Close), ("overnight", ReturnKind::Overnight), ("intraday", ReturnKind::Intraday)];

impl ReturnKind {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Overnight => "overnight",
            Self::Intraday => "intraday",
        }
    }
}

impl fmt::Display for ReturnKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

impl FromStr for ReturnKind {
    type Err = Word;

    fn from_str(text: &str) -> Result<Self, Word> {
        find(text, &RETURN_KINDS)
    }
}

/// What a normal return is taken to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// `alpha + beta x benchmark` (Sharpe 1963).
    Market,
    /// The benchmark's return.
    MarketAdjusted,
    /// The mean of the estimation window (Brown and Warner 1985).
    MeanAdjusted,
    /// The market model on the local benchmark and a world index together.
    World,
    /// Any number of factors, such as those of Fama and French (1993, 2015).
    Factors,
    /// The mean of the other securities of the exchange in place of a benchmark that holds the
    /// treated one.
    LeaveOneOut,
    /// A mix of other securities that moved as this one did before (Abadie, Diamond and
    /// Hainmueller 2010).
    Synthetic,
}

const MODELS: [(&str, Model); 7] = [
    ("market", Model::Market),
    ("market_adjusted", Model::MarketAdjusted),
    ("mean_adjusted", Model::MeanAdjusted),
    ("world", Model::World),
    ("factors", Model::Factors),
    ("leave_one_out", Model::LeaveOneOut),
    ("synthetic", Model::Synthetic),
];

impl Model {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        MODELS.iter().find(|(_, model)| *model == self).map_or("", |(word, _)| *word)
    }

    /// Fewest series that it takes.
    #[must_use]
    pub const fn least_factors(self) -> usize {
        match self {
            Self::MeanAdjusted => 0,
            Self::Market | Self::MarketAdjusted | Self::LeaveOneOut | Self::Factors => 1,
            Self::World | Self::Synthetic => 2,
        }
    }

    /// Most series that it takes.
    #[must_use]
    pub const fn most_factors(self) -> usize {
        match self {
            Self::Factors | Self::Synthetic => usize::MAX,
            other => other.least_factors(),
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

impl FromStr for Model {
    type Err = Word;

    fn from_str(text: &str) -> Result<Self, Word> {
        find(text, &MODELS)
    }
}

/// In what returns are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Logarithms, which add up over days.
    Log,
    /// Simple returns; their sums over days only come near the compounded return.
    Simple,
}

/// How the spread of residuals is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Root of the residual sum of squares over the degrees of freedom.
    Residual,
    /// Median distance of residuals from their median, over 0.6745 (that of a normal variable),
    /// which a few wild days do not move.
    Robust,
}

/// What an event study is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Specification {
    /// Part of the day.
    pub return_kind: ReturnKind,
    /// Days that are added up.
    pub window: Window,
    /// What is normal.
    pub model: Model,
    /// In what returns are measured.
    pub measure: Measure,
    /// Sessions of the estimation window.
    pub estimation: usize,
    /// Sessions between the last of the estimation window and day 0.
    pub gap: usize,
    /// Days that are not to be estimated on.
    pub excluded: BTreeSet<Date>,
    /// Spread of residuals.
    pub scale: Scale,
    /// Fewest sessions to estimate on.
    pub minimum: usize,
    /// Slopes that allow for closes at different hours; on the same day alone if none.
    pub thin_trading: Option<ThinTrading>,
}

impl Default for Specification {
    fn default() -> Self {
        Self {
            return_kind: ReturnKind::Close,
            window: Window::DAY,
            model: Model::Market,
            measure: Measure::Log,
            estimation: 120,
            gap: 10,
            excluded: BTreeSet::new(),
            scale: Scale::Residual,
            minimum: 60,
            thin_trading: None,
        }
    }
}

impl Specification {
    /// Sessions before and after each day that its normal return is fitted on.
    pub(super) fn reach(&self) -> (usize, usize) {
        self.thin_trading.map_or((0, 0), ThinTrading::reach)
    }

    /// Rows before day 0 that a study needs if none is missing.
    pub(super) fn rows_back(&self) -> usize {
        let (lags, leads) = self.reach();
        let before_window = usize::try_from(-self.window.first()).unwrap_or(0);
        let around = self.gap.saturating_add(before_window).saturating_add(lags + leads + 1);
        self.estimation.saturating_add(around).saturating_add(self.excluded.len())
    }

    /// Rows after day 0 that a study needs if none is missing.
    pub(super) fn rows_forward(&self) -> usize {
        // At least one, so that looking at twice as many looks at more.
        usize::try_from(self.window.last()).unwrap_or(0).max(1)
    }
}
