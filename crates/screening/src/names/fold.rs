//! What does not count in a name is removed: width, case, punctuation, invisible characters,
//! lookalike letters, traditional forms of Chinese characters.

use unicode_normalization::UnicodeNormalization as _;
use unicode_script::{Script, UnicodeScript as _};
use unicode_security::skeleton;

/// How a part of a name is written, as far as it matters for reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// Latin letters and digits.
    Latin,
    /// Cyrillic letters.
    Cyrillic,
    /// Chinese characters, simplified where there is a simplified form.
    Han,
    /// Japanese syllables.
    Kana,
    /// Korean syllables.
    Hangul,
    /// Scripts that leave vowels out (Arabic, Hebrew).
    Consonants,
    /// Any other.
    Other,
}

impl Writing {
    fn of(letter: char) -> Self {
        if letter.is_ascii() {
            return Self::Latin;
        }
        match letter.script() {
            Script::Latin => Self::Latin,
            Script::Cyrillic => Self::Cyrillic,
            Script::Han => Self::Han,
            Script::Hiragana | Script::Katakana => Self::Kana,
            Script::Hangul => Self::Hangul,
            Script::Arabic | Script::Hebrew => Self::Consonants,
            // The sign that lengthens a Japanese vowel is common to both syllabaries.
            Script::Common if letter == 'ー' => Self::Kana,
            Script::Common if letter.is_ascii_digit() => Self::Latin,
            _ => Self::Other,
        }
    }

    /// Whether words stand without spaces between them.
    #[must_use]
    pub fn is_unspaced(self) -> bool {
        matches!(self, Self::Han | Self::Kana | Self::Hangul)
    }
}

/// A run of letters of one script within a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// In lower case, without marks in Latin.
    pub text: String,
    /// How it is written.
    pub writing: Writing,
    /// The same in Latin letters, if every letter looks like one.
    pub lookalike: Option<String>,
    /// Whether it was written in capitals alone, as an acronym is.
    pub is_capital: bool,
}

