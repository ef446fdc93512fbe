//! `narrows lists update`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use narrows::operations::{ListsUpdate, ListsUpdateAnswer, ListsUpdateRequest};
use narrows::{Certainty, Failure, Operation, Workbench};

use super::count;
use crate::Stop;
use crate::arguments::{Format, ListsUpdateCommand};
use crate::commands::{print_csv, print_json};
use crate::files;
use crate::text::{self, item, visible};

pub(super) fn run(
    workbench: &Workbench,
    folders: &[PathBuf],
    command: &ListsUpdateCommand,
    format: Format,
) -> Result<u8, Stop> {
    let [folder] = folders else {
        let message =
            format!("expected one folder for the new edition (--data DIR), found {}", folders.len());
        return Err(Failure::input(message).into());
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
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => print_csv(&HEADER, rows(&answer))?,
        Format::Text => print(&mut anstream::stdout().lock(), folder, &answer)?,
    }
    Ok(0)
}

const HEADER: [&str; 8] = ["list", "rows", "parties", "kept", "merged", "added", "removed", "ambiguous"];

fn rows(answer: &ListsUpdateAnswer) -> impl Iterator<Item = Vec<String>> {
    answer.snapshot.lists.values().map(|it| {
        let counts = [it.rows, it.parties, it.kept, it.merged, it.added, it.removed, it.ambiguous];
        std::iter::once(it.list.clone()).chain(counts.map(count)).collect()
    })
}

fn print(out: &mut dyn Write, folder: &Path, answer: &ListsUpdateAnswer) -> io::Result<()> {
    writeln!(out, "The edition of {}, read as {}", answer.snapshot.date, answer.layout)?;
    writeln!(out, "{}", text::table(&HEADER, &[1, 2, 3, 4, 5, 6, 7], &[0], rows(answer)))?;
    writeln!(out)?;
    let accepted = answer.snapshot.lists.values().filter(|it| it.shrink_accepted);
    let accepted: Vec<&str> = accepted.map(|it| it.list.as_str()).collect();
    if !accepted.is_empty() {
        item(out, 0, "accepted though shrunk:", &accepted.join(", "))?;
    }
    for notice in &answer.notices {
        item(out, 0, "note:", &visible(notice))?;
    }
    for file in &answer.files {
        item(out, 0, "written:", &folder.join(&file.path).display().to_string())?;
    }
    Ok(())
}
