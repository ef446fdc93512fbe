//! What a row of measured servers says was run.

use narrows_perf::model::{Attention, FeedForward, Model, Models};
use narrows_perf::serving::profile::Policy;
use narrows_perf::serving::{Deployment, Parallelism, host};
use narrows_perf::{Scheme, Software};

use super::software;
use crate::table::Row;

/// One kind of worker of a server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Side {
    /// How the model is run.
    pub deployment: Deployment,
    /// How many workers there are; zero if the row does not say: as many as keep up.
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
    /// Whether the model has experts.
    pub has_experts: bool,
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
            Ok(Side {
                deployment: schemes.deployment(parallelism(row, prefix)?),
                workers: if prefix.is_empty() {
                    1.0
                } else {
                    count(row, &format!("{prefix}num_workers")).unwrap_or(0.0)
                },
                policy: policy(software, prefix == "prefill_"),
            })
        };
        let (mut decode, prefill) =
            if disaggregated { (side("decode_")?, Some(side("prefill_")?)) } else { (side("")?, None) };
        let batch = count(row, if disaggregated { "decode_batch_size" } else { "batch_size" });
        let concurrency = count(row, "concurrency");
        if let (false, Some(clients), Some(batch)) = (disaggregated, concurrency, batch) {
            let known = count(row, "attention_dp_size").unwrap_or(1.0);
            several(&mut decode, (clients / batch / known).round(), model.has_experts());
        }
        let groups = if disaggregated { decode.deployment.parallelism.attention_data as f64 } else { 1.0 };
        let concurrency = concurrency
            .or(batch.map(|batch| batch * decode.workers.max(1.0) * groups))
            .ok_or("neither concurrency nor batch size is given")?;
        let rounds = if public_benchmark { PUBLIC_ROUNDS } else { in_house_rounds(software) };
        Ok(Self {
            model: name.to_owned(),
            chip: row.text("chip").to_owned(),
            has_experts: model.has_experts(),
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

    /// The same with what the row leaves out put in from what the chip's fast links join.
    ///
    /// Early rows of racks name the chips of all workers as if they were one; rows of some
    /// collections say how chips are divided but not how many workers there are.
    #[must_use]
    pub fn with_domain(mut self, domain: usize) -> Self {
        let decode = self.decode.deployment.parallelism;
        let whole = decode.tensor;
        let same =
            self.prefill.is_none_or(|side| side.deployment.parallelism == decode && side.workers <= 0.0);
        if self.public_benchmark && domain > RACK && whole >= 12 && same && decode.expert == 1 {
            self.share_out(whole);
        } else if self.decode.workers <= 0.0 {
            self.usual_workers(domain);
        }
        self.decode.workers = self.decode.workers.max(1.0);
        self
    }

    /// Shares out all chips of a rack among workers as the public recipes do: with few
    /// clients one worker of four chips for prompts and workers of eight (SGLang: four) with
    /// tensor parallelism for decoding; with many one wide worker for decoding.
    fn share_out(&mut self, whole: usize) {
        let small = if self.software == Software::Sglang { 4 } else { 8 };
        let rest = whole.saturating_sub(4);
        let few = self.concurrency <= FEW_CLIENTS && rest.is_multiple_of(small) && whole <= 36;
        let wide = [48, 32, 16, 8, 4].into_iter().find(|wide| wide + 4 <= whole).unwrap_or(4);
        let (size, decoding) = if few { (small, rest / small) } else { (wide, 1) };
        let prompts = (whole.saturating_sub(size * decoding) / 4).max(1);
        let decode = if few { Parallelism::tensor_expert(size) } else { Parallelism::data_expert(size) };
        let prefill = Side {
            deployment: Deployment { parallelism: Parallelism::data_expert(4), ..self.decode.deployment },
            workers: prompts as f64,
            policy: policy(self.software, true),
        };
        self.decode.deployment.parallelism = decode;
        self.decode.workers = decoding as f64;
        self.prefill = Some(prefill);
    }

    /// Workers where a row does not say, as in the public recipes: few clients, then several
    /// workers with tensor parallelism; many, then one where every chip has its own.
    fn usual_workers(&mut self, domain: usize) {
        let parallelism = &mut self.decode.deployment.parallelism;
        let size = parallelism.stage_chips();
        let rack = domain > RACK;
        let few = match (rack, size) {
            (true, ..=4) => FEW_CLIENTS / 3.0,
            (true, ..=8) => FEW_CLIENTS,
            (true, _) => 0.0,
            (false, ..=8) => FEW_CLIENTS / 5.0,
            (false, _) => FEW_CLIENTS,
        };
        let many = self.concurrency > few;
        if many {
            *parallelism = Parallelism::data_expert(size);
        }
        self.decode.workers = match (self.software, many) {
            (_, true) => 1.0,
            (Software::Sglang, _) => {
                if rack {
                    2.0
                } else {
                    1.0
                }
            }
            _ => {
                if size > 8 {
                    3.0
                } else if rack {
                    4.0
                } else {
                    5.0
                }
            }
        };
        self.decode.workers = self.decode.workers.min(self.concurrency);
        if let Some(prefill) = &mut self.prefill {
            let parallelism = &mut prefill.deployment.parallelism;
            if self.software == Software::TensorRtLlm || many {
                *parallelism = Parallelism::data_expert(parallelism.stage_chips());
            }
        }
    }
}

impl Request {
    /// Names of groups of constants that may serve, the best first. The benchmarks of one
    /// maker are driven by another client than the public ones.
    #[must_use]
    pub fn variants(&self) -> [&'static str; 5] {
        let apart = self.prefill.is_some();
        let [first, second, third, fourth] = host::variants(self.software, self.has_experts, apart);
        let in_house = match (self.software, self.has_experts) {
            (Software::Vllm, false) => "vllm_in_house",
            (Software::Vllm, true) => "vllm_experts_in_house",
            (Software::Sglang, false) => "sglang_in_house",
            (Software::Sglang, true) => "sglang_experts_in_house",
            (_, false) => "tensorrt_llm_in_house",
            (_, true) => "tensorrt_llm_experts_in_house",
        };
        if self.public_benchmark || apart {
            [first, second, third, fourth, in_house]
        } else {
            [in_house, first, second, third, fourth]
        }
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

/// Up to so many clients, recipes of the public benchmark decode with tensor parallelism.
pub const FEW_CLIENTS: f64 = 600.0;
/// Fast links that join more chips than this are those of a rack.
pub const RACK: usize = 16;

/// Where clients are a multiple of the batch, the batch is that of a group of chips: of a
/// worker's group where experts are shared, else of one of several workers.
fn several(side: &mut Side, times: f64, has_experts: bool) {
    let parallelism = &mut side.deployment.parallelism;
    if times < 1.5 {
        return;
    }
    if has_experts && parallelism.expert > 1 && times as usize == parallelism.tensor {
        *parallelism = Parallelism::data_expert(parallelism.stage_chips());
    } else {
        side.workers *= times;
    }
}

fn policy(software: Software, prefill_only: bool) -> Policy {
    let mixes = !matches!(software, Software::Sglang) && !prefill_only;
    let step_tokens = match software {
        Software::Sglang => 16384.0,
        _ => 8192.0,
    };
    // TensorRT-LLM admits a request only when all of its answer has room.
    let reserved = if matches!(software, Software::TensorRtLlm) { 1.0 } else { 0.5 };
    Policy { step_tokens, mixes, most_sequences: 1024.0, overlaps: false, reserved }
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
    if common > 0 && !common.is_multiple_of(parallelism.tensor) {
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

/// Precisions of dense weights and of experts as published checkpoints of a model have them.
#[must_use]
pub fn schemes_of(weights: Scheme, experts: Scheme, model: &Model) -> (Scheme, Scheme) {
    let schemes = Schemes::of(weights, experts, model, Software::TensorRtLlm);
    (schemes.weights, schemes.experts)
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
        let named = |column: &str| {
            Some(row.text(column)).filter(|text| !text.is_empty()).map(Scheme::parse).transpose()
        };
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
            Scheme::Nvfp4 | Scheme::Mxfp4Weight | Scheme::Mxfp4Mxfp8 | Scheme::Int4Weight if routed => {
                Scheme::Bf16
            }
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
