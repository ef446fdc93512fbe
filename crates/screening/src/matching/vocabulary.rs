//! [`Vocabulary`]: the words of all listed names, each with what it says of whose name it is, and the
//! search for words near to a misspelt one.

use rapidfuzz::distance::osa::{self, BatchComparator};
use rustc_hash::FxHashMap;

use crate::names::lexicon::{Lexicon, WordClass};
use crate::names::sound::{consonant_classes, spelling_key};

/// A word, by its place in the vocabulary.
pub(super) type WordId = u32;

/// A word of listed names.
#[derive(Debug)]
pub(super) struct ListedWord {
    pub(super) text: Box<str>,
    pub(super) class: WordClass,
    pub(super) weight: f32,
}

/// The words of all listed names.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    words: Vec<ListedWord>,
    by_text: FxHashMap<Box<str>, WordId>,
    by_key: FxHashMap<Box<str>, Vec<WordId>>,
    by_classes: FxHashMap<Box<str>, Vec<WordId>>,
    /// Spellings by length, each with the word that it is taken for: the words themselves, and the
    /// other forms of general words.
    spellings: Vec<(Box<str>, WordId)>,
    /// Where the spellings of each length begin.
    lengths: Vec<u32>,
    /// Where the spellings that contain each pair of letters begin in `containing`.
    pairs: Vec<u32>,
    containing: Vec<u32>,
}

/// Letters, digits and the two ends of a word.
const LETTERS: usize = 37;
/// Longest word that is searched for by likeness.
const LONGEST: usize = 40;
/// Shortest word that something may be a misspelling of: of shorter ones every other is like them.
const SHORTEST: usize = 4;
/// Fewest consonants of a name that is compared by classes of consonants alone.
const FEWEST_CONSONANTS: usize = 3;

/// A word near to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Near {
    pub(super) word: WordId,
    /// Edits between them.
    pub(super) distance: u8,
    pub(super) similarity: f32,
}

/// Counters for a search, kept between searches.
#[derive(Debug, Default)]
pub(super) struct Counters {
    shared: Vec<u8>,
    touched: Vec<u32>,
}

/// What a word says of whose name it is, by its kind and by how few parties have it.
fn weight(class: WordClass, text: &str, parties_with_it: usize, parties: usize) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "counts of parties are far below 2^24")]
    let rarity = ((parties as f32 + 1.0) / (parties_with_it as f32 + 1.0)).ln().max(0.0);
    let weight = match class {
        WordClass::Place => (0.3 * rarity).clamp(0.8, 1.8),
        WordClass::General => (0.3 * rarity).clamp(0.6, 2.2),
        WordClass::Sector => (0.5 * rarity).clamp(2.0, 4.0),
        WordClass::Ordinary => (0.6 * rarity).clamp(2.0, 4.5),
        WordClass::Own => rarity.clamp(4.0, 8.0),
    };
    cap(text, weight)
}

/// What a word says that no listed name has.
pub(super) fn unlisted_weight(class: WordClass, text: &str) -> f32 {
    let weight = match class {
        WordClass::Place | WordClass::General => 1.2,
        WordClass::Sector => 4.0,
        WordClass::Ordinary => 4.0,
        WordClass::Own => 7.0,
    };
    cap(text, weight)
}

/// Initials, particles and numbers say less than words.
fn cap(text: &str, weight: f32) -> f32 {
    if text.len() <= 2 && !text.bytes().all(|letter| letter.is_ascii_digit()) {
        weight.min(2.0)
    } else if text.bytes().all(|letter| letter.is_ascii_digit()) {
        weight.min(4.0)
    } else {
        weight
    }
}

/// Edits that a word of this length may be away from what was meant.
fn most_edits(length: usize) -> usize {
    match length {
        0..=2 => 0,
        3..=5 => 1,
        6..=12 => 2,
        _ => 3,
    }
}

fn code(letter: u8) -> usize {
    match letter {
        b'a'..=b'z' => usize::from(letter - b'a') + 1,
        b'0'..=b'9' => usize::from(letter - b'0') + 27,
        _ => 0,
    }
}

