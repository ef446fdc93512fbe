//! Synthetic controls: weights against closed forms and a search, placebos, and who may be part.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "test code: a panic is the report")]

use jiff::civil::Date;
use narrows_market::quotes::Series;
use narrows_market::study::{Abnormal, Measure, Model, Specification, donors, placebo, study};
use proptest::prelude::*;

const DAY: usize = 140;

fn series(ticker: &str, close: Vec<f64>) -> Series {
    let first: Date = "2001-01-01".parse().unwrap();
    let none = vec![f64::NAN; close.len()];
    let dates = (0..close.len()).map(|day| first.checked_add(jiff::Span::new().days(day as i64)).unwrap());
    Series {
        ticker: ticker.to_owned(),
        dates: dates.collect(),
        overnight: none.clone(),
        intraday: none,
        close,
        ..Series::default()
    }
}

fn specification() -> Specification {
    Specification { model: Model::Synthetic, measure: Measure::Simple, ..Specification::default() }
}

fn found(security: &Series, others: &[&Series]) -> Abnormal {
    study(security, others, security.dates[DAY], &specification()).abnormal.unwrap()
}

fn returns() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-0.08..0.08_f64, 150)
}

/// Sum of squares that weights leave in the estimation window.
fn left(security: &Series, others: &[&Series], weights: &[f64]) -> f64 {
    let days = DAY - 130..DAY - 10;
    let mix =
        |day: usize| weights.iter().zip(others).map(|(weight, other)| weight * other.close[day]).sum::<f64>();
    days.map(|day| (security.close[day] - mix(day)).powi(2)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn of_two_the_share_of_one_is_the_closed_form(y in returns(), one in returns(), other in returns()) {
        let days = DAY - 130..DAY - 10;
        let across: f64 = days.clone().map(|day| (y[day] - other[day]) * (one[day] - other[day])).sum();
        let along: f64 = days.map(|day| (one[day] - other[day]).powi(2)).sum();
        let expected = (across / along).clamp(0.0, 1.0);
        let (security, one, other) = (series("Y", y), series("ONE", one), series("OTHER", other));
        let found = found(&security, &[&one, &other]);
        prop_assert!((found.betas[0] - expected).abs() < 1e-8, "{} {expected}", found.betas[0]);
        prop_assert!((found.betas[0] + found.betas[1] - 1.0).abs() < 1e-12 && found.alpha.abs() < 1e-15);
        let abnormal = security.close[DAY] - expected * one.close[DAY] - (1.0 - expected) * other.close[DAY];
        prop_assert!((found.car - abnormal).abs() < 1e-8);
    }

    #[test]
    fn no_mix_of_three_is_nearer(y in returns(), a in returns(), b in returns(), c in returns()) {
        let security = series("Y", y);
        let others = [series("A", a), series("B", b), series("C", c)];
        let others: Vec<&Series> = others.iter().collect();
        let best = left(&security, &others, &found(&security, &others).betas);
        for first in 0..=20_u32 {
            for second in 0..=20 - first {
                let weights = [first, second, 20 - first - second].map(|part| f64::from(part) / 20.0);
                prop_assert!(best <= left(&security, &others, &weights) + 1e-12);
            }
        }
    }

    #[test]
    fn the_order_of_the_others_does_not_matter(y in returns(), a in returns(), b in returns(), c in returns()) {
        let security = series("Y", y);
        let (a, b, c) = (series("A", a), series("B", b), series("C", c));
        let (one, other) = (found(&security, &[&a, &b, &c]), found(&security, &[&c, &a, &b]));
        prop_assert!((one.car - other.car).abs() < 1e-6);
    }
}

/// A mix that is known is found, and a fall that the parts do not share is what is left.
#[test]
fn a_mix_is_found_and_its_fall_stands_out() {
    let wave = |of: u64| -> Vec<f64> {
        let mut state = of;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
        };
        (0..150).map(|_| 0.04 * draw()).collect()
    };
    let others: Vec<Series> = (1..=9).map(|of| series(&format!("S{of}"), wave(of))).collect();
    let noise = wave(77);
    let mix = |day: usize| 0.6 * others[2].close[day] + 0.4 * others[5].close[day] + 0.02 * noise[day];
    let mut close: Vec<f64> = (0..150).map(mix).collect();
    close[DAY] -= 0.05;
    let security = series("Y", close);
    let others: Vec<&Series> = others.iter().collect();
    let result = found(&security, &others);
    for (at, weight) in result.betas.iter().enumerate() {
        let expected = [(2, 0.6), (5, 0.4)].iter().find(|(of, _)| *of == at).map_or(0.0, |(_, share)| *share);
        assert!((weight - expected).abs() < 0.01, "{at}: {weight}");
    }
    assert!((result.car + 0.05).abs() < 2e-3, "{}", result.car);
    let tried = placebo(&others, security.dates[DAY], &specification(), result.t);
    assert_eq!((tried.others, tried.as_large), (9, 0));
    assert!((tried.p - 0.1).abs() < 1e-12);
    // On a day on which nothing happened others show as much.
    let usual = study(&security, &others, security.dates[DAY + 5], &specification()).abnormal.unwrap();
    assert!(placebo(&others, security.dates[DAY + 5], &specification(), usual.t).as_large > 0);
}

#[test]
fn who_lacks_a_return_is_no_part_and_is_named() {
    let close: Vec<f64> = (0..150_u32).map(|day| f64::from(day % 7) * 0.003 - 0.009).collect();
    let (security, whole) = (series("Y", close.clone()), series("WHOLE", close.clone()));
    let mut holed = close;
    holed[DAY - 40] = f64::NAN;
    let holed = series("HOLED", holed);
    let (kept, left) = donors(&security, &[&whole, &holed], security.dates[DAY], &specification());
    assert_eq!(kept.iter().map(|series| series.ticker.as_str()).collect::<Vec<_>>(), ["WHOLE"]);
    assert_eq!(left, ["HOLED"]);
    let outcome = study(&security, &kept, security.dates[DAY], &specification());
    assert!(outcome.abnormal.unwrap_err().to_string().contains("takes at least 2 factor(s), found 1"));
}
