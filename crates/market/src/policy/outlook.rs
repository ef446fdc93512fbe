//! [`outlook`]: charge, lost sales, fee and stock put to other use, by quarter, under a rule that
//! may turn.
//!
//! Closed form and simulation side by side. Within one draw of the hazards let `W` be what
//! buyers want in a quarter of length `T`, `s(r)` the share that may be sold in state `r`, and
//! `t(r)` the years spent in it. Then `E(lost) = E(W) (1 − Σ s(r) E t(r) / T)`, with `E t` the
//! integral of the chain's probabilities ([`super::chain`]); a fee is its rate on what is sold
//! under it. Stock `K` is charged at the end of the first quarter at which sales are shut, whose
//! probability `π_q` is that of a chain that loses at each quarter's end what is shut then:
//! `E(charge_q) = K (1 − E n) π_q`, with `n` the share never booked. What is never booked, and
//! the share `ρ` of a booked charge that is released `l` quarters later, was of use elsewhere:
//! `E(redeployed_q) = K E(n) π_q + K (1 − E n) E(ρ) Σ_l P(l) π_{q−l}`. The simulation draws the
//! hazards, and for each draw of them many histories of the rule, of demand and of shares; its
//! error against the closed form is therefore that of the histories alone.

use serde::Serialize;

use super::chain::{Chain, Distribution};
use super::fault::{Fault, not_negative, positive, share};
use super::forecast::{Forecast, Probability, point};
use super::hazard::Hazards;
use super::random::Stream;
use super::state::{Exporter, Importer, Rule, Terms};

/// Fewest and most histories.
pub const DRAWS: (usize, usize) = (100, 100_000);

/// Most quarters.
pub const MOST_QUARTERS: usize = 40;

/// Histories for each draw of the hazards.
const HISTORIES: usize = 50;

/// A figure that lies in a range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    /// Least.
    pub low: f64,
    /// As likely too low as too high; none if all in the range is alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle: Option<f64>,
    /// Most.
    pub high: f64,
}

impl Range {
    /// Anywhere in a range alike.
    #[must_use]
    pub const fn even(low: f64, high: f64) -> Self {
        Self { low, middle: None, high }
    }

    fn check(
        self,
        what: &'static str,
        one: fn(&'static str, f64) -> Result<f64, Fault>,
    ) -> Result<(), Fault> {
        one(what, self.low)?;
        one(what, self.high)?;
        let middle = self.middle.unwrap_or(self.low);
        if self.low <= middle && middle <= self.high {
            return Ok(());
        }
        Err(Fault::Range { what, low: self.low, high: self.high })
    }

    fn mean(self) -> f64 {
        let ends = f64::midpoint(self.low, self.high);
        self.middle.map_or(ends, |middle| f64::midpoint(ends, middle))
    }

    /// The figure at a place from zero to one.
    fn at(self, place: f64) -> f64 {
        match self.middle {
            None => self.low + place * (self.high - self.low),
            Some(middle) if place < 0.5 => self.low + 2.0 * place * (middle - self.low),
            Some(middle) => middle + (2.0 * place - 1.0) * (self.high - middle),
        }
    }
}

/// A quarter ahead.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ahead {
    /// Its length, or what is left of it.
    pub years: f64,
    /// What buyers want in it, in dollars; none if nothing is known.
    pub wanted: Option<Range>,
}

/// Stock and commitments for the market, at cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Stock {
    /// Dollars.
    pub at_cost: f64,
    /// Whether it has been charged already.
    pub charged: bool,
}

/// What hangs on the rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stakes {
    /// The quarters ahead, that under way first.
    pub quarters: Vec<Ahead>,
    /// Stock; none if nothing is known of it.
    pub stock: Option<Stock>,
    /// Share of what is foreseen that is never booked.
    pub never_booked: Range,
    /// Share of a booked charge that is released.
    pub released: Range,
    /// Quarters from a charge to its release, fewest and most.
    pub release_after: (usize, usize),
    /// Share of demand that licences let through.
    pub licensed: Range,
    /// Share of the revenue that the fee takes.
    pub fee: f64,
}

impl Stakes {
    fn check(&self) -> Result<(), Fault> {
        let count = self.quarters.len();
        counted("quarters", count, 1, MOST_QUARTERS)?;
        for quarter in &self.quarters {
            positive("length of a quarter, in years", quarter.years)?;
            quarter
                .wanted
                .map_or(Ok(()), |wanted| wanted.check("sales wanted in a quarter", not_negative))?;
        }
        self.stock.map_or(Ok(0.0), |stock| not_negative("stock", stock.at_cost))?;
        self.never_booked.check("share of a foreseen charge that is never booked", share)?;
        self.released.check("share of a booked charge that is released", share)?;
        self.licensed.check("share of demand that licences let through", share)?;
        let (fewest, most) = self.release_after;
        counted("quarters from a charge to its release", fewest, 1, most.max(1))?;
        share("fee", self.fee).map(|_| ())
    }
}

