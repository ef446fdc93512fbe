//! Rows of several lists that are one party.

use rustc_hash::FxHashMap;

use super::index::OwnName;
use crate::party::{Party, PartyKind};

/// The group of each party: rows share a group if one has the name of the other. Persons of one
/// name are many; they share a group only if they also share a country.
pub(super) fn groups(parties: &[Party], keys: &[Vec<String>], own_names: &[OwnName<'_>]) -> Vec<u32> {
    let mut leader: Vec<usize> = (0..parties.len()).collect();
    let mut by_primary: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (at, names) in keys.iter().enumerate() {
        if let Some(primary) = names.first() {
            by_primary.entry(primary).or_default().push(at);
        }
    }
    for (at, names) in keys.iter().enumerate() {
        for other in names.iter().filter_map(|name| by_primary.get(name.as_str())).flatten() {
            let is_same =
                parties.get(at).zip(parties.get(*other)).is_some_and(|(one, other)| are_one(one, other));
            if is_same {
                unite(&mut leader, at, *other);
            }
        }
    }
    for (one, other) in firms(parties, own_names) {
        unite(&mut leader, one, other);
    }
    (0..parties.len()).map(|at| u32::try_from(find(&mut leader, at)).unwrap_or(u32::MAX)).collect()
}

/// Rows of one firm by our own table, of each list the first.
fn firms(parties: &[Party], own_names: &[OwnName<'_>]) -> Vec<(usize, usize)> {
    let mut places: FxHashMap<&str, usize> = FxHashMap::default();
    for (at, party) in parties.iter().enumerate() {
        places.extend(std::iter::once(&party.id).chain(&party.former_ids).map(|id| (id.as_str(), at)));
    }
    let mut first: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
    for name in own_names {
        let Some(at) = places.get(name.party) else { continue };
        let rows = first.entry(name.firm).or_default();
        let list = |at: usize| parties.get(at).map(|party| &party.list);
        if !rows.iter().any(|row| list(*row) == list(*at)) {
            rows.push(*at);
        }
    }
    let pairs = |rows: Vec<usize>| {
        rows.first().copied().map(|one| rows.into_iter().skip(1).map(move |row| (one, row)))
    };
    first.into_values().filter_map(pairs).flatten().collect()
}

fn unite(leader: &mut [usize], one: usize, other: usize) {
    let (one, other) = (find(leader, one), find(leader, other));
    if let Some(slot) = leader.get_mut(one.max(other)) {
        *slot = one.min(other);
    }
}

fn find(leader: &mut [usize], mut at: usize) -> usize {
    while let Some(next) = leader.get(at).copied().filter(|next| *next != at) {
        // Halving the path keeps chains short.
        let over = leader.get(next).copied().unwrap_or(next);
        if let Some(slot) = leader.get_mut(at) {
            *slot = over;
        }
        at = over;
    }
    at
}

fn are_one(one: &Party, other: &Party) -> bool {
    let is_thing = |party: &Party| matches!(party.kind, Some(PartyKind::Vessel | PartyKind::Aircraft));
    if is_thing(one) != is_thing(other) {
        return false;
    }
    let shares_country = one.countries.iter().any(|country| other.countries.contains(country));
    let says_none = one.countries.is_empty() || other.countries.is_empty();
    let is_person = |party: &Party| party.kind == Some(PartyKind::Individual);
    shares_country || (says_none && !is_person(one) && !is_person(other))
}
