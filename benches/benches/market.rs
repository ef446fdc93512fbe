//! The event study on one thread: 500 firms on 20 common days with all corrected tests, and a
//! permutation of 50 firms over 10,000 draws of days. A cut through a network of 200 firms, and a
//! year of 50 sectors.
//!
//! ```console
//! $ cargo bench -p narrows-benches --bench market
//! ```

#![expect(clippy::expect_used, reason = "a benchmark that fails has no result")]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use jiff::ToSpan;
use jiff::civil::date;
use narrows_benches::market::{Returns, layout, sectors, supply_network};
use narrows_market::ripple::cut::{Assumptions, Band, CutPart, Demand, DemandQuarter, ripple};
use narrows_market::ripple::input_output::{Parameters, Shock, simulate};
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

/// A cut through firms that sell to one another, by eight quarters, with every answer of each firm.
#[divan::bench(args = [(200, 2_000)])]
fn cut_of_firms_and_edges(bencher: Bencher<'_, '_>, (firms, edges): (usize, usize)) {
    let network = supply_network(firms, edges);
    let from = date(2025, 4, 1);
    let quarter = |at: i32| {
        let first = from.checked_add((3 * at).months()).expect("a day");
        let last = first.checked_add(3.months()).and_then(|day| day.yesterday()).expect("a day");
        DemandQuarter { first, last, wanted: Band::between(1e9, 3e9), maker_sales: Some(10e9) }
    };
    let demand = Demand { from, until: Some(date(2025, 10, 1)), quarters: (0..8).map(quarter).collect() };
    let part = CutPart { maker: "n0", item: "part", cost_share: Band::between(0.2, 0.4) };
    bencher.bench_local(|| {
        ripple(black_box(&network), part, &demand, &Assumptions::default(), &[]).expect("a cut")
    });
}

/// 365 days of sectors of which two lose a tenth of their capital.
#[divan::bench(args = [50, 100, 200])]
fn days_365_of_sectors(bencher: Bencher<'_, '_>, count: usize) {
    let table = sectors(count);
    let shock = |industry| Shock::Capital { industry, share: 0.1, from: 1, held_until: 22, recovery: 180 };
    let shocks = [shock(0), shock(1)];
    bencher
        .bench_local(|| simulate(black_box(&table), &Parameters::default(), &shocks, 365).expect("a year"));
}
