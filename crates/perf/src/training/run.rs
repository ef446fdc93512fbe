//! A run: what so many tokens take in days, energy and money.

use serde::Serialize;

use super::error::TrainingError;
use super::step::Step;

/// How often a run is interrupted and what each interruption costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Failures {
    /// Interruptions of a chip in a day.
    pub per_chip_day: f64,
    /// Seconds until work goes on after one.
    pub restart_s: f64,
    /// Seconds between checkpoints: half of that is lost on average.
    pub checkpoint_every_s: f64,
    /// Seconds that writing a checkpoint halts work.
    pub checkpoint_s: f64,
}

impl Default for Failures {
    /// 419 unexpected interruptions in 54 days on 16,384 chips (Llama 3, arXiv 2407.21783,
    /// section 3.3.4, table 5). Restart and checkpoints are assumptions that give the "higher
    /// than 90% effective training time" stated there.
    fn default() -> Self {
        Self {
            per_chip_day: 419.0 / (54.0 * 16_384.0),
            restart_s: 600.0,
            checkpoint_every_s: 900.0,
            checkpoint_s: 5.0,
        }
    }
}

impl Failures {
    /// Nothing ever fails.
    pub const NONE: Self =
        Self { per_chip_day: 0.0, restart_s: 0.0, checkpoint_every_s: f64::INFINITY, checkpoint_s: 0.0 };

    /// Share of the time that advances the run.
    #[must_use]
    pub fn goodput(&self, chips: f64) -> f64 {
        let per_second = chips * self.per_chip_day / 86_400.0;
        let lost = if per_second > 0.0 {
            per_second * (self.restart_s + self.checkpoint_every_s / 2.0)
        } else {
            0.0
        };
        let written = self.checkpoint_s / self.checkpoint_every_s;
        1.0 / (1.0 + lost + written)
    }
}

/// What chips cost to run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Tariff {
    /// Money for a chip and hour, if known.
    pub per_chip_hour: Option<f64>,
    /// Watts drawn for each watt of the chip: host, network, cooling.
    pub power_factor: f64,
}

impl Default for Tariff {
    fn default() -> Self {
        Self { per_chip_hour: None, power_factor: 1.0 }
    }
}

/// What a run takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Run {
    /// Tokens.
    pub tokens: f64,
    /// Share of the time that advances the run.
    pub goodput: f64,
    /// Days.
    pub days: f64,
    /// Chip-hours.
    pub chip_hours: f64,
    /// Kilowatt-hours at the chips' rated power: an upper bound.
    pub energy_kwh: f64,
    /// Money, if a tariff is known.
    pub cost: Option<f64>,
}

impl Run {
    /// A run of so many tokens at a step's pace.
    ///
    /// # Errors
    /// The tokens are not a positive number.
    pub fn of(
        step: &Step,
        tokens: f64,
        power_w: f64,
        failures: &Failures,
        tariff: &Tariff,
    ) -> Result<Self, TrainingError> {
        if !(tokens > 0.0 && tokens.is_finite()) {
            return Err(TrainingError::NotPositive { what: "tokens", found: tokens.to_string() });
        }
        let chips = step.plan.chips as f64;
        let goodput = failures.goodput(chips);
        let seconds = tokens / step.tokens * step.seconds / goodput;
        let chip_hours = seconds / 3600.0 * chips;
        Ok(Self {
            tokens,
            goodput,
            days: seconds / 86_400.0,
            chip_hours,
            energy_kwh: chip_hours * power_w * tariff.power_factor / 1000.0,
            cost: tariff.per_chip_hour.map(|price| price * chip_hours),
        })
    }
}