/// The pairs of neighbouring letters of a word, its ends counted as letters.
fn letter_pairs(word: &str) -> impl Iterator<Item = usize> {
    let codes = std::iter::once(0).chain(word.bytes().map(code)).chain([0]);
    let following = word.bytes().map(code).chain([0]);
    codes.zip(following).map(|(one, other)| one * LETTERS + other)
}

/// How alike two spellings are: the share of letters that stay, a slip of the hand (neighbours
/// exchanged, a letter doubled) counting for less than another letter.
fn similarity(one: &str, other: &str, distance: usize) -> f32 {
    if distance == 0 {
        return 1.0;
    }
    let (shorter, longer) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let is_exchange = one.len() == other.len()
        && {
            let mut differing = one.bytes().zip(other.bytes()).filter(|(a, b)| a != b);
            matches!((differing.next(), differing.next(), differing.next()), (Some((a, b)), Some((c, d)), None) if a == d && b == c)
        };
    let is_doubling = longer.len() == shorter.len() + 1
        && (0..shorter.len()).any(|at| {
            longer.as_bytes().get(at) == longer.as_bytes().get(at + 1)
                && longer.get(..at) == shorter.get(..at)
                && longer.get(at + 1..) == shorter.get(at..)
        });
    #[expect(clippy::cast_precision_loss, reason = "words have at most forty letters")]
    let lost = distance as f32 * if distance == 1 && (is_exchange || is_doubling) { 0.7 } else { 1.0 }
        / longer.len() as f32;
    1.0 - lost
}

impl Vocabulary {
    /// The word's number, given one if it is new.
    pub(super) fn intern(&mut self, text: &str, class: WordClass) -> WordId {
        if let Some(word) = self.by_text.get(text) {
            return *word;
        }
        let word = WordId::try_from(self.words.len()).unwrap_or(WordId::MAX);
        self.words.push(ListedWord { text: text.into(), class, weight: 0.0 });
        self.by_text.insert(text.into(), word);
        word
    }

    /// Weighs the words and prepares the searches; `parties_with` says how many parties have each.
    pub(super) fn settle(&mut self, parties_with: &[u32], parties: usize, lexicon: &Lexicon) {
        for (word, count) in self.words.iter_mut().zip(parties_with) {
            word.weight = weight(word.class, &word.text, *count as usize, parties);
        }
        for (word, listed) in (0..).zip(&self.words) {
            self.by_key.entry(spelling_key(&listed.text).into()).or_default().push(word);
            let classes = consonant_classes(&listed.text);
            if listed.class == WordClass::Own && classes.len() >= FEWEST_CONSONANTS {
                self.by_classes.entry(classes.into()).or_default().push(word);
            }
        }
        let own = (0..).zip(&self.words).map(|(word, listed)| (listed.text.clone(), word));
        let others = lexicon.spellings().filter_map(|(spelling, lemma)| {
            let word = *self.by_text.get(lemma.text.as_str())?;
            (spelling != lemma.text).then(|| (Box::from(spelling), word))
        });
        let is_searched = |text: &str| (SHORTEST..=LONGEST).contains(&text.len());
        self.spellings = own.chain(others).filter(|(text, _)| is_searched(text)).collect();
        self.spellings.sort_unstable_by(|(one, _), (other, _)| (one.len(), one).cmp(&(other.len(), other)));
        self.lengths = (0..=LONGEST + 1)
            .map(|length| {
                let before = self.spellings.partition_point(|(text, _)| text.len() < length);
                u32::try_from(before).unwrap_or(u32::MAX)
            })
            .collect();
        let texts = self.spellings.iter().map(|(text, _)| letter_pairs(text));
        (self.pairs, self.containing) = inverted(LETTERS * LETTERS, texts);
    }

    /// A word by its number.
    pub(super) fn word(&self, word: WordId) -> Option<&ListedWord> {
        self.words.get(word as usize)
    }

    /// The weight of a word.
    pub(super) fn weight(&self, word: WordId) -> f32 {
        self.word(word).map_or(0.0, |word| word.weight)
    }

