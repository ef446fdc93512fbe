//! [`Desk`]: looks up end users in the lists, each name and day once.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;
use narrows_quantity::Decimal;
use narrows_screening::edition::Edition;
use narrows_screening::effect::Effects;
use narrows_screening::matching::{Hit, Index, Options, Screener, Strength};
use narrows_screening::party::Party;
use narrows_screening::since::{OnDay, Since};

use super::answer::{Candidate, EndUserAnswer, ListingLine, Outcome, OwnerLine};
use super::cases::{Cases, Facts, laid_over};
use super::{EndUser, Owner};
use crate::failure::Failure;
use crate::workbench::Workbench;

/// Candidates looked at for one name; a name with more is as good as none.
const MOST_CANDIDATES: usize = 25;
/// Names remembered at once; beyond that the memory is cleared, which costs only time.
const MOST_NAMES: usize = 65_536;

/// An end user looked up.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    /// The ways in which it may stand to the lists.
    pub(crate) cases: Cases,
    /// What the lists say.
    pub(crate) answer: EndUserAnswer,
}

/// Looks up end users.
pub(crate) struct Desk<'w> {
    workbench: &'w Workbench,
    effects: Arc<Effects>,
    /// By end user, day of the transaction and day of the lists.
    known: HashMap<(EndUser, Date, Date), Result<Arc<Resolved>, Failure>>,
}

/// Lists of a day with the names on them.
struct Lists<'a> {
    edition: &'a Edition,
    /// The newest lists, for what older ones do not tell of an entry.
    newest: &'a Edition,
    index: &'a Index,
    effects: &'a Effects,
    on: Date,
}

/// What was found for one name.
#[derive(Default)]
struct Found {
    listings: Vec<ListingLine>,
    candidates: Vec<Candidate>,
    notes: Vec<String>,
}

impl Found {
    fn outcome(&self, cases: &Cases) -> Outcome {
        let all = || self.listings.iter().chain(self.candidates.iter().flat_map(|it| &it.listings));
        if !cases.certain.is_empty() {
            Outcome::Listed
        } else if !cases.possible.is_empty() {
            Outcome::PossiblyListed
        } else if all().any(|line| line.on_day == OnDay::NotYet) {
            Outcome::NotYetListed
        } else if self.listings.is_empty() {
            Outcome::NotFound
        } else {
            Outcome::NamedOnly
        }
    }
}

impl<'w> Desk<'w> {
    pub(crate) fn new(workbench: &'w Workbench) -> Result<Self, Failure> {
        Ok(Self { workbench, effects: Arc::clone(workbench.effects()?), known: HashMap::new() })
    }

    /// What the lists of a day say of an end user, and which facts follow on the day `on`.
    pub(crate) fn resolve(
        &mut self,
        end_user: &EndUser,
        on: Date,
        lists_on: Date,
    ) -> Result<Arc<Resolved>, Failure> {
        let key = (end_user.clone(), on, lists_on);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        if self.known.len() >= MOST_NAMES {
            self.known.clear();
        }
        let resolved = self.look_up(end_user, on, lists_on).map(Arc::new);
        self.known.insert(key, resolved.clone());
        resolved
    }

    fn look_up(&self, end_user: &EndUser, on: Date, lists_on: Date) -> Result<Resolved, Failure> {
        // Before the first lists on record those are asked: most who stood there stood there before.
        let first = self.workbench.party_register()?.snapshots.first().map(|snapshot| snapshot.date);
        let named = self.workbench.named_edition_around(lists_on)?;
        let (edition, index) = (&named.edition, &named.index);
        let newest = self.workbench.edition(None)?;
        let lists = Lists { edition, newest: &newest, index, effects: &self.effects, on };
        let mut found = Found::default();
        if let Some(id) = &end_user.id {
            let party = edition.find(id).map_err(Failure::from)?;
            let rows = lists.rows_of(party, end_user.name.as_deref());
            found.listings = rows.into_iter().map(|row| lists.line(row)).collect();
        } else if let Some(name) = &end_user.name {
            found = lists.find(name);
        }
        let owners = end_user.owners.iter().map(|owner| lists.owner(owner)).collect::<Vec<_>>();
        let cases = lists.cases(&found, &owners);
        let outcome = found.outcome(&cases);
        let mut notes = found.notes;
        notes.extend(lists.notes(first, &found.listings));
        Ok(Resolved {
            cases,
            answer: EndUserAnswer {
                name: end_user.name.clone(),
                id: end_user.id.clone(),
                lists_of: edition.date(),
                outcome,
                listings: found.listings,
                candidates: found.candidates,
                owners,
                notes,
            },
        })
    }
}

