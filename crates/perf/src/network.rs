//! [`Network`]: what joins chips, as tiers from the package outwards.
//!
//! A tier says how many chips it joins, by what kind of link and in what topology. Rates of
//! tiers made of the chip's own links follow from the chip's figures, so a chip with cut
//! links keeps its node and loses rate. Data: `networks/*.toml`; a chip without an entry gets
//! a network by rule ([`Network::by_rule`]), and the answer says what was assumed.

use narrows_catalog::datafile::{Collector, Document, Table};
use narrows_catalog::{DataFile, Problems, normalise};
use narrows_quantity::{Certainty, nearest};
use serde::Serialize;

use crate::accelerator::{Accelerator, Specification};
use crate::families::Families;
use crate::kernels::collective::LinkClass;

/// Decimal gigabytes.
const GIGA: f64 = 1e9;

/// What joins chips, from the inside outwards.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Network {
    /// Id, as in the data files: `hgx-h100`.
    pub id: String,
    /// Name.
    pub name: String,
    /// Tiers; each joins more chips than the one before.
    pub tiers: Vec<Tier>,
    /// What is not on record, with what was put in its place.
    pub assumed: Vec<String>,
    /// How firm the structure is.
    pub certainty: Certainty,
    /// Where it comes from.
    pub source: String,
}

/// One tier.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tier {
    /// Name: `node`, `rack`, `pod`, `fabric`.
    pub name: String,
    /// Chips that it joins; `None` if as many as there are.
    pub chips: Option<usize>,
    /// How its links are laid out.
    pub topology: Topology,
    /// Kind of link, on which the constants of collectives depend.
    #[serde(serialize_with = "link_word")]
    pub link: LinkClass,
    /// What a chip can send at this tier, in bytes per second and one direction.
    pub bandwidth: f64,
    /// Time of a small message, in seconds.
    pub latency_s: f64,
    /// Demand over capacity when every chip sends across the whole tier; one if the tier is
    /// not thinned out.
    pub oversubscription: f64,
}

/// How the links of a tier are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topology {
    /// One level of switches: any pair at the full rate.
    Switched,
    /// A link between each pair.
    Mesh,
    /// Two neighbours each.
    Ring,
    /// Four neighbours each, edges joined.
    Torus2,
    /// Six neighbours each, edges joined.
    Torus3,
    /// Several levels of switches.
    FatTree,
    /// A bus that all share.
    Bus,
}

const TOPOLOGIES: [(&str, Topology); 7] = [
    ("switched", Topology::Switched),
    ("mesh", Topology::Mesh),
    ("ring", Topology::Ring),
    ("torus_2d", Topology::Torus2),
    ("torus_3d", Topology::Torus3),
    ("fat_tree", Topology::FatTree),
    ("bus", Topology::Bus),
];

const LINKS: [(&str, LinkClass); 5] = [
    ("switched", LinkClass::Switched),
    ("summing_switch", LinkClass::SummingSwitch),
    ("direct", LinkClass::Direct),
    ("host_bus", LinkClass::HostBus),
    ("fabric", LinkClass::Fabric),
];

fn link_word<S: serde::Serializer>(link: &LinkClass, serializer: S) -> Result<S::Ok, S::Error> {
    let word = LINKS.iter().find(|(_, class)| class == link).map_or("unknown", |(word, _)| *word);
    serializer.serialize_str(word)
}

/// Where the members of a group of ranks stand: how many, and how many chips lie between
/// neighbours (one if they stand side by side).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// Ranks.
    pub ranks: usize,
    /// Distance of neighbours, in chips.
    pub stride: usize,
}

impl Spread {
    /// Ranks side by side.
    #[must_use]
    pub const fn adjacent(ranks: usize) -> Self {
        Self { ranks, stride: 1 }
    }

    /// Chips that an aligned group lies within.
    #[must_use]
    pub const fn span(&self) -> usize {
        self.ranks.saturating_mul(if self.stride == 0 { 1 } else { self.stride })
    }
}

