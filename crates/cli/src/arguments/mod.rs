//! What may be said on the command line.

mod ledger;
mod lists;
mod market;
mod perf;
mod ripple;
mod screen;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use narrows::{Date, Decimal, Owner};

pub(crate) use ledger::{ChosenArguments, LedgerCommand, ListCommand, RecordArguments};
pub(crate) use lists::{
    ListsCommand, ListsDiffCommand, ListsShowCommand, ListsSubcommand, ListsUpdateCommand,
};
pub(crate) use market::{
    BuildCommand, EventsCommand, ExposureCommand, ExposureSubcommand, ImporterArgument, OutlookCommand,
    RuleArguments, ShockCommand, StateArgument,
};
pub(crate) use perf::{
    CalibrateCommand, ChipArguments, CompareCommand, OpCommand, PerfCommand, ServeCommand, TrainCommand,
    ValidateCommand,
};
pub(crate) use ripple::{
    By, CutArguments, OrderingArgument, RippleCommand, RippleSubcommand, SectorsCommand,
};
pub(crate) use screen::ScreenCommand;

/// AI-chip export controls, from the paragraph of a rule to the verdict, with a source
/// under every figure.
///
/// Exit status: 0 answered (undetermined is an answer), 2 bad input, 3 unknown name,
/// 4 a day before the record, 5 infeasible, 70 our own data contradict themselves.
#[derive(Debug, Parser)]
#[command(name = "narrows", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Lay your own files over the embedded data (folders chips, places, law, reforms, models, ...); repeatable
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data: Vec<PathBuf>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    pub(crate) format: Format,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for a terminal, at most 80 columns
    Text,
    /// JSON
    Json,
    /// Comma separated values
    Csv,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// A chip, its legal facts, and where each figure comes from
    Chip(ChipCommand),
    /// The catalogue, filtered
    Chips(ChipsCommand),
    /// May this item go to that party, there, on that day? Under which paragraph, by what margin?
    Check(CheckCommand),
    /// Every status with its dates and the provision that changed it
    History(HistoryCommand),
    /// The rules of a day in words and as data, and what changed between two days
    Rules(RulesCommand),
    /// What a chip can still do: operators, training, serving
    #[command(subcommand)]
    Perf(PerfCommand),
    /// The dated record of policy: what happened when, whose act it was, what else moved then
    Events(EventsCommand),
    /// What shares did when an event became known, apart from the market
    Shock(Box<ShockCommand>),
    /// What a firm stood to lose under a state of the rule, beside what came out later; under a rule that may turn
    Exposure(ExposureCommand),
    /// The lists of restricted parties: editions, what changed between them, one party in full
    Lists(ListsCommand),
    /// Listed parties that a name may be, in any script, with the reason
    Screen(ScreenCommand),
    /// Receipts of what was decided: list, show, verify, ask again, hand on
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// What a cut of one buyer does to the maker's suppliers; or shocks to a table of sectors
    Ripple(Box<RippleCommand>),
    /// Check the data
    #[command(subcommand)]
    Data(DataCommand),
    /// One self-contained page: status over time, margins, siblings, what would flip it
    Brief(BriefCommand),
}

