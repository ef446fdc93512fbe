//! [`Screening`]: what is found for a name, and why.

use std::fmt;

use super::index::NameSource;

/// What is found for a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Screening {
    /// Listed parties that it may be, the likeliest first.
    pub hits: Vec<Hit>,
    /// Why nothing was looked up, if so.
    pub refusal: Option<Refusal>,
}

/// Why a name is not looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no letter or digit in it.
    Empty,
    /// It is one letter or digit.
    OneLetter,
    /// It is longer than any name, by so many characters.
    TooLong {
        /// Characters that it has.
        characters: usize,
        /// Characters that a name may have.
        most: usize,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(formatter, "the name has no letter or digit: nothing was looked up"),
            Self::OneLetter => {
                write!(
                    formatter,
                    "the name is one letter or digit, which says nothing: nothing was looked up"
                )
            }
            Self::TooLong { characters, most } => write!(
                formatter,
                "the name has {characters} characters, more than the {most} that a name may have: nothing was looked up"
            ),
        }
    }
}

/// How much a hit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// The name is that of the party, on the list or in our own table: width, case, punctuation,
    /// marks, invisible and traditional characters and the wording of the legal form do not count.
    Exact,
    /// The party's own words are in the name beside others: it may be a subsidiary, a branch, or
    /// another firm of that name.
    Stem,
    /// The name is like that of the party.
    Fuzzy,
}

impl Strength {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Stem => "stem",
            Self::Fuzzy => "fuzzy",
        }
    }
}

/// By which way a name was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Path {
    /// Letter by letter.
    Exact,
    /// After width, case, punctuation, marks and invisible characters, and the legal form.
    Folded,
    /// After traditional characters or letters of another script in disguise.
    Script,
    /// Another form or abbreviation of a general word or a place (technologies, Univ., Peking).
    WordForm,
    /// By the sound of Chinese characters.
    Pinyin,
    /// By the meaning of general words and places in another language.
    Translation,
    /// Letter by letter from another alphabet, or by another system of doing so.
    Transliteration,
    /// By the classes of consonants alone.
    Sound,
    /// By the initials of its words.
    Acronym,
    /// With letters wrong.
    Edits,
    /// With words written together or apart.
    Joining,
    /// With words in another order.
    WordOrder,
    /// By the party's own words in a longer or otherwise different name.
    Stem,
    /// With words of the listed name missing.
    Partial,
}

impl Path {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Folded => "folded",
            Self::Script => "script",
            Self::WordForm => "word form",
            Self::Pinyin => "pinyin",
            Self::Translation => "translation",
            Self::Transliteration => "transliteration",
            Self::Sound => "sound",
            Self::Acronym => "acronym",
            Self::Edits => "edits",
            Self::Joining => "joining",
            Self::WordOrder => "word order",
            Self::Stem => "stem",
            Self::Partial => "partial",
        }
    }
}

/// How a word of the query was taken for a word of a listed name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum How {
    /// They are the same.
    Same,
    /// Another form of the same word.
    WordForm,
    /// By pinyin.
    Pinyin,
    /// By meaning.
    Translated,
    /// Letter by letter, or by another system of transliteration.
    Transliterated,
    /// By classes of consonants.
    Sounded,
    /// With so many edits.
    Edits(u8),
    /// Several words of the query written together.
    Joined,
    /// As the acronym of several listed words.
    Acronym,
}

impl How {
    pub(super) const fn path(self) -> Option<Path> {
        match self {
            Self::Same => None,
            Self::WordForm => Some(Path::WordForm),
            Self::Pinyin => Some(Path::Pinyin),
            Self::Translated => Some(Path::Translation),
            Self::Transliterated => Some(Path::Transliteration),
            Self::Sounded => Some(Path::Sound),
            Self::Edits(_) => Some(Path::Edits),
            Self::Joined => Some(Path::Joining),
            Self::Acronym => Some(Path::Acronym),
        }
    }
}

/// A word of a listed name with the words of the query that were taken for it.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchedWord {
    /// In the query, folded.
    pub query: String,
    /// In the listed name, in Latin letters and, if it is a general word, in its first form.
    pub listed: String,
    /// How one was taken for the other.
    pub how: How,
    /// How alike they are, from 0 to 1.
    pub similarity: f32,
}

/// A listed party that a name may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The party, by its place among those that the index was built of.
    pub party: usize,
    /// Rows of other lists, or of other countries, that are the same party.
    pub same_party: Vec<usize>,
    /// The name that was found.
    pub name: String,
    /// Where that name comes from.
    pub source: NameSource,
    /// How alike the names are, from 0 to 1; 1 only if the hit is exact.
    pub score: f64,
    /// What the hit says.
    pub strength: Strength,
    /// By which ways it was found.
    pub paths: Vec<Path>,
    /// The words found.
    pub matched: Vec<MatchedWord>,
    /// Words of the listed name that the query has not.
    pub missing: Vec<String>,
    /// Words of the query that the listed name has not.
    pub extra: Vec<String>,
}

impl Hit {
    /// The reason in one line: strength, ways, and words that are missing or more.
    #[must_use]
    pub fn reason(&self) -> String {
        let ways = self.paths.iter().map(|path| path.words()).collect::<Vec<_>>().join(", ");
        let mut reason = format!("{}: {ways}", self.strength.word());
        let pairs: Vec<String> = self
            .matched
            .iter()
            .filter(|word| word.query != word.listed)
            .map(|word| format!("{} = {}", word.query, word.listed))
            .collect();
        for (title, words) in
            [("", &pairs), ("not in the query ", &self.missing), ("only in the query ", &self.extra)]
        {
            if !words.is_empty() {
                reason.push_str(&format!("; {title}{}", words.join(", ")));
            }
        }
        reason
    }
}
