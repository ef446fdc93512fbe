//! `lists show`: one listed party in full.

use jiff::civil::Date;
use narrows_screening::alias::Alias;
use narrows_screening::list::List;
use narrows_screening::party::Party;
use serde::{Deserialize, Serialize};

use crate::failure::{Failure, FailureKind};
use crate::operation::Operation;
use crate::workbench::Workbench;

/// One listed party in full.
pub struct ListsShow;

/// What `lists show` is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListsShowRequest {
    /// Id of the party, or one that it had.
    pub id: String,
    /// Day of the edition; the newest if not given.
    #[serde(default)]
    pub edition: Option<Date>,
}

/// What `lists show` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListsShowAnswer {
    /// The party.
    pub party: Party,
    /// Its list.
    pub list: List,
    /// The day the list was taken.
    pub date: Option<Date>,
    /// Names of ours.
    pub own_names: Vec<Alias>,
    /// Other entries that bear one of its names and are not seated elsewhere, on all lists.
    pub also: Vec<Party>,
    /// Editions that hold the party under the same id or a former one.
    pub editions: Vec<Date>,
    /// What identifies the data.
    pub data_version: String,
}

impl Operation for ListsShow {
    const NAME: &'static str = "lists show";
    const SUMMARY: &'static str = "One listed party in full, with its other entries on all lists.";
    type Request = ListsShowRequest;
    type Answer = ListsShowAnswer;

    fn run(workbench: &Workbench, request: &ListsShowRequest) -> Result<ListsShowAnswer, Failure> {
        let register = workbench.party_register()?;
        let edition = workbench.edition(request.edition)?;
        let mut editions = Vec::new();
        for snapshot in &register.snapshots {
            if workbench.edition(Some(snapshot.date))?.find(&request.id).is_ok() {
                editions.push(snapshot.date);
            }
        }
        let party = edition.find(&request.id).map_err(|unknown| match editions.last() {
            Some(last) => Failure {
                kind: FailureKind::UnknownName,
                message: format!("{unknown}; the edition of {last} has it (--edition {last})"),
            },
            None => unknown.into(),
        })?;
        let list = register.lists.find(&party.list)?.clone();
        Ok(ListsShowAnswer {
            date: edition.dates().get(&party.list).copied(),
            own_names: workbench.party_aliases()?.of(party).cloned().collect(),
            also: edition.namesakes(party, &register.countries).cloned().collect(),
            party: party.clone(),
            list,
            editions,
            data_version: workbench.data_version(),
        })
    }
}
