//! [`Chip`]: an accelerator, card or bare memory stack, and what law derives from it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use narrows_quantity::{Certainty, Decimal, did_you_mean, nearest};
use serde::Serialize;

use crate::datafile::{Collector, DataFile, Document, FieldKind, Location, Problem, Problems, Table};
use crate::figure::{Bounds, FIGURES, Figure, FigureValue, figure_kind, read_value};

/// A chip of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chip {
    /// Stable id: vendor, dot, name.
    pub id: String,
    /// Marketing name.
    pub name: String,
    /// Id of its vendor.
    pub vendor: String,
    /// What kind of item it is (`logic_ic`, `hbm_stack`).
    pub kind: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Form factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form_factor: Option<String>,
    /// Architecture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// Who makes the wafers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foundry: Option<String>,
    /// Kind of memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_type: Option<String>,
    /// Name of the chip-to-chip link, or how else the chip is reached.
    pub link: Link,
    /// PCI Express generation and lanes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pcie: Option<Pcie>,
    /// Announcement or first sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released: Option<Date>,
    /// Why that day is not firm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released_note: Option<String>,
    /// Day of the price band.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_on: Option<Date>,
    /// Remarks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What is known, by the name of the figure.
    pub figures: BTreeMap<&'static str, Figure>,
    /// Sources that say something else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
    /// Facts for a jurisdiction of its own, by name, as text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
    /// Where those facts stand.
    #[serde(skip)]
    pub facts_at: BTreeMap<String, Location>,
    /// Where the file begins.
    #[serde(skip)]
    pub at: Location,
}

/// How a chip reaches other chips.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// By a link of this name.
    Named(String),
    /// By PCI Express alone.
    PcieOnly,
    /// Nothing is known.
    Unknown,
}

/// A PCI Express port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pcie {
    /// Generation.
    pub generation: u8,
    /// Lanes.
    pub lanes: u8,
}

impl Pcie {
    fn parse(text: &str) -> Option<Self> {
        let (generation, lanes) = text.split_once(" x")?;
        let generation = generation.strip_suffix(".0")?.parse().ok()?;
        let lanes = lanes.parse().ok()?;
        (1..=7)
            .contains(&generation)
            .then_some(Self { generation, lanes })
            .filter(|port| (1..=32).contains(&port.lanes))
    }

    /// Both directions together, in GB/s, at the nominal rate of the generation
    /// (PCI-SIG: 2.5 GT/s for the first, 8 GT/s for the third, doubling since).
    #[must_use]
    pub fn bandwidth_gb_per_s(self) -> Decimal {
        // Both directions of one lane of the first generation: 0.5 GB/s.
        let per_lane = Decimal::SCALE / 2 * (1 << (self.generation - 1));
        Decimal::from_millionths(per_lane * i64::from(self.lanes))
    }
}

impl std::fmt::Display for Pcie {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PCIe {}.0 x{}", self.generation, self.lanes)
    }
}

impl Serialize for Pcie {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A source that says something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// About which figure.
    pub figure: String,
    /// What it says.
    pub found: String,
    /// Who says it.
    pub source: String,
    /// Why it was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Something that law asks of a chip and that follows from its figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Derived {
    /// What follows.
    pub bounds: Bounds,
    /// The weakest ground that it rests on.
    pub certainty: Certainty,
    /// How it was obtained, with the figures used.
    pub how: String,
    /// Sources of those figures.
    pub sources: Vec<String>,
}

/// Bit length of a precision in the operation that law counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Precision {
    /// The rate it belongs to.
    pub figure: &'static str,
    /// Shortest reading of the length.
    pub bits_low: Decimal,
    /// Longest reading.
    pub bits_high: Decimal,
}

impl Chip {
    /// Reads a chip from a file of its own, outside any catalogue.
    ///
    /// # Errors
    /// Everything that is wrong in the file.
    pub fn parse(file: DataFile<'_>) -> Result<Self, Problems> {
        let problems = Collector::new();
        let chip = Self::read(file, &problems);
        match problems.finish(chip)? {
            Some(chip) => Ok(chip),
            None => Err(Problems(vec![Problem {
                file: file.path.to_owned(),
                line: 1,
                field: String::new(),
                message: "expected a chip, as in the folder `chips` of the data".to_owned(),
            }])),
        }
    }

