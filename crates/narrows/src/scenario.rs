//! [`Scenario`]: a baseline and reforms on top of it.

use serde::{Deserialize, Serialize};

/// A body of law, changed or not.
///
/// The baseline is the law of a jurisdiction as it is on record; each reform is one more
/// instrument, in the data's own format, folded after all others in the order given. So
/// the baseline of a reform may be any scenario.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Id of the jurisdiction; the default one if none.
    #[serde(default)]
    pub jurisdiction: Option<String>,
    /// Reforms, in order.
    #[serde(default)]
    pub reforms: Vec<ReformText>,
}

/// The text of a reform file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReformText {
    /// Name to show in messages.
    pub shown: String,
    /// The text.
    pub text: String,
}
