//! Fitting of a framework's constants, with the error on whole configurations and whole
//! chips left out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use narrows_perf::training::TrainingConstants;
use narrows_perf::training::software::KERNEL;
use narrows_perf::{ConstantSet, Scheme};

use super::case::Framework;
use super::{Prepared, TrainingContext, prepare};
use crate::calibrate::{Calibrated, GroupError};
use crate::chips::Roster;
use crate::fit::{ErrorSummary, fit};
use crate::group::{FOLDS, GroupKey, stable_hash};
use crate::table::Table;

/// Predictions for a case.
#[derive(Debug, Clone)]
pub struct Prediction<'a> {
    /// The case.
    pub case: &'a Prepared,
    /// From constants fitted with it.
    pub fitted: f64,
    /// From constants fitted without its configuration.
    pub known: f64,
    /// From constants fitted without its chip, if others could stand for it.
    pub unseen: Option<f64>,
}

/// Predictions beside observations.
type Pairs = Vec<(f64, f64)>;

/// Constants of a framework.
#[derive(Debug, Clone)]
pub struct FittedFramework<'a> {
    /// Which.
    pub framework: Framework,
    /// Values.
    pub values: Vec<f64>,
    /// Its cases.
    pub predictions: Vec<Prediction<'a>>,
}

/// A pull towards the constants' starts, as if so many rows had been measured there: few
/// rows cannot settle eight constants.
const PRIOR_ROWS: f64 = 2.0;
/// How far from its start a constant may be, in logarithms, for a row's worth of error.
const PRIOR_WIDTH: f64 = 8.0;

fn fit_cases(cases: &[&Prepared], start: &[f64]) -> Vec<f64> {
    let specs = TrainingConstants::SPECS;
    let mut per_chip: BTreeMap<&str, f64> = BTreeMap::new();
    for case in cases {
        *per_chip.entry(&case.specification.id).or_default() += 1.0;
    }
    let mut observed: Vec<f64> = cases.iter().map(|case| case.case.observed).collect();
    let mut weights: Vec<f64> = cases
        .iter()
        .map(|case| 1.0 / per_chip.get(case.specification.id.as_str()).copied().unwrap_or(1.0).sqrt())
        .collect();
    let mean = weights.iter().sum::<f64>() / weights.len().max(1) as f64;
    for _ in specs {
        observed.push(1.0);
        weights.push(mean * PRIOR_ROWS);
    }
    let predict = |at: usize, values: &[f64]| match cases.get(at) {
        Some(case) => case.predict(&TrainingConstants::from_values(values)).unwrap_or(f64::NAN),
        None => {
            let at = at - cases.len();
            let value = values.get(at).copied().unwrap_or(1.0);
            let start = start.get(at).copied().unwrap_or(1.0);
            ((value / start).ln() / PRIOR_WIDTH).exp()
        }
    };
    fit(specs, &[start.to_vec()], &observed, &weights, &predict)
}

/// Fits every framework, and predicts each case with its configuration and its chip left
/// out. A framework with one chip is predicted from the other frameworks' constants.
pub fn fit_frameworks<'a>(cases: &'a [Prepared]) -> Vec<FittedFramework<'a>> {
    let start: Vec<f64> = TrainingConstants::SPECS.iter().map(|spec| spec.start).collect();
    let mut groups: BTreeMap<Framework, Vec<&Prepared>> = BTreeMap::new();
    for case in cases {
        groups.entry(case.case.framework).or_default().push(case);
    }
    let mut all = Vec::new();
    for (framework, own) in &groups {
        let values = fit_cases(own, &start);
        let at = |values: &[f64], case: &Prepared| {
            case.predict(&TrainingConstants::from_values(values)).unwrap_or(f64::NAN)
        };
        let by_fold: Vec<Vec<f64>> = (0..FOLDS)
            .map(|fold| {
                let kept: Vec<&Prepared> = own.iter().copied().filter(|case| fold_of(case) != fold).collect();
                if kept.is_empty() { start.clone() } else { fit_cases(&kept, &start) }
            })
            .collect();
        let mut chips: Vec<&str> = own.iter().map(|case| case.specification.id.as_str()).collect();
        chips.sort_unstable();
        chips.dedup();
        let without: BTreeMap<&str, Vec<f64>> = chips
            .iter()
            .map(|chip| {
                let others = |group: &[&'a Prepared]| -> Vec<&'a Prepared> {
                    group.iter().copied().filter(|case| case.specification.id != **chip).collect()
                };
                let mut kept = others(own);
                if kept.is_empty() {
                    kept = groups.values().flat_map(|group| others(group)).collect();
                }
                (*chip, fit_cases(&kept, &start))
            })
            .collect();
        let predictions = own
            .iter()
            .map(|case| Prediction {
                case,
                fitted: at(&values, case),
                known: by_fold.get(fold_of(case) as usize).map_or(f64::NAN, |values| at(values, case)),
                unseen: without.get(case.specification.id.as_str()).map(|values| at(values, case)),
            })
            .collect();
        all.push(FittedFramework { framework: *framework, values, predictions });
    }
    all
}

