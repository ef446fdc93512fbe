//! `rules` and `rules diff`: the law of a day in words and as data, and what changed.

use jiff::civil::Date;
use narrows_condition::words::{Line, Naming, outline};
use narrows_law::{ChangeKind, Effect, InForce, Instrument, Jurisdiction, View, describe, difference};
use narrows_quantity::{Certainty, did_you_mean, nearest};
use serde::{Deserialize, Serialize};

use crate::examiner::Examiner;
use crate::failure::{Failure, FailureKind};
use crate::operation::Operation;
use crate::scenario::Scenario;
use crate::workbench::Workbench;

/// The provisions in force on a day.
pub struct Rules;

/// What changed between two days.
pub struct RulesDiff;

/// What `rules` is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesRequest {
    /// Id of a provision, of an instrument, or the beginning of ids; all if none.
    #[serde(default)]
    pub id: Option<String>,
    /// The day.
    pub on: Date,
    /// Day of knowledge.
    #[serde(default)]
    pub known_on: Option<Date>,
    /// Whether the codified rather than the enforced state of law is asked about.
    #[serde(default)]
    pub codified: bool,
    /// Jurisdiction and reforms.
    #[serde(default)]
    pub scenario: Scenario,
}

/// What `rules` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RulesAnswer {
    /// Id of the jurisdiction.
    pub jurisdiction: String,
    /// The day.
    pub on: Date,
    /// Which state of law.
    pub view: &'static str,
    /// Provisions in force.
    pub provisions: Vec<ProvisionText>,
    /// For one provision: all its versions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<ProvisionVersion>,
    /// For one instrument: what it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instrument: Option<InstrumentSummary>,
    /// What identifies the data.
    pub data_version: String,
}

/// A provision as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProvisionText {
    /// Stable id.
    pub provision: String,
    /// Short name.
    pub title: String,
    /// How it is cited.
    pub citation: String,
    /// What it does.
    pub effect: &'static str,
    /// What it says, in the words of the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// When, in words: depth and text of each line.
    pub in_words: Vec<Line>,
    /// What it does and when, as data.
    pub as_data: Vec<(String, String)>,
    /// Remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// How sure it is.
    pub certainty: Certainty,
    /// Ids of the instruments that made it so.
    pub instruments: Vec<String>,
}

/// A version of one provision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProvisionVersion {
    /// First day.
    pub from: Date,
    /// First day after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// What it says, or none if it is not in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<ProvisionText>,
}

/// What an instrument is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstrumentSummary {
    /// Stable id.
    pub id: String,
    /// Title.
    pub title: String,
    /// What kind of document it is.
    pub kind: &'static str,
    /// How it is cited.
    pub citation: String,
    /// Day of publication.
    pub published: Date,
    /// First day on which it could be known.
    pub known_from: Date,
    /// Day from which it has effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<Date>,
    /// Day from which it is applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compliance: Option<Date>,
    /// How sure it is.
    pub certainty: Certainty,
    /// Remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Addresses with what they bear out.
    pub sources: Vec<(String, Option<String>)>,
    /// What it does: act and provision.
    pub operations: Vec<(&'static str, String)>,
}

/// What `rules diff` is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesDiffRequest {
    /// The earlier day.
    pub before: Date,
    /// The later day.
    pub after: Date,
    /// Day of knowledge.
    #[serde(default)]
    pub known_on: Option<Date>,
    /// Whether the codified rather than the enforced state of law is asked about.
    #[serde(default)]
    pub codified: bool,
    /// Jurisdiction, and reforms that hold on the later day only.
    #[serde(default)]
    pub scenario: Scenario,
}

/// What `rules diff` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RulesDiffAnswer {
    /// The earlier day.
    pub before: Date,
    /// The later day.
    pub after: Date,
    /// Which state of law.
    pub view: &'static str,
    /// Provisions that differ, by id.
    pub changes: Vec<RuleChange>,
    /// Memberships of places that differ: place, group, and whether it joined, left or is open.
    pub memberships: Vec<(String, String, String)>,
    /// What identifies the data.
    pub data_version: String,
}

/// A provision that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleChange {
    /// Stable id.
    pub provision: String,
    /// How it changed.
    pub kind: ChangeKind,
    /// As it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<ProvisionText>,
    /// As it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<ProvisionText>,
}

struct Names<'a> {
    workbench: &'a Workbench,
    titles: &'a dyn Fn(&str) -> Option<String>,
}

