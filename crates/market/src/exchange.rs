//! [`Exchange`]: where a share is quoted, its hours, and the days on which it has a session.
//!
//! One event has a different first day in each market, so every question about days goes
//! through a calendar. A calendar answers for the days it covers only: beyond them the answer is
//! `None`, never a guess. Data: `exchanges/*.toml`, one exchange a file.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use narrows_catalog::datafile::{Collector, Document, Table};
use narrows_catalog::{DataFile, Problems};
use narrows_quantity::Certainty;
use serde::Serialize;

/// An exchange with its calendar. Dates are local dates of the exchange.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exchange {
    /// Market identifier code of ISO 10383: `XNYS`.
    pub id: String,
    /// Name.
    pub name: String,
    /// Place, an ISO 3166-1 code.
    pub place: String,
    /// Time zone by its name in the IANA database.
    pub time_zone: String,
    /// Usual opening, local time.
    pub open: Time,
    /// Usual close, local time.
    pub close: Time,
    /// Currency of its quotes, an ISO 4217 code.
    pub currency: String,
    /// Tickers that stand for the whole market, the preferred one first.
    pub benchmarks: Vec<String>,
    /// Ticker that stands for the rest of the world; `None` where the benchmark is that itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub world: Option<String>,
    /// First and last day that the calendar answers for.
    pub covered: (Date, Date),
    /// First and last day on which the calendar was compared with quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<(Date, Date)>,
    /// How firm the calendar is.
    pub certainty: Certainty,
    /// Where it comes from.
    pub source: String,
    #[serde(skip)]
    zone: TimeZone,
    #[serde(skip)]
    earlier_hours: Vec<Hours>,
    #[serde(skip)]
    holidays: BTreeMap<Date, String>,
    #[serde(skip)]
    other_closes: BTreeMap<Date, OtherClose>,
}

/// Hours that were kept until a day.
#[derive(Debug, Clone, PartialEq)]
struct Hours {
    until: Date,
    open: Time,
    close: Time,
}

/// A day with another close than the usual one.
#[derive(Debug, Clone, PartialEq)]
struct OtherClose {
    close: Time,
    name: String,
}

impl Exchange {
    /// Whether the calendar answers for a day.
    #[must_use]
    pub fn covers(&self, day: Date) -> bool {
        self.covered.0 <= day && day <= self.covered.1
    }

    /// Whether there is a session on a day; `None` beyond the calendar's coverage.
    #[must_use]
    pub fn is_session(&self, day: Date) -> Option<bool> {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        self.covers(day).then(|| !weekend && !self.holidays.contains_key(&day))
    }

    /// The holiday of a day, by name.
    #[must_use]
    pub fn holiday(&self, day: Date) -> Option<&str> {
        self.holidays.get(&day).map(String::as_str)
    }

    /// The day itself if it has a session, or else the next that has; `None` if the calendar
    /// ends before.
    #[must_use]
    pub fn first_session_on_or_after(&self, day: Date) -> Option<Date> {
        let mut day = day;
        while !self.is_session(day)? {
            day = day.tomorrow().ok()?;
        }
        Some(day)
    }

    /// The first session after a day.
    #[must_use]
    pub fn next_session(&self, day: Date) -> Option<Date> {
        self.first_session_on_or_after(day.tomorrow().ok()?)
    }

    /// The last session before a day.
    #[must_use]
    pub fn previous_session(&self, day: Date) -> Option<Date> {
        let mut day = day.yesterday().ok()?;
        while !self.is_session(day)? {
            day = day.yesterday().ok()?;
        }
        Some(day)
    }

    /// Local time at which the session of a day opens. Late openings of single days are not on
    /// record.
    #[must_use]
    pub fn opens(&self, day: Date) -> Time {
        self.hours(day).map_or(self.open, |hours| hours.open)
    }

