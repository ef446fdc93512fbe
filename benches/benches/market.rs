//! The event study on one thread: 500 firms on 20 common days with all corrected tests, and a
//! permutation of 50 firms over 10,000 draws of days.
//!
//! ```console
//! $ cargo bench -p narrows-benches --bench market
//! ```

#![expect(clippy::expect_used, reason = "a benchmark that fails has no result")]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use narrows_benches::market::{Returns, layout};
use narrows_market::significance::{DayStatistics, Draws, PermutationPlan, Statistic, permute};

fn main() {
    divan::main();
}

/// Abnormal returns, mean, Patell, BMP, Kolari and Pynnonen, rank, sign and generalized sign of
/// 10,000 firm-events.
#[divan::bench]
fn firms_500_days_20(bencher: Bencher<'_, '_>) {
    let returns = Returns::new(500, 2_000, 20);
    let (panel, layout) = (returns.panel(), layout());
    bencher.counter(ItemsCount::new(500 * returns.events.len())).bench_local(|| {
        for day in &returns.events {
            black_box(panel.study(*day, &layout).expect("windows that fit"));
        }
    });
}

/// Every day of 2,000 studied for 50 firms, and 10,000 draws of days.
#[divan::bench(args = [1, 20])]
fn permutations_10_000_of_firms_50(bencher: Bencher<'_, '_>, events: usize) {
    let returns = Returns::new(50, 2_000, events);
    let (panel, layout) = (returns.panel(), layout());
    let plan = PermutationPlan {
        draws: Draws::Seeded { count: 10_000, seed: 1 },
        listed: returns.events.clone(),
        around: Some(5),
    };
    bencher.counter(ItemsCount::new(10_000_u32)).bench_local(|| {
        let days = DayStatistics::new(black_box(&panel), &layout, Statistic::KolariPynnonen);
        permute(&days, &returns.events, &plan).expect("days to draw")
    });
}

/// The same with no day remembered: 10,000 studies of 50 firms.
#[divan::bench]
fn studies_10_000_of_firms_50(bencher: Bencher<'_, '_>) {
    let returns = Returns::new(50, 10_150, 1);
    let (panel, layout) = (returns.panel(), layout());
    bencher
        .counter(ItemsCount::new(10_000_u32))
        .bench_local(|| DayStatistics::new(black_box(&panel), &layout, Statistic::KolariPynnonen));
}