impl Naming for Names<'_> {
    fn provision(&self, id: &str) -> String {
        (self.titles)(id).unwrap_or_else(|| id.to_owned())
    }

    fn place(&self, name: &str) -> String {
        let Ok(places) = self.workbench.places() else { return name.to_owned() };
        match (places.place(name), places.group(name)) {
            (Some(place), _) => place.name.clone(),
            (None, Some(_)) => format!("in {name}"),
            (None, None) => name.to_owned(),
        }
    }

    fn name(&self, _: &str, name: &str) -> String {
        name.to_owned()
    }
}

fn view(codified: bool) -> View {
    if codified { View::Codified } else { View::Enforced }
}

fn provision_text(
    provision: &InForce,
    jurisdiction: &Jurisdiction,
    workbench: &Workbench,
    titles: &dyn Fn(&str) -> Option<String>,
) -> ProvisionText {
    let naming = Names { workbench, titles };
    let definition = &provision.definition;
    let words = |lines: Vec<Line>, indent: usize| {
        lines.into_iter().map(move |line| Line { depth: line.depth + indent, ..line }).collect::<Vec<_>>()
    };
    let own = |text: String| Line { depth: 0, text };
    let dictionary = &jurisdiction.dictionary;
    let mut in_words = words(outline(&definition.when.root, dictionary, &naming), 0);
    match &definition.effect {
        Effect::Presume { unless: Some(unless), .. } => {
            in_words.push(own("unless".to_owned()));
            in_words.extend(words(outline(&unless.root, dictionary, &naming), 1));
        }
        Effect::Review { cases, otherwise, .. } => {
            in_words.clear();
            for (when, status) in cases {
                let status = jurisdiction.status(*status);
                in_words.push(own(format!("{}, if", status.title)));
                in_words.extend(words(outline(&when.root, dictionary, &naming), 1));
            }
            in_words.push(own(format!("otherwise {}", jurisdiction.status(*otherwise).title)));
        }
        _ => {}
    }
    for question in &provision.questions {
        in_words.push(own(format!("only if {}", dictionary.fact(*question).title)));
    }
    ProvisionText {
        provision: provision.provision.clone(),
        title: definition.title.clone(),
        citation: definition.citation.clone(),
        effect: definition.effect.word(),
        text: definition.text.clone(),
        in_words,
        as_data: describe(definition, jurisdiction),
        note: definition.note.clone(),
        certainty: definition.certainty,
        instruments: provision.by.clone(),
    }
}

fn titles_of(jurisdiction: &Jurisdiction, reforms: &[Instrument]) -> impl Fn(&str) -> Option<String> + use<> {
    let titles: std::collections::BTreeMap<String, String> = jurisdiction
        .instruments
        .iter()
        .chain(reforms)
        .flat_map(|instrument| &instrument.operations)
        .filter_map(|operation| {
            Some((operation.provision.clone(), operation.act.definition()?.title.clone()))
        })
        .collect();
    move |id| titles.get(id).cloned()
}

fn summary(instrument: &Instrument) -> InstrumentSummary {
    InstrumentSummary {
        id: instrument.id.clone(),
        title: instrument.title.clone(),
        kind: instrument.kind.word(),
        citation: instrument.citation.clone(),
        published: instrument.published,
        known_from: instrument.known_from,
        effective: instrument.effective,
        compliance: instrument.compliance,
        certainty: instrument.certainty,
        note: instrument.note.clone(),
        sources: instrument
            .sources
            .iter()
            .map(|source| (source.url.clone(), source.supports.clone()))
            .collect(),
        operations: instrument
            .operations
            .iter()
            .map(|operation| (operation.act.word(), operation.provision.clone()))
            .collect(),
    }
}

impl Operation for Rules {
    const NAME: &'static str = "rules";
    const SUMMARY: &'static str = "The rule in words and as data, on a day.";
    type Request = RulesRequest;
    type Answer = RulesAnswer;

