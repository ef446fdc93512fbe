//! [`Query`]: the words of a name that is looked up, each with the listed words that it may be.

use super::hit::How;
use super::index::Index;
use super::vocabulary::{Counters, WordId, unlisted_weight};
use crate::names::lexicon::WordClass;
use crate::names::reading::{Origin, Reading, Word};

/// A word of the query.
#[derive(Debug)]
pub(super) struct QueryWord {
    pub(super) word: Word,
    /// Its Chinese characters by number: zero for none, the greatest number for unknown ones.
    pub(super) characters: u32,
    /// What it says if no word of a listed name is it.
    pub(super) weight: f32,
    /// The word of the name that it is a part of, where words written together were parted.
    pub(super) part_of: Option<usize>,
}

/// A listed word that words of the query may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Likeness {
    pub(super) listed: WordId,
    /// The first of the words, and the one after the last.
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) similarity: f32,
    pub(super) how: How,
}

/// A reading of the name that is looked up.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) words: Vec<QueryWord>,
    /// By listed word, the best first.
    pub(super) likenesses: Vec<Likeness>,
}

/// What is left of the likeness of words that sound alike in other spellings.
const OTHER_SPELLING: f32 = 0.93;
/// Of words read by another reading of a character.
const OTHER_READING: f32 = 0.97;
/// Of words written together.
const JOINED: f32 = 0.97;
/// Of words that share the classes of their consonants: with four or more, with three.
const CONSONANTS: (f32, f32) = (0.86, 0.78);
/// Of a word that is an ordinary one and so more likely meant as it stands.
const ORDINARY_MISSPELT: f32 = 0.85;
/// Most words that may be parts of one, and most letters of it.
const MOST_JOINED: usize = 4;
const LONGEST_JOINED: usize = 24;
/// Shortest word made of two that may still be misspelt.
const SHORTEST_JOINED: usize = 8;
/// What a word says that was most likely meant as part of a legal form.
const LEGAL_WORD: f32 = 1.0;
/// Most words of a query that are looked up for likeness; what follows is compared as it stands.
const MOST_LIKENED: usize = 24;

impl Query {
    pub(super) fn of(reading: Reading, index: &Index, counters: &mut Counters) -> Self {
        Self::new(
            reading.words.into_iter().map(|word| query_word(word, None, index)).collect(),
            index,
            counters,
        )
    }

    /// The reading with words of no list parted into words of the lists, if that can be done.
    pub(super) fn parted(reading: &Reading, index: &Index, counters: &mut Counters) -> Option<Self> {
        parted(reading, index).map(|words| Self::new(words, index, counters))
    }

    fn new(words: Vec<QueryWord>, index: &Index, counters: &mut Counters) -> Self {
        let mut likenesses = Vec::new();
        for at in 0..words.len() {
            add_alone(&words, at, index, counters, &mut likenesses);
            add_joined(&words, at, index, counters, &mut likenesses);
        }
        likenesses.sort_unstable_by(|one, other| {
            one.listed.cmp(&other.listed).then_with(|| other.similarity.total_cmp(&one.similarity))
        });
        Self { words, likenesses }
    }

    /// The likenesses of one listed word.
    pub(super) fn likenesses_of(&self, listed: WordId) -> &[Likeness] {
        let from = self.likenesses.partition_point(|likeness| likeness.listed < listed);
        let rest = self.likenesses.get(from..).unwrap_or_default();
        rest.get(..rest.partition_point(|likeness| likeness.listed == listed)).unwrap_or_default()
    }
}

fn query_word(word: Word, part_of: Option<usize>, index: &Index) -> QueryWord {
    let listed = index.vocabulary.get(&word.text);
    let weight = match listed {
        Some(listed) => index.vocabulary.weight(listed),
        None if word.class == WordClass::Own && index.lexicon.is_like_legal_form(&word.text) => LEGAL_WORD,
        None => unlisted_weight(word.class, &word.text),
    };
    let characters = match word.origin {
        Origin::Pinyin => index.characters.get(word.raw.as_str()).copied().unwrap_or(u32::MAX),
        _ => 0,
    };
    QueryWord { word, characters, weight, part_of }
}

