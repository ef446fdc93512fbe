//! Text for a terminal keeps to 80 columns, for every sixth chip of the catalogue.

#![expect(clippy::expect_used, reason = "test code: a panic is the report")]

use std::process::Command;

const WIDTH: usize = 80;
const EVERY: usize = 6;

fn printed(arguments: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_narrows")).args(arguments).output().expect("the program runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Chinese characters take two columns.
fn columns(line: &str) -> usize {
    line.chars().map(|letter| if ('\u{2e80}'..='\u{ffef}').contains(&letter) { 2 } else { 1 }).sum()
}

/// Only what cannot be broken, such as an address, may stick out, and then alone on its line.
fn assert_fits(arguments: &[&str]) {
    for line in printed(arguments).lines() {
        let alone = line.trim_start().trim_start_matches(['·', '[', ']']).split_whitespace().count() <= 2
            && line.contains("://");
        assert!(columns(line) <= WIDTH || alone, "{arguments:?}: {} columns: {line}", columns(line));
    }
}

#[test]
fn answers_fit_a_terminal() {
    let list = printed(&["chips", "--format", "csv"]);
    let ids: Vec<&str> = list.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert!(ids.len() > 150, "the catalogue is there");
    for id in ids.iter().step_by(EVERY) {
        assert_fits(&["chip", id]);
        assert_fits(&["check", id, "--to", "CN", "--on", "2026-03-02"]);
        assert_fits(&["history", id, "--to", "AE"]);
    }
    assert_fits(&["chips", "--to", "CN", "--on", "2026-03-02", "--columns", "tdp_w,price_low_usd"]);
    for day in ["2022-09-15", "2023-11-17", "2025-02-01", "2026-03-02"] {
        assert_fits(&["rules", "--on", day]);
        assert_fits(&["rules", "diff", "2022-01-01", day]);
    }
    assert_fits(&["ripple", "--cut", "NVIDIA:H20:CN", "--from", "2025-04-15", "--until", "2025-07-15"]);
    let given = ["--quarters", "12", "--reroute", "memory=0.5,1", "--delay", "1", "--demand", "1e8,9e9"];
    assert_fits(&[&["ripple", "--cut", "AMD:MI308:CN", "--from", "2025-04-16"][..], &given].concat());
    for reform in ["safe-chips-act", "ai-overwatch-act", "worldwide-licence-2026-draft"] {
        assert_fits(&["check", "H100", "--to", "SA", "--on", "2026-06-01", "--reform", reform]);
    }
}
