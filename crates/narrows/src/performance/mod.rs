//! The performance engine on the workbench's data: which chip is meant, what its constants
//! are, tables of operators, and errors against measurements.

pub mod accuracy;
pub mod chip_choice;
pub mod operator_batch;
pub mod report;
pub mod setting;

// What answers hold that faces lay out.
pub use narrows_perf::serving::Parallelism;
pub use narrows_perf::serving::search::Execution;
pub use narrows_perf::serving::simulation::Percentiles;
pub use narrows_perf::training::{Plan, Run};

use narrows_catalog::{Chip, Chips};
use narrows_perf::{Calibration, Estimate, Families, Specification};
use serde::Serialize;

use crate::failure::Failure;

/// Architecture families and fitted constants.
#[derive(Debug, Default)]
pub struct PerformanceData {
    /// Families.
    pub families: Families,
    /// Constants.
    pub calibration: Calibration,
}

impl PerformanceData {
    /// The figures of a chip on which time depends.
    ///
    /// # Errors
    /// A figure that cannot be assumed is not on record.
    pub fn specification(&self, chip: &Chip) -> Result<Specification, Failure> {
        let family = self.families.of_architecture(chip.architecture.as_deref().unwrap_or_default());
        let traits = self
            .families
            .get(family)
            .ok_or_else(|| Failure::data("perf/families.toml holds no architecture family"))?;
        Specification::of(chip, family, traits).map_err(|error| Failure::input(error.to_string()))
    }
}

/// A roster of the chips of measured tables.
pub(crate) fn roster<'a>(
    chips: &'a Chips,
    data: &'a PerformanceData,
) -> narrows_calibration::chips::Roster<'a> {
    narrows_calibration::chips::Roster::new(chips, &data.families)
}

/// A figure with the range in which nine of ten measurements would lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    /// Best value.
    pub value: f64,
    /// Low end.
    pub low: f64,
    /// High end.
    pub high: f64,
}

impl Range {
    /// A time (or what grows with it) that errs by a fraction, either way by the same factor.
    #[must_use]
    pub fn around(value: f64, spread: f64) -> Self {
        let factor = 1.0 + spread.max(0.0);
        Self { value, low: value / factor, high: value * factor }
    }

    /// A rate: `by` over the time.
    #[must_use]
    pub fn per(self, by: f64) -> Self {
        Self { value: by / self.value, low: by / self.high, high: by / self.low }
    }

    /// The same in another unit.
    #[must_use]
    pub fn times(self, by: f64) -> Self {
        Self { value: self.value * by, low: self.low * by, high: self.high * by }
    }
}

/// A time by cause; the parts add up to the whole.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Parts {
    /// Arithmetic.
    pub compute: f64,
    /// Memory traffic that arithmetic does not hide.
    pub memory: f64,
    /// Launches, serial chains and synchronization.
    pub latency: f64,
    /// Links between chips.
    pub network: f64,
}

impl Parts {
    /// The parts of an estimate in a unit of which a second has `per_second`.
    #[must_use]
    pub fn of(estimate: Estimate, per_second: f64) -> Self {
        let Estimate { compute_s, memory_s, latency_s, network_s } = estimate * per_second;
        Self { compute: compute_s, memory: memory_s, latency: latency_s, network: network_s }
    }
}
