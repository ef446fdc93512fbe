//! Names in Latin letters.
//!
//! Chinese by pinyin without tones, Japanese syllables by Hepburn's system, and other scripts letter
//! by letter. Conventions differ (`Rostekh`, `Rostech`): what they differ in is left to [`super::sound`].

use pinyin::{ToPinyin as _, ToPinyinMulti as _};
use wana_kana::ConvertJapanese as _;

use super::fold::{Piece, Writing};

/// Most readings that are tried of a run of Chinese characters with several.
const MOST_READINGS: usize = 8;

/// A piece in Latin letters, lower case, without spaces.
#[must_use]
pub fn romanise(piece: &Piece) -> String {
    romanise_text(&piece.text, piece.writing)
}

/// Text of one script in Latin letters.
#[must_use]
pub fn romanise_text(text: &str, writing: Writing) -> String {
    match writing {
        Writing::Latin => text.to_owned(),
        Writing::Han => pinyin_of(text),
        Writing::Kana => letters(&text.to_romaji()),
        _ => letters(&any_ascii::any_ascii(text)),
    }
}

fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

fn pinyin_of(text: &str) -> String {
    let mut out = String::new();
    for (letter, reading) in text.chars().zip(text.to_pinyin()) {
        match reading {
            // Passports and most firms write the vowel of 吕 with u.
            Some(reading) => {
                out.extend(reading.plain().chars().map(|letter| if letter == 'ü' { 'u' } else { letter }))
            }
            None => out.push_str(&letters(any_ascii::any_ascii_char(letter))),
        }
    }
    out
}

/// Other readings of a run of Chinese characters, in which one character is read otherwise.
#[must_use]
pub fn other_readings(text: &str) -> Vec<String> {
    let plain = |text: &str| letters(&any_ascii::any_ascii(text));
    let first: Vec<String> = text.chars().map(|letter| pinyin_of(letter.encode_utf8(&mut [0; 4]))).collect();
    let mut others = Vec::new();
    for (at, readings) in text.to_pinyin_multi().enumerate() {
        let Some(readings) = readings else { continue };
        for other in (0..readings.count()).filter_map(|index| readings.get_opt(index)) {
            let other = plain(&other.plain().replace('ü', "u"));
            let whole: String = first
                .iter()
                .enumerate()
                .map(|(place, usual)| if place == at { &other } else { usual }.as_str())
                .collect();
            if others.len() < MOST_READINGS && !others.contains(&whole) && first.get(at) != Some(&other) {
                others.push(whole);
            }
        }
    }
    others
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::fold::pieces;

    fn latin(name: &str) -> Vec<String> {
        pieces(name).iter().map(romanise).collect()
    }

    #[test]
    fn scripts_are_written_in_latin_letters() {
        assert_eq!(latin("华为"), ["huawei"]);
        assert_eq!(latin("ハイクビジョン"), ["haikubijon"]);
        assert_eq!(latin("화웨이"), ["hwawei"]);
        assert_eq!(latin("Ростех"), ["rostekh"]);
        assert_eq!(latin("Алмаз-Антей"), ["almaz", "antey"]);
    }

    #[test]
    fn a_character_with_two_readings_is_read_both_ways() {
        let readings = [romanise_text("长鑫", Writing::Han), other_readings("长鑫").join(" ")].join(" ");
        assert!(readings.contains("changxin") && readings.contains("zhangxin"), "{readings}");
    }
}