#[derive(Debug, Args)]
pub(crate) struct ChipCommand {
    /// Id, name, alias or family, in any script and case
    pub(crate) name: String,
    /// Whose legal facts; those of the default jurisdiction if not given
    #[arg(long, value_name = "ID")]
    pub(crate) jurisdiction: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ChipsCommand {
    /// Only chips of this vendor
    #[arg(long)]
    pub(crate) vendor: Option<String>,
    /// Only chips for which a condition on figures holds, such as 'tpp >= 4000 TPP and memory_gb > 80 GB'
    #[arg(long = "where", value_name = "CONDITION")]
    pub(crate) condition: Option<String>,
    /// Further figures to list, such as tdp_w
    #[arg(long, value_name = "FIGURE", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// Compute the status for this destination
    #[arg(long, value_name = "PLACE")]
    pub(crate) to: Option<String>,
    /// Day of the status; today (UTC) if not given
    #[arg(long, value_name = "DATE", requires = "to")]
    pub(crate) on: Option<Date>,
    /// Only chips with this status or class
    #[arg(long, requires = "to")]
    pub(crate) status: Option<String>,
    /// Seat of the party or its ultimate parent; the destination if not given
    #[arg(long, value_name = "PLACE", requires = "to")]
    pub(crate) headquarters: Option<String>,
    #[command(flatten)]
    pub(crate) law: LawArguments,
}

/// Which law is asked about.
#[derive(Debug, Args)]
pub(crate) struct LawArguments {
    /// What the authority applies, or what the text says
    #[arg(long, value_enum, default_value_t = ViewArgument::Enforced)]
    pub(crate) view: ViewArgument,
    /// Jurisdiction; the default one if not given
    #[arg(long, value_name = "ID")]
    pub(crate) jurisdiction: Option<String>,
    /// A reform to apply: a file, or the name of an embedded one; repeatable, in order
    #[arg(long, value_name = "FILE")]
    pub(crate) reform: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ViewArgument {
    Enforced,
    Codified,
}

/// Who sends what where.
#[derive(Debug, Args)]
pub(crate) struct TransactionArguments {
    /// Seat of the party or its ultimate parent; the destination if not given
    #[arg(long, value_name = "PLACE")]
    pub(crate) headquarters: Option<String>,
    /// Where the item comes from
    #[arg(long, value_name = "PLACE")]
    pub(crate) from: Option<String>,
    /// Answer with what had been published by this day
    #[arg(long, value_name = "DATE")]
    pub(crate) known_on: Option<Date>,
    /// A fact of the item or the transaction, such as tpp=4000 or datacenter=true; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = fact)]
    pub(crate) fact: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) law: LawArguments,
}

#[derive(Debug, Args)]
pub(crate) struct EndUserArguments {
    /// Name of the end user, looked up in the lists of restricted parties
    #[arg(long, value_name = "NAME")]
    pub(crate) end_user: Option<String>,
    /// Id of the listed party that the end user is known to be, such as EL-0054
    #[arg(long, value_name = "ID")]
    pub(crate) end_user_id: Option<String>,
    /// An owner of the end user with its share in percent, for the rule on affiliates; repeatable
    #[arg(long, value_name = "NAME=PERCENT", value_parser = owner)]
    pub(crate) owner: Vec<Owner>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckCommand {
    /// Chip of the catalogue; leave it out to describe an item with --fact
    #[arg(conflicts_with = "batch")]
    pub(crate) item: Option<String>,
    /// Destination: an ISO 3166 code, or a name
    #[arg(long, value_name = "PLACE", required_unless_present = "batch")]
    pub(crate) to: Option<String>,
    /// Day of the transaction; today (UTC) if not given
    #[arg(long, value_name = "DATE")]
    pub(crate) on: Option<Date>,
    #[command(flatten)]
    pub(crate) end_user: EndUserArguments,
    #[command(flatten)]
    pub(crate) transaction: TransactionArguments,
    /// Answer a table: CSV, or JSON Lines for .jsonl, .ndjson and .json; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["item", "to", "on", "end_user", "end_user_id", "owner", "headquarters", "from", "known_on", "fact"])]
    pub(crate) batch: Option<PathBuf>,
    /// Where to write the answered table; standard output if not given
    #[arg(long, value_name = "FILE", requires = "batch")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) record: RecordArguments,
}

#[derive(Debug, Args)]
pub(crate) struct HistoryCommand {
    /// Chip of the catalogue; leave it out to describe an item with --fact
    pub(crate) item: Option<String>,
    /// Destination
    #[arg(long, value_name = "PLACE")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) transaction: TransactionArguments,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct RulesCommand {
    #[command(subcommand)]
    pub(crate) diff: Option<RulesSubcommand>,
    /// Id of a provision or instrument, or the beginning of ids; all if not given
    pub(crate) id: Option<String>,
    /// The day; today (UTC) if not given
    #[arg(long, value_name = "DATE")]
    pub(crate) on: Option<Date>,
    /// Answer with what had been published by this day
    #[arg(long, value_name = "DATE")]
    pub(crate) known_on: Option<Date>,
    #[command(flatten)]
    pub(crate) law: LawArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RulesSubcommand {
    /// What changed between two days
    Diff {
        /// The earlier day
        before: Date,
        /// The later day; reforms hold on this day only
        after: Date,
        /// Answer with what had been published by this day
        #[arg(long, value_name = "DATE")]
        known_on: Option<Date>,
        #[command(flatten)]
        law: LawArguments,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Read all data, embedded and your own, and report what is wrong with file, line and field
    Check {
        /// Your own data folder, as with --data
        folder: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct BriefCommand {
    /// Chip of the catalogue
    pub(crate) item: String,
    /// Destination
    #[arg(long, value_name = "PLACE")]
    pub(crate) to: String,
    /// The day of the brief; today (UTC) if not given
    #[arg(long, value_name = "DATE")]
    pub(crate) on: Option<Date>,
    /// The page; named after chip and destination if not given (h20-cn.html)
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) end_user: EndUserArguments,
    #[command(flatten)]
    pub(crate) transaction: TransactionArguments,
}

fn owner(text: &str) -> Result<Owner, String> {
    let expected = || "expected NAME=PERCENT, such as Example=51".to_owned();
    let (name, percent) = text.rsplit_once('=').ok_or_else(expected)?;
    let name = name.trim().to_owned();
    let percent: Decimal = percent.trim().trim_end_matches('%').trim_end().parse().map_err(|_| expected())?;
    if name.is_empty() {
        return Err(expected());
    }
    if !(0.0..=100.0).contains(&percent.to_f64()) {
        return Err(format!("{percent} percent: expected a share between 0 and 100"));
    }
    Ok(Owner { name, percent })
}

fn fact(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("expected NAME=VALUE, such as tpp=4000".to_owned()),
    }
}
