//! A typed tree as text of the language again, in one canonical spelling.

use narrows_quantity::Decimal;

use crate::dictionary::Dictionary;
use crate::parse::KEYWORDS;
use crate::tree::{Comparison, Node};

/// The text of a node; parsing it gives the same meaning back.
#[must_use]
pub fn canonical_text(node: &Node, dictionary: &Dictionary) -> String {
    Printer { dictionary }.node(node, Binding::Loosest)
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Loosest,
    And,
    Not,
}

struct Printer<'a> {
    dictionary: &'a Dictionary,
}

impl Printer<'_> {
    fn node(&self, node: &Node, within: Binding) -> String {
        let (text, own) = match node {
            Node::Constant(true) => ("always".to_owned(), Binding::Not),
            Node::Constant(false) => ("never".to_owned(), Binding::Not),
            Node::Truth(fact) => (self.dictionary.fact(*fact).name.clone(), Binding::Not),
            Node::Provision(id) => (id.clone(), Binding::Not),
            Node::Member(membership) => {
                let fact = &self.dictionary.fact(membership.fact).name;
                let items: Vec<String> = membership.items.iter().map(|item| quoted(item)).collect();
                let text = match items.as_slice() {
                    [only] => format!("{fact} is {only}"),
                    _ => format!("{fact} in {{{}}}", items.join(", ")),
                };
                (text, Binding::Not)
            }
            Node::Day(comparison) => {
                let fact = &self.dictionary.fact(comparison.fact).name;
                (format!("{fact} {} {}", comparison.operator.symbol(), comparison.day), Binding::Not)
            }
            Node::Compare(comparison) => (self.comparison(comparison), Binding::Not),
            Node::Not(inner) => match &**inner {
                Node::Not(twice) => return self.node(twice, within),
                inner => (format!("not {}", self.node(inner, Binding::Not)), Binding::Not),
            },
            Node::Limb { label, node } => {
                (format!("limb {} ({})", quoted(label), self.node(node, Binding::Loosest)), Binding::Not)
            }
            // What is joined by one word needs no parentheses among itself.
            Node::All(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.node(part, Binding::And)).collect();
                (parts.join(" and "), Binding::And)
            }
            Node::Any(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.node(part, Binding::Loosest)).collect();
                (parts.join(" or "), Binding::Loosest)
            }
        };
        if own < within { format!("({text})") } else { text }
    }

    fn comparison(&self, comparison: &Comparison) -> String {
        let subject = crate::trace::subject(comparison, self.dictionary);
        let unit = comparison.terms.first().and_then(|term| self.dictionary.fact(term.fact).unit());
        let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
        format!("{subject} {} {}{unit}", comparison.operator.symbol(), number(comparison.threshold))
    }
}

fn number(value: Decimal) -> String {
    if value < Decimal::ZERO { format!("- {}", value.abs()) } else { value.to_string() }
}

/// A name as an item of a set: in quotation marks if it would not read as one word.
fn quoted(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':'));
    let plain = plain && !KEYWORDS.contains(&name);
    if plain { name.to_owned() } else { format!("\"{name}\"") }
}
