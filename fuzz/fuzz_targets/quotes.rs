//! Any bytes as a table of quotes (`narrows shock --prices`).
//!
//! Nothing may panic. A table is refused as a whole with a message that names it, or becomes
//! series of sorted days, each once, with returns that are known or not but never infinite, and
//! every series can be studied or says why not.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use narrows_market::quotes::{Quotes, Series};
use narrows_market::study::{Model, ReturnKind, Specification, study};

const KINDS: [ReturnKind; 3] = [ReturnKind::Close, ReturnKind::Overnight, ReturnKind::Intraday];

/// Cells, headers and marks of the known layouts, and some that are refused.
const WORDS: &str = "\
    date Date <DATE> ticker <TICKER> <PER> D Symbol close Close <CLOSE> Adj adj_close open Open High Low Volume \
    volume overnight intraday return NVDA nvda.us SPY ^SOX 005930.KS 8035.T 2025-04-16 2025/04/16 20250416 \
    2025-04-19 2024-02-29 16/04/2025 2025-04-16T00:00:00 9999-12-31 0 1 -1 -0.5 1e308 1e-308 NaN inf null - N/A \
    104.49 1.234,56 36.44 \u{feff}date";

fn check(series: &Series) {
    let count = series.dates.len();
    assert!(series.dates.is_sorted_by(|one, other| one < other), "days in order, each once");
    for kind in KINDS {
        let returns = series.returns(kind);
        assert_eq!(returns.len(), count, "a return for each day");
        // The product of prices that are numbers may still be beyond all numbers.
        assert!(returns.iter().all(|value| value.is_nan() || *value >= -1.0), "a return below -1");
    }
    let Some(day) = series.dates.get(count / 2).copied() else { return };
    for kind in KINDS {
        let specification = Specification {
            return_kind: kind,
            model: Model::MeanAdjusted,
            estimation: 6,
            gap: 1,
            minimum: 3,
            ..Specification::default()
        };
        let outcome = study(series, &[], day, &specification);
        match outcome.abnormal {
            Ok(found) => assert!(found.sigma > 0.0 && !found.days.is_empty(), "{found:?}"),
            Err(fault) => assert!(!fault.to_string().is_empty(), "a refusal says why"),
        }
    }
}

fuzz_target!(|bytes: &[u8]| -> Corpus {
    match Quotes::read("table.csv", bytes) {
        Ok(quotes) => {
            quotes.iter().for_each(check);
            let mut twice = quotes.clone();
            twice.merge(quotes.clone());
            assert_eq!(twice.iter().count(), quotes.iter().count(), "no ticker comes in by merging");
            twice.iter().for_each(check);
            Corpus::Keep
        }
        Err(error) => {
            assert!(error.to_string().starts_with("table.csv: "), "{error}");
            narrows_fuzz::keep_few(bytes)
        }
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    narrows_fuzz::mutate(data, size, max_size, seed, 0, WORDS)
});
