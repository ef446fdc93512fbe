//! `narrows brief`

use narrows::Workbench;

use crate::Stop;
use crate::arguments::BriefCommand;

pub(crate) fn run(_workbench: &Workbench, _command: &BriefCommand) -> Result<u8, Stop> {
    Ok(0)
}
