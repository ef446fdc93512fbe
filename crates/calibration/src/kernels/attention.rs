//! Measured attention, of prompts and of single tokens.

use narrows_perf::Scheme;
use narrows_perf::kernels::attention::{AttentionShape, Decode, Prefill};

use super::{Measured, Reading};
use crate::chips::Roster;
use crate::group::{GroupKey, Measurement};
use crate::table::Row;

/// Reads a row. Every code path shares its family's constants: no chip has rows of two, and
/// a path that nobody has measured takes those of the family's own.
fn read(row: Row<'_>, roster: &mut Roster<'_>) -> Reading<AttentionShape> {
    let accelerator = roster.find(row.text("chip"))?.accelerator;
    let family =
        roster.families().get(accelerator.family).map(|family| family.id.clone()).unwrap_or_default();
    let scheme = accelerator.supported(Scheme::parse(row.text("dtype"))?);
    let kv_scheme = match row.text("kv_dtype") {
        "" | "auto" => scheme,
        named => Scheme::parse(named)?,
    };
    let or = |column: &str, otherwise: f64| match row.text(column) {
        "" => Ok(otherwise),
        _ => row.number(column),
    };
    let heads = row.number("heads")?;
    let query_length = or("q_len", 1.0)?;
    let window = or("window", 0.0)?;
    let shape = AttentionShape {
        batch: row.number("batch")?,
        query_length,
        kv_length: or("kv_len", query_length)?,
        heads,
        kv_heads: or("kv_heads", heads)?,
        head_dim: or("head_dim", 128.0)?,
        window: if window > 0.0 { window } else { f64::INFINITY },
        causal: true,
        scheme,
        kv_scheme,
    };
    if shape.kv_heads <= 0.0 || (shape.heads / shape.kv_heads).fract() > 0.0 {
        return Err(format!("kv_heads: expected a divisor of the {heads} heads, found {}", shape.kv_heads));
    }
    if shape.query_length > shape.kv_length {
        return Err(format!(
            "kv_len: expected at least the {query_length} new tokens, found {}",
            shape.kv_length
        ));
    }
    Ok(Measurement {
        key: GroupKey { variant: shape.variant().to_owned(), scheme, family },
        chip: row.text("chip").to_owned(),
        accelerator,
        configuration: format!(
            "{} {} {} {} {} {} {}",
            shape.batch,
            shape.query_length,
            shape.kv_length,
            shape.heads,
            shape.kv_heads,
            shape.head_dim,
            shape.window
        ),
        shape,
        observed: row.microseconds("latency_us")?,
    })
}

impl Measured for Prefill {
    fn read(row: Row<'_>, roster: &mut Roster<'_>) -> Reading<AttentionShape> {
        read(row, roster)
    }
}

impl Measured for Decode {
    fn read(row: Row<'_>, roster: &mut Roster<'_>) -> Reading<AttentionShape> {
        read(row, roster)
    }
}
