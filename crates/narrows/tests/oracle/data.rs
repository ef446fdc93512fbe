//! The files of a data folder: facts, places, instruments.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use toml::{Table, Value as Toml};

use super::language::{Spot, Tree, parse};
use super::rational::Rational;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Ratio,
    Truth,
    Choice,
    Name,
    Place,
    Date,
}

/// What a fact is once it is known. For names and places the empty word is one that no condition names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(Rational),
    Truth(bool),
    Word(Rc<str>),
}

#[derive(Clone, Debug)]
pub(crate) enum WhenMissing {
    Unknown,
    Assume(Value),
    Required,
}

pub(crate) struct Fact {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) unit: Option<String>,
    pub(crate) range: (Rational, Rational),
    /// The words of a choice; empty for other kinds.
    pub(crate) words: Vec<Rc<str>>,
    /// Numerator and denominator of a ratio.
    pub(crate) parts: Option<(usize, usize)>,
    pub(crate) role: Option<String>,
    pub(crate) otherwise: Option<usize>,
    pub(crate) when_missing: WhenMissing,
    pub(crate) is_question: bool,
}

pub(crate) struct Change {
    pub(crate) place: String,
    pub(crate) joined: bool,
    pub(crate) first: i32,
    /// The day from which an open change has happened, and the question it hangs on before. Places serve all
    /// jurisdictions, so the question may be a fact of another one.
    pub(crate) open: Option<(i32, Option<usize>)>,
    pub(crate) published: i32,
}

pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) members: BTreeSet<String>,
    pub(crate) changes: Vec<Change>,
}

/// All that conditions may speak of.
#[derive(Default)]
pub(crate) struct Vocabulary {
    pub(crate) facts: Vec<Fact>,
    /// Each unit as an amount of a unit that is no multiple of another.
    pub(crate) units: BTreeMap<String, (String, Rational)>,
    /// Each place and the place that tests use for it.
    pub(crate) places: BTreeMap<String, Rc<str>>,
    pub(crate) groups: Vec<Group>,
    pub(crate) provisions: Vec<String>,
    provision_numbers: BTreeMap<String, usize>,
}

pub(crate) enum Effect {
    Define,
    Presume { presumes: Vec<Presumed>, unless: Tree },
    Classify { caught: bool },
    Exclude { from: Vec<usize> },
    Require { review: usize },
    Exempt { from: Vec<usize> },
    Except { status: usize, discharges: Vec<usize> },
    Review { of: Vec<usize>, cases: Vec<(Tree, usize)>, otherwise: Option<usize> },
    Prohibit { status: usize },
    Practice { of: Vec<usize>, status: usize },
    Charge,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presumed {
    Class(usize),
    Truth(usize),
}

/// The effect is shared: an amendment changes the condition alone.
#[derive(Clone)]
pub(crate) struct Definition {
    pub(crate) when: Tree,
    pub(crate) effect: Rc<Effect>,
}

pub(crate) enum Act {
    Add(Rc<Definition>),
    Replace(Rc<Definition>),
    Amend { strike: Tree, insert: Tree },
    End,
    Suspend,
    NotEnforced,
    Unsettle(usize),
}

pub(crate) struct Operation {
    pub(crate) act: Act,
    pub(crate) provision: usize,
    pub(crate) instrument: String,
    pub(crate) is_reform: bool,
    pub(crate) published: i32,
    pub(crate) known_from: i32,
    pub(crate) effective: i32,
    pub(crate) compliance: i32,
    pub(crate) until: Option<i32>,
    /// The days of the reports of a practice that has no `until`.
    pub(crate) reported: Option<Vec<i32>>,
    pub(crate) view: Option<String>,
}

pub(crate) struct Status {
    pub(crate) word: String,
    pub(crate) class: String,
}

pub(crate) struct Jurisdiction {
    /// The strictest first.
    pub(crate) statuses: Vec<Status>,
    pub(crate) not_controlled: usize,
    pub(crate) outside_scope: usize,
    /// Where items come from for the most part.
    pub(crate) home: Option<Rc<str>>,
    pub(crate) coverage_from: i32,
    pub(crate) practice_lapses_after_days: i32,
}

/// Days since 1970-01-01, in the calendar that ISO dates are in.
pub(crate) fn day_number(year: i32, month: i32, day: i32) -> i32 {
    let years = if month <= 2 { year - 1 } else { year };
    let of_era = years.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    years.div_euclid(400) * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

pub(crate) fn read_day(text: &str) -> Option<i32> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return None };
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    Some(day_number(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

pub(crate) fn write_day(number: i32) -> String {
    // Naive on purpose: find the year, then the month, by trying.
    let mut year = 1970 + number / 366;
    while day_number(year + 1, 1, 1) <= number {
        year += 1;
    }
    let month = (1..=12).rev().find(|month| day_number(year, *month, 1) <= number);
    let month = month.expect("a year begins with January");
    format!("{year:04}-{month:02}-{:02}", number - day_number(year, month, 1) + 1)
}

fn table(text: &str) -> Table {
    text.parse().unwrap_or_else(|problem| panic!("no TOML: {problem}"))
}

fn text<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).map(|value| value.as_str().unwrap_or_else(|| panic!("{key} is no text")))
}

fn needed<'a>(table: &'a Table, key: &str) -> &'a str {
    text(table, key).unwrap_or_else(|| panic!("{key} is missing in {table:?}"))
}