    /// Local time at which the session of a day closes.
    #[must_use]
    pub fn closes(&self, day: Date) -> Time {
        let usual = self.hours(day).map_or(self.close, |hours| hours.close);
        self.other_closes.get(&day).map_or(usual, |other| other.close)
    }

    /// Why a day closes at another time than usual.
    #[must_use]
    pub fn other_close(&self, day: Date) -> Option<&str> {
        self.other_closes.get(&day).map(|other| other.name.as_str())
    }

    fn hours(&self, day: Date) -> Option<&Hours> {
        self.earlier_hours.iter().find(|hours| day <= hours.until)
    }

    /// The first session that has not closed yet at a moment: the first in which what became
    /// known then can be traded. At the closing time itself the session counts as closed.
    #[must_use]
    pub fn first_session_open_after(&self, moment: Timestamp) -> Option<Date> {
        let local = moment.to_zoned(self.zone.clone());
        let day = self.first_session_on_or_after(local.date())?;
        let over = day == local.date() && local.time() >= self.closes(day);
        if over { self.next_session(day) } else { Some(day) }
    }

    /// Number of sessions after one day and until another, which counts; zero if the second is
    /// not later. `None` if the calendar does not cover both days.
    #[must_use]
    pub fn sessions_between(&self, after: Date, until: Date) -> Option<usize> {
        if !self.covers(after) || !self.covers(until) {
            return None;
        }
        let mut sessions = 0;
        let mut day = after;
        while day < until {
            day = day.tomorrow().ok()?;
            sessions += usize::from(self.is_session(day)?);
        }
        Some(sessions)
    }
}

/// All exchanges on record.
#[derive(Debug, Clone, Default)]
pub struct Exchanges(BTreeMap<String, Exchange>);

impl Exchanges {
    /// Reads `exchanges/*.toml`.
    ///
    /// # Errors
    /// Everything that is wrong in the files.
    pub fn read<'a>(files: impl IntoIterator<Item = DataFile<'a>>) -> Result<Self, Problems> {
        let problems = Collector::new();
        let mut exchanges = BTreeMap::new();
        for file in files {
            let Some(document) = Document::parse(file, &problems) else { continue };
            let root = document.root(&problems);
            let exchange = read_exchange(&root);
            root.finish();
            let Some(exchange) = exchange else { continue };
            if exchanges.contains_key(&exchange.id) {
                root.report("id", format!("there is another exchange `{}`", exchange.id));
            }
            exchanges.insert(exchange.id.clone(), exchange);
        }
        problems.finish(Self(exchanges))
    }

    /// An exchange by its code, in any case.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Exchange> {
        self.0.get(id.trim().to_uppercase().as_str())
    }

    /// All exchanges in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = &Exchange> {
        self.0.values()
    }
}

fn read_exchange(root: &Table<'_>) -> Option<Exchange> {
    // Every field is read before the first absent one ends the reading, so that all are reported.
    let (id, name, place) = (root.string("id"), root.string("name"), root.string("place"));
    let zone = read_zone(root);
    let (open, close) = (read_time(root, "open"), read_time(root, "close"));
    let currency = root.string("currency");
    let benchmarks = root.plain_strings("benchmarks");
    let world = root.optional_string("world");
    let covered = read_span(root, "covered");
    if !root.has("covered") {
        root.report("covered", "the field is missing");
    }
    let confirmed = read_span(root, "confirmed");
    let (certainty, source) = (root.certainty("certainty"), root.string("source"));
    let earlier_hours = read_earlier_hours(root);
    let holidays = read_holidays(root, covered);
    let other_closes = read_other_closes(root, open, covered, &holidays);
    if let (Some((first, last)), Some((from, to))) = (covered, confirmed)
        && (from < first || to > last)
    {
        root.report("confirmed", "what is confirmed lies outside what is covered");
    }
    if let (Some(open), Some(close)) = (open, close)
        && close <= open
    {
        root.report("close", format!("a close at {close} is not after the opening at {open}"));
    }
    if let Some(id) = &id
        && (id.len() != 4 || !id.chars().all(|letter| letter.is_ascii_uppercase()))
    {
        root.report("id", format!("expected four capital letters such as XNYS, found `{id}`"));
    }
    let (time_zone, zone) = zone?;
    Some(Exchange {
        id: id?,
        name: name?,
        place: place?,
        time_zone,
        open: open?,
        close: close?,
        currency: currency?,
        benchmarks,
        world,
        covered: covered?,
        confirmed,
        certainty: certainty?,
        source: source?,
        zone,
        earlier_hours,
        holidays,
        other_closes,
    })
}

