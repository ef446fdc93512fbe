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
    columns: &'a [String],
    record: &'a csv::StringRecord,
    /// Number of its line, counting the header as the first.
    pub line: usize,
}

/// A table read row by row.
pub struct TableReader<R> {
    reader: csv::Reader<R>,
    /// Names of the columns.
    pub columns: Vec<String>,
}

impl<R: Read> TableReader<R> {
    /// Reads the header of comma separated values.
    ///
    /// # Errors
    /// The text is not a table.
    pub fn new(from: R) -> Result<Self, csv::Error> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(from);
        let header = reader.byte_headers()?.clone();
        let header = csv::StringRecord::from_byte_record_lossy(header);
        let columns =
            header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect();
        Ok(Self { reader, columns })
    }

    /// Reads the next row, brought to the width of the header; false at the end.
    ///
    /// # Errors
    /// The text is not a table.
    pub fn next(&mut self, record: &mut csv::ByteRecord) -> Result<bool, csv::Error> {
        if !self.reader.read_byte_record(record)? {
            return Ok(false);
        }
        let found = record.len();
        record.truncate(self.columns.len());
        (found..self.columns.len()).for_each(|_| record.push_field(b""));
        Ok(true)
    }
}

impl Table {
    /// Reads comma separated values with a header.
    ///
    /// # Errors
    /// The text is not a table.
    pub fn read(from: impl Read) -> Result<Self, csv::Error> {
        let mut reader = TableReader::new(from)?;
        let mut record = csv::ByteRecord::new();
        let mut rows = Vec::new();
        while reader.next(&mut record)? {
            rows.push(csv::StringRecord::from_byte_record_lossy(record.clone()));
        }
        Ok(Self { columns: reader.columns, rows })
    }

    /// A table of one row.
    #[must_use]
    pub fn of_one(cells: &[(String, String)]) -> Self {
        let columns = cells.iter().map(|(column, _)| column.clone()).collect();
        let record = cells.iter().map(|(_, cell)| cell.as_str()).collect();
        Self { columns, rows: vec![record] }
    }

    /// Whether it has a column.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    /// Drops the rows that are not wanted.
    pub fn keep(&mut self, wanted: impl Fn(Row<'_>) -> bool) {
        let columns = &self.columns;
        self.rows.retain(|record| wanted(Row { columns, record, line: 0 }));
    }

    /// Its rows.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().enumerate().map(|(at, record)| Row { columns: &self.columns, record, line: at + 2 })
    }
}

impl<'a> Row<'a> {
    /// A row of cells under columns.
    #[must_use]
    pub const fn new(columns: &'a [String], record: &'a csv::StringRecord, line: usize) -> Self {
        Self { columns, record, line }
    }

    /// The text in a column; empty if there is no such column.
    #[must_use]
    pub fn text(&self, column: &str) -> &'a str {
        let at = self.columns.iter().position(|name| name == column);
        at.and_then(|at| self.record.get(at)).unwrap_or_default().trim()
    }

    /// A finite, non-negative number in a column.
    ///
    /// # Errors
    /// What was found.
    pub fn number(&self, column: &str) -> Result<f64, String> {
        let text = self.text(column);
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
        number.ok_or_else(|| format!("{column}: expected a number of at least 0, found `{text}`"))
    }

    /// A time in a column of microseconds, in seconds; not a number if the table does not say.
    ///
    /// # Errors
    /// What was found.
    pub fn microseconds(&self, column: &str) -> Result<f64, String> {
        if self.text(column).is_empty() { Ok(f64::NAN) } else { Ok(self.number(column)? * 1e-6) }
    }
}
