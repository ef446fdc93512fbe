//! [`Desk`]: from a ticker and a day to a study: which exchange, which benchmark, which
//! session, and what is odd about the quotes around it.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use narrows_market::exchange::{Exchange, Exchanges};
use narrows_market::firm::Firms;
use narrows_market::quotes::{Fault, FaultKind, Quotes, Series};
use narrows_market::study::{
    Explaining, FactorTable, Model, Outcome, Placebo, ReturnKind, Specification, donors, equal_weight_index,
    placebo, study_with,
};
use narrows_quantity::{did_you_mean, nearest};

use crate::failure::{Failure, FailureKind};
use crate::workbench::Workbench;

/// When something became known.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Day {
    /// A day on the security's own exchange.
    Local(Date),
    /// A moment, the same for all exchanges.
    Moment(Timestamp),
}

/// One security and one event.
pub(crate) struct Asked<'a> {
    /// Ticker.
    pub(crate) ticker: &'a str,
    /// When.
    pub(crate) day: Day,
    /// How to study it.
    pub(crate) specification: &'a Specification,
    /// The benchmark; that of the exchange if none.
    pub(crate) benchmark: Option<&'a str>,
    /// Firms that the event strikes too: no part of a synthetic control.
    pub(crate) struck: &'a [String],
}

/// What a security is held against.
pub(crate) struct Held<'a> {
    security: &'a Series,
    factors: Vec<Cow<'a, Series>>,
    risk_free: Option<&'a Series>,
}

impl Held<'_> {
    /// Studies the first session on or after a day of the security's own exchange.
    pub(crate) fn on(&self, day: Date, specification: &Specification) -> Outcome {
        let factors: Vec<&Series> = self.factors.iter().map(AsRef::as_ref).collect();
        let explaining = Explaining { factors: &factors, risk_free: self.risk_free };
        study_with(self.security, &explaining, day, specification)
    }

    /// Tickers of the factors.
    pub(crate) fn names(&self) -> Vec<String> {
        self.factors.iter().map(|factor| factor.ticker.clone()).collect()
    }

    /// Days with a quote.
    pub(crate) fn days(&self) -> &[Date] {
        &self.security.dates
    }
}

/// What a study gave, and on what.
pub(crate) struct Studied<'a> {
    /// Id of the exchange, if it is known.
    pub(crate) exchange: Option<String>,
    /// What the security was held against.
    pub(crate) held: Held<'a>,
    /// What came out.
    pub(crate) outcome: Outcome,
    /// How others fared that were taken for it, where the model is a synthetic control.
    pub(crate) placebo: Option<Placebo>,
}

/// Quotes, calendars and firms.
pub(crate) struct Desk<'a> {
    exchanges: &'a Arc<Exchanges>,
    firms: &'a Arc<Firms>,
    quotes: &'a Arc<Quotes>,
    factors: &'a [Series],
    risk_free: Option<&'a Series>,
}

/// A day's return this near its limit was stopped by it: prices are whole ticks.
const LIMIT_TOLERANCE: f64 = 0.002;

impl<'a> Desk<'a> {
    pub(crate) fn new(workbench: &'a Workbench) -> Result<Self, Failure> {
        Ok(Self {
            exchanges: workbench.exchanges()?,
            firms: workbench.firms()?,
            quotes: workbench.quotes()?,
            factors: &[],
            risk_free: None,
        })
    }

    /// The same with a user's factors.
    pub(crate) const fn with_factors(self, table: &'a FactorTable) -> Self {
        Self { factors: table.factors.as_slice(), risk_free: table.risk_free.as_ref(), ..self }
    }

