//! Search over executions: how to divide a model among chips, how many clients to let in,
//! and whether prompts should have workers of their own, for the most output per chip
//! within targets of time.

use serde::Serialize;

use super::disaggregated::Disaggregated;
use super::profile::{Lengths, Overheads, Policy, Profile};
use super::steady::{Load, Steady};
use super::{Deployment, Parallelism, Worker};
use crate::machine::Machine;
use crate::model::Model;
use crate::network::Domain;

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// The model.
    pub model: &'a Model,
    /// The chip with its constants.
    pub machine: &'a Machine,
    /// How chips are joined.
    pub domain: Domain,
    /// Precisions; the division in it is replaced.
    pub deployment: Deployment,
    /// Lengths of requests.
    pub lengths: Lengths,
    /// Chips at hand; a server may take fewer.
    pub chips: usize,
    /// Requests under way at once in the whole server; all numbers are tried if it is not given.
    pub concurrency: Option<f64>,
    /// Mean time to first token at most, in seconds.
    pub first_token_s: f64,
    /// Mean time per output token at most, in seconds.
    pub output_token_s: f64,
    /// Whether prompts may have workers of their own.
    pub disaggregate: bool,
    /// How steps are composed.
    pub policy: Policy,
    /// What software adds.
    pub overheads: Overheads,
    /// The same where prompts have workers of their own.
    pub overheads_apart: Overheads,
    /// The only way to divide the model that may be looked at, if one is given.
    pub only: Option<Parallelism>,
}

/// A way to run the model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Execution {
    /// How the model is divided on a worker (one that decodes, if there are two kinds).
    pub parallelism: Parallelism,
    /// How it is divided on a worker for prompts, if there are any.
    pub prefill: Option<Parallelism>,
    /// Workers (that decode).
    pub workers: usize,
    /// Workers for prompts.
    pub prefill_workers: usize,
    /// Clients of the whole server.
    pub clients: f64,
    /// Chips of the whole server.
    pub chips: usize,
    /// What clients see.
    pub steady: Steady,
    /// Output tokens a second and chip.
    pub per_chip: f64,
}

/// What kept faster executions out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Constraint {
    /// The target of time to first token.
    FirstToken,
    /// The target of time per output token.
    OutputToken,
    /// Memory.
    Memory,
    /// The number of chips.
    Chips,
    /// Nothing: the best is the fastest of all.
    None,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// Executions looked at.
    pub candidates: usize,
    /// Those that fit.
    pub valid: usize,
    /// The best, if any meets the targets.
    pub best: Option<Execution>,
    /// The next best that divide the model otherwise.
    pub runners_up: Vec<Execution>,
    /// What keeps the best from being faster.
    pub binding: Constraint,
    /// The executions that no other beats in both output per chip and time per output token.
    pub pareto: Vec<Execution>,
}

/// Chips of a worker at most: beyond, groups of chips only repeat what smaller workers do, each
/// with experts that it no longer shares.
const MOST_OF_A_WORKER: usize = 1024;
/// Runners-up to name.
const RUNNERS_UP: usize = 5;

