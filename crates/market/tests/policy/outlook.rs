//! The outlook: closed form against simulation, and both against cases worked out by hand.

use narrows_market::policy::fault::Fault;
use narrows_market::policy::hazard::{Hazard, Hazards};
use narrows_market::policy::outlook::{
    Ahead, Amount, Amounts, Outlook, Range, Stakes, Stock, is_shut, outlook,
};
use narrows_market::policy::state::{Exporter, Importer, Rule};
use proptest::prelude::*;

use crate::chain::{START, exporter, hazards, importer, two_sided};

const BAN: Rule = Rule { exporter: Exporter::Ban, importer: Importer::Allows };

fn stakes(quarters: usize) -> Stakes {
    let wanted = Some(Range { low: 1.0e9, middle: Some(2.0e9), high: 6.0e9 });
    Stakes {
        quarters: vec![Ahead { years: 0.25, wanted }; quarters],
        stock: Some(Stock { at_cost: 5.0e9, charged: false }),
        never_booked: Range::even(0.0, 0.2),
        released: Range::even(0.04, 0.45),
        release_after: (1, 2),
        licensed: Range::even(0.0, 1.0),
        fee: 0.15,
    }
}

fn each(amounts: &Amounts) -> [Amount; 4] {
    [amounts.charge, amounts.lost_sales, amounts.fee, amounts.redeployed]
}

fn assert_agrees(answer: &Outlook) {
    let quarters = answer.quarters.iter().map(|quarter| &quarter.amounts);
    for (at, amounts) in quarters.chain([&answer.total]).enumerate() {
        for (which, amount) in each(amounts).iter().enumerate() {
            let apart = (amount.simulated - amount.expected).abs();
            assert!(apart <= 4.5 * amount.error + 1.0, "quarter {at}, amount {which}: {amount:?}");
            assert!(amount.low <= amount.median && amount.median <= amount.high);
        }
    }
}

#[test]
fn simulation_agrees_with_the_closed_form() {
    for (start, charged) in [(START, false), (BAN, false), (BAN, true), (START, true)] {
        let mut stakes = stakes(6);
        stakes.stock = Some(Stock { at_cost: 5.0e9, charged });
        for seed in [1, 2, 3] {
            assert_agrees(&outlook(start, &two_sided(), &stakes, 40_000, seed).unwrap());
        }
    }
}

#[test]
fn the_simulated_error_is_no_larger_than_it_needs_to_be() {
    // A wrong closed form would hide behind a wide error.
    let answer = outlook(START, &two_sided(), &stakes(4), 40_000, 1).unwrap();
    for amount in each(&answer.total) {
        assert!(amount.error > 0.0 && amount.error < 0.02 * amount.expected, "{amount:?}");
    }
}

#[test]
fn a_ban_for_good_loses_all_that_is_wanted_and_charges_at_once() {
    let answer = outlook(BAN, &Hazards::default(), &stakes(3), 5_000, 1).unwrap();
    let [first, second, third] = answer.quarters.as_slice() else { unreachable!() };
    // Mean of the range: (1 + 2 * 2 + 6) / 4.
    assert!((first.amounts.lost_sales.expected - 2.75e9).abs() < 1.0);
    assert!((first.amounts.charge.expected - 5.0e9 * 0.9).abs() < 1.0);
    assert!(second.amounts.charge.expected.abs() < 1.0 && second.amounts.charge.high.abs() < 1.0);
    assert!((first.amounts.redeployed.expected - 5.0e9 * 0.1).abs() < 1.0);
    // The release comes one or two quarters later, as likely.
    let release = 5.0e9 * 0.9 * 0.245 / 2.0;
    assert!((second.amounts.redeployed.expected - release).abs() < 1.0);
    assert!((third.amounts.redeployed.expected - release).abs() < 1.0);
    assert!((first.shut.mean - 1.0).abs() < 1e-12 && first.amounts.fee.expected.abs() < 1.0);
    assert_agrees(&answer);
}

#[test]
fn what_was_charged_before_is_not_charged_again() {
    let mut stakes = stakes(3);
    stakes.stock = Some(Stock { at_cost: 4.0e9, charged: true });
    let answer = outlook(BAN, &Hazards::default(), &stakes, 5_000, 1).unwrap();
    assert!(answer.total.charge.expected.abs() < 1e-6 && answer.total.charge.high.abs() < 1e-6);
    assert!((answer.total.redeployed.expected - 4.0e9 * 0.245).abs() < 1.0);
    assert_agrees(&answer);
}