/// Characters that leave no trace on a screen or paper: format controls (joiners, direction
/// marks and overrides), soft hyphens, fillers, variation selectors and tags.
/// Source: Unicode Character Database, general category Cf and property
/// `Default_Ignorable_Code_Point`.
fn is_invisible(letter: char) -> bool {
    matches!(u32::from(letter),
        0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
        | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
        | 0xFFF0..=0xFFFB | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
        || (letter.is_control() && !letter.is_whitespace())
}

/// Where text turns to run from right to left whatever its letters, and where that ends.
const OVERRIDE: char = '\u{202E}';
const END_OF_OVERRIDE: char = '\u{202C}';

/// The name as a reader sees it whose text overrides the direction of writing, if this one's does.
#[must_use]
pub fn as_displayed(name: &str) -> Option<String> {
    let (before, rest) = name.split_once(OVERRIDE)?;
    let (turned, after) = rest.split_once(END_OF_OVERRIDE).unwrap_or((rest, ""));
    Some(before.chars().chain(turned.chars().rev()).chain(after.chars()).collect())
}

/// The pieces of a name.
#[must_use]
pub fn pieces(name: &str) -> Vec<Piece> {
    let mut scan = Scan::default();
    if name.is_ascii() {
        scan.run(name.chars().filter(|letter| !is_invisible(*letter)));
    } else {
        let visible: String = name.chars().filter(|letter| !is_invisible(*letter)).nfkc().collect();
        let simplified = if visible.chars().any(|letter| letter.script() == Script::Han) {
            hanconv::t2s(&visible)
        } else {
            visible
        };
        scan.run(simplified.chars().filter(|letter| !is_invisible(*letter)));
    }
    scan.pieces
}

/// Parts text into words and words into pieces.
#[derive(Default)]
struct Scan {
    pieces: Vec<Piece>,
    word: String,
    /// Single letters so far, each followed by a full stop (`S.M.I.C.`).
    dotted: String,
}

/// Letters written with full stops between them are one word from this number on; fewer are
/// initials of a person or a legal form.
const DOTTED_WORD: usize = 3;

impl Scan {
    fn run(&mut self, letters: impl Iterator<Item = char>) {
        for letter in letters {
            match letter {
                letter if letter.is_alphanumeric() || is_mark(letter) => {
                    if self.word.is_empty() && is_mark(letter) && letter != 'ー' {
                        continue;
                    }
                    self.word.push(letter);
                }
                '\'' | '’' | '‘' | 'ʼ' | '`' | '´' | 'ʹ' if !self.word.is_empty() => {}
                '.' if self.word.chars().count() == 1
                    && self
                        .word
                        .chars()
                        .all(|letter| letter.is_alphabetic() && !Writing::of(letter).is_unspaced()) =>
                {
                    self.dotted.push_str(&self.word);
                    self.word.clear();
                }
                '&' => {
                    self.end_word();
                    self.word.push_str("and");
                    self.end_word();
                }
                _ => self.end_word(),
            }
        }
        self.end_word();
    }

    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        let dotted = std::mem::take(&mut self.dotted);
        if dotted.chars().count() + usize::from(word.chars().count() == 1) >= DOTTED_WORD {
            let is_last = word.chars().count() == 1;
            self.add(&if is_last { format!("{dotted}{word}") } else { dotted });
            if is_last {
                return;
            }
        } else {
            for letter in dotted.chars() {
                self.add(letter.encode_utf8(&mut [0; 4]));
            }
        }
        if !word.is_empty() {
            self.add(&word);
        }
    }

    /// Adds a word, its letters put right and parted by script.
    fn add(&mut self, word: &str) {
        if word.is_ascii() {
            self.pieces.push(latin(word));
            return;
        }
        let word = unmixed(word);
        let mut run = String::new();
        let mut writing = None;
        for letter in word.chars() {
            // A mark belongs to the letter before it, and a digit to whatever it stands beside.
            let own = if is_mark(letter) && letter != 'ー' { writing } else { Some(Writing::of(letter)) };
            if writing.is_some() && own != writing {
                self.add_run(&run, writing);
                run.clear();
            }
            writing = own.or(writing);
            run.push(letter);
        }
        self.add_run(&run, writing);
    }

    fn add_run(&mut self, run: &str, writing: Option<Writing>) {
        match writing {
            None => {}
            Some(Writing::Latin) => self.pieces.push(latin(&any_ascii::any_ascii(run))),
            Some(writing) => self.pieces.push(Piece {
                text: run.to_lowercase(),
                writing,
                lookalike: if writing.is_unspaced() { None } else { in_latin(run) },
                is_capital: is_capital(run),
            }),
        }
    }
}

fn is_mark(letter: char) -> bool {
    letter == 'ー' || unicode_normalization::char::is_combining_mark(letter)
}

fn is_capital(word: &str) -> bool {
    let mut letters = word.chars().filter(|letter| letter.is_alphabetic());
    letters.clone().next().is_some() && letters.all(char::is_uppercase)
}

/// A word in Latin letters; of an ordinal, the number (`54th`).
fn latin(word: &str) -> Piece {
    let mut text: String =
        word.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && text.get(digits..).is_some_and(|end| ["st", "nd", "rd", "th"].contains(&end)) {
        text.truncate(digits);
    }
    Piece { text, writing: Writing::Latin, lookalike: None, is_capital: is_capital(word) }
}

/// The letter of the Latin alphabet that this one looks like, by the confusables of Unicode
/// Technical Standard 39.
fn latin_lookalike(letter: char) -> Option<char> {
    if letter.is_ascii_alphanumeric() {
        return Some(letter);
    }
    let mut buffer = [0; 4];
    let mut prototype = skeleton(letter.encode_utf8(&mut buffer));
    let first = prototype.next().filter(char::is_ascii_alphanumeric)?;
    // The standard takes a small l for the prototype of a capital I, too.
    let first = if first == 'l' && letter.is_uppercase() { 'I' } else { first };
    prototype.next().is_none().then_some(first)
}

