//! A row with a training result, as the engine understands it.

use narrows_perf::model::{AttentionCount, Model, Models};
use narrows_perf::training::{Overlap, Plan, Recomputation, Schedule, Sharding, StateBytes};
use narrows_perf::{Arithmetic, Scheme, Specification};

use super::layout::Layout;
use crate::table::Row;

/// Frameworks whose steps differ; the name under which their constants are on file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Framework {
    /// PyTorch's FSDP in llm-foundry.
    Foundry,
    /// Megatron-Core in NeMo and Megatron-Bridge.
    Nemo,
    /// Megatron-LM before FlashAttention.
    EarlyMegatron,
    /// Megatron-LM since, and what is built like it.
    Megatron,
    /// MindSpeed on Ascend.
    Mindspeed,
    /// What Huawei trains its largest models with: MindSpeed with the exchange among experts
    /// and tensor parallelism hidden (arXiv 2505.04519, section 4).
    Pangu,
    /// JAX on TPUs.
    Jax,
    /// DeepSeek's own.
    Deepseek,
    /// Gaudi's.
    Habana,
}

impl Framework {
    /// Name on file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Foundry => "llm_foundry",
            Self::Nemo => "nemo",
            Self::EarlyMegatron => "early_megatron",
            Self::Megatron => "megatron",
            Self::Mindspeed => "mindspeed",
            Self::Pangu => "pangu",
            Self::Jax => "jax",
            Self::Deepseek => "deepseek",
            Self::Habana => "habana",
        }
    }

    fn of(row: Row<'_>, layout: &Layout) -> Self {
        let text = |column| row.text(column).to_lowercase();
        let (source, notes, chip) = (text("source_url"), text("notes"), text("chip"));
        let parallelism = text("parallelism");
        let told = [source.as_str(), notes.as_str(), parallelism.as_str()];
        let says = |word: &str| told.iter().any(|text| text.contains(word));
        if says("llm-foundry") || says("mosaic") || parallelism.contains("fsdp=full_shard") {
            return Self::Foundry;
        }
        if says("nemo") || says("megatron-bridge") || says("mlperf") && !chip.contains("gaudi") {
            return Self::Nemo;
        }
        if chip.contains("tpu") {
            return Self::Jax;
        }
        if chip.contains("gaudi") {
            return Self::Habana;
        }
        if text("model").contains("pangu") || says("2505.04519") {
            return Self::Pangu;
        }
        if chip.contains("ascend") || chip.contains("910") || says("mindspeed") {
            return Self::Mindspeed;
        }
        if layout.schedule == Some(Schedule::DualPipe) || says("2412.19437") || says("2505.09343") {
            return Self::Deepseek;
        }
        // Papers of 2021 and 2022, before scores stayed on the chip.
        let old = row.text("precision").eq_ignore_ascii_case("fp16") && says("megatron");
        if old || says("2104.04473") || says("2205.05198") || says("2201.11990") {
            return Self::EarlyMegatron;
        }
        Self::Megatron
    }
}

/// Which operations a utilization counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    /// PaLM's: six for each parameter, attention in full.
    Palm,
    /// Megatron's for GPT shapes, with or without what is computed again.
    Megatron { recomputes: bool },
    /// Six for each parameter that is multiplied, attention causally.
    Causal,
}

/// What a row states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Metric {
    /// Percent of the dense 16-bit rate.
    Utilization(Counted),
    /// Tera-operations per second and chip.
    Rate(Counted),
    /// Tokens per second and chip.
    TokensPerChip,
    /// Tokens per second.
    Tokens,
    /// Seconds of a step.
    Seconds,
    /// Chip-hours for so many tokens, in millions.
    ChipHours { million_tokens: u64 },
    /// Billions of tokens a day.
    BillionTokensPerDay,
    /// Minutes for so many tokens, in millions.
    Minutes { million_tokens: u64 },
}

/// A row as the engine understands it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The row's id.
    pub id: String,
    /// Name of the chip in the table.
    pub chip: String,
    /// Framework.
    pub framework: Framework,
    /// The model.
    pub model: Model,
    /// The plan as far as it is given; what is not is the framework's default.
    pub plan: Plan,
    /// Whether the division is not given and has to be searched.
    pub searched: bool,
    /// Whether chunks of stages are not given, in a framework that has them.
    pub interleaves: bool,
    /// Whether the micro batch is not given: the fastest that fits is taken.
    pub batches_freely: bool,
    /// Whether recomputation is not given: the least with which it fits is taken.
    pub recomputes_if_needed: bool,
    /// What is stated.
    pub observed: f64,
    /// What must stay together when rows are left out.
    pub configuration: String,
    /// Parts of the layout that were not understood.
    pub unknown: Vec<String>,
    metric: Metric,
}

