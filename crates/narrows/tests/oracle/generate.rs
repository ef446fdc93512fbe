//! Random cases that lie where the law turns.
//!
//! A case begins with a provision that is to decide. A day, a view and random values are drawn, the values are
//! then changed until the provision holds (or the attempt is given up), and at last disturbed: another place,
//! a number a millionth off, a fact left open.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::data::{Effect, Kind, Value, WhenMissing, day_number, write_day};
use super::evaluate::{Given, Law, Oracle, Question, Run, Scene, Source, Verdict};
use super::language::{Comparison, Spot, Tree};
use super::rational::Rational;

/// The generator known as SplitMix64: small, fast, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("a bound of 64 bits");
        usize::try_from(self.next() % bound).expect("less than the bound")
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        if list.is_empty() { None } else { list.get(self.below(list.len())) }
    }

    fn day(&mut self, first: i32, last: i32) -> i32 {
        let days = usize::try_from(last - first + 1).expect("a span of days");
        first + i32::try_from(self.below(days)).expect("a day")
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for index in (1..list.len()).rev() {
            list.swap(index, self.below(index + 1));
        }
    }

    /// A factor between `low` and `high` thousandths.
    fn factor(&mut self, low: usize, high: usize) -> Rational {
        let thousandths = low + self.below(high - low);
        Rational::new(i128::try_from(thousandths).expect("a small number"), 1000)
    }
}

/// Days of one view between which no operation begins or ends.
struct Span {
    view: &'static str,
    first: i32,
    last: i32,
    provisions: BTreeSet<usize>,
}

struct Target {
    provision: usize,
    /// The class of the answers that it decides; empty if it decides none.
    class: &'static str,
}

pub(crate) struct Generator {
    random: Random,
    spans: Vec<Span>,
    targets: Vec<Target>,
    /// Days from which something is known.
    knowledge: Vec<i32>,
    turn: usize,
    made: usize,
    by_class: BTreeMap<String, usize>,
    by_provision: BTreeMap<String, usize>,
}

const CLASSES: [&str; 5] = ["no_licence", "exception", "licence", "prohibition", "undetermined"];
// A class that has more of the cases than this gets no more for a while.
const LARGEST_SHARE: usize = 27;

fn first_day() -> i32 {
    day_number(2022, 1, 1)
}

fn last_day() -> i32 {
    day_number(2032, 12, 31)
}

fn millionth() -> Rational {
    Rational::new(1, 1_000_000)
}

