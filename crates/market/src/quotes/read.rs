//! Reading quotes: our own tables of returns, and the user's tables of prices, told apart by
//! their header.
//!
//! Known are tidy tables (`date,ticker,adj_close`, with opens or with overnight and intraday
//! returns), Yahoo's (`Date,Open,High,Low,Close,Adj Close,Volume`), Stooq's
//! (`<TICKER>,<PER>,<DATE>,...,<CLOSE>`, or `Date,Open,High,Low,Close,Volume`) and wide ones
//! (`date,NVDA,AMD`). A table without tickers takes that of its file name.

use std::collections::HashMap;
use std::io::{BufRead, Cursor, Read};

use jiff::civil::Date;

use super::Quotes;
use super::cell::{Cell, date_of, number_of};
use super::fault::{FaultKind, Faults};
use super::layout::{Closes, Columns, Layout, Shape, separator_of, stooq_ticker, ticker_of};
use super::rows::{Quote, Rows, Table, are_returns};

/// A table that cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct QuoteError {
    /// Name of the file.
    pub file: String,
    /// What was expected and found.
    pub message: String,
}

/// Tickers in one table; more of them are no tickers.
const MOST_TICKERS: usize = 100_000;
/// Longest header, in bytes.
const LONGEST_HEADER: u64 = 1 << 20;

impl Quotes {
    /// Reads a user's table of quotes in any of the known layouts, one row at a time.
    ///
    /// # Errors
    /// A table without the columns that are needed, or one that is not text in columns.
    /// Single rows that cannot be used are left out and named in the faults of their series,
    /// or of the table.
    pub fn read(file: &str, input: impl BufRead) -> Result<Self, QuoteError> {
        read(file, input, false)
    }

    /// Reads a table of returns, `date,ticker,close,overnight,intraday`, as it is embedded.
    ///
    /// # Errors
    /// As [`Quotes::read`].
    pub fn read_returns(file: &str, text: &str) -> Result<Self, QuoteError> {
        read(file, text.as_bytes(), true)
    }
}

fn read(file: &str, mut input: impl BufRead, returns: bool) -> Result<Quotes, QuoteError> {
    let error = |message: String| QuoteError { file: file.to_owned(), message };
    let mut header = Vec::new();
    let start = input.by_ref().take(LONGEST_HEADER).read_until(b'\n', &mut header);
    start.map_err(|io| error(io.to_string()))?;
    let separator = separator_of(&header).map_err(error)?;
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .delimiter(separator)
        .from_reader(Cursor::new(header).chain(input));
    let names: Vec<String> = match reader.headers() {
        Ok(names) => names.iter().map(str::to_owned).collect(),
        Err(csv) => return Err(error(csv.to_string())),
    };
    let layout = Layout::of(&names, returns).map_err(error)?;
    let mut intake = Intake::new(file, layout);
    let mut record = csv::ByteRecord::new();
    let mut any = false;
    while reader.read_byte_record(&mut record).map_err(|csv| error(csv.to_string()))? {
        any = true;
        intake.row(&record).map_err(error)?;
    }
    if !any {
        return Err(error("expected rows below the header, found none".to_owned()));
    }
    Ok(intake.finish())
}

/// A cell as text.
fn text_of(record: &csv::ByteRecord, column: Option<usize>) -> Result<&str, String> {
    let bytes = column.and_then(|at| record.get(at)).unwrap_or_default();
    let text = std::str::from_utf8(bytes);
    text.map(str::trim).map_err(|_| "expected text in UTF-8, found other bytes".to_owned())
}

/// What is wrong with a cell: its kind, and the words for it.
enum Wrong {
    /// The row, or what the cell is needed for, is left out.
    Row(FaultKind, String),
    /// The table cannot be read.
    Table(String),
}

/// Which numbers a cell may hold.
#[derive(Clone, Copy, PartialEq)]
enum Range {
    Price,
    Return,
    Any,
}

