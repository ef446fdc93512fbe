//! What was seen by a day: counts and years by hand, no look-ahead, and faults in the data.

use std::fs;
use std::path::Path;

use jiff::civil::{Date, date};
use narrows_catalog::DataFile;
use narrows_market::event::Events;
use narrows_market::policy::answered::answers;
use narrows_market::policy::fault::Fault;
use narrows_market::policy::given::Given;
use narrows_market::policy::hazard::{Hazard, Transition};
use narrows_market::policy::history::{Estimated, Seen, hazards, known_turns};
use narrows_market::policy::line::Lines;
use narrows_market::policy::state::{Exporter, Importer};
use proptest::prelude::*;

use crate::chain::{exporter, importer};

/// Files of a folder of the data.
fn folder(name: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(name);
    let mut files: Vec<_> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn read_events(texts: &[(String, String)]) -> Events {
    Events::read(texts.iter().map(|(path, text)| DataFile { path, text })).unwrap()
}

fn embedded() -> (Events, Lines) {
    let events = read_events(&folder("events"));
    let files = folder("policy");
    let lines = Lines::read(files.iter().map(|(path, text)| DataFile { path, text }), &events).unwrap();
    (events, lines)
}

fn of(estimates: &[Estimated], transition: Transition) -> &Estimated {
    estimates.iter().find(|one| one.transition == transition).unwrap()
}

fn years(days: i32) -> f64 {
    f64::from(days) / 365.25
}

#[test]
fn counts_and_years_are_those_of_the_calendar() {
    let (_, lines) = embedded();
    let on = date(2025, 4, 16);
    let all = Seen::by(&lines, on).estimates(&[]).unwrap();
    // A800 and H800 were open for 344 days, the H20 for 523; both ended in a ban.
    let open = of(&all, exporter(Exporter::Open, Exporter::Ban));
    assert_eq!(open.evidence.count, 2);
    assert!((open.evidence.years - years(344 + 523)).abs() < 1e-12);
    let ban = of(&all, exporter(Exporter::Ban, Exporter::Open));
    // Parts of the list since 2022-08-31 (959 days), the H20 for one day.
    assert!((ban.evidence.years - years(959 + 1)).abs() < 1e-12 && ban.evidence.count == 0);
    // Nobody had seen a licence or a fee.
    assert!(all.iter().all(|one| !one.transition.to_string().contains("fee")));
    // The prior of the state: half a turn at the average rate of the side.
    let average = 2.5 / years(344 + 523 + 959 + 1);
    let expected = 2.5 / (years(344 + 523) + 0.5 / average);
    assert!((open.hazard.mean() - expected).abs() < 1e-12);
}

#[test]
fn the_importer_answers_what_the_exporter_lets_through() {
    let (_, lines) = embedded();
    let all = Seen::by(&lines, date(2026, 6, 1)).estimates(&[]).unwrap();
    let block = |under| of(&all, importer(Importer::Allows, Importer::Blocks, Some(under)));
    assert_eq!(block(Exporter::Fee).evidence.count, 2);
    assert_eq!(block(Exporter::Open).evidence.count, 1);
    assert_eq!(block(Exporter::Ban).evidence.count, 0);
    assert!(block(Exporter::Fee).hazard.mean() > 10.0 * block(Exporter::Ban).hazard.mean());
    let relent = of(&all, importer(Importer::Blocks, Importer::Allows, None));
    assert_eq!(relent.evidence.count, 1);
}

#[test]
fn the_other_side_answered_after_17_days_and_after_one() {
    let (events, lines) = embedded();
    let all = answers(&events, &lines, date(2026, 6, 1));
    let days = |day: Date| {
        let found = all.iter().find(|one| one.on == day).unwrap();
        found.answer.as_ref().map(|answer| (answer.on, answer.days))
    };
    assert_eq!(days(date(2025, 7, 14)), Some((date(2025, 7, 31), 17)));
    assert_eq!(days(date(2026, 1, 13)), Some((date(2026, 1, 14), 1)));
    // The step of 8 December had no answer of its own before the rule of January.
    assert_eq!(days(date(2025, 12, 8)), None);
    // On the day between, nobody knew of the answer.
    let early = answers(&events, &lines, date(2025, 7, 30));
    assert!(early.iter().all(|one| one.answer.is_none()));
    assert!(early.iter().all(|one| one.on <= date(2025, 7, 30)));
}

#[test]
fn lines_hand_parts_on_and_states_follow_the_record() {
    let (_, lines) = embedded();
    let state = |chip: &str, day: Date| {
        let line = lines.of_chips(&[chip.to_owned()], day).unwrap();
        (line.id.clone(), line.rule_on(day).unwrap().to_string())
    };
    let h800 = "nvidia.h800-sxm5-80gb";
    assert_eq!(state(h800, date(2023, 6, 1)), ("a800-h800".into(), "open/allows".into()));
    assert_eq!(state(h800, date(2023, 10, 17)), ("listed".into(), "ban/allows".into()));
    assert_eq!(state(h800, date(2026, 2, 1)), ("listed".into(), "licence/allows".into()));
    let h200 = "nvidia.h200-sxm-141gb";
    assert_eq!(state(h200, date(2025, 12, 7)).0, "listed");
    assert_eq!(state(h200, date(2026, 1, 20)), ("h200".into(), "fee/blocks".into()));
    assert_eq!(state("amd.mi308x", date(2025, 7, 20)), ("h20".into(), "licence/allows".into()));
    assert!(lines.of_chips(&[h200.to_owned()], date(2022, 8, 30)).is_none());
    let h20 = lines.of_chips(&["nvidia.h20-96gb".to_owned()], date(2026, 1, 1)).unwrap();
    assert_eq!(lines.fee_on(h20, date(2026, 1, 1)).unwrap().fee, Some(0.15));
    assert_eq!(lines.fee_on(h20, date(2025, 8, 9)), None);
}

#[test]
fn before_the_record_nothing_was_seen() {
    let (_, lines) = embedded();
    assert_eq!(Seen::by(&lines, date(2022, 8, 31)).estimates(&[]), Err(Fault::NothingSeen));
    assert!(known_turns(&lines, date(2022, 8, 31)).is_empty());
}

#[test]
fn a_state_that_is_supposed_turns_like_its_side() {
    let (_, lines) = embedded();
    let seen = Seen::by(&lines, date(2025, 4, 16));
    let all = seen.estimates(&[Exporter::Fee]).unwrap();
    let leaving: f64 = all
        .iter()
        .filter(|one| matches!(one.transition, Transition::Exporter { from: Exporter::Fee, .. }))
        .map(|one| one.hazard.mean())
        .sum();
    assert!((leaving - 2.5 / years(344 + 523 + 959 + 1)).abs() < 1e-12);
    assert_eq!(of(&all, exporter(Exporter::Ban, Exporter::Fee)).evidence.count, 0);
}

#[test]
fn given_hazards_take_the_place_of_those_of_the_record() {
    let (_, lines) = embedded();
    let estimates = Seen::by(&lines, date(2026, 6, 1)).estimates(&[]).unwrap();
    let total = |hazards: &narrows_market::policy::hazard::Hazards, from: Exporter, stricter: bool| -> f64 {
        let rates = hazards.iter().filter_map(|(transition, hazard)| match transition {
            Transition::Exporter { from: left, to } if left == from && (to > from) == stricter => {
                Some(hazard.mean())
            }
            _ => None,
        });
        rates.sum()
    };
    let mut set = hazards(&estimates);
    "tighten".parse::<Given>().unwrap().set(&mut set, 0.8).unwrap();
    for from in [Exporter::Open, Exporter::Fee, Exporter::Licence] {
        assert!((total(&set, from, true) - 0.8).abs() < 1e-12);
    }
    let before = total(&hazards(&estimates), Exporter::Ban, false);
    assert!((total(&set, Exporter::Ban, false) - before).abs() < 1e-12);
    "retaliate".parse::<Given>().unwrap().set(&mut set, 3.0).unwrap();
    for under in Exporter::ALL {
        let transition = importer(Importer::Allows, Importer::Blocks, Some(under));
        assert_eq!(set.get(transition), Some(Hazard::Given { per_year: 3.0 }));
    }
    "open:ban".parse::<Given>().unwrap().set(&mut set, 0.0).unwrap();
    assert_eq!(set.get(exporter(Exporter::Open, Exporter::Ban)), Some(Hazard::Given { per_year: 0.0 }));
    for wrong in ["tigten", "open:open", "open", "open:blocks", "", ":", "allows:allows"] {
        assert!(matches!(wrong.parse::<Given>(), Err(Fault::Transition { .. })), "{wrong}");
    }
    for rate in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(Given::Tighten.set(&mut set, rate).is_err());
    }
    // By October 2022 nobody had seen any state but the ban.
    let early = Seen::by(&lines, date(2022, 10, 1)).estimates(&[]).unwrap();
    let fault = Given::Tighten.set(&mut hazards(&early), 1.0);
    assert_eq!(fault, Err(Fault::NothingOfKind { name: "tighten" }));
}

