//! Arguments of the commands on what a change of rule cost.

use clap::Args;
use narrows::Date;

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