/// Tokens until the target quality of MLPerf's GPT-3 benchmark: the reference converges
/// after 565,248 samples of 2,048 tokens (mlcommons/training, large_language_model, RCPs).
const MLPERF_GPT3_MILLION_TOKENS: u64 = 1158;
/// The same for Llama 3.1 405B: 322,560 samples of 8,192 tokens.
const MLPERF_LLAMA_MILLION_TOKENS: u64 = 2642;
/// Tokens of a step where none are given.
const USUAL_TOKENS: usize = 4 << 20;

impl Case {
    /// Reads a row.
    ///
    /// # Errors
    /// Why it has no meaning as a training result.
    pub fn read(row: Row<'_>, models: &Models, chip: &Specification) -> Result<Self, String> {
        let named = models.find(row.text("model")).map_err(|error| error.to_string())?;
        let layout = Layout::read(row.text("parallelism"));
        let framework = Framework::of(row, &layout);
        let mut model = named.model;
        // Published steps of models with further-token modules train them, unless said otherwise.
        if named.prediction == Some(false) || framework == Framework::Nemo && named.prediction.is_none() {
            model = model.without_prediction();
        }
        let precision = read_precision(row.text("precision"), chip);
        // Grouped products of experts have no 4-bit path in these frameworks: published steps
        // of the same model take as long with 4 bits as with 8.
        let precision = match precision {
            Scheme::Nvfp4 if model.has_experts() => Scheme::Fp8Block,
            other => other,
        };
        let sequence = read_count(row.text("seq_in")).unwrap_or_else(|| usual_sequence(&model));
        let chips = read_count(row.text("n_chips")).unwrap_or(8);
        let drops_tokens = named.drops_tokens;
        let mut plan =
            Plan { chips, sequence, precision, drops_tokens, ..framework_plan(framework, &layout) };
        fill(&mut plan, &layout, framework, &model);
        plan.global_batch = read_batch(row, &plan, &layout);
        fit_batch(&mut plan);
        let metric = read_metric(row, framework, &plan, &model)?;
        let column = |name: &str| row.text(name).to_lowercase();
        let parts = ["model", "chip", "n_chips", "precision", "parallelism", "batch", "seq_in"];
        Ok(Self {
            id: row.text("id").to_owned(),
            chip: row.text("chip").to_owned(),
            framework,
            plan,
            searched: layout.is_empty(),
            interleaves: layout.virtual_stages.is_none()
                && framework == Framework::Megatron
                && plan.schedule == Schedule::OneForwardOneBackward
                && plan.pipeline > 1,
            batches_freely: layout.micro_batch.is_none() && layout.accumulation.is_none(),
            recomputes_if_needed: layout.recomputation.is_none() && framework != Framework::Deepseek,
            observed: row.number("value")?,
            configuration: parts.map(column).join(" "),
            unknown: layout.unknown,
            metric,
            model,
        })
    }

    /// The row's value, in its own unit, if a step takes `seconds`.
    #[must_use]
    pub fn value(&self, seconds: f64, chip: &Specification) -> f64 {
        let plan = &self.plan;
        let (chips, tokens) = (plan.chips as f64, plan.tokens());
        let per_second = tokens / seconds;
        let half = chip.accelerator.rate(Arithmetic::Bf16);
        let rate = |counted| self.flops(counted) / seconds / chips;
        match self.metric {
            Metric::Utilization(counted) => 100.0 * rate(counted) / half,
            Metric::Rate(counted) => rate(counted) * 1e-12,
            Metric::TokensPerChip => per_second / chips,
            Metric::Tokens => per_second,
            Metric::Seconds => seconds,
            Metric::ChipHours { million_tokens } => million_tokens as f64 * 1e6 / per_second / 3600.0 * chips,
            Metric::BillionTokensPerDay => per_second * 86_400.0 * 1e-9,
            Metric::Minutes { million_tokens } => million_tokens as f64 * 1e6 / per_second / 60.0,
        }
    }

    fn flops(&self, counted: Counted) -> f64 {
        let (batch, sequence) = (self.plan.global_batch as f64, self.plan.sequence as f64);
        match counted {
            Counted::Palm => batch * sequence * self.model.palm_flops_per_token(sequence),
            Counted::Megatron { recomputes } => self.model.megatron_flops(batch, sequence, recomputes),
            Counted::Causal => {
                let model = &self.model;
                let flops = model.training_flops_per_token(sequence, AttentionCount::Causal);
                batch * sequence * flops
            }
        }
    }
}

fn usual_sequence(model: &Model) -> usize {
    model.maximum_context.clamp(1, 4096)
}

