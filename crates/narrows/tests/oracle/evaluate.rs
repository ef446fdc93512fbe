//! What is in force on a day, and what follows for one set of values.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::rc::Rc;

use super::data::{
    Act, Definition, Effect, Jurisdiction, Kind, Operation, Presumed, Value, Vocabulary, WhenMissing, files,
    read_day, read_file,
};
use super::language::{Comparison, Measure, Tree, World};
use super::rational::Rational;

pub(crate) struct Oracle {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) jurisdiction: Jurisdiction,
    pub(crate) operations: Vec<Operation>,
    /// For each view, the operations that may act in it, in the order of their application.
    in_order: BTreeMap<&'static str, Vec<usize>>,
    /// What is in force follows from the operations that act, so it is kept by them.
    folded: HashMap<Vec<usize>, Rc<Law>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Given {
    Number(Rational),
    Range(Rational, Rational),
    Truth(bool),
    Word(String),
    Unknown,
}

#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) on: String,
    pub(crate) known_on: Option<String>,
    pub(crate) view: &'static str,
    pub(crate) destination: String,
    pub(crate) headquarters: String,
    pub(crate) exported_from: String,
    pub(crate) facts: BTreeMap<String, Given>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) status: String,
    pub(crate) class: String,
    pub(crate) deciding: Vec<String>,
    pub(crate) missing: BTreeSet<String>,
    pub(crate) possible: BTreeSet<String>,
}

pub(crate) struct InForce {
    pub(crate) number: usize,
    pub(crate) definition: Rc<Definition>,
    /// In force only if all of these hold.
    pub(crate) questions: Vec<usize>,
}

/// The provisions in force, and what their conditions speak of.
pub(crate) struct Law {
    /// In the order of provision ids.
    pub(crate) provisions: Vec<InForce>,
    position: Vec<Option<usize>>,
    /// The facts that a status can hang on. Charges and procedural conditions change no status.
    pub(crate) facts: BTreeSet<usize>,
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) words: BTreeMap<usize, BTreeSet<Rc<str>>>,
    /// The days that conditions name.
    pub(crate) days: BTreeSet<i32>,
}

/// Where the value of a fact comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Value(Value),
    /// Any value, within these bounds if it is a number.
    Unknown((Rational, Rational)),
    /// The value of another fact.
    Same(usize),
    /// A ratio that was not given itself.
    Parts(usize, usize),
    /// Neither given nor to be supposed.
    Absent,
}

impl Effect {
    /// The conditions of a provision other than its `when`.
    fn further_conditions(&self) -> Vec<&Tree> {
        match self {
            Effect::Presume { unless, .. } => vec![unless],
            Effect::Review { cases, .. } => cases.iter().map(|(when, _)| when).collect(),
            _ => Vec::new(),
        }
    }
}

impl Oracle {
    /// Reads `data/places` and `data/law/<jurisdiction>`.
    pub(crate) fn read(data: &Path, jurisdiction: &str) -> Oracle {
        let law = data.join("law").join(jurisdiction);
        let mut vocabulary = Vocabulary::read(&read_file(&law.join("facts.toml")));
        for file in files(&data.join("places")) {
            vocabulary.add_places(&read_file(&file));
        }
        let jurisdiction = Jurisdiction::read(&read_file(&law.join("jurisdiction.toml")));
        let mut oracle = Oracle {
            vocabulary,
            jurisdiction,
            operations: Vec::new(),
            in_order: BTreeMap::new(),
            folded: HashMap::new(),
        };
        for file in files(&law) {
            if !file.ends_with("facts.toml") && !file.ends_with("jurisdiction.toml") {
                oracle.add(&read_file(&file), false);
            }
        }
        oracle.sort_operations();
        oracle
    }

    /// Adds a file of `data/reforms`, after those added before.
    pub(crate) fn with_reform(&mut self, file: &Path) {
        self.add(&read_file(file), true);
        self.sort_operations();
    }

    fn add(&mut self, text_of_file: &str, is_reform: bool) {
        let operations = self.vocabulary.read_instrument(text_of_file, &self.jurisdiction, is_reform);
        self.operations.extend(operations);
    }

    /// The provisions that can stand in the list of those that decide.
    pub(crate) fn provisions(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for operation in &self.operations {
            let (Act::Add(definition) | Act::Replace(definition)) = &operation.act else { continue };
            if !matches!(
                *definition.effect,
                Effect::Define | Effect::Presume { .. } | Effect::Charge | Effect::Classify { caught: false }
            ) {
                found.insert(self.vocabulary.provisions[operation.provision].clone());
            }
        }
        found
    }

