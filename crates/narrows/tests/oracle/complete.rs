//! What every completion has in common: the answer when some facts are unknown.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::data::{Kind, Value};
use super::evaluate::{Run, Scene, Source, Verdict};
use super::rational::Rational;

/// `constant + weight * number + ...`, zero where a comparison turns.
#[derive(Clone, Debug, PartialEq)]
struct Form {
    constant: Rational,
    weights: Vec<Rational>,
}

impl Form {
    fn plus(&self, other: &Form, times: Rational) -> Form {
        let weights = self.weights.iter().zip(&other.weights);
        Form {
            constant: self.constant + times * other.constant,
            weights: weights.map(|(own, other)| *own + times * *other).collect(),
        }
    }

    /// The same zeros, with a last weight of one; `None` if no number is left.
    fn normal(mut self) -> Option<Form> {
        let last = *self.weights.iter().rev().find(|weight| !weight.is_zero())?;
        self.constant = self.constant / last;
        for weight in &mut self.weights {
            *weight = *weight / last;
        }
        Some(self)
    }
}

fn push_new(list: &mut Vec<Form>, form: Option<Form>) {
    if let Some(form) = form.filter(|form| !list.contains(form)) {
        list.push(form);
    }
}

/// Visits completions, one fact after the other: the last fact varies fastest.
struct Explorer<'a> {
    scene: Scene<'a>,
    order: Vec<usize>,
    /// For each number in the order, the forms that say where its samples must lie, in the numbers up to it.
    ladder: Vec<Vec<Form>>,
    values: Vec<Option<Value>>,
    statuses: BTreeSet<usize>,
    deciding: Option<Vec<usize>>,
    /// Whether two completions that differ in the last fact alone had different statuses.
    last_matters: bool,
    stop_when_last_matters: bool,
}

