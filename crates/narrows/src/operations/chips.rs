//! `chips`: the catalogue, filtered.

use std::collections::BTreeMap;

use jiff::civil::Date;
use narrows_catalog::{Bounds, Chip, Chips, FIGURES, Figure, FigureValue};
use narrows_condition::trace::{Surroundings, Trace, trace};
use narrows_condition::{
    Case, Condition, DayComparison, Dictionary, Fact, FactId, FactType, Membership, Truth, Value, Vocabulary,
    WhenMissing, parse,
};
use narrows_law::View;
use narrows_quantity::{Decimal, Interval, UnitTable};
use serde::{Deserialize, Serialize};

use crate::examiner::{Examiner, Question};
use crate::failure::{Failure, FailureKind};
use crate::operation::Operation;
use crate::scenario::Scenario;
use crate::workbench::Workbench;

/// The catalogue, filtered.
pub struct ChipsOperation;

/// What `chips` is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChipsRequest {
    /// Only chips of this vendor (id or name).
    #[serde(default)]
    pub vendor: Option<String>,
    /// Only chips for which this condition on figures holds.
    #[serde(default)]
    pub figures: Option<String>,
    /// Statuses to compute, and to filter by.
    #[serde(default)]
    pub status: Option<StatusFilter>,
    /// Further figures to list.
    #[serde(default)]
    pub columns: Vec<String>,
}

/// For which transaction the status of every chip is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusFilter {
    /// Destination.
    pub to: String,
    /// Day.
    pub on: Date,
    /// Seat of the party or its ultimate parent; the destination if none.
    #[serde(default)]
    pub headquarters: Option<String>,
    /// Only chips with this status or class.
    #[serde(default)]
    pub only: Option<String>,
    /// Whether the codified rather than the enforced state of law is asked about.
    #[serde(default)]
    pub codified: bool,
    /// Jurisdiction and reforms.
    #[serde(default)]
    pub scenario: Scenario,
}

/// What `chips` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChipsAnswer {
    /// Chips, by id.
    pub chips: Vec<ChipRow>,
    /// Ids of chips for which the condition on figures could not be decided.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<String>,
    /// Of how many.
    pub of: usize,
    /// What identifies the data.
    pub data_version: String,
}

/// One chip of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChipRow {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Total processing performance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tpp: Option<Bounds>,
    /// Performance density in TPP/mm2, a quotient rounded for display.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_density: Option<Bounds>,
    /// Memory bandwidth in GB/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bandwidth_gb_per_s: Option<Bounds>,
    /// All inputs and outputs in GB/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_bandwidth_gb_per_s: Option<Bounds>,
    /// Further figures that were asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, Figure>,
    /// Status, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

impl Operation for ChipsOperation {
    const NAME: &'static str = "chips";
    const SUMMARY: &'static str =
        "The catalogue, filtered by vendor, figures, and status on a day for a destination.";
    type Request = ChipsRequest;
    type Answer = ChipsAnswer;

    fn run(workbench: &Workbench, request: &ChipsRequest) -> Result<ChipsAnswer, Failure> {
        let chips = workbench.chips()?;
        let vendor = request.vendor.as_deref().map(|name| chips.find_vendor(name)).transpose()?;
        let figures = FigureLanguage::new()?;
        for column in &request.columns {
            if !figures.knows(column) {
                return Err(unknown_figure(column, &figures));
            }
        }
        let condition = request.figures.as_deref().map(|text| figures.parse(text, chips)).transpose()?;
        let mut statuses =
            request.status.as_ref().map(|filter| Statuses::new(workbench, filter)).transpose()?;
        let mut rows = Vec::new();
        let mut undecided = Vec::new();
        for chip in chips.iter().filter(|chip| vendor.is_none_or(|vendor| chip.vendor == vendor.id)) {
            match condition.as_ref().map_or(Truth::True, |condition| figures.holds(condition, chip, chips)) {
                Truth::True => {}
                Truth::False => continue,
                Truth::Unknown => {
                    undecided.push(chip.id.clone());
                    continue;
                }
            }
            let status = statuses.as_mut().map(|statuses| statuses.of(chip)).transpose()?;
            if let Some((word, class)) = &status
                && let Some(only) = request.status.as_ref().and_then(|filter| filter.only.as_ref())
                && only != word
                && only != class
            {
                continue;
            }
            rows.push(row(chip, chips, &request.columns, status.map(|(word, _)| word)));
        }
        Ok(ChipsAnswer {
            chips: rows,
            undecided,
            of: chips.iter().count(),
            data_version: workbench.data_version(),
        })
    }
}

fn unknown_figure(name: &str, figures: &FigureLanguage) -> Failure {
    let hint = narrows_quantity::nearest(name, figures.dictionary.iter().map(|(_, fact)| fact.name.as_str()));
    let message = format!("unknown figure `{name}`{}", narrows_quantity::did_you_mean(hint.as_deref()));
    Failure { kind: FailureKind::UnknownName, message }
}

