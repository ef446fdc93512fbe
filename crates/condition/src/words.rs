//! A condition in words, as an outline that a person can read aloud.

use narrows_quantity::Decimal;
use serde::Serialize;

use crate::dictionary::{Dictionary, FactType};
use crate::tree::{Comparison, Membership, Node, Operator, Term};

/// A line of an outline: how deep it stands, and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Depth, from zero.
    pub depth: usize,
    /// Text.
    pub text: String,
}

/// Names of things outside the dictionary.
pub trait Naming {
    /// How a provision is called.
    fn provision(&self, id: &str) -> String;
    /// How a place or group of places is called.
    fn place(&self, name: &str) -> String;
    /// How an entry of a register is called.
    fn name(&self, register: &str, name: &str) -> String;
}

/// The condition as an outline.
#[must_use]
pub fn outline(node: &Node, dictionary: &Dictionary, naming: &dyn Naming) -> Vec<Line> {
    let mut lines = Vec::new();
    Writer { dictionary, naming }.write(node, 0, "", &mut lines);
    lines
}

struct Writer<'a> {
    dictionary: &'a Dictionary,
    naming: &'a dyn Naming,
}

impl Writer<'_> {
    fn write(&self, node: &Node, depth: usize, prefix: &str, lines: &mut Vec<Line>) {
        if let Some(text) = self.short(node) {
            lines.push(Line { depth, text: format!("{prefix}{text}") });
            return;
        }
        match node {
            Node::Limb { label, node } => self.write(node, depth, &format!("{prefix}({label}) "), lines),
            Node::Not(inner) => {
                lines.push(Line { depth, text: format!("{prefix}not the following:") });
                self.write(inner, depth + 1, "", lines);
            }
            Node::All(parts) => {
                lines.push(Line { depth, text: format!("{prefix}all of:") });
                for part in merged(parts) {
                    match part {
                        Part::Node(part) => self.write(part, depth + 1, "", lines),
                        Part::Between(low, high) => {
                            lines.push(Line { depth: depth + 1, text: self.between(low, high) });
                        }
                    }
                }
            }
            Node::Any(parts) => {
                lines.push(Line { depth, text: format!("{prefix}any of:") });
                parts.iter().for_each(|part| self.write(part, depth + 1, "", lines));
            }
            _ => {}
        }
    }

    /// A node that fits on a line, or none.
    fn short(&self, node: &Node) -> Option<String> {
        Some(match node {
            Node::Constant(true) => "always".to_owned(),
            Node::Constant(false) => "never".to_owned(),
            Node::Truth(fact) => self.dictionary.fact(*fact).title.clone(),
            Node::Member(membership) => self.member(membership, ""),
            Node::Compare(comparison) => self.compare(comparison),
            Node::Day(comparison) => {
                let title = &self.dictionary.fact(comparison.fact).title;
                let day = comparison.day;
                match comparison.operator {
                    Operator::AtLeast => format!("{title} on or after {day}"),
                    Operator::Above => format!("{title} after {day}"),
                    Operator::AtMost => format!("{title} on or before {day}"),
                    Operator::Below => format!("{title} before {day}"),
                    Operator::Equal => format!("{title} on {day}"),
                    Operator::Unequal => format!("{title} not on {day}"),
                }
            }
            Node::Provision(id) => format!("within {}", self.naming.provision(id)),
            Node::Not(inner) => match &**inner {
                Node::Member(membership) => self.member(membership, "not "),
                Node::Truth(fact) => format!("not {}", self.dictionary.fact(*fact).title),
                Node::Provision(id) => format!("not within {}", self.naming.provision(id)),
                _ => return None,
            },
            Node::All(parts) => {
                let merged: Vec<Part<'_>> = merged(parts);
                if merged.len() > 2 {
                    return None;
                }
                let texts: Option<Vec<String>> = merged
                    .into_iter()
                    .map(|part| match part {
                        Part::Between(low, high) => Some(self.between(low, high)),
                        Part::Node(Node::All(_) | Node::Any(_) | Node::Limb { .. }) => None,
                        Part::Node(node) => self.short(node),
                    })
                    .collect();
                texts?.join(" and ")
            }
            Node::Any(_) | Node::Limb { .. } => return None,
        })
    }

    fn member(&self, membership: &Membership, not: &str) -> String {
        let fact = self.dictionary.fact(membership.fact);
        let names: Vec<String> = membership
            .items
            .iter()
            .map(|item| match &fact.kind {
                FactType::Choice { values } => values
                    .iter()
                    .find(|(word, _)| word == item)
                    .map_or_else(|| item.clone(), |(_, title)| title.clone()),
                FactType::Name { register } => self.naming.name(register, item),
                _ => self.naming.place(item),
            })
            .collect();
        format!("{} is {not}{}", fact.title, listed(&names))
    }

    fn compare(&self, comparison: &Comparison) -> String {
        let subject = self.subject(&comparison.terms);
        let amount = self.amount(comparison);
        match comparison.operator {
            Operator::AtLeast => format!("{subject} of {amount} or more"),
            Operator::Above => format!("{subject} greater than {amount}"),
            Operator::AtMost => format!("{subject} of {amount} or less"),
            Operator::Below => format!("{subject} less than {amount}"),
            Operator::Equal => format!("{subject} of exactly {amount}"),
            Operator::Unequal => format!("{subject} other than {amount}"),
        }
    }

    fn between(&self, low: &Comparison, high: &Comparison) -> String {
        let amount = self.amount(high);
        match high.operator {
            Operator::Below => format!("{} and less than {amount}", self.compare(low)),
            _ => format!("{} and {amount} or less", self.compare(low)),
        }
    }

    fn subject(&self, terms: &[Term]) -> String {
        let texts: Vec<String> = terms
            .iter()
            .map(|term| {
                let title = &self.dictionary.fact(term.fact).title;
                if term.coefficient == Decimal::ONE {
                    title.clone()
                } else {
                    format!("{} times {title}", term.coefficient)
                }
            })
            .collect();
        texts.join(" plus ")
    }

    fn amount(&self, comparison: &Comparison) -> String {
        let unit = comparison.terms.first().and_then(|term| self.dictionary.fact(term.fact).unit());
        match unit {
            Some(unit) => format!("{} {unit}", comparison.threshold.grouped()),
            None => comparison.threshold.grouped(),
        }
    }
}

enum Part<'a> {
    Node(&'a Node),
    /// A lower and an upper bound on the same subject.
    Between(&'a Comparison, &'a Comparison),
}

/// Neighbouring lower and upper bounds on one subject read as one.
fn merged(parts: &[Node]) -> Vec<Part<'_>> {
    let mut flat: Vec<&Node> = Vec::new();
    for part in parts {
        match part {
            Node::All(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    let mut merged = Vec::new();
    let mut rest = flat.as_slice();
    loop {
        match rest {
            [Node::Compare(low), Node::Compare(high), tail @ ..]
                if low.terms == high.terms
                    && matches!(low.operator, Operator::AtLeast | Operator::Above)
                    && matches!(high.operator, Operator::AtMost | Operator::Below) =>
            {
                merged.push(Part::Between(low, high));
                rest = tail;
            }
            [node, tail @ ..] => {
                merged.push(Part::Node(node));
                rest = tail;
            }
            [] => return merged,
        }
    }
}

/// `a`, `a or b`, `a, b or c`.
fn listed(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}
