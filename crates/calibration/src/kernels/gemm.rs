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
