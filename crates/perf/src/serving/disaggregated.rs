//! Prompts and decoding on workers of their own, with rates matched.

use serde::Serialize;

use super::profile::{Overheads, Profile};
use super::steady::{Load, Steady};

/// Workers of two kinds under one load.
#[derive(Debug, Clone, Copy)]
pub struct Disaggregated<'a> {
    /// A worker that takes in prompts.
    pub prefill: &'a Profile,
    /// How many of them.
    pub prefill_workers: f64,
    /// A worker that decodes.
    pub decode: &'a Profile,
    /// How many of them.
    pub decode_workers: f64,
    /// Bytes of cache handed over for a request.
    pub handed_bytes: f64,
    /// Bytes a second at which one worker hands over.
    pub handing_bandwidth: f64,
}

/// What the two kinds of workers do to each other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Matched {
    /// What clients see.
    pub steady: Steady,
    /// Requests a second that the prefill workers could take in.
    pub prefill_capacity: f64,
    /// Requests a second that the decode workers could finish.
    pub decode_capacity: f64,
    /// Whether prefill is the narrower part.
    pub prefill_bound: bool,
}

/// Rounds of the fixed point; it halves its error in each.
const ROUNDS: usize = 40;

impl Disaggregated<'_> {
    /// The steady state under a load.
    #[must_use]
    pub fn steady(&self, load: &Load, overheads: &Overheads) -> Matched {
        let (prefill, decode) = (self.prefill.timed(overheads), self.decode.timed(overheads));
        let clients = load.concurrency.max(1.0);
        let outputs = load.lengths.output.max(1.0);
        let later = (outputs - 1.0).max(1e-9);
        let room = self.decode.capacity * self.decode_workers;
        let handing = self.handed_bytes / self.handing_bandwidth.max(1.0);
        let per_worker = |sequences: f64| sequences / self.decode_workers.max(1.0);
        let together = self.prefill.full_prompts();
        let mut decoding = clients.min(room);
        let mut queued = 0.0;
        let (mut token_s, mut wait, mut own) = (0.0, 0.0, 0.0);
        for _ in 0..ROUNDS {
            token_s = decode.decode_seconds(per_worker(decoding).max(1.0));
            let each = queued / self.prefill_workers.max(1.0);
            let along = each.min(together - 1.0).max(0.0);
            own = self.prefill.piece_count * prefill.piece_seconds(1.0 + along);
            let cost = prefill.prompt_seconds((each + 1.0).min(together));
            let others = (clients - 1.0).max(0.0) / clients;
            let rate = clients / (wait + own + handing + later * token_s);
            let share = (rate * cost / self.prefill_workers.max(1.0)).min(1.0);
            let queue = (each * others - along - 0.5 * share).max(0.0) * cost;
            // At most one request of each client: the bottleneck bounds the rate from above.
            let least = clients * cost / self.prefill_workers.max(1.0) - later * token_s - handing;
            let first = (own + queue).max(least);
            wait = 0.5 * (wait + (first - own).max(0.0));
            let rate = clients / (wait + own + handing + later * token_s);
            queued = 0.5 * (queued + (rate * (wait + own)).min(clients));
            decoding = 0.5 * (decoding + (rate * later * token_s).clamp(1e-3, clients.min(room)));
        }
        let first_wave = 1.0 / load.rounds.max(1.0);
        let full = together.min((clients / self.prefill_workers.max(1.0)).max(1.0));
        let full_cost = prefill.prompt_seconds(full);
        let burst = full_cost * (clients / self.prefill_workers.max(1.0) + full) / 2.0;
        let rate = clients / (wait + own + handing + later * token_s);
        let held = (clients - room - rate * (wait + own)).max(0.0) / rate;
        let steady = wait + own + held;
        let steady_first = steady + overheads.bunching * (burst - steady).max(0.0);
        let extra = handing
            + 1e-3 * overheads.request_ms
            + 1e-6 * overheads.prompt_token_us * self.prefill.prompt_tokens
            // The first token of a decode worker comes with its next step.
            + token_s;
        let first_token_s = first_wave * burst.max(steady) + (1.0 - first_wave) * steady_first + extra;
        let requests_per_s = clients / (first_token_s + later * token_s);
        let prefill_capacity = self.prefill_workers / full_cost.max(1e-12);
        let most = self.decode.capacity.min(clients / self.decode_workers.max(1.0)).max(1.0);
        let decode_capacity = self.decode_workers * most / (later * decode.decode_seconds(most));
        let steady = Steady {
            first_token_s,
            output_token_s: token_s,
            requests_per_s,
            output_tokens_per_s: requests_per_s * outputs,
            input_tokens_per_s: requests_per_s * load.lengths.input,
            decoding,
            prompt_share: (requests_per_s / prefill_capacity).min(1.0),
            memory_bound: clients > room,
        };
        Matched {
            steady,
            prefill_capacity,
            decode_capacity,
            prefill_bound: prefill_capacity < decode_capacity,
        }
    }

    /// Chips of all workers.
    #[must_use]
    pub fn chips(&self) -> f64 {
        self.prefill_workers * self.prefill.chips + self.decode_workers * self.decode.chips
    }

    /// Prefill workers for one decode worker, so that neither waits for the other, when
    /// each decode worker has `sequences` sequences.
    #[must_use]
    pub fn matched_ratio(&self, sequences: f64, output: f64, overheads: &Overheads) -> f64 {
        let step = self.decode.decode_seconds(sequences, overheads);
        let rate = sequences / ((output - 1.0).max(1e-9) * step);
        rate * self.prefill.prompt_seconds(self.prefill.full_prompts(), overheads)
    }
}
