//! The number to build: closed forms against enumeration and simulation.

use narrows_market::policy::chain::Chain;
use narrows_market::policy::fault::Fault;
use narrows_market::policy::forecast::Forecast;
use narrows_market::policy::hazard::{Evidence, Hazard, Hazards, Prior};
use narrows_market::policy::random::Stream;
use narrows_market::policy::state::{Exporter, Importer, Rule, Terms};
use narrows_market::policy::stock::{Batch, Delivery, Demand, Trial, Wait};
use proptest::prelude::*;

use crate::chain::{START, exporter, hazards, importer, two_sided};

const COST: f64 = 4.0;
const PRICE: f64 = 11.0;
const SALVAGE: f64 = 0.35;

fn barred(probability: f64, kept_share: f64) -> Vec<Delivery> {
    vec![
        Delivery { probability, kept_share: 1.0, sold_share: 0.0 },
        Delivery { probability: 1.0 - probability, kept_share, sold_share: 1.0 },
    ]
}

fn batch(probability: f64, demand: Demand) -> Batch {
    Batch::new(COST, PRICE, SALVAGE, demand, barred(probability, 1.0)).unwrap()
}

fn demands() -> [Demand; 3] {
    [
        Demand::lognormal(1_000.0, 0.6).unwrap(),
        Demand::range(400.0, 1_900.0).unwrap(),
        Demand::range(800.0, 800.0).unwrap(),
    ]
}

/// Mean and standard error of a figure drawn.
fn mean(draws: u32, mut draw: impl FnMut() -> f64) -> (f64, f64) {
    let (mut sum, mut squares) = (0.0, 0.0);
    for _ in 0..draws {
        let one = draw();
        sum += one;
        squares += one * one;
    }
    let (count, mean) = (f64::from(draws), sum / f64::from(draws));
    (mean, ((squares / count - mean * mean).max(0.0) / count).sqrt())
}

#[test]
fn the_textbook_newsvendor_comes_out_without_policy() {
    // Uniform demand 0..100, cost 4, price 10, no salvage: fractile 0.6, 60 units, profit
    // 10 * (60 - 60²/200) - 240 = 180.
    let demand = Demand::range(0.0, 100.0).unwrap();
    let best = Batch::new(4.0, 10.0, 0.0, demand, barred(0.0, 1.0)).unwrap().best();
    assert!((best.critical_fractile.unwrap() - 0.6).abs() < 1e-15);
    assert!((best.units - 60.0).abs() < 1e-12 && (best.expected_profit - 180.0).abs() < 1e-11);
    // With a bar in a quarter of cases: 1 - 4/(0.75 * 10) = 7/15.
    let best = Batch::new(4.0, 10.0, 0.0, demand, barred(0.25, 1.0)).unwrap().best();
    assert!((best.units - 700.0 / 15.0).abs() < 1e-11);
}

#[test]
fn no_other_number_brings_more() {
    for demand in demands() {
        for probability in [0.0, 0.2, 0.5] {
            let batch = batch(probability, demand);
            let best = batch.best();
            for step in 0..4_000 {
                let units = f64::from(step);
                assert!(batch.expected_profit(units) <= best.expected_profit + 1e-9, "{demand:?} {units}");
            }
        }
    }
}

#[test]
fn expected_sales_are_the_sum_over_demands() {
    for demand in demands() {
        for built in [0.0, 300.0, 900.0, 2_500.0] {
            let parts = 200_000;
            let sum: f64 = (0..parts)
                .map(|part| demand.quantile((f64::from(part) + 0.5) / f64::from(parts)).min(built))
                .sum();
            let expected = sum / f64::from(parts);
            assert!((demand.expected_sales(built) - expected).abs() < 2e-3 * (1.0 + expected) / 10.0);
        }
    }
}

