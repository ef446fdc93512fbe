//! [`Workbench`]: the data, embedded and the user's own, read when it is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use narrows_catalog::{Chips, DataFile, Places, Problems, read_chips, read_places};
use narrows_data::{CONTENT_HASH, FILES, PACKED_FILES};
use narrows_law::{Instrument, Jurisdiction, Law, Registers, Scrutiny, read_law};
use narrows_market::event::{Events, Reference, Register};
use narrows_market::exchange::Exchanges;
use narrows_market::exposure::record::Exposures;
use narrows_market::firm::Firms;
use narrows_market::policy::line::Lines;
use narrows_market::quotes::{Quotes, Remark};
use narrows_market::ripple::network::Network;
use narrows_perf::model::Models;
use narrows_perf::network::Networks;
use narrows_perf::{Calibration, Families};
use narrows_quantity::{did_you_mean, nearest};

use crate::failure::{Failure, FailureKind};
use crate::named_edition::NamedEditions;
use crate::parties::PartyRecord;
use crate::performance::PerformanceData;

/// A file of the user's own, laid over the embedded data.
#[derive(Debug, Clone)]
pub struct OverlayFile {
    /// Path below the user's folder, with forward slashes (`law/xx/facts.toml`).
    pub path: String,
    /// Path to show in messages.
    pub shown: String,
    /// Its text.
    pub text: String,
}

/// The data on which all operations work.
#[derive(Debug, Default)]
pub struct Workbench {
    overlay: Vec<OverlayFile>,
    places: OnceLock<Result<Arc<Places>, Failure>>,
    chips: OnceLock<Result<Arc<Chips>, Failure>>,
    law: OnceLock<Result<Arc<Law>, Failure>>,
    performance: OnceLock<Result<Arc<PerformanceData>, Failure>>,
    models: OnceLock<Result<Arc<Models>, Failure>>,
    networks: OnceLock<Result<Arc<Networks>, Failure>>,
    events: OnceLock<Result<Arc<Events>, Failure>>,
    exchanges: OnceLock<Result<Arc<Exchanges>, Failure>>,
    firms: OnceLock<Result<Arc<Firms>, Failure>>,
    exposures: OnceLock<Result<Arc<Exposures>, Failure>>,
    lines: OnceLock<Result<Arc<Lines>, Failure>>,
    quotes: OnceLock<Result<Arc<Quotes>, Failure>>,
    pub(crate) parties: PartyRecord,
    pub(crate) named: NamedEditions,
    supply: OnceLock<Result<Arc<Network>, Failure>>,
    own_quotes: Quotes,
}

impl Workbench {
    /// A workbench on the embedded data with files of the user's own laid over it.
    #[must_use]
    pub fn new(overlay: Vec<OverlayFile>) -> Self {
        Self { overlay, ..Self::default() }
    }

    /// What identifies the data: the hash of the embedded files, and of those that lie over them.
    #[must_use]
    pub fn data_version(&self) -> String {
        let short = |hash: &str| hash.get(..12).unwrap_or(hash).to_owned();
        let embedded = short(CONTENT_HASH);
        if self.overlay.is_empty() {
            return format!("sha256:{embedded}");
        }
        let own = narrows_data::content_hash(
            self.overlay.iter().map(|file| (file.path.as_str(), file.text.as_bytes())),
        );
        format!("sha256:{embedded} with {} files of the user sha256:{}", self.overlay.len(), short(&own))
    }

    /// The hash of the embedded files, and that of those that lie over them, in full.
    #[must_use]
    pub fn data_hashes(&self) -> (String, Option<String>) {
        let own = self.overlay.iter().map(|file| (file.path.as_str(), file.text.as_bytes()));
        let own = (!self.overlay.is_empty()).then(|| format!("sha256:{}", narrows_data::content_hash(own)));
        (format!("sha256:{CONTENT_HASH}"), own)
    }

