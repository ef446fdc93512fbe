//! Fits of the constants of software, by software and family of chips.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use narrows_perf::serving::Host;
use narrows_perf::serving::profile::Overheads;
use narrows_perf::{ConstantSet, Families, Kernel, Scheme};

use super::published::{Published, is_published};
use super::{Context, Prepared, Request, is_serving};
use crate::calibrate::{Calibrated, GroupError};
use crate::fit::{ErrorSummary, fit};
use crate::group::{FOLDS, GroupKey, stable_hash};
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
    /// Software and how it was used, as the table says.
    pub kind: String,
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
                let kind = format!("{} {}", row.text("backend"), row.text("mode"));
                served.push((run, Served { prepared, ttft_ms, tpot_ms, kind, configuration, weight: 1.0 }));
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
    let observed: Vec<f64> = rows.iter().flat_map(|row| [row.tpot_ms, row.ttft_ms]).collect();
    let weights: Vec<f64> = rows.iter().flat_map(|row| [row.weight, FIRST_TOKEN_SAY * row.weight]).collect();
    let last = std::cell::RefCell::new((usize::MAX, Vec::new(), 0.0));
    let predict = |at: usize, values: &[f64]| {
        let Some(row) = rows.get(at / 2) else { return f64::NAN };
        let mut last = last.borrow_mut();
        if !at.is_multiple_of(2) && last.0 == at / 2 && last.1 == values {
            return last.2;
        }
        let prediction = row.prepared.predict(&Overheads::from_values(values));
        *last = (at / 2, values.to_vec(), prediction.ttft_ms);
        if at.is_multiple_of(2) { prediction.tpot_ms } else { prediction.ttft_ms }
    };
    fit_with_prior(observed, weights, start, &predict)
}

/// A fit in which each constant is drawn a little to what it would be without any
/// measurement, as if a few rows said so: else those that the rows cannot tell apart run to
/// their limits.
fn fit_with_prior(
    mut observed: Vec<f64>,
    mut weights: Vec<f64>,
    start: &[Vec<f64>],
    predict: &dyn Fn(usize, &[f64]) -> f64,
) -> Vec<f64> {
    let rows = observed.len();
    let all: f64 = weights.iter().sum();
    observed.extend(Overheads::SPECS.iter().map(|spec| spec.start));
    weights.extend(Overheads::SPECS.iter().map(|_| PRIOR_SAY * all + PRIOR_ROWS));
    let with_prior = |at: usize, values: &[f64]| match at.checked_sub(rows) {
        Some(constant) => values.get(constant).copied().unwrap_or(f64::NAN),
        None => predict(at, values),
    };
    fit(Overheads::SPECS, start, &observed, &weights, &with_prior)
}

/// A published output of a server in offline use.
#[derive(Debug, Clone)]
pub struct Offline {
    /// Its steps.
    pub published: Published,
    /// The published value.
    pub value: f64,
    /// Rows of the same configuration have the same text.
    pub configuration: String,
}

/// Reads the published outputs of servers in offline use.
pub fn read_offline(table: &Table, context: &mut Context<'_>) -> Vec<Offline> {
    let rows = table.iter().filter(|row| row.text("kind") == "serve");
    let read = rows.filter_map(|row| {
        let published = context.published(row).ok().filter(Published::is_total)?;
        let configuration = ["model", "seq_in", "seq_out"].map(|name| row.text(name)).join(" ");
        Some(Offline { published, value: row.number("value").ok()?, configuration })
    });
    read.collect()
}

fn fit_offline(rows: &[&Offline]) -> Vec<f64> {
    let observed: Vec<f64> = rows.iter().map(|row| row.value).collect();
    let predict = |at: usize, values: &[f64]| {
        rows.get(at).map_or(f64::NAN, |row| row.published.predict(&Overheads::from_values(values)))
    };
    fit_with_prior(observed, vec![1.0; rows.len()], &[], &predict)
}

