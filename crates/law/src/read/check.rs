//! Checking a jurisdiction as a whole.

use std::collections::{BTreeMap, BTreeSet};

use narrows_catalog::Places;
use narrows_catalog::datafile::Collector;
use narrows_condition::{Dictionary, Node};
use narrows_quantity::nearest;

use crate::edition::Edition;
use crate::instrument::{Effect, Instrument, View};
use crate::jurisdiction::Jurisdiction;
use crate::timeline::Timeline;

/// An open membership is an open question: every group that a condition names needs its
/// questions among the facts.
fn check_questions<'a>(
    instruments: impl Iterator<Item = &'a Instrument>,
    places: &Places,
    dictionary: &Dictionary,
    problems: &Collector,
) {
    let conditions =
        instruments.flat_map(|instrument| &instrument.operations).flat_map(|it| it.act.conditions());
    let members =
        conditions.flat_map(|condition| condition.root.descendants()).filter_map(|node| match node {
            Node::Member(member) => Some(&member.items),
            _ => None,
        });
    let named: BTreeSet<&str> = members.flatten().map(String::as_str).collect();
    let changes = named.into_iter().filter_map(|name| places.group(name)).flat_map(|group| &group.changes);
    for change in changes {
        if let Some(question) = &change.question
            && dictionary.find(question).is_none_or(|id| !dictionary.fact(id).question)
        {
            problems
                .add(change.at.problem(format!("`{question}` is no fact with when_missing = \"question\"")));
        }
    }
}

/// What a condition may name.
const CONDITION: &[&str] = &["define", "classify"];

/// Checks a jurisdiction, with reforms, as a whole: ids, references, cycles, order, and
/// that every edition compiles.
pub(crate) fn check(
    jurisdiction: &Jurisdiction,
    reforms: &[Instrument],
    places: &Places,
    problems: &Collector,
) {
    let mut ids = BTreeSet::new();
    let all = || jurisdiction.instruments.iter().chain(reforms);
    check_questions(all(), places, &jurisdiction.dictionary, problems);
    for instrument in all() {
        if !ids.insert(&instrument.id) {
            problems.add(instrument.at.problem(format!("instrument `{}` is there twice", instrument.id)));
        }
    }
    // Which effects each provision has at some time.
    let mut effects: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for instrument in all() {
        for operation in &instrument.operations {
            if let Some(definition) = operation.act.definition() {
                effects.entry(&operation.provision).or_default().insert(definition.effect.word());
            }
        }
    }
    let mut references: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for instrument in all() {
        for operation in &instrument.operations {
            let definition = operation.act.definition();
            let in_conditions = operation.act.conditions().flat_map(|condition| condition.provisions());
            let in_conditions = in_conditions.map(|id| (id, CONDITION));
            let named = definition.into_iter().flat_map(|definition| definition.references());
            for (id, wanted) in named.chain(in_conditions) {
                match effects.get(id) {
                    None => {
                        let hint = nearest(id, effects.keys().copied());
                        let hint = narrows_quantity::did_you_mean(hint.as_deref());
                        problems.add(operation.at.problem(format!("unknown provision `{id}`{hint}")));
                    }
                    Some(has) if !has.iter().any(|effect| wanted.contains(effect)) => {
                        let has = has.iter().copied().collect::<Vec<_>>().join(", ");
                        let wanted = wanted.join(" or ");
                        problems.add(operation.at.problem(format!(
                            "expected a provision of effect {wanted}, found `{id}` of effect {has}"
                        )));
                    }
                    Some(_) => {}
                }
            }
            let named = operation.act.conditions().flat_map(|condition| condition.provisions());
            references.entry(&operation.provision).or_default().extend(named);
            // A class also rests on what takes the item out of it.
            if let Some(Effect::Exclude { from }) = definition.map(|it| &it.effect) {
                for class in from {
                    references.entry(class).or_default().insert(&operation.provision);
                }
            }
        }
    }
    if let Some(cycle) = find_cycle(&references) {
        let first = cycle.first().copied().unwrap_or_default();
        let operations = all().flat_map(|instrument| &instrument.operations);
        if let Some(operation) = operations.into_iter().find(|operation| operation.provision == first) {
            let text = cycle.join("` -> `");
            problems
                .add(operation.at.problem(format!("provisions rest on one another in a circle: `{text}`")));
        }
        return;
    }
    for view in [View::Enforced, View::Codified] {
        let timeline = Timeline::new(jurisdiction, view, None, reforms);
        if reforms.is_empty() {
            timeline.check(problems);
        } else {
            timeline.check_acts(problems);
        }
        for day in timeline.days() {
            let wrong = match Edition::compile(timeline.on(day), &jurisdiction.dictionary) {
                Ok(edition) => edition.check_width(&jurisdiction.dictionary).err(),
                Err(error) => Some(error),
            };
            // The last instrument that acts on the day has made it so.
            let acts = |instrument: &&Instrument| {
                instrument.operations.iter().any(|it| instrument.start(it, view) == Some(day))
            };
            if let Some(error) = wrong
                && let Some(instrument) = all().rfind(acts).or_else(|| all().next_back())
            {
                problems.add(instrument.at.problem(format!("the law of {day} cannot be compiled: {error}")));
            }
        }
    }
}

/// Provisions that rest on one another in a circle, if any do.
fn find_cycle<'a>(references: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Option<Vec<&'a str>> {
    fn visit<'a>(
        id: &'a str,
        references: &BTreeMap<&'a str, BTreeSet<&'a str>>,
        finished: &mut BTreeSet<&'a str>,
        path: &mut Vec<&'a str>,
    ) -> Option<Vec<&'a str>> {
        if finished.contains(id) {
            return None;
        }
        if let Some(start) = path.iter().position(|other| *other == id) {
            let mut cycle: Vec<&str> = path.iter().skip(start).copied().collect();
            cycle.push(id);
            return Some(cycle);
        }
        path.push(id);
        for next in references.get(id).into_iter().flatten() {
            if let Some(cycle) = visit(next, references, finished, path) {
                return Some(cycle);
            }
        }
        path.pop();
        finished.insert(id);
        None
    }
    let (mut finished, mut path) = (BTreeSet::new(), Vec::new());
    references.keys().find_map(|id| visit(id, references, &mut finished, &mut path))
}
