//! [`Lexicon`]: what words of names mean, read from tables of legal forms, places, general words and
//! ordinary words.

use narrows_catalog::datafile::{Collector, Document, Table};
use narrows_catalog::{DataFile, Problems};
use rustc_hash::{FxHashMap, FxHashSet};

use super::fold::{Piece, Writing, pieces};
use super::romanise::romanise;

/// What kind of word a word of a name is; how much it says of whose name it is rises from first to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WordClass {
    /// A place.
    Place,
    /// A word that half of all firms have in their names (technology, group).
    General,
    /// A line of business of its own (bank, restaurant).
    Sector,
    /// An ordinary word that firms of any kind take for a name.
    Ordinary,
    /// A word of this name's own.
    Own,
}

/// A word as comparisons see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lemma {
    /// In Latin letters, without spaces.
    pub text: String,
    /// Its kind.
    pub class: WordClass,
}

/// A legal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalForm {
    /// Forms of one class are the same in different words.
    pub class: String,
    /// Countries whose law has it; empty if it is used anywhere.
    pub countries: Vec<String>,
}

/// What an expression means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sense {
    /// A legal form, by its place in the table.
    Legal(usize),
    /// Nothing (of, and).
    Nothing,
    /// Words, in one or several wordings.
    Words(Vec<Vec<Lemma>>),
}

/// The tables.
#[derive(Debug, Default)]
pub struct Lexicon {
    legal_forms: Vec<LegalForm>,
    senses: Vec<Sense>,
    /// Expressions of one or more spaced words, parted by spaces.
    expressions: FxHashMap<String, usize>,
    /// How many words the longest expression has that begins with this one.
    longest: FxHashMap<String, usize>,
    /// Beginnings of words that any ending may follow.
    beginnings: FxHashMap<String, usize>,
    /// Words that stand in legal forms, in Latin letters.
    legal_words: FxHashSet<String>,
    /// Expressions in scripts without spaces.
    unspaced: FxHashMap<String, usize>,
}

/// A spelling in Latin letters that follows from another script is taken up from this length on:
/// shorter ones are too often names.
const SHORTEST_DERIVED: usize = 5;
/// Longest ending after a beginning that is in the tables with a star, in letters.
const LONGEST_ENDING: usize = 7;
/// Shortest word of a legal form that is known when misspelt.
const SHORTEST_LEGAL_WORD: usize = 3;
/// Shortest beginning, in letters.
const SHORTEST_BEGINNING: usize = 3;
/// Most characters of an expression in a script without spaces.
pub(super) const LONGEST_UNSPACED: usize = 12;

