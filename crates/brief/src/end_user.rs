//! The section on the end user: what the lists say of it, made ready for the template.

use narrows::{Candidate, EndUserAnswer, ListingLine};

/// What the lists say of the end user.
pub(crate) struct EndUser<'a> {
    /// Name and id as given.
    pub(crate) name: String,
    /// What came of looking it up.
    pub(crate) outcome: &'static str,
    /// Newest day of the lists.
    pub(crate) lists_of: String,
    /// Listings and listed parties that it may be.
    pub(crate) rows: Vec<Row<'a>>,
    /// Owners, each with what the lists say.
    pub(crate) owners: Vec<Owner<'a>>,
    pub(crate) notes: &'a [String],
}

/// A listing.
pub(crate) struct Row<'a> {
    pub(crate) line: &'a ListingLine,
    /// Since when.
    pub(crate) since: String,
    /// How near the name is and why; none for the party itself.
    pub(crate) likeness: Option<String>,
}

pub(crate) struct Owner<'a> {
    pub(crate) name: &'a str,
    pub(crate) percent: String,
    pub(crate) outcome: &'static str,
    pub(crate) rows: Vec<Row<'a>>,
}

impl<'a> EndUser<'a> {
    pub(crate) fn new(answer: &'a EndUserAnswer) -> Self {
        let names = [&answer.name, &answer.id].into_iter().flatten().map(String::as_str);
        Self {
            name: names.collect::<Vec<_>>().join(", "),
            outcome: answer.outcome.words(),
            lists_of: answer.lists_of.map(|day| day.to_string()).unwrap_or_default(),
            rows: rows(&answer.listings, &answer.candidates),
            owners: answer
                .owners
                .iter()
                .map(|owner| Owner {
                    name: &owner.name,
                    percent: owner.percent.to_string(),
                    outcome: owner.outcome.words(),
                    rows: rows(&owner.listings, &owner.candidates),
                })
                .collect(),
            notes: &answer.notes,
        }
    }
}

fn rows<'a>(listings: &'a [ListingLine], candidates: &'a [Candidate]) -> Vec<Row<'a>> {
    let own = listings.iter().map(|line| row(line, None));
    let may_be = candidates.iter().flat_map(|candidate| {
        let likeness = format!("score {:.2}, {}", candidate.score, candidate.reason);
        candidate.listings.iter().map(move |line| row(line, Some(likeness.clone())))
    });
    own.chain(may_be).collect()
}

fn row(line: &ListingLine, likeness: Option<String>) -> Row<'_> {
    let since = line.since.map(|since| match since.first == since.settled {
        true => since.first.to_string(),
        false => format!("{} to {}", since.first, since.settled),
    });
    Row { line, since: since.unwrap_or_default(), likeness }
}