fn row(chip: &Chip, chips: &Chips, columns: &[String], status: Option<String>) -> ChipRow {
    let tpp = chip.total_processing_performance(chips.precisions()).map(|derived| derived.bounds);
    let density =
        tpp.and_then(|tpp| tpp.best()).zip(chip.bounds("logic_die_area_mm2").and_then(|it| it.best()));
    let mut figures = BTreeMap::new();
    for column in columns {
        if let Some(figure) = chip.figures.get(column.as_str()) {
            figures.insert(column.clone(), figure.clone());
        }
    }
    ChipRow {
        id: chip.id.clone(),
        name: chip.name.clone(),
        tpp,
        performance_density: density
            .and_then(|(tpp, area)| tpp.quotient_for_display(area))
            .map(|density| Bounds::exactly(density.rounded(2))),
        memory_bandwidth_gb_per_s: chip.bounds("memory_bandwidth_gb_per_s"),
        io_bandwidth_gb_per_s: chip.io_bandwidth().map(|derived| derived.bounds),
        figures,
        status,
    }
}

/// Statuses of chips for one transaction.
struct Statuses<'w> {
    examiner: Examiner<'w>,
    filter: StatusFilter,
}

impl<'w> Statuses<'w> {
    fn new(workbench: &'w Workbench, filter: &StatusFilter) -> Result<Self, Failure> {
        let examiner = Examiner::new(workbench, &filter.scenario)?;
        if let Some(only) = &filter.only {
            let statuses = examiner.jurisdiction().statuses();
            let words = || {
                let words = statuses.iter().flat_map(|status| [status.word.as_str(), status.class.word()]);
                words.chain([narrows_law::UNDETERMINED])
            };
            if !words().any(|word| word == only) {
                let hint = narrows_quantity::nearest(only, words());
                let hint = narrows_quantity::did_you_mean(hint.as_deref());
                let message = format!("unknown status or class `{only}`{hint}");
                return Err(Failure { kind: FailureKind::UnknownName, message });
            }
        }
        Ok(Self { examiner, filter: filter.clone() })
    }

    fn of(&mut self, chip: &Chip) -> Result<(String, String), Failure> {
        let prepared = self.examiner.prepare(&Question {
            item: Some(chip.id.clone()),
            on: self.filter.on,
            to: self.filter.to.clone(),
            headquarters: self.filter.headquarters.clone(),
            view: if self.filter.codified { View::Codified } else { View::Enforced },
            ..Question::default()
        })?;
        let standing = self.examiner.standing(&prepared)?;
        Ok((standing.status, standing.class.to_owned()))
    }
}

/// The condition language over figures of chips: `tpp >= 4000 TPP and memory_gb > 80 GB`.
struct FigureLanguage {
    dictionary: Dictionary,
}

/// The words by which chips of a catalogue may be told apart.
struct CatalogueWords<'a>(&'a Chips);

impl CatalogueWords<'_> {
    fn words(&self, register: &str) -> Vec<&str> {
        let chips = self.0.iter();
        match register {
            "vendor" => chips.map(|chip| chip.vendor.as_str()).collect(),
            "kind" => chips.map(|chip| chip.kind.as_str()).collect(),
            "architecture" => chips.filter_map(|chip| chip.architecture.as_deref()).collect(),
            "memory_type" => chips.filter_map(|chip| chip.memory_type.as_deref()).collect(),
            _ => Vec::new(),
        }
    }
}

impl Vocabulary for CatalogueWords<'_> {
    fn knows_place(&self, _: &str) -> bool {
        false
    }

    fn knows_name(&self, register: &str, name: &str) -> bool {
        self.words(register).iter().any(|word| word.eq_ignore_ascii_case(name))
    }

    fn nearest_name(&self, register: Option<&str>, name: &str) -> Option<String> {
        narrows_quantity::nearest(name, self.words(register?).into_iter())
    }
}

