//! The table of operations: everything that any face can ask for.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::failure::Failure;
use crate::operations::{
    Brief, Check, ChipOperation, ChipsOperation, DataCheck, EventsOperation, Exposure, ExposureBuild,
    ExposureOutlook, History, ListsDiff, ListsOperation, ListsShow, ListsUpdate, PerfCompare, PerfOp,
    PerfServe, PerfTrain, Ripple, RippleSectors, Rules, RulesDiff, Screen, Shock,
};
use crate::workbench::Workbench;

/// What a receipt of an answer is found by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// What the question is about: the id of an item, the name of a party.
    pub subject: Option<String>,
    /// The answer in a word.
    pub status: Option<String>,
}

/// A typed question with a typed answer.
pub trait Operation {
    /// Name, as on the command line.
    const NAME: &'static str;
    /// What it does, in one line.
    const SUMMARY: &'static str;
    /// What is asked.
    type Request: Serialize + DeserializeOwned;
    /// What is answered.
    type Answer: Serialize;

    /// Answers a request.
    ///
    /// # Errors
    /// [`Failure`].
    fn run(workbench: &Workbench, request: &Self::Request) -> Result<Self::Answer, Failure>;

    /// What a receipt of the answer is found by; nothing, unless the operation says.
    #[must_use]
    fn summary(_request: &Self::Request, _answer: &Self::Answer) -> Summary {
        Summary::default()
    }
}

/// An operation without its types, for faces that speak JSON.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Name.
    pub name: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Answers a request given as JSON.
    pub run: fn(&Workbench, Value) -> Result<Value, Failure>,
}

const fn entry<O: Operation>() -> Entry {
    Entry { name: O::NAME, summary: O::SUMMARY, run: run_json::<O> }
}

fn run_json<O: Operation>(workbench: &Workbench, request: Value) -> Result<Value, Failure> {
    let request = serde_json::from_value(request)
        .map_err(|error| Failure::input(format!("the request of `{}`: {error}", O::NAME)))?;
    let answer = O::run(workbench, &request)?;
    serde_json::to_value(answer)
        .map_err(|error| Failure::data(format!("the answer of `{}`: {error}", O::NAME)))
}

/// Every operation, in the order of the documentation.
pub const OPERATIONS: [Entry; 24] = [
    entry::<Check>(),
    entry::<History>(),
    entry::<Rules>(),
    entry::<RulesDiff>(),
    entry::<ChipOperation>(),
    entry::<ChipsOperation>(),
    entry::<PerfTrain>(),
    entry::<PerfServe>(),
    entry::<PerfCompare>(),
    entry::<PerfOp>(),
    entry::<EventsOperation>(),
    entry::<Shock>(),
    entry::<Exposure>(),
    entry::<ListsOperation>(),
    entry::<ListsDiff>(),
    entry::<ListsShow>(),
    entry::<Screen>(),
    entry::<ListsUpdate>(),
    entry::<ExposureOutlook>(),
    entry::<ExposureBuild>(),
    entry::<Ripple>(),
    entry::<RippleSectors>(),
    entry::<DataCheck>(),
    entry::<Brief>(),
];
