//! [`Examiner`]: answers questions under one scenario, each kind of question once.
//!
//! A single check and a table of a million rows go through here alike; what differs is
//! only how much of the answer is written out.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use narrows_catalog::{Chip, Places};
use narrows_condition::{Case, Dictionary, FactId, FactType, Role, Settled, Value, ValueError};
use narrows_law::{
    Answer, Assumption, Determination, Docket, Edition, Facts, Inquiry, Instrument, Jurisdiction, Origin,
    Supplies, Supply, Transaction, View, reading, subject, turns,
};
use narrows_quantity::Decimal;

use crate::chip_facts;
use crate::failure::Failure;
use crate::scenario::Scenario;
use crate::workbench::Workbench;

/// How many editions, and how many dockets, are kept. A table may ask about any number of
/// days and places; what it comes back to soon is still there.
const MOST_KEPT: usize = 4_096;

/// One question: an item, a transaction, a day and a state of knowledge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    /// Name of a chip of the catalogue; none for an item of which only facts are given.
    pub item: Option<String>,
    /// Facts, as name and text.
    pub facts: Vec<(String, String)>,
    /// Day of the transaction.
    pub on: Date,
    /// Destination: a code or name.
    pub to: String,
    /// Seat of the party or its ultimate parent; the destination if none.
    pub headquarters: Option<String>,
    /// Where the item comes from; the home of the jurisdiction if none.
    pub from: Option<String>,
    /// Day of knowledge; all that is on record if none.
    pub known_on: Option<Date>,
    /// Which state of law.
    pub view: View,
}

/// An item made ready: its name resolved, its facts completed.
#[derive(Debug, Clone)]
pub struct PreparedItem<'w> {
    /// The chip, if the item is one.
    pub chip: Option<&'w Chip>,
    /// The family through whose default the chip was found.
    pub by_default_of: Option<&'w str>,
    /// The facts.
    pub facts: Arc<Facts>,
}

/// A question made ready.
#[derive(Debug, Clone)]
pub struct Prepared<'w> {
    /// The item.
    pub item: PreparedItem<'w>,
    /// The transaction.
    pub transaction: Transaction,
    /// Whether the party's seat was given.
    pub headquarters_given: bool,
    /// Which state of law.
    pub view: View,
}

/// Answers questions under one scenario.
pub struct Examiner<'w> {
    workbench: &'w Workbench,
    jurisdiction: &'w Jurisdiction,
    places: &'w Arc<Places>,
    reforms: Arc<[Instrument]>,
    /// Days on which the law of a view, or what its conditions test, may change.
    days: BTreeMap<View, Vec<Date>>,
    /// Days on which something became known.
    known_days: Vec<Date>,
    editions: Editions,
    dockets: Dockets,
    roles: Roles,
}

/// Editions, each kept once however many days it is the law of.
#[derive(Default)]
struct Editions {
    all: Vec<Arc<Edition>>,
    by_day: HashMap<(View, Date, Option<Date>), usize>,
}

/// Dockets, found by transaction and by what is left of the law for it.
#[derive(Default)]
struct Dockets {
    all: Vec<Docket>,
    by_transaction: HashMap<(View, Transaction), usize>,
    /// By edition and what is left of it.
    by_law: BTreeMap<(usize, Vec<Settled>), usize>,
}

#[derive(Clone, Copy)]
struct Roles {
    destination: FactId,
    headquarters: FactId,
    exported_from: FactId,
}

/// An answer without its grounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The status.
    pub status: String,
    /// Its class.
    pub class: &'static str,
    /// Ids of the deciding provisions.
    pub provisions: Vec<String>,
    /// Names of the missing facts.
    pub missing: Vec<String>,
}

/// The part of an answer that a table needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The answer.
    pub standing: Standing,
    /// The nearest threshold whose crossing changes the status: its subject, and how far
    /// the subject is from it as a fraction of the threshold.
    pub nearest_margin: Option<(String, Decimal)>,
    /// Assumptions that mattered, as fact and value.
    pub assumed: Vec<(String, String)>,
}