/// A word in Latin letters, if each of its letters looks like one.
fn in_latin(word: &str) -> Option<String> {
    let text: Option<String> = word.chars().map(latin_lookalike).collect();
    text.map(|text| text.to_ascii_lowercase())
}

/// A word whose letters are of one script: letters of another that only look right are replaced.
fn unmixed(word: &str) -> String {
    let count = |writing| {
        word.chars().filter(|letter| letter.is_alphabetic() && Writing::of(*letter) == writing).count()
    };
    let (latin, cyrillic) = (count(Writing::Latin), count(Writing::Cyrillic));
    let others = word.chars().filter(|letter| letter.is_alphabetic()).count() - latin - cyrillic;
    if latin == 0 || (cyrillic == 0 && others == 0) {
        return word.to_owned();
    }
    let unspaced = word.chars().any(|letter| Writing::of(letter).is_unspaced());
    if unspaced {
        return word.to_owned();
    }
    let put_right: Option<String> = word
        .chars()
        .map(|letter| {
            if Writing::of(letter) == Writing::Latin || is_mark(letter) {
                Some(letter)
            } else {
                latin_lookalike(letter)
            }
        })
        .collect();
    put_right.or_else(|| in_cyrillic(word)).unwrap_or_else(|| word.to_owned())
}

/// A word in Cyrillic letters, its Latin ones replaced by those that look like them.
fn in_cyrillic(word: &str) -> Option<String> {
    word.chars()
        .map(|letter| {
            if !letter.is_ascii_alphabetic() {
                return Some(letter);
            }
            ('А'..='я').find(|cyrillic| latin_lookalike(*cyrillic) == Some(letter))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(name: &str) -> Vec<String> {
        pieces(name).into_iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn width_case_marks_and_punctuation_do_not_count() {
        assert_eq!(texts("Ｈuawei–Technologies  CO.,LTD."), ["huawei", "technologies", "co", "ltd"]);
        assert_eq!(texts("Škoda & Søn's"), ["skoda", "and", "sons"]);
        assert_eq!(texts("S.M.I.C. Beijing"), ["smic", "beijing"]);
        assert_eq!(texts("A. S. Popov"), ["a", "s", "popov"]);
        assert_eq!(texts("the 54th Institute"), ["the", "54", "institute"]);
    }

    #[test]
    fn what_cannot_be_seen_is_not_there() {
        assert_eq!(texts("Hua\u{200b}wei\u{202e}\u{7} Te\u{ad}ch"), ["huawei", "tech"]);
        assert_eq!(as_displayed("ACME \u{202e}iewauh\u{202c} Ltd").as_deref(), Some("ACME huawei Ltd"));
        assert_eq!(as_displayed("Huawei"), None);
    }

    #[test]
    fn lookalikes_are_put_right_in_either_direction() {
        assert_eq!(texts("Hu\u{430}wei"), ["huawei"]);
        assert_eq!(
            texts("\u{420}\u{43e}стех c латинской Poс\u{442}ех"),
            ["ростех", "c", "латинской", "ростех"]
        );
        assert_eq!(pieces("\u{421}\u{41c}\u{406}\u{421}")[0].lookalike.as_deref(), Some("cmic"));
    }

    #[test]
    fn scripts_are_told_apart_and_characters_simplified() {
        assert_eq!(texts("華為技術Huawei公司"), ["华为技术", "huawei", "公司"]);
        let kana = &pieces("ハイクビジョン")[0];
        assert_eq!((kana.text.as_str(), kana.writing), ("ハイクビジョン", Writing::Kana));
    }

    #[test]
    fn nothing_comes_of_nothing() {
        assert!(pieces(" \u{200b}\u{202e}!?—😀").is_empty());
    }
}
