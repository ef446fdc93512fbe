//! [`Edition`]: who is listed on a day, list by list.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use narrows_quantity::{did_you_mean, nearest};

use crate::country::Countries;
use crate::id::order;
use crate::identity::key;
use crate::party::Party;
use crate::snapshot::Snapshot;

/// Letters of a name that is not shared by chance.
const TELLING: usize = 4;

/// The snapshot that each list is taken from on a day: the newest one of the list that is not
/// later. A list that a snapshot does not cover stands on from the one before.
#[must_use]
pub fn plan<'a>(on: Date, snapshots: impl IntoIterator<Item = &'a Snapshot>) -> BTreeMap<String, Date> {
    let mut plan: BTreeMap<String, Date> = BTreeMap::new();
    for snapshot in snapshots.into_iter().filter(|snapshot| snapshot.date <= on) {
        for code in snapshot.lists.keys() {
            let day = plan.entry(code.clone()).or_insert(snapshot.date);
            *day = snapshot.date.max(*day);
        }
    }
    plan
}

/// Who is listed on a day.
#[derive(Debug, Clone, Default)]
pub struct Edition {
    dates: BTreeMap<String, Date>,
    parties: Vec<Party>,
    places: HashMap<String, usize>,
}

impl Edition {
    /// An edition of these parties, each list being of the day given.
    #[must_use]
    pub fn new(dates: BTreeMap<String, Date>, mut parties: Vec<Party>) -> Self {
        parties.sort_by(|a, b| (&a.list, order(&a.id)).cmp(&(&b.list, order(&b.id))));
        let mut places = HashMap::with_capacity(parties.len());
        for (place, party) in parties.iter().enumerate() {
            for id in std::iter::once(&party.id).chain(&party.former_ids) {
                places.insert(id.clone(), place);
            }
        }
        Self { dates, parties, places }
    }

    /// The newest day of its lists: no list of it is later.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        self.dates.values().max().copied()
    }

    /// The day of each list, by code.
    #[must_use]
    pub const fn dates(&self) -> &BTreeMap<String, Date> {
        &self.dates
    }

    /// All parties, sorted by list and id.
    #[must_use]
    pub fn parties(&self) -> &[Party] {
        &self.parties
    }

    /// The parties of one list.
    pub fn of_list<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a Party> {
        self.parties.iter().filter(move |party| party.list == code)
    }

    /// A party by its id, or by one that it had.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Party> {
        self.places.get(id).and_then(|place| self.parties.get(*place))
    }

    /// A party by its id, or by one that it had, in any case of letters.
    ///
    /// # Errors
    /// [`UnknownParty`].
    pub fn find(&self, id: &str) -> Result<&Party, UnknownParty> {
        let id = id.trim();
        let any_case = |party: &&Party| party.id.eq_ignore_ascii_case(id);
        self.get(id).or_else(|| self.parties.iter().find(any_case)).ok_or_else(|| UnknownParty {
            id: id.to_owned(),
            nearest: nearest(id, self.parties.iter().map(|party| party.id.as_str())),
        })
    }
}

impl Edition {
    /// The entries of other lists, or of the same one, that bear a name of this party and do not
    /// sit elsewhere: most likely the same party. Names are compared without case, punctuation
    /// and diacritics; a name of fewer than four letters says too little.
    pub fn namesakes<'a>(
        &'a self,
        party: &'a Party,
        countries: &'a Countries,
    ) -> impl Iterator<Item = &'a Party> {
        let keys = |party: &Party| {
            let names = std::iter::once(&party.name).chain(&party.aliases);
            names.map(|name| key(name)).filter(|key| key.chars().count() >= TELLING).collect::<BTreeSet<_>>()
        };
        let own = keys(party);
        self.parties.iter().filter(move |other| {
            other.id != party.id
                && (other.kind.is_none() || party.kind.is_none() || other.kind == party.kind)
                && countries.share(&other.countries, &party.countries)
                && !keys(other).is_disjoint(&own)
        })
    }
}

/// No party has that id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no party has the id `{id}`{}", did_you_mean(.nearest.as_deref()))]
pub struct UnknownParty {
    /// The id given.
    pub id: String,
    /// An id near it.
    pub nearest: Option<String>,
}
