//! [`Machine`]: a chip with the constants of every kernel chosen for it.

use crate::accelerator::{Accelerator, Specification};
use crate::calibration::{Calibration, Ground, Resolved, Spread};
use crate::estimate::Estimate;
use crate::families::Families;
use crate::kernels::Kernel;
use crate::kernels::attention::{self, AttentionShape, Decode, Prefill};
use crate::kernels::collective::{
    self, Collective, CollectiveConstants, CollectiveMethod, CollectiveOperation, CollectiveShape, LinkClass,
};
use crate::kernels::elementwise::{Elementwise, ElementwiseShape};
use crate::kernels::exchange::{Exchange, ExchangeShape};
use crate::kernels::experts::{Experts, ExpertsShape};
use crate::kernels::gemm::{Gemm, GemmShape};
use crate::kernels::mla::{self, MlaDecode, MlaPrefill, MlaShape};
use crate::precision::Scheme;

/// Constants of a kernel for every precision.
type ByScheme<K> = [Resolved<<K as Kernel>::Constants>; Scheme::ALL.len()];

/// Links whose collectives have constants of their own.
const TIERS: [LinkClass; 3] = [LinkClass::Switched, LinkClass::HostBus, LinkClass::Fabric];

/// Constants of the library's collectives for every operation and kind of link.
type ByOperation = [[Resolved<CollectiveConstants>; TIERS.len()]; CollectiveOperation::ALL.len()];

/// A chip that answers how long an operator takes. Copying one is cheap enough to vary
/// the chip's figures under the same constants.
#[derive(Debug, Clone)]
pub struct Machine {
    /// The chip.
    pub accelerator: Accelerator,
    gemm: ByScheme<Gemm>,
    prefill: [ByScheme<Prefill>; 2],
    decode: [ByScheme<Decode>; 2],
    mla_prefill: ByScheme<MlaPrefill>,
    mla_decode: ByScheme<MlaDecode>,
    experts: ByScheme<Experts>,
    elementwise: ByScheme<Elementwise>,
    collective: ByOperation,
    framework_sum: [Resolved<CollectiveConstants>; TIERS.len()],
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
    /// With keys and values as wide as queries, and with narrower ones.
    attention: [&'static str; 2],
    /// The best first.
    experts: [&'static str; 4],
    elementwise: &'static str,
    collective: &'static str,
    framework_sum: &'static str,
    exchange: &'static str,
}

const fn variants(software: Software) -> Variants {
    Variants {
        gemm: "framework",
        attention: [attention::VARIANT, attention::VARIANT_NARROW_CACHE],
        experts: match software {
            Software::TensorRtLlm | Software::Training => {
                ["tensorrt_llm", "vllm_flashinfer_trtllm", "vllm_triton", "ascend"]
            }
            Software::Vllm => ["vllm_flashinfer_trtllm", "vllm_triton", "tensorrt_llm", "ascend"],
            Software::Sglang => {
                ["sglang_flashinfer_trtllm", "sglang_triton", "vllm_flashinfer_trtllm", "tensorrt_llm"]
            }
        },
        elementwise: "framework",
        collective: "nccl",
        framework_sum: match software {
            Software::TensorRtLlm => "trtllm",
            Software::Vllm => "vllm",
            Software::Sglang => "sglang",
            Software::Training => "nccl",
        },
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
        let sums = Collectives { calibration, families, family, chip: id };
        Self {
            accelerator,
            gemm: choose::<Gemm>(calibration, names.gemm, families, family, id),
            prefill: names.attention.map(|name| choose::<Prefill>(calibration, name, families, family, id)),
            decode: names.attention.map(|name| choose::<Decode>(calibration, name, families, family, id)),
            mla_prefill: Scheme::ALL.map(|scheme| {
                let variant = mla::variant(&accelerator, scheme);
                calibration.resolve::<MlaPrefill>(variant, scheme, families, family, id)
            }),
            mla_decode: Scheme::ALL.map(|scheme| {
                let variant = mla::variant(&accelerator, scheme);
                calibration.resolve::<MlaDecode>(variant, scheme, families, family, id)
            }),
            experts: Scheme::ALL.map(|scheme| {
                calibration.resolve_any::<Experts>(&names.experts, scheme, families, family, id)
            }),
            elementwise: choose::<Elementwise>(calibration, names.elementwise, families, family, id),
            collective: CollectiveOperation::ALL
                .map(|operation| TIERS.map(|link| sums.resolve(names.collective, operation, link))),
            framework_sum: TIERS
                .map(|link| sums.resolve(names.framework_sum, CollectiveOperation::AllReduce, link)),
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
        let shape = AttentionShape { scheme: self.accelerator.supported(shape.scheme), ..*shape };
        let [wide, narrow] = &self.prefill;
        self.run::<Prefill>(&shape, if shape.narrow_cache() { narrow } else { wide }, shape.scheme)
    }

    /// Attention of new tokens.
    #[must_use]
    pub fn decode(&self, shape: &AttentionShape) -> Estimate {
        let shape = AttentionShape { scheme: self.accelerator.supported(shape.scheme), ..*shape };
        let [wide, narrow] = &self.decode;
        self.run::<Decode>(&shape, if shape.narrow_cache() { narrow } else { wide }, shape.scheme)
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
        let tier = match shape.link {
            LinkClass::HostBus => 1,
            LinkClass::Fabric => 2,
            LinkClass::Switched | LinkClass::SummingSwitch | LinkClass::Direct => 0,
        };
        let own =
            shape.method != CollectiveMethod::Library && shape.operation == CollectiveOperation::AllReduce;
        let library = self.collective.get(shape.operation.index()).unwrap_or(&self.framework_sum);
        let constants = if own { &self.framework_sum } else { library };
        let [first, ..] = constants;
        let constants = constants.get(tier).unwrap_or(first).constants;
        Collective::estimate(shape, &self.accelerator, &constants)
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

/// Where constants of collectives are looked for.
struct Collectives<'a> {
    calibration: &'a Calibration,
    families: &'a Families,
    family: usize,
    chip: &'a str,
}

impl Collectives<'_> {
    /// Those of a library. One that is not known goes by the library of the chip's family.
    fn resolve(
        &self,
        library: &str,
        operation: CollectiveOperation,
        link: LinkClass,
    ) -> Resolved<CollectiveConstants> {
        let family = self.families.get(self.family).map_or("", |family| family.id.as_str());
        let library = if library == "nccl" { collective::library_of(family) } else { library };
        // Between nodes only single messages of a known network were measured.
        let operation = if link == LinkClass::Fabric { CollectiveOperation::SendReceive } else { operation };
        let library = if link == LinkClass::Fabric { "nccl" } else { library };
        let variant = collective::variant(library, operation, link);
        self.calibration.resolve::<Collective>(&variant, Scheme::Bf16, self.families, self.family, self.chip)
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
