//! [`Rows`]: the rows of one ticker, and how they become a [`Series`].

use jiff::civil::{Date, Weekday};

use super::Series;
use super::fault::{FaultKind, Faults};
use super::layout::Closes;

/// Calendar days between quotes that are worth a word.
const LONG_GAP: i32 = 7;
/// Calendar days by which a series may end before the others of its table.
const EARLY_END: i32 = 30;
/// Sessions at one price that are worth a word.
const LONG_STANDSTILL: usize = 5;
/// Ratios at which shares are split, or put together.
const SPLITS: [f64; 14] = [1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 50.0];
/// How near a price ratio must be to that of a split, as a fraction of it: shares also move on
/// the day on which they are split.
const SPLIT_TOLERANCE: f64 = 0.06;
/// Smallest move that may be a split, as a fraction.
const SPLIT_MOVE: f64 = 0.3;
/// One in so many closes at or below zero, and a column that may hold prices or returns holds
/// returns: prices never are, of daily returns about half.
const RETURNS_SHARE: usize = 10;
/// Rows from which some return at or below zero must be expected.
const RETURNS_ROWS: usize = 20;

/// One row as it was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quote {
    pub(super) line: u32,
    pub(super) date: Date,
    /// Price, or return where the table holds returns.
    pub(super) close: f64,
    /// Overnight return, or the open where the table holds opens.
    pub(super) overnight: f64,
    pub(super) intraday: f64,
}

/// Rows of one ticker.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) ticker: String,
    pub(super) quotes: Vec<Quote>,
    pub(super) faults: Faults,
}

/// What the rows of a table have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    pub(super) file: &'a str,
    pub(super) source: &'a str,
    pub(super) closes: Closes,
    /// Whether the overnight cell holds the open.
    pub(super) opens: bool,
    /// The last day of all its rows.
    pub(super) last: Option<Date>,
}

/// Whether closes that may be prices or returns are returns.
pub(super) fn are_returns(all: &[Rows]) -> (Closes, String) {
    let closes =
        || all.iter().flat_map(|rows| &rows.quotes).map(|quote| quote.close).filter(|c| c.is_finite());
    let (count, low) = (closes().count(), closes().filter(|close| *close <= 0.0).count());
    let small = count < RETURNS_ROWS && closes().all(|close| close < 1.0);
    let returns = low > 0 && low * RETURNS_SHARE >= count || small;
    let (kind, word) = if returns { (Closes::Returns, "returns") } else { (Closes::Prices, "prices") };
    let words = format!(
        "`close` stands beside overnight or intraday returns and is taken to hold {word}: {low} of {count} are \
         not above zero; `adj_close` or `return` would say which"
    );
    (kind, words)
}

impl Rows {
    /// Sorts the rows, takes returns between them, and looks for what is odd.
    pub(super) fn series(mut self, table: Table<'_>) -> Series {
        let mut quotes = std::mem::take(&mut self.quotes);
        // The sort keeps the order of the file among rows of one day.
        quotes.sort_by_key(|quote| quote.date);
        let mut series =
            Series { ticker: self.ticker.clone(), source: table.source.to_owned(), ..Series::default() };
        let count = quotes.len();
        series.dates.reserve_exact(count);
        for column in [&mut series.close, &mut series.overnight, &mut series.intraday] {
            column.reserve_exact(count);
        }
        let mut before: Option<Quote> = None;
        let mut still = 0_usize;
        for quote in quotes {
            if let Some(before) = before.filter(|before| before.date == quote.date) {
                self.twice(table, &before, &quote);
                continue;
            }
            let ratio = |price: f64| before.map_or(f64::NAN, |before| price / before.close) - 1.0;
            let close = if table.closes == Closes::Prices { ratio(quote.close) } else { quote.close };
            let (overnight, intraday) = if table.opens {
                (ratio(quote.overnight), quote.close / quote.overnight - 1.0)
            } else {
                (quote.overnight, quote.intraday)
            };
            still = if close.abs() < f64::EPSILON { still + 1 } else { 0 };
            self.look(table, &quote, before.as_ref(), close);
            if still == LONG_STANDSTILL {
                let Self { ticker, faults, .. } = &mut self;
                faults.add(FaultKind::Standstill, Some(quote.date), || {
                    format!("{}: the close has stood for {still} sessions", place(table, ticker, &quote))
                });
            }
            series.dates.push(quote.date);
            series.close.push(close);
            series.overnight.push(overnight);
            series.intraday.push(intraday);
            before = Some(quote);
        }
        if let (Some(last), Some(end)) = (series.dates.last().copied(), table.last) {
            let days = days(last, end);
            if days > EARLY_END {
                let words = || {
                    format!(
                        "{}: {} ends on {last}, {days} days before the table does: delisted, suspended or cut off",
                        table.file, series.ticker
                    )
                };
                self.faults.add(FaultKind::EndsEarly, Some(last), words);
            }
        }
        series.faults = self.faults.told(&series.ticker);
        series
    }

    /// A day that stands twice.
    fn twice(&mut self, table: Table<'_>, before: &Quote, quote: &Quote) {
        let figures = |quote: &Quote| [quote.close, quote.overnight, quote.intraday].map(f64::to_bits);
        let same = figures(before) == figures(quote);
        let kind = if same { FaultKind::Duplicate } else { FaultKind::Conflict };
        let Self { ticker, faults, .. } = self;
        faults.add(kind, Some(quote.date), || {
            let how = if same { "with the same figures" } else { "with other figures; the first is kept" };
            format!("{} stands on line {} already, {how}", place(table, ticker, quote), before.line)
        });
    }

    /// What is odd about one row beside the row before.
    fn look(&mut self, table: Table<'_>, quote: &Quote, before: Option<&Quote>, close: f64) {
        let Self { ticker, faults, .. } = self;
        let place = || place(table, ticker, quote);
        let day = Some(quote.date);
        if matches!(quote.date.weekday(), Weekday::Saturday | Weekday::Sunday) {
            faults.add(FaultKind::Weekend, day, place);
        }
        let Some(before) = before else { return };
        let days = days(before.date, quote.date);
        if days > LONG_GAP {
            faults.add(FaultKind::Gap, day, || format!("{}: {days} days after the quote before", place()));
        }
        if close.abs() > SPLIT_MOVE {
            let ratio = 1.0 + close;
            let near = |split: f64| (ratio / split - 1.0).abs() < SPLIT_TOLERANCE;
            if SPLITS.iter().any(|split| near(*split) || near(1.0 / split)) {
                faults
                    .add(FaultKind::Split, day, || format!("{}: {ratio:.4} times the close before", place()));
            }
        }
    }
}

/// Where a row stands.
fn place(table: Table<'_>, ticker: &str, quote: &Quote) -> String {
    format!("{}:{}: {ticker} {}", table.file, quote.line, quote.date)
}

fn days(from: Date, until: Date) -> i32 {
    from.until(until).map_or(0, |span| span.get_days())
}
