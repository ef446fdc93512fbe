//! How a configuration says that weights are stored.

use serde_json::Value;

use super::config::Config;
use crate::precision::Scheme;

/// The scheme of the weights, with a note of what the file says.
pub(super) fn of(config: &Config<'_>, notes: &mut Vec<String>) -> Option<Scheme> {
    let object = ["quantization_config", "compression_config"].iter().find_map(|name| config.get(name))?;
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let method = text("quant_method").unwrap_or("unnamed");
    let algorithm = text("quant_algo").unwrap_or_default();
    let bits = object.get("bits").and_then(Value::as_u64);
    let blocks = object.get("weight_block_size").is_some_and(Value::is_array);
    let scheme = match (method, algorithm.to_uppercase().as_str()) {
        (_, "NVFP4" | "FP4") => Some(Scheme::Nvfp4),
        (_, "FP8") => Some(Scheme::Fp8),
        ("fp8" | "fbgemm_fp8", _) if blocks => Some(Scheme::Fp8Block),
        ("fp8" | "fbgemm_fp8", _) => Some(Scheme::Fp8),
        ("mxfp4", _) => Some(Scheme::Mxfp4Weight),
        ("awq" | "gptq" | "auto-round", _) if bits == Some(8) => Some(Scheme::Int8Weight),
        ("awq" | "gptq" | "auto-round", _) => Some(Scheme::Int4Weight),
        ("compressed-tensors", _) => compressed(object),
        _ => None,
    };
    let read_as = scheme.map_or("not known, taken as unquantized", Scheme::name);
    let algorithm = if algorithm.is_empty() { String::new() } else { format!(" {algorithm}") };
    let method: String = method.chars().take(40).collect();
    notes.push(format!("weights are quantized: {method}{algorithm} ({read_as})"));
    scheme
}

/// Groups of compressed-tensors: bits and kind of weights, and whether activations are
/// quantized too.
fn compressed(object: &Value) -> Option<Scheme> {
    let groups = object.get("config_groups")?.as_object()?;
    let group = groups.values().next()?;
    let weights = group.get("weights")?;
    let bits = weights.get("num_bits")?.as_u64()?;
    let float = weights.get("type").and_then(Value::as_str) == Some("float");
    let blocks = weights.get("block_structure").is_some_and(|value| !value.is_null());
    let activations = group.get("input_activations").is_some_and(|value| !value.is_null());
    match (bits, float, activations) {
        (8, true, _) if blocks => Some(Scheme::Fp8Block),
        (8, true, _) => Some(Scheme::Fp8),
        (8, false, true) => Some(Scheme::Int8),
        (8, false, false) => Some(Scheme::Int8Weight),
        (4, true, true) => Some(Scheme::Nvfp4),
        (4, true, false) => Some(Scheme::Mxfp4Weight),
        (4, false, _) => Some(Scheme::Int4Weight),
        _ => None,
    }
}
