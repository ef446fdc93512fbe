//! `shock`: what the shares of firms did when an event became known, beside what they would
//! have done anyway.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use narrows_market::event::{Confounder, PolicyEvent};
use narrows_market::study::{Abnormal, FactorTable, Model, Placebo, Specification};
use narrows_quantity::{did_you_mean, nearest};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::market::pool::{LeftOut, Member, Pool, Resampling, pools};
use crate::market::{Asked, Day, Desk};
use crate::operation::Operation;
use crate::workbench::Workbench;

/// What the shares of firms did when an event became known.
pub struct Shock;

/// What `shock` is asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
    /// Factors of the asker's own, for the model of that name.
    #[serde(default)]
    pub factors: Option<FactorText>,
    /// Also leave out of estimation the first sessions of all other events on record.
    #[serde(default)]
    pub without_events: bool,
    /// Market capitalizations in USD before the window, by ticker: for what an abnormal return
    /// was worth. None is on record.
    #[serde(default)]
    pub capitalization: BTreeMap<String, f64>,
    /// Groups of firms that are taken together beside those of the data, by name.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<String>>,
    /// How means are drawn anew.
    #[serde(default)]
    pub resampling: Resampling,
}

/// A table of factors (see [`FactorTable`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorText {
    /// What errors call it.
    pub name: String,
    /// The table.
    pub text: String,
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
    /// Firms taken together, with tests: all, those of each market, those that the event
    /// names, those of each place.
    pub pools: Vec<Pool>,
    /// Securities that have their market to themselves: they are in no pool of a market.
    pub alone: Vec<String>,
    /// How means were drawn anew.
    pub resampling: Resampling,
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
    pub abnormal: Option<Abnormal>,
    /// The same estimated on all days, where some were left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub with_all_days: Option<AllDays>,
    /// What the abnormal part was worth, where the capitalization is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Worth>,
    /// How others fared that were taken for it, where the model is a synthetic control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placebo: Option<Placebo>,
    /// Why there is no abnormal part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// An abnormal return estimated with the days that the answer leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AllDays {
    /// Cumulative abnormal return.
    pub car: f64,
    /// Standard error of it.
    pub standard_error: f64,
    /// One over the other.
    pub t: f64,
    /// Two-sided probability.
    pub p: f64,
}

/// What an abnormal return was worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Worth {
    /// Market capitalization before the window, USD, as given.
    pub capitalization_usd: f64,
    /// That times the buy-and-hold abnormal return, USD.
    pub change_usd: f64,
    /// That times the standard error of the cumulative abnormal return, USD.
    pub standard_error_usd: f64,
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
        let table = factors(request)?;
        let desk = match &table {
            Some(table) => Desk::new(workbench)?.with_factors(table),
            None => Desk::new(workbench)?,
        };
        let groups = groups(&desk, &request.groups)?;
        let mut asked_for = tickers(&desk, &request.tickers)?;
        if !request.tickers.is_empty() {
            asked_for.extend(groups.values().flatten().cloned());
        }
        let asked_for = unique(asked_for);
        let worth = capitalizations(&request.capitalization, &asked_for)?;
        let (mut rows, mut members, mut absent) = (Vec::new(), Vec::new(), Vec::new());
        for ticker in asked_for {
            let mut specification = request.specification.clone();
            if request.without_events {
                specification.excluded.extend(other_sessions(
                    &desk,
                    events.iter(),
                    event,
                    &ticker,
                    &specification,
                ));
            }
            let asked = Asked {
                ticker: &ticker,
                day: Day::Moment(moment),
                specification: &specification,
                benchmark: request.benchmark.as_deref(),
                struck: &event.firms,
            };
            let (mut row, member) = row(&desk, &ticker, &asked);
            row.value = worth.get(&ticker).zip(row.abnormal.as_ref()).map(|(usd, abnormal)| Worth {
                capitalization_usd: *usd,
                change_usd: usd * abnormal.bhar,
                standard_error_usd: usd * abnormal.standard_error,
            });
            match member {
                Some(member) => members.push(member),
                None => absent
                    .push(LeftOut { ticker: ticker.clone(), reason: row.fault.clone().unwrap_or_default() }),
            }
            rows.push(row);
        }
        let (pools, alone) = pools(&members, &absent, &event.firms, &groups, request.resampling);
        let size = |row: &ShockRow| row.abnormal.as_ref().map_or(-1.0, |abnormal| abnormal.car.abs());
        rows.sort_by(|left, right| size(right).total_cmp(&size(left)));
        let overlapping = overlapping(&desk, events.iter(), event, &rows, &request.specification);
        Ok(ShockAnswer {
            event: event.clone(),
            specification: request.specification.clone(),
            confounders: event.confounders.clone(),
            overlapping,
            rows,
            pools,
            alone,
            resampling: request.resampling,
            data_version: workbench.data_version(),
        })
    }
}

/// What shares did at an event, and other events of the same sessions, without taking firms together.
pub(super) fn alone(
    workbench: &Workbench,
    event: &PolicyEvent,
    tickers: &[String],
    specification: &Specification,
) -> Result<(Vec<ShockRow>, Vec<Overlap>), Failure> {
    let moment = event
        .moment()
        .ok_or_else(|| Failure::data(format!("`{}` has no moment in its time zone", event.id)))?;
    let desk = Desk::new(workbench)?;
    let one = |ticker: &String| {
        let day = Day::Moment(moment);
        row(&desk, ticker, &Asked { ticker, day, specification, benchmark: None, struck: &event.firms }).0
    };
    let rows: Vec<ShockRow> = tickers.iter().map(one).collect();
    let overlapping = overlapping(&desk, workbench.events()?.iter(), event, &rows, specification);
    Ok((rows, overlapping))
}

