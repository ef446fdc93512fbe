//! [`Instrument`]: a document that changes law, and its operations on provisions.

use std::sync::Arc;

use jiff::civil::Date;
use narrows_catalog::datafile::Location;
use narrows_condition::{Condition, FactId};
use narrows_quantity::Certainty;
use serde::Serialize;

use crate::status::StatusId;

/// A document that changes law, proposes to, or reports what is done.
#[derive(Debug, Clone)]
pub struct Instrument {
    /// Stable id.
    pub id: String,
    /// Title.
    pub title: String,
    /// What kind of document it is.
    pub kind: InstrumentKind,
    /// How it is cited.
    pub citation: String,
    /// Day of publication.
    pub published: Date,
    /// First day on which it could be known.
    pub known_from: Date,
    /// Day from which it has effect; none for a reform that is asked about on any day.
    pub effective: Option<Date>,
    /// Day from which it is applied.
    pub compliance: Option<Date>,
    /// How sure its content is.
    pub certainty: Certainty,
    /// Remark.
    pub note: Option<String>,
    /// Documents.
    pub sources: Vec<Source>,
    /// What it does.
    pub operations: Vec<Operation>,
    /// Where its file begins.
    pub at: Location,
}

/// What kind of document an instrument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InstrumentKind {
    /// A rule.
    Rule,
    /// A government's correction of its own text.
    Correction,
    /// A letter that binds its addressees.
    Letter,
    /// Guidance.
    Guidance,
    /// An announcement or report.
    Announcement,
    /// A proclamation.
    Proclamation,
    /// Any other measure of an authority.
    Measure,
    /// A bill.
    Bill,
    /// A user's own change.
    Reform,
}

impl InstrumentKind {
    pub(crate) const ALL: [(&'static str, Self); 9] = [
        ("rule", Self::Rule),
        ("correction", Self::Correction),
        ("letter", Self::Letter),
        ("guidance", Self::Guidance),
        ("announcement", Self::Announcement),
        ("proclamation", Self::Proclamation),
        ("measure", Self::Measure),
        ("bill", Self::Bill),
        ("reform", Self::Reform),
    ];

    /// The word used in data files and answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("rule", |(word, _)| word)
    }
}

/// A document that says what an instrument is or does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Address.
    pub url: String,
    /// How good it is.
    pub certainty: Certainty,
    /// What it bears out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supports: Option<String>,
}

/// Which state of law is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// What the authority says that it applies.
    #[default]
    Enforced,
    /// What the text says.
    Codified,
}

impl View {
    /// The word used on the command line and in answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enforced => "enforced",
            Self::Codified => "codified",
        }
    }
}

/// One change to one provision.
#[derive(Debug, Clone)]
pub struct Operation {
    /// What is done.
    pub act: Act,
    /// Stable id of the provision.
    pub provision: String,
    /// Own dates and restriction, which go before those of the instrument.
    pub(crate) timing: Timing,
    /// Where it stands.
    pub at: Location,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timing {
    pub(crate) effective: Option<Date>,
    pub(crate) compliance: Option<Date>,
    pub(crate) until: Option<Date>,
    pub(crate) known_from: Option<Date>,
    pub(crate) view: Option<View>,
}

/// What an operation does.
#[derive(Debug, Clone)]
pub enum Act {
    /// The provision comes into force.
    Add(Arc<Definition>),
    /// Its definition is replaced.
    Replace(Arc<Definition>),
    /// One condition within it is replaced by another.
    Amend {
        /// What is struck.
        strike: Condition,
        /// What is put there.
        insert: Condition,
    },
    /// It is no longer in force.
    End,
    /// It is not in force for a while.
    Suspend,
    /// It is not applied, though it stands in the text.
    NotEnforced,
    /// Whether it is in force is an open question.
    Unsettle {
        /// The question.
        question: FactId,
    },
}

impl Act {
    /// The word used in data files.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Add(_) => "add",
            Self::Replace(_) => "replace",
            Self::Amend { .. } => "amend",
            Self::End => "end",
            Self::Suspend => "suspend",
            Self::NotEnforced => "not_enforced",
            Self::Unsettle { .. } => "unsettle",
        }
    }

    /// Whether the act changes the text, rather than suspending what the text says.
    pub(crate) const fn changes_text(&self) -> bool {
        matches!(self, Self::Add(_) | Self::Replace(_) | Self::Amend { .. } | Self::End)
    }

    /// Every condition that it brings into the law.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let inserted = match self {
            Self::Amend { insert, .. } => Some(insert),
            _ => None,
        };
        self.definition().into_iter().flat_map(Definition::all_conditions).chain(inserted)
    }

    /// The definition it brings.
    #[must_use]
    pub fn definition(&self) -> Option<&Definition> {
        match self {
            Self::Add(definition) | Self::Replace(definition) => Some(definition),
            _ => None,
        }
    }
}

