//! The typed tree: what a condition means once it has been read.

use std::ops::Range;

use jiff::civil::Date;
use narrows_quantity::Decimal;

use crate::dictionary::FactId;

/// A condition that has been parsed and type-checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The text it was read from.
    pub text: String,
    /// What it means.
    pub root: Node,
}

/// A node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `always` or `never`.
    Constant(bool),
    /// A fact that is true or false.
    Truth(FactId),
    /// `fact is x`, `fact in {x, y}`.
    Member(Membership),
    /// A numeric comparison.
    Compare(Comparison),
    /// A comparison of days.
    Day(DayComparison),
    /// Another provision, by its id: its condition holds.
    Provision(String),
    /// `not ...`
    Not(Box<Node>),
    /// `... and ...`
    All(Vec<Node>),
    /// `... or ...`
    Any(Vec<Node>),
    /// `limb a.1 (...)`: a part that citations name.
    Limb {
        /// Its label.
        label: String,
        /// What it says.
        node: Box<Node>,
    },
}

/// Whether a fact is one of a set of words, names or places.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Membership {
    /// The fact.
    pub fact: FactId,
    /// Choice words, register names, place codes, or names of place groups.
    pub items: Vec<String>,
}

/// `c₁·x₁ + c₂·x₂ + … OP threshold`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The sum on the left; one term with coefficient one in almost all law.
    pub terms: Vec<Term>,
    /// The operator.
    pub operator: Operator,
    /// The number on the right, in the unit of the facts.
    pub threshold: Decimal,
    /// Where it stands in the text, for amendments.
    pub span: Range<usize>,
}

/// `coefficient · fact`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Term {
    /// The multiple.
    pub coefficient: Decimal,
    /// Of which fact.
    pub fact: FactId,
}

/// `fact OP date`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DayComparison {
    /// The fact.
    pub fact: FactId,
    /// The operator.
    pub operator: Operator,
    /// The day.
    pub day: Date,
}

/// How two quantities are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `>=`
    AtLeast,
    /// `>`
    Above,
    /// `<=`
    AtMost,
    /// `<`
    Below,
    /// `=`
    Equal,
    /// `!=`
    Unequal,
}

impl Operator {
    /// As written in conditions.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::Above => ">",
            Self::AtMost => "<=",
            Self::Below => "<",
            Self::Equal => "=",
            Self::Unequal => "!=",
        }
    }

    /// With the two sides exchanged.
    #[must_use]
    pub const fn mirrored(self) -> Self {
        match self {
            Self::AtLeast => Self::AtMost,
            Self::Above => Self::Below,
            Self::AtMost => Self::AtLeast,
            Self::Below => Self::Above,
            Self::Equal => Self::Equal,
            Self::Unequal => Self::Unequal,
        }
    }

    /// Whether `left OP right` holds.
    #[must_use]
    pub fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Self::AtLeast => left >= right,
            Self::Above => left > right,
            Self::AtMost => left <= right,
            Self::Below => left < right,
            Self::Equal => left == right,
            Self::Unequal => left != right,
        }
    }
}

impl Condition {
    /// All provisions that the condition names, in the order of the text.
    pub fn provisions(&self) -> impl Iterator<Item = &str> {
        self.root.descendants().filter_map(|node| match node {
            Node::Provision(id) => Some(id.as_str()),
            _ => None,
        })
    }

    /// All numeric comparisons, in the order of the text.
    pub fn comparisons(&self) -> impl Iterator<Item = &Comparison> {
        self.root.descendants().filter_map(|node| match node {
            Node::Compare(comparison) => Some(comparison),
            _ => None,
        })
    }

    /// All days that the condition compares with.
    pub fn days(&self) -> impl Iterator<Item = Date> {
        self.root.descendants().filter_map(|node| match node {
            Node::Day(comparison) => Some(comparison.day),
            _ => None,
        })
    }
}

impl Node {
    /// Whether two nodes mean the same, wherever they stand in their texts.
    #[must_use]
    pub fn means_the_same_as(&self, other: &Self) -> bool {
        let pairwise = |a: &[Self], b: &[Self]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.means_the_same_as(b))
        };
        match (self, other) {
            (Self::Compare(a), Self::Compare(b)) => {
                a.terms == b.terms && a.operator == b.operator && a.threshold == b.threshold
            }
            (Self::Not(a), Self::Not(b)) => a.means_the_same_as(b),
            (Self::Limb { label: a, node: x }, Self::Limb { label: b, node: y }) => {
                a == b && x.means_the_same_as(y)
            }
            (Self::All(a), Self::All(b)) | (Self::Any(a), Self::Any(b)) => pairwise(a, b),
            _ => self == other,
        }
    }

    /// Puts `insert` in the place of every node that means the same as `strike`.
    pub fn substitute(&mut self, strike: &Self, insert: &Self) {
        if self.means_the_same_as(strike) {
            self.clone_from(insert);
            return;
        }
        match self {
            Self::Not(inner) | Self::Limb { node: inner, .. } => inner.substitute(strike, insert),
            Self::All(parts) | Self::Any(parts) => {
                parts.iter_mut().for_each(|part| part.substitute(strike, insert));
            }
            _ => {}
        }
    }

    /// The node and everything below it, in the order of the text.
    pub fn descendants(&self) -> impl Iterator<Item = &Self> {
        let mut stack = vec![self];
        std::iter::from_fn(move || {
            let node = stack.pop()?;
            match node {
                Self::Not(inner) | Self::Limb { node: inner, .. } => stack.push(inner),
                Self::All(parts) | Self::Any(parts) => stack.extend(parts.iter().rev()),
                _ => {}
            }
            Some(node)
        })
    }
}