/// The factors that were given, which the model must be one of.
fn factors(request: &ShockRequest) -> Result<Option<FactorTable>, Failure> {
    let is_factors = request.specification.model == Model::Factors;
    match &request.factors {
        Some(text) if is_factors => {
            let table = FactorTable::read(&text.name, &text.text);
            table.map(Some).map_err(|error| Failure::input(error.to_string()))
        }
        Some(text) => Err(Failure::input(format!(
            "{}: the model {} takes no table of factors; ask for the model {}",
            text.name,
            request.specification.model,
            Model::Factors
        ))),
        None if is_factors && request.benchmark.is_none() => {
            Err(Failure::input(format!("the model {} needs a table of factors", Model::Factors)))
        }
        None => Ok(None),
    }
}

/// Checks that every capitalization is one, and of a ticker that was asked for.
fn capitalizations<'r>(
    given: &'r BTreeMap<String, f64>,
    tickers: &[String],
) -> Result<&'r BTreeMap<String, f64>, Failure> {
    for (ticker, usd) in given {
        if !tickers.contains(ticker) {
            let hint = nearest(ticker, tickers.iter().map(String::as_str));
            let hint = did_you_mean(hint.as_deref());
            return Err(Failure::input(format!(
                "a capitalization is given for `{ticker}`, which was not asked for{hint}"
            )));
        }
        if !usd.is_finite() || *usd <= 0.0 {
            return Err(Failure::input(format!(
                "{ticker}: expected a market capitalization in USD, found {usd}"
            )));
        }
    }
    Ok(given)
}

/// First sessions of the other events on record, before the window of this one.
fn other_sessions<'e>(
    desk: &Desk<'_>,
    events: impl Iterator<Item = &'e PolicyEvent>,
    event: &PolicyEvent,
    ticker: &str,
    specification: &Specification,
) -> Vec<Date> {
    let Some(exchange) = desk.exchange(ticker) else { return Vec::new() };
    let session = |event: &PolicyEvent| exchange.first_session_open_after(event.moment()?);
    let Some(day0) = session(event) else { return Vec::new() };
    let before = usize::try_from(-specification.window.first()).unwrap_or(0);
    events
        .filter(|other| other.id != event.id)
        .filter_map(session)
        .filter(|day| {
            *day < day0 && exchange.sessions_between(*day, day0).is_some_and(|apart| apart > before)
        })
        .collect()
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

/// Tickers of groups.
fn groups(
    desk: &Desk<'_>,
    asked: &BTreeMap<String, Vec<String>>,
) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    asked
        .iter()
        .map(|(name, members)| {
            if members.is_empty() {
                return Err(Failure::input(format!("the group `{name}` has no firm")));
            }
            Ok((name.clone(), tickers(desk, members)?))
        })
        .collect()
}

/// Each ticker once, in order of its first mention.
fn unique(tickers: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    tickers.into_iter().filter(|ticker| seen.insert(ticker.clone())).collect()
}

/// One security: what is told of it, and what pools need of it.
fn row<'d>(desk: &'d Desk<'_>, ticker: &str, asked: &Asked<'_>) -> (ShockRow, Option<Member<'d>>) {
    let security = desk.firms().security(ticker);
    let firm = security.map_or_else(|| ticker.to_owned(), |security| security.name.clone());
    let mut row = ShockRow {
        ticker: ticker.to_owned(),
        firm,
        exchange: security.map(|security| security.exchange.clone()),
        factors: Vec::new(),
        day0: None,
        raw_return: None,
        abnormal: None,
        with_all_days: None,
        value: None,
        placebo: None,
        fault: None,
        notes: Vec::new(),
    };
    let studied = match desk.study(asked) {
        Ok(studied) => studied,
        Err(failure) => return (ShockRow { fault: Some(failure.message), ..row }, None),
    };
    let outcome = &studied.outcome;
    row.exchange.clone_from(&studied.exchange);
    row.factors = studied.held.names();
    row.day0 = outcome.day0;
    row.raw_return = outcome.raw_return;
    row.placebo = studied.placebo;
    row.notes.clone_from(&outcome.notes);
    match &outcome.abnormal {
        Ok(abnormal) => row.abnormal = Some(abnormal.clone()),
        Err(fault) => row.fault = Some(fault.to_string()),
    }
    if !asked.specification.excluded.is_empty()
        && let (Some(day0), Some(abnormal)) = (outcome.day0, &row.abnormal)
    {
        let everything = Specification { excluded: BTreeSet::new(), ..asked.specification.clone() };
        let whole = studied.held.on(day0, &everything).abnormal.ok();
        let whole = whole.filter(|whole| whole.estimation_days != abnormal.estimation_days);
        row.with_all_days =
            whole.map(|Abnormal { car, standard_error, t, p, .. }| AllDays { car, standard_error, t, p });
    }
    let mut member = Member::new(ticker, studied, asked.specification);
    member.firm = security.and_then(|security| security.firm.clone());
    let firm = member.firm.as_deref().and_then(|id| desk.firms().firm(id).ok());
    member.headquarters = firm.map(|firm| firm.headquarters.clone());
    (row, Some(member))
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
