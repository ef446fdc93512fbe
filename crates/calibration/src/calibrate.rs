//! The program that fits all constants: from measured tables to `data/calibration/*.toml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use narrows_perf::kernels::attention::{Decode, Prefill};
use narrows_perf::kernels::collective::Collective;
use narrows_perf::kernels::elementwise::Elementwise;
use narrows_perf::kernels::exchange::Exchange;
use narrows_perf::kernels::experts::Experts;
use narrows_perf::kernels::gemm::Gemm;
use narrows_perf::kernels::mla::{MlaDecode, MlaPrefill};
use narrows_perf::{ConstantSet, Kernel};

use crate::chips::Roster;
use crate::fit::ErrorSummary;
use crate::group::{GroupKey, Measurement, by_group, fit_all, leave_chips_out, leave_configurations_out};
use crate::kernels::Measured;
use crate::operators::{Operator, is_decoding};
use crate::table::Table;

/// Errors of one chip in one group, on rows that were not fitted.
#[derive(Debug, Clone)]
pub struct GroupError {
    /// Kernel.
    pub kernel: &'static str,
    /// Group.
    pub key: GroupKey,
    /// Name of the chip in the tables.
    pub chip: String,
    /// On whole configurations left out.
    pub known: ErrorSummary,
    /// On the chip left out; nothing counted if no other chip could stand for it.
    pub unseen: ErrorSummary,
}

/// Constants of one kernel with their errors.
#[derive(Debug, Clone)]
pub struct Calibrated {
    /// Kernel.
    pub kernel: &'static str,
    /// The file's text.
    pub text: String,
    /// Errors by group and chip.
    pub errors: Vec<GroupError>,
    /// How many rows had no meaning for the kernel, by reason.
    pub skipped: BTreeMap<String, usize>,
}

/// Fits the constants of every kernel for which there are tables. `told` hears of progress.
pub fn calibrate(tables: &[Table], roster: &mut Roster<'_>, told: &mut dyn FnMut(&str)) -> Vec<Calibrated> {
    let mut done = vec![
        one::<Gemm>(tables, Operator::Gemm, |_| true, roster, told),
        one::<Prefill>(tables, Operator::Attention, |row| !is_decoding(row), roster, told),
        one::<Decode>(tables, Operator::Attention, is_decoding, roster, told),
        one::<MlaPrefill>(tables, Operator::Mla, |row| !crate::kernels::mla::is_decoding(row), roster, told),
        one::<MlaDecode>(tables, Operator::Mla, crate::kernels::mla::is_decoding, roster, told),
        one::<Experts>(tables, Operator::Experts, |_| true, roster, told),
        one::<Collective>(tables, Operator::Collective, |_| true, roster, told),
        one::<Exchange>(tables, Operator::Exchange, |_| true, roster, told),
        one::<Elementwise>(tables, Operator::Elementwise, |_| true, roster, told),
    ];
    done.retain(|calibrated| !calibrated.errors.is_empty());
    done
}

fn one<K: Measured>(
    tables: &[Table],
    operator: Operator,
    concerns: fn(crate::table::Row<'_>) -> bool,
    roster: &mut Roster<'_>,
    told: &mut dyn FnMut(&str),
) -> Calibrated {
    told(K::NAME);
    let mut rows: Vec<Measurement<K::Shape>> = Vec::new();
    let mut skipped: BTreeMap<String, usize> = BTreeMap::new();
    for table in tables.iter().filter(|table| Operator::of(&table.columns) == Some(operator)) {
        for row in table.iter().filter(|row| concerns(*row)) {
            match K::read(row, roster) {
                Ok(row) if row.observed.is_finite() && row.observed > 0.0 => rows.push(row),
                Ok(_) => *skipped.entry("no time is given".to_owned()).or_default() += 1,
                Err(reason) => *skipped.entry(reason).or_default() += 1,
            }
        }
    }
    let (text, errors) = fit_and_write::<K>(&rows, roster);
    Calibrated { kernel: K::NAME, text, errors, skipped }
}

type Pairs = Vec<(f64, f64)>;

fn fit_and_write<K: Measured>(
    rows: &[Measurement<K::Shape>],
    roster: &mut Roster<'_>,
) -> (String, Vec<GroupError>) {
    let families = roster.families();
    let groups = by_group(rows);
    let mut unseen: BTreeMap<(&GroupKey, &str), Pairs> = BTreeMap::new();
    for (row, predicted) in leave_chips_out::<K>(rows, families) {
        unseen.entry((&row.key, &row.chip)).or_default().push((predicted, row.observed));
    }
    let mut text = header::<K>();
    let mut errors = Vec::new();
    for fit in fit_all::<K>(rows) {
        let Some(rows) = groups.get(&fit.key) else { continue };
        let mut known: BTreeMap<&str, Pairs> = BTreeMap::new();
        for (row, predicted) in leave_configurations_out::<K>(rows, &fit.values) {
            known.entry(&row.chip).or_default().push((predicted, row.observed));
        }
        let left_out: BTreeMap<&str, &Pairs> = unseen
            .iter()
            .filter(|((key, _), _)| **key == fit.key)
            .map(|((_, chip), pairs)| (*chip, pairs))
            .collect();
        for (chip, pairs) in &known {
            errors.push(GroupError {
                kernel: K::NAME,
                key: fit.key.clone(),
                chip: (*chip).to_owned(),
                known: ErrorSummary::of(pairs),
                unseen: ErrorSummary::of(left_out.get(chip).map_or(&[], |pairs| pairs.as_slice())),
            });
        }
        let all_known: Pairs = known.values().flatten().copied().collect();
        let all_unseen: Pairs = left_out.values().flat_map(|pairs| pairs.iter().copied()).collect();
        let mut ids: Vec<String> =
            fit.chips.iter().filter_map(|name| Some(roster.find(name).ok()?.id.clone())).collect();
        ids.sort();
        ids.dedup();
        let chips: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
        let _ = write!(
            text,
            "\n[[fit]]\nkernel = \"{}\"\nvariant = \"{}\"\nscheme = \"{}\"\nfamily = \"{}\"\nchips = [{}]\nrows = {}\n",
            K::NAME,
            fit.key.variant,
            fit.key.scheme,
            fit.key.family,
            chips.join(", "),
            rows.len()
        );
        let spread = |pairs: &Pairs| {
            let error = ErrorSummary::of(pairs);
            format!("{{ median = {:.4}, p90 = {:.4} }}", error.median, error.p90)
        };
        let _ = writeln!(text, "known = {}", spread(&all_known));
        if !all_unseen.is_empty() {
            let _ = writeln!(text, "unseen = {}", spread(&all_unseen));
        }
        text.push_str("[fit.constants]\n");
        for (spec, value) in K::Constants::SPECS.iter().zip(&fit.values) {
            let _ = writeln!(text, "{} = {}", spec.name, shortest(*value));
        }
    }
    (text, errors)
}

fn header<K: Kernel>() -> String {
    format!(
        "# Constants of `{}`, written by `narrows perf calibrate`; do not edit by hand.\n\
         # `known`: error on whole configurations left out of the fit; `unseen`: on whole chips.\n",
        K::NAME
    )
}

/// Six decimals, as many as a data file keeps, without idle zeros.
fn shortest(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0');
    text.trim_end_matches('.').to_owned()
}
