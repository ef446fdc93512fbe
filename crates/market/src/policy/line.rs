//! [`Lines`]: which parts stood under one rule, and when either side turned it.
//!
//! A *line* is a group of parts that one decision moves together, so that a decision counts once
//! and not once for each part. Each turn rests on an event of the record, whose day it takes.
//! Data: `policy/*.toml`.

use jiff::civil::Date;
use narrows_catalog::datafile::{Collector, Document, Located, Location, Table};
use narrows_catalog::{DataFile, Problems};
use narrows_quantity::{Certainty, Decimal, did_you_mean, nearest};
use serde::Serialize;

use super::state::{EXPORTER_STATES, Exporter, IMPORTER_STATES, Importer, Rule};
use crate::event::{Events, PolicyEvent};

/// What a side turned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Turned {
    /// The exporter's authority.
    Exporter(Exporter),
    /// The importer's.
    Importer(Importer),
}

impl Turned {
    /// The rule after it.
    #[must_use]
    pub const fn of(self, before: Rule) -> Rule {
        match self {
            Self::Exporter(exporter) => Rule { exporter, ..before },
            Self::Importer(importer) => Rule { importer, ..before },
        }
    }
}

/// One decision of one side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Turn {
    /// Id of the event.
    pub event: String,
    /// Day on which the public could first know.
    pub on: Date,
    /// What it turned to.
    #[serde(flatten)]
    pub to: Turned,
    /// Share of the revenue that sales cost from then on, for a turn to that state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee: Option<f64>,
    /// Why it counts as this turn, where that is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Parts that one decision moves together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Id.
    pub id: String,
    /// In words.
    pub name: String,
    /// Ids of its chips.
    pub chips: Vec<String>,
    /// Day from which it is watched.
    pub from: Date,
    /// Day from which it is watched no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// What held on the first day.
    pub start: Rule,
    /// How sure it is what held when.
    pub certainty: Certainty,
    /// Why it is watched from and until then.
    pub note: String,
    /// Its turns, the earliest first.
    pub turns: Vec<Turn>,
}

impl Line {
    /// The rule on a day, by the turns that the public knew of; `None` before it was watched.
    #[must_use]
    pub fn rule_on(&self, day: Date) -> Option<Rule> {
        let known = self.turns.iter().take_while(|turn| turn.on <= day);
        (self.from <= day).then(|| known.fold(self.start, |rule, turn| turn.to.of(rule)))
    }
}

/// All lines, and whose acts turn them.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    exporter: String,
    importer: String,
    lines: Vec<Line>,
    /// Chips with where the data name them.
    chips: Vec<Located<String>>,
}

