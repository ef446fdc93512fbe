//! Reading quotes: our own tables of returns, and the user's tables of prices, told apart by
//! their header.
//!
//! Known are tidy tables (`date,ticker,adj_close`, or with `overnight` and `intraday`),
//! Yahoo's (`Date,Open,High,Low,Close,Adj Close,Volume`) and Stooq's
//! (`<TICKER>,<PER>,<DATE>,...,<CLOSE>`, or `Date,Open,High,Low,Close,Volume`). A table
//! without a ticker takes that of its file name.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::BufRead;

use jiff::civil::Date;

use super::fault::{Fault, FaultKind};
use super::{Quotes, Series};

/// A table that cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct QuoteError {
    /// Name of the file.
    pub file: String,
    /// What was expected and found.
    pub message: String,
}

/// Faults of one kind that are told of a ticker one by one; of more only the number is told.
const TOLD: usize = 3;
/// Days without a quote that are worth a word: the longest holidays close an exchange for ten.
const LONG_GAP: i32 = 12;
/// Ratios at which shares are split, or put together.
const SPLITS: [f64; 9] = [1.5, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 15.0, 20.0];
/// How near a price ratio must be to that of a split.
const SPLIT_TOLERANCE: f64 = 0.02;
/// Sessions at one price that are worth a word.
const LONG_STANDSTILL: usize = 5;

/// Which column holds what.
#[derive(Debug, Default, Clone, Copy)]
struct Layout {
    date: usize,
    ticker: Option<usize>,
    close: Option<usize>,
    adjusted: Option<usize>,
    open: Option<usize>,
    overnight: Option<usize>,
    intraday: Option<usize>,
    returns: Option<usize>,
}

/// One row as it was read.
#[derive(Debug, Clone, Copy)]
struct Quote {
    line: u32,
    date: Date,
    /// Price, or return where the table holds returns.
    close: f64,
    open: f64,
    overnight: f64,
    intraday: f64,
}

impl Quotes {
    /// Reads a table of quotes in any of the known layouts.
    ///
    /// # Errors
    /// A table without the columns that are needed, or one that is not text in columns.
    /// Single rows that cannot be used are left out and named in the faults of their series.
    pub fn read(file: &str, input: impl BufRead) -> Result<Self, QuoteError> {
        let error = |message: String| QuoteError { file: file.to_owned(), message };
        let mut input = input;
        let separator = separator_of(&mut input).map_err(|io| error(io.to_string()))?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(separator).from_reader(input);
        let header = reader.headers().map_err(|csv| error(csv.to_string()))?.clone();
        let width = header.len();
        let layout = Layout::of(&header).map_err(error)?;
        let fallback = ticker_of(file);
        let mut tables: BTreeMap<String, Rows> = BTreeMap::new();
        let mut record = csv::StringRecord::new();
        let mut last: Option<String> = None;
        loop {
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(csv) if csv.is_io_error() => return Err(error(csv.to_string())),
                Err(csv) => {
                    tables
                        .entry(fallback.clone())
                        .or_default()
                        .fault(FaultKind::Unreadable, &csv.to_string());
                    continue;
                }
            }
            let line = record.position().map_or(0, csv::Position::line);
            let ticker = match layout.ticker {
                Some(column) => record.get(column).unwrap_or_default().trim(),
                None => fallback.as_str(),
            };
            if last.as_deref() != Some(ticker) {
                last = Some(ticker.to_owned());
                tables.entry(ticker.to_owned()).or_default();
            }
            let Some(rows) = last.as_ref().and_then(|ticker| tables.get_mut(ticker)) else { continue };
            if record.len() != width {
                let message = format!("{file}:{line}: expected {width} cells, found {}", record.len());
                rows.fault(FaultKind::Unreadable, &message);
                continue;
            }
            match layout.row(&record, line) {
                Ok(quote) => rows.quotes.push(quote),
                Err((kind, message)) => rows.fault(kind, &format!("{file}:{line}: {message}")),
            }
        }
        let mut quotes = Self::default();
        for (ticker, rows) in tables {
            quotes.insert(rows.series(file, ticker, layout));
        }
        Ok(quotes)
    }

    /// Adds a user's quotes to those read before: columns that the earlier table of a ticker
    /// lacked are filled in, day by day; columns that both have are replaced.
    pub fn merge(&mut self, other: Self) {
        for (ticker, series) in other.series {
            match self.series.entry(ticker) {
                Entry::Vacant(place) => {
                    place.insert(series);
                }
                Entry::Occupied(mut place) => {
                    let merged = merged(place.get(), series);
                    place.insert(merged);
                }
            }
        }
    }
}

