//! Made-up returns of firms on common days, for the event study.

use narrows_market::significance::{Layout, Panel};
use narrows_market::study::Window;

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
