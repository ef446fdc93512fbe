//! [`Fault`]: figures with which nothing can be computed.

/// Figures with which nothing can be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Fault {
    /// A figure that must be zero or more, and finite.
    #[error("{what}: expected a finite figure of zero or more, found {value}")]
    Negative {
        /// What it is.
        what: &'static str,
        /// The figure.
        value: f64,
    },
    /// A figure beyond what histories can be drawn for.
    #[error("{what}: expected 0 to {most}, found {value}")]
    Beyond {
        /// What it is.
        what: &'static str,
        /// The figure.
        value: f64,
        /// Most that it may be.
        most: f64,
    },
    /// A figure that must be above zero, and finite.
    #[error("{what}: expected a finite figure above zero, found {value}")]
    NotPositive {
        /// What it is.
        what: &'static str,
        /// The figure.
        value: f64,
    },
    /// A share that must lie from zero to one.
    #[error("{what}: expected a share from 0 to 1, found {value}")]
    Share {
        /// What it is.
        what: &'static str,
        /// The figure.
        value: f64,
    },
    /// Probabilities that do not sum to one.
    #[error("probabilities of the states at delivery: expected a sum of 1, found {sum}")]
    Sum {
        /// Their sum.
        sum: f64,
    },
    /// What a stranded part brings covers its cost, so that no number of parts is too many.
    #[error("salvage of {salvage} covers the unit cost of {unit_cost}, so that no number is too many")]
    FreeStock {
        /// What a stranded part brings.
        salvage: f64,
        /// What a part costs.
        unit_cost: f64,
    },
    /// A range whose lower end lies above its upper end.
    #[error("{what}: expected a lower end no higher than the upper one, found {low} to {high}")]
    Range {
        /// What it is.
        what: &'static str,
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// No line was watched for a day by then, so that no rate is known.
    #[error("no line of parts was watched by then, so that the hazards must be given")]
    NothingSeen,
    /// No such transition.
    #[error(
        "unknown turn `{name}`; expected tighten, loosen, retaliate, relent, or two states of one side such as \
         open:ban (open, fee, licence, ban) or allows:blocks"
    )]
    Transition {
        /// The name given.
        name: String,
    },
    /// No transition of a kind between the states that were seen.
    #[error("{name}: no such turn lies between the states seen by then; name one, such as open:ban")]
    NothingOfKind {
        /// The kind.
        name: &'static str,
    },
    /// A number that is too small or too large.
    #[error("{what}: expected {low} to {high}, found {value}")]
    Count {
        /// What is counted.
        what: &'static str,
        /// Least.
        low: usize,
        /// Most.
        high: usize,
        /// The number.
        value: usize,
    },
    /// Fewer draws than a spread needs.
    #[error("expected at least 2 draws, found {draws}")]
    Draws {
        /// Draws asked for.
        draws: usize,
    },
}

/// Checks a figure that must be finite and zero or more.
pub(super) fn not_negative(what: &'static str, value: f64) -> Result<f64, Fault> {
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err(Fault::Negative { what, value }) }
}

/// Checks a figure that must be finite and above zero.
pub(super) fn positive(what: &'static str, value: f64) -> Result<f64, Fault> {
    if value.is_finite() && value > 0.0 { Ok(value) } else { Err(Fault::NotPositive { what, value }) }
}

/// Checks a figure that must be zero or more and has an upper end.
pub(super) fn up_to(what: &'static str, value: f64, most: f64) -> Result<f64, Fault> {
    if (0.0..=most).contains(&value) { Ok(value) } else { Err(Fault::Beyond { what, value, most }) }
}

/// Checks a share from zero to one.
pub(super) fn share(what: &'static str, value: f64) -> Result<f64, Fault> {
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err(Fault::Share { what, value }) }
}
