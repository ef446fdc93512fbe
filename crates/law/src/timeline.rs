//! Folding operations into the versions of provisions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use narrows_catalog::datafile::Collector;
use narrows_condition::{Dictionary, FactId, canonical_text};

use crate::instrument::{Act, Definition, Effect, Instrument, Operation, View};
use crate::jurisdiction::Jurisdiction;

/// A provision as it stands on a day.
#[derive(Debug, Clone)]
pub struct InForce {
    /// Stable id.
    pub provision: String,
    /// What it says.
    pub definition: Arc<Definition>,
    /// Ids of the instruments whose operations made it so, in the order of effect.
    pub by: Vec<String>,
    /// Open questions, all of which must be answered with yes for it to be in force.
    pub questions: Vec<FactId>,
}

impl PartialEq for InForce {
    /// Mostly it is the very same definition, and nothing need be compared.
    fn eq(&self, other: &Self) -> bool {
        self.provision == other.provision
            && (Arc::ptr_eq(&self.definition, &other.definition) || self.definition == other.definition)
            && self.by == other.by
            && self.questions == other.questions
    }
}

/// One operation with its instrument.
#[derive(Clone, Copy)]
struct Step<'a> {
    instrument: &'a Instrument,
    operation: &'a Operation,
    start: Date,
}

impl Operation {
    /// The first day on which it no longer acts: as it says itself or, for reports of
    /// licences, so many days after the last report that was known.
    #[must_use]
    pub fn until(&self, jurisdiction: &Jurisdiction, known_on: Option<Date>) -> Option<Date> {
        let Some(reported) = self.reports() else { return self.timing.until };
        let last = reported.iter().filter(|day| known_on.is_none_or(|known_on| **day <= known_on)).max();
        // A practice of which no report was known says nothing on any day.
        last.map_or(Some(Date::MIN), |last| jurisdiction.lapse(*last))
    }

    /// Days of the reports on which it rests, if it says nothing of its end but them.
    fn reports(&self) -> Option<&[Date]> {
        match self.act.definition().map(|it| &it.effect) {
            Some(Effect::Practice { reported, .. }) if self.timing.until.is_none() => Some(reported),
            _ => None,
        }
    }

    /// Every first day on which it no longer acts, whatever was known.
    fn ends(&self, jurisdiction: &Jurisdiction) -> impl Iterator<Item = Date> {
        let lapses =
            self.reports().unwrap_or_default().iter().filter_map(|report| jurisdiction.lapse(*report));
        self.timing.until.into_iter().chain(lapses)
    }
}

impl Jurisdiction {
    /// The day on which a report of licences says nothing any more.
    fn lapse(&self, report: Date) -> Option<Date> {
        report.checked_add(jiff::Span::new().days(self.practice_lapses_after_days)).ok()
    }
}

/// The operations of a jurisdiction that act in a view, as known on a day, with reforms last.
pub(crate) struct Timeline<'a> {
    jurisdiction: &'a Jurisdiction,
    known_on: Option<Date>,
    enacted: BTreeMap<&'a str, Vec<Step<'a>>>,
    reforms: BTreeMap<&'a str, Vec<Step<'a>>>,
}

impl<'a> Timeline<'a> {
    pub(crate) fn new(
        jurisdiction: &'a Jurisdiction,
        view: View,
        known_on: Option<Date>,
        reforms: &'a [Instrument],
    ) -> Self {
        let mut enacted: BTreeMap<&str, Vec<Step<'_>>> = BTreeMap::new();
        for instrument in &jurisdiction.instruments {
            for operation in &instrument.operations {
                let is_known = known_on.is_none_or(|known_on| instrument.known_from(operation) <= known_on);
                if let Some(start) = instrument.start(operation, view).filter(|_| is_known) {
                    let step = Step { instrument, operation, start };
                    enacted.entry(&operation.provision).or_default().push(step);
                }
            }
        }
        for steps in enacted.values_mut() {
            steps.sort_by_key(|step| (step.start, step.instrument.published));
        }
        // A reform is applied after everything enacted, whatever its day, in the order given.
        let mut reformed: BTreeMap<&str, Vec<Step<'_>>> = BTreeMap::new();
        for instrument in reforms {
            for operation in &instrument.operations {
                if let Some(start) = instrument.start(operation, view) {
                    reformed.entry(&operation.provision).or_default().push(Step {
                        instrument,
                        operation,
                        start,
                    });
                }
            }
        }
        Self { jurisdiction, known_on, enacted, reforms: reformed }
    }

    fn until(&self, step: &Step<'_>) -> Option<Date> {
        step.operation.until(self.jurisdiction, self.known_on)
    }

    fn acts_on(&self, step: &Step<'_>, day: Date) -> bool {
        step.start <= day && self.until(step).is_none_or(|until| day < until)
    }

    /// All days on which something begins or ends, whatever was known.
    pub(crate) fn days(&self) -> BTreeSet<Date> {
        let steps = self.enacted.values().chain(self.reforms.values()).flatten();
        steps
            .flat_map(|step| std::iter::once(step.start).chain(step.operation.ends(self.jurisdiction)))
            .collect()
    }

    /// Every provision that is in force on a day, by id.
    pub(crate) fn on(&self, day: Date) -> Vec<InForce> {
        let ids: BTreeSet<&str> = self.enacted.keys().chain(self.reforms.keys()).copied().collect();
        ids.into_iter().filter_map(|id| self.provision_on(id, day)).collect()
    }

