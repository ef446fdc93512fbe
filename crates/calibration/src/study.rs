//! A look at a kernel's errors by chip, precision and variant: on rows fitted, on whole
//! configurations left out, and on whole chips left out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use narrows_perf::{ConstantSet, Families};

use crate::fit::ErrorSummary;
use crate::group::{GroupKey, Measurement, by_group, fit_all, leave_chips_out, leave_configurations_out, pairs};
use crate::kernels::Measured;

/// Prints the errors and constants of a kernel.
pub fn study<K: Measured>(rows: &[Measurement<K::Shape>], families: &Families, chips_too: bool) -> String {
    let mut text = String::new();
    let fits = fit_all::<K>(rows);
    let groups = by_group(rows);
    let mut table: BTreeMap<(&GroupKey, &str), [Vec<(f64, f64)>; 3]> = BTreeMap::new();
    for fit in &fits {
        let Some(rows) = groups.get(&fit.key) else { continue };
        for (row, pair) in rows.iter().zip(pairs::<K>(rows, &fit.values)) {
            let [own, _, _] = table.entry((&row.key, &row.chip)).or_default();
            own.push(pair);
        }
        for (row, predicted) in leave_configurations_out::<K>(rows, &fit.values) {
            let [_, out, _] = table.entry((&row.key, &row.chip)).or_default();
            out.push((predicted, row.observed));
        }
    }
    if chips_too {
        for (row, predicted) in leave_chips_out::<K>(rows, families) {
            let [_, _, out] = table.entry((&row.key, &row.chip)).or_default();
            out.push((predicted, row.observed));
        }
    }
    for ((key, chip), parts) in &table {
        let _ = write!(text, "{:34} {:10} {:14}", key.variant, key.scheme.name(), chip);
        for pairs in parts {
            let error = ErrorSummary::of(pairs);
            let _ = write!(
                text,
                " | {:5} {:5.1} {:5.1} {:+5.1}",
                error.count,
                100.0 * error.median,
                100.0 * error.p90,
                100.0 * error.bias
            );
        }
        text.push('\n');
    }
    for fit in &fits {
        let _ = write!(text, "{} {} {}:", fit.key.variant, fit.key.scheme, fit.key.family);
        for (spec, value) in K::Constants::SPECS.iter().zip(&fit.values) {
            let edge = *value <= spec.low * 1.01 || *value >= spec.high * 0.99;
            let _ = write!(text, " {}={:.4}{}", spec.name, value, if edge { "!" } else { "" });
        }
        text.push('\n');
    }
    text
}
