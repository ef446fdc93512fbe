//! Published training results: read row by row, predicted in the row's own unit, and the
//! constants of frameworks fitted to them.

pub mod case;
pub mod fitting;
pub mod layout;

use narrows_perf::model::Models;
use narrows_perf::network::{Domain, Networks};
use narrows_perf::training::step::fits;
use narrows_perf::training::{
    Limits, Means, Memory, Parameters, Plan, Recomputation, Step, TrainingConstants, search, software,
};
use narrows_perf::{Calibration, Families, Machine, Software, Specification};

use crate::chips::Roster;
use crate::table::Row;
use case::Case;

/// What predictions rest on.
pub struct TrainingContext<'a> {
    /// Models by name.
    pub models: &'a Models,
    /// Constants of kernels and frameworks.
    pub calibration: &'a Calibration,
    /// What joins chips.
    pub networks: &'a Networks,
}

/// A case with all that time depends on, the constants of the framework apart.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The case, its plan complete.
    pub case: Case,
    /// The chip.
    pub specification: Specification,
    /// Its family, by id.
    pub family: String,
    machine: Machine,
    domain: Domain,
}

impl Prepared {
    /// Predicts the row's value.
    ///
    /// # Errors
    /// The plan is impossible.
    pub fn predict(&self, constants: &TrainingConstants) -> Result<f64, String> {
        let step = self.step(constants)?;
        Ok(self.case.value(step.seconds, &self.specification))
    }

    /// What it computes with.
    #[must_use]
    pub const fn means<'a>(&'a self, constants: &'a TrainingConstants) -> Means<'a> {
        Means { machine: &self.machine, domain: &self.domain, software: constants }
    }

    /// The step.
    ///
    /// # Errors
    /// The plan is impossible.
    pub fn step(&self, constants: &TrainingConstants) -> Result<Step, String> {
        Step::unlimited(&self.case.model, &self.case.plan, self.means(constants))
            .map_err(|error| error.to_string())
    }

    fn complete(&mut self, constants: &TrainingConstants) -> Result<(), String> {
        let means = Means { machine: &self.machine, domain: &self.domain, software: constants };
        let case = &mut self.case;
        if case.searched {
            let found = search(&case.model, &case.plan, means, &usual_limits(&case.plan), &mut |_, _| {});
            // A published run did fit; where our count of memory says otherwise, the
            // division that needs least stands.
            if let Ok(found) = found {
                case.plan = found.best.plan;
                return Ok(());
            }
        }
        if case.interleaves {
            case.plan.virtual_stages = most_chunks(case);
        }
        if case.batches_freely {
            case.plan = fastest_micro_batch(case, means)?;
        } else {
            case.plan = with_recomputation(case, case.plan, means)?;
        }
        Ok(())
    }
}

/// What people who run such models try: powers of two within a machine.
fn usual_limits(plan: &Plan) -> Limits {
    Limits {
        tensor: 8,
        context: 1,
        expert: 64,
        micro_batch: 4,
        virtual_stages: 4,
        pipeline: plan.chips.min(16),
        runners_up: 1,
    }
}

/// Chunks of a stage where nothing is said: as many as leave each chunk two layers.
fn most_chunks(case: &Case) -> usize {
    let layers = case.model.layer_count().div_ceil(case.plan.pipeline);
    (layers / 2).max(1)
}

/// The fastest micro batch that fits.
fn fastest_micro_batch(case: &Case, means: Means<'_>) -> Result<Plan, String> {
    let mut best = with_recomputation(case, case.plan, means)?;
    let seconds =
        |plan: &Plan| Step::unlimited(&case.model, plan, means).map_or(f64::MAX, |step| step.seconds);
    for micro_batch in [2, 4, 8, 16] {
        let plan = Plan { micro_batch, ..case.plan };
        if plan.check(&case.model).is_err() || !nearly_fits(case, &plan, means) {
            continue;
        }
        let plan = with_recomputation(case, plan, means)?;
        if seconds(&plan) < seconds(&best) {
            best = plan;
        }
    }
    Ok(best)
}

/// A published run did fit: what exceeds the memory by less than this in our count was
/// saved, sent to the host, or is counted too high.
const BENEFIT_OF_DOUBT: f64 = 1.2;

fn nearly_fits(case: &Case, plan: &Plan, means: Means<'_>) -> bool {
    let memory = Memory::of(&case.model, &Parameters::of(&case.model), plan);
    fits(&memory, means.machine.accelerator.memory_bytes * BENEFIT_OF_DOUBT).is_ok()
}

/// The plan with the least recomputation with which it fits, if none is given.
fn with_recomputation(case: &Case, plan: Plan, means: Means<'_>) -> Result<Plan, String> {
    plan.check(&case.model).map_err(|error| error.to_string())?;
    if !case.recomputes_if_needed {
        return Ok(plan);
    }
    let all = [Recomputation::None, Recomputation::Selective];
    let enough = all.into_iter().filter(|one| *one >= case.plan.recomputation);
    let plans = enough.map(|recomputation| Plan { recomputation, ..plan });
    let found = plans.into_iter().find(|plan| match plan.recomputation {
        Recomputation::None => Step::of(&case.model, plan, means).is_ok(),
        _ => nearly_fits(case, plan, means),
    });
    Ok(found.unwrap_or(Plan { recomputation: Recomputation::Full, ..plan }))
}

/// Makes a row ready for predictions.
///
/// # Errors
/// Why it has no meaning as a training result, or why its plan is impossible.
pub fn prepare(
    row: Row<'_>,
    context: &TrainingContext<'_>,
    roster: &mut Roster<'_>,
) -> Result<Prepared, String> {
    let families: &Families = roster.families();
    let specification = roster.find(row.text("chip"))?.clone();
    let case = Case::read(row, context.models, &specification)?;
    let network = context.networks.of_chip(&specification, families);
    let family = families.get(specification.accelerator.family);
    let mut prepared = Prepared {
        case,
        family: family.map(|family| family.id.clone()).unwrap_or_default(),
        machine: Machine::new(&specification, context.calibration, families, Software::Training),
        domain: network.domain().ok_or("the network has no tiers")?,
        specification,
    };
    prepared.complete(&TrainingConstants::default())?;
    Ok(prepared)
}

/// Constants of the framework that a case ran with.
#[must_use]
pub fn constants_for(
    prepared: &Prepared,
    calibration: &Calibration,
    families: &Families,
) -> TrainingConstants {
    let specification = &prepared.specification;
    let framework = prepared.case.framework.name();
    software::resolve(calibration, framework, families, specification.accelerator.family, &specification.id)
        .constants
}

/// Predicts the value of a row with a training result, in the row's own unit.
///
/// # Errors
/// Why it has no meaning as a training result, or why its plan is impossible.
pub fn predict_training(
    row: Row<'_>,
    context: &TrainingContext<'_>,
    roster: &mut Roster<'_>,
) -> Result<f64, String> {
    let prepared = prepare(row, context, roster)?;
    prepared.predict(&constants_for(&prepared, context.calibration, roster.families()))
}
