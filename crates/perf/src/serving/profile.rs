//! [`Profile`]: the steps of a worker under one load, computed once, from which the steady
//! state and the simulator read times of any batch; and what software adds to them.

use serde::Serialize;

use super::host::HostShape;
use super::step::{Batch, Part, Step};
use super::{OutOfMemory, Worker};

crate::constants! {
    /// What serving software adds to the time of operators.
    pub struct Overheads {
        /// Work of the host between steps, in microseconds.
        step_us: 300.0 in 1.0..=20000.0,
        /// The same for each sequence of the step, in microseconds.
        sequence_us: 5.0 in 0.01..=200.0,
        /// Small kernels and gaps of one layer, in microseconds.
        layer_us: 3.0 in 0.01..=200.0,
        /// Time of dense products as they run among other kernels, as a multiple of alone.
        products: 1.0 in 0.5..=2.5,
        /// The same for attention.
        attention: 1.0 in 0.3..=3.0,
        /// The same for experts, the imbalance of real routing included.
        experts: 1.0 in 0.3..=3.0,
        /// The same for element-wise kernels, of which software fuses many.
        elementwise: 0.7 in 0.05..=2.0,
        /// The same for communication, of which software hides a part.
        network: 1.0 in 0.1..=4.0,
        /// Time of the steps that take in prompts, as a multiple of the sum of the above.
        prefill: 1.1 in 0.5..=4.0,
        /// From the arrival of a request to its queue and from its first token to the
        /// client, in milliseconds.
        request_ms: 20.0 in 0.1..=5000.0,
        /// The same for each token of the prompt, in microseconds.
        prompt_token_us: 1.0 in 0.001..=200.0,
        /// How bunched arrivals remain after the first wave: 0 as at random, 1 all at once.
        bunching: 0.05 in 0.001..=1.0,
    }
}

/// How a server chooses what a step works on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Policy {
    /// Tokens that a step may take in, on each group of chips that attends together.
    pub step_tokens: f64,
    /// Whether prompts and decoding share steps, or prompts go first in steps of their own.
    pub mixes: bool,
    /// Sequences that may be decoded at once on each such group.
    pub most_sequences: f64,
    /// Whether each step is cut in two halves, of which one communicates with other experts'
    /// chips while the other computes.
    pub overlaps: bool,
    /// Share of its answer for which a sequence holds room in the cache while it is decoded:
    /// half where room is given as it grows, all where it is reserved at the start.
    pub reserved: f64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { step_tokens: 8192.0, mixes: true, most_sequences: 1024.0, overlaps: false, reserved: 0.5 }
    }
}

/// Batches at which decoding is computed; between them it runs straight.
pub const POINTS: usize = 5;

/// A decoding step of so many sequences.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// How many.
    pub sequences: f64,
    /// Its time on the chips.
    pub step: Step,
    /// Whether it is cut in two halves, of which one communicates while the other computes.
    pub overlaps: bool,
}

impl Point {
    /// Whole or, where that may be and is faster, in two halves; each half reads the weights.
    fn of(worker: &Worker<'_>, sequences: f64, context: f64, may_overlap: bool) -> Self {
        let step = worker.step(&Batch::decode(sequences, context));
        let whole = Self { sequences, step, overlaps: false };
        let groups = worker.deployment.parallelism.attention_data as f64;
        if !may_overlap || sequences < 2.0 * groups {
            return whole;
        }
        let halves = worker.step(&Batch::decode(sequences / 2.0, context)) * 2.0;
        let halves = Self { sequences, step: halves, overlaps: true };
        let overheads = Overheads::default();
        let seconds = |point: &Self| on_chip(&point.step, &overheads, point.overlaps);
        if seconds(&halves) < seconds(&whole) { halves } else { whole }
    }
}

