//! Listed names written carelessly are found, and innocent ones are left alone, at the default threshold.

use narrows::matching::{Options, Screener};
use narrows_benches::screening::Workload;

#[test]
fn careless_names_are_found_and_innocent_ones_left_alone() {
    for seed in [1, 20_260_709] {
        let workload = Workload::new(20_404, 500, seed);
        assert!(workload.names.len() >= 20_000);
        let index = workload.index();
        let outcome = workload.outcome(&mut Screener::new(&index), &Options::default());
        println!("seed {seed}: {outcome:?}");
        assert!(outcome.recall >= 0.95, "{outcome:?}");
        assert!(outcome.false_alarms <= 0.01, "{outcome:?}");
    }
}
