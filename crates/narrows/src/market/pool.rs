//! [`Pool`]: firms taken together, with every test of the cross-section.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use jiff::civil::Date;
use narrows_market::significance::{
    Correlation, CrossSection, DayStatistics, Draws, FirmEvent, Interval, Kind, Permutation, PermutationPlan,
    Reference, Resampled, Span, bootstrap, cross_section, permute,
};
use narrows_market::study::{Abnormal, Specification};
use serde::{Deserialize, Serialize};

use super::desk::{Held, Studied};

/// How means are drawn anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Resampling {
    /// Draws.
    pub draws: usize,
    /// Seed.
    pub seed: u64,
}

impl Default for Resampling {
    fn default() -> Self {
        Self { draws: 10_000, seed: 1 }
    }
}

/// Why firms are taken together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "by", content = "which")]
pub enum Ground {
    /// All that were asked for, each with its own day 0 and benchmark.
    All,
    /// Firms with one day 0 and one benchmark.
    Market {
        /// Day 0.
        day0: Date,
        /// Benchmark.
        benchmark: String,
    },
    /// Firms that the event names or strikes.
    Event,
    /// Firms with headquarters in one place.
    Headquarters(String),
    /// A group of the asker's own.
    Asked(String),
}

/// Firms taken together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pool {
    /// Why they are.
    pub ground: Ground,
    /// Tickers that count.
    pub tickers: Vec<String>,
    /// Those that do not, and why.
    pub left_out: Vec<LeftOut>,
    /// How many count.
    pub firms: usize,
    /// How many of them rose beside their benchmark.
    pub rose: usize,
    /// Mean cumulative abnormal return (CAAR; of a window of one day AAR).
    pub mean: f64,
    /// Mean abnormal return of each day of the window.
    pub by_day: Vec<f64>,
    /// How much they moved together before, apart from their benchmarks.
    pub correlation: Correlation,
    /// The tests.
    pub tests: Vec<Test>,
    /// How often other days show as much: mean of the firms' `t`, which share each day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permutation: Option<Permutation>,
    /// Why there is no permutation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permutation_fault: Option<String>,
    /// The mean with firms drawn anew, as if independent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootstrap: Option<Interval>,
    /// Why there is no bootstrap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootstrap_fault: Option<String>,
}

/// A firm that does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Ticker.
    pub ticker: String,
    /// Why.
    pub reason: String,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Test {
    /// Which.
    pub kind: Kind,
    /// Where its formula is published.
    pub source: &'static str,
    /// It takes firms as independent, and some here share a day: it finds too much.
    pub unreliable: bool,
    /// Statistic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistic: Option<f64>,
    /// Two-sided probability.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
    /// Distribution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Why it has no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// One firm that was studied, and what other days would have given.
pub(crate) struct Member<'a> {
    pub(crate) ticker: String,
    /// Id of the firm, if it is on record.
    pub(crate) firm: Option<String>,
    /// Place of its headquarters.
    pub(crate) headquarters: Option<String>,
    /// How it was studied.
    specification: Specification,
    held: Held<'a>,
    exchange: Option<String>,
    day0: Option<Date>,
    abnormal: Result<Abnormal, String>,
    /// `t` on each of its days as day 0, worked out when first asked for.
    other_days: OnceCell<Vec<Option<f64>>>,
}

impl<'a> Member<'a> {
    pub(crate) fn new(ticker: &str, studied: Studied<'a>, specification: &Specification) -> Self {
        Self {
            ticker: ticker.to_owned(),
            firm: None,
            headquarters: None,
            specification: specification.clone(),
            held: studied.held,
            exchange: studied.exchange,
            day0: studied.outcome.day0,
            abnormal: studied.outcome.abnormal.map_err(|fault| fault.to_string()),
            other_days: OnceCell::new(),
        }
    }

