//! [`Firm`]: who is hit, and by which securities the market prices it.
//!
//! A firm may have several securities (a home share and a depositary share), none that is quoted
//! in public, or one on an exchange whose price limits cut off a day's move. An index or fund is
//! a [`Security`] without a firm. Data: `firms/*.toml`.

use std::collections::BTreeMap;

use narrows_catalog::datafile::{Collector, Document, Located, Location, Table};
use narrows_catalog::{DataFile, Problem, Problems, normalise};
use narrows_quantity::{Certainty, did_you_mean, nearest};
use serde::Serialize;

use crate::exchange::Exchanges;

/// A firm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Firm {
    /// Id: `tokyo-electron`.
    pub id: String,
    /// Name.
    pub name: String,
    /// Other names: short, former, in other scripts.
    pub names: Vec<String>,
    /// Where its headquarters is, an ISO 3166-1 code.
    pub headquarters: String,
    /// Tickers of its securities, the home share first; empty if nobody quotes it.
    pub securities: Vec<String>,
    /// What a reader of its figures should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What is quoted: a share, a fund or an index.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Security {
    /// Ticker as the quotes spell it: `8035.T`.
    pub ticker: String,
    /// Name: of the firm, the fund or the index.
    pub name: String,
    /// Code of the exchange whose days and hours it keeps.
    pub exchange: String,
    /// Id of its firm; `None` for an index or a fund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firm: Option<String>,
    /// Largest move of a day as a fraction of the close before; `None` if there is no fixed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_limit: Option<f64>,
    /// For an index or a fund: ids of the firms on record that are among its large members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub constituents: Vec<String>,
    /// What a reader of its quotes should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How firm this entry is.
    pub certainty: Certainty,
    /// Where it comes from.
    pub source: String,
}

/// No firm has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownFirm {
    /// Nothing on record has the name.
    #[error("unknown firm or ticker `{name}`{}", did_you_mean(.nearest.as_deref()))]
    Unknown {
        /// The name given.
        name: String,
        /// The nearest name on record.
        nearest: Option<String>,
    },
    /// An index or fund has the name.
    #[error("`{ticker}` ({name}) is an index or a fund, not a firm")]
    Benchmark {
        /// Its ticker.
        ticker: String,
        /// Its name.
        name: String,
    },
}

/// All firms and securities on record.
#[derive(Debug, Clone, Default)]
pub struct Firms {
    firms: BTreeMap<String, Firm>,
    securities: BTreeMap<String, Security>,
    /// Tickers by their normalised form.
    tickers: BTreeMap<String, String>,
    /// Ids of firms by normalised name.
    names: BTreeMap<String, String>,
    /// Tickers of indices and funds by normalised name.
    benchmarks: BTreeMap<String, String>,
    /// Names as written, for suggestions.
    written: Vec<String>,
    /// Codes of exchanges where they stand in the files.
    exchanges: Vec<Located<String>>,
}

