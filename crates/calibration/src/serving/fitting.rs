//! Fits of the constants of software, by software and family of chips.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use narrows_perf::{ConstantSet, Families, Kernel};
use narrows_perf::serving::Host;
use narrows_perf::serving::profile::Overheads;

use super::{Context, Prepared, Request};
use crate::fit::{ErrorSummary, fit};
use crate::group::{FOLDS, stable_hash};
use crate::table::Table;

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

/// Reads measured servers, each with its steps, and the reasons why others have none.
///
/// The same run is often listed several times and has one say in all.
pub fn read(table: &Table, context: &mut Context<'_>) -> (Vec<Served>, BTreeMap<String, usize>) {
    let mut skipped = BTreeMap::<String, usize>::new();
    let mut runs = BTreeMap::<String, usize>::new();
    let mut served = Vec::new();
    for row in table.iter() {
        let ready = (|| {
            let (ttft_ms, tpot_ms) = (row.number("silicon_ttft_ms")?, row.number("silicon_tpot_ms")?);
            let request = Request::read(row, context.models)?;
            Ok::<_, String>((context.prepare(request)?, ttft_ms, tpot_ms))
        })();
        match ready {
            Ok((prepared, ttft_ms, tpot_ms)) => {
                let run = ["chip", "silicon_ttft_ms", "silicon_tpot_ms"].map(|name| row.text(name)).join(" ");
                *runs.entry(run.clone()).or_default() += 1;
                // Two names of one model, whose runs are listed under both.
                let model = row.text("model_path").replace("R1", "V3");
                let names = ["backend", "precision", "mode", "isl", "osl", "concurrency"];
                let configuration = format!("{model} {}", names.map(|name| row.text(name)).join(" "));
                served.push((run, Served { prepared, ttft_ms, tpot_ms, configuration, weight: 1.0 }));
            }
            Err(reason) => *skipped.entry(reason).or_default() += 1,
        }
    }
    let share = |run: &str| 1.0 / runs.get(run).copied().unwrap_or(1) as f64;
    (served.into_iter().map(|(run, row)| Served { weight: share(&run), ..row }).collect(), skipped)
}

/// Group of constants: software (and whether prompts have workers of their own) and family.
pub type Key = (String, usize);

/// Rows by group.
#[must_use]
pub fn by_group(rows: &[Served]) -> BTreeMap<Key, Vec<&Served>> {
    let mut groups: BTreeMap<Key, Vec<&Served>> = BTreeMap::new();
    for row in rows {
        let [variant, ..] = row.prepared.request.variants();
        groups.entry((variant.to_owned(), row.prepared.family)).or_default().push(row);
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
        if !at.is_multiple_of(2) && last.0 == at / 2 && last.1 == values {
            return last.2;
        }
        let prediction = row.prepared.predict(&Overheads::from_values(values));
        *last = (at / 2, values.to_vec(), prediction.ttft_ms);
        if at.is_multiple_of(2) { prediction.tpot_ms } else { prediction.ttft_ms }
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

/// Predictions for the rows of each chip from constants fitted to other chips: of its
/// family, or of the nearest family that was measured with the same software.
#[must_use]
pub fn leave_chips_out<'a>(rows: &'a [Served], families: &Families) -> Vec<(&'a Served, super::Prediction)> {
    let mut predicted = Vec::new();
    for ((variant, family), own) in by_group(rows) {
        let mut chips: Vec<&str> = own.iter().map(|row| row.prepared.chip.as_str()).collect();
        chips.sort_unstable();
        chips.dedup();
        let traits = families.get(family);
        let near = traits.map(|family| family.similar.as_slice()).unwrap_or_default();
        let near = near.iter().filter_map(|id| families.index(id));
        let places: Vec<usize> = std::iter::once(family).chain(near).collect();
        for chip in chips {
            let of = |place: usize| -> Vec<&Served> {
                let fits = |row: &&Served| {
                    let [own, ..] = row.prepared.request.variants();
                    own == variant && row.prepared.family == place && row.prepared.chip != chip
                };
                rows.iter().filter(fits).collect()
            };
            let donors = places.iter().map(|place| of(*place)).find(|donors| donors.len() >= FEWEST_DONORS);
            let overheads =
                donors.map_or_else(Overheads::default, |donors| Overheads::from_values(&fit_rows(&donors, &[])));
            let here = own.iter().filter(|row| row.prepared.chip == chip);
            predicted.extend(here.map(|row| (*row, row.prepared.predict(&overheads))));
        }
    }
    predicted
}

/// Fewer rows than this do not stand for a chip.
const FEWEST_DONORS: usize = 12;

/// The file of constants of software, `calibration/serving.toml`, with errors on whole
/// configurations and whole chips left out. Errors are those of times per output token;
/// those of times to first token stand beside them as comments.
#[must_use]
pub fn constants_file(rows: &[Served], families: &Families) -> String {
    let mut text = String::from(
        "# What serving software adds to the time of operators: fitted to measured servers by\n\
         # `cargo run --release -p narrows-calibration --example serving -- TABLE CONSTANTS write FILE`.\n\
         # Errors are those of the time per output token on rows that were not fitted.\n",
    );
    let strangers = leave_chips_out(rows, families);
    for ((variant, family), own) in by_group(rows) {
        if own.len() < FEWEST_DONORS {
            continue;
        }
        let values = fit_rows(&own, &[]);
        let known = errors(&leave_configurations_out(&own, &values));
        let here = strangers.iter().filter(|(row, _)| {
            let [name, ..] = row.prepared.request.variants();
            name == variant && row.prepared.family == family
        });
        let unseen = errors(&here.copied().collect::<Vec<_>>());
        let mut chips: Vec<&str> = own.iter().map(|row| row.prepared.chip.as_str()).collect();
        chips.sort_unstable();
        chips.dedup();
        let family = families.get(family).map_or("", |family| family.id.as_str());
        let spread = |error: &ErrorSummary| format!("{{ median = {:.4}, p90 = {:.4} }}", error.median, error.p90);
        let _ = write!(
            text,
            "\n[[fit]]\nkernel = \"{}\"\nvariant = \"{variant}\"\nscheme = \"bf16\"\nfamily = \"{family}\"\n\
             chips = {chips:?}\nrows = {}\nknown = {}\nunseen = {}\n\
             # Time to first token: known {}, unseen {}.\nconstants = {{ ",
            Host::NAME,
            own.len(),
            spread(&known.0),
            spread(&unseen.0),
            spread(&known.1),
            spread(&unseen.1),
        );
        let named: Vec<String> = Overheads::SPECS
            .iter()
            .zip(&values)
            .map(|(spec, value)| format!("{} = {value:.4}", spec.name))
            .collect();
        text.push_str(&named.join(", "));
        text.push_str(" }\n");
    }
    text
}

/// Errors of times per output token and of times to first token.
#[must_use]
pub fn errors(rows: &[(&Served, super::Prediction)]) -> (ErrorSummary, ErrorSummary) {
    let tokens: Vec<(f64, f64)> = rows.iter().map(|(row, said)| (said.tpot_ms, row.tpot_ms)).collect();
    let first: Vec<(f64, f64)> = rows.iter().map(|(row, said)| (said.ttft_ms, row.ttft_ms)).collect();
    (ErrorSummary::of(&tokens), ErrorSummary::of(&first))
}
