//! [`PolicyEvent`]: one dated act of policy, with whose act it was and what else moved then.
//!
//! An event has several days, and they differ: a notice may be private for a week, a rule
//! published before it takes effect. Shares can react only to what the public could know, so
//! [`PolicyEvent::moment`] is that of the announcement. Data: `events/*.toml`.

mod published;
mod reference;

pub use published::PublishedMove;
pub use reference::{Reference, Register};

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use narrows_catalog::datafile::{Collector, Document, Location, Table};
use narrows_catalog::{DataFile, Problems, normalise};
use narrows_quantity::{Certainty, nearest};
use serde::Serialize;

/// One dated act of policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PolicyEvent {
    /// Id: the day of the announcement and a few words.
    pub id: String,
    /// Other names to ask for it by.
    pub names: Vec<String>,
    /// What happened, on one line.
    pub title: String,
    /// What happened.
    pub summary: String,
    /// What it did to trade.
    pub kind: Kind,
    /// Who acted: signed, filed or spoke.
    pub legal_actor: Vec<String>,
    /// Whose will it was.
    pub political_actor: Vec<String>,
    /// Whose rule or act it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<String>,
    /// Form of the act: interim final rule, letter, press report.
    pub act: String,
    /// Ids of the instruments of law that it announces, brings into force or changes.
    pub instruments: Vec<String>,
    /// Ids of chips that it reaches.
    pub chips: Vec<String>,
    /// What else it reaches, in words.
    pub subjects: Vec<String>,
    /// Ids of firms that it names or strikes.
    pub firms: Vec<String>,
    /// Its days.
    #[serde(flatten)]
    pub days: Days,
    /// How sure the event is.
    pub certainty: Certainty,
    /// How sure its day is, where that is less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_certainty: Option<Certainty>,
    /// What a reader must know of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What else moved the same shares in the same days.
    pub confounders: Vec<Confounder>,
    /// What the press said of shares, for those without quotes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<PublishedMove>,
    /// Where it comes from.
    pub sources: Vec<Source>,
    /// Where it stands in the data.
    #[serde(skip)]
    pub at: Location,
    /// What it refers to, each where it stands in the data.
    #[serde(skip)]
    pub references: Vec<Reference>,
}

/// The days of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Days {
    /// The day, in [`Days::time_zone`], on which the public could first know.
    pub announced: Date,
    /// Time zone (IANA) of the announcement.
    pub time_zone: String,
    /// When in the day, as seen from the session of the exchange there.
    pub timing: Timing,
    /// Time of the day, where a source gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
    /// A private notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Date>,
    /// The official text was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<Date>,
    /// It took effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<Date>,
    /// A firm made it known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disclosed: Option<Date>,
}

/// What an event did to trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A control was added or widened.
    Tighten,
    /// A control was lifted, narrowed or not applied.
    Loosen,
    /// A control was announced as possible.
    Threaten,
    /// The other side answered.
    Retaliate,
    /// Both sides spoke.
    Negotiate,
    /// A fact was made known that changes no rule.
    Statement,
}

/// Words for kinds.
pub const KINDS: [(&str, Kind); 6] = [
    ("tighten", Kind::Tighten),
    ("loosen", Kind::Loosen),
    ("threaten", Kind::Threaten),
    ("retaliate", Kind::Retaliate),
    ("negotiate", Kind::Negotiate),
    ("statement", Kind::Statement),
];

impl Kind {
    /// The word of the data files.
    #[must_use]
    pub fn word(self) -> &'static str {
        KINDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| *word)
    }
}

/// When in the day an event became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// Before the session.
    Pre,
    /// During it.
    Intraday,
    /// After its close.
    After,
    /// In the night after it.
    Overnight,
    /// On a day without one.
    Weekend,
}

impl Timing {
    /// The word of the data files.
    #[must_use]
    pub fn word(self) -> &'static str {
        TIMINGS.iter().find(|(_, timing, _)| *timing == self).map_or("", |(word, ..)| *word)
    }

    /// The same in prose.
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Pre => "before the session",
            Self::Intraday => "during the session",
            Self::After => "after the close",
            Self::Overnight => "in the night",
            Self::Weekend => "on a day without a session",
        }
    }
}

/// Words for timings, each with the time of the day that stands for it where no source gives
/// one.
const TIMINGS: [(&str, Timing, Time); 5] = [
    ("pre", Timing::Pre, Time::constant(8, 0, 0, 0)),
    ("intraday", Timing::Intraday, Time::constant(12, 0, 0, 0)),
    ("after", Timing::After, Time::constant(17, 0, 0, 0)),
    ("overnight", Timing::Overnight, Time::constant(21, 0, 0, 0)),
    ("weekend", Timing::Weekend, Time::constant(12, 0, 0, 0)),
];

