//! Element-wise work, normalization and reductions along rows: bound by memory and launch.

use super::Kernel;
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
        launch_us: 3.0 in 0.3..=100.0,
        /// Share of the memory bandwidth that is sustained.
        bandwidth_share: 0.75 in 0.02..=1.0,
    }
}

/// Element-wise work.
#[derive(Debug, Clone, Copy)]
pub struct Elementwise;

impl Kernel for Elementwise {
    type Shape = ElementwiseShape;
    type Constants = ElementwiseConstants;
    const NAME: &'static str = "elementwise";

    fn estimate(shape: &ElementwiseShape, chip: &Accelerator, constants: &ElementwiseConstants) -> Estimate {
        let bytes = shape.rows * shape.columns * (shape.read_bytes + shape.write_bytes);
        let memory = bytes / (constants.bandwidth_share * chip.memory_bandwidth);
        Estimate::overlapped(constants.launch_us * 1e-6, 0.0, memory)
    }
}