/// A number, or not a number where the cell is empty.
fn number(record: &csv::ByteRecord, at: Option<usize>, name: &str, range: Range) -> Result<f64, Wrong> {
    let text = text_of(record, at).map_err(|words| Wrong::Row(FaultKind::Unreadable, words))?;
    let bad = |expected: &str| {
        Wrong::Row(FaultKind::BadPrice, format!("{name}: expected {expected}, found `{text}`"))
    };
    match number_of(text) {
        Cell::Empty => Ok(f64::NAN),
        Cell::Number(number) => match range {
            Range::Price if !(number.is_finite() && number > 0.0) => Err(bad("a price above zero")),
            Range::Return if !(number.is_finite() && number > -1.0) => Err(bad("a return above -1")),
            Range::Any if !number.is_finite() => Err(bad("a number")),
            _ => Ok(number),
        },
        Cell::Comma => Err(Wrong::Table(format!(
            "{name}: expected a point before decimals and no separators of thousands, found `{text}`"
        ))),
        Cell::Other => Err(bad("a number")),
    }
}

/// A table while it is read.
struct Intake<'a> {
    file: &'a str,
    layout: Layout,
    /// Ticker of a table that names none.
    own: String,
    places: HashMap<String, usize>,
    rows: Vec<Rows>,
    /// Where the ticker of the row before stands: tables are mostly sorted by it.
    latest: usize,
    last: Option<Date>,
    faults: Faults,
}

impl<'a> Intake<'a> {
    fn new(file: &'a str, layout: Layout) -> Self {
        let mut intake = Self {
            file,
            own: ticker_of(file),
            layout,
            places: HashMap::new(),
            rows: Vec::new(),
            latest: 0,
            last: None,
            faults: Faults::default(),
        };
        if let Shape::Long(Columns { adjusted: Some(_), close: None, open: Some(_), .. }) =
            intake.layout.shape
        {
            intake.faults.add(FaultKind::Assumption, None, || {
                format!(
                    "{file}: `open` is taken to be adjusted as `adj_close` is: there is no `close` to tell"
                )
            });
        }
        intake
    }

    /// Where the rows of a ticker stand.
    fn place(&mut self, ticker: &str) -> Result<usize, String> {
        if self.rows.get(self.latest).is_some_and(|rows| rows.ticker == ticker) {
            return Ok(self.latest);
        }
        let capital = ticker.to_ascii_uppercase();
        if capital != ticker && !self.places.contains_key(ticker) {
            let file = self.file;
            let words = || format!("{file}: the ticker `{ticker}` is taken for {capital}");
            self.faults.add(FaultKind::Assumption, None, words);
        }
        let known = self.places.get(ticker).or_else(|| self.places.get(&capital)).copied();
        self.latest = match known {
            Some(place) => {
                if capital != ticker {
                    self.places.insert(ticker.to_owned(), place);
                }
                place
            }
            None if self.rows.len() == MOST_TICKERS => {
                return Err(format!(
                    "expected at most {MOST_TICKERS} tickers, found more, such as `{ticker}`"
                ));
            }
            None => {
                self.places.insert(ticker.to_owned(), self.rows.len());
                self.places.insert(capital.clone(), self.rows.len());
                self.rows.push(Rows { ticker: capital, ..Rows::default() });
                self.rows.len() - 1
            }
        };
        Ok(self.latest)
    }

    /// Takes a row in. An error is one of the whole table.
    fn row(&mut self, record: &csv::ByteRecord) -> Result<(), String> {
        let (file, width) = (self.file, self.layout.width);
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().any(|cell| cell.contains(&b'\n')) {
            return Err(format!("line {line}: expected a row on one line, found a quotation mark left open"));
        }
        if record.len() != width {
            let found = record.len();
            self.faults.add(FaultKind::Unreadable, None, || {
                format!("{file}:{line}: expected {width} cells, found {found}")
            });
            return Ok(());
        }
        match self.layout.shape {
            Shape::Long(columns) => self.long_row(record, line, columns),
            Shape::Wide(_) => self.wide_row(record, line),
        }
    }

