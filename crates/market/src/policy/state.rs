//! [`Rule`]: what the two sides say, and [`Terms`]: what may then be sold.
//!
//! The states are those in which the parts of the record were sold or not: without a licence,
//! with a licence on application, for a share of the revenue, or not at all; and bought or
//! turned away. Who the two sides are stands in the data.

use std::fmt;

use serde::Serialize;

use super::fault::{Fault, share};

/// What the exporter's authority says of a part and a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exporter {
    /// It may be sold without asking.
    Open,
    /// It may be sold for a share of the revenue.
    Fee,
    /// Each sale needs a licence that may be had.
    Licence,
    /// No licence is given.
    Ban,
}

/// What the importer's authority says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Importer {
    /// It may be bought.
    Allows,
    /// Customs stop it, or buyers are told not to buy.
    Blocks,
}

/// Words for what the exporter says, the least strict first.
pub const EXPORTER_STATES: [(&str, Exporter); 4] = [
    ("open", Exporter::Open),
    ("fee", Exporter::Fee),
    ("licence", Exporter::Licence),
    ("ban", Exporter::Ban),
];

/// Words for what the importer says.
pub const IMPORTER_STATES: [(&str, Importer); 2] =
    [("allows", Importer::Allows), ("blocks", Importer::Blocks)];

impl Exporter {
    /// All, the least strict first.
    pub const ALL: [Self; 4] = [Self::Open, Self::Fee, Self::Licence, Self::Ban];

    /// The word of the data files and the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Fee => "fee",
            Self::Licence => "licence",
            Self::Ban => "ban",
        }
    }
}

impl Importer {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Allows, Self::Blocks];

    /// The word of the data files and the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allows => "allows",
            Self::Blocks => "blocks",
        }
    }
}

/// What both sides say: a state of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Rule {
    /// The exporter's side.
    pub exporter: Exporter,
    /// The importer's side.
    pub importer: Importer,
}

/// Number of joint states.
pub const RULES: usize = 8;

impl Rule {
    /// All joint states in the order of the rows of a chain.
    #[must_use]
    pub fn all() -> [Self; RULES] {
        std::array::from_fn(|row| {
            let exporter = Exporter::ALL.get(row / 2).copied().unwrap_or(Exporter::Ban);
            let importer = if row % 2 == 0 { Importer::Allows } else { Importer::Blocks };
            Self { exporter, importer }
        })
    }

    /// Its row in a chain.
    #[must_use]
    pub const fn row(self) -> usize {
        let exporter = match self.exporter {
            Exporter::Open => 0,
            Exporter::Fee => 1,
            Exporter::Licence => 2,
            Exporter::Ban => 3,
        };
        let importer = match self.importer {
            Importer::Allows => 0,
            Importer::Blocks => 1,
        };
        2 * exporter + importer
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.exporter.word(), self.importer.word())
    }
}

/// What the states mean for a seller.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Terms {
    licensed_share: f64,
    fee: f64,
}

impl Terms {
    /// Terms with the share of demand that licences let through, and the share of the revenue
    /// that the fee takes.
    ///
    /// # Errors
    /// A figure outside zero to one.
    pub fn new(licensed_share: f64, fee: f64) -> Result<Self, Fault> {
        Ok(Self {
            licensed_share: share("share of demand that licences let through", licensed_share)?,
            fee: share("fee", fee)?,
        })
    }

    /// The same with another share that licences let through.
    ///
    /// # Errors
    /// A figure outside zero to one.
    pub fn with_licensed(self, licensed_share: f64) -> Result<Self, Fault> {
        Self::new(licensed_share, self.fee)
    }

    /// Share of demand that may be met: one, what licences let through, or none. The stricter
    /// of the two sides decides.
    #[must_use]
    pub const fn sold_share(&self, rule: Rule) -> f64 {
        match (rule.importer, rule.exporter) {
            (Importer::Blocks, _) | (_, Exporter::Ban) => 0.0,
            (Importer::Allows, Exporter::Licence) => self.licensed_share,
            (Importer::Allows, Exporter::Open | Exporter::Fee) => 1.0,
        }
    }

    /// Share of the revenue that the seller hands over.
    #[must_use]
    pub const fn fee(&self, rule: Rule) -> f64 {
        match rule.exporter {
            Exporter::Fee => self.fee,
            _ => 0.0,
        }
    }

    /// Whether nothing may be sold.
    #[must_use]
    pub fn is_shut(&self, rule: Rule) -> bool {
        self.sold_share(rule) <= 0.0
    }
}
