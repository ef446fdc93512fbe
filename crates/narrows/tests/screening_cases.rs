//! Names that somebody wrote in some way, and who is meant: how often the right party comes first, and how
//! often a firm that nobody listed is taken for one. By kind, with the bars that must hold.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code: a panic is the report")]

use std::collections::BTreeMap;

use narrows::Workbench;
use narrows::matching::{Options, Screener};

/// What came of the cases of one kind.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    cases: usize,
    first: usize,
    among_five: usize,
}

impl Tally {
    fn share(count: usize, cases: usize) -> f64 {
        if cases == 0 { 1.0 } else { count as f64 / cases as f64 }
    }

    fn first(self) -> f64 {
        Self::share(self.first, self.cases)
    }
}

const NEGATIVE: &str = "near-miss-negative";

/// Screens the cases of a file; of negatives, `first` counts those that were flagged.
fn tallies(file: &str) -> BTreeMap<String, Tally> {
    let workbench = Workbench::new(Vec::new());
    let named = workbench.named_edition(Some("2026-07-09".parse().unwrap())).unwrap();
    let mut screener = Screener::new(&named.index);
    let path = format!("{}/../../cases/screening/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut reader = csv::Reader::from_path(path).unwrap();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for record in reader.records() {
        let record = record.unwrap();
        let (query, kind) = (&record[0], &record[3]);
        let right: Vec<&str> = std::iter::once(&record[4]).chain(record[5].split(' ')).collect();
        let hits = screener.screen(query, &Options::default()).hits;
        let tally = tallies.entry(kind.to_owned()).or_default();
        tally.cases += 1;
        if kind == NEGATIVE {
            tally.first += usize::from(!hits.is_empty());
            for hit in hits.iter().take(1) {
                println!("flagged: {query}: {:.3} {} ({})", hit.score, hit.name, hit.reason());
            }
            continue;
        }
        let is_right = |party: usize| right.contains(&named.edition.parties()[party].id.as_str());
        let place = hits.iter().position(|hit| is_right(hit.party));
        tally.first += usize::from(place == Some(0));
        tally.among_five += usize::from(place.is_some());
        if place != Some(0) {
            let got = hits.first().map(|hit| format!("{:.3} {} ({})", hit.score, hit.name, hit.reason()));
            println!("{kind}: {query}: expected {}, got {}", &record[2], got.unwrap_or_default());
        }
    }
    println!("{file}: {tallies:#?}");
    tallies
}

fn all(tallies: &BTreeMap<String, Tally>) -> Tally {
    tallies.iter().filter(|(kind, _)| *kind != NEGATIVE).fold(Tally::default(), |sum, (_, tally)| Tally {
        cases: sum.cases + tally.cases,
        first: sum.first + tally.first,
        among_five: sum.among_five + tally.among_five,
    })
}

#[test]
fn labelled_names_find_their_parties() {
    let tallies = tallies("labelled.csv");
    let sum = all(&tallies);
    assert_eq!(sum.cases, 71);
    assert!(sum.first() >= 0.92, "first in {} of {}", sum.first, sum.cases);
    assert!(Tally::share(sum.among_five, sum.cases) >= 0.92);
    assert!(
        tallies[NEGATIVE].first() <= 0.10,
        "flagged {} of {}",
        tallies[NEGATIVE].first,
        tallies[NEGATIVE].cases
    );
    for kind in ["exact", "typo", "word_order"] {
        assert!(tallies[kind].first() >= 0.95, "{kind}: {:?}", tallies[kind]);
    }
    for kind in ["simplified_traditional", "transliteration", "abbreviation", "subsidiary"] {
        assert!(tallies[kind].first() >= 0.80, "{kind}: {:?}", tallies[kind]);
    }
}

/// Cases of the same kinds that no mechanism was made for.
#[test]
fn invented_names_find_their_parties() {
    let tallies = tallies("invented.csv");
    let sum = all(&tallies);
    assert!(sum.first() >= 0.85, "first in {} of {}", sum.first, sum.cases);
    assert!(tallies[NEGATIVE].first() <= 0.15);
    for kind in ["exact", "typo", "word_order"] {
        assert!(tallies[kind].first() >= 0.95, "{kind}: {:?}", tallies[kind]);
    }
    for kind in ["simplified_traditional", "transliteration"] {
        assert!(tallies[kind].first() >= 0.80, "{kind}: {:?}", tallies[kind]);
    }
}