fn texts(table: &Table, key: &str) -> Vec<String> {
    let list = table.get(key).and_then(Toml::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().map(|value| value.as_str().expect("a list of texts").to_owned()).collect()
}

fn tables<'a>(table: &'a Table, key: &str) -> Vec<&'a Table> {
    let list = table.get(key).and_then(Toml::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().map(|value| value.as_table().expect("a list of tables")).collect()
}

fn number(value: &Toml) -> Rational {
    let text = match value {
        Toml::Integer(integer) => integer.to_string(),
        // The shortest text of a float is what the file says.
        Toml::Float(float) => format!("{float}"),
        other => panic!("{other:?} is no number"),
    };
    Rational::parse(&text).unwrap_or_else(|| panic!("{text} is no decimal"))
}

fn date(value: &Toml) -> i32 {
    let date = value.as_datetime().and_then(|datetime| datetime.date).expect("a date");
    day_number(i32::from(date.year), i32::from(date.month), i32::from(date.day))
}

fn day(table: &Table, key: &str) -> Option<i32> {
    table.get(key).map(date)
}

pub(crate) fn read_file(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()))
}

/// The TOML files of a folder, by name.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|problem| panic!("{}: {problem}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

impl Vocabulary {
    /// Units and facts from the text of a `facts.toml`.
    pub(crate) fn read(text_of_file: &str) -> Vocabulary {
        let mut vocabulary = Vocabulary::default();
        let file = table(text_of_file);
        for unit in tables(&file, "unit") {
            let entry = match text(unit, "of") {
                None => (needed(unit, "symbol").to_owned(), Rational::ONE),
                Some(other) => {
                    let (base, amount) = &vocabulary.units[other];
                    (base.clone(), number(&unit["amount"]) * *amount)
                }
            };
            vocabulary.units.insert(needed(unit, "symbol").to_owned(), entry);
        }
        for entry in tables(&file, "fact") {
            let fact = vocabulary.read_fact(entry);
            vocabulary.facts.push(fact);
        }
        vocabulary
    }

    fn read_fact(&self, entry: &Table) -> Fact {
        let kind = match needed(entry, "type") {
            "number" => Kind::Number,
            "ratio" => Kind::Ratio,
            "truth" => Kind::Truth,
            "choice" => Kind::Choice,
            "name" => Kind::Name,
            "place" => Kind::Place,
            "date" => Kind::Date,
            other => panic!("{other} is no type"),
        };
        let named = |key| {
            let name = text(entry, key)?;
            Some(self.fact(name).unwrap_or_else(|| panic!("{name} is not declared before")))
        };
        let range = entry.get("range").and_then(Toml::as_array);
        let range =
            range.map_or((Rational::ZERO, Rational::ZERO), |ends| (number(&ends[0]), number(&ends[1])));
        let when_missing = match needed(entry, "when_missing") {
            "unknown" | "question" => WhenMissing::Unknown,
            "procedure" => WhenMissing::Assume(Value::Truth(true)),
            "required" => WhenMissing::Required,
            "assume" => WhenMissing::Assume(match &entry["assumed"] {
                Toml::Boolean(truth) => Value::Truth(*truth),
                Toml::String(word) => Value::Word(Rc::from(word.as_str())),
                other => Value::Number(number(other)),
            }),
            other => panic!("{other} is no way to be missing"),
        };
        Fact {
            name: needed(entry, "name").to_owned(),
            kind,
            unit: text(entry, "unit").map(str::to_owned),
            range,
            words: tables(entry, "value").iter().map(|value| Rc::from(needed(value, "word"))).collect(),
            parts: named("numerator").zip(named("denominator")),
            role: text(entry, "role").map(str::to_owned),
            otherwise: named("otherwise"),
            when_missing,
            is_question: needed(entry, "when_missing") == "question",
        }
    }

