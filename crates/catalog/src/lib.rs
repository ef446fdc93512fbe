//! Chips and places: what is known of them, from where, how surely, and under which names.
//!
//! The catalogue is read from text files ([`DataFile`]) that carry a source and a
//! certainty for every figure; sources that disagree are kept. It derives from them
//! what law asks for ([`Chip::total_processing_performance`], [`Chip::io_bandwidth`])
//! without knowing any law. A user's files laid over ours replace entries by id.
//!
//! What is not here: reading from disk or network, and any threshold.

mod chip;
pub mod datafile;
mod figure;
mod names;
mod place;

use std::collections::BTreeMap;

use narrows_quantity::{Decimal, did_you_mean, nearest};
use serde::Serialize;

pub use chip::{Chip, Conflict, Derived, Link, Pcie, Precision};
pub use datafile::{DataFile, Problem, Problems};
pub use figure::{Bounds, FIGURES, Figure, FigureKind, FigureValue, figure_kind};
pub use names::{NameError, normalise};
pub use place::{Belonging, Change, Group, Place, Places};

use datafile::{Collector, Document, Located, Location, Table};
use names::{Meaning, NameIndex};

/// A maker of chips.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Vendor {
    /// Id, the first part of its chips' ids.
    pub id: String,
    /// Name.
    pub name: String,
    /// Seat of its headquarters (a place code), if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headquarters: Option<String>,
    /// Other names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

/// A name that fits several chips.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Family {
    /// The name.
    pub name: String,
    /// Ids of the chips.
    pub members: Vec<String>,
    /// Which of them is meant when nothing more is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// Chips that were cut from one another or replaced one another, the first being the one
/// that the others are measured by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lineage {
    /// What they have in common.
    pub name: String,
    /// Ids of the chips.
    pub members: Vec<String>,
}

/// Chips that others are measured against, and what all of them are asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// What the chips have in common.
    pub name: String,
    /// Names of models, in the order of telling.
    pub models: Vec<String>,
    /// Ids of the chips.
    pub members: Vec<String>,
}

/// Groups that name chips, checked once all chips are read.
#[derive(Default)]
struct Groups {
    lineages: Vec<Located<Lineage>>,
    comparisons: Vec<Located<Comparison>>,
}

/// A chip found by name.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The chip.
    pub chip: &'a Chip,
    /// The family through whose default it was found.
    pub by_default_of: Option<&'a Family>,
}

/// Chips, vendors, families, lineages and the precisions of rates.
#[derive(Debug, Clone, Default)]
pub struct Chips {
    chips: BTreeMap<String, Chip>,
    vendors: BTreeMap<String, Vendor>,
    families: BTreeMap<String, Family>,
    lineages: Vec<Lineage>,
    comparisons: Vec<Comparison>,
    precisions: Vec<Precision>,
    names: NameIndex,
}

/// Reads places and groups of places. Later files lie over earlier ones.
///
/// # Errors
/// Everything that is wrong in the files.
pub fn read_places<'a>(files: impl IntoIterator<Item = DataFile<'a>>) -> Result<Places, Problems> {
    let problems = Collector::new();
    let mut places = Places::default();
    for file in files {
        places.read(file, &problems);
    }
    places.check(&problems);
    problems.finish(places)
}

