//! Reading and writing files: the only place that touches a disk.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use narrows::operations::CheckRequest;
use narrows::{Date, Failure, OverlayFile, ReformText, Scenario, Timestamp, Workbench};

use crate::arguments::{EndUserArguments, LawArguments, TransactionArguments, ViewArgument};

/// A data file is text that a person wrote; nothing sensible is larger.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// The government's consolidated file has some fifty million bytes as JSON.
const LARGEST_LONG_FILE: u64 = 256 * 1024 * 1024;

/// The folders of data.
const FOLDERS: [&str; 16] = [
    "calibration",
    "chips",
    "events",
    "exchanges",
    "exposure",
    "firms",
    "law",
    "models",
    "names",
    "networks",
    "parties",
    "perf",
    "places",
    "quotes",
    "reforms",
    "supply",
];

/// All TOML files below folders that lie over the embedded data, sorted by path.
pub(crate) fn read_overlay(folders: &[&Path]) -> Result<Vec<OverlayFile>, Failure> {
    let mut files = Vec::new();
    for folder in folders {
        if !folder.is_dir() {
            return Err(Failure::input(format!("`{}` is no folder", folder.display())));
        }
        collect(folder, folder, &mut files)?;
    }
    Ok(files)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<OverlayFile>) -> Result<(), Failure> {
    let unreadable = |path: &Path, error: io::Error| {
        Failure::input(format!("`{}` cannot be read: {error}", path.display()))
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        paths.push(entry.map_err(|error| unreadable(folder, error))?.path());
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(root, &path, files)?;
            continue;
        }
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        let is_edition = name.starts_with("parties/") && name.ends_with(".jsonl");
        if is_edition || name.ends_with(".toml") {
            if !FOLDERS.iter().any(|folder| name.starts_with(&format!("{folder}/"))) {
                return Err(Failure::input(format!(
                    "`{}`: expected data files in the folders {}",
                    path.display(),
                    FOLDERS.join(", ")
                )));
            }
            files.push(OverlayFile {
                path: name,
                shown: path.display().to_string(),
                text: if is_edition { read_long_text(&path)? } else { read_text(&path)? },
            });
        }
    }
    Ok(())
}

/// The text of a file.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    read_text_up_to(path, LARGEST_FILE)
}

/// The text of a file that a program wrote.
pub(crate) fn read_long_text(path: &Path) -> Result<String, Failure> {
    read_text_up_to(path, LARGEST_LONG_FILE)
}

fn read_text_up_to(path: &Path, largest: u64) -> Result<String, Failure> {
    let shown = path.display();
    let length = fs::metadata(path)
        .map_err(|error| Failure::input(format!("`{shown}` cannot be read: {error}")))?
        .len();
    if length > largest {
        return Err(Failure::input(format!("`{shown}` has {length} bytes; expected at most {largest}")));
    }
    let bytes =
        fs::read(path).map_err(|error| Failure::input(format!("`{shown}` cannot be read: {error}")))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::input(format!("`{shown}`: expected UTF-8 text, found other bytes at offset {at}"))
    })
}

/// Writes a file as a whole or not at all.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let failed =
        |error: io::Error| Failure::input(format!("`{}` cannot be written: {error}", path.display()));
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut draft = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    {
        let mut buffered = io::BufWriter::new(draft.as_file_mut());
        write(&mut buffered)?;
        buffered.flush().map_err(failed)?;
    }
    draft.as_file().sync_all().map_err(failed)?;
    let draft = draft.into_temp_path();
    make_readable(&draft).map_err(failed)?;
    draft.persist(path).map_err(|error| failed(error.error))
}

/// Writes a text into a folder of data, whole or not at all; folders that are missing are made.
pub(crate) fn write_into(folder: &Path, path: &str, text: &str) -> Result<(), Failure> {
    let path = folder.join(path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)
            .map_err(|error| Failure::input(format!("`{}` cannot be made: {error}", parent.display())))?;
    }
    write_whole(&path, |out| {
        let failed =
            |error: io::Error| Failure::input(format!("`{}` cannot be written: {error}", path.display()));
        out.write_all(text.as_bytes()).map_err(failed)
    })
}

/// A draft is private to its writer; a finished file is as readable as any other new one.
#[cfg(unix)]
fn make_readable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The scenario of a command line: reforms are files, or names of those in the data folder.
pub(crate) fn scenario(workbench: &Workbench, law: &LawArguments) -> Result<Scenario, Failure> {
    let mut reforms = Vec::new();
    for name in &law.reform {
        let path = Path::new(name);
        let known = workbench.reforms().find(|(known, _)| known == name);
        reforms.push(match known {
            Some((_, file)) if !path.exists() => {
                ReformText { shown: file.path.to_owned(), text: file.text.to_owned() }
            }
            _ if !path.exists() => {
                let names: Vec<&str> = workbench.reforms().map(|(name, _)| name).collect();
                return Err(Failure::input(format!(
                    "`{name}` is neither a file nor a reform of the data; those are {}",
                    names.join(", ")
                )));
            }
            _ => ReformText { shown: name.clone(), text: read_text(path)? },
        });
    }
    Ok(Scenario { jurisdiction: law.jurisdiction.clone(), reforms })
}

/// Whether the codified state of law is asked about.
pub(crate) fn codified(law: &LawArguments) -> bool {
    law.view == ViewArgument::Codified
}

/// Seconds since 1970; none if the clock stands before that.
fn seconds_since_1970() -> Option<u64> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.ok().map(|since| since.as_secs())
}

/// The time, to the second.
pub(crate) fn now() -> Result<Timestamp, Failure> {
    seconds_since_1970()
        .and_then(|seconds| i64::try_from(seconds).ok())
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or_else(|| {
            Failure::input("the clock of this machine stands outside the calendar; give --recorded-at")
        })
}

/// Today, in UTC.
pub(crate) fn today() -> Result<Date, Failure> {
    let seconds = seconds_since_1970()
        .ok_or_else(|| Failure::input("the clock of this machine stands before 1970; give --on"))?;
    narrows::day_since_1970(seconds / 86_400)
        .ok_or_else(|| Failure::input("the clock of this machine stands beyond the calendar; give --on"))
}

/// The request of a check or brief.
pub(crate) fn check_request(
    workbench: &Workbench,
    item: Option<&String>,
    to: &str,
    on: Option<Date>,
    end_user: &EndUserArguments,
    transaction: &TransactionArguments,
) -> Result<CheckRequest, Failure> {
    Ok(CheckRequest {
        item: item.cloned(),
        to: to.to_owned(),
        on: match on {
            Some(on) => on,
            None => today()?,
        },
        headquarters: transaction.headquarters.clone(),
        from: transaction.from.clone(),
        known_on: transaction.known_on,
        codified: codified(&transaction.law),
        facts: transaction.fact.clone(),
        end_user: end_user.end_user.clone(),
        end_user_id: end_user.end_user_id.clone(),
        owners: end_user.owner.clone(),
        scenario: scenario(workbench, &transaction.law)?,
    })
}
