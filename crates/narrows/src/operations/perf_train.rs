//! `perf train`: what training a model takes on so many chips.

use narrows_perf::training::error::Hint;
use narrows_perf::training::search::{Binding, MOST_CHIPS, Rejected, fewest_chips};
use narrows_perf::training::{
    Failures, Found, Limits, Means, Memory, Plan, Recomputation, Run, Schedule, Sharding, StateBytes, Step,
    Tariff, TrainingError, search, software,
};
use narrows_perf::{Accelerator, Ground, Scheme, Software, Spread};
use serde::{Deserialize, Serialize};

use super::perf_op::instead_of;
use crate::failure::Failure;
use crate::operation::Operation;
use crate::performance::chip_choice::ChipChoice;
use crate::performance::setting::{ModelChoice, Setting};
use crate::performance::{Parts, Range};
use crate::workbench::Workbench;

/// Training of a model.
pub struct PerfTrain;

/// What `perf train` is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerfTrainRequest {
    /// The model.
    pub model: ModelChoice,
    /// The chip.
    pub chip: ChipChoice,
    /// How many of them.
    pub count: usize,
    /// Tokens of the whole run.
    #[serde(default)]
    pub tokens: Option<f64>,
    /// Precision of the products of layers.
    #[serde(default)]
    pub precision: Option<String>,
    /// Tokens of a sequence.
    #[serde(default)]
    pub sequence: Option<usize>,
    /// Sequences of a step.
    #[serde(default)]
    pub global_batch: Option<usize>,
    /// How the model is divided; searched if nothing is given.
    #[serde(default)]
    pub layout: Layout,
    /// Name of the network; the one in which the chip is usually sold if none.
    #[serde(default)]
    pub network: Option<String>,
    /// Money for a chip and hour.
    #[serde(default)]
    pub price_per_chip_hour: Option<f64>,
    /// Interruptions of a chip in a day; the rate of a published run if none is given.
    #[serde(default)]
    pub failures_per_chip_day: Option<f64>,
    /// Refuse a precision that the chip lacks instead of taking the fallback.
    #[serde(default)]
    pub strict: bool,
}

/// How a model is divided, as far as it is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Tensor parallelism.
    pub tensor: Option<usize>,
    /// Stages of the pipeline.
    pub pipeline: Option<usize>,
    /// Context parallelism.
    pub context: Option<usize>,
    /// Expert parallelism.
    pub expert: Option<usize>,
    /// Copies of the model; they follow from the rest and are checked.
    #[serde(default)]
    pub data: Option<usize>,
    /// Chunks of layers of each stage.
    pub virtual_stages: Option<usize>,
    /// Sequences that pass at once.
    pub micro_batch: Option<usize>,
    /// Stage of ZeRO.
    pub zero: Option<usize>,
    /// `1f1b`, `zero_bubble` or `dualpipe`.
    pub schedule: Option<String>,
    /// `none`, `selective` or `full`.
    pub recompute: Option<String>,
}

impl Layout {
    /// Whether nothing is given, so that the best is looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What `perf train` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PerfTrainAnswer {
    /// Id of the model.
    pub model: String,
    /// Its name.
    pub model_name: String,
    /// Parameters, and those that a token uses.
    pub parameters: (f64, f64),
    /// Id of the chip.
    pub chip: String,
    /// Its name.
    pub chip_name: String,
    /// Precision that was computed with.
    pub precision: String,
    /// Precision asked for, where the chip lacks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<String>,
    /// Network.
    pub network: String,
    /// The step.
    pub step: Step,
    /// Seconds of a step.
    pub step_s: Range,
    /// Tokens per second and chip.
    pub tokens_per_s_per_chip: Range,
    /// Share of the dense 16-bit rate spent on the model.
    pub model_utilization: Range,
    /// Seconds by operator and cause, the largest first.
    pub operators: Vec<OperatorTime>,
    /// Bytes on the fullest chip.
    pub memory: Memory,
    /// The run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// Days of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<Range>,
    /// What a search saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchSummary>,
    /// What the constants rest on.
    pub calibration: String,
    /// What is not on record, with what was put in its place.
    pub assumed: Vec<String>,
    /// What identifies the data.
    pub data_version: String,
}

/// An operator's part of a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OperatorTime {
    /// The operator.
    pub operator: String,
    /// Seconds.
    pub seconds: f64,
    /// By cause, in seconds.
    pub parts: Parts,
}

/// What a search saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SearchSummary {
    /// Executions looked at.
    pub seen: usize,
    /// Executions that are possible and fit.
    pub valid: usize,
    /// The others, by reason.
    pub rejected: Rejected,
    /// Which limit the best one runs into.
    pub binding: Binding,
    /// The next ones, the fastest first.
    pub runners_up: Vec<Step>,
}

