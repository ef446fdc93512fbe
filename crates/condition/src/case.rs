//! [`Case`]: the measures of one item, ready to be tested.

use crate::dictionary::{Dictionary, FactId, FactType, Value};

/// The values that one fact may have, in millionths (truth as 0 and 1, a choice as
/// the position of its word). Equal ends mean that the fact is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// Smallest value.
    pub low: i64,
    /// Largest value.
    pub high: i64,
}

impl Span {
    /// A ratio that was not given itself and is to be taken from its two parts.
    pub const ABSENT: Self = Self { low: 1, high: 0 };

    /// One value.
    #[must_use]
    pub const fn exactly(value: i64) -> Self {
        Self { low: value, high: value }
    }

    /// Whether one value is possible, and no other.
    #[must_use]
    pub const fn is_exact(self) -> bool {
        self.low == self.high
    }

    /// Whether this is [`Span::ABSENT`].
    #[must_use]
    pub const fn is_absent(self) -> bool {
        self.low > self.high
    }
}

/// What kind of values a fact takes, for enumerating what is possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// All numbers between two ends, in millionths.
    Real(Span),
    /// All whole numbers between two ends.
    Discrete(Span),
    /// Settled before cases are looked at (places, days, names).
    Contextual,
}

impl Domain {
    /// The domain of a fact of the dictionary.
    #[must_use]
    pub fn of(kind: &FactType) -> Self {
        match kind {
            FactType::Number { range, .. } | FactType::Ratio { range, .. } => {
                Self::Real(Span { low: range.low().millionths(), high: range.high().millionths() })
            }
            FactType::Truth => Self::Discrete(Span { low: 0, high: 1 }),
            FactType::Choice { values } => {
                let last = i64::try_from(values.len()).unwrap_or(i64::MAX).saturating_sub(1);
                Self::Discrete(Span { low: 0, high: last })
            }
            FactType::Name { .. } | FactType::Place | FactType::Date => Self::Contextual,
        }
    }
}

/// The measures of one item: a [`Span`] for every fact of the dictionary.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Case {
    spans: Vec<Span>,
}

impl Case {
    /// A case of which nothing is known.
    #[must_use]
    pub fn unknown(dictionary: &Dictionary) -> Self {
        let spans = dictionary.iter().map(|(_, fact)| Self::unknown_span(&fact.kind)).collect();
        Self { spans }
    }

    fn unknown_span(kind: &FactType) -> Span {
        match (kind, Domain::of(kind)) {
            (FactType::Ratio { .. }, _) => Span::ABSENT,
            (_, Domain::Real(span) | Domain::Discrete(span)) => span,
            (_, Domain::Contextual) => Span::exactly(0),
        }
    }

    /// What is known of a fact.
    #[must_use]
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "a case has a span for every fact of its dictionary")]
    pub fn span(&self, fact: FactId) -> Span {
        self.spans[fact.index()]
    }

    /// Sets what is known of a fact.
    pub fn set_span(&mut self, fact: FactId, span: Span) {
        if let Some(slot) = self.spans.get_mut(fact.index()) {
            *slot = span;
        }
    }

    /// Sets a fact from a value, or makes it unknown. A place, day or name is no
    /// measure and changes nothing here.
    pub fn set(&mut self, dictionary: &Dictionary, fact: FactId, value: Option<&Value>) {
        let kind = &dictionary.fact(fact).kind;
        let span = match (value, kind) {
            (Some(Value::Number(number)), FactType::Number { .. } | FactType::Ratio { .. }) => {
                Span { low: number.low().millionths(), high: number.high().millionths() }
            }
            (Some(Value::Truth(truth)), FactType::Truth) => Span::exactly(i64::from(*truth)),
            (Some(Value::Choice(word)), FactType::Choice { values }) => {
                let position = values.iter().position(|(value, _)| value == word);
                position
                    .and_then(|at| i64::try_from(at).ok())
                    .map_or_else(|| Self::unknown_span(kind), Span::exactly)
            }
            _ => Self::unknown_span(kind),
        };
        self.set_span(fact, span);
    }

    /// All spans, by position of the fact.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }
}
