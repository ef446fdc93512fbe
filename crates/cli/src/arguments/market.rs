//! Arguments of the commands on what a change of rule cost.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use narrows::{Date, Model, ReturnKind, ThinTrading, Window};

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
    /// What is normal: market, market_adjusted, mean_adjusted, world, leave_one_out, synthetic, factors; market if not given
    #[arg(long)]
    pub(crate) model: Option<Model>,
    /// Daily factors in the layout of Kenneth French's library (percent, a column RF): model factors
    #[arg(long, value_name = "FILE")]
    pub(crate) factors: Option<PathBuf>,
    /// Slopes for closes at different hours: scholes_williams, dimson, dimson:LAGS:LEADS
    #[arg(long, value_name = "ESTIMATOR")]
    pub(crate) thin: Option<ThinTrading>,
    /// Benchmark; that of each exchange if not given
    #[arg(long, value_name = "TICKER")]
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
    /// Estimate on no day on which another event of the record was first traded
    #[arg(long, conflicts_with = "batch")]
    pub(crate) no_confounded: bool,
    /// A group to test together, such as chips=NVDA,AMD; repeatable
    #[arg(long = "group", value_name = "NAME=TICKERS", conflicts_with = "batch", value_parser = group)]
    pub(crate) groups: Vec<(String, Vec<String>)>,
    /// Market capitalization before the window in USD: the abnormal return is given in USD too; repeatable
    #[arg(long = "capitalization", value_name = "TICKER=USD", conflicts_with = "batch", value_parser = capitalization)]
    pub(crate) capitalizations: Vec<(String, f64)>,
    /// The same as shares outstanding and the last close in USD before the window; repeatable
    #[arg(long = "shares", value_name = "TICKER=NUMBER@CLOSE", conflicts_with = "batch", value_parser = shares)]
    pub(crate) shares: Vec<(String, f64)>,
    /// How often means are drawn anew
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, conflicts_with = "batch",
        value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    pub(crate) draws: u32,
    /// Seed of the draws
    #[arg(long, default_value_t = 1, conflicts_with = "batch")]
    pub(crate) seed: u64,
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

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct ExposureCommand {
    #[command(subcommand)]
    pub(crate) under_risk: Option<ExposureSubcommand>,
    /// Firm: id, name or ticker
    #[arg(required = true)]
    pub(crate) firm: Option<String>,
    /// State that the rule is supposed to take; each in turn if not given
    #[arg(long, value_enum)]
    pub(crate) state: Option<StateArgument>,
    /// Fee, a share of sales, for the state `fee`
    #[arg(long, value_name = "SHARE")]
    pub(crate) fee: Option<f64>,
    /// Day of which the knowledge is; today (UTC) if not given
    #[arg(long, value_name = "DATE")]
    pub(crate) on: Option<Date>,
    /// Quarters to show, that under way included
    #[arg(long, value_name = "COUNT")]
    pub(crate) quarters: Option<usize>,
    /// How sales are ascribed to countries, such as `billing` or `headquarters`
    #[arg(long, value_name = "BASIS")]
    pub(crate) basis: Option<String>,
    /// Part under the rule
    #[arg(long, value_name = "PART")]
    pub(crate) part: Option<String>,
    /// Share of a foreseen charge that is never booked; from the cases known by then if not given
    #[arg(long, value_name = "LOW,HIGH", value_parser = shares_of_one)]
    pub(crate) never_booked: Option<(f64, f64)>,
    /// Share of a booked charge that is released; likewise
    #[arg(long, value_name = "LOW,HIGH", value_parser = shares_of_one)]
    pub(crate) released: Option<(f64, f64)>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExposureSubcommand {
    /// What the rule may be in each quarter ahead when either side may turn it, and what that may cost
    Outlook(Box<OutlookCommand>),
    /// How many of a cut-down part to build when the rule may turn before it is delivered
    Build(Box<BuildCommand>),
}

/// The rule that may turn.
#[derive(Debug, Args)]
pub(crate) struct RuleArguments {
    /// What the exporter says today; that of the record if not given
    #[arg(long, value_enum)]
    pub(crate) state: Option<StateArgument>,
    /// What the importer says today; likewise
    #[arg(long, value_enum)]
    pub(crate) importer: Option<ImporterArgument>,
    /// Rates in turns per year, such as tighten=0.5,retaliate=2,open:ban=0.3; from the turns known by then if not given
    #[arg(long = "hazard", value_name = "TURN=RATE", value_delimiter = ',', value_parser = hazard)]
    pub(crate) hazards: Vec<(String, f64)>,
    /// Fee, a share of sales; that on record by then if not given
    #[arg(long, value_name = "SHARE")]
    pub(crate) fee: Option<f64>,
    /// Share of demand that licences let through
    #[arg(long, value_name = "LOW,HIGH", value_parser = shares_of_one)]
    pub(crate) licensed: Option<(f64, f64)>,
    /// Histories to draw, 100 to 100000
    #[arg(long, value_name = "COUNT")]
    pub(crate) draws: Option<usize>,
    /// Seed of the draws; 1 if not given
    #[arg(long)]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct OutlookCommand {
    /// Firm: id, name or ticker
    pub(crate) firm: String,
    /// Day of which the knowledge is; today (UTC) if not given
    #[arg(long, value_name = "DATE")]
    pub(crate) on: Option<Date>,
    /// Quarters to show, that under way included
    #[arg(long, value_name = "COUNT")]
    pub(crate) quarters: Option<usize>,
    /// How sales are ascribed to countries, such as `billing` or `headquarters`
    #[arg(long, value_name = "BASIS")]
    pub(crate) basis: Option<String>,
    /// Part under the rule
    #[arg(long, value_name = "PART")]
    pub(crate) part: Option<String>,
    /// Stock and commitments for the market, at cost in USD, not charged yet; that on record if not given
    #[arg(long, value_name = "USD")]
    pub(crate) stock: Option<f64>,
    /// Share of a foreseen charge that is never booked; from the cases known by then if not given
    #[arg(long, value_name = "LOW,HIGH", value_parser = shares_of_one)]
    pub(crate) never_booked: Option<(f64, f64)>,
    /// Share of a booked charge that is released; likewise
    #[arg(long, value_name = "LOW,HIGH", value_parser = shares_of_one)]
    pub(crate) released: Option<(f64, f64)>,
    #[command(flatten)]
    pub(crate) rule: RuleArguments,
}

#[derive(Debug, Args)]
pub(crate) struct BuildCommand {
    /// Firm: id, name or ticker
    pub(crate) firm: String,
    /// Day of which the knowledge is; today (UTC) if not given
    #[arg(long, value_name = "DATE")]
    pub(crate) on: Option<Date>,
    /// Part under the rule
    #[arg(long, value_name = "PART")]
    pub(crate) part: Option<String>,
    /// Quarters from the order to the delivery
    #[arg(long, value_name = "QUARTERS")]
    pub(crate) lead: Option<f64>,
    /// Parts wanted in the season
    #[arg(long, value_name = "LOW,HIGH", value_parser = numbers)]
    pub(crate) demand: Option<(f64, f64)>,
    /// What one sells for; the latest figure known by then if not given
    #[arg(long, value_name = "USD")]
    pub(crate) price: Option<f64>,
    /// What one costs its maker; likewise
    #[arg(long, value_name = "USD", conflicts_with = "margin")]
    pub(crate) cost: Option<f64>,
    /// What is left of the price after the cost, a share of it
    #[arg(long, value_name = "SHARE")]
    pub(crate) margin: Option<f64>,
    /// What a stranded part brings, a share of its cost; from the cases known by then if not given
    #[arg(long, value_name = "SHARE")]
    pub(crate) salvage: Option<f64>,
    /// Quarters until the next day of decision, for the value of waiting; 1 if not given
    #[arg(long, value_name = "QUARTERS")]
    pub(crate) wait: Option<f64>,
    /// Quarters in which demand arises, from the first delivery; 4 if not given
    #[arg(long, value_name = "QUARTERS")]
    pub(crate) season: Option<f64>,
    /// Rate at which later profit counts less, per year; 0 if not given
    #[arg(long, value_name = "RATE")]
    pub(crate) discount: Option<f64>,
    #[command(flatten)]
    pub(crate) rule: RuleArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ImporterArgument {
    /// It may be bought
    Allows,
    /// Customs stop it, or buyers are told not to buy
    Blocks,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum StateArgument {
    /// No sales
    Ban,
    /// Sales need a licence that may be refused
    Licence,
    /// Sales cost a share of their price
    Fee,
    /// Sales need nothing
    Open,
}

/// Two shares, or one for both.
pub(super) fn shares_of_one(text: &str) -> Result<(f64, f64), String> {
    one_or_two(text, "one share such as 0.2 or two such as 0.1,0.4")
}

/// Two numbers of parts, or one for both.
fn numbers(text: &str) -> Result<(f64, f64), String> {
    one_or_two(&text.replace('_', ""), "one number such as 900000 or two such as 600000,1200000")
}

/// A turn of a rule and its rate.
fn hazard(text: &str) -> Result<(String, f64), String> {
    let form = "TURN=RATE such as tighten=0.5 or open:ban=0.3";
    let (name, rate) = named(text, form)?;
    let rate = rate.parse::<f64>().map_err(|_| format!("expected {form}, found `{text}`"))?;
    Ok((name, rate))
}

fn one_or_two(text: &str, form: &str) -> Result<(f64, f64), String> {
    let wrong = || format!("expected {form}, found `{text}`");
    let one = |part: &str| part.trim().parse::<f64>().map_err(|_| wrong());
    match text.split_once(',') {
        Some((low, high)) => Ok((one(low)?, one(high)?)),
        None => one(text).map(|share| (share, share)),
    }
}

/// A name and what is given for it.
fn named<'t>(text: &'t str, form: &str) -> Result<(String, &'t str), String> {
    let parts = text.split_once('=').map(|(name, value)| (name.trim(), value.trim()));
    match parts {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.to_owned(), value)),
        _ => Err(format!("expected {form}, found `{text}`")),
    }
}

fn group(text: &str) -> Result<(String, Vec<String>), String> {
    let (name, tickers) = named(text, "NAME=TICKER,TICKER")?;
    Ok((name, tickers.split(',').map(|ticker| ticker.trim().to_owned()).collect()))
}

/// A number above zero; `2.7e12` and `2_700_000` are numbers too.
fn amount(text: &str) -> Result<f64, String> {
    let plain = text.trim().replace('_', "");
    let value = plain.parse::<f64>().ok().filter(|value| value.is_finite() && *value > 0.0);
    value.ok_or_else(|| format!("expected a number above zero, found `{text}`"))
}

fn capitalization(text: &str) -> Result<(String, f64), String> {
    let (ticker, usd) = named(text, "TICKER=USD")?;
    Ok((ticker, amount(usd)?))
}

fn shares(text: &str) -> Result<(String, f64), String> {
    let form = "TICKER=NUMBER@CLOSE";
    let (ticker, value) = named(text, form)?;
    let (number, close) = value.split_once('@').ok_or_else(|| format!("expected {form}, found `{text}`"))?;
    Ok((ticker, amount(number)? * amount(close)?))
}
