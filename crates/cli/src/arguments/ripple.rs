//! Arguments of `narrows ripple`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use narrows::{Date, ReturnKind};

use super::market::shares_of_one;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct RippleCommand {
    #[command(subcommand)]
    pub(crate) sectors: Option<RippleSubcommand>,
    /// What may not be sold to whom, such as NVIDIA:H20:CN
    #[arg(long, value_name = "MAKER:PART:PLACE", value_parser = cut, required = true)]
    pub(crate) cut: Option<Cut>,
    /// First day on which the maker may not sell
    #[arg(long, value_name = "DATE", required = true)]
    pub(crate) from: Option<Date>,
    #[command(flatten)]
    pub(crate) of_cut: CutArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RippleSubcommand {
    /// Output of the sectors of your own input-output table, day by day after shocks
    Sectors(SectorsCommand),
}

/// A maker, its part and the place of its buyer.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    pub(crate) maker: String,
    pub(crate) part: String,
    pub(crate) buyer: String,
}

#[derive(Debug, Args)]
pub(crate) struct CutArguments {
    /// First day on which it may again; the rule stays if not given
    #[arg(long, value_name = "DATE")]
    pub(crate) until: Option<Date>,
    /// Day of which the knowledge is; all that is on record if not given
    #[arg(long, value_name = "DATE")]
    pub(crate) on: Option<Date>,
    /// Quarters to show, that of the cut included; six if not given
    #[arg(long, value_name = "COUNT")]
    pub(crate) quarters: Option<usize>,
    /// What the buyer would have taken in a whole quarter, in US dollars; from the record if not given
    #[arg(long, value_name = "LOW,HIGH", value_parser = amounts)]
    pub(crate) demand: Option<(f64, f64)>,
    /// Cost of a part over its price; from the record if not given
    #[arg(long, value_name = "LOW,HIGH", value_parser = shares_of_one)]
    pub(crate) cost_share: Option<(f64, f64)>,
    /// Days from order to sale: what was ordered before still arrives
    #[arg(long, value_name = "DAYS")]
    pub(crate) lead: Option<u32>,
    /// Days from the end of the rule until new parts arrive
    #[arg(long, value_name = "DAYS")]
    pub(crate) restart: Option<u32>,
    /// Share of what suppliers are freed of that they sell to others; for one kind of good with
    /// its name, such as memory=0.5,1; repeatable
    #[arg(long, value_name = "[GOOD=]LOW,HIGH", value_parser = reroute)]
    pub(crate) reroute: Vec<Reroute>,
    /// Share of what is stranded that is sold elsewhere; from cases on record if not given
    #[arg(long, value_name = "LOW,HIGH", value_parser = shares_of_one)]
    pub(crate) redeploy: Option<(f64, f64)>,
    /// By how much less it is sold elsewhere, as a share of the price
    #[arg(long, value_name = "LOW,HIGH", value_parser = shares_of_one)]
    pub(crate) discount: Option<(f64, f64)>,
    /// Quarters by which each step upstream feels it later than the one before
    #[arg(long, value_name = "QUARTERS")]
    pub(crate) delay: Option<usize>,
    /// An event to look at shares on; those on record near the two days if not given; repeatable
    #[arg(long = "event", value_name = "EVENT")]
    pub(crate) events: Vec<String>,
    /// Returns of shares: close (to close), overnight, intraday
    #[arg(long = "return", value_name = "KIND")]
    pub(crate) return_kind: Option<ReturnKind>,
}

/// A share that is sold to others: of one kind of good, or of all.
#[derive(Debug, Clone)]
pub(crate) struct Reroute {
    pub(crate) good: Option<String>,
    pub(crate) share: (f64, f64),
}

#[derive(Debug, Args)]
pub(crate) struct SectorsCommand {
    /// The table: a CSV file (see docs/market.md)
    #[arg(value_name = "FILE")]
    pub(crate) table: PathBuf,
    /// Shocks to the sectors: a CSV file (see docs/market.md)
    #[arg(long, value_name = "FILE")]
    pub(crate) shocks: Option<PathBuf>,
    /// How many days; 365 if not given
    #[arg(long, value_name = "COUNT")]
    pub(crate) days: Option<usize>,
    /// What to list: summary (by industry), day (totals), industry (every day of every industry)
    #[arg(long, value_enum)]
    pub(crate) by: Option<By>,
    /// Days that the table covers
    #[arg(long, value_name = "DAYS")]
    pub(crate) days_of_table: Option<f64>,
    /// Days of use that stocks of inputs cover at rest
    #[arg(long, value_name = "DAYS")]
    pub(crate) stock_days: Option<f64>,
    /// Days in which a gap in stocks is filled
    #[arg(long, value_name = "DAYS")]
    pub(crate) restoration_days: Option<f64>,
    /// Share of the stock at rest below which output falls
    #[arg(long, value_name = "SHARE")]
    pub(crate) psi: Option<f64>,
    /// Greatest output over that at rest
    #[arg(long, value_name = "FACTOR")]
    pub(crate) overproduction_most: Option<f64>,
    /// Days in which overproduction builds up and ends
    #[arg(long, value_name = "DAYS")]
    pub(crate) overproduction_days: Option<f64>,
    /// Overproduction does not end when nothing is scarce
    #[arg(long)]
    pub(crate) overproduction_stays: bool,
    /// How orders are spread over the suppliers of an input
    #[arg(long, value_enum)]
    pub(crate) ordering: Option<OrderingArgument>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// Each industry: lowest output and what is lost
    Summary,
    /// Totals of each day
    Day,
    /// Output of each industry on each day
    Industry,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum OrderingArgument {
    /// As at rest
    AtRest,
    /// As at rest, times what is left of each supplier's capacity
    Capacity,
}

fn cut(text: &str) -> Result<Cut, String> {
    let parts: Vec<&str> = text.split(':').map(str::trim).collect();
    match parts.as_slice() {
        [maker, part, buyer] if parts.iter().all(|part| !part.is_empty()) => {
            Ok(Cut { maker: (*maker).to_owned(), part: (*part).to_owned(), buyer: (*buyer).to_owned() })
        }
        _ => Err(format!("expected MAKER:PART:PLACE such as NVIDIA:H20:CN, found `{text}`")),
    }
}

fn reroute(text: &str) -> Result<Reroute, String> {
    match text.split_once('=') {
        Some((good, share)) if !good.trim().is_empty() => {
            Ok(Reroute { good: Some(good.trim().to_owned()), share: shares_of_one(share)? })
        }
        Some(_) => Err(format!("expected GOOD=LOW,HIGH such as memory=0.5,1, found `{text}`")),
        None => Ok(Reroute { good: None, share: shares_of_one(text)? }),
    }
}

/// Two amounts, or one for both; `2.5e9` and `2_500_000_000` are numbers too.
fn amounts(text: &str) -> Result<(f64, f64), String> {
    let one = |part: &str| {
        let value = part.trim().replace('_', "").parse::<f64>().ok();
        let value = value.filter(|value| value.is_finite() && *value >= 0.0);
        value.ok_or_else(|| format!("expected one amount such as 2e9 or two such as 1e9,3e9, found `{text}`"))
    };
    match text.split_once(',') {
        Some((low, high)) => Ok((one(low)?, one(high)?)),
        None => one(text).map(|amount| (amount, amount)),
    }
}