    pub(crate) fn start(&self, operation: usize, view: &str) -> i32 {
        let operation = &self.operations[operation];
        if view == "enforced" { operation.compliance } else { operation.effective }
    }

    /// The first day on which an operation has run out, as far as is known on a day of knowledge.
    pub(crate) fn end(&self, operation: usize, known: i32) -> Option<i32> {
        let operation = &self.operations[operation];
        match &operation.reported {
            None => operation.until,
            // Without any report that was known there is nothing to rely on, on any day.
            Some(days) => days
                .iter()
                .filter(|day| **day <= known)
                .max()
                .map_or(Some(i32::MIN), |last| Some(last + self.jurisdiction.practice_lapses_after_days)),
        }
    }

    fn sort_operations(&mut self) {
        self.folded.clear();
        for view in ["enforced", "codified"] {
            let acts = |operation: &Operation| {
                operation.view.as_deref().is_none_or(|own| own == view)
                    && !(view == "codified" && matches!(operation.act, Act::NotEnforced))
            };
            let (reforms, mut order): (Vec<usize>, Vec<usize>) = (0..self.operations.len())
                .filter(|operation| acts(&self.operations[*operation]))
                .partition(|operation| self.operations[*operation].is_reform);
            order.sort_by_key(|operation| {
                (self.start(*operation, view), self.operations[*operation].published)
            });
            let mut taken = BTreeMap::new();
            for index in &order {
                let operation = &self.operations[*index];
                if matches!(operation.act, Act::Suspend | Act::NotEnforced | Act::Unsettle(_)) {
                    continue;
                }
                let place = (operation.provision, self.start(*index, view), operation.published);
                if let Some(other) = taken.insert(place, &operation.instrument) {
                    panic!("{other} and {} are on one provision and day", operation.instrument);
                }
            }
            order.extend(reforms);
            self.in_order.insert(view, order);
        }
    }

    /// What is in force on a day, in a view, as far as is known on a day of knowledge.
    pub(crate) fn law(&mut self, on: i32, known: i32, view: &str) -> Rc<Law> {
        let acting = self.acting(on, known, view);
        if let Some(law) = self.folded.get(&acting) {
            return Rc::clone(law);
        }
        let law = Rc::new(self.fold(&acting));
        self.folded.insert(acting, Rc::clone(&law));
        law
    }

    /// The operations that have begun and not run out, in the order of their application.
    pub(crate) fn acting(&self, on: i32, known: i32, view: &str) -> Vec<usize> {
        let order = self.in_order[view].iter().copied();
        order
            .filter(|operation| {
                self.operations[*operation].is_reform || self.operations[*operation].known_from <= known
            })
            .filter(|operation| self.start(*operation, view) <= on)
            .filter(|operation| self.end(*operation, known).is_none_or(|end| on < end))
            .collect()
    }

    pub(crate) fn fold(&self, acting: &[usize]) -> Law {
        let mut definitions: BTreeMap<usize, Rc<Definition>> = BTreeMap::new();
        for operation in acting.iter().map(|operation| &self.operations[*operation]) {
            match &operation.act {
                Act::Add(definition) => {
                    definitions.insert(operation.provision, Rc::clone(definition));
                }
                // What is not in force has no definition that could be replaced or amended.
                Act::Replace(definition) => {
                    if let Some(old) = definitions.get_mut(&operation.provision) {
                        *old = Rc::clone(definition);
                    }
                }
                Act::Amend { strike, insert } => {
                    if let Some(old) = definitions.get_mut(&operation.provision) {
                        let mut amended = Definition::clone(old);
                        let found = amended.when.amend(strike, insert);
                        assert!(found, "{} strikes what is not there", operation.instrument);
                        *old = Rc::new(amended);
                    }
                }
                Act::End => {
                    definitions.remove(&operation.provision);
                }
                Act::Suspend | Act::NotEnforced | Act::Unsettle(_) => {}
            }
        }
        let mut questions: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for operation in acting.iter().map(|operation| &self.operations[*operation]) {
            match &operation.act {
                Act::Suspend | Act::NotEnforced => {
                    definitions.remove(&operation.provision);
                }
                Act::Unsettle(question) => questions.entry(operation.provision).or_default().push(*question),
                _ => {}
            }
        }
        let mut provisions: Vec<InForce> = definitions
            .into_iter()
            .map(|(number, definition)| InForce {
                number,
                definition,
                questions: questions.remove(&number).unwrap_or_default(),
            })
            .collect();
        let names = &self.vocabulary.provisions;
        provisions.sort_by(|first, second| names[first.number].cmp(&names[second.number]));
        let mut law = Law {
            position: vec![None; names.len()],
            provisions,
            facts: BTreeSet::new(),
            comparisons: Vec::new(),
            words: BTreeMap::new(),
            days: BTreeSet::new(),
        };
        law.survey();
        law
    }