/// The two rates that most formulas need: within the widest domain of chip-to-chip links
/// (or of the host's bus), and beyond it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Domain {
    /// Chips of the domain.
    pub chips: usize,
    /// Kind of link in it.
    pub link: LinkClass,
    /// What a chip can send in it, in bytes per second.
    pub bandwidth: f64,
    /// What a chip can send beyond it, in bytes per second.
    pub fabric_bandwidth: f64,
}

impl Tier {
    /// Whether a group of that span fits.
    #[must_use]
    pub fn holds(&self, span: usize) -> bool {
        self.chips.is_none_or(|chips| span <= chips)
    }

    /// What a chip can send to the others of a group of `ranks`, in bytes per second. In a
    /// mesh or torus a small group has only some of a chip's links.
    #[must_use]
    pub fn bandwidth_among(&self, ranks: usize) -> f64 {
        let ranks = ranks.max(2) as f64;
        let chips = self.chips.unwrap_or(usize::MAX).max(2) as f64;
        let share = match self.topology {
            Topology::Mesh => (ranks - 1.0) / (chips - 1.0),
            // A group fills one axis first, then a plane.
            Topology::Torus2 if ranks * ranks <= chips => 0.5,
            Topology::Torus3 if ranks.powi(3) <= chips => 1.0 / 3.0,
            Topology::Torus3 if ranks.powf(1.5) <= chips => 2.0 / 3.0,
            _ => 1.0,
        };
        self.bandwidth * share.min(1.0)
    }

    /// What a chip can send when all chips send across the whole tier.
    #[must_use]
    pub fn bisection_bandwidth(&self) -> f64 {
        self.bandwidth / self.oversubscription.max(1.0)
    }
}

impl Network {
    /// The tier over which a group communicates: the innermost that holds all of it. The
    /// outermost one if the group is larger than any.
    #[must_use]
    pub fn tier_for(&self, group: Spread) -> Option<&Tier> {
        let span = group.span();
        self.tiers.iter().find(|tier| tier.holds(span)).or_else(|| self.tiers.last())
    }

    /// Ranks of a group that stand together in one domain of a tier.
    #[must_use]
    pub fn members(&self, tier: &Tier, group: Spread) -> usize {
        let chips = tier.chips.unwrap_or(usize::MAX);
        (chips / group.stride.max(1)).clamp(1, group.ranks.max(1))
    }

    /// The widest domain that is not reached over network cards, and the rate beyond it.
    #[must_use]
    pub fn domain(&self) -> Option<Domain> {
        let inside = self.tiers.iter().rev().find(|tier| tier.link != LinkClass::Fabric)?;
        let fabric = self.tiers.iter().find(|tier| tier.link == LinkClass::Fabric);
        Some(Domain {
            chips: inside.chips.unwrap_or(usize::MAX).max(1),
            link: inside.link,
            bandwidth: inside.bandwidth,
            fabric_bandwidth: fabric.map_or(inside.bandwidth, Tier::bisection_bandwidth),
        })
    }

    /// A network for a chip that none is on record for: eight chips a node, joined by their
    /// links or else by the host's bus, and one network card a chip of the generation of the
    /// host port (200 Gb/s for PCI Express 4.0, 400 Gb/s for 5.0).
    #[must_use]
    pub fn by_rule(chip: &Specification, families: &Families) -> Self {
        let figures = &chip.accelerator;
        let family = families.get(figures.family).map_or("", |family| family.id.as_str());
        let (link, topology, bandwidth) = match figures.link_bandwidth > 0.0 {
            false => (LinkClass::HostBus, Topology::Bus, figures.host_bandwidth),
            true if DIRECT.contains(&family) => (LinkClass::Direct, Topology::Mesh, figures.link_bandwidth),
            true if SUMMING.contains(&family) => {
                (LinkClass::SummingSwitch, Topology::Switched, figures.link_bandwidth)
            }
            true => (LinkClass::Switched, Topology::Switched, figures.link_bandwidth),
        };
        let card = (CARD_SHARE_OF_PORT * figures.host_bandwidth).clamp(SLOWEST_CARD, FASTEST_CARD);
        let node = Tier {
            name: "node".to_owned(),
            chips: Some(USUAL_NODE),
            topology,
            link,
            bandwidth,
            latency_s: latency(link),
            oversubscription: 1.0,
        };
        let fabric = Tier {
            name: "fabric".to_owned(),
            chips: None,
            topology: Topology::FatTree,
            link: LinkClass::Fabric,
            bandwidth: card,
            latency_s: latency(LinkClass::Fabric),
            oversubscription: 1.0,
        };
        Self {
            id: format!("{}-by-rule", chip.id),
            name: format!("{} in a usual cluster", chip.name),
            tiers: vec![node, fabric],
            assumed: vec![
                format!("{USUAL_NODE} chips a node"),
                format!("a network card of {} Gb/s a chip", card * 8.0 / GIGA),
            ],
            certainty: Certainty::Estimate,
            source: "rule for chips whose systems are not on record".to_owned(),
        }
    }
}

