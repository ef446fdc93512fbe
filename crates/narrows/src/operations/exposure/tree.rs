//! The rule that may turn: which line a part stands in, what held on the day, how often either
//! side turned by then, and what the asker puts in its place.

use jiff::civil::Date;
use narrows_market::exposure::record::RestrictedPart;
use narrows_market::policy::answered::{Answered, answers};
use narrows_market::policy::fault::Fault;
use narrows_market::policy::given::Given;
use narrows_market::policy::hazard::{Evidence, Hazards, Transition};
use narrows_market::policy::history::{Known, Seen, hazards, known_turns};
use narrows_market::policy::line::{Line, Lines};
use narrows_market::policy::state::{Exporter, Importer, Rule};
use narrows_quantity::Certainty;
use serde::{Deserialize, Serialize};

use super::State;
use crate::failure::{Failure, FailureKind};
use crate::workbench::Workbench;

/// Level of the intervals of hazards.
const LEVEL: f64 = 0.9;

/// Histories drawn if not told otherwise.
const DRAWS: usize = 20_000;

/// What the asker says of the rule that may turn. What is left out is taken from the record.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleRequest {
    /// What the exporter says today.
    pub state: Option<State>,
    /// Whether the importer blocks today.
    pub importer_blocks: Option<bool>,
    /// Rates in turns per year, by `tighten`, `loosen`, `retaliate`, `relent`, or two states of
    /// one side such as `open:ban`.
    pub hazards: Vec<(String, f64)>,
    /// Share of the revenue that the fee takes.
    pub fee: Option<f64>,
    /// Share of demand that licences let through, least and most.
    pub licensed: Option<(f64, f64)>,
    /// Histories to draw.
    pub draws: Option<usize>,
    /// Seed of the draws.
    pub seed: Option<u64>,
}

impl RuleRequest {
    pub(super) fn draws(&self) -> usize {
        self.draws.unwrap_or(DRAWS)
    }

    pub(super) fn seed(&self) -> u64 {
        self.seed.unwrap_or(1)
    }

    /// The rates given, by what they are of.
    fn rates(&self) -> Result<Vec<(Given, f64)>, Failure> {
        let one = |(name, rate): &(String, f64)| {
            let given: Given = name.parse().map_err(|fault: Fault| failure(&fault))?;
            Ok((given, *rate))
        };
        self.hazards.iter().map(one).collect()
    }

    /// States of the exporter that the asker speaks of.
    fn spoken_of(&self, rates: &[(Given, f64)]) -> Vec<Exporter> {
        let of_rates = rates.iter().filter_map(|(given, _)| match given {
            Given::Exporter(from, to) => Some([*from, *to]),
            _ => None,
        });
        self.state.map(exporter).into_iter().chain(of_rates.flatten()).collect()
    }
}

/// A rate of turns with what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HazardAnswer {
    /// The transition, such as `open->ban`.
    pub turn: String,
    /// The transition.
    pub transition: Transition,
    /// How often it was seen, and in how many years.
    #[serde(flatten)]
    pub evidence: Evidence,
    /// Turns per year, on average over what is believed.
    pub per_year: f64,
    /// 5% point.
    pub low: f64,
    /// 95% point.
    pub high: f64,
    /// Whether the asker gave it.
    pub given: bool,
}

/// The rule that may turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TreeAnswer {
    /// Id of the line in which the part stands.
    pub line: String,
    /// The line in words.
    pub line_name: String,
    /// Why it is watched as it is.
    pub line_note: String,
    /// How sure it is what held when.
    pub certainty: Certainty,
    /// What holds on the day.
    pub today: Rule,
    /// Rates of all turns.
    pub hazards: Vec<HazardAnswer>,
    /// Turns of all lines that were known by then: what the rates rest on.
    pub turns: Vec<Known>,
    /// How soon the importer's side answered when the exporter's loosened.
    pub answers: Vec<Answered>,
    /// What the answer supposes of the rule, in words.
    pub assumed: Vec<String>,
}

/// The rule, ready to compute with.
pub(super) struct Tree {
    pub(super) answer: TreeAnswer,
    pub(super) hazards: Hazards,
    pub(super) fee: f64,
}