fn add_alone(
    words: &[QueryWord],
    at: usize,
    index: &Index,
    counters: &mut Counters,
    found: &mut Vec<Likeness>,
) {
    let Some(QueryWord { word, .. }) = words.get(at) else { return };
    let vocabulary = &index.vocabulary;
    let mut add = |listed, similarity, how| {
        found.push(Likeness { listed, from: at, to: at + 1, similarity, how });
    };
    let same = vocabulary.get(&word.text);
    if let Some(listed) = same {
        let how = match word.origin {
            Origin::Written if word.raw == word.text => How::Same,
            Origin::Written => How::WordForm,
            Origin::Translated => How::Translated,
            Origin::Pinyin => How::Pinyin,
            Origin::Transliterated => How::Transliterated,
            Origin::Sounded => How::Sounded,
        };
        add(listed, 1.0, how);
    }
    for listed in word.otherwise.iter().filter_map(|text| vocabulary.get(text)) {
        add(listed, OTHER_READING, How::Pinyin);
    }
    // What the lexicon knows is meant as it stands.
    if word.class < WordClass::Ordinary || at >= MOST_LIKENED {
        return;
    }
    for listed in vocabulary.alike_in_spelling(&word.text).iter().filter(|listed| Some(**listed) != same) {
        add(*listed, OTHER_SPELLING, How::Transliterated);
    }
    let ordinary = if word.class == WordClass::Ordinary { ORDINARY_MISSPELT } else { 1.0 };
    // A word that is on a list as it stands is at most one letter from what was meant.
    let most_edits = if same.is_some() { 1 } else { usize::MAX };
    for near in vocabulary.near(&word.text, most_edits, counters) {
        if Some(near.word) != same {
            let how = if near.distance == 0 { How::WordForm } else { How::Edits(near.distance) };
            add(near.word, near.similarity * ordinary, how);
        }
    }
    if word.origin == Origin::Sounded {
        let alike = vocabulary.alike_in_consonants(&word.text);
        let consonants = crate::names::sound::consonant_classes(&word.text).len();
        let similarity = if consonants > 3 { CONSONANTS.0 } else { CONSONANTS.1 };
        for listed in alike.iter().filter(|listed| Some(**listed) != same) {
            add(*listed, similarity, How::Sounded);
        }
    }
}

/// Words of the query that are one word on the lists.
fn add_joined(
    words: &[QueryWord],
    at: usize,
    index: &Index,
    counters: &mut Counters,
    found: &mut Vec<Likeness>,
) {
    let mut joined = String::new();
    let mut is_unknown = false;
    for (place, QueryWord { word, .. }) in words.iter().enumerate().skip(at).take(MOST_JOINED) {
        let is_own = word.class == WordClass::Own;
        joined.push_str(if word.origin == Origin::Written { &word.raw } else { &word.text });
        is_unknown |= is_own && index.vocabulary.get(&word.text).is_none();
        if joined.len() > LONGEST_JOINED {
            return;
        }
        if place == at {
            continue;
        }
        let mut add = |listed, similarity| {
            found.push(Likeness { listed, from: at, to: place + 1, similarity, how: How::Joined });
        };
        let same = index.vocabulary.get(&joined);
        if let Some(listed) = same {
            add(listed, JOINED);
        } else if place == at + 1 && is_unknown && joined.len() >= SHORTEST_JOINED && place < MOST_LIKENED {
            for near in index.vocabulary.near(&joined, 1, counters) {
                add(near.word, near.similarity * JOINED);
            }
        }
    }
}

/// Shortest part of a word that may be several written together, and letters that each has on average.
const SHORTEST_PART: usize = 2;
const LETTERS_A_PART: usize = 4;

fn parted(reading: &Reading, index: &Index) -> Option<Vec<QueryWord>> {
    let mut is_parted = false;
    let mut words = Vec::with_capacity(reading.words.len());
    for (at, word) in reading.words.iter().enumerate() {
        let is_candidate = word.class == WordClass::Own
            && word.text.len() >= 2 * LETTERS_A_PART - 2
            && word.text.len() <= 2 * LONGEST_JOINED
            && index.vocabulary.get(&word.text).is_none();
        match is_candidate.then(|| parts_of(&word.text, index)).flatten() {
            Some(parts) => {
                is_parted = true;
                let parts = parts.into_iter().filter(|part| !index.lexicon.is_legal_form(part));
                words.extend(parts.map(|text| query_word(known_word(word, text, index), Some(at), index)));
            }
            None => words.push(query_word(word.clone(), None, index)),
        }
    }
    (is_parted && !words.is_empty()).then_some(words)
}

/// The fewest listed words that a word consists of.
fn parts_of<'t>(text: &'t str, index: &Index) -> Option<Vec<&'t str>> {
    let length = text.len();
    let is_word = |part: &str| index.vocabulary.get(part).is_some() || index.lexicon.knows(part);
    let mut best: Vec<Option<(usize, usize)>> = vec![Some((0, 0))];
    for end in 1..=length {
        let choice = (0..=end.saturating_sub(SHORTEST_PART))
            .filter(|start| (*start, end) != (0, length))
            .filter_map(|start| {
                let (parts, _) = best.get(start).copied().flatten()?;
                is_word(text.get(start..end)?).then_some((parts + 1, start))
            })
            .min();
        best.push(choice);
    }
    let (count, _) = best.last().copied().flatten()?;
    if count < 2 || count * LETTERS_A_PART > length + 2 {
        return None;
    }
    let mut parts = Vec::with_capacity(count);
    let mut end = length;
    while end > 0 {
        let (_, start) = best.get(end).copied().flatten()?;
        parts.push(text.get(start..end)?);
        end = start;
    }
    parts.reverse();
    Some(parts)
}

fn known_word(whole: &Word, text: &str, index: &Index) -> Word {
    let class =
        index.vocabulary.get(text).and_then(|word| index.vocabulary.word(word)).map(|word| word.class);
    let lemma = index.lexicon.lemma(text);
    Word {
        text: lemma.map_or_else(|| text.to_owned(), |lemma| lemma.text.clone()),
        raw: text.to_owned(),
        class: lemma.map(|lemma| lemma.class).or(class).unwrap_or(WordClass::Own),
        origin: whole.origin,
        otherwise: Vec::new(),
        is_capital: false,
    }
}