#[test]
fn expected_profit_is_the_mean_of_drawn_profits() {
    let mut stream = Stream::new(3);
    let licensed = vec![
        Delivery { probability: 0.25, kept_share: 1.0, sold_share: 0.0 },
        Delivery { probability: 0.35, kept_share: 0.85, sold_share: 1.0 },
        Delivery { probability: 0.40, kept_share: 1.0, sold_share: 0.3 },
    ];
    for demand in demands() {
        for deliveries in [barred(0.3, 0.85), licensed.clone()] {
            let batch = Batch::new(COST, PRICE, SALVAGE, demand, deliveries.clone()).unwrap();
            let units = batch.best().units.max(250.0);
            let (mean, error) = mean(60_000, || {
                let mark = stream.uniform();
                let mut below = 0.0;
                let state = deliveries.iter().find(|state| {
                    below += state.probability;
                    mark < below
                });
                let state = state.unwrap();
                let wanted = demand.draw(&mut stream);
                let sold = units.min(wanted * state.sold_share);
                sold * PRICE * state.kept_share + (units - sold) * SALVAGE * COST - units * COST
            });
            let expected = batch.expected_profit(units);
            assert!((mean - expected).abs() < 4.0 * error + 1e-9, "{mean} is not {expected}, error {error}");
        }
    }
}

#[test]
fn licences_for_a_part_of_demand_are_solved_by_bisection() {
    let deliveries = vec![
        Delivery { probability: 0.5, kept_share: 1.0, sold_share: 1.0 },
        Delivery { probability: 0.5, kept_share: 1.0, sold_share: 0.25 },
    ];
    for demand in demands() {
        let batch = Batch::new(COST, PRICE, SALVAGE, demand, deliveries.clone()).unwrap();
        let best = batch.best();
        assert_eq!(best.critical_fractile, None);
        for step in 0..3_000 {
            let profit = batch.expected_profit(f64::from(step));
            assert!(profit <= best.expected_profit + 1e-6, "{demand:?}: {step}");
        }
    }
}

#[test]
fn break_even_probabilities_break_even() {
    for demand in demands() {
        for kept in [1.0, 0.85] {
            let batch = Batch::new(COST, PRICE, SALVAGE, demand, barred(0.1, kept)).unwrap();
            let first = batch.break_even_bar().unwrap();
            let closed = (PRICE * kept - COST) / (PRICE * kept - SALVAGE * COST);
            assert!((first - closed).abs() < 1e-14);
            let at = |probability: f64| batch.with_deliveries(barred(probability, kept)).unwrap();
            assert!(at(first + 1e-6).best().units <= 0.0);
            assert!(at(first - 1e-6).best().units > 0.0);
            let whole = batch.break_even_bar_of(700.0).unwrap();
            assert!(whole < first + 1e-12);
            assert!(at(whole).expected_profit(700.0).abs() < 1e-9);
        }
    }
}

#[test]
fn a_part_that_never_pays_is_not_built() {
    let dear = Batch::new(12.0, PRICE, SALVAGE, demands()[0], barred(0.0, 1.0)).unwrap();
    assert!(dear.best().units <= 0.0 && dear.best().expected_profit.abs() < 1e-12);
    assert!(dear.break_even_bar().unwrap() <= 0.0);
    let shut = batch(1.0, demands()[1]);
    assert!(shut.best().units <= 0.0);
    assert_eq!(shut.break_even_bar(), None);
    assert_eq!(shut.break_even_bar_of(0.0), None);
}

#[test]
fn figures_out_of_bounds_are_refused() {
    let known = demands()[2];
    let open = || barred(0.0, 1.0);
    assert!(matches!(Batch::new(COST, PRICE, 1.0, known, open()), Err(Fault::FreeStock { .. })));
    assert!(Batch::new(0.0, PRICE, 0.1, known, open()).is_err());
    assert!(Batch::new(COST, f64::NAN, 0.1, known, open()).is_err());
    assert!(Batch::new(COST, PRICE, -0.1, known, open()).is_err());
    assert!(matches!(Batch::new(COST, PRICE, 0.1, known, Vec::new()), Err(Fault::Sum { .. })));
    assert!(Demand::range(2.0, 1.0).is_err() && Demand::range(-1.0, 1.0).is_err());
    assert!(Demand::lognormal(0.0, 1.0).is_err() && Demand::lognormal(1.0, f64::INFINITY).is_err());
}

