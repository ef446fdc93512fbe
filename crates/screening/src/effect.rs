//! [`Effects`]: what an entry of a list says, as facts of the dictionary of a body of law.
//!
//! The words of the government are read by a table of phrases that stands in the data
//! (`parties/effects.toml`): the first phrase that fits settles the fact. Words that no phrase
//! fits settle nothing, and are handed on to be read by a person.

use narrows_catalog::datafile::{Collector, Document, Table};
use narrows_catalog::{DataFile, Problems};
use narrows_quantity::Decimal;
use serde::Serialize;

use crate::party::Party;

/// What entries of the lists mean.
#[derive(Debug, Clone, Default)]
pub struct Effects {
    lists: Vec<ListEffect>,
    ownership: Option<Ownership>,
}

/// What an entry of one list means.
#[derive(Debug, Clone)]
struct ListEffect {
    list: String,
    facts: Vec<(String, String)>,
    reaches_owned: bool,
    /// Programmes for which alone it does, if any are named.
    owned_programmes: Vec<String>,
    note: Option<String>,
    phrases: Vec<Phrase>,
}

/// Words of a column, and the fact that they settle.
#[derive(Debug, Clone)]
struct Phrase {
    column: Column,
    fits: Fits,
    words: String,
    fact: Option<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Requirement,
    Policy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fits {
    Whole,
    Start,
    Anywhere,
}

/// From which share on a listed owner counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ownership {
    /// Least share of all listed owners together, in percent.
    pub percent: Decimal,
    /// The fact that it settles.
    pub fact: String,
    /// Where it is written.
    pub source: String,
}

/// What one entry means for a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// Id of the party.
    pub id: String,
    /// Code of the list.
    pub list: String,
    /// Primary name.
    pub name: String,
    /// Facts of the party, as name and text; none for a list that bears on no determination.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<(String, String)>,
    /// Whether it counts among the owners of another party.
    pub reaches_owned: bool,
    /// What a reader must know: the effect of the list, words of the entry that were not read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Lower case, letters and digits, words with one space between them.
