//! Laws that must hold of every answer, on the embedded data.

#![expect(clippy::expect_used, reason = "test code: a panic is the report")]

use std::cell::RefCell;

use narrows::operations::{Check, CheckAnswer, CheckRequest, History, HistoryRequest};
use narrows::{
    Class, Date, Decimal, Examiner, Operation, Question, Scenario, Standing, Truth, View, Workbench,
};
use proptest::prelude::*;

thread_local! {
    static WORKBENCH: &'static Workbench = Box::leak(Box::new(Workbench::new(Vec::new())));
    static EXAMINER: RefCell<Examiner<'static>> = RefCell::new(
        Examiner::new(WORKBENCH.with(|workbench| *workbench), &Scenario::default()).expect("sound data")
    );
}

type Facts = Vec<(String, String)>;

fn question(facts: &Facts, on: Date, to: &str) -> Question {
    Question { facts: facts.clone(), on, to: to.to_owned(), ..Question::default() }
}

fn verdict(question: &Question) -> Standing {
    EXAMINER.with_borrow_mut(|examiner| {
        let prepared = examiner.prepare(question).expect("a sound question");
        examiner.standing(&prepared).expect("sound data")
    })
}

fn check(request: &CheckRequest) -> CheckAnswer {
    WORKBENCH.with(|workbench| Check::run(workbench, request).expect("a sound question"))
}

fn request(question: &Question) -> CheckRequest {
    CheckRequest {
        item: question.item.clone(),
        to: question.to.clone(),
        on: question.on,
        headquarters: question.headquarters.clone(),
        from: question.from.clone(),
        known_on: question.known_on,
        codified: question.view == View::Codified,
        facts: question.facts.clone(),
        end_user: None,
        end_user_id: None,
        owners: Vec::new(),
        scenario: Scenario::default(),
    }
}

fn given(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}

fn day() -> impl Strategy<Value = Date> {
    (0_u64..2_200).prop_map(|after| narrows::day_since_1970(18_993 + after).expect("a day"))
}

fn place() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "CN", "HK", "MO", "AE", "SA", "KH", "VN", "MY", "SG", "IN", "RU", "IR", "KP", "GB", "DE", "JP", "TW",
        "US", "CH", "BR", "XK", "IL", "CY",
    ])
}

/// Numbers near the thresholds of the rules, as text.
fn number(near: &'static [&'static str], most: i64) -> impl Strategy<Value = String> {
    let decimal = |millionths: i64| Decimal::from_millionths(millionths).to_string();
    prop_oneof![
        3 => (prop::sample::select(near.to_vec()), -1_i64..=1).prop_map(move |(text, off)| {
            let number: Decimal = text.parse().expect("a decimal");
            decimal((number.millionths() + off).max(0))
        }),
        2 => (0..most).prop_map(|whole| whole.to_string()),
    ]
}

fn tpp() -> impl Strategy<Value = String> {
    number(&["1600", "2400", "4800", "21000", "3000"], 40_000)
}

fn area() -> impl Strategy<Value = String> {
    number(&["814", "400", "270.27027", "810.810811", "1000", "1500", "3000"], 3_000)
        .prop_map(|text| if text == "0" { "1".to_owned() } else { text })
}

fn bandwidth() -> impl Strategy<Value = String> {
    number(&["600", "1100", "1400", "1700", "4000", "6500", "150"], 9_000)
}

/// An item with all its measures.
fn item() -> impl Strategy<Value = Facts> {
    let truth = prop::sample::select(vec!["true", "false"]);
    (tpp(), area(), bandwidth(), bandwidth(), truth.clone(), truth.clone(), truth).prop_map(
        |(tpp, area, dram, io, datacenter, available, hbm)| {
            vec![
                given("item_kind", "logic_ic"),
                given("bits_x_tops", &tpp),
                given("tpp", tpp),
                given("applicable_die_area_mm2", area),
                given("dram_bandwidth_gb_per_s", dram),
                given("io_bandwidth_gb_per_s", io),
                given("interconnect_bandwidth_gb_per_s", 300),
                given("tops", 300),
                given("analog_tops", 0),
                given("datacenter", datacenter),
                given("available_in_us", available),
                given("contains_hbm", hbm),
                given("transistors_billion", 80),
                given("process_node_nm", 4),
            ]
        },
    )
}