    /// The facts of a question, each with the place its value comes from.
    fn sources(&self, question: &Question) -> Vec<Source> {
        let facts = &self.vocabulary.facts;
        for name in question.facts.keys() {
            let fact = self.vocabulary.fact(name);
            assert!(fact.is_some_and(|fact| facts[fact].role.is_none()), "{name} cannot be given");
        }
        let place = |code: &str| match self.vocabulary.places.get(code) {
            Some(tested) => Rc::clone(tested),
            None => panic!("{code} is no place"),
        };
        facts
            .iter()
            .map(|fact| match (question.facts.get(&fact.name), fact.role.as_deref()) {
                (Some(Given::Number(number)), _) => Source::Value(Value::Number(*number)),
                (Some(Given::Range(low, high)), _) => Source::Unknown((*low, *high)),
                (Some(Given::Truth(truth)), _) => Source::Value(Value::Truth(*truth)),
                (Some(Given::Word(word)), _) if fact.kind == Kind::Place && !word.is_empty() => {
                    Source::Value(Value::Word(place(word)))
                }
                (Some(Given::Word(word)), _) => Source::Value(Value::Word(Rc::from(word.as_str()))),
                (Some(Given::Unknown), _) if fact.parts.is_none() => Source::Unknown(fact.range),
                (None, Some("destination")) => Source::Value(Value::Word(place(&question.destination))),
                (None, Some("headquarters")) => Source::Value(Value::Word(place(&question.headquarters))),
                (None, Some("exported_from")) => Source::Value(Value::Word(place(&question.exported_from))),
                // Days are compared with the day of the question.
                (_, Some(_)) => Source::Absent,
                (None | Some(Given::Unknown), None) => {
                    let other = fact.otherwise.and_then(|other| question.facts.get(&facts[other].name));
                    if let Some((numerator, denominator)) = fact.parts {
                        return Source::Parts(numerator, denominator);
                    }
                    match (other, &fact.when_missing) {
                        (Some(Given::Range(low, high)), _) => Source::Unknown((*low, *high)),
                        (Some(Given::Unknown) | None, WhenMissing::Unknown) => Source::Unknown(fact.range),
                        (Some(Given::Unknown) | None, WhenMissing::Assume(value)) => {
                            Source::Value(value.clone())
                        }
                        (Some(Given::Unknown) | None, WhenMissing::Required) => Source::Absent,
                        (Some(_), _) => Source::Same(fact.otherwise.unwrap()),
                    }
                }
            })
            .collect()
    }

    /// The facts that a status can hang on, with those that give them their values, on a day.
    pub(crate) fn support(&self, law: &Law, on: i32, known: i32, sources: &[Source]) -> BTreeSet<usize> {
        let changes = self.vocabulary.groups.iter().flat_map(|group| &group.changes);
        let open = changes.filter(|change| change.published <= known && change.first <= on);
        let open = open.filter_map(|change| change.open).filter(|(settled, _)| on.min(known) < *settled);
        let mut waiting: Vec<usize> = open.filter_map(|(_, question)| question).collect();
        waiting.extend(&law.facts);
        let mut support = BTreeSet::new();
        while let Some(fact) = waiting.pop() {
            support.insert(fact);
            match sources[fact] {
                Source::Same(other) => waiting.push(other),
                Source::Parts(numerator, denominator) => waiting.extend([numerator, denominator]),
                _ => {}
            }
        }
        support
    }

    pub(crate) fn determine(&mut self, question: &Question) -> Verdict {
        let day = |text: &str| read_day(text).unwrap_or_else(|| panic!("{text} is no day"));
        let on = day(&question.on);
        assert!(on >= self.jurisdiction.coverage_from, "{} is before the record", question.on);
        let known = question.known_on.as_deref().map_or(i32::MAX, day);
        assert!(known >= self.jurisdiction.coverage_from, "known on a day before the record");
        let law = self.law(on, known, question.view);
        let sources = self.sources(question);
        let scene = Scene { oracle: self, law: &law, on, known, sources: &sources };
        scene.verdict()
    }
}

