//! [`Inquiry`]: how a determination comes about.

use std::collections::BTreeSet;

use narrows_catalog::Places;
use narrows_condition::trace::{Step, Trace};
use narrows_condition::{Dictionary, FactId, FactType, Span, Stretch, Test, Truth};
use narrows_quantity::{Certainty, Decimal, Interval};

use crate::determination::{
    Assumption, Charge, Determination, FactLine, Flip, Ground, InstrumentReference, LeadsTo, Missing, Turning,
};
use crate::docket::{Answer, Docket, Transaction};
use crate::explain::Explainer;
use crate::facts::{Facts, Origin};
use crate::flip::{Turn, reading, turns};
use crate::instrument::{Effect, Instrument};
use crate::jurisdiction::Jurisdiction;
use crate::status::{Class, OPEN_MEANING, StatusId, UNDETERMINED};
use crate::timeline::InForce;

/// What a determination is made from.
pub struct Inquiry<'a> {
    /// The law.
    pub jurisdiction: &'a Jurisdiction,
    /// Places and groups.
    pub places: &'a Places,
    /// Reforms, for naming their instruments.
    pub reforms: &'a [Instrument],
    /// Who sends what where.
    pub transaction: &'a Transaction,
    /// What is known.
    pub facts: &'a Facts,
    /// Whether the asker gave the party's seat, or it was taken to be the destination.
    pub headquarters_given: bool,
}

