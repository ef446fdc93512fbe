//! Published results of servers (`e2e.csv`), each in its own unit.

use narrows_perf::model::Model;
use narrows_perf::serving::profile::{Lengths, Overheads, Policy, Profile, Timed};
use narrows_perf::serving::steady::Load;
use narrows_perf::serving::{Deployment, Host, Parallelism, Worker};
use narrows_perf::{Kernel, Machine, Scheme, Software};

use super::{Context, request, software};
use crate::table::{Row, Table};

/// Whether a table holds published results.
#[must_use]
pub fn is_published(table: &Table) -> bool {
    ["kind", "model", "chip", "n_chips", "metric", "value", "unit"].iter().all(|column| table.has(column))
}

/// Lengths where none are stated: those of DeepSeek's production day, with 3.6 input tokens
/// for an output token and 4,989 cached tokens for the mean token
/// (github.com/deepseek-ai/open-infra-index, day 6).
const USUAL_INPUT: f64 = 4384.0;
const USUAL_OUTPUT: f64 = 1211.0;
/// Time per output token for which large deployments are set up, in seconds.
const USUAL_PACE: f64 = 0.05;
/// Tokens of a step for prompts in large deployments, on each chip.
const LARGE_STEP: f64 = 16384.0;
/// Of what full steps sustain, a production day's average is a part: DeepSeek's own traces
/// have 62.7k and 18.6k tokens a second and node where its day averages 32.2k (prompts) and
/// 14.8k (decoding) (lmsys.org/blog/2025-05-05-large-scale-ep, tables of both).
const DAY_OF_PROMPTS: f64 = 0.51;
const DAY_OF_DECODING: f64 = 0.8;
/// Chips of a node.
const NODE: f64 = 8.0;

/// What a published result says was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantity {
    /// Time of prompts.
    PromptLatency,
    /// Time of whole requests.
    WholeLatency,
    /// Output of a whole server.
    Total,
    /// Prompts alone.
    InputRate,
    /// Decoding alone.
    OutputRate,
}

/// In what unit.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Unit {
    /// Seconds in the unit of a time.
    seconds: f64,
    /// Chips to which a rate is referred; none if to all.
    chips: Option<f64>,
    /// Part of what full steps sustain.
    share: f64,
}

/// A published result with the steps of the workers that may have produced it.
#[derive(Debug, Clone)]
pub struct Published {
    quantity: Quantity,
    unit: Unit,
    lengths: Lengths,
    batch: Option<f64>,
    /// One for each way in which the model may have been divided.
    profiles: Vec<Profile>,
    /// Names of groups of constants that may serve, the best first.
    pub variants: &'static [&'static str],
    /// Family of the chip, by index.
    pub family: usize,
    /// Id of the chip in the catalogue.
    pub chip: String,
}

/// Constants of software for offline runs of models without and with experts, and of
/// deployments tuned by hand.
const OFFLINE: &[&str] = &["offline"];
const OFFLINE_EXPERTS: &[&str] = &["offline_experts", "offline"];
const TUNED: &[&str] = &["tuned"];

impl Context<'_> {
    /// Predicts a published result of serving, prefill or decoding in its own unit.
    ///
    /// # Errors
    /// Why there is no prediction.
    pub fn predict_published(&mut self, row: Row<'_>) -> Result<f64, String> {
        let published = self.published(row)?;
        let overheads = self.published_overheads(&published);
        Ok(published.predict(&overheads))
    }

    /// Constants of software for a published result: those before any fit where none were
    /// fitted for its kind.
    #[must_use]
    pub fn published_overheads(&self, published: &Published) -> Overheads {
        let known = |variant: &&&str| {
            self.calibration.fits.iter().any(|fit| fit.kernel == Host::NAME && fit.variant == ***variant)
        };
        if published.variants.iter().any(|variant| known(&variant)) {
            self.constants(published.variants, published.family, &published.chip)
        } else {
            Overheads::default()
        }
    }

    /// Reads a published result.
    ///
    /// # Errors
    /// Why it has no meaning for a server.
    pub fn published(&mut self, row: Row<'_>) -> Result<Published, String> {
        let quantity = quantity(row)?;
        let model = self.models.find(row.text("model")).map_err(|error| error.to_string())?.model;
        let families = self.roster.families();
        let specification = self.roster.find(row.text("chip"))?.clone();
        let software = source_software(row);
        let machine = Machine::new(&specification, self.calibration, families, software);
        let network = self.networks.of_chip(&specification, families);
        let domain = network.domain().ok_or("the network has no tiers")?;
        let (weights, experts) = schemes(row, &model)?;
        let (divisions, large) = divisions(row, &model, chips(row));
        let cache = if experts.weight_bytes() < 1.5 { Scheme::Fp8 } else { Scheme::Bf16 };
        let cached = if row.text("metric").starts_with("computed") { 0.0 } else { hits(row.text("notes")) };
        let lengths = Lengths {
            input: row.number("seq_in").unwrap_or(USUAL_INPUT).max(1.0),
            output: row.number("seq_out").unwrap_or(USUAL_OUTPUT).max(1.0),
            cached,
        };
        let batch = row.number("batch").ok().filter(|batch| *batch >= 1.0);
        let (lengths, clients, policy) = load(quantity, lengths, batch, large);
        let mut reason = "there is no way to divide the model".to_owned();
        let mut profiles = Vec::new();
        for parallelism in divisions {
            let parallelism = request::divisible(&model, parallelism);
            let deployment = Deployment { parallelism, weights, experts, cache, skew: 0.0 };
            let worker = Worker::new(&model, &machine, domain, deployment).map_err(|error| error.to_string());
            let profile = worker.and_then(|worker| {
                Profile::new(&worker, lengths, clients, policy).map_err(|error| error.to_string())
            });
            match profile {
                Ok(profile) => profiles.push(profile),
                Err(error) => reason = error,
            }
        }
        if profiles.is_empty() {
            return Err(reason);
        }
        let variants = match (quantity, model.has_experts()) {
            (Quantity::InputRate | Quantity::OutputRate, _) => TUNED,
            (_, true) => OFFLINE_EXPERTS,
            (_, false) => OFFLINE,
        };
        Ok(Published {
            quantity,
            unit: unit(row, quantity),
            lengths,
            batch,
            profiles,
            variants,
            family: specification.accelerator.family,
            chip: specification.id,
        })
    }
}

