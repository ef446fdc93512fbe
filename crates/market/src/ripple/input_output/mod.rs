//! [`simulate`]: output of sectors day by day after a shock, with stocks, rationing and
//! overproduction: the adaptive regional input-output model.
//!
//! Hallegatte (2008), *Risk Analysis* 28(3), for orders, rationing and overproduction;
//! Henriet, Hallegatte and Tabourier (2012), *Journal of Economic Dynamics and Control* 36(1),
//! and Hallegatte (2014), *Risk Analysis* 34(1), for stocks of inputs and the rule with psi.
//! Written from those equations. An export control destroys no capital, so beside the loss of
//! capacity of these papers a shock may be a cap on what final demand or one buyer orders.
//!
//! One step is one day. In each:
//!
//! 1. overproduction: α rises by (α_max − α)·ζ/τ_α where ζ, the share of today's demand that
//!    yesterday's output leaves open, is above zero, and else falls by (α − α_base)/τ_α;
//! 2. capacity: α·(1 − Δ)·x₀, with Δ the share of capital lost;
//! 3. output wanted: the lesser of demand and capacity;
//! 4. output: the output wanted, times the least of stock over ψ·n·a·(output wanted) over all
//!    inputs, if that is below one (n days of stock at rest, a the technical coefficient);
//! 5. deliveries: in proportion to orders, final demand included;
//! 6. stocks: what came in less a·output;
//! 7. orders: a·(output wanted) and a part 1/τ of what stocks lack of n·a·(output wanted), spread
//!    over the suppliers of an input.

mod parameters;
mod shock;
mod state;

use serde::Serialize;

use super::sector_table::{SectorTable, TableError};
pub use parameters::{Ordering, Parameters};
pub use shock::Shock;
use state::State;

/// Most days of a simulation.
pub const MOST_DAYS: usize = 36_525;
/// Most days times industries: what is kept of each day.
pub const MOST_CELLS: usize = 50_000_000;

/// The days of a simulation.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// Industries.
    pub industries: usize,
    /// Output per day, one row of industries after the other, in money per day.
    pub production: Vec<f64>,
    /// Capacity in the same layout.
    pub capacity: Vec<f64>,
    /// Totals of each day.
    pub days: Vec<Day>,
}

/// Totals of a day, in money per day; stocks in money.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Day {
    /// Output.
    pub output: f64,
    /// Delivered to industries.
    pub delivered: f64,
    /// Delivered to final demand.
    pub final_delivered: f64,
    /// Final demand that was ordered and not met.
    pub final_unmet: f64,
    /// Inputs used up.
    pub used: f64,
    /// Stocks of inputs at the end of the day.
    pub stocks: f64,
}

impl Simulation {
    /// Output of a day by industry.
    #[must_use]
    pub fn on(&self, day: usize) -> &[f64] {
        let start = day.saturating_mul(self.industries);
        self.production.get(start..start.saturating_add(self.industries)).unwrap_or(&[])
    }

    /// Lowest total output over that of the first day, or one if there is none.
    #[must_use]
    pub fn lowest(&self) -> f64 {
        let first = self.days.first().map_or(0.0, |day| day.output);
        if first <= 0.0 {
            return 1.0;
        }
        self.days.iter().map(|day| day.output / first).fold(1.0, f64::min)
    }
}

/// Runs the model for a number of days.
///
/// # Errors
/// [`TableError::Number`] for a parameter, a share or a number of days out of its range,
/// [`TableError::Size`] for an industry that is not in the table.
pub fn simulate(
    table: &SectorTable,
    parameters: &Parameters,
    shocks: &[Shock],
    days: usize,
) -> Result<Simulation, TableError> {
    parameters.check()?;
    for shock in shocks {
        shock.check(table)?;
    }
    let count = table.industries.len();
    let most = MOST_DAYS.min(MOST_CELLS / count.max(1));
    if days > most {
        return Err(TableError::Number {
            what: "the number of days".to_owned(),
            found: days.to_string(),
            expected: format!("at most {most} with {count} industries"),
        });
    }
    let mut state = State::at_rest(table, parameters);
    let mut simulation = Simulation {
        industries: count,
        production: Vec::with_capacity(days * count),
        capacity: Vec::with_capacity(days * count),
        days: Vec::with_capacity(days),
    };
    for day in 0..days {
        let totals = state.step(table, parameters, shocks, day);
        simulation.production.extend_from_slice(&state.output);
        simulation.capacity.extend_from_slice(&state.capacity);
        simulation.days.push(totals);
    }
    Ok(simulation)
}
