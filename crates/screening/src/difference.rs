//! What changed between two editions, list by list and field by field.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use crate::country::Countries;
use crate::edition::Edition;
use crate::federal_register::{ALL, notices, shared};
use crate::identity::{key, sorted_words};
use crate::party::Party;

/// What changed between two editions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Every list that either has, by code.
    pub lists: Vec<ListDifference>,
}

/// What changed on one list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListDifference {
    /// Code.
    pub list: String,
    /// Day of the list in the earlier edition, if it has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// Day of the list in the later edition, if it has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
    /// Parties before.
    pub before: usize,
    /// Parties after.
    pub after: usize,
    /// Parties that were not there before.
    pub added: Vec<Party>,
    /// Parties that are gone.
    pub removed: Vec<Party>,
    /// Ids that now are former ids of another party, with that party's id.
    pub merged: Vec<(String, String)>,
    /// Parties of which something changed.
    pub changed: Vec<Change>,
    /// Fields that no party of the list has in one of the editions: what its source left out is
    /// no change.
    pub not_compared: Vec<&'static str>,
}

/// A party of which something changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its id.
    pub id: String,
    /// Its name in the later edition.
    pub name: String,
    /// Fields that differ.
    pub fields: Vec<FieldChange>,
}

/// One field of a party, before and after. Lists of texts are what only one of the two has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// Name of the field.
    pub field: &'static str,
    /// What only the earlier edition has.
    pub before: Vec<String>,
    /// What only the later edition has.
    pub after: Vec<String>,
    /// Whether the two differ in more than spelling: order of words, case, punctuation, spaces, diacritics, the
    /// page by which a notice is cited, and a place that law treats as another.
    pub in_substance: bool,
}

/// Compares two editions. Where both take a list from the same day, nothing of it changed.
#[must_use]
pub fn difference(before: &Edition, after: &Edition, countries: &Countries) -> Difference {
    let codes: BTreeSet<&String> = before.dates().keys().chain(after.dates().keys()).collect();
    let lists = codes.into_iter().map(|code| list_difference(before, after, code, countries)).collect();
    Difference { lists }
}

fn list_difference(before: &Edition, after: &Edition, code: &str, countries: &Countries) -> ListDifference {
    let not_compared = missing_fields(before, after, code);
    let earlier: BTreeMap<&str, &Party> =
        before.of_list(code).map(|party| (party.id.as_str(), party)).collect();
    let mut found: BTreeSet<&str> = BTreeSet::new();
    let (mut added, mut merged, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for party in after.of_list(code) {
        let ids = std::iter::once(&party.id).chain(&party.former_ids).map(String::as_str);
        let known: Vec<&Party> = ids.filter_map(|id| earlier.get(id).copied()).collect();
        let Some((first, others)) = known.split_first() else {
            added.push(party.clone());
            continue;
        };
        found.extend(known.iter().map(|party| party.id.as_str()));
        merged.extend(others.iter().map(|other| (other.id.clone(), party.id.clone())));
        // Rows of one party that are joined now are compared as if they had been before.
        let mut fields = field_changes(first, others, party, countries);
        fields.retain(|change| !not_compared.contains(&change.field));
        if !fields.is_empty() {
            changed.push(Change { id: party.id.clone(), name: party.name.clone(), fields });
        }
    }
    let removed = earlier.iter().filter(|(id, _)| !found.contains(*id)).map(|(_, party)| (*party).clone());
    ListDifference {
        list: code.to_owned(),
        from: before.dates().get(code).copied(),
        to: after.dates().get(code).copied(),
        before: earlier.len(),
        after: after.of_list(code).count(),
        added,
        removed: removed.collect(),
        merged,
        changed,
        not_compared,
    }
}

/// Fields that no party of a list has in one of the editions, where both have the list.
fn missing_fields(before: &Edition, after: &Edition, code: &str) -> Vec<&'static str> {
    let present = |edition: &Edition| {
        let values = edition.of_list(code).flat_map(fields);
        let present: BTreeSet<&str> = values.filter(|(_, texts)| !texts.is_empty()).map(|it| it.0).collect();
        present
    };
    let (one, other) = (present(before), present(after));
    if one.is_empty() || other.is_empty() {
        Vec::new()
    } else {
        one.symmetric_difference(&other).copied().collect()
    }
}

