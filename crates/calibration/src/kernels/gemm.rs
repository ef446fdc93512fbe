//! Measured matrix products.

use narrows_perf::Scheme;
use narrows_perf::kernels::gemm::{Gemm, GemmShape};

use super::{Measured, Reading};
use crate::chips::Roster;
use crate::group::{GroupKey, Measurement};
use crate::table::Row;

/// Name of the variant of a code path.
fn variant(framework: &str, path: &str) -> &'static str {
    match (framework.to_ascii_lowercase().as_str(), path.to_ascii_lowercase().as_str()) {
        ("pytorch" | "jax", "") => "eager",
        _ => "framework",
    }
}

impl Measured for Gemm {
    fn read(row: Row<'_>, roster: &mut Roster<'_>) -> Reading<GemmShape> {
        let scheme = Scheme::parse(row.text("dtype"))?;
        let families = roster.families();
        let accelerator = roster.find(row.text("chip"))?.accelerator;
        let mut accelerator = accelerator;
        // The rows of this chip are of one of its two cores.
        if row.text("chip") == "TPUv3" {
            accelerator.peak.iter_mut().for_each(|rate| *rate *= 0.5);
            accelerator.memory_bandwidth *= 0.5;
            accelerator.cores *= 0.5;
            accelerator.cache_bytes *= 0.5;
            accelerator.power *= 0.5;
        }
        let scheme = accelerator.supported(scheme);
        let family = families.get(accelerator.family).map(|family| family.id.clone()).unwrap_or_default();
        let shape = GemmShape::new(row.number("m")?, row.number("n")?, row.number("k")?, scheme);
        // DeepGEMM's own figures are of the product alone.
        let alone = row.text("framework").eq_ignore_ascii_case("deepgemm");
        let shape = if alone { shape.prequantized() } else { shape };
        Ok(Measurement {
            key: GroupKey {
                variant: variant(row.text("framework"), row.text("kernel_source")).to_owned(),
                scheme,
                family,
            },
            chip: row.text("chip").to_owned(),
            accelerator,
            shape,
            configuration: format!("{} {} {} {}", shape.m, shape.n, shape.k, scheme),
            observed: row.microseconds("latency_us")?,
        })
    }
}

/// Projections among the parts of layers, by the ends of their names.
const PROJECTIONS: [&str; 4] = ["mlp_up_proj", "mlp_down_proj", "attn_pre_proj", "attn_post_proj"];

/// Whether a row of layer parts is a matrix product.
#[must_use]
pub fn is_projection(row: Row<'_>) -> bool {
    PROJECTIONS.iter().any(|name| row.text("op").ends_with(name))
}

/// Reads a projection of a layer: `rows` tokens of width `cols`; the column `config` holds
/// `model;tp=..;ffn=..;h=..;kv=..`. Gate and up are one product, and so are queries, keys
/// and values.
///
/// # Errors
/// What the row lacks.
pub fn read_projection(row: Row<'_>, roster: &mut Roster<'_>) -> Reading<GemmShape> {
    let config = row.text("config");
    let part = |name: &str| {
        let found = config.split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        let number = found.and_then(|text| text.parse::<f64>().ok()).filter(|number| *number >= 1.0);
        number.ok_or_else(|| format!("config: expected `{name}=NUMBER` of at least 1, found `{config}`"))
    };
    let (tokens, hidden) = (row.number("rows")?, row.number("cols")?);
    let (ranks, inner, heads, kv_heads) = (part("tp")?, part("ffn")?, part("h")?, part("kv")?);
    let name = PROJECTIONS.iter().find(|name| row.text("op").ends_with(**name)).copied().unwrap_or_default();
    let (n, k) = match name {
        "mlp_up_proj" => (2.0 * inner / ranks, hidden),
        "mlp_down_proj" => (hidden, inner / ranks),
        "attn_pre_proj" => ((heads + 2.0 * kv_heads) * (hidden / heads) / ranks, hidden),
        _ => (hidden, hidden / ranks),
    };
    let found = roster.find(row.text("chip"))?;
    let accelerator = found.accelerator;
    let scheme = accelerator.supported(Scheme::parse(row.text("dtype"))?);
    let families = roster.families();
    let family = families.get(accelerator.family).map(|family| family.id.clone()).unwrap_or_default();
    Ok(Measurement {
        key: GroupKey { variant: "framework".to_owned(), scheme, family },
        chip: row.text("chip").to_owned(),
        accelerator,
        shape: GemmShape::new(tokens, n, k, scheme),
        configuration: format!("{name} {tokens} {n} {k}"),
        observed: row.microseconds("latency_us")?,
    })
}
