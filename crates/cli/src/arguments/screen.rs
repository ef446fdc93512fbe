//! Arguments of `narrows screen`.

use std::path::PathBuf;

use clap::Args;
use narrows::Date;

use super::RecordArguments;

#[derive(Debug, Args)]
pub(crate) struct ScreenCommand {
    /// The name, in any script
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    pub(crate) name: Option<String>,
    /// Only these lists, such as EL,MEU
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub(crate) list: Vec<String>,
    /// Only parties of this country, and those of which the lists name none
    #[arg(long, value_name = "PLACE")]
    pub(crate) country: Option<String>,
    /// Least score of a hit, from 0 to 1; 0.8 if not given
    #[arg(long, value_name = "SCORE")]
    pub(crate) threshold: Option<f64>,
    /// Most parties; 5 if not given
    #[arg(long, value_name = "COUNT")]
    pub(crate) top: Option<usize>,
    /// The lists as they stood on this day; the newest if not given
    #[arg(long, value_name = "DATE")]
    pub(crate) edition: Option<Date>,
    /// Screen the column `query` of a table: CSV or JSON Lines, `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) batch: Option<PathBuf>,
    /// Write the table to a file
    #[arg(long, value_name = "FILE", requires = "batch")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) record: RecordArguments,
}