/// Reads chips, vendors, families and precisions. Later files lie over earlier ones: a
/// chip, vendor or family with an id that is taken replaces the earlier one.
///
/// # Errors
/// Everything that is wrong in the files.
pub fn read_chips<'a>(
    files: impl IntoIterator<Item = DataFile<'a>>,
    places: &Places,
) -> Result<Chips, Problems> {
    let problems = Collector::new();
    let mut chips = Chips::default();
    let mut optional_words: Vec<(String, String)> = Vec::new();
    let mut family_aliases: BTreeMap<String, (Vec<String>, Location)> = BTreeMap::new();
    let mut groups = Groups::default();
    for file in files {
        match file.path.rsplit('/').next() {
            Some("vendors.toml") => chips.read_vendors(file, places, &mut optional_words, &problems),
            Some("families.toml") => chips.read_families(file, &mut family_aliases, &mut groups, &problems),
            Some("precisions.toml") => chips.read_precisions(file, &problems),
            Some("SOURCES.toml") => read_sources(file, &problems),
            _ => {
                if let Some(chip) = Chip::read(file, &problems) {
                    chips.chips.insert(chip.id.clone(), chip);
                }
            }
        }
    }
    chips.index(&optional_words, &family_aliases, &problems);
    for Located { value: lineage, at } in groups.lineages {
        chips.check_members("lineage", &lineage.name, &lineage.members, &at, &problems);
        chips.lineages.retain(|other| other.name != lineage.name);
        chips.lineages.push(lineage);
    }
    for Located { value: comparison, at } in groups.comparisons {
        chips.check_members("comparison", &comparison.name, &comparison.members, &at, &problems);
        chips.comparisons.retain(|other| other.name != comparison.name);
        chips.comparisons.push(comparison);
    }
    problems.finish(chips)
}

impl Chips {
    fn read_vendors(
        &mut self,
        file: DataFile<'_>,
        places: &Places,
        optional_words: &mut Vec<(String, String)>,
        problems: &Collector,
    ) {
        let Some(document) = Document::parse(file, problems) else { return };
        let root = document.root(problems);
        for table in root.tables("vendor") {
            let headquarters = table.optional_string("headquarters");
            if let Some(code) = &headquarters
                && places.place(code).is_none()
            {
                table.report("headquarters", format!("unknown place `{code}`"));
            }
            let names = table.plain_strings("names");
            let words = table.plain_strings("optional_words");
            if let (Some(id), Some(name)) = (table.string("id"), table.string("name")) {
                optional_words.extend(words.into_iter().map(|word| (word, id.clone())));
                self.vendors.insert(id.clone(), Vendor { id, name, headquarters, names });
            }
            table.finish();
        }
        root.finish();
    }

    fn read_families(
        &mut self,
        file: DataFile<'_>,
        aliases: &mut BTreeMap<String, (Vec<String>, Location)>,
        groups: &mut Groups,
        problems: &Collector,
    ) {
        let Some(document) = Document::parse(file, problems) else { return };
        let root = document.root(problems);
        for table in root.tables("family") {
            let members = table.plain_strings("members");
            let default = table.optional_string("default");
            let other_names = table.plain_strings("aliases");
            if let Some(name) = table.string("name") {
                aliases.insert(name.clone(), (other_names, table.here()));
                self.families.insert(name.clone(), Family { name, members, default });
            }
            table.finish();
        }
        for table in root.tables("lineage") {
            let members = table.plain_strings("members");
            if members.is_empty() {
                table.report("members", "a lineage needs members, the first of which is the measure");
            }
            if let Some(name) = table.string("name") {
                groups.lineages.push(Located { value: Lineage { name, members }, at: table.here() });
            }
            table.finish();
        }
        for table in root.tables("comparison") {
            let [models, members] = ["models", "members"].map(|key| table.plain_strings(key));
            for (key, listed) in [("models", &models), ("members", &members)] {
                if listed.is_empty() {
                    table.report(key, "a comparison needs models and members");
                }
            }
            if let Some(name) = table.string("name") {
                groups
                    .comparisons
                    .push(Located { value: Comparison { name, models, members }, at: table.here() });
            }
            table.finish();
        }
        root.finish();
    }

    fn read_precisions(&mut self, file: DataFile<'_>, problems: &Collector) {
        let Some(document) = Document::parse(file, problems) else { return };
        let root = document.root(problems);
        let _ = (root.string("source"), root.certainty("certainty"));
        for table in root.tables("precision") {
            if let Some(precision) = read_precision(&table) {
                self.precisions.retain(|other| other.figure != precision.figure);
                self.precisions.push(precision);
            }
        }
        root.finish();
    }