impl Law {
    /// Notes where each provision stands and what the conditions speak of.
    fn survey(&mut self) {
        for (position, provision) in self.provisions.iter().enumerate() {
            self.position[provision.number] = Some(position);
            if matches!(*provision.definition.effect, Effect::Charge) {
                continue;
            }
            self.facts.extend(&provision.questions);
            let mut conditions = provision.definition.effect.further_conditions();
            conditions.push(&provision.definition.when);
            for condition in conditions {
                condition.walk(&mut |part| match part {
                    Tree::Compare(comparison) => {
                        self.facts.extend(comparison.terms.iter().map(|(_, fact)| fact));
                        if !self.comparisons.contains(comparison) {
                            self.comparisons.push(comparison.clone());
                        }
                    }
                    Tree::Word(fact, words) => {
                        self.facts.insert(*fact);
                        self.words.entry(*fact).or_default().extend(words.iter().cloned());
                    }
                    Tree::Day(_, day) => {
                        self.days.insert(*day);
                    }
                    Tree::Truth(fact) | Tree::Place(fact, _) => {
                        self.facts.insert(*fact);
                    }
                    _ => {}
                });
            }
        }
    }

    pub(crate) fn find(&self, provision: usize) -> Option<&InForce> {
        let position = *self.position.get(provision)?;
        position.map(|position| &self.provisions[position])
    }
}

/// A question with its law: everything but the values of what is unknown.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) oracle: &'a Oracle,
    pub(crate) law: &'a Law,
    pub(crate) on: i32,
    pub(crate) known: i32,
    pub(crate) sources: &'a [Source],
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) status: usize,
    pub(crate) deciding: Vec<usize>,
}

/// One completion: every fact that is asked for has a value.
pub(crate) struct Run<'a> {
    scene: Scene<'a>,
    values: &'a [Option<Value>],
    /// The unknown facts that were asked for.
    read: &'a [Cell<bool>],
    presumed: Vec<Presumed>,
    /// An exclusion that is left out, to see what would hold without it.
    without: Option<usize>,
    /// Outcomes for provisions: on the facts as given, and with presumptions.
    remembered: Vec<Cell<Option<bool>>>,
}

/// The world of a run, on the facts as given or with what is presumed.
struct Eyes<'r, 'a> {
    run: &'r Run<'a>,
    as_given: bool,
}

impl World for Eyes<'_, '_> {
    fn day(&self) -> i32 {
        self.run.scene.on
    }

    fn measure(&self, fact: usize) -> Measure {
        match self.run.scene.sources[fact] {
            Source::Parts(numerator, denominator) => {
                Measure::Parts(self.run.number(numerator), self.run.number(denominator))
            }
            _ => Measure::Number(self.run.number(fact)),
        }
    }

    fn truth(&self, fact: usize) -> bool {
        (!self.as_given && self.run.presumed.contains(&Presumed::Truth(fact))) || self.run.truth(fact)
    }

    fn word(&self, fact: usize) -> &str {
        match self.run.value(fact) {
            Value::Word(word) => word,
            other => panic!("{other:?} is no word"),
        }
    }

    fn belongs(&self, place: &str, group: usize) -> bool {
        let Scene { on, known, oracle, .. } = self.run.scene;
        let group = &oracle.vocabulary.groups[group];
        let mut inside = group.members.contains(place);
        let changes = group.changes.iter().filter(|change| change.place == place);
        for change in changes.filter(|change| change.published <= known && change.first <= on) {
            inside = match change.open {
                Some((settled, question)) if on.min(known) < settled => {
                    change.joined == self.run.truth(question.expect("a question of this jurisdiction"))
                }
                _ => change.joined,
            };
        }
        inside
    }

    fn provision(&self, provision: usize) -> bool {
        self.run.holds(provision, self.as_given)
    }
}

impl<'a> Run<'a> {
    pub(crate) fn new(scene: Scene<'a>, values: &'a [Option<Value>], read: &'a [Cell<bool>]) -> Run<'a> {
        Run::without(scene, values, read, None)
    }

    fn without(
        scene: Scene<'a>,
        values: &'a [Option<Value>],
        read: &'a [Cell<bool>],
        without: Option<usize>,
    ) -> Run<'a> {
        let remembered = vec![Cell::new(None); 2 * scene.law.provisions.len()];
        let mut run = Run { scene, values, read, presumed: Vec::new(), without, remembered };
        let mut presumed = Vec::new();
        for provision in &scene.law.provisions {
            if let Effect::Presume { presumes, unless } = &*provision.definition.effect {
                let eyes = Eyes { run: &run, as_given: true };
                if run.holds(provision.number, true) && !unless.holds(&eyes) {
                    presumed.extend(presumes);
                }
            }
        }
        run.presumed = presumed;
        run
    }

