//! [`Seen`]: how often each side turned by a day, and what rates that makes likely.
//!
//! Counts and years are over all lines, as far as the public knew by the day. States are left
//! rarely, so that what is known of one is completed from what is known of its side: the rate of
//! leaving a state has the prior `Gamma(1/2, 1/(2λ))`, with the mean `λ` and the weight of half a
//! turn, where `λ` is the rate at which the side turns on average (empirical Bayes for rates of
//! rare events; Robbins 1956, *Proceedings of the Third Berkeley Symposium* 1; Gelman and others
//! 2013, *Bayesian Data Analysis*, section 2.7). For the average itself the prior is that of
//! Jeffreys. The importer's rate is found in two such steps: by what it says, and then by what
//! the exporter says meanwhile, so that it can answer the other side. A state that nobody had
//! seen by then is not entered.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::fault::Fault;
use super::hazard::{Evidence, Hazard, Hazards, Prior, Transition};
use super::line::{Line, Lines, Turned};
use super::state::{Exporter, Importer, Rule};

/// Days of a year.
pub const YEAR_DAYS: f64 = 365.25;

/// Weight of a prior, in turns.
const HALF_A_TURN: f64 = 0.5;

/// What was seen of both sides by a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Years that lines spent in each joint state.
    years: BTreeMap<Rule, f64>,
    /// Turns from each joint state.
    turns: BTreeMap<(Rule, Rule), u32>,
}

/// A rate with what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimated {
    /// The transition.
    pub transition: Transition,
    /// What was seen of it.
    pub evidence: Evidence,
    /// The rate.
    pub hazard: Hazard,
}

impl Seen {
    /// What the public could have seen by a day. Later turns change nothing.
    #[must_use]
    pub fn by(lines: &Lines, on: Date) -> Self {
        let mut seen = Self { years: BTreeMap::new(), turns: BTreeMap::new() };
        for line in lines.iter().filter(|line| line.from <= on) {
            seen.watch(line, on);
        }
        seen
    }

    fn watch(&mut self, line: &Line, on: Date) {
        let last = line.until.map_or(on, |until| until.min(on));
        let (mut rule, mut since) = (line.start, line.from);
        let mut stay = |rule: Rule, since: Date, until: Date| {
            *self.years.entry(rule).or_default() += f64::from((until - since).get_days()) / YEAR_DAYS;
        };
        for turn in line.turns.iter().take_while(|turn| turn.on <= last) {
            let next = turn.to.of(rule);
            stay(rule, since, turn.on);
            *self.turns.entry((rule, next)).or_default() += 1;
            (rule, since) = (next, turn.on);
        }
        stay(rule, since, last);
    }

    /// What was seen of the transitions between states that the two tests choose.
    fn evidence(&self, from: impl Fn(Rule) -> bool, turned: impl Fn(Rule, Rule) -> bool) -> Evidence {
        let years = self.years.iter().filter(|(rule, _)| from(**rule)).map(|(_, years)| years);
        let turns = self.turns.iter().filter(|((before, after), _)| from(*before) && turned(*before, *after));
        Evidence { count: turns.map(|(_, count)| count).sum(), years: years.sum() }
    }

    /// Whether any line had been in a state of the exporter's.
    #[must_use]
    pub fn met(&self, exporter: Exporter) -> bool {
        self.years.keys().any(|rule| rule.exporter == exporter)
    }

    /// The rates of all transitions between states that were seen or are supposed, with what they
    /// rest on.
    ///
    /// # Errors
    /// No line was watched for a day.
    pub fn estimates(&self, supposed: &[Exporter]) -> Result<Vec<Estimated>, Fault> {
        let is_met = |state: &Exporter| self.met(*state) || supposed.contains(state);
        let met: Vec<Exporter> = Exporter::ALL.into_iter().filter(is_met).collect();
        let mut all = self.of_exporter(&met)?;
        all.extend(self.of_importer(&met)?);
        Ok(all)
    }

    fn of_exporter(&self, met: &[Exporter]) -> Result<Vec<Estimated>, Fault> {
        let average = Hazard::posterior(
            self.evidence(|_| true, |before, after| before.exporter != after.exporter),
            Prior::jeffreys(),
        )?;
        let average = average.ok_or(Fault::NothingSeen)?;
        let prior = Prior::new(HALF_A_TURN, HALF_A_TURN / average.mean())?;
        let ways = u32::try_from(met.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let mut all = Vec::new();
        for (from, to) in met.iter().flat_map(|from| met.iter().map(move |to| (*from, *to))) {
            if from == to {
                continue;
            }
            let evidence = self.evidence(|rule| rule.exporter == from, |_, after| after.exporter == to);
            let transition = Transition::Exporter { from, to };
            all.extend(estimated(transition, evidence, prior.shared_among(ways))?);
        }
        Ok(all)
    }

    fn of_importer(&self, met: &[Exporter]) -> Result<Vec<Estimated>, Fault> {
        let turned = |before: Rule, after: Rule| before.importer != after.importer;
        let average = Hazard::posterior(self.evidence(|_| true, turned), Prior::jeffreys())?;
        let average = average.ok_or(Fault::NothingSeen)?;
        let prior = Prior::new(HALF_A_TURN, HALF_A_TURN / average.mean())?;
        let mut all = Vec::new();
        for (from, to) in [(Importer::Allows, Importer::Blocks), (Importer::Blocks, Importer::Allows)] {
            let evidence = self.evidence(|rule| rule.importer == from, turned);
            let transition = Transition::Importer { from, to, under: None };
            let Some(whatever) = estimated(transition, evidence, prior)? else { continue };
            let prior = Prior::new(HALF_A_TURN, HALF_A_TURN / whatever.hazard.mean())?;
            all.push(whatever);
            for under in met.iter().copied() {
                let here = |rule: Rule| rule.importer == from && rule.exporter == under;
                let transition = Transition::Importer { from, to, under: Some(under) };
                all.extend(estimated(transition, self.evidence(here, turned), prior)?);
            }
        }
        Ok(all)
    }
}

fn estimated(transition: Transition, evidence: Evidence, prior: Prior) -> Result<Option<Estimated>, Fault> {
    let hazard = Hazard::posterior(evidence, prior)?;
    Ok(hazard.map(|hazard| Estimated { transition, evidence, hazard }))
}

/// The hazards of estimates.
#[must_use]
pub fn hazards(estimates: &[Estimated]) -> Hazards {
    let mut hazards = Hazards::default();
    for one in estimates {
        hazards.set(one.transition, one.hazard);
    }
    hazards
}

/// A turn that the public knew of by a day, with the line that it moved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Known {
    /// Id of the line.
    pub line: String,
    /// Day.
    pub on: Date,
    /// Id of the event.
    pub event: String,
    /// The rule after it.
    pub rule: Rule,
    /// Whose turn it was.
    #[serde(flatten)]
    pub to: Turned,
}

/// All turns by a day, the earliest first.
#[must_use]
pub fn known_turns(lines: &Lines, on: Date) -> Vec<Known> {
    let mut all = Vec::new();
    for line in lines.iter() {
        let mut rule = line.start;
        for turn in line.turns.iter().take_while(|turn| turn.on <= on) {
            rule = turn.to.of(rule);
            let (line, event) = (line.id.clone(), turn.event.clone());
            all.push(Known { line, on: turn.on, event, rule, to: turn.to });
        }
    }
    all.sort_by(|one, other| (one.on, &one.line).cmp(&(other.on, &other.line)));
    all
}
