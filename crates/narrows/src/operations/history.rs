//! `history`: every status of an item for a destination, with its days and what changed it.

use jiff::civil::Date;
use narrows_catalog::Places;
use narrows_law::{Class, Transaction, View};
use serde::{Deserialize, Serialize};

use super::check::{ItemReference, PlaceReference};
use crate::examiner::{Examiner, Question, Standing};
use crate::failure::Failure;
use crate::operation::Operation;
use crate::scenario::Scenario;
use crate::workbench::Workbench;

/// The statuses of an item over time.
pub struct History;

/// What `history` is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryRequest {
    /// Name of a chip of the catalogue; none for an item of which only facts are given.
    #[serde(default)]
    pub item: Option<String>,
    /// Destination.
    pub to: String,
    /// Seat of the party or its ultimate parent; the destination if none.
    #[serde(default)]
    pub headquarters: Option<String>,
    /// Where the item comes from.
    #[serde(default)]
    pub from: Option<String>,
    /// Day of knowledge.
    #[serde(default)]
    pub known_on: Option<Date>,
    /// Whether the codified rather than the enforced state of law is asked about.
    #[serde(default)]
    pub codified: bool,
    /// Facts, as name and text.
    #[serde(default)]
    pub facts: Vec<(String, String)>,
    /// Jurisdiction and reforms.
    #[serde(default)]
    pub scenario: Scenario,
}

/// What `history` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryAnswer {
    /// The item.
    pub item: ItemReference,
    /// Where it goes.
    pub destination: PlaceReference,
    /// Where the party, or its ultimate parent, is seated.
    pub headquarters: PlaceReference,
    /// Which state of law.
    pub view: &'static str,
    /// Periods of one status each, from the beginning of the record without a gap.
    pub periods: Vec<Period>,
    /// What identifies the data.
    pub data_version: String,
}

/// A period of one status on the same grounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Period {
    /// First day.
    pub from: Date,
    /// First day after it; none for the last period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// The status.
    pub status: String,
    /// Its class.
    pub class: Class,
    /// The status in a few words.
    pub title: String,
    /// Ids of the deciding provisions.
    pub provisions: Vec<String>,
    /// Instruments whose operations began or ended on the first day and touched what decides.
    pub changed_by: Vec<ChangedBy>,
    /// Names of the missing facts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// An instrument, or a change of a group of places, that changed a status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedBy {
    /// Stable id of the instrument; none where a place joined or left a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
    /// Title.
    pub title: String,
    /// How it is cited.
    pub citation: String,
    /// Whether something of it ended on that day, rather than began.
    pub ends: bool,
}

impl HistoryRequest {
    fn question(&self, on: Date) -> Question {
        Question {
            item: self.item.clone(),
            facts: self.facts.clone(),
            on,
            to: self.to.clone(),
            headquarters: self.headquarters.clone(),
            from: self.from.clone(),
            known_on: self.known_on,
            view: if self.codified { View::Codified } else { View::Enforced },
        }
    }
}

impl Operation for History {
    const NAME: &'static str = "history";
    const SUMMARY: &'static str = "Every status with its dates and the provision that changed it.";
    type Request = HistoryRequest;
    type Answer = HistoryAnswer;

