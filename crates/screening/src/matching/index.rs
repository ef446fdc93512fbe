//! [`Index`]: all names of an edition, ready to be asked.

use rustc_hash::FxHashMap;

use super::acronym::acronyms;
use super::same_party::groups;
use super::vocabulary::{Vocabulary, WordId, inverted, row};
use crate::names::lexicon::{Lexicon, WordClass};
use crate::names::reading::{Analysis, Origin, Word};
use crate::party::{Party, PartyKind};

/// A name that a party has by our own table and not by the government's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnName<'a> {
    /// Id of the party.
    pub party: &'a str,
    /// The name.
    pub name: &'a str,
    /// Number of the firm in our table: its rows on different lists are one party.
    pub firm: usize,
}

/// Where a name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameSource {
    /// The list's primary name.
    Primary,
    /// Another name on the list.
    Alias,
    /// Our own table of names.
    Own,
}

/// A name of a party.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) party: u32,
    pub(super) source: NameSource,
    pub(super) text: Box<str>,
    /// Legal forms by number.
    pub(super) legal_forms: Box<[usize]>,
    /// Where its words lie in [`Index::words`].
    pub(super) words: std::ops::Range<u32>,
    /// Weight of all its words.
    pub(super) weight: f32,
    /// Of a name of our own table: the place of the party among the rows of its firm.
    pub(super) precedence: u32,
}

/// A word of a name.
#[derive(Debug, Clone, Copy)]
pub(super) struct NameWord {
    pub(super) word: WordId,
    /// Its Chinese characters, numbered from one; zero if it has none.
    pub(super) characters: u32,
}

/// All names of an edition, ready to be asked.
#[derive(Debug)]
pub struct Index {
    pub(super) lexicon: Lexicon,
    pub(super) vocabulary: Vocabulary,
    pub(super) names: Vec<Name>,
    pub(super) words: Vec<NameWord>,
    pub(super) characters: FxHashMap<Box<str>, u32>,
    by_key: FxHashMap<Box<str>, Vec<u32>>,
    by_acronym: FxHashMap<Box<str>, Vec<(u32, u32)>>,
    starts: Vec<u32>,
    with_word: Vec<u32>,
    /// The group of each party, and the parties of each group.
    pub(super) groups: Vec<u32>,
    pub(super) members: FxHashMap<u32, Vec<u32>>,
    pub(super) parties: Vec<PartyFacts>,
}

/// What the engine needs to know of a party.
#[derive(Debug)]
pub(super) struct PartyFacts {
    pub(super) list: Box<str>,
    pub(super) countries: Box<[Box<str>]>,
    /// Whether it is an organisation, whose name may stand in the names of its subsidiaries.
    pub(super) is_organisation: bool,
    /// Whether its row says what needs a licence.
    pub(super) has_requirement: bool,
}

/// Readings of a listed name that are kept: a translated name may have several wordings.
const READINGS_KEPT: usize = 2;

impl Index {
    /// Reads the names of all parties.
    #[must_use]
    pub fn build(lexicon: Lexicon, parties: &[Party], own_names: &[OwnName<'_>]) -> Self {
        let mut own: FxHashMap<&str, Vec<(&str, u32)>> = FxHashMap::default();
        let mut rows_of: FxHashMap<usize, Vec<&str>> = FxHashMap::default();
        for name in own_names {
            let rows = rows_of.entry(name.firm).or_default();
            let place = rows.iter().position(|row| *row == name.party).unwrap_or(rows.len());
            if place == rows.len() {
                rows.push(name.party);
            }
            let precedence = u32::try_from(place).unwrap_or(u32::MAX);
            own.entry(name.party).or_default().push((name.name, precedence));
        }
        let mut builder = Builder::new(lexicon);
        for (at, party) in parties.iter().enumerate() {
            let number = u32::try_from(at).unwrap_or(u32::MAX);
            let can_abbreviate = party.kind.is_none_or(|kind| kind == PartyKind::Entity);
            builder.keys.push(Vec::with_capacity(1 + party.aliases.len()));
            let listed = std::iter::once((NameSource::Primary, &party.name))
                .chain(party.aliases.iter().map(|alias| (NameSource::Alias, alias)));
            for (source, name) in listed {
                builder.add(number, source, name, can_abbreviate);
                for part in builder.bracketed(name) {
                    builder.add(number, NameSource::Alias, part, can_abbreviate);
                }
            }
            let ids = std::iter::once(&party.id).chain(&party.former_ids);
            for (name, precedence) in ids.filter_map(|id| own.get(id.as_str())).flatten() {
                builder.precedence = *precedence;
                builder.add(number, NameSource::Own, name, can_abbreviate);
            }
            builder.precedence = 0;
        }
        builder.finish(parties, own_names)
    }

    /// How many names it holds.
    #[must_use]
    pub fn name_count(&self) -> usize {
        self.names.len()
    }

    /// The names whose words are all the same, legal forms aside.
    pub(super) fn with_key(&self, key: &str) -> &[u32] {
        self.by_key.get(key).map_or(&[], Vec::as_slice)
    }

    /// The names that this may be the acronym of, each with the words that it stands for.
    pub(super) fn with_acronym(&self, text: &str) -> &[(u32, u32)] {
        self.by_acronym.get(text).map_or(&[], Vec::as_slice)
    }

    /// The names with a word.
    pub(super) fn with_word(&self, word: WordId) -> &[u32] {
        row(&self.starts, &self.with_word, word as usize)
    }

    /// The words of a name.
    pub(super) fn words_of(&self, name: &Name) -> &[NameWord] {
        self.words.get(name.words.start as usize..name.words.end as usize).unwrap_or_default()
    }
}

struct Builder {
    lexicon: Lexicon,
    vocabulary: Vocabulary,
    names: Vec<Name>,
    words: Vec<NameWord>,
    characters: FxHashMap<Box<str>, u32>,
    by_key: FxHashMap<Box<str>, Vec<u32>>,
    by_acronym: FxHashMap<Box<str>, Vec<(u32, u32)>>,
    keys: Vec<Vec<String>>,
    /// How many parties have each word, and the last of them.
    parties_with: Vec<u32>,
    last_party_with: Vec<u32>,
    /// Of the names that are added.
    precedence: u32,
}

impl Builder {
    fn new(lexicon: Lexicon) -> Self {
        Self {
            lexicon,
            vocabulary: Vocabulary::default(),
            names: Vec::new(),
            words: Vec::new(),
            characters: FxHashMap::default(),
            by_key: FxHashMap::default(),
            by_acronym: FxHashMap::default(),
            keys: Vec::new(),
            parties_with: Vec::new(),
            last_party_with: Vec::new(),
            precedence: 0,
        }
    }