    /// Puts another value in the place of a figure, as somebody supposes it.
    ///
    /// # Errors
    /// The figure is unknown, no number, or the value cannot be meant.
    pub fn suppose(&mut self, figure: &str, value: Decimal) -> Result<(), String> {
        let Some(kind) = figure_kind(figure).filter(|kind| !kind.is_truth) else {
            let names = || FIGURES.iter().filter(|kind| !kind.is_truth).map(|kind| kind.name);
            // The unit that ends a name is soon forgotten.
            let begun =
                || names().find(|name| !figure.is_empty() && name.starts_with(figure)).map(str::to_owned);
            let hint = nearest(figure, names()).or_else(begun);
            return Err(format!("unknown figure `{figure}`{}", did_you_mean(hint.as_deref())));
        };
        if value < Decimal::whole(kind.least) || value > Decimal::whole(kind.most) {
            return Err(format!(
                "{figure}: expected {}, found {value}",
                format!("{} to {} {}", kind.least, kind.most, kind.unit).trim_end()
            ));
        }
        let supposed = Figure {
            value: FigureValue::Number(Bounds::exactly(value)),
            certainty: Certainty::Estimate,
            sources: Vec::new(),
            agreed_by: Vec::new(),
            basis: Some("supposed by the asker".to_owned()),
        };
        self.figures.insert(kind.name, supposed);
        // A chip with links of a supposed rate has links.
        if kind.name == "link_bandwidth_gb_per_s" && self.link == Link::PcieOnly {
            self.link = Link::Unknown;
        }
        Ok(())
    }

    pub(crate) fn read(file: DataFile<'_>, problems: &Collector) -> Option<Self> {
        let document = Document::parse(file, problems)?;
        let table = document.root(problems);
        let mut at = table.here();
        at.field = String::new();
        let link = match table.optional_string("link").as_deref() {
            Some("none") => Link::PcieOnly,
            Some(name) => Link::Named(name.to_owned()),
            None => Link::Unknown,
        };
        let pcie = table.optional_string("pcie").and_then(|text| {
            let port = Pcie::parse(&text);
            if port.is_none() {
                table.report(
                    "pcie",
                    format!("expected a generation and lanes such as `5.0 x16`, found `{text}`"),
                );
            }
            port
        });
        if let Some(host) = table.optional_string("host_link")
            && pcie.is_some()
        {
            table.report("host_link", format!("a chip with a PCIe port needs no host link, found `{host}`"));
        }
        let mut figures = BTreeMap::new();
        for block in table.tables("figures") {
            read_block(&block, &mut figures);
        }
        let conflicts = table.tables("conflict").iter().filter_map(read_conflict).collect();
        let (mut facts, mut facts_at) = (BTreeMap::new(), BTreeMap::new());
        if let Some(own) = table.optional_table("facts") {
            for name in own.remaining() {
                let text = match own.kind(&name) {
                    Some(FieldKind::Truth) => own.optional_bool(&name).map(|value| value.to_string()),
                    Some(FieldKind::Number) => own.optional_decimal(&name).map(|value| value.to_string()),
                    Some(FieldKind::Date) => own.optional_date(&name).map(|value| value.to_string()),
                    _ => own.optional_string(&name),
                };
                facts_at.insert(name.clone(), own.at(&name));
                facts.extend(text.map(|text| (name, text)));
            }
        }
        let chip = Self {
            id: table.string("id")?,
            name: table.string("name")?,
            vendor: table.string("vendor")?,
            kind: table.string("kind")?,
            aliases: table.plain_strings("aliases"),
            form_factor: table.optional_string("form_factor"),
            architecture: table.optional_string("architecture"),
            foundry: table.optional_string("foundry"),
            memory_type: table.optional_string("memory_type"),
            link,
            pcie,
            released: table.optional_date("released"),
            released_note: table.optional_string("released_note"),
            price_on: table.optional_date("price_on"),
            notes: table.plain_strings("notes"),
            figures,
            conflicts,
            facts,
            facts_at,
            at,
        };
        table.finish();
        if !chip.id.starts_with(&format!("{}.", chip.vendor)) {
            table.report(
                "id",
                format!("expected the vendor `{}` and a dot first, found `{}`", chip.vendor, chip.id),
            );
        }
        Some(chip)
    }

