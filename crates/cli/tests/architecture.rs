//! The architecture kept: who may depend on whom, what engines may not touch, and that no
//! law stands in Rust.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "test code: a panic is the report")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Crates of the workspace and the others of it on which each may stand.
const ALLOWED: [(&str, &[&str]); 13] = [
    ("quantity", &[]),
    ("condition", &["quantity"]),
    ("catalog", &["quantity"]),
    ("law", &["catalog", "condition", "quantity"]),
    ("perf", &["catalog", "quantity"]),
    ("calibration", &["catalog", "perf", "quantity"]),
    ("market", &["catalog", "quantity"]),
    ("screening", &["catalog", "quantity"]),
    ("ledger", &[]),
    ("data", &[]),
    (
        "narrows",
        &[
            "calibration",
            "catalog",
            "condition",
            "data",
            "law",
            "ledger",
            "market",
            "perf",
            "quantity",
            "screening",
        ],
    ),
    ("brief", &["narrows"]),
    // The command chooses where receipts are kept, and opens the file.
    ("cli", &["brief", "ledger", "narrows"]),
];

/// Crates that know no clock, disk, network, environment and no threads of their own making.
const PURE: [&str; 11] = [
    "quantity",
    "condition",
    "catalog",
    "law",
    "perf",
    "calibration",
    "market",
    "screening",
    "ledger",
    "narrows",
    "brief",
];

/// The one folder among them that touches a disk: it keeps receipts in a file. It has no clock
/// and no environment either.
const DISK: &str = "crates/ledger/src/store";
/// What that folder alone may say.
const OF_A_DISK: [&str; 2] = ["fs::", "File::"];

/// Packages that no crate of ours may pull in.
const FORBIDDEN_PACKAGES: [&str; 18] = [
    "tokio",
    "async-std",
    "smol",
    "futures",
    "mio",
    "socket2",
    "hyper",
    "reqwest",
    "ureq",
    "curl",
    "rustls",
    "native-tls",
    "openssl",
    "chrono",
    "time",
    "rand",
    "datafusion",
    "typst",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn manifest(name: &str) -> toml::Table {
    let path = root().join("crates").join(name).join("Cargo.toml");
    fs::read_to_string(path).expect("a manifest").parse().expect("TOML")
}

/// Sources of a crate without their tests, by path.
fn sources(name: &str) -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(&path, found);
            } else {
                let text = fs::read_to_string(&path).expect("text");
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
                found.push((path, code));
            }
        }
    }
    let mut found = Vec::new();
    collect(&root().join("crates").join(name).join("src"), &mut found);
    // Whole files may be tests, too.
    let roots: String = found.iter().map(|(_, code)| code.as_str()).collect();
    let is_test = |path: &Path| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        roots.contains(&format!("#[cfg(test)]\nmod {stem};"))
    };
    found.retain(|(path, _)| !is_test(path));
    found
}

