//! `brief`: everything that one page on a chip and a destination shows.

mod abilities;
mod costs;

use narrows_catalog::{Chip, figure_kind};
use narrows_condition::Value;
use narrows_law::{InstrumentReference, Origin, Status};
use narrows_quantity::{Certainty, Decimal};
use serde::Serialize;

pub use abilities::{Abilities, AbilityComparison};
pub use costs::{CostlyEvent, Costs, Party, Reaction, Role, SupplierCosts};

use super::check::{Check, CheckAnswer, CheckRequest};
use super::chip::{ChipAnswer, ChipOperation, ChipRequest, LegalFact};
use super::history::{History, HistoryRequest, Period};
use super::plane::{PlaneMap, draw};
use crate::examiner::Examiner;
use crate::failure::Failure;
use crate::operation::Operation;
use crate::workbench::Workbench;

/// One page on a chip and a destination.
pub struct Brief;

/// What `brief` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BriefAnswer {
    /// The determination of the day.
    pub check: CheckAnswer,
    /// The chip, its legal facts and its figures.
    pub chip: ChipAnswer,
    /// Every status with its days.
    pub history: Vec<Period>,
    /// The statuses of the jurisdiction, the strictest first.
    pub statuses: Vec<Status>,
    /// The law of the day in planes of two facts.
    pub planes: Vec<PlaneMap>,
    /// The chip beside its siblings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub siblings: Option<Siblings>,
    /// What the chip does for some models, beside its siblings and others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abilities: Option<Abilities>,
    /// What each change of policy cost; none where no event reaches the chip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub costs: Option<Costs>,
    /// Instruments behind any status of the history, in the order of their first effect there.
    pub instruments: Vec<InstrumentReference>,
}

/// Chips side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Siblings {
    /// What they have in common.
    pub title: String,
    /// The chips: id, name, status for the same transaction. Ratios are to the first.
    pub chips: Vec<Sibling>,
    /// One row for each figure.
    pub rows: Vec<SiblingRow>,
}

/// One of several chips side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sibling {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Its status for the same transaction, in a few words.
    pub status: String,
    /// The class of that.
    pub class: narrows_law::Class,
}

/// A figure of several chips.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SiblingRow {
    /// Name of the figure or fact.
    pub name: String,
    /// Name in prose.
    pub title: String,
    /// Unit.
    pub unit: String,
    /// One cell for each chip; none where nothing is on record.
    pub cells: Vec<Option<SiblingCell>>,
}

/// A figure of one chip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SiblingCell {
    /// The value as a person reads it.
    pub text: String,
    /// The value divided by that of the first chip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<Decimal>,
    /// How sure it is.
    pub certainty: Certainty,
}

/// Figures compared between siblings, after the facts of the law's planes.
const COMPARED: [&str; 13] = [
    "fp64_tensor_tops",
    "fp32_tops",
    "bf16_tops",
    "fp8_tops",
    "int8_tops",
    "fp4_tops",
    "logic_die_area_mm2",
    "cores",
    "memory_gb",
    "memory_bandwidth_gb_per_s",
    "link_bandwidth_gb_per_s",
    "last_level_cache_mb",
    "tdp_w",
];

impl Operation for Brief {
    const NAME: &'static str = "brief";
    const SUMMARY: &'static str =
        "One page: status over time, margins, the planes of the law, siblings, what would flip it.";
    type Request = CheckRequest;
    type Answer = BriefAnswer;

    fn run(workbench: &Workbench, request: &CheckRequest) -> Result<BriefAnswer, Failure> {
        let Some(name) = &request.item else {
            return Err(Failure::input("a brief is about a chip of the catalogue: name one"));
        };
        let check = Check::run(workbench, request)?;
        let jurisdiction = request.scenario.jurisdiction.clone();
        let chip = ChipOperation::run(workbench, &ChipRequest { name: name.clone(), jurisdiction })?;
        let history = History::run(
            workbench,
            &HistoryRequest {
                item: request.item.clone(),
                to: request.to.clone(),
                headquarters: request.headquarters.clone(),
                from: request.from.clone(),
                known_on: request.known_on,
                codified: request.codified,
                facts: request.facts.clone(),
                scenario: request.scenario.clone(),
            },
        )?;
        let mut examiner = Examiner::new(workbench, &request.scenario)?;
        let question = request.question();
        let prepared = examiner.prepare(&question)?;
        let planes = examiner.jurisdiction().planes.iter();
        let planes = planes
            .map(|plane| draw(workbench, &mut examiner, plane, &question, &prepared))
            .collect::<Result<Vec<PlaneMap>, Failure>>()?;
        let instruments = instruments(&mut examiner, request, &history.periods)?;
        let siblings = siblings(workbench, request, &chip, &check)?;
        let abilities = abilities::abilities(workbench, &chip.chip, siblings.as_ref())?;
        let costs = costs::costs(workbench, &chip.chip, &check.destination.code)?;
        Ok(BriefAnswer {
            statuses: examiner.jurisdiction().statuses().to_vec(),
            check,
            chip,
            history: history.periods,
            planes,
            siblings,
            abilities,
            costs,
            instruments,
        })
    }
}

/// The instruments behind what decides in each period.
fn instruments(
    examiner: &mut Examiner<'_>,
    request: &CheckRequest,
    periods: &[Period],
) -> Result<Vec<InstrumentReference>, Failure> {
    let view = request.question().view;
    let mut ids: Vec<String> = Vec::new();
    for period in periods {
        let edition = examiner.edition(period.from, request.known_on, view)?;
        let deciding = period.provisions.iter().filter_map(|id| edition.find(id));
        let changed = period.changed_by.iter().filter_map(|by| by.instrument.as_ref());
        for id in changed.chain(deciding.flat_map(|provision| &provision.by)) {
            if !ids.contains(id) {
                ids.push(id.clone());
            }
        }
    }
    let jurisdiction = examiner.jurisdiction();
    let found = ids.iter().filter_map(|id| jurisdiction.instrument(id, examiner.reforms()));
    Ok(found.map(InstrumentReference::of).collect())
}

