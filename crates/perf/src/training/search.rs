//! `auto`: tries plans for a model, a number of chips and a batch, and keeps the fastest.
//!
//! Layers are timed once for each way to divide and batch them ([`Slice`]); a candidate then
//! costs a composition and a count of memory. Nothing is sampled or skipped: within the
//! grid the answer is the best one.

use serde::Serialize;

use super::error::{Hint, TrainingError};
use super::layer::{Means, Slice};
use super::memory::{Memory, Parameters};
use super::plan::{Plan, Recomputation, Schedule, Sharding};
use super::step::{ModelPasses, Step, fits, step_time, with_schedule};
use crate::model::{FeedForward, Model};

/// What may be tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Limits {
    /// Greatest tensor parallelism.
    pub tensor: usize,
    /// Greatest number of stages.
    pub pipeline: usize,
    /// Greatest context parallelism.
    pub context: usize,
    /// Greatest expert parallelism.
    pub expert: usize,
    /// Greatest micro batch.
    pub micro_batch: usize,
    /// Greatest number of chunks of a stage.
    pub virtual_stages: usize,
    /// How many runners-up to report.
    pub runners_up: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tensor: 16,
            pipeline: 128,
            context: 64,
            expert: 512,
            micro_batch: 16,
            virtual_stages: 16,
            runners_up: 5,
        }
    }
}

/// Why candidates fell out, with how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Rejected {
    /// Chips are no multiple of a copy's.
    pub chips: usize,
    /// Heads are not divided.
    pub heads: usize,
    /// The sequence is not divided.
    pub sequence: usize,
    /// Experts are not divided, or their chips.
    pub experts: usize,
    /// More stages than layers.
    pub stages: usize,
    /// The batch is not divided.
    pub batch: usize,
    /// The schedule asks for more.
    pub schedule: usize,
    /// Too little memory.
    pub memory: usize,
}

impl Rejected {
    fn count(&mut self, error: &TrainingError) {
        let place = match error {
            TrainingError::Heads { .. } => &mut self.heads,
            TrainingError::Context { .. } => &mut self.sequence,
            TrainingError::NoExperts { .. }
            | TrainingError::Experts { .. }
            | TrainingError::ExpertRanks { .. } => &mut self.experts,
            TrainingError::Stages { .. } => &mut self.stages,
            TrainingError::Batch { .. } => &mut self.batch,
            TrainingError::Interleaving { .. }
            | TrainingError::VirtualStages { .. }
            | TrainingError::ZeroBubble { .. }
            | TrainingError::DualPipe { .. } => &mut self.schedule,
            TrainingError::DoesNotFit { .. } => &mut self.memory,
            _ => &mut self.chips,
        };
        *place += 1;
    }

    /// All of them.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.chips
            + self.heads
            + self.sequence
            + self.experts
            + self.stages
            + self.batch
            + self.schedule
            + self.memory
    }

    /// What most candidates lacked.
    #[must_use]
    pub fn main(&self) -> &'static str {
        let all = [
            (self.memory, "memory"),
            (self.batch, "the batch is not divided evenly"),
            (self.chips, "the chips are no multiple of a copy's"),
            (self.heads, "heads are not divided evenly"),
            (self.sequence, "the sequence is not divided evenly"),
            (self.experts, "experts are not divided evenly"),
            (self.stages, "more stages than layers"),
            (self.schedule, "the schedule asks for more"),
        ];
        all.into_iter().fold((0, "nothing"), |best, one| if one.0 > best.0 { one } else { best }).1
    }
}

/// Which limit the best plan runs into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// With more memory something faster would fit.
    Memory,
    /// Arithmetic takes most of the time.
    Compute,
    /// Memory traffic does.
    MemoryBandwidth,
    /// Launches and the host do.
    Latency,
    /// Links do.
    Network,
    /// Waiting in the pipeline does.
    Bubble,
}

impl Binding {
    /// Words for a text.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Memory => "memory capacity",
            Self::Compute => "arithmetic",
            Self::MemoryBandwidth => "memory bandwidth",
            Self::Latency => "launches and the host",
            Self::Network => "links",
            Self::Bubble => "the pipeline's bubble",
        }
    }
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// The fastest plan.
    pub best: Step,
    /// The next ones, the fastest first; plans that differ from a faster one in nothing but
    /// the schedule are left out.
    pub runners_up: Vec<Step>,
    /// Plans looked at.
    pub seen: usize,
    /// Plans that are possible and fit.
    pub valid: usize,
    /// The others by reason.
    pub rejected: Rejected,
    /// Which limit the best plan runs into.
    pub binding: Binding,
    /// Time of the fastest plan if memory were unlimited, in seconds.
    pub unlimited_s: f64,
}

/// Numbers up to a limit that divide `whole`, or powers of two where there is no whole.
fn sizes(limit: usize, whole: usize) -> impl Iterator<Item = usize> {
    (1..=limit.min(whole)).filter(move |size| whole.is_multiple_of(*size))
}

