//! What changed between two states of law.

use std::collections::BTreeSet;

use narrows_condition::canonical_text;
use serde::Serialize;

use crate::edition::Edition;
use crate::instrument::{Definition, Effect};
use crate::jurisdiction::Jurisdiction;
use crate::timeline::InForce;

/// How a provision changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not in force before.
    Added,
    /// It is not in force any more.
    Ended,
    /// It says something else.
    Changed,
    /// Whether it is in force has become, or is no longer, an open question.
    Unsettled,
}

/// A provision that is not the same in two states of law.
#[derive(Debug, Clone)]
pub struct ProvisionChange<'a> {
    /// How it changed.
    pub kind: ChangeKind,
    /// As it was.
    pub before: Option<&'a InForce>,
    /// As it is.
    pub after: Option<&'a InForce>,
}

impl ProvisionChange<'_> {
    /// Stable id.
    #[must_use]
    pub fn provision(&self) -> &str {
        self.after.or(self.before).map_or("", |it| it.provision.as_str())
    }
}

/// All provisions that differ, by id.
#[must_use]
pub fn difference<'a>(before: &'a Edition, after: &'a Edition) -> Vec<ProvisionChange<'a>> {
    let ids: BTreeSet<&str> =
        [before, after].into_iter().flat_map(Edition::provisions).map(|it| it.provision.as_str()).collect();
    let mut changes = Vec::new();
    for id in ids {
        let (old, new) = (before.find(id), after.find(id));
        let kind = match (old, new) {
            (None, Some(_)) => ChangeKind::Added,
            (Some(_), None) => ChangeKind::Ended,
            (Some(old), Some(new)) if !says_the_same(&old.definition, &new.definition) => ChangeKind::Changed,
            (Some(old), Some(new)) if old.questions != new.questions => ChangeKind::Unsettled,
            _ => continue,
        };
        changes.push(ProvisionChange { kind, before: old, after: new });
    }
    changes
}

/// Whether two definitions have the same effect under the same conditions and ask for the
/// same steps, however they are worded, noted or spelled.
fn says_the_same(a: &Definition, b: &Definition) -> bool {
    let same_condition = a.when.root.means_the_same_as(&b.when.root);
    let same_procedure = a.conditions.len() == b.conditions.len()
        && a.conditions.iter().zip(&b.conditions).all(|(a, b)| a.text == b.text);
    let same_effect = match (&a.effect, &b.effect) {
        (
            Effect::Presume { classes: c, facts: f, unless: u },
            Effect::Presume { classes: d, facts: g, unless: v },
        ) => {
            let same_rebuttal = match (u, v) {
                (Some(u), Some(v)) => u.root.means_the_same_as(&v.root),
                (u, v) => u.is_none() && v.is_none(),
            };
            c == d && f == g && same_rebuttal
        }
        (
            Effect::Review { of: x, cases: c, otherwise: o },
            Effect::Review { of: y, cases: d, otherwise: p },
        ) => {
            x == y
                && o == p
                && c.len() == d.len()
                && c.iter().zip(d).all(|((a, s), (b, t))| s == t && a.root.means_the_same_as(&b.root))
        }
        (a, b) => a == b,
    };
    same_condition && same_procedure && same_effect
}

/// The parts of a definition as text, one line each: what it does, to what, and when.
#[must_use]
pub fn describe(definition: &Definition, jurisdiction: &Jurisdiction) -> Vec<(String, String)> {
    let dictionary = &jurisdiction.dictionary;
    let word = |status: &crate::StatusId| jurisdiction.status(*status).word.clone();
    let mut lines = vec![
        ("effect".to_owned(), definition.effect.word().to_owned()),
        ("when".to_owned(), canonical_text(&definition.when.root, dictionary)),
    ];
    let mut add = |name: &str, text: String| lines.push((name.to_owned(), text));
    match &definition.effect {
        Effect::Define => {}
        Effect::Presume { classes, facts, unless } => {
            let names = facts.iter().map(|fact| dictionary.fact(*fact).name.clone());
            add("presumes", classes.iter().cloned().chain(names).collect::<Vec<_>>().join(", "));
            if let Some(unless) = unless {
                add("unless", canonical_text(&unless.root, dictionary));
            }
        }
        Effect::Classify { caught } => {
            if !caught {
                add("caught", "false".to_owned());
            }
        }
        Effect::Exclude { from } => add("from", from.join(", ")),
        Effect::Exempt { from } => {
            add("from", if from.is_empty() { "every requirement".to_owned() } else { from.join(", ") });
        }
        Effect::Require { review } => add("review", word(review)),
        Effect::Except { status, discharges } => {
            add("status", word(status));
            add("discharges", discharges.join(", "));
        }
        Effect::Review { of, cases, otherwise } => {
            add("of", of.join(", "));
            for (when, status) in cases {
                add(&format!("case {}", word(status)), canonical_text(&when.root, dictionary));
            }
            add("otherwise", word(otherwise));
        }
        Effect::Prohibit { status } => add("status", word(status)),
        Effect::Practice { of, status, reported } => {
            add("of", of.join(", "));
            add("status", word(status));
            add("reported", reported.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
        }
        Effect::Charge { rate, base } => {
            add("rate", rate.clone());
            add("base", base.clone());
        }
    }
    lines
}
