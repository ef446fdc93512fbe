//! [`Machine`]: a chip with the constants of every kernel chosen for it.

use crate::accelerator::{Accelerator, Specification};
use crate::calibration::{Calibration, Ground, Resolved, Spread};
use crate::estimate::Estimate;
use crate::families::Families;
use crate::kernels::Kernel;
use crate::kernels::attention::{AttentionShape, Decode, Prefill};
use crate::kernels::collective::{Collective, CollectiveShape};
use crate::kernels::elementwise::{Elementwise, ElementwiseShape};
use crate::kernels::exchange::{Exchange, ExchangeShape};
use crate::kernels::experts::{Experts, ExpertsShape};
use crate::kernels::gemm::{Gemm, GemmShape};
use crate::kernels::mla::{MlaDecode, MlaPrefill, MlaShape};
use crate::precision::Scheme;

/// Constants of a kernel for every precision.
type ByScheme<K> = [Resolved<<K as Kernel>::Constants>; Scheme::ALL.len()];

/// A chip that answers how long an operator takes. Copying one is cheap enough to vary
/// the chip's figures under the same constants.
#[derive(Debug, Clone)]
pub struct Machine {
    /// The chip.
    pub accelerator: Accelerator,
    gemm: ByScheme<Gemm>,
    prefill: ByScheme<Prefill>,
    decode: ByScheme<Decode>,
    mla_prefill: ByScheme<MlaPrefill>,
    mla_decode: ByScheme<MlaDecode>,
    experts: ByScheme<Experts>,
    elementwise: ByScheme<Elementwise>,
    collective: ByScheme<Collective>,
    exchange: ByScheme<Exchange>,
}

/// The software whose kernels run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Software {
    /// TensorRT-LLM.
    #[default]
    TensorRtLlm,
    /// vLLM.
    Vllm,
    /// SGLang.
    Sglang,
    /// A training framework: Megatron-LM and its like.
    Training,
}

/// Which code path of each kernel runs.
#[derive(Debug, Clone, Copy)]
struct Variants {
    gemm: &'static str,
    attention: &'static str,
    mla: &'static str,
    experts: &'static str,
    elementwise: &'static str,
    collective: &'static str,
    exchange: &'static str,
}

const fn variants(_software: Software) -> Variants {
    Variants {
        gemm: "framework",
        attention: "framework",
        mla: "framework",
        experts: "framework",
        elementwise: "framework",
        collective: "nccl",
        exchange: "deepep",
    }
}

impl Machine {
    /// Chooses constants for a chip.
    #[must_use]
    pub fn new(
        specification: &Specification,
        calibration: &Calibration,
        families: &Families,
        software: Software,
    ) -> Self {
        let accelerator = specification.accelerator;
        let id = specification.id.as_str();
        let names = variants(software);
        let family = accelerator.family;
        Self {
            accelerator,
            gemm: choose::<Gemm>(calibration, names.gemm, families, family, id),
            prefill: choose::<Prefill>(calibration, names.attention, families, family, id),
            decode: choose::<Decode>(calibration, names.attention, families, family, id),
            mla_prefill: choose::<MlaPrefill>(calibration, names.mla, families, family, id),
            mla_decode: choose::<MlaDecode>(calibration, names.mla, families, family, id),
            experts: choose::<Experts>(calibration, names.experts, families, family, id),
            elementwise: choose::<Elementwise>(calibration, names.elementwise, families, family, id),
            collective: choose::<Collective>(calibration, names.collective, families, family, id),
            exchange: choose::<Exchange>(calibration, names.exchange, families, family, id),
        }
    }

    /// The same constants for a chip with other figures.
    #[must_use]
    pub fn with(&self, accelerator: Accelerator) -> Self {
        Self { accelerator, ..self.clone() }
    }

    /// A matrix product.
    #[must_use]
    pub fn gemm(&self, shape: &GemmShape) -> Estimate {
        let scheme = self.accelerator.supported(shape.scheme);
        self.run::<Gemm>(&GemmShape { scheme, ..*shape }, &self.gemm, scheme)
    }

    /// Attention of prompts.
    #[must_use]
    pub fn prefill(&self, shape: &AttentionShape) -> Estimate {
        let scheme = self.accelerator.supported(shape.scheme);
        self.run::<Prefill>(&AttentionShape { scheme, ..*shape }, &self.prefill, scheme)
    }

    /// Attention of new tokens.
    #[must_use]
    pub fn decode(&self, shape: &AttentionShape) -> Estimate {
        let scheme = self.accelerator.supported(shape.scheme);
        self.run::<Decode>(&AttentionShape { scheme, ..*shape }, &self.decode, scheme)
    }

    /// Latent attention.
    #[must_use]
    pub fn mla(&self, shape: &MlaShape) -> Estimate {
        let scheme = self.accelerator.supported(shape.scheme);
        let shape = MlaShape { scheme, ..*shape };
        if shape.absorbed {
            self.run::<MlaDecode>(&shape, &self.mla_decode, shape.precision())
        } else {
            self.run::<MlaPrefill>(&shape, &self.mla_prefill, shape.precision())
        }
    }

    /// Routed experts.
    #[must_use]
    pub fn experts(&self, shape: &ExpertsShape) -> Estimate {
        let scheme = self.accelerator.supported(shape.scheme);
        self.run::<Experts>(&ExpertsShape { scheme, ..*shape }, &self.experts, scheme)
    }

    /// Element-wise work.
    #[must_use]
    pub fn elementwise(&self, shape: &ElementwiseShape) -> Estimate {
        self.run::<Elementwise>(shape, &self.elementwise, Scheme::Bf16)
    }

    /// A collective; nothing among fewer than two ranks.
    #[must_use]
    pub fn collective(&self, shape: &CollectiveShape) -> Estimate {
        if shape.ranks < 2.0 || shape.bytes <= 0.0 {
            return Estimate::default();
        }
        self.run::<Collective>(shape, &self.collective, Scheme::Bf16)
    }

    /// Dispatch and combination among experts; nothing on fewer than two ranks.
    #[must_use]
    pub fn exchange(&self, shape: &ExchangeShape) -> Estimate {
        if shape.ranks < 2.0 {
            return Estimate::default();
        }
        self.run::<Exchange>(shape, &self.exchange, Scheme::Bf16)
    }

    /// What the matrix products of a precision rest on, and how sure that is.
    #[must_use]
    pub fn ground(&self, scheme: Scheme) -> (Ground, Spread) {
        let resolved = of(&self.gemm, self.accelerator.supported(scheme));
        (resolved.ground, resolved.spread)
    }

    fn run<K: Kernel>(&self, shape: &K::Shape, constants: &ByScheme<K>, scheme: Scheme) -> Estimate {
        K::estimate(shape, &self.accelerator, &of(constants, scheme).constants)
    }
}

fn choose<K: Kernel>(
    calibration: &Calibration,
    variant: &str,
    families: &Families,
    family: usize,
    chip: &str,
) -> ByScheme<K> {
    Scheme::ALL.map(|scheme| calibration.resolve::<K>(variant, scheme, families, family, chip))
}

fn of<C: Copy>(constants: &[Resolved<C>; Scheme::ALL.len()], scheme: Scheme) -> Resolved<C> {
    let [first, ..] = constants;
    constants.get(scheme.index()).copied().unwrap_or(*first)
}
