//! [`readings`]: how many parts a charge stands for.
//!
//! A charge is at cost. Who divides it by the selling price counts the parts that would have *sold*
//! for that sum, which is another and smaller number. Both are given, each by its name; only the
//! first is a number of parts that were written down.

use jiff::civil::Date;
use serde::Serialize;

use super::money::{Bounds, InventoryCharge, SellingPrice, UnitCost, Units, Usd, UsdPerUnit};
use super::record::{PartFigure, RestrictedPart};

/// By what the charge is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Divisor {
    /// What a part costs its maker: the quotient is a number of parts in stock and on order.
    Cost,
    /// What a part sells for: the quotient is a number of parts that sell for that sum.
    Price,
}

/// How many parts, by one figure of cost or price.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reading {
    /// By what was divided.
    pub divisor: Divisor,
    /// The cost or price of one part.
    pub each: PartFigure,
    /// How many; the least from the least charge and the dearest part.
    pub units: Bounds<Units>,
    /// Whether the figure became known after the day of the question, or on a day not on record.
    pub with_hindsight: bool,
}

/// Both readings of a charge, by every figure of cost and price on record.
#[must_use]
pub fn readings(part: &RestrictedPart, charge: Bounds<Usd>, on: Date) -> Vec<Reading> {
    let reading = |divisor: Divisor, each: &PartFigure| {
        let units = |charge: Usd, each: f64| match divisor {
            Divisor::Cost => InventoryCharge(charge) / UnitCost(UsdPerUnit(each)),
            Divisor::Price => InventoryCharge(charge).misread_as_sales() / SellingPrice(UsdPerUnit(each)),
        };
        Reading {
            divisor,
            each: each.clone(),
            units: Bounds {
                low: units(charge.low, each.range.high),
                high: units(charge.high, each.range.low),
            },
            with_hindsight: each.known.is_none_or(|known| known > on),
        }
    };
    let by_cost = part.cost.iter().map(|each| reading(Divisor::Cost, each));
    by_cost.chain(part.price.iter().map(|each| reading(Divisor::Price, each))).collect()
}
