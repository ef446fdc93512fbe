//! What a chip can still do: the time, memory, energy and cost of training and serving
//! language models, from the chip's figures alone.
//!
//! Three inputs are kept apart: the model, the execution, and the system. Operators are
//! closed formulas ([`kernels`]) whose constants are fitted to measurements by family and
//! precision; where nothing was measured, the nearest family's serve.

pub mod accelerator;
pub mod calibration;
pub mod estimate;
pub mod families;
pub mod hugging_face;
pub mod kernels;
pub mod machine;
pub mod model;
pub mod network;
pub mod precision;
pub mod serving;
pub mod training;

pub use accelerator::{Accelerator, MissingFigure, Specification};
pub use calibration::{Calibration, Fit, Ground, Resolved, Spread};
pub use estimate::{Bound, Estimate};
pub use families::{Families, Family};
pub use kernels::{ConstantSet, ConstantSpec, Kernel};
pub use machine::{Machine, Software};
pub use precision::{Arithmetic, Scheme};
