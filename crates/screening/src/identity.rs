//! Which party of an earlier snapshot a row of a newer file is.
//!
//! Files give no stable number on most lists, spell one party in several ways, and hold one row
//! or several for a party with several addresses. Within one list a row is the same party as
//! an earlier one by the first of these that holds:
//!
//! 1. the authority's number is the same;
//! 2. the name is the same, but for case, punctuation and spaces;
//! 3. the words of the name are the same in another order (`Adams, Ryan`);
//! 4. the name of one is another name of the other;
//! 5. another name of one is another name of the other;
//! 6. one name ends with all words of the other, at least two, and both cite one notice
//!    (`... Affiliated Entity: ...`);
//! 7. one name begins with all words of the other, and both cite one notice.
//!
//! Every earlier party looks for its row: of several, the one that shares a country with it and
//! most notices of the Federal Register, and by the last two rules whose name is nearest in
//! length. Several earlier parties may find the same row, as
//! where a firm had a row for each country: the lowest id stays and the others become former
//! ones. From the fourth rule on only rows are taken that no earlier rule gave away, and a tie
//! between rows leaves the party unmatched; it is counted as ambiguous, as is a tie before.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::country::Countries;
use crate::federal_register::{Notice, notices, shared};
use crate::party::Party;

/// How parties of one list were found again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// For each row of the newer file, the places of the earlier parties that it is.
    pub of_row: Vec<Vec<usize>>,
    /// Earlier parties that fitted several rows alike.
    pub ambiguous: Vec<usize>,
}

/// A party with what it is compared by.
struct Described<'p> {
    party: &'p Party,
    notices: BTreeSet<Notice>,
    words: Vec<String>,
}

impl<'p> Described<'p> {
    fn new(party: &'p Party) -> Self {
        let notices = party.federal_register.as_deref().map(notices).unwrap_or_default();
        Self { party, notices, words: words(&party.name) }
    }
}

/// The words of a name, without case, punctuation and diacritics.
fn words(name: &str) -> Vec<String> {
    let plain: String = name
        .nfkd()
        .filter(|letter| !is_combining_mark(*letter))
        .flat_map(char::to_lowercase)
        // The Turkish dotless i, which is no i with a mark.
        .map(|letter| if letter == 'ı' { 'i' } else { letter })
        .filter(|letter| !is_combining_mark(*letter))
        .collect();
    let plain = plain.replace('&', " and ").replace(['’', '\''], "");
    plain
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// What two spellings of one name share.
pub(crate) fn key(name: &str) -> String {
    words(name).concat()
}

/// The words of a name in alphabetical order.
pub(crate) fn sorted_words(name: &str) -> String {
    let mut words = words(name);
    words.sort();
    words.join(" ")
}

/// A rule by which a row is found: keys of the earlier party, keys of the row.
struct Rule {
    known: fn(&Party) -> Vec<String>,
    row: fn(&Party) -> Vec<String>,
    /// Only rows that no earlier rule gave away, and no ties.
    is_careful: bool,
}

fn number(party: &Party) -> Vec<String> {
    party.entity_number.iter().cloned().collect()
}

fn name(party: &Party) -> Vec<String> {
    vec![key(&party.name)]
}

fn any_order(party: &Party) -> Vec<String> {
    vec![sorted_words(&party.name)]
}

fn other_names(party: &Party) -> Vec<String> {
    party.aliases.iter().map(|alias| key(alias)).collect()
}

const RULES: [Rule; 6] = [
    Rule { known: number, row: number, is_careful: false },
    Rule { known: name, row: name, is_careful: false },
    Rule { known: any_order, row: any_order, is_careful: false },
    Rule { known: name, row: other_names, is_careful: true },
    Rule { known: other_names, row: name, is_careful: true },
    Rule { known: other_names, row: other_names, is_careful: true },
];

/// Finds earlier parties of one list in the rows of a newer file.
#[must_use]
pub fn find(known: &[Party], rows: &[Party], countries: &Countries) -> Matches {
    let known: Vec<Described<'_>> = known.iter().map(Described::new).collect();
    let rows: Vec<Described<'_>> = rows.iter().map(Described::new).collect();
    let mut search = Search {
        countries,
        claimed: vec![None; known.len()],
        taken: vec![false; rows.len()],
        ambiguous: Vec::new(),
    };
    for rule in &RULES {
        let mut by_key: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, row) in rows.iter().enumerate() {
            for key in (rule.row)(row.party) {
                by_key.entry(key).or_default().push(at);
            }
        }
        search.apply(&known, &rows, rule.is_careful, |party| {
            let mut found: Vec<usize> = (rule.known)(party.party)
                .iter()
                .filter_map(|key| by_key.get(key))
                .flatten()
                .copied()
                .collect();
            found.sort_unstable();
            found.dedup();
            found
        });
    }
    for is_part in [ends as fn(&[String], &[String]) -> bool, begins] {
        search.apply(&known, &rows, true, |party| longer_or_shorter(party, &rows, is_part));
    }
    let mut of_row = vec![Vec::new(); rows.len()];
    for (party, row) in search.claimed.iter().enumerate() {
        if let Some(parties) = row.and_then(|row: usize| of_row.get_mut(row)) {
            parties.push(party);
        }
    }
    Matches { of_row, ambiguous: search.ambiguous }
}

