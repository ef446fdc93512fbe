//! `screen`: listed parties that a name may be, in any script, each with the reason.

use std::collections::BTreeMap;

use jiff::civil::Date;
use narrows_screening::alias::Aliases;
use narrows_screening::list::Lists;
use narrows_screening::matching::{Hit, How, NameSource, Screener};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::named_edition::NamedEdition;
use crate::operation::{Operation, Summary};
use crate::workbench::Workbench;

/// Listed parties that a name may be.
pub struct Screen;

/// What `screen` is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScreenRequest {
    /// The name, in any script.
    pub name: String,
    /// Codes of lists; all if none.
    #[serde(default)]
    pub lists: Vec<String>,
    /// Only parties of this country, and those of none.
    #[serde(default)]
    pub country: Option<String>,
    /// Least score, from 0 to 1; 0.8 if none.
    #[serde(default)]
    pub threshold: Option<f64>,
    /// Most parties; 5 if none.
    #[serde(default)]
    pub top: Option<usize>,
    /// Day of the edition; the newest if none.
    #[serde(default)]
    pub edition: Option<Date>,
}

/// What `screen` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScreenAnswer {
    /// The name.
    pub query: String,
    /// The newest day of the lists that were asked.
    pub edition: Option<Date>,
    /// The day of each list.
    pub lists: BTreeMap<String, Date>,
    /// How many parties and names they have.
    pub parties: usize,
    /// Names among them, ours included.
    pub names: usize,
    /// Least score of a hit.
    pub threshold: f64,
    /// Parties that it may be, the likeliest first.
    pub hits: Vec<ScreenHit>,
    /// Why nothing was looked up, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What identifies the data.
    pub data_version: String,
}

/// A listed party that the name may be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScreenHit {
    /// From one.
    pub rank: usize,
    /// Id of the party.
    pub id: String,
    /// Its name on the list.
    pub name: String,
    /// Code of the list.
    pub list: String,
    /// Name of the list.
    pub list_name: String,
    /// Countries (ISO 3166 alpha-2).
    pub countries: Vec<String>,
    /// From 0 to 1; 1 only for an exact hit.
    pub score: f64,
    /// `exact`: a name of the party. `stem`: its own words in another name. `fuzzy`: like it.
    pub strength: &'static str,
    /// The name that was found.
    pub found: String,
    /// Where that name comes from.
    pub found_in: FoundIn,
    /// By which ways it was found.
    pub paths: Vec<&'static str>,
    /// The words found.
    pub matched: Vec<ScreenWord>,
    /// Words of the listed name that the query has not.
    pub missing: Vec<String>,
    /// Words of the query that the listed name has not.
    pub extra: Vec<String>,
    /// The same in one line.
    pub reason: String,
    /// Ids of the same party on other lists or under other countries.
    pub also_ids: Vec<String>,
    /// Which items need a licence, in the list's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence_requirement: Option<String>,
    /// How applications are reviewed, in the list's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence_policy: Option<String>,
    /// Footnotes of the entry.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub footnotes: Vec<u8>,
    /// Notices in the Federal Register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub federal_register: Option<String>,
}

/// Where a name comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundIn {
    /// The list's primary name.
    PrimaryName,
    /// Another name on the list.
    ListedAlias,
    /// Our own table of names, which is not the government's word.
    OwnTable {
        /// How sure it is that the listed party is meant.
        certainty: String,
        /// Public address that has the name.
        #[serde(skip_serializing_if = "Option::is_none")]
        source: Option<String>,
    },
}

/// A word of the listed name and what was taken for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScreenWord {
    /// In the query, folded.
    pub query: String,
    /// In the listed name.
    pub listed: String,
    /// How one was taken for the other.
    pub how: String,
    /// How alike they are, from 0 to 1.
    pub similarity: f64,
}

impl Operation for Screen {
    const NAME: &'static str = "screen";
    const SUMMARY: &'static str = "Listed parties that a name may be, in any script, each with the reason.";
    type Request = ScreenRequest;
    type Answer = ScreenAnswer;

