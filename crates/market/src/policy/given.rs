//! [`Given`]: hazards that the asker puts in the place of those of the record.

use super::fault::{Fault, up_to};
use super::hazard::{Hazard, Hazards, Transition};
use super::state::{EXPORTER_STATES, Exporter, IMPORTER_STATES, Importer};

/// Most turns in a year: one a day. A history has as many steps as turns.
const MOST_A_YEAR: f64 = 365.0;

/// One or several transitions by a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// The exporter turns stricter, from any state.
    Tighten,
    /// The exporter turns less strict, from any state.
    Loosen,
    /// The importer turns to blocking, whatever the exporter says.
    Retaliate,
    /// The importer stops blocking, whatever the exporter says.
    Relent,
    /// From one state of the exporter's to another.
    Exporter(Exporter, Exporter),
    /// From one state of the importer's to the other, whatever the exporter says.
    Importer(Importer, Importer),
}

/// Words for several transitions at once.
const WORDS: [(&str, Given); 4] = [
    ("tighten", Given::Tighten),
    ("loosen", Given::Loosen),
    ("retaliate", Given::Retaliate),
    ("relent", Given::Relent),
];

impl std::str::FromStr for Given {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let unknown = || Fault::Transition { name: text.to_owned() };
        let find = |words: &[(&str, Exporter)], word: &str| {
            words.iter().find(|(known, _)| *known == word).map(|(_, state)| *state)
        };
        if let Some((_, given)) = WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(*given);
        }
        let (from, to) = text.split_once(':').ok_or_else(unknown)?;
        if let Some((from, to)) = find(&EXPORTER_STATES, from).zip(find(&EXPORTER_STATES, to)) {
            return if from == to { Err(unknown()) } else { Ok(Self::Exporter(from, to)) };
        }
        let side = |word: &str| IMPORTER_STATES.iter().find(|(known, _)| *known == word).map(|(_, it)| *it);
        match side(from).zip(side(to)) {
            Some((from, to)) if from != to => Ok(Self::Importer(from, to)),
            _ => Err(unknown()),
        }
    }
}

impl Given {
    /// Puts a rate, in turns per year, in the place of those of the record. A rate for several
    /// transitions out of one state is shared among them as those of the record are.
    ///
    /// # Errors
    /// A rate that is negative or of more than one turn a day, or no transition of that kind between states that
    /// were seen.
    pub fn set(self, hazards: &mut Hazards, per_year: f64) -> Result<(), Fault> {
        let given = Hazard::given(up_to("hazard, in turns a year", per_year, MOST_A_YEAR)?)?;
        match self {
            Self::Exporter(from, to) => hazards.set(Transition::Exporter { from, to }, given),
            Self::Importer(from, to) => set_importer(hazards, from, to, given),
            Self::Retaliate => set_importer(hazards, Importer::Allows, Importer::Blocks, given),
            Self::Relent => set_importer(hazards, Importer::Blocks, Importer::Allows, given),
            Self::Tighten => return share(hazards, per_year, "tighten", |from, to| to > from),
            Self::Loosen => return share(hazards, per_year, "loosen", |from, to| to < from),
        }
        Ok(())
    }
}

/// The rate of the importer's side in all states of the exporter's.
fn set_importer(hazards: &mut Hazards, from: Importer, to: Importer, given: Hazard) {
    for under in Exporter::ALL.map(Some).into_iter().chain([None]) {
        hazards.set(Transition::Importer { from, to, under }, given);
    }
}

/// Shares a rate among the transitions of a kind out of each state.
fn share(
    hazards: &mut Hazards,
    per_year: f64,
    name: &'static str,
    is_of_kind: impl Fn(Exporter, Exporter) -> bool,
) -> Result<(), Fault> {
    let of_kind: Vec<(Exporter, Exporter, f64)> = hazards
        .iter()
        .filter_map(|(transition, hazard)| match transition {
            Transition::Exporter { from, to } if is_of_kind(from, to) => Some((from, to, hazard.mean())),
            _ => None,
        })
        .collect();
    if of_kind.is_empty() {
        return Err(Fault::NothingOfKind { name });
    }
    for (from, to, rate) in &of_kind {
        let out = of_kind.iter().filter(|(other, ..)| other == from);
        let (ways, total) = out.fold((0.0, 0.0), |(ways, total), (.., rate)| (ways + 1.0, total + rate));
        let part = if total > 0.0 { rate / total } else { 1.0 / ways };
        hazards.set(Transition::Exporter { from: *from, to: *to }, Hazard::given(per_year * part)?);
    }
    Ok(())
}
