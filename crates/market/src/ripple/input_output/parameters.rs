//! How sectors react: [`Parameters`].

use serde::{Deserialize, Serialize};

use super::super::sector_table::TableError;

/// How sectors react. Figures are those usual in the papers and in their public implementations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// Days that the table covers.
    pub days_of_table: f64,
    /// Days of use that stocks of inputs cover at rest (n).
    pub stock_days: f64,
    /// Days in which a gap in stocks is filled (τ).
    pub restoration_days: f64,
    /// Share of the stock at rest below which output falls (ψ).
    pub psi: f64,
    /// Overproduction at rest (α_base).
    pub overproduction_base: f64,
    /// Greatest overproduction (α_max).
    pub overproduction_most: f64,
    /// Days in which overproduction builds up and ends (τ_α).
    pub overproduction_days: f64,
    /// Whether overproduction ends when nothing is scarce, as in the papers.
    pub overproduction_ends: bool,
    /// How orders for an input are spread over its suppliers.
    pub ordering: Ordering,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            days_of_table: 365.0,
            stock_days: 90.0,
            restoration_days: 60.0,
            psi: 0.8,
            overproduction_base: 1.0,
            overproduction_most: 1.25,
            overproduction_days: 365.0,
            overproduction_ends: true,
            ordering: Ordering::Capacity,
        }
    }
}

/// How orders for an input are spread over its suppliers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ordering {
    /// As at rest.
    AtRest,
    /// As at rest, times what is left of each supplier's capacity.
    Capacity,
}

impl Parameters {
    pub(super) fn check(&self) -> Result<(), TableError> {
        let wrong = |name: &str, expected: &str, found: f64| {
            Err(TableError::Number {
                what: name.to_owned(),
                found: found.to_string(),
                expected: expected.to_owned(),
            })
        };
        let positive = [
            ("days_of_table", self.days_of_table),
            ("stock_days", self.stock_days),
            ("restoration_days", self.restoration_days),
            ("overproduction_days", self.overproduction_days),
            ("overproduction_base", self.overproduction_base),
        ];
        for (name, value) in positive {
            if !(value > 0.0 && value.is_finite()) {
                return wrong(name, "a number above zero", value);
            }
        }
        if !(0.0..=1.0).contains(&self.psi) {
            return wrong("psi", "a share between 0 and 1", self.psi);
        }
        let most = self.overproduction_most;
        if !(most >= self.overproduction_base && most.is_finite()) {
            return wrong("overproduction_most", "no less than overproduction_base", most);
        }
        Ok(())
    }
}
