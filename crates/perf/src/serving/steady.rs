//! The steady state of a server with continuous batching, in closed form.
//!
//! A fixed number of clients each send a request, wait for its answer and send the next.
//! Little's law ties the three unknowns: requests a second, time to first token, time per
//! output token. A decoding step takes what its batch asks for; prompts take their share of
//! the server's time away from decoding. Waiting for other prompts follows mean-value
//! analysis of a closed network with one queue and one delay (Reiser and Lavenberg 1980),
//! with the arrival theorem in Schweitzer's form; the first wave, when all clients come at
//! once, waits for half of itself.

use serde::Serialize;

use super::profile::{Lengths, Overheads, Profile, Timed};

/// What clients ask for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Load {
    /// Requests under way at once.
    pub concurrency: f64,
    /// Lengths of requests.
    pub lengths: Lengths,
    /// How many times over each client asks; the first time all come at once. Infinite for
    /// a server that has run long.
    pub rounds: f64,
}

/// What clients see.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Steady {
    /// Mean time to first token, in seconds.
    pub first_token_s: f64,
    /// Mean time per output token after the first, in seconds.
    pub output_token_s: f64,
    /// Requests finished a second.
    pub requests_per_s: f64,
    /// Output tokens a second.
    pub output_tokens_per_s: f64,
    /// Input tokens a second, cached ones included.
    pub input_tokens_per_s: f64,
    /// Sequences decoded at once, on average.
    pub decoding: f64,
    /// Share of the time that prompts take.
    pub prompt_share: f64,
    /// Whether memory (or the server's limit) keeps requests out.
    pub memory_bound: bool,
}

/// Rounds of the fixed point; it halves its error in each.
const ROUNDS: usize = 40;

impl Profile {
    /// The steady state under a load.
    #[must_use]
    pub fn steady(&self, load: &Load, overheads: &Overheads) -> Steady {
        self.timed(overheads).steady(load)
    }
}

impl Timed<'_> {
    /// The steady state under a load.
    #[must_use]
    pub fn steady(&self, load: &Load) -> Steady {
        let overheads = &self.overheads;
        let clients = load.concurrency.max(1.0);
        let inside = clients.min(self.profile.capacity);
        let outputs = load.lengths.output.max(1.0);
        let later = (outputs - 1.0).max(1e-9);
        let first_wave = 1.0 / load.rounds.max(1.0);
        // Of the prompts of all others a request of the first wave sees only later ones.
        let seen = (1.0 - 0.5 * first_wave) * (inside - 1.0).max(0.0) / inside.max(1.0);
        let mut decoding = inside;
        let mut waiting = 0.0;
        let mut state = Pace::default();
        for _ in 0..ROUNDS {
            state = self.pace(decoding, waiting, inside, seen, later);
            let life = state.prefill_s + later * state.token_s;
            let rate = inside / life;
            let busy = inside * later * state.token_s / life;
            decoding = 0.5 * (decoding + busy.clamp(1e-3, inside));
            let queue = rate * state.prefill_s;
            waiting = 0.5 * (waiting + queue.clamp(0.0, inside));
        }
        let life = state.prefill_s + later * state.token_s;
        let rate = inside / life;
        let outside = (clients - inside) / rate;
        let burst = self.burst_seconds(inside, outside);
        let steady_first = state.first_s + overheads.bunching * (burst - state.first_s).max(0.0) + outside;
        let extra =
            1e-3 * overheads.request_ms + 1e-6 * overheads.prompt_token_us * self.profile.prompt_tokens;
        let first_token_s = first_wave * burst.max(state.first_s) + (1.0 - first_wave) * steady_first + extra;
        let requests_per_s = clients / (first_token_s + later * state.token_s);
        Steady {
            first_token_s,
            output_token_s: state.token_s,
            requests_per_s,
            output_tokens_per_s: requests_per_s * outputs,
            input_tokens_per_s: requests_per_s * load.lengths.input,
            decoding,
            prompt_share: state.prompt_share,
            memory_bound: clients > self.profile.capacity,
        }
    }

    /// Mean wait of the first wave: for half of itself, and for room where there is too
    /// little.
    fn burst_seconds(&self, inside: f64, outside: f64) -> f64 {
        let together = self.full_prompts().min(inside).max(1.0);
        let one = self.prompt_seconds(together);
        // Prompts are taken in `together` at a time; a wave ends with the last of them.
        one * (inside + together) / 2.0 + outside / 2.0
    }

    fn pace(&self, decoding: f64, waiting: f64, inside: f64, seen: f64, later: f64) -> Pace {
        let step = self.decode_seconds(decoding);
        let cost = self.prompt_seconds(waiting.max(1.0));
        let together = waiting.clamp(1.0, self.full_prompts().max(1.0));
        let piece = self.piece_seconds(together);
        // While a request is decoded, each of the others is replaced once.
        let slowed = step + seen * inside * cost / later;
        let token_s = if self.profile.policy.mixes { slowed.min(step + piece) } else { slowed };
        let prompt_share = (1.0 - step / token_s).clamp(0.0, 1.0);
        let beside = if self.profile.policy.mixes { step } else { 0.0 };
        let residual = 0.5 * step + 0.5 * prompt_share * piece;
        // Those that wait go into the next step together, as far as there is room.
        let others = (inside - 1.0).max(0.0) / inside;
        let ahead = (waiting * others - 0.5 * prompt_share).max(0.0);
        let along = ahead.min(self.full_prompts() - 1.0).max(0.0);
        let own = self.profile.piece_count * (self.piece_seconds(1.0 + along) + beside);
        // A server that does not mix serves prompts at once; one that mixes, beside decoding.
        let service = if self.profile.policy.mixes { cost / piece.max(1e-12) * (piece + step) } else { cost };
        let first_s = own + residual + (ahead - along) * service;
        // Where steps are full of prompts, Little's law says what is left to wait.
        let least = inside * service - later * token_s;
        let prefill_s = first_s.max(least);
        Pace { token_s, first_s: prefill_s, prefill_s, prompt_share }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Pace {
    token_s: f64,
    first_s: f64,
    prefill_s: f64,
    prompt_share: f64,
}
