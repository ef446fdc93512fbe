//! What the buyer would have taken, by quarter, and what a part costs.

use jiff::civil::Date;
use narrows_market::exposure::money::{Bounds, Usd};
use narrows_market::exposure::record::{Figure, FirmRecord, Measure, PartFigure, RestrictedPart};
use narrows_market::exposure::risk::{Estimate, QuarterDemand, RiskFault, demand};
use narrows_market::ripple::cut::{Band, DemandQuarter};
use narrows_market::ripple::network::Network;

use super::assumed::{Ground, percent_range};
use super::{QUARTERS, QuarterOfCut, RippleRequest};
use crate::failure::{Failure, FailureKind};
use crate::workbench::Workbench;

/// What is known of a part and its buyer on a day.
pub(super) struct Wanted<'a> {
    request: &'a RippleRequest,
    maker: &'a str,
    record: &'a FirmRecord,
    /// The part on the record of exposure.
    known: Option<&'a RestrictedPart>,
    /// Name of the part.
    pub(super) part: String,
    /// Day of which the knowledge is.
    pub(super) on: Date,
}

impl<'a> Wanted<'a> {
    /// `of_exposures` tells whether the buyer is the one that records of exposure speak of.
    pub(super) fn new(
        workbench: &'a Workbench,
        request: &'a RippleRequest,
        maker: &'a str,
        of_exposures: bool,
    ) -> Result<Self, Failure> {
        if let Some((low, high)) =
            request.demand.filter(|(low, high)| !Band::between(*low, *high).is_amount())
        {
            return Err(Failure::input(format!(
                "the demand is {low} to {high}; expected dollars, the lesser first, none below zero"
            )));
        }
        let unknown = |message: String| Failure { kind: FailureKind::UnknownName, message };
        let record = workbench.exposures()?.firm(maker).map_err(|none| {
            unknown(format!(
                "{none}; its quarters must be known (a file `exposure/{maker}.toml` of your own)"
            ))
        })?;
        let known = record.part(&request.part);
        // Without figures of its own a part needs what the asker gives.
        if request.demand.is_none() && (known.is_none() || !of_exposures) {
            let parts: Vec<&str> = record.parts.iter().map(|part| part.id.as_str()).collect();
            let parts = if parts.is_empty() { "none".to_owned() } else { parts.join(", ") };
            let buyer = if of_exposures { "" } else { " to this buyer" };
            return Err(unknown(format!(
                "no sales of `{}`{buyer} are on record for {maker}, which has figures of {parts}; \
                 give the demand of a quarter (`demand`)",
                request.part
            )));
        }
        Ok(Self {
            request,
            maker,
            record,
            part: known.map_or_else(|| request.part.clone(), |part| part.id.clone()),
            known,
            on: request.on.unwrap_or(Date::MAX),
        })
    }

    /// Quarters with what would have been taken in each.
    pub(super) fn quarters(&self) -> Result<Vec<QuarterOfCut>, Failure> {
        let count = self.request.quarters.unwrap_or(QUARTERS);
        let (part, from) = (self.known.map(|part| part.id.as_str()), self.request.from);
        let quarters = demand(self.record, part, from, count, self.on).map_err(|fault| {
            let kind = match fault {
                RiskFault::Basis { .. } | RiskFault::Part { .. } => FailureKind::UnknownName,
                RiskFault::Number { .. } | RiskFault::Day(_) => FailureKind::Input,
            };
            Failure { kind, message: fault.to_string() }
        })?;
        quarters.into_iter().map(|quarter| self.quarter(&quarter)).collect()
    }

    fn quarter(&self, quarter: &QuarterDemand) -> Result<QuarterOfCut, Failure> {
        let (wanted, how) = match self.request.demand {
            Some((low, high)) => {
                let (share, words) = self.days_left(quarter);
                (Band::between(low * share, high * share), format!("as given{words}"))
            }
            None => self.on_record(quarter)?,
        };
        Ok(QuarterOfCut {
            quarter: DemandQuarter {
                first: quarter.first,
                last: quarter.last,
                wanted,
                maker_sales: quarter.all_sales.map(|usd| usd.0).filter(|sales| *sales > 0.0),
            },
            period: quarter.period.to_string(),
            how,
        })
    }

    /// Share of a quarter's days on and after the cut, and words for it if it is not the whole.
    fn days_left(&self, quarter: &QuarterDemand) -> (f64, String) {
        let days = |from: Date| f64::from((quarter.last - from).get_days() + 1);
        let share = (days(quarter.first.max(self.request.from)) / days(quarter.first)).clamp(0.0, 1.0);
        let words = if share < 1.0 {
            format!("; {:.0}% of the quarter's days are left", share * 100.0)
        } else {
            String::new()
        };
        (share, words)
    }

