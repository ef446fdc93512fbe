//! Provisions evaluated as trees, with what every part of them came to.

use std::cell::RefCell;
use std::collections::BTreeMap;

use narrows_catalog::Places;
use narrows_condition::trace::{Surroundings, Trace, trace};
use narrows_condition::{Case, Condition, DayComparison, FactId, Membership, Settled, Test, Truth};

use crate::docket::Transaction;
use crate::edition::Edition;
use crate::instrument::Effect;
use crate::jurisdiction::Jurisdiction;
use crate::timeline::InForce;

/// Whether presumptions are seen, as in everything but presumptions themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sight {
    AsGiven,
    Presumed,
}

/// Evaluates the provisions of an edition for one case and transaction.
///
/// This is the second reading of the same trees that the circuit is compiled from; that
/// the two agree is tested on random cases.
pub(crate) struct Explainer<'a> {
    pub(crate) jurisdiction: &'a Jurisdiction,
    pub(crate) places: &'a Places,
    pub(crate) edition: &'a Edition,
    pub(crate) transaction: &'a Transaction,
    pub(crate) case: &'a Case,
    known: RefCell<BTreeMap<(String, Sight), Known>>,
}

/// What is known of a provision by now: its truth, and the trace where it was evaluated.
type Known = (Truth, Option<Trace>);

struct Seen<'e, 'a> {
    explainer: &'e Explainer<'a>,
    sight: Sight,
}

impl<'a> Explainer<'a> {
    pub(crate) fn new(
        jurisdiction: &'a Jurisdiction,
        places: &'a Places,
        edition: &'a Edition,
        transaction: &'a Transaction,
        case: &'a Case,
    ) -> Self {
        Self { jurisdiction, places, edition, transaction, case, known: RefCell::default() }
    }

    /// A condition seen with presumptions.
    pub(crate) fn trace(&self, condition: &Condition) -> Trace {
        self.condition(condition, Sight::Presumed)
    }

    fn condition(&self, condition: &Condition, sight: Sight) -> Trace {
        trace(&condition.root, &self.jurisdiction.dictionary, self.case, &Seen { explainer: self, sight })
    }

    /// What a provision's own condition comes to, and whether it is in force at all.
    pub(crate) fn holds(&self, provision: &InForce) -> (Truth, Trace) {
        self.own(provision, Sight::Presumed)
    }

    fn own(&self, provision: &InForce, sight: Sight) -> (Truth, Trace) {
        let trace = self.condition(&provision.definition.when, sight);
        let questions = provision.questions.iter().map(|question| self.truth_of(*question));
        (questions.fold(trace.truth, Truth::and), trace)
    }

    fn truth_of(&self, fact: FactId) -> Truth {
        let span = self.case.span(fact);
        if span.is_exact() { Truth::from(span.low != 0) } else { Truth::Unknown }
    }

    /// A class: its condition or a presumption of it, and no exclusion from it.
    pub(crate) fn class(&self, provision: &InForce) -> Truth {
        self.named(&provision.provision, Sight::Presumed).0
    }

    fn named(&self, id: &str, sight: Sight) -> (Truth, Option<Trace>) {
        let key = (id.to_owned(), sight);
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let Some(provision) = self.edition.find(id) else { return (Truth::False, None) };
        let found = match provision.definition.effect {
            Effect::Define => {
                let (truth, trace) = self.own(provision, sight);
                (truth, Some(trace))
            }
            Effect::Classify { .. } => {
                let (own, trace) = self.own(provision, sight);
                let presumed = match sight {
                    Sight::AsGiven => Truth::False,
                    Sight::Presumed => self.presumption_of(id),
                };
                (own.or(presumed).and(!self.excluded(id, sight)), Some(trace))
            }
            _ => (Truth::False, None),
        };
        self.known.borrow_mut().insert(key, found.clone());
        found
    }

    fn excluded(&self, class: &str, sight: Sight) -> Truth {
        let exclusions = self.edition.provisions().iter().filter(|provision| {
            matches!(&provision.definition.effect, Effect::Exclude { from } if from.iter().any(|id| id == class))
        });
        exclusions.map(|provision| self.own(provision, sight).0).fold(Truth::False, Truth::or)
    }

    /// Whether some presumption makes a class hold.
    fn presumption_of(&self, class: &str) -> Truth {
        self.presumptions(&|effect| {
            matches!(effect, Effect::Presume { classes, .. } if classes.iter().any(|id| id == class))
        })
    }

    fn presumptions(&self, about: &dyn Fn(&Effect) -> bool) -> Truth {
        let mut truth = Truth::False;
        for provision in self.edition.provisions() {
            if !about(&provision.definition.effect) {
                continue;
            }
            let rebutted = match &provision.definition.effect {
                Effect::Presume { unless: Some(unless), .. } => self.condition(unless, Sight::AsGiven).truth,
                _ => Truth::False,
            };
            truth = truth.or(self.own(provision, Sight::AsGiven).0.and(!rebutted));
        }
        truth
    }

    fn settle(&self, test: &Test) -> Truth {
        match self.transaction.settle(test, self.jurisdiction, self.places) {
            Settled::Constant(value) => Truth::from(value),
            Settled::Open(literals) => literals
                .into_iter()
                .map(|literal| {
                    let answer = self.truth_of(literal.question);
                    if literal.positive { answer } else { !answer }
                })
                .fold(Truth::False, Truth::or),
            Settled::Kept => Truth::Unknown,
        }
    }
}

impl Surroundings for Seen<'_, '_> {
    fn contextual_value(&self, fact: FactId) -> Option<String> {
        self.explainer.transaction.value(fact).map(str::to_owned)
    }

    fn is_member(&self, membership: &Membership) -> Truth {
        self.explainer.settle(&Test::Member { fact: membership.fact, items: membership.items.clone() })
    }

    fn day_holds(&self, comparison: &DayComparison) -> Truth {
        let DayComparison { fact, operator, day } = *comparison;
        self.explainer.settle(&Test::Day { fact, operator, day })
    }

    fn provision(&self, id: &str) -> (Truth, Option<Trace>) {
        self.explainer.named(id, self.sight)
    }

    fn presumed(&self, fact: FactId) -> Truth {
        match self.sight {
            Sight::AsGiven => Truth::False,
            Sight::Presumed => self.explainer.presumptions(
                &|effect| matches!(effect, Effect::Presume { facts, .. } if facts.contains(&fact)),
            ),
        }
    }
}
