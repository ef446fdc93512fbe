//! Arguments of the commands on receipts.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use narrows::record::Hash;
use narrows::{Date, Timestamp};

/// Whether and where answers are recorded.
#[derive(Debug, Args)]
pub(crate) struct RecordArguments {
    /// Keep receipts of the answers in this ledger; made if it is not there
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Time of the receipts, such as 2026-03-02T10:20:30Z; the clock of this machine if not given
    #[arg(long, value_name = "TIME", requires = "record")]
    pub(crate) recorded_at: Option<Timestamp>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Receipts, in the order in which they were recorded
    List(ListCommand),
    /// One receipt with what was asked and answered
    Show {
        /// The ledger
        ledger: PathBuf,
        /// Number of the receipt, or the first digits (eight or more) of its hash
        id: String,
    },
    /// How many receipts there are, and the hash of the last: keep it elsewhere
    Head {
        /// The ledger
        ledger: PathBuf,
    },
    /// Recompute every hash and name the first broken link; exit status 70 if there is one
    Verify {
        /// The ledger
        ledger: PathBuf,
        /// A head that was kept elsewhere: the receipt with this hash must be there; repeatable
        #[arg(long, value_name = "HASH")]
        head: Vec<Hash>,
    },
    /// Ask again what a receipt says was asked, and show what differs and why
    Replay {
        /// The ledger
        ledger: PathBuf,
        /// Number of the receipt, or the first digits (eight or more) of its hash
        id: String,
    },
    /// Receipts with requests and answers, as JSON Lines or CSV
    Export {
        /// The ledger
        ledger: PathBuf,
        /// Where to write, whole or not at all; standard output if not given. The form is that
        /// of --format, or CSV for a name in .csv, or else JSON Lines
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        chosen: ChosenArguments,
    },
    /// Erase what was asked and answered; the receipt stays, and the erasure is recorded
    Erase {
        /// The ledger
        ledger: PathBuf,
        /// Number of the receipt, or the first digits (eight or more) of its hash
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
        /// Time of the receipt; the clock of this machine if not given
        #[arg(long, value_name = "TIME")]
        recorded_at: Option<Timestamp>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ListCommand {
    /// The ledger
    pub(crate) ledger: PathBuf,
    #[command(flatten)]
    pub(crate) chosen: ChosenArguments,
}

/// Which receipts.
#[derive(Debug, Args)]
pub(crate) struct ChosenArguments {
    /// Only receipts recorded on this day, in UTC
    #[arg(long, value_name = "DATE")]
    pub(crate) day: Option<Date>,
    /// Only receipts of this operation, such as check
    #[arg(long)]
    pub(crate) kind: Option<String>,
    /// Only receipts of items or parties with this in their id or name
    #[arg(long, value_name = "TEXT")]
    pub(crate) item: Option<String>,
    /// Only receipts with this status
    #[arg(long)]
    pub(crate) status: Option<String>,
    /// Only the last so many of them
    #[arg(long, value_name = "COUNT")]
    pub(crate) last: Option<u64>,
}
