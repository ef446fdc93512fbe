//! Several determinations of one transaction, of which the strictest counts, or one is right
//! and it is not known which.

use std::collections::BTreeSet;

use narrows_condition::Fact;

use crate::determination::{Determination, LeadsTo, Missing};
use crate::jurisdiction::Jurisdiction;
use crate::status::{Class, OPEN_MEANING, StatusId, UNDETERMINED};

/// A determination, and when it is the right one.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// When it is: `it is EL-1`.
    pub when: String,
    /// The determination.
    pub determination: Determination,
}

impl Jurisdiction {
    /// The place of a status in the order of strictness, the strictest being zero. An answer
    /// that is open is less strict than a prohibition and stricter than all others: it may
    /// turn out to be any of them.
    fn strictness(&self, word: &str) -> (usize, Option<StatusId>) {
        let status = self.find_status(word);
        let rank = match status.map(|id| self.status(id).class) {
            Some(Class::Prohibition) => 0,
            None => 1,
            Some(_) => 2,
        };
        (rank, status)
    }

    /// The place of the strictest among some answers; `None` if there are none.
    pub fn strictest<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Option<usize> {
        let ranked = words.into_iter().enumerate().map(|(place, word)| (self.strictness(word), place));
        ranked.min().map(|(_, place)| place)
    }
}

/// The statuses that a determination leaves possible.
fn possible(determination: &Determination) -> Vec<&str> {
    if determination.status == UNDETERMINED {
        determination.possible.iter().map(String::as_str).collect()
    } else {
        vec![&determination.status]
    }
}

/// The one answer that several leave when it is not known which is right: what they share, and
/// `fact` as what to supply. `None` if there are none.
#[must_use]
pub fn one_of(
    jurisdiction: &Jurisdiction,
    fact: &Fact,
    alternatives: &[Alternative],
) -> Option<Determination> {
    let (first, others) = alternatives.split_first()?;
    let settled = first.determination.status != UNDETERMINED;
    if settled && others.iter().all(|other| other.determination.status == first.determination.status) {
        return Some(first.determination.clone());
    }
    let all = || alternatives.iter().map(|alternative| &alternative.determination);
    let mut open = first.determination.clone();
    UNDETERMINED.clone_into(&mut open.status);
    UNDETERMINED.clone_into(&mut open.title);
    open.class = Class::Undetermined;
    OPEN_MEANING.clone_into(&mut open.meaning);
    // In their own order, the strictest first.
    let statuses: BTreeSet<StatusId> =
        all().flat_map(possible).filter_map(|word| jurisdiction.find_status(word)).collect();
    open.possible = statuses.iter().map(|id| jurisdiction.status(*id).word.clone()).collect();
    open.common_class = jurisdiction.common_class(statuses);
    open.deciding.retain(|ground| {
        all().all(|other| other.deciding.iter().any(|its| its.provision == ground.provision))
    });
    open.conditions.retain(|text| all().all(|other| other.conditions.contains(text)));
    open.sources.retain(|source| all().all(|other| other.sources.contains(source)));
    open.flips.clear();
    open.certainty = None;
    open.missing.insert(
        0,
        Missing {
            fact: fact.name.clone(),
            title: fact.title.clone(),
            definition: fact.definition.clone(),
            unit: None,
            open_question: false,
            leads_to: alternatives
                .iter()
                .map(|alternative| LeadsTo {
                    when: alternative.when.clone(),
                    statuses: possible(&alternative.determination).into_iter().map(str::to_owned).collect(),
                })
                .collect(),
        },
    );
    for other in others {
        for missing in &other.determination.missing {
            if open.missing.iter().all(|known| known.fact != missing.fact) {
                open.missing.push(missing.clone());
            }
        }
        for text in &other.determination.not_examined {
            if !open.not_examined.contains(text) {
                open.not_examined.push(text.clone());
            }
        }
    }
    Some(open)
}