fn powers(limit: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(1_usize), |size| size.checked_mul(2)).take_while(move |size| *size <= limit)
}

/// Tries all plans within limits. `start` gives what is not searched: chips, batch,
/// sequence, precision, state, overlap. `progress` hears of (seen, valid) now and then.
///
/// # Errors
/// No plan is possible, with what most of them lacked.
pub fn search(
    model: &Model,
    start: &Plan,
    means: Means<'_>,
    limits: &Limits,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Found, TrainingError> {
    for (what, count) in
        [("chips", start.chips), ("global batch", start.global_batch), ("sequence", start.sequence)]
    {
        if count == 0 {
            return Err(TrainingError::Zero { what });
        }
    }
    let mut state = Search::new(model, means, limits);
    for tensor in sizes(limits.tensor, start.chips) {
        for context in powers(limits.context.min(start.chips)) {
            // Longer slices only save memory: below two thousand tokens they never pay.
            if context > 1 && start.sequence / context < 2048 {
                continue;
            }
            for expert in state.expert_sizes(start.chips) {
                for micro_batch in 1..=limits.micro_batch.min(start.global_batch) {
                    let plan = Plan { tensor, context, expert, micro_batch, ..*start };
                    state.slice(&plan);
                }
            }
            progress(state.seen, state.valid);
        }
    }
    state.finish(start)
}

struct Search<'a> {
    model: &'a Model,
    means: Means<'a>,
    limits: &'a Limits,
    parameters: Parameters,
    experts: usize,
    seen: usize,
    valid: usize,
    rejected: Rejected,
    unlimited_s: f64,
    /// What is missing where the least memory is.
    leanest: Option<TrainingError>,
    /// Fastest first.
    best: Vec<(f64, Plan)>,
}

impl<'a> Search<'a> {
    fn new(model: &'a Model, means: Means<'a>, limits: &'a Limits) -> Self {
        let experts = model.layer_kinds().iter().filter_map(|kind| match kind.feed_forward {
            FeedForward::Experts(experts) => Some(experts.experts),
            FeedForward::Dense(_) | FeedForward::None => None,
        });
        Self {
            model,
            means,
            limits,
            parameters: Parameters::of(model),
            experts: experts.min().unwrap_or(1),
            seen: 0,
            valid: 0,
            rejected: Rejected::default(),
            unlimited_s: f64::MAX,
            leanest: None,
            best: Vec::new(),
        }
    }

    fn expert_sizes(&self, chips: usize) -> Vec<usize> {
        sizes(self.limits.expert.min(chips), self.experts).collect()
    }

    /// All plans whose layers are divided and batched alike.
    fn slice(&mut self, plan: &Plan) {
        let mut passes = [None, None];
        for pipeline in 1..=self.limits.pipeline.min(plan.chips) {
            let plan = Plan { pipeline, ..*plan };
            if !self.whole_stages(pipeline) {
                continue;
            }
            // What does not depend on the rest is checked once.
            if let Err(error) = plan.check(self.model) {
                self.seen += 1;
                self.rejected.count(&error);
                continue;
            }
            for (schedule, virtual_stages) in self.schedules(pipeline) {
                for recomputation in [Recomputation::None, Recomputation::Selective, Recomputation::Full] {
                    for sharding in Sharding::ALL {
                        let plan = Plan { schedule, virtual_stages, recomputation, sharding, ..plan };
                        self.candidate(&plan, &mut passes);
                    }
                }
            }
        }
    }

    /// Stages worth a look: those that waste at most a fifth of a stage's layers.
    fn whole_stages(&self, pipeline: usize) -> bool {
        let layers = self.model.layer_count();
        pipeline <= layers && layers.div_ceil(pipeline) * pipeline * 5 <= layers * 6
    }

    fn schedules(&self, pipeline: usize) -> Vec<(Schedule, usize)> {
        let mut all = vec![(Schedule::OneForwardOneBackward, 1)];
        if pipeline > 1 {
            let layers = self.model.layer_count();
            let chunks = (2..=self.limits.virtual_stages).filter(|chunks| pipeline * chunks <= layers);
            let even =
                chunks.filter(|chunks| layers.is_multiple_of(pipeline * chunks) || chunks.is_power_of_two());
            all.extend(even.map(|chunks| (Schedule::OneForwardOneBackward, chunks)));
            all.extend([(Schedule::ZeroBubble, 1), (Schedule::DualPipe, 1)]);
        }
        all
    }

    fn candidate(&mut self, plan: &Plan, passes: &mut [Option<ModelPasses>; 2]) {
        self.seen += 1;
        if let Err(error) = plan.check(self.model) {
            self.rejected.count(&error);
            return;
        }
        let both = usize::from(plan.schedule == Schedule::DualPipe);
        let Some(kept) = passes.get_mut(both) else { return };
        let slice = Slice::from(&with_schedule(plan));
        let passes = *kept.get_or_insert_with(|| ModelPasses::of(self.model, self.means, slice));
        let memory = Memory::of(self.model, &self.parameters, plan);
        let fit = fits(&memory, self.means.machine.accelerator.memory_bytes);
        let time = step_time(self.model, &self.parameters, plan, self.means, &passes);
        let seconds = time.seconds();
        self.unlimited_s = self.unlimited_s.min(seconds);
        if let Err(error) = fit {
            self.rejected.count(&error);
            self.keep_leanest(error);
            return;
        }
        self.valid += 1;
        self.keep(seconds, plan);
    }

