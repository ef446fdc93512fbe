//! `narrows lists`

mod update;

use std::path::PathBuf;

use narrows::Workbench;

use crate::Stop;
use crate::arguments::{Format, ListsCommand, ListsSubcommand};

pub(crate) fn run(
    workbench: &Workbench,
    folders: &[PathBuf],
    command: &ListsCommand,
    format: Format,
) -> Result<u8, Stop> {
    match &command.command {
        None => Ok(0),
        Some(ListsSubcommand::Update(command)) => update::run(workbench, folders, command, format),
    }
}
