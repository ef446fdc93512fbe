//! [`Trace`]: a condition evaluated, with what every part of it came to.

use narrows_quantity::{Decimal, Interval};
use serde::Serialize;

use crate::case::Case;
use crate::dictionary::{Dictionary, FactId, FactType};
use crate::tree::{Comparison, DayComparison, Membership, Node, Operator};
use crate::truth::Truth;

/// A node of a condition and what it came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trace {
    /// What it came to.
    pub truth: Truth,
    /// What it says.
    #[serde(flatten)]
    pub step: Step,
}

/// What a node of a trace says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Step {
    /// `always` or `never`.
    Constant,
    /// A fact that is true or false.
    Fact {
        /// Name of the fact.
        fact: String,
        /// Whether a presumption of law stands in for the fact.
        presumed: bool,
    },
    /// A fact among words, names or places.
    Member {
        /// Name of the fact.
        fact: String,
        /// Its value, if known.
        value: Option<String>,
        /// The set.
        items: Vec<String>,
    },
    /// A numeric comparison.
    Compare(Margin),
    /// A comparison of days.
    Day {
        /// Name of the fact.
        fact: String,
        /// Operator.
        operator: &'static str,
        /// The day compared with.
        day: String,
    },
    /// Another provision's condition.
    Provision {
        /// Its id.
        provision: String,
        /// Its own trace, for a definition that only names a condition.
        #[serde(skip_serializing_if = "Option::is_none")]
        part: Option<Box<Trace>>,
    },
    /// Negation.
    Not {
        /// Of what.
        part: Box<Trace>,
    },
    /// Conjunction.
    All {
        /// Of what.
        parts: Vec<Trace>,
    },
    /// Disjunction.
    Any {
        /// Of what.
        parts: Vec<Trace>,
    },
    /// A labelled limb.
    Limb {
        /// Its label.
        label: String,
        /// What it says.
        part: Box<Trace>,
    },
}

/// A comparison and how far its subject is from the threshold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Margin {
    /// The subject as written: a fact, or a sum of facts.
    pub fact: String,
    /// Operator.
    pub operator: &'static str,
    /// Threshold, in `unit`.
    pub threshold: Decimal,
    /// Unit, if the facts have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Value of the subject; a quotient is rounded for display, never for the decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Interval>,
    /// Value less threshold, where the value is exact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<Decimal>,
    /// The margin as a fraction of the threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraction: Option<Decimal>,
}

impl Margin {
    /// The value as a person reads it, a quotient to three places.
    #[must_use]
    pub fn value_text(&self) -> String {
        match self.value {
            Some(value) => {
                value.exact().map_or_else(|| value.to_string(), |exact| exact.rounded(3).grouped())
            }
            None => "?".to_owned(),
        }
    }
}

/// A comparison that has something to say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LiveMargin<'a> {
    /// The comparison.
    pub margin: &'a Margin,
    /// What it came to.
    pub truth: Truth,
    /// Label of the innermost limb around it.
    pub limb: Option<&'a str>,
}

/// What an evaluation needs beside the case itself.
pub trait Surroundings {
    /// What a name, place or day is known to be, for display.
    fn contextual_value(&self, fact: FactId) -> Option<String>;
    /// Whether a contextual fact is one of a set.
    fn is_member(&self, membership: &Membership) -> Truth;
    /// Whether a comparison of days holds.
    fn day_holds(&self, comparison: &DayComparison) -> Truth;
    /// What a provision comes to, and its own trace where that belongs to the explanation.
    fn provision(&self, id: &str) -> (Truth, Option<Trace>);
    /// Whether a presumption makes a fact true.
    fn presumed(&self, fact: FactId) -> Truth;
}