#[test]
fn faults_in_the_data_are_named_with_file_and_line() {
    let events = read_events(&folder("events"));
    let (path, text) = folder("policy").into_iter().next().unwrap();
    let fault = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let text = text.replacen(from, to, 1);
        let problems = Lines::read([DataFile { path: &path, text: &text }], &events).unwrap_err();
        problems.to_string()
    };
    let cases = [
        (
            "2025-12-08-h200-allowed",
            "2025-12-08-h200-alowed",
            "unknown event `2025-12-08-h200-alowed`; did you mean",
        ),
        (
            "exporter = \"licence\"\nnote = \"The duty",
            "exporter = \"ban\"\nnote = \"The duty",
            "was ban/allows already",
        ),
        ("fee = 0.15", "", "has the share of the revenue"),
        ("fee = 0.15", "fee = 1.5", "expected a share between zero and one"),
        ("fee = 0.15", "fee = 0.15\nimporter = \"blocks\"", "either `exporter` or `importer`"),
        ("importer = \"cn\"", "importer = \"us\"", "expected an act of `us`, found one of `cn`"),
        ("from = 2023-11-09", "from = 2025-06-01", "in order of their days, and none before 2025-06-01"),
        ("until = 2023-10-17", "until = 2023-01-01", "expected no earlier than the last turn"),
        ("id = \"h200\"", "id = \"h20\"", "stands already"),
    ];
    for (from, to, expected) in cases {
        let found = fault(from, to);
        assert!(found.contains(expected) && found.contains("lines.toml:"), "{found}");
    }
}

