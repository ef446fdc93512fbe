//! One [`Shock`], and how a list of them is read from a CSV file.
//!
//! ```csv
//! kind,industry,buyer,share,from,until,recovery
//! capital,r0:steel,,0.1,1,22,180
//! final_demand,r0:cars,,0.5,5,60,
//! edge,r0:steel,r0:cars,1,1,,
//! ```
//!
//! Days count from zero. `share` is the share of capital lost, or of orders cut. `until` is the
//! last day on which no capital has come back, or the first day after a cap; a cap without it
//! stays. `recovery`, for capital alone, is the number of days until all has come back. `buyer` is
//! for an edge alone, whose seller is `industry`.

use std::io::Read;

use narrows_quantity::{did_you_mean, nearest};

use super::super::sector_table::{SectorTable, TableError, syntax};

/// One shock. Days count from zero.
#[derive(Debug, Clone, PartialEq)]
pub enum Shock {
    /// A sector loses a share of its capital, which comes back on a straight line.
    Capital {
        /// Position of the industry.
        industry: usize,
        /// Share of capital lost.
        share: f64,
        /// First day of the loss.
        from: usize,
        /// Last day on which nothing has come back yet.
        held_until: usize,
        /// Days until all has come back.
        recovery: usize,
    },
    /// Final demand for a sector's goods is capped.
    FinalDemand {
        /// Position of the industry.
        industry: usize,
        /// Share of demand that is cut.
        share: f64,
        /// First day of the cap.
        from: usize,
        /// First day after the cap; `None` if it stays.
        until: Option<usize>,
    },
    /// What one industry may order from another is capped.
    Edge {
        /// Position of the seller.
        seller: usize,
        /// Position of the buyer.
        buyer: usize,
        /// Share of orders that is cut.
        share: f64,
        /// First day of the cap.
        from: usize,
        /// First day after the cap; `None` if it stays.
        until: Option<usize>,
    },
}

/// Columns of the file, in order.
const COLUMNS: [&str; 7] = ["kind", "industry", "buyer", "share", "from", "until", "recovery"];
/// Those that may be absent.
const OPTIONAL: [&str; 3] = ["buyer", "until", "recovery"];
/// Kinds.
const KINDS: [&str; 3] = ["capital", "final_demand", "edge"];

impl Shock {
    /// Reads the layout in the module's description.
    ///
    /// # Errors
    /// The first thing wrong, with line and column.
    pub fn read(table: &SectorTable, source: impl Read) -> Result<Vec<Self>, TableError> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source);
        let header = reader.headers().map_err(|error| syntax(&error))?.clone();
        let columns = places(&header)?;
        let mut shocks = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| syntax(&error))?;
            let line = record.position().map_or(0, csv::Position::line);
            shocks.push(Row { table, columns: &columns, record: &record, line }.shock()?);
        }
        Ok(shocks)
    }

    /// Industries are in the table and the share is one.
    pub(super) fn check(&self, table: &SectorTable) -> Result<(), TableError> {
        let (places, share) = match self {
            Self::Capital { industry, share, .. } | Self::FinalDemand { industry, share, .. } => {
                ([*industry, *industry], *share)
            }
            Self::Edge { seller, buyer, share, .. } => ([*seller, *buyer], *share),
        };
        let count = table.industries.len();
        if let Some(found) = places.into_iter().find(|place| *place >= count) {
            let what = "or fewer as position of an industry";
            return Err(TableError::Size { what, expected: count, found });
        }
        if !(0.0..=1.0).contains(&share) {
            return Err(TableError::Number {
                what: "the share of a shock".to_owned(),
                found: share.to_string(),
                expected: "a share between 0 and 1".to_owned(),
            });
        }
        Ok(())
    }

    /// What it takes on a day, as a share.
    pub(super) fn share_on(&self, day: usize) -> f64 {
        match self {
            Self::Capital { share, from, held_until, recovery, .. } => {
                let back = day.saturating_sub(*held_until) as f64 / (*recovery).max(1) as f64;
                if day < *from { 0.0 } else { share * (1.0 - back).max(0.0) }
            }
            Self::FinalDemand { share, from, until, .. } | Self::Edge { share, from, until, .. } => {
                if day >= *from && until.is_none_or(|until| day < until) { *share } else { 0.0 }
            }
        }
    }
}

