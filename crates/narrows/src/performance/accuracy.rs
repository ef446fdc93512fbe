//! `perf validate`: predicted against measured, by chip, operator and precision.

use std::collections::BTreeMap;
use std::io::Write;

use narrows_calibration::calibrate::{Calibrated, calibrate};
use narrows_calibration::chips::Roster;
use narrows_calibration::fit::ErrorSummary;
use narrows_calibration::operators::{Operator, predict};
use narrows_calibration::serving::fitting::calibrate_serving;
use narrows_calibration::serving::published::is_published;
use narrows_calibration::serving::{Context as ServingContext, is_serving};
use narrows_calibration::table::{Row, Table};
use narrows_calibration::training::fitting::calibrate_training;
use narrows_calibration::training::{TrainingContext, constants_for, prepare};
use narrows_catalog::DataFile;
use narrows_perf::Calibration;
use serde::{Deserialize, Serialize};

use super::operator_batch::read_table;
use super::roster;
use crate::failure::Failure;
use crate::workbench::Workbench;

/// A table of measurements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasuredTable {
    /// Path to show in messages.
    pub shown: String,
    /// Its text.
    pub text: String,
}

/// What `perf validate` is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidateRequest {
    /// Tables of operators, or of whole results.
    pub tables: Vec<MeasuredTable>,
    /// Whether constants are fitted anew with configurations and chips left out.
    #[serde(default)]
    pub leave_out: bool,
}

/// Errors, as fractions of what was observed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Errors {
    /// How many rows.
    pub count: usize,
    /// Middle absolute error.
    pub median: f64,
    /// Nine of ten are below.
    pub p90: f64,
    /// Mean absolute error.
    pub mean: f64,
    /// Middle signed error: above zero if what is predicted is larger.
    pub bias: f64,
}

impl From<ErrorSummary> for Errors {
    fn from(summary: ErrorSummary) -> Self {
        let ErrorSummary { count, median, p90, mean, bias } = summary;
        Self { count, median, p90, mean, bias }
    }
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccuracyRow {
    /// What was measured: a kernel, or a metric of whole results.
    pub operator: String,
    /// Code path, framework or kind of result.
    pub variant: String,
    /// Precision.
    pub precision: String,
    /// Name of the chip in the table.
    pub chip: String,
    /// Errors with the constants that ship.
    pub errors: Errors,
    /// Errors of a roofline with one efficiency for all chips.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Errors>,
    /// Errors on whole configurations left out of a fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<Errors>,
    /// Errors on the chip left out of a fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen: Option<Errors>,
    /// Rows without a prediction.
    pub skipped: usize,
}

/// What `perf validate` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Accuracy {
    /// By operator, code path, precision and chip.
    pub rows: Vec<AccuracyRow>,
    /// By operator, over all chips.
    pub pooled: Vec<AccuracyRow>,
    /// Published results one by one, where a table has only few alike.
    pub published: Vec<PublishedCheck>,
    /// Why rows have no prediction, with how many.
    pub skipped: BTreeMap<String, usize>,
    /// What identifies the data.
    pub data_version: String,
}

/// A published result beside what is predicted for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PublishedCheck {
    /// Id of the row.
    pub id: String,
    /// What was run.
    pub what: String,
    /// The metric, with its unit.
    pub metric: String,
    /// As published.
    pub published: f64,
    /// As predicted with the constants that ship.
    pub computed: f64,
    /// Where it was published.
    pub source: String,
}

impl PublishedCheck {
    fn of(row: Row<'_>, outcome: &Outcome) -> Option<Self> {
        let computed = *outcome.predicted.as_ref().ok()?;
        let words = ["model", "n_chips", "chip", "precision", "parallelism"].map(|column| row.text(column));
        let [model, count, chip, precision, parallelism] = words;
        Some(Self {
            id: row.text("id").to_owned(),
            what: format!("{model} on {count} {chip}, {precision}; {parallelism}")
                .trim_end_matches("; ")
                .to_owned(),
            metric: format!("{} ({})", outcome.metric, row.text("unit")),
            published: outcome.observed,
            computed,
            source: row.text("source_url").to_owned(),
        })
    }
}

/// Published results of one kind, beyond which they are not listed one by one.
const MOST_LISTED: usize = 20;

/// A measured row beside what is predicted for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What was measured.
    pub metric: String,
    /// Kernel or kind of result.
    pub operator: String,
    /// Code path or framework.
    pub variant: String,
    /// Precision.
    pub precision: String,
    /// In the row's unit.
    pub observed: f64,
    /// In the row's unit, or why there is no prediction.
    pub predicted: Result<f64, String>,
    /// The baseline's, in the row's unit.
    pub baseline: Option<f64>,
}

/// Key of a line: operator, variant, precision, chip.
type Key = (String, String, String, String);