impl Tree {
    /// The tree of a part on a day.
    pub(super) fn grow(
        workbench: &Workbench,
        part: &RestrictedPart,
        on: Date,
        request: &RuleRequest,
    ) -> Result<Self, Failure> {
        let lines = workbench.lines()?;
        let line = line_of(lines, part, on)?;
        let held = line.rule_on(on).unwrap_or(line.start);
        let blocks = |blocks| if blocks { Importer::Blocks } else { Importer::Allows };
        let today = Rule {
            exporter: request.state.map_or(held.exporter, exporter),
            importer: request.importer_blocks.map_or(held.importer, blocks),
        };
        let given = request.rates()?;
        let spoken_of = request.spoken_of(&given);
        let seen = Seen::by(lines, on);
        let estimates = seen.estimates(&spoken_of).map_err(|fault| failure(&fault))?;
        let of_record = hazards(&estimates);
        let mut set = of_record.clone();
        for (turns, rate) in given {
            turns.set(&mut set, rate).map_err(|fault| failure(&fault))?;
        }
        let mut assumed = states_assumed(line, held, today);
        let possible = |state: Exporter| seen.met(state) || spoken_of.contains(&state);
        let fee = fee(lines, line, on, request, possible(Exporter::Fee), &mut assumed)?;
        let unseen: Vec<&str> =
            Exporter::ALL.into_iter().filter(|state| !possible(*state)).map(Exporter::word).collect();
        if !unseen.is_empty() {
            assumed.push(format!(
                "no turn to {}: nobody had seen that state by then (a hazard such as ban:{}=0.5 puts it in)",
                unseen.join(" or "),
                unseen.first().unwrap_or(&"fee"),
            ));
        }
        let one = |(transition, hazard): (Transition, narrows_market::policy::hazard::Hazard)| {
            let evidence = estimates.iter().find(|one| one.transition == transition);
            let (low, high) = hazard.interval(LEVEL);
            HazardAnswer {
                turn: transition.to_string(),
                transition,
                evidence: evidence.map(|one| one.evidence).unwrap_or_default(),
                per_year: hazard.mean(),
                low,
                high,
                given: of_record.get(transition) != Some(hazard),
            }
        };
        let answer = TreeAnswer {
            line: line.id.clone(),
            line_name: line.name.clone(),
            line_note: line.note.clone(),
            certainty: line.certainty,
            today,
            hazards: set.iter().map(one).collect(),
            turns: known_turns(lines, on),
            answers: answers(workbench.events()?, lines, on),
            assumed,
        };
        Ok(Self { answer, hazards: set, fee })
    }
}

pub(super) const fn exporter(state: State) -> Exporter {
    match state {
        State::Ban => Exporter::Ban,
        State::Licence => Exporter::Licence,
        State::Fee => Exporter::Fee,
        State::Open => Exporter::Open,
    }
}

fn line_of<'a>(lines: &'a Lines, part: &RestrictedPart, on: Date) -> Result<&'a Line, Failure> {
    if let Some(line) = lines.of_chips(&part.chips, on) {
        return Ok(line);
    }
    let ever = lines.iter().filter(|line| line.chips.iter().any(|chip| part.chips.contains(chip)));
    Err(match ever.map(|line| line.from).min() {
        Some(first) => Failure {
            kind: FailureKind::BeforeCoverage,
            message: format!("the rule on {} is watched from {first} on, after {on}", part.id),
        },
        None => Failure {
            kind: FailureKind::UnknownName,
            message: format!(
                "the record has no line of rules for {}; it has {}",
                part.id,
                lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>().join("; ")
            ),
        },
    })
}

fn states_assumed(line: &Line, held: Rule, today: Rule) -> Vec<String> {
    let why = if held == today {
        format!("as the record has it for {} ({})", line.name, line.certainty)
    } else {
        format!("as given; the record has {held}")
    };
    vec![
        format!("today: {today}, {why}"),
        "rates are constant while a state lasts; lines of parts turn independently, and both sides by the \
         rates of all lines watched by then"
            .to_owned(),
    ]
}

/// The fee: given, or on record by then. It must be known if the rule may come to it.
fn fee(
    lines: &Lines,
    line: &Line,
    on: Date,
    request: &RuleRequest,
    is_possible: bool,
    assumed: &mut Vec<String>,
) -> Result<f64, Failure> {
    let percent = |fee: f64| format!("{:.1}%", fee * 100.0);
    if let Some(fee) = request.fee {
        if !(0.0..=1.0).contains(&fee) {
            return Err(Failure::input(format!("the fee is {fee}; expected a share from zero to one")));
        }
        assumed.push(format!("fee: {} of sales, as given", percent(fee)));
        return Ok(fee);
    }
    if !is_possible {
        return Ok(0.0);
    }
    let Some((turn, fee)) = lines.fee_on(line, on).and_then(|turn| Some((turn, turn.fee?))) else {
        return Err(Failure::input(
            "no fee was known by then: the state `fee` needs one, a share of sales such as 0.15 (`--fee`)",
        ));
    };
    assumed.push(format!("fee: {} of sales, of {}", percent(fee), turn.event));
    Ok(fee)
}

/// A fault of the engine as a failure of the question.
pub(super) fn failure(fault: &Fault) -> Failure {
    let kind = match fault {
        Fault::NothingSeen => FailureKind::BeforeCoverage,
        Fault::Transition { .. } => FailureKind::UnknownName,
        _ => FailureKind::Input,
    };
    Failure { kind, message: fault.to_string() }
}