fn class_of(verdict: &Standing) -> &str {
    verdict.class
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// Between the rule of November 2023 and that of January 2026, more performance alone
    /// never takes an item out of control.
    #[test]
    fn more_performance_is_never_less_controlled(
        facts in item(), more in tpp(), after in 0_u64..780, to in place(),
    ) {
        let on = narrows::day_since_1970(19_678 + after).expect("a day of the rule");
        let raised: Facts = facts
            .iter()
            .map(|(name, value)| {
                if name != "tpp" {
                    return (name.clone(), value.clone());
                }
                let (old, new): (Decimal, Decimal) = (value.parse().expect("a number"), more.parse().expect("a number"));
                given("tpp", old.max(new))
            })
            .collect();
        let (before, after) = (verdict(&question(&facts, on, to)), verdict(&question(&raised, on, to)));
        if before.status != "not_controlled" {
            prop_assert_ne!(after.status, "not_controlled", "{:?} {:?}", facts, raised);
        }
    }

    /// Learning a fact, or narrowing its bounds, never turns a definite answer into another.
    #[test]
    fn knowledge_never_changes_a_definite_answer(
        facts in item(), hidden in prop::collection::vec(0_usize..14, 1..4), on in day(), to in place(),
        headquarters in place(),
    ) {
        let mut unknown = facts.clone();
        for at in &hidden {
            let (_, value) = &facts[*at];
            unknown[*at].1 = match (at % 2 == 0, value.parse::<Decimal>()) {
                (true, Ok(number)) => format!("..{}", number.millionths() / 500_000 + 1),
                _ => "unknown".to_owned(),
            };
        }
        let ask = |facts: &Facts| {
            verdict(&Question { headquarters: Some(headquarters.to_owned()), ..question(facts, on, to) })
        };
        let (vague, exact) = (ask(&unknown), ask(&facts));
        if vague.status != "undetermined" {
            prop_assert_eq!(&vague.status, &exact.status, "{:?} {:?}", unknown, facts);
            prop_assert!(vague.missing.is_empty());
        } else {
            prop_assert!(!vague.missing.is_empty());
        }
        // Facts that are not missing do not matter: supplying the missing ones decides.
        let supplied = unknown.iter().zip(&facts).map(|(vague_fact, exact_fact)| {
            if vague.missing.contains(&vague_fact.0) { exact_fact.clone() } else { vague_fact.clone() }
        });
        let decided = ask(&supplied.collect());
        prop_assert_eq!(&decided.status, &exact.status, "{:?} {:?}", unknown, vague.missing);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A flip, applied, gives the status that it names; a margin has the sign of its comparison.
    #[test]
    fn a_flip_flips(facts in item(), on in day(), to in place()) {
        let question = question(&facts, on, to);
        let answer = check(&request(&question)).determination;
        for flip in &answer.flips {
            let mut changed: Facts = facts.iter().filter(|(name, _)| *name != flip.fact).cloned().collect();
            changed.push(given(&flip.fact, &flip.to));
            let flipped = verdict(&Question { facts: changed, ..question.clone() });
            prop_assert_eq!(&flipped.status, &flip.status, "{:?}", flip);
            prop_assert_ne!(&flipped.status, &answer.status, "{:?}", flip);
        }
        for (_, comparisons) in answer.comparisons() {
            for live in comparisons {
                let Some(fraction) = live.margin.fraction else { continue };
                let holds = match live.margin.operator {
                    ">=" => fraction >= Decimal::ZERO,
                    ">" => fraction > Decimal::ZERO,
                    "<=" => fraction <= Decimal::ZERO,
                    "<" => fraction < Decimal::ZERO,
                    "=" => fraction == Decimal::ZERO,
                    _ => fraction != Decimal::ZERO,
                };
                // A fraction, and a quotient, are rounded for display: a millionth says nothing.
                if fraction.millionths().abs() > 1 {
                    prop_assert_eq!(Truth::from(holds), live.truth, "{:?}", live.margin);
                }
            }
        }
    }

    /// The short answer of a table and the full one of a single check are the same.
    #[test]
    fn the_short_answer_is_the_full_one(facts in item(), on in day(), to in place()) {
        let question = question(&facts, on, to);
        let (short, full) = (verdict(&question), check(&request(&question)).determination);
        prop_assert_eq!(&short.status, &full.status);
        prop_assert_eq!(class_of(&short), full.class.word());
        let provisions: Vec<String> = full.deciding.iter().map(|ground| ground.provision.clone()).collect();
        prop_assert_eq!(&short.provisions, &provisions);
        let missing: Vec<String> = full.missing.iter().map(|missing| missing.fact.clone()).collect();
        prop_assert_eq!(&short.missing, &missing);
        if full.class == Class::NoLicence {
            prop_assert!(!full.not_examined.is_empty());
        }
        prop_assert!(full.deciding.is_empty() || !full.sources.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// A history has no gap and no overlap, and says of every day what a check of that day says.
    #[test]
    fn a_history_is_whole(
        chip in prop::sample::select(vec![
            "H100", "H20", "A800", "H800", "RTX 4090", "RTX 4090D", "MI308", "910B", "L20", "B30A", "A100", "jedec.hbm3-stack",
        ]),
        to in place(), headquarters in prop::option::of(place()), codified in any::<bool>(),
        days in prop::collection::vec(day(), 4),
    ) {
        let asked = HistoryRequest {
            item: Some(chip.to_owned()),
            to: to.to_owned(),
            headquarters: headquarters.map(str::to_owned),
            from: None,
            known_on: None,
            codified,
            facts: Vec::new(),
            scenario: Scenario::default(),
        };
        let periods = WORKBENCH.with(|workbench| History::run(workbench, &asked).expect("a history")).periods;
        prop_assert_eq!(periods[0].from, Date::constant(2022, 1, 1));
        for pair in periods.windows(2) {
            prop_assert_eq!(pair[0].until, Some(pair[1].from));
            let same = (&pair[0].status, &pair[0].provisions, &pair[0].missing)
                == (&pair[1].status, &pair[1].provisions, &pair[1].missing);
            prop_assert!(!same, "nothing changed on {}", pair[1].from);
            prop_assert!(!pair[1].changed_by.is_empty(), "nobody changed it on {}", pair[1].from);
        }
        prop_assert_eq!(periods[periods.len() - 1].until, None);
        let edges = periods.iter().flat_map(|period| {
            [Some(period.from), period.until.and_then(|until| until.yesterday().ok())]
        });
        for on in edges.flatten().chain(days) {
            let period = periods.iter().rfind(|period| period.from <= on).expect("the record covers the day");
            let view = if codified { View::Codified } else { View::Enforced };
            let asked = Question {
                item: Some(chip.to_owned()),
                headquarters: headquarters.map(str::to_owned),
                view,
                ..question(&Vec::new(), on, to)
            };
            let verdict = verdict(&asked);
            prop_assert_eq!(&verdict.status, &period.status, "on {}", on);
            prop_assert_eq!(&verdict.provisions, &period.provisions, "on {}", on);
        }
    }
}
