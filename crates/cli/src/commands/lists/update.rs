//! `narrows lists update`

use std::io::Write;
use std::path::PathBuf;

use narrows::operations::{ListsUpdate, ListsUpdateRequest};
use narrows::{Certainty, Failure, Operation, Workbench};

use crate::Stop;
use crate::arguments::{Format, ListsUpdateCommand};
use crate::commands::print_json;
use crate::files;

pub(super) fn run(
    workbench: &Workbench,
    folders: &[PathBuf],
    command: &ListsUpdateCommand,
    format: Format,
) -> Result<u8, Stop> {
    let folder = match folders {
        [folder] => folder,
        _ => return Err(Failure::input("expected one folder for the edition (--data DIR)").into()),
    };
    let shown = command.file.display().to_string();
    let request = ListsUpdateRequest {
        text: files::read_long_text(&command.file)?,
        date: command.date,
        source: command.source.clone().unwrap_or_else(|| shown.clone()),
        url: command.url.clone(),
        note: command.note.clone(),
        certainty: command.secondary.then_some(Certainty::Secondary),
        accept_shrink: command.accept_shrink,
        shown,
    };
    let answer = ListsUpdate::run(workbench, &request)?;
    for file in &answer.files {
        files::write_into(folder, &file.path, &file.text)?;
    }
    print_json(&answer)?;
    let _ = format;
    writeln!(anstream::stderr(), "done")?;
    Ok(0)
}