impl Lists<'_> {
    /// All rows of a party: that with the id, and its rows on other lists.
    fn rows_of<'p>(&'p self, party: &'p Party, name: Option<&str>) -> Vec<&'p Party> {
        let mut rows = vec![party];
        // The party's own name finds its rows on other lists; the name given may be a former one.
        for name in [Some(party.name.as_str()), name].into_iter().flatten() {
            for hit in self.hits(name).iter().filter(|hit| self.is_of(hit, party)) {
                for row in self.rows(hit) {
                    if rows.iter().all(|known| known.id != row.id) {
                        rows.push(row);
                    }
                }
            }
        }
        rows
    }

    fn is_of(&self, hit: &Hit, party: &Party) -> bool {
        self.rows(hit).iter().any(|row| row.id == party.id)
    }

    fn hits(&self, name: &str) -> Vec<Hit> {
        let options = Options { top: MOST_CANDIDATES, ..Options::default() };
        Screener::new(self.index).screen(name, &options).hits
    }

    fn rows(&self, hit: &Hit) -> Vec<&Party> {
        let places = std::iter::once(&hit.party).chain(&hit.same_party);
        places.filter_map(|place| self.edition.parties().get(*place)).collect()
    }

    fn line(&self, party: &Party) -> ListingLine {
        let since = Since::of([party]);
        // An entry that does not tell its day is of its list, which is on record from a day on.
        let of_list = self.edition.dates().get(&party.list);
        let on_record = of_list.is_some_and(|of_list| *of_list <= self.on);
        let on_day = match since.map(|since| since.on(self.on)) {
            _ if on_record => OnDay::Listed,
            Some(on_day) => on_day,
            None => OnDay::Unknown,
        };
        let mut party = party.clone();
        let mut borrowed = None;
        if party.licence_policy.is_none() {
            party.licence_policy = self.newest.get(&party.id).and_then(|newer| newer.licence_policy.clone());
            borrowed = party.licence_policy.as_ref().and(self.newest.dates().get(&party.list));
        }
        let mut listing = self.effects.of(&party);
        listing.notes.extend(borrowed.map(|day| {
            format!("the lists of that day do not tell the review policy; that of {day} is taken")
        }));
        ListingLine {
            listing,
            since,
            on_day,
            licence_requirement: party.licence_requirement.clone(),
            licence_policy: party.licence_policy.clone(),
            footnotes: party.footnotes.clone(),
            federal_register: party.federal_register.clone(),
            status: None,
        }
    }

    fn find(&self, name: &str) -> Found {
        let options = Options { top: MOST_CANDIDATES, ..Options::default() };
        let screening = Screener::new(self.index).screen(name, &options);
        let mut found = Found::default();
        found.notes.extend(screening.refusal.map(|refusal| refusal.to_string()));
        for hit in &screening.hits {
            let lines: Vec<ListingLine> = self.rows(hit).into_iter().map(|row| self.line(row)).collect();
            if hit.strength == Strength::Exact {
                found.listings.extend(lines);
            } else {
                found.candidates.push(Candidate { listings: lines, score: hit.score, reason: hit.reason() });
            }
        }
        found
    }

    fn owner(&self, owner: &Owner) -> OwnerLine {
        let mut found = self.find(&owner.name);
        let counts = |line: &ListingLine| line.listing.reaches_owned && line.on_day != OnDay::NotYet;
        found.listings.retain(counts);
        for candidate in &mut found.candidates {
            candidate.listings.retain(counts);
        }
        found.candidates.retain(|candidate| !candidate.listings.is_empty());
        let is_sure = found.listings.iter().any(|line| line.on_day == OnDay::Listed);
        let outcome = match (is_sure, found.listings.is_empty() && found.candidates.is_empty()) {
            (true, _) => Outcome::Listed,
            (false, false) => Outcome::PossiblyListed,
            (false, true) => Outcome::NotFound,
        };
        OwnerLine {
            name: owner.name.clone(),
            percent: owner.percent,
            outcome,
            listings: found.listings,
            candidates: if is_sure { Vec::new() } else { found.candidates },
        }
    }

    /// The ways in which a party with these listings and owners may stand to the lists.
    fn cases(&self, found: &Found, owners: &[OwnerLine]) -> Cases {
        let negative = |name: &str| (name.to_owned(), false.to_string());
        // The facts that say yes or no in the effects of the lists say no of one who is on none.
        let mut unlisted: Facts = self.effects.denied().map(negative).collect();
        let ownership = self.effects.ownership();
        unlisted.extend(ownership.filter(|_| !owners.is_empty()).map(|rule| negative(&rule.fact)));
        let mut cases = Cases { unlisted, ..Cases::default() };
        let bears = |line: &&ListingLine| !line.listing.facts.is_empty() && line.on_day != OnDay::NotYet;
        for line in found.listings.iter().filter(bears) {
            let facts = laid_over(&cases.unlisted, &line.listing.facts);
            let into = if line.on_day == OnDay::Listed { &mut cases.certain } else { &mut cases.possible };
            Cases::add(into, when(line), &line.listing.id, facts);
        }
        for line in found.candidates.iter().flat_map(|candidate| &candidate.listings).filter(bears) {
            let facts = laid_over(&cases.unlisted, &line.listing.facts);
            Cases::add(&mut cases.possible, when(line), &line.listing.id, facts);
        }
        if let Some(rule) = ownership {
            let reach = |outcomes: &[Outcome]| {
                let counted = owners.iter().filter(|owner| outcomes.contains(&owner.outcome));
                // Shares are added exactly: three of them may make the whole to the last digit.
                let sum = counted.map(|owner| owner.percent).try_fold(Decimal::ZERO, Decimal::checked_add);
                sum.is_none_or(|sum| sum >= rule.percent)
            };
            let sure = reach(&[Outcome::Listed]);
            if sure || reach(&[Outcome::Listed, Outcome::PossiblyListed]) {
                let into = if sure { &mut cases.certain } else { &mut cases.possible };
                let counted = owners.iter().filter(|owner| !sure || owner.outcome == Outcome::Listed);
                for line in counted.flat_map(OwnerLine::lines) {
                    // The owner's entry says how applications are reviewed; that it is the owner who
                    // is listed, and not the party, is said by the facts that say yes or no.
                    let mut facts = laid_over(&line.listing.facts, &cases.unlisted);
                    facts = laid_over(&facts, &vec![(rule.fact.clone(), true.to_string())]);
                    let when = format!("it is owned by {}", when_name(line));
                    Cases::add(into, when, &line.listing.id, facts);
                }
            }
        }
        cases
    }

    fn notes(&self, first: Option<Date>, listings: &[ListingLine]) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(first) = first.filter(|first| self.on < *first) {
            notes.push(format!(
                "the lists on record begin on {first}: a party that left them before is not there, and one that stood there is taken to have been listed from the first notice that its entry cites"
            ));
        }
        for line in listings {
            let name = when_name(line);
            match (line.on_day, line.since) {
                (OnDay::NotYet, Some(since)) => notes.push(format!(
                    "{name} was not listed on {}: the first notice that its entry cites is of {}",
                    self.on, since.settled
                )),
                (OnDay::Unknown, Some(since)) => notes.push(format!(
                    "{name} was listed between {} and {}; its entry does not tell the day",
                    since.first, since.settled
                )),
                (OnDay::Unknown, None) => notes.push(format!(
                    "{name}: the entry does not tell since when; whether it was listed on {} is not on record",
                    self.on
                )),
                _ => {}
            }
            notes.extend(line.listing.notes.iter().map(|note| format!("{}: {note}", line.listing.id)));
        }
        notes
    }
}

impl OwnerLine {
    fn lines(&self) -> impl Iterator<Item = &ListingLine> {
        self.listings.iter().chain(self.candidates.iter().flat_map(|candidate| &candidate.listings))
    }
}

fn when_name(line: &ListingLine) -> String {
    format!("{} ({})", line.listing.id, line.listing.name)
}

fn when(line: &ListingLine) -> String {
    format!("it is {}", when_name(line))
}
