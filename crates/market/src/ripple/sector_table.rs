//! [`SectorTable`]: an input-output table as the simulation needs it, read from one CSV file.
//!
//! One row per industry, in any order that the columns share:
//!
//! ```csv
//! region,sector,r0:steel,r0:cars,final:households,final:exports,output
//! r0,steel,1.0,6.0,2.0,1.0,10.0
//! r0,cars,0.5,1.5,10.0,3.0,15.0
//! ```
//!
//! `region` and `sector` name the row; a column `region:sector` holds what that industry buys
//! from the row in a year (Z); columns that begin with `final:` hold final demand (Y) and are
//! added up; `output` is the gross output of the row in a year (x), which must be the sum of
//! the row. All in one unit of money. Rows of one sector in several regions are the same input
//! to a buyer.

use std::collections::{HashMap, HashSet};
use std::io::Read;

use narrows_quantity::{did_you_mean, nearest};

/// How far the output of a row may be from its sum, as a share of the larger.
const ROUNDING: f64 = 1e-6;
/// What a cell can hold.
const AMOUNT: &str = "a finite number, zero or more";
/// The prefix of columns of final demand.
const FINAL: &str = "final:";

/// An input-output table: who buys what from whom in a year.
#[derive(Debug, Clone, PartialEq)]
pub struct SectorTable {
    /// Industries, `region:sector`.
    pub(super) industries: Vec<String>,
    /// The input that each industry makes, by position among `inputs` distinct sectors.
    pub(super) input_of: Vec<usize>,
    /// Distinct sectors.
    pub(super) inputs: usize,
    /// Purchases in a year, rows sell and columns buy, row after row.
    pub(super) purchases: Vec<f64>,
    /// Final demand in a year.
    pub(super) final_demand: Vec<f64>,
}

/// What is wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Not readable as CSV.
    #[error("line {line}: {message}")]
    Syntax {
        /// Line, from one.
        line: u64,
        /// What the reader met.
        message: String,
    },
    /// A column is missing, unknown or there twice.
    #[error("column `{column}`: {message}")]
    Column {
        /// Its name.
        column: String,
        /// What is wrong with it.
        message: String,
    },
    /// A cell is not a number that can stand there.
    #[error("line {line}, column `{column}`: expected {expected}, found `{found}`")]
    Cell {
        /// Line, from one.
        line: u64,
        /// Name of the column.
        column: String,
        /// What can stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A name in a cell is no industry of the table.
    #[error("line {line}, column `{column}`: {unknown}")]
    Named {
        /// Line, from one.
        line: u64,
        /// Name of the column.
        column: String,
        /// The name, with the nearest.
        unknown: Box<TableError>,
    },
    /// A number is out of its range.
    #[error("{what} is {found}; expected {expected}")]
    Number {
        /// Which number.
        what: String,
        /// Its value.
        found: String,
        /// What it can be.
        expected: String,
    },
    /// The output of a row is not its sum.
    #[error("line {line}, `{industry}`: output is {output}, sales to industries and final demand are {sum}")]
    Unbalanced {
        /// Line, from one.
        line: u64,
        /// The row.
        industry: String,
        /// Output as given.
        output: String,
        /// Sum of the row.
        sum: String,
    },
    /// The lengths of vectors do not fit.
    #[error("expected {expected} {what}, found {found}")]
    Size {
        /// What was counted.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A name that is no industry of the table.
    #[error("no industry `{name}` in the table{}", did_you_mean(.nearest.as_deref()))]
    Unknown {
        /// The name.
        name: String,
        /// The nearest name.
        nearest: Option<String>,
    },
}

impl SectorTable {
    /// A table from its parts: names as region and sector, purchases row after row (rows sell),
    /// final demand in total. Money per year.
    ///
    /// # Errors
    /// [`TableError::Size`] if the lengths differ, [`TableError::Number`] for a number that is
    /// negative or not finite, [`TableError::Column`] for a name that stands twice.
    pub fn new(
        names: &[(String, String)],
        purchases: Vec<f64>,
        final_demand: Vec<f64>,
    ) -> Result<Self, TableError> {
        let count = names.len();
        let size = |what, expected, found| match expected == found {
            true => Ok(()),
            false => Err(TableError::Size { what, expected, found }),
        };
        size("purchases", count * count, purchases.len())?;
        size("figures of final demand", count, final_demand.len())?;
        let numbers = purchases.iter().chain(&final_demand);
        if let Some(found) = numbers.copied().find(|value| !is_amount(*value)) {
            return Err(TableError::Number {
                what: "a purchase or final demand".to_owned(),
                found: found.to_string(),
                expected: AMOUNT.to_owned(),
            });
        }
        let mut sectors: HashMap<&str, usize> = HashMap::new();
        let mut input_of = Vec::with_capacity(count);
        let mut industries: Vec<String> = Vec::with_capacity(count);
        for (region, sector) in names {
            let next = sectors.len();
            input_of.push(*sectors.entry(sector).or_insert(next));
            industries.push(format!("{region}:{sector}"));
        }
        let mut seen = HashSet::new();
        if let Some(twice) = industries.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(TableError::Column { column: twice.clone(), message: "stands twice".to_owned() });
        }
        let inputs = sectors.len();
        Ok(Self { industries, input_of, inputs, purchases, final_demand })
    }

    /// Reads the layout in the module's description.
    ///
    /// # Errors
    /// The first thing wrong, with line and column.
    pub fn read(source: impl Read) -> Result<Self, TableError> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source);
        let header = reader.headers().map_err(|error| syntax(&error))?.clone();
        let columns = Columns::of(&header)?;
        let mut names = Vec::new();
        let mut rows: Vec<Vec<f64>> = Vec::new();
        let mut final_demand = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| syntax(&error))?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |position: usize| {
                let found = record.get(position).unwrap_or("");
                found.parse::<f64>().ok().filter(|value| is_amount(*value)).ok_or_else(|| TableError::Cell {
                    line,
                    column: header.get(position).unwrap_or("").to_owned(),
                    expected: AMOUNT.to_owned(),
                    found: found.to_owned(),
                })
            };
            let text = |position: usize| record.get(position).unwrap_or("").to_owned();
            let name = (text(columns.region), text(columns.sector));
            let mut row = Vec::with_capacity(columns.industries.len());
            for (_, position) in &columns.industries {
                row.push(cell(*position)?);
            }
            let mut demand = 0.0;
            for position in &columns.finals {
                demand += cell(*position)?;
            }
            let (sum, output) = (row.iter().sum::<f64>() + demand, cell(columns.output)?);
            if (sum - output).abs() > ROUNDING * sum.max(output) {
                return Err(TableError::Unbalanced {
                    line,
                    industry: format!("{}:{}", name.0, name.1),
                    output: output.to_string(),
                    sum: sum.to_string(),
                });
            }
            names.push(name);
            rows.push(row);
            final_demand.push(demand);
        }
        columns.match_rows(&names)?;
        let by_name: HashMap<&str, usize> =
            columns.industries.iter().enumerate().map(|(at, (name, _))| (name.as_str(), at)).collect();
        let order: Vec<usize> = names
            .iter()
            .filter_map(|(region, sector)| by_name.get(format!("{region}:{sector}").as_str()).copied())
            .collect();
        let purchases =
            rows.iter().flat_map(|row| order.iter().filter_map(|at| row.get(*at).copied())).collect();
        Self::new(&names, purchases, final_demand)
    }

    /// Names of the industries, `region:sector`, in order.
    pub fn industries(&self) -> impl ExactSizeIterator<Item = &str> {
        self.industries.iter().map(String::as_str)
    }

    /// Position of an industry by its name.
    ///
    /// # Errors
    /// [`TableError::Unknown`] with the nearest name.
    pub fn position(&self, name: &str) -> Result<usize, TableError> {
        self.industries.iter().position(|industry| industry == name).ok_or_else(|| TableError::Unknown {
            name: name.to_owned(),
            nearest: nearest(name, self.industries()),
        })
    }

    /// Gross output of each industry in a year: sales to industries and final demand.
    #[must_use]
    pub fn outputs(&self) -> Vec<f64> {
        let rows = self.purchases.chunks_exact(self.industries.len().max(1));
        rows.zip(&self.final_demand).map(|(row, demand)| row.iter().sum::<f64>() + demand).collect()
    }

    /// Value added of each industry in a year: output less purchases.
    #[must_use]
    pub fn value_added(&self) -> Vec<f64> {
        let mut added = self.outputs();
        for row in self.purchases.chunks_exact(self.industries.len().max(1)) {
            for (left, bought) in added.iter_mut().zip(row) {
                *left -= bought;
            }
        }
        added
    }
}

