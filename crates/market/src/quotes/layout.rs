//! [`Layout`]: which column of a table holds what, from its header.

use std::collections::BTreeSet;

/// Which column of a table holds what.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Column of the day.
    pub(super) date: usize,
    /// Number of columns.
    pub(super) width: usize,
    /// One security per row, or one per column.
    pub(super) shape: Shape,
}

/// How securities stand in a table.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// A row for each day of each security.
    Long(Columns),
    /// A row for each day, a column of closes for each security.
    Wide(Vec<(usize, String)>),
}

/// What the closes of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Closes {
    /// Prices.
    Prices,
    /// Simple returns.
    Returns,
    /// One of the two: the header does not tell.
    Either,
    /// There are none.
    #[default]
    Absent,
}

/// Columns of a table that has a row for each day of each security.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Columns {
    pub(super) ticker: Option<usize>,
    /// Length of the period, in Stooq's tables.
    pub(super) period: Option<usize>,
    pub(super) close: Option<usize>,
    pub(super) adjusted: Option<usize>,
    pub(super) open: Option<usize>,
    pub(super) volume: Option<usize>,
    pub(super) overnight: Option<usize>,
    pub(super) intraday: Option<usize>,
    pub(super) closes: Closes,
}

impl Columns {
    /// Whether overnight and intraday returns are worked out from the open.
    pub(super) fn opens(&self) -> Option<usize> {
        self.open
            .filter(|_| self.overnight.is_none() && self.intraday.is_none() && self.closes == Closes::Prices)
    }
}

/// A header's name without case, spaces and Stooq's brackets.
fn plain(name: &str) -> String {
    let name = name.trim_start_matches('\u{feff}').trim().to_lowercase();
    name.trim_matches(['<', '>']).replace([' ', '-'], "_").replace('.', "")
}

/// Whether a header may be a ticker: NVDA, ^SOX, 005930.KS.
fn may_be_ticker(name: &str) -> bool {
    !name.is_empty()
        && name.chars().any(|c| c.is_ascii_alphanumeric())
        && name.chars().all(|c| {
            c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '.' | '^' | '-' | '=' | '_' | '&')
        })
}

impl Layout {
    /// Reads a header; `returns` where the closes are known to be returns.
    pub(super) fn of(header: &[String], returns: bool) -> Result<Self, String> {
        let names: Vec<String> = header.iter().map(|name| plain(name)).collect();
        let find =
            |wanted: &[&str]| wanted.iter().find_map(|wanted| names.iter().position(|name| name == wanted));
        let found = || header.iter().map(|name| name.trim()).collect::<Vec<_>>().join(", ");
        let mut seen = BTreeSet::new();
        if let Some(twice) = header.iter().map(|name| name.trim()).find(|name| !seen.insert(*name)) {
            return Err(format!("expected each column once, found `{twice}` twice in the header"));
        }
        let Some(date) = find(&["date"]) else {
            return Err(format!("expected a header with a column `date`, found: {}", found()));
        };
        let ticker = find(&["ticker", "symbol"]);
        let adjusted = find(&["adj_close", "adjusted_close", "adjclose"]);
        let close = find(&["close"]);
        let explicit = find(&["return", "close_return"]);
        let (overnight, intraday) = (find(&["overnight"]), find(&["intraday"]));
        let open = find(&["open"]);
        let known = ticker.or(adjusted).or(close).or(explicit).or(overnight).or(intraday);
        if known.is_none() {
            let others = || header.iter().enumerate().filter(|(at, _)| *at != date);
            if others().next().is_some() && others().all(|(_, name)| may_be_ticker(name.trim())) {
                let tickers = others().map(|(at, name)| (at, name.trim().to_owned())).collect();
                return Ok(Self { date, width: header.len(), shape: Shape::Wide(tickers) });
            }
        }
        let nights = overnight.or(intraday).is_some();
        let closes = if adjusted.is_some() {
            Closes::Prices
        } else if close.is_some() && returns {
            Closes::Returns
        } else if close.is_some() {
            // Beside overnight returns and nothing else, `close` may be either.
            let ohlc = open.or(find(&["high"])).or(find(&["low"])).or(find(&["volume", "vol"])).is_some();
            if nights && !ohlc { Closes::Either } else { Closes::Prices }
        } else if explicit.is_some() {
            Closes::Returns
        } else {
            Closes::Absent
        };
        if closes == Closes::Absent && !nights {
            return Err(format!(
                "expected a column of prices (close, adj_close) or of returns (return, overnight, intraday), \
                 or a column of closes for each ticker in capitals, found: {}",
                found()
            ));
        }
        let columns = Columns {
            ticker,
            period: find(&["per"]),
            close: close.or(explicit),
            adjusted,
            open,
            volume: find(&["volume", "vol"]),
            overnight,
            intraday,
            closes,
        };
        Ok(Self { date, width: header.len(), shape: Shape::Long(columns) })
    }
}

/// The separator of a table, from its header.
pub(super) fn separator_of(header: &[u8]) -> Result<u8, String> {
    if header.starts_with(&[0xff, 0xfe]) || header.starts_with(&[0xfe, 0xff]) || header.contains(&0) {
        return Err(
            "expected text in UTF-8, found UTF-16 or no text at all: save it as CSV in UTF-8".to_owned()
        );
    }
    let count = |separator: u8| header.iter().filter(|byte| **byte == separator).count();
    let most = b",;\t".iter().copied().max_by_key(|separator| (count(*separator), *separator == b','));
    match most.filter(|separator| count(*separator) > 0) {
        Some(separator) => Ok(separator),
        None => {
            let line = String::from_utf8_lossy(header);
            let start: String = line.trim_start_matches('\u{feff}').trim().chars().take(80).collect();
            let found =
                if start.is_empty() { "an empty first line".to_owned() } else { format!("`{start}`") };
            Err(format!(
                "expected a header whose columns are separated by commas, semicolons or tabs, found {found}"
            ))
        }
    }
}

/// The ticker that a file is named after: `NVDA.csv`, `nvda.us.txt`, `nvda_us_d.csv`.
pub(super) fn ticker_of(file: &str) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let lower = name.to_lowercase();
    let end = [".csv", ".txt", ".tsv"].iter().find(|end| lower.ends_with(**end)).map_or(0, |end| end.len());
    let stem = name.get(..name.len() - end).unwrap_or(name).to_uppercase();
    // Stooq's downloads are named after the ticker, the country and the period.
    match stem.strip_suffix("_D") {
        Some(stooq) => stooq_ticker(&stooq.replace('_', ".")),
        None => stem.strip_suffix(".US").unwrap_or(&stem).to_owned(),
    }
}

/// Endings of Stooq's tickers, and those of Yahoo's that stand for the same exchanges.
const ENDINGS: [(&str, &str); 2] = [(".US", ""), (".JP", ".T")];

/// Stooq's ticker in the form used here, which is Yahoo's.
pub(super) fn stooq_ticker(ticker: &str) -> String {
    let known = ENDINGS.iter().find_map(|(stooq, yahoo)| Some((ticker.strip_suffix(stooq)?, yahoo)));
    known.map_or_else(|| ticker.to_owned(), |(stem, ending)| format!("{stem}{ending}"))
}
