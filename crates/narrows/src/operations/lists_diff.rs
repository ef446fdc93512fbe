//! `lists diff`: what changed between two editions.

use jiff::civil::Date;
use narrows_screening::difference::{ListDifference, difference};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::operation::Operation;
use crate::workbench::Workbench;

/// What changed between two editions.
pub struct ListsDiff;

/// What `lists diff` is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListsDiffRequest {
    /// Day of the earlier edition; the last but one on record if not given.
    #[serde(default)]
    pub before: Option<Date>,
    /// Day of the later edition; the last on record if not given.
    #[serde(default)]
    pub after: Option<Date>,
    /// Only this list, by its code.
    #[serde(default)]
    pub list: Option<String>,
}

/// What `lists diff` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListsDiffAnswer {
    /// Day of the earlier edition.
    pub before: Date,
    /// Day of the later edition.
    pub after: Date,
    /// What changed, by list.
    pub lists: Vec<ListDifference>,
    /// Remarks on the editions, which may say why much changed.
    pub notes: Vec<String>,
    /// What identifies the data.
    pub data_version: String,
}

impl Operation for ListsDiff {
    const NAME: &'static str = "lists diff";
    const SUMMARY: &'static str = "What was added, removed and changed between two editions of the lists.";
    type Request = ListsDiffRequest;
    type Answer = ListsDiffAnswer;

    fn run(workbench: &Workbench, request: &ListsDiffRequest) -> Result<ListsDiffAnswer, Failure> {
        let register = workbench.party_register()?;
        let mut newest = register.snapshots.iter().rev().map(|snapshot| snapshot.date);
        let (last, last_but_one) = (newest.next(), newest.next());
        let none = || Failure::input("expected two editions on record; give two days");
        let after = request.after.or(last).ok_or_else(none)?;
        let before = request.before.or(last_but_one).ok_or_else(none)?;
        if before > after {
            return Err(Failure::input(format!(
                "expected the earlier day first, found {before} and {after}"
            )));
        }
        let mut lists =
            difference(&*workbench.edition(Some(before))?, &*workbench.edition(Some(after))?).lists;
        if let Some(code) = &request.list {
            let code = &register.lists.find(code)?.code;
            lists.retain(|list| list.list == *code);
        }
        let between = register.snapshots.iter().filter(|snapshot| snapshot.date <= after);
        let notes = between.filter_map(|it| it.note.as_ref().map(|note| format!("{}: {note}", it.date)));
        let notes = notes.collect();
        Ok(ListsDiffAnswer { before, after, lists, notes, data_version: workbench.data_version() })
    }
}