/// Times of decoding at a few batches and of prompts at a few sizes, by part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Profile {
    /// Decoding steps at rising batches.
    pub decode: [Point; POINTS],
    /// What one prompt adds to a step of decoding: first and last piece.
    pub pieces: (Step, Step),
    /// What the fullest step of prompts adds, and how many prompts it takes in.
    pub full: (f64, Step),
    /// Pieces of a prompt.
    pub piece_count: f64,
    /// Tokens of a prompt that have to be computed.
    pub prompt_tokens: f64,
    /// Layers, for what each adds.
    pub layers: f64,
    /// Groups of chips that attend to different sequences.
    pub groups: f64,
    /// Sequences that memory (or the server's limit) lets in at once.
    pub capacity: f64,
    /// Chips.
    pub chips: f64,
    /// How steps are composed.
    pub policy: Policy,
}

/// Lengths of requests.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Lengths {
    /// Mean tokens of a prompt.
    pub input: f64,
    /// Mean tokens of an answer.
    pub output: f64,
    /// Share of the prompt that is found in the prefix cache.
    pub cached: f64,
}

impl Lengths {
    /// Tokens of a sequence, on average over its decoding.
    #[must_use]
    pub fn context(&self) -> f64 {
        self.input + self.output / 2.0
    }

    /// Tokens of a prompt that have to be computed.
    #[must_use]
    pub fn computed(&self) -> f64 {
        (self.input * (1.0 - self.cached)).max(1.0)
    }
}

impl Profile {
    /// Computes the steps of a worker for requests of given lengths, up to `concurrency`
    /// sequences at once.
    ///
    /// # Errors
    /// Not a single sequence fits.
    pub fn new(
        worker: &Worker<'_>,
        lengths: Lengths,
        concurrency: f64,
        policy: Policy,
    ) -> Result<Self, OutOfMemory> {
        let groups = worker.deployment.parallelism.attention_data as f64;
        let tokens = lengths.computed();
        let held = lengths.input + policy.reserved * lengths.output;
        let room = worker.capacity(held, policy.step_tokens.min(tokens.max(concurrency)))?;
        let capacity = room.min(policy.most_sequences * groups).max(1.0);
        let most = concurrency.min(capacity).max(1.0);
        let context = lengths.context();
        let at = |sequences: f64| Point::of(worker, sequences, context, policy.overlaps);
        let power = |share: f64| at(most.powf(share));
        let decode = [power(0.0), power(0.3), power(0.6), power(0.8), power(1.0)];
        let piece_count = (tokens / policy.step_tokens).ceil().max(1.0);
        let piece = tokens / piece_count;
        let beside = if policy.mixes { most } else { 0.0 };
        let alone = if policy.mixes { worker.step(&Batch::decode(most, context)) } else { Step::default() };
        let adds = |prompts: f64, tokens: f64, before: f64| {
            let batch = Batch {
                prompts,
                prompt_tokens: tokens,
                prompt_context: before,
                ..Batch::decode(beside, context)
            };
            worker.step(&batch) - alone
        };
        let before = lengths.input - tokens;
        let first = adds(1.0, piece, before);
        let last = if piece_count > 1.0 { adds(1.0, piece, lengths.input - piece) } else { first };
        let in_full = (groups * (policy.step_tokens / piece).floor().max(1.0)).min(concurrency.max(1.0));
        let full = if in_full > 1.0 { adds(in_full, piece, before + (tokens - piece) / 2.0) } else { first };
        Ok(Self {
            decode,
            pieces: (first, last),
            full: (in_full, full),
            piece_count,
            prompt_tokens: tokens,
            layers: worker.model.layer_count() as f64,
            groups,
            capacity,
            chips: worker.chips() as f64,
            policy,
        })
    }

