//! Architecture families: which chips share kernels and constants, and which family is
//! nearest to one that nobody has measured. Data: `perf/families.toml`.

use narrows_catalog::datafile::{Collector, Document};
use narrows_catalog::{DataFile, Problems};
use serde::Serialize;

/// Chips that run the same kernels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Family {
    /// Id.
    pub id: String,
    /// Beginnings of the catalogue's `architecture` of its chips.
    pub architectures: Vec<String>,
    /// Families whose constants serve where this one has none, the nearest first.
    pub similar: Vec<String>,
    /// Exponentials per core and clock.
    pub exponentials_per_core_and_clock: f64,
    /// Tiles that a core works on at once: more than one where a core of the vendor's count
    /// is as wide as many of another's.
    pub tiles_per_core: f64,
    /// Cores of a chip that does not say.
    pub typical_cores: f64,
    /// Clock of a chip that does not say, in MHz.
    pub typical_clock_mhz: f64,
    /// Power of a chip that does not say, in watts.
    pub typical_power_w: f64,
    /// Last-level cache of a chip that does not say, in MB.
    pub typical_cache_mb: f64,
    /// Scratch memory of a core of a chip that does not say, in KB.
    pub typical_shared_memory_kb: f64,
    /// Where the figures come from.
    pub source: String,
}

/// All families, in the order of the file; the last one is for chips of no other.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Families(pub Vec<Family>);

impl Families {
    /// Reads `perf/families.toml`.
    ///
    /// # Errors
    /// Everything that is wrong in the file.
    pub fn read(file: DataFile<'_>) -> Result<Self, Problems> {
        let problems = Collector::new();
        let mut families = Vec::new();
        if let Some(document) = Document::parse(file, &problems) {
            let root = document.root(&problems);
            for table in root.tables("family") {
                let number = |name: &str| table.decimal(name).map(|value| value.to_f64());
                let family = (|| {
                    Some(Family {
                        id: table.string("id")?,
                        architectures: table.plain_strings("architectures"),
                        similar: table.plain_strings("similar"),
                        exponentials_per_core_and_clock: number("exponentials_per_core_and_clock")?,
                        tiles_per_core: table
                            .optional_decimal("tiles_per_core")
                            .map_or(1.0, |value| value.to_f64().max(1.0)),
                        typical_cores: number("typical_cores")?,
                        typical_clock_mhz: number("typical_clock_mhz")?,
                        typical_power_w: number("typical_power_w")?,
                        typical_cache_mb: number("typical_cache_mb")?,
                        typical_shared_memory_kb: number("typical_shared_memory_kb")?,
                        source: table.string("source")?,
                    })
                })();
                families.extend(family);
                table.finish();
            }
            root.finish();
        }
        problems.finish(Self(families))
    }

    /// The family of an architecture, by the longest beginning that fits; the last family
    /// if none does.
    #[must_use]
    pub fn of_architecture(&self, architecture: &str) -> usize {
        let fits = |family: &Family| {
            let lengths =
                family.architectures.iter().filter(|start| architecture.starts_with(start.as_str()));
            lengths.map(String::len).max()
        };
        let best = self.0.iter().enumerate().filter_map(|(at, family)| Some((fits(family)?, at))).max();
        best.map_or(self.0.len().saturating_sub(1), |(_, at)| at)
    }

    /// A family by its index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Family> {
        self.0.get(index)
    }

    /// Index of a family by id.
    #[must_use]
    pub fn index(&self, id: &str) -> Option<usize> {
        self.0.iter().position(|family| family.id == id)
    }
}