    pub(crate) const fn firms(&self) -> &'a Arc<Firms> {
        self.firms
    }

    /// The series of a ticker.
    pub(crate) fn series(&self, ticker: &str) -> Result<&'a Series, Failure> {
        self.quotes.get(ticker).ok_or_else(|| {
            let hint = nearest(ticker, self.quotes.iter().map(|series| series.ticker.as_str()));
            Failure {
                kind: FailureKind::UnknownName,
                message: format!("no quotes of `{ticker}`{}", did_you_mean(hint.as_deref())),
            }
        })
    }

    /// The exchange of a ticker: that on record, or that of tickers with the same ending.
    pub(crate) fn exchange(&self, ticker: &str) -> Option<&'a Exchange> {
        let ending = |ticker: &str| ticker.rsplit_once('.').map(|(_, ending)| ending.to_owned());
        let id = match self.firms.security(ticker) {
            Some(security) => &security.exchange,
            None => {
                let alike = |other: &str| ending(other) == ending(ticker) && !other.starts_with('^');
                &self.firms.securities().find(|security| alike(&security.ticker))?.exchange
            }
        };
        self.exchanges.get(id)
    }

    /// Studies one security.
    ///
    /// # Errors
    /// No quotes of the ticker or of a benchmark that was named.
    pub(crate) fn study<'s>(&'s self, asked: &Asked<'_>) -> Result<Studied<'s>, Failure> {
        let security = self.series(asked.ticker)?;
        let exchange = self.exchange(asked.ticker);
        let first_day = match asked.day {
            Day::Local(day) => day,
            Day::Moment(moment) => {
                let session = exchange.and_then(|exchange| exchange.first_session_open_after(moment));
                session.ok_or_else(|| {
                    Failure::input(format!(
                        "{}: no calendar on record tells its first session after {moment}",
                        asked.ticker
                    ))
                })?
            }
        };
        let given = asked.benchmark.map(|ticker| self.series(ticker)).transpose()?;
        let mut best: Option<(Held<'s>, Outcome)> = None;
        let mut notes = Vec::new();
        for factors in self.candidates(asked, exchange, given, (security, first_day), &mut notes) {
            let held = Held { security, factors, risk_free: self.risk_free };
            let outcome = held.on(first_day, asked.specification);
            let is_answer = outcome.abnormal.is_ok();
            if is_answer || best.is_none() {
                best = Some((held, outcome));
            }
            if is_answer {
                break;
            }
        }
        let (held, mut outcome) = best.unwrap_or_else(|| {
            let held = Held { security, factors: Vec::new(), risk_free: None };
            let outcome = held.on(first_day, asked.specification);
            (held, outcome)
        });
        let placebo = self.placebo(&held, first_day, asked.specification, &mut outcome);
        outcome.notes.append(&mut notes);
        self.look(security, exchange, first_day, asked.specification.return_kind, &mut outcome);
        if let Some(first) = exchange.and_then(|exchange| exchange.benchmarks.first())
            && asked.benchmark.is_none()
            && matches!(asked.specification.model, Model::Market | Model::MarketAdjusted | Model::World)
            && held.factors.first().is_some_and(|factor| factor.ticker != *first)
        {
            let names = held.names().join(", ");
            let why =
                if *first == security.ticker { "is what is studied" } else { "does not cover these days" };
            outcome.notes.push(format!("benchmark {names}: {first} {why}"));
        }
        Ok(Studied { exchange: exchange.map(|exchange| exchange.id.clone()), held, outcome, placebo })
    }

    /// Shares of the other firms of the exchange, those without quotes left aside.
    fn peers(&self, ticker: &str, exchange: Option<&Exchange>, struck: &[String]) -> Vec<&'a Series> {
        let Some(exchange) = exchange else { return Vec::new() };
        let own = self.firms.security(ticker).and_then(|security| security.firm.as_ref());
        self.firms
            .securities()
            .filter(|security| security.exchange == exchange.id && security.ticker != ticker)
            .filter(|security| security.firm.as_ref().is_some_and(|firm| !struck.contains(firm)))
            .filter(|security| security.firm.as_ref() != own)
            .filter_map(|security| self.quotes.get(&security.ticker))
            .collect()
    }

    /// Takes each part of a synthetic control for the one that was struck; the probability is
    /// theirs.
    fn placebo(
        &self,
        held: &Held<'_>,
        first_day: Date,
        specification: &Specification,
        outcome: &mut Outcome,
    ) -> Option<Placebo> {
        let abnormal = outcome.abnormal.as_mut().ok()?;
        if specification.model != Model::Synthetic {
            return None;
        }
        let others: Vec<&Series> = held.factors.iter().map(AsRef::as_ref).collect();
        let found = placebo(&others, first_day, specification, abnormal.t);
        abnormal.p = found.p;
        let mut parts: Vec<(f64, &str)> =
            abnormal.betas.iter().copied().zip(others.iter().map(|series| series.ticker.as_str())).collect();
        parts.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let parts: Vec<String> = parts
            .iter()
            .take_while(|(weight, _)| *weight > NEGLIGIBLE)
            .map(|(weight, ticker)| format!("{ticker} {:.0}%", weight * 100.0))
            .collect();
        outcome.notes.push(format!("held against a mix: {}", parts.join(", ")));
        outcome.notes.push(format!(
            "{} of {} others, taken in turn for the one that was struck, moved as much for their spread",
            found.as_large, found.others
        ));
        Some(found)
    }

    /// Sets of factors to try, the best first.
    fn candidates<'s>(
        &'s self,
        asked: &Asked<'_>,
        exchange: Option<&Exchange>,
        given: Option<&'s Series>,
        (security, first_day): (&Series, Date),
        notes: &mut Vec<String>,
    ) -> Vec<Vec<Cow<'s, Series>>> {
        // Without peers there is no index that leaves one out, and no other in its place.
        match asked.specification.model {
            Model::MeanAdjusted => return vec![Vec::new()],
            Model::LeaveOneOut => {
                let peers = self.peers(asked.ticker, exchange, &[]);
                let name = format!("mean of {} others", peers.len());
                let index = (peers.len() > 1).then(|| equal_weight_index(&name, &peers));
                return vec![index.into_iter().map(Cow::Owned).collect()];
            }
            Model::Synthetic => {
                let peers = self.peers(asked.ticker, exchange, asked.struck);
                let (kept, left) = donors(security, &peers, first_day, asked.specification);
                if !left.is_empty() {
                    notes.push(format!("not among the others, for lack of returns: {}", left.join(", ")));
                }
                return vec![kept.into_iter().map(Cow::Borrowed).collect()];
            }
            Model::Factors => {
                let factors = given.into_iter().chain(self.factors);
                return vec![factors.map(Cow::Borrowed).collect()];
            }
            Model::Market | Model::MarketAdjusted | Model::World => {}
        }
        let local: Vec<&Series> = match given {
            Some(series) => vec![series],
            None => exchange
                .into_iter()
                .flat_map(|exchange| &exchange.benchmarks)
                .filter_map(|ticker| self.quotes.get(ticker))
                .collect(),
        };
        let world = exchange
            .and_then(|exchange| exchange.world.as_deref())
            .and_then(|ticker| self.quotes.get(ticker))
            .filter(|_| asked.specification.model == Model::World);
        let with_world = |local| std::iter::once(local).chain(world).map(Cow::Borrowed).collect();
        local.into_iter().map(with_world).collect()
    }

    /// Names sessions without a quote and days stopped by a price limit.
    fn look(
        &self,
        security: &Series,
        exchange: Option<&Exchange>,
        first_day: Date,
        kind: ReturnKind,
        outcome: &mut Outcome,
    ) {
        let Some(day0) = outcome.day0 else { return };
        let at = security.dates.partition_point(|date| *date < day0);
        let before = at.checked_sub(1).and_then(|at| security.dates.get(at)).copied();
        if let Some(exchange) = exchange {
            if let Some(session) = exchange.first_session_on_or_after(first_day).filter(|it| *it < day0) {
                outcome.notes.push(format!("no quote on {session}, a session; day 0 is {day0}"));
            }
            let sessions = before.and_then(|before| exchange.sessions_between(before, day0));
            if kind == ReturnKind::Close && sessions.is_some_and(|sessions| sessions > 1) {
                outcome.notes.push(format!(
                    "the return on {day0} spans {} sessions: none is quoted since {}",
                    sessions.unwrap_or_default(),
                    before.map(|day| day.to_string()).unwrap_or_default()
                ));
            }
        }
        let limit = self.firms.security(&security.ticker).and_then(|security| security.price_limit);
        let day_return = security.close.get(at).copied();
        if let (Some(limit), Some(day_return)) = (limit, day_return)
            && day_return.abs() >= limit - LIMIT_TOLERANCE
        {
            outcome.notes.push(format!(
                "{day0} ended at the daily limit of {:.0}%: the reaction may go on in later sessions",
                limit * 100.0
            ));
        }
        // The calendar has told of days without a quote; what else is odd matters where it was computed on.
        let estimated = outcome.abnormal.as_ref().ok().and_then(|it| it.estimation_days.first());
        let first = estimated.copied().or(before).unwrap_or(day0);
        let last = outcome.abnormal.as_ref().ok().and_then(|it| it.days.last()).copied().unwrap_or(day0);
        if let Some(words) =
            exchange.and_then(|exchange| unquoted(security, exchange, estimated.copied()?, last))
        {
            outcome.notes.push(words);
        }
        let matters = |fault: &&Fault| fault.kind != FaultKind::Gap && fault.concerns(first, last);
        let faults = security.faults.iter().filter(matters).take(3);
        let faults: Vec<String> = faults.map(|fault| format!("quotes: {fault}")).collect();
        outcome.notes.extend(faults);
    }
}

/// Parts of a mix below this are not named.
const NEGLIGIBLE: f64 = 0.005;
/// Sessions that are named one by one.
const NAMED: usize = 5;

/// Sessions from a day of a study to its last on which the security has no quote, in words.
fn unquoted(security: &Series, exchange: &Exchange, from: Date, until: Date) -> Option<String> {
    let is_quoted = |day: &Date| security.dates.binary_search(day).is_ok();
    let sessions = std::iter::successors(Some(from), |day| exchange.next_session(*day));
    let missing: Vec<Date> = sessions.take_while(|day| *day <= until).filter(|day| !is_quoted(day)).collect();
    let mut named: Vec<String> = missing.iter().take(NAMED).map(Date::to_string).collect();
    let more = missing.len().saturating_sub(NAMED);
    if more > 0 {
        named.push(format!("{more} more"));
    }
    (!missing.is_empty()).then(|| {
        format!("{} has no quote on {}: the next return spans them", security.ticker, named.join(", "))
    })
}