#[derive(Default)]
struct Gathered {
    checks: Vec<PublishedCheck>,
    pairs: Vec<(f64, f64)>,
    baseline: Vec<(f64, f64)>,
    skipped: usize,
}

/// Compares tables with predictions. `each` hears of every row, `told` of progress.
///
/// # Errors
/// A table that is not one of measurements.
pub fn validate(
    workbench: &Workbench,
    request: &ValidateRequest,
    each: &mut dyn FnMut(&MeasuredTable, Row<'_>, &Outcome) -> Result<(), Failure>,
    told: &mut dyn FnMut(&str),
) -> Result<Accuracy, Failure> {
    let data = workbench.performance()?;
    let mut roster = roster(workbench.chips()?, data);
    let mut gathered: BTreeMap<Key, Gathered> = BTreeMap::new();
    let mut skipped: BTreeMap<String, usize> = BTreeMap::new();
    let mut tables = Vec::new();
    for given in &request.tables {
        told(&given.shown);
        let table = read_table(&given.shown, &mut given.text.as_bytes())?;
        let mut judge = match Judge::of(workbench, &given.shown, &table) {
            Ok(judge) => judge,
            // Among several files one without measurements is named and passed over.
            Err(_) if request.tables.len() > 1 => {
                let name = given.shown.rsplit('/').next().unwrap_or_default();
                let reason = format!("`{name}` is no table of operators, published results or servers");
                *skipped.entry(reason).or_default() += table.rows.len();
                continue;
            }
            Err(failure) => return Err(failure),
        };
        for row in table.iter() {
            for mut outcome in judge.outcomes(row, &mut roster, &data.calibration) {
                let measured = outcome.observed.is_finite() && outcome.observed > 0.0;
                if outcome.predicted.is_ok() && !measured {
                    outcome.predicted = Err("the row gives no measured value".to_owned());
                }
                each(given, row, &outcome)?;
                let key = (
                    outcome.operator.clone(),
                    outcome.variant.clone(),
                    outcome.precision.clone(),
                    row.text("chip").to_owned(),
                );
                let entry = gathered.entry(key).or_default();
                if matches!(judge, Judge::Published(..)) {
                    entry.checks.extend(PublishedCheck::of(row, &outcome));
                }
                match &outcome.predicted {
                    Ok(predicted) => {
                        entry.pairs.push((*predicted, outcome.observed));
                        entry.baseline.extend(outcome.baseline.map(|baseline| (baseline, outcome.observed)));
                    }
                    Err(reason) => {
                        entry.skipped += 1;
                        *skipped.entry(reason.clone()).or_default() += 1;
                    }
                }
            }
        }
        tables.push(table);
    }
    let left_out = if request.leave_out { fit_tables(workbench, &tables, told)? } else { Vec::new() };
    Ok(Accuracy {
        published: few_of_a_kind(&gathered),
        pooled: pooled(&gathered),
        rows: gathered.into_iter().map(|(key, gathered)| line(key, &gathered, &left_out)).collect(),
        skipped,
        data_version: workbench.data_version(),
    })
}

/// What is asked of the rows of a table.
enum Judge<'w> {
    /// Operators.
    Operators(Operator),
    /// Published results of training and serving.
    Published(TrainingContext<'w>, Box<ServingContext<'w>>),
    /// Measured servers.
    Servers(Box<ServingContext<'w>>),
}

impl<'w> Judge<'w> {
    fn of(workbench: &'w Workbench, shown: &str, table: &Table) -> Result<Self, Failure> {
        let data = workbench.performance()?;
        let serving = || -> Result<Box<ServingContext<'w>>, Failure> {
            Ok(Box::new(ServingContext {
                models: workbench.models()?,
                networks: workbench.networks()?,
                roster: roster(workbench.chips()?, data),
                calibration: &data.calibration,
            }))
        };
        if is_serving(table) {
            return Ok(Self::Servers(serving()?));
        }
        if is_published(table) {
            let training = TrainingContext {
                models: workbench.models()?,
                calibration: &data.calibration,
                networks: workbench.networks()?,
            };
            return Ok(Self::Published(training, serving()?));
        }
        super::operator_batch::operator_of(shown, &table.columns).map(Self::Operators)
    }

    fn outcomes(&mut self, row: Row<'_>, roster: &mut Roster<'_>, calibration: &Calibration) -> Vec<Outcome> {
        match self {
            Self::Operators(operator) => vec![of_operator(*operator, row, roster, calibration)],
            Self::Published(training, _) if row.text("kind") == "train" => {
                vec![of_training(row, training, roster)]
            }
            Self::Published(_, serving) => vec![of_published(row, serving)],
            Self::Servers(serving) => of_server(row, serving),
        }
    }
}