    /// What it shares with the firms of its market: day 0, and what it is held against.
    fn market(&self) -> Option<(Date, String)> {
        use narrows_market::study::Model;
        let benchmark = match self.specification.model {
            Model::MeanAdjusted => "its own mean".to_owned(),
            Model::LeaveOneOut | Model::Synthetic => {
                format!("the others of {}", self.exchange.as_deref().unwrap_or("its exchange"))
            }
            _ => self.held.names().join(", "),
        };
        Some((self.day0?, benchmark))
    }

    /// `t` with day 0 on a row of its table.
    fn t_on(&self, row: usize) -> Option<f64> {
        let days = self.other_days.get_or_init(|| {
            let on = |day: &Date| self.held.on(*day, &self.specification).abnormal.ok().map(|it| it.t);
            self.held.days().iter().map(on).collect()
        });
        days.get(row).copied().flatten()
    }

    /// Row of its first session on or after a day.
    fn row(&self, day: Date) -> usize {
        self.held.days().partition_point(|date| *date < day)
    }
}

/// Every pool that has at least two firms; markets of a single firm are returned by ticker.
pub(crate) fn pools(
    members: &[Member<'_>],
    absent: &[LeftOut],
    named: &[String],
    asked: &BTreeMap<String, Vec<String>>,
    resampling: Resampling,
) -> (Vec<Pool>, Vec<String>) {
    let mut groups: Vec<(Ground, Vec<&Member<'_>>)> = vec![(Ground::All, members.iter().collect())];
    let mut markets: BTreeMap<(Date, String), Vec<&Member<'_>>> = BTreeMap::new();
    let mut places: BTreeMap<&str, Vec<&Member<'_>>> = BTreeMap::new();
    for member in members {
        if let (Some(key), Ok(_)) = (member.market(), &member.abnormal) {
            markets.entry(key).or_default().push(member);
        }
        if let Some(place) = &member.headquarters {
            places.entry(place).or_default().push(member);
        }
    }
    for (name, tickers) in asked {
        let group = members.iter().filter(|member| tickers.contains(&member.ticker)).collect();
        groups.push((Ground::Asked(name.clone()), group));
    }
    let is_named = |member: &&Member<'_>| member.firm.as_ref().is_some_and(|firm| named.contains(firm));
    groups.push((Ground::Event, members.iter().filter(is_named).collect()));
    let alone = markets.values().filter(|group| group.len() == 1);
    let alone = alone.flatten().map(|member| member.ticker.clone()).collect();
    groups.extend(
        markets.into_iter().map(|((day0, benchmark), group)| (Ground::Market { day0, benchmark }, group)),
    );
    groups.extend(places.into_iter().map(|(place, group)| (Ground::Headquarters(place.to_owned()), group)));
    let mut pools: Vec<Pool> = Vec::new();
    for (ground, group) in groups {
        let count = group.iter().filter(|member| member.abnormal.is_ok()).count();
        let is_asked = matches!(ground, Ground::All | Ground::Asked(_));
        if count < 2 && !(is_asked && count > 0) {
            continue;
        }
        let counted = || group.iter().filter(|member| member.abnormal.is_ok()).map(|member| &member.ticker);
        if !is_asked && pools.iter().any(|pool| pool.tickers.iter().eq(counted())) {
            continue;
        }
        let mut found = pool(ground, &group, resampling);
        if found.ground == Ground::All {
            found.left_out.extend_from_slice(absent);
        }
        pools.push(found);
    }
    (pools, alone)
}

/// All tests on some firms.
fn pool(ground: Ground, group: &[&Member<'_>], resampling: Resampling) -> Pool {
    let mut left_out = Vec::new();
    let (mut members, mut events): (Vec<&Member<'_>>, Vec<FirmEvent<'_>>) = (Vec::new(), Vec::new());
    for member in group {
        match &member.abnormal {
            Ok(abnormal) => {
                members.push(member);
                events.push(FirmEvent::from(abnormal));
            }
            Err(reason) => left_out.push(LeftOut { ticker: member.ticker.clone(), reason: reason.clone() }),
        }
    }
    let found = cross_section(&events, Span::Window);
    for (at, reason) in found.left_out.iter().rev() {
        let member = members.remove(*at);
        left_out.push(LeftOut { ticker: member.ticker.clone(), reason: reason.to_string() });
    }
    let cars: Vec<f64> =
        members.iter().filter_map(|member| Some(member.abnormal.as_ref().ok()?.car)).collect();
    let (permutation, permutation_fault) = parts(permutation(&members));
    let rose = cars.iter().filter(|car| **car > 0.0).count();
    let drawn = bootstrap(&[cars], Resampled::Firms, LEVEL, resampling.draws, resampling.seed);
    let (bootstrap, bootstrap_fault) = parts(drawn.map_err(|fault| fault.to_string()));
    Pool {
        ground,
        tickers: members.iter().map(|member| member.ticker.clone()).collect(),
        left_out,
        firms: found.firms,
        rose,
        mean: found.mean,
        by_day: found.by_day.clone(),
        correlation: found.correlation,
        tests: tests(&found, share_a_day(&events)),
        permutation,
        permutation_fault,
        bootstrap,
        bootstrap_fault,
    }
}

/// Share of drawn means that an interval holds.
const LEVEL: f64 = 0.95;

fn parts<T>(result: Result<T, String>) -> (Option<T>, Option<String>) {
    match result {
        Ok(value) => (Some(value), None),
        Err(fault) => (None, Some(fault)),
    }
}

/// Whether two firms have a day of their windows in common.
fn share_a_day(events: &[FirmEvent<'_>]) -> bool {
    let mut days: Vec<Date> = events.iter().flat_map(|event| event.days).copied().collect();
    let all = days.len();
    days.sort_unstable();
    days.dedup();
    days.len() < all
}

fn tests(found: &CrossSection, share_a_day: bool) -> Vec<Test> {
    let test = |verdict: &narrows_market::significance::Verdict| {
        let score = verdict.score.as_ref();
        Test {
            kind: verdict.kind,
            source: verdict.kind.source(),
            unreliable: share_a_day && verdict.kind.takes_firms_as_independent(),
            statistic: score.ok().map(|score| score.statistic),
            p: score.ok().map(|score| score.p),
            reference: score.ok().map(|score| score.reference),
            fault: score.err().map(ToString::to_string),
        }
    };
    found.verdicts.iter().map(test).collect()
}

/// The mean of the firms' `t` on every other day, all firms moved together. Days are those of
/// the market with the most firms; a firm of another market keeps its distance, in its own
/// sessions, to the first of them on or after that day.
fn permutation(members: &[&Member<'_>]) -> Result<Permutation, String> {
    let mut markets: BTreeMap<(Date, String), Vec<&Member<'_>>> = BTreeMap::new();
    for member in members {
        if let Some(key) = member.market() {
            markets.entry(key).or_default().push(member);
        }
    }
    let Some(((day0, _), leading)) = markets.iter().max_by_key(|(_, group)| group.len()) else {
        return Err("no firm counts".to_owned());
    };
    let mut days: Vec<Date> = leading.iter().flat_map(|member| member.held.days()).copied().collect();
    days.sort_unstable();
    days.dedup();
    let lags: Vec<isize> = members
        .iter()
        .map(|member| {
            let row = |day: Date| isize::try_from(member.row(day)).unwrap_or_default();
            member.day0.map_or(0, |own| row(own) - row(*day0))
        })
        .collect();
    let on = |day: &Date| -> Option<f64> {
        let t =
            |(member, lag): (&&Member<'_>, &isize)| member.t_on(member.row(*day).checked_add_signed(*lag)?);
        let values: Vec<f64> = members.iter().zip(&lags).filter_map(t).collect();
        // Firms come and go; a day on which most are unknown is no like for like.
        (2 * values.len() >= members.len()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let values: Vec<Option<f64>> = days.iter().map(on).collect();
    let at = days.partition_point(|day| day < day0);
    let window = members.first().map_or(0, |member| member.specification.window.len().saturating_sub(1));
    let plan = PermutationPlan { draws: Draws::Every, listed: vec![at], around: Some(window) };
    permute(&DayStatistics::of(values), &[at], &plan).map_err(|fault| fault.to_string())
}