    /// Places and groups from the text of a file of `data/places`.
    pub(crate) fn add_places(&mut self, text_of_file: &str) {
        let file = table(text_of_file);
        for place in tables(&file, "place") {
            let code = needed(place, "code");
            let tested = text(place, "treated_as").unwrap_or(code);
            self.places.insert(code.to_owned(), Rc::from(tested));
        }
        for group in tables(&file, "group") {
            let changes =
                tables(group, "change").into_iter().map(|change| self.read_change(change)).collect();
            let members = texts(group, "members").into_iter().collect();
            self.groups.push(Group { id: needed(group, "id").to_owned(), members, changes });
        }
    }

    fn read_change(&self, change: &Table) -> Change {
        let joined = change.contains_key("joined") || change.contains_key("joined_between");
        let (settled, between) = if joined { ("joined", "joined_between") } else { ("left", "left_between") };
        let (first, open) = match day(change, settled) {
            Some(day) => (day, None),
            None => {
                let days = change[between].as_array().expect("two days");
                (date(&days[0]), Some((date(&days[1]), self.fact(needed(change, "question")))))
            }
        };
        let place = needed(change, "place").to_owned();
        Change { place, joined, first, open, published: day(change, "published").unwrap_or(first) }
    }

    pub(crate) fn fact(&self, name: &str) -> Option<usize> {
        self.facts.iter().position(|fact| fact.name == name)
    }

    /// The number of a provision; a new one for a name not seen before.
    pub(crate) fn provision(&mut self, name: &str) -> usize {
        if let Some(number) = self.provision_numbers.get(name) {
            return *number;
        }
        self.provisions.push(name.to_owned());
        self.provision_numbers.insert(name.to_owned(), self.provisions.len() - 1);
        self.provisions.len() - 1
    }

    /// A code of a place or the name of a group.
    pub(crate) fn spot(&self, word: &str) -> Spot {
        match self.groups.iter().position(|group| group.id == word) {
            Some(group) => Spot::Group(group),
            None => {
                assert!(self.places.contains_key(word), "{word} is neither place nor group");
                Spot::Place(word.to_owned())
            }
        }
    }

    fn provisions_of(&mut self, entry: &Table, key: &str) -> Vec<usize> {
        texts(entry, key).iter().map(|name| self.provision(name)).collect()
    }

    fn read_definition(&mut self, entry: &Table, jurisdiction: &Jurisdiction) -> Rc<Definition> {
        let status = |key| jurisdiction.status(needed(entry, key));
        let effect = match needed(entry, "effect") {
            "define" => Effect::Define,
            "presume" => Effect::Presume {
                presumes: texts(entry, "presumes")
                    .iter()
                    .map(|name| match self.fact(name) {
                        Some(fact) => Presumed::Truth(fact),
                        None => Presumed::Class(self.provision(name)),
                    })
                    .collect(),
                unless: text(entry, "unless").map_or(Tree::Constant(false), |text| parse(text, self)),
            },
            "classify" => Effect::Classify {
                caught: entry.get("caught").is_none_or(|caught| caught.as_bool().expect("true or false")),
            },
            "exclude" => Effect::Exclude { from: self.provisions_of(entry, "from") },
            "require" => Effect::Require { review: status("review") },
            "exempt" => Effect::Exempt { from: self.provisions_of(entry, "from") },
            "except" => Effect::Except {
                status: status("status"),
                discharges: self.provisions_of(entry, "discharges"),
            },
            "review" => Effect::Review {
                of: self.provisions_of(entry, "of"),
                cases: tables(entry, "case")
                    .into_iter()
                    .map(|case| {
                        (parse(needed(case, "when"), self), jurisdiction.status(needed(case, "status")))
                    })
                    .collect(),
                otherwise: text(entry, "otherwise").map(|word| jurisdiction.status(word)),
            },
            "prohibit" => Effect::Prohibit { status: status("status") },
            "practice" => Effect::Practice { of: self.provisions_of(entry, "of"), status: status("status") },
            "charge" => Effect::Charge,
            other => panic!("{other} is no effect"),
        };
        Rc::new(Definition { when: parse(needed(entry, "when"), self), effect: Rc::new(effect) })
    }

