//! [`Figure`]: one thing known of a chip, with its birth certificate.

use narrows_quantity::{Certainty, Decimal, Interval};
use serde::Serialize;

use crate::datafile::{FieldKind, Table};

/// A figure that a chip may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FigureKind {
    /// Name in data files, with its unit as suffix.
    pub name: &'static str,
    /// Name in prose.
    pub title: &'static str,
    /// Unit symbol; empty for a count or a truth.
    pub unit: &'static str,
    /// Smallest value that can be meant.
    pub least: i32,
    /// Largest value that can be meant.
    pub most: i32,
    /// Whether the value is true or false.
    pub is_truth: bool,
    /// Whether it is the peak rate of a precision, which may be unsupported.
    pub is_rate: bool,
}

const fn number(
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    least: i32,
    most: i32,
) -> FigureKind {
    FigureKind { name, title, unit, least, most, is_truth: false, is_rate: false }
}

const fn rate(name: &'static str, title: &'static str) -> FigureKind {
    FigureKind { name, title, unit: "TOPS", least: 0, most: 10_000_000, is_truth: false, is_rate: true }
}

const fn truth(name: &'static str, title: &'static str) -> FigureKind {
    FigureKind { name, title, unit: "", least: 0, most: 1, is_truth: true, is_rate: false }
}

/// Every figure that a chip may have, in the order in which they are shown. Bounds catch
/// a slip of the pen (a terabyte per second entered as a gigabyte), nothing finer.
pub const FIGURES: [FigureKind; 30] = [
    rate("fp64_tops", "FP64, dense"),
    rate("fp64_tensor_tops", "FP64 tensor, dense"),
    rate("fp32_tops", "FP32, dense"),
    rate("tf32_tops", "TF32, dense"),
    rate("fp16_tops", "FP16, dense"),
    rate("bf16_tops", "BF16, dense"),
    rate("fp8_tops", "FP8, dense"),
    rate("int8_tops", "INT8, dense"),
    rate("fp6_tops", "FP6, dense"),
    rate("fp4_tops", "FP4, dense"),
    rate("int4_tops", "INT4, dense"),
    number("integrated_circuits", "integrated circuits that the rates cover", "", 1, 64),
    number("logic_die_area_mm2", "logic die area", "mm2", 1, 100_000),
    number("compute_dies", "compute dies", "", 1, 256),
    number("process_node_nm", "process node", "nm", 1, 1_000),
    number("transistors_billion", "transistors", "billion", 0, 10_000),
    number("cores", "cores", "", 1, 2_000_000),
    number("boost_clock_mhz", "boost clock", "MHz", 1, 20_000),
    number("memory_gb", "memory", "GB", 0, 100_000),
    number("memory_bandwidth_gb_per_s", "memory bandwidth", "GB/s", 0, 100_000_000),
    number("last_level_cache_mb", "last-level on-chip memory", "MB", 0, 1_000_000),
    number("shared_memory_kb_per_core", "shared memory per core", "KB", 0, 100_000),
    number("register_file_kb_per_core", "register file per core", "KB", 0, 100_000),
    number("link_bandwidth_gb_per_s", "chip-to-chip links, both directions", "GB/s", 0, 10_000_000),
    number("tdp_w", "board or module power", "W", 0, 100_000),
    number("price_low_usd", "price, low end", "USD", 0, 10_000_000),
    number("price_high_usd", "price, high end", "USD", 0, 10_000_000),
    number("hbm_bandwidth_density_gb_per_s_mm2", "memory bandwidth density", "GB/s/mm2", 0, 1_000),
    truth("marketed_for_datacenters", "designed or marketed for datacenters"),
    truth("available_in_us", "commercially available on the home market of the law that asks"),
];

/// The figure of that name.
#[must_use]
pub fn figure_kind(name: &str) -> Option<&'static FigureKind> {
    FIGURES.iter().find(|kind| kind.name == name)
}

/// What is known of a number: a best value, bounds, or both. A bound left out is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Bounds {
    /// The value to show and to compute with where one number is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Decimal>,
    /// It is at least this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<Decimal>,
    /// It is at most this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<Decimal>,
}