/// Where each column stands.
fn places(header: &csv::StringRecord) -> Result<[Option<usize>; 7], TableError> {
    let column = |name: &str, message: String| TableError::Column { column: name.to_owned(), message };
    for (at, name) in header.iter().enumerate() {
        if !COLUMNS.contains(&name) {
            let hint = nearest(name, COLUMNS.into_iter());
            let expected = format!("expected {}{}", COLUMNS.join(", "), did_you_mean(hint.as_deref()));
            return Err(column(name, expected));
        }
        if header.iter().take(at).any(|other| other == name) {
            return Err(column(name, "stands twice".to_owned()));
        }
    }
    let places = COLUMNS.map(|name| header.iter().position(|field| field == name));
    match COLUMNS.iter().zip(&places).find(|(name, at)| at.is_none() && !OPTIONAL.contains(name)) {
        Some((name, _)) => Err(column(name, "is missing".to_owned())),
        None => Ok(places),
    }
}

/// One row of the file.
struct Row<'a> {
    table: &'a SectorTable,
    columns: &'a [Option<usize>; 7],
    record: &'a csv::StringRecord,
    line: u64,
}

impl Row<'_> {
    fn shock(&self) -> Result<Shock, TableError> {
        let kind = self.text("kind");
        let industry = self.position("industry")?;
        let share: f64 =
            self.number("share", "a share between 0 and 1", |share: &f64| (0.0..=1.0).contains(share))?;
        let from = self.number("from", DAY, |_: &usize| true)?;
        let until = self.optional_day("until")?;
        match kind {
            "capital" => {
                self.empty("buyer", "nothing: a loss of capital has no buyer")?;
                let held_until = until.unwrap_or(from);
                if held_until < from {
                    return Err(self.cell("until", format!("a day no earlier than {from}")));
                }
                let recovery =
                    self.number("recovery", "a number of days above zero", |days: &usize| *days > 0)?;
                Ok(Shock::Capital { industry, share, from, held_until, recovery })
            }
            "final_demand" | "edge" => {
                self.empty("recovery", "nothing: a cap ends on one day")?;
                if until.is_some_and(|until| until <= from) {
                    return Err(self.cell("until", format!("a day after {from}, or nothing")));
                }
                if kind == "edge" {
                    let buyer = self.position("buyer")?;
                    return Ok(Shock::Edge { seller: industry, buyer, share, from, until });
                }
                self.empty("buyer", "nothing: a cap on final demand has no buyer")?;
                Ok(Shock::FinalDemand { industry, share, from, until })
            }
            _ => Err(self.cell("kind", format!("one of {}", KINDS.join(", ")))),
        }
    }

    fn text(&self, column: &str) -> &str {
        let at = COLUMNS.iter().position(|name| *name == column).and_then(|at| self.columns.get(at));
        at.copied().flatten().and_then(|at| self.record.get(at)).unwrap_or("")
    }

    fn cell(&self, column: &str, expected: String) -> TableError {
        TableError::Cell {
            line: self.line,
            column: column.to_owned(),
            expected,
            found: self.text(column).to_owned(),
        }
    }

    fn position(&self, column: &str) -> Result<usize, TableError> {
        self.table.position(self.text(column)).map_err(|unknown| TableError::Named {
            line: self.line,
            column: column.to_owned(),
            unknown: Box::new(unknown),
        })
    }

    fn number<T: std::str::FromStr>(
        &self,
        column: &str,
        expected: &str,
        fits: impl Fn(&T) -> bool,
    ) -> Result<T, TableError> {
        let number = self.text(column).parse::<T>().ok().filter(fits);
        number.ok_or_else(|| self.cell(column, expected.to_owned()))
    }

    fn optional_day(&self, column: &str) -> Result<Option<usize>, TableError> {
        if self.text(column).is_empty() {
            return Ok(None);
        }
        self.number(column, DAY, |_: &usize| true).map(Some)
    }

    fn empty(&self, column: &str, expected: &str) -> Result<(), TableError> {
        if self.text(column).is_empty() { Ok(()) } else { Err(self.cell(column, expected.to_owned())) }
    }
}

/// What a day is.
const DAY: &str = "a day: a whole number, zero or more";