/// A count, perhaps with a unit behind it.
fn read_count(text: &str) -> Option<usize> {
    let number = text.split_whitespace().next()?.replace([',', '~'], "");
    number.parse::<f64>().ok().filter(|value| *value >= 1.0).map(|value| value as usize)
}

fn read_precision(text: &str, chip: &Specification) -> Scheme {
    let first = text.split('(').next().unwrap_or_default().trim().to_lowercase();
    let scheme = match first.as_str() {
        // The pages that leave it out are of the time when 8 bits were the default.
        "" => Scheme::Fp8,
        "mxfp8" | "fp8-mx" | "fp8-sc" | "fp8_block" | "fp8-blockwise" => Scheme::Fp8Block,
        "fp8" | "fp8-cs" | "fp8-ds" | "fp8_cs" | "fp8_ds" => Scheme::Fp8,
        "fp16" => Scheme::Fp16,
        other => Scheme::parse(other).unwrap_or(Scheme::Bf16),
    };
    chip.accelerator.supported(scheme)
}

/// What frameworks do unless told otherwise.
fn framework_plan(framework: Framework, layout: &Layout) -> Plan {
    let usual = Plan::default();
    match framework {
        Framework::Foundry => Plan {
            sharding: Sharding::Parameters,
            state: StateBytes::SHARDED,
            sequence_parallel: false,
            ..usual
        },
        Framework::EarlyMegatron => Plan {
            sharding: Sharding::None,
            sequence_parallel: layout.sequence_parallel.unwrap_or(false),
            writes_scores: true,
            dropout: true,
            // The papers of 2021 recompute everything and say so in their count.
            recomputation: Recomputation::Full,
            state: StateBytes { reduced: 2.0, ..StateBytes::MIXED },
            ..usual
        },
        // Gradients in 16 bits; the exchange among experts is hidden under another micro
        // batch where stages have chunks (Megatron-Core, overlap_moe_expert_parallel_comm).
        Framework::Nemo => Plan {
            state: StateBytes { reduced: 2.0, gradient: 2.0, ..StateBytes::MIXED },
            overlap: Overlap {
                tensor: 0.5,
                expert: if layout.virtual_stages.is_some_and(|chunks| chunks > 1) { 0.6 } else { 0.0 },
                ..Overlap::USUAL
            },
            ..usual
        },
        Framework::Deepseek => Plan {
            state: StateBytes::LEAN,
            schedule: Schedule::DualPipe,
            recomputation: Recomputation::Selective,
            ..usual
        },
        Framework::Pangu => {
            Plan { overlap: Overlap { tensor: 0.7, expert: 0.9, pipeline: 0.8, ..Overlap::USUAL }, ..usual }
        }
        Framework::Jax => Plan { sharding: Sharding::Parameters, state: StateBytes::SHARDED, ..usual },
        Framework::Megatron | Framework::Mindspeed | Framework::Habana => usual,
    }
}

fn fill(plan: &mut Plan, layout: &Layout, framework: Framework, model: &Model) {
    let or = |value: Option<usize>, other: usize| value.unwrap_or(other);
    plan.tensor = or(layout.tensor, plan.tensor);
    plan.pipeline = or(layout.pipeline, plan.pipeline);
    plan.context = or(layout.context, plan.context);
    plan.expert = if model.has_experts() { or(layout.expert, plan.expert) } else { 1 };
    plan.micro_batch = or(layout.micro_batch, plan.micro_batch);
    plan.virtual_stages = or(layout.virtual_stages, plan.virtual_stages);
    plan.sharding = layout.sharding.unwrap_or(plan.sharding);
    plan.shard_ranks = or(layout.shard_ranks, plan.shard_ranks);
    plan.recomputation = layout.recomputation.unwrap_or(plan.recomputation);
    plan.schedule = layout.schedule.unwrap_or(plan.schedule);
    if let Some(sequence_parallel) = layout.sequence_parallel {
        plan.sequence_parallel = sequence_parallel;
    }
    if plan.pipeline < 2 || plan.schedule != Schedule::OneForwardOneBackward {
        plan.virtual_stages = 1;
    }
    while plan.virtual_stages > 1 && plan.pipeline * plan.virtual_stages > model.layer_count() {
        plan.virtual_stages -= 1;
    }
    if let Some(data) = layout.data {
        // Replicas that are stated along with all else settle the number of chips.
        let whole = data * plan.model_chips();
        if whole != plan.chips && !plan.chips.is_multiple_of(plan.model_chips()) {
            plan.chips = whole;
        }
    }
    if !plan.chips.is_multiple_of(plan.model_chips()) {
        plan.chips = (plan.chips / plan.model_chips()).max(1) * plan.model_chips();
    }
    if model.has_experts() && plan.expert > 1 {
        // MindSpeed counts expert parallelism besides tensor parallelism (moe-tp-extend-ep).
        if matches!(framework, Framework::Mindspeed | Framework::Pangu) {
            plan.expert *= plan.tensor;
        }
        // `6K` chips are about as many: as many as the layout divides.
        let group = least_common_multiple(plan.model_chips(), plan.pipeline * plan.expert);
        if plan.chips >= group {
            plan.chips -= plan.chips % group;
        }
        while plan.expert > 1 && !(plan.chips / plan.pipeline).is_multiple_of(plan.expert) {
            plan.expert /= 2;
        }
    }
}