    /// The same in seconds, under given constants of software.
    #[must_use]
    pub fn timed(&self, overheads: &Overheads) -> Timed<'_> {
        let on_chip = |step: &Step| on_chip(step, overheads, self.policy.overlaps);
        let one = (on_chip(&self.pieces.0) + on_chip(&self.pieces.1)) / 2.0;
        Timed {
            profile: self,
            overheads: *overheads,
            decode: self.decode.map(|point| {
                let seconds = self::on_chip(&point.step, overheads, point.overlaps);
                (point.sequences, seconds)
            }),
            one,
            full: on_chip(&self.full.1),
        }
    }

    /// Seconds of a decoding step of so many sequences.
    #[must_use]
    pub fn decode_seconds(&self, sequences: f64, overheads: &Overheads) -> f64 {
        self.timed(overheads).decode_seconds(sequences)
    }

    /// Seconds of the server's time that each of `waiting` prompts costs.
    #[must_use]
    pub fn prompt_seconds(&self, waiting: f64, overheads: &Overheads) -> f64 {
        self.timed(overheads).prompt_seconds(waiting)
    }

    /// Prompts that one step takes in at most.
    #[must_use]
    pub fn full_prompts(&self) -> f64 {
        self.full.0
    }
}

/// A profile in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Timed<'a> {
    /// What was computed.
    pub profile: &'a Profile,
    /// Constants of software.
    pub overheads: Overheads,
    decode: [(f64, f64); POINTS],
    one: f64,
    full: f64,
}

impl Timed<'_> {
    /// Seconds of a decoding step of so many sequences.
    #[must_use]
    pub fn decode_seconds(&self, sequences: f64) -> f64 {
        let [low, below, middle, above, high] = self.decode;
        let (left, right) = if sequences <= below.0 {
            (low, below)
        } else if sequences <= middle.0 {
            (below, middle)
        } else if sequences <= above.0 {
            (middle, above)
        } else {
            (above, high)
        };
        let share = if right.0 > left.0 { (sequences - left.0) / (right.0 - left.0) } else { 0.0 };
        let chips = (left.1 + (right.1 - left.1) * share.max(0.0)).max(0.0);
        chips + self.host(sequences)
    }

    /// Host and gaps of a step.
    fn host(&self, sequences: f64) -> f64 {
        let shape =
            HostShape { sequences: (sequences / self.profile.groups).max(1.0), layers: self.profile.layers };
        shape.seconds(&self.overheads)
    }

    /// Seconds that `prompts` prompts, one piece of each, add to a step.
    #[must_use]
    pub fn piece_seconds(&self, prompts: f64) -> f64 {
        let count = self.profile.full.0;
        let share = if count > 1.0 { ((prompts - 1.0) / (count - 1.0)).clamp(0.0, 1.0) } else { 0.0 };
        let chips = self.overheads.prefill * (self.one + (self.full - self.one).max(0.0) * share);
        // A step of its own has the host's work too.
        if self.profile.policy.mixes { chips } else { chips + self.host(prompts) }
    }

    /// Seconds of the server's time that each of `waiting` prompts costs.
    #[must_use]
    pub fn prompt_seconds(&self, waiting: f64) -> f64 {
        let together = waiting.clamp(1.0, self.full_prompts().max(1.0));
        self.profile.piece_count * self.piece_seconds(together) / together
    }

    /// Prompts that one step takes in at most.
    #[must_use]
    pub fn full_prompts(&self) -> f64 {
        self.profile.full.0
    }
}

/// Seconds of a step's kernels as they run in a server.
fn on_chip(step: &Step, overheads: &Overheads, overlaps: bool) -> f64 {
    let of = |part: Part| step.part(part).seconds();
    let exchange = overheads.network * of(Part::Exchange);
    let rest = overheads.products * (of(Part::Products) + of(Part::Head))
        + overheads.attention * (of(Part::PromptAttention) + of(Part::DecodeAttention))
        + overheads.experts * of(Part::Experts)
        + overheads.elementwise * of(Part::Elementwise)
        + overheads.network * of(Part::Collectives)
        + of(Part::Host);
    if overlaps { rest.max(exchange) } else { rest + exchange }
}
