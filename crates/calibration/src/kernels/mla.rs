//! Measured rows of `mla`.

use narrows_perf::kernels::mla::{self, MlaDecode, MlaPrefill, MlaShape};
use narrows_perf::{Accelerator, Scheme};

use super::{Measured, Reading};
use crate::chips::Roster;
use crate::group::{GroupKey, Measurement};
use crate::table::Row;

/// DeepSeek-V2 and V3 (arXiv 2412.19437, section 4.2); the tables have no others.
const LATENT: f64 = 512.0;
const ROPE: f64 = 64.0;
const KEY: f64 = 128.0;
const VALUE: f64 = 128.0;

impl Measured for MlaPrefill {
    fn read(row: Row<'_>, roster: &mut Roster<'_>) -> Reading<MlaShape> {
        read(row, roster, false)
    }
}

impl Measured for MlaDecode {
    fn read(row: Row<'_>, roster: &mut Roster<'_>) -> Reading<MlaShape> {
        read(row, roster, true)
    }
}

/// Whether a row is about decoding; by its lengths if it does not say.
#[must_use]
pub fn is_decoding(row: Row<'_>) -> bool {
    match row.text("phase") {
        "decode" | "generation" => true,
        "prefill" | "context" => false,
        _ => crate::operators::is_decoding(row),
    }
}

fn read(row: Row<'_>, roster: &mut Roster<'_>, absorbed: bool) -> Reading<MlaShape> {
    if is_decoding(row) != absorbed {
        return Err("of the other phase".to_owned());
    }
    let scheme = Scheme::parse(row.text("dtype"))?;
    let kv_scheme = match row.text("kv_dtype") {
        "" => scheme,
        text => Scheme::parse(text)?,
    };
    let chip = row.text("chip").to_owned();
    let found = roster.find(&chip)?;
    let (accelerator, family) = (found.accelerator, found.accelerator.family);
    let shape = MlaShape {
        absorbed,
        batch: row.number("batch")?,
        query_length: row.number("q_len").unwrap_or(1.0),
        kv_length: row.number("kv_len")?,
        heads: row.number("heads")?,
        latent: LATENT,
        rope: ROPE,
        key: KEY,
        value: VALUE,
        scheme,
        kv_scheme,
    };
    let family = roster.families().get(family).map(|family| family.id.clone()).unwrap_or_default();
    let precision = shape.precision();
    Ok(Measurement {
        key: GroupKey {
            variant: variant(row.text("kernel_source"), &accelerator, precision).to_owned(),
            scheme: precision,
            family,
        },
        chip,
        accelerator,
        configuration: format!(
            "{absorbed} {precision} {} {} {} {}",
            shape.batch, shape.query_length, shape.kv_length, shape.heads
        ),
        shape,
        observed: row.number("latency_us").map_or(f64::NAN, |latency| latency * 1e-6),
    })
}

/// The code path: TensorRT-LLM's for every name that is not known to be another's.
fn variant(source: &str, chip: &Accelerator, precision: Scheme) -> &'static str {
    let source = source.to_ascii_lowercase();
    let has = |part: &str| source.contains(part);
    if has("triton") {
        "vllm_triton"
    } else if has("flashmla") {
        "vllm_flashmla"
    } else if has("vllm") || has("flash_attn") {
        "vllm_flash_attention"
    } else {
        mla::variant(chip, precision)
    }
}