fn offline_pairs(rows: &[&Offline], values: &[f64]) -> Vec<(f64, f64)> {
    let overheads = Overheads::from_values(values);
    rows.iter().map(|row| (row.published.predict(&overheads), row.value)).collect()
}

/// Constants of offline use with their errors, in the form of the file.
#[must_use]
pub fn offline_constants(rows: &[Offline], families: &Families) -> String {
    let mut groups: BTreeMap<(&str, usize), Vec<&Offline>> = BTreeMap::new();
    for row in rows {
        if let [variant, ..] = row.published.variants {
            groups.entry((variant, row.published.family)).or_default().push(row);
        }
    }
    let mut text = String::new();
    for ((variant, family), own) in groups {
        if own.len() < FEWEST_DONORS {
            continue;
        }
        let mut known = Vec::new();
        let mut unseen = Vec::new();
        for fold in 0..FOLDS {
            let (out, kept): (Vec<_>, Vec<_>) =
                own.iter().copied().partition(|row| stable_hash(&row.configuration) % FOLDS == fold);
            known.extend(offline_pairs(&out, &fit_offline(&kept)));
        }
        let chips: BTreeSet<&str> = own.iter().map(|row| row.published.chip.as_str()).collect();
        for chip in &chips {
            let (out, kept): (Vec<_>, Vec<_>) =
                own.iter().copied().partition(|row| row.published.chip == *chip);
            unseen.extend(offline_pairs(&out, &fit_offline(&kept)));
        }
        let chips: Vec<&str> = chips.into_iter().collect();
        let family = families.get(family).map_or("", |family| family.id.as_str());
        let errors = (ErrorSummary::of(&known), ErrorSummary::of(&unseen));
        entry(
            &mut text,
            variant,
            family,
            &chips,
            own.len(),
            &errors,
            "Output tokens a second.",
            &fit_offline(&own),
        );
    }
    text
}

/// Predictions for rows whose configuration was left out of the fit.
#[must_use]
pub fn leave_configurations_out<'a>(
    rows: &[&'a Served],
    start: &[f64],
) -> Vec<(&'a Served, super::Prediction)> {
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
            let overheads = donors
                .map_or_else(Overheads::default, |donors| Overheads::from_values(&fit_rows(&donors, &[])));
            let here = own.iter().filter(|row| row.prepared.chip == chip);
            predicted.extend(here.map(|row| (*row, row.prepared.predict(&overheads))));
        }
    }
    predicted
}

/// Fewer rows than this do not stand for a chip.
const FEWEST_DONORS: usize = 12;

/// Fits the constants of serving software to the measured servers and published outputs of
/// tables: the text of `calibration/serving.toml` and the errors by chip, on whole
/// configurations and whole chips left out. `context.calibration` holds the kernels'.
pub fn calibrate_serving(tables: &[Table], context: &mut Context<'_>) -> Calibrated {
    let mut served = Vec::new();
    let mut skipped: BTreeMap<String, usize> = BTreeMap::new();
    let mut offline = Vec::new();
    for table in tables {
        if is_serving(table) {
            let (rows, reasons) = read(table, context);
            served.extend(rows);
            for (reason, count) in reasons {
                *skipped.entry(reason).or_default() += count;
            }
        } else if is_published(table) {
            offline.extend(read_offline(table, context));
        }
    }
    let families = context.families();
    let mut text = String::from(
        "# What serving software adds to the time of operators, written by `narrows perf calibrate`; do not edit\n\
         # by hand. Errors are those of the time per output token (of the output, for offline use) on rows that\n\
         # were not fitted: `known` on whole configurations left out, `unseen` on whole chips.\n",
    );
    let strangers = leave_chips_out(&served, families);
    let mut errors = Vec::new();
    for ((variant, family), own) in by_group(&served) {
        if own.len() < FEWEST_DONORS {
            continue;
        }
        let values = fit_rows(&own, &[]);
        let known = leave_configurations_out(&own, &values);
        let of_group = |row: &Served| {
            let [name, ..] = row.prepared.request.variants();
            name == variant && row.prepared.family == family
        };
        let unseen: Vec<_> = strangers.iter().filter(|(row, _)| of_group(row)).copied().collect();
        let (known_error, unseen_error) = (errors_of(&known), errors_of(&unseen));
        let mut chips: Vec<&str> = own.iter().map(|row| row.prepared.chip.as_str()).collect();
        chips.sort_unstable();
        chips.dedup();
        let family = families.get(family).map_or("", |family| family.id.as_str());
        let note = format!(
            "Time to first token: known {}, unseen {}.",
            spread(&known_error.1),
            spread(&unseen_error.1)
        );
        entry(
            &mut text,
            &variant,
            family,
            &chips,
            own.len(),
            &(known_error.0, unseen_error.0),
            &note,
            &values,
        );
        errors.push((known, unseen));
    }
    text.push_str(&offline_constants(&offline, families));
    Calibrated { kernel: Host::NAME, text, errors: chip_errors(&errors), skipped }
}

