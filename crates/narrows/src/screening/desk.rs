//! [`ScreeningDesk`]: an edition of the lists, ready to be asked by name.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::civil::Date;
use narrows_screening::alias::{Alias, Aliases};
use narrows_screening::edition::Edition;
use narrows_screening::list::List;
use narrows_screening::matching::{Index, Options, OwnName};
use narrows_screening::names::lexicon::Lexicon;
use narrows_screening::party::Party;

use crate::failure::Failure;
use crate::parties::PartyRegister;
use crate::workbench::Workbench;

/// Folder of the tables of words.
const WORDS: &str = "names";
/// Most parties that may be asked for.
const MOST_ASKED: usize = 100;

/// Desks by the day of each list.
#[derive(Debug, Default)]
pub(crate) struct ScreeningRecord {
    desks: Mutex<BTreeMap<BTreeMap<String, Date>, Arc<OnceLock<Result<Arc<ScreeningDesk>, Failure>>>>>,
}

/// An edition of the lists, ready to be asked by name.
#[derive(Debug)]
pub struct ScreeningDesk {
    edition: Arc<Edition>,
    aliases: Arc<Aliases>,
    register: Arc<PartyRegister>,
    index: Index,
}

impl Workbench {
    /// The desk of the edition of a day; of the newest if none is given.
    ///
    /// # Errors
    /// A day before the record, or problems in the files.
    pub fn screening_desk(&self, on: Option<Date>) -> Result<Arc<ScreeningDesk>, Failure> {
        let edition = self.edition(on)?;
        let desk = {
            let mut desks = self.screening.desks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(desks.entry(edition.dates().clone()).or_default())
        };
        desk.get_or_init(|| self.new_desk(edition).map(Arc::new)).clone()
    }

    fn new_desk(&self, edition: Arc<Edition>) -> Result<ScreeningDesk, Failure> {
        let aliases = Arc::clone(self.party_aliases()?);
        let files = self.files(WORDS).into_iter().map(|(_, file)| file);
        let lexicon = Lexicon::read(files).map_err(|problems| self.fault(problems))?;
        let own_names: Vec<OwnName<'_>> = (0..)
            .zip(aliases.firms())
            .flat_map(|(firm, entry)| {
                entry.parties.iter().flat_map(move |party| {
                    entry.names.iter().map(move |name| OwnName { party: &party.value, name: &name.text, firm })
                })
            })
            .collect();
        let index = Index::build(lexicon, edition.parties(), &own_names);
        Ok(ScreeningDesk { edition, aliases, register: Arc::clone(self.party_register()?), index })
    }

    /// What a screening asks for, checked against the lists and places that there are.
    ///
    /// # Errors
    /// An unknown list or place, or numbers out of range.
    pub fn screening_options(
        &self,
        lists: &[String],
        country: Option<&str>,
        threshold: Option<f64>,
        top: Option<usize>,
    ) -> Result<Options, Failure> {
        let register = self.party_register()?;
        let code = |list: &String| register.lists.find(list).map(|list| list.code.clone());
        let threshold = threshold.unwrap_or(Options::THRESHOLD);
        if !(0.0..=1.0).contains(&threshold) {
            return Err(Failure::input(format!("expected a threshold from 0 to 1, found {threshold}")));
        }
        let top = top.unwrap_or(Options::TOP);
        if !(1..=MOST_ASKED).contains(&top) {
            return Err(Failure::input(format!("expected a number of parties from 1 to {MOST_ASKED}, found {top}")));
        }
        Ok(Options {
            threshold,
            top,
            lists: lists.iter().map(code).collect::<Result<_, _>>()?,
            country: match country {
                Some(country) => Some(self.places()?.find(country)?.code.clone()),
                None => None,
            },
        })
    }
}

impl ScreeningDesk {
    /// The edition.
    #[must_use]
    pub fn edition(&self) -> &Edition {
        &self.edition
    }

    /// Its index.
    #[must_use]
    pub const fn index(&self) -> &Index {
        &self.index
    }

    /// A party by its place.
    #[must_use]
    pub fn party(&self, place: usize) -> Option<&Party> {
        self.edition.parties().get(place)
    }

    /// The list of a code.
    #[must_use]
    pub fn list(&self, code: &str) -> Option<&List> {
        self.register.lists.get(code)
    }

    /// Our own name of a party, with its source.
    #[must_use]
    pub fn own_name<'a>(&'a self, party: &'a Party, name: &str) -> Option<&'a Alias> {
        self.aliases.of(party).find(|alias| alias.text == name)
    }
}