    fn run(workbench: &Workbench, request: &HistoryRequest) -> Result<HistoryAnswer, Failure> {
        let mut examiner = Examiner::new(workbench, &request.scenario)?;
        let view = if request.codified { View::Codified } else { View::Enforced };
        let jurisdiction = examiner.jurisdiction();
        let mut prepared = examiner.prepare(&request.question(jurisdiction.coverage_from))?;
        let mut periods: Vec<Period> = Vec::new();
        let mut before: Option<Standing> = None;
        for day in examiner.days(view).to_vec() {
            prepared.transaction.on = day;
            let standing = examiner.standing(&prepared)?;
            let same = before.as_ref() == Some(&standing);
            if !same {
                if let Some(last) = periods.last_mut() {
                    last.until = Some(day);
                }
                let changed_by =
                    changed_by(&mut examiner, &prepared.transaction, view, before.as_ref(), &standing)?;
                let status = jurisdiction.statuses().iter().find(|status| status.word == standing.status);
                periods.push(Period {
                    from: day,
                    until: None,
                    status: standing.status.clone(),
                    class: status.map_or(Class::Undetermined, |status| status.class),
                    title: status.map_or_else(|| "undetermined".to_owned(), |status| status.title.clone()),
                    provisions: standing.provisions.clone(),
                    changed_by,
                    missing: standing.missing.clone(),
                });
            }
            before = Some(standing);
        }
        let headquarters = request.headquarters.as_ref().unwrap_or(&request.to);
        Ok(HistoryAnswer {
            item: ItemReference::of(&prepared),
            destination: PlaceReference::of(examiner.places().find(&request.to)?),
            headquarters: PlaceReference::of(examiner.places().find(headquarters)?),
            view: view.word(),
            periods,
            data_version: workbench.data_version(),
        })
    }
}

/// The instruments that act on a day on what decides after it or decided before it.
fn changed_by(
    examiner: &mut Examiner<'_>,
    transaction: &Transaction,
    view: View,
    before: Option<&Standing>,
    after: &Standing,
) -> Result<Vec<ChangedBy>, Failure> {
    if before.is_none() {
        return Ok(Vec::new());
    }
    let (day, known_on) = (transaction.on, transaction.known_on);
    let touched: Vec<&String> =
        before.into_iter().chain([after]).flat_map(|standing| &standing.provisions).collect();
    let edition = examiner.edition(day, known_on, view)?;
    // What decides rests on other provisions, so an act on any of those counts as well.
    let mut relevant: Vec<&str> = touched.iter().map(|id| id.as_str()).collect();
    let mut at = 0;
    while let Some(id) = relevant.get(at).copied() {
        if let Some(provision) = edition.find(id) {
            for condition in provision.definition.all_conditions() {
                for named in condition.provisions() {
                    if !relevant.contains(&named) {
                        relevant.push(named);
                    }
                }
            }
        }
        at += 1;
    }
    let jurisdiction = examiner.jurisdiction();
    let mut found: Vec<ChangedBy> = Vec::new();
    let mut others: Vec<ChangedBy> = Vec::new();
    for instrument in jurisdiction.instruments.iter().chain(examiner.reforms()) {
        for operation in &instrument.operations {
            let begins = instrument.start(operation, view) == Some(day);
            let ends = operation.until(jurisdiction, known_on) == Some(day);
            if !begins && !ends {
                continue;
            }
            let changed = ChangedBy {
                instrument: Some(instrument.id.clone()),
                title: instrument.title.clone(),
                citation: instrument.citation.clone(),
                ends: !begins,
            };
            let list =
                if relevant.contains(&operation.provision.as_str()) { &mut found } else { &mut others };
            if !list.contains(&changed) {
                list.push(changed);
            }
        }
    }
    if found.is_empty() {
        found = regrouped(examiner.places(), transaction);
    }
    Ok(if found.is_empty() { others } else { found })
}

/// Changes of groups on that day that concern a place of the transaction.
fn regrouped(places: &Places, transaction: &Transaction) -> Vec<ChangedBy> {
    let concerned: Vec<&str> = transaction.values.values().map(|value| places.tested(value)).collect();
    let mut found = Vec::new();
    for group in places.groups() {
        for change in group.changes.iter().filter(|change| concerned.contains(&change.place.as_str())) {
            let bracketed = change.from < change.settled;
            let verb = match (change.joins, transaction.on) {
                (true, day) if day == change.from && bracketed => "may have joined",
                (false, day) if day == change.from && bracketed => "may have left",
                (true, day) if day == change.settled => "has joined",
                (false, day) if day == change.settled => "has left",
                _ => continue,
            };
            let name = places.place(&change.place).map_or(change.place.as_str(), |place| &place.name);
            found.push(ChangedBy {
                instrument: None,
                title: format!("{name} {verb} {} ({})", group.id, group.title),
                citation: change.citation.clone(),
                ends: false,
            });
        }
    }
    found
}
