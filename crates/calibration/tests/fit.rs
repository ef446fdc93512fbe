//! Fits find what made their rows, and what is left out of a fit is left out.

use narrows_calibration::fit::{ErrorSummary, fit, quantile, several_starts};
use narrows_calibration::group::{GroupKey, Measurement, leave_chips_out, leave_configurations_out};
use narrows_perf::kernels::Work;
use narrows_perf::{Accelerator, ConstantSet, ConstantSpec, Estimate, Families, Family, Kernel, Scheme};

narrows_perf::constants! {
    /// Constants of a kernel made for this test.
    struct Line {
        /// Start.
        launch_us: 3.0 in 0.1..=100.0,
        /// Share.
        share: 0.5 in 0.01..=1.0,
    }
}

struct Made;

impl Kernel for Made {
    type Shape = f64;
    type Constants = Line;
    const NAME: &'static str = "made";

    fn work(_: &f64) -> Work {
        Work::default()
    }

    fn estimate(shape: &f64, chip: &Accelerator, constants: &Line) -> Estimate {
        let memory_s = shape / (constants.share * chip.memory_bandwidth);
        Estimate { memory_s, latency_s: constants.launch_us * 1e-6, ..Estimate::default() }
    }
}

fn chip(memory_bandwidth: f64) -> Accelerator {
    Accelerator {
        family: 0,
        peak: [1e15; 8],
        memory_bytes: 8e10,
        memory_bandwidth,
        cores: 100.0,
        clock: 1e9,
        cache_bytes: 5e7,
        shared_memory_bytes: 2e5,
        link_bandwidth: 4e11,
        host_bandwidth: 6e10,
        power: 700.0,
        exponential_rate: 1e12,
    }
}

/// Rows of two chips, made with a start of 7 us and a share of 0.8; a tenth are spoilt.
fn rows() -> Vec<Measurement<f64>> {
    let truth = Line { launch_us: 7.0, share: 0.8 };
    let chips = [("one", 2e12), ("other", 4e12)];
    let of_chip = |(name, bandwidth): (&str, f64)| {
        let name = name.to_owned();
        (0..60_u32).map(move |at| {
            let shape = 1e5 * f64::from(at + 1) * f64::from(at + 1);
            let spoilt = if at % 10 == 3 { 3.0 } else { 1.0 };
            Measurement {
                key: GroupKey { variant: "made".to_owned(), scheme: Scheme::Bf16, family: "only".to_owned() },
                chip: name.clone(),
                accelerator: chip(bandwidth),
                shape,
                configuration: format!("{at}"),
                observed: spoilt * Made::estimate(&shape, &chip(bandwidth), &truth).seconds(),
            }
        })
    };
    chips.into_iter().flat_map(of_chip).collect()
}

fn families() -> Families {
    Families(vec![Family {
        id: "only".to_owned(),
        architectures: Vec::new(),
        similar: Vec::new(),
        exponentials_per_core_and_clock: 16.0,
        tiles_per_core: 1.0,
        typical_cores: 100.0,
        typical_clock_mhz: 1000.0,
        typical_power_w: 700.0,
        typical_cache_mb: 50.0,
        typical_shared_memory_kb: 200.0,
        source: "made for this test".to_owned(),
    }])
}

#[test]
fn a_fit_finds_the_constants_behind_the_rows_and_ignores_the_spoilt_ones() {
    let rows = rows();
    let observed: Vec<f64> = rows.iter().map(|row| row.observed).collect();
    let weights = vec![1.0; rows.len()];
    let predict = |at: usize, values: &[f64]| {
        rows.get(at).map_or(f64::NAN, |row| {
            Made::estimate(&row.shape, &row.accelerator, &Line::from_values(values)).seconds()
        })
    };
    let values = fit(Line::SPECS, &several_starts(Line::SPECS, 3), &observed, &weights, &predict);
    let found = Line::from_values(&values);
    assert!((found.launch_us - 7.0).abs() < 0.1, "{found:?}");
    assert!((found.share - 0.8).abs() < 0.02, "{found:?}");
}

#[test]
fn starts_stay_in_range_and_differ() {
    let specs = [ConstantSpec { name: "share", start: 0.9, low: 0.1, high: 1.0 }];
    let starts: Vec<f64> = several_starts(&specs, 5).into_iter().flatten().collect();
    assert!(starts.iter().all(|start| (0.1..=1.0).contains(start)), "{starts:?}");
    assert!((starts.first().expect("a start") - 0.9).abs() < 1e-6);
    assert!(starts.windows(2).all(|two| matches!(two, [one, other] if (one - other).abs() > 1e-3)));
}

#[test]
fn what_is_left_out_does_not_reach_the_fit() {
    // Every row of one configuration is ten times too slow: if the fit that predicts it had
    // seen it, or any other were disturbed, predictions would move.
    let mut rows = rows();
    for row in rows.iter_mut().filter(|row| row.configuration == "41") {
        row.observed *= 10.0;
    }
    let all: Vec<&Measurement<f64>> = rows.iter().collect();
    let predicted = leave_configurations_out::<Made>(&all, &[7.0, 0.8]);
    assert_eq!(predicted.len(), rows.len(), "every row is predicted once");
    for (row, seconds) in predicted.iter().filter(|(row, _)| row.configuration == "41") {
        assert!((seconds * 10.0 / row.observed - 1.0).abs() < 0.05, "{seconds} against {}", row.observed);
    }
    // One chip's rows are twice too slow: predictions for it come from the other chip alone.
    for row in rows.iter_mut().filter(|row| row.chip == "one") {
        row.observed *= 2.0;
    }
    let out = leave_chips_out::<Made>(&rows, &families());
    let pairs: Vec<(f64, f64)> = out
        .iter()
        .filter(|(row, _)| row.chip == "one")
        .map(|(row, seconds)| (*seconds, row.observed))
        .collect();
    assert_eq!(pairs.len(), 60);
    let error = ErrorSummary::of(&pairs);
    assert!((error.bias + 0.5).abs() < 0.05, "predicted half of what is observed: {error:?}");
}

#[test]
fn errors_are_summed_up_as_defined() {
    let error = ErrorSummary::of(&[(1.1, 1.0), (0.8, 1.0), (1.0, 1.0), (1.3, 1.0)]);
    assert!((error.median - 0.15).abs() < 1e-12, "{error:?}");
    assert!((error.mean - 0.15).abs() < 1e-12, "{error:?}");
    assert!((error.bias - 0.05).abs() < 1e-12, "{error:?}");
    assert!((quantile(&[0.0, 1.0, 2.0], 0.9) - 1.8).abs() < 1e-12);
    assert!(quantile(&[], 0.5).abs() < 1e-12);
}
