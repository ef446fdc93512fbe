//! How many tokens the experts of the busiest chip get, and how many of them get any.
//!
//! A skewed load is that of the public load generator of NVIDIA's aiconfigurator
//! (`collector/helper.py`, `sample_power_law`): every expert draws a weight from a truncated
//! power law, shares are rounded to whole tokens, no expert gets a token twice, what is left
//! over goes to the experts with the fewest, and the chip with the most tokens is the one
//! that is timed. Here the expectations of that, in closed form.

/// Slices of the distribution over experts, the least loaded first.
const SLICES: usize = 12;

/// The load of the chip on which most tokens arrive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Pairs of a token and an expert of this chip.
    pub pairs: f64,
    /// Experts of this chip.
    pub experts: f64,
    /// Tokens of an expert in each slice of the ordinary ones. Below one: the chance of one.
    slices: [f64; SLICES],
    /// Ordinary experts in each slice.
    per_slice: f64,
    /// Experts to which the chip owes that it is the busiest.
    busy: f64,
    /// Tokens of each of them.
    busy_tokens: f64,
}

/// A question of load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Routing {
    /// Tokens over all chips.
    pub tokens: f64,
    /// Experts a token goes to.
    pub top_k: f64,
    /// Experts over all chips.
    pub experts: f64,
    /// Chips among which experts are divided.
    pub chips: f64,
    /// Exponent of the power law; zero if all experts get the same, below zero if every token
    /// draws its experts at random.
    pub skew: f64,
    /// Share of the left-over tokens that gathers on one chip instead of going round: 1 in
    /// generators of before 2026.
    pub gathered: f64,
}

impl Load {
    /// The load of the busiest chip, on average over draws.
    #[must_use]
    pub fn of(routing: &Routing) -> Self {
        if routing.skew > 0.0 {
            Self::power_law(routing)
        } else if routing.skew < 0.0 {
            Self::random(routing)
        } else {
            Self::even(routing)
        }
    }

    /// Tokens in turn to every expert.
    fn even(routing: &Routing) -> Self {
        let here = (routing.experts / routing.chips).max(1.0);
        let share = routing.tokens * routing.top_k / routing.chips;
        let most = routing.tokens * routing.top_k.min(here);
        // Fewer pairs than experts leave some chip with a whole one.
        let pairs = if routing.tokens * routing.top_k < routing.experts { share.ceil() } else { share };
        Self::uniform(pairs.clamp(1.0, most.max(1.0)), here, here)
    }

    /// Every token draws its experts without looking at the others.
    fn random(routing: &Routing) -> Self {
        let here = (routing.experts / routing.chips).max(1.0);
        let chance = (routing.top_k / routing.experts).clamp(0.0, 1.0);
        let mean = routing.tokens * chance * here;
        let spread = (mean * (1.0 - chance)).max(0.0).sqrt();
        let most = routing.tokens * routing.top_k.min(here);
        let pairs = (mean + largest_of(routing.chips) * spread).clamp(mean.min(most), most).max(1.0);
        let touched = here * (1.0 - (1.0 - chance).powf(pairs / (here * chance)));
        Self::uniform(pairs, here, touched.clamp(1.0_f64.min(here), here.min(pairs)))
    }

    /// `touched` of `here` experts get the same.
    pub(super) fn uniform(pairs: f64, here: f64, touched: f64) -> Self {
        let slices = [pairs / touched; SLICES];
        Self { pairs, experts: here, slices, per_slice: touched / SLICES as f64, busy: 0.0, busy_tokens: 0.0 }
    }

    fn power_law(routing: &Routing) -> Self {
        let Routing { tokens, top_k, experts, chips, .. } = *routing;
        let here = (experts / chips).max(1.0);
        let wanted = tokens * top_k;
        // The generator widens the law with the number of tokens.
        let few = wanted <= experts;
        let (low, high) = if few { (0.01, 2.0) } else { (1.0, (0.8 * tokens).max(1.6)) };
        let law = PowerLaw::new(routing.skew, low, high);
        let mean = wanted / experts;
        let scale = mean / law.mean();
        let mut slices = law.slices();
        for slice in &mut slices {
            *slice = whole(*slice * scale).min(tokens);
        }
        let drawn = average(&slices);
        let squares = slices.iter().map(|slice| slice * slice.max(1.0)).sum::<f64>() / SLICES as f64;
        let mut variance = (squares - drawn * drawn).max(0.0);
        if scale * high <= tokens && !few {
            variance = variance.max(scale * scale * law.mean_square() - mean * mean);
        }
        let left = (mean - drawn).max(0.0);
        let idle = slices.iter().map(|slice| (1.0 - slice).max(0.0)).sum::<f64>() / SLICES as f64;
        fill(&mut slices, left);
        let ordinary = (drawn + left) * here;
        if chips <= 1.0 {
            let per_slice = here / SLICES as f64;
            return Self { pairs: wanted, experts: here, slices, per_slice, busy: 0.0, busy_tokens: 0.0 };
        }
        let busy_tokens = (scale * law.quantile(1.0 - 0.55 / (chips * here.sqrt()))).min(tokens).max(1.0);
        let excess = busiest(variance / (drawn * drawn).max(1e-12) / here * (1.0 - 1.0 / chips), chips);
        let in_turn = here * (drawn * excess + left);
        let most = (here * busy_tokens).min(tokens * top_k.min(here));
        let mut pairs = in_turn.min(most).max(wanted / chips);
        if few {
            pairs = pairs.max((wanted / chips).ceil());
            // Gathered: one chip's idle experts get the left-over tokens before the next's.
            let gathered = here * drawn + (left * experts).min(here * idle);
            pairs += routing.gathered * (gathered - pairs).max(0.0);
        }
        let pairs = pairs.max(1.0);
        let busy = if busy_tokens > mean {
            ((pairs - ordinary) / (busy_tokens - mean)).clamp(0.0, here)
        } else {
            0.0
        };
        Self { pairs, experts: here, slices, per_slice: (here - busy) / SLICES as f64, busy, busy_tokens }
    }

