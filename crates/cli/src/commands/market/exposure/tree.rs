//! The rule that may turn, in the text of `exposure outlook` and `exposure build`.

use std::io::{self, Write};

use narrows::exposure::{Probability, Rule};
use narrows::operations::{RuleRequest, TreeAnswer};

use super::state;
use crate::arguments::{ImporterArgument, RuleArguments};
use crate::text::{self, FAINT, HEADING, heading, item, paragraph};

pub(super) fn request(arguments: &RuleArguments) -> RuleRequest {
    RuleRequest {
        state: arguments.state.map(state),
        importer_blocks: arguments.importer.map(|importer| matches!(importer, ImporterArgument::Blocks)),
        hazards: arguments.hazards.clone(),
        fee: arguments.fee,
        licensed: arguments.licensed,
        draws: arguments.draws,
        seed: arguments.seed,
    }
}

/// What was asked, and what the rule says today.
pub(super) fn print_head(
    out: &mut dyn Write,
    firm: [&str; 2],
    question: &str,
    today: Rule,
) -> io::Result<()> {
    let [name, id] = firm;
    writeln!(out, "{HEADING}{name}{HEADING:#}  {FAINT}{id}{FAINT:#}")?;
    writeln!(out, "{question}")?;
    writeln!(out, "today the exporter says {}, the importer {}", today.exporter.word(), today.importer.word())
}

/// A probability in percent, to the whole one.
pub(super) fn percent(share: f64) -> String {
    match share * 100.0 {
        none if none <= 0.0 => "0".to_owned(),
        little if little < 0.5 => "<1".to_owned(),
        much if (99.5..100.0 - 1e-9).contains(&much) => ">99".to_owned(),
        some => format!("{some:.0}"),
    }
}

/// The same with its spread over what is not known of the hazards.
pub(super) fn percent_spread(probability: Probability) -> String {
    let (low, high) = (percent(probability.low), percent(probability.high));
    let mean = percent(probability.mean);
    if low == high && low == mean { mean } else { format!("{mean} ({low} to {high})") }
}

/// Rates with what they rest on, and how the two sides answered each other.
pub(super) fn print(out: &mut dyn Write, tree: &TreeAnswer) -> io::Result<()> {
    heading(out, "How often either side turns")?;
    let rows = tree.hazards.iter().map(|hazard| {
        let seen = if hazard.given {
            ["given".to_owned(), String::new()]
        } else {
            [hazard.evidence.count.to_string(), text::decimals(hazard.evidence.years, 2)]
        };
        let rate = |rate: f64| format!("{rate:.2}");
        let [count, years] = seen;
        let spread = if hazard.given {
            String::new()
        } else {
            format!("{} to {}", rate(hazard.low), rate(hazard.high))
        };
        vec![hazard.turn.clone(), count, years, rate(hazard.per_year), spread]
    });
    let header = ["turn", "seen", "in years", "a year", "90% interval"];
    writeln!(out, "{}", text::table(&header, &[1, 2, 3, 4], &[0, 1, 2, 3, 4], rows))?;
    paragraph(
        out,
        0,
        "Rates from few turns: that of a state is drawn towards that of its side, by the weight of half a turn.",
    )?;
    heading(out, "Turns that were known by then")?;
    if tree.turns.is_empty() {
        writeln!(out, "none")?;
    }
    for turn in &tree.turns {
        item(out, 0, "-", &format!("{} {}: {}, by {}", turn.on, turn.line, turn.rule, turn.event))?;
    }
    if tree.answers.is_empty() {
        return Ok(());
    }
    heading(out, "When the exporter loosened, the importer's side answered")?;
    let mut unanswered: Vec<&str> = Vec::new();
    for loosened in &tree.answers {
        let Some(answer) = &loosened.answer else {
            unanswered.push(&loosened.event);
            continue;
        };
        let days = if answer.days == 1 { "1 day".to_owned() } else { format!("{} days", answer.days) };
        let line = format!("{}: {days} later, {}: {}", loosened.event, answer.on, answer.title);
        item(out, 0, "-", &line)?;
    }
    if !unanswered.is_empty() {
        let line = format!("no answer before the next loosening, or by then: {}", unanswered.join(", "));
        item(out, 0, "-", &line)?;
    }
    Ok(())
}

/// What the answer supposes.
pub(super) fn print_assumed(out: &mut dyn Write, assumed: &[String]) -> io::Result<()> {
    heading(out, "Supposed")?;
    assumed.iter().try_for_each(|line| item(out, 0, "-", line))
}
