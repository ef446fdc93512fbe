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

use super::sector_table::{SectorTable, TableError};

/// Scarcity below this share of demand is rounding.
const NEGLIGIBLE: f64 = 1e-12;

/// How sectors react. Figures are those usual in the papers and in their public implementations.
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordering {
    /// As at rest.
    AtRest,
    /// As at rest, times what is left of each supplier's capacity.
    Capacity,
}

/// One shock. Days count from zero.
#[derive(Debug, Clone, PartialEq)]
pub enum Shock {
    /// A sector loses a share of its capital, which comes back on a straight line.
    Capital {
        /// Position of the industry.
        industry: usize,
        /// Share of capital lost.
        share: f64,
        /// First day of the loss.
        from: usize,
        /// Last day on which nothing has come back yet.
        held_until: usize,
        /// Days until all has come back.
        recovery: usize,
    },
    /// Final demand for a sector's goods is capped.
    FinalDemand {
        /// Position of the industry.
        industry: usize,
        /// Share of demand that is cut.
        share: f64,
        /// First day of the cap.
        from: usize,
        /// First day after the cap; `None` if it stays.
        until: Option<usize>,
    },
    /// What one industry may order from another is capped.
    Edge {
        /// Position of the seller.
        seller: usize,
        /// Position of the buyer.
        buyer: usize,
        /// Share of orders that is cut.
        share: f64,
        /// First day of the cap.
        from: usize,
        /// First day after the cap; `None` if it stays.
        until: Option<usize>,
    },
}

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
#[derive(Debug, Clone, Copy, PartialEq)]
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
/// [`TableError::Cell`] for a parameter or a share out of its range, [`TableError::Size`] for an
/// industry that is not in the table.
pub fn simulate(
    table: &SectorTable,
    parameters: &Parameters,
    shocks: &[Shock],
    days: usize,
) -> Result<Simulation, TableError> {
    check(table, parameters, shocks)?;
    let mut state = State::at_rest(table, parameters);
    let count = table.industries.len();
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

fn check(table: &SectorTable, parameters: &Parameters, shocks: &[Shock]) -> Result<(), TableError> {
    let wrong = |name: &str, expected, found: f64| {
        Err(TableError::Cell { line: 0, column: name.to_owned(), expected, found: found.to_string() })
    };
    let positive = [
        ("days_of_table", parameters.days_of_table),
        ("stock_days", parameters.stock_days),
        ("restoration_days", parameters.restoration_days),
        ("overproduction_days", parameters.overproduction_days),
        ("overproduction_base", parameters.overproduction_base),
    ];
    for (name, value) in positive {
        if !(value > 0.0 && value.is_finite()) {
            return wrong(name, "a number above zero", value);
        }
    }
    if !(0.0..=1.0).contains(&parameters.psi) {
        return wrong("psi", "a share between 0 and 1", parameters.psi);
    }
    let most = parameters.overproduction_most;
    if !(most >= parameters.overproduction_base && most.is_finite()) {
        return wrong("overproduction_most", "no less than overproduction_base", most);
    }
    for shock in shocks {
        let (places, share) = match shock {
            Shock::Capital { industry, share, .. } | Shock::FinalDemand { industry, share, .. } => {
                ([*industry, *industry], *share)
            }
            Shock::Edge { seller, buyer, share, .. } => ([*seller, *buyer], *share),
        };
        let count = table.industries.len();
        if let Some(found) = places.into_iter().find(|place| *place >= count) {
            return Err(TableError::Size {
                what: "or fewer as position of an industry",
                expected: count,
                found,
            });
        }
        if !(0.0..=1.0).contains(&share) {
            return wrong("share", "a share between 0 and 1", share);
        }
    }
    Ok(())
}

/// What a shock takes on a day, as a share.
fn share_on(shock: &Shock, day: usize) -> f64 {
    match shock {
        Shock::Capital { share, from, held_until, recovery, .. } => {
            let back = day.saturating_sub(*held_until) as f64 / (*recovery).max(1) as f64;
            if day < *from { 0.0 } else { share * (1.0 - back).max(0.0) }
        }
        Shock::FinalDemand { share, from, until, .. } | Shock::Edge { share, from, until, .. } => {
            if day >= *from && until.is_none_or(|until| day < until) { *share } else { 0.0 }
        }
    }
}

/// Everything that changes from day to day. Matrices lie row after row: sellers or inputs in
/// rows, buyers in columns.
struct State {
    at_rest: Vec<f64>,
    orders_at_rest: Vec<f64>,
    coefficients: Vec<f64>,
    stocks: Vec<f64>,
    orders: Vec<f64>,
    overproduction: Vec<f64>,
    output: Vec<f64>,
    capacity: Vec<f64>,
    demand: Vec<f64>,
    final_demand: Vec<f64>,
    wanted: Vec<f64>,
    bottleneck: Vec<f64>,
    needed: Vec<f64>,
    weights: Vec<f64>,
}

impl State {
    fn at_rest(table: &SectorTable, parameters: &Parameters) -> Self {
        let count = table.industries.len();
        let orders: Vec<f64> = table.purchases.iter().map(|value| value / parameters.days_of_table).collect();
        let daily_final = table.final_demand.iter().map(|value| value / parameters.days_of_table);
        let rows = orders.chunks_exact(count.max(1));
        let at_rest: Vec<f64> =
            rows.zip(daily_final).map(|(row, demand)| row.iter().sum::<f64>() + demand).collect();
        let mut coefficients = vec![0.0; table.inputs * count];
        for (row, input) in orders.chunks_exact(count.max(1)).zip(&table.input_of) {
            let sum = coefficients.chunks_exact_mut(count.max(1)).nth(*input);
            for (total, value) in sum.into_iter().flatten().zip(row) {
                *total += value;
            }
        }
        let stocks = coefficients.iter().map(|use_at_rest| use_at_rest * parameters.stock_days).collect();
        for row in coefficients.chunks_exact_mut(count.max(1)) {
            for (coefficient, output) in row.iter_mut().zip(&at_rest) {
                // An industry without output has no use of inputs that could be scaled.
                *coefficient = if *output > 0.0 { *coefficient / output } else { 0.0 };
            }
        }
        Self {
            output: at_rest.clone(),
            capacity: at_rest.clone(),
            demand: at_rest.clone(),
            overproduction: vec![parameters.overproduction_base; count],
            orders_at_rest: orders.clone(),
            orders,
            stocks,
            needed: vec![0.0; table.inputs * count],
            weights: vec![0.0; table.inputs * count],
            final_demand: vec![0.0; count],
            wanted: vec![0.0; count],
            bottleneck: vec![1.0; count],
            coefficients,
            at_rest,
        }
    }

    fn step(&mut self, table: &SectorTable, parameters: &Parameters, shocks: &[Shock], day: usize) -> Day {
        self.demand_of(table, parameters, shocks, day);
        if day > 0 {
            self.overproduce(parameters);
        }
        self.produce(parameters, shocks, day);
        let totals = self.deliver(table);
        self.order(table, parameters);
        totals
    }

    /// Final demand and, with the orders of the day before, all demand.
    fn demand_of(&mut self, table: &SectorTable, parameters: &Parameters, shocks: &[Shock], day: usize) {
        let count = table.industries.len();
        for (today, yearly) in self.final_demand.iter_mut().zip(&table.final_demand) {
            *today = yearly / parameters.days_of_table;
        }
        for shock in shocks {
            let left = 1.0 - share_on(shock, day);
            match shock {
                Shock::Capital { .. } => {}
                Shock::FinalDemand { industry, .. } => {
                    if let Some(demand) = self.final_demand.get_mut(*industry) {
                        *demand *= left;
                    }
                }
                Shock::Edge { seller, buyer, .. } => {
                    if let Some(order) = self.orders.get_mut(seller * count + buyer) {
                        *order *= left;
                    }
                }
            }
        }
        let rows = self.orders.chunks_exact(count.max(1));
        for ((demand, row), last) in self.demand.iter_mut().zip(rows).zip(&self.final_demand) {
            *demand = row.iter().sum::<f64>() + last;
        }
    }

    fn overproduce(&mut self, parameters: &Parameters) {
        let falls = f64::from(u8::from(parameters.overproduction_ends));
        for ((level, demand), output) in self.overproduction.iter_mut().zip(&self.demand).zip(&self.output) {
            let scarcity = if *demand > 0.0 { (demand - output) / demand } else { 0.0 };
            let change = if scarcity > NEGLIGIBLE {
                (parameters.overproduction_most - *level) * scarcity
            } else {
                (parameters.overproduction_base - *level) * falls
            };
            *level += change / parameters.overproduction_days;
        }
    }

    fn produce(&mut self, parameters: &Parameters, shocks: &[Shock], day: usize) {
        for ((capacity, level), rest) in self.capacity.iter_mut().zip(&self.overproduction).zip(&self.at_rest)
        {
            *capacity = level * rest;
        }
        for shock in shocks {
            if let Shock::Capital { industry, .. } = shock
                && let Some(capacity) = self.capacity.get_mut(*industry)
            {
                *capacity *= 1.0 - share_on(shock, day);
            }
        }
        for ((wanted, demand), capacity) in self.wanted.iter_mut().zip(&self.demand).zip(&self.capacity) {
            *wanted = demand.min(*capacity);
        }
        let count = self.wanted.len().max(1);
        let cover = parameters.psi * parameters.stock_days;
        self.bottleneck.fill(1.0);
        for (coefficients, stocks) in
            self.coefficients.chunks_exact(count).zip(self.stocks.chunks_exact(count))
        {
            let inputs = coefficients.iter().zip(stocks).zip(&self.wanted);
            for (least, ((coefficient, stock), wanted)) in self.bottleneck.iter_mut().zip(inputs) {
                let needed = cover * coefficient * wanted;
                // A quotient is only taken where the stock is short, so nothing is divided by zero.
                *least = if needed > *stock { least.min(stock / needed) } else { *least };
            }
        }
        for ((output, wanted), least) in self.output.iter_mut().zip(&self.wanted).zip(&self.bottleneck) {
            *output = wanted * least;
        }
    }

    /// Deliveries in proportion to orders; stocks take in what came and give what was used.
    fn deliver(&mut self, table: &SectorTable) -> Day {
        let count = self.output.len().max(1);
        let (mut delivered, mut final_delivered, mut final_unmet) = (0.0, 0.0, 0.0);
        let rows = self.orders.chunks_exact(count).zip(&table.input_of);
        let sellers = self.output.iter().zip(&self.demand).zip(&self.final_demand);
        for ((row, input), ((output, demand), last)) in rows.zip(sellers) {
            let met = if *demand > 0.0 { output / demand } else { 0.0 };
            final_delivered += last * met;
            final_unmet += last * (1.0 - met);
            delivered += (demand - last) * met;
            let stocks = self.stocks.chunks_exact_mut(count).nth(*input);
            for (stock, order) in stocks.into_iter().flatten().zip(row) {
                *stock += order * met;
            }
        }
        let (mut used, mut left) = (0.0, 0.0);
        for (coefficients, stocks) in
            self.coefficients.chunks_exact(count).zip(self.stocks.chunks_exact_mut(count))
        {
            for ((stock, coefficient), output) in stocks.iter_mut().zip(coefficients).zip(&self.output) {
                used += coefficient * output;
                *stock -= coefficient * output;
                left += *stock;
            }
        }
        let output = self.output.iter().sum();
        Day { output, delivered, final_delivered, final_unmet, used, stocks: left }
    }

    /// Orders for the next day.
    fn order(&mut self, table: &SectorTable, parameters: &Parameters) {
        let count = self.output.len().max(1);
        for ((needed, coefficients), stocks) in self
            .needed
            .chunks_exact_mut(count)
            .zip(self.coefficients.chunks_exact(count))
            .zip(self.stocks.chunks_exact(count))
        {
            for (((needed, coefficient), stock), wanted) in
                needed.iter_mut().zip(coefficients).zip(stocks).zip(&self.wanted)
            {
                let use_wanted = coefficient * wanted;
                let gap = (parameters.stock_days * use_wanted - stock).max(0.0);
                *needed = use_wanted + gap / parameters.restoration_days;
            }
        }
        let capacities = self.capacity.iter().zip(&self.at_rest);
        let left: Vec<f64> = capacities
            .map(|(capacity, rest)| match parameters.ordering {
                Ordering::Capacity if *rest > 0.0 => capacity / rest,
                Ordering::Capacity | Ordering::AtRest => 1.0,
            })
            .collect();
        self.weights.fill(0.0);
        let rows = self.orders_at_rest.chunks_exact(count).zip(&left).zip(&table.input_of);
        for ((row, left), input) in rows {
            let sums = self.weights.chunks_exact_mut(count).nth(*input);
            for (sum, order) in sums.into_iter().flatten().zip(row) {
                *sum += order * left;
            }
        }
        for (needed, weight) in self.needed.iter_mut().zip(&self.weights) {
            // Who bought nothing of an input at rest needs none.
            *needed = if *weight > 0.0 { *needed / weight } else { 0.0 };
        }
        let rows = self.orders.chunks_exact_mut(count).zip(self.orders_at_rest.chunks_exact(count));
        for (((orders, rest), left), input) in rows.zip(&left).zip(&table.input_of) {
            let needed = self.needed.chunks_exact(count).nth(*input);
            for ((order, rest), needed) in orders.iter_mut().zip(rest).zip(needed.into_iter().flatten()) {
                *order = rest * left * needed;
            }
        }
    }
}
