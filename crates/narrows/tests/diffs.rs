//! `rules diff` equals tables written by hand: between any two days of the invented
//! jurisdiction, and at the turning points of United States law.

#![expect(clippy::expect_used, reason = "test code: a panic is the report")]
#![expect(dead_code, reason = "the helpers serve several test files")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use narrows::operations::{RulesDiff, RulesDiffRequest};
use narrows::{ChangeKind, Date, Operation, Scenario, Workbench};
use support::{overlay, root, rows};

type Changes = BTreeMap<String, &'static str>;

fn difference(
    workbench: &Workbench,
    jurisdiction: &str,
    before: Date,
    after: Date,
    codified: bool,
) -> Changes {
    let scenario = Scenario { jurisdiction: Some(jurisdiction.to_owned()), reforms: Vec::new() };
    let request = RulesDiffRequest { before, after, known_on: None, codified, scenario };
    let answer = RulesDiff::run(workbench, &request).expect("two days of the record");
    let changes = answer.changes.into_iter().map(|change| {
        let word = match change.kind {
            ChangeKind::Added => "added",
            ChangeKind::Ended => "ended",
            ChangeKind::Changed => "changed",
            ChangeKind::Unsettled => "unsettled",
        };
        (change.provision, word)
    });
    changes.collect()
}

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

#[test]
fn any_two_days_of_the_invented_jurisdiction_differ_as_its_table_of_versions_says() {
    let folder = root().join("cases/invented");
    let workbench = Workbench::new(overlay(&folder));
    let versions = rows(&fs::read(folder.join("versions.csv")).expect("the table of versions"));
    let state = |on: Date| -> BTreeMap<&str, (&str, &str)> {
        let in_force = versions
            .iter()
            .filter(|row| day(&row["from"]) <= on && (row["until"].is_empty() || on < day(&row["until"])));
        in_force
            .map(|row| (row["provision"].as_str(), (row["version"].as_str(), row["question"].as_str())))
            .collect()
    };
    let mut days: BTreeSet<Date> = [day("1850-01-01"), day("1850-12-31")].into();
    for row in &versions {
        for edge in [&row["from"], &row["until"]].into_iter().filter(|edge| !edge.is_empty()) {
            days.extend([day(edge), day(edge).yesterday().expect("a day before")]);
        }
    }
    let mut compared = 0;
    for before in &days {
        for after in days.range(before..) {
            let (old, new) = (state(*before), state(*after));
            let mut expected = Changes::new();
            for id in old.keys().chain(new.keys()) {
                let change = match (old.get(id), new.get(id)) {
                    (None, Some(_)) => "added",
                    (Some(_), None) => "ended",
                    (Some((a, _)), Some((b, _))) if a != b => "changed",
                    (Some((_, a)), Some((_, b))) if a != b => "unsettled",
                    _ => continue,
                };
                expected.insert((*id).to_owned(), change);
            }
            assert_eq!(
                difference(&workbench, "atlantis", *before, *after, false),
                expected,
                "{before} {after}"
            );
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared} pairs of days");
}

#[test]
fn turning_points_of_united_states_law_differ_as_written_down() {
    let workbench = Workbench::new(Vec::new());
    let mut expected: BTreeMap<(Date, Date, bool), Changes> = BTreeMap::new();
    for row in rows(&fs::read(root().join("cases/law/diffs.csv")).expect("the table")) {
        let key = (day(&row["before"]), day(&row["after"]), row["view"] == "codified");
        let changes = expected.entry(key).or_default();
        let kind = ["added", "ended", "changed", "unsettled"].into_iter().find(|kind| *kind == row["change"]);
        // A pair of days without a provision differs in nothing.
        if let Some(kind) = kind {
            changes.insert(row["provision"].clone(), kind);
        }
    }
    assert!(expected.len() >= 10);
    for ((before, after, codified), changes) in expected {
        assert_eq!(difference(&workbench, "us", before, after, codified), changes, "{before} {after}");
    }
}
