//! [`NamedEdition`]: an edition of the lists with its names ready to be asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::civil::Date;
use narrows_screening::edition::Edition;
use narrows_screening::effect::Effects;
use narrows_screening::matching::{Index, OwnName};
use narrows_screening::names::lexicon::Lexicon;

use crate::failure::Failure;
use crate::workbench::Workbench;

/// Who is listed on a day, and an index of their names.
#[derive(Debug)]
pub struct NamedEdition {
    /// The lists.
    pub edition: Arc<Edition>,
    /// Their names, those of our own table among them.
    pub index: Index,
}

/// What was read so far.
#[derive(Debug, Default)]
pub(crate) struct NamedEditions {
    effects: OnceLock<Result<Arc<Effects>, Failure>>,
    /// By the day of each list.
    editions: Mutex<BTreeMap<BTreeMap<String, Date>, Arc<NamedEdition>>>,
}

impl Workbench {
    /// The lists of a day, or the newest of all without one, with an index of their names.
    ///
    /// # Errors
    /// A day before the record, or problems in the files.
    pub fn named_edition(&self, on: Option<Date>) -> Result<Arc<NamedEdition>, Failure> {
        self.named(self.edition(on)?)
    }

    /// The lists around a day: where a list begins only later, its oldest.
    ///
    /// # Errors
    /// Problems in the files.
    pub(crate) fn named_edition_around(&self, on: Date) -> Result<Arc<NamedEdition>, Failure> {
        self.named(self.edition_around(on)?)
    }

    fn named(&self, edition: Arc<Edition>) -> Result<Arc<NamedEdition>, Failure> {
        let lock = || self.named.editions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(edition.dates()) {
            return Ok(Arc::clone(known));
        }
        let lexicon = self.lexicon()?;
        let aliases = self.party_aliases()?;
        let own: Vec<OwnName<'_>> = (0..)
            .zip(aliases.firms())
            .flat_map(|(firm, entry)| {
                entry.parties.iter().flat_map(move |party| {
                    entry.names.iter().map(move |name| OwnName {
                        party: &party.value,
                        name: &name.text,
                        firm,
                    })
                })
            })
            .collect();
        let index = Index::build(lexicon, edition.parties(), &own);
        let named = Arc::new(NamedEdition { edition, index });
        lock().insert(named.edition.dates().clone(), Arc::clone(&named));
        Ok(named)
    }

    /// The tables of legal forms, places and words by which names are read.
    ///
    /// # Errors
    /// Problems in the files.
    pub fn lexicon(&self) -> Result<Lexicon, Failure> {
        Lexicon::read(self.files("names").into_iter().map(|(_, file)| file))
            .map_err(|problems| self.fault(problems))
    }

    /// What entries of the lists mean for a determination.
    ///
    /// # Errors
    /// Problems in the files.
    pub fn effects(&self) -> Result<&Arc<Effects>, Failure> {
        let read = || {
            let files = self.files("parties").into_iter();
            let files = files.filter(|(path, _)| path.ends_with("/effects.toml")).map(|(_, file)| file);
            Effects::read(files).map(Arc::new).map_err(|problems| self.fault(problems))
        };
        self.named.effects.get_or_init(read).as_ref().map_err(Clone::clone)
    }
}
