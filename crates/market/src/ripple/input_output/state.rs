//! The days of a simulation, one step at a time.

use super::super::sector_table::SectorTable;
use super::{Day, Ordering, Parameters, Shock};

/// Scarcity below this share of demand is rounding.
const NEGLIGIBLE: f64 = 1e-12;

/// Everything that changes from day to day. Matrices lie row after row: sellers or inputs in
/// rows, buyers in columns.
pub(super) struct State {
    at_rest: Vec<f64>,
    orders_at_rest: Vec<f64>,
    coefficients: Vec<f64>,
    /// Inputs of all kinds for one unit of output: column sums of the coefficients.
    intensity: Vec<f64>,
    stocks: Vec<f64>,
    orders: Vec<f64>,
    overproduction: Vec<f64>,
    pub(super) output: Vec<f64>,
    pub(super) capacity: Vec<f64>,
    demand: Vec<f64>,
    final_demand: Vec<f64>,
    wanted: Vec<f64>,
    bottleneck: Vec<f64>,
    needed: Vec<f64>,
    weights: Vec<f64>,
}

impl State {
    pub(super) fn at_rest(table: &SectorTable, parameters: &Parameters) -> Self {
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
        let mut intensity = vec![0.0; count];
        for row in coefficients.chunks_exact(count.max(1)) {
            for (sum, coefficient) in intensity.iter_mut().zip(row) {
                *sum += coefficient;
            }
        }
        Self {
            intensity,
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

    pub(super) fn step(
        &mut self,
        table: &SectorTable,
        parameters: &Parameters,
        shocks: &[Shock],
        day: usize,
    ) -> Day {
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
            let left = 1.0 - shock.share_on(day);
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
            *demand = total(row) + last;
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
                *capacity *= 1.0 - shock.share_on(day);
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
            let inputs = || coefficients.iter().zip(stocks).zip(&self.wanted);
            // Most rows have enough on most days, and a look for that costs no quotient.
            let is_short = |short: bool, ((coefficient, stock), wanted): ((&f64, &f64), &f64)| {
                short | (cover * coefficient * wanted > *stock)
            };
            if !inputs().fold(false, is_short) {
                continue;
            }
            for (least, ((coefficient, stock), wanted)) in self.bottleneck.iter_mut().zip(inputs()) {
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
        let used =
            self.intensity.iter().zip(&self.output).map(|(intensity, output)| intensity * output).sum();
        let mut left = 0.0;
        for (coefficients, stocks) in
            self.coefficients.chunks_exact(count).zip(self.stocks.chunks_exact_mut(count))
        {
            for ((stock, coefficient), output) in stocks.iter_mut().zip(coefficients).zip(&self.output) {
                *stock -= coefficient * output;
            }
            left += total(stocks);
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

/// A sum in four lanes, which need not wait for one another.
fn total(values: &[f64]) -> f64 {
    let mut lanes = [0.0_f64; 4];
    let chunks = values.chunks_exact(4);
    let rest: f64 = chunks.remainder().iter().sum();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    lanes.iter().sum::<f64>() + rest
}