impl Instrument {
    /// First day of an operation in a view; none if it does not act there, and the
    /// first of all days for a reform without a day.
    #[must_use]
    pub fn start(&self, operation: &Operation, view: View) -> Option<Date> {
        let timing = operation.timing;
        let acts_here = timing.view.is_none_or(|only| only == view)
            && !(matches!(operation.act, Act::NotEnforced) && view == View::Codified);
        if !acts_here {
            return None;
        }
        let effective = timing.effective.or(self.effective);
        // An operation's own day of effect goes before the instrument's day of compliance.
        let own_or_compliance = timing.compliance.or(timing.effective).or(self.compliance).or(self.effective);
        let day = match view {
            View::Codified => effective,
            View::Enforced => own_or_compliance,
        };
        Some(day.unwrap_or(Date::MIN))
    }

    /// First day on which an operation could be known.
    #[must_use]
    pub fn known_from(&self, operation: &Operation) -> Date {
        operation.timing.known_from.unwrap_or(self.known_from)
    }
}

/// What a provision says.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// What it does.
    pub effect: Effect,
    /// Short name.
    pub title: String,
    /// How it is cited.
    pub citation: String,
    /// When it does so.
    pub when: Condition,
    /// What it says, in words.
    pub text: Option<String>,
    /// Remark.
    pub note: Option<String>,
    /// How sure it is.
    pub certainty: Certainty,
    /// Procedural conditions printed with an answer that it decides.
    pub conditions: Vec<ProceduralCondition>,
    /// Where its condition stands.
    pub at: Location,
}

/// A step of the procedure.
#[derive(Debug, Clone, PartialEq)]
pub struct ProceduralCondition {
    /// What is to be done.
    pub text: String,
    /// When it is needed; always if absent.
    pub when: Option<Condition>,
}

/// What a provision does.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Names a condition.
    Define,
    /// Makes classes or truth facts hold whatever the facts say.
    Presume {
        /// Classes, by id.
        classes: Vec<String>,
        /// Truth facts.
        facts: Vec<FactId>,
        /// What rebuts it.
        unless: Option<Condition>,
    },
    /// Classifies the item.
    Classify {
        /// Whether the class is one that requirements look at, rather than a label.
        caught: bool,
    },
    /// Takes the item out of classes.
    Exclude {
        /// The classes.
        from: Vec<String>,
    },
    /// Requires a licence.
    Require {
        /// The status where no review provision says more.
        review: StatusId,
    },
    /// Lifts requirements.
    Exempt {
        /// The requirements; empty for all.
        from: Vec<String>,
    },
    /// Makes a licence exception available.
    Except {
        /// The status.
        status: StatusId,
        /// The requirements that it discharges.
        discharges: Vec<String>,
    },
    /// Says how applications are reviewed.
    Review {
        /// For which requirements.
        of: Vec<String>,
        /// The first case that holds decides.
        cases: Vec<(Condition, StatusId)>,
        /// The status if none holds.
        otherwise: StatusId,
    },
    /// Prohibits.
    Prohibit {
        /// The status.
        status: StatusId,
    },
    /// Reports licences as issued.
    Practice {
        /// For which requirements.
        of: Vec<String>,
        /// The status.
        status: StatusId,
        /// Days of the reports.
        reported: Vec<Date>,
    },
    /// A duty or fee.
    Charge {
        /// How much.
        rate: String,
        /// Of what.
        base: String,
    },
}

impl Effect {
    /// The word used in data files and answers.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Define => "define",
            Self::Presume { .. } => "presume",
            Self::Classify { .. } => "classify",
            Self::Exclude { .. } => "exclude",
            Self::Require { .. } => "require",
            Self::Exempt { .. } => "exempt",
            Self::Except { .. } => "except",
            Self::Review { .. } => "review",
            Self::Prohibit { .. } => "prohibit",
            Self::Practice { .. } => "practice",
            Self::Charge { .. } => "charge",
        }
    }
}

impl Definition {
    /// Every condition of the definition.
    pub fn all_conditions(&self) -> impl Iterator<Item = &Condition> {
        let own: Vec<&Condition> = match &self.effect {
            Effect::Presume { unless, .. } => unless.iter().collect(),
            Effect::Review { cases, .. } => cases.iter().map(|(condition, _)| condition).collect(),
            _ => Vec::new(),
        };
        let procedural = self.conditions.iter().filter_map(|condition| condition.when.as_ref());
        std::iter::once(&self.when).chain(own).chain(procedural)
    }

    /// Other provisions that the definition names beside its conditions, and the effect that
    /// each must have.
    pub(crate) fn references(&self) -> Vec<(&str, &'static [&'static str])> {
        const CLASS: &[&str] = &["classify"];
        const REQUIREMENT: &[&str] = &["require"];
        match &self.effect {
            Effect::Presume { classes, .. } => classes.iter().map(|id| (id.as_str(), CLASS)).collect(),
            Effect::Exclude { from } => from.iter().map(|id| (id.as_str(), CLASS)).collect(),
            Effect::Exempt { from } => from.iter().map(|id| (id.as_str(), REQUIREMENT)).collect(),
            Effect::Except { discharges: of, .. }
            | Effect::Review { of, .. }
            | Effect::Practice { of, .. } => of.iter().map(|id| (id.as_str(), REQUIREMENT)).collect(),
            _ => Vec::new(),
        }
    }
}
