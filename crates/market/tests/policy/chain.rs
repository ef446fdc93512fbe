//! The chain against closed forms, a matrix exponential and drawn paths.

use nalgebra::DMatrix;
use narrows_market::policy::chain::{Chain, Distribution};
use narrows_market::policy::hazard::{Hazard, Hazards, Transition};
use narrows_market::policy::random::Stream;
use narrows_market::policy::state::{Exporter, Importer, Rule, Terms};
use proptest::prelude::*;

pub(crate) const START: Rule = Rule { exporter: Exporter::Open, importer: Importer::Allows };

pub(crate) fn exporter(from: Exporter, to: Exporter) -> Transition {
    Transition::Exporter { from, to }
}

pub(crate) fn importer(from: Importer, to: Importer, under: Option<Exporter>) -> Transition {
    Transition::Importer { from, to, under }
}

pub(crate) fn hazards(rates: &[(Transition, f64)]) -> Hazards {
    let mut hazards = Hazards::default();
    for (transition, rate) in rates {
        hazards.set(*transition, Hazard::given(*rate).unwrap());
    }
    hazards
}

/// A chain in which both sides move, and the importer's rates depend on the exporter's state.
pub(crate) fn two_sided() -> Hazards {
    use Exporter::{Ban, Fee, Licence, Open};
    use Importer::{Allows, Blocks};
    hazards(&[
        (exporter(Open, Licence), 0.7),
        (exporter(Open, Ban), 0.4),
        (exporter(Licence, Fee), 1.9),
        (exporter(Licence, Ban), 0.8),
        (exporter(Ban, Fee), 0.3),
        (exporter(Fee, Open), 0.2),
        (exporter(Fee, Ban), 0.5),
        (importer(Allows, Blocks, None), 0.6),
        (importer(Allows, Blocks, Some(Fee)), 4.0),
        (importer(Blocks, Allows, None), 1.1),
    ])
}

#[test]
fn two_states_follow_the_closed_form() {
    let (out, back) = (0.8_f64, 0.3_f64);
    let chain = Chain::new(&hazards(&[
        (exporter(Exporter::Open, Exporter::Ban), out),
        (exporter(Exporter::Ban, Exporter::Open), back),
    ]))
    .unwrap();
    let both = out + back;
    for years in [0.0, 1e-9, 0.01, 0.5, 2.0, 30.0, 1_000.0, 1e6] {
        let banned = out / both * (1.0 - (-both * years).exp());
        let time = out / both * (years - (1.0 - (-both * years).exp()) / both);
        let is_banned = |rule: Rule| rule.exporter == Exporter::Ban;
        let after = chain.after(START, years).unwrap().sum(is_banned);
        let spent = chain.time_in(START, years).unwrap().sum(is_banned);
        assert!((after - banned).abs() < 1e-13, "{years}: {after} is not {banned}");
        assert!((spent - time).abs() <= 1e-12 * years.max(1e-3), "{years}: {spent} is not {time}");
    }
}

#[test]
fn uniformisation_agrees_with_a_matrix_exponential() {
    let chain = Chain::new(&two_sided()).unwrap();
    let rules = Rule::all();
    let generator = DMatrix::from_fn(8, 8, |row, column| chain.rate(rules[row], rules[column]));
    for years in [0.1, 1.0, 7.0] {
        let exponential = (&generator * years).exp();
        // The integral stands in the corner of the exponential of [[G, I], [0, 0]].
        let mut block = DMatrix::zeros(16, 16);
        block.view_mut((0, 0), (8, 8)).copy_from(&(&generator * years));
        block.view_mut((0, 8), (8, 8)).copy_from(&(DMatrix::identity(8, 8) * years));
        let integral = block.exp();
        for start in rules {
            let after = chain.after(start, years).unwrap();
            let times = chain.time_in(start, years).unwrap();
            for end in rules {
                let expected = exponential[(start.row(), end.row())];
                assert!((after.of(end) - expected).abs() < 1e-12, "{start} to {end} in {years}");
                let expected = integral[(start.row(), 8 + end.row())];
                assert!((times.of(end) - expected).abs() < 1e-11, "{start} in {end} for {years}");
            }
        }
    }
}

#[test]
fn sides_that_ignore_each_other_multiply() {
    let of_exporter = [
        (exporter(Exporter::Open, Exporter::Licence), 0.9),
        (exporter(Exporter::Licence, Exporter::Fee), 1.4),
    ];
    let of_importer = [(importer(Importer::Allows, Importer::Blocks, None), 0.7)];
    let both = Chain::new(&hazards(&[&of_exporter[..], &of_importer[..]].concat())).unwrap();
    let alone = Chain::new(&hazards(&of_exporter)).unwrap();
    let other = Chain::new(&hazards(&of_importer)).unwrap();
    let after = |chain: &Chain| chain.after(START, 1.3).unwrap();
    for rule in Rule::all() {
        let product = after(&alone).sum(|it| it.exporter == rule.exporter)
            * after(&other).sum(|it| it.importer == rule.importer);
        assert!((after(&both).of(rule) - product).abs() < 1e-14, "{rule}");
    }
}

