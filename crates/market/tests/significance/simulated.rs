//! Firms that are made up: a market, a shared shock that the model does not know, and noise
//! of heavy tails.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use nalgebra::{DMatrix, DVector};
use narrows_market::significance::{FirmEvent, Layout, Panel};
use narrows_market::study::Window;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Random numbers of a seed.
pub(crate) struct Noise(Xoshiro256PlusPlus);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Evenly between zero and one, neither included.
    pub(crate) fn even(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Standard normal (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.even(), self.even());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }

    /// Student on five degrees of freedom, scaled to variance one.
    pub(crate) fn heavy(&mut self) -> f64 {
        let squares: f64 = (0..5).map(|_| self.normal().powi(2)).sum();
        self.normal() / (squares / 5.0).sqrt() * (3.0_f64 / 5.0).sqrt()
    }
}

/// Returns of firms and of the market.
pub(crate) struct Market {
    pub(crate) firms: Vec<Vec<f64>>,
    pub(crate) factors: Vec<Vec<f64>>,
}

impl Market {
    /// `shared` is the weight of a shock that all firms share beside the market.
    pub(crate) fn new(firms: usize, days: usize, shared: f64, seed: u64) -> Self {
        let noise = &mut Noise::new(seed);
        let market: Vec<f64> = (0..days).map(|_| 0.0004 + 0.01 * noise.normal()).collect();
        let shock: Vec<f64> = (0..days).map(|_| 0.015 * noise.heavy()).collect();
        let firms = (0..firms)
            .map(|_| {
                let (beta, weight) = (0.5 + noise.even(), shared * (0.5 + noise.even()));
                let both = market.iter().zip(&shock);
                both.map(|(market, shock)| beta * market + weight * shock + 0.015 * noise.heavy()).collect()
            })
            .collect();
        Self { firms, factors: vec![market] }
    }

    pub(crate) fn panel(&self) -> Panel {
        Panel::new(self.firms.clone(), self.factors.clone()).unwrap()
    }
}

pub(crate) fn layout(first: i32, last: i32, estimation: usize, lead: usize) -> Layout {
    Layout { window: Window::new(first, last).unwrap(), estimation, lead }
}

/// A firm-event that owns its numbers.
#[derive(Debug, Clone)]
pub(crate) struct Owned {
    pub(crate) residuals: Vec<f64>,
    pub(crate) estimation_days: Vec<Date>,
    pub(crate) abnormal: Vec<f64>,
    pub(crate) days: Vec<Date>,
    pub(crate) factors: Vec<f64>,
    pub(crate) sigma: f64,
    pub(crate) degrees_of_freedom: usize,
    pub(crate) car_factor: f64,
}

impl Owned {
    pub(crate) fn event(&self) -> FirmEvent<'_> {
        FirmEvent {
            residuals: &self.residuals,
            estimation_days: &self.estimation_days,
            abnormal: &self.abnormal,
            days: &self.days,
            factors: &self.factors,
            sigma: self.sigma,
            degrees_of_freedom: self.degrees_of_freedom,
            car_factor: self.car_factor,
        }
    }

    pub(crate) fn car(&self) -> f64 {
        self.abnormal.iter().sum()
    }

    pub(crate) fn standardized(&self) -> f64 {
        self.car() / (self.sigma * self.car_factor.sqrt())
    }
}

pub(crate) fn events(owned: &[Owned]) -> Vec<FirmEvent<'_>> {
    owned.iter().map(Owned::event).collect()
}

/// Least squares by singular values, and the error of prediction by the inverse of `X'X`: no
/// line in common with the engine's.
pub(crate) fn by_least_squares(market: &Market, day: usize, layout: &Layout) -> Vec<Owned> {
    let first = day.checked_add_signed(layout.window.first() as isize).unwrap();
    let last = day.checked_add_signed(layout.window.last() as isize).unwrap();
    let end = day + 1 - layout.lead;
    let design = |from: usize, until: usize| {
        DMatrix::from_fn(until - from, market.factors.len() + 1, |row, column| {
            if column == 0 { 1.0 } else { market.factors[column - 1][from + row] }
        })
    };
    let (before, during) = (design(end - layout.estimation, end), design(first, last + 1));
    let inverse = (before.transpose() * &before).try_inverse().unwrap();
    let errors = DMatrix::identity(during.nrows(), during.nrows()) + &during * inverse * during.transpose();
    let calendar = |from: usize, until: usize| -> Vec<Date> {
        (from..until).map(|at| date(2015, 1, 1).checked_add((at as i64).days()).unwrap()).collect()
    };
    let decomposed = before.clone().svd(true, true);
    market
        .firms
        .iter()
        .map(|firm| {
            let observed = DVector::from_row_slice(&firm[end - layout.estimation..end]);
            let fitted = decomposed.solve(&observed, 1e-14).unwrap();
            let residuals = &observed - &before * &fitted;
            let abnormal = DVector::from_row_slice(&firm[first..=last]) - &during * &fitted;
            let degrees_of_freedom = layout.estimation - before.ncols();
            Owned {
                sigma: (residuals.norm_squared() / degrees_of_freedom as f64).sqrt(),
                residuals: residuals.iter().copied().collect(),
                estimation_days: calendar(end - layout.estimation, end),
                abnormal: abnormal.iter().copied().collect(),
                days: calendar(first, last + 1),
                factors: errors.diagonal().iter().copied().collect(),
                degrees_of_freedom,
                car_factor: errors.sum(),
            }
        })
        .collect()
}