type Predicted<'a> = Vec<(&'a Served, super::Prediction)>;

/// Errors by chip and kind of server, of both times.
fn chip_errors(groups: &[(Predicted<'_>, Predicted<'_>)]) -> Vec<GroupError> {
    let mut by_chip: BTreeMap<(String, String), (Predicted<'_>, Predicted<'_>)> = BTreeMap::new();
    for (known, unseen) in groups {
        for (row, prediction) in known {
            by_chip.entry(kind_of(row)).or_default().0.push((row, *prediction));
        }
        for (row, prediction) in unseen {
            by_chip.entry(kind_of(row)).or_default().1.push((row, *prediction));
        }
    }
    let mut errors = Vec::new();
    for ((chip, variant), (known, unseen)) in by_chip {
        let (known, unseen) = (errors_of(&known), errors_of(&unseen));
        for (kernel, known, unseen) in
            [("serving tpot_ms", known.0, unseen.0), ("serving ttft_ms", known.1, unseen.1)]
        {
            let key = GroupKey { variant: variant.clone(), scheme: Scheme::Bf16, family: String::new() };
            errors.push(GroupError { kernel, key, chip: chip.clone(), known, unseen });
        }
    }
    errors
}

/// Name of the chip in the table, and the software with how it was used.
fn kind_of(row: &Served) -> (String, String) {
    (row.prepared.request.chip.clone(), row.kind.clone())
}

fn spread(error: &ErrorSummary) -> String {
    format!("{{ median = {:.4}, p90 = {:.4} }}", error.median, error.p90)
}

/// One group of constants in the form of the file.
#[expect(clippy::too_many_arguments, reason = "the columns of one entry")]
fn entry(
    text: &mut String,
    variant: &str,
    family: &str,
    chips: &[&str],
    rows: usize,
    (known, unseen): &(ErrorSummary, ErrorSummary),
    note: &str,
    values: &[f64],
) {
    let named =
        Overheads::SPECS.iter().zip(values).map(|(spec, value)| format!("{} = {value:.4}", spec.name));
    let _ = write!(
        text,
        "\n[[fit]]\nkernel = \"{}\"\nvariant = \"{variant}\"\nscheme = \"bf16\"\nfamily = \"{family}\"\n\
         chips = {chips:?}\nrows = {rows}\nknown = {}\nunseen = {}\n# {note}\nconstants = {{ {} }}\n",
        Host::NAME,
        spread(known),
        spread(unseen),
        named.collect::<Vec<_>>().join(", "),
    );
}

/// Errors of times per output token and of times to first token.
fn errors_of(rows: &[(&Served, super::Prediction)]) -> (ErrorSummary, ErrorSummary) {
    let tokens: Vec<(f64, f64)> = rows.iter().map(|(row, said)| (said.tpot_ms, row.tpot_ms)).collect();
    let first: Vec<(f64, f64)> = rows.iter().map(|(row, said)| (said.ttft_ms, row.ttft_ms)).collect();
    (ErrorSummary::of(&tokens), ErrorSummary::of(&first))
}