fn counted(what: &'static str, value: usize, low: usize, high: usize) -> Result<(), Fault> {
    if (low..=high).contains(&value) { Ok(()) } else { Err(Fault::Count { what, low, high, value }) }
}

/// Whether nothing is sold in a state. What a licence lets through is counted, not shut.
#[must_use]
pub const fn is_shut(rule: Rule) -> bool {
    matches!((rule.exporter, rule.importer), (Exporter::Ban, _) | (_, Importer::Blocks))
}

/// An amount in dollars: by the closed form, and as simulated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Amount {
    /// Expected, in closed form.
    pub expected: f64,
    /// Mean of the histories.
    pub simulated: f64,
    /// Standard error of that mean about the closed form.
    pub error: f64,
    /// Its 5% point over the histories.
    pub low: f64,
    /// Its median.
    pub median: f64,
    /// Its 95% point.
    pub high: f64,
}

/// What a quarter, or all of them, may bring.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Amounts {
    /// Charge for stock.
    pub charge: Amount,
    /// Sales not made.
    pub lost_sales: Amount,
    /// Fee on sales made.
    pub fee: Amount,
    /// Stock, at cost, that was foreseen as lost and was of use: never booked, or released.
    pub redeployed: Amount,
}

/// A quarter of the outlook.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuarterAhead {
    /// States at its end, each with its probability.
    pub states: Vec<(Rule, Probability)>,
    /// Probability that nothing can be sold at its end.
    pub shut: Probability,
    /// What it may bring.
    pub amounts: Amounts,
}

/// What the quarters ahead may bring.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outlook {
    /// By quarter.
    pub quarters: Vec<QuarterAhead>,
    /// All quarters together.
    pub total: Amounts,
    /// Histories drawn.
    pub histories: usize,
    /// Draws of the hazards among them.
    pub hazard_draws: usize,
}

/// What the quarters ahead may bring, from today's state of the rule.
///
/// # Errors
/// Figures out of bounds, or too few or too many draws.
pub fn outlook(
    today: Rule,
    hazards: &Hazards,
    stakes: &Stakes,
    draws: usize,
    seed: u64,
) -> Result<Outlook, Fault> {
    stakes.check()?;
    counted("draws", draws, DRAWS.0, DRAWS.1)?;
    let mut stream = Stream::new(seed);
    let hazard_draws = draws / HISTORIES;
    let forecast = Forecast::drawn(hazards, hazard_draws, &mut stream)?;
    let histories = draws / hazard_draws;
    let count = stakes.quarters.len();
    let mut ends: Vec<Vec<Distribution>> = vec![Vec::new(); count];
    let mut tallies: Vec<Tally> = vec![Tally::default(); count + 1];
    for chain in forecast.chains() {
        let terms = Terms::new(stakes.licensed.at(stream.uniform()), stakes.fee)?;
        let expected = expected(chain, today, &terms, stakes)?;
        for (ends, (end, _)) in ends.iter_mut().zip(&expected) {
            ends.push(*end);
        }
        let expected: Vec<Four> = with_total(expected.into_iter().map(|(_, four)| four).collect());
        for _ in 0..histories {
            let drawn = with_total(history(chain, today, &terms, stakes, &mut stream));
            for ((tally, drawn), expected) in tallies.iter_mut().zip(drawn).zip(&expected) {
                tally.add(drawn, *expected);
            }
        }
    }
    let mut amounts = tallies.into_iter().map(Tally::amounts).collect::<Vec<_>>();
    let total = amounts.pop().ok_or(Fault::NothingSeen)?;
    let quarters = ends.iter().zip(amounts).map(|(ends, amounts)| QuarterAhead {
        states: states(ends),
        shut: Probability::over(ends.iter().map(|end| end.sum(is_shut)).collect()),
        amounts,
    });
    Ok(Outlook { quarters: quarters.collect(), total, histories: histories * hazard_draws, hazard_draws })
}

fn states(ends: &[Distribution]) -> Vec<(Rule, Probability)> {
    let of = |rule: Rule| Probability::over(ends.iter().map(|end| end.of(rule)).collect());
    Rule::all().into_iter().map(|rule| (rule, of(rule))).filter(|(_, it)| it.mean > 0.0).collect()
}

/// Charge, lost sales, fee, and stock put to other use, in dollars.
type Four = [f64; 4];

fn with_total(mut quarters: Vec<Four>) -> Vec<Four> {
    let total =
        quarters.iter().fold([0.0; 4], |sum, one| std::array::from_fn(|at| of(&sum, at) + of(one, at)));
    quarters.push(total);
    quarters
}

fn of(four: &Four, at: usize) -> f64 {
    four.get(at).copied().unwrap_or(0.0)
}