impl<'a> Explorer<'a> {
    fn new(scene: Scene<'a>, order: Vec<usize>) -> Explorer<'a> {
        let values = vec![None; scene.sources.len()];
        let mut explorer = Explorer {
            scene,
            order,
            ladder: Vec::new(),
            values,
            statuses: BTreeSet::new(),
            deciding: None,
            last_matters: false,
            stop_when_last_matters: false,
        };
        explorer.build_ladder();
        explorer
    }

    fn is_number(&self, fact: usize) -> bool {
        matches!(self.scene.oracle.vocabulary.facts[fact].kind, Kind::Number | Kind::Ratio)
    }

    fn numbers(&self) -> Vec<usize> {
        self.order.iter().copied().filter(|fact| self.is_number(*fact)).collect()
    }

    fn bounds(&self, fact: usize) -> (Rational, Rational) {
        match self.scene.sources[fact] {
            Source::Unknown(bounds) => bounds,
            _ => panic!("only unknown facts have bounds"),
        }
    }

    /// Adds `weight * fact` to a form; `false` if that is not possible in the numbers of the order.
    fn add_term(&self, form: &mut Form, weight: Rational, fact: usize, numbers: &[usize]) -> bool {
        match &self.scene.sources[fact] {
            Source::Value(Value::Number(number)) => form.constant = form.constant + weight * *number,
            Source::Same(other) => return self.add_term(form, weight, *other, numbers),
            Source::Unknown(_) => match numbers.iter().position(|other| *other == fact) {
                Some(position) => form.weights[position] = form.weights[position] + weight,
                // A number that no completion ever asked for: nor is any comparison with it.
                None => return false,
            },
            source => panic!("{source:?} is in a sum"),
        }
        true
    }

    /// A number's samples must part wherever a comparison turns, and wherever two thresholds of a later
    /// number, or one and an end of its range, meet. So the forms with the last number are combined in
    /// pairs such that it cancels, then those with the last but one, and so on.
    fn build_ladder(&mut self) {
        let numbers = self.numbers();
        let blank = Form { constant: Rational::ZERO, weights: vec![Rational::ZERO; numbers.len()] };
        let mut forms = Vec::new();
        for comparison in &self.scene.law.comparisons {
            let parts = match comparison.terms.as_slice() {
                [(_, fact)] => match self.scene.sources[*fact] {
                    Source::Parts(numerator, denominator) => Some((numerator, denominator)),
                    _ => None,
                },
                _ => None,
            };
            let (terms, constant) = match parts {
                Some((numerator, denominator)) => (
                    vec![(comparison.terms[0].0, numerator), (-comparison.limit, denominator)],
                    Rational::ZERO,
                ),
                None => (comparison.terms.clone(), -comparison.limit),
            };
            let mut form = Form { constant, ..blank.clone() };
            if terms.iter().all(|(weight, fact)| self.add_term(&mut form, *weight, *fact, &numbers)) {
                push_new(&mut forms, form.normal());
            }
        }
        for (position, fact) in numbers.iter().enumerate().rev() {
            let (low, high) = self.bounds(*fact);
            for end in [low, high] {
                let mut form = Form { constant: -end, ..blank.clone() };
                form.weights[position] = Rational::ONE;
                push_new(&mut forms, Some(form));
            }
            let (with, without): (Vec<Form>, Vec<Form>) =
                forms.into_iter().partition(|form| !form.weights[position].is_zero());
            forms = without;
            for (index, first) in with.iter().enumerate() {
                for second in &with[index + 1..] {
                    let times = -(first.weights[position] / second.weights[position]);
                    push_new(&mut forms, first.plus(second, times).normal());
                }
            }
            self.ladder.insert(0, with);
        }
    }

    /// Every threshold, a point between each two, and the ends.
    fn samples(&self, fact: usize) -> Vec<Value> {
        let numbers = self.numbers();
        let position = numbers.iter().position(|other| *other == fact).expect("a number of the order");
        let (low, high) = self.bounds(fact);
        let mut points = BTreeSet::from([low, high]);
        for form in &self.ladder[position] {
            let mut rest = form.constant;
            for (weight, earlier) in form.weights.iter().zip(&numbers[..position]) {
                let Some(Value::Number(value)) = self.values[*earlier] else {
                    panic!("a number without value")
                };
                rest = rest + *weight * value;
            }
            let point = -(rest / form.weights[position]);
            if low < point && point < high {
                points.insert(point);
            }
        }
        let points: Vec<Rational> = points.into_iter().collect();
        let between = points.windows(2).map(|pair| (pair[0] + pair[1]) * Rational::new(1, 2));
        let all: Vec<Rational> = points.iter().copied().chain(between).collect();
        all.into_iter().map(Value::Number).collect()
    }

    fn possible_values(&self, fact: usize) -> Vec<Value> {
        let vocabulary = &self.scene.oracle.vocabulary;
        match vocabulary.facts[fact].kind {
            Kind::Number | Kind::Ratio => self.samples(fact),
            Kind::Truth => vec![Value::Truth(true), Value::Truth(false)],
            Kind::Choice => vocabulary.facts[fact].words.iter().cloned().map(Value::Word).collect(),
            Kind::Place => vocabulary.places.values().cloned().map(Value::Word).collect(),
            // One that some condition names, or none of them.
            Kind::Name => {
                let named = self.scene.law.words.get(&fact).into_iter().flatten().cloned();
                named.chain([Rc::from("")]).map(Value::Word).collect()
            }
            Kind::Date => panic!("a day is always given"),
        }
    }

    /// Visits all completions from a position of the order on and returns the unknown facts that they
    /// asked for. If the completions with one value of a fact never asked for it, they are the same with every
    /// other value, and those are left out.
    fn visit(&mut self, position: usize) -> Vec<bool> {
        let Some(fact) = self.order.get(position).copied() else {
            let read = vec![Cell::new(false); self.values.len()];
            let outcome = Run::new(self.scene, &self.values, &read).outcome();
            self.statuses.insert(outcome.status);
            match &mut self.deciding {
                Some(deciding) => deciding.retain(|provision| outcome.deciding.contains(provision)),
                None => self.deciding = Some(outcome.deciding),
            }
            return read.iter().map(Cell::get).collect();
        };
        let mut read = vec![false; self.values.len()];
        let is_last = position + 1 == self.order.len();
        let before = if is_last { std::mem::take(&mut self.statuses) } else { BTreeSet::new() };
        for value in self.possible_values(fact) {
            self.values[fact] = Some(value);
            let asked = self.visit(position + 1);
            let independent = !asked[fact];
            read.iter_mut().zip(asked).for_each(|(read, asked)| *read |= asked);
            if is_last && self.statuses.len() > 1 {
                self.last_matters = true;
            }
            if independent || (self.last_matters && self.stop_when_last_matters) {
                break;
            }
        }
        self.statuses.extend(before);
        read
    }
}

impl Scene<'_> {
    pub(crate) fn verdict(self) -> Verdict {
        let Scene { oracle, law, on, known, sources } = self;
        let support = oracle.support(law, on, known, sources);
        let mut order: Vec<usize> =
            support.into_iter().filter(|fact| matches!(sources[*fact], Source::Unknown(_))).collect();
        let facts = &oracle.vocabulary.facts;
        order.sort_by_key(|fact| matches!(facts[*fact].kind, Kind::Number | Kind::Ratio));
        let mut explorer = Explorer::new(self, order.clone());
        let read = explorer.visit(0);
        let statuses = &oracle.jurisdiction.statuses;
        let possible: BTreeSet<String> =
            explorer.statuses.iter().map(|status| statuses[*status].word.clone()).collect();
        let mut missing = BTreeSet::new();
        if possible.len() > 1 {
            order.retain(|fact| read[*fact]);
            for fact in &order {
                let others = order.iter().copied().filter(|other| other != fact);
                let mut explorer = Explorer::new(self, others.chain([*fact]).collect());
                explorer.stop_when_last_matters = true;
                explorer.visit(0);
                if explorer.last_matters {
                    missing.insert(facts[*fact].name.clone());
                }
            }
        }
        let only = explorer.statuses.first().filter(|_| possible.len() == 1).map(|status| &statuses[*status]);
        let deciding = explorer.deciding.unwrap_or_default();
        Verdict {
            status: only.map_or("undetermined", |status| &status.word).to_owned(),
            class: only.map_or("undetermined", |status| &status.class).to_owned(),
            deciding: deciding.iter().map(|number| oracle.vocabulary.provisions[*number].clone()).collect(),
            missing,
            possible,
        }
    }
}