impl Lines {
    /// Reads `policy/*.toml` against the record of events.
    ///
    /// # Errors
    /// Everything that is wrong in the files.
    pub fn read<'a>(
        files: impl IntoIterator<Item = DataFile<'a>>,
        events: &Events,
    ) -> Result<Self, Problems> {
        let problems = Collector::new();
        let mut all = Self::default();
        for file in files {
            let Some(document) = Document::parse(file, &problems) else { continue };
            let root = document.root(&problems);
            let sides = (root.string("exporter"), root.string("importer"));
            let (exporter, importer) = (sides.0.unwrap_or_default(), sides.1.unwrap_or_default());
            if !all.lines.is_empty() && (&exporter, &importer) != (&all.exporter, &all.importer) {
                root.report("exporter", "expected the two sides of the other files");
            }
            (all.exporter, all.importer) = (exporter, importer);
            for table in root.tables("line") {
                let line = all.read_line(&table, events);
                table.finish();
                let Some(line) = line else { continue };
                if all.lines.iter().any(|other| other.id == line.id) {
                    table.report("id", format!("`{}` stands already", line.id));
                }
                all.lines.push(line);
            }
            root.finish();
        }
        problems.finish(all)
    }

    fn read_line(&mut self, table: &Table<'_>, events: &Events) -> Option<Line> {
        let (id, name, note) = (table.string("id"), table.string("name"), table.string("note"));
        let (from, until) = (table.date("from"), table.optional_date("until"));
        let exporter = table.word("exporter", &EXPORTER_STATES);
        let importer = table.word("importer", &IMPORTER_STATES);
        let certainty = table.certainty("certainty");
        let chips = table.strings("chips");
        let start = Rule { exporter: exporter?, importer: importer? };
        let mut turns = Vec::new();
        let (mut day, mut rule) = (from?, start);
        for entry in table.tables("turn") {
            let turn = self.read_turn(&entry, events, rule, day);
            entry.finish();
            if let Some(turn) = turn {
                (day, rule) = (turn.on, turn.to.of(rule));
                turns.push(turn);
            }
        }
        if until.is_some_and(|until| until < day) {
            table.report("until", format!("expected no earlier than the last turn, {day}"));
        }
        let line = Line {
            chips: chips.iter().map(|chip| chip.value.clone()).collect(),
            id: id?,
            name: name?,
            from: from?,
            until,
            start,
            certainty: certainty?,
            note: note?,
            turns,
        };
        self.chips.extend(chips);
        Some(line)
    }

    fn read_turn(&self, table: &Table<'_>, events: &Events, before: Rule, after: Date) -> Option<Turn> {
        let exporter = table.optional_word("exporter", &EXPORTER_STATES).map(Turned::Exporter);
        let importer = table.optional_word("importer", &IMPORTER_STATES).map(Turned::Importer);
        let (fee, note) = (table.optional_decimal("fee"), table.optional_string("note"));
        let id = table.string("event")?;
        let to = match (exporter, importer) {
            (Some(to), None) | (None, Some(to)) => to,
            _ => {
                table.report("event", "expected what one side turned to: either `exporter` or `importer`");
                return None;
            }
        };
        let Some(event) = events.iter().find(|event| event.id == id) else {
            let hint = nearest(&id, events.iter().map(|event| event.id.as_str()));
            table.report("event", format!("unknown event `{id}`{}", did_you_mean(hint.as_deref())));
            return None;
        };
        self.check_side(table, event, to);
        if to.of(before) == before {
            table.report("event", format!("the rule was {before} already"));
        }
        if event.days.announced < after {
            table.report("event", format!("expected turns in order of their days, and none before {after}"));
        }
        if matches!(to, Turned::Exporter(Exporter::Fee)) != fee.is_some() {
            table.report("fee", "a turn to `fee`, and no other, has the share of the revenue that it takes");
        }
        let fee = fee.map(Decimal::to_f64);
        if fee.is_some_and(|fee| !(0.0..=1.0).contains(&fee)) {
            table.report("fee", "expected a share between zero and one");
        }
        Some(Turn { event: id, on: event.days.announced, to, fee, note })
    }

    /// A turn is the act of the side that it turns.
    fn check_side(&self, table: &Table<'_>, event: &PolicyEvent, to: Turned) {
        let expected = match to {
            Turned::Exporter(_) => &self.exporter,
            Turned::Importer(_) => &self.importer,
        };
        if event.jurisdiction.as_ref() != Some(expected) {
            let found = event.jurisdiction.as_deref().unwrap_or("nobody");
            table.report("event", format!("expected an act of `{expected}`, found one of `{found}`"));
        }
    }

    /// All lines, in the order of the data.
    pub fn iter(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter()
    }

    /// The line of one of these chips on a day: of those still watched the latest.
    #[must_use]
    pub fn of_chips(&self, chips: &[String], on: Date) -> Option<&Line> {
        let ours = self.lines.iter().filter(|line| line.from <= on);
        ours.filter(|line| line.chips.iter().any(|chip| chips.contains(chip)))
            .max_by_key(|line| (line.until.is_none_or(|until| on < until), line.from))
    }

    /// Jurisdiction whose acts are the exporter's.
    #[must_use]
    pub fn exporter(&self) -> &str {
        &self.exporter
    }

    /// Jurisdiction whose acts are the importer's.
    #[must_use]
    pub fn importer(&self) -> &str {
        &self.importer
    }

    /// Chips that the data name, with where.
    pub fn chips(&self) -> impl Iterator<Item = (&str, &Location)> {
        self.chips.iter().map(|chip| (chip.value.as_str(), &chip.at))
    }

    /// The turn that set the fee of a line: its own last one by a day, or else the last of any
    /// line; `None` if nobody had heard of a fee by then.
    #[must_use]
    pub fn fee_on(&self, line: &Line, day: Date) -> Option<&Turn> {
        let all = self.lines.iter().flat_map(|other| {
            let is_own = other.id == line.id;
            other.turns.iter().map(move |turn| (is_own, turn))
        });
        let known = all.filter(|(_, turn)| turn.fee.is_some() && turn.on <= day);
        known.max_by_key(|(is_own, turn)| (*is_own, turn.on)).map(|(_, turn)| turn)
    }
}