impl FigureLanguage {
    fn new() -> Result<Self, Failure> {
        let mut units = UnitTable::new();
        let fail = |error: &dyn std::fmt::Display| Failure::data(format!("the language of figures: {error}"));
        for kind in FIGURES.iter().filter(|kind| !kind.unit.is_empty()) {
            if !units.knows(kind.unit) {
                units.declare_base(kind.unit).map_err(|error| fail(&error))?;
            }
        }
        for symbol in ["TPP", "TPP/mm2"] {
            units.declare_base(symbol).map_err(|error| fail(&error))?;
        }
        for (symbol, base) in [("TB/s", "GB/s"), ("TB", "GB"), ("GHz", "MHz"), ("kW", "W")] {
            units.declare(symbol, base, Decimal::whole(1000)).map_err(|error| fail(&error))?;
        }
        let mut dictionary = Dictionary::new(units);
        let whole =
            Interval::new(Decimal::ZERO, Decimal::whole(1_000_000_000)).map_err(|error| fail(&error))?;
        let mut add = |name: &str, title: &str, kind: FactType| {
            let fact = Fact {
                name: name.to_owned(),
                title: title.to_owned(),
                definition: String::new(),
                source: String::new(),
                kind,
                missing: WhenMissing::Unknown,
                otherwise: None,
                role: None,
                question: false,
            };
            dictionary.add(fact).map_err(|error| fail(&error))
        };
        for kind in &FIGURES {
            let unit = (!kind.unit.is_empty()).then(|| kind.unit.to_owned());
            let fact_type =
                if kind.is_truth { FactType::Truth } else { FactType::Number { unit, range: whole } };
            add(kind.name, kind.title, fact_type)?;
        }
        let number = |unit: &str| FactType::Number { unit: Some(unit.to_owned()), range: whole };
        add("tpp", "total processing performance", number("TPP"))?;
        add("performance_density", "performance density", number("TPP/mm2"))?;
        add("io_bandwidth_gb_per_s", "all inputs and outputs", number("GB/s"))?;
        add("vendor", "vendor", FactType::Name { register: "vendor".to_owned() })?;
        add("kind", "kind", FactType::Name { register: "kind".to_owned() })?;
        add("architecture", "architecture", FactType::Name { register: "architecture".to_owned() })?;
        add("memory_type", "kind of memory", FactType::Name { register: "memory_type".to_owned() })?;
        add("released", "released", FactType::Date)?;
        Ok(Self { dictionary })
    }

    fn knows(&self, name: &str) -> bool {
        self.dictionary.find(name).is_some()
    }

    fn parse(&self, text: &str, chips: &Chips) -> Result<Condition, Failure> {
        parse(text, &self.dictionary, &CatalogueWords(chips))
            .map_err(|error| Failure::from(error).within("--where"))
    }

    fn holds(&self, condition: &Condition, chip: &Chip, chips: &Chips) -> Truth {
        let case = self.case(chip, chips);
        let around = ChipSurroundings { chip, dictionary: &self.dictionary };
        trace(&condition.root, &self.dictionary, &case, &around).truth
    }

    fn case(&self, chip: &Chip, chips: &Chips) -> Case {
        let mut case = Case::unknown(&self.dictionary);
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(id) = self.dictionary.find(name) {
                case.set(&self.dictionary, id, value.as_ref());
            }
        };
        let number = |bounds: Bounds| {
            let low = bounds.low.unwrap_or(Decimal::ZERO);
            let high = bounds.high.unwrap_or(Decimal::whole(1_000_000_000));
            Interval::new(low, high).ok().map(Value::Number)
        };
        for (name, figure) in &chip.figures {
            let value = match figure.value {
                FigureValue::Number(bounds) => number(bounds),
                FigureValue::Truth(value) => Some(Value::Truth(value)),
                // A mode that a chip has not runs at no rate.
                FigureValue::Unsupported => number(Bounds::exactly(Decimal::ZERO)),
            };
            set(name, value);
        }
        let tpp = chip.total_processing_performance(chips.precisions()).map(|derived| derived.bounds);
        set("tpp", tpp.and_then(number));
        let density = tpp
            .and_then(|tpp| tpp.interval())
            .zip(chip.bounds("logic_die_area_mm2").and_then(|it| it.interval()));
        let density = density.and_then(|(tpp, area)| {
            let low = tpp.low().quotient_for_display(area.high())?;
            let high = tpp.high().quotient_for_display(area.low())?;
            Interval::new(low, high).ok().map(Value::Number)
        });
        set("performance_density", density);
        set("io_bandwidth_gb_per_s", chip.io_bandwidth().and_then(|derived| number(derived.bounds)));
        case
    }
}

struct ChipSurroundings<'a> {
    chip: &'a Chip,
    dictionary: &'a Dictionary,
}

impl Surroundings for ChipSurroundings<'_> {
    fn contextual_value(&self, fact: FactId) -> Option<String> {
        match self.dictionary.fact(fact).name.as_str() {
            "vendor" => Some(self.chip.vendor.clone()),
            "kind" => Some(self.chip.kind.clone()),
            "architecture" => self.chip.architecture.clone(),
            "memory_type" => self.chip.memory_type.clone(),
            _ => None,
        }
    }

    fn is_member(&self, membership: &Membership) -> Truth {
        match self.contextual_value(membership.fact) {
            Some(value) => Truth::from(membership.items.iter().any(|item| item.eq_ignore_ascii_case(&value))),
            None => Truth::Unknown,
        }
    }

    fn day_holds(&self, comparison: &DayComparison) -> Truth {
        match self.chip.released {
            Some(released) => Truth::from(comparison.operator.holds(&released, &comparison.day)),
            None => Truth::Unknown,
        }
    }

    fn provision(&self, _: &str) -> (Truth, Option<Trace>) {
        (Truth::Unknown, None)
    }

    fn presumed(&self, _: FactId) -> Truth {
        Truth::False
    }
}