#[test]
fn without_its_event_a_turn_is_not_counted() {
    // The record without the block of January 2026, and without the turns that rest on it.
    let events = read_events(&folder("events"));
    let (path, text) = folder("policy").into_iter().next().unwrap();
    let last = text.find("[[line.turn]]\nevent = \"2026-01-14").unwrap();
    let text = text[..last].to_owned();
    let shorter = Lines::read([DataFile { path: &path, text: &text }], &events).unwrap();
    let (_, lines) = embedded();
    let on = date(2026, 6, 1);
    let rate = |lines: &Lines| {
        let all = Seen::by(lines, on).estimates(&[]).unwrap();
        of(&all, importer(Importer::Allows, Importer::Blocks, Some(Exporter::Fee))).hazard.mean()
    };
    assert!(rate(&shorter) < rate(&lines));
}

proptest! {
    /// Turns after the day, and lines that begin after it, change nothing.
    #[test]
    fn nobody_looks_ahead(days in 1..1_400_i64) {
        let (events, lines) = embedded();
        let on = date(2022, 9, 1) + jiff::Span::new().days(days);
        let (path, text) = folder("policy").into_iter().next().unwrap();
        // The record as it stood: without later events, and without what rests on them.
        let mut kept = String::new();
        let mut is_kept = true;
        for block in text.split_inclusive("\n\n") {
            if block.starts_with("[[line]]") {
                let from = block.split("\nfrom = ").nth(1).unwrap()[..10].parse::<Date>().unwrap();
                is_kept = from <= on;
            }
            let turn = block.split("event = \"").nth(1).map(|rest| rest[..10].parse::<Date>().unwrap());
            let is_later = block.starts_with("[[line.turn]]") && turn.is_some_and(|day| day > on);
            let is_head = !block.starts_with("[[");
            if is_head || (is_kept && !is_later) {
                kept.push_str(block);
            }
        }
        // A line that is closed later is not closed yet.
        let kept = if on < date(2023, 10, 17) { kept.replace("until = 2023-10-17\n", "") } else { kept };
        let then = Lines::read([DataFile { path: &path, text: &kept }], &events).unwrap();
        prop_assert_eq!(Seen::by(&then, on), Seen::by(&lines, on));
        prop_assert_eq!(Seen::by(&then, on).estimates(&[]), Seen::by(&lines, on).estimates(&[]));
        prop_assert_eq!(known_turns(&then, on), known_turns(&lines, on));
        let known = events.iter().filter(|event| event.days.announced <= on).map(|event| event.id.clone());
        let known: Vec<String> = known.collect();
        for one in answers(&events, &lines, on) {
            prop_assert!(known.contains(&one.event));
            prop_assert!(one.answer.is_none_or(|answer| known.contains(&answer.event)));
        }
    }
}
