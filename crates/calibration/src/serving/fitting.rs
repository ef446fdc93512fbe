//! Fits of the constants of software, by software and family of chips.

use std::collections::BTreeMap;

use narrows_perf::ConstantSet;
use narrows_perf::serving::profile::Overheads;

use super::Prepared;
use crate::fit::fit;
use crate::group::{FOLDS, stable_hash};

/// A measured server, ready to fit.
#[derive(Debug, Clone)]
pub struct Served {
    /// Its steps.
    pub prepared: Prepared,
    /// Measured time to first token, in milliseconds.
    pub ttft_ms: f64,
    /// Measured time per output token, in milliseconds.
    pub tpot_ms: f64,
    /// Rows of the same configuration have the same text.
    pub configuration: String,
    /// Its say: one for each configuration, shared among its rows.
    pub weight: f64,
}

/// Group of constants: software (and whether prompts have workers of their own) and family.
pub type Key = (String, usize);

/// Rows by group.
#[must_use]
pub fn by_group(rows: &[Served]) -> BTreeMap<Key, Vec<&Served>> {
    let mut groups: BTreeMap<Key, Vec<&Served>> = BTreeMap::new();
    for row in rows {
        groups.entry((row.prepared.request.variant(), row.prepared.family)).or_default().push(row);
    }
    groups
}

/// Times to first token have a smaller say than times per output token.
const FIRST_TOKEN_SAY: f64 = 0.5;

/// Say of what a constant would be without measurements: a share of all rows, and rows.
const PRIOR_SAY: f64 = 0.0015;
const PRIOR_ROWS: f64 = 0.5;

/// Constants for rows; `start` is tried beside the usual ones.
#[must_use]
pub fn fit_rows(rows: &[&Served], start: &[Vec<f64>]) -> Vec<f64> {
    let mut observed: Vec<f64> = rows.iter().flat_map(|row| [row.tpot_ms, row.ttft_ms]).collect();
    let mut weights: Vec<f64> = rows.iter().flat_map(|row| [row.weight, FIRST_TOKEN_SAY * row.weight]).collect();
    // Each constant is drawn a little to what it would be without any measurement, as if a
    // few rows said so: else those that the rows cannot tell apart run to their limits.
    let all: f64 = rows.iter().map(|row| row.weight).sum();
    observed.extend(Overheads::SPECS.iter().map(|spec| spec.start));
    weights.extend(Overheads::SPECS.iter().map(|_| PRIOR_SAY * all + PRIOR_ROWS));
    let last = std::cell::RefCell::new((usize::MAX, Vec::new(), 0.0));
    let predict = |at: usize, values: &[f64]| {
        let Some(row) = rows.get(at / 2) else {
            return values.get(at - 2 * rows.len()).copied().unwrap_or(f64::NAN);
        };
        let mut last = last.borrow_mut();
        if at % 2 == 1 && last.0 == at / 2 && last.1 == values {
            return last.2;
        }
        let prediction = row.prepared.predict(&Overheads::from_values(values));
        *last = (at / 2, values.to_vec(), prediction.ttft_ms);
        if at % 2 == 0 { prediction.tpot_ms } else { prediction.ttft_ms }
    };
    fit(Overheads::SPECS, start, &observed, &weights, &predict)
}

/// Predictions for rows whose configuration was left out of the fit.
#[must_use]
pub fn leave_configurations_out<'a>(rows: &[&'a Served], start: &[f64]) -> Vec<(&'a Served, super::Prediction)> {
    let mut predicted = Vec::new();
    for fold in 0..FOLDS {
        let (out, kept): (Vec<_>, Vec<_>) =
            rows.iter().copied().partition(|row| stable_hash(&row.configuration) % FOLDS == fold);
        if kept.is_empty() || out.is_empty() {
            continue;
        }
        let overheads = Overheads::from_values(&fit_rows(&kept, &[start.to_vec()]));
        predicted.extend(out.into_iter().map(|row| (row, row.prepared.predict(&overheads))));
    }
    predicted
}
