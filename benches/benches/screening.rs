//! Names screened against some 20,000 listed ones, explanations included, and the index built.
//!
//! ```console
//! $ cargo bench -p narrows-benches --bench screening
//! ```

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use narrows::matching::{Options, Screener};
use narrows_benches::screening::Workload;

fn main() {
    divan::main();
}

/// 500 listed names with something done to them, and 500 innocent ones.
#[divan::bench]
fn names_1_000_of_20_000(bencher: Bencher<'_, '_>) {
    let workload = Workload::new(20_404, 500, 1);
    let index = workload.index();
    let mut screener = Screener::new(&index);
    let options = Options::default();
    bencher.counter(ItemsCount::new(1_000_u32)).bench_local(|| {
        for name in workload.queries() {
            black_box(screener.screen(name, &options));
        }
    });
}

/// The tables of words read and the names indexed.
#[divan::bench]
fn index_of_20_000(bencher: Bencher<'_, '_>) {
    let workload = Workload::new(20_404, 1, 1);
    bencher.counter(ItemsCount::new(workload.names.len())).bench_local(|| workload.index());
}
