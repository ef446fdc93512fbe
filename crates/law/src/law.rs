//! [`Law`]: all jurisdictions, read and checked as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use narrows_catalog::Places;
use narrows_catalog::datafile::{Collector, DataFile, Problems};
use narrows_condition::CircuitError;
use narrows_quantity::nearest;

use crate::edition::Edition;
use crate::instrument::{Effect, Instrument, View};
use crate::jurisdiction::Jurisdiction;
use crate::read::{Names, Registers, check, read_dictionary, read_head, read_instrument};
use crate::timeline::{InForce, Timeline};

/// All jurisdictions with the places that their tests speak of.
#[derive(Debug, Clone)]
pub struct Law {
    jurisdictions: BTreeMap<String, Jurisdiction>,
    places: Arc<Places>,
}

/// How closely data are looked at when they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scrutiny {
    /// Everything: references, cycles, order, and that the law of every day compiles.
    Full,
    /// Only what reading itself needs: for data that were looked at before, as the
    /// embedded ones are by our tests.
    Trusting,
}

/// Why a question about law has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LawError {
    /// No jurisdiction of that name.
    #[error("unknown jurisdiction `{name}`; there are {known}{}", narrows_quantity::did_you_mean(.nearest.as_deref()))]
    UnknownJurisdiction {
        /// The name.
        name: String,
        /// Those that are there.
        known: String,
        /// The nearest.
        nearest: Option<String>,
    },
    /// The day lies before the record.
    #[error("{day} lies before coverage: the record of `{jurisdiction}` begins on {from}")]
    BeforeCoverage {
        /// Id of the jurisdiction.
        jurisdiction: String,
        /// The day asked about.
        day: Date,
        /// First day covered.
        from: Date,
    },
    /// The data do not compile.
    #[error("the law of {day} cannot be compiled: {error}")]
    Data {
        /// The day asked about.
        day: Date,
        /// Why.
        error: CircuitError,
    },
}

/// Reads jurisdictions from files, each with its path `.../<jurisdiction>/<name>.toml`; a
/// later file replaces an earlier one of the same path.
///
/// # Errors
/// Everything that is wrong in the files.
pub fn read_law<'a>(
    files: impl IntoIterator<Item = (&'a str, DataFile<'a>)>,
    places: Arc<Places>,
    registers: &dyn Registers,
    scrutiny: Scrutiny,
) -> Result<Law, Problems> {
    let mut folders: BTreeMap<String, BTreeMap<&'a str, DataFile<'a>>> = BTreeMap::new();
    for (path, file) in files {
        let mut parts = path.rsplit('/');
        let (Some(name), Some(folder)) = (parts.next(), parts.next()) else { continue };
        folders.entry(folder.to_owned()).or_default().insert(name, file);
    }
    let problems = Collector::new();
    let mut jurisdictions = BTreeMap::new();
    for (folder, files) in &folders {
        if let Some(jurisdiction) = read_folder(folder, files, &places, registers, scrutiny, &problems) {
            jurisdictions.insert(jurisdiction.id.clone(), jurisdiction);
        }
    }
    problems.finish(Law { jurisdictions, places })
}

fn read_folder<'a>(
    folder: &str,
    files: &BTreeMap<&'a str, DataFile<'a>>,
    places: &Places,
    registers: &dyn Registers,
    scrutiny: Scrutiny,
    problems: &Collector,
) -> Option<Jurisdiction> {
    let before = problems.count();
    let dictionary = read_dictionary(files.get("facts.toml").copied(), places, problems);
    if problems.count() > before {
        // All conditions speak of facts: what else is wrong would only follow from this.
        return None;
    }
    let Some(head) = files.get("jurisdiction.toml") else {
        let first = files.values().next()?;
        problems.add(narrows_catalog::Problem {
            file: first.path.to_owned(),
            line: 1,
            field: String::new(),
            message: format!("the folder `{folder}` has no jurisdiction.toml"),
        });
        return None;
    };
    let mut jurisdiction = read_head(*head, dictionary, places, problems)?;
    if jurisdiction.id != folder {
        problems.add(narrows_catalog::Problem {
            file: head.path.to_owned(),
            line: 1,
            field: "id".to_owned(),
            message: format!("expected the name of the folder, `{folder}`, found `{}`", jurisdiction.id),
        });
    }
    let names = Names { places, registers };
    let instruments: Vec<Instrument> = files
        .iter()
        .filter(|(name, _)| !matches!(**name, "jurisdiction.toml" | "facts.toml"))
        .filter_map(|(_, file)| read_instrument(*file, &jurisdiction, &names, problems))
        .collect();
    jurisdiction.instruments = instruments;
    if scrutiny == Scrutiny::Full {
        check(&jurisdiction, &[], places, problems);
    }
    Some(jurisdiction)
}

impl Law {
    /// All jurisdictions, by id.
    pub fn jurisdictions(&self) -> impl Iterator<Item = &Jurisdiction> {
        self.jurisdictions.values()
    }

    /// The places that tests speak of.
    #[must_use]
    pub fn places(&self) -> &Arc<Places> {
        &self.places
    }

