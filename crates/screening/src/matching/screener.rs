//! [`Screener`]: asks an index.

use rustc_hash::FxHashMap;

use super::acronym;
use super::align::{AcronymFound, Alignment, Verdict};
use super::hit::{Hit, MatchedWord, Path, Refusal, Screening, Strength};
use super::index::{Index, Name, NameSource};
use super::query::Query;
use super::vocabulary::Counters;
use crate::names::fold::as_displayed;
use crate::names::lexicon::WordClass;
use crate::names::reading::Analysis;

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Least score of a hit, from 0 to 1.
    pub threshold: f64,
    /// Most parties.
    pub top: usize,
    /// Codes of lists; all if empty.
    pub lists: Vec<String>,
    /// Country (ISO 3166 alpha-2): parties of others are left out, those of no stated country are not.
    pub country: Option<String>,
}

impl Options {
    /// The threshold that holds where none is given: see `docs/screening.md` for the errors at it.
    pub const THRESHOLD: f64 = 0.8;
    /// How many parties are shown where no number is given.
    pub const TOP: usize = 5;
}

impl Default for Options {
    fn default() -> Self {
        Self { threshold: Self::THRESHOLD, top: Self::TOP, lists: Vec::new(), country: None }
    }
}

/// Most characters of a name: the longest on any list has fewer than half.
const LONGEST_NAME: usize = 1_000;
/// Most entries of the index that are looked at for one reading of a name.
const MOST_LOOKED_AT: usize = 30_000;
/// Most names that are compared word by word.
const MOST_COMPARED: usize = 64;
/// Least likeness of a word by which names are looked up.
const LEAST_LIKENESS: f32 = 0.6;
/// Likeness of an acronym in capitals or alone, and of one that may be a word.
const ACRONYM: (f32, f32) = (0.9, 0.78);
/// What is left of it if more parties than this have the acronym.
const MANY_WITH_ACRONYM: usize = 3;
const AMBIGUOUS: f32 = 0.85;
/// Score of the name of a listed party under another legal form.
const OTHER_LEGAL_FORM: f32 = 0.97;

/// Asks an index; keeps what it needs between questions.
#[derive(Debug)]
pub struct Screener<'i> {
    index: &'i Index,
    counters: Counters,
    alignment: Alignment,
    /// What the words found so far weigh in each name.
    found: Vec<f32>,
    touched: Vec<u32>,
}

/// A name that was found.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    name: u32,
    /// The reading by which it was found; none if it is the name itself.
    reading: Option<usize>,
    acronym: Option<AcronymFound>,
    verdict: Verdict,
}

impl<'i> Screener<'i> {
    /// A screener of this index.
    #[must_use]
    pub fn new(index: &'i Index) -> Self {
        Self {
            index,
            counters: Counters::default(),
            alignment: Alignment::default(),
            found: vec![0.0; index.names.len()],
            touched: Vec::new(),
        }
    }

    /// Looks up a name.
    pub fn screen(&mut self, name: &str, options: &Options) -> Screening {
        let characters = name.chars().count();
        if characters > LONGEST_NAME {
            return refused(Refusal::TooLong { characters, most: LONGEST_NAME });
        }
        let mut analyses = vec![Analysis::of(name, &self.index.lexicon)];
        analyses.extend(as_displayed(name).map(|seen| Analysis::of(&seen, &self.index.lexicon)));
        let letters = analyses.first().map_or(0, |analysis| analysis.key.chars().count());
        let has_form = analyses.iter().any(|analysis| !analysis.legal_forms.is_empty());
        match letters {
            0 if !has_form => return refused(Refusal::Empty),
            1 if !has_form && analyses.iter().all(|analysis| analysis.key.is_ascii()) => {
                return refused(Refusal::OneLetter);
            }
            _ => {}
        }
        let mut candidates: FxHashMap<u32, Candidate> = FxHashMap::default();
        let mut queries: Vec<Query> = Vec::new();
        for analysis in analyses {
            self.add_same(&analysis, &mut candidates);
            for reading in analysis.readings {
                let parted = Query::parted(&reading, self.index, &mut self.counters);
                let whole = Query::of(reading, self.index, &mut self.counters);
                let acronyms = self.acronyms(&whole);
                self.add_like(&whole, queries.len(), &acronyms, options, &mut candidates);
                queries.push(whole);
                if let Some(parted) = parted {
                    // What is only a part of a word is nobody's acronym.
                    self.add_like(&parted, queries.len(), &FxHashMap::default(), options, &mut candidates);
                    queries.push(parted);
                }
            }
        }
        let best = self.best_by_party(candidates.into_values(), options);
        let hits = best.into_iter().filter_map(|candidate| self.explain(name, candidate, &queries)).collect();
        Screening { hits, refusal: None }
    }

