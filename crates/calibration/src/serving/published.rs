//! Published results of servers (`e2e.csv`), each in its own unit.

use narrows_perf::serving::profile::{Lengths, Overheads, Policy, Profile};
use narrows_perf::serving::steady::Load;
use narrows_perf::serving::{Deployment, Links, Parallelism, Worker};
use narrows_perf::model::Model;
use narrows_perf::{Machine, Scheme, Software};

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

/// A published setting, as far as it can be told.
struct Setting<'a> {
    model: Model,
    machine: Machine,
    links: Links,
    deployments: Vec<Deployment>,
    lengths: Lengths,
    batch: Option<f64>,
    overheads: Overheads,
    overlaps: bool,
    row: Row<'a>,
}

impl Context<'_> {
    /// Predicts a published result of serving, prefill or decoding in its own unit.
    ///
    /// # Errors
    /// Why there is no prediction.
    pub fn predict_published(&mut self, row: Row<'_>) -> Result<f64, String> {
        let setting = self.setting(row)?;
        let kind = row.text("kind");
        let metric = row.text("metric");
        let day = is_day(row);
        let of_day = |share: f64| if day { share } else { 1.0 };
        match (kind, metric) {
            (_, "latency") => setting.latency(),
            ("serve", "output_tokens_per_s_total" | "tokens_per_s_total") => setting.total(),
            ("prefill", _) if metric.contains("input_tokens") => setting.input_rate().map(|rate| of_day(DAY_OF_PROMPTS) * rate),
            ("decode", _) if metric.contains("output_tokens") => {
                setting.output_rate().map(|rate| of_day(DAY_OF_DECODING) * rate)
            }
            ("serve", _) if metric.contains("input_tokens") => setting.input_rate(),
            ("serve", _) if metric.contains("output_tokens") => setting.output_rate(),
            _ => Err(format!("{kind} {metric}: not a time or rate of a server")),
        }
    }

    fn setting<'r>(&mut self, row: Row<'r>) -> Result<Setting<'r>, String> {
        let named = self.models.find(row.text("model")).map_err(|error| error.to_string())?;
        let families = self.roster.families();
        let specification = self.roster.find(row.text("chip"))?.clone();
        let software = source_software(row);
        let machine = Machine::new(&specification, self.calibration, families, software);
        let network = self.networks.of_chip(&specification, families);
        let links = Links::of(&network, &specification.accelerator);
        let model = named.model;
        let (weights, experts) = schemes(row, &model)?;
        let chips = chips(row);
        let (division, large) = divisions(row, &model, chips);
        let cache = if experts.weight_bytes() < 1.5 { Scheme::Fp8 } else { Scheme::Bf16 };
        let deployments = division.into_iter().map(|parallelism| Deployment {
            parallelism: request::divisible(&model, parallelism),
            weights,
            experts,
            cache,
            skew: 0.0,
        });
        let cached = if row.text("metric").starts_with("computed") { 0.0 } else { hits(row.text("notes")) };
        let lengths = Lengths {
            input: row.number("seq_in").unwrap_or(USUAL_INPUT).max(1.0),
            output: row.number("seq_out").unwrap_or(USUAL_OUTPUT).max(1.0),
            cached,
        };
        let apart = row.text("kind") != "serve";
        let names = request::variants(software, model.has_experts(), apart);
        let overheads = self.constants(&names, specification.accelerator.family, &specification.id);
        Ok(Setting {
            machine,
            links,
            deployments: deployments.collect(),
            lengths,
            batch: row.number("batch").ok().filter(|batch| *batch >= 1.0),
            overheads,
            overlaps: large,
            model,
            row,
        })
    }
}