fn crates() -> BTreeSet<String> {
    let entries = fs::read_dir(root().join("crates")).expect("the folder of crates");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn arrows_run_as_drawn() {
    let known: BTreeSet<String> = ALLOWED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(crates(), known, "a crate is missing from the table of arrows");
    for (name, allowed) in ALLOWED {
        let manifest = manifest(name);
        for kind in ["dependencies", "build-dependencies"] {
            let Some(dependencies) = manifest.get(kind).and_then(toml::Value::as_table) else { continue };
            for dependency in dependencies.keys() {
                let own = match dependency.as_str() {
                    "narrows" => Some("narrows"),
                    other => other.strip_prefix("narrows-"),
                };
                if let Some(own) = own {
                    assert!(allowed.contains(&own), "`{name}` may not depend on `{own}`");
                }
            }
        }
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        assert_eq!(
            lints.and_then(toml::Value::as_bool),
            Some(true),
            "`{name}` keeps the lints of the workspace"
        );
    }
}

/// All packages that a package of the lock file stands on, tests and benches of ours included
/// only for ours.
fn closure(lock: &toml::Table, start: &str) -> BTreeSet<String> {
    let packages = lock["package"].as_array().expect("packages");
    let depends: BTreeMap<&str, Vec<&str>> = packages
        .iter()
        .map(|package| {
            let listed = package.get("dependencies").and_then(toml::Value::as_array);
            let names = listed.into_iter().flatten().filter_map(toml::Value::as_str);
            let names = names.map(|name| name.split(' ').next().unwrap_or_default()).collect();
            (package["name"].as_str().expect("a name"), names)
        })
        .collect();
    let mut found = BTreeSet::new();
    let mut waiting = vec![start];
    while let Some(name) = waiting.pop() {
        if found.insert(name.to_owned()) {
            waiting.extend(depends.get(name).into_iter().flatten());
        }
    }
    found
}

#[test]
fn nothing_pulls_in_a_network_a_clock_or_a_runtime() {
    let lock: toml::Table =
        fs::read_to_string(root().join("Cargo.lock")).expect("the lock file").parse().expect("TOML");
    for name in crates() {
        let manifest = manifest(&name);
        let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
        for dependency in dependencies.into_iter().flat_map(toml::Table::keys) {
            if dependency.starts_with("narrows") {
                continue;
            }
            for package in closure(&lock, dependency) {
                let forbidden = FORBIDDEN_PACKAGES.contains(&package.as_str());
                assert!(!forbidden, "`{name}` pulls in `{package}` through `{dependency}`");
            }
        }
    }
}

#[test]
fn engines_are_pure() {
    let forbidden = [
        "SystemTime",
        "Instant::now",
        "::now()",
        "std::net",
        "std::env",
        "env::var",
        "fs::",
        "File::",
        "async fn",
        ".await",
        "std::process",
        "thread_local!",
        "static mut",
        "println!",
        "eprintln!",
        "stdin()",
        "stdout()",
    ];
    for name in PURE {
        for (path, code) in sources(name) {
            for word in forbidden {
                let may_say = path.display().to_string().contains(DISK) && OF_A_DISK.contains(&word);
                let says = !may_say && code.contains(word);
                assert!(!says, "{}: `{word}` has no place in an engine", path.display());
            }
        }
    }
}

#[test]
fn receipts_alone_are_kept_in_a_database() {
    for name in crates() {
        for (path, code) in sources(&name) {
            let is_disk = path.display().to_string().contains(DISK);
            assert!(is_disk || !code.contains("rusqlite"), "{}: SQLite has no place here", path.display());
        }
    }
    // The workbench makes receipts, and does without the disk: only the command adds it.
    let dependency = |name: &str| manifest(name)["dependencies"]["narrows-ledger"].clone();
    assert!(dependency("narrows").get("features").is_none());
    assert!(dependency("cli").get("features").is_some());
    let workspace: toml::Table =
        fs::read_to_string(root().join("Cargo.toml")).expect("a manifest").parse().expect("TOML");
    let shared = &workspace["workspace"]["dependencies"]["narrows-ledger"]["default-features"];
    assert_eq!(shared.as_bool(), Some(false));
}

/// Words of a text: letters, digits, and dots and underscores between digits.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_')).filter(|word| !word.is_empty())
}

/// `3A090`: a digit, a letter from A to E, three digits.
fn is_eccn(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() >= 5
        && bytes[0].is_ascii_digit()
        && (b'A'..=b'E').contains(&bytes[1])
        && bytes[2..5].iter().all(u8::is_ascii_digit)
}

fn data_files(folder: &str) -> Vec<toml::Table> {
    fn collect(folder: &Path, found: &mut Vec<toml::Table>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                found.push(fs::read_to_string(&path).expect("text").parse().expect("TOML"));
            }
        }
    }
    let mut found = Vec::new();
    collect(&root().join("data").join(folder), &mut found);
    found
}

