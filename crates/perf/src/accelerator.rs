//! [`Accelerator`]: the figures of a chip on which time depends, in SI units.

use narrows_catalog::{Chip, Link};
use serde::Serialize;

use crate::precision::{Arithmetic, Scheme};

/// One chip, known, restricted or imagined. All rates are per second and dense.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Accelerator {
    /// Which architecture family its constants come from: an index into
    /// [`Families`](crate::families::Families).
    pub family: usize,
    /// Operations per second of each [`Arithmetic`]; zero where the chip lacks it.
    pub peak: [f64; Arithmetic::ALL.len()],
    /// Memory in bytes.
    pub memory_bytes: f64,
    /// Memory bandwidth in bytes per second.
    pub memory_bandwidth: f64,
    /// Streaming multiprocessors, compute units, or what else takes one tile at a time.
    pub cores: f64,
    /// Clock in hertz.
    pub clock: f64,
    /// Last-level cache in bytes.
    pub cache_bytes: f64,
    /// Scratch memory of a core in bytes.
    pub shared_memory_bytes: f64,
    /// Chip-to-chip links, one direction, in bytes per second; zero without links.
    pub link_bandwidth: f64,
    /// Host port, one direction, in bytes per second.
    pub host_bandwidth: f64,
    /// Board or module power in watts.
    pub power: f64,
    /// Exponentials per second of the special-function units, which bound softmax.
    pub exponential_rate: f64,
}

/// Why a chip cannot be computed with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{chip}: {figure} is not on record; give it with --set {figure}=NUMBER")]
pub struct MissingFigure {
    /// The chip.
    pub chip: String,
    /// What is missing.
    pub figure: &'static str,
}

/// A chip's figures with a note of those that had to be assumed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Specification {
    /// Id in the catalogue, or the name of an imagined chip.
    pub id: String,
    /// Name.
    pub name: String,
    /// Figures.
    pub accelerator: Accelerator,
    /// What is not on record, with what was put in its place.
    pub assumed: Vec<String>,
}

/// Decimal units of the catalogue's figures.
const TERA: f64 = 1e12;
const GIGA: f64 = 1e9;
const MEGA: f64 = 1e6;
const KILO: f64 = 1e3;

impl Specification {
    /// Reads the figures of a chip. `family` is an index into
    /// [`Families`](crate::families::Families).
    ///
    /// # Errors
    /// A figure that cannot be assumed is missing: memory, its bandwidth, and any 16-bit rate.
    pub fn of(chip: &Chip, family: usize, traits: &crate::families::Family) -> Result<Self, MissingFigure> {
        let number = |figure: &str| Some(chip.bounds(figure)?.best().or(chip.bounds(figure)?.low)?.to_f64());
        let needed = |figure: &'static str| {
            number(figure)
                .filter(|value| *value > 0.0)
                .ok_or_else(|| MissingFigure { chip: chip.name.clone(), figure })
        };
        let mut assumed = Vec::new();
        let mut or_assume = |figure: &str, value: f64, why: &str| {
            number(figure).filter(|value| *value > 0.0).unwrap_or_else(|| {
                assumed.push(format!("{figure} = {value} ({why})"));
                value
            })
        };
        let mut peak = [0.0; Arithmetic::ALL.len()];
        for (rate, arithmetic) in peak.iter_mut().zip(Arithmetic::ALL) {
            *rate = number(arithmetic.figure()).unwrap_or(0.0) * TERA;
        }
        // Chips publish one 16-bit rate for both formats unless they say that one is unsupported.
        let [bf16, fp16] = [Arithmetic::Bf16, Arithmetic::Fp16];
        for (missing, known) in [(bf16, fp16), (fp16, bf16)] {
            if !chip.figures.contains_key(missing.figure()) {
                let rate = number(known.figure()).unwrap_or(0.0) * TERA;
                if let Some(place) = peak.get_mut(missing.index()) {
                    *place = rate;
                }
            }
        }
        let half = number("bf16_tops").or_else(|| number("fp16_tops"));
        if half.is_none() {
            needed("bf16_tops")?;
        }
        let why = "typical of the family";
        let cores = or_assume("cores", traits.typical_cores, why) * traits.tiles_per_core;
        let clock = or_assume("boost_clock_mhz", traits.typical_clock_mhz, why) * MEGA;
        let power = or_assume("tdp_w", traits.typical_power_w, why);
        let cache = or_assume("last_level_cache_mb", traits.typical_cache_mb, why) * MEGA;
        let shared = or_assume("shared_memory_kb_per_core", traits.typical_shared_memory_kb, why) * KILO
            / traits.tiles_per_core;
        let link = match chip.link {
            Link::PcieOnly => 0.0,
            // The catalogue adds both directions.
            _ => number("link_bandwidth_gb_per_s").unwrap_or(0.0) * GIGA / 2.0,
        };
        let host = chip.pcie.map_or(32.0, |port| port.bandwidth_gb_per_s().to_f64() / 2.0) * GIGA;
        Ok(Self {
            id: chip.id.clone(),
            name: chip.name.clone(),
            accelerator: Accelerator {
                family,
                peak,
                memory_bytes: needed("memory_gb")? * GIGA,
                memory_bandwidth: needed("memory_bandwidth_gb_per_s")? * GIGA,
                cores,
                clock,
                cache_bytes: cache,
                shared_memory_bytes: shared,
                link_bandwidth: link,
                host_bandwidth: host,
                power,
                exponential_rate: cores * clock * traits.exponentials_per_core_and_clock,
            },
            assumed,
        })
    }
}

impl Accelerator {
    /// Dense rate of an arithmetic, in operations per second; zero if the chip lacks it.
    #[must_use]
    pub fn rate(&self, arithmetic: Arithmetic) -> f64 {
        self.peak.get(arithmetic.index()).copied().unwrap_or(0.0)
    }

    /// The scheme itself if the chip has its arithmetic, else the documented fallback
    /// ([`Scheme::fallback`]).
    #[must_use]
    pub fn supported(&self, scheme: Scheme) -> Scheme {
        let mut scheme = scheme;
        while self.rate(scheme.arithmetic()) <= 0.0 {
            scheme = match scheme.fallback() {
                // A chip with one 16-bit format takes that.
                Some(_) if scheme == Scheme::Fp16 && self.rate(Arithmetic::Bf16) > 0.0 => {
                    return Scheme::Bf16;
                }
                Some(next) => next,
                None => break,
            };
        }
        scheme
    }
}
