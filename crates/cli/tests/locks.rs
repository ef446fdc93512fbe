//! The fuzzers and the peer are workspaces of their own, with lock files of their own, and are
//! built with `--locked`: a crate that gains a dependency must reach them too.

#![expect(clippy::expect_used, reason = "test code: a panic is the report")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> toml::Table {
    fs::read_to_string(path).expect("a file").parse().expect("TOML")
}

/// Names of the packages that a manifest needs to be built; those that a feature turns on aside.
fn needed(manifest: &toml::Table) -> BTreeSet<String> {
    let tables =
        ["dependencies", "build-dependencies"].into_iter().filter_map(|name| manifest.get(name)?.as_table());
    let is_optional = |it: &toml::Value| it.get("optional").and_then(toml::Value::as_bool) == Some(true);
    tables.flatten().filter(|(_, it)| !is_optional(it)).map(|(name, _)| name.clone()).collect()
}

#[test]
fn locks_of_other_workspaces_know_what_ours_depend_on() {
    let manifests = fs::read_dir(root().join("crates")).expect("crates");
    let manifests: Vec<toml::Table> =
        manifests.map(|entry| read(&entry.expect("a crate").path().join("Cargo.toml"))).collect();
    let mut seen = 0;
    for folder in ["fuzz", "benches/peer"] {
        let lock = read(&root().join(folder).join("Cargo.lock"));
        for package in lock["package"].as_array().expect("packages") {
            let ours = |manifest: &&toml::Table| manifest["package"]["name"] == package["name"];
            let Some(manifest) = manifests.iter().find(ours) else { continue };
            let locked = package.get("dependencies").and_then(toml::Value::as_array).into_iter().flatten();
            // A version stands behind the name where there are several.
            let name = |it: &toml::Value| it.as_str().and_then(|it| it.split(' ').next()).map(str::to_owned);
            let locked: BTreeSet<String> = locked.filter_map(name).collect();
            let command = format!("cargo metadata --format-version 1 --manifest-path {folder}/Cargo.toml");
            assert_eq!(
                locked,
                needed(manifest),
                "{folder}: {:?}; `{command}` renews its lock",
                package["name"]
            );
            seen += 1;
        }
    }
    assert!(seen >= 12, "{seen}");
}