fn wait(decision_years: f64) -> Wait {
    Wait { decision_years, lead_years: 0.5, season_years: 2.0, discount_rate: 0.05 }
}

#[test]
fn waiting_is_worth_what_drawn_histories_say() {
    let chain = Chain::new(&two_sided()).unwrap();
    let terms = Terms::new(0.0, 0.15).unwrap();
    let demand = demands()[0];
    let batch = batch(0.0, demand);
    let wait = wait(0.25);
    let value = wait.value(&batch, &chain.clone().into(), START, &terms).unwrap();
    let kept = |rule: Rule| PRICE * (1.0 - terms.fee(rule));
    let profit = |rule: Rule, units: f64, wanted: f64| {
        let sold = units.min(wanted * terms.sold_share(rule));
        sold * kept(rule) + (units - sold) * SALVAGE * COST - units * COST
    };
    let mut stream = Stream::new(5);
    let (mean, error) = mean(80_000, || {
        let decision = chain.path(START, wait.decision_years, &mut stream).last().unwrap().0;
        let built = value.later.iter().find(|(rule, ..)| *rule == decision).unwrap().2.units;
        let delivery = chain.path(decision, wait.lead_years, &mut stream).last().unwrap().0;
        let wanted = demand.draw(&mut stream) * (1.0 - wait.decision_years / wait.season_years);
        let discount = (-wait.discount_rate * wait.decision_years).exp();
        let today = chain.path(START, wait.lead_years, &mut stream).last().unwrap().0;
        discount * profit(delivery, built, wanted) - profit(today, value.now.units, demand.draw(&mut stream))
    });
    assert!((mean - value.value).abs() < 4.0 * error, "{mean} is not {}, error {error}", value.value);
    let parts = value.knowledge + value.drift + value.delay;
    assert!((parts - value.value).abs() < 1e-9 * value.value.abs().max(1.0));
    let total: f64 = value.later.iter().map(|(_, probability, _)| probability).sum();
    assert!((total - 1.0).abs() < 1e-12);
}

#[test]
fn a_decision_at_once_is_worth_nothing() {
    let chain = Forecast::from(Chain::new(&two_sided()).unwrap());
    let terms = Terms::new(0.2, 0.15).unwrap();
    let value = wait(0.0).value(&batch(0.0, demands()[1]), &chain, START, &terms).unwrap();
    assert!(value.value.abs() < 1e-9 && value.knowledge.abs() < 1e-9 && value.delay.abs() < 1e-9);
    assert!(wait(f64::NAN).value(&batch(0.0, demands()[1]), &chain, START, &terms).is_err());
}

#[test]
fn waiting_past_the_season_loses_all_of_it() {
    let chain = Forecast::from(Chain::new(&two_sided()).unwrap());
    let terms = Terms::new(0.2, 0.15).unwrap();
    for demand in demands() {
        let value = wait(3.0).value(&batch(0.0, demand), &chain, START, &terms).unwrap();
        assert!((value.demand_lost - 1.0).abs() < 1e-15 && value.later_profit.abs() < 1e-9);
        assert!((value.value + value.now.expected_profit).abs() < 1e-9);
    }
}

/// Hazards of few turns: a bar after one turn in two years, an answer after one in half a year.
fn of_few_turns() -> Hazards {
    let hazard =
        |count, years| Hazard::posterior(Evidence { count, years }, Prior::jeffreys()).unwrap().unwrap();
    let mut hazards = Hazards::default();
    hazards.set(exporter(Exporter::Open, Exporter::Ban), hazard(1, 2.0));
    hazards.set(exporter(Exporter::Ban, Exporter::Fee), hazard(1, 3.0));
    hazards.set(importer(Importer::Allows, Importer::Blocks, None), hazard(0, 4.0));
    hazards.set(importer(Importer::Allows, Importer::Blocks, Some(Exporter::Fee)), hazard(1, 0.5));
    hazards
}

