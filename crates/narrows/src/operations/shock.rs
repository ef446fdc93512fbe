//! `shock`: what the shares of firms did when an event became known, beside what they would
//! have done anyway.

use jiff::civil::Date;
use narrows_market::event::{Confounder, PolicyEvent};
use narrows_market::study::Specification;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::market::{Asked, Day, Desk};
use crate::operation::Operation;
use crate::workbench::Workbench;

/// What the shares of firms did when an event became known.
pub struct Shock;

/// What `shock` is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShockRequest {
    /// The event: id, name or day.
    pub event: String,
    /// Tickers or firms; all firms with quotes if none.
    #[serde(default)]
    pub tickers: Vec<String>,
    /// How to study them.
    #[serde(default)]
    pub specification: Specification,
    /// The benchmark; that of each exchange if none.
    #[serde(default)]
    pub benchmark: Option<String>,
}

/// What `shock` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShockAnswer {
    /// The event.
    pub event: PolicyEvent,
    /// How it was studied.
    pub specification: Specification,
    /// One row for each security, the largest abnormal return first.
    pub rows: Vec<ShockRow>,
    /// What else moved shares then: on record with the event.
    pub confounders: Vec<Confounder>,
    /// Other events of the record whose first session lies in or next to the window of a row.
    pub overlapping: Vec<Overlap>,
    /// What identifies the data.
    pub data_version: String,
}

/// One security.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShockRow {
    /// Ticker.
    pub ticker: String,
    /// Name of the firm.
    pub firm: String,
    /// Exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<String>,
    /// Benchmark and other factors.
    pub factors: Vec<String>,
    /// First session that could react.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day0: Option<Date>,
    /// Simple return over the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_return: Option<f64>,
    /// The abnormal part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abnormal: Option<narrows_market::study::Abnormal>,
    /// Why there is no abnormal part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// Another event of the same days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// Id.
    pub id: String,
    /// What happened.
    pub title: String,
    /// Day announced.
    pub announced: Date,
}

impl Operation for Shock {
    const NAME: &'static str = "shock";
    const SUMMARY: &'static str =
        "What shares did when an event became known, apart from the market, with tests and confounders.";
    type Request = ShockRequest;
    type Answer = ShockAnswer;

    fn run(workbench: &Workbench, request: &ShockRequest) -> Result<ShockAnswer, Failure> {
        let events = workbench.events()?;
        let event = events.find(&request.event)?;
        let moment = event
            .moment()
            .ok_or_else(|| Failure::data(format!("`{}` has no moment in its time zone", event.id)))?;
        let desk = Desk::new(workbench)?;
        let mut rows = Vec::new();
        for ticker in tickers(&desk, &request.tickers)? {
            let asked = Asked {
                ticker: &ticker,
                day: Day::Moment(moment),
                specification: &request.specification,
                benchmark: request.benchmark.as_deref(),
            };
            rows.push(row(&desk, &ticker, &asked));
        }
        let size = |row: &ShockRow| row.abnormal.as_ref().map_or(-1.0, |abnormal| abnormal.car.abs());
        rows.sort_by(|left, right| size(right).total_cmp(&size(left)));
        let overlapping = overlapping(&desk, events.iter(), event, &rows, &request.specification);
        Ok(ShockAnswer {
            event: event.clone(),
            specification: request.specification.clone(),
            confounders: event.confounders.clone(),
            overlapping,
            rows,
            data_version: workbench.data_version(),
        })
    }
}

/// Tickers that were asked for; a firm means its first security with quotes.
fn tickers(desk: &Desk<'_>, asked: &[String]) -> Result<Vec<String>, Failure> {
    let firms = desk.firms();
    if asked.is_empty() {
        let with_quotes = |firm: &narrows_market::firm::Firm| {
            firm.securities.iter().find(|ticker| desk.series(ticker).is_ok()).cloned()
        };
        return Ok(firms.iter().filter_map(with_quotes).collect());
    }
    asked
        .iter()
        .map(|name| {
            if desk.series(name).is_ok() || firms.security(name).is_some() {
                return Ok(name.clone());
            }
            // A name that is no ticker may be that of a firm.
            match firms.firm(name) {
                Ok(firm) => {
                    let quoted = firm.securities.iter().find(|ticker| desk.series(ticker).is_ok());
                    let first = quoted.or_else(|| firm.securities.first());
                    first.cloned().ok_or_else(|| {
                        Failure::input(format!("`{name}`: no security of {} is on record", firm.name))
                    })
                }
                Err(_) => desk.series(name).map(|series| series.ticker.clone()),
            }
        })
        .collect()
}

fn row(desk: &Desk<'_>, ticker: &str, asked: &Asked<'_>) -> ShockRow {
    let security = desk.firms().security(ticker);
    let firm = security.map_or_else(|| ticker.to_owned(), |security| security.name.clone());
    match desk.study(asked) {
        Ok(studied) => {
            let outcome = studied.outcome;
            let (abnormal, fault) = match outcome.abnormal {
                Ok(abnormal) => (Some(abnormal), None),
                Err(fault) => (None, Some(fault.to_string())),
            };
            ShockRow {
                ticker: ticker.to_owned(),
                firm,
                exchange: studied.exchange,
                factors: studied.factors,
                day0: outcome.day0,
                raw_return: outcome.raw_return,
                abnormal,
                fault,
                notes: outcome.notes,
            }
        }
        Err(failure) => ShockRow {
            ticker: ticker.to_owned(),
            firm,
            exchange: security.map(|security| security.exchange.clone()),
            factors: Vec::new(),
            day0: None,
            raw_return: None,
            abnormal: None,
            fault: Some(failure.message),
            notes: Vec::new(),
        },
    }
}

/// Other events whose first session lies within the window of a row, or next to it.
fn overlapping<'e>(
    desk: &Desk<'_>,
    events: impl Iterator<Item = &'e PolicyEvent>,
    event: &PolicyEvent,
    rows: &[ShockRow],
    specification: &Specification,
) -> Vec<Overlap> {
    let mut found = Vec::new();
    for other in events.filter(|other| other.id != event.id) {
        let meets = rows.iter().any(|row| {
            let sessions = || {
                let day0 = row.day0?;
                let exchange = desk.exchange(&row.ticker)?;
                let theirs = exchange.first_session_open_after(other.moment()?)?;
                let (early, late) = if theirs < day0 { (theirs, day0) } else { (day0, theirs) };
                let apart = i32::try_from(exchange.sessions_between(early, late)?).ok()?;
                Some(if theirs < day0 { -apart } else { apart })
            };
            let window = specification.window;
            sessions().is_some_and(|apart| (window.first() - 1..=window.last() + 1).contains(&apart))
        });
        if meets {
            found.push(Overlap {
                id: other.id.clone(),
                title: other.title.clone(),
                announced: other.days.announced,
            });
        }
    }
    found
}
