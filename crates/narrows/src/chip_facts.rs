//! What a chip of the catalogue supplies to a dictionary of facts.
//!
//! The catalogue knows figures, the law asks for facts: this table is the only place
//! where the two meet. A fact that the table names and that is not on record is supplied
//! as unknown, so that nothing is assumed of a known chip.

use narrows_catalog::{Bounds, Chip, Chips, Derived, FigureValue, Link};
use narrows_condition::{Dictionary, FactId, FactType, Value};
use narrows_law::{Origin, Supplies, Supply};
use narrows_quantity::{Certainty, Decimal, Interval};

use crate::failure::Failure;

/// A value with its ground.
struct Known {
    value: Stated,
    certainty: Certainty,
    how: String,
    sources: Vec<String>,
}

enum Stated {
    Number(Bounds),
    Truth(bool),
    Word(String),
}

/// What the catalogue says of one fact: outer none if it has nothing to do with chips,
/// inner none if it is not on record.
type Entry = fn(&Chip, &Chips) -> Option<Known>;

/// Facts by name, and how a chip supplies them.
const TABLE: [(&str, Entry); 17] = [
    ("item", |chip, _| recorded(Stated::Word(chip.id.clone()))),
    ("item_kind", |chip, _| recorded(Stated::Word(chip.kind.clone()))),
    ("tpp", |chip, chips| derived(chip.total_processing_performance(chips.precisions()))),
    ("bits_x_tops", |chip, chips| derived(chip.total_processing_performance(chips.precisions()))),
    ("tops", |chip, chips| derived(chip.largest_operation_rate(chips.precisions()))),
    ("analog_tops", |_, _| {
        Some(Known {
            value: Stated::Number(Bounds::exactly(Decimal::ZERO)),
            certainty: Certainty::Inferred,
            how: "no analog or multi-level units are on record".to_owned(),
            sources: Vec::new(),
        })
    }),
    ("applicable_die_area_mm2", |chip, _| figure(chip, "logic_die_area_mm2")),
    ("io_bandwidth_gb_per_s", |chip, _| derived(chip.io_bandwidth())),
    ("interconnect_bandwidth_gb_per_s", |chip, _| match chip.link {
        Link::PcieOnly => Some(Known {
            value: Stated::Number(Bounds::exactly(Decimal::ZERO)),
            certainty: Certainty::Inferred,
            how: "no chip-to-chip link".to_owned(),
            sources: Vec::new(),
        }),
        _ => figure(chip, "link_bandwidth_gb_per_s"),
    }),
    ("dram_bandwidth_gb_per_s", |chip, _| figure(chip, "memory_bandwidth_gb_per_s")),
    ("hbm_bandwidth_density_gb_per_s_mm2", |chip, _| figure(chip, "hbm_bandwidth_density_gb_per_s_mm2")),
    ("transistors_billion", |chip, _| figure(chip, "transistors_billion")),
    ("process_node_nm", |chip, _| figure(chip, "process_node_nm")),
    ("contains_hbm", |chip, _| {
        let value = Stated::Truth(chip.contains_hbm()?);
        let how = format!("memory type {}", chip.memory_type.as_deref().unwrap_or_default());
        Some(Known { value, certainty: Certainty::Inferred, how, sources: Vec::new() })
    }),
    ("datacenter", |chip, _| figure(chip, "marketed_for_datacenters")),
    ("available_in_us", |chip, _| figure(chip, "available_in_us")),
    ("designer", |chip, _| recorded(Stated::Word(chip.vendor.clone()))),
];

/// What the chip is and who designed it: as sure as the part is known at all.
fn recorded(value: Stated) -> Option<Known> {
    let how = "as recorded in the catalogue".to_owned();
    Some(Known { value, certainty: Certainty::Datasheet, how, sources: Vec::new() })
}

fn derived(derived: Option<Derived>) -> Option<Known> {
    let Derived { bounds, certainty, how, sources } = derived?;
    Some(Known { value: Stated::Number(bounds), certainty, how, sources })
}