fn quantity(row: Row<'_>) -> Result<Quantity, String> {
    let (kind, metric) = (row.text("kind"), row.text("metric"));
    match (kind, metric) {
        ("prefill", "latency") => Ok(Quantity::PromptLatency),
        (_, "latency") => Ok(Quantity::WholeLatency),
        ("serve", "output_tokens_per_s_total" | "tokens_per_s_total") => Ok(Quantity::Total),
        ("prefill" | "serve", _) if metric.contains("input_tokens") => Ok(Quantity::InputRate),
        ("decode" | "serve", _) if metric.contains("output_tokens") => Ok(Quantity::OutputRate),
        _ => Err(format!("{kind} {metric}: not a time or rate of a server")),
    }
}

fn unit(row: Row<'_>, quantity: Quantity) -> Unit {
    let text = format!("{} {}", row.text("unit"), row.text("metric"));
    let chips = if text.contains("node") {
        Some(NODE)
    } else if text.contains("gpu") || text.contains("npu") {
        Some(1.0)
    } else {
        None
    };
    let share = match quantity {
        Quantity::InputRate if is_day(row) => DAY_OF_PROMPTS,
        Quantity::OutputRate if is_day(row) => DAY_OF_DECODING,
        _ => 1.0,
    };
    Unit { seconds: if row.text("unit") == "ms" { 1e-3 } else { 1.0 }, chips, share }
}

/// Lengths, clients and composition of steps for what is measured.
fn load(quantity: Quantity, lengths: Lengths, batch: Option<f64>, overlaps: bool) -> (Lengths, f64, Policy) {
    let policy = Policy { mixes: false, most_sequences: 1024.0, overlaps, ..Policy::default() };
    match quantity {
        // A batch larger than any number of prompts is one of tokens.
        Quantity::InputRate => {
            let step_tokens = batch.filter(|batch| *batch >= 2048.0).unwrap_or(LARGE_STEP);
            (Lengths { output: 1.0, ..lengths }, 4096.0, Policy { step_tokens, ..policy })
        }
        Quantity::OutputRate => (lengths, 1024.0 * 512.0, Policy { step_tokens: LARGE_STEP, ..policy }),
        Quantity::Total => {
            let saturated =
                Policy { mixes: batch.is_none(), most_sequences: 4096.0, reserved: 1.0, ..policy };
            (lengths, batch.unwrap_or(65536.0), saturated)
        }
        Quantity::PromptLatency | Quantity::WholeLatency => {
            (lengths, batch.unwrap_or(1.0), Policy { most_sequences: 4096.0, ..policy })
        }
    }
}

impl Published {
    /// The value in its unit under given constants of software: of the best way to divide
    /// the model.
    #[must_use]
    pub fn predict(&self, overheads: &Overheads) -> f64 {
        let values = self.profiles.iter().map(|profile| self.of(&profile.timed(overheads)));
        match self.quantity {
            Quantity::PromptLatency | Quantity::WholeLatency => values.fold(f64::INFINITY, f64::min),
            _ => values.fold(0.0, f64::max),
        }
    }

    /// Whether it is the output of a server in offline use.
    #[must_use]
    pub fn is_total(&self) -> bool {
        self.quantity == Quantity::Total
    }