    fn value(&self, fact: usize) -> &Value {
        match &self.scene.sources[fact] {
            Source::Value(value) => value,
            Source::Unknown(_) => {
                self.read[fact].set(true);
                self.values[fact].as_ref().expect("an unknown fact has a value in every completion")
            }
            Source::Same(other) => self.value(*other),
            source => panic!("{} is {source:?}", self.scene.oracle.vocabulary.facts[fact].name),
        }
    }

    fn number(&self, fact: usize) -> Rational {
        match self.value(fact) {
            Value::Number(number) => *number,
            other => panic!("{other:?} is no number"),
        }
    }

    fn truth(&self, fact: usize) -> bool {
        match self.value(fact) {
            Value::Truth(truth) => *truth,
            other => panic!("{other:?} is no truth"),
        }
    }

    /// Whether a condition holds with what is presumed.
    pub(crate) fn satisfies(&self, condition: &Tree) -> bool {
        condition.holds(&Eyes { run: self, as_given: false })
    }

    /// Whether a provision is in force and holds; a class also by presumption, and not if it is excluded.
    pub(crate) fn holds(&self, provision: usize, as_given: bool) -> bool {
        let law = self.scene.law;
        let Some(position) = law.position.get(provision).copied().flatten() else { return false };
        let remembered = &self.remembered[2 * position + usize::from(as_given)];
        if let Some(holds) = remembered.get() {
            return holds;
        }
        let InForce { definition, questions, .. } = &law.provisions[position];
        let eyes = Eyes { run: self, as_given };
        let mut holds = definition.when.holds(&eyes);
        if let Effect::Classify { .. } = *definition.effect {
            holds = holds || (!as_given && self.presumed.contains(&Presumed::Class(provision)));
            holds = holds && !law.provisions.iter().any(|other| self.excludes(other, provision, as_given));
        }
        holds = holds && questions.iter().all(|question| self.truth(*question));
        remembered.set(Some(holds));
        holds
    }

    fn excludes(&self, exclusion: &InForce, class: usize, as_given: bool) -> bool {
        match &*exclusion.definition.effect {
            Effect::Exclude { from } => {
                self.without != Some(exclusion.number)
                    && from.contains(&class)
                    && self.holds(exclusion.number, as_given)
            }
            _ => false,
        }
    }