impl Bounds {
    /// A number known exactly.
    #[must_use]
    pub const fn exactly(value: Decimal) -> Self {
        Self { value: Some(value), low: Some(value), high: Some(value) }
    }

    /// The interval, if both ends are known.
    #[must_use]
    pub fn interval(self) -> Option<Interval> {
        Interval::new(self.low?, self.high?).ok()
    }

    /// The number to show: the best value, or the exact one.
    #[must_use]
    pub fn best(self) -> Option<Decimal> {
        self.value.or_else(|| self.interval().and_then(Interval::exact))
    }

    /// Both bounds put through a function that grows with its argument.
    #[must_use]
    pub(crate) fn map(self, grow: impl Fn(Decimal) -> Option<Decimal>) -> Self {
        Self {
            value: self.value.and_then(&grow),
            low: self.low.and_then(&grow),
            high: self.high.and_then(&grow),
        }
    }
}

impl std::fmt::Display for Bounds {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let grouped = |number: Option<Decimal>| number.map(Decimal::grouped).unwrap_or_default();
        let text = match (self.low, self.high) {
            (Some(low), Some(high)) if low == high => low.grouped(),
            (Some(_), Some(_)) => format!("{} to {}", grouped(self.low), grouped(self.high)),
            (Some(_), None) => format!("at least {}", grouped(self.low)),
            (None, Some(_)) => format!("at most {}", grouped(self.high)),
            (None, None) => "unknown".to_owned(),
        };
        formatter.pad(&text)
    }
}

/// The value of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureValue {
    /// A number.
    Number(Bounds),
    /// True or false.
    Truth(bool),
    /// The chip has no such mode, or none that its maker publishes.
    Unsupported,
}

/// One thing known of a chip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Its value.
    pub value: FigureValue,
    /// How sure it is.
    pub certainty: Certainty,
    /// Addresses of the documents that say so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Addresses of independent second sources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agreed_by: Vec<String>,
    /// The reason, where there is no document or it does not suffice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
}

impl Figure {
    /// What is known of the number, if the figure is one.
    #[must_use]
    pub fn bounds(&self) -> Option<Bounds> {
        match self.value {
            FigureValue::Number(bounds) => Some(bounds),
            _ => None,
        }
    }
}

/// Reads the value of a figure from a field of a `[[figures]]` block.
pub(crate) fn read_value(kind: &FigureKind, block: &Table<'_>) -> Option<FigureValue> {
    let key = kind.name;
    if kind.is_truth {
        return block.optional_bool(key).map(FigureValue::Truth);
    }
    match block.kind(key) {
        Some(FieldKind::Text) if kind.is_rate => {
            block.optional_word(key, &[("unsupported", FigureValue::Unsupported)])
        }
        Some(FieldKind::Table) => {
            let table = block.optional_table(key)?;
            let bounds = Bounds {
                value: table.optional_decimal("value"),
                low: table.optional_decimal("low"),
                high: table.optional_decimal("high"),
            };
            table.finish();
            let ordered = bounds.low.zip(bounds.high).is_none_or(|(low, high)| low <= high)
                && bounds.value.zip(bounds.low).is_none_or(|(value, low)| low <= value)
                && bounds.value.zip(bounds.high).is_none_or(|(value, high)| value <= high);
            if !ordered || (bounds.low.is_none() && bounds.high.is_none()) {
                block.report(key, "expected low <= value <= high, with at least one of low and high");
                return None;
            }
            checked(kind, block, bounds)
        }
        _ => checked(kind, block, Bounds::exactly(block.optional_decimal(key)?)),
    }
}

fn checked(kind: &FigureKind, block: &Table<'_>, bounds: Bounds) -> Option<FigureValue> {
    let (least, most) = (Decimal::whole(kind.least), Decimal::whole(kind.most));
    for number in [bounds.value, bounds.low, bounds.high].into_iter().flatten() {
        if number < least || number > most {
            let unit = if kind.unit.is_empty() { "" } else { " " };
            block.report(kind.name, format!("expected {least} to {most}{unit}{}, found {number}", kind.unit));
            return None;
        }
    }
    Some(FigureValue::Number(bounds))
}