    /// What the firm says it lost, or what was wanted in quarters in which nothing held sales back.
    fn on_record(&self, quarter: &QuarterDemand) -> Result<(Band, String), Failure> {
        let (share, words) = self.days_left(quarter);
        let evenly = quarter.wanted.as_ref().map(|wanted| {
            let Estimate { range, central, how } = wanted;
            (band(*range, *central) * share, format!("{how}{words}"))
        });
        let own = quarter.lost.as_ref().map(|lost| (band(lost.range, lost.central), lost.how.clone()));
        // What was wanted tells only where the record singles out a value.
        let is_single = quarter.wanted.as_ref().is_some_and(|wanted| wanted.central.is_some());
        match (own, evenly) {
            // The firm's figure of the first quarter may begin later than the cut that is asked for.
            (Some(own), Some(evenly)) if share < 1.0 && is_single && own.0.middle < evenly.0.middle => {
                Ok(evenly)
            }
            (Some(own), _) => Ok(own),
            (None, Some(evenly)) => Ok(evenly),
            (None, None) => Err(Failure {
                kind: FailureKind::BeforeCoverage,
                message: format!(
                    "nothing was known by {} of what the buyer takes of {}; give the demand of a quarter (`demand`)",
                    self.on, self.part
                ),
            }),
        }
    }

    /// Cost over price: as given, or between the least cost over the greatest price and the greatest
    /// over the least.
    pub(super) fn cost_share(&self, network: &Network) -> Result<(Band, Ground), Failure> {
        if let Some((low, high)) = self.request.cost_share {
            return Ok((Band::between(low, high), Ground::Given));
        }
        let hull = |figures: &[PartFigure]| {
            let by_then = figures.iter().filter(|figure| figure.known.is_none_or(|known| known <= self.on));
            by_then.map(|figure| figure.range).reduce(Bounds::hull)
        };
        let price = self.known.and_then(|part| hull(&part.price));
        let bill = network.bill(self.maker, &self.part).map(|(bill, _)| Bounds::point(bill.unit_cost_usd));
        let cost = self.known.and_then(|part| hull(&part.cost)).or(bill);
        let (Some(price), Some(cost)) = (price, cost) else {
            let missing = if price.is_none() { "price" } else { "cost" };
            return Err(Failure {
                kind: FailureKind::BeforeCoverage,
                message: format!(
                    "no {missing} of {} was known by {}; give the cost over the price (`cost_share`)",
                    self.part, self.on
                ),
            });
        };
        let share = Bounds { low: cost.low / price.high, high: (cost.high / price.low).min(1.0) };
        let words =
            |what: &str, range: Bounds<f64>| format!("{what} {:.0} to {:.0} dollars", range.low, range.high);
        let how = format!("{} over {}", words("a cost of", cost), words("a price of", price));
        Ok((Band::from(share), Ground::Computed(how)))
    }

    /// What the maker told of charges and lost sales of the part by then.
    pub(super) fn told(&self) -> Vec<Figure> {
        let Some(part) = self.known else { return Vec::new() };
        let counts = |figure: &&Figure| {
            figure.part.as_ref() == Some(&part.id)
                && figure.stands_on(self.on)
                && matches!(figure.measure, Measure::InventoryCharge | Measure::LostSales)
        };
        let mut told: Vec<Figure> = self.record.figures.iter().filter(counts).cloned().collect();
        told.sort_by_key(|figure| (figure.known, figure.measure));
        told
    }

    /// What the answer would rest on and nobody has told.
    pub(super) fn not_on_record(&self) -> Vec<String> {
        let mut missing = Vec::new();
        if self.known.is_none_or(|part| part.units.is_empty()) {
            missing.push(format!("how many {} lie in stock", self.part));
        }
        if self.request.assumptions.reroute.is_none() {
            missing.push(format!(
                "what suppliers sold to others instead: between nothing and all ({})",
                percent_range(0.0, 1.0)
            ));
        }
        missing
    }
}

fn band(range: Bounds<Usd>, central: Option<Usd>) -> Band {
    let Bounds { low, high } = range.map(|usd| usd.0);
    let middle = central.map_or_else(|| f64::midpoint(low, high), |usd| usd.0.clamp(low, high));
    Band { low, middle, high }
}
