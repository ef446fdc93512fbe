//! [`Batch`]: what building some number of parts brings.

use serde::Serialize;

use super::Demand;
use crate::policy::chain::Distribution;
use crate::policy::fault::{Fault, not_negative, positive, share};
use crate::policy::state::Terms;

/// Share that two shares of demand may differ by and count as one.
const SAME: f64 = 1e-12;

/// What may hold on the day of delivery.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Delivery {
    /// Probability.
    pub probability: f64,
    /// Share of the price that the seller keeps.
    pub kept_share: f64,
    /// Share of demand that may be met; zero if sales are barred.
    pub sold_share: f64,
}

impl Delivery {
    /// What each state of the rule means for a delivery, states of no probability left out.
    #[must_use]
    pub fn under(probabilities: &Distribution, terms: &Terms) -> Vec<Self> {
        let possible = probabilities.iter().filter(|(_, probability)| *probability > 0.0);
        possible
            .map(|(rule, probability)| Self {
                // A mean over many draws may come out above one by rounding.
                probability: probability.min(1.0),
                kept_share: 1.0 - terms.fee(rule),
                sold_share: terms.sold_share(rule),
            })
            .collect()
    }
}

/// A part that must be built before it is known whether it may be sold.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    unit_cost: f64,
    price: f64,
    salvage: f64,
    demand: Demand,
    deliveries: Vec<Delivery>,
}

/// A number to build.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Decision {
    /// Units.
    pub units: f64,
    /// Expected profit, in the currency of the prices.
    pub expected_profit: f64,
    /// Probability that demand is met in full; `None` if licences let only a part of demand
    /// through in some states, for then no single fractile decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub critical_fractile: Option<f64>,
}

impl Batch {
    /// A part at a cost and a price in one currency; `salvage` is the share of the cost that a
    /// stranded part brings.
    ///
    /// # Errors
    /// Figures out of bounds; salvage that covers the cost; probabilities that do not sum to one.
    pub fn new(
        unit_cost: f64,
        price: f64,
        salvage: f64,
        demand: Demand,
        deliveries: Vec<Delivery>,
    ) -> Result<Self, Fault> {
        let unit_cost = positive("unit cost", unit_cost)?;
        let salvage = unit_cost * not_negative("salvage", salvage)?;
        if salvage >= unit_cost {
            return Err(Fault::FreeStock { salvage, unit_cost });
        }
        let mut sum = 0.0;
        for delivery in &deliveries {
            sum += share("probability of a state at delivery", delivery.probability)?;
            share("share of the price kept", delivery.kept_share)?;
            share("share of demand met", delivery.sold_share)?;
        }
        if (sum - 1.0).abs() > 1e-9 {
            return Err(Fault::Sum { sum });
        }
        Ok(Self { unit_cost, price: positive("price", price)?, salvage, demand, deliveries })
    }

    /// Demand in the season.
    #[must_use]
    pub const fn demand(&self) -> Demand {
        self.demand
    }

    /// The same part with other demand.
    #[must_use]
    pub fn with_demand(&self, demand: Demand) -> Self {
        Self { demand, ..self.clone() }
    }

    /// The same part with other states at delivery.
    ///
    /// # Errors
    /// As for [`Batch::new`].
    pub fn with_deliveries(&self, deliveries: Vec<Delivery>) -> Result<Self, Fault> {
        Self::new(self.unit_cost, self.price, self.salvage / self.unit_cost, self.demand, deliveries)
    }

    /// States in which something is sold, each with what a part sold brings above salvage. A
    /// part is not sold for less than it brings elsewhere.
    fn sales(&self) -> impl Iterator<Item = (Delivery, f64)> {
        self.deliveries
            .iter()
            .filter(|delivery| delivery.sold_share > 0.0)
            .map(|delivery| (*delivery, (self.price * delivery.kept_share - self.salvage).max(0.0)))
    }

    /// Probability that nothing can be sold on the day of delivery.
    #[must_use]
    pub fn barred(&self) -> f64 {
        let barred = self.deliveries.iter().filter(|delivery| delivery.sold_share <= 0.0);
        barred.map(|delivery| delivery.probability).sum()
    }

