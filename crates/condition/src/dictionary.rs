//! [`Dictionary`]: the facts that conditions may speak of.
//!
//! A dictionary is data of a jurisdiction. It fixes, for every fact, its name,
//! type, unit and range, and what holds when nobody supplies it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use narrows_quantity::{Decimal, DecimalError, Interval, UnitError, UnitTable, did_you_mean, nearest};
use serde::Serialize;

/// The place of a fact in its [`Dictionary`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactId(pub(crate) u16);

impl FactId {
    /// The position, for tables indexed by fact.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The fact at a position of such a table.
    #[must_use]
    pub fn at(position: usize) -> Option<Self> {
        u16::try_from(position).ok().map(Self)
    }
}

/// What values a fact may take.
#[derive(Debug, Clone, PartialEq)]
pub enum FactType {
    /// A number in `unit` (none for a bare count) within `range`.
    Number {
        /// Unit symbol.
        unit: Option<String>,
        /// Values outside are refused at the door.
        range: Interval,
    },
    /// The quotient of two numbers. It may be given itself; otherwise a comparison
    /// with it is carried out on numerator and denominator, without a division.
    Ratio {
        /// Fact above the line.
        numerator: FactId,
        /// Fact below the line; its range must be positive.
        denominator: FactId,
        /// Unit symbol.
        unit: Option<String>,
        /// Values outside are refused at the door.
        range: Interval,
    },
    /// True or false.
    Truth,
    /// One of a closed list of words.
    Choice {
        /// The words, with what each means.
        values: Vec<(String, String)>,
    },
    /// A name from a register (a chip of the catalogue, a vendor).
    Name {
        /// Which register the name is looked up in.
        register: String,
    },
    /// A place.
    Place,
    /// A calendar day.
    Date,
}

/// What holds when a fact is not supplied.
#[derive(Debug, Clone, PartialEq)]
pub enum WhenMissing {
    /// Nothing: every value remains possible.
    Unknown,
    /// This value is assumed, and the assumption is printed where it matters.
    Assume(Value),
    /// A step of the procedure that the parties can still take: it is listed with
    /// the answer and taken to be met unless somebody says it is not.
    Procedure,
    /// The answer cannot be given without it (the date, the destination).
    Required,
}

/// Facts that a determination sets itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The day of the transaction.
    On,
    /// Where the item goes.
    Destination,
    /// Where the receiving party, or its ultimate parent, is seated.
    Headquarters,
    /// Where the item comes from.
    ExportedFrom,
}

/// One fact of the dictionary.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Name used in conditions and on the command line.
    pub name: String,
    /// Name used in prose ("total processing performance").
    pub title: String,
    /// What exactly it means.
    pub definition: String,
    /// Where the definition comes from.
    pub source: String,
    /// Type.
    pub kind: FactType,
    /// What holds when it is not supplied.
    pub missing: WhenMissing,
    /// Another fact whose value serves when this one is not supplied.
    pub otherwise: Option<FactId>,
    /// Set by the determination itself.
    pub role: Option<Role>,
    /// An open question of law or record, not a fact of the item.
    pub question: bool,
}

impl Fact {
    /// Unit symbol of a number or ratio.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        match &self.kind {
            FactType::Number { unit, .. } | FactType::Ratio { unit, .. } => unit.as_deref(),
            _ => None,
        }
    }

    /// Range of a number or ratio.
    #[must_use]
    pub fn range(&self) -> Option<Interval> {
        match &self.kind {
            FactType::Number { range, .. } | FactType::Ratio { range, .. } => Some(*range),
            _ => None,
        }
    }

    /// Whether the fact belongs to the transaction or the record (a place, a day,
    /// a name) rather than being a measure of the item.
    ///
    /// Facts of this kind are settled before columns run.
    #[must_use]
    pub fn is_contextual(&self) -> bool {
        matches!(self.kind, FactType::Place | FactType::Date | FactType::Name { .. })
    }
}

/// A value of a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A number, exact or within bounds.
    Number(Interval),
    /// True or false.
    Truth(bool),
    /// One of the words of a choice.
    Choice(String),
    /// A name from a register.
    Name(String),
    /// A place code.
    Place(String),
    /// A day.
    Date(Date),
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(formatter),
            Self::Truth(truth) => truth.fmt(formatter),
            Self::Choice(text) | Self::Name(text) | Self::Place(text) => text.fmt(formatter),
            Self::Date(date) => date.fmt(formatter),
        }
    }
}