/// Evaluates a node and keeps what every part came to.
#[must_use]
pub fn trace(node: &Node, dictionary: &Dictionary, case: &Case, around: &dyn Surroundings) -> Trace {
    let parts = |nodes: &[Node]| -> Vec<Trace> {
        nodes.iter().map(|node| trace(node, dictionary, case, around)).collect()
    };
    match node {
        Node::Constant(value) => Trace { truth: Truth::from(*value), step: Step::Constant },
        Node::Truth(fact) => {
            let span = case.span(*fact);
            let own = match (span.is_exact(), span.low) {
                (true, 0) => Truth::False,
                (true, _) => Truth::True,
                (false, _) => Truth::Unknown,
            };
            let presumption = around.presumed(*fact);
            let name = dictionary.fact(*fact).name.clone();
            let presumed = presumption > own;
            Trace { truth: own.or(presumption), step: Step::Fact { fact: name, presumed } }
        }
        Node::Member(membership) => member(membership, dictionary, case, around),
        Node::Day(comparison) => Trace {
            truth: around.day_holds(comparison),
            step: Step::Day {
                fact: dictionary.fact(comparison.fact).name.clone(),
                operator: comparison.operator.symbol(),
                day: comparison.day.to_string(),
            },
        },
        Node::Compare(comparison) => {
            let (truth, margin) = compare(comparison, dictionary, case);
            Trace { truth, step: Step::Compare(margin) }
        }
        Node::Provision(id) => {
            let (truth, part) = around.provision(id);
            Trace { truth, step: Step::Provision { provision: id.clone(), part: part.map(Box::new) } }
        }
        Node::Not(inner) => {
            let part = Box::new(trace(inner, dictionary, case, around));
            Trace { truth: !part.truth, step: Step::Not { part } }
        }
        Node::Limb { label, node } => {
            let part = Box::new(trace(node, dictionary, case, around));
            Trace { truth: part.truth, step: Step::Limb { label: label.clone(), part } }
        }
        Node::All(nodes) => {
            let parts = parts(nodes);
            let truth = parts.iter().map(|part| part.truth).fold(Truth::True, Truth::and);
            Trace { truth, step: Step::All { parts } }
        }
        Node::Any(nodes) => {
            let parts = parts(nodes);
            let truth = parts.iter().map(|part| part.truth).fold(Truth::False, Truth::or);
            Trace { truth, step: Step::Any { parts } }
        }
    }
}

fn member(membership: &Membership, dictionary: &Dictionary, case: &Case, around: &dyn Surroundings) -> Trace {
    let fact = dictionary.fact(membership.fact);
    let (truth, value) = match &fact.kind {
        FactType::Choice { values } => {
            let span = case.span(membership.fact);
            let possible = || {
                values
                    .iter()
                    .zip(0_i64..)
                    .filter(|(_, at)| (span.low..=span.high).contains(at))
                    .map(|(pair, _)| &pair.0)
            };
            let inside = possible().filter(|word| membership.items.contains(word)).count();
            let truth = if inside == 0 {
                Truth::False
            } else if inside == possible().count() {
                Truth::True
            } else {
                Truth::Unknown
            };
            (truth, if span.is_exact() { possible().next().cloned() } else { None })
        }
        _ => (around.is_member(membership), around.contextual_value(membership.fact)),
    };
    let step = Step::Member { fact: fact.name.clone(), value, items: membership.items.clone() };
    Trace { truth, step }
}

