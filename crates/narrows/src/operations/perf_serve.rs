//! `perf serve`: what serving a model gives on so many chips.

use narrows_perf::serving::host;
use narrows_perf::serving::profile::{Lengths, Policy, Profile};
use narrows_perf::serving::search::{Constraint, Execution, Search};
use narrows_perf::serving::simulation::{Replay, Replayed, replay};
use narrows_perf::serving::{Batch, Deployment, Indivisible, Load, Memory, Parallelism, Part, Step, Worker};
use narrows_perf::{Scheme, Software, Specification};
use narrows_quantity::{did_you_mean, nearest};
use serde::{Deserialize, Serialize};

use super::perf_op::replaced_precision;
use super::perf_train::{MOST, OperatorTime, weaker};
use crate::failure::Failure;
use crate::operation::Operation;
use crate::performance::chip_choice::ChipChoice;
use crate::performance::setting::{ModelChoice, Setting};
use crate::performance::{Parts, Range};
use crate::workbench::Workbench;

/// Serving of a model.
pub struct PerfServe;

/// What `perf serve` is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerfServeRequest {
    /// The model.
    pub model: ModelChoice,
    /// The chip.
    pub chip: ChipChoice,
    /// How many of them.
    pub count: usize,
    /// Tokens of a prompt, on average.
    pub input: f64,
    /// Tokens of an answer, on average.
    pub output: f64,
    /// Share of prompts that is found in the prefix cache.
    #[serde(default)]
    pub cached: f64,
    /// Mean time to first token at most, in seconds.
    #[serde(default)]
    pub first_token_s: Option<f64>,
    /// Mean time per output token at most, in seconds.
    #[serde(default)]
    pub output_token_s: Option<f64>,
    /// Requests under way at once; searched if not given.
    #[serde(default)]
    pub concurrency: Option<f64>,
    /// How the model is divided on a worker; searched if not given.
    #[serde(default)]
    pub parallelism: Option<GivenParallelism>,
    /// Precision of dense weights.
    #[serde(default)]
    pub precision: Option<String>,
    /// Precision of experts; that of dense weights if not given.
    #[serde(default)]
    pub expert_precision: Option<String>,
    /// Precision of cached keys and values.
    #[serde(default)]
    pub cache_precision: Option<String>,
    /// Whether prompts may have workers of their own.
    #[serde(default)]
    pub disaggregate: bool,
    /// `trtllm`, `vllm` or `sglang`.
    #[serde(default)]
    pub software: Option<String>,
    /// Name of the network; the one in which the chip is usually sold if none.
    #[serde(default)]
    pub network: Option<String>,
    /// Money for a chip and hour.
    #[serde(default)]
    pub price_per_chip_hour: Option<f64>,
    /// Whether requests are replayed one by one, for percentiles.
    #[serde(default)]
    pub simulate: bool,
    /// Refuse a precision that the chip lacks instead of taking the fallback.
    #[serde(default)]
    pub strict: bool,
}

/// How a model is divided on a worker, as far as it is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenParallelism {
    /// Chips that share each attention layer.
    pub tensor: Option<usize>,
    /// Stages of layers.
    pub pipeline: Option<usize>,
    /// Groups that attend to different sequences.
    pub attention_data: Option<usize>,
    /// Groups of chips that hold different experts.
    pub expert: Option<usize>,
}