/// A published training result.
fn of_training(row: Row<'_>, context: &TrainingContext<'_>, roster: &mut Roster<'_>) -> Outcome {
    let prepared = prepare(row, context, roster);
    let framework = prepared.as_ref().map_or("", |prepared| prepared.case.framework.name()).to_owned();
    let predicted = prepared.and_then(|prepared| {
        prepared.predict(&constants_for(&prepared, context.calibration, roster.families()))
    });
    Outcome {
        metric: row.text("metric").to_owned(),
        operator: "training".to_owned(),
        variant: framework,
        precision: row.text("precision").to_owned(),
        observed: row.number("value").unwrap_or(f64::NAN),
        predicted,
        baseline: None,
    }
}

/// A published result of serving.
fn of_published(row: Row<'_>, context: &mut ServingContext<'_>) -> Outcome {
    Outcome {
        metric: row.text("metric").to_owned(),
        operator: format!("published {}", row.text("kind")),
        variant: row.text("metric").to_owned(),
        precision: row.text("precision").to_owned(),
        observed: row.number("value").unwrap_or(f64::NAN),
        predicted: context.predict_published(row),
        baseline: None,
    }
}

/// Both times of a measured server.
fn of_server(row: Row<'_>, context: &mut ServingContext<'_>) -> Vec<Outcome> {
    let prediction = context.predict_silicon(row);
    let of =
        |metric: &str, column: &str, part: fn(&narrows_calibration::serving::Prediction) -> f64| Outcome {
            metric: metric.to_owned(),
            operator: format!("serving {metric}"),
            variant: format!("{} {}", row.text("backend"), row.text("mode")),
            precision: row.text("precision").to_owned(),
            observed: row.number(column).unwrap_or(f64::NAN),
            predicted: prediction.as_ref().map(part).map_err(Clone::clone),
            baseline: None,
        };
    vec![
        of("ttft_ms", "silicon_ttft_ms", |prediction| prediction.ttft_ms),
        of("tpot_ms", "silicon_tpot_ms", |prediction| prediction.tpot_ms),
    ]
}

fn of_operator(
    operator: Operator,
    row: Row<'_>,
    roster: &mut Roster<'_>,
    calibration: &Calibration,
) -> Outcome {
    let metric = "latency_us".to_owned();
    match predict(operator, row, roster, calibration) {
        Ok(prediction) => Outcome {
            metric,
            operator: prediction.kernel.to_owned(),
            variant: prediction.variant,
            precision: prediction.scheme.name().to_owned(),
            observed: prediction.observed * 1e6,
            predicted: Ok(prediction.estimate.seconds() * 1e6),
            baseline: Some(prediction.baseline * 1e6),
        },
        Err(reason) => Outcome {
            metric,
            operator: operator.title().to_owned(),
            variant: row.text("kernel_source").to_owned(),
            precision: row.text("dtype").to_owned(),
            observed: f64::NAN,
            predicted: Err(reason),
            baseline: None,
        },
    }
}

fn line(key: Key, gathered: &Gathered, left_out: &[Calibrated]) -> AccuracyRow {
    let (operator, variant, precision, chip) = key;
    let found = left_out.iter().flat_map(|calibrated| &calibrated.errors).find(|error| {
        error.kernel == operator
            && error.key.variant == variant
            && (of_all_precisions(&operator) || error.key.scheme.name() == precision)
            && error.chip == chip
    });
    let counted = |summary: ErrorSummary| (summary.count > 0).then(|| Errors::from(summary));
    AccuracyRow {
        errors: ErrorSummary::of(&gathered.pairs).into(),
        baseline: counted(ErrorSummary::of(&gathered.baseline)),
        known: found.and_then(|error| counted(error.known)),
        unseen: found.and_then(|error| counted(error.unseen)),
        skipped: gathered.skipped,
        operator,
        variant,
        precision,
        chip,
    }
}

/// The published results of kinds that have only few.
fn few_of_a_kind(gathered: &BTreeMap<Key, Gathered>) -> Vec<PublishedCheck> {
    let mut kinds: BTreeMap<(&str, &str), Vec<&PublishedCheck>> = BTreeMap::new();
    for ((operator, variant, ..), part) in gathered {
        kinds.entry((operator, variant)).or_default().extend(&part.checks);
    }
    let few = kinds.into_values().filter(|checks| checks.len() <= MOST_LISTED);
    few.flatten().cloned().collect()
}

/// Constants of software are fitted over all precisions, and so are their errors.
fn of_all_precisions(operator: &str) -> bool {
    operator == "training" || operator.starts_with("serving")
}

