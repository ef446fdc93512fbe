//! The engine agrees with a second, naive evaluator on random cases.
//!
//! The evaluator in `oracle/` was written from `docs/law-data.md` alone: it reads the TOML
//! itself and shares no type and no parser with the engine. Cases are drawn so that every
//! class of answers and every provision has its share, and values at the edges of
//! comparisons come often. `NARROWS_CASES` and `NARROWS_SEED` set how many cases and which.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code: a panic is the report"
)]

mod oracle;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use narrows::{Examiner, Prepared, Question, ReformText, Scenario, View, Workbench};
use oracle::{Generator, Given, Oracle, Question as OracleQuestion, Rational, Verdict};

/// One in so many cases is also determined in full: possible statuses, traces and all.
const FULL_EVERY: usize = 20;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data")
}

fn from_environment(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a whole number"))
}

/// A rational with at most six decimals, as text.
fn decimal(number: &Rational) -> String {
    number.to_string()
}

fn text(given: &Given) -> String {
    match given {
        Given::Number(number) => decimal(number),
        Given::Range(low, high) => format!("{}..{}", decimal(low), decimal(high)),
        Given::Truth(truth) => truth.to_string(),
        Given::Word(word) => word.clone(),
        Given::Unknown => "unknown".to_owned(),
    }
}

fn question(asked: &OracleQuestion) -> Question {
    Question {
        item: None,
        facts: asked.facts.iter().map(|(name, given)| (name.clone(), text(given))).collect(),
        on: asked.on.parse().expect("an ISO date"),
        to: asked.destination.clone(),
        headquarters: Some(asked.headquarters.clone()),
        from: Some(asked.exported_from.clone()),
        known_on: asked.known_on.as_ref().map(|day| day.parse().expect("an ISO date")),
        view: if asked.view == "codified" { View::Codified } else { View::Enforced },
    }
}

#[derive(Default)]
struct Tally {
    cases: usize,
    classes: BTreeMap<String, usize>,
    provisions: BTreeMap<String, usize>,
    unknown: usize,
    known_on: usize,
    codified: usize,
    full: usize,
}

/// Asks both and panics with the whole case where they differ.
fn compare(examiner: &mut Examiner<'_>, asked: &OracleQuestion, expected: &Verdict, in_full: bool) {
    let question = question(asked);
    let prepared: Prepared<'_> =
        examiner.prepare(&question).unwrap_or_else(|failure| panic!("{failure}\n{question:#?}"));
    let verdict = examiner.standing(&prepared).unwrap();
    let missing: BTreeSet<String> = verdict.missing.iter().cloned().collect();
    let agrees = verdict.status == expected.status
        && verdict.class == expected.class
        && verdict.provisions == expected.deciding
        && missing == expected.missing;
    assert!(agrees, "the engine says {verdict:#?}\nthe naive evaluator says {expected:#?}\nof {question:#?}");
    if in_full {
        let full = examiner.determine(&prepared).unwrap();
        let deciding: Vec<&str> = full.deciding.iter().map(|ground| ground.provision.as_str()).collect();
        assert_eq!(full.status, expected.status, "{question:#?}");
        assert_eq!(deciding, expected.deciding, "{question:#?}");
        let possible: BTreeSet<String> = full.possible.iter().cloned().collect();
        let open = expected.possible.len() > 1;
        assert!(!open || possible == expected.possible, "{possible:?} {expected:#?} {question:#?}");
        for ground in &full.deciding {
            assert!(
                !ground.truth.is_false(),
                "{} decides and does not hold: {question:#?}",
                ground.provision
            );
        }
    }
}

fn run(jurisdiction: &str, reforms: &[ReformText], seed: u64, cases: usize) -> Tally {
    let mut oracle = Oracle::read(&data(), jurisdiction);
    for reform in reforms {
        oracle.with_reform(&data().join("reforms").join(&reform.shown));
    }
    let mut generator = Generator::new(&oracle, seed);
    let workbench = Workbench::new(Vec::new());
    let scenario = Scenario { jurisdiction: Some(jurisdiction.to_owned()), reforms: reforms.to_vec() };
    let mut examiner = Examiner::new(&workbench, &scenario).unwrap();
    let mut tally = Tally::default();
    for at in 0..cases {
        let (asked, expected) = generator.next(&mut oracle);
        let in_full = at % FULL_EVERY == 0;
        compare(&mut examiner, &asked, &expected, in_full);
        tally.cases += 1;
        tally.full += usize::from(in_full);
        tally.known_on += usize::from(asked.known_on.is_some());
        tally.codified += usize::from(asked.view == "codified");
        let open = |given: &Given| matches!(given, Given::Unknown | Given::Range(..));
        tally.unknown += usize::from(asked.facts.values().any(open));
        *tally.classes.entry(expected.class).or_default() += 1;
        for provision in expected.deciding {
            *tally.provisions.entry(provision).or_default() += 1;
        }
    }
    tally
}

fn merged(tallies: Vec<Tally>) -> Tally {
    let mut whole = Tally::default();
    for tally in tallies {
        whole.cases += tally.cases;
        whole.full += tally.full;
        whole.unknown += tally.unknown;
        whole.known_on += tally.known_on;
        whole.codified += tally.codified;
        for (class, count) in tally.classes {
            *whole.classes.entry(class).or_default() += count;
        }
        for (provision, count) in tally.provisions {
            *whole.provisions.entry(provision).or_default() += count;
        }
    }
    whole
}

#[test]
fn the_engine_agrees_with_the_naive_evaluator() {
    let cases = from_environment("NARROWS_CASES", 1_000_000);
    let seed = u64::try_from(from_environment("NARROWS_SEED", 1)).unwrap();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let share = cases.div_ceil(threads);
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let seeds = (0..threads as u64).map(|thread| seed + (thread << 32));
        let running: Vec<_> = seeds.map(|seed| scope.spawn(move || run("us", &[], seed, share))).collect();
        running.into_iter().map(|thread| thread.join().expect("a disagreement, shown above")).collect()
    });
    let tally = merged(tallies);
    println!(
        "{} cases, {} with something unknown, {} as known on a day, {} codified, {} determined in full",
        tally.cases, tally.unknown, tally.known_on, tally.codified, tally.full
    );
    println!("{:#?}", tally.classes);
    for class in ["no_licence", "exception", "licence", "prohibition", "undetermined"] {
        let share = tally.classes.get(class).copied().unwrap_or(0);
        assert!(share * 10 >= tally.cases, "only {share} of {} cases are of class {class}", tally.cases);
    }
    let needed = tally.cases / 1_000;
    let least = Oracle::read(&data(), "us")
        .provisions()
        .into_iter()
        .map(|provision| (tally.provisions.get(&provision).copied().unwrap_or(0), provision))
        .min()
        .expect("provisions");
    println!("least often decisive: {least:?}");
    assert!(least.0 >= needed, "`{}` decides only {} cases, fewer than {needed}", least.1, least.0);
}

#[test]
fn they_agree_on_other_jurisdictions_and_under_every_reform() {
    let cases = from_environment("NARROWS_CASES", 200_000).div_ceil(20);
    run("cn", &[], 11, cases);
    let mut found = 0;
    for entry in std::fs::read_dir(data().join("reforms")).expect("the folder of reforms") {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let shown = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        run("us", &[ReformText { shown, text }], 12, cases);
        found += 1;
    }
    assert!(found >= 4, "{found} reforms");
}
