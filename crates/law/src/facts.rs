//! [`Facts`]: what is known of an item and its transaction, completed by what the
//! dictionary says of the rest.

use std::collections::BTreeMap;

use narrows_condition::{Case, Dictionary, FactId, FactType, Value, WhenMissing};
use narrows_quantity::{Certainty, Decimal};
use serde::Serialize;

/// A fact that somebody supplied.
#[derive(Debug, Clone, PartialEq)]
pub struct Supply {
    /// Its value; none if it is on record as unknown.
    pub value: Option<Value>,
    /// Who supplied it.
    pub origin: Origin,
}

/// Where the value of a fact comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Origin {
    /// The person who asks.
    Asker,
    /// The catalogue.
    Catalogue {
        /// How sure it is.
        certainty: Certainty,
        /// How it follows from the figures on record.
        how: String,
        /// Documents.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        sources: Vec<String>,
    },
    /// Another fact that serves in its place.
    OtherFact {
        /// Its name.
        fact: String,
    },
    /// Nobody: assumed, since nothing was said.
    Assumption,
    /// Nobody: a step of the procedure, taken to be met.
    Procedure,
    /// Nobody, and nothing is assumed.
    Missing,
}

/// Facts supplied, by fact.
pub type Supplies = BTreeMap<FactId, Supply>;

/// The completed facts of a case.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Measures.
    pub case: Case,
    /// Values of places, days and names, by fact.
    pub contextual: BTreeMap<FactId, String>,
    /// Where each fact comes from, by position.
    origins: Vec<Origin>,
}

/// Why facts cannot be taken together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactsError {
    /// A ratio that was given contradicts its two parts.
    #[error(
        "fact `{ratio}`: {given} contradicts `{numerator}` / `{denominator}` = {quotient}; leave one of the three out"
    )]
    Contradiction {
        /// Name of the ratio.
        ratio: String,
        /// Value given.
        given: String,
        /// Name of its numerator.
        numerator: String,
        /// Name of its denominator.
        denominator: String,
        /// The quotient of the two, rounded.
        quotient: Decimal,
    },
    /// A fact without which there is no answer.
    #[error("fact `{0}` is required")]
    Required(String),
}

impl Facts {
    /// Completes what was supplied.
    ///
    /// # Errors
    /// [`FactsError`].
    pub fn complete(dictionary: &Dictionary, supplies: &Supplies) -> Result<Self, FactsError> {
        let mut case = Case::unknown(dictionary);
        let mut contextual = BTreeMap::new();
        let mut origins = Vec::with_capacity(dictionary.len());
        for (id, fact) in dictionary.iter() {
            let other = fact.otherwise.and_then(|other| Some((other, supplies.get(&other)?)));
            let (value, origin) = match (supplies.get(&id), other) {
                (Some(supply), _) => (supply.value.clone(), supply.origin.clone()),
                (None, Some((other, Supply { value: Some(value), .. }))) => {
                    let name = dictionary.fact(other).name.clone();
                    (Some(value.clone()), Origin::OtherFact { fact: name })
                }
                _ => match &fact.missing {
                    WhenMissing::Unknown => (None, Origin::Missing),
                    WhenMissing::Assume(value) => (Some(value.clone()), Origin::Assumption),
                    WhenMissing::Procedure => (Some(Value::Truth(true)), Origin::Procedure),
                    // The role facts are the transaction's own; others must be there.
                    WhenMissing::Required if fact.role.is_some() => (None, Origin::Missing),
                    WhenMissing::Required => return Err(FactsError::Required(fact.name.clone())),
                },
            };
            match &value {
                Some(Value::Name(text) | Value::Place(text)) => {
                    contextual.insert(id, text.clone());
                }
                Some(Value::Date(day)) => {
                    contextual.insert(id, day.to_string());
                }
                _ => case.set(dictionary, id, value.as_ref()),
            }
            origins.push(origin);
        }
        let facts = Self { case, contextual, origins };
        facts.check_ratios(dictionary)?;
        Ok(facts)
    }

    fn check_ratios(&self, dictionary: &Dictionary) -> Result<(), FactsError> {
        for (id, fact) in dictionary.iter() {
            let FactType::Ratio { numerator, denominator, .. } = fact.kind else { continue };
            let (ratio, n, d) = (self.case.span(id), self.case.span(numerator), self.case.span(denominator));
            if ratio.is_absent() || !n.is_exact() || !d.is_exact() {
                continue;
            }
            // A quotient may have no last decimal: it agrees if it rounds to what was given.
            let quotient = Decimal::from_millionths(n.low)
                .quotient_for_display(Decimal::from_millionths(d.low))
                .unwrap_or_default();
            let agrees = (ratio.low..=ratio.high).contains(&quotient.millionths())
                || (0..=6)
                    .any(|places| ratio.is_exact() && quotient.rounded(places).millionths() == ratio.low);
            if !agrees {
                return Err(FactsError::Contradiction {
                    ratio: fact.name.clone(),
                    given: Decimal::from_millionths(ratio.low).to_string(),
                    numerator: dictionary.fact(numerator).name.clone(),
                    denominator: dictionary.fact(denominator).name.clone(),
                    quotient,
                });
            }
        }
        Ok(())
    }

    /// Where a fact comes from.
    #[must_use]
    pub fn origin(&self, fact: FactId) -> &Origin {
        self.origins.get(fact.index()).unwrap_or(&Origin::Missing)
    }

    /// The facts of an origin, in the order of the dictionary.
    pub fn with_origin(&self, wanted: fn(&Origin) -> bool) -> impl Iterator<Item = FactId> {
        let positions = self.origins.iter().enumerate().filter(move |(_, origin)| wanted(origin));
        positions.filter_map(|(position, _)| FactId::at(position))
    }
}