impl Inquiry<'_> {
    fn dictionary(&self) -> &Dictionary {
        &self.jurisdiction.dictionary
    }

    fn word(&self, status: StatusId) -> String {
        self.jurisdiction.status(status).word.clone()
    }

    fn word_of(&self, status: Option<StatusId>) -> String {
        status.map_or_else(|| UNDETERMINED.to_owned(), |status| self.word(status))
    }

    /// Makes the determination. `docket` must be the one of the inquiry's transaction.
    pub fn determine(&self, docket: &mut Docket) -> Determination {
        let answer = docket.answer(&self.facts.case).clone();
        let edition = std::sync::Arc::clone(docket.edition());
        let explainer =
            Explainer::new(self.jurisdiction, self.places, &edition, self.transaction, &self.facts.case);
        let deciding: Vec<Ground> =
            answer.deciding.iter().map(|id| self.ground(edition.provision(*id), &explainer)).collect();
        let examined: Vec<Ground> = edition
            .provisions()
            .iter()
            .filter(|it| {
                matches!(
                    it.definition.effect,
                    Effect::Classify { caught: true }
                        | Effect::Require { .. }
                        | Effect::Exclude { .. }
                        | Effect::Except { .. }
                )
            })
            .map(|it| self.ground(it, &explainer))
            .collect();
        let status = answer.status.map(|id| self.jurisdiction.status(id));
        let possible: Vec<StatusId> = if status.is_some() { Vec::new() } else { answer.possible.clone() };
        let class = status.map_or(Class::Undetermined, |status| status.class);
        let deciding_provisions: Vec<&InForce> =
            answer.deciding.iter().map(|id| edition.provision(*id)).collect();
        let mut determination = Determination {
            jurisdiction: self.jurisdiction.id.clone(),
            status: self.word_of(answer.status),
            class,
            title: status.map_or_else(|| "undetermined".to_owned(), |status| status.title.clone()),
            meaning: status.map_or_else(|| OPEN_MEANING.to_owned(), |status| status.meaning.clone()),
            common_class: self.jurisdiction.common_class(possible.iter().copied()),
            labels: labels(edition.provisions(), &explainer),
            possible: possible.iter().map(|id| self.word(*id)).collect(),
            missing: self.missing(docket, &answer),
            assumptions: self.assumptions(docket, &answer),
            flips: self.flips(docket),
            conditions: self.conditions(&deciding_provisions, &explainer),
            charges: self.charges(edition.provisions(), &explainer),
            notes: self.notes(&deciding_provisions, &answer),
            not_examined: Vec::new(),
            facts: self.fact_lines(docket),
            certainty: None,
            sources: self.sources(&deciding_provisions),
            deciding,
            examined,
        };
        let frees = |class: Class| class == Class::NoLicence;
        if frees(class) || possible.iter().any(|id| frees(self.jurisdiction.status(*id).class)) {
            determination.not_examined.clone_from(&self.jurisdiction.not_examined);
        }
        determination.certainty = weakest(&determination, self.facts, self.dictionary());
        determination
    }

    fn ground(&self, provision: &InForce, explainer: &Explainer<'_>) -> Ground {
        let definition = &provision.definition;
        let (own, mut trace) = explainer.holds(provision);
        let truth = match definition.effect {
            Effect::Classify { .. } => explainer.class(provision),
            _ => own,
        };
        // A review is about the case that applied, not about being in force.
        if let Effect::Review { cases, .. } = &definition.effect {
            let parts: Vec<Trace> = cases.iter().map(|(when, _)| explainer.trace(when)).collect();
            let truth = parts.iter().map(|part| part.truth).fold(Truth::False, Truth::or);
            trace = Trace { truth, step: Step::Any { parts } };
        }
        // A class is cited by the limbs of its limits, which are definitions of their own.
        let limbs = match definition.effect {
            Effect::Classify { .. } => trace.limbs_through_definitions(),
            _ => trace.limbs_that_hold(),
        };
        Ground {
            provision: provision.provision.clone(),
            title: definition.title.clone(),
            citation: definition.citation.clone(),
            effect: definition.effect.word(),
            truth,
            limbs: limbs.into_iter().map(str::to_owned).collect(),
            text: definition.text.clone(),
            certainty: definition.certainty,
            instruments: provision.by.clone(),
            trace,
        }
    }

    fn missing(&self, docket: &mut Docket, answer: &Answer) -> Vec<Missing> {
        let mut missing = Vec::new();
        for id in &answer.missing {
            let fact = self.dictionary().fact(*id);
            let stretches = docket.along(&self.facts.case, *id);
            missing.push(Missing {
                fact: fact.name.clone(),
                title: fact.title.clone(),
                definition: fact.definition.clone(),
                unit: fact.unit().map(str::to_owned),
                open_question: fact.question,
                leads_to: stretches.iter().map(|stretch| self.leads_to(*id, stretch, &stretches)).collect(),
            });
        }
        missing
    }

    fn leads_to(&self, id: FactId, stretch: &Stretch, all: &[Stretch]) -> LeadsTo {
        let fact = self.dictionary().fact(id);
        let number = |millionths: i64| {
            let unit = fact.unit().map(|unit| format!(" {unit}")).unwrap_or_default();
            format!("{}{unit}", Decimal::from_millionths(millionths).grouped())
        };
        let is_first = all.first() == Some(stretch);
        let is_last = all.last() == Some(stretch);
        let when = match &fact.kind {
            FactType::Truth => if stretch.low == 0 { "no" } else { "yes" }.to_owned(),
            FactType::Choice { values } => {
                let words =
                    values.iter().zip(0_i64..).filter(|(_, at)| (stretch.low..=stretch.high).contains(at));
                words.map(|((word, _), _)| word.as_str()).collect::<Vec<_>>().join(" or ")
            }
            _ => {
                let low = if stretch.low_included { "from" } else { "above" };
                let high = if stretch.high_included { "up to" } else { "below" };
                match (is_first, is_last) {
                    (true, true) => "any value".to_owned(),
                    (true, false) => format!("{high} {}", number(stretch.high)),
                    (false, true) if stretch.low_included => format!("{} or more", number(stretch.low)),
                    (false, true) => format!("above {}", number(stretch.low)),
                    (false, false) => {
                        format!("{low} {} {high} {}", number(stretch.low), number(stretch.high))
                    }
                }
            }
        };
        let statuses = stretch.statuses.iter().map(|status| self.word(StatusId(*status))).collect();
        LeadsTo { when, statuses }
    }

    /// Assumptions whose opposite would change the status.
    pub fn assumptions(&self, docket: &mut Docket, answer: &Answer) -> Vec<Assumption> {
        let mut found = Vec::new();
        for id in self.facts.with_origin(|origin| *origin == Origin::Assumption) {
            let fact = self.dictionary().fact(id);
            if fact.is_contextual() {
                if matches!(fact.kind, FactType::Place | FactType::Name { .. }) {
                    found.extend(self.place_assumption(docket, answer, id, "none"));
                }
                continue;
            }
            found.extend(self.measure_assumption(docket, answer, id));
        }
        if !self.headquarters_given
            && let Some(id) = self.dictionary().by_role(narrows_condition::Role::Headquarters)
        {
            let destination = self.transaction.value(id).unwrap_or_default().to_owned();
            found.extend(self.place_assumption(docket, answer, id, &destination));
        }
        found
    }

    fn measure_assumption(&self, docket: &mut Docket, answer: &Answer, id: FactId) -> Option<Assumption> {
        let looked_at =
            docket.circuit().tests().iter().any(|test| test.facts(&self.facts.case).any(|fact| fact == id));
        if !looked_at {
            return None;
        }
        let fact = self.dictionary().fact(id);
        let here = self.facts.case.span(id);
        let mut changed = self.facts.case.clone();
        let alternatives: Vec<(String, i64, i64)> = match &fact.kind {
            FactType::Truth => {
                let other = 1 - here.low;
                vec![(if other == 1 { "true" } else { "false" }.to_owned(), other, other)]
            }
            FactType::Choice { values } => values
                .iter()
                .zip(0_i64..)
                .filter(|(_, at)| *at != here.low)
                .map(|((word, _), at)| (word.clone(), at, at))
                .collect(),
            FactType::Number { range, .. } => {
                vec![("any other value".to_owned(), range.low().millionths(), range.high().millionths())]
            }
            _ => Vec::new(),
        };
        for (otherwise, low, high) in alternatives {
            changed.set_span(id, Span { low, high });
            let status = docket.answer(&changed).status;
            if status != answer.status {
                let assumed = match &fact.kind {
                    FactType::Truth => (here.low != 0).to_string(),
                    FactType::Choice { values } => {
                        let position = usize::try_from(here.low).unwrap_or_default();
                        values.get(position).map(|(word, _)| word.clone()).unwrap_or_default()
                    }
                    _ => Decimal::from_millionths(here.low).to_string(),
                };
                return Some(Assumption {
                    fact: fact.name.clone(),
                    title: fact.title.clone(),
                    assumed,
                    otherwise,
                    status: self.word_of(status),
                });
            }
        }
        None
    }

    /// Whether a place that a condition names, in the place of the one assumed, would
    /// change the status.
    fn place_assumption(
        &self,
        docket: &mut Docket,
        answer: &Answer,
        id: FactId,
        assumed: &str,
    ) -> Option<Assumption> {
        let elsewhere = docket.elsewhere(self.jurisdiction, self.places, self.transaction, id);
        for there in &*elsewhere {
            let Some(status) = docket.at(there).map(|docket| docket.answer(&self.facts.case).status) else {
                continue;
            };
            if status != answer.status {
                let definition = self.dictionary().fact(id);
                return Some(Assumption {
                    fact: definition.name.clone(),
                    title: definition.title.clone(),
                    assumed: assumed.to_owned(),
                    otherwise: there.among.clone(),
                    status: self.word_of(status),
                });
            }
        }
        None
    }

    fn flips(&self, docket: &mut Docket) -> Vec<Flip> {
        // What was assumed is listed as such, with what would be otherwise.
        let turns = turns(docket, &self.facts.case);
        let supplied = turns.iter().filter(|turn| *self.facts.origin(turn.fact) != Origin::Assumption);
        let mut flips: Vec<Flip> = supplied.map(|turn| self.flip(docket, turn)).collect();
        flips.sort_by_key(|flip| flip.change.map(Decimal::abs).unwrap_or(Decimal::MAX));
        flips
    }

    fn flip(&self, docket: &Docket, turn: &Turn) -> Flip {
        let fact = self.dictionary().fact(turn.fact);
        let show = |value: i64| match &fact.kind {
            FactType::Truth => (value != 0).to_string(),
            FactType::Choice { values } => {
                let word = usize::try_from(value).ok().and_then(|at| values.get(at));
                word.map(|(word, _)| word.clone()).unwrap_or_default()
            }
            _ => Decimal::from_millionths(value).to_string(),
        };
        let (from, to) = (Decimal::from_millionths(turn.from), Decimal::from_millionths(turn.to));
        let test = turn.test.and_then(|position| docket.circuit().tests().get(position));
        let comparison = test.and_then(|test| {
            let reading = reading(test, &self.facts.case)?;
            Some(Turning {
                subject: subject(test, self.dictionary()),
                threshold: reading.threshold,
                margin: reading.fraction(),
            })
        });
        Flip {
            fact: fact.name.clone(),
            title: fact.title.clone(),
            from: show(turn.from),
            to: show(turn.to),
            unit: fact.unit().map(str::to_owned),
            change: turn.test.and_then(|_| to.checked_sub(from)?.quotient_for_display(from)),
            comparison,
            status: self.word_of(turn.status),
        }
    }

    fn conditions(&self, deciding: &[&InForce], explainer: &Explainer<'_>) -> Vec<String> {
        let mut texts = Vec::new();
        for condition in deciding.iter().flat_map(|it| &it.definition.conditions) {
            let needed = condition.when.as_ref().is_none_or(|when| !explainer.trace(when).truth.is_false());
            if needed && !texts.contains(&condition.text) {
                texts.push(condition.text.clone());
            }
        }
        texts
    }

    fn charges(&self, provisions: &[InForce], explainer: &Explainer<'_>) -> Vec<Charge> {
        let mut charges = Vec::new();
        for provision in provisions {
            let Effect::Charge { rate, base } = &provision.definition.effect else { continue };
            let (truth, _) = explainer.holds(provision);
            if truth.is_true() {
                charges.push(Charge {
                    provision: provision.provision.clone(),
                    title: provision.definition.title.clone(),
                    rate: rate.clone(),
                    base: base.clone(),
                    citation: provision.definition.citation.clone(),
                    certainty: provision.definition.certainty,
                    truth,
                });
            }
        }
        charges
    }

    fn notes(&self, deciding: &[&InForce], answer: &Answer) -> Vec<String> {
        let mut notes: Vec<String> = deciding
            .iter()
            .filter_map(|it| {
                it.definition.note.as_ref().map(|note| format!("{}: {note}", it.definition.title))
            })
            .collect();
        if self.transaction.on > self.jurisdiction.known_through {
            notes.push(format!(
                "sources were read up to {}; later changes are not on record, and this answer is from what was published by then",
                self.jurisdiction.known_through
            ));
        }
        if answer.exhausted {
            notes.push(
                "too much is unknown to say exactly which facts matter; the list may hold more than needed"
                    .to_owned(),
            );
        }
        notes
    }

    fn sources(&self, deciding: &[&InForce]) -> Vec<InstrumentReference> {
        let mut found: Vec<InstrumentReference> = Vec::new();
        for id in deciding.iter().flat_map(|it| &it.by) {
            if found.iter().any(|known| known.id == *id) {
                continue;
            }
            if let Some(instrument) = self.jurisdiction.instrument(id, self.reforms) {
                found.push(InstrumentReference::of(instrument));
            }
        }
        found
    }

    /// The facts that tests of this transaction look at.
    fn fact_lines(&self, docket: &Docket) -> Vec<FactLine> {
        let case = &self.facts.case;
        let mut looked_at: BTreeSet<FactId> = BTreeSet::new();
        for test in docket.circuit().tests() {
            looked_at.extend(test.facts(case));
            if let Test::Ratio { ratio, .. } = test {
                looked_at.insert(*ratio);
            }
        }
        let dictionary = self.dictionary();
        let mut lines = Vec::new();
        for id in looked_at {
            let fact = dictionary.fact(id);
            let span = case.span(id);
            let number = |millionths: i64| Decimal::from_millionths(millionths).to_string();
            let value = match &fact.kind {
                FactType::Ratio { numerator, denominator, .. } if span.is_absent() => {
                    let (n, d) = (case.span(*numerator), case.span(*denominator));
                    (n.is_exact() && d.is_exact()).then_some(()).and_then(|()| {
                        let quotient = Decimal::from_millionths(n.low)
                            .quotient_for_display(Decimal::from_millionths(d.low))?;
                        Some(quotient.rounded(3).to_string())
                    })
                }
                FactType::Truth => span.is_exact().then(|| (span.low != 0).to_string()),
                FactType::Choice { values } => span
                    .is_exact()
                    .then(|| usize::try_from(span.low).ok().and_then(|at| values.get(at)))
                    .flatten()
                    .map(|(word, _)| word.clone()),
                _ if span.is_exact() => Some(number(span.low)),
                _ if *self.facts.origin(id) == Origin::Missing || is_open(fact.range(), span) => None,
                _ => Some(format!("{} to {}", number(span.low), number(span.high))),
            };
            let origin = match (&fact.kind, self.facts.origin(id)) {
                (FactType::Ratio { numerator, denominator, .. }, Origin::Missing) if value.is_some() => {
                    let (n, d) = (&dictionary.fact(*numerator).name, &dictionary.fact(*denominator).name);
                    Origin::OtherFact { fact: format!("{n} / {d}") }
                }
                (_, origin) => origin.clone(),
            };
            lines.push(FactLine {
                fact: fact.name.clone(),
                title: fact.title.clone(),
                value,
                unit: fact.unit().map(str::to_owned),
                origin,
            });
        }
        lines
    }
}

