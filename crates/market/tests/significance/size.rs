//! Size: how often a test at five percent sees an effect on days on which there is none.

use narrows_market::significance::{DayStatistics, Draws, Kind, PermutationPlan, Statistic, permute};

use crate::simulated::{Market, Noise, layout};

const LEVEL: f64 = 0.05;

/// Fifty firms share every day and a shock that the market does not explain, with Student noise
/// on five degrees of freedom: 1,000 random days, fifty in each of twenty worlds.
#[test]
fn tests_that_know_firms_move_together_have_the_right_size() {
    let layout = layout(-1, 1, 120, 11);
    let mut rejections =
        [(Kind::CrossSectional, 0), (Kind::Patell, 0), (Kind::KolariPynnonen, 0), (Kind::Rank, 0)];
    let (mut permuted, mut days, mut correlation) = (0, 0, 0.0);
    for world in 0..20 {
        let panel = Market::new(50, 1_200, 0.6, 100 + world).panel();
        let statistics = DayStatistics::new(&panel, &layout, Statistic::MeanStandardized);
        let noise = &mut Noise::new(200 + world);
        for _ in 0..50 {
            let day = 131 + (noise.even() * 1_060.0) as usize;
            let found = panel.study(day, &layout).unwrap();
            for (kind, count) in &mut rejections {
                *count += u32::from(found.score(*kind).unwrap().unwrap().p < LEVEL);
            }
            let plan = PermutationPlan { draws: Draws::Every, listed: vec![day], around: Some(5) };
            permuted += u32::from(permute(&statistics, &[day], &plan).unwrap().p <= LEVEL);
            correlation += found.correlation.mean;
            days += 1;
        }
    }
    let rate = |count: u32| f64::from(count) / f64::from(days);
    let rates = rejections.map(|(kind, count)| (kind.word(), rate(count)));
    println!(
        "mean correlation {:.3}, rejected {rates:?}, permutation {}",
        correlation / f64::from(days),
        rate(permuted)
    );
    assert_eq!(days, 1_000);
    let [(_, plain), (_, patell), (_, corrected), (_, rank)] = rates;
    assert!(plain > 0.20 && patell > 0.20, "{rates:?}");
    assert!((0.03..=0.07).contains(&corrected), "{rates:?}");
    assert!((0.03..=0.07).contains(&rate(permuted)), "permutation: {}", rate(permuted));
    assert!((0.02..=0.08).contains(&rank), "{rates:?}");
}

/// A fall of six percent on all fifty firms is seen.
#[test]
fn an_effect_is_seen() {
    let mut market = Market::new(50, 600, 0.6, 300);
    for firm in &mut market.firms {
        firm[400] -= 0.06;
    }
    let (panel, layout) = (market.panel(), layout(0, 0, 120, 11));
    let found = panel.study(400, &layout).unwrap();
    for verdict in &found.verdicts {
        let score = verdict.score.unwrap();
        assert!(score.p < 0.01 && score.statistic < 0.0, "{}: {score:?}", verdict.kind.word());
    }
    let statistics = DayStatistics::new(&panel, &layout, Statistic::MeanStandardized);
    let plan = PermutationPlan { draws: Draws::Every, listed: vec![400], around: Some(5) };
    let permuted = permute(&statistics, &[400], &plan).unwrap();
    assert_eq!(permuted.as_large, 0);
}