    /// What is known of a number.
    #[must_use]
    pub fn bounds(&self, figure: &str) -> Option<Bounds> {
        self.figures.get(figure).and_then(Figure::bounds)
    }

    /// Total processing performance: the largest dense rate times the bit length of its
    /// operation, over the integrated circuits that the rates cover.
    ///
    /// It is a lower bound only while some precision is unknown; a precision that is
    /// left out beside a documented shorter one is read as unsupported.
    #[must_use]
    pub fn total_processing_performance(&self, precisions: &[Precision]) -> Option<Derived> {
        self.largest_rate(precisions, |precision| (precision.bits_low, precision.bits_high), true)
    }

    /// The largest dense rate at any precision, in tera-operations per second.
    #[must_use]
    pub fn largest_operation_rate(&self, precisions: &[Precision]) -> Option<Derived> {
        self.largest_rate(precisions, |_| (Decimal::ONE, Decimal::ONE), false)
    }

    fn largest_rate(
        &self,
        precisions: &[Precision],
        weight: impl Fn(&Precision) -> (Decimal, Decimal),
        by_length: bool,
    ) -> Option<Derived> {
        let circuits = self.bounds("integrated_circuits").and_then(Bounds::best).unwrap_or(Decimal::ONE);
        let shortest = precisions
            .iter()
            .filter(|precision| self.bounds(precision.figure).is_some())
            .map(|precision| precision.bits_low)
            .min()?;
        let mut best: Option<(Bounds, &Precision, &Figure)> = None;
        let (mut low, mut high, mut complete) = (None::<Decimal>, None::<Decimal>, true);
        for precision in precisions {
            let Some(figure) = self.figures.get(precision.figure) else {
                // Nobody publishes a long format and leaves out the faster short ones by accident,
                // but a short one may be missing from the record.
                complete &= precision.bits_low >= shortest;
                continue;
            };
            let Some(bounds) = figure.bounds() else { continue };
            let (least, most) = weight(precision);
            let per_circuit =
                |bits: Decimal| move |rate: Decimal| rate.checked_mul(bits)?.checked_div(circuits);
            let here = Bounds {
                value: bounds.best().and_then(per_circuit(least)),
                low: bounds.low.and_then(per_circuit(least)),
                high: bounds.high.and_then(per_circuit(most)),
            };
            low = low.max(here.low);
            complete &= here.high.is_some();
            high = high.max(here.high);
            let leads = best
                .as_ref()
                .is_none_or(|(leader, _, _)| here.best().or(here.low) > leader.best().or(leader.low));
            if leads {
                best = Some((here, precision, figure));
            }
        }
        let (leader, precision, figure) = best?;
        let high = high.filter(|_| complete);
        let value = if low == high { low } else { leader.best() };
        let bounds = Bounds { value, low, high };
        let kind = figure_kind(precision.figure)?;
        let rate = figure.bounds()?;
        let mut how =
            format!("{} at {} TOPS", kind.title, rate.best().or(rate.low).unwrap_or_default().grouped());
        if by_length {
            how.push_str(&format!(" x {} bits", precision.bits_low));
        }
        if circuits != Decimal::ONE {
            how.push_str(&format!(" / {circuits} integrated circuits"));
        }
        if !complete {
            how.push_str("; a lower bound, since a shorter precision is not on record");
        }
        Some(Derived { bounds, certainty: figure.certainty, how, sources: figure.sources.clone() })
    }