#[test]
fn an_open_rule_for_good_costs_nothing() {
    let answer = outlook(START, &Hazards::default(), &stakes(2), 1_000, 1).unwrap();
    for amount in each(&answer.total) {
        assert!(amount.expected.abs() < 1e-6 && amount.high.abs() < 1e-6);
    }
}

#[test]
fn one_seed_gives_one_answer_and_another_another() {
    let ask = |seed| outlook(START, &two_sided(), &stakes(4), 2_000, seed).unwrap();
    assert_eq!(ask(7), ask(7));
    assert!((ask(7).total.lost_sales.simulated - ask(8).total.lost_sales.simulated).abs() > 0.0);
}

#[test]
fn figures_out_of_bounds_are_refused() {
    let ask = |change: &dyn Fn(&mut Stakes), draws| {
        let mut stakes = stakes(2);
        change(&mut stakes);
        outlook(START, &two_sided(), &stakes, draws, 1).unwrap_err()
    };
    assert!(matches!(ask(&|_| (), 99), Fault::Count { what: "draws", .. }));
    assert!(matches!(ask(&|_| (), 1_000_000_000), Fault::Count { what: "draws", .. }));
    assert!(matches!(ask(&|it| it.quarters.clear(), 200), Fault::Count { what: "quarters", .. }));
    assert!(matches!(ask(&|it| it.fee = 1.5, 200), Fault::Share { what: "fee", .. }));
    assert!(matches!(ask(&|it| it.fee = f64::NAN, 200), Fault::Share { .. }));
    assert!(matches!(ask(&|it| it.licensed = Range::even(-0.1, 0.5), 200), Fault::Share { .. }));
    assert!(matches!(ask(&|it| it.released = Range::even(0.5, 0.1), 200), Fault::Range { .. }));
    assert!(matches!(ask(&|it| it.release_after = (0, 1), 200), Fault::Count { .. }));
    assert!(matches!(ask(&|it| it.release_after = (2, 1), 200), Fault::Count { .. }));
    let infinite = Some(Stock { at_cost: f64::INFINITY, charged: false });
    assert!(matches!(ask(&move |it| it.stock = infinite, 200), Fault::Negative { .. }));
    assert!(matches!(ask(&|it| it.quarters[0].years = 0.0, 200), Fault::NotPositive { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn probabilities_sum_to_one_and_amounts_stay_in_bounds(
        rates in prop::collection::vec(0.0..6.0_f64, 6), quarters in 1..6_usize, row in 0..8_usize, seed: u64,
    ) {
        use Exporter::{Ban, Fee, Licence, Open};
        let turns = [
            exporter(Open, Ban), exporter(Ban, Licence), exporter(Licence, Fee), exporter(Fee, Open),
            importer(Importer::Allows, Importer::Blocks, Some(Fee)), importer(Importer::Blocks, Importer::Allows, None),
        ];
        let hazards = hazards(&turns.into_iter().zip(rates).collect::<Vec<_>>());
        let stakes = stakes(quarters);
        let start = Rule::all()[row];
        let answer = outlook(start, &hazards, &stakes, 500, seed).unwrap();
        for quarter in &answer.quarters {
            let sum: f64 = quarter.states.iter().map(|(_, it)| it.mean).sum();
            let shut: f64 = quarter.states.iter().filter(|(rule, _)| is_shut(*rule)).map(|(_, it)| it.mean).sum();
            prop_assert!((sum - 1.0).abs() < 1e-9 && (shut - quarter.shut.mean).abs() < 1e-9);
            prop_assert!(quarter.amounts.lost_sales.high <= 6.0e9 && quarter.amounts.lost_sales.low >= -1.0);
        }
        // Stock is charged once at most, and nothing is of use twice.
        prop_assert!(answer.total.charge.high <= 5.0e9 && answer.total.redeployed.high <= 5.0e9);
        prop_assert!(answer.total.charge.expected <= 5.0e9);
    }

    #[test]
    fn a_quicker_ban_never_loses_less(rate in 0.0..3.0_f64, more in 0.01..3.0_f64, seed: u64) {
        let ask = |rate: f64| {
            let mut hazards = Hazards::default();
            hazards.set(exporter(Exporter::Open, Exporter::Ban), Hazard::given(rate).unwrap());
            outlook(START, &hazards, &stakes(4), 200, seed).unwrap().total
        };
        let (slow, quick) = (ask(rate), ask(rate + more));
        prop_assert!(quick.lost_sales.expected > slow.lost_sales.expected);
        prop_assert!(quick.charge.expected > slow.charge.expected);
    }
}