/// A comparison decided exactly, and its margin.
fn compare(comparison: &Comparison, dictionary: &Dictionary, case: &Case) -> (Truth, Margin) {
    let subject = subject(comparison, dictionary);
    let unit = comparison.terms.first().and_then(|term| dictionary.fact(term.fact).unit()).map(str::to_owned);
    // In units of 10⁻¹², since both coefficients and facts count in millionths.
    let scale = i128::from(Decimal::SCALE);
    let threshold = i128::from(comparison.threshold.millionths());
    let (low, high, bound, value) = match absent_ratio(comparison, dictionary, case) {
        Some((numerator, denominator)) => {
            // n / d OP t is n OP t·d, for d > 0.
            let (n, d) = (case.span(numerator), case.span(denominator));
            let product = |d: i64| threshold * i128::from(d);
            let (most, least) = (product(d.high), product(d.low));
            let (least, most) = (least.min(most), least.max(most));
            let value = (n.is_exact() && d.is_exact())
                .then(|| {
                    Decimal::from_millionths(n.low).quotient_for_display(Decimal::from_millionths(d.low))
                })
                .flatten()
                .map(Interval::exactly);
            (i128::from(n.low) * scale - most, i128::from(n.high) * scale - least, 0, value)
        }
        None => {
            let (mut low, mut high) = (0_i128, 0_i128);
            let mut known = true;
            for term in &comparison.terms {
                let span = case.span(term.fact);
                known &= !span.is_absent() && (span.is_exact() || span != whole(dictionary, term.fact));
                let coefficient = i128::from(term.coefficient.millionths());
                let (a, b) = (coefficient * i128::from(span.low), coefficient * i128::from(span.high));
                // A sum beyond 128 bits is beyond every bound as well.
                low = low.saturating_add(a.min(b));
                high = high.saturating_add(a.max(b));
            }
            let decimal = |value: i128| i64::try_from(value / scale).ok().map(Decimal::from_millionths);
            let value = known.then(|| Interval::new(decimal(low)?, decimal(high)?).ok()).flatten();
            (low, high, threshold * scale, value)
        }
    };
    let truth = over_interval(comparison.operator, low, high, bound);
    let margin = value.and_then(Interval::exact).and_then(|value| value.checked_sub(comparison.threshold));
    let fraction = margin.and_then(|margin| margin.quotient_for_display(comparison.threshold.abs()));
    let margin = Margin {
        fact: subject,
        operator: comparison.operator.symbol(),
        threshold: comparison.threshold,
        unit,
        value,
        margin,
        fraction,
    };
    (truth, margin)
}

fn whole(dictionary: &Dictionary, fact: FactId) -> crate::case::Span {
    match crate::case::Domain::of(&dictionary.fact(fact).kind) {
        crate::case::Domain::Real(span) | crate::case::Domain::Discrete(span) => span,
        crate::case::Domain::Contextual => crate::case::Span::exactly(0),
    }
}

/// The two parts of a ratio that is compared but was not given itself.
fn absent_ratio(comparison: &Comparison, dictionary: &Dictionary, case: &Case) -> Option<(FactId, FactId)> {
    let [term] = comparison.terms.as_slice() else { return None };
    match dictionary.fact(term.fact).kind {
        FactType::Ratio { numerator, denominator, .. } if case.span(term.fact).is_absent() => {
            Some((numerator, denominator))
        }
        _ => None,
    }
}

fn over_interval(operator: Operator, low: i128, high: i128, bound: i128) -> Truth {
    let at_least = |bound: i128| {
        if low >= bound {
            Truth::True
        } else if high >= bound {
            Truth::Unknown
        } else {
            Truth::False
        }
    };
    match operator {
        Operator::AtLeast => at_least(bound),
        Operator::Above => at_least(bound + 1),
        Operator::AtMost => !at_least(bound + 1),
        Operator::Below => !at_least(bound),
        Operator::Equal => at_least(bound).and(!at_least(bound + 1)),
        Operator::Unequal => !(at_least(bound).and(!at_least(bound + 1))),
    }
}

/// The left side of a comparison as written.
#[must_use]
pub fn subject(comparison: &Comparison, dictionary: &Dictionary) -> String {
    let mut text = String::new();
    for (position, term) in comparison.terms.iter().enumerate() {
        let negative = term.coefficient < Decimal::ZERO;
        match (position, negative) {
            (0, true) => text.push('-'),
            (0, false) => {}
            (_, true) => text.push_str(" - "),
            (_, false) => text.push_str(" + "),
        }
        let magnitude = term.coefficient.abs();
        if magnitude != Decimal::ONE {
            text.push_str(&format!("{magnitude} * "));
        }
        text.push_str(&dictionary.fact(term.fact).name);
    }
    text
}

impl Trace {
    /// All numeric comparisons below, in the order of the text.
    pub fn margins(&self) -> Vec<(&Margin, Truth)> {
        let mut found = Vec::new();
        self.collect_margins(&mut found);
        found
    }