/// Something else that moved the same shares in the same days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confounder {
    /// What it was.
    pub what: String,
    /// `market`, `results`, `policy` or `other`.
    pub kind: String,
    /// Id of the event, if it is one of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}

/// Kinds of confounders.
const CONFOUNDERS: [(&str, &str); 4] =
    [("market", "market"), ("results", "results"), ("policy", "policy"), ("other", "other")];

/// A page that says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Address.
    pub url: String,
    /// How far it can be trusted.
    pub certainty: Certainty,
}

impl PolicyEvent {
    /// The moment from which shares could react. Without a time on record it is the usual one
    /// of the timing.
    ///
    /// `None` if the time zone is unknown, which reading excludes.
    #[must_use]
    pub fn moment(&self) -> Option<Timestamp> {
        let usual =
            TIMINGS.iter().find(|(_, timing, _)| *timing == self.days.timing).map(|(_, _, time)| *time)?;
        let zone = TimeZone::get(&self.days.time_zone).ok()?;
        let local = self.days.announced.to_datetime(self.days.time.unwrap_or(usual));
        Some(zone.to_zoned(local).ok()?.timestamp())
    }

    fn read(table: &Table<'_>) -> Option<Self> {
        let certainty = table.certainty("certainty");
        let mut sources = Vec::new();
        for source in table.tables("source") {
            let address = source.string("url");
            let trust = source.optional_certainty("certainty").or(certainty);
            sources.extend(address.zip(trust).map(|(url, certainty)| Source { url, certainty }));
            source.finish();
        }
        if sources.is_empty() {
            table.report("source", "an event needs at least one source");
        }
        let mut confounders = Vec::new();
        for confounder in table.tables("confounder") {
            let what = confounder.string("what");
            let kind = confounder.word("kind", &CONFOUNDERS);
            let event = confounder.optional_string("event");
            confounders.extend(what.zip(kind).map(|(what, kind)| Confounder {
                what,
                kind: kind.to_owned(),
                event,
            }));
            confounder.finish();
        }
        let (mut moves, mut references) = (Vec::new(), Vec::new());
        for one in table.tables("move") {
            moves.extend(PublishedMove::read(&one));
            let firm = one.embedded("firm");
            references.extend(firm.map(|id| Reference { register: Register::Firm, id }));
            one.finish();
        }
        let id = table.string("id");
        let title = table.string("title");
        let summary = table.string("summary");
        let kind = table.word("kind", &KINDS);
        let act = table.string("act");
        let days = Days::read(table);
        let mut refer = |register: Register, key: &str| -> Vec<String> {
            let ids = table.strings(key);
            let plain = ids.iter().map(|id| id.value.clone()).collect();
            references.extend(ids.into_iter().map(|id| Reference { register, id }));
            plain
        };
        let instruments = refer(Register::Instrument, "instruments");
        let chips = refer(Register::Chip, "chips");
        let firms = refer(Register::Firm, "firms");
        let event = Self {
            names: table.plain_strings("names"),
            legal_actor: table.plain_strings("legal_actor"),
            political_actor: table.plain_strings("political_actor"),
            jurisdiction: table.optional_string("jurisdiction"),
            instruments,
            chips,
            subjects: table.plain_strings("subjects"),
            firms,
            date_certainty: table.optional_certainty("date_certainty"),
            note: table.optional_string("note"),
            confounders,
            moves,
            sources,
            references,
            at: table.at("id"),
            id: id?,
            title: title?,
            summary: summary?,
            kind: kind?,
            act: act?,
            days: days?,
            certainty: certainty?,
        };
        if event.legal_actor.is_empty() {
            table.report("legal_actor", "an event needs somebody who acted");
        }
        if !event.id.starts_with(&event.days.announced.to_string()) {
            table.report("id", format!("expected to begin with the day announced, {}", event.days.announced));
        }
        Some(event)
    }
}

impl Days {
    fn read(table: &Table<'_>) -> Option<Self> {
        let announced = table.date("announced");
        let time_zone = table.string("time_zone");
        if let Some(zone) = &time_zone
            && TimeZone::get(zone).is_err()
        {
            table.report(
                "time_zone",
                format!("expected an IANA time zone such as America/New_York, found `{zone}`"),
            );
        }
        let timing = table.word("timing", &TIMINGS.map(|(word, timing, _)| (word, timing)));
        let time = table.optional_string("time").and_then(|text| match text.parse::<Time>() {
            Ok(time) => Some(time),
            Err(_) => {
                table.report("time", format!("expected a time of the day such as 16:20, found `{text}`"));
                None
            }
        });
        let days = Self {
            time,
            told: table.optional_date("told"),
            published: table.optional_date("published"),
            effective: table.optional_date("effective"),
            disclosed: table.optional_date("disclosed"),
            announced: announced?,
            time_zone: time_zone?,
            timing: timing?,
        };
        if days.told.is_some_and(|told| told > days.announced) {
            table.report("told", format!("expected no later than the day announced, {}", days.announced));
        }
        Some(days)
    }
}

