//! What a spelling sounds like, where conventions of spelling differ.
//!
//! [`spelling_key`] removes what the usual systems of transliteration differ in, vowels kept:
//! `Tekhnologii`, `Technologiy`. [`consonant_classes`] is much coarser, for names that went through
//! the syllables of another language (ハイクビジョン for Hikvision) or a script without vowels.

/// Replacements from left to right, the longest first.
const SPELLINGS: &[(&str, &str)] = &[
    ("shch", "sh"),
    ("sch", "sh"),
    ("tsch", "ch"),
    ("tch", "ch"),
    ("dzh", "j"),
    ("iya", "ia"),
    ("iye", "ie"),
    ("iyu", "iu"),
    ("yya", "ia"),
    ("aya", "aia"),
    ("ekh", "ec"),
    ("ech", "ec"),
    ("eh", "ec"),
    ("kh", "h"),
    ("ck", "k"),
    ("ph", "f"),
    ("ks", "x"),
    ("ts", "c"),
    ("tz", "c"),
    ("cz", "c"),
    ("zh", "j"),
    ("iy", "i"),
    ("yy", "i"),
    ("ij", "i"),
    ("yi", "i"),
    ("ye", "e"),
    ("yo", "o"),
    ("ou", "u"),
    ("oo", "u"),
    ("ee", "i"),
    ("ae", "a"),
    ("oe", "o"),
    ("ue", "u"),
    ("dh", "d"),
    ("th", "t"),
    ("gh", "g"),
    ("q", "k"),
    ("w", "v"),
    ("y", "i"),
];

/// The spelling without what transliterations differ in.
#[must_use]
pub fn spelling_key(word: &str) -> String {
    let mut key = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(letter) = rest.chars().next() {
        let replaced = SPELLINGS.iter().find(|(from, _)| rest.starts_with(from));
        let (taken, put) = match replaced {
            Some((from, to)) => (from.len(), *to),
            None => (letter.len_utf8(), rest.get(..letter.len_utf8()).unwrap_or("")),
        };
        for letter in put.chars() {
            if !key.ends_with(letter) || letter.is_ascii_digit() {
                key.push(letter);
            }
        }
        rest = rest.get(taken..).unwrap_or("");
    }
    key
}

/// The classes of a word's consonants in order, vowels and repetitions left out: lips (`P`),
/// teeth (`T`), hisses (`S`), throat (`K`), nose (`N`), tongue (`R`), breath at the beginning (`H`).
#[must_use]
pub fn consonant_classes(word: &str) -> String {
    let mut classes = String::with_capacity(word.len());
    let mut previous = ' ';
    let following = word.chars().skip(1).map(Some).chain([None]);
    for ((at, letter), next) in word.chars().enumerate().zip(following) {
        let class = match letter {
            // Before other vowels, and before consonants, a c is a k.
            'c' if !matches!(next, Some('e' | 'i' | 'y' | 'h')) => 'K',
            'b' | 'p' | 'v' | 'f' => 'P',
            't' | 'd' => 'T',
            's' | 'z' | 'j' | 'c' | 'x' => 'S',
            'k' | 'g' | 'q' => 'K',
            'n' | 'm' => 'N',
            'l' | 'r' => 'R',
            'h' if at == 0 => 'H',
            '0'..='9' => letter,
            _ => ' ',
        };
        if class != ' ' && class != previous {
            classes.push(class);
        }
        // The h of sh, ch or kh adds nothing and parts nothing.
        if letter != 'h' || at == 0 {
            previous = class;
        }
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_of_transliteration_agree() {
        for (one, other) in [
            ("tekhnologii", "tehnologiy"),
            ("issledovatelskiy", "issledovatelskij"),
            ("antey", "antei"),
            ("shcherbakov", "scherbakov"),
            ("kholding", "holding"),
            ("mohammed", "mohamed"),
            ("yuriy", "yuri"),
        ] {
            assert_eq!(spelling_key(one), spelling_key(other), "{one} {other}");
        }
        assert_ne!(spelling_key("dahua"), spelling_key("dahla"));
    }

    #[test]
    fn syllables_of_another_language_keep_the_classes_of_consonants() {
        for (one, other) in [
            ("haikubijon", "hikvision"),
            ("haikeubijeon", "hikvision"),
            ("hwawei", "huawei"),
            ("kanburikon", "cambricon"),
        ] {
            assert_eq!(consonant_classes(one), consonant_classes(other), "{one} {other}");
        }
        assert_ne!(consonant_classes("hikvision"), consonant_classes("hisense"));
    }
}