impl Generator {
    pub(crate) fn new(oracle: &Oracle, seed: u64) -> Generator {
        let ends = (0..oracle.operations.len()).filter_map(|operation| oracle.end(operation, i32::MAX));
        let mut days: BTreeSet<i32> = ends.collect();
        let mut knowledge = BTreeSet::new();
        for operation in &oracle.operations {
            days.extend([operation.effective, operation.compliance]);
            knowledge.insert(operation.known_from);
            // A practice lapses after the last report that was known, whichever that is.
            for report in operation.reported.iter().flatten() {
                days.insert(report + oracle.jurisdiction.practice_lapses_after_days);
                knowledge.insert(*report);
            }
        }
        for change in oracle.vocabulary.groups.iter().flat_map(|group| &group.changes) {
            days.insert(change.first);
            days.extend(change.open.map(|(settled, _)| settled));
            knowledge.insert(change.published);
            knowledge.extend(change.open.map(|(settled, _)| settled));
        }
        for view in ["enforced", "codified"] {
            days.extend(oracle.fold(&oracle.acting(last_day(), i32::MAX, view)).days);
        }
        days.insert(first_day());
        days.retain(|day| (first_day()..=last_day()).contains(day));
        let days: Vec<i32> = days.into_iter().collect();

        let mut spans = Vec::new();
        let mut targets: BTreeMap<usize, (&'static str, usize)> = BTreeMap::new();
        for view in ["enforced", "codified"] {
            for (index, first) in days.iter().enumerate() {
                let law = oracle.fold(&oracle.acting(*first, i32::MAX, view));
                for provision in &law.provisions {
                    let class = match *provision.definition.effect {
                        Effect::Define | Effect::Charge => continue,
                        // It never decides, but classes that it presumes do.
                        Effect::Presume { .. } => "",
                        Effect::Classify { caught: false } => continue,
                        Effect::Classify { .. } | Effect::Exclude { .. } | Effect::Exempt { .. } => {
                            "no_licence"
                        }
                        Effect::Require { .. } | Effect::Review { .. } | Effect::Practice { .. } => "licence",
                        Effect::Except { .. } => "exception",
                        Effect::Prohibit { .. } => "prohibition",
                    };
                    // One turn for each way in which it can come out.
                    let ways = match &*provision.definition.effect {
                        Effect::Review { cases, .. } => cases.len() + 1,
                        Effect::Presume { .. } => 3,
                        _ => 1,
                    };
                    let target = targets.entry(provision.number).or_insert((class, ways));
                    target.1 = target.1.max(ways);
                }
                let last = days.get(index + 1).map_or(last_day(), |next| next - 1);
                let provisions = law.provisions.iter().map(|provision| provision.number).collect();
                spans.push(Span { view, first: *first, last, provisions });
            }
        }
        knowledge.retain(|day| (first_day()..=last_day()).contains(day));
        Generator {
            random: Random(seed),
            spans,
            targets: targets
                .into_iter()
                .flat_map(|(provision, (class, ways))| (0..ways).map(move |_| Target { provision, class }))
                .collect(),
            knowledge: knowledge.into_iter().collect(),
            turn: 0,
            made: 0,
            by_class: BTreeMap::new(),
            by_provision: BTreeMap::new(),
        }
    }

    pub(crate) fn next(&mut self, oracle: &mut Oracle) -> (Question, Verdict) {
        loop {
            let (question, target) = self.propose(oracle);
            let verdict = oracle.determine(&question);
            let share = self.by_class.get(&verdict.class).copied().unwrap_or(0) * 100;
            let wanted = target.is_some_and(|target| {
                let name = &oracle.vocabulary.provisions[target];
                let seldom = self.by_provision.get(name).copied().unwrap_or(0) * 300 < self.made;
                seldom && verdict.deciding.contains(name)
            });
            if share > LARGEST_SHARE * (self.made + 50) && !wanted {
                continue;
            }
            self.made += 1;
            *self.by_class.entry(verdict.class.clone()).or_default() += 1;
            for provision in &verdict.deciding {
                *self.by_provision.entry(provision.clone()).or_default() += 1;
            }
            return (question, verdict);
        }
    }

    /// Half of the time the provisions take turns; otherwise the class and the provision that fell behind.
    fn choose_target(&mut self, oracle: &Oracle) -> (Option<usize>, bool) {
        if self.targets.is_empty() || self.random.chance(4) {
            return (None, false);
        }
        let cases = |class: &&str| self.by_class.get(*class).copied().unwrap_or(0);
        let behind = CLASSES.into_iter().min_by_key(cases).expect("there are classes");
        let open = behind == "undetermined" && self.random.chance(70);
        self.turn += 1;
        let in_turn = self.targets[self.turn % self.targets.len()].provision;
        if open || self.random.chance(50) {
            return (Some(in_turn), open);
        }
        let mut fitting: Vec<usize> = self
            .targets
            .iter()
            .filter(|target| target.class == behind)
            .map(|target| target.provision)
            .collect();
        if fitting.is_empty() || self.random.chance(30) {
            let deciding = self.targets.iter().filter(|target| !target.class.is_empty());
            fitting = deciding.map(|target| target.provision).collect();
        }
        let decided = |target: &&usize| {
            self.by_provision.get(&oracle.vocabulary.provisions[**target]).copied().unwrap_or(0)
        };
        let rarest = fitting.iter().min_by_key(decided).copied();
        if self.random.chance(50) {
            return (rarest, false);
        }
        (self.random.pick(&fitting).copied(), false)
    }

    fn draw_day(&mut self, target: Option<usize>) -> (i32, &'static str) {
        let fits = |span: &&Span| target.is_none_or(|target| span.provisions.contains(&target));
        let spans: Vec<&Span> = self.spans.iter().filter(fits).collect();
        let span = self.random.pick(&spans).expect("every target is in force at some time");
        let day = match self.random.below(100) {
            0..=14 => span.first,
            15..=24 => span.last,
            25..=29 => (span.first - 1).max(first_day()),
            _ => self.random.day(span.first, span.last),
        };
        (day, span.view)
    }

    fn draw_known_on(&mut self, on: i32, coverage_from: i32) -> Option<i32> {
        if !self.random.chance(36) {
            return None;
        }
        let day = match self.random.below(4) {
            0 => on,
            1 => self.random.day(first_day(), last_day()),
            _ => {
                let near = self.random.day(-1, 1);
                self.random.pick(&self.knowledge).map_or(on, |day| day + near)
            }
        };
        // Both say that knowledge before the record is no question that they can answer.
        Some(day.clamp(first_day().max(coverage_from), last_day()))
    }

    fn propose(&mut self, oracle: &mut Oracle) -> (Question, Option<usize>) {
        let (target, open) = self.choose_target(oracle);
        let (on, view) = self.draw_day(target);
        let mut known_on = self.draw_known_on(on, oracle.jurisdiction.coverage_from);
        let mut law = oracle.law(on, known_on.unwrap_or(i32::MAX), view);
        // Knowledge that hides the target is interesting, but not half of the time.
        for _ in 0..3 {
            if target.is_none_or(|target| law.find(target).is_some()) || self.random.chance(25) {
                break;
            }
            known_on = self.draw_known_on(on, oracle.jurisdiction.coverage_from);
            law = oracle.law(on, known_on.unwrap_or(i32::MAX), view);
        }
        let known = known_on.unwrap_or(i32::MAX);
        let mut draft = Draft {
            oracle,
            law: &law,
            on,
            known,
            sources: Vec::new(),
            touched: Vec::new(),
            random: &mut self.random,
        };
        draft.draw_all();
        if let Some(target) = target {
            let goals = draft.goals(target);
            draft.solve(&goals);
        }
        if draft.random.chance(40) {
            draft.disturb();
        }
        let mut question = draft.question(view, known_on);
        if open || draft.random.chance(18) {
            draft.obscure(&mut question);
        }
        (question, target)
    }
}

/// A case in which every fact has a value, so far.
struct Draft<'a> {
    oracle: &'a Oracle,
    law: &'a Law,
    on: i32,
    known: i32,
    sources: Vec<Source>,
    /// Facts that were set on purpose.
    touched: Vec<usize>,
    random: &'a mut Random,
}