    /// The operations of one instrument.
    pub(crate) fn read_instrument(
        &mut self,
        text_of_file: &str,
        jurisdiction: &Jurisdiction,
        is_reform: bool,
    ) -> Vec<Operation> {
        // What has no day of its own has always been known and in force.
        const ALWAYS: i32 = i32::MIN;
        let file = table(text_of_file);
        let instrument = needed(&file, "id").to_owned();
        let published = day(&file, "published").unwrap_or(ALWAYS);
        let known_from = day(&file, "known_from").unwrap_or(published);
        assert!(is_reform || file.contains_key("effective"), "{instrument} has no day of effect");
        let effective = day(&file, "effective").unwrap_or(ALWAYS);
        let compliance = day(&file, "compliance").unwrap_or(effective);
        let mut operations = Vec::new();
        for entry in tables(&file, "operation") {
            let act = match needed(entry, "do") {
                "add" => Act::Add(self.read_definition(entry, jurisdiction)),
                "replace" => Act::Replace(self.read_definition(entry, jurisdiction)),
                "amend" => Act::Amend {
                    strike: parse(needed(entry, "strike"), self),
                    insert: parse(needed(entry, "insert"), self),
                },
                "end" => Act::End,
                "suspend" => Act::Suspend,
                "not_enforced" => Act::NotEnforced,
                "unsettle" => {
                    Act::Unsettle(self.fact(needed(entry, "question")).expect("a question is a fact"))
                }
                other => panic!("{other} is no operation"),
            };
            let own_effective = day(entry, "effective");
            let until = day(entry, "until");
            let is_practice = matches!(&act, Act::Add(definition) | Act::Replace(definition)
                if matches!(*definition.effect, Effect::Practice { .. }));
            let reported = entry.get("reported").and_then(Toml::as_array);
            let reported: Vec<i32> = reported.map_or(&[][..], Vec::as_slice).iter().map(date).collect();
            operations.push(Operation {
                act,
                provision: self.provision(needed(entry, "provision")),
                instrument: instrument.clone(),
                is_reform,
                published,
                known_from: day(entry, "known_from").unwrap_or(known_from),
                effective: own_effective.unwrap_or(effective),
                compliance: day(entry, "compliance").or(own_effective).unwrap_or(compliance),
                until,
                reported: (is_practice && until.is_none()).then_some(reported),
                view: text(entry, "view").map(str::to_owned),
            });
        }
        operations
    }
}

impl Jurisdiction {
    pub(crate) fn read(text_of_file: &str) -> Jurisdiction {
        let file = table(text_of_file);
        let statuses = tables(&file, "status").into_iter().map(|status| Status {
            word: needed(status, "word").to_owned(),
            class: needed(status, "class").to_owned(),
        });
        let lapses = file["practice_lapses_after_days"].as_integer().expect("a number of days");
        let mut jurisdiction = Jurisdiction {
            statuses: statuses.collect(),
            not_controlled: 0,
            outside_scope: 0,
            home: text(&file, "home").map(Rc::from),
            coverage_from: day(&file, "coverage_from").expect("a day"),
            practice_lapses_after_days: i32::try_from(lapses).expect("a number of days"),
        };
        jurisdiction.not_controlled = jurisdiction.status(needed(&file, "not_controlled"));
        jurisdiction.outside_scope = jurisdiction.status(needed(&file, "outside_scope"));
        jurisdiction
    }

    pub(crate) fn status(&self, word: &str) -> usize {
        let position = self.statuses.iter().position(|status| status.word == word);
        position.unwrap_or_else(|| panic!("{word} is no status"))
    }
}

#[test]
fn days_are_counted_as_the_calendar_does() {
    assert_eq!(read_day("1970-01-01"), Some(0));
    assert_eq!(read_day("2000-03-01"), Some(11_017));
    assert_eq!(read_day("2025-08-11").unwrap() + 180, read_day("2026-02-07").unwrap());
    let (first, last) = (read_day("2021-12-01").unwrap(), read_day("2033-01-31").unwrap());
    let texts: Vec<String> = (first..=last).map(write_day).collect();
    assert!(texts.is_sorted() && texts.contains(&"2024-02-29".to_owned()));
    assert!((first..=last).zip(&texts).all(|(number, text)| read_day(text) == Some(number)));
    assert_eq!(read_day("4800"), None);
}
