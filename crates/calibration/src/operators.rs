//! Operators of measured tables: which kernel a row is about, and what the engine says of it.

use narrows_perf::kernels::Work;
use narrows_perf::kernels::attention::{Decode, Prefill};
use narrows_perf::kernels::collective::Collective;
use narrows_perf::kernels::elementwise::Elementwise;
use narrows_perf::kernels::exchange::Exchange;
use narrows_perf::kernels::experts::{Experts, grouped_product};
use narrows_perf::kernels::gemm::Gemm;
use narrows_perf::kernels::mla::{MlaDecode, MlaPrefill};
use narrows_perf::{Accelerator, Calibration, Estimate, Ground, Scheme, Spread};

use crate::chips::Roster;
use crate::group::Measurement;
use crate::kernels::Measured;
use crate::kernels::gemm::{is_projection, read_projection};
use crate::table::Row;

/// Kinds of operator tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operator {
    /// Matrix products.
    Gemm,
    /// Attention, of prompts or of single tokens.
    Attention,
    /// Latent attention.
    Mla,
    /// Experts.
    Experts,
    /// Collectives.
    Collective,
    /// Dispatch and combination among experts.
    Exchange,
    /// Element-wise work.
    Elementwise,
    /// Grouped products alone, without routing.
    GroupedProduct,
}

/// Tables by the columns that only they have.
const SIGNS: [(Operator, &[&str]); 9] = [
    (Operator::GroupedProduct, &["groups", "m_per_group", "n", "k"]),
    (Operator::Experts, &["tokens", "hidden", "inter", "topk", "experts"]),
    (Operator::Exchange, &["tokens", "hidden", "topk", "experts", "mode"]),
    (Operator::Mla, &["phase", "batch", "kv_len", "heads"]),
    (Operator::Attention, &["batch", "q_len", "kv_len", "heads", "kv_heads"]),
    (Operator::Gemm, &["m", "n", "k"]),
    (Operator::Collective, &["op", "n", "size_convention"]),
    (Operator::Collective, &["op", "n", "bytes"]),
    (Operator::Elementwise, &["op", "rows", "cols"]),
];

impl Operator {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Gemm,
        Self::Attention,
        Self::Mla,
        Self::Experts,
        Self::Collective,
        Self::Exchange,
        Self::Elementwise,
    ];

    /// Name for tables of errors.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Gemm => "gemm",
            Self::Attention => "attention",
            Self::Mla => "mla",
            Self::Experts => "experts",
            Self::Collective => "collective",
            Self::Exchange => "exchange",
            Self::Elementwise => "elementwise",
            Self::GroupedProduct => "grouped_product",
        }
    }

    /// The kind of a table, by its columns.
    #[must_use]
    pub fn of(columns: &[String]) -> Option<Self> {
        let has = |wanted: &str| columns.iter().any(|column| column == wanted);
        let signs = SIGNS.iter().find(|(_, columns)| columns.iter().all(|column| has(column)));
        signs.map(|(operator, _)| *operator).filter(|_| has("chip"))
    }
}

/// What the engine says of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Name of the kernel.
    pub kernel: &'static str,
    /// Precision that was computed with.
    pub scheme: Scheme,
    /// Precision that the row names, where it had to be replaced.
    pub replaced: Option<Scheme>,
    /// Id of the chip in the catalogue.
    pub chip: String,
    /// Code path.
    pub variant: String,
    /// Time and what it goes to.
    pub estimate: Estimate,
    /// What cannot be done without.
    pub work: Work,
    /// Operations per second that the chip is rated for at the precision.
    pub peak: f64,
    /// What the constants rest on.
    pub ground: Ground,
    /// How sure they make it.
    pub spread: Spread,
    /// What a roofline with one efficiency for all chips says.
    pub baseline: f64,
    /// What was observed, in seconds; not a number if the row does not say.
    pub observed: f64,
}

/// Predicts the time of a row of an operator's table.
///
/// # Errors
/// Why there is no prediction.
pub fn predict(
    operator: Operator,
    row: Row<'_>,
    roster: &mut Roster<'_>,
    calibration: &Calibration,
) -> Result<Prediction, String> {
    let prediction = match operator {
        Operator::Gemm => of_kernel::<Gemm>(row, roster, calibration),
        Operator::Attention if is_decoding(row) => of_kernel::<Decode>(row, roster, calibration),
        Operator::Attention => of_kernel::<Prefill>(row, roster, calibration),
        Operator::Mla if crate::kernels::mla::is_decoding(row) => {
            of_kernel::<MlaDecode>(row, roster, calibration)
        }
        Operator::Mla => of_kernel::<MlaPrefill>(row, roster, calibration),
        Operator::Experts => of_kernel::<Experts>(row, roster, calibration),
        Operator::Collective => of_kernel::<Collective>(row, roster, calibration),
        Operator::Exchange => of_kernel::<Exchange>(row, roster, calibration),
        Operator::Elementwise if is_projection(row) => {
            of_measurement::<Gemm>(read_projection(row, roster)?, row, roster, calibration)
        }
        Operator::Elementwise => of_kernel::<Elementwise>(row, roster, calibration),
        Operator::GroupedProduct => grouped(row, roster, calibration),
    }?;
    let seconds = prediction.estimate.seconds();
    if seconds.is_finite() && seconds > 0.0 {
        Ok(prediction)
    } else {
        Err(format!("the shape gives no finite time ({seconds})"))
    }
}