    /// Names that are the same.
    fn add_same(&self, analysis: &Analysis, candidates: &mut FxHashMap<u32, Candidate>) {
        for number in self.index.with_key(&analysis.key) {
            let Some(name) = self.index.names.get(*number as usize) else { continue };
            let is_exact = self.forms_agree(&analysis.legal_forms, name);
            let (score, strength) =
                if is_exact { (1.0, Strength::Exact) } else { (OTHER_LEGAL_FORM, Strength::Stem) };
            let verdict = Verdict { score, strength, is_in_order: true };
            keep_better(candidates, Candidate { name: *number, reading: None, acronym: None, verdict });
        }
    }

    /// Whether a name with these legal forms can be that of the party: a form left out says nothing,
    /// forms of one class are one form, and a form added to a name that stands without one must be
    /// a form of the party's country or of any.
    fn forms_agree(&self, forms: &[usize], name: &Name) -> bool {
        let form = |number: &usize| self.index.lexicon.legal_form(*number);
        let mut asked = forms.iter().filter_map(form).peekable();
        if asked.peek().is_none() {
            return true;
        }
        let mut listed = name.legal_forms.iter().filter_map(form).peekable();
        if listed.peek().is_none() {
            let countries = self.index.parties.get(name.party as usize).map(|party| &party.countries);
            return asked.all(|form| {
                form.countries.is_empty()
                    || countries.is_some_and(|countries| {
                        countries.iter().any(|country| form.countries.iter().any(|of| **of == **country))
                    })
            });
        }
        let listed: Vec<&str> = listed.map(|form| form.class.as_str()).collect();
        asked.all(|form| listed.contains(&form.class.as_str()))
    }

    /// Names that are like it.
    fn add_like(
        &mut self,
        query: &Query,
        reading: usize,
        acronyms: &FxHashMap<u32, AcronymFound>,
        options: &Options,
        candidates: &mut FxHashMap<u32, Candidate>,
    ) {
        self.look_up(query);
        let mut ranked = self.ranked(query, options);
        ranked.extend(acronyms.keys().copied().filter(|name| self.is_asked_for(*name, options)));
        ranked.sort_unstable();
        ranked.dedup();
        for number in ranked {
            let Some(name) = self.index.names.get(number as usize) else { continue };
            let acronym = acronyms.get(&number).copied();
            let verdict = self.alignment.compare(query, name, acronym, self.index);
            if f64::from(verdict.score) >= options.threshold {
                keep_better(candidates, Candidate { name: number, reading: Some(reading), acronym, verdict });
            }
        }
    }

    /// Names with an acronym in the query.
    fn acronyms(&self, query: &Query) -> FxHashMap<u32, AcronymFound> {
        let mut acronyms = FxHashMap::default();
        for (at, word) in query.words.iter().enumerate() {
            let word = &word.word;
            if word.class < WordClass::Ordinary || !acronym::LETTERS.contains(&word.raw.len()) {
                continue;
            }
            let names = self.index.with_acronym(&word.raw);
            let group = |name: &u32| {
                let party = self.index.names.get(*name as usize).map(|name| name.party);
                party.and_then(|party| self.index.groups.get(party as usize)).copied()
            };
            let mut parties: Vec<_> = names.iter().take(64).map(|(name, _)| group(name)).collect();
            parties.sort_unstable();
            parties.dedup();
            let is_sure = word.is_capital || query.words.len() == 1;
            let many = if parties.len() > MANY_WITH_ACRONYM { AMBIGUOUS } else { 1.0 };
            let similarity = many * if is_sure { ACRONYM.0 } else { ACRONYM.1 };
            for (name, covered) in names.iter().take(MOST_COMPARED) {
                acronyms.entry(*name).or_insert(AcronymFound { at, covered: *covered, similarity });
            }
        }
        acronyms
    }