    fn of(&self, timed: &Timed<'_>) -> f64 {
        let profile = timed.profile;
        let per_second = match self.quantity {
            Quantity::PromptLatency => {
                let batch = self.batch.unwrap_or(1.0);
                return batch * timed.prompt_seconds(batch.min(timed.full_prompts())) / self.unit.seconds;
            }
            Quantity::WholeLatency => {
                return self.whole_seconds(timed, self.batch.unwrap_or(1.0)) / self.unit.seconds;
            }
            Quantity::InputRate => self.lengths.input / timed.prompt_seconds(timed.full_prompts()),
            Quantity::OutputRate => {
                // At the batch that is stated (of a chip), or at the largest one that keeps
                // the usual pace.
                let sequences = self.batch.map_or_else(
                    || largest(profile.capacity, |sequences| timed.decode_seconds(sequences) <= USUAL_PACE),
                    |batch| (batch * profile.groups).min(profile.capacity),
                );
                sequences / timed.decode_seconds(sequences)
            }
            Quantity::Total => match self.batch {
                Some(batch) => self.lengths.output * batch / self.whole_seconds(timed, batch),
                None => {
                    let load =
                        Load { concurrency: profile.capacity, lengths: self.lengths, rounds: f64::INFINITY };
                    timed.steady(&load).output_tokens_per_s
                }
            },
        };
        self.unit.share * per_second * self.unit.chips.map_or(1.0, |chips| chips / profile.chips)
    }

    /// A batch from its prompts to its last token. What does not fit at once goes one after
    /// the other.
    fn whole_seconds(&self, timed: &Timed<'_>, batch: f64) -> f64 {
        let inside = batch.min(timed.profile.capacity);
        let prompts = batch * timed.prompt_seconds(inside.min(timed.full_prompts()));
        let tokens = (self.lengths.output - 1.0).max(0.0) * timed.decode_seconds(inside);
        prompts + tokens * batch / inside
    }
}

/// The largest number up to `most` that is still fine.
fn largest(most: f64, fine: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (1.0, most.max(1.0));
    if fine(high) {
        return high;
    }
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if fine(middle) { low = middle } else { high = middle }
    }
    low
}

/// Whether a result is the average of a production day and not of full steps.
fn is_day(row: Row<'_>) -> bool {
    row.text("source_url").contains("open-infra-index") || row.text("notes").contains("day average")
}

fn source_software(row: Row<'_>) -> Software {
    let source = format!("{} {}", row.text("source_url"), row.text("notes"));
    if source.contains("lmsys") || source.contains("deepseek") {
        Software::Sglang
    } else if source.contains("vllm") || source.contains("rocm") || source.contains("mi300x") {
        Software::Vllm
    } else {
        software(&source)
    }
}

fn schemes(row: Row<'_>, model: &Model) -> Result<(Scheme, Scheme), String> {
    let text = row.text("precision").to_ascii_lowercase();
    let of = |word: &str| Scheme::parse(word);
    let (dense, experts) = match text.split_once(" attn") {
        // "fp8 attn + nvfp4 moe"
        Some((attention, rest)) => {
            let experts = rest.trim_start_matches([' ', '+']).trim_end_matches(" moe").trim();
            (of(attention)?, of(experts)?)
        }
        None if text.is_empty() => (Scheme::Bf16, Scheme::Bf16),
        None => (of(&text)?, of(&text)?),
    };
    Ok(request::schemes_of(dense, experts, model))
}

/// Chips of a worker; two dies of one package are one chip.
fn chips(row: Row<'_>) -> usize {
    let stated = row.number("n_chips").unwrap_or(1.0).max(1.0) as usize;
    if row.text("parallelism").contains("2 dies") { stated.div_ceil(2) } else { stated }
}

/// Ways in which the model may have been divided, and whether it is a large deployment that
/// hides communication behind computation.
fn divisions(row: Row<'_>, model: &Model, chips: usize) -> (Vec<Parallelism>, bool) {
    let text = row.text("parallelism").replace([';', ','], " ");
    let degree = |name: &str| {
        let words = text.split_whitespace();
        words.filter_map(|word| word.strip_prefix(name)?.strip_prefix('=')?.parse::<usize>().ok()).next()
    };
    let shared = text.contains("EP") && model.has_experts();
    let tensor = degree("TP").or(degree("tp"));
    if shared && tensor.unwrap_or(1) == 1 {
        let size = chips.max(1);
        return (vec![Parallelism::data_expert(size)], size >= 16 || row.text("kind") != "serve");
    }
    let tensor = tensor.unwrap_or(chips).max(1);
    let mut ways = vec![Parallelism::tensor(tensor)];
    if model.has_experts() && tensor > 1 {
        ways.extend([Parallelism::tensor_expert(tensor), Parallelism::data_expert(tensor)]);
    }
    (ways, false)
}

/// Share of the prompt that was found in the cache, where notes tell: "(56.3% of input
/// tokens)".
fn hits(notes: &str) -> f64 {
    let Some((before, _)) = notes.split_once("% of input tokens") else { return 0.0 };
    let number = before.rsplit(|character: char| !(character.is_ascii_digit() || character == '.')).next();
    number
        .and_then(|number| number.parse::<f64>().ok())
        .map_or(0.0, |percent| (percent / 100.0).clamp(0.0, 0.99))
}
