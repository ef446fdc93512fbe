//! [`FactorTable`]: factors of a user's own, in the layout of Kenneth French's data library.
//!
//! Lines of text, a line of titles that begins with an empty cell or `date`, a line for each day
//! (`yyyymmdd` or ISO 8601), and lines of text again. Values are percent of a day; -99.99 and
//! -999 are missing. The column `RF` is the riskless return and no factor.

use jiff::civil::Date;

use crate::quotes::Series;

/// Daily factors.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FactorTable {
    /// The factors, in the order of their columns. Values are simple, as fractions.
    pub factors: Vec<Series>,
    /// The riskless return, where there is a column `RF`.
    pub risk_free: Option<Series>,
}

/// What is wrong with a table of factors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}{}: {message}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct FactorError {
    file: String,
    line: Option<usize>,
    message: String,
}

/// Values that stand for none.
const MISSING: [f64; 2] = [-99.99, -999.0];
/// No factor moves so much in a day, in percent: such a table is of something else.
const LARGEST: f64 = 100.0;
/// Column of the riskless return.
const RISK_FREE: &str = "RF";

impl FactorTable {
    /// Reads the text of a table; `file` is named in errors.
    ///
    /// # Errors
    /// No line of titles, no day, a line of another width, a cell that is no number or no
    /// percentage of a day, days out of order.
    pub fn read(file: &str, text: &str) -> Result<Self, FactorError> {
        let fault =
            |line: Option<usize>, message: String| FactorError { file: file.to_owned(), line, message };
        let mut titles: Option<Vec<String>> = None;
        let mut dates: Vec<Date> = Vec::new();
        let mut columns: Vec<Vec<f64>> = Vec::new();
        let mut has_ended = false;
        for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let number = Some(at + 1);
            let mut cells = line.split(',').map(str::trim);
            let first = cells.next().unwrap_or_default();
            let Some(date) = day(first) else {
                let names: Vec<&str> = cells.collect();
                let is_title = first.is_empty() || first.eq_ignore_ascii_case("date");
                if dates.is_empty() && is_title && !names.is_empty() {
                    titles = Some(names.into_iter().map(str::to_owned).collect());
                } else if !dates.is_empty() && names.is_empty() {
                    // A copyright line, or the title of a table of months.
                    has_ended = true;
                } else if !dates.is_empty() && !has_ended {
                    return Err(fault(number, format!("expected a day such as 20250416, found `{first}`")));
                }
                continue;
            };
            if has_ended {
                return Err(fault(number, "days go on after a line of text: keep one table".to_owned()));
            }
            let Some(titles) = &titles else {
                let message = "expected a line of titles such as `,Mkt-RF,SMB,HML,RF` before the first day";
                return Err(fault(number, message.to_owned()));
            };
            if let Some(last) = dates.last().filter(|last| **last >= date) {
                return Err(fault(number, format!("{date} does not come after {last}")));
            }
            let values: Vec<&str> = cells.collect();
            if values.len() != titles.len() {
                let (expected, found) = (titles.len(), values.len());
                return Err(fault(number, format!("expected {expected} values, found {found}")));
            }
            columns.resize(titles.len(), Vec::new());
            for ((column, title), text) in columns.iter_mut().zip(titles).zip(values) {
                column.push(percent(text).map_err(|message| fault(number, format!("{title}: {message}")))?);
            }
            dates.push(date);
        }
        if dates.is_empty() {
            let message = "no day found; expected a line of titles such as `,Mkt-RF,SMB,HML,RF` and lines such \
                           as `20250416,-2.43,0.11,0.52,0.02`";
            return Err(fault(None, message.to_owned()));
        }
        let series = |ticker: String, close: Vec<f64>| {
            let unknown = vec![f64::NAN; dates.len()];
            Series {
                ticker,
                dates: dates.clone(),
                overnight: unknown.clone(),
                intraday: unknown,
                close,
                source: file.to_owned(),
                faults: Vec::new(),
            }
        };
        let mut table = Self::default();
        for (title, column) in titles.into_iter().flatten().zip(columns) {
            if title.eq_ignore_ascii_case(RISK_FREE) {
                table.risk_free = Some(series(title, column));
            } else {
                table.factors.push(series(title, column));
            }
        }
        if table.factors.is_empty() {
            return Err(fault(None, format!("no factor beside {RISK_FREE}")));
        }
        Ok(table)
    }
}

/// A day as eight digits or as ISO 8601.
fn day(text: &str) -> Option<Date> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { Date::strptime("%Y%m%d", text).ok() } else { text.parse().ok() }
}

/// Percent as a fraction; not a number where it is missing.
fn percent(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| format!("expected percent of a day, found `{text}`"))?;
    if MISSING.iter().any(|missing| (value - missing).abs() < 1e-9) {
        return Ok(f64::NAN);
    }
    if !value.is_finite() || value.abs() >= LARGEST {
        return Err(format!("expected percent of a day, found {text}"));
    }
    Ok(value / 100.0)
}