#[test]
fn drawn_paths_agree_with_the_chain() {
    let chain = Chain::new(&two_sided()).unwrap();
    let years = 1.5;
    let mut stream = Stream::new(7);
    let draws = 40_000;
    let (mut ends, mut spent, mut shut) = ([0.0_f64; 8], [0.0_f64; 8], 0.0_f64);
    let mut squares = [0.0_f64; 8];
    let terms = Terms::new(0.5, 0.15).unwrap();
    for _ in 0..draws {
        let path = chain.path(START, years, &mut stream);
        let total: f64 = path.iter().map(|(_, stay)| stay).sum();
        assert!((total - years).abs() < 1e-12);
        ends[path.last().unwrap().0.row()] += 1.0;
        let mut here = [0.0_f64; 8];
        path.iter().for_each(|(rule, stay)| here[rule.row()] += stay);
        for row in 0..8 {
            spent[row] += here[row];
            squares[row] += here[row] * here[row];
        }
        shut += f64::from(u8::from(path.iter().any(|(rule, _)| terms.is_shut(*rule))));
    }
    let count = f64::from(draws);
    let (after, times) = (chain.after(START, years).unwrap(), chain.time_in(START, years).unwrap());
    for rule in Rule::all() {
        let expected = after.of(rule);
        let error = (expected * (1.0 - expected) / count).sqrt();
        assert!((ends[rule.row()] / count - expected).abs() < 4.0 * error + 1e-9, "{rule}");
        let mean = spent[rule.row()] / count;
        let error = ((squares[rule.row()] / count - mean * mean) / count).sqrt();
        assert!((mean - times.of(rule)).abs() < 4.0 * error + 1e-9, "{rule}");
    }
    let stopped = chain.stopped_in(|rule| terms.is_shut(rule)).after(START, years).unwrap();
    let expected = stopped.sum(|rule| terms.is_shut(rule));
    let error = (expected * (1.0 - expected) / count).sqrt();
    assert!((shut / count - expected).abs() < 4.0 * error, "{} is not {expected}", shut / count);
}

#[test]
fn times_that_are_no_times_are_refused() {
    let chain = Chain::new(&two_sided()).unwrap();
    for years in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(chain.after(START, years).is_err());
        assert!(chain.time_in(START, years).is_err());
    }
    assert!(Hazard::given(-0.1).is_err() && Hazard::given(f64::NAN).is_err());
    assert!(Terms::new(1.1, 0.0).is_err() && Terms::new(0.0, -0.1).is_err());
}

fn any_hazards() -> impl Strategy<Value = Hazards> {
    let transitions: Vec<Transition> = Transition::of_exporter()
        .chain(Transition::of_importer(None))
        .chain(Exporter::ALL.into_iter().flat_map(|under| Transition::of_importer(Some(under))))
        .collect();
    let rate = prop_oneof![Just(0.0), 1e-6..1e-2, 0.01..5.0_f64, 5.0..400.0_f64];
    prop::collection::vec(rate, transitions.len())
        .prop_map(move |rates| hazards(&transitions.iter().copied().zip(rates).collect::<Vec<_>>()))
}

proptest! {
    #[test]
    fn probabilities_sum_to_one_and_times_to_the_horizon(
        hazards in any_hazards(), years in prop_oneof![0.0..0.01, 0.01..3.0_f64, 3.0..500.0_f64], row in 0..8_usize,
    ) {
        let chain = Chain::new(&hazards).unwrap();
        let start = Rule::all()[row];
        let after = chain.after(start, years).unwrap();
        let times = chain.time_in(start, years).unwrap();
        prop_assert!((after.sum(|_| true) - 1.0).abs() < 1e-9);
        prop_assert!((times.sum(|_| true) - years).abs() <= 1e-9 * years);
        prop_assert!(after.iter().chain(times.iter()).all(|(_, figure)| figure >= 0.0));
    }

    #[test]
    fn two_steps_are_one(hazards in any_hazards(), first in 0.0..2.0_f64, second in 0.0..2.0_f64, row in 0..8_usize) {
        let chain = Chain::new(&hazards).unwrap();
        let start = Rule::all()[row];
        let whole = chain.after(start, first + second).unwrap();
        let halfway = chain.after(start, first).unwrap();
        for end in Rule::all() {
            let steps: f64 =
                halfway.iter().map(|(rule, p)| p * chain.after(rule, second).unwrap().of(end)).sum();
            prop_assert!((steps - whole.of(end)).abs() < 1e-9);
        }
    }

    #[test]
    fn a_greater_hazard_of_a_bar_makes_it_likelier(rate in 0.0..3.0_f64, more in 0.01..3.0_f64, years in 0.05..4.0_f64) {
        let barred = |rate: f64| {
            let chain = Chain::new(&hazards(&[
                (exporter(Exporter::Open, Exporter::Ban), rate),
                (exporter(Exporter::Ban, Exporter::Open), 0.5),
            ])).unwrap();
            chain.after(START, years).unwrap().sum(|rule| rule.exporter == Exporter::Ban)
        };
        prop_assert!(barred(rate + more) > barred(rate));
    }
}

#[test]
fn certainty_is_a_distribution() {
    for rule in Rule::all() {
        let certain = Distribution::certain(rule);
        assert!((certain.of(rule) - 1.0).abs() < 1e-15 && (certain.sum(|_| true) - 1.0).abs() < 1e-15);
        assert_eq!(Rule::all()[rule.row()], rule);
    }
}