fn plain(text: &str) -> String {
    let kept: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Phrase {
    fn read(table: &Table<'_>) -> Option<Self> {
        let columns = [("licence_requirement", Column::Requirement), ("licence_policy", Column::Policy)];
        let column = table.word("column", &columns);
        let forms = [("whole", Fits::Whole), ("start", Fits::Start), ("anywhere", Fits::Anywhere)];
        let given: Vec<_> =
            forms.iter().filter_map(|(key, fits)| Some((*fits, table.optional_string(key)?))).collect();
        let fact = (table.optional_string("fact"), table.optional_string("value"));
        let fact = match fact {
            (Some(name), Some(value)) => Some((name, value)),
            (None, None) => None,
            _ => {
                table.report("fact", "expected `fact` and `value`, or neither");
                None
            }
        };
        let [(fits, words)] = given.as_slice() else {
            table.report("column", "expected one of `whole`, `start`, `anywhere`");
            return None;
        };
        if *words != plain(words) || words.is_empty() {
            table.report("column", format!("expected lower case without punctuation: `{}`", plain(words)));
        }
        Some(Self { column: column?, fits: *fits, words: words.clone(), fact })
    }

    fn fits(&self, text: &str) -> bool {
        match self.fits {
            Fits::Whole => text == self.words,
            Fits::Start => text.starts_with(&self.words),
            Fits::Anywhere => text.contains(&self.words),
        }
    }
}

impl Effects {
    /// Reads `parties/effects.toml`.
    ///
    /// # Errors
    /// Everything that is wrong in the files.
    pub fn read<'a>(files: impl IntoIterator<Item = DataFile<'a>>) -> Result<Self, Problems> {
        let problems = Collector::new();
        let mut all = Self::default();
        for file in files {
            let Some(document) = Document::parse(file, &problems) else { continue };
            let root = document.root(&problems);
            if let Some(table) = root.optional_table("ownership") {
                let percent = table.decimal("percent");
                let (fact, source) = (table.string("fact"), table.string("source"));
                table.finish();
                if let (Some(percent), Some(fact), Some(source)) = (percent, fact, source) {
                    all.ownership = Some(Ownership { percent, fact, source });
                }
            }
            for table in root.tables("effect") {
                if let Some(effect) = read_effect(&table) {
                    if all.lists.iter().any(|other| other.list == effect.list) {
                        table.report("list", format!("the list `{}` stands twice", effect.list));
                    }
                    all.lists.push(effect);
                }
                table.finish();
            }
            root.finish();
        }
        problems.finish(all)
    }

    /// Codes of the lists whose effect is on record.
    pub fn lists(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().map(|effect| effect.list.as_str())
    }

    /// Names and values of all facts that entries can settle, for a check against a dictionary.
    pub fn facts(&self) -> impl Iterator<Item = (&str, &str)> {
        let of_lists = self.lists.iter().flat_map(|effect| {
            effect.facts.iter().chain(effect.phrases.iter().filter_map(|phrase| phrase.fact.as_ref()))
        });
        of_lists.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Names of the facts that an entry settles as true: of a party that is on no list they are false.
    pub fn denied(&self) -> impl Iterator<Item = &str> {
        let names: std::collections::BTreeSet<&str> = self
            .lists
            .iter()
            .flat_map(|effect| &effect.facts)
            .filter(|(_, value)| value == "true")
            .map(|(name, _)| name.as_str())
            .collect();
        names.into_iter()
    }

    /// From which share on owners count; `None` where the data do not say.
    #[must_use]
    pub fn ownership(&self) -> Option<&Ownership> {
        self.ownership.as_ref()
    }

    /// What an entry means.
    #[must_use]
    pub fn of(&self, party: &Party) -> Listing {
        let mut listing = Listing {
            id: party.id.clone(),
            list: party.list.clone(),
            name: party.name.clone(),
            facts: Vec::new(),
            reaches_owned: false,
            notes: Vec::new(),
        };
        let Some(effect) = self.lists.iter().find(|effect| effect.list == party.list) else {
            listing.notes.push(format!("what an entry of the list {} means is not on record", party.list));
            return listing;
        };
        listing.facts.clone_from(&effect.facts);
        let programmes = &effect.owned_programmes;
        listing.reaches_owned = effect.reaches_owned
            && (programmes.is_empty() || party.programmes.iter().any(|one| programmes.contains(one)));
        listing.notes.extend(effect.note.clone());
        let columns = [
            (Column::Requirement, "licence requirement", &party.licence_requirement),
            (Column::Policy, "review policy", &party.licence_policy),
        ];
        for (column, title, words) in columns {
            let Some(words) = words else { continue };
            let mut phrases = effect.phrases.iter().filter(|phrase| phrase.column == column).peekable();
            if phrases.peek().is_none() {
                continue;
            }
            let text = plain(words);
            match phrases.find(|phrase| phrase.fits(&text)) {
                Some(phrase) => listing.facts.extend(phrase.fact.clone()),
                None => listing.notes.push(format!("{title} of the entry, not read as a fact: {words}")),
            }
        }
        listing
    }
}

fn read_effect(table: &Table<'_>) -> Option<ListEffect> {
    let mut facts = Vec::new();
    for fact in table.tables("fact") {
        let (name, value) = (fact.string("name"), fact.string("value"));
        fact.finish();
        facts.extend(name.zip(value));
    }
    let mut phrases = Vec::new();
    for phrase in table.tables("phrase") {
        phrases.extend(Phrase::read(&phrase));
        phrase.finish();
    }
    let reaches_owned = table.optional_bool("reaches_owned").unwrap_or(false);
    let owned_programmes = table.plain_strings("owned_programmes");
    let note = table.optional_string("note");
    Some(ListEffect { list: table.string("list")?, facts, reaches_owned, owned_programmes, note, phrases })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
[ownership]
percent = 50
fact = "owned_half_by_listed"
source = "a rule"

[[effect]]
list = "A"
reaches_owned = true
[[effect.fact]]
name = "listed"
value = "true"
[[effect.phrase]]
column = "licence_policy"
start = "presumption of denial except"
fact = "review"
value = "case_by_case"
[[effect.phrase]]
column = "licence_policy"
start = "presumption of denial"
fact = "review"
value = "presumption_of_denial"
[[effect.phrase]]
column = "licence_policy"
start = "see"

[[effect]]
list = "B"
note = "Read the entry."
"#;

    fn effects() -> Effects {
        match Effects::read([DataFile { path: "effects.toml", text: TEXT }]) {
            Ok(effects) => effects,
            Err(problems) => panic!("{problems}"),
        }
    }

    fn party(list: &str, policy: Option<&str>) -> Party {
        let text = format!(r#"{{"id":"{list}-1","list":"{list}","name":"Example"}}"#);
        let party: Party = match serde_json::from_str(&text) {
            Ok(party) => party,
            Err(error) => panic!("{error}"),
        };
        Party { licence_policy: policy.map(str::to_owned), ..party }
    }

    #[test]
    fn the_first_phrase_that_fits_settles() {
        let review = |policy| effects().of(&party("A", Some(policy))).facts.get(1).cloned();
        let case = |value: &str| Some(("review".to_owned(), value.to_owned()));
        assert_eq!(review("Presumption of denial."), case("presumption_of_denial"));
        assert_eq!(review("PRESUMPTION of  denial, except for some"), case("case_by_case"));
        assert_eq!(review("See § 1.2(b)"), None);
    }

    #[test]
    fn words_that_nothing_fits_are_handed_on() {
        let listing = effects().of(&party("A", Some("As the moon stands")));
        assert_eq!(listing.facts, [("listed".to_owned(), "true".to_owned())]);
        assert_eq!(listing.notes, ["review policy of the entry, not read as a fact: As the moon stands"]);
    }

    #[test]
    fn a_list_without_facts_has_its_note_and_an_unknown_one_says_so() {
        assert_eq!(effects().of(&party("B", None)).notes, ["Read the entry."]);
        let unknown = effects().of(&party("C", None));
        assert_eq!(unknown.notes, ["what an entry of the list C means is not on record"]);
    }

    #[test]
    fn phrases_are_refused_unless_plain() {
        let text =
            "[[effect]]\nlist = \"A\"\n[[effect.phrase]]\ncolumn = \"licence_policy\"\nstart = \"See §\"\n";
        let problems = Effects::read([DataFile { path: "effects.toml", text }]);
        let problems = problems.map(|_| String::new()).unwrap_or_else(|problems| problems.to_string());
        assert!(problems.contains("expected lower case without punctuation: `see`"), "{problems}");
    }
}