/// Every text below a value.
fn texts<'a>(value: &'a toml::Value, found: &mut Vec<&'a str>) {
    match value {
        toml::Value::String(text) => found.push(text),
        toml::Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        toml::Value::Table(table) => table.values().for_each(|item| texts(item, found)),
        _ => {}
    }
}

#[test]
fn no_law_stands_in_rust() {
    // Thresholds of the conditions on record, as they are written there and as Rust might
    // write them; small round numbers say nothing by themselves.
    let law: Vec<toml::Value> = data_files("law").into_iter().map(toml::Value::Table).collect();
    let mut conditions = Vec::new();
    law.iter().for_each(|file| texts(file, &mut conditions));
    let mut thresholds: BTreeSet<String> = BTreeSet::new();
    for text in conditions.iter().filter(|text| [">=", "<", ">"].iter().any(|sign| text.contains(sign))) {
        for word in words(text) {
            let telling = word.parse::<f64>().is_ok_and(|number| number > 1_000.0 || number.fract() != 0.0);
            if telling && word.len() > 3 {
                thresholds.insert(word.to_owned());
            }
        }
    }
    assert!(thresholds.len() >= 5, "{thresholds:?}");
    let places: Vec<toml::Table> = data_files("places");
    let listed =
        places.iter().filter_map(|file| file.get("place")).filter_map(toml::Value::as_array).flatten();
    let codes: BTreeSet<&str> = listed.clone().filter_map(|place| place["code"].as_str()).collect();
    let names: BTreeSet<&str> = listed.filter_map(|place| place["name"].as_str()).collect();
    assert!(codes.len() >= 250);
    // Codes that are also a unit of memory, the word for an identifier, or that for no value.
    let homonyms = ["GB", "ID", "NA"];

    for name in crates() {
        for (path, code) in sources(&name) {
            let path = path.display();
            for word in words(&code) {
                let plain = word.trim_matches('.');
                assert!(!is_eccn(plain), "{path}: `{plain}` is an ECCN");
                assert!(!["CFR", "ECCN", "EAR", "BIS"].contains(&plain), "{path}: `{plain}` is of one law");
                let number = plain.replace('_', "");
                assert!(!thresholds.contains(&number), "{path}: `{plain}` is a threshold of the law");
            }
            for literal in code.split('"').skip(1).step_by(2) {
                let is_code = codes.contains(literal) && !homonyms.contains(&literal);
                assert!(!is_code, "{path}: \"{literal}\" is the code of a place");
            }
            for place in names.iter().filter(|place| place.len() > 4) {
                let named = code.match_indices(place).any(|(at, _)| {
                    let before = code[..at].chars().next_back();
                    let after = code[at + place.len()..].chars().next();
                    [before, after].into_iter().flatten().all(|neighbour| !neighbour.is_alphanumeric())
                });
                assert!(!named, "{path}: {place} is named");
            }
            for (at, _) in code.match_indices("Date::constant(") {
                let rest = &code[at..];
                assert!(rest.starts_with("Date::constant(1970, 1, 1)"), "{path}: a date stands in the code");
            }
        }
    }
}

#[test]
fn every_operation_has_a_command_and_a_place_in_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let arguments = ["mod.rs", "ledger.rs", "lists.rs", "market.rs", "perf.rs", "ripple.rs", "screen.rs"]
        .map(|file| {
            fs::read_to_string(root().join("crates/cli/src/arguments").join(file)).expect("the arguments")
        });
    let arguments = arguments.concat();
    for entry in narrows::OPERATIONS {
        let command = format!("narrows {}", entry.name);
        assert!(readme.contains(&command), "the README does not mention `{command}`");
        for word in entry.name.split(' ') {
            let variant: String = word[..1].to_uppercase() + &word[1..];
            assert!(arguments.contains(&variant), "no command `{command}`");
        }
    }
}