/// Why a text is no value of a fact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// No fact of that name.
    #[error("unknown fact `{found}`{}", did_you_mean(.nearest.as_deref()))]
    UnknownFact {
        /// The name found.
        found: String,
        /// The nearest right name.
        nearest: Option<String>,
    },
    /// The text does not read as a value of the fact's type.
    #[error("fact `{fact}`: found `{found}`, expected {expected}{}", did_you_mean(.nearest.as_deref()))]
    Malformed {
        /// Name of the fact.
        fact: String,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
        /// The nearest right word.
        nearest: Option<String>,
    },
    /// The number lies outside the range that the dictionary allows.
    #[error("fact `{fact}`: {found} lies outside the range {low} to {high}{}", unit_text(.unit))]
    OutOfRange {
        /// Name of the fact.
        fact: String,
        /// What was found.
        found: String,
        /// Lowest value allowed.
        low: Decimal,
        /// Highest value allowed.
        high: Decimal,
        /// Unit of the range.
        unit: Option<String>,
    },
    /// A fact that the determination sets from its own arguments.
    #[error("fact `{fact}` is set by the determination itself ({instead}), not as a fact")]
    Reserved {
        /// Name of the fact.
        fact: String,
        /// How to set it.
        instead: &'static str,
    },
}

fn unit_text(unit: &Option<String>) -> String {
    unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default()
}

/// The facts of a jurisdiction, by position and by name, with the units they use.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    facts: Vec<Fact>,
    names: BTreeMap<String, FactId>,
    units: UnitTable,
}

/// Why a fact could not be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DictionaryError {
    /// The name is taken.
    #[error("fact `{0}` is declared twice")]
    Duplicate(String),
    /// The unit is not in the table.
    #[error("fact `{fact}`: unknown unit `{unit}`")]
    UnknownUnit {
        /// Name of the fact.
        fact: String,
        /// Unit found.
        unit: String,
    },
    /// More facts than a dictionary holds, or more words than a choice holds.
    #[error("fact `{0}`: too many facts, or too many values of a choice (at most 64)")]
    TooMany(String),
    /// A denominator that may be zero or negative.
    #[error("fact `{0}`: the range of a denominator must be positive")]
    ZeroDenominator(String),
    /// The name is no plain word.
    #[error("fact `{0}`: a name is lower-case letters, digits and underscores, beginning with a letter")]
    BadName(String),
    /// The value assumed when missing is not of the fact's type.
    #[error("fact `{0}`: the value assumed when it is missing is not one of its values")]
    BadAssumption(String),
}

impl Dictionary {
    /// An empty dictionary over a table of units.
    #[must_use]
    pub fn new(units: UnitTable) -> Self {
        Self { units, ..Self::default() }
    }

    /// Adds a fact.
    ///
    /// # Errors
    /// See [`DictionaryError`].
    pub fn add(&mut self, fact: Fact) -> Result<FactId, DictionaryError> {
        let name = fact.name.clone();
        let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !plain {
            return Err(DictionaryError::BadName(name));
        }
        if self.names.contains_key(&name) {
            return Err(DictionaryError::Duplicate(name));
        }
        if let Some(unit) = fact.unit()
            && !self.units.knows(unit)
        {
            return Err(DictionaryError::UnknownUnit { fact: name, unit: unit.to_owned() });
        }
        if let FactType::Ratio { denominator, .. } = fact.kind
            && self.fact(denominator).range().is_none_or(|range| range.low() <= Decimal::ZERO)
        {
            return Err(DictionaryError::ZeroDenominator(name));
        }
        let position = u16::try_from(self.facts.len()).ok();
        let many_values = matches!(&fact.kind, FactType::Choice { values } if values.len() > 64);
        let Some(position) = position.filter(|_| !many_values) else {
            return Err(DictionaryError::TooMany(name));
        };
        if let WhenMissing::Assume(value) = &fact.missing {
            let fits = match (value, &fact.kind) {
                (Value::Number(number), FactType::Number { range, .. } | FactType::Ratio { range, .. }) => {
                    range.contains(number.low()) && range.contains(number.high())
                }
                (Value::Truth(_), FactType::Truth)
                | (Value::Name(_), FactType::Name { .. })
                | (Value::Place(_), FactType::Place)
                | (Value::Date(_), FactType::Date) => true,
                (Value::Choice(word), FactType::Choice { values }) => {
                    values.iter().any(|(value, _)| value == word)
                }
                _ => false,
            };
            if !fits {
                return Err(DictionaryError::BadAssumption(name));
            }
        }
        let id = FactId(position);
        self.names.insert(name, id);
        self.facts.push(fact);
        Ok(id)
    }

