//! Measured element-wise work and parts of layers.

use narrows_perf::kernels::elementwise::{Elementwise, ElementwiseKind, ElementwiseShape};
use narrows_perf::{Accelerator, Scheme};

use super::{Measured, Reading};
use crate::chips::Roster;
use crate::group::{GroupKey, Measurement};
use crate::table::Row;

impl Measured for Elementwise {
    fn read(row: Row<'_>, roster: &mut Roster<'_>) -> Reading<ElementwiseShape> {
        let families = roster.families();
        let accelerator = measured_part(row.text("chip"), roster.find(row.text("chip"))?.accelerator);
        let family = families.get(accelerator.family).map(|family| family.id.clone()).unwrap_or_default();
        let op = row.text("op").to_ascii_lowercase();
        let bytes = Scheme::parse(row.text("dtype")).map_or(2.0, Scheme::output_bytes);
        let shape = match op.strip_prefix("vidur:") {
            Some(part) => layer_part(part, row, bytes)?,
            None => single(&op, row, bytes)?,
        };
        let variant = if op.starts_with("vidur:") { "framework" } else { "eager" };
        Ok(Measurement {
            key: GroupKey { variant: variant.to_owned(), scheme: Scheme::Bf16, family },
            chip: row.text("chip").to_owned(),
            accelerator,
            shape,
            configuration: format!("{op} {} {}", shape.rows, shape.columns),
            observed: row.microseconds("latency_us")?,
        })
    }
}

/// The part of a chip that was measured: one of the two cores of a TPU v3.
fn measured_part(name: &str, chip: Accelerator) -> Accelerator {
    if !name.replace(['-', ' '], "").eq_ignore_ascii_case("tpuv3") {
        return chip;
    }
    Accelerator {
        peak: chip.peak.map(|rate| rate / 2.0),
        memory_bandwidth: chip.memory_bandwidth / 2.0,
        cores: (chip.cores / 2.0).max(1.0),
        cache_bytes: chip.cache_bytes / 2.0,
        ..chip
    }
}

fn kind(op: &str) -> Result<ElementwiseKind, String> {
    let names = [
        ("softmax", ElementwiseKind::Softmax),
        ("norm", ElementwiseKind::Normalization),
        ("gelu", ElementwiseKind::Activation),
        ("silu", ElementwiseKind::Activation),
        ("act", ElementwiseKind::Activation),
        ("rope", ElementwiseKind::Rope),
        ("rotary", ElementwiseKind::Rope),
        ("add", ElementwiseKind::Add),
        ("emb", ElementwiseKind::Embedding),
        ("sampl", ElementwiseKind::Sampling),
    ];
    if op.contains("proj") {
        return Err("op: a matrix product".to_owned());
    }
    let found = names.iter().find(|(name, _)| op.contains(name));
    found.map(|(_, kind)| *kind).ok_or_else(|| {
        format!("op: expected softmax, layernorm, gelu, silu, rope, add, embedding or sampling, found `{op}`")
    })
}

/// An operator by itself: rows and columns are those of its operand.
fn single(op: &str, row: Row<'_>, bytes: f64) -> Result<ElementwiseShape, String> {
    let kind = kind(op)?;
    let (rows, columns) = (row.number("rows")?, row.number("cols").unwrap_or(1.0).max(1.0));
    // A list of elements is cut into blocks.
    let block = if columns <= 1.0 { rows.clamp(1.0, 1024.0) } else { columns };
    Ok(ElementwiseShape {
        kind,
        rows: rows * columns / block,
        columns: block,
        read_bytes: if kind == ElementwiseKind::Add { 2.0 * bytes } else { bytes },
        write_bytes: bytes,
    })
}

/// A part of a layer: columns are the width of the model, and the configuration says the
/// rest: `tp=2;ffn=28672;h=64;kv=8`.
fn layer_part(op: &str, row: Row<'_>, bytes: f64) -> Result<ElementwiseShape, String> {
    let kind = kind(op)?;
    let width = row.number("cols")?;
    let setting = |name: &str| {
        let value = row.text("config").split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        value.and_then(|value| value.parse::<f64>().ok()).filter(|value| *value > 0.0)
    };
    let ranks = setting("tp").unwrap_or(1.0);
    let (columns, read_bytes) = match kind {
        // Gate and value are read, their product is written.
        ElementwiseKind::Activation => (setting("ffn").unwrap_or(4.0 * width) / ranks, 2.0 * bytes),
        ElementwiseKind::Rope => {
            let heads = setting("h").unwrap_or(width / 128.0);
            let queries_and_keys = heads + setting("kv").unwrap_or(heads);
            (width * queries_and_keys / heads / ranks, bytes)
        }
        ElementwiseKind::Add => (width, 2.0 * bytes),
        _ => (width, bytes),
    };
    Ok(ElementwiseShape { kind, rows: row.number("rows")?, columns, read_bytes, write_bytes: bytes })
}