fn fold_of(case: &Prepared) -> u64 {
    stable_hash(&case.case.configuration) % FOLDS
}

impl FittedFramework<'_> {
    /// Errors of each chip: fitted, configuration left out, chip left out.
    #[must_use]
    pub fn errors(&self) -> BTreeMap<&str, [ErrorSummary; 3]> {
        let mut pairs: BTreeMap<&str, [Vec<(f64, f64)>; 3]> = BTreeMap::new();
        for prediction in &self.predictions {
            let observed = prediction.case.case.observed;
            let [fitted, known, unseen] = pairs.entry(&prediction.case.specification.id).or_default();
            fitted.push((prediction.fitted, observed));
            known.push((prediction.known, observed));
            unseen.extend(prediction.unseen.map(|value| (value, observed)));
        }
        pairs.into_iter().map(|(chip, pairs)| (chip, pairs.map(|pairs| ErrorSummary::of(&pairs)))).collect()
    }
}

impl FittedFramework<'_> {
    /// Errors of each chip in the form of the other kernels, for the table of errors.
    #[must_use]
    pub fn group_errors(&self) -> Vec<GroupError> {
        let mut rows: BTreeMap<(&str, &str), (Pairs, Pairs)> = BTreeMap::new();
        for one in &self.predictions {
            let place = (one.case.case.chip.as_str(), one.case.family.as_str());
            let (known, unseen) = rows.entry(place).or_default();
            known.push((one.known, one.case.case.observed));
            unseen.extend(one.unseen.map(|value| (value, one.case.case.observed)));
        }
        let errors = rows.into_iter().map(|((chip, family), (known, unseen))| GroupError {
            kernel: KERNEL,
            key: GroupKey {
                variant: self.framework.name().to_owned(),
                scheme: Scheme::Bf16,
                family: family.to_owned(),
            },
            chip: chip.to_owned(),
            known: ErrorSummary::of(&known),
            unseen: ErrorSummary::of(&unseen),
        });
        errors.collect()
    }
}

/// Fits the frameworks' constants to the training rows of tables: the text of
/// `calibration/training.toml` and the errors. `context.calibration` holds the kernels'.
pub fn calibrate_training(
    tables: &[Table],
    context: &TrainingContext<'_>,
    roster: &mut Roster<'_>,
) -> Calibrated {
    let mut cases = Vec::new();
    let mut skipped: BTreeMap<String, usize> = BTreeMap::new();
    for row in tables.iter().flat_map(Table::iter).filter(|row| row.text("kind") == "train") {
        match prepare(row, context, roster) {
            Ok(case) => cases.push(case),
            Err(reason) => *skipped.entry(reason).or_default() += 1,
        }
    }
    let fits = fit_frameworks(&cases);
    Calibrated {
        kernel: KERNEL,
        text: data_file(&fits),
        errors: fits.iter().flat_map(FittedFramework::group_errors).collect(),
        skipped,
    }
}

/// The data file of all frameworks.
#[must_use]
pub fn data_file(fits: &[FittedFramework<'_>]) -> String {
    let mut text =
        "# Constants of training frameworks, written by `narrows perf calibrate`; do not edit by hand.\n\
         # `known`: error on whole configurations left out of the fit; `unseen`: on whole chips.\n"
            .to_owned();
    for fit in fits {
        let mut chips: Vec<String> =
            fit.predictions.iter().map(|one| format!("\"{}\"", one.case.specification.id)).collect();
        chips.sort();
        chips.dedup();
        let spread = |of: &dyn Fn(&Prediction<'_>) -> Option<f64>| {
            let pairs: Vec<(f64, f64)> =
                fit.predictions.iter().filter_map(|one| Some((of(one)?, one.case.case.observed))).collect();
            let error = ErrorSummary::of(&pairs);
            format!("{{ median = {:.4}, p90 = {:.4} }}", error.median, error.p90)
        };
        let _ = write!(
            text,
            "\n[[fit]]\nkernel = \"training\"\nvariant = \"{}\"\nscheme = \"bf16\"\nfamily = \"any\"\n\
             chips = [{}]\nrows = {}\nknown = {}\nunseen = {}\n[fit.constants]\n",
            fit.framework.name(),
            chips.join(", "),
            fit.predictions.len(),
            spread(&|one| Some(one.known)),
            spread(&|one| one.unseen),
        );
        for (spec, value) in TrainingConstants::SPECS.iter().zip(&fit.values) {
            let _ = writeln!(text, "{} = {value:.6}", spec.name);
        }
    }
    text
}
