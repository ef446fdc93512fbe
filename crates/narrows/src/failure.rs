//! [`Failure`]: why a question has no answer, in a form that every face can show.

use narrows_catalog::{NameError, Problems};
use narrows_condition::{ParseError, ValueError};
use narrows_law::{FactsError, LawError};
use narrows_ledger::Fault;
use narrows_market::event::UnknownEvent;
use narrows_screening::edition::UnknownParty;
use narrows_screening::list::UnknownList;
use narrows_screening::update::Refusal;

/// What kind of failure it is; every face maps it to its own signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The question, a file or a number is malformed.
    Input,
    /// A name that nobody or several have.
    UnknownName,
    /// A day before the record.
    BeforeCoverage,
    /// What is asked cannot be done; the message says which constraint binds.
    Infeasible,
    /// Our own data contradict themselves.
    Data,
}

impl FailureKind {
    /// Exit status of the command line.
    #[must_use]
    pub const fn exit_status(self) -> u8 {
        match self {
            Self::Input => 2,
            Self::UnknownName => 3,
            Self::BeforeCoverage => 4,
            Self::Infeasible => 5,
            Self::Data => 70,
        }
    }
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind it is.
    pub kind: FailureKind,
    /// What was found, where, and what was expected.
    pub message: String,
}

impl Failure {
    /// A malformed question.
    #[must_use]
    pub fn input(message: impl Into<String>) -> Self {
        Self { kind: FailureKind::Input, message: message.into() }
    }

    /// Something that cannot be done.
    #[must_use]
    pub fn infeasible(message: impl Into<String>) -> Self {
        Self { kind: FailureKind::Infeasible, message: message.into() }
    }

    /// Our own data at fault.
    #[must_use]
    pub fn data(message: impl Into<String>) -> Self {
        Self { kind: FailureKind::Data, message: message.into() }
    }

    /// The same with words before the message.
    #[must_use]
    pub fn within(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

impl From<NameError> for Failure {
    fn from(error: NameError) -> Self {
        Self { kind: FailureKind::UnknownName, message: error.to_string() }
    }
}

impl From<UnknownEvent> for Failure {
    fn from(error: UnknownEvent) -> Self {
        Self { kind: FailureKind::UnknownName, message: error.to_string() }
    }
}

impl From<UnknownList> for Failure {
    fn from(error: UnknownList) -> Self {
        Self { kind: FailureKind::UnknownName, message: error.to_string() }
    }
}

impl From<UnknownParty> for Failure {
    fn from(error: UnknownParty) -> Self {
        Self { kind: FailureKind::UnknownName, message: error.to_string() }
    }
}

impl From<Refusal> for Failure {
    fn from(error: Refusal) -> Self {
        Self::input(error.to_string())
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let kind = match fault {
            Fault::Input(_) => FailureKind::Input,
            Fault::Unknown(_) => FailureKind::UnknownName,
            Fault::Damaged(_) => FailureKind::Data,
        };
        Self { kind, message: fault.to_string() }
    }
}

impl From<ValueError> for Failure {
    fn from(error: ValueError) -> Self {
        Self::input(error.to_string())
    }
}

impl From<FactsError> for Failure {
    fn from(error: FactsError) -> Self {
        Self::input(error.to_string())
    }
}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        Self::input(error.to_string())
    }
}

impl From<LawError> for Failure {
    fn from(error: LawError) -> Self {
        let kind = match error {
            LawError::UnknownJurisdiction { .. } => FailureKind::UnknownName,
            LawError::BeforeCoverage { .. } => FailureKind::BeforeCoverage,
            LawError::Data { .. } => FailureKind::Data,
        };
        Self { kind, message: error.to_string() }
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::input(problems.to_string())
    }
}