    /// The word of that text.
    pub(super) fn get(&self, text: &str) -> Option<WordId> {
        self.by_text.get(text).copied()
    }

    /// How many words there are.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// Words that another system of transliteration would spell so.
    pub(super) fn alike_in_spelling(&self, text: &str) -> &[WordId] {
        self.by_key.get(spelling_key(text).as_str()).map_or(&[], Vec::as_slice)
    }

    /// Words with the same classes of consonants.
    pub(super) fn alike_in_consonants(&self, text: &str) -> &[WordId] {
        self.by_classes.get(consonant_classes(text).as_str()).map_or(&[], Vec::as_slice)
    }

    /// Words that `text` may be a misspelling of, itself included, at most so many edits away.
    pub(super) fn near(&self, text: &str, most: usize, counters: &mut Counters) -> Vec<Near> {
        let length = text.len();
        let edits = most_edits(length).min(most);
        if edits == 0 || length > LONGEST {
            return Vec::new();
        }
        let bound = |length: usize| self.lengths.get(length).copied().unwrap_or(u32::MAX);
        let (first, end) =
            (bound(length.saturating_sub(edits)), bound((length + edits + 1).min(LONGEST + 1)));
        counters.shared.resize(self.spellings.len(), 0);
        for pair in letter_pairs(text) {
            let with_pair = row(&self.pairs, &self.containing, pair);
            let from = with_pair.partition_point(|spelling| *spelling < first);
            let to = with_pair.partition_point(|spelling| *spelling < end);
            for spelling in with_pair.get(from..to).unwrap_or_default() {
                if let Some(shared) = counters.shared.get_mut(*spelling as usize) {
                    if *shared == 0 {
                        counters.touched.push(*spelling);
                    }
                    *shared = shared.saturating_add(1);
                }
            }
        }
        let comparator = BatchComparator::new(text.bytes());
        let mut near: Vec<Near> = Vec::new();
        for spelling in counters.touched.drain(..) {
            let shared = counters.shared.get_mut(spelling as usize).map_or(0, std::mem::take);
            let Some((candidate, word)) = self.spellings.get(spelling as usize) else { continue };
            // An edit takes away two pairs at most, and an exchange of neighbours three: one is allowed for.
            if usize::from(shared) + 2 * edits + 1 < length.max(candidate.len()) + 1 {
                continue;
            }
            let limit = osa::Args::default().score_cutoff(edits);
            let Some(distance) = comparator.distance_with_args(candidate.bytes(), &limit) else { continue };
            let similarity = similarity(text, candidate, distance);
            let distance = u8::try_from(distance).unwrap_or(u8::MAX);
            match near.iter_mut().find(|known| known.word == *word) {
                Some(known) if known.similarity < similarity => {
                    *known = Near { word: *word, distance, similarity }
                }
                Some(_) => {}
                None => near.push(Near { word: *word, distance, similarity }),
            }
        }
        near
    }
}

/// For each key, the items that have it, as one list and where each key's part of it begins.
pub(super) fn inverted<Keys: Iterator<Item = usize>>(
    count: usize,
    items: impl Iterator<Item = Keys> + Clone,
) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; count + 1];
    for key in items.clone().flatten() {
        if let Some(start) = starts.get_mut(key + 1) {
            *start += 1;
        }
    }
    let mut total = 0;
    for start in &mut starts {
        total += *start;
        *start = total;
    }
    let mut list = vec![0_u32; total as usize];
    let mut next = starts.clone();
    for (item, keys) in (0..).zip(items) {
        for key in keys {
            if let Some(place) = next.get_mut(key)
                && let Some(slot) = list.get_mut(*place as usize)
            {
                *slot = item;
                *place += 1;
            }
        }
    }
    (starts, list)
}

/// The items of one key.
pub(super) fn row<'a>(starts: &[u32], list: &'a [u32], key: usize) -> &'a [u32] {
    let bounds = starts.get(key).zip(starts.get(key + 1));
    bounds.and_then(|(from, to)| list.get(*from as usize..*to as usize)).unwrap_or_default()
}