impl Search<'_> {
    /// Looks at all executions. `told` hears how many have been seen.
    pub fn run(&self, told: &mut dyn FnMut(usize)) -> Found {
        let mut seen = Seen::default();
        let mut decoders = Vec::new();
        let mut prefillers = Vec::new();
        let given = self.only.into_iter();
        let divisions = given.chain(self.divisions().filter(|_| self.only.is_none()));
        for parallelism in divisions {
            seen.candidates += 1;
            let deployment = Deployment { parallelism, ..self.deployment };
            let Ok(worker) = Worker::new(self.model, self.machine, self.domain, deployment) else { continue };
            let most = self.policy.most_sequences * parallelism.attention_data as f64;
            let Ok(profile) = Profile::new(&worker, self.lengths, most, self.policy) else {
                seen.out_of_memory += 1;
                continue;
            };
            let before = seen.all.len();
            self.batches(&worker, profile.capacity, &mut seen);
            seen.candidates += seen.all.len() - before;
            if self.disaggregate {
                let lengths = Lengths { output: 1.0, ..self.lengths };
                let policy = Policy { mixes: false, ..self.policy };
                prefillers.extend(
                    Profile::new(&worker, lengths, 64.0, policy).ok().map(|profile| (parallelism, profile)),
                );
                decoders.push((parallelism, profile));
            }
            told(seen.candidates);
        }
        if self.disaggregate {
            self.apart(&decoders, &prefillers, &mut seen, told);
        }
        self.judge(seen)
    }

    /// Ways to divide the model that may make sense.
    fn divisions(&self) -> impl Iterator<Item = Parallelism> + '_ {
        let sizes = powers().take_while(|size| *size <= self.chips.min(MOST_OF_A_WORKER));
        let has_experts = self.model.has_experts();
        sizes.flat_map(move |size| {
            let tensors = powers().take_while(move |tensor| *tensor <= size);
            tensors.flat_map(move |tensor| {
                let pipelines =
                    powers().take_while(move |pipeline| *pipeline * tensor <= size && *pipeline <= 8);
                pipelines.flat_map(move |pipeline| {
                    let attention_data = size / tensor / pipeline;
                    let stage = size / pipeline;
                    let experts =
                        powers().take_while(move |expert| *expert <= stage && (has_experts || *expert == 1));
                    // Without experts, groups that share nothing are workers of their own.
                    let sensible = has_experts || attention_data == 1;
                    experts.filter(move |_| sensible).map(move |expert| Parallelism {
                        tensor,
                        pipeline,
                        attention_data,
                        expert_tensor: stage / expert,
                        expert,
                    })
                })
            })
        })
    }

    /// Requests under way at once on each of so many workers.
    fn clients(&self, workers: usize, capacity: f64) -> impl Iterator<Item = f64> + use<> {
        let given = self.concurrency.map(|all| (all / workers as f64).max(1.0));
        let most = if given.is_some() { 0.0 } else { capacity.max(1.0) };
        given.into_iter().chain(counts().take_while(move |clients| *clients <= most))
    }

    /// Executions of a worker with rising numbers of clients, each with steps of its own.
    fn batches(&self, worker: &Worker<'_>, capacity: f64, seen: &mut Seen) {
        let parallelism = worker.deployment.parallelism;
        let workers = self.concurrency.map_or(usize::MAX, |all| all as usize);
        let workers = workers.min(self.chips / parallelism.chips()).max(1);
        for clients in self.clients(workers, capacity) {
            let Ok(profile) = Profile::new(worker, self.lengths, clients, self.policy) else { continue };
            let load = Load { concurrency: clients, lengths: self.lengths, rounds: f64::INFINITY };
            let steady = profile.timed(&self.overheads).steady(&load);
            seen.all.push(Execution {
                parallelism,
                prefill: None,
                workers,
                prefill_workers: 0,
                clients: clients * workers as f64,
                chips: workers * parallelism.chips(),
                per_chip: steady.output_tokens_per_s / profile.chips,
                steady: times(steady, workers as f64),
            });
        }
    }

    /// Prompts on workers of their own: each way to decode with the ways to prefill that
    /// take in the most prompts per chip.
    fn apart(
        &self,
        decoders: &[(Parallelism, Profile)],
        prefillers: &[(Parallelism, Profile)],
        seen: &mut Seen,
        told: &mut dyn FnMut(usize),
    ) {
        let rate = |profile: &Profile| {
            1.0 / (profile.prompt_seconds(profile.full_prompts(), &self.overheads_apart) * profile.chips)
        };
        let mut ranked: Vec<&(Parallelism, Profile)> = prefillers.iter().collect();
        ranked.sort_by(|one, other| rate(&other.1).total_cmp(&rate(&one.1)));
        for (parallelism, decode) in decoders {
            for (prefill_parallelism, prefill) in ranked.iter().take(6) {
                let most = self.concurrency.map_or(4, |all| (all as usize).clamp(1, 4));
                for workers in 1..=most {
                    for clients in self.clients(workers, decode.capacity) {
                        seen.candidates += 1;
                        let both = (parallelism, decode, prefill_parallelism, prefill);
                        seen.all.extend(self.pair(both, clients, workers));
                    }
                }
            }
            told(seen.candidates);
        }
    }

    fn pair(
        &self,
        (parallelism, decode, prefill_parallelism, prefill): (&Parallelism, &Profile, &Parallelism, &Profile),
        clients: f64,
        workers: usize,
    ) -> Option<Execution> {
        let mut both = Disaggregated {
            prefill,
            prefill_workers: 1.0,
            decode,
            decode_workers: workers as f64,
            handed_bytes: self.model.cache_bytes(self.deployment.cache, self.lengths.input),
            handing_bandwidth: self.domain.fabric_bandwidth,
        };
        let ratio = both.matched_ratio(clients, self.lengths.output, &self.overheads_apart);
        both.prefill_workers = (ratio * workers as f64).ceil().max(1.0);
        let chips = both.chips() as usize;
        if chips > self.chips {
            return None;
        }
        let all = clients * workers as f64;
        let load = Load { concurrency: all, lengths: self.lengths, rounds: f64::INFINITY };
        let steady = both.steady(&load, &self.overheads_apart).steady;
        Some(Execution {
            parallelism: *parallelism,
            prefill: Some(*prefill_parallelism),
            workers,
            prefill_workers: both.prefill_workers as usize,
            clients: all,
            chips,
            per_chip: steady.output_tokens_per_s / chips as f64,
            steady,
        })
    }

    fn judge(&self, seen: Seen) -> Found {
        let valid = seen.all.len();
        let mut all = seen.all;
        all.sort_by(|one, other| other.per_chip.total_cmp(&one.per_chip));
        let in_time = |one: &Execution| one.steady.first_token_s <= self.first_token_s;
        let in_pace = |one: &Execution| one.steady.output_token_s <= self.output_token_s;
        let best = all.iter().find(|one| in_time(one) && in_pace(one)).copied();
        let kept_out = all.first().filter(|first| best.as_ref() != Some(*first));
        let binding = match kept_out {
            Some(first) if !in_pace(first) => Constraint::OutputToken,
            Some(_) => Constraint::FirstToken,
            None if valid == 0 && seen.out_of_memory > 0 => Constraint::Memory,
            None if valid == 0 => Constraint::Chips,
            None if best.is_some_and(|best| best.steady.memory_bound) => Constraint::Memory,
            None => Constraint::None,
        };
        let mut runners_up: Vec<Execution> = Vec::new();
        for one in all.iter().filter(|one| in_time(one) && in_pace(one)) {
            let known = best
                .iter()
                .chain(&runners_up)
                .any(|other| other.parallelism == one.parallelism && other.prefill == one.prefill);
            if !known {
                runners_up.push(*one);
            }
            if runners_up.len() == RUNNERS_UP {
                break;
            }
        }
        Found { candidates: seen.candidates, valid, best, runners_up, binding, pareto: pareto(&all) }
    }
}

#[derive(Debug, Default)]
struct Seen {
    candidates: usize,
    out_of_memory: usize,
    all: Vec<Execution>,
}

fn times(mut steady: Steady, workers: f64) -> Steady {
    steady.requests_per_s *= workers;
    steady.output_tokens_per_s *= workers;
    steady.input_tokens_per_s *= workers;
    steady.decoding *= workers;
    steady
}

fn powers() -> impl Iterator<Item = usize> + Clone {
    (0..20).map(|exponent| 1_usize << exponent)
}

/// 1, 2, 3, 4, 6, 8, 12, ...
fn counts() -> impl Iterator<Item = f64> {
    std::iter::once(1.0).chain((1..20).flat_map(|exponent| {
        let power = f64::from(1_u32 << exponent);
        [power, 1.5 * power]
    }))
}

/// Those that no other beats in both; `all` falls in output per chip.
fn pareto(all: &[Execution]) -> Vec<Execution> {
    let mut front: Vec<Execution> = Vec::new();
    for one in all {
        if front.last().is_none_or(|last| one.steady.output_token_s < last.steady.output_token_s) {
            front.push(*one);
        }
    }
    front
}