/// Two tables of one ticker, column by column.
fn merged(earlier: &Series, later: Series) -> Series {
    let has = |values: &[f64]| values.iter().any(|value| value.is_finite());
    let mut dates: Vec<Date> = earlier.dates.iter().chain(&later.dates).copied().collect();
    dates.sort_unstable();
    dates.dedup();
    let column = |old: &[f64], new: &[f64]| -> Vec<f64> {
        let (from, values) = if has(new) { (&later.dates, new) } else { (&earlier.dates, old) };
        dates
            .iter()
            .map(|date| {
                from.binary_search(date).ok().and_then(|at| values.get(at)).copied().unwrap_or(f64::NAN)
            })
            .collect()
    };
    Series {
        close: column(&earlier.close, &later.close),
        overnight: column(&earlier.overnight, &later.overnight),
        intraday: column(&earlier.intraday, &later.intraday),
        ticker: later.ticker,
        source: format!("{} and {}", earlier.source, later.source),
        faults: earlier.faults.iter().cloned().chain(later.faults).collect(),
        dates,
    }
}

/// The separator of a table, from its first line.
fn separator_of(input: &mut impl BufRead) -> std::io::Result<u8> {
    let start = input.fill_buf()?;
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |separator: u8| line.iter().filter(|byte| **byte == separator).count();
    Ok(b",;\t"
        .iter()
        .copied()
        .max_by_key(|separator| (count(*separator), *separator == b','))
        .unwrap_or(b','))
}

/// The ticker that a file is named after: `nvda.us.csv` is NVDA.
fn ticker_of(file: &str) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.strip_suffix(".csv").or_else(|| name.strip_suffix(".txt")).unwrap_or(name);
    stem.strip_suffix(".us").or_else(|| stem.strip_suffix(".US")).unwrap_or(stem).to_uppercase()
}

impl Layout {
    fn of(header: &csv::StringRecord) -> Result<Self, String> {
        let names: Vec<String> = header
            .iter()
            .map(|name| {
                let plain = name.trim_start_matches('\u{feff}').trim().to_lowercase();
                plain.trim_matches(['<', '>']).replace([' ', '-'], "_")
            })
            .collect();
        let find =
            |wanted: &[&str]| wanted.iter().find_map(|wanted| names.iter().position(|name| name == wanted));
        let found = || header.iter().collect::<Vec<_>>().join(", ");
        let Some(date) = find(&["date"]) else {
            return Err(format!("expected a header with a column `date`, found {}", found()));
        };
        let overnight = find(&["overnight"]);
        let adjusted = find(&["adj_close", "adjusted_close", "adjclose"]);
        let close = find(&["close"]);
        // Beside overnight returns and without an open, `close` is a return like them.
        let holds_returns = overnight.is_some() && adjusted.is_none() && find(&["open"]).is_none();
        let layout = Self {
            date,
            ticker: find(&["ticker", "symbol"]),
            close: close.filter(|_| !holds_returns),
            returns: close.filter(|_| holds_returns),
            adjusted,
            open: find(&["open"]),
            overnight,
            intraday: find(&["intraday"]),
        };
        if layout.close.or(layout.adjusted).or(layout.overnight).or(layout.intraday).is_none() {
            return Err(format!(
                "expected a column of prices (close, adj_close) or returns (overnight, intraday), found {}",
                found()
            ));
        }
        Ok(layout)
    }

    /// A row, or what is wrong with it.
    fn row(&self, record: &csv::StringRecord, line: u64) -> Result<Quote, (FaultKind, String)> {
        let cell = |column: Option<usize>| column.and_then(|at| record.get(at)).unwrap_or_default().trim();
        let text = cell(Some(self.date));
        let date = date_of(text).ok_or_else(|| {
            let message = format!("date: expected one such as 2020-12-31 or 20201231, found `{text}`");
            (FaultKind::Unreadable, message)
        })?;
        let number = |column: Option<usize>, name: &str| -> Result<f64, (FaultKind, String)> {
            let text = cell(column);
            if text.is_empty() {
                return Ok(f64::NAN);
            }
            text.parse::<f64>()
                .map_err(|_| (FaultKind::Unreadable, format!("{name}: expected a number, found `{text}`")))
        };
        let price = |column: Option<usize>, name: &str| -> Result<f64, (FaultKind, String)> {
            let value = number(column, name)?;
            if column.is_some() && !(value.is_finite() && value > 0.0) {
                let text = cell(column);
                return Err((
                    FaultKind::BadPrice,
                    format!("{name}: expected a price above zero, found `{text}`"),
                ));
            }
            Ok(value)
        };
        let change = |column: Option<usize>, name: &str| -> Result<f64, (FaultKind, String)> {
            let value = number(column, name)?;
            if value <= -1.0 || value.is_infinite() {
                return Err((
                    FaultKind::BadPrice,
                    format!("{name}: expected a return above -1, found {value}"),
                ));
            }
            Ok(value)
        };
        let plain = price(self.close, "close")?;
        let adjusted = price(self.adjusted, "adj_close")?;
        let open = price(self.open, "open")?;
        let (overnight, intraday) =
            (change(self.overnight, "overnight")?, change(self.intraday, "intraday")?);
        let close = if self.returns.is_some() {
            change(self.returns, "close")?
        } else if self.adjusted.is_some() {
            adjusted
        } else {
            plain
        };
        // The open is adjusted as the close of its day is.
        let open =
            if self.adjusted.is_some() && self.close.is_some() { open * adjusted / plain } else { open };
        Ok(Quote { line: u32::try_from(line).unwrap_or(u32::MAX), date, close, open, overnight, intraday })
    }
}

