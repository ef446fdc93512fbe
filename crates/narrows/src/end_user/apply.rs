//! What follows from the ways in which an end user may stand to the lists.

use narrows_condition::Fact;
use narrows_law::{Alternative, Determination, Jurisdiction, UNDETERMINED, one_of};

use super::answer::EndUserAnswer;
use super::cases::{Case, Facts, laid_over};
use super::resolve::Resolved;
use crate::examiner::{Examiner, Question, Standing, Verdict};
use crate::failure::Failure;

/// The facts of a way, and over them those that the asker gives. The facts of the lists are those
/// of one body of law; another has none of them and is not asked about them.
pub(crate) fn facts_of(jurisdiction: &Jurisdiction, case: &Case, given: &Facts) -> Facts {
    let known = case.facts.iter().filter(|(name, _)| jurisdiction.dictionary.find(name).is_some());
    laid_over(&known.cloned().collect(), given)
}

/// The fact that tells the ways apart, for what to supply.
fn telling<'a>(jurisdiction: &'a Jurisdiction, cases: &[Case]) -> Option<&'a Fact> {
    let (name, _) = cases.first()?.facts.iter().find(|(name, value)| {
        cases.iter().any(|case| case.facts.iter().any(|(other, its)| other == name && its != value))
    })?;
    jurisdiction.dictionary.find(name).map(|id| jurisdiction.dictionary.fact(id))
}

/// The determination for an end user, with the statuses of single listings filled in.
pub(crate) fn determine(
    examiner: &mut Examiner<'_>,
    question: &Question,
    resolved: &Resolved,
) -> Result<(Determination, EndUserAnswer), Failure> {
    let jurisdiction = examiner.jurisdiction();
    let (cases, all_hold) = resolved.cases.to_ask();
    let mut alternatives = Vec::with_capacity(cases.len());
    for case in &cases {
        let question = Question { facts: facts_of(jurisdiction, case, &question.facts), ..question.clone() };
        let prepared = examiner.prepare(&question)?;
        let determination = examiner.determine(&prepared)?;
        alternatives.push(Alternative { when: case.when(), determination });
    }
    let mut answer = resolved.answer.clone();
    for line in answer.listings_mut() {
        let own = cases.iter().position(|case| case.ids.contains(&line.listing.id));
        line.status = own.and_then(|place| alternatives.get(place)).map(|it| it.determination.status.clone());
    }
    let chosen = if all_hold {
        let words = alternatives.iter().map(|it| it.determination.status.as_str());
        jurisdiction
            .strictest(words)
            .and_then(|place| alternatives.get(place))
            .map(|it| it.determination.clone())
    } else if let Some(fact) = telling(jurisdiction, &cases) {
        one_of(jurisdiction, fact, &alternatives)
    } else {
        alternatives.into_iter().next().map(|it| it.determination)
    };
    let determination = chosen.ok_or_else(|| Failure::data("an end user led to no determination"))?;
    Ok((determination, answer))
}

/// The same for a table.
pub(crate) fn verdict(
    jurisdiction: &Jurisdiction,
    cases: &[Case],
    all_hold: bool,
    verdicts: Vec<Verdict>,
) -> Option<Verdict> {
    let status = |verdict: &Verdict| verdict.standing.status.clone();
    if all_hold {
        let place = jurisdiction.strictest(verdicts.iter().map(|it| it.standing.status.as_str()))?;
        return verdicts.into_iter().nth(place);
    }
    let mut rest = verdicts.into_iter();
    let mut first = rest.next()?;
    let rest: Vec<Verdict> = rest.collect();
    if status(&first) != UNDETERMINED && rest.iter().all(|other| status(other) == status(&first)) {
        return Some(first);
    }
    let in_all = |id: &String| rest.iter().all(|other| other.standing.provisions.contains(id));
    let mut missing: Vec<String> =
        telling(jurisdiction, cases).map(|fact| fact.name.clone()).into_iter().collect();
    for verdict in std::iter::once(&first).chain(&rest) {
        for fact in &verdict.standing.missing {
            if !missing.contains(fact) {
                missing.push(fact.clone());
            }
        }
    }
    first.standing = Standing {
        status: UNDETERMINED.to_owned(),
        class: narrows_law::Class::Undetermined.word(),
        provisions: first.standing.provisions.iter().filter(|id| in_all(id)).cloned().collect(),
        missing,
    };
    first.nearest_margin = None;
    Some(first)
}
