//! Country groups: the dated memberships add up to the codified list of a later day.

#![expect(clippy::expect_used, reason = "test code: a panic is the report")]
#![expect(dead_code, reason = "the helpers serve several test files")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use narrows::{Belonging, Date, Workbench};
use support::{root, rows};

/// Supplement No. 1 to Part 740, eCFR issue of 2026-07-23.
const CODIFIED: Date = Date::constant(2026, 7, 23);

#[test]
fn groups_equal_the_codified_lists() {
    let workbench = Workbench::new(Vec::new());
    let places = workbench.places().expect("sound data");
    let table = fs::read(root().join("cases/places/country-groups-2026-07-23.csv")).expect("the lists");
    let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows(&table) {
        // Every name of the supplement is one by which the place is found.
        let name = &row["name_in_the_supplement"];
        if let Ok(place) = places.find(name) {
            assert_eq!(place.code, row["place"], "{name}");
        }
        expected.entry(row["group"].clone()).or_default().insert(row["place"].clone());
    }
    assert_eq!(expected.len(), 14, "{:?}", expected.keys());
    for (group, expected) in expected {
        let found: BTreeSet<String> = places
            .iter()
            .filter(|place| place.treated_as.is_none())
            .filter(|place| places.belongs(&place.code, &group, CODIFIED, None) == Belonging::Settled(true))
            .map(|place| place.code.clone())
            .collect();
        assert_eq!(found, expected, "{group}");
    }
}

#[test]
fn a_change_counts_from_its_day_and_from_its_publication() {
    let workbench = Workbench::new(Vec::new());
    let places = workbench.places().expect("sound data");
    let mut changes = 0;
    for group in places.groups() {
        for change in &group.changes {
            let before = change.from.yesterday().expect("a day before");
            let on =
                |day: Date, known_on: Option<Date>| places.belongs(&change.place, &group.id, day, known_on);
            let unknown = change.known_from.yesterday().expect("a day before");
            assert_eq!(on(before, None), Belonging::Settled(!change.joins), "{} {}", group.id, change.place);
            assert_eq!(
                on(change.settled, None),
                Belonging::Settled(change.joins),
                "{} {}",
                group.id,
                change.place
            );
            assert_eq!(
                on(change.settled, Some(unknown)),
                Belonging::Settled(!change.joins),
                "{}",
                change.place
            );
            if change.from < change.settled {
                let open = on(change.from, None);
                assert!(matches!(open, Belonging::Open { .. }), "{} {}", group.id, change.place);
            }
            changes += 1;
        }
    }
    assert!(changes >= 4, "{changes} changes");
}

#[test]
fn hong_kong_is_tested_as_china_and_macau_by_its_own_name() {
    let workbench = Workbench::new(Vec::new());
    let places = workbench.places().expect("sound data");
    assert_eq!(places.tested("HK"), "CN");
    assert_eq!(places.tested("MO"), "MO");
    assert_eq!(places.belongs("HK", "D:5", CODIFIED, None), Belonging::Settled(true));
    assert_eq!(places.belongs("MO", "D:5", CODIFIED, None), Belonging::Settled(false));
    for name in ["香港", "Hong Kong", "hk"] {
        assert_eq!(places.find(name).expect(name).code, "HK");
    }
}