    fn day(&self, record: &csv::ByteRecord) -> Result<Date, Wrong> {
        let text = text_of(record, Some(self.layout.date));
        let text = text.map_err(|words| Wrong::Row(FaultKind::Unreadable, words))?;
        date_of(text).ok_or_else(|| {
            let words = format!("date: expected 2025-04-16, 2025/04/16 or 20250416, found `{text}`");
            Wrong::Row(FaultKind::BadDate, words)
        })
    }

    /// A row for one day of one security.
    fn long_row(&mut self, record: &csv::ByteRecord, line: u64, columns: Columns) -> Result<(), String> {
        let file = self.file;
        let ticker = match (columns.ticker, text_of(record, columns.ticker)) {
            (Some(_), Ok("")) => {
                let words = || format!("{file}:{line}: ticker: expected one, found nothing");
                self.faults.add(FaultKind::Unreadable, None, words);
                return Ok(());
            }
            (Some(_), Ok(ticker)) if columns.period.is_some() => stooq_ticker(ticker),
            (Some(_), Ok(ticker)) => ticker.to_owned(),
            (Some(_), Err(words)) => {
                self.faults.add(FaultKind::Unreadable, None, || format!("{file}:{line}: ticker: {words}"));
                return Ok(());
            }
            (None, _) => self.own.clone(),
        };
        let place = self.place(&ticker)?;
        let day = self.day(record);
        let Some(rows) = self.rows.get_mut(place) else { return Ok(()) };
        let quote = day.and_then(|date| quote(record, line, date, columns, file, rows));
        match quote {
            Ok(quote) => {
                self.last = self.last.max(Some(quote.date));
                rows.quotes.push(quote);
                Ok(())
            }
            Err(Wrong::Row(kind, words)) => {
                let day = text_of(record, Some(self.layout.date)).ok().and_then(date_of);
                rows.faults.add(kind, day, || format!("{file}:{line}: {ticker}: {words}"));
                Ok(())
            }
            Err(Wrong::Table(words)) => Err(format!("line {line}: {words}")),
        }
    }

    /// A row for one day of all securities. An empty cell is a day without a session.
    fn wide_row(&mut self, record: &csv::ByteRecord, line: u64) -> Result<(), String> {
        let file = self.file;
        let date = match self.day(record) {
            Ok(date) => date,
            Err(Wrong::Row(kind, words)) => {
                self.faults.add(kind, None, || format!("{file}:{line}: {words}"));
                return Ok(());
            }
            Err(Wrong::Table(words)) => return Err(format!("line {line}: {words}")),
        };
        let Shape::Wide(tickers) = &self.layout.shape else { return Ok(()) };
        if self.rows.is_empty() {
            let rows = |(_, ticker): &(usize, String)| Rows { ticker: ticker.clone(), ..Rows::default() };
            self.rows = tickers.iter().map(rows).collect();
        }
        for ((at, ticker), rows) in tickers.iter().zip(&mut self.rows) {
            match number(record, Some(*at), ticker, Range::Price) {
                Ok(close) if close.is_nan() => {}
                Ok(close) => {
                    self.last = self.last.max(Some(date));
                    rows.quotes.push(Quote {
                        line: u32::try_from(line).unwrap_or(u32::MAX),
                        date,
                        close,
                        overnight: f64::NAN,
                        intraday: f64::NAN,
                    });
                }
                Err(Wrong::Row(kind, words)) => {
                    rows.faults.add(kind, Some(date), || format!("{file}:{line}: {words}"));
                }
                Err(Wrong::Table(words)) => return Err(format!("line {line}: {words}")),
            }
        }
        Ok(())
    }