    fn keep_leanest(&mut self, error: TrainingError) {
        let over = |error: &TrainingError| match error {
            TrainingError::DoesNotFit { over_gb, .. } => *over_gb,
            _ => f64::INFINITY,
        };
        if self.leanest.as_ref().is_none_or(|least| over(&error) < over(least)) {
            self.leanest = Some(error);
        }
    }

    fn keep(&mut self, seconds: f64, plan: &Plan) {
        let alike = |other: &Plan| {
            (other.tensor, other.pipeline, other.context, other.expert, other.micro_batch)
                == (plan.tensor, plan.pipeline, plan.context, plan.expert, plan.micro_batch)
        };
        if let Some(at) = self.best.iter().position(|(_, other)| alike(other)) {
            if self.best.get(at).is_some_and(|(best, _)| *best <= seconds) {
                return;
            }
            self.best.remove(at);
        }
        let place = self.best.partition_point(|(best, _)| *best <= seconds);
        if place <= self.limits.runners_up {
            self.best.insert(place, (seconds, *plan));
            self.best.truncate(self.limits.runners_up + 1);
        }
    }

    fn finish(self, start: &Plan) -> Result<Found, TrainingError> {
        let steps = self.best.iter().map(|(_, plan)| Step::of(self.model, plan, self.means));
        let mut steps = steps.collect::<Result<Vec<_>, _>>()?;
        if steps.is_empty() {
            let mut why = format!("most fail for {}", self.rejected.main());
            if let Some(leanest) = self.leanest {
                let memory = self.means.machine.accelerator.memory_bytes;
                let fewest = fewest_chips(self.model, start, memory, self.limits, MOST_CHIPS);
                why.push_str(&format!("; the leanest {leanest}{}", Hint(fewest)));
            }
            return Err(TrainingError::NothingFits { seen: self.seen, why });
        }
        let best = steps.remove(0);
        Ok(Found {
            binding: binding(&best, self.unlimited_s),
            best,
            runners_up: steps,
            seen: self.seen,
            valid: self.valid,
            rejected: self.rejected,
            unlimited_s: self.unlimited_s,
        })
    }
}

/// No more chips than these are looked at for the fewest with which a model fits.
pub const MOST_CHIPS: usize = 1 << 20;

/// With this much to gain from memory, memory binds.
const WORTH_MEMORY: f64 = 0.98;

fn binding(best: &Step, unlimited_s: f64) -> Binding {
    if unlimited_s < WORTH_MEMORY * best.seconds {
        return Binding::Memory;
    }
    let cause = best.time.by_cause();
    let all = [
        (cause.compute_s, Binding::Compute),
        (cause.memory_s, Binding::MemoryBandwidth),
        (cause.latency_s, Binding::Latency),
        (cause.network_s, Binding::Network),
        (best.time.bubble_s, Binding::Bubble),
    ];
    all.into_iter().fold((f64::MIN, Binding::Compute), |most, one| if one.0 > most.0 { one } else { most }).1
}

/// The fewest chips on which a model can be trained at all: powers of two from `from` on,
/// up to `most`, each with every plan; only memory is counted.
#[must_use]
pub fn fewest_chips(
    model: &Model,
    start: &Plan,
    memory_bytes: f64,
    limits: &Limits,
    most: usize,
) -> Option<usize> {
    let parameters = Parameters::of(model);
    let experts = model.layer_kinds().iter().find_map(|kind| match kind.feed_forward {
        FeedForward::Experts(experts) => Some(experts.experts),
        FeedForward::Dense(_) | FeedForward::None => None,
    });
    let experts = experts.unwrap_or(1);
    powers(most).find(|chips| {
        powers(limits.tensor.min(*chips)).any(|tensor| {
            powers(limits.pipeline.min(*chips)).any(|pipeline| {
                sizes(limits.expert.min(*chips), experts).any(|expert| {
                    let plan = Plan {
                        chips: *chips,
                        tensor,
                        pipeline,
                        expert,
                        micro_batch: 1,
                        virtual_stages: 1,
                        schedule: Schedule::OneForwardOneBackward,
                        recomputation: Recomputation::Full,
                        sharding: Sharding::Parameters,
                        // Any batch that divides: memory depends on it only through stages.
                        global_batch: chips / (tensor * pipeline).max(1) * pipeline.max(1),
                        ..*start
                    };
                    plan.check(model).is_ok()
                        && fits(&Memory::of(model, &parameters, &plan), memory_bytes).is_ok()
                })
            })
        })
    })
}
