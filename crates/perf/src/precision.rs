//! Number formats: what arithmetic a chip does ([`Arithmetic`]) and how a product stores
//! its operands ([`Scheme`]).

use narrows_quantity::{did_you_mean, nearest};
use serde::{Deserialize, Serialize};

/// Arithmetic for which a chip has a published dense rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arithmetic {
    /// IEEE single precision, outside the matrix units on most chips.
    Fp32,
    /// 19-bit TensorFloat.
    Tf32,
    /// Brain floating point.
    Bf16,
    /// IEEE half precision.
    Fp16,
    /// 8-bit floating point.
    Fp8,
    /// 8-bit integers.
    Int8,
    /// 4-bit floating point.
    Fp4,
    /// 4-bit integers.
    Int4,
}

impl Arithmetic {
    /// All of them, in the order of [`Arithmetic::index`].
    pub const ALL: [Self; 8] =
        [Self::Fp32, Self::Tf32, Self::Bf16, Self::Fp16, Self::Fp8, Self::Int8, Self::Fp4, Self::Int4];

    /// Name of the catalogue's figure with its dense rate in tera-operations per second.
    #[must_use]
    pub const fn figure(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32_tops",
            Self::Tf32 => "tf32_tops",
            Self::Bf16 => "bf16_tops",
            Self::Fp16 => "fp16_tops",
            Self::Fp8 => "fp8_tops",
            Self::Int8 => "int8_tops",
            Self::Fp4 => "fp4_tops",
            Self::Int4 => "int4_tops",
        }
    }

    /// Position in [`Arithmetic::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// How a matrix product stores weights and activations, and with which arithmetic it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Single precision throughout.
    Fp32,
    /// Single-precision storage, TensorFloat products.
    Tf32,
    /// Brain floating point.
    Bf16,
    /// Half precision.
    Fp16,
    /// 8-bit floating point with one scale a tensor.
    Fp8,
    /// 8-bit floating point with a scale for every 128 x 128 block of weights and every 128 activations.
    Fp8Block,
    /// 8-bit integers, activations quantized as they come.
    Int8,
    /// NVIDIA's 4-bit floating point: a scale for every 16 values.
    Nvfp4,
    /// 4-bit weights (a scale for every 32) with 8-bit activations.
    Mxfp4Mxfp8,
    /// 8-bit weights, 16-bit activations and arithmetic.
    Int8Weight,
    /// 4-bit integer weights (a scale for every 128), 16-bit activations and arithmetic.
    Int4Weight,
    /// 4-bit floating-point weights (a scale for every 32), 16-bit activations and arithmetic.
    Mxfp4Weight,
}

/// Names of schemes, ours first, then those that measured tables and frameworks use.
const NAMES: [(Scheme, &[&str]); 12] = [
    (Scheme::Fp32, &["fp32", "float32", "float"]),
    (Scheme::Tf32, &["tf32"]),
    (Scheme::Bf16, &["bf16", "bfloat16"]),
    (Scheme::Fp16, &["fp16", "float16", "half"]),
    (Scheme::Fp8, &["fp8", "fp8_e4m3", "float8"]),
    (Scheme::Fp8Block, &["fp8_block"]),
    (Scheme::Int8, &["int8", "int8_w8a8_dynamic", "int8_w8a8"]),
    (Scheme::Nvfp4, &["nvfp4", "fp4"]),
    (Scheme::Mxfp4Mxfp8, &["w4a8_mxfp4_mxfp8", "mxfp4_mxfp8"]),
    (Scheme::Int8Weight, &["int8_wo", "int8_weight"]),
    (Scheme::Int4Weight, &["int4_wo", "int4_weight", "int4"]),
    (Scheme::Mxfp4Weight, &["w4a16_mxfp4", "mxfp4_weight", "mxfp4"]),
];

impl Scheme {
    /// All of them, in the order of [`Scheme::index`].
    pub const ALL: [Self; 12] = [
        Self::Fp32,
        Self::Tf32,
        Self::Bf16,
        Self::Fp16,
        Self::Fp8,
        Self::Fp8Block,
        Self::Int8,
        Self::Nvfp4,
        Self::Mxfp4Mxfp8,
        Self::Int8Weight,
        Self::Int4Weight,
        Self::Mxfp4Weight,
    ];

