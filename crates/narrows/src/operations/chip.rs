//! `chip`: a chip, its legal facts, and where each figure comes from.

use narrows_catalog::{Chip, Family, Vendor};
use narrows_condition::Value;
use narrows_law::Origin;
use serde::{Deserialize, Serialize};

use crate::chip_facts;
use crate::failure::Failure;
use crate::operation::Operation;
use crate::workbench::Workbench;

/// One chip of the catalogue.
pub struct ChipOperation;

/// What `chip` is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChipRequest {
    /// Any name of the chip.
    pub name: String,
    /// Whose legal facts; the default jurisdiction's if none.
    #[serde(default)]
    pub jurisdiction: Option<String>,
}

/// What `chip` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChipAnswer {
    /// The chip.
    pub chip: Chip,
    /// Its vendor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<Vendor>,
    /// The family whose default it is, if it was found so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_default_of: Option<Family>,
    /// What law asks of it.
    pub legal_facts: Vec<LegalFact>,
    /// What identifies the data.
    pub data_version: String,
}

/// A fact that law asks of a chip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LegalFact {
    /// Name.
    pub fact: String,
    /// Name in prose.
    pub title: String,
    /// Value, if on record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How it follows, and how sure it is.
    pub origin: Origin,
}

impl ChipAnswer {
    /// Addresses behind the figures, each once, in alphabetical order.
    #[must_use]
    pub fn sources(&self) -> Vec<&str> {
        let all =
            self.chip.figures.values().flat_map(|figure| figure.sources.iter().chain(&figure.agreed_by));
        let mut sources: Vec<&str> = all.map(String::as_str).collect();
        sources.sort_unstable();
        sources.dedup();
        sources
    }
}

impl Operation for ChipOperation {
    const NAME: &'static str = "chip";
    const SUMMARY: &'static str = "The chip, its legal facts, and where each figure comes from.";
    type Request = ChipRequest;
    type Answer = ChipAnswer;

    fn run(workbench: &Workbench, request: &ChipRequest) -> Result<ChipAnswer, Failure> {
        workbench.read_ahead();
        let chips = workbench.chips()?;
        let found = chips.find(&request.name)?;
        let dictionary = &workbench.jurisdiction(request.jurisdiction.as_deref())?.dictionary;
        let supplies = chip_facts::supplies(found.chip, chips, dictionary)?;
        let mut legal_facts: Vec<LegalFact> = supplies
            .into_iter()
            .map(|(id, supply)| {
                let fact = dictionary.fact(id);
                LegalFact {
                    fact: fact.name.clone(),
                    title: fact.title.clone(),
                    value: supply.value,
                    unit: fact.unit().map(str::to_owned),
                    origin: supply.origin,
                }
            })
            .collect();
        legal_facts.extend(performance_density(&legal_facts, dictionary));
        Ok(ChipAnswer {
            chip: found.chip.clone(),
            vendor: chips.vendor(&found.chip.vendor).cloned(),
            by_default_of: found.by_default_of.cloned(),
            legal_facts,
            data_version: workbench.data_version(),
        })
    }
}

/// Ratios of the facts that are known, for display.
fn performance_density(facts: &[LegalFact], dictionary: &narrows_condition::Dictionary) -> Vec<LegalFact> {
    use narrows_condition::FactType;
    let exact = |id| {
        let name = &dictionary.fact(id).name;
        match &facts.iter().find(|fact| fact.fact == *name)?.value {
            Some(Value::Number(number)) => number.exact(),
            _ => None,
        }
    };
    let mut ratios = Vec::new();
    for (_, fact) in dictionary.iter() {
        let FactType::Ratio { numerator, denominator, .. } = fact.kind else { continue };
        let value = exact(numerator).zip(exact(denominator)).and_then(|(n, d)| n.quotient_for_display(d));
        let Some(value) = value else { continue };
        let (n, d) = (&dictionary.fact(numerator).name, &dictionary.fact(denominator).name);
        ratios.push(LegalFact {
            fact: fact.name.clone(),
            title: fact.title.clone(),
            value: Some(Value::Number(value.rounded(3).into())),
            unit: fact.unit().map(str::to_owned),
            origin: Origin::OtherFact { fact: format!("{n} / {d}") },
        });
    }
    ratios
}