#[test]
fn waiting_under_unknown_hazards_is_worth_what_drawn_histories_say() {
    let forecast = Forecast::drawn(&of_few_turns(), 200, &mut Stream::new(2)).unwrap();
    let terms = Terms::new(0.5, 0.15).unwrap();
    let demand = demands()[1];
    let batch = batch(0.0, demand);
    let wait = wait(0.5);
    let value = wait.value(&batch, &forecast, START, &terms).unwrap();
    let mut stream = Stream::new(9);
    let mut chains = forecast.chains().iter().cycle();
    let (mean, error) = mean(100_000, || {
        let chain = chains.next().unwrap();
        let seen = chain.path(START, wait.decision_years, &mut stream).last().unwrap().0;
        let built = value.later.iter().find(|(rule, ..)| *rule == seen).unwrap().2.units;
        let then = chain.path(seen, wait.lead_years, &mut stream).last().unwrap().0;
        let wanted = demand.draw(&mut stream) * (1.0 - wait.decision_years / wait.season_years);
        let discount = (-wait.discount_rate * wait.decision_years).exp();
        discount * batch.profit(built, wanted, 1.0 - terms.fee(then), terms.sold_share(then))
    });
    assert!((mean - value.later_profit).abs() < 4.0 * error, "{mean} is not {}", value.later_profit);
    assert!(value.knowledge >= -1e-9);
}

#[test]
fn a_trial_brings_what_the_closed_form_says() {
    let terms = Terms::new(0.5, 0.15).unwrap();
    for seed in [1, 2, 3] {
        let forecast = Forecast::drawn(&of_few_turns(), 100, &mut Stream::new(seed)).unwrap();
        for demand in demands() {
            let states = forecast.after(START, 0.5).unwrap();
            let batch = batch(0.0, demand).with_deliveries(Delivery::under(&states, &terms)).unwrap();
            let units = batch.best().units;
            let mut stream = Stream::new(seed);
            let trial =
                Trial::of(&batch, units, &forecast, (START, 0.5), &terms, (40_000, &mut stream)).unwrap();
            let expected = batch.expected_profit(units);
            assert!((trial.mean - expected).abs() < 4.0 * trial.error, "{} is not {expected}", trial.mean);
            assert!(trial.low <= trial.median && trial.median <= trial.high);
        }
    }
}

fn any_demand() -> impl Strategy<Value = Demand> {
    prop_oneof![
        (1.0..1e6_f64, 0.05..1.5_f64).prop_map(|(median, sigma)| Demand::lognormal(median, sigma).unwrap()),
        (0.0..1e5_f64, 1.0..1e6_f64).prop_map(|(low, more)| Demand::range(low, low + more).unwrap()),
    ]
}

