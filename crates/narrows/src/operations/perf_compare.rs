//! `perf compare`: what several chips do for one model, side by side.

use narrows_perf::training::Limits;
use narrows_perf::{Arithmetic, Scheme};
use serde::{Deserialize, Serialize};

use super::perf_serve::{PerfServeRequest, serve, usual_precision};
use super::perf_train::{Layout, PerfTrainRequest, train_within};
use crate::failure::{Failure, FailureKind};
use crate::operation::Operation;
use crate::performance::Range;
use crate::performance::chip_choice::ChipChoice;
use crate::performance::setting::ModelChoice;
use crate::workbench::Workbench;

/// Several chips, one model.
pub struct PerfCompare;

/// What `perf compare` is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerfCompareRequest {
    /// The model.
    pub model: ModelChoice,
    /// The chips; ratios are to the first that can do a task.
    pub chips: Vec<ChipChoice>,
    /// Chips of a training run.
    #[serde(default = "usual_training")]
    pub train_count: usize,
    /// Chips of a server.
    #[serde(default = "usual_serving")]
    pub serve_count: usize,
    /// Tokens of a prompt.
    #[serde(default = "usual_input")]
    pub input: f64,
    /// Tokens of an answer.
    #[serde(default = "usual_output")]
    pub output: f64,
    /// Mean time per output token at most, in seconds.
    #[serde(default = "usual_pace")]
    pub output_token_s: f64,
}

const fn usual_training() -> usize {
    1024
}

const fn usual_serving() -> usize {
    16
}

const fn usual_input() -> f64 {
    4096.0
}

const fn usual_output() -> f64 {
    1024.0
}

const fn usual_pace() -> f64 {
    0.05
}

impl PerfCompareRequest {
    /// A comparison with the usual sizes.
    #[must_use]
    pub fn usual(model: &str, chips: impl IntoIterator<Item = String>) -> Self {
        Self {
            model: ModelChoice::Name(model.to_owned()),
            chips: chips.into_iter().map(|name| ChipChoice::named(&name)).collect(),
            train_count: usual_training(),
            serve_count: usual_serving(),
            input: usual_input(),
            output: usual_output(),
            output_token_s: usual_pace(),
        }
    }
}

/// What `perf compare` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PerfCompareAnswer {
    /// Id of the model.
    pub model: String,
    /// Its name.
    pub model_name: String,
    /// What was asked.
    pub train_count: usize,
    /// Chips of a server.
    pub serve_count: usize,
    /// Tokens of a prompt and of an answer.
    pub lengths: (f64, f64),
    /// Mean time per output token at most, in seconds.
    pub output_token_s: f64,
    /// One row for each chip.
    pub chips: Vec<ComparedChip>,
    /// What identifies the data.
    pub data_version: String,
}

/// What one chip does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedChip {
    /// Id.
    pub chip: String,
    /// Name.
    pub name: String,
    /// Precision of products in training.
    pub precision: String,
    /// Precision of weights in serving: the narrowest that the chip has.
    pub serving_precision: String,
    /// What the constants rest on.
    pub calibration: String,
    /// Price band in US dollars, if the catalogue has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_usd: Option<(f64, f64)>,
    /// Tokens a second and chip in training.
    pub training: Task,
    /// Input tokens a second and chip, taking in prompts alone with the division that decodes
    /// best.
    pub prefill: Task,
    /// Output tokens a second and chip within the target.
    pub decoding: Task,
}

/// A figure of one chip, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// It can be done.
    Done {
        /// Tokens a second and chip.
        per_chip: Range,
        /// Over that of the first chip.
        #[serde(skip_serializing_if = "Option::is_none")]
        ratio: Option<f64>,
        /// Tokens a second for 1,000 US dollars of chips, at the middle of the price band.
        #[serde(skip_serializing_if = "Option::is_none")]
        per_thousand_usd: Option<f64>,
    },
    /// It cannot.
    Impossible(String),
}

impl Task {
    fn of(result: Result<Range, Failure>, price: Option<(f64, f64)>) -> Result<Self, Failure> {
        match result {
            Ok(per_chip) => Ok(Self::Done {
                per_chip,
                ratio: None,
                per_thousand_usd: price.map(|(low, high)| per_chip.value / ((low + high) / 2.0) * 1e3),
            }),
            Err(failure) if failure.kind == FailureKind::Infeasible => Ok(Self::Impossible(failure.message)),
            Err(failure) => Err(failure),
        }
    }

    /// Tokens a second and chip.
    #[must_use]
    pub const fn per_chip(&self) -> Option<Range> {
        match self {
            Self::Done { per_chip, .. } => Some(*per_chip),
            Self::Impossible(_) => None,
        }
    }

    fn compare(&mut self, first: Option<Range>) {
        if let (Self::Done { per_chip, ratio, .. }, Some(first)) = (self, first) {
            *ratio = Some(per_chip.value / first.value);
        }
    }
}

impl Operation for PerfCompare {
    const NAME: &'static str = "perf compare";
    const SUMMARY: &'static str = "What several chips do for one model, side by side.";
    type Request = PerfCompareRequest;
    type Answer = PerfCompareAnswer;

    fn run(workbench: &Workbench, request: &PerfCompareRequest) -> Result<PerfCompareAnswer, Failure> {
        compare(workbench, request, &mut |_| {})
    }
}