    /// Expected profit of a number built, in the currency of the prices.
    #[must_use]
    pub fn expected_profit(&self, units: f64) -> f64 {
        let sold: f64 = self
            .sales()
            .map(|(delivery, gain)| {
                let demand = self.demand.times(delivery.sold_share);
                delivery.probability * gain * demand.expected_sales(units)
            })
            .sum();
        sold - (self.unit_cost - self.salvage) * units
    }

    /// What one part more brings, in the currency of the prices.
    fn marginal_profit(&self, units: f64) -> f64 {
        let sold: f64 = self
            .sales()
            .map(|(delivery, gain)| {
                let demand = self.demand.times(delivery.sold_share);
                delivery.probability * gain * (1.0 - demand.cumulative(units))
            })
            .sum();
        sold - (self.unit_cost - self.salvage)
    }

    /// The critical fractile, zero if nothing is worth building; `None` if the states let
    /// different shares of demand through.
    #[must_use]
    pub fn critical_fractile(&self) -> Option<f64> {
        let one = self.common_share()?;
        let gain: f64 = self.sales().map(|(delivery, gain)| delivery.probability * gain).sum();
        let fractile = 1.0 - (self.unit_cost - self.salvage) / gain;
        Some(if one > 0.0 && fractile > 0.0 { fractile } else { 0.0 })
    }

    /// The share of demand that may be met in all states with sales, if it is one share; zero
    /// if there is no such state.
    fn common_share(&self) -> Option<f64> {
        let mut shares = self.sales().map(|(delivery, _)| delivery.sold_share);
        let Some(first) = shares.next() else { return Some(0.0) };
        shares.all(|other| (other - first).abs() <= SAME).then_some(first)
    }

    /// The number that brings most: by the critical fractile, or, where licences let a part of
    /// demand through, by bisection of the marginal profit, which never rises.
    #[must_use]
    pub fn best(&self) -> Decision {
        let fractile = self.critical_fractile();
        let units = match (self.common_share(), fractile) {
            (Some(one), Some(fractile)) if fractile > 0.0 => self.demand.times(one).quantile(fractile),
            (Some(_), _) => 0.0,
            (None, _) => self.bisected(),
        };
        Decision { units, expected_profit: self.expected_profit(units), critical_fractile: fractile }
    }

    fn bisected(&self) -> f64 {
        if self.marginal_profit(0.0) <= 0.0 {
            return 0.0;
        }
        let (mut low, mut high) = (0.0, self.demand.quantile(1.0 - 1e-15));
        for _ in 0..200 {
            let middle = f64::midpoint(low, high);
            if self.marginal_profit(middle) > 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    /// The probability of a bar above which not even the first part is worth building, with the
    /// other states in their proportions: `(p̄ − c)/(p̄ − s)`, or zero where the price kept does
    /// not cover the cost. `None` if sales are barred in every state, for then there is no price.
    #[must_use]
    pub fn break_even_bar(&self) -> Option<f64> {
        self.break_even(|_| 1.0)
    }

    /// The probability of a bar at which so many parts just pay; zero if they do not pay without
    /// one. `None` for no parts, or if sales are barred in every state.
    #[must_use]
    pub fn break_even_bar_of(&self, units: f64) -> Option<f64> {
        if units.is_nan() || units <= 0.0 {
            return None;
        }
        self.break_even(|share| self.demand.times(share).expected_sales(units) / units)
    }

    /// The probability of a bar at which the gain of what is sold, given the share sold of what
    /// is built, just covers the loss on what is stranded.
    fn break_even(&self, sold: impl Fn(f64) -> f64) -> Option<f64> {
        let open = 1.0 - self.barred();
        let gain: f64 = self
            .sales()
            .map(|(delivery, gain)| delivery.probability * gain * sold(delivery.sold_share))
            .sum();
        if open <= 0.0 || gain.is_nan() {
            return None;
        }
        Some((1.0 - (self.unit_cost - self.salvage) * open / gain).max(0.0))
    }

    /// What a number built brings where so many parts are wanted and the rule is as given, in
    /// the currency of the prices.
    #[must_use]
    pub fn profit(&self, units: f64, wanted: f64, kept_share: f64, sold_share: f64) -> f64 {
        let gain = (self.price * kept_share - self.salvage).max(0.0);
        gain * units.min(wanted * sold_share) - (self.unit_cost - self.salvage) * units
    }
}