/// What `perf serve` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PerfServeAnswer {
    /// Id of the model.
    pub model: String,
    /// Its name.
    pub model_name: String,
    /// Id of the chip.
    pub chip: String,
    /// Its name.
    pub chip_name: String,
    /// Chips at hand.
    pub count: usize,
    /// Precision that was computed with.
    pub precision: String,
    /// Precision asked for, where the chip lacks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<String>,
    /// Network.
    pub network: String,
    /// Software whose overheads are counted.
    pub software: String,
    /// The execution.
    pub execution: Execution,
    /// Mean time to first token, in seconds.
    pub first_token_s: Range,
    /// Mean time per output token, in seconds.
    pub output_token_s: Range,
    /// Output tokens a second and chip.
    pub output_tokens_per_s_per_chip: Range,
    /// Input tokens a second and chip, cached ones included.
    pub input_tokens_per_s_per_chip: Range,
    /// Input tokens that a chip takes in a second when it does nothing else, cached ones not
    /// counted.
    pub prefill_tokens_per_s_per_chip: Range,
    /// Millions of output tokens for a US dollar, if a price is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub million_output_tokens_per_usd: Option<Range>,
    /// Joules for an output token at the chips' rated power: an upper bound.
    pub joules_per_output_token: f64,
    /// Seconds of a decoding step by operator and cause, the largest first.
    pub operators: Vec<OperatorTime>,
    /// Bytes on the fullest chip that decodes.
    pub memory: Memory,
    /// Sequences that memory lets in at once on a worker.
    pub capacity: f64,
    /// What a search saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<ServeSearch>,
    /// Percentiles, if requests were replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replayed: Option<Replayed>,
    /// What the constants rest on.
    pub calibration: String,
    /// What is not on record, with what was put in its place.
    pub assumed: Vec<String>,
    /// What identifies the data.
    pub data_version: String,
}

/// What a search saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServeSearch {
    /// Executions looked at.
    pub seen: usize,
    /// Executions that fit.
    pub valid: usize,
    /// What keeps the best from being faster.
    pub binding: Constraint,
    /// The next best that divide the model otherwise.
    pub runners_up: Vec<Execution>,
    /// Executions that no other beats in both output per chip and time per output token.
    pub pareto: Vec<Execution>,
}

/// Names of serving software.
const SOFTWARE: [(&str, Software); 3] =
    [("trtllm", Software::TensorRtLlm), ("vllm", Software::Vllm), ("sglang", Software::Sglang)];

impl Operation for PerfServe {
    const NAME: &'static str = "perf serve";
    const SUMMARY: &'static str = "What serving a model gives: throughput, times, memory and cost.";
    type Request = PerfServeRequest;
    type Answer = PerfServeAnswer;

    fn run(workbench: &Workbench, request: &PerfServeRequest) -> Result<PerfServeAnswer, Failure> {
        serve(workbench, request, &mut |_| {})
    }
}