    fn run(workbench: &Workbench, request: &RulesRequest) -> Result<RulesAnswer, Failure> {
        let mut examiner = Examiner::new(workbench, &request.scenario)?;
        let view = view(request.codified);
        let jurisdiction = examiner.jurisdiction();
        if request.on < jurisdiction.coverage_from {
            // The error of the law itself says what is covered.
            jurisdiction.edition(request.on, None, view, &[])?;
        }
        let edition = examiner.edition(request.on, request.known_on, view)?;
        let titles = titles_of(jurisdiction, examiner.reforms());
        let text = |it: &InForce| provision_text(it, jurisdiction, workbench, &titles);
        let wanted = request.id.as_deref();
        let provisions: Vec<ProvisionText> = edition
            .provisions()
            .iter()
            .filter(|it| match wanted {
                None => true,
                Some(id) => {
                    it.provision == id
                        || it.provision.starts_with(&format!("{id}."))
                        || it.by.iter().any(|by| by == id)
                }
            })
            .map(text)
            .collect();
        let instrument = wanted.and_then(|id| jurisdiction.instrument(id, examiner.reforms())).map(summary);
        let known: Vec<String> = jurisdiction
            .instruments
            .iter()
            .flat_map(|it| {
                it.operations.iter().map(|operation| operation.provision.clone()).chain([it.id.clone()])
            })
            .collect();
        let versions = match wanted {
            Some(id) if known.iter().any(|other| other == id) && instrument.is_none() => {
                versions(&mut examiner, id, request.known_on, view, &text)?
            }
            _ => Vec::new(),
        };
        if let Some(id) = wanted
            && provisions.is_empty()
            && versions.is_empty()
            && instrument.is_none()
        {
            let hint = nearest(id, known.iter().map(String::as_str));
            let message = format!("unknown provision or instrument `{id}`{}", did_you_mean(hint.as_deref()));
            return Err(Failure { kind: FailureKind::UnknownName, message });
        }
        Ok(RulesAnswer {
            jurisdiction: jurisdiction.id.clone(),
            on: request.on,
            view: view.word(),
            provisions,
            versions,
            instrument,
            data_version: workbench.data_version(),
        })
    }
}

/// All versions of one provision, with the gaps in which it is not in force.
fn versions(
    examiner: &mut Examiner<'_>,
    id: &str,
    known_on: Option<Date>,
    view: View,
    text: &dyn Fn(&InForce) -> ProvisionText,
) -> Result<Vec<ProvisionVersion>, Failure> {
    let mut versions: Vec<ProvisionVersion> = Vec::new();
    for day in examiner.days(view).to_vec() {
        let edition = examiner.edition(day, known_on, view)?;
        let now = edition.find(id).map(text);
        match versions.last_mut() {
            Some(last) if last.text == now => {}
            last => {
                if let Some(last) = last {
                    last.until = Some(day);
                }
                versions.push(ProvisionVersion { from: day, until: None, text: now });
            }
        }
    }
    Ok(versions)
}

impl Operation for RulesDiff {
    const NAME: &'static str = "rules diff";
    const SUMMARY: &'static str = "What changed between two days.";
    type Request = RulesDiffRequest;
    type Answer = RulesDiffAnswer;

    fn run(workbench: &Workbench, request: &RulesDiffRequest) -> Result<RulesDiffAnswer, Failure> {
        let view = view(request.codified);
        let baseline = Scenario { reforms: Vec::new(), ..request.scenario.clone() };
        let mut before = Examiner::new(workbench, &baseline)?;
        let mut after = Examiner::new(workbench, &request.scenario)?;
        let jurisdiction = after.jurisdiction();
        for day in [request.before, request.after] {
            if day < jurisdiction.coverage_from {
                jurisdiction.edition(day, None, view, &[])?;
            }
        }
        let old = before.edition(request.before, request.known_on, view)?;
        let new = after.edition(request.after, request.known_on, view)?;
        let titles = titles_of(jurisdiction, after.reforms());
        let text = |it: &InForce| provision_text(it, jurisdiction, workbench, &titles);
        let changes = difference(&old, &new)
            .into_iter()
            .map(|change| RuleChange {
                provision: change.provision().to_owned(),
                kind: change.kind,
                before: change.before.map(text),
                after: change.after.map(text),
            })
            .collect();
        Ok(RulesDiffAnswer {
            before: request.before,
            after: request.after,
            view: view.word(),
            changes,
            memberships: memberships(workbench, request)?,
            data_version: workbench.data_version(),
        })
    }
}

/// Memberships that are not the same on both days.
fn memberships(
    workbench: &Workbench,
    request: &RulesDiffRequest,
) -> Result<Vec<(String, String, String)>, Failure> {
    use narrows_catalog::Belonging;
    let places = workbench.places()?;
    let mut found = Vec::new();
    for group in places.groups() {
        let mut codes: Vec<&str> = group.changes.iter().map(|change| change.place.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            let belongs = |day| places.belongs(code, &group.id, day, request.known_on);
            let (old, new) = (belongs(request.before), belongs(request.after));
            if old != new {
                let what = match new {
                    Belonging::Settled(true) => "joined",
                    Belonging::Settled(false) => "left",
                    Belonging::Open { .. } => "open",
                };
                found.push((code.to_owned(), group.id.clone(), what.to_owned()));
            }
        }
    }
    Ok(found)
}
