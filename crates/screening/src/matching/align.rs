//! A listed name and the query compared word by word, and what comes of it.

use super::hit::{How, Strength};
use super::index::{Index, Name};
use super::query::Query;
use super::vocabulary::WordId;
use crate::names::lexicon::WordClass;

/// A listed word and the words of the query that were taken for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pairing {
    /// Place in the listed name.
    pub(super) listed: usize,
    pub(super) word: WordId,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) similarity: f32,
    pub(super) how: How,
}

/// An acronym in the query that a listed name has.
#[derive(Debug, Clone, Copy)]
pub(super) struct AcronymFound {
    /// The word of the query.
    pub(super) at: usize,
    /// The listed words that it stands for.
    pub(super) covered: u32,
    pub(super) similarity: f32,
}

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verdict {
    pub(super) score: f32,
    pub(super) strength: Strength,
    pub(super) is_in_order: bool,
}

/// What a score loses, in parts of one, if all of the listed name or all of the query were unmatched.
const LISTED_MISSING: f32 = 0.35;
const QUERY_EXTRA: f32 = 0.45;
/// The most that a score can be if no distinctive word of the listed name was found.
const NOTHING_OWN: f32 = 0.6;
/// What a name of general words alone must have in common with the query, and what it loses below.
const GENERAL_NAME: f32 = 0.9;
const GENERAL_NAME_LOSS: f32 = 0.12;
/// Least score of a query that has all of a listed name's own words, and what the share of the
/// query adds to it.
const STEM: f32 = 0.84;
const STEM_SHARE: f32 = 0.08;
/// The most that a score can be where one own word is shared and the query adds another line of business.
const OTHER_BUSINESS: f32 = 0.74;
/// Fewest general words that are a name together.
const FEWEST_GENERAL: usize = 2;
/// Least likeness of an own word that is still the word itself.
const SAME_WORD: f32 = 0.96;
/// Shortest single own word that stands for a firm in a longer name.
const SHORTEST_STEM: usize = 4;
/// What is lost where words stand in another order.
const OUT_OF_ORDER: f32 = 0.01;
/// Likeness of words of the same sound whose Chinese characters differ.
const HOMOPHONE: f32 = 0.6;
/// The most that a score can be without being exact.
const BELOW_EXACT: f32 = 0.99;

/// Room for a comparison, kept between comparisons.
#[derive(Debug, Default)]
pub(super) struct Alignment {
    pub(super) pairings: Vec<Pairing>,
    pub(super) used: Vec<bool>,
}

impl Alignment {
    /// Pairs the words and judges.
    pub(super) fn compare(
        &mut self,
        query: &Query,
        name: &Name,
        acronym: Option<AcronymFound>,
        index: &Index,
    ) -> Verdict {
        self.pair(query, name, acronym, index);
        self.judge(query, name, index)
    }

    fn pair(&mut self, query: &Query, name: &Name, acronym: Option<AcronymFound>, index: &Index) {
        self.pairings.clear();
        self.used.clear();
        self.used.resize(query.words.len(), false);
        let words = index.words_of(name);
        // Words that are surely the same first, so that a likeness does not take their place.
        for least in [SAME_WORD, 0.0] {
            for (place, word) in words.iter().enumerate() {
                if self.pairings.iter().any(|pairing| pairing.listed == place) {
                    continue;
                }
                let mut best: Option<Pairing> = None;
                for likeness in query.likenesses_of(word.word) {
                    let is_free = |at: usize| self.used.get(at) == Some(&false);
                    if !(likeness.from..likeness.to).all(is_free) {
                        continue;
                    }
                    let characters = query.words.get(likeness.from).map_or(0, |word| word.characters);
                    let are_homophones =
                        characters != 0 && word.characters != 0 && characters != word.characters;
                    let similarity =
                        if are_homophones { likeness.similarity.min(HOMOPHONE) } else { likeness.similarity };
                    if similarity >= least && best.is_none_or(|best| similarity > best.similarity) {
                        best = Some(Pairing {
                            listed: place,
                            word: word.word,
                            from: likeness.from,
                            to: likeness.to,
                            similarity,
                            how: likeness.how,
                        });
                    }
                }
                if let Some(best) = best {
                    self.take(best);
                }
            }
        }
        if let Some(acronym) = acronym
            && self.used.get(acronym.at) == Some(&false)
        {
            for (place, word) in words.iter().enumerate() {
                let is_covered = place < 32 && acronym.covered & (1 << place) != 0;
                if is_covered && !self.pairings.iter().any(|pairing| pairing.listed == place) {
                    self.pairings.push(Pairing {
                        listed: place,
                        word: word.word,
                        from: acronym.at,
                        to: acronym.at + 1,
                        similarity: acronym.similarity,
                        how: How::Acronym,
                    });
                }
            }
            if let Some(used) = self.used.get_mut(acronym.at) {
                *used = true;
            }
        }
        self.pairings.sort_unstable_by_key(|pairing| pairing.listed);
    }