    /// Names of everything, each checked against all others.
    fn index(
        &mut self,
        optional_words: &[(String, String)],
        family_aliases: &BTreeMap<String, (Vec<String>, Location)>,
        problems: &Collector,
    ) {
        let mut names = NameIndex::default();
        for (word, vendor) in optional_words {
            names.add_optional_word(word, vendor);
        }
        for chip in self.chips.values() {
            if !self.vendors.contains_key(&chip.vendor) {
                let hint = nearest(&chip.vendor, self.vendors.keys().map(String::as_str));
                let message = format!("unknown vendor `{}`{}", chip.vendor, did_you_mean(hint.as_deref()));
                problems.add(chip.at.problem(message));
            }
            for name in [&chip.id, &chip.name].into_iter().chain(&chip.aliases) {
                if let Some(other) = names.add(name, Meaning::Entry(chip.id.clone())) {
                    problems.add(chip.at.problem(format!("`{name}` is already a name of `{}`", other.id())));
                }
            }
        }
        for family in self.families.values() {
            let nobody = (Vec::new(), Location { file: "families".into(), line: 1, field: String::new() });
            let (aliases, at) = family_aliases.get(&family.name).unwrap_or(&nobody);
            for name in std::iter::once(&family.name).chain(aliases) {
                if let Some(other) = names.add(name, Meaning::Family(family.name.clone())) {
                    problems.add(at.problem(format!("`{name}` is already a name of `{}`", other.id())));
                }
            }
            self.check_members(
                "family",
                &family.name,
                family.members.iter().chain(&family.default),
                at,
                problems,
            );
            if let Some(default) = &family.default
                && !family.members.contains(default)
            {
                problems.add(at.problem(format!("family `{}`: its default is not a member", family.name)));
            }
        }
        for chip in self.chips.values() {
            let meaning = Meaning::Entry(chip.id.clone());
            for name in std::iter::once(&chip.name).chain(&chip.aliases) {
                names.add_shortened(name, &chip.vendor, &meaning);
            }
        }
        self.names = names;
    }

