//! Made-up returns of firms on common days, for the event study; made-up networks and sectors.

use std::collections::BTreeMap;

use narrows_market::exposure::money::Bounds;
use narrows_market::ripple::network::{Edge, Network, ShareEstimate};
use narrows_market::ripple::sector_table::SectorTable;
use narrows_market::significance::{Layout, Panel};
use narrows_market::study::Window;
use narrows_quantity::Certainty;

/// Returns of a market and of firms that follow it, and days on which half of the firms fall.
pub struct Returns {
    /// Returns by firm.
    pub firms: Vec<Vec<f64>>,
    /// Returns of the market.
    pub market: Vec<f64>,
    /// Positions of the event days.
    pub events: Vec<usize>,
}

/// What a firm loses on an event day, if it is hit.
const FALL: f64 = 0.03;
/// Standard deviations of a day of the market and of what is a firm's own.
const MARKET_SPREAD: f64 = 0.010;
const OWN_SPREAD: f64 = 0.015;

impl Returns {
    /// The same for the same sizes on every machine.
    #[must_use]
    pub fn new(firms: usize, days: usize, events: usize) -> Self {
        let mut noise = Noise(20_250_416);
        let market: Vec<f64> = (0..days).map(|_| MARKET_SPREAD * noise.wide()).collect();
        let first = 200;
        let step = days.saturating_sub(first + 40) / events.max(1);
        let events: Vec<usize> = (0..events).map(|at| first + at * step).collect();
        let firms = (0..firms)
            .map(|firm| {
                let beta = 0.5 + 1.3 * noise.even();
                let mut returns: Vec<f64> =
                    market.iter().map(|market| beta * market + OWN_SPREAD * noise.wide()).collect();
                if firm % 2 == 0 {
                    for at in &events {
                        returns.iter_mut().skip(*at).take(1).for_each(|value| *value -= FALL);
                    }
                }
                returns
            })
            .collect();
        Self { firms, market, events }
    }

    /// As the engine takes it.
    ///
    /// # Panics
    /// Never: all columns have the same days.
    #[must_use]
    #[expect(clippy::expect_used, reason = "columns are made with the same days")]
    pub fn panel(&self) -> Panel {
        Panel::new(self.firms.clone(), vec![self.market.clone()]).expect("columns of one length")
    }
}

/// 120 days to estimate on, ten between them and an event window of eleven.
///
/// # Panics
/// Never: the window is in order.
#[must_use]
#[expect(clippy::expect_used, reason = "a constant window in order")]
pub fn layout() -> Layout {
    Layout { window: Window::new(-5, 5).expect("in order"), estimation: 120, lead: 16 }
}

/// Xorshift, for data that are the same on every machine.
struct Noise(u64);

impl Noise {
    /// Evenly between zero and one.
    fn even(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Mean zero, variance one, with tails heavier than a normal's: twelve even draws, and a
    /// scale that changes.
    fn wide(&mut self) -> f64 {
        let normal = (0..12).map(|_| self.even()).sum::<f64>() - 6.0;
        let scale = if self.even() < 0.1 { 2.2 } else { 0.757 };
        normal * scale
    }
}

/// Firms that sell to one another, every tenth to `n0`, the maker; shares are ranges.
#[must_use]
pub fn supply_network(firms: usize, edges: usize) -> Network {
    let mut noise = Noise(20_250_415);
    let most = 0.9 * firms as f64 / edges.max(1) as f64;
    let mut sold: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    while sold.len() < edges {
        let from = 1 + (noise.even() * (firms - 1) as f64) as usize;
        let to = if noise.even() < 0.1 { 0 } else { (noise.even() * firms as f64) as usize };
        if from < firms && to < firms && from != to {
            sold.insert((from, to), most * (0.5 + 0.5 * noise.even()));
        }
    }
    let edge = |((from, to), share): ((usize, usize), f64)| Edge {
        supplier: format!("n{from}"),
        customer: format!("n{to}"),
        product: "goods".to_owned(),
        good: "goods".to_owned(),
        items: Vec::new(),
        capital: false,
        estimates: vec![ShareEstimate {
            share_of_supplier_revenue: Some(Bounds { low: share * 0.5, high: share }),
            share_of_customer_cost: None,
            period: "2025".to_owned(),
            certainty: Certainty::Estimate,
            source: "invented".to_owned(),
            note: None,
        }],
    };
    Network { edges: sold.into_iter().map(edge).collect(), ..Network::default() }
}

/// Sectors of one region that buy from all others, a third to a half of what they make.
///
/// # Panics
/// Never: lengths fit and no amount is below zero.
#[must_use]
#[expect(clippy::expect_used, reason = "lengths and amounts are made to fit")]
pub fn sectors(count: usize) -> SectorTable {
    let mut noise = Noise(7);
    let names: Vec<(String, String)> = (0..count).map(|at| ("r0".to_owned(), format!("s{at:03}"))).collect();
    let purchases = (0..count * count).map(|_| 40.0 * noise.even() / count as f64).collect();
    let demand = (0..count).map(|_| 20.0 + 10.0 * noise.even()).collect();
    SectorTable::new(&names, purchases, demand).expect("a table")
}