/// Answers a request; `told` hears of each chip.
///
/// # Errors
/// [`Failure`]; what a chip cannot do is an answer.
pub fn compare(
    workbench: &Workbench,
    request: &PerfCompareRequest,
    told: &mut dyn FnMut(&str),
) -> Result<PerfCompareAnswer, Failure> {
    let model = request.model.find(workbench)?;
    if request.chips.is_empty() {
        return Err(Failure::input("name at least one chip to compare"));
    }
    let mut chips = Vec::new();
    for choice in &request.chips {
        told(choice.name.as_deref().unwrap_or("a chip of your own"));
        chips.push(one(workbench, request, choice)?);
    }
    // Ratios are to the first chip that can do the task.
    let first = |task: fn(&ComparedChip) -> &Task| chips.iter().find_map(|chip| task(chip).per_chip());
    let [training, prefill, decoding] =
        [first(|chip| &chip.training), first(|chip| &chip.prefill), first(|chip| &chip.decoding)];
    for chip in &mut chips {
        chip.training.compare(training);
        chip.prefill.compare(prefill);
        chip.decoding.compare(decoding);
    }
    Ok(PerfCompareAnswer {
        model: model.id,
        model_name: model.name,
        train_count: request.train_count,
        serve_count: request.serve_count,
        lengths: (request.input, request.output),
        output_token_s: request.output_token_s,
        chips,
        data_version: workbench.data_version(),
    })
}

fn one(
    workbench: &Workbench,
    request: &PerfCompareRequest,
    choice: &ChipChoice,
) -> Result<ComparedChip, Failure> {
    let chosen = match choice.find(workbench) {
        Ok(chosen) => chosen,
        Err(failure) => return without_figures(workbench, choice, failure),
    };
    let accelerator = &chosen.specification.accelerator;
    // FP8 where the chip has it, INT8 weights do not train: else 16 bits.
    let narrow = accelerator.rate(Arithmetic::Fp8) > 0.0;
    let half = if chosen.chip.bounds("bf16_tops").is_some() { Scheme::Bf16 } else { Scheme::Fp16 };
    let precision = if narrow { Scheme::Fp8 } else { accelerator.supported(half) };
    let number = |figure: &str| Some(chosen.chip.bounds(figure)?.best()?.to_f64());
    let price = number("price_low_usd").map(|low| (low, number("price_high_usd").unwrap_or(low)));
    let training = train_within(
        workbench,
        &PerfTrainRequest {
            model: request.model.clone(),
            chip: choice.clone(),
            count: request.train_count,
            tokens: None,
            precision: Some(precision.name().to_owned()),
            sequence: None,
            global_batch: None,
            layout: Layout::default(),
            network: None,
            price_per_chip_hour: None,
            failures_per_chip_day: None,
            strict: false,
        },
        &FEW,
        &mut |_, _| {},
    );
    let serving = serve(
        workbench,
        &PerfServeRequest {
            model: request.model.clone(),
            chip: choice.clone(),
            count: request.serve_count,
            input: request.input,
            output: request.output,
            cached: 0.0,
            first_token_s: None,
            output_token_s: Some(request.output_token_s),
            concurrency: None,
            parallelism: None,
            precision: None,
            expert_precision: None,
            cache_precision: None,
            disaggregate: false,
            software: None,
            network: None,
            price_per_chip_hour: None,
            simulate: false,
            strict: false,
        },
        &mut |_| {},
    );
    let calibration = match (&training, &serving) {
        (_, Ok(serving)) => serving.calibration.clone(),
        (Ok(training), _) => training.calibration.clone(),
        _ => String::new(),
    };
    let prefill = serving.as_ref().map(|answer| answer.prefill_tokens_per_s_per_chip).map_err(Clone::clone);
    let serving_precision = usual_precision(&chosen.specification).name().to_owned();
    Ok(ComparedChip {
        chip: chosen.specification.id,
        name: chosen.specification.name,
        precision: precision.name().to_owned(),
        serving_precision,
        calibration,
        price_usd: price,
        training: Task::of(training.map(|answer| answer.tokens_per_s_per_chip), price)?,
        prefill: Task::of(prefill, price)?,
        decoding: Task::of(serving.map(|answer| answer.output_tokens_per_s_per_chip), price)?,
    })
}

/// A chip of the catalogue of which too little is on record; any other failure stays one.
fn without_figures(
    workbench: &Workbench,
    choice: &ChipChoice,
    failure: Failure,
) -> Result<ComparedChip, Failure> {
    let Some(name) =
        choice.name.as_deref().filter(|_| failure.kind == FailureKind::Input && choice.set.is_empty())
    else {
        return Err(failure);
    };
    let chip = workbench.chips()?.find(name)?.chip;
    let why = || Task::Impossible(failure.message.clone());
    Ok(ComparedChip {
        chip: chip.id.clone(),
        name: chip.name.clone(),
        precision: String::new(),
        serving_precision: String::new(),
        calibration: String::new(),
        price_usd: None,
        training: why(),
        prefill: why(),
        decoding: why(),
    })
}

/// A search small enough for a row of a table.
const FEW: Limits = Limits {
    tensor: 8,
    pipeline: 32,
    context: 1,
    expert: 64,
    micro_batch: 4,
    virtual_stages: 4,
    runners_up: 0,
};