impl Firms {
    /// Reads `firms/*.toml`.
    ///
    /// # Errors
    /// Everything that is wrong in the files.
    pub fn read<'a>(files: impl IntoIterator<Item = DataFile<'a>>) -> Result<Self, Problems> {
        let problems = Collector::new();
        let mut all = Self::default();
        let mut members = Vec::new();
        for file in files {
            let Some(document) = Document::parse(file, &problems) else { continue };
            let root = document.root(&problems);
            let origin = root.certainty("certainty").zip(root.string("source"));
            for table in root.tables("firm") {
                all.read_firm(&table, &problems, origin.as_ref());
                table.finish();
            }
            for table in root.tables("benchmark") {
                members.extend(all.read_benchmark(&table, origin.as_ref()));
                table.finish();
            }
            root.finish();
        }
        for member in members {
            if !all.firms.contains_key(&member.value) {
                let hint = nearest(&member.value, all.firms.keys().map(String::as_str));
                let hint = did_you_mean(hint.as_deref());
                problems.add(member.at.problem(format!("no firm has the id `{}`{hint}", member.value)));
            }
        }
        all.add_stems();
        problems.finish(all)
    }

    /// Reports securities whose exchange is not on record.
    ///
    /// # Errors
    /// Every such security, with the nearest code.
    pub fn check(&self, exchanges: &Exchanges) -> Result<(), Problems> {
        let unknown = self.exchanges.iter().filter(|code| exchanges.get(&code.value).is_none());
        let problems: Vec<Problem> = unknown
            .map(|code| {
                let hint = nearest(&code.value, exchanges.iter().map(|exchange| exchange.id.as_str()));
                let hint = did_you_mean(hint.as_deref());
                code.at.problem(format!("no exchange has the code `{}`{hint}", code.value))
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }

    /// A firm by id, name or ticker, in any case and script. The number of an Asian share alone
    /// is enough.
    ///
    /// # Errors
    /// [`UnknownFirm`] with the nearest name, or with the index or fund of that name.
    pub fn firm(&self, name: &str) -> Result<&Firm, UnknownFirm> {
        let wanted = normalise(name);
        if let Some(firm) = self.names.get(&wanted).and_then(|id| self.firms.get(id)) {
            return Ok(firm);
        }
        if let Some(fund) = self.benchmarks.get(&wanted).and_then(|ticker| self.securities.get(ticker)) {
            return Err(UnknownFirm::Benchmark { ticker: fund.ticker.clone(), name: fund.name.clone() });
        }
        Err(UnknownFirm::Unknown { name: name.to_owned(), nearest: self.nearest(name) })
    }

    /// The nearest name of a firm, index or fund, or ticker.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<String> {
        nearest(name, self.written.iter().map(String::as_str))
    }

    /// All firms in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Firm> {
        self.firms.values()
    }

    /// A security by its ticker, in any case.
    #[must_use]
    pub fn security(&self, ticker: &str) -> Option<&Security> {
        self.securities.get(self.tickers.get(&normalise(ticker))?)
    }

    /// All securities in the order of their tickers.
    pub fn securities(&self) -> impl Iterator<Item = &Security> {
        self.securities.values()
    }

    /// The securities of a firm, the home share first.
    pub fn securities_of<'a>(&'a self, firm: &'a Firm) -> impl Iterator<Item = &'a Security> {
        firm.securities.iter().filter_map(|ticker| self.securities.get(ticker))
    }

    fn read_firm(&mut self, table: &Table<'_>, problems: &Collector, origin: Option<&(Certainty, String)>) {
        let (id, name) = (table.string("id"), table.string("name"));
        let names = table.strings("names");
        let (headquarters, note) = (table.string("headquarters"), table.optional_string("note"));
        let mut tickers = Vec::new();
        for row in table.tables("security") {
            let security = self.read_security(&row, id.clone(), name.as_deref().unwrap_or_default(), origin);
            row.finish();
            tickers.extend(security);
        }
        let (Some(id), Some(name), Some(headquarters)) = (id, name, headquarters) else { return };
        if headquarters.len() != 2 || !headquarters.chars().all(|letter| letter.is_ascii_uppercase()) {
            table.report("headquarters", format!("expected an ISO 3166-1 code, found `{headquarters}`"));
        }
        if self.firms.contains_key(&id) {
            table.report("id", format!("there is another firm `{id}`"));
        }
        self.add_name(problems, &table.at("id"), &id, &id);
        self.add_name(problems, &table.at("name"), &name, &id);
        for name in &names {
            self.add_name(problems, &name.at, &name.value, &id);
        }
        for ticker in &tickers {
            self.add_name(problems, &table.at("security"), ticker, &id);
        }
        let names = names.into_iter().map(|name| name.value).collect();
        self.firms.insert(id.clone(), Firm { id, name, names, headquarters, securities: tickers, note });
    }

    fn add_name(&mut self, problems: &Collector, at: &Location, name: &str, id: &str) {
        let key = normalise(name);
        if let Some(other) = self.names.get(&key).filter(|other| *other != id) {
            problems.add(at.problem(format!("`{name}` is a name of `{other}` too")));
        }
        self.names.insert(key, id.to_owned());
        self.written.push(name.to_owned());
    }

    fn read_security(
        &mut self,
        table: &Table<'_>,
        firm: Option<String>,
        name: &str,
        origin: Option<&(Certainty, String)>,
    ) -> Option<String> {
        let (ticker, exchange) = (table.string("ticker"), table.string("exchange"));
        let price_limit = table.optional_decimal("price_limit").map(|limit| limit.to_f64());
        let note = table.optional_string("note");
        if price_limit.is_some_and(|limit| limit <= 0.0 || limit >= 1.0) {
            table.report("price_limit", "expected a fraction between zero and one, such as 0.20");
        }
        let (ticker, exchange, (certainty, source)) = (ticker?, exchange?, origin?.clone());
        if self.tickers.insert(normalise(&ticker), ticker.clone()).is_some() {
            table.report("ticker", format!("there is another security `{ticker}`"));
        }
        self.exchanges.push(Located { value: exchange.clone(), at: table.at("exchange") });
        let security = Security {
            ticker: ticker.clone(),
            name: name.to_owned(),
            exchange,
            firm,
            price_limit,
            constituents: Vec::new(),
            note,
            certainty,
            source,
        };
        self.securities.insert(ticker.clone(), security);
        Some(ticker)
    }

    fn read_benchmark(
        &mut self,
        table: &Table<'_>,
        origin: Option<&(Certainty, String)>,
    ) -> Vec<Located<String>> {
        let (name, members) = (table.string("name"), table.strings("constituents"));
        let ticker = self.read_security(table, None, name.as_deref().unwrap_or_default(), origin);
        if let (Some(ticker), Some(name)) = (ticker, name) {
            for key in [&ticker, &name] {
                self.benchmarks.insert(normalise(key), ticker.clone());
                self.written.push(key.clone());
            }
            if let Some(security) = self.securities.get_mut(&ticker) {
                security.constituents = members.iter().map(|member| member.value.clone()).collect();
            }
        }
        members
    }

    /// Lets the part of a ticker before the point stand for its firm, where that is no other
    /// firm's name.
    fn add_stems(&mut self) {
        let shares = self.securities.values().filter_map(|security| {
            Some((security.ticker.split_once('.')?.0.to_owned(), security.firm.clone()?))
        });
        let mut stems: BTreeMap<String, Option<String>> = BTreeMap::new();
        for (stem, firm) in shares {
            let same = stems.get(&stem).is_none_or(|other| other.as_deref() == Some(firm.as_str()));
            stems.insert(stem, same.then_some(firm));
        }
        for (stem, firm) in stems {
            if let Some(firm) = firm {
                self.names.entry(normalise(&stem)).or_insert(firm);
            }
        }
    }
}
