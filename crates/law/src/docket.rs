//! [`Docket`]: an edition settled for one transaction, answering cases.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use narrows_catalog::{Belonging, Places};
use narrows_condition::{
    Case, CircuitError, Column, Decided, Exploration, FactId, GateId, Judge, Literal, Role, Session, Settled,
    Test, Truth,
};

use crate::edition::{Edition, Outline, ProvisionId, gates_of, open, with_images};
use crate::jurisdiction::Jurisdiction;
use crate::status::{Status, StatusId};

/// Who sends what where: the places, days and names of a transaction, by fact.
///
/// Facts of the record (which chip of the catalogue, whose design) are part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Transaction {
    /// Day of the transaction.
    pub on: Date,
    /// Day of knowledge; none for all that is on record.
    pub known_on: Option<Date>,
    /// Values of contextual facts: place codes, names; a missing one is *none of those named*.
    pub values: BTreeMap<FactId, String>,
}

impl Transaction {
    /// The value of a contextual fact.
    #[must_use]
    pub fn value(&self, fact: FactId) -> Option<&str> {
        self.values.get(&fact).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// What a contextual test comes to.
    #[must_use]
    pub fn settle(&self, test: &Test, jurisdiction: &Jurisdiction, places: &Places) -> Settled {
        match test {
            Test::Day { fact, operator, day } => {
                let is_on = jurisdiction.dictionary.fact(*fact).role == Some(Role::On);
                let value =
                    if is_on { Some(self.on) } else { self.value(*fact).and_then(|day| day.parse().ok()) };
                Settled::Constant(value.is_some_and(|value| operator.holds(&value, day)))
            }
            Test::Member { fact, items } => self.settle_member(*fact, items, jurisdiction, places),
            _ => Settled::Kept,
        }
    }

    fn settle_member(
        &self,
        fact: FactId,
        items: &[String],
        jurisdiction: &Jurisdiction,
        places: &Places,
    ) -> Settled {
        let Some(value) = self.value(fact) else { return Settled::Constant(false) };
        if !matches!(jurisdiction.dictionary.fact(fact).kind, narrows_condition::FactType::Place) {
            return Settled::Constant(items.iter().any(|item| item == value));
        }
        let mut literals: Vec<Literal> = Vec::new();
        for item in items {
            match places.belongs(value, item, self.on, self.known_on) {
                Belonging::Settled(true) => return Settled::Constant(true),
                Belonging::Settled(false) => {}
                Belonging::Open { question, if_yes } => {
                    // Loading checked that every question is a fact.
                    let Some(question) = jurisdiction.dictionary.find(question) else { continue };
                    literals.push(Literal { question, positive: if_yes });
                }
            }
        }
        // A place that is leaving one group of the set and joining another belongs either way.
        let both = literals
            .iter()
            .any(|a| literals.iter().any(|b| a.question == b.question && a.positive != b.positive));
        match literals.as_slice() {
            [] => Settled::Constant(false),
            _ if both => Settled::Constant(true),
            [only] => open(only.question, only.positive),
            _ => Settled::Open(literals),
        }
    }
}

/// The answer for a case, without its grounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status, or none if it hangs on something unknown.
    pub status: Option<StatusId>,
    /// Every status that remains possible, the strictest first.
    pub possible: Vec<StatusId>,
    /// Provisions that decide, in order.
    pub deciding: Vec<ProvisionId>,
    /// Facts on which it hangs.
    pub missing: Vec<FactId>,
    /// Whether looking for what is missing was given up, so that `missing` may hold too much.
    pub exhausted: bool,
}

/// An edition settled for one transaction, and for all others that settle it alike.
#[derive(Debug, Clone)]
pub struct Docket {
    edition: Arc<Edition>,
    session: Session,
    bench: Bench,
    /// The same edition for other places, asked for by what-if questions.
    others: Vec<Self>,
    /// By what is left of the law there.
    other_by_law: BTreeMap<Vec<Settled>, usize>,
    /// By transaction and the fact that is another.
    elsewhere: HashMap<(Transaction, FactId), Arc<[Elsewhere]>>,
}

/// One of the sets of places, or one of the names, that conditions speak of, in the place of
/// what a transaction has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The set or name, as a condition has it.
    pub among: String,
    position: usize,
}

/// Outcomes and answers of one docket.
#[derive(Debug, Clone)]
struct Bench {
    outline: Outline<GateId>,
    not_controlled: StatusId,
    outside_scope: StatusId,
    outcomes: Vec<Outcome>,
    answers: Vec<Answer>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Outcome {
    status: StatusId,
    deciding: Vec<ProvisionId>,
}

impl Docket {
    /// What the tests of an edition that are not about the item come to in a transaction.
    /// Transactions with equal ones may share a docket.
    #[must_use]
    pub fn settled(
        jurisdiction: &Jurisdiction,
        places: &Places,
        edition: &Edition,
        transaction: &Transaction,
    ) -> Vec<Settled> {
        edition.contextual_tests().iter().map(|test| transaction.settle(test, jurisdiction, places)).collect()
    }

