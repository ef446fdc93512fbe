//! [`TrainingConstants`]: what a training framework adds to the bare operators. Fitted to
//! published steps; data: `calibration/training.toml`.

use crate::calibration::{Calibration, Ground, Resolved, Spread};
use crate::families::Families;

crate::constants! {
    /// Fitted constants of a training framework.
    pub struct TrainingConstants {
        /// Rate of matrix products within a step over their rate alone: operands come from
        /// memory, results are summed in single precision, the chip is hot.
        matrix_share: 0.92 in 0.3..=1.05,
        /// The same for 8-bit products.
        narrow_share: 0.85 in 0.3..=1.05,
        /// The same for 4-bit products.
        quarter_share: 0.7 in 0.2..=1.05,
        /// Rate of the grouped products of experts over that of one product as large.
        experts_share: 0.8 in 0.2..=1.05,
        /// Operations that attention's kernel does at most for each core and clock.
        attention_per_clock: 4000.0 in 300.0..=8000.0,
        /// Memory traffic of element-wise work over that of fused kernels.
        passes: 1.5 in 0.7..=6.0,
        /// Work of the host for an operator, in microseconds.
        host_us: 20.0 in 1.0..=200.0,
        /// The same for each operator of routed experts.
        host_expert_us: 100.0 in 1.0..=500.0,
        /// Time of the exchange among experts over that of the best kernels, in
        /// one domain.
        exchange_factor: 0.8 in 0.1..=4.0,
        /// The same where experts' chips stand in several domains.
        exchange_fabric: 1.2 in 0.2..=4.0,
        /// Share of communication between replicas that nothing hides.
        data_exposed: 0.2 in 0.02..=1.0,
        /// Work between steps, in milliseconds.
        step_ms: 20.0 in 1.0..=200.0,
    }
}

/// Family of constants that were fitted over all families: a framework is not a chip's.
const ANY_FAMILY: &str = "any";

/// Name under which the constants are on file.
pub const KERNEL: &str = "training";

/// Chooses constants for a framework and a chip: fitted on its family, else on the nearest.
#[must_use]
pub fn resolve(
    calibration: &Calibration,
    framework: &str,
    families: &Families,
    family: usize,
    chip: &str,
) -> Resolved<TrainingConstants> {
    let own = families.get(family);
    let own_id = own.map_or("", |family| family.id.as_str());
    let similar = own.map(|family| family.similar.as_slice()).unwrap_or_default();
    let fits = || calibration.fits.iter().filter(|fit| fit.kernel == KERNEL);
    let of_framework = || fits().filter(|fit| fit.variant == framework);
    let places = || std::iter::once(own_id).chain(similar.iter().map(String::as_str)).chain([ANY_FAMILY]);
    let found = places()
        .find_map(|place| of_framework().find(|fit| fit.family == place))
        .or_else(|| of_framework().next())
        .or_else(|| places().find_map(|place| fits().find(|fit| fit.family == place)))
        .or_else(|| fits().next());
    let Some(fit) = found else {
        return Resolved {
            constants: TrainingConstants::default(),
            ground: Ground::SpecAlone,
            spread: Spread { median: 0.2, p90: 0.5 },
        };
    };
    let ground = if fit.chips.iter().any(|known| known == chip) {
        Ground::Calibrated
    } else if fit.family == own_id || fit.family == ANY_FAMILY {
        Ground::ByFamily
    } else {
        Ground::SpecAlone
    };
    let spread = match ground {
        Ground::Calibrated => fit.known,
        Ground::ByFamily | Ground::SpecAlone => fit.unseen.unwrap_or(fit.known),
    };
    Resolved { constants: fit.constants(), ground, spread }
}
