//! What the fuzz targets share: how inputs are changed, and which are gone on from.
//!
//! Changes of single bytes mostly make a file that no longer reads as TOML, CSV or a
//! condition, and what lies behind the reader is seldom reached. Here lines are removed,
//! repeated and exchanged, and a word is put in the place of another.

use std::ops::Range;

use libfuzzer_sys::{Corpus, fuzzer_mutate};

/// Changes an input of which the first `prefix` bytes choose how the rest is read; `words`,
/// with blanks between them, may come into it from outside. Gives the new size, as
/// `fuzz_mutator!` wants it.
///
/// Every third input is left to the changes of single bytes.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32, prefix: usize, words: &str) -> usize {
    let mut dice = Dice(u64::from(seed));
    let text = data.get(prefix..size).and_then(|rest| std::str::from_utf8(rest).ok());
    let changed = match text {
        Some(text) if !text.is_empty() && dice.below(3) > 0 => {
            change(text, &words.split(' ').collect::<Vec<_>>(), &mut dice)
        }
        _ => return fuzzer_mutate(data, size, max_size),
    };
    match data.get_mut(prefix..prefix + changed.len()) {
        Some(place) if prefix + changed.len() <= max_size => {
            place.copy_from_slice(changed.as_bytes());
            prefix + changed.len()
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
}

/// Whether an input that was refused is gone on from: every 32nd is.
///
/// There are so many ways to be refused that they would crowd out the inputs that are read,
/// behind which most of the code lies.
pub fn keep_few(input: &[u8]) -> Corpus {
    let sum = input.iter().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)));
    if Dice(u64::from(sum)).below(32) == 0 { Corpus::Keep } else { Corpus::Reject }
}

/// One to four changes.
fn change(text: &str, words: &[&str], dice: &mut Dice) -> String {
    let mut text = text.to_owned();
    for _ in 0..=dice.below(4) {
        text = if dice.below(4) == 0 { change_lines(&text, dice) } else { change_word(&text, words, dice) };
    }
    text
}

fn change_lines(text: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<&str> = text.split('\n').collect();
    let from = dice.below(lines.len());
    let to = (from + 1 + dice.below(8)).min(lines.len());
    match dice.below(3) {
        0 => drop(lines.drain(from..to)),
        1 => {
            let repeated: Vec<&str> = lines[from..to].to_vec();
            let at = dice.below(lines.len() + 1);
            lines.splice(at..at, repeated);
        }
        _ => {
            let other = dice.below(lines.len());
            lines.swap(from, other);
        }
    }
    lines.join("\n")
}

/// Puts a word of the text or from outside in the place of another.
fn change_word(text: &str, words: &[&str], dice: &mut Dice) -> String {
    let places = places_of_words(text);
    if places.is_empty() {
        return text.to_owned();
    }
    let old = places[dice.below(places.len())].clone();
    let new = if words.is_empty() || dice.below(2) == 0 {
        &text[places[dice.below(places.len())].clone()]
    } else {
        words[dice.below(words.len())]
    };
    [&text[..old.start], new, &text[old.end..]].concat()
}

/// Where words stand: all that lies between blanks and marks of the formats.
fn places_of_words(text: &str) -> Vec<Range<usize>> {
    let is_mark = |character: char| character.is_whitespace() || "=,;\"'()[]{}".contains(character);
    let mut places = Vec::new();
    let mut start = 0;
    for (at, mark) in text.match_indices(is_mark).chain([(text.len(), "")]) {
        if start < at {
            places.push(start..at);
        }
        start = at + mark.len();
    }
    places
}

/// Numbers that follow from a seed (SplitMix64), so that a run can be repeated.
struct Dice(u64);

impl Dice {
    /// A number below `bound`, and 0 if there is none.
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % (bound.max(1) as u64)).unwrap_or(0)
    }
}