impl Operation for PerfTrain {
    const NAME: &'static str = "perf train";
    const SUMMARY: &'static str = "What training a model takes: time, memory, energy and cost.";
    type Request = PerfTrainRequest;
    type Answer = PerfTrainAnswer;

    fn run(workbench: &Workbench, request: &PerfTrainRequest) -> Result<PerfTrainAnswer, Failure> {
        train(workbench, request, &mut |_, _| {})
    }
}

/// Answers a request; `progress` hears of executions seen and valid while a search runs.
///
/// # Errors
/// [`Failure`].
pub fn train(
    workbench: &Workbench,
    request: &PerfTrainRequest,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<PerfTrainAnswer, Failure> {
    train_within(workbench, request, &Limits::default(), progress)
}

/// The same with limits for what a search may try.
///
/// # Errors
/// [`Failure`].
pub(crate) fn train_within(
    workbench: &Workbench,
    request: &PerfTrainRequest,
    limits: &Limits,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<PerfTrainAnswer, Failure> {
    check_numbers(request)?;
    let model = request.model.find(workbench)?;
    let setting = Setting::find(workbench, &request.chip, request.network.as_deref(), Software::Training)?;
    let data = workbench.performance()?;
    let asked = Scheme::parse(request.precision.as_deref().unwrap_or("bf16")).map_err(Failure::input)?;
    let specification = &setting.chosen.specification;
    let (precision, replaced) =
        instead_of(specification, asked, trained_in(&specification.accelerator, asked), request.strict)?;
    let constants = software::resolve(
        &data.calibration,
        "megatron",
        &data.families,
        specification.accelerator.family,
        &specification.id,
    );
    let means = Means { machine: &setting.machine, domain: &setting.domain, software: &constants.constants };
    let start = plan_of(request, precision)?;
    let found = if request.layout.is_empty() {
        Some(search(&model, &start, means, limits, progress).map_err(infeasible)?)
    } else {
        None
    };
    let step = match &found {
        Some(found) => found.best,
        None => Step::of(&model, &start, means).map_err(|error| {
            let fewest =
                || fewest_chips(&model, &start, specification.accelerator.memory_bytes, limits, MOST_CHIPS);
            infeasible(with_hint(error, start.chips, fewest))
        })?,
    };
    let failures = match request.failures_per_chip_day {
        Some(rate) => Failures { per_chip_day: rate, ..Failures::default() },
        None => Failures::default(),
    };
    let tariff = Tariff { per_chip_hour: request.price_per_chip_hour, ..Tariff::default() };
    let run = match request.tokens {
        Some(tokens) => Some(
            Run::of(&step, tokens, specification.accelerator.power, &failures, &tariff)
                .map_err(infeasible)?,
        ),
        None => None,
    };
    let (ground, spread) = setting.machine.ground(precision);
    let (ground, spread) = weaker((ground, spread), (constants.ground, constants.spread));
    let step_s = Range::around(step.seconds, spread.p90);
    Ok(PerfTrainAnswer {
        model: model.id.clone(),
        model_name: model.name.clone(),
        parameters: (model.total_parameters(), model.active_parameters()),
        chip: specification.id.clone(),
        chip_name: specification.name.clone(),
        precision: precision.name().to_owned(),
        replaced: replaced.map(|scheme| scheme.name().to_owned()),
        network: setting.network.name.clone(),
        step,
        step_s,
        tokens_per_s_per_chip: step_s.per(step.tokens / step.plan.chips as f64),
        model_utilization: step_s.per(step.model_utilization * step.seconds),
        operators: operators(&step),
        memory: step.memory,
        days: run.map(|run| step_s.times(run.days / step.seconds)),
        run,
        search: found.map(summary),
        calibration: ground.words().to_owned(),
        assumed: request.model.assumed(&model).into_iter().chain(setting.assumed()).collect(),
        data_version: workbench.data_version(),
    })
}

/// The weaker of two grounds and the larger of two spreads.
pub(crate) fn weaker(one: (Ground, Spread), other: (Ground, Spread)) -> (Ground, Spread) {
    let spread = if one.1.p90 >= other.1.p90 { one.1 } else { other.1 };
    (one.0.max(other.0), spread)
}

/// The precision in which a chip trains. Weights are not trained in fewer bits than they are
/// multiplied in: where the fallback would be narrow storage alone, 16 bits take its place.
fn trained_in(chip: &Accelerator, asked: Scheme) -> Scheme {
    let fallback = chip.supported(asked);
    let stored = matches!(fallback, Scheme::Int8Weight | Scheme::Int4Weight | Scheme::Mxfp4Weight);
    if stored && fallback != asked { chip.supported(Scheme::Bf16) } else { fallback }
}

/// Says how many chips would do, if more than there are are needed.
fn with_hint(error: TrainingError, chips: usize, fewest: impl FnOnce() -> Option<usize>) -> TrainingError {
    match error {
        TrainingError::DoesNotFit { needed_gb, available_gb, over_gb, part, part_gb, .. } => {
            let hint = Hint(fewest().filter(|fewest| *fewest > chips));
            TrainingError::DoesNotFit { needed_gb, available_gb, over_gb, part, part_gb, hint }
        }
        other => other,
    }
}

fn infeasible(error: TrainingError) -> Failure {
    match error {
        TrainingError::Zero { .. } | TrainingError::NotPositive { .. } => Failure::input(error.to_string()),
        _ => Failure::infeasible(error.to_string()),
    }
}

fn summary(found: Found) -> SearchSummary {
    SearchSummary {
        seen: found.seen,
        valid: found.valid,
        rejected: found.rejected,
        binding: found.binding,
        runners_up: found.runners_up,
    }
}

fn operators(step: &Step) -> Vec<OperatorTime> {
    let mut operators: Vec<OperatorTime> = step
        .time
        .parts
        .iter()
        .filter(|(_, estimate)| estimate.seconds() > 0.0)
        .map(|(operator, estimate)| OperatorTime {
            operator: operator.words().to_owned(),
            seconds: estimate.seconds(),
            parts: Parts::of(estimate, 1.0),
        })
        .collect();
    operators.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
    if step.time.bubble_s > 0.0 {
        operators.push(OperatorTime {
            operator: "bubble".to_owned(),
            seconds: step.time.bubble_s,
            parts: Parts::default(),
        });
    }
    operators
}

/// Tokens of a sequence if nobody says.
const USUAL_SEQUENCE: usize = 4096;
/// Sequences of a step, at least, if nobody says.
const USUAL_BATCH: usize = 4096;
/// More chips, tokens of a sequence or sequences of a step than this cannot be meant.
pub(crate) const MOST: usize = 1_000_000_000;

fn check_numbers(request: &PerfTrainRequest) -> Result<(), Failure> {
    let counts = [
        ("count", Some(request.count)),
        ("sequence", request.sequence),
        ("global batch", request.global_batch),
    ];
    for (name, count) in counts {
        if let Some(found) = count.filter(|count| !(1..=MOST).contains(count)) {
            return Err(Failure::input(format!("{name}: expected a number from 1 to {MOST}, found {found}")));
        }
    }
    let numbers = [
        ("price per chip and hour", request.price_per_chip_hour),
        ("failures per chip and day", request.failures_per_chip_day),
    ];
    for (name, number) in numbers {
        if let Some(found) = number.filter(|number| !(number.is_finite() && *number >= 0.0)) {
            return Err(Failure::input(format!("{name}: expected a number of at least 0, found {found}")));
        }
    }
    Ok(())
}

fn plan_of(request: &PerfTrainRequest, precision: Scheme) -> Result<Plan, Failure> {
    let layout = &request.layout;
    let usual = request.count.saturating_mul((USUAL_BATCH / request.count).max(2));
    let sharding = match layout.zero {
        None => Sharding::Optimizer,
        Some(stage) => Sharding::ALL
            .get(stage)
            .copied()
            .ok_or_else(|| Failure::input(format!("zero: expected a stage of 0 to 3, found {stage}")))?,
    };
    let schedule = match layout.schedule.as_deref() {
        None | Some("1f1b") => Schedule::OneForwardOneBackward,
        Some("zero_bubble") => Schedule::ZeroBubble,
        Some("dualpipe") => Schedule::DualPipe,
        Some(other) => {
            return Err(Failure::input(format!(
                "schedule: expected 1f1b, zero_bubble or dualpipe, found `{other}`"
            )));
        }
    };
    let recomputation = match layout.recompute.as_deref() {
        None | Some("none") => Recomputation::None,
        Some("selective") => Recomputation::Selective,
        Some("full") => Recomputation::Full,
        Some(other) => {
            return Err(Failure::input(format!(
                "recompute: expected none, selective or full, found `{other}`"
            )));
        }
    };
    let plan = Plan {
        chips: request.count,
        tensor: layout.tensor.unwrap_or(1),
        pipeline: layout.pipeline.unwrap_or(1),
        context: layout.context.unwrap_or(1),
        expert: layout.expert.unwrap_or(1),
        virtual_stages: layout.virtual_stages.unwrap_or(1),
        micro_batch: layout.micro_batch.unwrap_or(1),
        global_batch: request.global_batch.unwrap_or(usual),
        sequence: request.sequence.unwrap_or(USUAL_SEQUENCE),
        sharding,
        schedule,
        recomputation,
        precision,
        state: StateBytes::MIXED,
        ..Plan::default()
    };
    match layout.data.filter(|wanted| *wanted != plan.replicas()) {
        Some(wanted) => Err(Failure::infeasible(format!(
            "data parallelism {wanted}: {} chips with tensor {}, pipeline {} and context {} make {} copies",
            plan.chips,
            plan.tensor,
            plan.pipeline,
            plan.context,
            plan.replicas()
        ))),
        None => Ok(plan),
    }
}