    /// Experts that get any token.
    #[must_use]
    pub fn touched(&self) -> f64 {
        self.tiles(f64::MAX).max(1.0_f64.min(self.experts))
    }

    /// Tiles of `rows` tokens that cover the tokens of every expert.
    #[must_use]
    pub fn tiles(&self, rows: f64) -> f64 {
        let ordinary: f64 = self.slices.iter().map(|tokens| tiles_of(*tokens, rows)).sum();
        ordinary * self.per_slice + self.busy * tiles_of(self.busy_tokens, rows)
    }
}

/// Tiles that cover `tokens`: on average over the remainder, half a tile is empty.
fn tiles_of(tokens: f64, rows: f64) -> f64 {
    let covered = (tokens / rows + 0.5 - 0.5 / rows).max(1.0);
    tokens.min(1.0) * covered
}

/// A share of tokens rounded to whole ones, on average over a slice.
fn whole(tokens: f64) -> f64 {
    if tokens >= 1.25 {
        tokens
    } else if tokens >= 0.62 {
        1.0
    } else {
        ((tokens - 0.42) * 5.0).max(0.0)
    }
}

fn average(slices: &[f64; SLICES]) -> f64 {
    slices.iter().sum::<f64>() / SLICES as f64
}

/// Raises the least loaded slices to one level until `left` tokens an expert are given out.
fn fill(slices: &mut [f64; SLICES], left: f64) {
    if left <= 0.0 {
        return;
    }
    let mut level = 0.0;
    let mut below = 0.0;
    for (at, slice) in slices.iter().enumerate() {
        if at > 0 && level <= *slice {
            break;
        }
        below += slice;
        level = (left * SLICES as f64 + below) / (at as f64 + 1.0);
    }
    for slice in slices.iter_mut() {
        *slice = slice.max(level);
    }
}

/// Expected largest of `count` draws from the normal distribution, in standard deviations
/// (Blom 1958), by the rational approximation 26.2.23 of Abramowitz and Stegun.
fn largest_of(count: f64) -> f64 {
    if count <= 1.0 {
        return 0.0;
    }
    let above = 1.0 - (count - 0.375) / (count + 0.25);
    let root = (-2.0 * above.ln()).sqrt();
    let over = 2.515_517 + root * (0.802_853 + root * 0.010_328);
    let under = 1.0 + root * (1.432_788 + root * (0.189_269 + root * 0.001_308));
    (root - over / under).max(0.0)
}

/// How much more than the average the busiest of `chips` gets, if the squared relative
/// spread of their loads is `spread`: a gamma distribution by Wilson and Hilferty (1931).
fn busiest(spread: f64, chips: f64) -> f64 {
    let ninth = spread.max(0.0) / 9.0;
    let root = (1.0 - ninth + largest_of(chips) * ninth.sqrt()).max(0.0);
    root * root * root
}

/// A power law with density x^-(1 - power) between two bounds.
struct PowerLaw {
    power: f64,
    /// Lower bound to the power, and what the upper bound adds.
    base: f64,
    range: f64,
    low: f64,
    high: f64,
}

impl PowerLaw {
    fn new(exponent: f64, low: f64, high: f64) -> Self {
        // The closed forms have poles at 1, 2 and 3.
        let pole = [1.0, 2.0, 3.0].into_iter().any(|pole: f64| (exponent - pole).abs() < 1e-3);
        let power = 1.0 - if pole { exponent + 2e-3 } else { exponent.min(20.0) };
        let base = low.powf(power);
        Self { power, base, range: high.powf(power) - base, low, high }
    }

    fn quantile(&self, share: f64) -> f64 {
        (self.base + self.range * share).powf(1.0 / self.power).clamp(self.low, self.high)
    }

    /// Integral of the quantile function up to `share`, but for a constant.
    fn integral(&self, share: f64) -> f64 {
        let powered = self.base + self.range * share;
        self.power / (self.power + 1.0) * powered * powered.powf(1.0 / self.power) / self.range
    }

    fn mean(&self) -> f64 {
        self.integral(1.0) - self.integral(0.0)
    }

    fn mean_square(&self) -> f64 {
        let moment = |bound: f64| bound.powf(self.power + 2.0);
        self.power / (self.power + 2.0) * (moment(self.high) - moment(self.low)) / self.range
    }

    /// Means of equal slices, the lowest first.
    fn slices(&self) -> [f64; SLICES] {
        let mut slices = [0.0; SLICES];
        let mut before = self.integral(0.0);
        for (at, slice) in slices.iter_mut().enumerate() {
            let after = self.integral((at as f64 + 1.0) / SLICES as f64);
            *slice = (after - before) * SLICES as f64;
            before = after;
        }
        slices
    }
}