impl Draft<'_> {
    fn satisfies(&self, condition: &Tree) -> bool {
        let Draft { oracle, law, on, known, .. } = *self;
        Run::new(Scene { oracle, law, on, known, sources: &self.sources }, &[], &[]).satisfies(condition)
    }

    fn role(&self, role: &str) -> usize {
        let facts = &self.oracle.vocabulary.facts;
        facts.iter().position(|fact| fact.role.as_deref() == Some(role)).expect("every role has a fact")
    }

    // ---- Values -----------------------------------------------------------------------------

    fn set(&mut self, fact: usize, value: Value) {
        match self.sources[fact] {
            Source::Same(other) => self.set(other, value),
            _ => {
                self.sources[fact] = Source::Value(value);
                self.touched.push(fact);
            }
        }
    }

    fn number(&self, fact: usize) -> Rational {
        match &self.sources[fact] {
            Source::Value(Value::Number(number)) => *number,
            Source::Same(other) => self.number(*other),
            Source::Parts(numerator, denominator) => self.number(*numerator) / self.number(*denominator),
            source => panic!("{source:?} is no number"),
        }
    }

    /// A number as it may be given: in the range, with six decimals.
    fn fit(&self, fact: usize, number: Rational) -> Rational {
        let (low, high) = self.oracle.vocabulary.facts[fact].range;
        number.floor_to_millionths().clamp(low, high)
    }

    fn thresholds(&self, fact: usize) -> Vec<Rational> {
        let terms = self.law.comparisons.iter().flat_map(|comparison| {
            comparison.terms.iter().map(move |(weight, fact)| (*fact, comparison.limit / *weight))
        });
        terms.filter(|(other, _)| *other == fact).map(|(_, limit)| limit).collect()
    }

    /// Mostly at a threshold or near one.
    fn draw_number(&mut self, fact: usize) -> Rational {
        let mut near = self.thresholds(fact);
        // The denominator of a ratio has thresholds where the ratio has.
        for (ratio, _) in self.oracle.vocabulary.facts.iter().enumerate() {
            if let Source::Parts(numerator, denominator) = self.sources[ratio]
                && denominator == fact
                && matches!(self.sources[numerator], Source::Value(_))
            {
                let limits = self.thresholds(ratio).into_iter().filter(|limit| !limit.is_zero());
                near.extend(limits.map(|limit| self.number(numerator) / limit));
            }
        }
        let number = match self.random.pick(&near).copied() {
            Some(near) if self.random.chance(80) => match self.random.below(6) {
                0 => near,
                1 => near + millionth(),
                2 => near - millionth(),
                3 => near * self.random.factor(200, 1000),
                _ => near * self.random.factor(1000, 3000),
            },
            _ => {
                // Any order of magnitude between a thousandth and a billion.
                let mut number = self.random.factor(1000, 10_000) * Rational::new(1, 1000);
                for _ in 0..self.random.below(12) {
                    number = number * Rational::integer(10);
                }
                number
            }
        };
        self.fit(fact, number)
    }

    /// Often a place of a group, or one that moved between groups.
    fn draw_place(&mut self) -> Rc<str> {
        let vocabulary = &self.oracle.vocabulary;
        let codes: Vec<&String> = vocabulary.places.keys().collect();
        let changes = || vocabulary.groups.iter().flat_map(|group| &group.changes);
        let is_open = |(settled, _)| self.on.min(self.known) < settled;
        let open = changes().filter(|change| change.first <= self.on && change.open.is_some_and(is_open));
        let open: Vec<&String> = open.map(|change| &change.place).collect();
        let code = if !open.is_empty() && self.random.chance(30) {
            self.random.pick(&open).copied().cloned()
        } else if self.random.chance(50) {
            let group = self.random.pick(&vocabulary.groups);
            let members: Vec<&String> = group.into_iter().flat_map(|group| &group.members).collect();
            self.random.pick(&members).copied().cloned()
        } else if self.random.chance(40) {
            let moved: Vec<&String> = changes().map(|change| &change.place).collect();
            self.random.pick(&moved).copied().cloned()
        } else {
            None
        };
        let code = code.filter(|code| vocabulary.places.contains_key(code));
        let code =
            code.unwrap_or_else(|| self.random.pick(&codes).copied().cloned().expect("there are places"));
        Rc::from(code.as_str())
    }

    fn draw_word(&mut self, fact: usize) -> Rc<str> {
        let words: Vec<Rc<str>> = match self.oracle.vocabulary.facts[fact].kind {
            Kind::Place => return self.draw_place(),
            Kind::Choice => self.oracle.vocabulary.facts[fact].words.clone(),
            _ => self.law.words.get(&fact).into_iter().flatten().cloned().collect(),
        };
        self.random.pick(&words).cloned().unwrap_or_default()
    }

    fn draw(&mut self, fact: usize) -> Value {
        match self.oracle.vocabulary.facts[fact].kind {
            Kind::Number | Kind::Ratio => Value::Number(self.draw_number(fact)),
            Kind::Truth => Value::Truth(self.random.chance(50)),
            Kind::Choice | Kind::Name | Kind::Place => Value::Word(self.draw_word(fact)),
            Kind::Date => panic!("days are drawn before"),
        }
    }

    fn draw_all(&mut self) {
        let facts = &self.oracle.vocabulary.facts;
        // First which facts follow from others, since that says where the others have thresholds.
        self.sources = vec![Source::Absent; facts.len()];
        for (index, fact) in facts.iter().enumerate() {
            self.sources[index] = match (fact.parts, fact.otherwise) {
                (Some((numerator, denominator)), _) if self.random.chance(85) => {
                    Source::Parts(numerator, denominator)
                }
                (_, Some(other)) if self.random.chance(60) => Source::Same(other),
                _ => continue,
            };
        }
        let destination = self.role("destination");
        for (index, fact) in facts.iter().enumerate() {
            if fact.kind == Kind::Date || !matches!(self.sources[index], Source::Absent) {
                continue;
            }
            self.sources[index] = match (fact.role.as_deref(), &fact.when_missing) {
                (Some("exported_from"), _) if self.random.chance(60) => {
                    let home = self.oracle.jurisdiction.home.clone();
                    Source::Value(Value::Word(home.unwrap_or_else(|| self.draw_place())))
                }
                (Some("headquarters"), _) if self.random.chance(60) => self.sources[destination].clone(),
                (_, WhenMissing::Assume(value)) if self.random.chance(85) => Source::Value(value.clone()),
                _ => Source::Value(self.draw(index)),
            };
        }
    }

    // ---- Making conditions hold ---------------------------------------------------------------

    /// What must hold, or must not, for a provision to decide.
    fn goals(&mut self, target: usize) -> Vec<(Tree, bool)> {
        let Some(provision) = self.law.find(target) else { return Vec::new() };
        let holds = |provision: usize| (Tree::Provision(provision), true);
        let fails = |provision: usize| (Tree::Provision(provision), false);
        let effects =
            || self.law.provisions.iter().map(|provision| (provision.number, &*provision.definition.effect));
        let is_class = |effect: &Effect| matches!(effect, Effect::Classify { caught: true });
        let classes: Vec<usize> =
            effects().filter(|(_, effect)| is_class(effect)).map(|(number, _)| number).collect();
        let in_force = |list: &[usize]| -> Vec<usize> {
            list.iter().copied().filter(|provision| self.law.find(*provision).is_some()).collect()
        };

        let mut goals = vec![holds(target)];
        let mut exempt = false;
        let mut no_exception_to = None;
        let mut only = None;
        match &*provision.definition.effect {
            Effect::Except { discharges, .. } => {
                goals.extend(self.random.pick(&in_force(discharges)).copied().map(holds));
                only = Some(discharges.clone());
            }
            Effect::Practice { of, .. } => {
                no_exception_to = self.random.pick(&in_force(of)).copied();
                only = Some(of.clone());
            }
            Effect::Review { of, cases, .. } => {
                no_exception_to = self.random.pick(&in_force(of)).copied();
                let case = self.random.below(cases.len() + 1);
                goals.extend(cases.iter().take(case).map(|(when, _)| (when.clone(), false)));
                goals.extend(cases.get(case).map(|(when, _)| (when.clone(), true)));
                only = Some(of.clone()).filter(|_| self.random.chance(70));
            }
            Effect::Presume { unless, .. } => goals.push((unless.clone(), self.random.chance(50))),
            Effect::Require { .. } => no_exception_to = Some(target).filter(|_| self.random.chance(60)),
            Effect::Exempt { .. } => {
                goals.extend(self.random.pick(&classes).copied().map(holds));
                exempt = true;
            }
            Effect::Exclude { from } => {
                // Its condition alone: the exclusion keeps the class itself from holding.
                let class = self.random.pick(&in_force(from)).and_then(|class| self.law.find(*class));
                goals.extend(class.map(|class| (class.definition.when.clone(), true)));
                only = Some(Vec::new());
            }
            _ => {}
        }
        goals.extend(no_exception_to.map(holds));
        for (number, effect) in effects() {
            match effect {
                Effect::Prohibit { .. } if number != target => goals.push(fails(number)),
                Effect::Exempt { .. } if !exempt => goals.push(fails(number)),
                Effect::Except { discharges, .. }
                    if no_exception_to.is_some_and(|requirement| discharges.contains(&requirement)) =>
                {
                    goals.push(fails(number));
                }
                Effect::Require { .. } if only.as_ref().is_some_and(|only| !only.contains(&number)) => {
                    goals.push(fails(number));
                }
                _ => {}
            }
        }
        goals
    }

    /// Makes one goal after the other hold, again and again, since one may undo another.
    fn solve(&mut self, goals: &[(Tree, bool)]) {
        for _ in 0..5 {
            let mut done = true;
            for (condition, truth) in goals {
                if self.satisfies(condition) != *truth {
                    done = false;
                    self.make(condition, *truth);
                }
            }
            if done {
                return;
            }
        }
    }

    fn make(&mut self, condition: &Tree, truth: bool) {
        if self.satisfies(condition) == truth {
            return;
        }
        match condition {
            Tree::Constant(_) | Tree::Day(..) => {}
            Tree::Not(part) => self.make(part, !truth),
            Tree::All(parts) | Tree::Any(parts) => {
                if matches!(condition, Tree::All(_)) == truth {
                    parts.iter().for_each(|part| self.make(part, truth));
                } else if let Some(part) = self.random.pick(parts) {
                    self.make(part, truth);
                }
            }
            Tree::Truth(fact) => self.set(*fact, Value::Truth(truth)),
            Tree::Compare(comparison) => self.make_comparison(condition, comparison, truth),
            Tree::Word(fact, words) => {
                let word = if truth { self.random.pick(words).cloned() } else { None };
                for _ in 0..8 {
                    let word = word.clone().unwrap_or_else(|| self.draw_word(*fact));
                    self.set(*fact, Value::Word(word));
                    if self.satisfies(condition) == truth {
                        return;
                    }
                }
            }
            Tree::Place(fact, spots) => {
                for _ in 0..12 {
                    let place = match self.random.pick(spots) {
                        Some(Spot::Place(code)) if truth => Rc::from(code.as_str()),
                        Some(Spot::Group(group)) if truth && self.random.chance(80) => {
                            let members = &self.oracle.vocabulary.groups[*group].members;
                            let members: Vec<&String> = members.iter().collect();
                            self.random.pick(&members).map_or(Rc::from(""), |code| Rc::from(code.as_str()))
                        }
                        _ => self.draw_place(),
                    };
                    self.set(*fact, Value::Word(place));
                    if self.satisfies(condition) == truth {
                        return;
                    }
                }
            }
            Tree::Provision(provision) => self.make_provision(*provision, truth),
        }
    }

    fn make_provision(&mut self, number: usize, truth: bool) {
        let law = self.law;
        let Some(provision) = law.find(number) else { return };
        for question in &provision.questions {
            if truth {
                self.set(*question, Value::Truth(true));
            }
        }
        if matches!(*provision.definition.effect, Effect::Classify { .. }) {
            for other in &law.provisions {
                match &*other.definition.effect {
                    Effect::Exclude { from } if from.contains(&number) => {
                        if truth {
                            self.make(&other.definition.when, false);
                        } else if self.random.chance(20) {
                            return self.make(&other.definition.when, true);
                        }
                    }
                    Effect::Presume { unless, .. } if truth && self.random.chance(15) => {
                        self.make(&other.definition.when, true);
                        self.make(unless, false);
                    }
                    Effect::Presume { unless, .. } if !truth && self.random.chance(50) => {
                        self.make(unless, true)
                    }
                    _ => {}
                }
            }
        }
        self.make(&provision.definition.when, truth);
    }

    fn make_comparison(&mut self, condition: &Tree, comparison: &Comparison, truth: bool) {
        let Some((weight, mut fact)) = self.random.pick(&comparison.terms).copied() else { return };
        let mut turning = comparison.limit / weight;
        if let Source::Parts(numerator, denominator) = self.sources[fact] {
            if turning.is_zero() || self.random.chance(30) {
                (fact, turning) = (numerator, turning * self.number(denominator));
            } else {
                (fact, turning) = (denominator, self.number(numerator) / turning);
            }
        } else {
            for (other_weight, other) in &comparison.terms {
                if *other != fact {
                    turning = turning - *other_weight * self.number(*other) / weight;
                }
            }
        }
        while let Source::Same(other) = self.sources[fact] {
            fact = other;
        }
        let mut candidates = vec![
            turning,
            turning + millionth(),
            turning - millionth(),
            turning * self.random.factor(1000, 3000),
            turning * self.random.factor(300, 1000),
        ];
        for threshold in self.thresholds(fact) {
            candidates.extend([
                threshold,
                threshold - millionth(),
                threshold * self.random.factor(1000, 1500),
            ]);
        }
        self.random.shuffle(&mut candidates);
        let before = self.sources[fact].clone();
        for candidate in candidates {
            self.sources[fact] = Source::Value(Value::Number(self.fit(fact, candidate)));
            if self.satisfies(condition) == truth {
                self.touched.push(fact);
                return;
            }
        }
        self.sources[fact] = before;
    }

    // ---- Disturbing ---------------------------------------------------------------------------

    /// The facts on which the answer can hang, as far as they have values of their own.
    fn open_to_change(&self) -> Vec<usize> {
        let support = self.oracle.support(self.law, self.on, self.known, &self.sources);
        support.into_iter().filter(|fact| matches!(self.sources[*fact], Source::Value(_))).collect()
    }

    fn some_fact(&mut self) -> Option<usize> {
        let open = self.open_to_change();
        let touched: Vec<usize> = open.iter().copied().filter(|fact| self.touched.contains(fact)).collect();
        if self.random.chance(60)
            && let Some(fact) = self.random.pick(&touched)
        {
            return Some(*fact);
        }
        self.random.pick(&open).copied()
    }

    fn disturb(&mut self) {
        for _ in 0..=self.random.below(2) {
            let Some(fact) = self.some_fact() else { return };
            let value = match &self.sources[fact] {
                Source::Value(Value::Number(number)) if self.random.chance(50) => {
                    let step = if self.random.chance(50) { millionth() } else { -millionth() };
                    Value::Number(self.fit(fact, *number + step))
                }
                Source::Value(Value::Truth(truth)) => Value::Truth(!truth),
                _ => self.draw(fact),
            };
            self.set(fact, value);
        }
    }

    fn place(&mut self, role: &str) -> String {
        let Source::Value(Value::Word(code)) = &self.sources[self.role(role)] else {
            panic!("{role} is no place")
        };
        // Another place that tests take for this one must come up too.
        let taken_for = self.oracle.vocabulary.places.iter().filter(|(_, tested)| *tested == code);
        let codes: Vec<&String> = taken_for.map(|(code, _)| code).collect();
        match self.random.pick(&codes) {
            Some(other) if self.random.chance(30) => (*other).clone(),
            _ => code.to_string(),
        }
    }

    /// The case as a question. What would be assumed anyway is mostly left out, and so are open questions.
    fn question(&mut self, view: &'static str, known_on: Option<i32>) -> Question {
        let support = self.oracle.support(self.law, self.on, self.known, &self.sources);
        let mut facts = BTreeMap::new();
        for (index, fact) in self.oracle.vocabulary.facts.iter().enumerate() {
            let Source::Value(value) = self.sources[index].clone() else { continue };
            if fact.role.is_some() || value == Value::Word(Rc::from("")) {
                continue;
            }
            let percent = match &fact.when_missing {
                _ if !support.contains(&index) => 8,
                WhenMissing::Assume(assumed) if *assumed == value => 15,
                _ if fact.is_question => 40,
                _ => 100,
            };
            if self.random.chance(percent) {
                let given = match value {
                    Value::Number(number) => Given::Number(number),
                    Value::Truth(truth) => Given::Truth(truth),
                    Value::Word(word) => Given::Word(word.to_string()),
                };
                facts.insert(fact.name.clone(), given);
            }
        }
        // A ratio that is given itself takes the place of its denominator.
        for fact in &self.oracle.vocabulary.facts {
            if let Some((_, denominator)) = fact.parts.filter(|_| facts.contains_key(&fact.name)) {
                facts.remove(&self.oracle.vocabulary.facts[denominator].name);
            }
        }
        Question {
            on: write_day(self.on),
            known_on: known_on.map(write_day),
            view,
            destination: self.place("destination"),
            headquarters: self.place("headquarters"),
            exported_from: self.place("exported_from"),
            facts,
        }
    }

    /// Leaves one to three facts open, or known within bounds only.
    fn obscure(&mut self, question: &mut Question) {
        let facts = &self.oracle.vocabulary.facts;
        let times = match self.random.below(10) {
            0 => 3,
            1..=3 => 2,
            _ => 1,
        };
        for _ in 0..times {
            let Some(index) = self.some_fact() else { return };
            let fact = &facts[index];
            if fact.role.is_some() || matches!(fact.kind, Kind::Name | Kind::Place) {
                continue;
            }
            let is_number = matches!(fact.kind, Kind::Number | Kind::Ratio);
            if is_number && self.random.chance(45) {
                let (first, second) = (self.draw_number(index), self.draw_number(index));
                question.facts.insert(fact.name.clone(), Given::Range(first.min(second), first.max(second)));
            } else if matches!(fact.when_missing, WhenMissing::Unknown) && self.random.chance(40) {
                question.facts.remove(&fact.name);
            } else {
                question.facts.insert(fact.name.clone(), Given::Unknown);
            }
        }
    }
}