    fn collect_margins<'a>(&'a self, found: &mut Vec<(&'a Margin, Truth)>) {
        match &self.step {
            Step::Compare(margin) => found.push((margin, self.truth)),
            Step::Not { part } | Step::Limb { part, .. } | Step::Provision { part: Some(part), .. } => {
                part.collect_margins(found);
            }
            Step::All { parts } | Step::Any { parts } => {
                parts.iter().for_each(|part| part.collect_margins(found));
            }
            _ => {}
        }
    }

    /// The comparisons that have something to say: those of a conjunction that already
    /// fails for a reason without numbers are left out. Each comes with the label of the
    /// innermost limb around it.
    pub fn live_margins(&self) -> Vec<LiveMargin<'_>> {
        let mut found = Vec::new();
        self.collect_live(None, &mut found);
        found
    }

    fn collect_live<'a>(&'a self, limb: Option<&'a str>, found: &mut Vec<LiveMargin<'a>>) {
        match &self.step {
            Step::Compare(margin) => found.push(LiveMargin { margin, truth: self.truth, limb }),
            Step::Limb { part, label } => part.collect_live(Some(label), found),
            Step::Not { part } | Step::Provision { part: Some(part), .. } => part.collect_live(limb, found),
            Step::All { parts } => {
                let is_dead = |part: &Self| part.truth.is_false() && part.margins().is_empty();
                if !parts.iter().any(is_dead) {
                    parts.iter().for_each(|part| part.collect_live(limb, found));
                }
            }
            Step::Any { parts } => parts.iter().for_each(|part| part.collect_live(limb, found)),
            _ => {}
        }
    }

    /// How sure the truth of the whole is, given how sure each fact is: a conjunction that
    /// holds is as weak as its weakest part, one that fails as strong as the strongest
    /// part that makes it fail, and a disjunction the other way round. None where no fact
    /// of a known ground is involved, or nothing is decided.
    #[must_use]
    pub fn ground<C: Ord + Copy>(&self, of: &dyn Fn(&str) -> Option<C>) -> Option<C> {
        let weakest = |parts: &mut dyn Iterator<Item = &Self>| parts.filter_map(|part| part.ground(of)).max();
        // A part that rests on nothing doubtful settles the matter by itself.
        let strongest =
            |parts: &mut dyn Iterator<Item = &Self>| parts.map(|part| part.ground(of)).min().flatten();
        match &self.step {
            _ if self.truth.is_unknown() => None,
            Step::Constant | Step::Day { .. } | Step::Provision { part: None, .. } => None,
            Step::Fact { fact, .. } | Step::Member { fact, .. } => of(fact),
            Step::Compare(margin) => {
                let terms = margin.fact.split(" + ").map(|term| term.rsplit(' ').next().unwrap_or(term));
                terms.filter_map(of).max()
            }
            Step::Not { part } | Step::Limb { part, .. } | Step::Provision { part: Some(part), .. } => {
                part.ground(of)
            }
            Step::All { parts } if self.truth.is_true() => weakest(&mut parts.iter()),
            Step::Any { parts } if self.truth.is_false() => weakest(&mut parts.iter()),
            Step::All { parts } | Step::Any { parts } => {
                strongest(&mut parts.iter().filter(|part| part.truth == self.truth))
            }
        }
    }

    /// The labels of the outermost limbs that hold, each once.
    #[must_use]
    pub fn limbs_that_hold(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.collect_limbs(Reach::OwnText, &mut found);
        found
    }

    /// The same, also through the definitions that the condition names.
    #[must_use]
    pub fn limbs_through_definitions(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.collect_limbs(Reach::Definitions, &mut found);
        found
    }

    fn collect_limbs<'a>(&'a self, reach: Reach, found: &mut Vec<&'a str>) {
        match &self.step {
            Step::Limb { label, .. } if self.truth.is_true() && !found.contains(&label.as_str()) => {
                found.push(label)
            }
            Step::Provision { part: Some(part), .. } if reach == Reach::Definitions => {
                part.collect_limbs(reach, found);
            }
            Step::All { parts } | Step::Any { parts } => {
                parts.iter().for_each(|part| part.collect_limbs(reach, found));
            }
            _ => {}
        }
    }
}

/// How far labels of limbs are collected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// In the text of the condition itself.
    OwnText,
    /// Also in definitions that it names.
    Definitions,
}
