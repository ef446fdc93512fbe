//! `check`: may this item go there on that day?

use jiff::civil::Date;
use narrows_catalog::{Chip, Place};
use narrows_law::{Class, Determination, View};
use serde::{Deserialize, Serialize};

use crate::end_user::{self, Desk, EndUser, EndUserAnswer, Owner, day_of_lists};
use crate::examiner::{Examiner, Prepared, Question};
use crate::failure::Failure;
use crate::operation::{Operation, Summary};
use crate::scenario::Scenario;
use crate::workbench::Workbench;

/// A determination of one item for one transaction.
pub struct Check;

/// What `check` is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckRequest {
    /// Name of a chip of the catalogue; none for an item of which only facts are given.
    #[serde(default)]
    pub item: Option<String>,
    /// Destination.
    pub to: String,
    /// Day of the transaction.
    pub on: Date,
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
    /// Name of the end user, to be looked up in the lists of restricted parties.
    #[serde(default)]
    pub end_user: Option<String>,
    /// Id of the listed party that the end user is known to be.
    #[serde(default)]
    pub end_user_id: Option<String>,
    /// Owners of the end user, for the rule on affiliates.
    #[serde(default)]
    pub owners: Vec<Owner>,
    /// Jurisdiction and reforms.
    #[serde(default)]
    pub scenario: Scenario,
}

/// What `check` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckAnswer {
    /// The item.
    pub item: ItemReference,
    /// Where it goes.
    pub destination: PlaceReference,
    /// Where the party, or its ultimate parent, is seated.
    pub headquarters: PlaceReference,
    /// Where the item comes from.
    pub exported_from: PlaceReference,
    /// Day of the transaction.
    pub on: Date,
    /// Day of knowledge, if one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_on: Option<Date>,
    /// Which state of law.
    pub view: &'static str,
    /// Titles of the reforms.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reforms: Vec<String>,
    /// What the lists say of the end user, if one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_user: Option<EndUserAnswer>,
    /// The answer with its grounds.
    pub determination: Determination,
    /// Other jurisdictions with something to say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<Elsewhere>,
    /// What identifies the data.
    pub data_version: String,
}

/// An item by its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemReference {
    /// Id in the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name.
    pub name: String,
    /// The family whose default it is, if it was found so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_default_of: Option<String>,
}

/// A place by code and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaceReference {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// Remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What another jurisdiction says of the same transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Elsewhere {
    /// Id of the jurisdiction.
    pub jurisdiction: String,
    /// Its name.
    pub name: String,
    /// The status.
    pub status: String,
    /// Its class.
    pub class: Class,
    /// The status in a few words.
    pub title: String,
    /// What decides: title and citation of each provision.
    pub deciding: Vec<(String, String)>,
}

impl CheckRequest {
    /// Who the item is for.
    fn end_user(&self) -> EndUser {
        EndUser { name: self.end_user.clone(), id: self.end_user_id.clone(), owners: self.owners.clone() }
    }

    /// The question that the request asks under one jurisdiction.
    pub(crate) fn question(&self) -> Question {
        Question {
            item: self.item.clone(),
            facts: self.facts.clone(),
            on: self.on,
            to: self.to.clone(),
            headquarters: self.headquarters.clone(),
            from: self.from.clone(),
            known_on: self.known_on,
            view: if self.codified { View::Codified } else { View::Enforced },
        }
    }
}

impl PlaceReference {
    pub(crate) fn of(place: &Place) -> Self {
        Self { code: place.code.clone(), name: place.name.clone(), note: place.note.clone() }
    }
}

impl ItemReference {
    pub(crate) fn of(prepared: &Prepared<'_>) -> Self {
        match prepared.item.chip {
            Some(Chip { id, name, .. }) => Self {
                id: Some(id.clone()),
                name: name.clone(),
                by_default_of: prepared.item.by_default_of.map(str::to_owned),
            },
            None => Self { id: None, name: "the item described".to_owned(), by_default_of: None },
        }
    }
}

impl Operation for Check {
    const NAME: &'static str = "check";
    const SUMMARY: &'static str =
        "May this item go to that party, there, on that day? Under which paragraph, by what margin?";
    type Request = CheckRequest;
    type Answer = CheckAnswer;

    fn run(workbench: &Workbench, request: &CheckRequest) -> Result<CheckAnswer, Failure> {
        Checker::new(workbench, &request.scenario)?.answer(request)
    }

    fn summary(_: &CheckRequest, answer: &CheckAnswer) -> Summary {
        Summary {
            subject: Some(answer.item.id.clone().unwrap_or_else(|| answer.item.name.clone())),
            status: Some(answer.determination.status.clone()),
        }
    }
}