/// States at the ends of the quarters and what each brings on average, by one chain.
fn expected(
    chain: &Chain,
    today: Rule,
    terms: &Terms,
    stakes: &Stakes,
) -> Result<Vec<(Distribution, Four)>, Fault> {
    let (mut state, mut not_charged) = (Distribution::certain(today), Distribution::certain(today));
    let never = stakes.never_booked.mean();
    let (fewest, most) = stakes.release_after;
    let mut charged: Vec<f64> = Vec::new();
    let mut all = Vec::new();
    for (at, quarter) in stakes.quarters.iter().enumerate() {
        let span = chain.span(quarter.years)?;
        let times = span.time_in(&state);
        (state, not_charged) = (span.after(&state), span.after(&not_charged));
        let wanted = quarter.wanted.map_or(0.0, Range::mean);
        let sold = times.weigh(|rule| terms.sold_share(rule)) / quarter.years;
        let fee = times.weigh(|rule| terms.sold_share(rule) * terms.fee(rule)) / quarter.years;
        let (mut charge, mut redeployed) = (0.0, 0.0);
        if let Some(stock) = stakes.stock {
            let booked = if stock.charged { 1.0 } else { 1.0 - never };
            // A charge of before today lies one quarter before the first.
            let first = if stock.charged { 1.0 } else { 0.0 };
            let now = if stock.charged { 0.0 } else { not_charged.sum(is_shut) };
            charge = stock.at_cost * (1.0 - never) * now;
            redeployed = stock.at_cost * never * now;
            let chance = 1.0 / as_f64(most + 1 - fewest);
            for after in fewest..=most {
                let then = match (at + 1).checked_sub(after) {
                    Some(0) => first,
                    Some(quarter) => charged.get(quarter - 1).copied().unwrap_or(0.0),
                    None => 0.0,
                };
                redeployed += stock.at_cost * booked * stakes.released.mean() * chance * then;
            }
            charged.push(now);
        }
        not_charged = not_charged.without(is_shut);
        all.push((state, [charge, wanted * (1.0 - sold), wanted * fee, redeployed]));
    }
    Ok(all)
}

/// One history: what each quarter brings.
fn history(chain: &Chain, today: Rule, terms: &Terms, stakes: &Stakes, stream: &mut Stream) -> Vec<Four> {
    let place = stream.uniform();
    let never = stakes.never_booked.at(stream.uniform());
    let released = stakes.released.at(stream.uniform());
    let after = {
        let (fewest, most) = stakes.release_after;
        let choices = as_f64(most + 1 - fewest);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
        let chosen = (stream.uniform() * choices) as usize;
        fewest + chosen.min(most - fewest)
    };
    let mut rule = today;
    let mut release: Option<(usize, f64)> = None;
    if let Some(stock) = stakes.stock.filter(|stock| stock.charged) {
        release = Some((after - 1, stock.at_cost * released));
    }
    let mut to_charge = stakes.stock.filter(|stock| !stock.charged);
    let mut all = Vec::new();
    for (at, quarter) in stakes.quarters.iter().enumerate() {
        let (mut sold, mut fee) = (0.0, 0.0);
        for (state, years) in chain.path(rule, quarter.years, stream) {
            let part = terms.sold_share(state) * years / quarter.years;
            sold += part;
            fee += part * terms.fee(state);
            rule = state;
        }
        let wanted = quarter.wanted.map_or(0.0, |wanted| wanted.at(place));
        let (mut charge, mut redeployed) = (0.0, 0.0);
        if let Some((_, amount)) = release.filter(|(then, _)| *then == at) {
            redeployed += amount;
        }
        if let Some(stock) = to_charge.filter(|_| is_shut(rule)) {
            charge = stock.at_cost * (1.0 - never);
            redeployed += stock.at_cost * never;
            release = Some((at + after, charge * released));
            to_charge = None;
        }
        all.push([charge, wanted * (1.0 - sold), wanted * fee, redeployed]);
    }
    all
}

/// Values drawn of four amounts, and how they lie about what was expected of each.
#[derive(Debug, Clone, Default)]
struct Tally {
    values: [Vec<f64>; 4],
    expected: Four,
    squares: Four,
}

impl Tally {
    fn add(&mut self, drawn: Four, expected: Four) {
        let each = self.values.iter_mut().zip(&mut self.expected).zip(&mut self.squares);
        for (((values, sum), squares), (drawn, expected)) in each.zip(drawn.into_iter().zip(expected)) {
            values.push(drawn);
            *sum += expected;
            *squares += (drawn - expected).powi(2);
        }
    }

    fn amounts(self) -> Amounts {
        let mut all = self.values.into_iter().zip(self.expected).zip(self.squares);
        let mut next = || {
            let ((mut values, expected), squares) = all.next().unwrap_or_default();
            let count = as_f64(values.len().max(1));
            values.sort_by(f64::total_cmp);
            Amount {
                expected: expected / count,
                simulated: values.iter().sum::<f64>() / count,
                error: squares.sqrt() / count,
                low: point(&values, 0.05),
                median: point(&values, 0.5),
                high: point(&values, 0.95),
            }
        };
        Amounts { charge: next(), lost_sales: next(), fee: next(), redeployed: next() }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of draws and quarters")]
const fn as_f64(count: usize) -> f64 {
    count as f64
}
