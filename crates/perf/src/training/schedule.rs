//! Bubbles of pipelines in closed form.

use super::plan::Schedule;

/// Seconds of the passes of one micro batch through one stage.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StageSeconds {
    /// Forward.
    pub forward: f64,
    /// Backward to the inputs, with what is computed again.
    pub input: f64,
    /// Backward to the weights.
    pub weight: f64,
}

impl StageSeconds {
    /// All passes.
    #[must_use]
    pub fn all(&self) -> f64 {
        self.forward + self.input + self.weight
    }
}

/// Seconds that a stage stands idle in a step, all stages being alike.
///
/// With `p` stages, forward F, backward to inputs I and to weights W of a stage:
/// - 1F1B with `v` chunks: (p - 1)(F + I + W) / v (Narayanan et al. 2021, section 2.2);
/// - zero bubble (ZB-H1): (p - 1)(F + I - W) (Qi et al. 2023, table 2);
/// - DualPipe: (p / 2 - 1)(F&B + B - 3 W), where B = I + W and F&B is the time of a forward
///   and a backward that run together (DeepSeek-V3, table 2).
#[must_use]
pub fn bubble_s(schedule: Schedule, stages: f64, virtual_stages: f64, stage: &StageSeconds) -> f64 {
    let others = (stages - 1.0).max(0.0);
    match schedule {
        Schedule::OneForwardOneBackward => others * stage.all() / virtual_stages.max(1.0),
        Schedule::ZeroBubble => others * (stage.forward + stage.input - stage.weight).max(0.0),
        Schedule::DualPipe => {
            let backward = stage.input + stage.weight;
            let both = stage.forward + backward;
            (stages / 2.0 - 1.0).max(0.0) * (both + backward - 3.0 * stage.weight).max(0.0)
        }
    }
}

/// Micro batches whose activations the first stage keeps, in units of a stage's layers.
///
/// 1F1B keeps one for every stage after it, itself included; interleaving adds
/// (p - 1) / (p v) of them (Korthikanti et al. 2022, section 4.2.3); DualPipe keeps p + 1
/// (DeepSeek-V3, table 2).
#[must_use]
pub fn kept_micro_batches(schedule: Schedule, stages: f64, virtual_stages: f64, batches: f64) -> f64 {
    let kept = match schedule {
        Schedule::OneForwardOneBackward if virtual_stages > 1.0 => stages + (stages - 1.0) / virtual_stages,
        Schedule::OneForwardOneBackward | Schedule::ZeroBubble => stages,
        Schedule::DualPipe => stages + 1.0,
    };
    kept.min(batches.max(1.0))
}

/// Copies of a stage's weights on a chip: DualPipe keeps those of both directions.
#[must_use]
pub const fn weight_copies(schedule: Schedule) -> f64 {
    match schedule {
        Schedule::DualPipe => 2.0,
        Schedule::OneForwardOneBackward | Schedule::ZeroBubble => 1.0,
    }
}

/// Time of the slowest stage: layers are whole, and the last stage also has the head.
///
/// Where the layers divide evenly frameworks leave it at that; else the last stage takes
/// fewer layers, as many as make the slowest stage fastest.
#[must_use]
pub fn slowest_stage_s(
    layers: usize,
    stages: usize,
    virtual_stages: usize,
    layer_s: f64,
    head_s: f64,
) -> f64 {
    let real = |count: usize| count as f64;
    if stages < 2 {
        return real(layers) * layer_s + head_s;
    }
    let slots = stages.saturating_mul(virtual_stages.max(1));
    let even = real(layers.div_ceil(stages));
    if layers.is_multiple_of(slots) {
        return even * layer_s + head_s;
    }
    let mut best = f64::MAX;
    for last in 0..=layers.div_ceil(stages).min(64) {
        let middle = real((layers - last.min(layers)).div_ceil(stages - 1));
        let slowest = (middle * layer_s).max(real(last) * layer_s + head_s);
        best = best.min(slowest);
    }
    best
}