    /// Position in [`Scheme::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Our name of it.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(scheme, _)| *scheme == self)
            .and_then(|(_, names)| names.first().copied())
            .unwrap_or_default()
    }

    /// Finds a scheme by any of its names.
    ///
    /// # Errors
    /// What was found, and the nearest name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wanted = text.trim().to_ascii_lowercase().replace('-', "_");
        let found = NAMES.iter().find(|(_, names)| names.contains(&wanted.as_str()));
        found.map(|(scheme, _)| *scheme).ok_or_else(|| {
            let all = NAMES.iter().flat_map(|(_, names)| names.iter().copied());
            let hint = nearest(&wanted, all);
            format!("unknown precision `{text}`{}", did_you_mean(hint.as_deref()))
        })
    }

    /// The arithmetic of its products.
    #[must_use]
    pub const fn arithmetic(self) -> Arithmetic {
        match self {
            Self::Fp32 => Arithmetic::Fp32,
            Self::Tf32 => Arithmetic::Tf32,
            Self::Bf16 | Self::Int8Weight | Self::Int4Weight | Self::Mxfp4Weight => Arithmetic::Bf16,
            Self::Fp16 => Arithmetic::Fp16,
            Self::Fp8 | Self::Fp8Block | Self::Mxfp4Mxfp8 => Arithmetic::Fp8,
            Self::Int8 => Arithmetic::Int8,
            Self::Nvfp4 => Arithmetic::Fp4,
        }
    }

    /// Bytes of a stored weight, scales included.
    #[must_use]
    pub const fn weight_bytes(self) -> f64 {
        match self {
            Self::Fp32 | Self::Tf32 => 4.0,
            Self::Bf16 | Self::Fp16 => 2.0,
            Self::Fp8 | Self::Int8 | Self::Int8Weight => 1.0,
            Self::Fp8Block => 1.0 + 4.0 / (128.0 * 128.0),
            Self::Nvfp4 => 0.5 + 1.0 / 16.0,
            Self::Mxfp4Mxfp8 | Self::Mxfp4Weight => 0.5 + 1.0 / 32.0,
            Self::Int4Weight => 0.5 + 2.0 / 128.0,
        }
    }

    /// Bytes of an activation as the product reads it.
    #[must_use]
    pub const fn activation_bytes(self) -> f64 {
        match self {
            Self::Fp32 | Self::Tf32 => 4.0,
            Self::Bf16 | Self::Fp16 | Self::Int8Weight | Self::Int4Weight | Self::Mxfp4Weight => 2.0,
            Self::Fp8 | Self::Int8 => 1.0,
            Self::Fp8Block => 1.0 + 4.0 / 128.0,
            Self::Mxfp4Mxfp8 => 1.0 + 1.0 / 32.0,
            Self::Nvfp4 => 0.5 + 1.0 / 16.0,
        }
    }

    /// Bytes of an output element.
    #[must_use]
    pub const fn output_bytes(self) -> f64 {
        match self {
            Self::Fp32 | Self::Tf32 => 4.0,
            _ => 2.0,
        }
    }

    /// Whether activations are quantized by a kernel of its own before the product.
    #[must_use]
    pub const fn quantizes_activations(self) -> bool {
        matches!(self, Self::Fp8 | Self::Fp8Block | Self::Int8 | Self::Nvfp4 | Self::Mxfp4Mxfp8)
    }

    /// What is used instead on a chip that lacks its arithmetic, the next best first: the
    /// same storage with wider arithmetic.
    #[must_use]
    pub const fn fallback(self) -> Option<Self> {
        match self {
            Self::Nvfp4 | Self::Mxfp4Mxfp8 => Some(Self::Mxfp4Weight),
            Self::Fp8 | Self::Fp8Block | Self::Int8 => Some(Self::Int8Weight),
            Self::Mxfp4Weight | Self::Int4Weight | Self::Int8Weight | Self::Bf16 => Some(Self::Fp16),
            Self::Fp16 | Self::Tf32 => Some(Self::Fp32),
            Self::Fp32 => None,
        }
    }
}

impl std::fmt::Display for Scheme {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(self.name())
    }
}