fn figure(chip: &Chip, name: &str) -> Option<Known> {
    let figure = chip.figures.get(name)?;
    let value = match figure.value {
        FigureValue::Number(bounds) => Stated::Number(bounds),
        FigureValue::Truth(value) => Stated::Truth(value),
        FigureValue::Unsupported => return None,
    };
    let how = figure.basis.clone().unwrap_or_else(|| "as recorded in the catalogue".to_owned());
    Some(Known { value, certainty: figure.certainty, how, sources: figure.sources.clone() })
}

fn seat(chip: &Chip, chips: &Chips) -> Option<Known> {
    let seat = chips.vendor(&chip.vendor)?.headquarters.clone()?;
    recorded(Stated::Word(seat))
}

/// Everything that a chip supplies to the facts of a dictionary.
///
/// # Errors
/// A figure outside the range of its fact, or a fact of the chip's own that the dictionary
/// does not take.
pub(crate) fn supplies(chip: &Chip, chips: &Chips, dictionary: &Dictionary) -> Result<Supplies, Failure> {
    let mut supplies = Supplies::new();
    let table = TABLE.into_iter().chain([("designer_hq", seat as Entry)]);
    for (name, entry) in table {
        let Some(id) = dictionary.find(name) else { continue };
        let known = entry(chip, chips).filter(|known| speaks_of(dictionary, id, known));
        let supply = match &known {
            None => Supply { value: None, origin: unknown() },
            Some(known) => Supply {
                value: value(known, id, dictionary).map_err(|why| at_chip(chip, name, &why))?,
                origin: Origin::Catalogue {
                    certainty: known.certainty,
                    how: known.how.clone(),
                    sources: known.sources.clone(),
                },
            },
        };
        supplies.insert(id, supply);
    }
    for (name, text) in &chip.facts {
        // A fact of another jurisdiction is no concern of this one.
        let Some(id) = dictionary.find(name) else { continue };
        let value = dictionary.read_value(id, text).map_err(|error| {
            let at = chip.facts_at.get(name).unwrap_or(&chip.at);
            Failure::data(at.problem(error.to_string()).to_string())
        })?;
        let how = "as recorded in the catalogue".to_owned();
        let origin = Origin::Catalogue { certainty: Certainty::Inferred, how, sources: Vec::new() };
        supplies.insert(id, Supply { value: Some(value), origin });
    }
    Ok(supplies)
}

/// Whether a jurisdiction has a word for it: an item of a kind that its law does not know is
/// of unknown kind there.
fn speaks_of(dictionary: &Dictionary, id: FactId, known: &Known) -> bool {
    match (&dictionary.fact(id).kind, &known.value) {
        (FactType::Choice { values }, Stated::Word(word)) => values.iter().any(|(value, _)| value == word),
        _ => true,
    }
}

fn unknown() -> Origin {
    Origin::Catalogue { certainty: Certainty::Inferred, how: "not on record".to_owned(), sources: Vec::new() }
}

fn at_chip(chip: &Chip, fact: &str, why: &str) -> Failure {
    Failure::data(chip.at.problem(format!("chip `{}`, fact `{fact}`: {why}", chip.id)).to_string())
}

fn value(known: &Known, id: FactId, dictionary: &Dictionary) -> Result<Option<Value>, String> {
    match &known.value {
        Stated::Truth(truth) => Ok(Some(Value::Truth(*truth))),
        Stated::Word(word) => dictionary.read_value(id, word).map(Some).map_err(|error| error.to_string()),
        Stated::Number(bounds) => {
            let Some(range) = dictionary.fact(id).range() else { return Ok(None) };
            // An end that is not on record is open as far as the fact can go.
            let (low, high) = (bounds.low.unwrap_or(range.low()), bounds.high.unwrap_or(range.high()));
            if low < range.low() || high > range.high() {
                return Err(format!("{bounds} lies outside the range {range}"));
            }
            let interval = Interval::new(low, high).map_err(|error| error.to_string())?;
            Ok(Some(Value::Number(interval)))
        }
    }
}