impl Lexicon {
    /// Reads the tables.
    ///
    /// # Errors
    /// What is wrong, with file, line and field.
    pub fn read<'a>(files: impl IntoIterator<Item = DataFile<'a>>) -> Result<Self, Problems> {
        let problems = Collector::new();
        let mut lexicon = Self::default();
        let documents: Vec<Document<'a>> =
            files.into_iter().filter_map(|file| Document::parse(file, &problems)).collect();
        let roots: Vec<Table<'_>> = documents.iter().map(|document| document.root(&problems)).collect();
        let words = |lexicon: &mut Self, key: &str, class| {
            for table in roots.iter().flat_map(|root| root.tables(key)) {
                lexicon.add_words(&table, class);
            }
        };
        // What is read first keeps an expression that several tables have.
        for table in roots.iter().flat_map(|root| root.tables("form")) {
            lexicon.add_legal_form(&table);
        }
        for word in roots.iter().flat_map(|root| root.strings("stop")) {
            lexicon.add(&word.value, Sense::Nothing);
        }
        for table in roots.iter().flat_map(|root| root.tables("phrase")) {
            lexicon.add_phrase(&table);
        }
        words(&mut lexicon, "word", WordClass::General);
        words(&mut lexicon, "sector", WordClass::Sector);
        words(&mut lexicon, "place", WordClass::Place);
        for text in roots.iter().filter_map(|root| root.optional_string("words")) {
            for word in text.split_whitespace() {
                let lemma = Lemma { text: word.to_owned(), class: WordClass::Ordinary };
                lexicon.add(word, Sense::Words(vec![vec![lemma]]));
            }
        }
        for root in &roots {
            root.finish();
        }
        drop(roots);
        lexicon.settle();
        problems.finish(lexicon)
    }

    fn add_legal_form(&mut self, table: &Table<'_>) {
        let Some(class) = table.string("class") else { return };
        self.legal_forms.push(LegalForm { class, countries: table.plain_strings("countries") });
        for name in table.plain_strings("names") {
            self.add(&name, Sense::Legal(self.legal_forms.len() - 1));
            let words = pieces(&name).into_iter().filter(|piece| piece.writing == Writing::Latin);
            self.legal_words
                .extend(words.map(|piece| piece.text).filter(|word| word.len() >= SHORTEST_LEGAL_WORD));
        }
        table.finish();
    }

    fn add_words(&mut self, table: &Table<'_>, class: WordClass) {
        let Some(name) = table.string("name") else { return };
        let text: String = pieces(&name).iter().map(romanise).collect();
        let sense = Sense::Words(vec![vec![Lemma { text, class }]]);
        self.add(&name, sense.clone());
        for name in table.plain_strings("names") {
            self.add(&name, sense.clone());
        }
        table.finish();
    }

    /// A phrase stands for words that are in the tables themselves: they are looked up at the end.
    fn add_phrase(&mut self, table: &Table<'_>) {
        let wordings = table.plain_strings("words");
        if wordings.is_empty() {
            table.report("words", "expected at least one English wording");
        }
        let lemma = |text: String| Lemma { text, class: WordClass::Own };
        let words = |wording: &String| pieces(wording).iter().map(|piece| lemma(romanise(piece))).collect();
        let sense = Sense::Words(wordings.iter().map(words).collect());
        for name in table.plain_strings("names") {
            self.add(&name, sense.clone());
        }
        table.finish();
    }

    /// Puts the words of phrases through the other tables.
    fn settle(&mut self) {
        let resolve = |lemma: &Lemma| -> Vec<Lemma> {
            match self.expressions.get(&lemma.text).and_then(|sense| self.senses.get(*sense)) {
                Some(Sense::Words(wordings)) => wordings.first().cloned().unwrap_or_default(),
                Some(Sense::Nothing | Sense::Legal(_)) => Vec::new(),
                None => vec![lemma.clone()],
            }
        };
        let settled = self.senses.iter().map(|sense| match sense {
            Sense::Words(wordings) => Sense::Words(
                wordings
                    .iter()
                    .map(|words| {
                        let is_open = |lemma: &Lemma| lemma.class == WordClass::Own;
                        words
                            .iter()
                            .flat_map(
                                |lemma| if is_open(lemma) { resolve(lemma) } else { vec![lemma.clone()] },
                            )
                            .collect()
                    })
                    .collect(),
            ),
            other => other.clone(),
        });
        self.senses = settled.collect();
    }

    /// Takes up an expression, and its spelling in Latin letters.
    fn add(&mut self, expression: &str, sense: Sense) {
        let (expression, is_beginning) = match expression.strip_suffix('*') {
            Some(beginning) => (beginning, true),
            None => (expression, false),
        };
        let parts = pieces(expression);
        let [first, rest @ ..] = parts.as_slice() else { return };
        let is_simple = matches!(&sense, Sense::Words(wordings) if wordings.len() == 1);
        let number = self.senses.len();
        self.senses.push(sense);
        if rest.is_empty() && first.writing.is_unspaced() {
            self.unspaced.entry(first.text.clone()).or_insert(number);
        } else {
            let text = parts.iter().map(|piece| piece.text.as_str()).collect::<Vec<_>>().join(" ");
            let table = if is_beginning { &mut self.beginnings } else { &mut self.expressions };
            table.entry(text).or_insert(number);
            let longest = self.longest.entry(first.text.clone()).or_default();
            *longest = (*longest).max(parts.len());
        }
        // Chinese words of one character sound like too much else.
        let is_derived = rest.is_empty()
            && is_simple
            && match first.writing {
                Writing::Han => first.text.chars().nth(1).is_some(),
                Writing::Cyrillic => true,
                _ => false,
            };
        let latin = romanise(first);
        if is_derived && latin.len() >= SHORTEST_DERIVED + usize::from(is_beginning) {
            let table = if is_beginning { &mut self.beginnings } else { &mut self.expressions };
            table.entry(latin).or_insert(number);
        }
    }

    /// Whether a word stands in a legal form, or is one letter away from one that does and can hardly be
    /// anything else.
    #[must_use]
    pub fn is_like_legal_form(&self, word: &str) -> bool {
        self.legal_words.iter().any(|legal| {
            legal == word
                || (legal.len().abs_diff(word.len()) <= 1
                    && legal.len().min(word.len()) >= SHORTEST_LEGAL_WORD
                    && (legal.as_bytes().first() == word.as_bytes().first()
                        || legal.as_bytes().last() == word.as_bytes().last())
                    && strsim::osa_distance(legal, word) <= 1)
        })
    }

    /// A legal form by its number.
    #[must_use]
    pub fn legal_form(&self, number: usize) -> Option<&LegalForm> {
        self.legal_forms.get(number)
    }

    /// Spellings of one word in Latin letters, each with the word that it is taken for: what a
    /// misspelt word may have been meant to be.
    pub fn spellings(&self) -> impl Iterator<Item = (&str, &Lemma)> {
        self.expressions.iter().filter_map(|(text, sense)| match self.senses.get(*sense) {
            Some(Sense::Words(wordings)) => match wordings.as_slice() {
                [words] => match words.as_slice() {
                    [word] if text.bytes().all(|letter| letter.is_ascii_alphanumeric()) => {
                        Some((text.as_str(), word))
                    }
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        })
    }

    /// The longest expression that these pieces begin with: its sense, and how many pieces it has.
    pub(super) fn expression(&self, parts: &[Piece]) -> Option<(&Sense, usize)> {
        let first = parts.first()?;
        let longest = self.longest.get(&first.text).copied().unwrap_or(0).min(parts.len());
        let mut text = String::new();
        for count in (2..=longest).rev() {
            text.clear();
            for piece in parts.iter().take(count) {
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(&piece.text);
            }
            if let Some(sense) = self.expressions.get(&text) {
                return Some((self.senses.get(*sense)?, count));
            }
        }
        self.word(&first.text).map(|sense| (sense, 1))
    }

    /// The sense of one spaced word.
    pub(super) fn word(&self, text: &str) -> Option<&Sense> {
        let number = self.expressions.get(text).copied().or_else(|| {
            let ends = text.char_indices().map(|(at, _)| at).skip(SHORTEST_BEGINNING).collect::<Vec<_>>();
            let whole = std::iter::once(text.len());
            whole
                .chain(ends.into_iter().rev().take(LONGEST_ENDING))
                .find_map(|end| self.beginnings.get(text.get(..end)?).copied())
        })?;
        self.senses.get(number)
    }

    /// The sense of an expression in a script without spaces.
    pub(super) fn unspaced(&self, text: &str) -> Option<&Sense> {
        self.unspaced.get(text).and_then(|number| self.senses.get(*number))
    }

    /// Whether a word is in the tables at all.
    #[must_use]
    pub fn knows(&self, word: &str) -> bool {
        self.expressions.contains_key(word)
    }

    /// Whether a word is a legal form by itself.
    #[must_use]
    pub fn is_legal_form(&self, word: &str) -> bool {
        matches!(self.word(word), Some(Sense::Legal(_)))
    }

    /// The one word that this is taken for.
    #[must_use]
    pub fn lemma(&self, word: &str) -> Option<&Lemma> {
        match self.word(word) {
            Some(Sense::Words(wordings)) => match wordings.as_slice() {
                [words] => match words.as_slice() {
                    [lemma] => Some(lemma),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }
}