/// Answers a request; `progress` hears of executions seen while a search runs.
///
/// # Errors
/// [`Failure`].
pub fn serve(
    workbench: &Workbench,
    request: &PerfServeRequest,
    progress: &mut dyn FnMut(usize),
) -> Result<PerfServeAnswer, Failure> {
    check_numbers(request)?;
    let name = request.software.as_deref().unwrap_or("trtllm");
    let software = software_of(name)?;
    let model = request.model.find(workbench)?;
    let setting = Setting::find(workbench, &request.chip, request.network.as_deref(), software)?;
    let specification = &setting.chosen.specification;
    let given = |name: &Option<String>, usual: Scheme| match name {
        Some(name) => Scheme::parse(name).map_err(Failure::input),
        None => Ok(usual),
    };
    let asked = given(&request.precision, usual_precision(specification))?;
    let (precision, replaced) = replaced_precision(specification, asked, request.strict)?;
    let mut deployment = Deployment::new(Parallelism::tensor(1), precision);
    let asked = given(&request.expert_precision, precision)?;
    (deployment.experts, _) = replaced_precision(specification, asked, request.strict)?;
    deployment.cache = given(&request.cache_precision, deployment.cache)?;
    let data = workbench.performance()?;
    let overheads = [false, true].map(|apart| {
        host::resolve(
            &data.calibration,
            &host::variants(software, model.has_experts(), apart),
            &data.families,
            specification.accelerator.family,
            &specification.id,
        )
    });
    let [together, apart] = &overheads;
    let question = Question {
        search: Search {
            model: &model,
            machine: &setting.machine,
            domain: setting.domain,
            deployment,
            lengths: Lengths { input: request.input, output: request.output, cached: request.cached },
            chips: request.count,
            concurrency: request.concurrency,
            first_token_s: request.first_token_s.unwrap_or(f64::INFINITY),
            output_token_s: request.output_token_s.unwrap_or(f64::INFINITY),
            disaggregate: request.disaggregate,
            policy: Policy::default(),
            overheads: together.constants,
            overheads_apart: apart.constants,
            only: None,
        },
        request,
    };
    let (execution, search) = question.execution(progress)?;
    let overheads = if execution.prefill.is_some() { apart } else { together };
    let answer = question.answer(&execution)?;
    let (ground, spread) = weaker(setting.machine.ground(precision), (overheads.ground, overheads.spread));
    let chips = execution.chips as f64;
    let steady = execution.steady;
    let output_token_s = Range::around(steady.output_token_s, spread.p90);
    let rate = |per_s: f64| output_token_s.per(steady.output_token_s * per_s / chips);
    let output = rate(steady.output_tokens_per_s);
    let prefill = Range::around(answer.prefill_s, spread.p90);
    Ok(PerfServeAnswer {
        model: model.id.clone(),
        model_name: model.name.clone(),
        chip: specification.id.clone(),
        chip_name: specification.name.clone(),
        count: request.count,
        precision: precision.name().to_owned(),
        replaced: replaced.map(|scheme| scheme.name().to_owned()),
        network: setting.network.name.clone(),
        software: name.to_owned(),
        execution,
        first_token_s: Range::around(steady.first_token_s, spread.p90),
        output_token_s,
        output_tokens_per_s_per_chip: output,
        input_tokens_per_s_per_chip: rate(steady.input_tokens_per_s),
        prefill_tokens_per_s_per_chip: prefill.per(answer.prefill_tokens),
        million_output_tokens_per_usd: request
            .price_per_chip_hour
            .filter(|price| *price > 0.0)
            .map(|price| output.times(3600.0 / price / 1e6)),
        joules_per_output_token: specification.accelerator.power * chips / steady.output_tokens_per_s,
        operators: operators(&answer.step),
        memory: answer.memory,
        capacity: answer.capacity,
        search,
        replayed: answer.replayed,
        calibration: ground.words().to_owned(),
        assumed: request.model.assumed(&model).into_iter().chain(setting.assumed()).collect(),
        data_version: workbench.data_version(),
    })
}

/// The narrowest arithmetic of whole weights that a chip has: FP8, INT8, else 16 bits.
pub(crate) fn usual_precision(chip: &Specification) -> Scheme {
    let has = |scheme: &Scheme| chip.accelerator.rate(scheme.arithmetic()) > 0.0;
    let narrow = [Scheme::Fp8, Scheme::Int8].into_iter().find(has);
    narrow.unwrap_or_else(|| chip.accelerator.supported(Scheme::Bf16))
}

fn check_numbers(request: &PerfServeRequest) -> Result<(), Failure> {
    if request.disaggregate && request.parallelism.is_some() {
        return Err(Failure::input(
            "a division of one worker and workers of their own for prompts cannot be given together: the latter are \
             searched",
        ));
    }
    let numbers = [
        ("input", Some(request.input), 1.0),
        ("output", Some(request.output), 1.0),
        ("ttft", request.first_token_s, 0.0),
        ("tpot", request.output_token_s, 0.0),
        ("concurrency", request.concurrency, 1.0),
    ];
    let most = MOST as f64;
    for (name, value, least) in numbers {
        if let Some(found) = value.filter(|value| !((least..=most).contains(value) && *value > 0.0)) {
            return Err(Failure::input(format!(
                "{name}: expected a number from {least} to {most:e}, found {found:?}"
            )));
        }
    }
    if let Some(found) = request.price_per_chip_hour.filter(|price| !(price.is_finite() && *price >= 0.0)) {
        return Err(Failure::input(format!(
            "price per chip and hour: expected a number of at least 0, found {found}"
        )));
    }
    if !(0.0..1.0).contains(&request.cached) {
        return Err(Failure::input(format!(
            "cached: expected a share from 0 to below 1, found {}",
            request.cached
        )));
    }
    if !(1..=MOST).contains(&request.count) {
        return Err(Failure::input(format!(
            "count: expected a number from 1 to {MOST}, found {}",
            request.count
        )));
    }
    Ok(())
}