/// Chips of a node that nobody described.
const USUAL_NODE: usize = 8;
/// A card is sold for the port it sits in: 25 of 32, 50 of 64 gigabytes per second.
const CARD_SHARE_OF_PORT: f64 = 0.781_25;
/// 200 gigabits.
const SLOWEST_CARD: f64 = 25.0 * GIGA;
/// 800 gigabits.
const FASTEST_CARD: f64 = 100.0 * GIGA;
/// Families whose chips are wired to one another without switches.
const DIRECT: [&str; 4] = ["tpu", "da_vinci", "gaudi", "cdna"];
/// Families whose switches add up what passes them.
const SUMMING: [&str; 4] = ["hopper", "blackwell", "blackwell_ultra", "rubin"];

/// Time of a small message where a network does not say: arXiv 2505.09343, table 5
/// (NVLink 3.3, InfiniBand across leaf switches 3.7 microseconds).
const fn latency(link: LinkClass) -> f64 {
    match link {
        LinkClass::Switched | LinkClass::SummingSwitch | LinkClass::Direct => 3.3e-6,
        LinkClass::HostBus => 5e-6,
        LinkClass::Fabric => 3.7e-6,
    }
}

/// Where the rate of a tier comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Rate {
    /// A share of the chip's links.
    Links(f64),
    /// A share of the host port.
    Host(f64),
    /// A rate of its own, in bytes per second.
    Own(f64),
}

/// A network on record, before it is fitted to a chip.
#[derive(Debug, Clone)]
struct Preset {
    network: Network,
    rates: Vec<Rate>,
    chips: Vec<String>,
    aliases: Vec<String>,
}

/// All networks that are on record.
#[derive(Debug, Clone, Default)]
pub struct Networks(Vec<Preset>);

/// Nobody has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown network `{name}`; known are {known}{}", narrows_quantity::did_you_mean(.nearest.as_deref()))]
pub struct UnknownNetwork {
    /// The name given.
    pub name: String,
    /// The nearest name.
    pub nearest: Option<String>,
    /// All ids.
    pub known: String,
}

impl Networks {
    /// Reads `networks/*.toml`.
    ///
    /// # Errors
    /// Everything that is wrong in the files.
    pub fn read<'a>(files: impl IntoIterator<Item = DataFile<'a>>) -> Result<Self, Problems> {
        let problems = Collector::new();
        let mut presets = Vec::new();
        for file in files {
            let Some(document) = Document::parse(file, &problems) else { continue };
            let root = document.root(&problems);
            for table in root.tables("network") {
                presets.extend(read_preset(&table));
                table.finish();
            }
            root.finish();
        }
        problems.finish(Self(presets))
    }

    /// Ids of all.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|preset| preset.network.id.as_str())
    }

    /// Ids of the chips that have a network on record.
    pub fn chips(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|preset| preset.chips.iter().map(String::as_str))
    }

    /// A network by name, with the rates of a chip.
    ///
    /// # Errors
    /// [`UnknownNetwork`] with the nearest name.
    pub fn find(&self, name: &str, chip: &Accelerator) -> Result<Network, UnknownNetwork> {
        let wanted = normalise(name);
        let is_it = |preset: &&Preset| {
            let own = [&preset.network.id, &preset.network.name];
            own.into_iter().chain(&preset.aliases).any(|name| normalise(name) == wanted)
        };
        self.0.iter().find(is_it).map(|preset| preset.fitted(chip)).ok_or_else(|| UnknownNetwork {
            name: name.to_owned(),
            nearest: nearest(name, self.ids()),
            known: self.ids().collect::<Vec<_>>().join(", "),
        })
    }

    /// The network in which a chip is usually sold, or one by rule.
    #[must_use]
    pub fn of_chip(&self, chip: &Specification, families: &Families) -> Network {
        let own = self.0.iter().find(|preset| preset.chips.contains(&chip.id));
        own.map_or_else(|| Network::by_rule(chip, families), |preset| preset.fitted(&chip.accelerator))
    }
}

