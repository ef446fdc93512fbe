//! Golden tables: every row of `cases/` in the batch contract gets the answer expected.
//!
//! `expected_status` may hold several, with `|` between, where more than one would be right;
//! an empty expectation of provisions or missing facts says nothing about them in tables
//! of documented outcomes, and that there are none in the invented jurisdiction.

#![expect(clippy::expect_used, reason = "test code: a panic is the report")]

mod support;

use std::collections::BTreeSet;
use std::fs;

use narrows::{Scenario, Workbench};
use support::{answered, overlay, root, rows};

fn set(text: &str) -> BTreeSet<&str> {
    text.split([';', ' ']).filter(|part| !part.is_empty()).collect()
}

/// Compares a table of documented outcomes; gives the rows that differ.
fn documented(name: &str) -> (usize, Vec<String>) {
    let table = fs::read(root().join("cases/law").join(name)).expect("a table of cases");
    let workbench = Workbench::new(Vec::new());
    let (output, errors) = answered(&workbench, &Scenario::default(), &table);
    assert_eq!(errors, 0, "{}", String::from_utf8_lossy(&output));
    let mut wrong = Vec::new();
    let answers = rows(&output);
    for row in &answers {
        let expected: Vec<&str> = row["expected_status"].split('|').collect();
        let missing = row.get("expected_missing").map(String::as_str).unwrap_or_default();
        let named = set(missing).is_subset(&set(&row["missing"]));
        if !expected.contains(&row["status"].as_str()) || !named {
            wrong.push(format!(
                "{}: expected {} (missing {missing}), found {} by {} (missing {})",
                row["id"], row["expected_status"], row["status"], row["provisions"], row["missing"]
            ));
        }
    }
    (answers.len(), wrong)
}

#[test]
fn documented_outcomes_are_as_documented() {
    let (count, wrong) = documented("documented.csv");
    assert!(count >= 103, "{count} rows");
    // A row that differs is argued with a source in docs/disagreements.md, where its id stands.
    let argued = fs::read_to_string(root().join("docs/disagreements.md")).expect("the disagreements");
    let unargued: Vec<&String> =
        wrong.iter().filter(|row| !argued.contains(row.split(':').next().unwrap_or_default())).collect();
    assert!(unargued.is_empty(), "{unargued:#?}");
    assert!(wrong.len() <= 5, "{} rows differ", wrong.len());
}

#[test]
fn described_items_are_as_expected() {
    let (count, wrong) = documented("described.csv");
    assert!(count >= 13, "{count} rows");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Outcomes derived from the sources alone, before the tool was asked: boundaries, both axes
/// of time, every rule version, seats, presumptions. Rows that differed at first were settled
/// by going back to the source; two may be read either way and say so.
#[test]
fn studied_outcomes_are_as_derived() {
    let (count, wrong) = documented("studied.csv");
    assert!(count >= 500, "{count} rows");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_invented_jurisdiction_works_as_its_data_say() {
    let folder = root().join("cases/invented");
    let workbench = Workbench::new(overlay(&folder));
    let table = fs::read(folder.join("cases.csv")).expect("a table of cases");
    let scenario = Scenario { jurisdiction: Some("atlantis".to_owned()), reforms: Vec::new() };
    let (output, _) = answered(&workbench, &scenario, &table);
    let answers = rows(&output);
    assert!(answers.len() >= 40, "{} rows", answers.len());
    let mut wrong = Vec::new();
    for row in &answers {
        let error = &row["expected_error"];
        let right = if error.is_empty() {
            row["error"].is_empty()
                && row["status"] == row["expected_status"]
                && row["provisions"] == row["expected_provisions"]
                && row["missing"] == row["expected_missing"]
        } else {
            row["error"].contains(error.as_str()) && row["status"].is_empty()
        };
        if !right {
            wrong.push(format!("{row:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows: {}", wrong.len(), answers.len(), wrong.join("\n"));
}

#[test]
fn the_embedded_data_are_sound() {
    let problems = Workbench::new(Vec::new()).check_everything();
    assert!(problems.is_ok(), "{problems:?}");
}
