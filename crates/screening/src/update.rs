//! A newer file becomes a snapshot: rows of one party joined, ids kept, shrinking lists refused.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use narrows_catalog::Problems;
use narrows_quantity::Certainty;

use crate::country::Countries;
use crate::edition::Edition;
use crate::government::{Publication, Row};
use crate::id::{numbered, order};
use crate::identity::{find, key};
use crate::list::{List, Lists, Numbering};
use crate::party::Party;
use crate::snapshot::{Coverage, Snapshot, problem};

/// A list may lose one party in so many without a word.
const SHRINK: usize = 20;

/// What is known of a newer file beside its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The day that the file is of.
    pub date: Date,
    /// What file it is, and who published it.
    pub source: String,
    /// Its public address.
    pub url: Option<String>,
    /// SHA-256 of it, in hexadecimal digits.
    pub sha256: Option<String>,
    /// How sure it is.
    pub certainty: Certainty,
    /// Remark.
    pub note: Option<String>,
}

/// Why a file gave no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The file contradicts itself.
    #[error("{0}")]
    File(#[from] Problems),
    /// Snapshots are added at the end.
    #[error("expected a day after {newest}, the newest edition on record, found {given}")]
    NotNewer {
        /// The day given.
        given: Date,
        /// The newest on record.
        newest: Date,
    },
    /// Lists lost more than is taken without a word.
    #[error("{}", shrunk(.0))]
    Shrunk(Vec<Shrink>),
}

/// A list that lost parties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shrink {
    /// Code of the list.
    pub list: String,
    /// Parties before.
    pub before: usize,
    /// Parties now.
    pub after: usize,
}

fn shrunk(shrinks: &[Shrink]) -> String {
    let lines = shrinks.iter().map(|Shrink { list, before, after }| match after {
        0 => format!("list {list} vanished: {before} parties before, none now"),
        _ => {
            format!("list {list} shrank by more than {}%: {before} parties before, {after} now", 100 / SHRINK)
        }
    });
    let lines: Vec<String> = lines.collect();
    format!("{}; if that is right, accept it (--accept-shrink)", lines.join("; "))
}

/// A snapshot made from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// Its description.
    pub snapshot: Snapshot,
    /// Its parties, sorted by list and id.
    pub parties: Vec<Party>,
    /// Lists that shrank and were accepted.
    pub accepted: Vec<Shrink>,
}

/// Everything that a file is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// The lists.
    pub lists: &'a Lists,
    /// Names of places.
    pub countries: &'a Countries,
    /// All snapshots, in any order.
    pub snapshots: &'a [Snapshot],
    /// The newest edition.
    pub newest: &'a Edition,
    /// Ids that were ever given, in whatever snapshot: none is given again.
    pub ids: &'a BTreeSet<String>,
}

/// Makes a snapshot of a file.
///
/// # Errors
/// [`Refusal`].
pub fn update(
    record: Record<'_>,
    publication: &Publication,
    path: &str,
    provenance: Provenance,
    accept_shrink: bool,
) -> Result<Update, Refusal> {
    if let Some(newest) =
        record.snapshots.iter().map(|snapshot| snapshot.date).max().filter(|it| *it >= provenance.date)
    {
        return Err(Refusal::NotNewer { given: provenance.date, newest });
    }
    check_given_ids(path, &publication.rows)?;
    let mut rows: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &publication.rows {
        rows.entry(&row.party.list).or_default().push(row);
    }
    let mut parties = Vec::new();
    let mut lists = BTreeMap::new();
    for list in record.lists.iter() {
        let Some(rows) = rows.get(list.code.as_str()) else { continue };
        let (of_list, coverage) = update_list(&record, list, rows);
        lists.insert(list.code.clone(), coverage);
        parties.extend(of_list);
    }
    let accepted = shrinks(&record, &lists);
    if !accepted.is_empty() && !accept_shrink {
        return Err(Refusal::Shrunk(accepted));
    }
    for shrink in &accepted {
        if let Some(coverage) = lists.get_mut(&shrink.list) {
            coverage.shrink_accepted = true;
        }
    }
    parties.sort_by(|a, b| (&a.list, order(&a.id)).cmp(&(&b.list, order(&b.id))));
    let Provenance { date, source, url, sha256, certainty, note } = provenance;
    let snapshot = Snapshot { date, source, url, sha256, certainty, note, lists };
    Ok(Update { snapshot, parties, accepted })
}

/// Lists that lost more than one party in [`SHRINK`], or that the file should have and lacks.
fn shrinks(record: &Record<'_>, lists: &BTreeMap<String, Coverage>) -> Vec<Shrink> {
    let lost = record.lists.iter().filter_map(|list| {
        let before = record.newest.of_list(&list.code).count();
        let after = match lists.get(&list.code) {
            Some(coverage) => coverage.parties,
            // Other lists are published elsewhere and stand on.
            None if list.titles.is_empty() => return None,
            None => 0,
        };
        let is_lost = after + before / SHRINK < before || (after == 0 && before > 0);
        is_lost.then(|| Shrink { list: list.code.clone(), before, after })
    });
    lost.collect()
}