    /// Settles an edition for a transaction.
    ///
    /// # Errors
    /// [`CircuitError::TooManyTests`].
    pub fn new(
        jurisdiction: &Jurisdiction,
        places: &Places,
        edition: Arc<Edition>,
        transaction: &Transaction,
    ) -> Result<Self, CircuitError> {
        let (circuit, outline) =
            edition.specialise(&mut |test| transaction.settle(test, jurisdiction, places))?;
        let session = Session::new(Arc::new(circuit), Arc::clone(&edition.domains));
        let bench = Bench {
            outline,
            not_controlled: jurisdiction.not_controlled,
            outside_scope: jurisdiction.outside_scope,
            outcomes: Vec::new(),
            answers: Vec::new(),
        };
        Ok(Self::with(edition, session, bench))
    }

    fn with(edition: Arc<Edition>, session: Session, bench: Bench) -> Self {
        Self {
            edition,
            session,
            bench,
            others: Vec::new(),
            other_by_law: BTreeMap::new(),
            elsewhere: HashMap::new(),
        }
    }

    /// The edition.
    #[must_use]
    pub fn edition(&self) -> &Arc<Edition> {
        &self.edition
    }

    /// The circuit of the tests that are left.
    #[must_use]
    pub fn circuit(&self) -> &narrows_condition::Circuit {
        self.session.circuit()
    }

    /// The answer for a case, as a number for [`Docket::answer_of`].
    pub fn decide(&mut self, case: &Case) -> u32 {
        self.session.answer(case, &mut self.bench)
    }

    /// The answer for a case.
    pub fn answer(&mut self, case: &Case) -> &Answer {
        let number = self.decide(case);
        self.answer_of(number)
    }

    /// The answer of a number that this docket gave.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "numbers come from this docket only, which keeps every answer"
    )]
    pub fn answer_of(&self, number: u32) -> &Answer {
        &self.bench.answers[number as usize]
    }

    /// What the law would be if one place of a transaction were in another of the sets of
    /// places that conditions name, or one name another of theirs, for each that makes a
    /// difference; one member stands for each set of places.
    pub fn elsewhere(
        &mut self,
        jurisdiction: &Jurisdiction,
        places: &Places,
        transaction: &Transaction,
        fact: FactId,
    ) -> Arc<[Elsewhere]> {
        let key = (transaction.clone(), fact);
        if let Some(known) = self.elsewhere.get(&key) {
            return Arc::clone(known);
        }
        let edition = Arc::clone(&self.edition);
        let mut seen = BTreeSet::from([Self::settled(jurisdiction, places, &edition, transaction)]);
        let mut found = Vec::new();
        for test in edition.contextual_tests() {
            let Test::Member { fact: of, items } = test else { continue };
            for item in items.iter().filter(|_| *of == fact) {
                let member = places.group(item).map_or(Some(item), |group| group.members.first());
                let mut other = transaction.clone();
                other.values.insert(fact, member.cloned().unwrap_or_default());
                let settled = Self::settled(jurisdiction, places, &edition, &other);
                if seen.insert(settled.clone())
                    && let Some(position) = self.other(jurisdiction, places, settled, &other)
                {
                    // A member stands for a set of places; a name stands for itself.
                    let is_place = places.place(item).is_some() || places.group(item).is_some();
                    let among = if is_place { items.join(" or ") } else { item.clone() };
                    found.push(Elsewhere { among, position });
                }
            }
        }
        let found: Arc<[Elsewhere]> = found.into();
        self.elsewhere.insert(key, Arc::clone(&found));
        found
    }

    /// The docket there.
    pub fn at(&mut self, elsewhere: &Elsewhere) -> Option<&mut Self> {
        self.others.get_mut(elsewhere.position)
    }

    fn other(
        &mut self,
        jurisdiction: &Jurisdiction,
        places: &Places,
        settled: Vec<Settled>,
        transaction: &Transaction,
    ) -> Option<usize> {
        if let Some(position) = self.other_by_law.get(&settled) {
            return Some(*position);
        }
        let docket = Self::new(jurisdiction, places, Arc::clone(&self.edition), transaction).ok()?;
        self.others.push(docket);
        self.other_by_law.insert(settled, self.others.len() - 1);
        Some(self.others.len() - 1)
    }

    /// Statuses along one unknown fact of a case.
    pub fn along(&mut self, case: &Case, fact: FactId) -> Vec<narrows_condition::Stretch> {
        let circuit = self.session.circuit();
        let bench = &mut self.bench;
        narrows_condition::Completions::new(circuit, &self.edition.domains, case)
            .along(fact, &mut |gates| bench.decide(gates))
    }

    /// The docket for tables in which some facts have columns and the others are as in
    /// `base`: tests on the others are settled once and for all.
    ///
    /// # Errors
    /// [`CircuitError`].
    pub fn for_columns(&self, base: &Case, columns: &[FactId]) -> Result<Self, CircuitError> {
        let gates = gates_of(&self.bench.outline);
        let (circuit, images) = self.session.circuit().specialise(&gates, &mut |test| {
            if test.facts(base).any(|fact| columns.contains(&fact)) || ratio_has_column(test, columns) {
                return Settled::Kept;
            }
            match test.truth(base) {
                Truth::True => Settled::Constant(true),
                Truth::False => Settled::Constant(false),
                Truth::Unknown => Settled::Kept,
            }
        })?;
        let outline = with_images(&self.bench.outline, images);
        let session = Session::new(Arc::new(circuit), Arc::clone(&self.edition.domains));
        let bench = Bench { outline, outcomes: Vec::new(), answers: Vec::new(), ..self.bench };
        Ok(Self::with(Arc::clone(&self.edition), session, bench))
    }

    /// The answers for all rows of a table, as numbers for [`Docket::answer_of`].
    pub fn run(&mut self, base: &Case, columns: &[Column<'_>], answers: &mut [u32]) {
        self.session.run(base, columns, &mut self.bench, answers);
    }
}

