//! Each formula beside a plain rewriting of it: the full table of correlations, ranks by
//! counting.

use jiff::ToSpan;
use narrows_market::significance::{CrossSection, Kind, Span, cross_section};

use crate::simulated::{Market, Owned, by_least_squares, events, layout};

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn spread(values: &[f64]) -> f64 {
    let centre = mean(values);
    (values.iter().map(|value| (value - centre).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt()
}

/// Correlation of two columns.
fn correlation(left: &[f64], right: &[f64]) -> f64 {
    let (at_left, at_right) = (mean(left), mean(right));
    let product: f64 =
        left.iter().zip(right).map(|(left, right)| (left - at_left) * (right - at_right)).sum();
    product / ((left.len() - 1) as f64 * spread(left) * spread(right))
}

/// Mean off the diagonal of the full table.
pub(crate) fn mean_correlation(owned: &[Owned]) -> f64 {
    let mut all = Vec::new();
    for (at, left) in owned.iter().enumerate() {
        for (other, right) in owned.iter().enumerate() {
            if at != other {
                all.push(correlation(&left.residuals, &right.residuals));
            }
        }
    }
    mean(&all)
}

/// Rank of each value: how many are less, and half of those that are equal.
fn ranks(values: &[f64]) -> Vec<f64> {
    let less = |value: f64| values.iter().filter(|other| **other < value).count() as f64;
    let equal = |value: f64| values.iter().filter(|other| (**other - value).abs() <= 0.0).count() as f64;
    values.iter().map(|value| less(*value) + (equal(*value) + 1.0) / 2.0).collect()
}

/// Mean over firms of each day's rank over one more than the days, less one half.
fn mean_ranks(columns: &[Vec<f64>]) -> Vec<f64> {
    let ranked: Vec<Vec<f64>> = columns.iter().map(|column| ranks(column)).collect();
    let days = columns[0].len();
    (0..days)
        .map(|day| {
            mean(&ranked.iter().map(|ranks| ranks[day] / (days as f64 + 1.0) - 0.5).collect::<Vec<_>>())
        })
        .collect()
}

fn root_mean_square(values: &[f64]) -> f64 {
    (values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64).sqrt()
}

pub(crate) fn corrado(owned: &[Owned], days: usize, back: usize) -> f64 {
    let columns: Vec<Vec<f64>> =
        owned.iter().map(|it| [it.residuals.as_slice(), it.abnormal.as_slice()].concat()).collect();
    let means = mean_ranks(&columns);
    let end = means.len() - back;
    (days as f64).sqrt() * mean(&means[end - days..end]) / root_mean_square(&means)
}

fn generalized_rank(owned: &[Owned]) -> f64 {
    let standardized: Vec<f64> = owned.iter().map(Owned::standardized).collect();
    let between = spread(&standardized);
    let columns: Vec<Vec<f64>> = owned
        .iter()
        .map(|it| {
            let mut column: Vec<f64> = it.residuals.iter().map(|value| value / it.sigma).collect();
            column.push(it.standardized() / between);
            column
        })
        .collect();
    let means = mean_ranks(&columns);
    let days = means.len() as f64;
    let raw = means.last().unwrap() / root_mean_square(&means);
    raw * ((days - 2.0) / (days - 1.0 - raw * raw)).sqrt()
}

pub(crate) fn statistic(found: &CrossSection, kind: Kind) -> f64 {
    found.score(kind).unwrap().unwrap().statistic
}

fn close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() < 1e-9 * (1.0 + expected.abs()), "{what}: {found}, expected {expected}");
}

/// All tests but the generalized rank test, which panels leave out.
fn meets(found: &CrossSection, owned: &[Owned], what: &str) {
    let firms = owned.len() as f64;
    let cars: Vec<f64> = owned.iter().map(Owned::car).collect();
    let scaled: Vec<f64> = owned.iter().map(Owned::standardized).collect();
    let r = mean_correlation(owned);
    let bmp = mean(&scaled) / (spread(&scaled) / firms.sqrt());
    let freedom = owned[0].degrees_of_freedom as f64;
    let patell = scaled.iter().sum::<f64>() / (firms * freedom / (freedom - 2.0)).sqrt();
    let up = cars.iter().filter(|car| **car > 0.0).count() as f64;
    let before = mean(
        &owned
            .iter()
            .map(|it| {
                it.residuals.iter().filter(|value| **value > 0.0).count() as f64 / it.residuals.len() as f64
            })
            .collect::<Vec<_>>(),
    );
    close(found.mean, mean(&cars), what);
    close(found.correlation.mean, r, what);
    let expected = [
        (Kind::CrossSectional, mean(&cars) / (spread(&cars) / firms.sqrt())),
        (Kind::Patell, patell),
        (Kind::PatellAdjusted, patell / (1.0 + (firms - 1.0) * r).sqrt()),
        (Kind::Standardized, bmp),
        (Kind::KolariPynnonen, bmp * ((1.0 - r) / (1.0 + (firms - 1.0) * r)).sqrt()),
        (Kind::Rank, corrado(owned, owned[0].abnormal.len(), 0)),
        (Kind::Sign, (up / firms - 0.5) / 0.5 * firms.sqrt()),
        (Kind::GeneralizedSign, (up - firms * before) / (firms * before * (1.0 - before)).sqrt()),
    ];
    for (kind, value) in expected {
        close(statistic(found, kind), value, &format!("{what}, {}", kind.word()));
    }
}

