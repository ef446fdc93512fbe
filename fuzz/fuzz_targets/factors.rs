//! Any text as a table of factors (`narrows shock --factors`).
//!
//! Nothing may panic. A table is refused with its line, or becomes factors of sorted days whose
//! values are fractions of a day or not known.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use narrows_market::study::{FactorTable, ReturnKind};

/// Titles, days and values of Kenneth French's layout, and some that are refused.
const WORDS: &str = "\
    ,Mkt-RF,SMB,HML,RF Mkt-RF SMB HML RMW CMA Mom RF date 20250415 20250416 2025-04-17 20250230 99991231 -2.43 0.11 \
    0.017 -99.99 -999 99.9 100 1e308 NaN inf much Copyright Average";

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(bytes) else { return Corpus::Reject };
    match FactorTable::read("factors.csv", text) {
        Ok(table) => {
            assert!(!table.factors.is_empty(), "a table without a factor");
            let dates = &table.factors[0].dates;
            assert!(!dates.is_empty() && dates.is_sorted_by(|one, other| one < other), "days in order");
            for series in table.factors.iter().chain(&table.risk_free) {
                assert_eq!(&series.dates, dates, "all columns have the same days");
                let values = series.returns(ReturnKind::Close);
                assert_eq!(values.len(), dates.len());
                assert!(values.iter().all(|value| value.is_nan() || value.abs() < 1.0), "no fraction of a day");
            }
            Corpus::Keep
        }
        Err(error) => {
            assert!(error.to_string().starts_with("factors.csv"), "{error}");
            narrows_fuzz::keep_few(bytes)
        }
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    narrows_fuzz::mutate(data, size, max_size, seed, 0, WORDS)
});