/// A ratio may have a column of its own, or its two parts may have.
fn ratio_has_column(test: &Test, columns: &[FactId]) -> bool {
    match test {
        Test::Ratio { ratio, multiplied, .. } => {
            columns.contains(ratio) || multiplied.terms.iter().any(|(_, fact)| columns.contains(fact))
        }
        _ => false,
    }
}

impl Answer {
    /// The status with its word and class, or none if the answer is undetermined.
    #[must_use]
    pub fn status_in<'a>(&self, jurisdiction: &'a Jurisdiction) -> Option<&'a Status> {
        self.status.map(|id| jurisdiction.status(id))
    }
}

impl Judge for Bench {
    fn decide(&mut self, gates: &[Truth]) -> Option<Decided> {
        let outcome = self.outcome(gates)?;
        let status = outcome.status.0;
        let position = match self.outcomes.iter().position(|known| *known == outcome) {
            Some(position) => position,
            None => {
                self.outcomes.push(outcome);
                self.outcomes.len() - 1
            }
        };
        Some(Decided { status, outcome: u32::try_from(position).ok()? })
    }

    fn conclude(&mut self, exploration: &Exploration) -> u32 {
        let mut outcomes = exploration.outcomes.iter().filter_map(|at| self.outcomes.get(*at as usize));
        let mut deciding = outcomes.next().map(|outcome| outcome.deciding.clone()).unwrap_or_default();
        for outcome in outcomes {
            deciding.retain(|id| outcome.deciding.contains(id));
        }
        let possible: Vec<StatusId> = exploration.statuses.iter().map(|status| StatusId(*status)).collect();
        let status = match possible.as_slice() {
            [only] if !exploration.exhausted => Some(*only),
            _ => None,
        };
        let answer = Answer {
            status,
            possible,
            deciding,
            missing: exploration.missing.clone(),
            exhausted: exploration.exhausted,
        };
        let position = match self.answers.iter().position(|known| *known == answer) {
            Some(position) => position,
            None => {
                self.answers.push(answer);
                self.answers.len() - 1
            }
        };
        u32::try_from(position).unwrap_or(u32::MAX)
    }
}

