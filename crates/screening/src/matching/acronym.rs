//! Acronyms that the words of a name give: initials, with and without places, `group` and the legal
//! form (SMIC counts the C of *Corporation*, USTC the C of a country).

use crate::names::fold::pieces;
use crate::names::lexicon::WordClass;
use crate::names::reading::{Analysis, Word};

/// Fewest and most letters of an acronym.
pub(super) const LETTERS: std::ops::RangeInclusive<usize> = 3..=8;
/// The word that acronyms of firms leave out most often.
const LEFT_OUT: &str = "group";

/// The acronyms of a name, each with the words that it stands for, by a bit for each.
pub(super) fn acronyms(name: &str, analysis: &Analysis, words: &[Word]) -> Vec<(String, u32)> {
    if analysis.is_foreign || words.len() < 2 || words.len() > 16 {
        return Vec::new();
    }
    let legal = pieces(name)
        .last()
        .filter(|_| !analysis.legal_forms.is_empty())
        .and_then(|piece| piece.text.chars().next());
    let mut found: Vec<(String, u32)> = Vec::new();
    for without_places in [false, true] {
        for without_group in [false, true] {
            let mut text = String::new();
            let mut covered = 0_u32;
            for (at, word) in words.iter().enumerate() {
                let is_left_out = (without_places && word.class == WordClass::Place)
                    || (without_group && word.text == LEFT_OUT)
                    || word.raw.bytes().all(|letter| letter.is_ascii_digit());
                if !is_left_out {
                    text.extend(word.raw.chars().next());
                    covered |= 1 << at;
                }
            }
            let with_legal = legal.map(|initial| format!("{text}{initial}"));
            for text in [Some(text), with_legal].into_iter().flatten() {
                if LETTERS.contains(&text.len()) && !found.iter().any(|(known, _)| *known == text) {
                    found.push((text, covered));
                }
            }
        }
    }
    found
}