fn least_common_multiple(one: usize, other: usize) -> usize {
    let (mut divisor, mut rest) = (one.max(1), other.max(1));
    while rest > 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    one.max(1) / divisor * other.max(1)
}

/// Sequences of a step: a number, `16M tokens`, or nothing.
fn read_batch(row: Row<'_>, plan: &Plan, layout: &Layout) -> usize {
    let text = row.text("batch").to_lowercase();
    let millions = text.split('m').next().and_then(|number| number.trim().parse::<f64>().ok());
    if let Some(millions) = millions.filter(|_| text.contains("token")) {
        // 16M tokens are 2^24.
        return ((millions * 1_048_576.0) as usize / plan.sequence).max(1);
    }
    if let Some(count) = read_count(&text) {
        return count;
    }
    match layout.accumulation {
        Some(times) => times * plan.micro_batch * plan.replicas().max(1),
        // Enough to keep a pipeline filled.
        None => (USUAL_TOKENS / plan.sequence).max(plan.replicas() * plan.pipeline.max(2) * 4),
    }
}

/// Makes the batch one that divides: the micro batch smaller, or the batch a little larger.
fn fit_batch(plan: &mut Plan) {
    let replicas = plan.replicas().max(1);
    while plan.micro_batch > 1 && !plan.global_batch.is_multiple_of(replicas * plan.micro_batch) {
        plan.micro_batch -= 1;
    }
    plan.global_batch = plan.global_batch.div_ceil(replicas * plan.micro_batch) * replicas * plan.micro_batch;
}

fn read_metric(row: Row<'_>, framework: Framework, plan: &Plan, model: &Model) -> Result<Metric, String> {
    let notes = row.text("notes").to_lowercase();
    let gpt =
        matches!(framework, Framework::EarlyMegatron) || row.text("model").to_uppercase().contains("GPT");
    let counted = match framework {
        Framework::Foundry | Framework::Jax => Counted::Palm,
        _ if gpt && !model.has_experts() => Counted::Megatron { recomputes: false },
        _ => Counted::Causal,
    };
    let million = |tokens: f64| (tokens * 1e-6).round() as u64;
    Ok(match row.text("metric") {
        "mfu" => Metric::Utilization(counted),
        "hfu" => {
            Metric::Utilization(Counted::Megatron { recomputes: plan.recomputation == Recomputation::Full })
        }
        "tflops_per_gpu" | "tflops_per_chip" => {
            let recomputes = notes.contains("recompute");
            Metric::Rate(if gpt { Counted::Megatron { recomputes } } else { counted })
        }
        "tokens_per_s_per_gpu" | "tokens_per_s_per_npu" | "tokens_per_s_per_chip" => Metric::TokensPerChip,
        "tokens_per_s_total" | "tokens_per_s" => Metric::Tokens,
        "iteration_time" | "step_time" => Metric::Seconds,
        "gpu_hours_per_trillion_tokens" => Metric::ChipHours { million_tokens: million(1e12) },
        "gpu_hours_total_pretrain" => {
            let tokens = trillions(&notes).ok_or("no number of tokens is given")?;
            Metric::ChipHours { million_tokens: million(tokens) }
        }
        "tokens_per_day" => Metric::BillionTokensPerDay,
        "time_to_train" => Metric::Minutes {
            million_tokens: if model.hidden > 12_288 {
                MLPERF_LLAMA_MILLION_TOKENS
            } else {
                MLPERF_GPT3_MILLION_TOKENS
            },
        },
        other => return Err(format!("unknown metric `{other}` of a training result")),
    })
}

/// The number before `T tokens`.
fn trillions(notes: &str) -> Option<f64> {
    let before = notes.split("t tokens").next()?;
    before
        .rsplit(|c: char| !(c.is_ascii_digit() || c == '.'))
        .next()?
        .parse::<f64>()
        .ok()
        .map(|tokens| tokens * 1e12)
}
