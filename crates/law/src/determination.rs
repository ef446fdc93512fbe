//! [`Determination`]: an answer with everything that it rests on.

use narrows_condition::Truth;
use narrows_condition::trace::{LiveMargin, Trace};
use narrows_quantity::{Certainty, Decimal};
use serde::Serialize;

use crate::facts::Origin;
use crate::instrument::Instrument;
use crate::status::Class;

/// An answer with its grounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Determination {
    /// Id of the jurisdiction.
    pub jurisdiction: String,
    /// The status.
    pub status: String,
    /// Its class.
    pub class: Class,
    /// The status in a few words.
    pub title: String,
    /// What it means.
    pub meaning: String,
    /// Where it is undetermined, the statuses that remain possible, the strictest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub possible: Vec<String>,
    /// The class that all possible statuses share, if they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_class: Option<Class>,
    /// Provisions that decide, in order.
    pub deciding: Vec<Ground>,
    /// Classes, exclusions, requirements and exceptions that were looked at, whether they
    /// hold or not.
    pub examined: Vec<Ground>,
    /// Titles of the labels that hold: classes that no requirement looks at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Facts that are needed, and where each of their values would lead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// Assumptions that mattered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assumptions: Vec<Assumption>,
    /// Changes of one fact that would change the status, the smallest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flips: Vec<Flip>,
    /// Steps of the procedure that go with the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// Duties and fees.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<Charge>,
    /// Remarks on the deciding provisions and the day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What was not looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_examined: Vec<String>,
    /// The facts that the answer looked at.
    pub facts: Vec<FactLine>,
    /// The weakest ground among the deciding provisions and the facts they compare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certainty: Option<Certainty>,
    /// Instruments behind the deciding provisions.
    pub sources: Vec<InstrumentReference>,
}

impl Determination {
    /// The comparisons that have something to say, under the provision that makes each
    /// first; one that several provisions make is given once.
    #[must_use]
    pub fn comparisons(&self) -> Vec<(&Ground, Vec<LiveMargin<'_>>)> {
        let mut seen = Vec::new();
        let mut found = Vec::new();
        for ground in self.examined.iter().chain(&self.deciding) {
            let mut own = Vec::new();
            for live in ground.trace.live_margins() {
                let margin = live.margin;
                let key = (margin.fact.as_str(), margin.operator, margin.threshold, live.limb);
                if !seen.contains(&key) {
                    seen.push(key);
                    own.push(live);
                }
            }
            if !own.is_empty() {
                found.push((ground, own));
            }
        }
        found
    }
}

/// A provision and what it came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ground {
    /// Stable id.
    pub provision: String,
    /// Short name.
    pub title: String,
    /// How it is cited.
    pub citation: String,
    /// What it does.
    pub effect: &'static str,
    /// What it came to.
    pub truth: Truth,
    /// Labels of the limbs that hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limbs: Vec<String>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How sure it is.
    pub certainty: Certainty,
    /// Ids of the instruments that made it so.
    pub instruments: Vec<String>,
    /// Its condition, evaluated.
    pub trace: Trace,
}

impl Ground {
    /// The limbs that hold, to follow a title: `, limb a` or `, limbs a, b`, or nothing.
    #[must_use]
    pub fn limbs_text(&self) -> String {
        match self.limbs.as_slice() {
            [] => String::new(),
            [only] => format!(", limb {only}"),
            many => format!(", limbs {}", many.join(", ")),
        }
    }
}

/// A fact that is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Name.
    pub fact: String,
    /// Name in prose.
    pub title: String,
    /// What exactly it means.
    pub definition: String,
    /// Unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Whether it is an open question of law or record.
    pub open_question: bool,
    /// Where its values lead, as far as the other facts are known.
    pub leads_to: Vec<LeadsTo>,
}

/// Values of a missing fact, and the statuses that they lead to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeadsTo {
    /// The values.
    pub when: String,
    /// The statuses.
    pub statuses: Vec<String>,
}

/// An assumption that mattered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assumption {
    /// Name of the fact.
    pub fact: String,
    /// Name in prose.
    pub title: String,
    /// What was assumed.
    pub assumed: String,
    /// What would be otherwise.
    pub otherwise: String,
    /// The status then.
    pub status: String,
}

/// A change of one fact that changes the status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flip {
    /// Name of the fact.
    pub fact: String,
    /// Name in prose.
    pub title: String,
    /// Value now.
    pub from: String,
    /// Nearest value with another status.
    pub to: String,
    /// Unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The change as a fraction of the value now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Decimal>,
    /// The comparison that turns over there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Turning>,
    /// The status there.
    pub status: String,
}

impl Flip {
    /// The change in one line: fact, value now, nearest value with another status, and that.
    #[must_use]
    pub fn line(&self) -> String {
        let unit = self.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
        let change = self.change.map(|change| format!(" ({})", change.as_change())).unwrap_or_default();
        format!("{} {} -> {}{unit}{change}: {}", self.fact, self.from_text(), self.to_text(), self.status)
    }

    /// The value now as a person reads it.
    #[must_use]
    pub fn from_text(&self) -> String {
        self.from.parse().map_or_else(|_| self.from.clone(), Decimal::grouped)
    }

    /// The nearest value with another status as a person reads it: a step of a millionth off a
    /// round number is *below* or *above* it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Ok(to) = self.to.parse::<Decimal>() else { return self.to.clone() };
        let round = to.rounded(3);
        match to.millionths() - round.millionths() {
            0 => round.grouped(),
            -1 => format!("below {}", round.grouped()),
            1 => format!("above {}", round.grouped()),
            _ => format!("about {}", round.grouped()),
        }
    }
}

/// A comparison that turns over at a flip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Turning {
    /// Its subject, as conditions write it.
    pub subject: String,
    /// Its threshold.
    pub threshold: Decimal,
    /// How far the subject is from it now, as a fraction of the threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<Decimal>,
}

/// A duty or fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Charge {
    /// Stable id of the provision.
    pub provision: String,
    /// Short name.
    pub title: String,
    /// How much.
    pub rate: String,
    /// Of what.
    pub base: String,
    /// How it is cited.
    pub citation: String,
    /// How sure it is.
    pub certainty: Certainty,
    /// Whether it applies, or may.
    pub truth: Truth,
}

/// A fact with its value and origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactLine {
    /// Name.
    pub fact: String,
    /// Name in prose.
    pub title: String,
    /// Value, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
}

/// An instrument, for the list of sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstrumentReference {
    /// Stable id.
    pub id: String,
    /// Title.
    pub title: String,
    /// How it is cited.
    pub citation: String,
    /// How sure it is.
    pub certainty: Certainty,
    /// Addresses.
    pub urls: Vec<String>,
}

impl InstrumentReference {
    /// The reference to an instrument.
    #[must_use]
    pub fn of(instrument: &Instrument) -> Self {
        Self {
            id: instrument.id.clone(),
            title: instrument.title.clone(),
            citation: instrument.citation.clone(),
            certainty: instrument.certainty,
            urls: instrument.sources.iter().map(|source| source.url.clone()).collect(),
        }
    }
}