#[test]
fn every_formula_agrees_with_a_plain_rewriting() {
    for (firms, shared, seed) in [(12, 0.0, 1), (30, 0.6, 2), (7, 1.5, 3)] {
        for layout in [layout(0, 0, 120, 11), layout(-5, 5, 120, 16), layout(-1, 3, 61, 2)] {
            let market = Market::new(firms, 400, shared, seed);
            for day in [140, 250, 390] {
                let owned = by_least_squares(&market, day, &layout);
                let found = cross_section(&events(&owned), Span::Window);
                meets(&found, &owned, "firm-events");
                close(statistic(&found, Kind::GeneralizedRank), generalized_rank(&owned), "generalized rank");
                meets(&market.panel().study(day, &layout).unwrap(), &owned, "panel");
            }
        }
    }
}

#[test]
fn a_panel_takes_several_factors() {
    let mut market = Market::new(20, 300, 0.5, 9);
    let second = Market::new(1, 300, 0.0, 10).firms.remove(0);
    market.factors.push(second);
    let layout = layout(-2, 2, 120, 11);
    let owned = by_least_squares(&market, 200, &layout);
    assert_eq!(owned[0].degrees_of_freedom, 117);
    meets(&market.panel().study(200, &layout).unwrap(), &owned, "two factors");
}

#[test]
fn a_single_day_of_a_window_is_tested_by_its_own_error() {
    let market = Market::new(15, 300, 0.4, 4);
    let layout = layout(-5, 5, 120, 16);
    let owned = by_least_squares(&market, 200, &layout);
    let found = cross_section(&events(&owned), Span::Day(5));
    let scaled: Vec<f64> =
        owned.iter().map(|it| it.abnormal[5] / (it.sigma * it.factors[5].sqrt())).collect();
    close(found.mean, mean(&owned.iter().map(|it| it.abnormal[5]).collect::<Vec<_>>()), "mean");
    close(statistic(&found, Kind::Standardized), mean(&scaled) / (spread(&scaled) / 15.0_f64.sqrt()), "BMP");
    close(statistic(&found, Kind::Rank), corrado(&owned, 1, 5), "rank");
    close(found.by_day.iter().sum(), mean(&owned.iter().map(Owned::car).collect::<Vec<_>>()), "sum of days");
}

/// Firms of one day are correlated; those of days apart are not, though they may be the same
/// firms and their estimation windows overlap.
#[test]
fn only_firms_that_share_days_count_as_correlated() {
    let market = Market::new(10, 400, 0.8, 5);
    let layout = layout(0, 0, 120, 11);
    let (early, late) = (by_least_squares(&market, 200, &layout), by_least_squares(&market, 203, &layout));
    let both = [early.clone(), late.clone()].concat();
    let found = cross_section(&events(&both), Span::Window).correlation;
    assert_eq!((found.measured_pairs, found.pairs), (90, 190));
    let sum = 45.0 * (mean_correlation(&early) + mean_correlation(&late));
    close(found.mean, sum / 190.0, "two dates");
}

/// Two exchanges that differ by a holiday: nearly the correlation that they would have with
/// the same calendar.
#[test]
fn calendars_that_differ_by_a_day_are_matched_by_date() {
    let market = Market::new(12, 400, 0.8, 6);
    let owned = by_least_squares(&market, 200, &layout(0, 0, 120, 11));
    let mut apart = owned.clone();
    for it in &mut apart[6..] {
        it.residuals.remove(40);
        it.estimation_days.remove(40);
    }
    let found = cross_section(&events(&apart), Span::Window).correlation;
    assert_eq!((found.measured_pairs, found.pairs), (66, 66));
    assert!((found.mean - mean_correlation(&owned)).abs() < 0.02, "{}", found.mean);
    // No day of the event window in common: nothing to be correlated on it.
    for it in &mut apart[6..] {
        it.days = it.days.iter().map(|day| day.checked_add(1.day()).unwrap()).collect();
    }
    assert_eq!(cross_section(&events(&apart), Span::Window).correlation.measured_pairs, 30);
}

#[test]
fn tied_days_share_their_rank() {
    let market = Market::new(9, 300, 0.0, 7);
    let mut owned = by_least_squares(&market, 200, &layout(0, 1, 60, 11));
    for it in &mut owned {
        // A tenth of a percent is all that a coarse price shows.
        it.residuals
            .iter_mut()
            .chain(&mut it.abnormal)
            .for_each(|value| *value = (*value * 300.0).round() / 300.0);
    }
    let found = cross_section(&events(&owned), Span::Window);
    close(statistic(&found, Kind::Rank), corrado(&owned, 2, 0), "ties");
}