/// Ids that a file gives are all different.
fn check_given_ids(path: &str, rows: &[Row]) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for row in rows.iter().filter(|row| row.has_id) {
        if !seen.insert(&row.party.id) {
            let message = format!("two rows have the id `{}`", row.party.id);
            return Err(Problems(vec![problem(path, row.line, "id", &message)]).into());
        }
    }
    Ok(())
}

fn update_list(record: &Record<'_>, list: &List, rows: &[&Row]) -> (Vec<Party>, Coverage) {
    let known: Vec<Party> = record.newest.of_list(&list.code).cloned().collect();
    let mut parties = joined(rows, record.countries);
    // Where the file gives ids that are on record, it has settled the question.
    let matches = find(&known, &parties, record.countries);
    let mut next =
        record.ids.iter().filter_map(|id| crate::id::number(id, &list.code)).max().map_or(0, |it| it + 1);
    let given = parties.iter().filter_map(|party| crate::id::number(&party.id, &list.code)).max();
    next = given.map_or(next, |given| next.max(given + 1));
    let (mut kept, mut merged) = (0, 0);
    for (party, found) in parties.iter_mut().zip(&matches.of_row) {
        let mut ids: Vec<&str> = found
            .iter()
            .filter_map(|at| known.get(*at))
            .flat_map(|known| std::iter::once(&known.id).chain(&known.former_ids))
            .map(String::as_str)
            .collect();
        ids.sort_by_key(|id| order(id));
        if let Some((first, rest)) = ids.split_first() {
            party.id = (*first).to_owned();
            party.former_ids = rest.iter().map(|id| (*id).to_owned()).collect();
            kept += 1;
            merged += found.len() - 1;
        } else if party.id.is_empty() {
            party.id = fresh(record, list, party, &mut next);
        }
    }
    let coverage = Coverage {
        list: list.code.clone(),
        rows: rows.len(),
        parties: parties.len(),
        names: parties.iter().map(|party| 1 + party.aliases.len()).sum(),
        kept,
        merged,
        added: parties.len() - kept,
        removed: known.len() - kept - merged,
        ambiguous: matches.ambiguous.len(),
        shrink_accepted: false,
    };
    (parties, coverage)
}

/// The id of a party that is new: the authority's number, where that is the list's way and the
/// number was never given, or else the next number.
fn fresh(record: &Record<'_>, list: &List, party: &Party, next: &mut u64) -> String {
    let by_authority = party
        .entity_number
        .as_ref()
        .filter(|_| list.numbering == Numbering::Authority)
        .map(|number| format!("{}-{number}", list.code))
        .filter(|id| crate::id::number(id, &list.code).is_some() && !record.ids.contains(id));
    by_authority.unwrap_or_else(|| {
        let id = numbered(&list.code, *next);
        *next += 1;
        id
    })
}

/// Rows of one party as one: the same number of the authority; or, where there is none, the same
/// name and licence requirement and either a country in common or the same notices. Rows with ids of their own stand alone.
fn joined(rows: &[&Row], countries: &Countries) -> Vec<Party> {
    let mut parties: Vec<Party> = Vec::with_capacity(rows.len());
    let mut places: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for row in rows {
        let party = &row.party;
        let requirement = party.licence_requirement.as_deref().map(key).unwrap_or_default();
        let group = match &party.entity_number {
            Some(number) => (number.clone(), String::new()),
            None => (key(&party.name), requirement),
        };
        let earlier = places.entry(group).or_default();
        let same = earlier.iter().copied().find(|place| {
            let Some(one) = parties.get(*place) else { return false };
            let are_seated = !one.countries.is_empty() && !party.countries.is_empty();
            party.entity_number.is_some()
                || one.federal_register == party.federal_register
                || (are_seated && countries.share(&one.countries, &party.countries))
        });
        match same.filter(|_| !row.has_id).and_then(|place| parties.get_mut(place)) {
            Some(same) => join(same, party),
            None => {
                earlier.push(parties.len());
                parties.push(party.clone());
            }
        }
    }
    parties
}

/// Adds what a row says to a party; of single texts the first stands, but notices add up.
fn join(party: &mut Party, row: &Party) {
    let mut add = |name: &String| {
        if *name != party.name && !party.aliases.contains(name) {
            party.aliases.push(name.clone());
        }
    };
    std::iter::once(&row.name).chain(&row.aliases).for_each(&mut add);
    for (all, more) in [
        (&mut party.countries, &row.countries),
        (&mut party.addresses, &row.addresses),
        (&mut party.programmes, &row.programmes),
    ] {
        all.extend(more.iter().cloned());
        let mut seen = BTreeSet::new();
        all.retain(|item| seen.insert(item.clone()));
    }
    party.countries.sort();
    party.kind = party.kind.or(row.kind);
    party.effective = party.effective.or(row.effective);
    for (text, other) in [
        (&mut party.entity_number, &row.entity_number),
        (&mut party.licence_requirement, &row.licence_requirement),
        (&mut party.licence_policy, &row.licence_policy),
    ] {
        if text.is_none() {
            text.clone_from(other);
        }
    }
    match (&mut party.federal_register, &row.federal_register) {
        (Some(all), Some(more)) if !all.contains(more.as_str()) => {
            all.push_str("; ");
            all.push_str(more);
        }
        (all @ None, more) => all.clone_from(more),
        _ => {}
    }
    party.footnotes.extend(&row.footnotes);
    party.footnotes.sort_unstable();
    party.footnotes.dedup();
}
