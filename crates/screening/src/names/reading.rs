//! [`Reading`]: a name parted into words, each with what it is.

use super::fold::{Piece, Writing, pieces};
use super::lexicon::{Lemma, Lexicon, Sense, WordClass};
use super::romanise::{other_readings, romanise_text};
use super::segment::segments;

/// How a word came to its Latin letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// As written.
    Written,
    /// By the lexicon, from another language.
    Translated,
    /// By the sound of Chinese characters.
    Pinyin,
    /// Letter by letter from another alphabet.
    Transliterated,
    /// From syllables of another language or from consonants alone: only roughly the same sound.
    Sounded,
}

/// A word of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What it is compared by.
    pub text: String,
    /// As it stands in the name, folded.
    pub raw: String,
    /// What kind of word it is.
    pub class: WordClass,
    /// How it came to its Latin letters.
    pub origin: Origin,
    /// Other readings of its characters.
    pub otherwise: Vec<String>,
    /// Whether it was written in capitals alone.
    pub is_capital: bool,
}

/// A name parted into words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The words that count.
    pub words: Vec<Word>,
}

/// All that is read from a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analysis {
    /// Equal for names that differ in width, case, punctuation, spaces, marks, invisible characters,
    /// traditional characters and legal form alone.
    pub key: String,
    /// Legal forms, by their numbers in the lexicon.
    pub legal_forms: Vec<usize>,
    /// The readings, the likeliest first.
    pub readings: Vec<Reading>,
    /// Whether anything was written in another script than Latin.
    pub is_foreign: bool,
}

/// Most readings of one name.
const MOST_READINGS: usize = 6;
/// Most pieces of a name that are read; a name with more is a text.
const MOST_PIECES: usize = 256;
/// A legal form of a few letters counts only at an end of the name, where the countries that have it
/// are few: `AS` and `SA` are initials elsewhere.
const SHORT_LEGAL_FORM: usize = 3;

/// An expression of a name before its words are chosen.
struct Unit<'l> {
    raw: String,
    writing: Writing,
    sense: Option<&'l Sense>,
    is_capital: bool,
}

impl Analysis {
    /// Reads a name.
    #[must_use]
    pub fn of(name: &str, lexicon: &Lexicon) -> Self {
        let mut parts = pieces(name);
        parts.truncate(MOST_PIECES);
        let mut units = units(&parts, lexicon);
        settle_legal_forms(&mut units, lexicon);
        let mut key = String::new();
        let mut legal_forms = Vec::new();
        for unit in &units {
            match unit.sense {
                Some(Sense::Legal(form)) => legal_forms.push(*form),
                _ => key.push_str(&unit.raw),
            }
        }
        let mut readings = readings(&units);
        readings.extend(lookalike_reading(&parts, lexicon));
        Self {
            key,
            legal_forms,
            readings,
            is_foreign: parts.iter().any(|piece| piece.writing != Writing::Latin),
        }
    }
}