/// Where the columns of a file stand.
struct Columns {
    region: usize,
    sector: usize,
    output: usize,
    finals: Vec<usize>,
    industries: Vec<(String, usize)>,
}

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Self, TableError> {
        let column = |name: &str, message: &str| TableError::Column {
            column: name.to_owned(),
            message: message.to_owned(),
        };
        let find = |name: &str| {
            header.iter().position(|field| field == name).ok_or_else(|| column(name, "is missing"))
        };
        let (region, sector, output) = (find("region")?, find("sector")?, find("output")?);
        let mut finals = Vec::new();
        let mut industries: Vec<(String, usize)> = Vec::new();
        for (position, name) in header.iter().enumerate() {
            if [region, sector, output].contains(&position) {
                continue;
            } else if name.starts_with(FINAL) {
                finals.push(position);
            } else if !name.contains(':') {
                let expected = "expected region, sector, output, final:NAME or region:sector";
                return Err(column(name, expected));
            } else if industries.iter().any(|(known, _)| known == name) {
                return Err(column(name, "stands twice"));
            } else {
                industries.push((name.to_owned(), position));
            }
        }
        if finals.is_empty() {
            return Err(column("final:NAME", "is missing: at least one column of final demand is needed"));
        }
        Ok(Self { region, sector, output, finals, industries })
    }

    /// Every row needs its column and every column its row.
    fn match_rows(&self, names: &[(String, String)]) -> Result<(), TableError> {
        let rows: Vec<String> = names.iter().map(|(region, sector)| format!("{region}:{sector}")).collect();
        let column = |name: &str, message: &str| TableError::Column {
            column: name.to_owned(),
            message: message.to_owned(),
        };
        if let Some(row) = rows.iter().find(|row| !self.industries.iter().any(|(name, _)| name == *row)) {
            return Err(column(row, "is missing although the row is there"));
        }
        if let Some((name, _)) = self.industries.iter().find(|(name, _)| !rows.contains(name)) {
            return Err(column(name, "has no row"));
        }
        Ok(())
    }
}

fn is_amount(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

pub(super) fn syntax(error: &csv::Error) -> TableError {
    TableError::Syntax { line: error.position().map_or(0, csv::Position::line), message: error.to_string() }
}
