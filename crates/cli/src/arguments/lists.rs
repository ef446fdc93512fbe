//! Arguments of the commands on the lists of restricted parties.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use narrows::Date;

#[derive(Debug, Args)]
pub(crate) struct ListsCommand {
    #[command(subcommand)]
    pub(crate) command: Option<ListsSubcommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ListsSubcommand {
    /// What was added, removed and changed between two editions
    Diff(ListsDiffCommand),
    /// One party in full, with its other entries on all lists
    Show(ListsShowCommand),
    /// Take a newer file of the lists: the government's consolidated file as CSV or JSON, or JSON Lines
    Update(ListsUpdateCommand),
}

#[derive(Debug, Args)]
pub(crate) struct ListsDiffCommand {
    /// Day of the earlier edition; the last but one on record if not given
    #[arg(requires = "after")]
    pub(crate) before: Option<Date>,
    /// Day of the later edition; the last on record if not given
    pub(crate) after: Option<Date>,
    /// Only this list, such as EL
    #[arg(long, value_name = "CODE")]
    pub(crate) list: Option<String>,
    /// Every change of a field, and those of spelling, too
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ListsShowCommand {
    /// Id of the party, such as EL-0651, or one that it had
    pub(crate) id: String,
    /// Day of the edition; the newest if not given
    #[arg(long, value_name = "DATE")]
    pub(crate) edition: Option<Date>,
}

#[derive(Debug, Args)]
pub(crate) struct ListsUpdateCommand {
    /// The file
    pub(crate) file: PathBuf,
    /// The day that the file is of
    #[arg(long, value_name = "DATE")]
    pub(crate) date: Date,
    /// What file it is and who published it; its name if not given
    #[arg(long, value_name = "WORDS")]
    pub(crate) source: Option<String>,
    /// Public address of the file
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) url: Option<String>,
    /// Remark kept with the edition
    #[arg(long, value_name = "WORDS")]
    pub(crate) note: Option<String>,
    /// The file came by way of somebody else: it counts as secondary, not official
    #[arg(long)]
    pub(crate) secondary: bool,
    /// Take lists that shrank by more than 5% or vanished
    #[arg(long)]
    pub(crate) accept_shrink: bool,
}