impl<'w> Examiner<'w> {
    /// An examiner for a scenario.
    ///
    /// # Errors
    /// Problems in the data or a reform, or an unknown jurisdiction.
    pub fn new(workbench: &'w Workbench, scenario: &Scenario) -> Result<Self, Failure> {
        workbench.read_ahead();
        let jurisdiction = workbench.jurisdiction(scenario.jurisdiction.as_deref())?;
        let places = workbench.places()?;
        let mut reforms: Vec<Instrument> = Vec::new();
        for reform in &scenario.reforms {
            let read = workbench.reform(jurisdiction, &reform.shown, &reform.text, &reforms)?;
            reforms.push(read);
        }
        let role = |role: Role| {
            jurisdiction.dictionary.by_role(role).ok_or_else(|| {
                Failure::input(format!(
                    "jurisdiction `{}`: facts.toml declares no fact with the role {role:?}",
                    jurisdiction.id
                ))
            })
        };
        let roles = Roles {
            destination: role(Role::Destination)?,
            headquarters: role(Role::Headquarters)?,
            exported_from: role(Role::ExportedFrom)?,
        };
        let days = [View::Enforced, View::Codified]
            .map(|view| (view, jurisdiction.days_of_change(view, &reforms, places)))
            .into_iter()
            .collect();
        let known_days = jurisdiction.days_of_knowledge(places);
        Ok(Self {
            workbench,
            jurisdiction,
            places,
            reforms: reforms.into(),
            days,
            known_days,
            editions: Editions::default(),
            dockets: Dockets::default(),
            roles,
        })
    }