    /// The quotes of the whole table.
    fn finish(mut self) -> Quotes {
        let file = self.file;
        let (mut closes, opens, named) = match &self.layout.shape {
            Shape::Long(columns) => (columns.closes, columns.opens().is_some(), columns.ticker.is_some()),
            Shape::Wide(_) => (Closes::Prices, false, true),
        };
        if closes == Closes::Either {
            let (kind, words) = are_returns(&self.rows);
            closes = kind;
            self.faults.add(FaultKind::Assumption, None, || format!("{file}: {words}"));
            for rows in &mut self.rows {
                let Rows { ticker, quotes, faults } = rows;
                quotes.retain(|quote| {
                    let (least, what) = if kind == Closes::Prices {
                        (0.0, "a price above 0")
                    } else {
                        (-1.0, "a return above -1")
                    };
                    let good = quote.close.is_nan() && kind == Closes::Returns || quote.close > least;
                    if !good {
                        faults.add(FaultKind::BadPrice, Some(quote.date), || {
                            let (line, found) = (quote.line, quote.close);
                            format!("{file}:{line}: {ticker}: close: expected {what}, found {found}")
                        });
                    }
                    good
                });
            }
        }
        let source =
            if named { file.to_owned() } else { format!("{file}, ticker from the name of the file") };
        let table = Table { file, source: &source, closes, opens, last: self.last };
        let mut quotes = Quotes::default();
        for rows in self.rows {
            quotes.insert(rows.series(table));
        }
        quotes.faults = self.faults.told(file);
        quotes
    }
}

/// The quote of a row, or what is wrong with it.
fn quote(
    record: &csv::ByteRecord,
    line: u64,
    date: Date,
    columns: Columns,
    file: &str,
    rows: &mut Rows,
) -> Result<Quote, Wrong> {
    if columns.period.is_some() {
        let period = text_of(record, columns.period).unwrap_or_default();
        if !period.eq_ignore_ascii_case("D") {
            let words = format!("per: expected D, for a day, found `{period}`");
            return Err(Wrong::Row(FaultKind::Unreadable, words));
        }
    }
    let Rows { ticker, faults, .. } = rows;
    let (column, name) = match columns.adjusted {
        Some(_) => (columns.adjusted, "adj_close"),
        None => (columns.close, "close"),
    };
    let range = match columns.closes {
        Closes::Prices => Range::Price,
        Closes::Returns => Range::Return,
        Closes::Either | Closes::Absent => Range::Any,
    };
    let close = number(record, column, name, range)?;
    if close.is_nan() && columns.closes == Closes::Prices {
        return Err(Wrong::Row(FaultKind::Missing, format!("{name}: expected a price, found nothing")));
    }
    // A row whose close is good is kept when another of its cells is not.
    let mut beside = |at: Option<usize>, name: &str, range: Range| match number(record, at, name, range) {
        Ok(number) => Ok(number),
        Err(Wrong::Row(kind, words)) => {
            faults.add(kind, Some(date), || format!("{file}:{line}: {ticker}: {words}; the close is kept"));
            Ok(f64::NAN)
        }
        Err(table) => Err(table),
    };
    let (overnight, intraday) = if columns.opens().is_some() {
        let mut open = beside(columns.open, "open", Range::Price)?;
        if columns.adjusted.is_some() && columns.close.is_some() {
            // The open is adjusted as the close of its day is.
            open *= close / beside(columns.close, "close", Range::Price)?;
        }
        if open.is_nan() {
            faults.add(FaultKind::Missing, Some(date), || {
                format!(
                    "{file}:{line}: {ticker} {date}: no open, or no close to adjust it by; the close is kept"
                )
            });
        }
        (open, f64::NAN)
    } else {
        let overnight = beside(columns.overnight, "overnight", Range::Return)?;
        (overnight, beside(columns.intraday, "intraday", Range::Return)?)
    };
    let nothing = close.is_nan() && overnight.is_nan() && intraday.is_nan();
    if nothing && columns.closes != Closes::Prices {
        return Err(Wrong::Row(FaultKind::Missing, "expected a return, found nothing".to_owned()));
    }
    let volume = text_of(record, columns.volume).unwrap_or_default();
    if columns.volume.is_some() && matches!(number_of(volume), Cell::Number(volume) if volume.abs() < 0.5) {
        faults.add(FaultKind::NotTraded, Some(date), || format!("{file}:{line}: {ticker} {date}: volume 0"));
    }
    Ok(Quote { line: u32::try_from(line).unwrap_or(u32::MAX), date, close, overnight, intraday })
}