impl Bench {
    /// The phases of a determination, in order. Gives up (none) as soon as something
    /// that the outcome depends on is unknown.
    fn outcome(&self, gates: &[Truth]) -> Option<Outcome> {
        let known = |gate: &GateId| match gates.get(gate.index())? {
            Truth::True => Some(true),
            Truth::False => Some(false),
            Truth::Unknown => None,
        };
        let outline = &self.outline;
        let mut caught = Vec::new();
        for (provision, gate) in &outline.classes {
            if known(gate)? {
                caught.push(*provision);
            }
        }

        let mut prohibitions = Vec::new();
        for (provision, gate, status) in &outline.prohibitions {
            if known(gate)? {
                prohibitions.push((*provision, *status));
            }
        }
        if let Some(strictest) = prohibitions.iter().map(|(_, status)| *status).min() {
            let decisive = prohibitions.iter().filter(|(_, status)| *status == strictest).map(|(id, _)| *id);
            return Some(Outcome {
                status: strictest,
                deciding: caught.into_iter().chain(decisive).collect(),
            });
        }

        let mut applying = Vec::new();
        for (provision, gate, review) in &outline.requirements {
            if known(gate)? {
                applying.push((*provision, *review));
            }
        }
        if applying.is_empty() {
            return self.without_requirement(caught, &known);
        }

        // Each requirement with the mildest exception that discharges it, if any does.
        let mut discharged: Vec<(ProvisionId, StatusId)> = Vec::new();
        let mut remaining: Vec<(ProvisionId, StatusId)> = Vec::new();
        let mut available: Vec<(ProvisionId, StatusId, &[ProvisionId])> = Vec::new();
        for exception in &outline.exceptions {
            if exception.discharges.iter().any(|id| applying.iter().any(|(applies, _)| applies == id))
                && known(&exception.holds)?
            {
                available.push((exception.provision, exception.status, &exception.discharges));
            }
        }
        for (provision, review) in &applying {
            let mildest = available
                .iter()
                .filter(|(_, _, discharges)| discharges.contains(provision))
                .map(|(_, status, _)| *status)
                .max();
            match mildest {
                Some(status) => discharged.push((*provision, status)),
                None => remaining.push((*provision, *review)),
            }
        }
        if remaining.is_empty() {
            let status = discharged.iter().map(|(_, status)| *status).min()?;
            let exceptions = available.iter().filter(|(_, own, _)| *own == status).map(|(id, _, _)| *id);
            let requirements = discharged.iter().map(|(id, _)| *id);
            let deciding = caught.into_iter().chain(requirements).chain(exceptions).collect();
            return Some(Outcome { status, deciding });
        }

        let mut reviewed: Vec<(ProvisionId, StatusId, Option<ProvisionId>)> = Vec::new();
        for (requirement, own) in &remaining {
            let (status, by) = self.review(*requirement, *own, &known)?;
            reviewed.push((*requirement, status, by));
        }
        let strictest = reviewed.iter().map(|(_, status, _)| *status).min()?;

        let mut practices: Vec<(ProvisionId, StatusId, &[ProvisionId])> = Vec::new();
        for (provision, gate, of, status) in &outline.practices {
            if of.iter().any(|id| remaining.iter().any(|(remains, _)| remains == id)) && known(gate)? {
                practices.push((*provision, *status, of));
            }
        }
        let covered = remaining.iter().all(|(id, _)| practices.iter().any(|(_, _, of)| of.contains(id)));
        let practised = practices.iter().map(|(_, status, _)| *status).min().filter(|_| covered);

        let decisive: Vec<_> = reviewed.iter().filter(|(_, status, _)| *status == strictest).collect();
        let mut deciding = caught;
        deciding.extend(decisive.iter().map(|(requirement, _, _)| *requirement));
        let mut reviews: Vec<ProvisionId> = decisive.iter().filter_map(|(_, _, by)| *by).collect();
        reviews.sort_unstable();
        reviews.dedup();
        deciding.extend(reviews);
        if practised.is_some() {
            deciding.extend(practices.iter().map(|(provision, _, _)| *provision));
        }
        Some(Outcome { status: practised.unwrap_or(strictest), deciding })
    }

    /// No requirement applies: a class holds outside its scope, or nothing holds.
    fn without_requirement(
        &self,
        caught: Vec<ProvisionId>,
        known: &dyn Fn(&GateId) -> Option<bool>,
    ) -> Option<Outcome> {
        let (status, relevant) = if caught.is_empty() {
            (self.not_controlled, &self.outline.exclusions)
        } else {
            (self.outside_scope, &self.outline.exemptions)
        };
        let mut deciding = caught;
        for (provision, gate) in relevant {
            if known(gate)? {
                deciding.push(*provision);
            }
        }
        Some(Outcome { status, deciding })
    }

    /// How a remaining requirement is reviewed, and by which provision.
    fn review(
        &self,
        requirement: ProvisionId,
        own: StatusId,
        known: &dyn Fn(&GateId) -> Option<bool>,
    ) -> Option<(StatusId, Option<ProvisionId>)> {
        let mut otherwise = None;
        for review in self.outline.reviews.iter().filter(|review| review.of.contains(&requirement)) {
            if !known(&review.holds)? {
                continue;
            }
            for (case, status) in &review.cases {
                if known(case)? {
                    return Some((*status, Some(review.provision)));
                }
            }
            otherwise = otherwise.or(Some((review.otherwise, Some(review.provision))));
        }
        Some(otherwise.unwrap_or((own, None)))
    }
}