    /// The fact at a position.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "a FactId comes from the dictionary that holds it, or from a table of its facts"
    )]
    pub fn fact(&self, id: FactId) -> &Fact {
        &self.facts[id.index()]
    }

    /// The position of a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<FactId> {
        self.names.get(name).copied()
    }

    /// The position of a name, or an error that names the nearest.
    ///
    /// # Errors
    /// [`ValueError::UnknownFact`].
    pub fn require(&self, name: &str) -> Result<FactId, ValueError> {
        self.find(name).ok_or_else(|| ValueError::UnknownFact {
            found: name.to_owned(),
            nearest: nearest(name, self.names.keys().map(String::as_str)),
        })
    }

    /// All facts with their positions.
    pub fn iter(&self) -> impl Iterator<Item = (FactId, &Fact)> {
        (0_u16..).map(FactId).zip(&self.facts)
    }

    /// How many facts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// The fact with a role.
    #[must_use]
    pub fn by_role(&self, role: Role) -> Option<FactId> {
        self.iter().find(|(_, fact)| fact.role == Some(role)).map(|(id, _)| id)
    }

    /// The units.
    #[must_use]
    pub fn units(&self) -> &UnitTable {
        &self.units
    }

    /// Reads a value of a fact from text: `4000`, `4.8 TB/s`, `1398..1568`, `true`,
    /// `logic_ic`, `2020-12-31`.
    ///
    /// # Errors
    /// [`ValueError`] with what was expected and found.
    pub fn read_value(&self, id: FactId, text: &str) -> Result<Value, ValueError> {
        let fact = self.fact(id);
        let text = text.trim();
        let malformed = |expected: String, nearest: Option<String>| ValueError::Malformed {
            fact: fact.name.clone(),
            expected,
            found: text.chars().take(60).collect(),
            nearest,
        };
        match &fact.kind {
            FactType::Number { unit, range } | FactType::Ratio { unit, range, .. } => {
                let read =
                    |part: &str| self.read_number(part, unit.as_deref()).map_err(|why| malformed(why, None));
                let interval = match text.split_once("..") {
                    Some((low, high)) => {
                        let low = if low.trim().is_empty() { range.low() } else { read(low)? };
                        let high = if high.trim().is_empty() { range.high() } else { read(high)? };
                        Interval::new(low, high)
                            .map_err(|_| malformed("bounds with the lower one first".to_owned(), None))?
                    }
                    None => Interval::exactly(read(text)?),
                };
                if range.contains(interval.low()) && range.contains(interval.high()) {
                    Ok(Value::Number(interval))
                } else {
                    Err(ValueError::OutOfRange {
                        fact: fact.name.clone(),
                        found: interval.to_string(),
                        low: range.low(),
                        high: range.high(),
                        unit: unit.clone(),
                    })
                }
            }
            FactType::Truth => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" => Ok(Value::Truth(true)),
                "false" | "no" => Ok(Value::Truth(false)),
                _ => Err(malformed("true or false".to_owned(), None)),
            },
            FactType::Choice { values } => {
                let words = || values.iter().map(|(word, _)| word.as_str());
                if words().any(|word| word == text) {
                    Ok(Value::Choice(text.to_owned()))
                } else {
                    let list = words().collect::<Vec<_>>().join(", ");
                    Err(malformed(format!("one of {list}"), nearest(text, words())))
                }
            }
            FactType::Name { .. } if !text.is_empty() => Ok(Value::Name(text.to_owned())),
            FactType::Place if !text.is_empty() => Ok(Value::Place(text.to_owned())),
            FactType::Date => text
                .parse()
                .map(Value::Date)
                .map_err(|_| malformed("a date such as 2020-12-31".to_owned(), None)),
            FactType::Name { .. } | FactType::Place => Err(malformed("a name".to_owned(), None)),
        }
    }

    /// Reads `NUMBER [UNIT]` in the unit expected.
    fn read_number(&self, text: &str, unit: Option<&str>) -> Result<Decimal, String> {
        let text = text.trim();
        let (number, symbol) = match text.find(char::is_whitespace) {
            Some(at) => {
                let (number, symbol) = text.split_at(at);
                (number, Some(symbol.trim()))
            }
            None => (text, None),
        };
        let wanted = unit.map_or_else(|| "a plain number".to_owned(), |unit| format!("a number in {unit}"));
        let value: Decimal = number.parse().map_err(|error| match error {
            DecimalError::NotANumber => wanted.clone(),
            other => format!("{wanted} ({other})"),
        })?;
        match (symbol, unit) {
            (None, _) => Ok(value),
            (Some(symbol), Some(unit)) => {
                self.units.convert(value, symbol, unit).map_err(|error| match error {
                    UnitError::Mismatch { .. } => wanted,
                    other => format!("{wanted} ({other})"),
                })
            }
            (Some(_), None) => Err(wanted),
        }
    }
}