    /// The jurisdiction.
    #[must_use]
    pub fn jurisdiction(&self) -> &'w Jurisdiction {
        self.jurisdiction
    }

    /// The places.
    #[must_use]
    pub fn places(&self) -> &'w Places {
        self.places
    }

    /// Reforms of the scenario.
    #[must_use]
    pub fn reforms(&self) -> &[Instrument] {
        &self.reforms
    }

    /// Days from the beginning of the record on which an answer of a view may change.
    #[must_use]
    pub fn days(&self, view: View) -> &[Date] {
        self.days.get(&view).map_or(&[], Vec::as_slice)
    }

    /// Resolves names and completes facts.
    ///
    /// # Errors
    /// Unknown names, malformed or contradictory facts, a day before the record.
    pub fn prepare(&self, question: &Question) -> Result<Prepared<'w>, Failure> {
        let item = self.prepare_item(question.item.as_deref(), &question.facts)?;
        self.prepare_transaction(&item, question)
    }

    /// The part of a question that is about the item alone.
    ///
    /// # Errors
    /// Unknown names, malformed or contradictory facts.
    pub fn prepare_item(
        &self,
        item: Option<&str>,
        facts: &[(String, String)],
    ) -> Result<PreparedItem<'w>, Failure> {
        let dictionary = &self.jurisdiction.dictionary;
        let mut chip = None;
        let mut by_default_of = None;
        let mut supplies = Supplies::new();
        if let Some(name) = item {
            let chips = self.workbench.chips()?;
            let found = chips.find(name)?;
            supplies = chip_facts::supplies(found.chip, chips, dictionary)?;
            chip = Some(found.chip);
            by_default_of = found.by_default_of.map(|family| family.name.as_str());
        }
        let mut given: Vec<FactId> = Vec::new();
        for (name, text) in facts {
            let id = dictionary.require(name)?;
            if dictionary.fact(id).role.is_some() {
                let instead = "on, to, headquarters or from";
                return Err(ValueError::Reserved { fact: name.clone(), instead }.into());
            }
            if given.contains(&id) {
                return Err(Failure::input(format!("fact `{name}` is given twice")));
            }
            given.push(id);
            supplies.insert(id, self.read_fact(id, text)?);
        }
        self.forget_derived(&given, &mut supplies);
        Ok(PreparedItem { chip, by_default_of, facts: Arc::new(Facts::complete(dictionary, &supplies)?) })
    }

    /// A question about an item that is already prepared.
    ///
    /// # Errors
    /// Unknown places, a day before the record.
    pub fn prepare_transaction(
        &self,
        item: &PreparedItem<'w>,
        question: &Question,
    ) -> Result<Prepared<'w>, Failure> {
        let code = |name: &str| -> Result<String, Failure> { Ok(self.places.find(name)?.code.clone()) };
        let destination = code(&question.to)?;
        let headquarters = question.headquarters.as_deref().map(code).transpose()?;
        let headquarters_given = headquarters.is_some();
        let from = match &question.from {
            Some(name) => code(name)?,
            None => self.jurisdiction.home.clone(),
        };
        self.jurisdiction.check_coverage(question.on, question.known_on)?;
        let mut values: BTreeMap<FactId, String> = item.facts.contextual.clone();
        values.insert(self.roles.headquarters, headquarters.unwrap_or_else(|| destination.clone()));
        values.insert(self.roles.destination, destination);
        values.insert(self.roles.exported_from, from);
        Ok(Prepared {
            item: item.clone(),
            transaction: Transaction { on: question.on, known_on: question.known_on, values },
            headquarters_given,
            view: question.view,
        })
    }

    fn read_fact(&self, id: FactId, text: &str) -> Result<Supply, Failure> {
        let dictionary = &self.jurisdiction.dictionary;
        if text.trim().eq_ignore_ascii_case("unknown") {
            return Ok(Supply { value: None, origin: Origin::Asker });
        }
        let value = match (&dictionary.fact(id).kind, dictionary.read_value(id, text)?) {
            // Names are resolved here, so that law compares ids and codes only.
            (FactType::Place, Value::Place(name)) => Value::Place(self.places.find(&name)?.code.clone()),
            (FactType::Name { register }, Value::Name(name)) => Value::Name(self.resolve(register, &name)?),
            (_, value) => value,
        };
        Ok(Supply { value: Some(value), origin: Origin::Asker })
    }

    fn resolve(&self, register: &str, name: &str) -> Result<String, Failure> {
        let chips = self.workbench.chips()?;
        match register {
            "chips" => Ok(chips.find(name)?.chip.id.clone()),
            "vendors" => Ok(chips.find_vendor(name)?.id.clone()),
            _ => Ok(name.to_owned()),
        }
    }

    /// What the asker overrides takes with it what the catalogue derived from it: a ratio
    /// given by the asker stands alone, and one whose part is overridden is computed anew.
    fn forget_derived(&self, given: &[FactId], supplies: &mut Supplies) {
        let dictionary = &self.jurisdiction.dictionary;
        for (id, fact) in dictionary.iter() {
            if let FactType::Ratio { denominator, .. } = fact.kind
                && given.contains(&id)
                && !given.contains(&denominator)
            {
                supplies.remove(&denominator);
            }
            if let Some(other) = fact.otherwise
                && given.contains(&other)
                && !given.contains(&id)
            {
                supplies.remove(&id);
            }
        }
    }

    /// The law of a day, view and state of knowledge.
    ///
    /// # Errors
    /// A day before the record.
    pub fn edition(&mut self, on: Date, known_on: Option<Date>, view: View) -> Result<Arc<Edition>, Failure> {
        let position = self.edition_position(on, known_on, view)?;
        self.edition_at(position)
    }

    fn edition_at(&self, position: usize) -> Result<Arc<Edition>, Failure> {
        self.editions.all.get(position).cloned().ok_or_else(|| Failure::data("an edition was lost"))
    }

    fn edition_position(&mut self, on: Date, known_on: Option<Date>, view: View) -> Result<usize, Failure> {
        let day = floor(self.days(view), on);
        let known = known_on.map(|known_on| floor(&self.known_days, known_on));
        if let Some(position) = self.editions.by_day.get(&(view, day, known)) {
            return Ok(*position);
        }
        if self.editions.by_day.len() >= MOST_KEPT {
            // Dockets name editions by position, so they go together.
            self.editions = Editions::default();
            self.dockets = Dockets::default();
        }
        let provisions = self.jurisdiction.provisions(day, known, view, &self.reforms)?;
        let same = |edition: &Arc<Edition>| edition.provisions() == provisions.as_slice();
        let position = match self.editions.all.iter().rposition(same) {
            Some(position) => position,
            None => {
                let edition = self.jurisdiction.compile(provisions, day)?;
                self.editions.all.push(Arc::new(edition));
                self.editions.all.len() - 1
            }
        };
        self.editions.by_day.insert((view, day, known), position);
        Ok(position)
    }

    /// The docket of a transaction. Transactions between the same two days of change share
    /// one if the law that is left for them is the same.
    ///
    /// # Errors
    /// A day before the record, or data that do not compile.
    pub fn docket(&mut self, view: View, transaction: &Transaction) -> Result<&mut Docket, Failure> {
        let key = (view, self.floored(view, transaction));
        let position = match self.dockets.by_transaction.get(&key) {
            Some(position) => *position,
            None => self.settle(key)?,
        };
        let docket = self.dockets.all.get_mut(position);
        docket.ok_or_else(|| Failure::data("a docket was lost"))
    }

    /// A transaction on the first day with the same law and of the same knowledge.
    fn floored(&self, view: View, transaction: &Transaction) -> Transaction {
        let mut floored = transaction.clone();
        floored.on = floor(self.days(view), transaction.on);
        floored.known_on = transaction.known_on.map(|known_on| floor(&self.known_days, known_on));
        floored
    }

    /// The position of the docket of a transaction that is asked about for the first time.
    fn settle(&mut self, asked: (View, Transaction)) -> Result<usize, Failure> {
        let (view, key) = &asked;
        if self.dockets.by_transaction.len() >= MOST_KEPT * 16 || self.dockets.all.len() >= MOST_KEPT {
            self.dockets = Dockets::default();
        }
        let edition_position = self.edition_position(key.on, key.known_on, *view)?;
        let edition = self.edition_at(edition_position)?;
        let settled = Docket::settled(self.jurisdiction, self.places, &edition, key);
        let law = (edition_position, settled);
        let position = match self.dockets.by_law.get(&law) {
            Some(position) => *position,
            None => {
                let docket = Docket::new(self.jurisdiction, self.places, edition, key)
                    .map_err(|error| Failure::data(error.to_string()))?;
                self.dockets.all.push(docket);
                self.dockets.by_law.insert(law, self.dockets.all.len() - 1);
                self.dockets.all.len() - 1
            }
        };
        self.dockets.by_transaction.insert(asked, position);
        Ok(position)
    }

    /// The full determination of a prepared question.
    ///
    /// # Errors
    /// A day before the record, or data that do not compile.
    pub fn determine(&mut self, prepared: &Prepared<'_>) -> Result<Determination, Failure> {
        let reforms = Arc::clone(&self.reforms);
        let inquiry = self.inquiry(&reforms, prepared);
        Ok(inquiry.determine(self.docket(prepared.view, &prepared.transaction)?))
    }

    fn inquiry<'a>(&self, reforms: &'a [Instrument], prepared: &'a Prepared<'_>) -> Inquiry<'a>
    where
        'w: 'a,
    {
        Inquiry {
            jurisdiction: self.jurisdiction,
            places: self.places,
            reforms,
            transaction: &prepared.transaction,
            facts: &prepared.item.facts,
            headquarters_given: prepared.headquarters_given,
        }
    }

    /// The answer without its grounds.
    ///
    /// # Errors
    /// A day before the record, or data that do not compile.
    pub fn standing(&mut self, prepared: &Prepared<'_>) -> Result<Standing, Failure> {
        let jurisdiction = self.jurisdiction;
        let docket = self.docket(prepared.view, &prepared.transaction)?;
        let answer = docket.answer(&prepared.item.facts.case).clone();
        Ok(standing(jurisdiction, docket.edition(), &answer))
    }

    /// The part of the answer that a table needs.
    ///
    /// # Errors
    /// A day before the record, or data that do not compile.
    pub fn verdict(&mut self, prepared: &Prepared<'_>) -> Result<Verdict, Failure> {
        let (jurisdiction, reforms) = (self.jurisdiction, Arc::clone(&self.reforms));
        // What-if questions about places are remembered by transaction, so days alike are one.
        let transaction = self.floored(prepared.view, &prepared.transaction);
        let inquiry = Inquiry { transaction: &transaction, ..self.inquiry(&reforms, prepared) };
        let docket = self.docket(prepared.view, &transaction)?;
        let case = &prepared.item.facts.case;
        let answer: Answer = docket.answer(case).clone();
        let assumed = inquiry.assumptions(docket, &answer);
        Ok(Verdict {
            standing: standing(jurisdiction, docket.edition(), &answer),
            nearest_margin: nearest_margin(docket, case, &jurisdiction.dictionary),
            assumed: assumed.into_iter().map(|Assumption { fact, assumed, .. }| (fact, assumed)).collect(),
        })
    }
}