impl Preset {
    /// The network with the rates of a chip. Tiers of links that the chip does not have run
    /// over the host's bus.
    fn fitted(&self, chip: &Accelerator) -> Network {
        let mut network = self.network.clone();
        for (tier, rate) in network.tiers.iter_mut().zip(&self.rates) {
            match rate {
                Rate::Links(share) if chip.link_bandwidth > 0.0 => {
                    tier.bandwidth = share * chip.link_bandwidth;
                }
                Rate::Links(_) => {
                    tier.bandwidth = chip.host_bandwidth;
                    (tier.link, tier.topology) = (LinkClass::HostBus, Topology::Bus);
                    network
                        .assumed
                        .push(format!("{}: the chip has no links, the host's bus serves", tier.name));
                }
                Rate::Host(share) => tier.bandwidth = share * chip.host_bandwidth,
                Rate::Own(rate) => tier.bandwidth = *rate,
            }
        }
        network
    }
}

fn read_preset(table: &Table<'_>) -> Option<Preset> {
    let mut tiers = Vec::new();
    let mut rates = Vec::new();
    for tier in table.tables("tiers") {
        if let Some((tier, rate)) = read_tier(&tier) {
            tiers.push(tier);
            rates.push(rate);
        }
        tier.finish();
    }
    let sizes: Vec<usize> = tiers.iter().map(|tier| tier.chips.unwrap_or(usize::MAX)).collect();
    if tiers.is_empty() || !sizes.is_sorted_by(|inner, outer| inner < outer) {
        table.report("tiers", "expected at least one tier, each joining more chips than the one before");
    }
    let network = Network {
        id: table.string("id")?,
        name: table.string("name")?,
        tiers,
        assumed: table.plain_strings("assumed"),
        certainty: table.certainty("certainty")?,
        source: table.string("source")?,
    };
    Some(Preset {
        network,
        rates,
        chips: table.plain_strings("chips"),
        aliases: table.plain_strings("aliases"),
    })
}

fn read_tier(table: &Table<'_>) -> Option<(Tier, Rate)> {
    let number = |key: &str| table.optional_decimal(key).map(|value| value.to_f64());
    let link = table.word("link", &LINKS)?;
    let given = [
        number("link_share").map(Rate::Links),
        number("host_share").map(Rate::Host),
        number("bandwidth_gb_per_s").map(|rate| Rate::Own(rate * GIGA)),
    ];
    let mut given = given.into_iter().flatten();
    let (Some(rate), None) = (given.next(), given.next()) else {
        table.report("link", "expected one of link_share, host_share, bandwidth_gb_per_s");
        return None;
    };
    let (Rate::Links(value) | Rate::Host(value) | Rate::Own(value)) = rate;
    let chips = number("chips");
    if value <= 0.0 || chips.is_some_and(|chips| !(2.0..=1e9).contains(&chips)) {
        table.report("chips", "expected a rate above zero and two or more chips");
        return None;
    }
    let tier = Tier {
        name: table.string("name")?,
        chips: chips.map(|chips| chips as usize),
        topology: table.word("topology", &TOPOLOGIES)?,
        link,
        bandwidth: 0.0,
        latency_s: number("latency_us").map_or(latency(link), |latency| latency * 1e-6),
        oversubscription: number("oversubscription").unwrap_or(1.0).max(1.0),
    };
    Some((tier, rate))
}