fn units<'l>(parts: &[Piece], lexicon: &'l Lexicon) -> Vec<Unit<'l>> {
    let mut units = Vec::with_capacity(parts.len());
    let mut rest = parts;
    while let Some(first) = rest.first() {
        if let Some((sense, count)) = lexicon.expression(rest) {
            let (taken, left) = rest.split_at(count);
            units.push(Unit {
                raw: taken.iter().map(|piece| piece.text.as_str()).collect(),
                writing: first.writing,
                sense: Some(sense),
                is_capital: first.is_capital,
            });
            rest = left;
            continue;
        }
        if first.writing.is_unspaced() {
            for segment in segments(&first.text, lexicon) {
                units.push(Unit {
                    raw: segment.text,
                    writing: first.writing,
                    sense: segment.sense,
                    is_capital: false,
                });
            }
        } else {
            let (raw, writing) = (first.text.clone(), first.writing);
            units.push(Unit { raw, writing, sense: None, is_capital: first.is_capital });
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    units
}

/// Takes back what only looks like a legal form.
fn settle_legal_forms(units: &mut [Unit<'_>], lexicon: &Lexicon) {
    let is_form = |unit: &Unit<'_>| matches!(unit.sense, Some(Sense::Legal(_) | Sense::Nothing));
    let begins = units.iter().take_while(|unit| is_form(unit)).count();
    let ends = units.len() - units.iter().rev().take_while(|unit| is_form(unit)).count();
    for (at, unit) in units.iter_mut().enumerate() {
        let Some(Sense::Legal(form)) = unit.sense else { continue };
        let is_local = lexicon.legal_form(*form).is_some_and(|form| !form.countries.is_empty());
        let is_short = unit.raw.chars().count() <= SHORT_LEGAL_FORM && !unit.writing.is_unspaced();
        // A name of nothing but legal forms is a name.
        if (is_local && is_short && at >= begins && at < ends) || ends == 0 {
            unit.sense = None;
        }
    }
}

fn readings(units: &[Unit<'_>]) -> Vec<Reading> {
    let mut readings = vec![Reading { words: Vec::with_capacity(units.len()) }];
    for unit in units {
        match unit.sense {
            Some(Sense::Legal(_) | Sense::Nothing) => {}
            None => {
                let word = own_word(unit);
                if !word.text.is_empty() {
                    readings.iter_mut().for_each(|reading| reading.words.push(word.clone()));
                }
            }
            Some(Sense::Words(wordings)) => {
                let first = readings.clone();
                for (at, wording) in wordings.iter().enumerate() {
                    let words = || wording.iter().map(|lemma| known_word(unit, lemma));
                    if at == 0 {
                        readings.iter_mut().for_each(|reading| reading.words.extend(words()));
                    } else if readings.len() < MOST_READINGS {
                        readings.extend(first.iter().cloned().map(|mut reading| {
                            reading.words.extend(words());
                            reading
                        }));
                    }
                }
            }
        }
    }
    readings.truncate(MOST_READINGS);
    readings.retain(|reading| !reading.words.is_empty());
    readings
}

fn own_word(unit: &Unit<'_>) -> Word {
    let is_han = unit.writing == Writing::Han;
    Word {
        text: romanise_text(&unit.raw, unit.writing),
        raw: unit.raw.clone(),
        class: WordClass::Own,
        origin: match unit.writing {
            Writing::Latin => Origin::Written,
            Writing::Han => Origin::Pinyin,
            Writing::Cyrillic | Writing::Other => Origin::Transliterated,
            Writing::Kana | Writing::Hangul | Writing::Consonants => Origin::Sounded,
        },
        otherwise: if is_han { other_readings(&unit.raw) } else { Vec::new() },
        is_capital: unit.is_capital,
    }
}

fn known_word(unit: &Unit<'_>, lemma: &Lemma) -> Word {
    Word {
        text: lemma.text.clone(),
        raw: unit.raw.clone(),
        class: lemma.class,
        origin: if unit.writing == Writing::Latin { Origin::Written } else { Origin::Translated },
        otherwise: Vec::new(),
        is_capital: unit.is_capital,
    }
}

/// The reading of a name in which whole words look like words in Latin letters.
fn lookalike_reading(parts: &[Piece], lexicon: &Lexicon) -> Option<Reading> {
    if parts.iter().all(|piece| piece.lookalike.is_none()) {
        return None;
    }
    let seen = |piece: &Piece| match &piece.lookalike {
        Some(text) => Piece {
            text: text.clone(),
            writing: Writing::Latin,
            lookalike: None,
            is_capital: piece.is_capital,
        },
        None => piece.clone(),
    };
    let parts: Vec<Piece> = parts.iter().map(seen).collect();
    let mut units = units(&parts, lexicon);
    settle_legal_forms(&mut units, lexicon);
    readings(&units).into_iter().next()
}
