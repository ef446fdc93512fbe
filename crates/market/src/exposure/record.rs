//! [`FirmRecord`]: what is on record of a firm's sales to the country under the rule, its charges and lost sales, with
//! the day on which each figure became known.
//!
//! Two rules hold for every use. A figure counts only from the day on which it was known. Figures
//! on different bases (by place of billing, by headquarters of the customer) never meet in a sum
//! or a ratio.

use jiff::ToSpan;
use jiff::civil::Date;
use narrows_catalog::{DataFile, Problems, normalise};
use narrows_quantity::{Certainty, did_you_mean, nearest};
use serde::Serialize;

use super::money::{Bounds, Usd};
use super::period::{Calendar, FiscalPeriod};

/// Days after the end of a period on which its figures count as known, where no day is on record.
pub const ASSUMED_DELAY_DAYS: i32 = 60;

/// What a figure measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// All sales.
    TotalRevenue,
    /// Sales to the country under the rule, on the basis that the figure names.
    ChinaRevenue,
    /// Sales to the country under the rule as a share of all, on the basis that the figure names.
    ChinaShare,
    /// Sales there of the part under the rule.
    RestrictedRevenue,
    /// Charge for stock and commitments; negative if released.
    InventoryCharge,
    /// Sales that were not made because of the rule.
    LostSales,
}

/// Words for measures.
pub const MEASURES: [(&str, Measure); 6] = [
    ("total_revenue", Measure::TotalRevenue),
    ("china_revenue", Measure::ChinaRevenue),
    ("china_share", Measure::ChinaShare),
    ("restricted_revenue", Measure::RestrictedRevenue),
    ("inventory_charge", Measure::InventoryCharge),
    ("lost_sales", Measure::LostSales),
];

impl Measure {
    /// In words: `lost sales`. A measure of one country is called as in the files.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::TotalRevenue => "all sales".to_owned(),
            Self::RestrictedRevenue => "sales of the part under the rule".to_owned(),
            Self::InventoryCharge => "charge for stock and commitments".to_owned(),
            Self::LostSales => "lost sales".to_owned(),
            Self::ChinaRevenue | Self::ChinaShare => {
                let word = MEASURES.iter().find(|(_, measure)| *measure == self);
                let words = word.map_or_else(String::new, |(word, _)| word.replace('_', " "));
                let mut letters = words.chars();
                letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
            }
        }
    }
}

/// Whether a figure was foreseen or entered in the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Foreseen by the firm.
    Guided,
    /// In a report on a period that had ended.
    Booked,
}

/// How a source bounds a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// As it is.
    Exact,
    /// Rounded or estimated by the source; its error is not on record.
    About,
    /// No more than this.
    UpTo,
}

/// Dollars, another currency, or a plain share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Dollars (USD).
    Usd,
    /// A currency by its ISO 4217 code. Never added to dollars.
    Currency(String),
    /// A share of one.
    Share,
}

/// A figure of a period.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Period that it is of.
    pub period: FiscalPeriod,
    /// What it measures.
    pub measure: Measure,
    /// Foreseen or booked.
    pub kind: Kind,
    /// How its source bounds it.
    pub bound: Bound,
    /// Its value, in [`Figure::unit`]; `None` if the source has a range only.
    pub value: Option<f64>,
    /// Least and most that it may be.
    pub range: Bounds<f64>,
    /// Its unit.
    pub unit: Unit,
    /// Id of the basis on which sales are ascribed to countries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// Part under the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// First day on which it counts as known; `None` if neither that nor the period's end is on
    /// record, and then it is never used for a day.
    pub known: Option<Date>,
    /// How sure that day is: as the data have it, or `Estimate` if it was put
    /// [`ASSUMED_DELAY_DAYS`] after the end of the period.
    pub known_certainty: Certainty,
    /// Day on which the firm took it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Date>,
    /// How sure the figure is.
    pub certainty: Certainty,
    /// Page that it comes from.
    pub source: String,
    /// What a reader must know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Figure {
    /// Whether it was known and not taken back on a day.
    #[must_use]
    pub fn stands_on(&self, day: Date) -> bool {
        self.known.is_some_and(|known| known <= day) && self.withdrawn.is_none_or(|withdrawn| day < withdrawn)
    }

    /// Its range in dollars.
    #[must_use]
    pub fn usd(&self) -> Option<Bounds<Usd>> {
        (self.unit == Unit::Usd).then(|| self.range.map(Usd))
    }

    /// Its value in dollars, or the middle of its range.
    #[must_use]
    pub fn central_usd(&self) -> Option<Usd> {
        let middle = f64::midpoint(self.range.low, self.range.high);
        (self.unit == Unit::Usd).then(|| Usd(self.value.unwrap_or(middle)))
    }
}