    /// Embedded files of a folder, then the user's, the latter shown with their own paths.
    pub(crate) fn files<'a>(&'a self, folder: &str) -> Vec<(&'a str, DataFile<'a>)> {
        let embedded = narrows_data::folder(folder)
            .map(|file| (file.path, DataFile { path: file.path, text: file.text }));
        let prefix = format!("{folder}/");
        let own = self.overlay.iter().filter(|file| file.path.starts_with(&prefix));
        let own = own.map(|file| (file.path.as_str(), DataFile { path: &file.shown, text: &file.text }));
        // A file of the user's replaces the embedded one of the same path.
        embedded.chain(own).collect::<BTreeMap<_, _>>().into_iter().collect()
    }

    fn has_overlay(&self, folder: &str) -> bool {
        let prefix = format!("{folder}/");
        self.overlay.iter().any(|file| file.path.starts_with(&prefix))
    }

    /// Problems in the user's files are bad input; in ours they are our fault.
    pub(crate) fn fault(&self, problems: Problems) -> Failure {
        let own = problems.0.iter().any(|problem| self.overlay.iter().any(|file| file.shown == problem.file));
        let kind = if own { FailureKind::Input } else { FailureKind::Data };
        Failure { kind, message: problems.to_string() }
    }

    /// Places and groups of places.
    ///
    /// # Errors
    /// Problems in the files.
    pub fn places(&self) -> Result<&Arc<Places>, Failure> {
        let read = || {
            let mut files = self.files("places");
            // Groups refer to places, so lists of places come first.
            files.sort_by_key(|(path, _)| !path.ends_with("/places.toml"));
            read_places(files.into_iter().map(|(_, file)| file)).map(Arc::new).map_err(|it| self.fault(it))
        };
        self.places.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Chips, vendors and families.
    ///
    /// # Errors
    /// Problems in the files.
    pub fn chips(&self) -> Result<&Arc<Chips>, Failure> {
        let read = || {
            let places = self.places()?;
            let files = self.files("chips");
            read_chips(files.into_iter().map(|(_, file)| file), places)
                .map(Arc::new)
                .map_err(|problems| self.fault(problems))
        };
        self.chips.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Architecture families and the constants fitted to measurements.
    ///
    /// # Errors
    /// Problems in the files.
    pub fn performance(&self) -> Result<&Arc<PerformanceData>, Failure> {
        let read = || {
            let mut families = Families::default();
            for (_, file) in
                self.files("perf").into_iter().filter(|(path, _)| path.ends_with("/families.toml"))
            {
                families = Families::read(file).map_err(|problems| self.fault(problems))?;
            }
            let constants = self.files("calibration").into_iter().map(|(_, file)| file);
            let calibration = Calibration::read(constants).map_err(|problems| self.fault(problems))?;
            Ok(Arc::new(PerformanceData { families, calibration }))
        };
        self.performance.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Models.
    ///
    /// # Errors
    /// Problems in the files.
    pub fn models(&self) -> Result<&Arc<Models>, Failure> {
        let read = || {
            let files = self.files("models").into_iter().map(|(_, file)| file);
            Models::read(files).map(Arc::new).map_err(|problems| self.fault(problems))
        };
        self.models.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Networks in which chips are sold.
    ///
    /// # Errors
    /// Problems in the files.
    pub fn networks(&self) -> Result<&Arc<Networks>, Failure> {
        let read = || {
            let files = self.files("networks").into_iter().map(|(_, file)| file);
            Networks::read(files).map(Arc::new).map_err(|problems| self.fault(problems))
        };
        self.networks.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// The record of policy.
    ///
    /// # Errors
    /// Problems in the files.
    pub fn events(&self) -> Result<&Arc<Events>, Failure> {
        let read = || {
            let files = self.files("events").into_iter().map(|(_, file)| file);
            Events::read(files).map(Arc::new).map_err(|problems| self.fault(problems))
        };
        self.events.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Exchanges with their calendars.
    ///
    /// # Errors
    /// Problems in the files.
    pub fn exchanges(&self) -> Result<&Arc<Exchanges>, Failure> {
        let read = || {
            let files = self.files("exchanges").into_iter().map(|(_, file)| file);
            Exchanges::read(files).map(Arc::new).map_err(|problems| self.fault(problems))
        };
        self.exchanges.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Firms, their securities, and benchmarks.
    ///
    /// # Errors
    /// Problems in the files.
    pub fn firms(&self) -> Result<&Arc<Firms>, Failure> {
        let read = || {
            let files = self.files("firms").into_iter().map(|(_, file)| file);
            let firms = Firms::read(files).map_err(|problems| self.fault(problems))?;
            firms.check(self.exchanges()?).map_err(|problems| self.fault(problems))?;
            Ok(Arc::new(firms))
        };
        self.firms.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// What is on record of firms' sales to the country under the rule, their charges and lost sales.
    ///
    /// # Errors
    /// Problems in the files.
    pub fn exposures(&self) -> Result<&Arc<Exposures>, Failure> {
        let read = || {
            let files = self.files("exposure").into_iter().map(|(_, file)| file);
            Exposures::read(files).map(Arc::new).map_err(|problems| self.fault(problems))
        };
        self.exposures.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Which parts stood under one rule, and when either side turned it.
    ///
    /// # Errors
    /// Problems in the files.
    pub fn lines(&self) -> Result<&Arc<Lines>, Failure> {
        let read = || {
            let files = self.files("policy").into_iter().map(|(_, file)| file);
            let lines = Lines::read(files, self.events()?);
            lines.map(Arc::new).map_err(|problems| self.fault(problems))
        };
        self.lines.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Who sells to whom, as far as it is on record.
    ///
    /// # Errors
    /// Problems in the files, or a name that neither a firm nor a group has.
    pub fn supply(&self) -> Result<&Arc<Network>, Failure> {
        let read = || {
            let files = self.files("supply").into_iter().map(|(_, file)| file);
            let network = Network::read(files).map_err(|problems| self.fault(problems))?;
            let firms: Vec<&str> = self.firms()?.iter().map(|firm| firm.id.as_str()).collect();
            network.check(|id| firms.contains(&id), &firms).map_err(|problems| self.fault(problems))?;
            Ok(Arc::new(network))
        };
        self.supply.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// A fault of the network of supply: the user's if some of it is.
    pub(crate) fn supply_fault(&self, message: String) -> Failure {
        if self.has_overlay("supply") { Failure::input(message) } else { Failure::data(message) }
    }

    /// Daily returns, embedded and the user's own.
    ///
    /// # Errors
    /// Problems in the files.
    pub fn quotes(&self) -> Result<&Arc<Quotes>, Failure> {
        let read = || {
            let mut quotes = self.embedded_quotes()?;
            quotes.overlay(self.own_quotes.clone());
            Ok(Arc::new(quotes))
        };
        self.quotes.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    fn embedded_quotes(&self) -> Result<Quotes, Failure> {
        let mut quotes = Quotes::default();
        for file in narrows_data::folder("quotes").filter(|file| file.path.ends_with(".csv")) {
            let read = Quotes::read_returns(file.path, file.text);
            quotes.overlay(read.map_err(|error| Failure::data(error.to_string()))?);
        }
        for file in narrows_data::folder("quotes").filter(|file| file.path.ends_with(".toml")) {
            let remarks = Remark::read(DataFile { path: file.path, text: file.text });
            let remarks = remarks.map_err(|problems| Failure::data(problems.to_string()))?;
            quotes.explain(&remarks).map_err(|words| Failure::data(format!("{}: {words}", file.path)))?;
        }
        Ok(quotes)
    }

    /// The same workbench with a user's quotes over the embedded ones.
    #[must_use]
    pub fn with_quotes(mut self, quotes: Quotes) -> Self {
        self.own_quotes = quotes;
        self
    }

    /// All jurisdictions.
    ///
    /// # Errors
    /// Problems in the files.
    pub fn law(&self) -> Result<&Arc<Law>, Failure> {
        let read = || {
            let places = Arc::clone(self.places()?);
            let trusting =
                !self.has_overlay("law") && !self.has_overlay("places") && !self.has_overlay("chips");
            let scrutiny = if trusting { Scrutiny::Trusting } else { Scrutiny::Full };
            self.read_law(places, scrutiny).map(Arc::new)
        };
        self.law.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    fn read_law(&self, places: Arc<Places>, scrutiny: Scrutiny) -> Result<Law, Failure> {
        let registers = self.registers()?;
        // Paths of the data folder name the jurisdiction, wherever a user's file really lies.
        read_law(self.files("law"), places, &registers, scrutiny).map_err(|problems| self.fault(problems))
    }

    /// Reads chips and law at the same time, which a question about a chip needs both of.
    pub fn read_ahead(&self) {
        std::thread::scope(|scope| {
            // Whatever is wrong is kept and reported where the data are asked for.
            scope.spawn(|| self.chips().is_ok());
            let _ = self.law();
        });
    }

    /// A jurisdiction by id, or the default one.
    ///
    /// # Errors
    /// Problems in the files, or an unknown id.
    pub fn jurisdiction(&self, id: Option<&str>) -> Result<&Jurisdiction, Failure> {
        Ok(self.law()?.jurisdiction(id)?)
    }

    /// The names of chips and vendors that law may use.
    ///
    /// # Errors
    /// Problems in the files.
    pub(crate) fn registers(&self) -> Result<Names, Failure> {
        // The id of a chip is its path, so law can be read without reading chips.
        let mut chips: BTreeSet<String> = BTreeSet::new();
        let mut vendors: BTreeSet<String> = BTreeSet::new();
        for (path, _) in self.files("chips") {
            let parts: Vec<&str> = path.split('/').collect();
            if let [_, vendor, file] = parts.as_slice()
                && let Some(name) = file.strip_suffix(".toml")
            {
                chips.insert(format!("{vendor}.{name}"));
                vendors.insert((*vendor).to_owned());
            }
        }
        Ok(Names { chips, vendors })
    }

    /// Reads a reform file for a jurisdiction, on top of earlier ones.
    ///
    /// # Errors
    /// Problems in the file.
    pub fn reform(
        &self,
        jurisdiction: &Jurisdiction,
        shown: &str,
        text: &str,
        earlier: &[Instrument],
    ) -> Result<Instrument, Failure> {
        let file = DataFile { path: shown, text };
        Ok(self.law()?.read_reform(file, jurisdiction, &self.registers()?, earlier)?)
    }

    /// The reform files of the data folder: path below `reforms/` without the ending, and
    /// the file.
    pub fn reforms(&self) -> impl Iterator<Item = (&str, DataFile<'_>)> {
        self.files("reforms").into_iter().filter_map(|(path, file)| {
            let name = path.strip_prefix("reforms/")?.strip_suffix(".toml")?;
            Some((name, file))
        })
    }

    /// How many files the data consist of, embedded and the user's.
    #[must_use]
    pub fn file_counts(&self) -> (usize, usize) {
        (FILES.len() + PACKED_FILES.len(), self.overlay.len())
    }

    /// Events name chips, firms and instruments that there are.
    fn check_events(&self, events: &Events, law: &Law, registers: &Names) -> Result<(), Failure> {
        let chips: BTreeSet<&str> = registers.chips.iter().map(String::as_str).collect();
        let firms: BTreeSet<&str> = self.firms()?.iter().map(|firm| firm.id.as_str()).collect();
        let instruments: BTreeSet<&str> =
            law.jurisdictions().flat_map(|it| &it.instruments).map(|it| it.id.as_str()).collect();
        let mut problems = Vec::new();
        for Reference { register, id } in events.iter().flat_map(|event| &event.references) {
            let known = match register {
                Register::Chip => &chips,
                Register::Firm => &firms,
                Register::Instrument => &instruments,
            };
            if !known.contains(id.value.as_str()) {
                let hint = nearest(&id.value, known.iter().copied());
                let hint = did_you_mean(hint.as_deref());
                problems.push(id.at.problem(format!("unknown {} `{}`{hint}", register.word(), id.value)));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(self.fault(Problems(problems))) }
    }

    /// Every record of exposure is of a firm, and its parts are chips.
    fn check_exposures(&self, firms: &Firms, registers: &Names) -> Result<(), Failure> {
        for record in self.exposures()?.iter() {
            let wrong = |what: &str, id: &str, hint: Option<String>| {
                let hint = did_you_mean(hint.as_deref());
                Failure::data(format!("the exposure of `{}`: no {what} has the id `{id}`{hint}", record.firm))
            };
            if !firms.iter().any(|firm| firm.id == record.firm) {
                return Err(wrong("firm", &record.firm, firms.nearest(&record.firm)));
            }
            let chips = || registers.chips.iter().map(String::as_str);
            for id in record.parts.iter().flat_map(|part| &part.chips) {
                if !chips().any(|chip| chip == id) {
                    return Err(wrong("chip", id, nearest(id, chips())));
                }
            }
        }
        Ok(())
    }

    /// The parts of every line are chips.
    fn check_lines(&self, registers: &Names) -> Result<(), Failure> {
        let chips = || registers.chips.iter().map(String::as_str);
        let unknown = self.lines()?.chips().filter(|(id, _)| !chips().any(|chip| chip == *id));
        let problems: Vec<_> = unknown
            .map(|(id, at)| {
                let hint = nearest(id, chips());
                at.problem(format!("unknown chip `{id}`{}", did_you_mean(hint.as_deref())))
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(self.fault(Problems(problems))) }
    }

    /// Groups of the network of supply stand in places that there are.
    fn check_supply(&self, places: &Places) -> Result<(), Failure> {
        for group in self.supply()?.groups.values() {
            if let Some(code) = group.place.as_deref().filter(|code| places.place(code).is_none()) {
                let group = &group.id;
                return Err(self.supply_fault(format!("the group `{group}`: no place has the code `{code}`")));
            }
        }
        Ok(())
    }

    /// Every embedded series has a security, which has an exchange ([`Firms::check`]).
    fn check_quotes(&self, firms: &Firms) -> Result<(), Failure> {
        let embedded = self.embedded_quotes()?;
        let unknown = embedded.iter().filter(|series| firms.security(&series.ticker).is_none());
        let problems: Vec<String> = unknown
            .map(|series| {
                let known = firms.securities().map(|security| security.ticker.as_str());
                let hint = nearest(&series.ticker, known);
                let (hint, ticker) = (did_you_mean(hint.as_deref()), &series.ticker);
                format!("{}: no security has the ticker `{ticker}`{hint}", series.source)
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(Failure::data(problems.join("\n"))) }
    }

    /// Reads everything with full scrutiny and says what is wrong.
    ///
    /// # Errors
    /// All problems found.
    pub fn check_everything(&self) -> Result<(), Failure> {
        let places = Arc::clone(self.places()?);
        let chips = self.chips()?;
        self.performance()?;
        self.models()?;
        self.networks()?;
        let registers = self.registers()?;
        let events = self.events()?;
        self.check_quotes(self.firms()?)?;
        self.check_exposures(self.firms()?, &registers)?;
        self.check_lines(&registers)?;
        self.check_supply(&places)?;
        for chip in chips.iter() {
            if !registers.chips.contains(&chip.id) {
                return Err(Failure::input(
                    chip.at
                        .problem(format!(
                            "the file of chip `{}` must be `chips/{}.toml`",
                            chip.id,
                            chip.id.replacen('.', "/", 1)
                        ))
                        .to_string(),
                ));
            }
        }
        let law = self.read_law(places, Scrutiny::Full)?;
        for jurisdiction in law.jurisdictions() {
            for chip in chips.iter() {
                crate::chip_facts::supplies(chip, chips, &jurisdiction.dictionary)?;
            }
        }
        self.check_events(events, &law, &registers)?;
        self.check_parties()?;
        // A reform does not name its jurisdiction: it must fit one.
        let default = law.jurisdiction(None)?;
        for (_, file) in self.reforms() {
            let problems = match law.read_reform(file, default, &registers, &[]) {
                Ok(_) => continue,
                Err(problems) => problems,
            };
            let fits = |jurisdiction| law.read_reform(file, jurisdiction, &registers, &[]).is_ok();
            if !law.jurisdictions().any(fits) {
                return Err(self.fault(problems));
            }
        }
        Ok(())
    }
}

/// Names of chips and vendors.
pub(crate) struct Names {
    chips: BTreeSet<String>,
    vendors: BTreeSet<String>,
}

impl Names {
    fn register(&self, name: &str) -> Option<&BTreeSet<String>> {
        match name {
            "chips" => Some(&self.chips),
            "vendors" => Some(&self.vendors),
            _ => None,
        }
    }
}

impl Registers for Names {
    fn knows(&self, register: &str, name: &str) -> bool {
        self.register(register).is_some_and(|names| names.contains(name))
    }

    fn nearest(&self, register: &str, name: &str) -> Option<String> {
        nearest(name, self.register(register)?.iter().map(String::as_str))
    }
}
