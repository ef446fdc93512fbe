//! Hazards: posteriors against the distribution that they claim.

use narrows_market::policy::hazard::{Evidence, Hazard, Prior, Transition};
use narrows_market::policy::random::Stream;
use statrs::distribution::{ContinuousCDF, Gamma};

fn posterior(count: u32, years: f64, ways: u32) -> Hazard {
    let prior = Prior::jeffreys().shared_among(ways);
    Hazard::posterior(Evidence { count, years }, prior).unwrap().unwrap()
}

#[test]
fn the_mean_is_that_of_the_posterior() {
    assert!((posterior(3, 2.0, 1).mean() - 1.75).abs() < 1e-15);
    assert!((posterior(0, 2.0, 3).mean() - 1.0 / 12.0).abs() < 1e-15);
}

#[test]
fn the_interval_is_that_of_a_chi_square() {
    // Gamma(n + 1/2, T) is chi-square with 2n + 1 degrees of freedom over 2T; the 5% and 95%
    // points of 3 and 7 degrees are in every table.
    let (low, high) = posterior(1, 2.0, 1).interval(0.9);
    assert!((low - 0.351_846_32 / 4.0).abs() < 1e-8, "{low}");
    assert!((high - 7.814_727_90 / 4.0).abs() < 1e-7, "{high}");
    let (low, high) = posterior(3, 1.0, 1).interval(0.9);
    assert!((low - 2.167_349_91 / 2.0).abs() < 1e-8, "{low}");
    assert!((high - 14.067_140_45 / 2.0).abs() < 1e-7, "{high}");
}

#[test]
fn quantiles_undo_the_distribution() {
    for (count, years, ways) in [(0, 0.3, 3), (0, 5.0, 1), (1, 0.02, 3), (17, 2.0, 1), (400, 90.0, 1)] {
        let hazard = posterior(count, years, ways);
        let Hazard::Posterior { shape, years } = hazard else { unreachable!() };
        let gamma = Gamma::new(shape, years).unwrap();
        for probability in [0.001, 0.05, 0.5, 0.95, 0.999] {
            let rate = hazard.quantile(probability);
            // The library's distribution is zero for rates close to zero; two terms of the
            // series of the incomplete gamma function are not.
            let x = rate * years;
            let series = x.powf(shape) / statrs::function::gamma::gamma(shape + 1.0);
            let back = if x < 1e-7 { series * (1.0 - shape * x / (shape + 1.0)) } else { gamma.cdf(rate) };
            assert!((back - probability).abs() < 1e-10, "{shape} {years}: {back} is not {probability}");
        }
    }
}

#[test]
fn draws_follow_the_posterior() {
    // Kolmogorov's distance of 20,000 draws stays below 1.95/√n (0.1%).
    for (count, ways) in [(0, 3), (0, 1), (1, 3), (1, 1), (6, 1)] {
        let hazard = posterior(count, 1.7, ways);
        let Hazard::Posterior { shape, years } = hazard else { unreachable!() };
        let gamma = Gamma::new(shape, years).unwrap();
        let mut stream = Stream::new(11 + u64::from(count));
        let mut draws: Vec<f64> = (0..20_000).map(|_| hazard.draw(&mut stream)).collect();
        draws.sort_by(f64::total_cmp);
        let distance = draws
            .iter()
            .enumerate()
            .map(|(rank, draw)| (gamma.cdf(*draw) - (rank as f64 + 0.5) / 20_000.0).abs());
        let distance = distance.fold(0.0, f64::max);
        assert!(distance < 1.95 / 20_000.0_f64.sqrt(), "shape {shape}: {distance}");
    }
}

#[test]
fn shares_of_a_prior_add_up_to_it() {
    let whole = posterior(0, 2.0, 1).mean();
    let shared: f64 = (0..3).map(|_| posterior(0, 2.0, 3).mean()).sum();
    assert!((whole - shared).abs() < 1e-15);
}

#[test]
fn no_time_in_a_state_gives_no_hazard() {
    assert_eq!(Hazard::posterior(Evidence::default(), Prior::jeffreys()).unwrap(), None);
    let informed = Prior::new(0.5, 1.0).unwrap();
    assert!(Hazard::posterior(Evidence::default(), informed).unwrap().is_some());
    assert!(Prior::new(0.0, 0.0).is_err() && Prior::new(0.5, -1.0).is_err());
}

#[test]
fn more_turns_raise_and_more_years_lower_every_quantile() {
    for probability in [0.05, 0.5, 0.95] {
        assert!(posterior(2, 1.0, 1).quantile(probability) > posterior(1, 1.0, 1).quantile(probability));
        assert!(posterior(1, 2.0, 1).quantile(probability) < posterior(1, 1.0, 1).quantile(probability));
    }
}

#[test]
fn transitions_are_all_named_once() {
    let words: std::collections::BTreeSet<String> =
        Transition::of_exporter().chain(Transition::of_importer(None)).map(|it| it.to_string()).collect();
    assert_eq!(words.len(), 14);
    assert!(words.contains("licence->fee") && words.contains("allows->blocks"));
}