/// The values of each field that can change.
fn fields(party: &Party) -> [(&'static str, Vec<String>); 11] {
    let one = |text: &Option<String>| text.iter().cloned().collect::<Vec<_>>();
    [
        ("name", vec![party.name.clone()]),
        ("aliases", party.aliases.clone()),
        ("kind", party.kind.iter().map(|kind| kind.word().to_owned()).collect()),
        ("countries", party.countries.clone()),
        ("addresses", party.addresses.clone()),
        ("entity_number", one(&party.entity_number)),
        ("programmes", party.programmes.clone()),
        ("federal_register", one(&party.federal_register)),
        ("licence_requirement", one(&party.licence_requirement)),
        ("licence_policy", one(&party.licence_policy)),
        ("footnotes", party.footnotes.iter().map(ToString::to_string).collect()),
    ]
}

fn field_changes(first: &Party, others: &[&Party], after: &Party, countries: &Countries) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    for (at, (field, now)) in fields(after).into_iter().enumerate() {
        let earlier = std::iter::once(first).chain(others.iter().copied());
        let was: Vec<String> =
            earlier.filter_map(|party| fields(party).into_iter().nth(at)).flat_map(|it| it.1).collect();
        let only = |these: &[String], those: &[String]| {
            let mut only: Vec<String> = these.iter().filter(|text| !those.contains(text)).cloned().collect();
            only.dedup();
            only
        };
        let (before, after) = (only(&was, &now), only(&now, &was));
        if before.is_empty() && after.is_empty() {
            continue;
        }
        let in_substance = differ(field, &was, &now, countries);
        changes.push(FieldChange { field, before, after, in_substance });
    }
    changes
}

/// Whether two values of a field differ in more than spelling.
fn differ(field: &str, was: &[String], now: &[String], countries: &Countries) -> bool {
    let cited = |texts: &[String]| texts.iter().flat_map(|text| notices(text)).collect::<BTreeSet<_>>();
    let keys = |texts: &[String]| {
        let keys = texts.iter().map(|text| match field {
            "countries" => countries.tested(text).to_owned(),
            "name" | "aliases" => sorted_words(text),
            _ => key(text),
        });
        keys.collect::<BTreeSet<_>>()
    };
    match field {
        "federal_register" => shared(&cited(was), &cited(now)) < ALL,
        _ => keys(was) != keys(now),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;

    use super::difference;
    use crate::country::Countries;
    use crate::edition::Edition;
    use crate::party::Party;

    fn party(id: &str, name: &str) -> Party {
        let text = format!(r#"{{"id":"{id}","list":"X","name":"{name}"}}"#);
        serde_json::from_str(&text).unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn edition(day: i8, parties: Vec<Party>) -> Edition {
        Edition::new(BTreeMap::from([("X".to_owned(), date(2020, 1, day))]), parties)
    }

    #[test]
    fn every_party_is_kept_joined_removed_or_added() {
        let mut parties = ["X-0", "X-1", "X-2", "X-3"].map(|id| party(id, id)).to_vec();
        // A field that no party of the list had before would not be compared.
        let zero = |name: &str| Party { aliases: vec!["Zero".to_owned()], ..party("X-0", name) };
        *parties.first_mut().unwrap_or_else(|| unreachable!("four parties")) = zero("X-0");
        let before = edition(1, parties);
        let mut joined = party("X-1", "X-1");
        joined.former_ids = vec!["X-2".to_owned()];
        joined.aliases = vec!["X-2".to_owned()];
        let after = edition(2, vec![zero("x 0."), joined, party("X-9", "New")]);
        let found = difference(&before, &after, &Countries::default());
        let [list] = found.lists.as_slice() else { unreachable!("one list") };
        let ids = |parties: &[Party]| parties.iter().map(|party| party.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&list.added), ["X-9"]);
        assert_eq!(ids(&list.removed), ["X-3"]);
        assert_eq!(list.merged, [("X-2".to_owned(), "X-1".to_owned())]);
        assert_eq!((list.before, list.after), (4, 3));
        let fields: Vec<_> = list
            .changed
            .iter()
            .flat_map(|change| {
                change.fields.iter().map(|field| (change.id.as_str(), field.field, field.in_substance))
            })
            .collect();
        assert_eq!(fields, [("X-0", "name", false), ("X-1", "name", true), ("X-1", "aliases", true)]);
    }

    #[test]
    fn an_edition_does_not_differ_from_itself() {
        let one = edition(1, vec![party("X-0", "a"), party("X-1", "b")]);
        let [list] = difference(&one, &one, &Countries::default())
            .lists
            .try_into()
            .unwrap_or_else(|_| unreachable!("one list"));
        assert!(
            list.added.is_empty()
                && list.removed.is_empty()
                && list.merged.is_empty()
                && list.changed.is_empty()
        );
    }
}