    fn summary(request: &ScreenRequest, answer: &ScreenAnswer) -> Summary {
        let best = answer.hits.first();
        let status = best.map_or_else(|| "no hit".to_owned(), |hit| format!("{} {}", hit.strength, hit.id));
        Summary { subject: Some(request.name.clone()), status: Some(status) }
    }

    fn run(workbench: &Workbench, request: &ScreenRequest) -> Result<ScreenAnswer, Failure> {
        let options = workbench.screening_options(
            &request.lists,
            request.country.as_deref(),
            request.threshold,
            request.top,
        )?;
        let named = workbench.named_edition(request.edition)?;
        let register = Register {
            named: &named,
            lists: &workbench.party_register()?.lists,
            aliases: workbench.party_aliases()?,
        };
        let found = Screener::new(&named.index).screen(&request.name, &options);
        let hits = (1..).zip(&found.hits).filter_map(|(rank, hit)| register.hit(rank, hit));
        let is_asked = |list: &String| options.lists.is_empty() || options.lists.contains(list);
        let dates = named.edition.dates().iter().filter(|(list, _)| is_asked(list));
        Ok(ScreenAnswer {
            query: request.name.clone(),
            edition: named.edition.date(),
            lists: dates.map(|(list, date)| (list.clone(), *date)).collect(),
            parties: named.edition.parties().len(),
            names: named.index.name_count(),
            threshold: options.threshold,
            hits: hits.collect(),
            note: found.refusal.map(|refusal| refusal.to_string()),
            data_version: workbench.data_version(),
        })
    }
}

/// What a hit is told from.
struct Register<'a> {
    named: &'a NamedEdition,
    lists: &'a Lists,
    aliases: &'a Aliases,
}

impl Register<'_> {
    fn hit(&self, rank: usize, hit: &Hit) -> Option<ScreenHit> {
        let party = self.named.edition.parties().get(hit.party)?;
        let words = hit.matched.iter().map(|word| ScreenWord {
            query: word.query.clone(),
            listed: word.listed.clone(),
            how: how_in_words(word.how),
            similarity: (f64::from(word.similarity) * 1_000.0).round() / 1_000.0,
        });
        Some(ScreenHit {
            rank,
            id: party.id.clone(),
            name: party.name.clone(),
            list: party.list.clone(),
            list_name: self.lists.get(&party.list).map(|list| list.name.clone()).unwrap_or_default(),
            countries: party.countries.clone(),
            score: hit.score,
            strength: hit.strength.word(),
            found: hit.name.clone(),
            found_in: match hit.source {
                NameSource::Primary => FoundIn::PrimaryName,
                NameSource::Alias => FoundIn::ListedAlias,
                NameSource::Own => {
                    let own = self.aliases.of(party).find(|alias| alias.text == hit.name);
                    FoundIn::OwnTable {
                        certainty: own.map(|own| own.certainty.to_string()).unwrap_or_default(),
                        source: own.and_then(|own| own.source.clone()),
                    }
                }
            },
            paths: hit.paths.iter().map(|path| path.words()).collect(),
            matched: words.collect(),
            missing: hit.missing.clone(),
            extra: hit.extra.clone(),
            reason: hit.reason(),
            also_ids: also_ids(self.named, hit),
            licence_requirement: party.licence_requirement.clone(),
            licence_policy: party.licence_policy.clone(),
            footnotes: party.footnotes.clone(),
            federal_register: party.federal_register.clone(),
        })
    }
}

/// Ids of the rows that are the same party.
pub(crate) fn also_ids(named: &NamedEdition, hit: &Hit) -> Vec<String> {
    let rows = hit.same_party.iter().filter_map(|place| named.edition.parties().get(*place));
    rows.map(|party| party.id.clone()).collect()
}

fn how_in_words(how: How) -> String {
    match how {
        How::Same => "same".to_owned(),
        How::WordForm => "word form".to_owned(),
        How::Pinyin => "pinyin".to_owned(),
        How::Translated => "translation".to_owned(),
        How::Transliterated => "transliteration".to_owned(),
        How::Sounded => "sound".to_owned(),
        How::Edits(1) => "1 edit".to_owned(),
        How::Edits(count) => format!("{count} edits"),
        How::Joined => "joined".to_owned(),
        How::Acronym => "acronym".to_owned(),
    }
}