    /// Adds up in `found` what the words of the query weigh in each name, the rarest first.
    fn look_up(&mut self, query: &Query) {
        let mut likenesses: Vec<(usize, f32, u32)> = query
            .likenesses
            .iter()
            .filter(|likeness| likeness.similarity >= LEAST_LIKENESS)
            .map(|likeness| {
                let weight = self.index.vocabulary.weight(likeness.listed) * likeness.similarity;
                (self.index.with_word(likeness.listed).len(), weight, likeness.listed)
            })
            .collect();
        likenesses.sort_unstable_by_key(|(names, ..)| *names);
        let mut looked_at = 0;
        for (names, weight, listed) in likenesses {
            looked_at += names;
            if looked_at > MOST_LOOKED_AT {
                break;
            }
            for name in self.index.with_word(listed) {
                if let Some(found) = self.found.get_mut(*name as usize) {
                    if *found == 0.0 {
                        self.touched.push(*name);
                    }
                    *found += weight;
                }
            }
        }
    }

    /// The likeliest of the names found, by what they share with the query; empties `found`.
    fn ranked(&mut self, query: &Query, options: &Options) -> Vec<u32> {
        let asked: f32 = query.words.iter().map(|word| word.weight).sum();
        let mut ranked: Vec<(f32, u32)> = Vec::with_capacity(self.touched.len());
        for number in self.touched.drain(..) {
            let found = self.found.get_mut(number as usize).map_or(0.0, std::mem::take);
            let Some(name) = self.index.names.get(number as usize) else { continue };
            let of_listed = (found / name.weight.max(1.0)).min(1.0);
            let of_query = (found / asked.max(1.0)).min(1.0);
            ranked.push(((of_listed + of_query).max(1.8 * of_listed), number));
        }
        if options.country.is_some() || !options.lists.is_empty() {
            ranked.retain(|(_, name)| self.is_asked_for(*name, options));
        }
        if ranked.len() > MOST_COMPARED {
            ranked.select_nth_unstable_by(MOST_COMPARED - 1, |one, other| other.0.total_cmp(&one.0));
            ranked.truncate(MOST_COMPARED);
        }
        ranked.into_iter().map(|(_, name)| name).collect()
    }

    fn is_asked_for(&self, name: u32, options: &Options) -> bool {
        let party =
            self.index.names.get(name as usize).and_then(|name| self.index.parties.get(name.party as usize));
        party.is_some_and(|party| {
            let of_list = options.lists.is_empty() || options.lists.iter().any(|list| **list == *party.list);
            let of_country = options.country.as_ref().is_none_or(|country| {
                party.countries.is_empty() || party.countries.iter().any(|of| **of == **country)
            });
            of_list && of_country
        })
    }

    /// The best name of each party, the best parties first.
    fn best_by_party(
        &self,
        candidates: impl Iterator<Item = Candidate>,
        options: &Options,
    ) -> Vec<Candidate> {
        let mut best: FxHashMap<u32, Candidate> = FxHashMap::default();
        for candidate in candidates {
            if f64::from(candidate.verdict.score) < options.threshold
                || !self.is_asked_for(candidate.name, options)
            {
                continue;
            }
            let Some(group) =
                self.name(candidate.name).and_then(|name| self.index.groups.get(name.party as usize))
            else {
                continue;
            };
            match best.get_mut(group) {
                Some(known) if self.rank(&candidate) < self.rank(known) => *known = candidate,
                Some(_) => {}
                None => {
                    best.insert(*group, candidate);
                }
            }
        }
        let mut best: Vec<Candidate> = best.into_values().collect();
        best.sort_unstable_by_key(|candidate| self.rank(candidate));
        best.truncate(options.top);
        best
    }