fn standing(jurisdiction: &Jurisdiction, edition: &Edition, answer: &Answer) -> Standing {
    let status = answer.status_in(jurisdiction);
    let name = |id: &FactId| jurisdiction.dictionary.fact(*id).name.clone();
    Standing {
        status: status.map_or(narrows_law::UNDETERMINED, |status| &status.word).to_owned(),
        class: status.map_or(narrows_law::Class::Undetermined, |status| status.class).word(),
        provisions: answer.deciding.iter().map(|id| edition.provision(*id).provision.clone()).collect(),
        missing: answer.missing.iter().map(name).collect(),
    }
}

/// Of the thresholds whose crossing by a change of one fact changes the status, the one
/// that its subject is nearest to, in proportion.
fn nearest_margin(docket: &mut Docket, case: &Case, dictionary: &Dictionary) -> Option<(String, Decimal)> {
    let turns = turns(docket, case);
    let margins = turns.iter().filter_map(|turn| {
        let test = docket.circuit().tests().get(turn.test?)?;
        Some((reading(test, case)?.fraction()?, test))
    });
    let (fraction, test) = margins.min_by_key(|(fraction, _)| fraction.abs())?;
    Some((subject(test, dictionary), fraction.rounded(4)))
}

/// The last of some sorted days that is not after `day`, or `day` itself before all of them.
fn floor(days: &[Date], day: Date) -> Date {
    let after = days.partition_point(|other| *other <= day);
    after.checked_sub(1).and_then(|at| days.get(at)).copied().unwrap_or(day)
}