fn software_of(name: &str) -> Result<Software, Failure> {
    let found = SOFTWARE.iter().find(|(known, _)| *known == name);
    found.map(|(_, software)| *software).ok_or_else(|| {
        let names = SOFTWARE.map(|(known, _)| known);
        let hint = nearest(name, names.into_iter());
        Failure::input(format!(
            "unknown serving software `{name}`{}; expected one of {}",
            did_you_mean(hint.as_deref()),
            names.join(", ")
        ))
    })
}

/// A request with everything found that it names.
struct Question<'a> {
    search: Search<'a>,
    request: &'a PerfServeRequest,
}

/// What is said about an execution beside its steady state.
struct Details {
    step: Step,
    memory: Memory,
    capacity: f64,
    prefill_s: f64,
    prefill_tokens: f64,
    replayed: Option<Replayed>,
}

impl<'a> Question<'a> {
    fn worker(&self, parallelism: Parallelism) -> Result<Worker<'a>, Failure> {
        let deployment = Deployment { parallelism, ..self.search.deployment };
        Worker::new(self.search.model, self.search.machine, self.search.domain, deployment).map_err(|error| {
            match error {
                Indivisible::Zero(_) => Failure::input(error.to_string()),
                _ => Failure::infeasible(error.to_string()),
            }
        })
    }

    fn execution(
        &self,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(Execution, Option<ServeSearch>), Failure> {
        let only = match self.request.parallelism {
            Some(given) => Some(self.given(given)?),
            None => None,
        };
        let found = Search { only, ..self.search }.run(progress);
        let search = ServeSearch {
            seen: found.candidates,
            valid: found.valid,
            binding: found.binding,
            runners_up: found.runners_up,
            pareto: found.pareto,
        };
        match found.best {
            Some(best) => Ok((best, Some(search))),
            None => Err(self.why_nothing(&search)),
        }
    }

    fn why_nothing(&self, search: &ServeSearch) -> Failure {
        let chips = self.request.count;
        // Where nothing fits, the division with the least weights on a chip says by how much.
        if search.valid == 0 {
            let has_experts = self.search.model.has_experts();
            let sizes =
                (0..usize::BITS).rev().map(|exponent| 1_usize << exponent).filter(|size| *size <= chips);
            let mut wholes =
                sizes.map(if has_experts { Parallelism::tensor_expert } else { Parallelism::tensor });
            let step_tokens = self.search.policy.step_tokens.min(self.request.input);
            if let Some(worker) = wholes.find_map(|whole| self.worker(whole).ok())
                && let Err(error) = worker.capacity(self.request.input + self.request.output, step_tokens)
            {
                return Failure::infeasible(error.to_string());
            }
            return Failure::infeasible(format!(
                "none of {} ways to divide the model among {chips} chips works",
                search.seen
            ));
        }
        let fastest = search.pareto.iter().map(|one| one.steady.output_token_s).fold(f64::INFINITY, f64::min);
        Failure::infeasible(format!(
            "none of {} executions meets the targets; what binds is the {}; the least time per output token found is \
             {:.1} ms",
            search.valid,
            constraint_words(search.binding),
            fastest * 1e3
        ))
    }

    /// The division that the asker describes.
    fn given(&self, given: GivenParallelism) -> Result<Parallelism, Failure> {
        let (tensor, pipeline) = (given.tensor.unwrap_or(1), given.pipeline.unwrap_or(1));
        let attention_data = given.attention_data.unwrap_or(1);
        let stage = tensor.saturating_mul(attention_data);
        let expert = given.expert.unwrap_or(1);
        if expert == 0 {
            return Err(Failure::input("expert parallelism: expected at least 1, found 0"));
        }
        if expert > 1 && !self.search.model.has_experts() {
            return Err(Failure::infeasible(format!(
                "expert parallelism {expert}: the model has no experts; expected 1"
            )));
        }
        if stage % expert != 0 {
            return Err(Failure::infeasible(format!(
                "expert parallelism {expert}: expected a divisor of the {stage} chips of a stage"
            )));
        }
        let parallelism =
            Parallelism { tensor, pipeline, attention_data, expert_tensor: stage / expert, expert };
        let worker = self.worker(parallelism)?;
        let workers = self.request.count / worker.chips().max(1);
        if workers == 0 {
            return Err(Failure::infeasible(format!(
                "a worker takes {} chips, there are {}",
                worker.chips(),
                self.request.count
            )));
        }
        worker
            .capacity(self.request.input + self.request.output, self.request.input)
            .map_err(|error| Failure::infeasible(error.to_string()))?;
        Ok(parallelism)
    }

    fn answer(&self, execution: &Execution) -> Result<Details, Failure> {
        let worker = self.worker(execution.parallelism)?;
        let lengths = self.search.lengths;
        let each = execution.clients / execution.workers.max(1) as f64;
        let decoding = (execution.steady.decoding / execution.workers.max(1) as f64).max(1.0);
        let policy = self.search.policy;
        let profile = Profile::new(&worker, lengths, each, policy)
            .map_err(|error| Failure::infeasible(error.to_string()))?;
        let takes_prompts = self.worker(execution.prefill.unwrap_or(execution.parallelism))?;
        let alone = Policy { mixes: false, ..policy };
        let prompts = Profile::new(&takes_prompts, Lengths { output: 1.0, ..lengths }, each.max(64.0), alone)
            .map_err(|error| Failure::infeasible(error.to_string()))?;
        let overheads = match execution.prefill {
            Some(_) => &self.search.overheads_apart,
            None => &self.search.overheads,
        };
        let prefill_s = prompts.prompt_seconds(prompts.full_prompts(), overheads) * prompts.chips;
        let replayed = (self.request.simulate && execution.prefill.is_none()).then(|| {
            let load = Load { concurrency: each, lengths, rounds: 10.0 };
            let load = Replay { load, spread: 0.2, pause_s: 0.05, seed: 1, with_first_round: false };
            replay(&profile, load, &self.search.overheads)
        });
        Ok(Details {
            step: worker.step(&Batch::decode(decoding, lengths.context())),
            memory: worker.memory(decoding, lengths.context(), policy.step_tokens),
            capacity: profile.capacity,
            prefill_s,
            prefill_tokens: lengths.computed(),
            replayed,
        })
    }
}

/// Words for what binds.
#[must_use]
pub const fn constraint_words(constraint: Constraint) -> &'static str {
    match constraint {
        Constraint::FirstToken => "target of time to first token",
        Constraint::OutputToken => "target of time per output token",
        Constraint::Memory => "memory",
        Constraint::Chips => "number of chips",
        Constraint::None => "chip itself",
    }
}

fn operators(step: &Step) -> Vec<OperatorTime> {
    let mut operators: Vec<OperatorTime> = Part::ALL
        .into_iter()
        .map(|part| (part, step.part(part)))
        .filter(|(_, estimate)| estimate.seconds() > 0.0)
        .map(|(part, estimate)| OperatorTime {
            operator: part.words().to_owned(),
            seconds: estimate.seconds(),
            parts: Parts::of(estimate, 1.0),
        })
        .collect();
    operators.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
    operators
}