fn ends(whole: &[String], part: &[String]) -> bool {
    part.len() > 1 && whole.ends_with(part)
}

fn begins(whole: &[String], part: &[String]) -> bool {
    !part.is_empty() && whole.starts_with(part)
}

/// Rows of which one name is part of the other, under a shared notice.
fn longer_or_shorter(
    party: &Described<'_>,
    rows: &[Described<'_>],
    is_part: fn(&[String], &[String]) -> bool,
) -> Vec<usize> {
    let fits = |row: &Described<'_>| {
        (is_part(&row.words, &party.words) || is_part(&party.words, &row.words))
            && shared(&party.notices, &row.notices) > 0
    };
    rows.iter().enumerate().filter(|(_, row)| fits(row)).map(|(at, _)| at).collect()
}

/// How like a row is: whether a country is shared (or not known), how many notices, and by how
/// many words the names differ.
type Likeness = (bool, usize, Reverse<usize>);

struct Search<'a> {
    countries: &'a Countries,
    /// For each earlier party, its row.
    claimed: Vec<Option<usize>>,
    /// Rows that are somebody's.
    taken: Vec<bool>,
    ambiguous: Vec<usize>,
}

impl Search<'_> {
    fn apply(
        &mut self,
        known: &[Described<'_>],
        rows: &[Described<'_>],
        is_careful: bool,
        candidates: impl Fn(&Described<'_>) -> Vec<usize>,
    ) {
        let taken_before = self.taken.clone();
        for (at, party) in known.iter().enumerate() {
            if self.claimed.get(at).copied().flatten().is_some() {
                continue;
            }
            let mut found = candidates(party);
            if is_careful {
                found.retain(|row| taken_before.get(*row) == Some(&false));
            }
            let scores = found.iter().filter_map(|row| Some((self.likeness(party, rows.get(*row)?), *row)));
            let mut scores: Vec<(Likeness, usize)> = scores.collect();
            // The best first; of equals one that is nobody's yet, and the first of the file.
            let is_taken = |row: &usize| self.taken.get(*row) == Some(&true);
            scores.sort_by_key(|(likeness, row)| (Reverse(*likeness), is_taken(row), *row));
            let Some((best, row)) = scores.first().copied() else { continue };
            let is_tie = scores.get(1).is_some_and(|(next, _)| *next == best);
            if is_tie && !self.ambiguous.contains(&at) {
                self.ambiguous.push(at);
            }
            if is_tie && is_careful {
                continue;
            }
            if let (Some(claim), Some(taken)) = (self.claimed.get_mut(at), self.taken.get_mut(row)) {
                *claim = Some(row);
                *taken = true;
            }
        }
    }

    fn likeness(&self, party: &Described<'_>, row: &Described<'_>) -> Likeness {
        let shares = self.countries.share(&party.party.countries, &row.party.countries);
        let distance = party.words.len().abs_diff(row.words.len());
        (shares, shared(&party.notices, &row.notices), Reverse(distance))
    }
}
