//! `lists`: the lists of restricted parties and the editions on record.

use jiff::civil::Date;
use narrows_screening::edition::plan;
use narrows_screening::list::List;
use narrows_screening::snapshot::Snapshot;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::operation::Operation;
use crate::workbench::Workbench;

/// The lists of restricted parties and the editions on record.
pub struct ListsOperation;

/// What `lists` is asked: nothing beyond the workbench itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListsRequest {}

/// What `lists` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListsAnswer {
    /// The lists, by code.
    pub lists: Vec<ListState>,
    /// The snapshots, the oldest first.
    pub editions: Vec<Snapshot>,
    /// Names of ours beside those on the lists.
    pub own_names: usize,
    /// What identifies the data.
    pub data_version: String,
}

/// A list in the newest edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListState {
    /// The list.
    #[serde(flatten)]
    pub list: List,
    /// The day it was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// Parties on it.
    pub parties: usize,
    /// Their names.
    pub names: usize,
}

impl Operation for ListsOperation {
    const NAME: &'static str = "lists";
    const SUMMARY: &'static str = "The lists of restricted parties and the editions on record.";
    type Request = ListsRequest;
    type Answer = ListsAnswer;

    fn run(workbench: &Workbench, _: &ListsRequest) -> Result<ListsAnswer, Failure> {
        let register = workbench.party_register()?;
        let dates = plan(Date::MAX, &register.snapshots);
        let lists = register.lists.iter().map(|list| {
            let date = dates.get(&list.code).copied();
            let snapshot = register.snapshots.iter().find(|snapshot| Some(snapshot.date) == date);
            let coverage = snapshot.and_then(|snapshot| snapshot.lists.get(&list.code));
            ListState {
                list: list.clone(),
                date,
                parties: coverage.map_or(0, |it| it.parties),
                names: coverage.map_or(0, |it| it.names),
            }
        });
        Ok(ListsAnswer {
            lists: lists.collect(),
            editions: register.snapshots.clone(),
            own_names: workbench.party_aliases()?.firms().map(|firm| firm.names.len()).sum(),
            data_version: workbench.data_version(),
        })
    }
}