impl Setting<'_> {
    fn policy(&self, mixes: bool, step_tokens: f64, most_sequences: f64) -> Policy {
        Policy { step_tokens, mixes, most_sequences, overlaps: self.overlaps }
    }

    fn profiles(&self, lengths: Lengths, clients: f64, policy: Policy) -> Result<Vec<Profile>, String> {
        let mut reason = "there is no way to divide the model".to_owned();
        let mut profiles = Vec::new();
        for deployment in &self.deployments {
            let worker = Worker::new(&self.model, &self.machine, self.links, *deployment);
            let profile = worker
                .map_err(|error| error.to_string())
                .and_then(|worker| Profile::new(&worker, lengths, clients, policy).map_err(|error| error.to_string()));
            match profile {
                Ok(profile) => profiles.push(profile),
                Err(error) => reason = error,
            }
        }
        if profiles.is_empty() { Err(reason) } else { Ok(profiles) }
    }

    /// Rates per node, chip or whole, as the unit says.
    fn in_unit(&self, per_second: f64, chips: f64) -> f64 {
        let unit = format!("{} {}", self.row.text("unit"), self.row.text("metric"));
        if unit.contains("node") {
            per_second / chips * NODE
        } else if unit.contains("gpu") || unit.contains("npu") {
            per_second / chips
        } else {
            per_second
        }
    }

    /// Prompts alone, as many at once as a step takes in.
    fn input_rate(&self) -> Result<f64, String> {
        let lengths = Lengths { output: 1.0, ..self.lengths };
        // A batch larger than any number of prompts is one of tokens.
        let step = self.batch.filter(|batch| *batch >= 2048.0).unwrap_or(LARGE_STEP);
        let policy = self.policy(false, step, 1024.0);
        let rates = self.profiles(lengths, 4096.0, policy)?.into_iter().map(|profile| {
            let seconds = profile.prompt_seconds(profile.full_prompts(), &self.overheads);
            self.in_unit(lengths.input / seconds, profile.chips)
        });
        Ok(rates.fold(0.0, f64::max))
    }

    /// Decoding alone: at the batch that is stated (of a chip), or at the largest one that
    /// keeps the usual pace.
    fn output_rate(&self) -> Result<f64, String> {
        let policy = self.policy(false, LARGE_STEP, 1024.0);
        let rates = self.profiles(self.lengths, 1024.0 * 512.0, policy)?.into_iter().map(|profile| {
            let pace = |sequences: f64| profile.decode_seconds(sequences, &self.overheads);
            let sequences = self.batch.map_or_else(
                || largest(profile.capacity, |sequences| pace(sequences) <= USUAL_PACE),
                |batch| (batch * profile.groups).min(profile.capacity),
            );
            self.in_unit(sequences / pace(sequences), profile.chips)
        });
        Ok(rates.fold(0.0, f64::max))
    }

    /// Output of a whole server, saturated or with a fixed batch.
    fn total(&self) -> Result<f64, String> {
        let fixed = self.batch;
        let clients = fixed.unwrap_or(65536.0);
        let policy = self.policy(fixed.is_none(), 8192.0, 4096.0);
        let rates = self.profiles(self.lengths, clients, policy)?.into_iter().map(|profile| {
            let per_second = match fixed {
                Some(batch) => self.lengths.output * batch / self.whole_seconds(&profile, batch),
                None => {
                    let load = Load { concurrency: profile.capacity, lengths: self.lengths, rounds: f64::INFINITY };
                    profile.steady(&load, &self.overheads).output_tokens_per_s
                }
            };
            self.in_unit(per_second, profile.chips)
        });
        Ok(rates.fold(0.0, f64::max))
    }

    /// A batch from its prompts to its last token.
    fn whole_seconds(&self, profile: &Profile, batch: f64) -> f64 {
        // What does not fit at once goes one after the other.
        let inside = batch.min(profile.capacity);
        let prompts = batch * profile.prompt_seconds(inside.min(profile.full_prompts()), &self.overheads);
        let tokens = (self.lengths.output - 1.0).max(0.0) * profile.decode_seconds(inside, &self.overheads);
        prompts + tokens * batch / inside
    }

    fn latency(&self) -> Result<f64, String> {
        let batch = self.batch.unwrap_or(1.0);
        let policy = self.policy(false, 8192.0, 4096.0);
        let seconds = self.profiles(self.lengths, batch, policy)?.into_iter().map(|profile| {
            if self.row.text("kind") == "prefill" {
                batch * profile.prompt_seconds(batch.min(profile.full_prompts()), &self.overheads)
            } else {
                self.whole_seconds(&profile, batch)
            }
        });
        let seconds = seconds.fold(f64::INFINITY, f64::min);
        Ok(if self.row.text("unit") == "ms" { 1e3 * seconds } else { seconds })
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
    number.and_then(|number| number.parse::<f64>().ok()).map_or(0.0, |percent| (percent / 100.0).clamp(0.0, 0.99))
}