/// The record of policy, by the day announced.
#[derive(Debug, Clone, Default)]
pub struct Events {
    events: Vec<PolicyEvent>,
    names: BTreeMap<String, usize>,
}

/// No event has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown event `{name}`{}", match .nearest.as_slice() {
    [] => String::new(),
    names => format!("; near it are {}", names.join(", ")),
})]
pub struct UnknownEvent {
    /// The name given.
    pub name: String,
    /// Ids that may be meant.
    pub nearest: Vec<String>,
}

impl Events {
    /// Reads events. A later file's event replaces an earlier one of the same id.
    ///
    /// # Errors
    /// Everything that is wrong in the files.
    pub fn read<'a>(files: impl IntoIterator<Item = DataFile<'a>>) -> Result<Self, Problems> {
        let problems = Collector::new();
        let mut by_id: BTreeMap<String, PolicyEvent> = BTreeMap::new();
        for file in files {
            let Some(document) = Document::parse(file, &problems) else { continue };
            let root = document.root(&problems);
            let mut here: BTreeMap<String, Location> = BTreeMap::new();
            for table in root.tables("event") {
                let event = PolicyEvent::read(&table);
                table.finish();
                let Some(event) = event else { continue };
                if let Some(first) = here.insert(event.id.clone(), event.at.clone()) {
                    problems.add(
                        event.at.problem(format!("`{}` stands at line {} already", event.id, first.line)),
                    );
                }
                by_id.insert(event.id.clone(), event);
            }
            root.finish();
        }
        let mut events: Vec<PolicyEvent> = by_id.into_values().collect();
        events.sort_by(|left, right| (left.days.announced, &left.id).cmp(&(right.days.announced, &right.id)));
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for (position, event) in events.iter().enumerate() {
            for name in std::iter::once(&event.id).chain(&event.names) {
                if let Some(other) = names.insert(normalise(name), position)
                    && other != position
                {
                    let other = events.get(other).map_or("", |other| other.id.as_str());
                    problems.add(event.at.problem(format!("the name `{name}` is that of `{other}` already")));
                }
            }
        }
        let known: Vec<&str> = events.iter().map(|event| event.id.as_str()).collect();
        for event in &events {
            for other in event.confounders.iter().filter_map(|confounder| confounder.event.as_ref()) {
                if !known.contains(&other.as_str()) {
                    problems.add(event.at.problem(format!("confounder: unknown event `{other}`")));
                }
            }
        }
        problems.finish(Self { events, names })
    }

    /// All events, the earliest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &PolicyEvent> {
        self.events.iter()
    }

    /// An event by id or name; a day finds the one event announced on it.
    ///
    /// # Errors
    /// Nobody has that name, or a day has several.
    pub fn find(&self, name: &str) -> Result<&PolicyEvent, UnknownEvent> {
        let wanted = normalise(name);
        if let Some(event) = self.names.get(&wanted).and_then(|position| self.events.get(*position)) {
            return Ok(event);
        }
        let unknown = |nearest: Vec<String>| UnknownEvent { name: name.to_owned(), nearest };
        if let Ok(day) = name.parse::<Date>() {
            let that_day: Vec<&PolicyEvent> =
                self.events.iter().filter(|event| event.days.announced == day).collect();
            return match that_day.as_slice() {
                [event] => Ok(event),
                several => Err(unknown(several.iter().map(|event| event.id.clone()).collect())),
            };
        }
        let within: Vec<String> = self
            .events
            .iter()
            .filter(|event| !wanted.is_empty() && normalise(&event.id).contains(&wanted))
            .map(|event| event.id.clone())
            .collect();
        match within.as_slice() {
            [] => {
                let ids = self.events.iter().map(|event| event.id.as_str());
                Err(unknown(nearest(name, ids).into_iter().collect()))
            }
            [only] => self.events.iter().find(|event| event.id == *only).ok_or_else(|| unknown(Vec::new())),
            _ => Err(unknown(within)),
        }
    }

    /// Events announced from `first` to `last`, both included.
    pub fn between(&self, first: Date, last: Date) -> impl Iterator<Item = &PolicyEvent> {
        self.events.iter().filter(move |event| (first..=last).contains(&event.days.announced))
    }
}
