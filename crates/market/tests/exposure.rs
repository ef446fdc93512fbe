//! Exposure: the two firms that told of their charges, what was known when, and laws of ranges.

#![expect(clippy::expect_used, reason = "test code: a panic is the report")]

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, date};
use narrows_catalog::DataFile;
use narrows_market::exposure::money::Usd;
use narrows_market::exposure::record::{CannotJoin, Exposures, Figure, Measure, sum};
use narrows_market::exposure::risk::{Assumptions, AtRisk, Estimate, RiskFault, Supposed, at_risk};
use narrows_market::exposure::units::{Divisor, readings};
use proptest::prelude::{Strategy, prop_assert, proptest};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/exposure")
}

fn read(files: &[(String, String)]) -> Result<Exposures, String> {
    let files = files.iter().map(|(path, text)| DataFile { path, text });
    Exposures::read(files).map_err(|problems| problems.to_string())
}

fn embedded() -> Exposures {
    let entries = fs::read_dir(folder()).expect("the folder");
    let files: Vec<(String, String)> = entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            (path.display().to_string(), fs::read_to_string(&path).expect("a text"))
        })
        .collect();
    read(&files).expect("the data are sound")
}

fn ask(exposures: &Exposures, firm: &str, state: Supposed, on: Date) -> AtRisk {
    let record = exposures.firm(firm).expect("a record");
    at_risk(exposures, record, state, on, &Assumptions::default()).expect("an answer")
}

fn billions(estimate: Option<&Estimate>) -> Option<(f64, f64)> {
    estimate.map(|estimate| (estimate.range.low.0 / 1e9, estimate.range.high.0 / 1e9))
}

#[test]
fn nvidia_on_the_day_after_the_letter() {
    let exposures = embedded();
    let answer = ask(&exposures, "nvidia", Supposed::Ban, date(2025, 4, 16));
    let first = answer.quarters.first().expect("a quarter");
    assert_eq!(first.period.to_string(), "FY2026Q1");
    assert_eq!(billions(first.charge.as_ref()), Some((0.0, 5.5)));
    // Booked later: 4.5 of the 5.5, and 2.5 of sales lost in that quarter.
    let later = |measure: Measure| {
        let found = first.later.iter().find(|figure| figure.measure == measure);
        found.and_then(|figure| figure.value)
    };
    assert_eq!(later(Measure::InventoryCharge), Some(4.5e9));
    assert_eq!(later(Measure::LostSales), Some(2.5e9));
    // The next quarter: 8 billion of lost sales foreseen, 0.18 billion released.
    let next = answer.quarters.get(1).expect("a quarter");
    let values: Vec<f64> = next.later.iter().filter_map(|figure| figure.value).collect();
    assert!(values.contains(&8e9) && values.contains(&-0.18e9), "{values:?}");
    // Nobody had booked such a charge by then.
    assert!(answer.recovery.is_empty());
}

#[test]
fn what_other_firms_got_back_counts_from_the_day_on_which_it_was_known() {
    let exposures = embedded();
    // NVIDIA has booked 4.5 of 5.5 and released 0.18 of it by September 2025; AMD 0.8 of 0.8.
    let before = ask(&exposures, "amd", Supposed::Open, date(2025, 9, 1));
    let after = ask(&exposures, "amd", Supposed::Open, date(2026, 3, 1));
    let shares = |answer: &AtRisk| -> Vec<(String, i64)> {
        let percent = |share: f64| (share * 1000.0).round() as i64;
        answer.recovery.iter().map(|point| (point.firm.clone(), percent(point.released_share()))).collect()
    };
    assert_eq!(shares(&before), [("amd".to_owned(), 0), ("nvidia".to_owned(), 40)]);
    assert_eq!(shares(&after), [("amd".to_owned(), 450), ("nvidia".to_owned(), 40)]);
    let never: Vec<i64> =
        after.recovery.iter().map(|point| (point.never_booked() * 1000.0).round() as i64).collect();
    assert_eq!(never, [0, 182]);
}

