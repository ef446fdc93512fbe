//! Laws: the order of firms, the currency, and the sign of returns.

use narrows_market::significance::{
    CrossSection, DayStatistics, Draws, Kind, Panel, PermutationPlan, Resampled, Span, Statistic, bootstrap,
    cross_section, permute,
};
use proptest::prelude::*;

use crate::agreement::statistic;
use crate::simulated::{Market, Noise, by_least_squares, events, layout};

const KINDS: [Kind; 8] = [
    Kind::CrossSectional,
    Kind::Patell,
    Kind::PatellAdjusted,
    Kind::Standardized,
    Kind::KolariPynnonen,
    Kind::Rank,
    Kind::Sign,
    Kind::GeneralizedSign,
];

fn same(left: &CrossSection, right: &CrossSection, sign: f64, kinds: &[Kind]) {
    for kind in kinds {
        let (one, other) = (statistic(left, *kind), sign * statistic(right, *kind));
        assert!((one - other).abs() < 1e-9 * (1.0 + one.abs()), "{}: {one} and {other}", kind.word());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn neither_order_nor_scale_nor_sign_of_returns_matters(
        seed in any::<u64>(), firms in 2_usize..25, shared in 0.0..1.5, scale in 1e-3..1e3,
    ) {
        let market = Market::new(firms, 200, shared, seed);
        let layout = layout(-1, 1, 120, 11);
        let found = market.panel().study(180, &layout).unwrap();
        let times = |scale: f64| -> Panel {
            let scaled = |columns: &[Vec<f64>]| -> Vec<Vec<f64>> {
                columns.iter().map(|column| column.iter().map(|value| scale * value).collect()).collect()
            };
            Panel::new(scaled(&market.firms), scaled(&market.factors)).unwrap()
        };
        same(&found, &times(scale).study(180, &layout).unwrap(), 1.0, &KINDS);
        same(&found, &times(-scale).study(180, &layout).unwrap(), -1.0, &KINDS);
        let mut owned = by_least_squares(&market, 180, &layout);
        let both = [KINDS.as_slice(), &[Kind::GeneralizedRank]].concat();
        let general = cross_section(&events(&owned), Span::Window);
        owned.reverse();
        owned.rotate_left(firms / 3);
        same(&general, &cross_section(&events(&owned), Span::Window), 1.0, &both);
        same(&general, &found, 1.0, &KINDS);
    }

    #[test]
    fn correlation_corrects_towards_the_plain_test_and_never_beyond(
        seed in any::<u64>(), firms in 3_usize..40,
    ) {
        let found = Market::new(firms, 200, 1.0, seed).panel().study(150, &layout(0, 0, 120, 11)).unwrap();
        prop_assert!(found.correlation.mean > 0.0);
        let (plain, corrected) = (statistic(&found, Kind::Standardized), statistic(&found, Kind::KolariPynnonen));
        prop_assert!(corrected.abs() <= plain.abs() && corrected * plain >= 0.0);
        for verdict in &found.verdicts {
            let p = verdict.score.unwrap().p;
            prop_assert!((0.0..=1.0).contains(&p));
        }
    }
}

/// Counts by hand what a permutation counts, and draws what it draws.
#[test]
fn a_permutation_counts_days_at_least_as_large() {
    let market = Market::new(8, 400, 0.5, 11);
    let (panel, layout) = (market.panel(), layout(-1, 1, 120, 11));
    let days = DayStatistics::new(&panel, &layout, Statistic::MeanCar);
    let plan = PermutationPlan { draws: Draws::Every, listed: vec![250, 300], around: Some(4) };
    let found = permute(&days, &[250], &plan).unwrap();
    let own = panel.study(250, &layout).unwrap().mean;
    assert!((found.observed - own).abs() < 1e-15);
    let others: Vec<f64> = (130..399)
        .filter(|day: &usize| day.abs_diff(250) > 4 && day.abs_diff(300) > 4)
        .map(|day| panel.study(day, &layout).unwrap().mean)
        .collect();
    let as_large = others.iter().filter(|value| value.abs() >= own.abs()).count();
    assert_eq!((found.as_large, found.eligible, found.excluded), (as_large, others.len(), 17));
    assert!((found.p - (1.0 + as_large as f64) / (1.0 + others.len() as f64)).abs() < 1e-15);

    let draws = |seed| PermutationPlan { draws: Draws::Seeded { count: 20_000, seed }, ..plan.clone() };
    let drawn = permute(&days, &[250], &draws(1)).unwrap();
    assert!((drawn.p - found.p).abs() < 0.02, "{} and {}", drawn.p, found.p);
    assert_eq!(drawn, permute(&days, &[250], &draws(1)).unwrap());
    assert_ne!(drawn.as_large, permute(&days, &[250], &draws(2)).unwrap().as_large);
    // The mean of two days spreads less than one day does.
    let two = permute(&days, &[250, 300], &draws(1)).unwrap();
    let mean = f64::midpoint(own, panel.study(300, &layout).unwrap().mean);
    assert!((two.observed - mean).abs() < 1e-15);
}

#[test]
fn the_standardized_statistics_are_those_of_the_tests() {
    let market = Market::new(8, 200, 0.5, 12);
    let (panel, layout) = (market.panel(), layout(0, 0, 120, 11));
    let study = panel.study(170, &layout).unwrap();
    let on = |statistic| DayStatistics::new(&panel, &layout, statistic).on(170).unwrap();
    assert!((on(Statistic::KolariPynnonen) - statistic(&study, Kind::KolariPynnonen)).abs() < 1e-12);
    let patell = on(Statistic::MeanStandardized) * 8.0 / (8.0_f64 * 118.0 / 116.0).sqrt();
    assert!((patell - statistic(&study, Kind::Patell)).abs() < 1e-12);
}

/// Against the formulas for independent draws, and for days drawn whole.
#[test]
fn the_bootstrap_meets_the_spread_of_a_mean() {
    let noise = &mut Noise::new(13);
    let groups: Vec<Vec<f64>> = (0..60)
        .map(|_| {
            let shared = noise.normal();
            (0..10).map(|_| 0.3 + shared + 0.5 * noise.normal()).collect()
        })
        .collect();
    let deviation = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
    };
    let all = groups.concat();
    let means: Vec<f64> = groups.iter().map(|group| group.iter().sum::<f64>() / 10.0).collect();
    for (resampled, expected, units) in [
        (Resampled::Firms, deviation(&all) / 600.0_f64.sqrt(), 600),
        (Resampled::Groups, deviation(&means) / 60.0_f64.sqrt(), 60),
    ] {
        let found = bootstrap(&groups, resampled, 0.95, 4_000, 14).unwrap();
        assert_eq!((found.units, found.draws), (units, 4_000));
        assert!((found.mean - all.iter().sum::<f64>() / 600.0).abs() < 1e-12);
        assert!(
            (found.standard_error / expected - 1.0).abs() < 0.05,
            "{resampled:?}: {}",
            found.standard_error
        );
        assert!((found.low - (found.mean - 1.96 * expected)).abs() < 0.2 * expected);
        assert!((found.high - (found.mean + 1.96 * expected)).abs() < 0.2 * expected);
        assert_eq!(found, bootstrap(&groups, resampled, 0.95, 4_000, 14).unwrap());
    }
}