/// Rows of decoding have one new token (or a few speculative ones) and a longer cache.
#[must_use]
pub fn is_decoding(row: Row<'_>) -> bool {
    let (new, all) = (row.number("q_len").unwrap_or(1.0), row.number("kv_len").unwrap_or(1.0));
    new <= MOST_SPECULATIVE && all > new
}

/// More new tokens than this are a prompt.
const MOST_SPECULATIVE: f64 = 8.0;

fn of_kernel<K: Measured>(
    row: Row<'_>,
    roster: &mut Roster<'_>,
    calibration: &Calibration,
) -> Result<Prediction, String> {
    let measurement = K::read(row, roster)?;
    of_measurement::<K>(measurement, row, roster, calibration)
}

fn of_measurement<K: Measured>(
    measurement: Measurement<K::Shape>,
    row: Row<'_>,
    roster: &mut Roster<'_>,
    calibration: &Calibration,
) -> Result<Prediction, String> {
    let families = roster.families();
    let accelerator = measurement.accelerator;
    let chip = roster.find(&measurement.chip).map(|found| found.id.clone()).unwrap_or_default();
    let key = &measurement.key;
    let resolved = calibration.resolve::<K>(&key.variant, key.scheme, families, accelerator.family, &chip);
    let estimate = K::estimate(&measurement.shape, &accelerator, &resolved.constants);
    let named = Scheme::parse(row.text("dtype")).ok();
    Ok(Prediction {
        kernel: K::NAME,
        scheme: key.scheme,
        replaced: named.filter(|named| accelerator.supported(*named) != *named),
        chip,
        variant: key.variant.clone(),
        estimate,
        work: K::work(&measurement.shape),
        peak: accelerator.rate(key.scheme.arithmetic()),
        ground: resolved.ground,
        spread: resolved.spread,
        baseline: roofline(K::work(&measurement.shape), &accelerator, key.scheme),
        observed: measurement.observed,
    })
}

/// Code path whose constants serve grouped products alone; nothing is fitted to them.
const GROUPED_PATH: &str = "tensorrt_llm";

/// A grouped product alone, with the constants of experts.
fn grouped(row: Row<'_>, roster: &mut Roster<'_>, calibration: &Calibration) -> Result<Prediction, String> {
    let families = roster.families();
    let found = roster.find(row.text("chip"))?;
    let (accelerator, chip) = (found.accelerator, found.id.clone());
    let named = Scheme::parse(row.text("dtype"))?;
    let scheme = accelerator.supported(named);
    let number = |column: &str| match row.number(column)? {
        size if size >= 1.0 => Ok(size),
        size => Err(format!("{column}: expected a number of at least 1, found {size}")),
    };
    let (groups, rows) = (number("groups")?, number("m_per_group")?);
    let (columns, inner) = (number("n")?, number("k")?);
    let resolved = calibration.resolve::<Experts>(GROUPED_PATH, scheme, families, accelerator.family, &chip);
    let estimate = grouped_product(groups, rows, (columns, inner), scheme, &accelerator, &resolved.constants);
    let weights = groups * columns * inner * scheme.weight_bytes();
    let activations = groups * rows * (inner * scheme.activation_bytes() + columns * scheme.output_bytes());
    let work = Work {
        operations: 2.0 * groups * rows * columns * inner,
        bytes: weights + activations,
        network_s: 0.0,
    };
    Ok(Prediction {
        kernel: Operator::GroupedProduct.title(),
        scheme,
        replaced: (scheme != named).then_some(named),
        chip,
        variant: GROUPED_PATH.to_owned(),
        estimate,
        work,
        peak: accelerator.rate(scheme.arithmetic()),
        ground: resolved.ground,
        spread: resolved.spread,
        baseline: roofline(work, &accelerator, scheme),
        observed: row.microseconds("latency_us")?,
    })
}

/// A roofline with one efficiency for all chips: `2.5 us + max(flops / (0.75 peak),
/// bytes / (0.8 bandwidth))`, the same shares of links.
fn roofline(work: Work, chip: &Accelerator, scheme: Scheme) -> f64 {
    let compute = work.operations / (0.75 * chip.rate(scheme.arithmetic())).max(1.0);
    let memory = work.bytes / (0.8 * chip.memory_bandwidth).max(1.0);
    2.5e-6 + compute.max(memory) + work.network_s / 0.75
}
