//! `events`: the record of policy, filtered.

use jiff::civil::Date;
use narrows_market::event::{Events, KINDS, PolicyEvent};
use narrows_quantity::{did_you_mean, nearest};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::operation::Operation;
use crate::workbench::Workbench;

/// The record of policy, filtered.
pub struct EventsOperation;

/// What `events` is asked. Filters are joined by *and*.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsRequest {
    /// One event, by id, name or day.
    #[serde(default)]
    pub name: Option<String>,
    /// Only events that reach this chip (any name of it; a family's default member).
    #[serde(default)]
    pub chip: Option<String>,
    /// Only events that name or strike this firm (id).
    #[serde(default)]
    pub firm: Option<String>,
    /// Only events of this kind.
    #[serde(default)]
    pub kind: Option<String>,
    /// Only events announced on this day or later.
    #[serde(default)]
    pub from: Option<Date>,
    /// Only events announced on this day or earlier.
    #[serde(default)]
    pub to: Option<Date>,
}

/// What `events` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventsAnswer {
    /// Events, the earliest first.
    pub events: Vec<PolicyEvent>,
    /// Of how many.
    pub of: usize,
    /// First and last day of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<(Date, Date)>,
    /// What identifies the data.
    pub data_version: String,
}

impl Operation for EventsOperation {
    const NAME: &'static str = "events";
    const SUMMARY: &'static str = "The dated record of policy, filtered by chip, firm, kind and day.";
    type Request = EventsRequest;
    type Answer = EventsAnswer;

    fn run(workbench: &Workbench, request: &EventsRequest) -> Result<EventsAnswer, Failure> {
        let events = workbench.events()?;
        let chip = match &request.chip {
            Some(name) => Some(workbench.chips()?.find(name)?.chip.id.clone()),
            None => None,
        };
        let kind = request.kind.as_deref().map(kind_of).transpose()?;
        let one = request.name.as_deref().map(|name| events.find(name)).transpose()?;
        if let (Some(from), Some(to)) = (request.from, request.to)
            && from > to
        {
            return Err(Failure::input(format!("expected `from` no later than `to`, found {from} and {to}")));
        }
        if let Some(firm) = &request.firm {
            check_firm(events, firm)?;
        }
        let is_asked = |event: &&PolicyEvent| {
            one.is_none_or(|one| one.id == event.id)
                && chip.as_ref().is_none_or(|chip| event.chips.contains(chip))
                && request.firm.as_ref().is_none_or(|firm| event.firms.contains(firm))
                && kind.is_none_or(|kind| kind == event.kind.word())
                && request.from.is_none_or(|from| event.days.announced >= from)
                && request.to.is_none_or(|to| event.days.announced <= to)
        };
        let first = events.iter().next().map(|event| event.days.announced);
        let last = events.iter().next_back().map(|event| event.days.announced);
        Ok(EventsAnswer {
            events: events.iter().filter(is_asked).cloned().collect(),
            of: events.iter().count(),
            record: first.zip(last),
            data_version: workbench.data_version(),
        })
    }
}

/// A kind of event by its word.
fn kind_of(word: &str) -> Result<&'static str, Failure> {
    let words = KINDS.map(|(word, _)| word);
    words.into_iter().find(|known| *known == word).ok_or_else(|| {
        let hint = nearest(word, words.into_iter());
        Failure::input(format!(
            "unknown kind of event `{word}`{}; expected one of {}",
            did_you_mean(hint.as_deref()),
            words.join(", ")
        ))
    })
}

/// A firm that no event names is more likely a slip of the pen than a firm without events.
fn check_firm(events: &Events, firm: &str) -> Result<(), Failure> {
    let known = || events.iter().flat_map(|event| event.firms.iter().map(String::as_str));
    if known().any(|known| known == firm) {
        return Ok(());
    }
    let hint = nearest(firm, known());
    Err(Failure {
        kind: crate::FailureKind::UnknownName,
        message: format!("no event names the firm `{firm}`{}", did_you_mean(hint.as_deref())),
    })
}