    fn provision_on(&self, id: &str, day: Date) -> Option<InForce> {
        let acting = |steps: Option<&'_ Vec<Step<'a>>>| -> Vec<Step<'a>> {
            steps.into_iter().flatten().filter(|step| self.acts_on(step, day)).copied().collect()
        };
        let enacted = acting(self.enacted.get(id));
        let reforms = acting(self.reforms.get(id));
        let mut state: Option<(Arc<Definition>, Vec<String>)> = None;
        for step in enacted.iter().chain(&reforms) {
            let by = step.instrument.id.clone();
            match &step.operation.act {
                Act::Add(definition) => state = Some((Arc::clone(definition), vec![by])),
                Act::Replace(definition) => {
                    if state.is_some() {
                        state = Some((Arc::clone(definition), vec![by]));
                    }
                }
                Act::Amend { strike, insert } => {
                    if let Some((definition, instruments)) = &mut state {
                        amend(
                            Arc::make_mut(definition),
                            &strike.root,
                            &insert.root,
                            &self.jurisdiction.dictionary,
                        );
                        instruments.push(by);
                    }
                }
                Act::End => state = None,
                Act::Suspend | Act::NotEnforced | Act::Unsettle { .. } => {}
            }
        }
        let (definition, mut by) = state?;
        let mut questions = Vec::new();
        for step in enacted.iter().chain(&reforms) {
            match step.operation.act {
                Act::Suspend | Act::NotEnforced => return None,
                Act::Unsettle { question } => {
                    questions.push(question);
                    by.push(step.instrument.id.clone());
                }
                _ => {}
            }
        }
        Some(InForce { provision: id.to_owned(), definition, by, questions })
    }

    /// Reports operations on one provision that have no order, and operations that find
    /// nothing to act on.
    pub(crate) fn check(&self, problems: &Collector) {
        for steps in self.enacted.values() {
            let texts: Vec<&Step<'_>> =
                steps.iter().filter(|step| step.operation.act.changes_text()).collect();
            for pair in texts.windows(2) {
                if let [first, second] = pair
                    && (first.start, first.instrument.published)
                        == (second.start, second.instrument.published)
                {
                    problems.add(second.operation.at.problem(format!(
                        "`{}` and `{}` both act on `{}` from {} and were published on the same day: nothing says which comes first",
                        first.instrument.id, second.instrument.id, second.operation.provision, second.start
                    )));
                }
            }
        }
        self.check_acts(problems);
    }

    /// The same for the acts themselves, reforms included.
    pub(crate) fn check_acts(&self, problems: &Collector) {
        for steps in self.enacted.values().chain(self.reforms.values()) {
            for step in steps {
                self.check_act(step, problems);
            }
        }
    }

    fn check_act(&self, step: &Step<'_>, problems: &Collector) {
        let id = step.operation.provision.as_str();
        let before = self.before(step);
        let complain = |message: String| problems.add(step.operation.at.problem(message));
        match (&step.operation.act, &before) {
            (Act::Add(_), Some(_)) => {
                complain(format!("`{id}` is already in force on {}; use `replace`", step.start));
            }
            (Act::Replace(_) | Act::Amend { .. } | Act::End, None) => {
                complain(format!(
                    "`{id}` is not in force on {}, so there is nothing to {}",
                    step.start,
                    step.operation.act.word()
                ));
            }
            (Act::Amend { strike, insert }, Some(definition)) => {
                let mut changed = definition.clone();
                match amend(&mut changed, &strike.root, &insert.root, &self.jurisdiction.dictionary) {
                    1 => {}
                    found => complain(format!(
                        "expected `{}` exactly once in the condition of `{id}`, found it {found} times",
                        strike.text.trim()
                    )),
                }
            }
            (Act::Suspend | Act::NotEnforced | Act::Unsettle { .. }, _)
                if !self
                    .enacted
                    .get(id)
                    .into_iter()
                    .flatten()
                    .any(|other| other.operation.act.changes_text()) =>
            {
                complain(format!(
                    "no instrument brings `{id}`, so there is nothing to {}",
                    step.operation.act.word()
                ));
            }
            _ => {}
        }
    }

    /// The definition that an operation finds.
    fn before(&self, step: &Step<'_>) -> Option<Definition> {
        let id = step.operation.provision.as_str();
        let is_reform = self
            .reforms
            .get(id)
            .is_some_and(|steps| steps.iter().any(|other| std::ptr::eq(other.operation, step.operation)));
        // A reform without a day meets the latest state of the law.
        let day = if is_reform && step.start == Date::MIN { Date::MAX } else { step.start };
        let mut state: Option<Definition> = None;
        let enacted = self.enacted.get(id).into_iter().flatten();
        let reforms = self.reforms.get(id).into_iter().flatten().filter(|_| is_reform);
        for other in enacted.chain(reforms) {
            if std::ptr::eq(other.operation, step.operation) {
                break;
            }
            if other.start > day || self.until(other).is_some_and(|until| until <= day && until != Date::MAX)
            {
                continue;
            }
            match &other.operation.act {
                Act::Add(definition) | Act::Replace(definition) => state = Some((**definition).clone()),
                Act::Amend { strike, insert } => {
                    if let Some(definition) = &mut state {
                        amend(definition, &strike.root, &insert.root, &self.jurisdiction.dictionary);
                    }
                }
                Act::End => state = None,
                _ => {}
            }
        }
        state
    }
}

/// Strikes a condition and inserts another; says how often it was found.
fn amend(
    definition: &mut Definition,
    strike: &narrows_condition::Node,
    insert: &narrows_condition::Node,
    dictionary: &Dictionary,
) -> usize {
    // More than one place is an error, and to change them all could double the text each time.
    let found = definition.when.root.descendants().filter(|node| node.means_the_same_as(strike)).count();
    if found == 1 {
        definition.when.root.substitute(strike, insert);
        definition.when.text = canonical_text(&definition.when.root, dictionary);
    }
    found
}
