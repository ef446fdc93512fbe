//! Tables with named columns.

use std::io::Read;

/// A table read whole.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows, each as long as the header.
    pub rows: Vec<csv::StringRecord>,
}

/// A row of a table.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    record: &'a csv::StringRecord,
    /// Number of its line, counting the header as the first.
    pub line: usize,
}

impl Table {
    /// Reads comma separated values with a header.
    ///
    /// # Errors
    /// The text is not a table.
    pub fn read(from: impl Read) -> Result<Self, csv::Error> {
        let mut reader = csv::ReaderBuilder::new().from_reader(from);
        let columns = reader.headers()?.iter().map(str::to_owned).collect();
        let rows = reader.records().collect::<Result<_, _>>()?;
        Ok(Self { columns, rows })
    }

    /// Whether it has a column.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    /// Its rows.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().enumerate().map(|(at, record)| Row { table: self, record, line: at + 2 })
    }
}

impl<'a> Row<'a> {
    /// The text in a column; empty if there is no such column.
    #[must_use]
    pub fn text(&self, column: &str) -> &'a str {
        let at = self.table.columns.iter().position(|name| name == column);
        at.and_then(|at| self.record.get(at)).unwrap_or_default().trim()
    }

    /// A finite, non-negative number in a column.
    ///
    /// # Errors
    /// What was found.
    pub fn number(&self, column: &str) -> Result<f64, String> {
        let text = self.text(column);
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
        number.ok_or_else(|| format!("{column}: expected a number, found `{text}`"))
    }

    /// A time in a column of microseconds, in seconds; not a number if the table does not say.
    ///
    /// # Errors
    /// What was found.
    pub fn microseconds(&self, column: &str) -> Result<f64, String> {
        if self.text(column).is_empty() { Ok(f64::NAN) } else { Ok(self.number(column)? * 1e-6) }
    }
}