#[test]
fn a_charge_over_a_cost_and_over_a_price_are_two_numbers() {
    let exposures = embedded();
    let part = exposures.firm("nvidia").expect("a record").part("h20").expect("the part");
    let charge = narrows_market::exposure::money::Bounds::point(Usd(5.5e9));
    let found = readings(part, charge, date(2025, 4, 16));
    let least = |divisor: Divisor| {
        let of_it = found.iter().filter(|reading| reading.divisor == divisor);
        of_it.map(|reading| reading.units.low.0).reduce(f64::min).expect("a reading")
    };
    let most = |divisor: Divisor| {
        let of_it = found.iter().filter(|reading| reading.divisor == divisor);
        of_it.map(|reading| reading.units.high.0).reduce(f64::max).expect("a reading")
    };
    // Over a million at cost; well under a million at the price.
    assert!(least(Divisor::Cost) > 1e6 && most(Divisor::Price) < 0.7e6, "{found:?}");
    assert!((least(Divisor::Cost) - 5.5e9 / 4800.0).abs() < 1e-3, "{found:?}");
}

#[test]
fn figures_on_two_bases_never_meet() {
    let exposures = embedded();
    let nvidia = exposures.firm("nvidia").expect("a record");
    let of = |basis: &str| -> Vec<&Figure> {
        nvidia.figures.iter().filter(|figure| figure.basis.as_deref() == Some(basis)).collect()
    };
    let (billing, headquarters) = (of("billing"), of("headquarters"));
    assert!(!billing.is_empty() && !headquarters.is_empty());
    assert!(sum(&billing).is_ok());
    let mixed = [*billing.first().expect("one"), *headquarters.first().expect("one")];
    assert!(matches!(sum(&mixed), Err(CannotJoin::Bases { .. })));
    let chosen = Assumptions { basis: Some("headquarters".to_owned()), ..Assumptions::default() };
    let answer = at_risk(&exposures, nvidia, Supposed::Ban, date(2026, 6, 1), &chosen).expect("an answer");
    assert!(answer.basis.as_deref().is_some_and(|basis| basis.contains("headquarters")));
    assert!(answer.left_out.iter().any(|line| line.contains("never joined")), "{:?}", answer.left_out);
}

#[test]
fn questions_that_cannot_be_asked() {
    let exposures = embedded();
    let record = exposures.firm("nvidia").expect("a record");
    let ask = |state: Supposed, assumptions: Assumptions| {
        at_risk(&exposures, record, state, date(2025, 6, 1), &assumptions).expect_err("a fault")
    };
    let base = Assumptions::default;
    let basis = ask(Supposed::Ban, Assumptions { basis: Some("billig".to_owned()), ..base() });
    assert!(matches!(basis, RiskFault::Basis { .. }));
    assert!(basis.to_string().contains("billing"));
    assert!(matches!(ask(Supposed::Fee(1.5), base()), RiskFault::Number { .. }));
    assert!(matches!(ask(Supposed::Fee(f64::NAN), base()), RiskFault::Number { .. }));
    assert!(matches!(ask(Supposed::Ban, Assumptions { quarters: 0, ..base() }), RiskFault::Number { .. }));
    let unknown = exposures.firm("nvidea").expect_err("no such firm");
    assert_eq!(unknown.nearest.as_deref(), Some("nvidia"));
}

#[test]
fn files_that_are_wrong_say_where() {
    let start = "firm = \"eel\"\n[calendar]\nquarter = \"FY2024Q1\"\nend = 2024-03-31\nrule = \"months\"\n\
                 [[basis]]\nid = \"billing\"\nname = \"billing\"\nof_total = true\n[[period]]\nid = \"FY2024Q1\"\n\
                 end = 2024-03-31\n[[period.figure]]\n";
    let wrong = [
        ("measure = \"china_revenue\"\nvalue = 5\ncertainty = \"press\"\nsource = \"x\"\n", "basis"),
        (
            "measure = \"china_share\"\nvalue = 1.5\nbasis = \"billing\"\ncertainty = \"press\"\nsource = \"x\"\n",
            "between zero and one",
        ),
        ("measure = \"total_revenue\"\nvalue = -5\ncertainty = \"press\"\nsource = \"x\"\n", "only a charge"),
        (
            "measure = \"total_revenue\"\nlow = 5\nhigh = 4\ncertainty = \"press\"\nsource = \"x\"\n",
            "`low` <=",
        ),
        (
            "measure = \"total_revenue\"\nvalue = 5\nknown = 2024-01-01\ncertainty = \"press\"\nsource = \"x\"\n",
            "before its period ends",
        ),
        ("measure = \"total_revenu\"\nvalue = 5\ncertainty = \"press\"\nsource = \"x\"\n", "total_revenue"),
        (
            "measure = \"china_revenue\"\nbasis = \"billng\"\nvalue = 5\ncertainty = \"press\"\nsource = \"x\"\n",
            "did you mean `billing`",
        ),
    ];
    for (figure, said) in wrong {
        let text = format!("{start}{figure}");
        let problems = read(&[("eel.toml".to_owned(), text)]).expect_err(figure);
        assert!(problems.contains("eel.toml") && problems.contains(said), "{figure}: {problems}");
    }
}