/// Answers checks under one scenario, one after another.
pub(crate) struct Checker<'w> {
    workbench: &'w Workbench,
    /// Answers under the scenario.
    pub(crate) examiner: Examiner<'w>,
    /// Answers under the other jurisdictions as they are, once they were asked.
    others: Vec<Examiner<'w>>,
    /// Opened with the first end user: the lists are long.
    desk: Option<Desk<'w>>,
}

impl<'w> Checker<'w> {
    /// # Errors
    /// Problems in the data or a reform, or an unknown jurisdiction.
    pub(crate) fn new(workbench: &'w Workbench, scenario: &Scenario) -> Result<Self, Failure> {
        let examiner = Examiner::new(workbench, scenario)?;
        Ok(Self { workbench, examiner, others: Vec::new(), desk: None })
    }

    /// Where end users are looked up.
    ///
    /// # Errors
    /// Problems in the lists.
    pub(crate) fn desk(&mut self) -> Result<&mut Desk<'w>, Failure> {
        Ok(match &mut self.desk {
            Some(desk) => desk,
            none => none.insert(Desk::new(self.workbench)?),
        })
    }

    /// Answers a request, whose scenario is that of the checker.
    ///
    /// # Errors
    /// Unknown names, malformed facts, a day before the record.
    pub(crate) fn answer(&mut self, request: &CheckRequest) -> Result<CheckAnswer, Failure> {
        let question = request.question();
        let prepared = self.examiner.prepare(&question)?;
        let elsewhere = self.elsewhere(request, &question)?;
        let for_whom = request.end_user();
        let (determination, end_user) = if for_whom.is_unnamed() {
            (self.examiner.determine(&prepared)?, None)
        } else {
            let lists_on = day_of_lists(request.on, request.known_on);
            let resolved = self.desk()?.resolve(&for_whom, request.on, lists_on)?;
            let (determination, answer) = end_user::determine(&mut self.examiner, &question, &resolved)?;
            (determination, Some(answer))
        };
        let examiner = &self.examiner;
        let place = |name: Option<&String>, otherwise: &str| -> Result<PlaceReference, Failure> {
            let name = name.map_or(otherwise, String::as_str);
            Ok(PlaceReference::of(examiner.places().find(name)?))
        };
        let home = &examiner.jurisdiction().home;
        Ok(CheckAnswer {
            item: ItemReference::of(&prepared),
            destination: place(Some(&request.to), &request.to)?,
            headquarters: place(request.headquarters.as_ref(), &request.to)?,
            exported_from: place(request.from.as_ref(), home)?,
            on: request.on,
            known_on: request.known_on,
            view: question.view.word(),
            reforms: examiner.reforms().iter().map(|reform| reform.title.clone()).collect(),
            end_user,
            determination,
            elsewhere,
            data_version: self.workbench.data_version(),
        })
    }

    /// What other jurisdictions say, where they say anything beyond their word for "nothing".
    fn elsewhere(&mut self, request: &CheckRequest, question: &Question) -> Result<Vec<Elsewhere>, Failure> {
        if self.others.is_empty() {
            let asked = &self.examiner.jurisdiction().id;
            // A reform of one body of law says nothing about another.
            for jurisdiction in self.workbench.law()?.jurisdictions().filter(|it| it.id != *asked) {
                let scenario = Scenario { jurisdiction: Some(jurisdiction.id.clone()), reforms: Vec::new() };
                self.others.push(Examiner::new(self.workbench, &scenario)?);
            }
        }
        let mut found = Vec::new();
        for examiner in &mut self.others {
            let jurisdiction = examiner.jurisdiction();
            // Facts that the asker gives are facts of the dictionary of the one asked.
            let facts = request.facts.iter().filter(|(name, _)| jurisdiction.dictionary.find(name).is_some());
            let question = Question { facts: facts.cloned().collect(), ..question.clone() };
            if question.on < jurisdiction.coverage_from {
                continue;
            }
            let Ok(prepared) = examiner.prepare(&question) else { continue };
            let determination = examiner.determine(&prepared)?;
            if determination.deciding.is_empty() {
                continue;
            }
            let deciding = determination.deciding.into_iter();
            found.push(Elsewhere {
                jurisdiction: jurisdiction.id.clone(),
                name: jurisdiction.name.clone(),
                status: determination.status,
                class: determination.class,
                title: determination.title,
                deciding: deciding.map(|ground| (ground.title, ground.citation)).collect(),
            });
        }
        Ok(found)
    }
}