/// Whether a number may have any value of its range.
fn is_open(range: Option<Interval>, span: Span) -> bool {
    range.is_some_and(|range| span.low <= range.low().millionths() && span.high >= range.high().millionths())
}

/// Titles of the classes that hold and that no requirement looks at.
fn labels(provisions: &[InForce], explainer: &Explainer<'_>) -> Vec<String> {
    let labels = provisions.iter().filter(|it| it.definition.effect == Effect::Classify { caught: false });
    labels.filter(|it| explainer.class(it).is_true()).map(|it| it.definition.title.clone()).collect()
}

/// The subject of a test as conditions write it.
#[must_use]
pub fn subject(test: &Test, dictionary: &Dictionary) -> String {
    match test {
        Test::Ratio { ratio, .. } => dictionary.fact(*ratio).name.clone(),
        Test::Linear(linear) => {
            let lead = linear.terms.first().map_or(1, |(coefficient, _)| *coefficient).max(1);
            let terms = linear.terms.iter().map(|(coefficient, fact)| {
                let name = &dictionary.fact(*fact).name;
                if *coefficient == lead { name.clone() } else { format!("{} * {name}", coefficient / lead) }
            });
            terms.collect::<Vec<_>>().join(" + ")
        }
        Test::Choice { fact, .. } | Test::Member { fact, .. } | Test::Day { fact, .. } => {
            dictionary.fact(*fact).name.clone()
        }
    }
}

/// The weakest ground among the deciding provisions and the facts that make them hold; where
/// none decides, among the facts that keep every class and requirement from holding.
fn weakest(determination: &Determination, facts: &Facts, dictionary: &Dictionary) -> Option<Certainty> {
    let ground_of = |name: &str| {
        let id = dictionary.find(name)?;
        let of = |id: FactId| match facts.origin(id) {
            Origin::Catalogue { certainty, .. } => Some(*certainty),
            _ => None,
        };
        match dictionary.fact(id).kind {
            // A ratio that was not given is as good as its parts.
            FactType::Ratio { numerator, denominator, .. } if facts.case.span(id).is_absent() => {
                of(numerator).max(of(denominator))
            }
            _ => of(id),
        }
    };
    let decisive = |ground: &&Ground| match determination.deciding.is_empty() {
        true => matches!(ground.effect, "classify" | "require") && ground.truth.is_false(),
        false => true,
    };
    let grounds =
        if determination.deciding.is_empty() { &determination.examined } else { &determination.deciding };
    let provisions = determination.deciding.iter().map(|ground| ground.certainty);
    let compared = grounds.iter().filter(decisive).filter_map(|ground| ground.trace.ground(&ground_of));
    provisions.chain(compared).max()
}