proptest! {
    #[test]
    fn a_likelier_bar_never_builds_more(
        demand in any_demand(), probability in 0.0..0.9_f64, more in 0.0..0.1_f64, units in 0.0..1e6_f64,
    ) {
        let (likely, likelier) = (batch(probability, demand), batch(probability + more, demand));
        prop_assert!(likelier.best().units <= likely.best().units);
        prop_assert!(likelier.best().expected_profit <= likely.best().expected_profit + 1e-6);
        prop_assert!(likelier.expected_profit(units) <= likely.expected_profit(units) + 1e-6);
    }

    #[test]
    fn more_salvage_never_builds_less(
        demand in any_demand(), probability in 0.0..0.9_f64, salvage in 0.0..0.8_f64, more in 0.0..0.19_f64,
    ) {
        let with = |salvage| Batch::new(COST, PRICE, salvage, demand, barred(probability, 1.0)).unwrap();
        let (poor, rich) = (with(salvage), with(salvage + more));
        prop_assert!(rich.best().units >= poor.best().units * (1.0 - 1e-12));
        prop_assert!(rich.break_even_bar() >= poor.break_even_bar());
    }

    #[test]
    fn a_higher_fee_never_builds_more(
        demand in any_demand(), probability in 0.0..0.9_f64, fee in 0.0..0.5_f64, more in 0.0..0.5_f64,
    ) {
        let with = |fee| Batch::new(COST, PRICE, SALVAGE, demand, barred(probability, 1.0 - fee)).unwrap();
        prop_assert!(with(fee + more).best().units <= with(fee).best().units);
        prop_assert!(with(fee + more).break_even_bar() <= with(fee).break_even_bar());
    }

    #[test]
    fn the_scale_of_the_currency_changes_money_and_no_number(
        demand in any_demand(), probability in 0.0..0.9_f64, scale in 1e-4..1e4_f64,
    ) {
        let one = batch(probability, demand);
        let other = Batch::new(COST * scale, PRICE * scale, SALVAGE, demand, barred(probability, 1.0)).unwrap();
        prop_assert!((other.best().units - one.best().units).abs() <= 1e-9 * one.best().units);
        let expected = one.best().expected_profit * scale;
        prop_assert!((other.best().expected_profit - expected).abs() <= 1e-6 * expected.abs().max(1e-6));
    }

    #[test]
    fn knowledge_is_never_a_loss_and_delay_never_a_gain(
        demand in any_demand(), licensed in 0.0..1.0_f64, fee in 0.0..0.9_f64, decision in 0.0..1.9_f64, row in 0..8_usize,
    ) {
        let chain = Forecast::from(Chain::new(&two_sided()).unwrap());
        let terms = Terms::new(licensed, fee).unwrap();
        let value = wait(decision).value(&batch(0.0, demand), &chain, Rule::all()[row], &terms).unwrap();
        let size = PRICE * demand.mean() * 1e-9;
        prop_assert!(value.knowledge >= -size && value.delay <= size);
        prop_assert!(value.now.expected_profit >= 0.0 && value.later_profit >= 0.0);
    }

    #[test]
    fn a_quicker_answer_never_builds_more(
        demand in any_demand(), rate in 0.0..4.0_f64, more in 0.0..4.0_f64, licensed in 0.0..1.0_f64, lead in 0.0..2.0_f64,
    ) {
        let best = |rate: f64| {
            let mut hazards = two_sided();
            for under in Exporter::ALL.map(Some).into_iter().chain([None]) {
                let transition = importer(Importer::Allows, Importer::Blocks, under);
                hazards.set(transition, Hazard::given(rate).unwrap());
            }
            let states = Chain::new(&hazards).unwrap().after(START, lead).unwrap();
            let terms = Terms::new(licensed, 0.15).unwrap();
            batch(0.0, demand).with_deliveries(Delivery::under(&states, &terms)).unwrap().best()
        };
        let (slow, quick) = (best(rate), best(rate + more));
        prop_assert!(quick.units <= slow.units * (1.0 + 1e-9));
        prop_assert!(quick.expected_profit <= slow.expected_profit + 1e-6 * PRICE * demand.mean());
    }

    #[test]
    fn the_break_even_bar_parts_building_from_not(
        demand in any_demand(), probability in 0.0..1.0_f64, salvage in 0.0..0.9_f64, fee in 0.0..0.9_f64,
    ) {
        let batch = Batch::new(COST, PRICE, salvage, demand, barred(probability, 1.0 - fee)).unwrap();
        let Some(bar) = batch.break_even_bar() else { return Ok(()) };
        prop_assume!((probability - bar).abs() > 1e-9);
        // Demand that may be nothing at all is worth no part even below it.
        let best = batch.best();
        prop_assert_eq!(best.critical_fractile.unwrap() > 0.0, probability < bar);
        if probability > bar {
            prop_assert!(best.units <= 0.0 && best.expected_profit.abs() <= 0.0);
        }
    }

    #[test]
    fn ban_hazard_in_two_states_never_builds_more(
        demand in any_demand(), rate in 0.0..4.0_f64, more in 0.0..4.0_f64, back in 0.0..2.0_f64, lead in 0.0..2.0_f64,
    ) {
        let best = |rate: f64| {
            let turns = [
                (exporter(Exporter::Open, Exporter::Ban), rate),
                (exporter(Exporter::Ban, Exporter::Open), back),
            ];
            let states = Chain::new(&hazards(&turns)).unwrap().after(START, lead).unwrap();
            let terms = Terms::new(0.0, 0.0).unwrap();
            batch(0.0, demand).with_deliveries(Delivery::under(&states, &terms)).unwrap().best().units
        };
        prop_assert!(best(rate + more) <= best(rate) * (1.0 + 1e-9));
    }
}