    fn name(&self, number: u32) -> Option<&'i Name> {
        self.index.names.get(number as usize)
    }

    /// What goes first: the higher score, the government's primary name, a row that says what needs a
    /// licence, the order of the edition.
    fn rank(&self, candidate: &Candidate) -> (i32, NameSource, u32, bool, u32, u32) {
        #[expect(clippy::cast_possible_truncation, reason = "a score is from 0 to 1")]
        let score = -(candidate.verdict.score * 10_000.0).round() as i32;
        let Some(name) = self.name(candidate.name) else { return (0, NameSource::Own, 0, true, 0, 0) };
        let party = self.index.parties.get(name.party as usize);
        let has_none = party.is_none_or(|party| !party.has_requirement);
        (score, name.source, name.precedence, has_none, name.party, candidate.name)
    }

    /// Says why.
    fn explain(&mut self, asked: &str, candidate: Candidate, queries: &[Query]) -> Option<Hit> {
        let index = self.index;
        let mut paths = Vec::new();
        let (mut matched, mut missing, mut extra) = (Vec::new(), Vec::new(), Vec::new());
        let name = self.name(candidate.name)?;
        match candidate.reading.and_then(|reading| queries.get(reading)) {
            None => {
                paths.push(if *name.text == *asked {
                    Path::Exact
                } else if asked.is_ascii() || candidate.verdict.strength != Strength::Exact {
                    Path::Folded
                } else {
                    Path::Script
                });
                if candidate.verdict.strength != Strength::Exact {
                    paths.push(Path::Stem);
                }
            }
            Some(query) => {
                let _ = self.alignment.compare(query, name, candidate.acronym, index);
                let text = |word| index.vocabulary.word(word).map_or("", |word| &*word.text).to_owned();
                for pairing in &self.alignment.pairings {
                    let words = query.words.get(pairing.from..pairing.to).unwrap_or_default();
                    paths.extend(pairing.how.path());
                    matched.push(MatchedWord {
                        query: words.iter().map(|word| word.word.raw.as_str()).collect::<Vec<_>>().join(" "),
                        listed: text(pairing.word),
                        how: pairing.how,
                        similarity: pairing.similarity,
                    });
                }
                for (place, word) in index.words_of(name).iter().enumerate() {
                    if !self.alignment.pairings.iter().any(|pairing| pairing.listed == place) {
                        missing.push(text(word.word));
                    }
                }
                let unused = query.words.iter().zip(&self.alignment.used).filter(|(_, used)| !**used);
                extra.extend(unused.map(|(word, _)| word.word.raw.clone()));
                if !candidate.verdict.is_in_order {
                    paths.push(Path::WordOrder);
                }
                if !extra.is_empty() || (!missing.is_empty() && candidate.verdict.strength == Strength::Stem)
                {
                    paths.push(Path::Stem);
                }
                if !missing.is_empty() {
                    paths.push(Path::Partial);
                }
                if paths.is_empty() {
                    paths.push(Path::Folded);
                }
                paths.sort_unstable();
                paths.dedup();
            }
        }
        let group = index.groups.get(name.party as usize).copied().unwrap_or_default();
        let members = index.members.get(&group).map_or(&[][..], Vec::as_slice);
        Some(Hit {
            party: name.party as usize,
            same_party: members
                .iter()
                .filter(|party| **party != name.party)
                .map(|party| *party as usize)
                .collect(),
            name: name.text.to_string(),
            source: name.source,
            score: (f64::from(candidate.verdict.score.min(1.0)) * 1_000.0).round() / 1_000.0,
            strength: candidate.verdict.strength,
            paths,
            matched,
            missing,
            extra,
        })
    }
}

fn refused(refusal: Refusal) -> Screening {
    Screening { hits: Vec::new(), refusal: Some(refusal) }
}

fn keep_better(candidates: &mut FxHashMap<u32, Candidate>, candidate: Candidate) {
    candidates
        .entry(candidate.name)
        .and_modify(|known| {
            if known.verdict.score < candidate.verdict.score {
                *known = candidate;
            }
        })
        .or_insert(candidate);
}
