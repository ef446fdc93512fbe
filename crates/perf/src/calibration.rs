//! Constants of kernels, fitted to measurements: which of them serve a chip, and how sure
//! that makes the answer. Data: `calibration/*.toml`.

use narrows_catalog::datafile::{Collector, Document, Table};
use narrows_catalog::{DataFile, Problems};
use serde::Serialize;

use crate::families::Families;
use crate::kernels::{ConstantSet, Kernel};
use crate::precision::Scheme;

/// Errors of predictions, as fractions of what was observed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// Middle absolute error.
    pub median: f64,
    /// Nine of ten are below.
    pub p90: f64,
}

/// Constants fitted to the rows of one variant, precision and family.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fit {
    /// Kernel.
    pub kernel: String,
    /// Code path.
    pub variant: String,
    /// Precision.
    pub scheme: Scheme,
    /// Family, by id.
    pub family: String,
    /// Chips whose rows were fitted, by the id of the catalogue.
    pub chips: Vec<String>,
    /// How many rows.
    pub rows: usize,
    /// Error on configurations that were left out.
    pub known: Spread,
    /// Error on chips that were left out, if some other chip could stand for them.
    pub unseen: Option<Spread>,
    /// Constants by name.
    pub constants: Vec<(String, f64)>,
}

impl Fit {
    /// The constants as a kernel takes them; one that is not on file has its start.
    #[must_use]
    pub fn constants<C: ConstantSet>(&self) -> C {
        let value =
            |name: &str| self.constants.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        let values: Vec<f64> = C::SPECS.iter().map(|spec| value(spec.name).unwrap_or(spec.start)).collect();
        C::from_values(&values)
    }

    /// Errors to expect on another chip of the family. Where only one was measured, leaving
    /// it out says how far another family's constants carry, not this one's: then twice the
    /// error on known configurations stands for it.
    fn within_family(&self) -> Spread {
        match self.unseen {
            Some(unseen) if self.chips.len() > 1 => unseen,
            _ => Spread { median: 2.0 * self.known.median, p90: 2.0 * self.known.p90 },
        }
    }
}

/// What the constants of an answer rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// This chip was measured.
    Calibrated,
    /// Another chip of its family was.
    ByFamily,
    /// Neither: the constants are another family's.
    SpecAlone,
}

impl Ground {
    /// Words for tables.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Calibrated => "calibrated",
            Self::ByFamily => "by family",
            Self::SpecAlone => "spec alone",
        }
    }
}

/// Constants chosen for a chip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resolved<C> {
    /// Values.
    pub constants: C,
    /// What they rest on.
    pub ground: Ground,
    /// Nine of ten predictions are nearer to the truth than this fraction.
    pub spread: Spread,
}

/// Spread of predictions for which nothing was measured at all.
const NOTHING_MEASURED: Spread = Spread { median: 0.25, p90: 0.6 };

/// All fitted constants.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Calibration {
    /// In the order of the files.
    pub fits: Vec<Fit>,
}