    fn check_members<'a>(
        &self,
        what: &str,
        name: &str,
        members: impl IntoIterator<Item = &'a String>,
        at: &Location,
        problems: &Collector,
    ) {
        for id in members.into_iter().filter(|id| !self.chips.contains_key(*id)) {
            let hint = nearest(id, self.chips.keys().map(String::as_str));
            problems.add(
                at.problem(format!("{what} `{name}`: unknown chip `{id}`{}", did_you_mean(hint.as_deref()))),
            );
        }
    }

    /// All chips, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Chip> {
        self.chips.values()
    }

    /// A chip by its id.
    #[must_use]
    pub fn chip(&self, id: &str) -> Option<&Chip> {
        self.chips.get(id)
    }

    /// A vendor by its id.
    #[must_use]
    pub fn vendor(&self, id: &str) -> Option<&Vendor> {
        self.vendors.get(id)
    }

    /// All vendors, by id.
    pub fn vendors(&self) -> impl Iterator<Item = &Vendor> {
        self.vendors.values()
    }

    /// All families, by name.
    pub fn families(&self) -> impl Iterator<Item = &Family> {
        self.families.values()
    }

    /// The first lineage that a chip belongs to.
    #[must_use]
    pub fn lineage_of(&self, chip: &Chip) -> Option<&Lineage> {
        self.lineages.iter().find(|lineage| lineage.members.contains(&chip.id))
    }

    /// Chips that every chip is compared with.
    #[must_use]
    pub fn comparisons(&self) -> &[Comparison] {
        &self.comparisons
    }

    /// Bit lengths of the precisions.
    #[must_use]
    pub fn precisions(&self) -> &[Precision] {
        &self.precisions
    }

    /// A vendor by id or any of its names, in any case and script.
    ///
    /// # Errors
    /// [`NameError`] for a name that nobody has.
    pub fn find_vendor(&self, name: &str) -> Result<&Vendor, NameError> {
        let wanted = normalise(name);
        let is_named = |text: &str| normalise(text) == wanted;
        let found = self.vendors().find(|vendor| {
            is_named(&vendor.id) || is_named(&vendor.name) || vendor.names.iter().any(|name| is_named(name))
        });
        found.ok_or_else(|| NameError::Unknown {
            what: "vendor",
            name: name.chars().take(80).collect(),
            nearest: nearest(&name.to_lowercase(), self.vendors().map(|vendor| vendor.id.as_str()))
                .into_iter()
                .collect(),
        })
    }

    /// A chip by id, name, alias or family, in any case and script, with or without its vendor.
    ///
    /// # Errors
    /// [`NameError`] for a name that nobody or several have.
    pub fn find(&self, name: &str) -> Result<Found<'_>, NameError> {
        let has_vendor = |meaning: &Meaning, vendor: &str| match meaning {
            Meaning::Entry(id) => self.chips.get(id).is_some_and(|chip| chip.vendor == vendor),
            Meaning::Family(family) => self.families.get(family).is_some_and(|family| {
                family.members.iter().any(|id| self.chips.get(id).is_some_and(|chip| chip.vendor == vendor))
            }),
        };
        let meanings = self.names.find(name, has_vendor);
        let mut candidates: Vec<String> = Vec::new();
        let mut found = None;
        for meaning in &meanings {
            match meaning {
                Meaning::Entry(id) => {
                    candidates.push(id.clone());
                    found = self.chips.get(id).map(|chip| Found { chip, by_default_of: None });
                }
                Meaning::Family(family) => {
                    let Some(family) = self.families.get(family) else { continue };
                    match family.default.as_ref().and_then(|id| self.chips.get(id)) {
                        Some(chip) => {
                            candidates.push(chip.id.clone());
                            found = Some(Found { chip, by_default_of: Some(family) });
                        }
                        None => candidates.extend(family.members.iter().cloned()),
                    }
                }
            }
        }
        candidates.sort();
        candidates.dedup();
        match (found, candidates.len()) {
            (Some(found), 1) => Ok(found),
            (_, 0) => Err(NameError::Unknown {
                what: "chip",
                name: name.chars().take(80).collect(),
                nearest: self.names.nearest(name),
            }),
            _ => Err(NameError::Ambiguous { name: name.to_owned(), candidates }),
        }
    }
}

fn read_precision(table: &Table<'_>) -> Option<Precision> {
    let name = table.string("figure");
    let kind = name.as_deref().and_then(figure_kind).filter(|kind| kind.is_rate);
    if kind.is_none() {
        table.report("figure", "expected the name of a rate, such as `fp16_tops`");
    }
    let bits = table.optional_decimal("bits");
    let low = table.optional_decimal("bits_low").or(bits);
    let high = table.optional_decimal("bits_high").or(bits);
    let _ = table.optional_string("note");
    table.finish();
    match (kind, low, high) {
        (Some(kind), Some(low), Some(high)) if Decimal::ZERO < low && low <= high => {
            Some(Precision { figure: kind.name, bits_low: low, bits_high: high })
        }
        (Some(_), _, _) => {
            table.report("bits", "expected bits, or bits_low and bits_high in order");
            None
        }
        (None, _, _) => None,
    }
}

/// The publishers' terms are for people; what is checked is that they are readable.
fn read_sources(file: DataFile<'_>, problems: &Collector) {
    let Some(document) = Document::parse(file, problems) else { return };
    let root = document.root(problems);
    for table in root.tables("publisher") {
        let _ = (table.optional_string("host"), table.optional_string("name"));
        let _ = (table.string("title"), table.string("licence"), table.string("terms"));
        table.finish();
    }
    root.finish();
}