    /// The provisions that hold and whose effect is chosen.
    fn holding<T>(&self, choose: impl Fn(&'a Effect) -> Option<T>) -> Vec<(usize, T)> {
        let mut found = Vec::new();
        for provision in &self.scene.law.provisions {
            if let Some(chosen) = choose(&provision.definition.effect)
                && self.holds(provision.number, false)
            {
                found.push((provision.number, chosen));
            }
        }
        found
    }

    /// The status of a requirement that remains, and the review provision that sets it.
    fn review(&self, requirement: usize, own: usize) -> (usize, Option<usize>) {
        let mut fallback = None;
        for provision in &self.scene.law.provisions {
            let Effect::Review { of, cases, otherwise } = &*provision.definition.effect else { continue };
            if !of.contains(&requirement) || !self.holds(provision.number, false) {
                continue;
            }
            if let Some((_, status)) = cases.iter().find(|(when, _)| self.satisfies(when)) {
                return (*status, Some(provision.number));
            }
            fallback = fallback.or(otherwise.map(|status| (status, Some(provision.number))));
        }
        fallback.unwrap_or((own, None))
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let numbers =
            |list: &[(usize, usize)]| list.iter().map(|(number, _)| *number).collect::<Vec<usize>>();
        let caught = self.holding(|effect| match effect {
            Effect::Classify { caught: true } => Some(0),
            _ => None,
        });
        let mut deciding = numbers(&caught);

        let prohibitions = self.holding(|effect| match effect {
            Effect::Prohibit { status } => Some(*status),
            _ => None,
        });
        if let Some(status) = prohibitions.iter().map(|(_, status)| *status).min() {
            deciding
                .extend(prohibitions.iter().filter(|(_, other)| *other == status).map(|(number, _)| number));
            return Outcome { status, deciding };
        }

        let exemptions = self.holding(|effect| match effect {
            Effect::Exempt { from } => Some(from),
            _ => None,
        });
        let mut applying = self.holding(|effect| match effect {
            Effect::Require { review } => Some(*review),
            _ => None,
        });
        applying.retain(|(number, _)| {
            !exemptions.iter().any(|(_, from)| from.is_empty() || from.contains(number))
        });

        let mut available = self.holding(|effect| match effect {
            Effect::Except { status, discharges } => Some((*status, discharges)),
            _ => None,
        });
        available
            .retain(|(_, (_, discharges))| applying.iter().any(|(number, _)| discharges.contains(number)));

        let discharging = |requirement: usize| {
            let discharges =
                move |(_, (_, list)): &&(usize, (usize, &Vec<usize>))| list.contains(&requirement);
            available.iter().filter(discharges)
        };
        let remaining: Vec<(usize, usize)> =
            applying.iter().copied().filter(|(number, _)| discharging(*number).next().is_none()).collect();

        if !remaining.is_empty() {
            let reviewed: Vec<(usize, (usize, Option<usize>))> =
                remaining.iter().map(|(number, own)| (*number, self.review(*number, *own))).collect();
            let strictest = reviewed.iter().map(|(_, (status, _))| *status).min().expect("some remain");
            let setting = reviewed.iter().filter(|(_, (status, _))| *status == strictest);
            deciding.extend(setting.clone().map(|(number, _)| number));
            deciding.extend(self.by_id(setting.filter_map(|(_, (_, review))| *review).collect()));

            let mut practices = self.holding(|effect| match effect {
                Effect::Practice { of, status } => Some((*status, of)),
                _ => None,
            });
            practices.retain(|(_, (_, of))| remaining.iter().any(|(number, _)| of.contains(number)));
            let covered =
                |(number, _): &(usize, usize)| practices.iter().any(|(_, (_, of))| of.contains(number));
            if remaining.iter().all(covered) {
                deciding.extend(practices.iter().map(|(number, _)| number));
                let status = practices.iter().map(|(_, (status, _))| *status).min().expect("some cover");
                return Outcome { status, deciding };
            }
            return Outcome { status: strictest, deciding };
        }

        if !applying.is_empty() {
            let mildest = |number: usize| discharging(number).map(|(_, (status, _))| *status).max();
            let status = applying.iter().filter_map(|(number, _)| mildest(*number)).min();
            let status = status.expect("all are discharged");
            deciding.extend(numbers(&applying));
            deciding.extend(
                available.iter().filter(|(_, (other, _))| *other == status).map(|(number, _)| number),
            );
            return Outcome { status, deciding };
        }

        if !caught.is_empty() {
            deciding.extend(exemptions.iter().map(|(number, _)| number));
            return Outcome { status: self.scene.oracle.jurisdiction.outside_scope, deciding };
        }

        let exclusions = self.holding(|effect| match effect {
            Effect::Exclude { from } => Some(from),
            _ => None,
        });
        let is_caught = |class: &&usize| {
            let found = self.scene.law.find(**class);
            found.is_some_and(|it| matches!(*it.definition.effect, Effect::Classify { caught: true }))
        };
        for (number, from) in exclusions {
            let free = Run::without(self.scene, self.values, self.read, Some(number));
            if from.iter().filter(is_caught).any(|class| free.holds(*class, false)) {
                deciding.push(number);
            }
        }
        Outcome { status: self.scene.oracle.jurisdiction.not_controlled, deciding }
    }

    /// Sorted by id and each once.
    fn by_id(&self, list: Vec<usize>) -> Vec<usize> {
        let in_order = self.scene.law.provisions.iter().map(|provision| provision.number);
        in_order.filter(|number| list.contains(number)).collect()
    }
}

/// `DAY [known=DAY] [codified] DESTINATION HEADQUARTERS`, and facts: `name`, `!name`, `name=VALUE`, `name=LOW..HIGH`.
fn question(case: &str, facts: &str) -> Question {
    let words: Vec<&str> = case.split_whitespace().collect();
    let [destination, headquarters] = words[words.len() - 2..] else { panic!("two places: {case}") };
    let given = |fact: &str| {
        let Some((name, value)) = fact.split_once('=') else {
            return (fact.trim_start_matches('!').to_owned(), Given::Truth(!fact.starts_with('!')));
        };
        let given = match (value.split_once(".."), Rational::parse(value)) {
            (Some((low, high)), _) => {
                Given::Range(Rational::parse(low).unwrap(), Rational::parse(high).unwrap())
            }
            (None, Some(number)) => Given::Number(number),
            (None, None) => Given::Word(value.to_owned()),
        };
        (name.to_owned(), given)
    };
    Question {
        on: words[0].to_owned(),
        known_on: words.iter().find_map(|word| word.strip_prefix("known=")).map(str::to_owned),
        view: if words.contains(&"codified") { "codified" } else { "enforced" },
        destination: destination.to_owned(),
        headquarters: headquarters.to_owned(),
        exported_from: "US".to_owned(),
        facts: facts.split_whitespace().map(given).collect(),
    }
}

fn united_states() -> Oracle {
    Oracle::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data"), "us")
}

/// The provisions without their common beginning.
fn short(deciding: &[String]) -> String {
    deciding
        .iter()
        .map(|id| id.trim_start_matches("us.").trim_start_matches("bis."))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn answers_derived_by_hand() {
    let large = "item_kind=logic_ic tpp=15824 applicable_die_area_mm2=814 datacenter io_bandwidth_gb_per_s=900 \
                 dram_bandwidth_gb_per_s=3350";
    let chinese = &format!("{large} designer_hq=HK");
    let game = |tpp: &str| format!("item_kind=logic_ic tpp={tpp} applicable_die_area_mm2=608.5 !datacenter");
    let a100 = |links: &str| {
        format!("item_kind=logic_ic tpp=4992 item=nvidia.a100-sxm4-80gb io_bandwidth_gb_per_s={links}")
    };
    let h20 = "item_kind=logic_ic tpp=2368 applicable_die_area_mm2=814 datacenter item=nvidia.h20-96gb \
               designer=nvidia io_bandwidth_gb_per_s=900 dram_bandwidth_gb_per_s=4000";
    let memory = |density: &str| format!("item_kind=hbm_stack hbm_bandwidth_density_gb_per_s_mm2={density}");
    let foundry = |transistors: &str| {
        format!(
            "item_kind=logic_ic tpp=100 applicable_die_area_mm2=100 !datacenter foundry_export process_node_nm=16 \
             packaged_by_attesting_osat contains_hbm transistors_billion={transistors}"
        )
    };
    let mut oracle = united_states();
    for (case, facts, status, deciding) in [
        // For datacenters: in D:5; elsewhere; elsewhere for a party of D:5; no export.
        ("2025-01-01 CN CN", large, "denied_presumption", "3A090.a 742.6.a.6.iii 742.6.b.10"),
        ("2025-01-01 DE DE", large, "nlr_destination", "3A090.a"),
        ("2025-01-01 DE HK", large, "denied_presumption", "3A090.a 744.23.a.3 744.23.d"),
        ("2025-01-01 US CN", large, "nlr_destination", "3A090.a 734.13"),
        // Not for datacenters: from 4,800 on the exception, below it Note 2.
        ("2024-06-01 CN CN", &game("4800"), "licence_exception_nac", "3A090.a 742.6.a.6.iii 740.8.nac"),
        ("2024-06-01 CN CN", &game("4799.999999"), "not_controlled", "3A090.note_2"),
        // The test of 2022, the letter before it, and the letter while the rule was not known.
        ("2022-10-21 CN CN", &a100("600"), "licence_required", "3A090.a 742.6.a.6"),
        ("2022-10-21 CN CN", &a100("599.999999"), "not_controlled", ""),
        ("2022-10-20 CN CN", &a100("600"), "licence_required", "letter.2022-08-26.nvidia.licence"),
        (
            "2022-10-21 known=2022-10-06 CN CN",
            &a100("1"),
            "licence_required",
            "letter.2022-08-26.nvidia.licence",
        ),
        // Memory: the limit, the day of compliance, the other view, the exception and its limit.
        ("2024-12-31 CN CN", &memory("2"), "not_controlled", ""),
        ("2024-12-31 CN CN", &memory("2.000001"), "licence_required", "3A090.c 742.6.a.6.i.B"),
        ("2024-12-30 CN CN", &memory("2.000001"), "not_controlled", ""),
        ("2024-12-30 codified CN CN", &memory("2.000001"), "licence_required", "3A090.c 742.6.a.6.i.B"),
        (
            "2024-12-31 CN CN",
            &memory("3.299999 hbm_exception_conditions_met"),
            "licence_exception_hbm",
            "3A090.c 742.6.a.6.i.B 740.25.hbm",
        ),
        (
            "2024-12-31 CN CN",
            &memory("3.3 hbm_exception_conditions_met"),
            "licence_required",
            "3A090.c 742.6.a.6.i.B",
        ),
        // A prohibition goes before all else, from its first day on.
        ("2025-05-13 MY MY", chinese, "gp10_risk", "3A090.a 736.2.b.10"),
        ("2025-05-12 MY MY", chinese, "nlr_destination", "3A090.a"),
        // A practice on its last day and after it; three days sooner while one report of two was known.
        ("2026-02-06 CN CN", h20, "licence_granted", "letter.2025-04.nvidia.licence commerce.practice.h20"),
        ("2026-02-07 CN CN", h20, "licence_required", "letter.2025-04.nvidia.licence"),
        ("2026-02-04 known=2025-08-10 CN CN", h20, "licence_required", "letter.2025-04.nvidia.licence"),
        // The worldwide requirement is codified and not enforced.
        ("2025-02-01 codified DE DE", large, "licence_exception_aia", "3A090.a 742.6.a.6.iii.A 740.27.aia"),
        ("2025-06-01 DE DE", large, "nlr_destination", "3A090.a"),
        // A presumption makes a class of what reaches no limit.
        ("2025-02-01 TW TW", &foundry("30"), "nlr_destination", "3A090.a"),
        ("2025-02-01 TW TW", &foundry("29.999999"), "not_controlled", ""),
    ] {
        let verdict = oracle.determine(&question(case, facts));
        assert_eq!(
            (verdict.status.as_str(), short(&verdict.deciding).as_str()),
            (status, deciding),
            "{case} {facts}"
        );
        assert!(verdict.missing.is_empty() && verdict.possible.len() == 1, "{case} {facts}");
    }
}

#[test]
fn open_answers_derived_by_hand() {
    let base = "item_kind=logic_ic datacenter io_bandwidth_gb_per_s=900 dram_bandwidth_gb_per_s=3350";
    let mut oracle = united_states();
    for (case, facts, missing, possible, deciding) in [
        // The question on which the group of Cambodia hangs.
        (
            "2025-12-01 KH KH",
            "tpp=15824 applicable_die_area_mm2=814",
            "cambodia_left_d5",
            "denied_presumption licence_required",
            "3A090.a 742.6.a.6.iii 742.6.b.10",
        ),
        // A bound that touches a limit; one that does not.
        (
            "2024-06-01 CN CN",
            "tpp=4000..4800 applicable_die_area_mm2=10000",
            "tpp",
            "denied_presumption not_controlled",
            "",
        ),
        ("2024-06-01 CN CN", "tpp=4000..4799.999999 applicable_die_area_mm2=10000", "", "not_controlled", ""),
        // 1,600 over 270.27027 is just above 5.92.
        (
            "2024-06-01 CN CN",
            "tpp=1600 applicable_die_area_mm2=270..271",
            "applicable_die_area_mm2",
            "denied_presumption licence_exception_nac",
            "742.6.a.6.iii",
        ),
        // Both are open, and only the ends of both together reach 5.92.
        (
            "2024-06-01 CN CN",
            "tpp=1500..1600 applicable_die_area_mm2=270.27027..500",
            "applicable_die_area_mm2 tpp",
            "denied_presumption licence_exception_nac not_controlled",
            "",
        ),
        (
            "2024-06-01 CN CN",
            "tpp=1500..1600 applicable_die_area_mm2=270.270271..500",
            "tpp",
            "licence_exception_nac not_controlled",
            "",
        ),
    ] {
        let verdict = oracle.determine(&question(case, &format!("{base} {facts}")));
        let list = |words: BTreeSet<String>| words.into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(
            (list(verdict.missing).as_str(), list(verdict.possible).as_str()),
            (missing, possible),
            "{facts}"
        );
        assert_eq!(verdict.status == "undetermined", !missing.is_empty(), "{facts}");
        assert_eq!(short(&verdict.deciding), deciding, "{facts}");
    }
}

#[test]
fn a_reform_comes_after_the_law() {
    const REFORM: &str = r#"
id = "a.reform"
kind = "reform"
[[operation]]
do = "amend"
provision = "us.bis.3A090.limits_a"
strike = "tpp >= 4800 TPP"
insert = "tpp >= 4000 TPP"
[[operation]]
do = "replace"
provision = "us.bis.742.6.b.10"
effect = "review"
of = ["us.bis.742.6.a.6.iii"]
otherwise = "case_by_case"
when = "always"
"#;
    let mut oracle = united_states();
    let facts = "item_kind=logic_ic tpp=4000 applicable_die_area_mm2=10000 datacenter";
    let case = question("2024-06-01 known=2024-06-01 CN CN", facts);
    assert_eq!(oracle.determine(&case).status, "not_controlled");
    let file = std::env::temp_dir().join(format!("narrows-reform-{}.toml", std::process::id()));
    std::fs::write(&file, REFORM).unwrap();
    oracle.with_reform(&file);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(oracle.determine(&case).status, "case_by_case");
}
