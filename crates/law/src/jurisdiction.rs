//! [`Jurisdiction`]: the words, facts and instruments of one body of law.

use jiff::civil::Date;
use narrows_condition::{Dictionary, FactId};

use crate::instrument::Instrument;
use crate::status::{Class, Status, StatusId};

/// Two facts in whose plane the classes of a jurisdiction are worth seeing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plane {
    /// What the picture shows.
    pub title: String,
    /// The fact along the horizontal axis.
    pub horizontal: FactId,
    /// The fact along the vertical axis.
    pub vertical: FactId,
}

/// A body of law.
#[derive(Debug, Clone)]
pub struct Jurisdiction {
    /// Id, the name of its folder.
    pub id: String,
    /// Name.
    pub name: String,
    /// Who administers it.
    pub authority: String,
    /// The place that items come from unless said otherwise (a place code).
    pub home: String,
    /// Whether it answers when none is named.
    pub default: bool,
    /// The first day that is covered.
    pub coverage_from: Date,
    /// The last day for which sources were read.
    pub known_through: Date,
    /// Days after which a report of licences says nothing any more.
    pub practice_lapses_after_days: i32,
    /// What an answer of class `no_licence` did not look at.
    pub not_examined: Vec<String>,
    /// Planes in which to draw it.
    pub planes: Vec<Plane>,
    /// Facts that conditions may speak of.
    pub dictionary: Dictionary,
    /// Rules, letters, guidance and the rest.
    pub instruments: Vec<Instrument>,
    pub(crate) statuses: Vec<Status>,
    pub(crate) not_controlled: StatusId,
    pub(crate) outside_scope: StatusId,
}

impl Jurisdiction {
    /// All statuses, the strictest first.
    #[must_use]
    pub fn statuses(&self) -> &[Status] {
        &self.statuses
    }

    /// A status by its place.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "a StatusId is only ever made from a position in this list")]
    pub fn status(&self, id: StatusId) -> &Status {
        &self.statuses[id.0 as usize]
    }

    /// The class that some statuses share, if they do.
    pub(crate) fn common_class(&self, statuses: impl IntoIterator<Item = StatusId>) -> Option<Class> {
        let mut classes = statuses.into_iter().map(|id| self.status(id).class);
        let first = classes.next()?;
        classes.all(|class| class == first).then_some(first)
    }

    /// The place of a word.
    #[must_use]
    pub fn find_status(&self, word: &str) -> Option<StatusId> {
        let position = self.statuses.iter().position(|status| status.word == word)?;
        u32::try_from(position).ok().map(StatusId)
    }
}