    /// Aggregate bidirectional rate over all inputs and outputs other than volatile
    /// memory: chip-to-chip links plus PCI Express, and PCI Express once for a card
    /// that has no other link.
    #[must_use]
    pub fn io_bandwidth(&self) -> Option<Derived> {
        let link = self.figures.get("link_bandwidth_gb_per_s");
        let pcie = self.pcie.map(|port| (port, port.bandwidth_gb_per_s()));
        let port_text = pcie.map(|(port, rate)| format!("{port} {rate} GB/s"));
        match (&self.link, link.and_then(Figure::bounds), pcie) {
            (Link::PcieOnly, _, Some((_, rate))) => Some(Derived {
                bounds: Bounds::exactly(rate),
                certainty: Certainty::Computed,
                how: format!("{} and no other link", port_text.unwrap_or_default()),
                sources: Vec::new(),
            }),
            (_, Some(links), _) => {
                let figure = link?;
                let bounds = match pcie {
                    Some((_, rate)) => links.map(|links| links.checked_add(rate)),
                    None => Bounds { value: None, low: links.low, high: None },
                };
                let name = match &self.link {
                    Link::Named(name) => name.as_str(),
                    _ => "links",
                };
                let rest = port_text.unwrap_or_else(|| "a host port of unknown rate".to_owned());
                Some(Derived {
                    bounds,
                    certainty: figure.certainty,
                    how: format!("{name} {links} GB/s + {rest}"),
                    sources: figure.sources.clone(),
                })
            }
            (_, None, Some((_, rate))) => Some(Derived {
                bounds: Bounds { value: None, low: Some(rate), high: None },
                certainty: Certainty::Computed,
                how: format!("{} and links of unknown rate", port_text.unwrap_or_default()),
                sources: Vec::new(),
            }),
            (_, None, None) => None,
        }
    }

    /// Whether the package contains high-bandwidth memory, as far as the kind of memory tells.
    #[must_use]
    pub fn contains_hbm(&self) -> Option<bool> {
        self.memory_type.as_ref().map(|kind| kind.to_uppercase().contains("HBM"))
    }
}

fn read_block(block: &Table<'_>, figures: &mut BTreeMap<&'static str, Figure>) {
    let certainty = block.certainty("certainty");
    let sources = block.plain_strings("sources");
    let agreed_by = block.plain_strings("agreed_by");
    let basis = block.optional_string("basis");
    if sources.is_empty() && basis.is_none() {
        let mut at = block.here();
        at.field.push_str(".sources");
        block.report("sources", "a block of figures needs sources, a basis, or both");
    }
    for name in block.remaining() {
        let Some(kind) = figure_kind(&name) else {
            let hint = nearest(&name, FIGURES.iter().map(|kind| kind.name));
            block.report(&name, format!("unknown figure `{name}`{}", did_you_mean(hint.as_deref())));
            continue;
        };
        let Some((value, certainty)) = read_value(kind, block).zip(certainty) else { continue };
        let figure = Figure {
            value,
            certainty,
            sources: sources.clone(),
            agreed_by: agreed_by.clone(),
            basis: basis.clone(),
        };
        if figures.insert(kind.name, figure).is_some() {
            block.report(&name, "the figure is given twice; keep the better ground and write a [[conflict]]");
        }
    }
}

fn read_conflict(table: &Table<'_>) -> Option<Conflict> {
    let found = match table.kind("found") {
        Some(FieldKind::Number) => table.optional_decimal("found").map(|value| value.to_string()),
        _ => table.string("found"),
    };
    let figure = table.string("figure");
    if let Some(name) = &figure
        && figure_kind(name).is_none()
    {
        let hint = nearest(name, FIGURES.iter().map(|kind| kind.name));
        table.report("figure", format!("unknown figure `{name}`{}", did_you_mean(hint.as_deref())));
    }
    let conflict = Conflict {
        figure: figure?,
        found: found?,
        source: table.string("source")?,
        note: table.optional_string("note"),
    };
    table.finish();
    Some(conflict)
}

impl Figure {
    /// The value as a person reads it.
    #[must_use]
    pub fn text(&self) -> String {
        match self.value {
            FigureValue::Number(bounds) => bounds.to_string(),
            FigureValue::Truth(value) => if value { "yes" } else { "no" }.to_owned(),
            FigureValue::Unsupported => "unsupported".to_owned(),
        }
    }
}
