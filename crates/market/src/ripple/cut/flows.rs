//! What becomes of the maker's parts, by quarter: arriving, stranded, sold elsewhere, sold to the
//! buyer after the rule has ended, and never made.

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::band::{Band, End};
use super::question::{Assumptions, Demand, DemandQuarter};

/// One quarter, in dollars at selling prices.
#[derive(Debug, Clone, Copy, Default)]
struct Flow {
    /// Sales to the buyer that are not made.
    lost: f64,
    /// Sales to the buyer.
    sold: f64,
    /// Sold elsewhere, at the price before the discount.
    elsewhere: f64,
    /// In stock at the end.
    stock: f64,
    /// What would have arrived and does not.
    missing: f64,
}

/// The same as bands over all cases.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FlowBand {
    pub(super) lost: Band,
    pub(super) sold: Band,
    pub(super) elsewhere: Band,
    pub(super) stock: Band,
    pub(super) missing: Band,
}

/// Runs the middle case and every pair of ends of demand and redeployment, which pull in different
/// directions: more in stock makes fewer lost sales after the rule, and fewer new orders.
pub(super) fn flows(demand: &Demand, assumptions: &Assumptions) -> Vec<FlowBand> {
    let (low, high) = assumptions.redeploy;
    let middle = run(demand, assumptions, End::Middle, f64::midpoint(low, high));
    let mut bands: Vec<FlowBand> = middle
        .into_iter()
        .map(|flow| FlowBand {
            lost: Band::point(flow.lost),
            sold: Band::point(flow.sold),
            elsewhere: Band::point(flow.elsewhere),
            stock: Band::point(flow.stock),
            missing: Band::point(flow.missing),
        })
        .collect();
    for end in [End::Low, End::High] {
        for share in [low, high] {
            for (band, flow) in bands.iter_mut().zip(run(demand, assumptions, end, share)) {
                band.lost = band.lost.widened(flow.lost);
                band.sold = band.sold.widened(flow.sold);
                band.elsewhere = band.elsewhere.widened(flow.elsewhere);
                band.stock = band.stock.widened(flow.stock);
                band.missing = band.missing.widened(flow.missing);
            }
        }
    }
    bands
}

/// Days that divide the quarters.
struct Schedule {
    from: Date,
    /// First day on which the buyer may buy again.
    free: Date,
    /// First day for which nothing had been ordered before the cut.
    dry: Date,
    /// First day on which new parts arrive.
    resumed: Date,
}

impl Schedule {
    fn new(demand: &Demand, assumptions: &Assumptions) -> Self {
        let after =
            |day: Date, days: u32| day.checked_add(Span::new().days(i64::from(days))).unwrap_or(Date::MAX);
        let dry = after(demand.from, assumptions.lead_days);
        let free = demand.until.unwrap_or(Date::MAX);
        Self { from: demand.from, free, dry, resumed: after(free, assumptions.restart_days).max(dry) }
    }

    /// Shares of what is wanted in a quarter that fall on days from one on and before another. Sales
    /// are taken to be even over the days that the quarter has after the cut.
    fn share(&self, quarter: &DemandQuarter, start: Date, end: Date) -> f64 {
        let first = quarter.first.max(self.from);
        let past = quarter.last.checked_add(1.day()).unwrap_or(Date::MAX);
        let days = |start: Date, end: Date| f64::from((end - start).get_days().max(0));
        let all = days(first, past);
        if all > 0.0 { days(first.max(start), past.min(end)) / all } else { 0.0 }
    }
}

fn run(demand: &Demand, assumptions: &Assumptions, end: End, redeploy: f64) -> Vec<Flow> {
    let schedule = Schedule::new(demand, assumptions);
    let (mut stock, mut stranded_before) = (0.0_f64, 0.0_f64);
    let mut flows = Vec::new();
    for quarter in &demand.quarters {
        let wanted = quarter.wanted.at(end);
        let on_days = |start: Date, end: Date| wanted * schedule.share(quarter, start, end);
        let free = on_days(schedule.free, Date::MAX);
        // What was stranded in the quarter before is offered elsewhere while the rule stands.
        let stands = schedule.free > quarter.first;
        let elsewhere = if stands { stranded_before * redeploy } else { 0.0 };
        stock -= elsewhere;
        let ordered_before = on_days(Date::MIN, schedule.dry);
        // New parts are ordered for what stock does not cover.
        let to_cover = on_days(schedule.resumed, Date::MAX);
        let in_stock = (stock + ordered_before - (free - to_cover)).max(0.0);
        let arrives = ordered_before + (to_cover - in_stock).max(0.0);
        let sold = (stock + arrives).min(free);
        stranded_before = (arrives - sold).max(0.0);
        stock = (stock + arrives - sold).max(0.0);
        flows.push(Flow {
            lost: wanted - sold,
            sold,
            elsewhere,
            stock,
            missing: (wanted - arrives).max(0.0),
        });
    }
    flows
}
