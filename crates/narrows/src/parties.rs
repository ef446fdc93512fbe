//! Lists of restricted parties on a workbench: descriptions are read with the first question
//! about lists, parties with the first that needs them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::civil::Date;
use narrows_catalog::{DataFile, Problems};
use narrows_screening::alias::Aliases;
use narrows_screening::country::Countries;
use narrows_screening::edition::{Edition, plan, plan_around};
use narrows_screening::list::Lists;
use narrows_screening::party::Party;
use narrows_screening::snapshot::{Snapshot, check_parties};

use crate::failure::{Failure, FailureKind};
use crate::workbench::Workbench;

/// Folder of the lists.
const FOLDER: &str = "parties";
/// Folder of the snapshots.
pub(crate) const SNAPSHOTS: &str = "parties/editions";

/// The lists, what places are called in them, and of which days there are snapshots.
#[derive(Debug, Clone)]
pub struct PartyRegister {
    /// The lists.
    pub lists: Lists,
    /// What places are called in files of lists.
    pub countries: Countries,
    /// Snapshots, the oldest first.
    pub snapshots: Vec<Snapshot>,
}

/// What was read of the lists so far.
#[derive(Debug, Default)]
pub(crate) struct PartyRecord {
    register: OnceLock<Result<Arc<PartyRegister>, Failure>>,
    aliases: OnceLock<Result<Arc<Aliases>, Failure>>,
    ids: OnceLock<Result<BTreeSet<String>, Failure>>,
    /// Editions by the day of each of their lists.
    editions: Mutex<BTreeMap<BTreeMap<String, Date>, Arc<Edition>>>,
}

impl Workbench {
    /// The lists of restricted parties and the days of which there are snapshots.
    ///
    /// # Errors
    /// Problems in the files.
    pub fn party_register(&self) -> Result<&Arc<PartyRegister>, Failure> {
        let read = || self.read_register().map(Arc::new);
        self.parties.register.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    fn read_register(&self) -> Result<PartyRegister, Failure> {
        let is_named = |path: &str, name: &str| path == format!("{FOLDER}/{name}");
        let files = self.files(FOLDER);
        let named = |name: &str| {
            let files: Vec<DataFile<'_>> =
                files.iter().filter(|(path, _)| is_named(path, name)).map(|(_, file)| *file).collect();
            files
        };
        let lists = Lists::read(named("lists.toml")).map_err(|it| self.fault(it))?;
        let countries =
            Countries::read(named("countries.toml"), self.places()?).map_err(|it| self.fault(it))?;
        let mut snapshots = Vec::new();
        for (path, file) in &files {
            if path.starts_with(SNAPSHOTS) && path.ends_with(".toml") {
                snapshots.push(Snapshot::read(*file, &lists).map_err(|it| self.fault(it))?);
            }
        }
        snapshots.sort_by_key(|snapshot| snapshot.date);
        Ok(PartyRegister { lists, countries, snapshots })
    }

    /// Our own names of listed parties.
    ///
    /// # Errors
    /// Problems in the files.
    pub fn party_aliases(&self) -> Result<&Arc<Aliases>, Failure> {
        let read = || {
            let files = self.files("parties/aliases").into_iter().map(|(_, file)| file);
            Aliases::read(files).map(Arc::new).map_err(|problems| self.fault(problems))
        };
        self.parties.aliases.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Who is listed on a day: of each list the newest snapshot that is not later. Without a
    /// day, the newest of all.
    ///
    /// # Errors
    /// A day before the record, or problems in the files.
    pub fn edition(&self, on: Option<Date>) -> Result<Arc<Edition>, Failure> {
        let register = self.party_register()?;
        let dates = plan(on.unwrap_or(Date::MAX), &register.snapshots);
        if let (true, Some(first), Some(on)) = (dates.is_empty(), register.snapshots.first(), on) {
            return Err(Failure {
                kind: FailureKind::BeforeCoverage,
                message: format!("the lists are on record from {}; there is no edition of {on}", first.date),
            });
        }
        self.edition_of(dates)
    }

    /// Who was listed around a day: of each list the newest snapshot that is not later, or else
    /// its oldest.
    ///
    /// # Errors
    /// Problems in the files.
    pub(crate) fn edition_around(&self, on: Date) -> Result<Arc<Edition>, Failure> {
        self.edition_of(plan_around(on, &self.party_register()?.snapshots))
    }

    fn edition_of(&self, dates: BTreeMap<String, Date>) -> Result<Arc<Edition>, Failure> {
        let register = self.party_register()?;
        let lock = || self.parties.editions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(edition) = lock().get(&dates) {
            return Ok(Arc::clone(edition));
        }
        let mut parties = Vec::new();
        for snapshot in &register.snapshots {
            let is_wanted = |list: &str| dates.get(list) == Some(&snapshot.date);
            if snapshot.lists.keys().any(|list| is_wanted(list)) {
                parties.extend(self.snapshot_parties(snapshot, is_wanted)?);
            }
        }
        let edition = Arc::new(Edition::new(dates.clone(), parties));
        lock().insert(dates, Arc::clone(&edition));
        Ok(edition)
    }

    /// The parties of some lists of a snapshot.
    pub(crate) fn snapshot_parties(
        &self,
        snapshot: &Snapshot,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<Party>, Failure> {
        let path = format!("{SNAPSHOTS}/{}.jsonl", snapshot.date);
        let (shown, text) = self.long_text(&path)?;
        let file = DataFile { path: &shown, text: &text };
        snapshot.parties(file, is_wanted).map_err(|it| self.fault(it))
    }

    /// A long file, the user's or else the embedded one, and the path to show.
    fn long_text(&self, path: &str) -> Result<(Cow<'_, str>, Cow<'_, str>), Failure> {
        let own = self.files(SNAPSHOTS).into_iter().find(|(known, _)| *known == path);
        if let Some((_, file)) = own {
            return Ok((Cow::Borrowed(file.path), Cow::Borrowed(file.text)));
        }
        let packed = narrows_data::packed_folder(SNAPSHOTS).find(|file| file.path == path);
        let packed =
            packed.ok_or_else(|| Failure::input(format!("`{path}` is missing beside its description")))?;
        let text = packed.text().map_err(|damaged| Failure::data(damaged.to_string()))?;
        Ok((Cow::Borrowed(packed.path), Cow::Owned(text)))
    }

    /// Every id that a party ever had.
    pub(crate) fn party_ids(&self) -> Result<&BTreeSet<String>, Failure> {
        let read = || {
            let mut ids = BTreeSet::new();
            for snapshot in &self.party_register()?.snapshots {
                for party in self.snapshot_parties(snapshot, |_| true)? {
                    ids.insert(party.id);
                    ids.extend(party.former_ids);
                }
            }
            Ok(ids)
        };
        self.parties.ids.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Snapshots hold what their descriptions say, and parties that can be told apart.
    pub(crate) fn check_parties(&self) -> Result<(), Failure> {
        let register = self.party_register()?;
        for snapshot in &register.snapshots {
            let parties = self.snapshot_parties(snapshot, |_| true)?;
            let (shown, _) = self.long_text(&format!("{SNAPSHOTS}/{}.jsonl", snapshot.date))?;
            let is_place = |code: &str| register.countries.is_code(code);
            let problems = check_parties(&shown, &parties, &register.lists, is_place);
            if !problems.is_empty() {
                return Err(self.fault(Problems(problems)));
            }
        }
        // Names are keyed to ids, which stay: whichever snapshot has them.
        self.party_aliases()?.check(self.party_ids()?).map_err(|it| self.fault(it))?;
        Ok(())
    }
}
