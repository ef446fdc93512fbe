//! The workbench: one table of operations over the engines and the data.
//!
//! Every face (command line, brief, and those to come) asks through here. A
//! [`Workbench`] holds the data, embedded and the user's own; an [`Operation`] has a typed
//! request and answer; the table [`OPERATIONS`] offers the same as JSON. A question is
//! asked under a [`Scenario`]: the law on record, and reforms on top of it.
//!
//! [`record`] makes receipts of answers and runs them again; whoever keeps them is given.
//!
//! What is not here: reading files, a clock, a network, and any form of output.

mod batch;
mod chip_facts;
mod end_user;
mod examiner;
mod failure;
pub mod market;
mod named_edition;
mod operation;
pub mod operations;
mod parties;
pub mod performance;
pub mod record;
mod scenario;
pub mod screening;
mod table;
mod workbench;

pub use batch::{BatchFormat, BatchSummary, check_batch};
pub use end_user::{Candidate, EndUserAnswer, ListingLine, Outcome, Owner, OwnerLine};
pub use examiner::{Examiner, Prepared, PreparedItem, Question, Standing, Verdict};
pub use failure::{Failure, FailureKind};
pub use named_edition::NamedEdition;
pub use operation::{Entry, OPERATIONS, Operation, Summary};
pub use parties::PartyRegister;
pub use scenario::{ReformText, Scenario};
pub use table::harmless;
pub use workbench::{OverlayFile, Workbench};

/// The day that lies so many days after 1970-01-01, for faces that have a clock.
#[must_use]
pub fn day_since_1970(days: u64) -> Option<Date> {
    let span = jiff::Span::new().try_days(i64::try_from(days).ok()?).ok()?;
    Date::constant(1970, 1, 1).checked_add(span).ok()
}

// The types of answers that faces lay out.
pub use jiff::Timestamp;
pub use jiff::civil::Date;
pub use narrows_catalog::{
    Belonging, Bounds, Chip, Derived, FIGURES, Figure, FigureValue, Link, figure_kind,
};
pub use narrows_condition::trace::{LiveMargin, Margin, Step, Trace};
pub use narrows_condition::{Truth, Value};
pub use narrows_law::{
    ChangeKind, Class, Determination, FactLine, Flip, Ground, LeadsTo, Missing, Origin, View,
};
pub use narrows_market::event::{Confounder, Kind as EventKind, PolicyEvent};
pub use narrows_market::quotes::{Fault, FaultKind, Quotes};
pub use narrows_market::significance::Kind as TestKind;
pub use narrows_market::study::{
    FactorTable, Measure, Model, ReturnKind, Scale, Specification, ThinTrading, Window,
};
pub use narrows_quantity::{Certainty, Decimal, Interval};
pub use narrows_screening::since::{OnDay, Since};

/// Names matched with listed ones: what stands behind `screen` and the end user of a check.
pub mod matching {
    pub use narrows_screening::matching::{
        Hit, How, Index, MatchedWord, NameSource, Options, OwnName, Path, Refusal, Screener, Screening,
        Strength,
    };
}

/// Who is listed: the types of the answers of `lists`.
pub mod listed {
    pub use narrows_screening::alias::{Alias, AliasKind, Aliases};
    pub use narrows_screening::difference::{Change, FieldChange, ListDifference};
    pub use narrows_screening::edition::Edition;
    pub use narrows_screening::list::{List, Lists};
    pub use narrows_screening::party::{Party, PartyKind};
    pub use narrows_screening::snapshot::{Coverage, Snapshot};
}

/// What firms stand to lose: the types of the answers of `exposure`.
pub mod exposure {
    pub use narrows_market::exposure::money::{Bounds, Units, Usd};
    pub use narrows_market::exposure::record::{Figure, Kind as FigureKind, Measure, Unit as FigureUnit};
    pub use narrows_market::exposure::risk::{AtRisk, Estimate, Later, QuarterRisk, Supposed};
    pub use narrows_market::exposure::units::{Divisor, Reading};
    pub use narrows_market::policy::forecast::Probability;
    pub use narrows_market::policy::outlook::{Amount, Amounts};
    pub use narrows_market::policy::state::{Exporter, Importer, Rule};
}

/// Who else is hit: the types of the answers of `ripple`.
pub mod ripple {
    pub use narrows_market::event::PublishedMove;
    pub use narrows_market::exposure::recovery::RecoveryPoint;
    pub use narrows_market::ripple::cut::{Band, GoodEffect, MakerQuarter, SupplierEffect};
    pub use narrows_market::ripple::input_output::{Day, Ordering, Parameters};
}
