//! What a reader should know of the days behind a figure.

use jiff::civil::Date;

use super::aligned::Aligned;
use super::specification::{Model, ReturnKind, Scale, Specification};
use crate::quotes::Series;

/// A weekend with a holiday at either end is no gap.
const LONGEST_WEEKEND: i32 = 5;
/// Above this share of days without a move, closes are those of earlier days.
const MANY_ZEROS: f64 = 0.2;
/// A move below this is none.
const NO_MOVE: f64 = 1e-12;
/// How many days are named one by one.
const NAMED: usize = 5;

/// Calendar days from one day to a later one.
fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

/// Some days in words: the first few by name.
fn listed(days: &[Date]) -> String {
    let mut words: Vec<String> = days.iter().take(NAMED).map(Date::to_string).collect();
    if days.len() > NAMED {
        words.push(format!("{} more", days.len() - NAMED));
    }
    words.join(", ")
}

/// Day 0, against the day asked for.
pub(super) fn on_day0(security: &Series, asked: Date, row: usize, notes: &mut Vec<String>) {
    let Some(day0) = security.dates.get(row).copied() else { return };
    if days_between(asked, day0) > LONGEST_WEEKEND {
        notes.push(format!("{} has no quote from {asked} until {day0}, which is day 0", security.ticker));
    }
}

/// The days of the event window and of the estimation window.
pub(super) fn on_days(
    aligned: &Aligned<'_>,
    estimation: &[usize],
    window: &[usize],
    specification: &Specification,
    notes: &mut Vec<String>,
) {
    let (found, asked) = (estimation.len(), specification.estimation);
    if found < asked {
        notes.push(format!("estimated on {found} days, of {asked} asked for"));
    }
    let (estimation, window) = (aligned.days(estimation), aligned.days(window));
    excluded(&estimation, &window, specification, notes);
    spans(aligned, &window, specification, notes);
    missing(aligned, &estimation, &window, specification, notes);
}

fn excluded(estimation: &[Date], window: &[Date], specification: &Specification, notes: &mut Vec<String>) {
    if let (Some(first), Some(last)) = (estimation.first(), estimation.last()) {
        // Those at either end were passed over as well.
        let taken_out: Vec<Date> = specification.excluded.range(*first..=*last).copied().collect();
        if !taken_out.is_empty() {
            notes.push(format!("not estimated on {}", all(&taken_out)));
        }
    }
    let kept: Vec<Date> = window.iter().filter(|day| specification.excluded.contains(day)).copied().collect();
    if !kept.is_empty() {
        notes.push(format!("{} stay in the event window: only estimation leaves days out", all(&kept)));
    }
}

fn all(days: &[Date]) -> String {
    days.iter().map(Date::to_string).collect::<Vec<_>>().join(", ")
}

/// Days of the window whose return is one over many days.
fn spans(aligned: &Aligned<'_>, window: &[Date], specification: &Specification, notes: &mut Vec<String>) {
    if specification.return_kind != ReturnKind::Close {
        return;
    }
    for day in window {
        let row = aligned.security.dates.partition_point(|date| date < day);
        let before = row.checked_sub(1).and_then(|row| aligned.security.dates.get(row)).copied();
        if let Some(before) = before.filter(|before| days_between(*before, *day) > LONGEST_WEEKEND) {
            notes.push(format!("the return of {day} is that since {before}"));
        }
    }
}

/// Days that the security has and a study cannot use.
fn missing(
    aligned: &Aligned<'_>,
    estimation: &[Date],
    window: &[Date],
    specification: &Specification,
    notes: &mut Vec<String>,
) {
    let (Some(from), Some(to)) = (estimation.first().or(window.first()), window.last()) else { return };
    let days = &aligned.security.dates;
    let days = days.get(days.partition_point(|day| day < from)..days.partition_point(|day| day <= to));
    let unused = days.into_iter().flatten().filter(|day| aligned.dates.binary_search(day).is_err());
    let unused: Vec<Date> = unused.copied().collect();
    if unused.is_empty() {
        return;
    }
    let joined = match specification.return_kind {
        ReturnKind::Close => "; where only a quote is missing, the next return spans it",
        ReturnKind::Overnight | ReturnKind::Intraday => "",
    };
    notes.push(format!(
        "{} has {} days on which not all returns are known ({}){joined}",
        aligned.security.ticker,
        unused.len(),
        listed(&unused),
    ));
}

/// What was asked for and has no bearing on this model.
pub(super) fn on_specification(
    aligned: &Aligned<'_>,
    estimation: &[usize],
    specification: &Specification,
    notes: &mut Vec<String>,
) {
    let model = specification.model;
    let idle = aligned.explaining.factors.iter().skip(model.most_factors());
    let idle: Vec<&str> = idle.map(|series| series.ticker.as_str()).collect();
    if !idle.is_empty() {
        notes.push(format!("the model {model} does not use {}", idle.join(", ")));
    }
    match (specification.thin_trading, model) {
        (Some(asked), Model::MarketAdjusted | Model::MeanAdjusted | Model::Synthetic) => {
            notes.push(format!("the model {model} fits no slope: {asked} changes nothing"));
        }
        (Some(_), _) => {}
        (None, _) => zeros(aligned, estimation, notes),
    }
    if specification.scale == Scale::Robust {
        notes.push("the error is that of a robust scale; Student's t is then a guide".to_owned());
    }
}

fn zeros(aligned: &Aligned<'_>, estimation: &[usize], notes: &mut Vec<String>) {
    let still = aligned.observed(estimation).iter().filter(|value| value.abs() < NO_MOVE).count();
    if still as f64 > MANY_ZEROS * estimation.len() as f64 {
        notes.push(format!(
            "{} does not move on {still} of {} days: traded thinly, a slope on the same day is too small",
            aligned.security.ticker,
            estimation.len()
        ));
    }
}
