//! What a chip does for the models of the catalogue's comparisons: the operation
//! `perf compare` on the chip, its siblings and the chips that a comparison names.

use narrows_catalog::{Chip, Comparison};
use narrows_perf::Specification;
use serde::Serialize;

use super::super::perf_compare::{PerfCompareAnswer, PerfCompareRequest, compare};
use super::super::plane::LeftOut;
use super::Siblings;
use crate::failure::Failure;
use crate::workbench::Workbench;

/// The kind of a bare memory stack.
const MEMORY: &str = "hbm_stack";

/// What a chip does, beside others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Abilities {
    /// The figure of the chip itself for want of which nothing can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
    /// One for each comparison of the catalogue, none if the chip lacks a figure.
    pub comparisons: Vec<AbilityComparison>,
}

/// The chip beside its siblings and some other chips.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AbilityComparison {
    /// What the other chips have in common.
    pub beside: String,
    /// One answer for each model; ratios are to the first chip.
    pub models: Vec<PerfCompareAnswer>,
    /// Chips that would stand beside it, had they the figures.
    pub left_out: Vec<LeftOut>,
}

/// Nothing for bare memory, which does no work of its own.
pub(super) fn abilities(
    workbench: &Workbench,
    own: &Chip,
    siblings: Option<&Siblings>,
) -> Result<Option<Abilities>, Failure> {
    let comparisons = workbench.chips()?.comparisons();
    if own.kind == MEMORY || comparisons.is_empty() {
        return Ok(None);
    }
    let lacks = lacking(workbench, own)?;
    let comparisons = match lacks {
        Some(_) => Vec::new(),
        None => comparisons
            .iter()
            .map(|comparison| one(workbench, own, siblings, comparison))
            .collect::<Result<_, Failure>>()?,
    };
    Ok(Some(Abilities { lacks: lacks.map(str::to_owned), comparisons }))
}

fn one(
    workbench: &Workbench,
    own: &Chip,
    siblings: Option<&Siblings>,
    comparison: &Comparison,
) -> Result<AbilityComparison, Failure> {
    // Siblings come in their own order, so that ratios are to the same chip throughout a page.
    let mut ids: Vec<&String> = match siblings {
        Some(siblings) => siblings.chips.iter().map(|chip| &chip.id).collect(),
        None => vec![&own.id],
    };
    for id in &comparison.members {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let chips = workbench.chips()?;
    let mut able: Vec<String> = Vec::new();
    let mut left_out = Vec::new();
    for chip in ids.into_iter().filter_map(|id| chips.chip(id)) {
        match lacking(workbench, chip)? {
            None => able.push(chip.id.clone()),
            Some(figure) => left_out.push(LeftOut { id: chip.id.clone(), lacks: vec![figure.to_owned()] }),
        }
    }
    let models = comparison.models.iter().map(|model| {
        compare(workbench, &PerfCompareRequest::usual(model, able.iter().cloned()), &mut |_| {})
            .map_err(|failure| failure.within(&format!("comparison `{}`", comparison.name)))
    });
    let models = models.collect::<Result<_, Failure>>()?;
    Ok(AbilityComparison { beside: comparison.name.clone(), models, left_out })
}

/// A figure that a chip lacks and nobody can assume.
fn lacking(workbench: &Workbench, chip: &Chip) -> Result<Option<&'static str>, Failure> {
    let families = &workbench.performance()?.families;
    let family = families.of_architecture(chip.architecture.as_deref().unwrap_or_default());
    let Some(traits) = families.get(family) else { return Ok(None) };
    Ok(Specification::of(chip, family, traits).err().map(|missing| missing.figure))
}