/// How a figure ascribes sales to countries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Basis {
    /// Id within the firm's file.
    pub id: String,
    /// In words.
    pub name: String,
    /// Whether all sales of the firm are the whole of which it is a part. Otherwise only a total
    /// on the same basis is.
    pub of_total: bool,
}

/// A part under a rule, with what is on record of its price, cost and number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RestrictedPart {
    /// Name: `H20`.
    pub id: String,
    /// Ids of chips.
    pub chips: Vec<String>,
    /// What one sells for, in dollars.
    pub price: Vec<PartFigure>,
    /// What one costs its maker, in dollars.
    pub cost: Vec<PartFigure>,
    /// How many there were.
    pub units: Vec<PartFigure>,
}

/// A price, cost or number of a part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartFigure {
    /// Least and most.
    pub range: Bounds<f64>,
    /// Of what it is a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// First day that it covers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// Last day that it covers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Day on which it was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<Date>,
    /// How sure it is.
    pub certainty: Certainty,
    /// Page that it comes from.
    pub source: String,
    /// What a reader must know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A period of a firm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Period {
    /// Which one.
    pub id: FiscalPeriod,
    /// Its last day.
    pub end: Option<Date>,
    /// Whether a rule held back sales of the part in it, so that what was sold does not tell what
    /// was wanted.
    pub constrained: bool,
}

/// What is on record of a firm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FirmRecord {
    /// Id of the firm.
    pub firm: String,
    /// What a reader must know of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When its quarters end.
    pub calendar: Calendar,
    /// Bases of its figures, the one to prefer first.
    pub bases: Vec<Basis>,
    /// Parts under rules.
    pub parts: Vec<RestrictedPart>,
    /// Periods with figures.
    pub periods: Vec<Period>,
    /// Figures, in the order of the file.
    pub figures: Vec<Figure>,
}

/// Two figures that must not meet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotJoin {
    /// They ascribe sales to countries in different ways.
    #[error("{first} is by {first_basis} and {second} by {second_basis}: the two are different series")]
    Bases {
        /// Period of the first.
        first: FiscalPeriod,
        /// Its basis.
        first_basis: String,
        /// Period of the second.
        second: FiscalPeriod,
        /// Its basis.
        second_basis: String,
    },
    /// They are in different units.
    #[error("{first} and {second} are in different units")]
    Units {
        /// Period of the first.
        first: FiscalPeriod,
        /// Period of the second.
        second: FiscalPeriod,
    },
    /// The whole is zero.
    #[error("the whole of {0} is zero")]
    NothingToDivideBy(FiscalPeriod),
}

/// The sum of figures on one basis and in one unit.
///
/// # Errors
/// [`CannotJoin`] with the first two that differ.
pub fn sum(figures: &[&Figure]) -> Result<Bounds<f64>, CannotJoin> {
    let mut total = Bounds::point(0.0);
    for figure in figures {
        let first = figures.first().unwrap_or(figure);
        if figure.basis != first.basis {
            return Err(bases(first, figure));
        }
        if figure.unit != first.unit {
            return Err(CannotJoin::Units { first: first.period, second: figure.period });
        }
        total = Bounds { low: total.low + figure.range.low, high: total.high + figure.range.high };
    }
    Ok(total)
}

fn bases(first: &Figure, second: &Figure) -> CannotJoin {
    let name = |figure: &Figure| figure.basis.clone().unwrap_or_else(|| "no basis".to_owned());
    CannotJoin::Bases {
        first: first.period,
        first_basis: name(first),
        second: second.period,
        second_basis: name(second),
    }
}