fn date_of(text: &str) -> Option<Date> {
    let digits: String = match text.len() {
        8 => format!("{}-{}-{}", text.get(..4)?, text.get(4..6)?, text.get(6..)?),
        _ => text.replace('/', "-"),
    };
    // A time of the day after the date is no part of it.
    digits.get(..10)?.parse().ok()
}

/// Rows of one ticker.
#[derive(Debug, Default)]
struct Rows {
    quotes: Vec<Quote>,
    faults: Vec<Fault>,
    counts: BTreeMap<FaultKind, usize>,
}

impl Rows {
    /// Keeps a fault; of many of one kind the first few are told.
    fn fault(&mut self, kind: FaultKind, message: &str) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= TOLD {
            self.faults.push(Fault { kind, message: message.to_owned() });
        }
    }

    /// Sorts the rows, takes returns between them, and looks for what is odd.
    fn series(mut self, file: &str, ticker: String, layout: Layout) -> Series {
        let mut quotes = std::mem::take(&mut self.quotes);
        // The sort keeps the order of the file among rows of one day.
        quotes.sort_by_key(|quote| quote.date);
        let mut series = Series { ticker, source: file.to_owned(), ..Series::default() };
        let mut before: Option<Quote> = None;
        let mut still = 0_usize;
        for quote in quotes {
            if let Some(before) = before.filter(|before| before.date == quote.date) {
                let what =
                    if before.close.to_bits() == quote.close.to_bits() { "the same" } else { "another" };
                let message = format!(
                    "{file}:{}: {} {} stands at line {} already, with {what} price; the first is kept",
                    quote.line, series.ticker, quote.date, before.line
                );
                self.fault(FaultKind::Duplicate, &message);
                continue;
            }
            let ratio = |price: f64| before.map_or(f64::NAN, |before| price / before.close);
            let close = if layout.returns.is_some() { quote.close } else { ratio(quote.close) - 1.0 };
            let (overnight, intraday) = if layout.open.is_some() {
                (ratio(quote.open) - 1.0, quote.close / quote.open - 1.0)
            } else {
                (quote.overnight, quote.intraday)
            };
            still = if close.abs() < f64::EPSILON { still + 1 } else { 0 };
            self.look(file, &series.ticker, &quote, before.as_ref(), close, still);
            series.dates.push(quote.date);
            series.close.push(close);
            series.overnight.push(overnight);
            series.intraday.push(intraday);
            before = Some(quote);
        }
        for (kind, count) in &self.counts {
            if *count > TOLD {
                let message = format!("{} more of {}", count - TOLD, series.ticker);
                self.faults.push(Fault { kind: *kind, message });
            }
        }
        series.faults = self.faults;
        series
    }

    /// What is odd about one row.
    fn look(
        &mut self,
        file: &str,
        ticker: &str,
        quote: &Quote,
        before: Option<&Quote>,
        close: f64,
        still: usize,
    ) {
        let place = format!("{file}:{}: {ticker} {}", quote.line, quote.date);
        let Some(before) = before else { return };
        let days = before.date.until(quote.date).map_or(0, |span| span.get_days());
        if days > LONG_GAP {
            self.fault(FaultKind::Gap, &format!("{place}: {days} days after {}", before.date));
        }
        let ratio = 1.0 + close;
        let is_split = |split: &f64| {
            (ratio / split - 1.0).abs() < SPLIT_TOLERANCE || (ratio * split - 1.0).abs() < SPLIT_TOLERANCE
        };
        if SPLITS.iter().any(is_split) {
            self.fault(FaultKind::Split, &format!("{place}: {ratio:.4} times the close before"));
        }
        if still == LONG_STANDSTILL {
            self.fault(
                FaultKind::Standstill,
                &format!("{place}: the close has not moved for {still} sessions"),
            );
        }
    }
}
