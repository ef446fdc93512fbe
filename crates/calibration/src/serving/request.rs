//! What a row of measured servers says was run.

use narrows_perf::model::{Attention, FeedForward, Model, Models};
use narrows_perf::serving::profile::Policy;
use narrows_perf::serving::{Deployment, Parallelism};
use narrows_perf::{Scheme, Software};

use super::software;
use crate::table::Row;

/// One kind of worker of a server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Side {
    /// How the model is run.
    pub deployment: Deployment,
    /// How many workers there are.
    pub workers: f64,
    /// How steps are composed.
    pub policy: Policy,
}

/// A server under load.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Name of the model.
    pub model: String,
    /// Name of the chip.
    pub chip: String,
    /// Software.
    pub software: Software,
    /// Whether the public benchmark drove it, with its random lengths and ten rounds.
    pub public_benchmark: bool,
    /// The workers, or those that decode.
    pub decode: Side,
    /// Workers that take in prompts, where those are others.
    pub prefill: Option<Side>,
    /// Mean tokens of a prompt.
    pub input: f64,
    /// Mean tokens of an answer.
    pub output: f64,
    /// Share of prompts found in the prefix cache.
    pub cached: f64,
    /// Requests under way at once.
    pub concurrency: f64,
    /// Rounds of requests, the first all at once.
    pub rounds: f64,
    /// Precision of the cache.
    pub cache_scheme: Scheme,
}

/// Lengths are drawn evenly between four fifths and all of what is asked for.
const MEAN_OF_RANDOM_LENGTHS: f64 = 0.9;
/// Requests of each client of the public benchmark.
const PUBLIC_ROUNDS: f64 = 10.0;

impl Request {
    /// Reads a row.
    ///
    /// # Errors
    /// A column that is needed has no sensible reading.
    pub fn read(row: Row<'_>, models: &Models) -> Result<Self, String> {
        let name = row.text("model_path");
        let model = models.find(name).map_err(|error| error.to_string())?.model;
        let software = software(row.text("backend"));
        let public_benchmark = !row.text("origin").contains("in-house");
        let scale = if public_benchmark { MEAN_OF_RANDOM_LENGTHS } else { 1.0 };
        let schemes = Schemes::read(row, &model, software)?;
        let disaggregated = row.text("mode").starts_with("dis");
        let side = |prefix: &str| -> Result<Side, String> {
            let parallelism = parallelism(row, prefix)?;
            let workers = if prefix.is_empty() { 1.0 } else { count(row, &format!("{prefix}num_workers")).unwrap_or(0.0) };
            Ok(Side {
                deployment: schemes.deployment(parallelism),
                workers,
                policy: policy(software, prefix == "prefill_"),
            })
        };
        let (mut decode, prefill) =
            if disaggregated { (side("decode_")?, Some(side("prefill_")?)) } else { (side("")?, None) };
        let batch = if disaggregated { count(row, "decode_batch_size") } else { count(row, "batch_size") };
        let groups = decode.deployment.parallelism.attention_data as f64;
        let of_batch = batch.map(|batch| batch * decode.workers.max(1.0) * if disaggregated { groups } else { 1.0 });
        let concurrency = count(row, "concurrency")
            .or(of_batch)
            .ok_or("neither concurrency nor batch size is given")?;
        let prefill = prefill.map(|side| Side { workers: if side.workers > 0.0 { side.workers } else { 1.0 }, ..side });
        if decode.workers <= 0.0 {
            decode.workers = usual_decode_workers(&decode, concurrency);
        }
        let rounds = if public_benchmark { PUBLIC_ROUNDS } else { in_house_rounds(software) };
        Ok(Self {
            model: name.to_owned(),
            chip: row.text("chip").to_owned(),
            software,
            public_benchmark,
            decode,
            prefill,
            input: scale * row.number("isl")?,
            output: scale * row.number("osl")?,
            cached: 0.0,
            concurrency,
            rounds,
            cache_scheme: schemes.cache,
        })
    }

    /// Name of the group of constants.
    #[must_use]
    pub fn variant(&self) -> String {
        let software = match self.software {
            Software::Vllm => "vllm",
            Software::Sglang => "sglang",
            _ => "tensorrt_llm",
        };
        let apart = if self.prefill.is_some() { "_disaggregated" } else { "" };
        format!("{software}{apart}")
    }
}

/// Rounds of the benchmarks of one maker, whose client is not described: taken from how
/// times to first token grow with concurrency.
fn in_house_rounds(software: Software) -> f64 {
    match software {
        Software::Sglang => 1.0,
        _ => PUBLIC_ROUNDS,
    }
}

/// Workers for decoding where a row does not say: with tensor parallelism and few clients,
/// servers of the public benchmark run about four.
fn usual_decode_workers(side: &Side, concurrency: f64) -> f64 {
    let parallelism = &side.deployment.parallelism;
    if parallelism.attention_data == 1 && concurrency <= 512.0 { 4.0_f64.min(concurrency) } else { 1.0 }
}

