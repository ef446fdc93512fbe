//! Requests one by one: a small simulator of the same server as [`steady`](super::steady),
//! step by step. It checks the closed form and gives percentiles. The same seed gives the
//! same answer.

use std::collections::VecDeque;

use serde::Serialize;

use super::profile::{Overheads, Profile, Timed};
use super::steady::Load;

/// What to replay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Replay {
    /// The load; each client asks `rounds` times.
    pub load: Load,
    /// Lengths are drawn evenly from `1 - spread` to `1 + spread` times the mean.
    pub spread: f64,
    /// Seconds until a client sends its next request, on average; drawn evenly from none to
    /// twice that. Without any, all requests would come just when a step ends.
    pub pause_s: f64,
    /// Seed of the lengths and pauses.
    pub seed: u64,
    /// Whether the first round counts, when all clients come at once.
    pub with_first_round: bool,
}

/// Values of which so many hundredths are below.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Percentiles {
    /// Mean.
    pub mean: f64,
    /// Half are below.
    pub p50: f64,
    /// Nine of ten.
    pub p90: f64,
    /// Ninety-nine of a hundred.
    pub p99: f64,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Replayed {
    /// Times to first token in seconds.
    pub first_token_s: Percentiles,
    /// Times per output token of each request, in seconds.
    pub output_token_s: Percentiles,
    /// Output tokens a second over the whole run.
    pub output_tokens_per_s: f64,
    /// Requests that counted.
    pub requests: usize,
    /// Steps of the server.
    pub steps: usize,
}

#[derive(Debug, Clone, Copy)]
struct Request {
    arrived: f64,
    round: usize,
    /// Length of its prompt over the mean.
    size: f64,
    pieces: f64,
    outputs: f64,
}

#[derive(Debug, Clone, Copy)]
struct Decoding {
    left: f64,
    outputs: f64,
    first_at: f64,
    round: usize,
}

/// A generator that never changes: SplitMix64 (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Rounds of a load that has none of its own.
const USUAL_ROUNDS: f64 = 12.0;

struct Server<'a> {
    timed: Timed<'a>,
    replay: Replay,
    random: Random,
    now: f64,
    rounds: usize,
    waiting: VecDeque<Request>,
    filling: VecDeque<Request>,
    decoding: Vec<Decoding>,
    first: Vec<f64>,
    each: Vec<f64>,
    tokens: f64,
    steps: usize,
}

/// Replays a load on a server.
#[must_use]
pub fn replay(profile: &Profile, replay: Replay, overheads: &Overheads) -> Replayed {
    let rounds = if replay.load.rounds.is_finite() { replay.load.rounds } else { USUAL_ROUNDS };
    let mut server = Server {
        timed: profile.timed(overheads),
        replay,
        random: Random(replay.seed),
        now: 0.0,
        rounds: rounds.max(1.0) as usize,
        waiting: VecDeque::new(),
        filling: VecDeque::new(),
        decoding: Vec::new(),
        first: Vec::new(),
        each: Vec::new(),
        tokens: 0.0,
        steps: 0,
    };
    for _ in 0..replay.load.concurrency.max(1.0) as usize {
        server.arrive(0);
    }
    while server.step() {}
    let output_tokens_per_s = server.tokens / server.now.max(1e-12);
    Replayed {
        requests: server.first.len(),
        first_token_s: percentiles(server.first),
        output_token_s: percentiles(server.each),
        output_tokens_per_s,
        steps: server.steps,
    }
}

impl Server<'_> {
    fn arrive(&mut self, round: usize) {
        if round >= self.rounds {
            return;
        }
        let spread = self.replay.spread;
        let mut size = || 1.0 + spread * (2.0 * self.random.next() - 1.0);
        let (input, output) = (size(), size());
        let pause = if round > 0 { 2.0 * self.replay.pause_s * self.random.next() } else { 0.0 };
        let request = Request {
            arrived: self.now + pause,
            round,
            size: input,
            pieces: self.timed.profile.piece_count,
            outputs: (self.replay.load.lengths.output * output).round().max(1.0),
        };
        let at = self.waiting.partition_point(|other| other.arrived <= request.arrived);
        self.waiting.insert(at, request);
    }

    fn counts(&self, round: usize) -> bool {
        round > 0 || self.replay.with_first_round
    }

    /// One step of the server; whether there was anything to do.
    fn step(&mut self) -> bool {
        while ((self.filling.len() + self.decoding.len()) as f64)
            < self.timed.profile.capacity.floor().max(1.0)
        {
            let Some(next) = self.waiting.front().filter(|next| next.arrived <= self.now) else { break };
            self.filling.push_back(*next);
            self.waiting.pop_front();
        }
        let coming = self.waiting.front().map(|next| next.arrived);
        if self.filling.is_empty() && self.decoding.is_empty() {
            self.now = self.now.max(coming.unwrap_or(self.now));
            return coming.is_some();
        }
        self.steps += 1;
        let sequences = self.decoding.len() as f64;
        if self.filling.is_empty() {
            // Nothing changes until the first sequence ends or the next request comes.
            let each = self.timed.decode_seconds(sequences);
            let ends = self.decoding.iter().map(|one| one.left).fold(f64::INFINITY, f64::min);
            let comes = coming.map_or(f64::INFINITY, |at| ((at - self.now) / each).ceil());
            let until = ends.min(comes).max(1.0);
            self.now += until * each;
            self.decode(until);
            return true;
        }
        let together = (self.timed.full_prompts() as usize).clamp(1, self.filling.len());
        let share: f64 = self.filling.iter().take(together).map(|one| one.size).sum();
        let adds = self.timed.piece_seconds(together as f64) * share / together as f64;
        let mixes = self.timed.profile.policy.mixes;
        let beside = if mixes { self.timed.decode_seconds(sequences.max(1.0)) } else { 0.0 };
        self.now += adds + beside;
        if mixes {
            self.decode(1.0);
        }
        for _ in 0..together {
            let Some(mut request) = self.filling.pop_front() else { break };
            request.pieces -= 1.0;
            if request.pieces >= 0.5 {
                self.filling.push_front(request);
                break;
            }
            self.start(request);
        }
        true
    }

    fn start(&mut self, request: Request) {
        if self.counts(request.round) {
            let extra = 1e-3 * self.timed.overheads.request_ms
                + 1e-6
                    * self.timed.overheads.prompt_token_us
                    * self.timed.profile.prompt_tokens
                    * request.size;
            self.first.push(self.now - request.arrived + extra);
        }
        self.tokens += 1.0;
        let later = request.outputs - 1.0;
        if later < 0.5 {
            self.arrive(request.round + 1);
            return;
        }
        self.decoding.push(Decoding {
            left: later,
            outputs: later,
            first_at: self.now,
            round: request.round,
        });
    }

    fn decode(&mut self, tokens: f64) {
        self.tokens += tokens * self.decoding.len() as f64;
        let mut ended = Vec::new();
        let now = self.now;
        self.decoding.retain_mut(|one| {
            one.left -= tokens;
            let goes_on = one.left >= 0.5;
            if !goes_on {
                ended.push(*one);
            }
            goes_on
        });
        for one in ended {
            if self.counts(one.round) {
                self.each.push((now - one.first_at) / one.outputs);
            }
            self.arrive(one.round + 1);
        }
    }
}

fn percentiles(mut values: Vec<f64>) -> Percentiles {
    values.sort_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return Percentiles::default() };
    let at = |share: f64| values.get((share * last as f64).round() as usize).copied().unwrap_or_default();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    Percentiles { mean, p50: at(0.5), p90: at(0.9), p99: at(0.99) }
}
