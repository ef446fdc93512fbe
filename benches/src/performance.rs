//! Training and serving of known models on known chips.

use narrows::Workbench;
use narrows::performance::chip_choice::ChipChoice;
use narrows::performance::setting::Setting;
use narrows_perf::model::Model;
use narrows_perf::serving::profile::{Lengths, Policy};
use narrows_perf::serving::search::Search;
use narrows_perf::serving::{Deployment, Overheads, Parallelism};
use narrows_perf::training::{
    Means, Plan, Recomputation, Schedule, Sharding, StateBytes, TrainingConstants, software,
};
use narrows_perf::{Scheme, Software};

/// A model on chips with which it is trained.
pub struct Training {
    /// The model.
    pub model: Model,
    /// How it is trained.
    pub plan: Plan,
    setting: Setting,
    software: TrainingConstants,
}

impl Training {
    /// A model on a chip of the catalogue, in the network in which the chip is usually sold.
    ///
    /// # Panics
    /// If the embedded data lack the model or the chip.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a benchmark on data that lack its inputs has no result")]
    pub fn new(workbench: &Workbench, model: &str, chip: &str, plan: Plan) -> Self {
        let setting = setting(workbench, chip, Software::Training);
        let data = workbench.performance().expect("sound data");
        let specification = &setting.chosen.specification;
        let software = software::resolve(
            &data.calibration,
            "megatron",
            &data.families,
            specification.accelerator.family,
            &specification.id,
        )
        .constants;
        Self { model: find(workbench, model), plan, setting, software }
    }

    /// DeepSeek-V3 as it was trained on H800: 2,048 chips in 16 stages, experts on 64 chips.
    #[must_use]
    pub fn deepseek_v3(workbench: &Workbench, chip: &str) -> Self {
        let plan = Plan {
            chips: 2048,
            pipeline: 16,
            expert: 64,
            global_batch: 15_360,
            sequence: 4096,
            schedule: Schedule::DualPipe,
            recomputation: Recomputation::Selective,
            precision: Scheme::Fp8Block,
            state: StateBytes::LEAN,
            ..Plan::default()
        };
        Self::new(workbench, "deepseek-v3", chip, plan)
    }

    /// GPT-3's shape (OPT-175B has it) on 1,024 A100 of 80 GB.
    #[must_use]
    pub fn gpt3(workbench: &Workbench) -> Self {
        let plan = Plan {
            chips: 1024,
            tensor: 8,
            pipeline: 16,
            micro_batch: 1,
            global_batch: 8 * 24,
            sequence: 2048,
            sharding: Sharding::Optimizer,
            recomputation: Recomputation::Selective,
            precision: Scheme::Bf16,
            ..Plan::default()
        };
        Self::new(workbench, "opt-175b", "nvidia.a100-sxm4-80gb", plan)
    }

    /// What is computed with.
    #[must_use]
    pub const fn means(&self) -> Means<'_> {
        Means { machine: &self.setting.machine, domain: &self.setting.domain, software: &self.software }
    }

    /// Bytes of memory of a chip.
    #[must_use]
    pub const fn memory_bytes(&self) -> f64 {
        self.setting.machine.accelerator.memory_bytes
    }
}

/// A model on chips that serve it.
pub struct Serving {
    /// The model.
    pub model: Model,
    /// The chip in its network.
    pub setting: Setting,
}

impl Serving {
    /// DeepSeek-V3 on H20.
    #[must_use]
    pub fn deepseek_v3(workbench: &Workbench) -> Self {
        Self { model: find(workbench, "deepseek-v3"), setting: setting(workbench, "H20", Software::Sglang) }
    }

    /// How it is run: 32 chips, each with requests of its own, experts on all.
    #[must_use]
    pub fn deployment(&self) -> Deployment {
        Deployment::new(Parallelism::data_expert(32), Scheme::Fp8Block)
    }

    /// A search over the ways to run it.
    #[must_use]
    pub fn search(&self, disaggregate: bool) -> Search<'_> {
        Search {
            model: &self.model,
            machine: &self.setting.machine,
            domain: self.setting.domain,
            deployment: self.deployment(),
            lengths: Lengths { input: 4096.0, output: 1536.0, cached: 0.0 },
            chips: 64,
            concurrency: None,
            first_token_s: 2.0,
            output_token_s: 0.05,
            disaggregate,
            policy: Policy::default(),
            overheads: Overheads::default(),
            overheads_apart: Overheads::default(),
            only: None,
        }
    }
}

#[expect(clippy::expect_used, reason = "a benchmark on data that lack its inputs has no result")]
fn setting(workbench: &Workbench, chip: &str, software: Software) -> Setting {
    Setting::find(workbench, &ChipChoice::named(chip), None, software).expect("a chip of the catalogue")
}

#[expect(clippy::expect_used, reason = "a benchmark on data that lack its inputs has no result")]
fn find(workbench: &Workbench, name: &str) -> Model {
    workbench.models().expect("sound data").find(name).expect("a model on record").model
}