impl Calibration {
    /// Reads files of constants.
    ///
    /// # Errors
    /// Everything that is wrong in them.
    pub fn read<'a>(files: impl IntoIterator<Item = DataFile<'a>>) -> Result<Self, Problems> {
        let problems = Collector::new();
        let mut fits = Vec::new();
        for file in files {
            let Some(document) = Document::parse(file, &problems) else { continue };
            let root = document.root(&problems);
            for table in root.tables("fit") {
                fits.extend(read_fit(&table));
                table.finish();
            }
            root.finish();
        }
        problems.finish(Self { fits })
    }

    /// Constants of a kernel for a chip of a family: its own if it was measured, else those
    /// of the nearest family, precision and code path.
    #[must_use]
    pub fn resolve<K: Kernel>(
        &self,
        variant: &str,
        scheme: Scheme,
        families: &Families,
        family: usize,
        chip: &str,
    ) -> Resolved<K::Constants> {
        self.resolve_any::<K>(&[variant], scheme, families, family, chip)
    }

    /// The same with several code paths that may serve, the best first.
    #[must_use]
    pub fn resolve_any<K: Kernel>(
        &self,
        variants: &[&str],
        scheme: Scheme,
        families: &Families,
        family: usize,
        chip: &str,
    ) -> Resolved<K::Constants> {
        let own = families.get(family);
        let own_id = own.map_or("", |family| family.id.as_str());
        let similar = own.map(|family| family.similar.as_slice()).unwrap_or_default();
        let places = || std::iter::once(own_id).chain(similar.iter().map(String::as_str));
        let schemes = || std::iter::once(scheme).chain(alike(scheme).iter().copied());
        let own_fits = || self.fits.iter().filter(|fit| fit.kernel == K::NAME);
        let at = |scheme: Scheme, place: &str, variant: Option<&&str>| {
            own_fits().find(|fit| {
                fit.family == place
                    && fit.scheme == scheme
                    && variant.is_none_or(|variant| fit.variant == **variant)
            })
        };
        // A code path that is wanted, in a precision built alike, comes before another path.
        let wanted = schemes().find_map(|scheme| {
            places().find_map(|place| variants.iter().find_map(|variant| at(scheme, place, Some(variant))))
        });
        let found = wanted
            .or_else(|| schemes().find_map(|scheme| places().find_map(|place| at(scheme, place, None))));
        let Some(fit) = found else {
            return Resolved {
                constants: K::Constants::from_values(&[]),
                ground: Ground::SpecAlone,
                spread: NOTHING_MEASURED,
            };
        };
        let exact = fit.family == own_id && fit.scheme == scheme;
        let ground = match (exact, fit.chips.iter().any(|known| known == chip)) {
            (true, true) => Ground::Calibrated,
            (true, false) => Ground::ByFamily,
            _ => Ground::SpecAlone,
        };
        let spread = match ground {
            Ground::Calibrated => fit.known,
            Ground::ByFamily => fit.within_family(),
            Ground::SpecAlone => {
                let unseen = fit.unseen.unwrap_or(NOTHING_MEASURED);
                Spread {
                    median: unseen.median.max(NOTHING_MEASURED.median),
                    p90: unseen.p90.max(NOTHING_MEASURED.p90),
                }
            }
        };
        Resolved { constants: fit.constants(), ground, spread }
    }
}

/// Precisions whose kernels are built alike, the nearest first.
const fn alike(scheme: Scheme) -> &'static [Scheme] {
    match scheme {
        Scheme::Bf16 => &[Scheme::Fp16],
        Scheme::Fp16 | Scheme::Fp32 | Scheme::Tf32 => &[Scheme::Bf16],
        Scheme::Fp8 => &[Scheme::Fp8Block, Scheme::Bf16],
        Scheme::Fp8Block | Scheme::Int8 => &[Scheme::Fp8, Scheme::Bf16],
        Scheme::Nvfp4 => &[Scheme::Mxfp4Mxfp8, Scheme::Fp8, Scheme::Bf16],
        Scheme::Mxfp4Mxfp8 => &[Scheme::Nvfp4, Scheme::Fp8, Scheme::Bf16],
        Scheme::Int8Weight => &[Scheme::Int4Weight, Scheme::Bf16],
        Scheme::Int4Weight => &[Scheme::Int8Weight, Scheme::Mxfp4Weight, Scheme::Bf16],
        Scheme::Mxfp4Weight => &[Scheme::Int4Weight, Scheme::Int8Weight, Scheme::Bf16],
    }
}

fn read_fit(table: &Table<'_>) -> Option<Fit> {
    let number = |table: &Table<'_>, name: &str| table.decimal(name).map(|value| value.to_f64());
    let spread = |name: &str| {
        let inner = table.optional_table(name)?;
        let spread = Spread { median: number(&inner, "median")?, p90: number(&inner, "p90")? };
        inner.finish();
        Some(spread)
    };
    let scheme = table
        .string("scheme")
        .and_then(|text| Scheme::parse(&text).map_err(|message| table.report("scheme", message)).ok());
    let known = spread("known");
    if known.is_none() {
        table.report("known", "expected the error on configurations left out: `{ median = .., p90 = .. }`");
    }
    let inner = table.optional_table("constants");
    let constants = inner.map(|inner| {
        let names = inner.remaining();
        names.into_iter().filter_map(|name| Some((name.clone(), number(&inner, &name)?))).collect()
    });
    Some(Fit {
        kernel: table.string("kernel")?,
        variant: table.string("variant")?,
        scheme: scheme?,
        family: table.string("family")?,
        chips: table.plain_strings("chips"),
        rows: table.decimal("rows").map_or(0, |rows| rows.to_f64() as usize),
        known: known?,
        unseen: spread("unseen"),
        constants: constants.unwrap_or_default(),
    })
}