fn read_zone(root: &Table<'_>) -> Option<(String, TimeZone)> {
    let name = root.string("time_zone")?;
    match TimeZone::get(&name) {
        Ok(zone) => Some((name, zone)),
        Err(error) => {
            root.report("time_zone", format!("no time zone of the IANA database: {error}"));
            None
        }
    }
}

fn read_time(table: &Table<'_>, key: &str) -> Option<Time> {
    let text = table.string(key)?;
    let time = text.parse().ok();
    if time.is_none() {
        table.report(key, format!("expected a time such as 09:30, found `{text}`"));
    }
    time
}

fn read_span(table: &Table<'_>, key: &str) -> Option<(Date, Date)> {
    let days = table.dates(key);
    match days.as_slice() {
        [first, last] if first <= last => Some((*first, *last)),
        _ if !table.has(key) => None,
        _ => {
            table.report(key, "expected a list of the first and the last day");
            None
        }
    }
}

fn read_earlier_hours(root: &Table<'_>) -> Vec<Hours> {
    let mut all = Vec::new();
    for table in root.tables("earlier_hours") {
        let hours = (table.date("until"), read_time(&table, "open"), read_time(&table, "close"));
        table.finish();
        if let (Some(until), Some(open), Some(close)) = hours {
            all.push(Hours { until, open, close });
        }
    }
    // The hours of a day are those of the first entry that reaches it.
    all.sort_by_key(|hours| hours.until);
    all
}

fn read_holidays(root: &Table<'_>, covered: Option<(Date, Date)>) -> BTreeMap<Date, String> {
    let mut holidays = BTreeMap::new();
    for table in root.tables("holidays") {
        let name = table.string("name");
        let dates = table.dates("dates");
        table.finish();
        if dates.is_empty() {
            table.report("dates", "expected at least one day");
        }
        for date in dates {
            check_day(&table, "dates", date, covered);
            if holidays.insert(date, name.clone().unwrap_or_default()).is_some() {
                table.report("dates", format!("{date} is listed twice"));
            }
        }
    }
    holidays
}

fn read_other_closes(
    root: &Table<'_>,
    open: Option<Time>,
    covered: Option<(Date, Date)>,
    holidays: &BTreeMap<Date, String>,
) -> BTreeMap<Date, OtherClose> {
    let mut closes = BTreeMap::new();
    for table in root.tables("closes") {
        let entry = (table.date("date"), read_time(&table, "close"), table.string("name"));
        table.finish();
        let (Some(date), Some(close), Some(name)) = entry else { continue };
        check_day(&table, "date", date, covered);
        if open.is_some_and(|open| close <= open) {
            table.report("close", format!("a close at {close} is not after the opening"));
        }
        if let Some(holiday) = holidays.get(&date) {
            table.report("date", format!("{date} has no session that could close: {holiday}"));
        }
        if closes.insert(date, OtherClose { close, name }).is_some() {
            table.report("date", format!("{date} is listed twice"));
        }
    }
    closes
}

fn check_day(table: &Table<'_>, key: &str, day: Date, covered: Option<(Date, Date)>) {
    if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
        table.report(key, format!("{day} is a {:?}, which has no session", day.weekday()));
    }
    if covered.is_some_and(|(first, last)| day < first || day > last) {
        table.report(key, format!("{day} lies outside what is covered"));
    }
}