    /// A jurisdiction by id, or the default one.
    ///
    /// # Errors
    /// [`LawError::UnknownJurisdiction`].
    pub fn jurisdiction(&self, id: Option<&str>) -> Result<&Jurisdiction, LawError> {
        let found = match id {
            Some(id) => self.jurisdictions.get(id),
            None => self
                .jurisdictions
                .values()
                .find(|it| it.default)
                .or_else(|| self.jurisdictions.values().next()),
        };
        found.ok_or_else(|| {
            let name = id.unwrap_or("default").to_owned();
            let known = self.jurisdictions.keys().cloned().collect::<Vec<_>>().join(", ");
            let nearest = nearest(&name, self.jurisdictions.keys().map(String::as_str));
            LawError::UnknownJurisdiction { name, known, nearest }
        })
    }

    /// Reads a reform file for a jurisdiction and checks that it fits the law there.
    ///
    /// # Errors
    /// Everything that is wrong in the file.
    pub fn read_reform(
        &self,
        file: DataFile<'_>,
        jurisdiction: &Jurisdiction,
        registers: &dyn Registers,
        earlier: &[Instrument],
    ) -> Result<Instrument, Problems> {
        let problems = Collector::new();
        let names = Names { places: &self.places, registers };
        let reform = read_instrument(file, jurisdiction, &names, &problems);
        if let Some(reform) = &reform {
            let reforms: Vec<Instrument> = earlier.iter().cloned().chain([reform.clone()]).collect();
            check(jurisdiction, &reforms, &self.places, &problems);
        }
        match problems.finish(reform)? {
            Some(reform) => Ok(reform),
            // Nothing was read and nothing reported: cannot be, but must not pass for a reform.
            None => Err(Problems(Vec::new())),
        }
    }
}

impl Jurisdiction {
    /// The provisions in force on a day, compiled.
    ///
    /// # Errors
    /// [`LawError::BeforeCoverage`] for a day before the record, of the law or of knowledge; [`LawError::Data`] if
    /// the data do not compile.
    pub fn edition(
        &self,
        on: Date,
        known_on: Option<Date>,
        view: View,
        reforms: &[Instrument],
    ) -> Result<Edition, LawError> {
        self.compile(self.provisions(on, known_on, view, reforms)?, on)
    }

    /// Whether a day, and the day of knowledge, lie within the record.
    ///
    /// # Errors
    /// [`LawError::BeforeCoverage`]. Before the record begins nothing was known, and nothing
    /// known must not read as nothing in force.
    pub fn check_coverage(&self, on: Date, known_on: Option<Date>) -> Result<(), LawError> {
        match std::iter::once(on).chain(known_on).find(|day| *day < self.coverage_from) {
            Some(day) => {
                let jurisdiction = self.id.clone();
                Err(LawError::BeforeCoverage { jurisdiction, day, from: self.coverage_from })
            }
            None => Ok(()),
        }
    }

    /// The provisions in force on a day.
    ///
    /// # Errors
    /// [`LawError::BeforeCoverage`].
    pub fn provisions(
        &self,
        on: Date,
        known_on: Option<Date>,
        view: View,
        reforms: &[Instrument],
    ) -> Result<Vec<InForce>, LawError> {
        self.check_coverage(on, known_on)?;
        Ok(Timeline::new(self, view, known_on, reforms).on(on))
    }

    /// Compiles the provisions in force on a day.
    ///
    /// # Errors
    /// [`LawError::Data`] if they do not compile.
    pub fn compile(&self, provisions: Vec<InForce>, on: Date) -> Result<Edition, LawError> {
        Edition::compile(provisions, &self.dictionary).map_err(|error| LawError::Data { day: on, error })
    }

    /// All days, from the beginning of the record, on which the law of a view may change,
    /// whatever was known: operations begin or end, places join or leave groups, and
    /// conditions name days.
    #[must_use]
    pub fn days_of_change(&self, view: View, reforms: &[Instrument], places: &Places) -> Vec<Date> {
        let mut days = Timeline::new(self, view, None, reforms).days();
        days.extend(places.days());
        for instrument in self.instruments.iter().chain(reforms) {
            for operation in &instrument.operations {
                for day in operation.act.conditions().flat_map(|condition| condition.days()) {
                    days.insert(day);
                    days.extend(day.tomorrow());
                }
            }
        }
        days.insert(self.coverage_from);
        days.range(self.coverage_from..Date::MAX).copied().collect()
    }

    /// All days, from the beginning of the record, on which something on record became known.
    #[must_use]
    pub fn days_of_knowledge(&self, places: &Places) -> Vec<Date> {
        let mut days = BTreeSet::new();
        for instrument in &self.instruments {
            for operation in &instrument.operations {
                days.insert(instrument.known_from(operation));
                if let Some(Effect::Practice { reported, .. }) =
                    operation.act.definition().map(|it| &it.effect)
                {
                    days.extend(reported);
                }
            }
        }
        let changes = places.groups().flat_map(|group| &group.changes);
        days.extend(changes.flat_map(|change| [change.known_from, change.settled]));
        days.insert(self.coverage_from);
        days.range(self.coverage_from..).copied().collect()
    }

    /// The instrument of an id, among the law and reforms.
    #[must_use]
    pub fn instrument<'a>(&'a self, id: &str, reforms: &'a [Instrument]) -> Option<&'a Instrument> {
        self.instruments.iter().chain(reforms).find(|instrument| instrument.id == id)
    }
}