    fn add(&mut self, party: u32, source: NameSource, text: &str, can_abbreviate: bool) {
        let analysis = Analysis::of(text, &self.lexicon);
        if analysis.key.is_empty() {
            return;
        }
        for (at, reading) in analysis.readings.iter().take(READINGS_KEPT).enumerate() {
            let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
            let start = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
            for word in &reading.words {
                self.add_word(party, word);
            }
            let end = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
            if at == 0 {
                self.by_key.entry(analysis.key.as_str().into()).or_default().push(number);
                if can_abbreviate {
                    for (acronym, covered) in acronyms(text, &analysis, &reading.words) {
                        self.by_acronym.entry(acronym.into()).or_default().push((number, covered));
                    }
                }
            }
            self.names.push(Name {
                party,
                source,
                text: text.into(),
                legal_forms: analysis.legal_forms.clone().into(),
                words: start..end,
                weight: 0.0,
                precedence: self.precedence,
            });
        }
        if let Some(keys) = self.keys.last_mut() {
            keys.push(analysis.key);
        }
    }

    /// The two names in one of the form `Name (Other Name)`: what the brackets hold must have a word
    /// of its own, or it is a branch or a description.
    fn bracketed<'n>(&self, name: &'n str) -> Vec<&'n str> {
        let Some((outside, rest)) = name.split_once('(') else { return Vec::new() };
        let Some((inside, after)) = rest.split_once(')') else { return Vec::new() };
        let has_own = |text: &str| {
            let reading = Analysis::of(text, &self.lexicon).readings.into_iter().next();
            reading.is_some_and(|reading| reading.words.iter().any(|word| word.class == WordClass::Own))
        };
        let is_last = !after.chars().any(char::is_alphanumeric);
        if is_last && has_own(inside) && outside.chars().any(char::is_alphanumeric) {
            vec![outside.trim(), inside.trim()]
        } else {
            Vec::new()
        }
    }

    fn add_word(&mut self, party: u32, word: &Word) {
        let id = self.vocabulary.intern(&word.text, word.class);
        let mut characters = 0;
        if word.origin == Origin::Pinyin {
            let next = u32::try_from(self.characters.len()).unwrap_or(u32::MAX) + 1;
            characters = *self.characters.entry(word.raw.as_str().into()).or_insert(next);
        }
        self.words.push(NameWord { word: id, characters });
        let at = id as usize;
        if self.parties_with.len() <= at {
            self.parties_with.resize(at + 1, 0);
            self.last_party_with.resize(at + 1, u32::MAX);
        }
        if let Some((count, last)) = self.parties_with.get_mut(at).zip(self.last_party_with.get_mut(at))
            && *last != party
        {
            *count += 1;
            *last = party;
        }
    }

    fn finish(mut self, parties: &[Party], own_names: &[OwnName<'_>]) -> Index {
        self.vocabulary.settle(&self.parties_with, parties.len(), &self.lexicon);
        for name in &mut self.names {
            let words =
                self.words.get(name.words.start as usize..name.words.end as usize).unwrap_or_default();
            name.weight = words.iter().map(|word| self.vocabulary.weight(word.word)).sum();
        }
        let words = &self.words;
        let of_names = self.names.iter().map(|name| {
            let range = name.words.start as usize..name.words.end as usize;
            let words = words.get(range).unwrap_or_default();
            // A name that has a word twice is found once.
            words.iter().enumerate().filter_map(move |(at, word)| {
                let is_first = !words.iter().take(at).any(|before| before.word == word.word);
                is_first.then_some(word.word as usize)
            })
        });
        let (starts, with_word) = inverted(self.vocabulary.len(), of_names);
        let groups = groups(parties, &self.keys, own_names);
        let mut members: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (party, group) in (0..).zip(&groups) {
            members.entry(*group).or_default().push(party);
        }
        let facts = |party: &Party| PartyFacts {
            list: party.list.as_str().into(),
            countries: party.countries.iter().map(|country| country.as_str().into()).collect(),
            is_organisation: party.kind.is_none_or(|kind| kind == PartyKind::Entity),
            has_requirement: party.licence_requirement.is_some(),
        };
        Index {
            lexicon: self.lexicon,
            vocabulary: self.vocabulary,
            names: self.names,
            words: self.words,
            characters: self.characters,
            by_key: self.by_key,
            by_acronym: self.by_acronym,
            starts,
            with_word,
            groups,
            members,
            parties: parties.iter().map(facts).collect(),
        }
    }
}
