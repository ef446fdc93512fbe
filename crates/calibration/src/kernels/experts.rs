//! Measured experts, and products of groups without routing.

use narrows_perf::Scheme;
use narrows_perf::kernels::experts::{Experts, ExpertsShape};

use super::{Measured, Reading};
use crate::chips::Roster;
use crate::group::{GroupKey, Measurement};
use crate::table::Row;

impl Measured for Experts {
    fn read(row: Row<'_>, roster: &mut Roster<'_>) -> Reading<ExpertsShape> {
        let scheme = Scheme::parse(row.text("dtype"))?;
        let families = roster.families();
        let accelerator = roster.find(row.text("chip"))?.accelerator;
        let family = families.get(accelerator.family).map(|family| family.id.clone()).unwrap_or_default();
        let shape = ExpertsShape {
            tokens: row.number("tokens")?,
            hidden: row.number("hidden")?,
            intermediate: row.number("inter")?,
            top_k: row.number("topk")?,
            experts: row.number("experts")?,
            tensor_parallel: row.number("tp").unwrap_or(1.0).max(1.0),
            expert_parallel: row.number("ep").unwrap_or(1.0).max(1.0),
            skew: skew(row.text("distribution"))?,
            // Where the table does not say, rates look like those of two projections.
            gated: row.text("gated") != "false",
            scheme,
        };
        Ok(Measurement {
            key: GroupKey {
                variant: variant(row.text("kernel_source"), row.text("framework")).to_owned(),
                scheme,
                family,
            },
            chip: row.text("chip").to_owned(),
            accelerator,
            shape,
            configuration: format!(
                "{} {} {} {} {} {} {} {} {}",
                shape.hidden,
                shape.intermediate,
                shape.top_k,
                shape.experts,
                shape.tensor_parallel,
                shape.expert_parallel,
                shape.tokens,
                shape.skew,
                scheme
            ),
            observed: row.microseconds("latency_us")?,
        })
    }
}

/// The exponent of a named distribution of tokens over experts. Where a table does not say
/// which, tokens went at random.
fn skew(distribution: &str) -> Result<f64, String> {
    match distribution {
        "balanced" => Ok(0.0),
        "" | "unknown" | "uniform" | "random" => Ok(-1.0),
        other => {
            let exponent = other.strip_prefix("power_law_").and_then(|text| text.parse::<f64>().ok());
            exponent.filter(|exponent| exponent.is_finite() && *exponent >= 0.0).ok_or_else(|| {
                format!("distribution: expected balanced, unknown or power_law_NUMBER, found `{other}`")
            })
        }
    }
}

/// Code paths that behave alike. A path that nobody has named goes to the nearest by its words.
fn variant(path: &str, framework: &str) -> &'static str {
    let path = path.to_ascii_lowercase();
    let has = |word: &str| path.contains(word);
    let sglang = has("sglang") || framework.eq_ignore_ascii_case("sglang");
    let vllm = has("vllm") || framework.to_ascii_lowercase().starts_with("vllm");
    if has("groupedmatmul") || has("ascend") || has("npu") {
        "ascend"
    } else if has("xpu") {
        "vllm_xpu"
    } else if !sglang && !vllm {
        "tensorrt_llm"
    } else if has("marlin") {
        if sglang { "sglang_marlin" } else { "vllm_marlin" }
    } else if has("flashinfer_cutlass") || has("cutlass") {
        if sglang { "sglang_flashinfer_cutlass" } else { "vllm_flashinfer_cutlass" }
    } else if has("trtllm") {
        if sglang { "sglang_flashinfer_trtllm" } else { "vllm_flashinfer_trtllm" }
    } else if sglang {
        "sglang_triton"
    } else {
        "vllm_triton"
    }
}