fn pooled(gathered: &BTreeMap<Key, Gathered>) -> Vec<AccuracyRow> {
    let mut by_operator: BTreeMap<&str, Gathered> = BTreeMap::new();
    for ((operator, ..), part) in gathered {
        let sum = by_operator.entry(operator).or_default();
        sum.pairs.extend_from_slice(&part.pairs);
        sum.baseline.extend_from_slice(&part.baseline);
        sum.skipped += part.skipped;
    }
    let all = "all".to_owned();
    by_operator
        .into_iter()
        .map(|(operator, sum)| line((operator.to_owned(), all.clone(), all.clone(), all.clone()), &sum, &[]))
        .collect()
}

/// Writes one row per input row and metric.
pub struct OutcomeWriter<W: Write> {
    writer: csv::Writer<W>,
    columns: Vec<String>,
}

impl<W: Write> OutcomeWriter<W> {
    /// Writes the header: the columns of all tables, then ours.
    ///
    /// # Errors
    /// A table that cannot be read, or failing output.
    pub fn new(tables: &[MeasuredTable], output: W) -> Result<Self, Failure> {
        let mut columns: Vec<String> = Vec::new();
        for table in tables {
            let first = table.text.lines().next().unwrap_or_default();
            for column in read_table(&table.shown, &mut first.as_bytes())?.columns {
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
        }
        // A table of whole results has a column `metric` of its own: ours repeats it.
        columns.retain(|column| !ADDED.contains(&column.as_str()));
        let mut writer = csv::Writer::from_writer(output);
        writer.write_record(columns.iter().map(String::as_str).chain(ADDED)).map_err(failed_output)?;
        Ok(Self { writer, columns })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// Failing output.
    pub fn write(&mut self, table: &MeasuredTable, row: Row<'_>, outcome: &Outcome) -> Result<(), Failure> {
        let number = |value: f64| if value.is_finite() { format!("{value}") } else { String::new() };
        let (predicted, error, skipped) = match &outcome.predicted {
            Ok(predicted) => {
                let error = (predicted / outcome.observed - 1.0).abs();
                (number(*predicted), number(error), String::new())
            }
            Err(reason) => (String::new(), String::new(), reason.clone()),
        };
        let observed = number(outcome.observed);
        let line = row.line.to_string();
        let own = [&table.shown, &line, &outcome.metric, &observed, &predicted, &error, &skipped];
        let given = self.columns.iter().map(|column| row.text(column));
        self.writer.write_record(given.chain(own.into_iter().map(String::as_str))).map_err(failed_output)
    }

    /// Finishes the output.
    ///
    /// # Errors
    /// Failing output.
    pub fn finish(mut self) -> Result<(), Failure> {
        self.writer.flush().map_err(|error| Failure::input(format!("the output cannot be written: {error}")))
    }
}

/// Columns that are added.
const ADDED: [&str; 7] = ["file", "line", "metric", "observed", "predicted", "ape", "skipped"];

fn failed_output(error: csv::Error) -> Failure {
    Failure::input(format!("the output cannot be written: {error}"))
}

/// Fits all constants to tables, without the rows of some chips: kernels first, then, on
/// them, the frameworks of training and the software of serving.
///
/// # Errors
/// A table that cannot be read.
pub fn calibrate_tables(
    workbench: &Workbench,
    tables: &[MeasuredTable],
    without: &[String],
    told: &mut dyn FnMut(&str),
) -> Result<Vec<Calibrated>, Failure> {
    let read = tables.iter().map(|table| read_table(&table.shown, &mut table.text.as_bytes()));
    let mut read = read.collect::<Result<Vec<Table>, Failure>>()?;
    for table in &mut read {
        table.keep(|row| !without.iter().any(|name| name == row.text("chip")));
    }
    fit_tables(workbench, &read, told)
}

fn fit_tables(
    workbench: &Workbench,
    tables: &[Table],
    told: &mut dyn FnMut(&str),
) -> Result<Vec<Calibrated>, Failure> {
    let data = workbench.performance()?;
    let (chips, models, networks) = (workbench.chips()?, workbench.models()?, workbench.networks()?);
    let mut calibrated = calibrate(tables, &mut roster(chips, data), told);
    // Whole results are fitted on the kernels just fitted; of kernels without tables, those
    // on record stay.
    let texts = calibrated.iter().map(|kernel| DataFile { path: kernel.kernel, text: &kernel.text });
    let mut calibration = Calibration::read(texts)?;
    let fitted = |kernel: &str| calibrated.iter().any(|done| done.kernel == kernel);
    calibration.fits.extend(data.calibration.fits.iter().filter(|fit| !fitted(&fit.kernel)).cloned());
    if tables.iter().any(is_published) {
        told("training");
        let context = TrainingContext { models, calibration: &calibration, networks };
        calibrated.push(calibrate_training(tables, &context, &mut roster(chips, data)));
    }
    if tables.iter().any(is_serving) {
        told("serving");
        let mut context =
            ServingContext { models, networks, roster: roster(chips, data), calibration: &calibration };
        calibrated.push(calibrate_serving(tables, &mut context));
    }
    Ok(calibrated)
}
