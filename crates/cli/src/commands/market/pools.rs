//! Firms taken together, in text.

use std::io::{self, Write};

use narrows::TestKind;
use narrows::market::pool::{Ground, Pool};
use narrows::operations::ShockAnswer;

use crate::text::{self, heading, item, paragraph};

pub(crate) fn print(out: &mut dyn Write, answer: &ShockAnswer) -> io::Result<()> {
    let Some(first) = answer.pools.first() else { return Ok(()) };
    if answer.pools.len() > 1 {
        heading(out, "Taken together")?;
        let rows = answer.pools.iter().map(summary);
        let header = ["", "firms", "rose", "mean", "alike", "KP t", "p", "days p"];
        writeln!(out, "{}", text::table(&header, &[1, 2, 3, 4, 5, 6, 7], &[1, 2, 3, 4, 5, 6, 7], rows))?;
        writeln!(out)?;
    }
    let legend = "Mean abnormal return over the window. Alike: mean correlation of residuals before. KP: corrected for it \
         (Kolari and Pynnonen). Days: other days that show as much.";
    if answer.pools.len() > 1 {
        paragraph(out, 0, legend)?;
    }
    if !answer.alone.is_empty() && first.firms > 1 {
        paragraph(out, 0, &format!("Alone in their market: {}.", answer.alone.join(", ")))?;
    }
    for group in answer.pools.iter().filter(|pool| !pool.left_out.is_empty()) {
        let out_of: Vec<&str> = group.left_out.iter().map(|left| left.ticker.as_str()).collect();
        if group.ground == Ground::All {
            paragraph(out, 0, &format!("Left out, for the reason above: {}.", out_of.join(", ")))?;
        }
    }
    print_tests(out, answer, first)
}

fn summary(pool: &Pool) -> Vec<String> {
    let found = pool.tests.iter().find(|test| test.kind == TestKind::KolariPynnonen);
    let number = |value: Option<f64>, digits: usize| {
        value.map_or_else(|| "none".to_owned(), |value| format!("{value:.digits$}"))
    };
    let probability = |p: Option<f64>| p.map_or_else(|| "none".to_owned(), |p| text::probability(p, 3));
    vec![
        name(&pool.ground),
        pool.firms.to_string(),
        pool.rose.to_string(),
        percent(pool.mean),
        format!("{:.2}", pool.correlation.mean),
        number(found.and_then(|test| test.statistic), 2),
        probability(found.and_then(|test| test.p)),
        probability(pool.permutation.as_ref().map(|it| it.p)),
    ]
}

fn percent(value: f64) -> String {
    format!("{:+.2}%", 100.0 * value)
}

fn name(ground: &Ground) -> String {
    match ground {
        Ground::All => "all".to_owned(),
        Ground::Market { day0, benchmark } => format!("against {benchmark} on {day0}"),
        Ground::Event => "named by the event".to_owned(),
        Ground::Headquarters(place) => format!("headquarters {place}"),
        Ground::Asked(name) => name.clone(),
    }
}

/// Every test of one pool.
fn print_tests(out: &mut dyn Write, answer: &ShockAnswer, pool: &Pool) -> io::Result<()> {
    heading(
        out,
        &format!(
            "Tests on {} ({} {}, mean {})",
            name(&pool.ground),
            pool.firms,
            if pool.firms == 1 { "firm" } else { "firms" },
            percent(pool.mean)
        ),
    )?;
    let mut faults: Vec<(&str, &str)> = Vec::new();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for test in &pool.tests {
        let title = title(test.kind);
        match (test.statistic, test.p) {
            (Some(statistic), Some(p)) => {
                let remark = if test.unreliable { "unreliable *" } else { "" };
                rows.push(vec![
                    title.to_owned(),
                    format!("{statistic:.3}"),
                    text::probability(p, 4),
                    remark.to_owned(),
                ]);
            }
            _ => faults.push((title, test.fault.as_deref().unwrap_or_default())),
        }
    }
    match &pool.permutation {
        Some(found) => rows.push(vec![
            "permutation over days".to_owned(),
            format!("{:.3}", found.observed),
            text::probability(found.p, 4),
            format!("{} of {} days show as much", found.as_large, found.draws),
        ]),
        None => faults.push(("permutation over days", pool.permutation_fault.as_deref().unwrap_or_default())),
    }
    match &pool.bootstrap {
        Some(found) => rows.push(vec![
            "bootstrap of firms".to_owned(),
            format!("{:.3}", found.mean / found.standard_error),
            text::probability(found.p, 4),
            format!("unreliable *; 95%: {} to {}", percent(found.low), percent(found.high)),
        ]),
        None => faults.push(("bootstrap of firms", pool.bootstrap_fault.as_deref().unwrap_or_default())),
    }
    writeln!(out, "{}", text::table(&["test", "value", "p", ""], &[1, 2], &[0, 1, 2], rows))?;
    // One firm has no cross-section: the same reason for most tests is told once.
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    for (title, fault) in faults {
        match told.iter_mut().find(|(other, _)| *other == fault) {
            Some((_, titles)) => titles.push(title),
            None => told.push((fault, vec![title])),
        }
    }
    for (fault, titles) in told {
        item(out, 0, "-", &format!("{}: {fault}", titles.join(", ")))?;
    }
    if pool.firms > 1 {
        item(
            out,
            0,
            "*",
            "takes firms as independent; those that share a day move together, and it sees too much",
        )?;
    }
    if let Some(found) = &pool.permutation {
        paragraph(
            out,
            0,
            &format!(
                "The permutation takes all firms to each other day at once (mean of their t): {} days could be \
                 drawn, {} next to the event were not, on {} a window does not fit. Days of other events are among \
                 them.",
                found.eligible, found.excluded, found.unfit
            ),
        )?;
    }
    if pool.bootstrap.is_some() {
        let drawn = answer.resampling;
        paragraph(out, 0, &format!("Bootstrap: {} draws, seed {}.", drawn.draws, drawn.seed))?;
    }
    Ok(())
}

const fn title(kind: TestKind) -> &'static str {
    match kind {
        TestKind::CrossSectional => "cross-sectional t",
        TestKind::Patell => "Patell",
        TestKind::PatellAdjusted => "Patell, corrected",
        TestKind::Standardized => "BMP",
        TestKind::KolariPynnonen => "Kolari-Pynnonen",
        TestKind::Rank => "Corrado rank",
        TestKind::GeneralizedRank => "generalized rank",
        TestKind::Sign => "sign",
        TestKind::GeneralizedSign => "generalized sign",
    }
}
