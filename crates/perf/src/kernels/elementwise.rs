//! Element-wise work, normalization and reductions along rows.
//!
//! A block of threads takes a row, so that few rows leave cores idle and a row's length
//! shows; many rows are bound by the cores' pace or by memory, whichever is slower.

use super::{Kernel, Work};
use crate::accelerator::Accelerator;
use crate::estimate::Estimate;

/// What is done with the elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ElementwiseKind {
    /// Root-mean-square or layer normalization.
    Normalization,
    /// Softmax along rows.
    Softmax,
    /// An activation, gated or not.
    Activation,
    /// Rotary positions.
    Rope,
    /// Addition of a residual, copies, conversions.
    Add,
    /// Choice of the next token from the vocabulary.
    Sampling,
    /// Look-up of embeddings.
    Embedding,
}

/// Rows of elements.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ElementwiseShape {
    /// What is done.
    pub kind: ElementwiseKind,
    /// Rows, tokens as a rule.
    pub rows: f64,
    /// Elements of a row of the result.
    pub columns: f64,
    /// Bytes read for each element of the result.
    pub read_bytes: f64,
    /// Bytes written for each.
    pub write_bytes: f64,
}

crate::constants! {
    /// Fitted constants of element-wise work.
    pub struct ElementwiseConstants {
        /// Launch in microseconds.
        launch_us: 2.0 in 0.3..=500.0,
        /// Launch of a normalization.
        normalization_us: 2.5 in 0.3..=500.0,
        /// Launch of a softmax or a choice of tokens.
        softmax_us: 3.0 in 0.3..=500.0,
        /// Share of the memory bandwidth that is sustained.
        bandwidth_share: 0.85 in 0.05..=1.0,
        /// How much faster than memory the last-level cache is.
        cache_gain: 2.0 in 1.0..=8.0,
        /// Clocks of a core for an element of a normalization.
        normalization_clocks: 0.9 in 0.005..=8.0,
        /// The same of a softmax.
        softmax_clocks: 0.5 in 0.005..=8.0,
        /// The same of an activation.
        activation_clocks: 1.0 in 0.005..=8.0,
        /// The same of rotary positions.
        rope_clocks: 0.7 in 0.005..=8.0,
        /// The same of additions, copies and look-ups.
        add_clocks: 0.1 in 0.005..=8.0,
        /// Clocks of a core to begin a row.
        row_clocks: 50.0 in 1.0..=5000.0,
        /// Elements of a row at which half of it has to be read again, in thousands.
        long_row_thousands: 64.0 in 2.0..=1000.0,
        /// How sharply the slower of cores and memory decides: 1 adds them up.
        sharpness: 2.0 in 1.0..=6.0,
    }
}

/// Element-wise work.
#[derive(Debug, Clone, Copy)]
pub struct Elementwise;

const MICRO: f64 = 1e-6;

impl Kernel for Elementwise {
    type Shape = ElementwiseShape;
    type Constants = ElementwiseConstants;
    const NAME: &'static str = "elementwise";

    fn work(shape: &ElementwiseShape) -> Work {
        let bytes = shape.rows * shape.columns * (shape.read_bytes + shape.write_bytes);
        Work { bytes, ..Work::default() }
    }

    fn estimate(shape: &ElementwiseShape, chip: &Accelerator, constants: &ElementwiseConstants) -> Estimate {
        let (launch_us, clocks) = costs(shape.kind, constants);
        let compute_s = cores_time(shape, chip, constants, clocks);
        let memory_s = memory_time(shape, chip, constants);
        let power = constants.sharpness;
        let slower = compute_s.max(memory_s);
        let quicker = compute_s.min(memory_s) / slower;
        let seconds = slower * (1.0 + quicker.powf(power)).powf(1.0 / power);
        Estimate::overlapped(0.0, compute_s, memory_s).scaled_to(seconds)
            + Estimate { latency_s: launch_us * MICRO, ..Estimate::default() }
    }
}

/// Launch in microseconds and clocks for an element.
const fn costs(kind: ElementwiseKind, constants: &ElementwiseConstants) -> (f64, f64) {
    match kind {
        ElementwiseKind::Normalization => (constants.normalization_us, constants.normalization_clocks),
        ElementwiseKind::Softmax | ElementwiseKind::Sampling => {
            (constants.softmax_us, constants.softmax_clocks)
        }
        ElementwiseKind::Activation => (constants.launch_us, constants.activation_clocks),
        ElementwiseKind::Rope => (constants.launch_us, constants.rope_clocks),
        ElementwiseKind::Add | ElementwiseKind::Embedding => (constants.launch_us, constants.add_clocks),
    }
}

/// Every core takes one row after another; the last round is full on average.
fn cores_time(
    shape: &ElementwiseShape,
    chip: &Accelerator,
    constants: &ElementwiseConstants,
    clocks: f64,
) -> f64 {
    let rounds = (shape.rows / chip.cores).max(1.0);
    rounds * (constants.row_clocks + shape.columns * clocks) / chip.clock
}

/// What fits the last-level cache moves at its rate. Reductions read a row again that is
/// too long to be kept.
fn memory_time(shape: &ElementwiseShape, chip: &Accelerator, constants: &ElementwiseConstants) -> f64 {
    let reduces = matches!(shape.kind, ElementwiseKind::Normalization | ElementwiseKind::Softmax);
    let long = constants.long_row_thousands * 1000.0;
    let again = if reduces { shape.columns / (shape.columns + long) } else { 0.0 };
    let bytes = shape.rows * shape.columns * (shape.read_bytes * (1.0 + again) + shape.write_bytes);
    let cached = bytes.min(chip.cache_bytes);
    let rate = constants.bandwidth_share * chip.memory_bandwidth;
    (cached / constants.cache_gain + (bytes - cached)) / rate
}