fn policy(software: Software, prefill_only: bool) -> Policy {
    let mixes = !matches!(software, Software::Sglang) && !prefill_only;
    let step_tokens = match software {
        Software::Sglang => 16384.0,
        _ => 8192.0,
    };
    Policy { step_tokens, mixes, most_sequences: 1024.0 }
}

fn count(row: Row<'_>, column: &str) -> Option<f64> {
    row.number(column).ok().filter(|number| *number >= 1.0)
}

/// The division of a worker, with the slips of the tables put right: where experts are
/// said to be divided twice over, the inner degrees are those of one division.
fn parallelism(row: Row<'_>, prefix: &str) -> Result<Parallelism, String> {
    let degree = |name: &str| count(row, &format!("{prefix}{name}")).map(|number| number as usize);
    let mut tensor = degree("tp_size").ok_or_else(|| format!("{prefix}tp_size: expected a number"))?;
    let mut attention_data = degree("attention_dp_size").unwrap_or(1);
    let pipeline = degree("pp_size").unwrap_or(1);
    let (expert_tensor, expert) = (degree("moe_tp_size").unwrap_or(1), degree("moe_ep_size").unwrap_or(1));
    if expert_tensor == expert && expert > 1 {
        // 64 = 8 x 8: eight chips, named once for each kind of division.
        if tensor == expert * expert {
            tensor = expert;
        }
        if attention_data == expert * expert {
            attention_data = expert;
        }
    }
    let chips = tensor * attention_data;
    let (expert_tensor, expert) = match (expert_tensor, expert) {
        (1, 1) => (chips, 1),
        (inner, groups) if inner * groups == chips => (inner, groups),
        (_, groups) if groups > 1 => (1, chips),
        _ => (chips, 1),
    };
    Ok(Parallelism { tensor, pipeline, attention_data, expert_tensor, expert })
}

/// A division that the model allows: heads that do not divide go to groups of their own.
#[must_use]
pub fn divisible(model: &Model, mut parallelism: Parallelism) -> Parallelism {
    let has_experts = model.has_experts();
    let heads = model.layer_kinds().iter().filter_map(|kind| match kind.attention {
        Attention::Grouped(attention) => Some(attention.heads),
        Attention::Latent(attention) => Some(attention.heads),
        Attention::Linear(attention) => Some(attention.value_heads),
        Attention::None => None,
    });
    let common = heads.fold(0, greatest_common_divisor);
    if common > 0 && common % parallelism.tensor != 0 {
        let tensor = greatest_common_divisor(common, parallelism.tensor);
        parallelism.attention_data *= parallelism.tensor / tensor;
        parallelism.tensor = tensor;
    }
    let experts = model.layer_kinds().iter().find_map(|kind| match kind.feed_forward {
        FeedForward::Experts(experts) => Some(experts.experts),
        _ => None,
    });
    if !has_experts {
        parallelism.expert_tensor = parallelism.stage_chips();
        parallelism.expert = 1;
    } else if experts.is_some_and(|experts| experts < parallelism.expert) {
        parallelism.expert_tensor *= parallelism.expert;
        parallelism.expert = 1;
    }
    parallelism
}

const fn greatest_common_divisor(mut one: usize, mut other: usize) -> usize {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// Precisions of a row.
#[derive(Debug, Clone, Copy)]
struct Schemes {
    weights: Scheme,
    experts: Scheme,
    cache: Scheme,
}

impl Schemes {
    fn read(row: Row<'_>, model: &Model, software: Software) -> Result<Self, String> {
        let named = |column: &str| Some(row.text(column)).filter(|text| !text.is_empty()).map(Scheme::parse).transpose();
        let whole = named("precision")?.unwrap_or(Scheme::Bf16);
        let weights = named("gemm_quant_mode")?.unwrap_or(whole);
        let experts = named("moe_quant_mode")?.unwrap_or(whole);
        Ok(Self::of(weights, experts, model, software))
    }

    /// Precisions as published checkpoints have them.
    fn of(weights: Scheme, experts: Scheme, model: &Model, software: Software) -> Self {
        let latent = model.layer_kinds().iter().any(|kind| matches!(kind.attention, Attention::Latent(_)));
        let routed = model.has_experts();
        // 4-bit checkpoints of models with experts keep attention in 16 or 8 bits.
        let weights = match weights {
            Scheme::Nvfp4 | Scheme::Mxfp4Weight | Scheme::Mxfp4Mxfp8 | Scheme::Int4Weight if routed => Scheme::Bf16,
            Scheme::Fp8 if latent => Scheme::Fp8Block,
            other => other,
        };
        let experts = if experts == Scheme::Fp8 && latent { Scheme::Fp8Block } else { experts };
        let small = experts.weight_bytes() < 1.5;
        let cache = if small && software != Software::Vllm { Scheme::Fp8 } else { Scheme::Bf16 };
        Self { weights, experts, cache }
    }

    const fn deployment(self, parallelism: Parallelism) -> Deployment {
        Deployment { parallelism, weights: self.weights, experts: self.experts, cache: self.cache, skew: 0.0 }
    }
}