    fn take(&mut self, pairing: Pairing) {
        for at in pairing.from..pairing.to {
            if let Some(used) = self.used.get_mut(at) {
                *used = true;
            }
        }
        self.pairings.push(pairing);
    }

    fn judge(&self, query: &Query, name: &Name, index: &Index) -> Verdict {
        let vocabulary = &index.vocabulary;
        let weight = |pairing: &Pairing| vocabulary.weight(pairing.word);
        let alike: f32 = self.pairings.iter().map(|pairing| weight(pairing) * pairing.similarity).sum();
        let paired: f32 = self.pairings.iter().map(weight).sum();
        let extra = || query.words.iter().zip(&self.used).filter(|(_, used)| !**used).map(|(word, _)| word);
        let extra_weight: f32 = extra().map(|word| word.weight).sum();
        if paired <= 0.0 || name.weight <= 0.0 {
            return Verdict { score: 0.0, strength: Strength::Fuzzy, is_in_order: true };
        }
        // A word is parted rightly only if all its parts are found.
        let is_torn = extra().any(|word| {
            let mut parts =
                query.words.iter().zip(&self.used).filter(|(other, _)| other.part_of == word.part_of);
            word.part_of.is_some() && parts.any(|(_, used)| *used)
        });
        if is_torn {
            return Verdict { score: 0.0, strength: Strength::Fuzzy, is_in_order: true };
        }
        let of_listed = alike / name.weight;
        let of_query = alike / (paired + extra_weight);
        let mut score = 1.0 - LISTED_MISSING * (1.0 - of_listed) - QUERY_EXTRA * (1.0 - of_query);

        let class = |word: WordId| vocabulary.word(word).map_or(WordClass::Own, |word| word.class);
        let listed = index.words_of(name);
        let own = listed.iter().filter(|word| class(word.word) >= WordClass::Ordinary).count();
        let found = |pairing: &&Pairing| class(pairing.word) >= WordClass::Ordinary;
        let own_found = self.pairings.iter().filter(found).count();
        let own_same =
            self.pairings.iter().filter(found).filter(|pairing| pairing.similarity >= SAME_WORD).count();
        if own > 0 && own_found == 0 {
            score = score.min(NOTHING_OWN);
        } else if own == 0 && of_listed < GENERAL_NAME {
            score -= GENERAL_NAME_LOSS;
        }
        let is_in_order =
            self.pairings.iter().zip(self.pairings.iter().skip(1)).all(|(one, next)| one.from <= next.from);
        if !is_in_order {
            score -= OUT_OF_ORDER;
        }
        let is_all_general = own == 0
            && listed.len() >= FEWEST_GENERAL
            && self.pairings.iter().filter(|pairing| pairing.similarity >= SAME_WORD).count() == listed.len();
        let is_stem = (own > 0 && own_same == own) || is_all_general;
        if is_stem && self.stands_for_the_firm(query, name, index, own) {
            score = score.max(STEM + STEM_SHARE * of_query);
        }
        if own <= 1 && extra().any(|word| word.word.class == WordClass::Sector) {
            score = score.min(OTHER_BUSINESS);
        }
        let strength = if is_stem { Strength::Stem } else { Strength::Fuzzy };
        Verdict { score: score.min(BELOW_EXACT), strength, is_in_order }
    }

    /// Whether the listed name's own words, all of them in the query, make it the name of a firm of
    /// that house: several words do; a single one does if it is a rare one, comes first of what the
    /// query has of its own, and the rest does not tell of another line of business.
    fn stands_for_the_firm(&self, query: &Query, name: &Name, index: &Index, own: usize) -> bool {
        let is_organisation =
            index.parties.get(name.party as usize).is_some_and(|party| party.is_organisation);
        let extra =
            || query.words.iter().zip(&self.used).filter(|(_, used)| !**used).map(|(word, _)| &word.word);
        let listed = index.words_of(name).len();
        let is_all_of_it = self.pairings.len() == listed;
        if own != 1 {
            return is_all_of_it || is_organisation;
        }
        let Some(pairing) = self.pairings.iter().find(|pairing| {
            index.vocabulary.word(pairing.word).is_some_and(|word| word.class >= WordClass::Ordinary)
        }) else {
            return false;
        };
        let word = index.vocabulary.word(pairing.word);
        let is_rare =
            word.is_some_and(|word| word.class == WordClass::Own && word.text.len() >= SHORTEST_STEM);
        let comes_first = query
            .words
            .iter()
            .take(pairing.from)
            .all(|word| matches!(word.word.class, WordClass::Place | WordClass::General));
        let is_elsewhere = extra().any(|word| word.class == WordClass::Sector);
        // Where both names have more than the word, the word may be all that they share.
        let is_contained = is_all_of_it || extra().all(|word| word.class < WordClass::Ordinary);
        is_organisation && is_rare && comes_first && !is_elsewhere && is_contained
    }
}