fn days() -> impl Strategy<Value = Date> {
    (0_i64..1700).prop_map(|days| date(2022, 6, 1) + jiff::Span::new().days(days))
}

proptest! {
    /// Ranges are in order; what a ban takes, a licence at most takes, and free sales take nothing.
    #[test]
    fn a_ban_takes_no_less_than_a_licence(day in days(), firm in 0_usize..20, fee in 0.0_f64..1.0) {
        let exposures = embedded();
        let Some(record) = exposures.iter().nth(firm) else { return Ok(()) };
        let ask = |state| at_risk(&exposures, record, state, day, &Assumptions::default()).expect("an answer");
        let [ban, licence, free, taxed] =
            [Supposed::Ban, Supposed::Licence, Supposed::Open, Supposed::Fee(fee)].map(ask);
        for (at, quarter) in ban.quarters.iter().enumerate() {
            let of = |answer: &AtRisk| answer.quarters.get(at).and_then(|quarter| quarter.lost_sales.clone());
            if let (Some(ban), Some(licence), Some(free)) = (of(&ban), of(&licence), of(&free)) {
                prop_assert!(ban.range.low <= ban.range.high);
                prop_assert!(licence.range.low <= ban.range.low && licence.range.high <= ban.range.high);
                prop_assert!(free.range.high.0.abs() < 1e-9);
            }
            let levied = taxed.quarters.get(at).and_then(|quarter| quarter.fee.clone());
            if let (Some(levied), Some(wanted)) = (levied, &quarter.revenue) {
                prop_assert!((levied.range.high.0 - fee * wanted.range.high.0).abs() < 1.0);
            }
        }
    }

    /// What became known after the day changes nothing but what is told as later.
    #[test]
    fn the_answer_knows_nothing_of_the_future(day in days(), firm in 0_usize..20) {
        let exposures = embedded();
        let known: Vec<(String, String)> = fs::read_dir(folder())
            .expect("the folder")
            .map(|entry| {
                let path = entry.expect("an entry").path();
                let text = fs::read_to_string(&path).expect("a text");
                (path.display().to_string(), without_later(&text, day))
            })
            .collect();
        let past = read(&known).expect("sound without its future");
        let Some(name) = exposures.iter().nth(firm).map(|record| record.firm.clone()) else { return Ok(()) };
        let bare = |mut answer: AtRisk| {
            answer.later.clear();
            // Whether a quarter's end is on record is no knowledge of its figures.
            answer.quarters.iter_mut().for_each(|quarter| quarter.later.clear());
            answer.left_out.clear();
            answer
        };
        let one = bare(ask(&exposures, &name, Supposed::Ban, day));
        let other = bare(ask(&past, &name, Supposed::Ban, day));
        prop_assert!(one == other, "{one:?}\n{other:?}");
    }
}

/// A file without the figures that it says became known after a day.
fn without_later(text: &str, day: Date) -> String {
    let is_later = |table: &&str| {
        let known = table.lines().find_map(|line| line.strip_prefix("known = "));
        table.starts_with("period.figure]]")
            && known.is_some_and(|known| known.parse::<Date>().is_ok_and(|known| known > day))
    };
    let kept: Vec<&str> = text.split("[[").filter(|table| !is_later(table)).collect();
    kept.join("[[")
}
