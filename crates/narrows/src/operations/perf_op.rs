//! `perf op`: how long one operator takes on a chip.

use narrows_calibration::operators::{Operator, Prediction, predict};
use narrows_calibration::table::{Row, Table};
use narrows_perf::{Scheme, Specification};
use narrows_quantity::{did_you_mean, nearest};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::operation::Operation;
use crate::performance::chip_choice::ChipChoice;
use crate::performance::operator_batch::check_sizes;
use crate::performance::{Parts, Range, roster};
use crate::workbench::Workbench;

/// One operator on one chip.
pub struct PerfOp;

/// What `perf op` is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerfOpRequest {
    /// The chip.
    pub chip: ChipChoice,
    /// The operator: `gemm`, `attention`, `mla`, `experts`, `collective`, `exchange` or
    /// `elementwise`.
    pub operator: String,
    /// What it works on, by the names of the columns of measured tables.
    pub shape: Vec<(String, String)>,
    /// Refuse a precision that the chip lacks instead of taking the fallback.
    #[serde(default)]
    pub strict: bool,
}

/// What `perf op` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PerfOpAnswer {
    /// Id of the chip.
    pub chip: String,
    /// Name of the chip.
    pub name: String,
    /// The kernel.
    pub kernel: String,
    /// Code path whose constants were used.
    pub variant: String,
    /// Precision that was computed with.
    pub precision: String,
    /// Precision asked for, where the chip lacks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<String>,
    /// Time in microseconds.
    pub time_us: Range,
    /// What it goes to, in microseconds.
    pub parts_us: Parts,
    /// The largest part.
    pub bound: String,
    /// Operations per second, as a fraction of the chip's rate.
    pub share_of_peak: f64,
    /// What the constants rest on.
    pub calibration: String,
    /// What is not on record of the chip, with what was put in its place.
    pub assumed: Vec<String>,
    /// What identifies the data.
    pub data_version: String,
}

/// Time that a shape needs no column for.
const DEFAULTS: [(&str, &str); 14] = [
    ("dtype", "bfloat16"),
    ("framework", ""),
    ("kernel_source", ""),
    ("latency_us", ""),
    ("distribution", "balanced"),
    ("gated", "true"),
    ("activation", "swiglu"),
    ("tp", "1"),
    ("ep", "1"),
    ("head_dim", "128"),
    ("q_len", "1"),
    ("library", "nccl"),
    ("mode", "nccl"),
    ("size_convention", "total"),
];

impl Operation for PerfOp {
    const NAME: &'static str = "perf op";
    const SUMMARY: &'static str = "How long one operator takes on a chip, and what the time goes to.";
    type Request = PerfOpRequest;
    type Answer = PerfOpAnswer;

    fn run(workbench: &Workbench, request: &PerfOpRequest) -> Result<PerfOpAnswer, Failure> {
        let names = Operator::ALL.map(Operator::title);
        let operator = Operator::ALL.into_iter().find(|operator| operator.title() == request.operator);
        let operator = operator.ok_or_else(|| {
            let hint = nearest(&request.operator, names.into_iter());
            Failure::input(format!(
                "unknown operator `{}`{}; expected one of {}",
                request.operator,
                did_you_mean(hint.as_deref()),
                names.join(", ")
            ))
        })?;
        let chosen = request.chip.find(workbench)?;
        let data = workbench.performance()?;
        let mut roster = roster(workbench.chips()?, data);
        roster.add(&chosen.specification.id, chosen.specification.clone());
        let table = Table::of_one(&cells(&chosen.specification.id, &request.shape));
        if Operator::of(&table.columns) != Some(operator) {
            return Err(Failure::input(format!(
                "`{}` does not have what the operator needs; found {}",
                operator.title(),
                request.shape.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
            )));
        }
        let row = table.iter().next().ok_or_else(|| Failure::data("a table of one row has none"))?;
        check_sizes(row, true).map_err(Failure::input)?;
        check_words(operator, row)?;
        let prediction = predict(operator, row, &mut roster, &data.calibration).map_err(Failure::input)?;
        if let Some(named) = prediction.replaced {
            replaced_precision(&chosen.specification, named, request.strict)?;
        }
        Ok(answer(&prediction, chosen.specification, workbench))
    }
}

/// Words that choose among kernels; tables use more of them than can be listed, a person
/// who asks for one operator means one of these.
fn check_words(operator: Operator, row: Row<'_>) -> Result<(), Failure> {
    let (column, known): (&str, &[&str]) = match operator {
        Operator::Mla => ("phase", &["prefill", "decode", "context", "generation"]),
        Operator::Exchange => ("mode", &["low_latency", "normal"]),
        _ => return Ok(()),
    };
    let found = row.text(column);
    if known.contains(&found) {
        return Ok(());
    }
    let hint = nearest(found, known.iter().copied());
    Err(Failure::input(format!(
        "{column}: expected one of {}, found `{found}`{}",
        known.join(", "),
        did_you_mean(hint.as_deref())
    )))
}

/// The precision that a chip computes with instead of the one asked for, and the latter if
/// they differ.
///
/// # Errors
/// They differ, and the asker is strict.
pub(crate) fn replaced_precision(
    chip: &Specification,
    asked: Scheme,
    strict: bool,
) -> Result<(Scheme, Option<Scheme>), Failure> {
    instead_of(chip, asked, chip.accelerator.supported(asked), strict)
}

/// The same where it is known what stands for the precision.
///
/// # Errors
/// They differ, and the asker is strict.
pub(crate) fn instead_of(
    chip: &Specification,
    asked: Scheme,
    precision: Scheme,
    strict: bool,
) -> Result<(Scheme, Option<Scheme>), Failure> {
    match (precision == asked, strict) {
        (true, _) => Ok((asked, None)),
        (false, false) => Ok((precision, Some(asked))),
        (false, true) => Err(Failure::infeasible(format!(
            "{} has no arithmetic for {asked}; without --strict it is computed as {precision}",
            chip.name
        ))),
    }
}

fn answer(prediction: &Prediction, specification: Specification, workbench: &Workbench) -> PerfOpAnswer {
    let estimate = prediction.estimate;
    let seconds = estimate.seconds();
    let rate = prediction.work.operations / seconds;
    PerfOpAnswer {
        chip: specification.id,
        name: specification.name,
        kernel: prediction.kernel.to_owned(),
        variant: prediction.variant.clone(),
        precision: prediction.scheme.name().to_owned(),
        replaced: prediction.replaced.map(|scheme| scheme.name().to_owned()),
        time_us: Range::around(seconds * 1e6, prediction.spread.p90),
        parts_us: Parts::of(estimate, 1e6),
        bound: estimate.bound().word().to_owned(),
        share_of_peak: if prediction.peak > 0.0 { rate / prediction.peak } else { 0.0 },
        calibration: prediction.ground.words().to_owned(),
        assumed: specification.assumed,
        data_version: workbench.data_version(),
    }
}

/// The row of a table that asks the same.
fn cells(chip: &str, shape: &[(String, String)]) -> Vec<(String, String)> {
    let mut cells = vec![("chip".to_owned(), chip.to_owned())];
    cells.extend(shape.iter().cloned());
    for (name, value) in DEFAULTS {
        if !cells.iter().any(|(known, _)| known == name) {
            cells.push((name.to_owned(), value.to_owned()));
        }
    }
    cells
}
