//! Rows that share constants, and the errors on rows that were not fitted: whole
//! configurations left out, and whole chips.

use std::collections::BTreeMap;

use narrows_perf::{Accelerator, ConstantSet, Families, Kernel, Scheme};

use crate::fit::{ErrorSummary, fit, several_starts};

/// What shares constants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey {
    /// The kernel's variant: a code path whose rows behave alike (`tensorrt_llm`).
    pub variant: String,
    /// Precision.
    pub scheme: Scheme,
    /// Architecture family, by id.
    pub family: String,
}

/// One measured row, ready to fit.
#[derive(Debug, Clone)]
pub struct Measurement<S> {
    /// Which group it is of.
    pub key: GroupKey,
    /// Name of the chip.
    pub chip: String,
    /// Its figures.
    pub accelerator: Accelerator,
    /// What was run.
    pub shape: S,
    /// What must stay together when rows are left out: the same configuration measured
    /// twice, or on two chips, has the same text.
    pub configuration: String,
    /// Seconds.
    pub observed: f64,
}

/// Constants of a group with their errors.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// Whose they are.
    pub key: GroupKey,
    /// Names of the chips whose rows were fitted.
    pub chips: Vec<String>,
    /// Values, in the order of the kernel's constants.
    pub values: Vec<f64>,
    /// Error on the fitted rows, for comparison.
    pub fitted: ErrorSummary,
}

/// Folds in which whole configurations are left out.
pub const FOLDS: u64 = 4;

/// Starts of the fit to all rows of a group; fits with rows left out begin where it ends.
const STARTS: usize = 3;

/// Fits the constants of one group, from given starts or from the constants' own.
pub fn fit_rows<K: Kernel>(rows: &[&Measurement<K::Shape>], starts: &[Vec<f64>]) -> Vec<f64> {
    let observed: Vec<f64> = rows.iter().map(|row| row.observed).collect();
    // Every chip has the same say, however many rows it brings.
    let mut per_chip: BTreeMap<&str, f64> = BTreeMap::new();
    for row in rows {
        *per_chip.entry(&row.chip).or_default() += 1.0;
    }
    let weights: Vec<f64> =
        rows.iter().map(|row| 1.0 / per_chip.get(row.chip.as_str()).copied().unwrap_or(1.0)).collect();
    let predict = |at: usize, values: &[f64]| {
        rows.get(at).map_or(f64::NAN, |row| {
            K::estimate(&row.shape, &row.accelerator, &K::Constants::from_values(values)).seconds()
        })
    };
    fit(K::Constants::SPECS, starts, &observed, &weights, &predict)
}

/// Pairs of prediction and observation under given constants.
pub fn pairs<K: Kernel>(rows: &[&Measurement<K::Shape>], values: &[f64]) -> Vec<(f64, f64)> {
    let constants = K::Constants::from_values(values);
    rows.iter()
        .map(|row| (K::estimate(&row.shape, &row.accelerator, &constants).seconds(), row.observed))
        .collect()
}

/// Rows by group.
pub fn by_group<S>(rows: &[Measurement<S>]) -> BTreeMap<&GroupKey, Vec<&Measurement<S>>> {
    let mut groups: BTreeMap<&GroupKey, Vec<&Measurement<S>>> = BTreeMap::new();
    for row in rows {
        groups.entry(&row.key).or_default().push(row);
    }
    groups
}

/// Fits every group on all of its rows.
pub fn fit_all<K: Kernel>(rows: &[Measurement<K::Shape>]) -> Vec<Fitted> {
    let fitted = by_group(rows).into_iter().map(|(key, rows)| {
        let values = fit_rows::<K>(&rows, &several_starts(K::Constants::SPECS, STARTS));
        let mut chips: Vec<String> = rows.iter().map(|row| row.chip.clone()).collect();
        chips.sort();
        chips.dedup();
        Fitted { key: key.clone(), chips, fitted: ErrorSummary::of(&pairs::<K>(&rows, &values)), values }
    });
    fitted.collect()
}

/// Predictions for rows whose whole configuration was left out of the fit, in the order
/// of the rows of each group.
pub fn leave_configurations_out<'a, K: Kernel>(
    rows: &[&'a Measurement<K::Shape>],
    start: &[f64],
) -> Vec<(&'a Measurement<K::Shape>, f64)> {
    let mut predicted = Vec::new();
    for fold in 0..FOLDS {
        let (out, kept): (Vec<_>, Vec<_>) =
            rows.iter().copied().partition(|row| stable_hash(&row.configuration) % FOLDS == fold);
        if kept.is_empty() {
            continue;
        }
        let values = fit_rows::<K>(&kept, &[start.to_vec()]);
        let here = pairs::<K>(&out, &values);
        predicted.extend(out.into_iter().zip(here).map(|(row, (predicted, _))| (row, predicted)));
    }
    predicted
}

/// A hash that never changes: FNV-1a with a final mix.
#[must_use]
pub fn stable_hash(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

/// Predictions for the rows of each chip from constants fitted without any row of it: on
/// the other chips of its family, or on the nearest family that was measured.
pub fn leave_chips_out<'a, K: Kernel>(
    rows: &'a [Measurement<K::Shape>],
    families: &Families,
) -> Vec<(&'a Measurement<K::Shape>, f64)> {
    let mut chips: Vec<&str> = rows.iter().map(|row| row.chip.as_str()).collect();
    chips.sort_unstable();
    chips.dedup();
    let mut predicted = Vec::new();
    for chip in chips {
        let others: Vec<&Measurement<K::Shape>> = rows.iter().filter(|row| row.chip != chip).collect();
        let own = by_group(rows)
            .into_iter()
            .map(|(key, rows)| (key, rows.into_iter().filter(|row| row.chip == chip).collect::<Vec<_>>()));
        for (key, own) in own.filter(|(_, own)| !own.is_empty()) {
            let family = families.0.iter().find(|family| family.id == key.family);
            let similar = family.map(|family| family.similar.as_slice()).unwrap_or_default();
            let candidates = std::iter::once(&key.family).chain(similar);
            let donors = candidates
                .map(|family| {
                    let fits = |row: &&Measurement<K::Shape>| {
                        row.key.family == *family
                            && row.key.scheme == key.scheme
                            && row.key.variant == key.variant
                    };
                    others.iter().copied().filter(fits).collect::<Vec<_>>()
                })
                .find(|donors| !donors.is_empty());
            let Some(donors) = donors else { continue };
            let values = fit_rows::<K>(&donors, &[]);
            let here = pairs::<K>(&own, &values);
            predicted.extend(own.into_iter().zip(here).map(|(row, (predicted, _))| (row, predicted)));
        }
    }
    predicted
}
