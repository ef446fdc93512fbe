//! [`answers`]: how soon the importer's side answered when the exporter's loosened.
//!
//! A loosening is answered by the first retaliation that names one of its chips, unless the
//! exporter loosens on one of them again before. Both kinds are those of the record of events.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Serialize;

use super::line::Lines;
use crate::event::{Events, Kind, PolicyEvent};

/// A loosening of the exporter's, with what the importer's side did about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answered {
    /// Id of the event.
    pub event: String,
    /// Day on which the public could first know.
    pub on: Date,
    /// The first answer; `None` if there was none before the next loosening on one of the chips,
    /// or by the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

/// What the importer's side did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Id of the event.
    pub event: String,
    /// What happened, on one line.
    pub title: String,
    /// Day.
    pub on: Date,
    /// Days since the loosening.
    pub days: i32,
}

/// Every loosening on chips of the lines that was known by a day, the earliest first.
#[must_use]
pub fn answers(events: &Events, lines: &Lines, on: Date) -> Vec<Answered> {
    let watched: BTreeSet<&str> = lines.chips().map(|(chip, _)| chip).collect();
    let is_watched = |event: &&PolicyEvent| event.chips.iter().any(|chip| watched.contains(chip.as_str()));
    let known: Vec<&PolicyEvent> =
        events.iter().filter(|event| event.days.announced <= on).filter(is_watched).collect();
    let of = |kind: Kind, side: &str, event: &PolicyEvent| {
        event.kind == kind && event.jurisdiction.as_deref() == Some(side)
    };
    let mut all = Vec::new();
    for (at, loosened) in known.iter().enumerate() {
        if !of(Kind::Loosen, lines.exporter(), loosened) {
            continue;
        }
        let shared = |event: &&&PolicyEvent| event.chips.iter().any(|chip| loosened.chips.contains(chip));
        let next = known.iter().skip(at + 1).filter(shared).find(|event| {
            of(Kind::Retaliate, lines.importer(), event) || of(Kind::Loosen, lines.exporter(), event)
        });
        let answer = next.filter(|event| event.kind == Kind::Retaliate).map(|event| Answer {
            event: event.id.clone(),
            title: event.title.clone(),
            on: event.days.announced,
            days: (event.days.announced - loosened.days.announced).get_days(),
        });
        all.push(Answered { event: loosened.id.clone(), on: loosened.days.announced, answer });
    }
    all
}
