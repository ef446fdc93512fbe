//! Arguments of the commands on what a change of rule cost.

use std::path::PathBuf;

use clap::Args;
use narrows::{Date, Model, ReturnKind, Window};

#[derive(Debug, Args)]
pub(crate) struct EventsCommand {
    /// One event in full: its id, a name, or its day
    pub(crate) name: Option<String>,
    /// Only events that reach this chip
    #[arg(long, value_name = "NAME")]
    pub(crate) chip: Option<String>,
    /// Only events that name or strike this firm (id, such as nvidia)
    #[arg(long, value_name = "ID")]
    pub(crate) firm: Option<String>,
    /// Only events of this kind: tighten, loosen, threaten, retaliate, negotiate, statement
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Only events announced on this day or later
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<Date>,
    /// Only events announced on this day or earlier
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<Date>,
}

#[derive(Debug, Args)]
pub(crate) struct ShockCommand {
    /// The event: its id, a name, or its day (see `narrows events`)
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    pub(crate) event: Option<String>,
    /// Tickers or firms; all firms with quotes if not given
    #[arg(long, value_name = "TICKERS", value_delimiter = ',', conflicts_with = "batch")]
    pub(crate) tickers: Vec<String>,
    /// Part of the day: close (to close), overnight, intraday
    #[arg(long = "return", value_name = "KIND", default_value_t = ReturnKind::Close)]
    pub(crate) return_kind: ReturnKind,
    /// Sessions around day 0, such as -1,+1
    #[arg(long, value_name = "FIRST,LAST", default_value_t = Window::DAY, allow_hyphen_values = true)]
    pub(crate) window: Window,
    /// What is normal: market, market_adjusted, mean_adjusted, world, leave_one_out
    #[arg(long, default_value_t = Model::Market)]
    pub(crate) model: Model,
    /// Benchmark; that of each exchange if not given
    #[arg(long, value_name = "TICKER", conflicts_with = "batch")]
    pub(crate) benchmark: Option<String>,
    /// Sessions to estimate on
    #[arg(long, value_name = "SESSIONS", default_value_t = 120)]
    pub(crate) estimation: usize,
    /// Sessions between the last of them and day 0
    #[arg(long, value_name = "SESSIONS", default_value_t = 10)]
    pub(crate) gap: usize,
    /// A day not to estimate on; repeatable
    #[arg(long, value_name = "DATE")]
    pub(crate) exclude: Vec<Date>,
    /// Measure the spread of residuals by their median, which a few wild days do not move
    #[arg(long)]
    pub(crate) robust: bool,
    /// Work on simple returns instead of logarithms
    #[arg(long)]
    pub(crate) simple: bool,
    /// Your own quotes: tidy, Yahoo or Stooq tables; repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Vec<PathBuf>,
    /// Answer a table with the columns `event_date` and `ticker` (and `return`, `model`, `window`); - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) batch: Option<PathBuf>,
    /// Where to write the answered table; standard output if not given
    #[arg(long, value_name = "FILE", requires = "batch")]
    pub(crate) output: Option<PathBuf>,
}