impl FirmRecord {
    /// A part of sales over the whole. A whole without a basis goes with every basis that is
    /// declared to be of all sales; a whole with a basis only with its own.
    ///
    /// # Errors
    /// [`CannotJoin`] if basis or unit differ, or the whole is zero.
    pub fn share(&self, part: &Figure, whole: &Figure) -> Result<Bounds<f64>, CannotJoin> {
        let same = part.basis == whole.basis;
        let of_total = whole.basis.is_none()
            && part.basis.as_deref().and_then(|id| self.basis(id)).is_some_and(|basis| basis.of_total);
        if !same && !of_total {
            return Err(bases(part, whole));
        }
        if part.unit != whole.unit {
            return Err(CannotJoin::Units { first: part.period, second: whole.period });
        }
        if whole.range.low <= 0.0 {
            return Err(CannotJoin::NothingToDivideBy(whole.period));
        }
        Ok(Bounds { low: part.range.low / whole.range.high, high: part.range.high / whole.range.low })
    }

    /// A basis by id.
    #[must_use]
    pub fn basis(&self, id: &str) -> Option<&Basis> {
        self.bases.iter().find(|basis| basis.id == id)
    }

    /// A part by name.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&RestrictedPart> {
        let wanted = normalise(name);
        self.parts.iter().find(|part| normalise(&part.id) == wanted)
    }

    /// A period by id.
    #[must_use]
    pub fn period(&self, id: FiscalPeriod) -> Option<&Period> {
        self.periods.iter().find(|period| period.id == id)
    }

    /// The last day of a period: on record, or else by rule.
    #[must_use]
    pub fn end_of(&self, id: FiscalPeriod) -> Option<Date> {
        self.period(id).and_then(|period| period.end).or_else(|| self.calendar.end_of(id))
    }

    /// The quarter in which a day lies, by the ends on record and else by rule.
    #[must_use]
    pub fn quarter_on(&self, day: Date) -> Option<FiscalPeriod> {
        let guess = self.calendar.quarter_on(day)?.last_quarter_number();
        (guess - 1..=guess + 1)
            .filter_map(FiscalPeriod::quarter_of_number)
            .find(|quarter| self.end_of(*quarter).is_some_and(|end| day <= end))
    }

    /// Figures of a measure that stood on a day.
    pub fn standing(&self, measure: Measure, on: Date) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(move |figure| figure.measure == measure && figure.stands_on(on))
    }
}

/// Nobody on record has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no exposure of `{firm}` is on record{}; on record are {known}", did_you_mean(.nearest.as_deref()))]
pub struct NoRecord {
    /// The id given.
    pub firm: String,
    /// The nearest id.
    pub nearest: Option<String>,
    /// All ids.
    pub known: String,
}

/// All firms on record.
#[derive(Debug, Clone, Default)]
pub struct Exposures(pub(super) Vec<FirmRecord>);

impl Exposures {
    /// Reads `exposure/*.toml`.
    ///
    /// # Errors
    /// Everything that is wrong in the files.
    pub fn read<'a>(files: impl IntoIterator<Item = DataFile<'a>>) -> Result<Self, Problems> {
        super::read::read(files).map(Self)
    }

    /// All records.
    pub fn iter(&self) -> impl Iterator<Item = &FirmRecord> {
        self.0.iter()
    }

    /// The record of a firm, by its id.
    ///
    /// # Errors
    /// [`NoRecord`] with the nearest id.
    pub fn firm(&self, id: &str) -> Result<&FirmRecord, NoRecord> {
        let wanted = normalise(id);
        self.0.iter().find(|record| normalise(&record.firm) == wanted).ok_or_else(|| NoRecord {
            firm: id.to_owned(),
            nearest: nearest(id, self.0.iter().map(|record| record.firm.as_str())),
            known: self.0.iter().map(|record| record.firm.as_str()).collect::<Vec<_>>().join(", "),
        })
    }
}

/// The day on which the figures of a period count as known, where none is on record.
pub(super) fn assumed_day(end: Date) -> Option<Date> {
    end.checked_add(ASSUMED_DELAY_DAYS.days()).ok()
}