/// The chip beside its lineage or, where none is on record, beside chips of its vendor and
/// architecture.
fn siblings(
    workbench: &Workbench,
    request: &CheckRequest,
    own: &ChipAnswer,
    check: &CheckAnswer,
) -> Result<Option<Siblings>, Failure> {
    let chips = workbench.chips()?;
    let (title, ids) = match chips.lineage_of(&own.chip) {
        Some(lineage) => (lineage.name.clone(), lineage.members.clone()),
        None => {
            let Some(architecture) = &own.chip.architecture else { return Ok(None) };
            let alike = |chip: &&Chip| {
                chip.vendor == own.chip.vendor && chip.architecture.as_ref() == Some(architecture)
            };
            let others = chips.iter().filter(alike).filter(|chip| chip.id != own.chip.id).take(4);
            let ids = std::iter::once(&own.chip).chain(others).map(|chip| chip.id.clone()).collect();
            (format!("{architecture}, beside this chip"), ids)
        }
    };
    if ids.len() < 2 {
        return Ok(None);
    }
    let mut listed = Vec::new();
    let mut answers = Vec::new();
    for id in ids {
        let determination = if id == own.chip.id {
            check.determination.clone()
        } else {
            // What the asker says of the item is about the chip asked for, not its siblings.
            let request = CheckRequest { item: Some(id.clone()), facts: Vec::new(), ..request.clone() };
            Check::run(workbench, &request)?.determination
        };
        let jurisdiction = request.scenario.jurisdiction.clone();
        let answer = ChipOperation::run(workbench, &ChipRequest { name: id.clone(), jurisdiction })?;
        listed.push(Sibling {
            id,
            name: answer.chip.name.clone(),
            status: determination.title,
            class: determination.class,
        });
        answers.push(answer);
    }
    let jurisdiction = workbench.jurisdiction(request.scenario.jurisdiction.as_deref())?;
    let axes = jurisdiction.planes.iter().flat_map(|plane| [plane.horizontal, plane.vertical]);
    let axes: Vec<&str> = axes.map(|fact| jurisdiction.dictionary.fact(fact).name.as_str()).collect();
    let legal = legal_rows(&answers, &axes);
    // A figure that is a legal fact as it stands is shown once.
    let repeats = |row: &SiblingRow| legal.iter().any(|known| known.cells == row.cells);
    let figures: Vec<SiblingRow> = figure_rows(&answers).into_iter().filter(|row| !repeats(row)).collect();
    let rows = legal.iter().chain(&figures).cloned();
    // A row with one figure compares nothing, and neither does one of zeros.
    let tells = |row: &SiblingRow| {
        let cells = || row.cells.iter().flatten();
        cells().count() > 1 && cells().any(|cell| cell.text != "0")
    };
    let rows = rows.filter(tells).collect();
    Ok(Some(Siblings { title, chips: listed, rows }))
}

/// Rows of the facts in whose planes the law is drawn.
fn legal_rows(answers: &[ChipAnswer], facts: &[&str]) -> Vec<SiblingRow> {
    let known = |answer: &ChipAnswer, name: &str| -> Option<LegalFact> {
        answer.legal_facts.iter().find(|fact| fact.fact == name).cloned()
    };
    let row_of = |name: &&str| {
        let first = answers.iter().find_map(|answer| known(answer, name))?;
        let cell = |answer: &ChipAnswer| {
            let own = known(answer, name)?;
            let Some(Value::Number(interval)) = &own.value else { return None };
            let certainty = match &own.origin {
                Origin::Catalogue { certainty, .. } => *certainty,
                _ => Certainty::Computed,
            };
            Some((interval.exact(), interval.to_string(), certainty))
        };
        let unit = first.unit.as_deref().unwrap_or_default();
        Some(row(name, &first.title, unit, answers.iter().map(cell).collect()))
    };
    facts.iter().filter_map(row_of).collect()
}

fn figure_rows(answers: &[ChipAnswer]) -> Vec<SiblingRow> {
    let kinds = COMPARED.iter().filter_map(|name| figure_kind(name));
    kinds
        .map(|kind| {
            let cell = |answer: &ChipAnswer| {
                let figure = answer.chip.figures.get(kind.name)?;
                let bounds = figure.bounds()?;
                Some((bounds.best(), bounds.to_string(), figure.certainty))
            };
            row(kind.name, kind.title, kind.unit, answers.iter().map(cell).collect())
        })
        .collect()
}

fn row(
    name: &str,
    title: &str,
    unit: &str,
    cells: Vec<Option<(Option<Decimal>, String, Certainty)>>,
) -> SiblingRow {
    let first = cells.first().and_then(|cell| cell.as_ref()?.0);
    let cells = cells.into_iter().map(|cell| {
        let (value, text, certainty) = cell?;
        let ratio = value.zip(first).and_then(|(value, first)| value.quotient_for_display(first));
        let text = value.map_or(text, |value| value.rounded(3).grouped());
        Some(SiblingCell { text, ratio: ratio.map(|ratio| ratio.rounded(3)), certainty })
    });
    SiblingRow {
        name: name.to_owned(),
        title: title.to_owned(),
        unit: unit.to_owned(),
        cells: cells.collect(),
    }
}
