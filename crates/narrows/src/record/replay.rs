//! Asking again what a receipt says was asked.

use narrows_ledger::{Content, Difference, Receipt, differences};
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::operation::OPERATIONS;
use crate::workbench::Workbench;

/// What an answer rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Versions {
    /// The data that the program carries.
    pub data: String,
    /// The data that the user laid over them.
    pub own_data: Option<String>,
    /// The program.
    pub program: String,
}

/// How today's answer compares with the recorded one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is the same, byte for byte.
    Identical,
    /// It is the same but for the name of the data.
    SameOnOtherData,
    /// It differs.
    Differs,
    /// There is none any more.
    Fails,
}

/// A recorded question asked again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replay {
    /// Number of the receipt.
    pub receipt: u64,
    /// The operation.
    pub kind: String,
    /// What the recorded answer rests on.
    pub recorded: Versions,
    /// What today's answer rests on.
    pub now: Versions,
    /// Whether the data are those of the receipt.
    pub on_recorded_data: bool,
    /// How the answers compare.
    pub outcome: Outcome,
    /// Why they may differ; what could not be told apart is said.
    pub reasons: Vec<String>,
    /// Every field in which they differ.
    pub differences: Vec<Difference>,
    /// Why there is no answer any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// The field of every answer that names its data.
const DATA_VERSION: &str = "data_version";
/// A field of answers that rest on lists of parties.
const EDITION: &str = "edition";

/// Asks again what was asked, of the data at hand.
///
/// # Errors
/// The receipt is not that of an operation, or what was recorded is no JSON. That the question
/// has no answer any more is no error but an outcome.
pub fn replay(
    workbench: &Workbench,
    program_version: &str,
    receipt: &Receipt,
    content: &Content,
) -> Result<Replay, Failure> {
    let sequence = receipt.sequence;
    let Some(operation) = OPERATIONS.iter().find(|entry| entry.name == receipt.kind) else {
        let known: Vec<&str> = OPERATIONS.iter().map(|entry| entry.name).collect();
        return Err(Failure::input(format!(
            "receipt {sequence} is of `{}`, which asks nothing that could be asked again; operations are {}",
            receipt.kind,
            known.join(", ")
        )));
    };
    let read = |what: &str, text: &str| -> Result<Value, Failure> {
        serde_json::from_str(text)
            .map_err(|error| Failure::data(format!("the {what} of receipt {sequence} is no JSON: {error}")))
    };
    let request = read("request", &content.request)?;
    let answer = read("answer", &content.answer)?;
    let (data, own_data) = workbench.data_hashes();
    let now = Versions { data, own_data, program: program_version.to_owned() };
    let origin = &receipt.origin;
    let recorded = Versions {
        data: origin.data_version.clone(),
        own_data: origin.own_data_version.clone(),
        program: origin.program_version.clone(),
    };
    let mut replay = Replay {
        receipt: sequence,
        kind: receipt.kind.clone(),
        on_recorded_data: recorded.data == now.data && recorded.own_data == now.own_data,
        recorded,
        now,
        outcome: Outcome::Identical,
        reasons: Vec::new(),
        differences: Vec::new(),
        failure: None,
    };
    match (operation.run)(workbench, request) {
        Ok(again) => {
            replay.differences = differences(&answer, &again);
            let is_named_only = replay.differences.iter().all(|it| it.field == DATA_VERSION);
            replay.outcome = match (replay.differences.is_empty(), is_named_only) {
                (true, _) => Outcome::Identical,
                (false, true) => Outcome::SameOnOtherData,
                (false, false) => Outcome::Differs,
            };
        }
        Err(failure) => {
            replay.outcome = Outcome::Fails;
            replay.failure = Some(failure.message);
        }
    }
    if replay.outcome != Outcome::Identical {
        replay.reasons = reasons(&replay);
    }
    Ok(replay)
}

fn reasons(replay: &Replay) -> Vec<String> {
    let (then, now) = (&replay.recorded, &replay.now);
    let mut reasons = Vec::new();
    if then.data != now.data {
        reasons.push(format!(
            "the data of the program are others: {} then, {} now; the recorded ones are not in this program",
            then.data, now.data
        ));
    }
    if then.own_data != now.own_data {
        let named = |own: &Option<String>| own.clone().unwrap_or_else(|| "none".to_owned());
        reasons.push(format!(
            "the data of the user's own are others: {} then, {} now; give those of then with --data",
            named(&then.own_data),
            named(&now.own_data)
        ));
    }
    if then.program != now.program {
        reasons.push(format!("the program is another: {} then, {} now", then.program, now.program));
    }
    let is_edition = |it: &&Difference| it.field.rsplit('.').next() == Some(EDITION);
    for edition in replay.differences.iter().filter(is_edition) {
        let shown =
            |value: &Option<Value>| value.as_ref().map_or_else(|| "none".to_owned(), Value::to_string);
        reasons.push(format!(
            "the edition of the lists is another: {} then, {} now",
            shown(&edition.recorded),
            shown(&edition.now)
        ));
    }
    if reasons.len() > 1 {
        reasons.push("which of these made the difference cannot be told from here".to_owned());
    }
    if reasons.is_empty() {
        reasons.push(
            "neither data nor program are others: the same question has two answers, which must not be"
                .to_owned(),
        );
    }
    reasons
}
