//! [`Instrument`]: a document that changes law, and its operations on provisions.

use std::sync::Arc;

use jiff::civil::Date;
use narrows_catalog::datafile::{Collector, DataFile, Document, Located, Location, Table};
use narrows_condition::{Condition, FactId, parse};
use narrows_quantity::Certainty;
use serde::Serialize;

use crate::jurisdiction::{Class, Jurisdiction, Names, StatusId};

/// A document that changes law, proposes to, or reports what is done.
#[derive(Debug, Clone)]
pub struct Instrument {
    /// Stable id.
    pub id: String,
    /// Title.
    pub title: String,
    /// What kind of document it is.
    pub kind: InstrumentKind,
    /// How it is cited.
    pub citation: String,
    /// Day of publication.
    pub published: Date,
    /// First day on which it could be known.
    pub known_from: Date,
    /// Day from which it has effect; none for a reform that is asked about on any day.
    pub effective: Option<Date>,
    /// Day from which it is applied.
    pub compliance: Option<Date>,
    /// How sure its content is.
    pub certainty: Certainty,
    /// Remark.
    pub note: Option<String>,
    /// Documents.
    pub sources: Vec<Source>,
    /// What it does.
    pub operations: Vec<Operation>,
    /// Where its file begins.
    pub at: Location,
}

/// What kind of document an instrument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InstrumentKind {
    /// A rule.
    Rule,
    /// A government's correction of its own text.
    Correction,
    /// A letter that binds its addressees.
    Letter,
    /// Guidance.
    Guidance,
    /// An announcement or report.
    Announcement,
    /// A proclamation.
    Proclamation,
    /// Any other measure of an authority.
    Measure,
    /// A bill.
    Bill,
    /// A user's own change.
    Reform,
}

impl InstrumentKind {
    const ALL: [(&'static str, Self); 9] = [
        ("rule", Self::Rule),
        ("correction", Self::Correction),
        ("letter", Self::Letter),
        ("guidance", Self::Guidance),
        ("announcement", Self::Announcement),
        ("proclamation", Self::Proclamation),
        ("measure", Self::Measure),
        ("bill", Self::Bill),
        ("reform", Self::Reform),
    ];

    /// The word used in data files and answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("rule", |(word, _)| word)
    }
}

/// A document that says what an instrument is or does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Address.
    pub url: String,
    /// How good it is.
    pub certainty: Certainty,
    /// What it bears out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supports: Option<String>,
}

/// Which state of law is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// What the authority says that it applies.
    #[default]
    Enforced,
    /// What the text says.
    Codified,
}

impl View {
    /// The word used on the command line and in answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enforced => "enforced",
            Self::Codified => "codified",
        }
    }
}

/// One change to one provision.
#[derive(Debug, Clone)]
pub struct Operation {
    /// What is done.
    pub act: Act,
    /// Stable id of the provision.
    pub provision: String,
    /// Own dates and restriction, which go before those of the instrument.
    pub(crate) timing: Timing,
    /// Where it stands.
    pub at: Location,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timing {
    pub(crate) effective: Option<Date>,
    pub(crate) compliance: Option<Date>,
    pub(crate) until: Option<Date>,
    pub(crate) known_from: Option<Date>,
    pub(crate) view: Option<View>,
}

/// What an operation does.
#[derive(Debug, Clone)]
pub enum Act {
    /// The provision comes into force.
    Add(Arc<Definition>),
    /// Its definition is replaced.
    Replace(Arc<Definition>),
    /// One condition within it is replaced by another.
    Amend {
        /// What is struck.
        strike: Condition,
        /// What is put there.
        insert: Condition,
    },
    /// It is no longer in force.
    End,
    /// It is not in force for a while.
    Suspend,
    /// It is not applied, though it stands in the text.
    NotEnforced,
    /// Whether it is in force is an open question.
    Unsettle {
        /// The question.
        question: FactId,
    },
}

impl Act {
    /// The word used in data files.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Add(_) => "add",
            Self::Replace(_) => "replace",
            Self::Amend { .. } => "amend",
            Self::End => "end",
            Self::Suspend => "suspend",
            Self::NotEnforced => "not_enforced",
            Self::Unsettle { .. } => "unsettle",
        }
    }

    /// Whether the act changes the text, rather than suspending what the text says.
    pub(crate) const fn changes_text(&self) -> bool {
        matches!(self, Self::Add(_) | Self::Replace(_) | Self::Amend { .. } | Self::End)
    }

    /// Every condition that it brings into the law.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let inserted = match self {
            Self::Amend { insert, .. } => Some(insert),
            _ => None,
        };
        self.definition().into_iter().flat_map(Definition::all_conditions).chain(inserted)
    }

    /// The definition it brings.
    #[must_use]
    pub fn definition(&self) -> Option<&Definition> {
        match self {
            Self::Add(definition) | Self::Replace(definition) => Some(definition),
            _ => None,
        }
    }
}

impl Instrument {
    /// First day of an operation in a view; none if it does not act there, and the
    /// first of all days for a reform without a day.
    #[must_use]
    pub fn start(&self, operation: &Operation, view: View) -> Option<Date> {
        let timing = operation.timing;
        let acts_here = timing.view.is_none_or(|only| only == view)
            && !(matches!(operation.act, Act::NotEnforced) && view == View::Codified);
        if !acts_here {
            return None;
        }
        let effective = timing.effective.or(self.effective);
        // An operation's own day of effect goes before the instrument's day of compliance.
        let own_or_compliance = timing.compliance.or(timing.effective).or(self.compliance).or(self.effective);
        let day = match view {
            View::Codified => effective,
            View::Enforced => own_or_compliance,
        };
        Some(day.unwrap_or(Date::MIN))
    }

    /// First day on which an operation could be known.
    #[must_use]
    pub fn known_from(&self, operation: &Operation) -> Date {
        operation.timing.known_from.unwrap_or(self.known_from)
    }
}

/// What a provision says.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// What it does.
    pub effect: Effect,
    /// Short name.
    pub title: String,
    /// How it is cited.
    pub citation: String,
    /// When it does so.
    pub when: Condition,
    /// What it says, in words.
    pub text: Option<String>,
    /// Remark.
    pub note: Option<String>,
    /// How sure it is.
    pub certainty: Certainty,
    /// Procedural conditions printed with an answer that it decides.
    pub conditions: Vec<ProceduralCondition>,
    /// Where its condition stands.
    pub at: Location,
}

/// A step of the procedure.
#[derive(Debug, Clone, PartialEq)]
pub struct ProceduralCondition {
    /// What is to be done.
    pub text: String,
    /// When it is needed; always if absent.
    pub when: Option<Condition>,
}

/// What a provision does.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Names a condition.
    Define,
    /// Makes classes or truth facts hold whatever the facts say.
    Presume {
        /// Classes, by id.
        classes: Vec<String>,
        /// Truth facts.
        facts: Vec<FactId>,
        /// What rebuts it.
        unless: Option<Condition>,
    },
    /// Classifies the item.
    Classify {
        /// Whether the class is one that requirements look at, rather than a label.
        caught: bool,
    },
    /// Takes the item out of classes.
    Exclude {
        /// The classes.
        from: Vec<String>,
    },
    /// Requires a licence.
    Require {
        /// The status where no review provision says more.
        review: StatusId,
    },
    /// Lifts requirements.
    Exempt {
        /// The requirements; empty for all.
        from: Vec<String>,
    },
    /// Makes a licence exception available.
    Except {
        /// The status.
        status: StatusId,
        /// The requirements that it discharges.
        discharges: Vec<String>,
    },
    /// Says how applications are reviewed.
    Review {
        /// For which requirements.
        of: Vec<String>,
        /// The first case that holds decides.
        cases: Vec<(Condition, StatusId)>,
        /// The status if none holds.
        otherwise: StatusId,
    },
    /// Prohibits.
    Prohibit {
        /// The status.
        status: StatusId,
    },
    /// Reports licences as issued.
    Practice {
        /// For which requirements.
        of: Vec<String>,
        /// The status.
        status: StatusId,
        /// Days of the reports.
        reported: Vec<Date>,
    },
    /// A duty or fee.
    Charge {
        /// How much.
        rate: String,
        /// Of what.
        base: String,
    },
}

impl Effect {
    /// The word used in data files and answers.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Define => "define",
            Self::Presume { .. } => "presume",
            Self::Classify { .. } => "classify",
            Self::Exclude { .. } => "exclude",
            Self::Require { .. } => "require",
            Self::Exempt { .. } => "exempt",
            Self::Except { .. } => "except",
            Self::Review { .. } => "review",
            Self::Prohibit { .. } => "prohibit",
            Self::Practice { .. } => "practice",
            Self::Charge { .. } => "charge",
        }
    }
}

impl Definition {
    /// Every condition of the definition.
    pub fn all_conditions(&self) -> impl Iterator<Item = &Condition> {
        let own: Vec<&Condition> = match &self.effect {
            Effect::Presume { unless, .. } => unless.iter().collect(),
            Effect::Review { cases, .. } => cases.iter().map(|(condition, _)| condition).collect(),
            _ => Vec::new(),
        };
        let procedural = self.conditions.iter().filter_map(|condition| condition.when.as_ref());
        std::iter::once(&self.when).chain(own).chain(procedural)
    }

    /// Other provisions that the definition names beside its conditions, and the effect that
    /// each must have.
    pub(crate) fn references(&self) -> Vec<(&str, &'static [&'static str])> {
        const CLASS: &[&str] = &["classify"];
        const REQUIREMENT: &[&str] = &["require"];
        match &self.effect {
            Effect::Presume { classes, .. } => classes.iter().map(|id| (id.as_str(), CLASS)).collect(),
            Effect::Exclude { from } => from.iter().map(|id| (id.as_str(), CLASS)).collect(),
            Effect::Exempt { from } => from.iter().map(|id| (id.as_str(), REQUIREMENT)).collect(),
            Effect::Except { discharges: of, .. }
            | Effect::Review { of, .. }
            | Effect::Practice { of, .. } => of.iter().map(|id| (id.as_str(), REQUIREMENT)).collect(),
            _ => Vec::new(),
        }
    }
}

/// Reads one instrument.
pub(crate) fn read_instrument(
    file: DataFile<'_>,
    jurisdiction: &Jurisdiction,
    names: &Names<'_>,
    problems: &Collector,
) -> Option<Instrument> {
    let document = Document::parse(file, problems)?;
    let table = document.root(problems);
    let sources = table.tables("source").iter().filter_map(read_source).collect::<Vec<_>>();
    let certainty = table.certainty("certainty");
    let reader = Reader { jurisdiction, names, problems, certainty };
    let operations: Vec<Operation> =
        table.tables("operation").iter().filter_map(|operation| reader.operation(operation)).collect();
    let kind = table.word("kind", &InstrumentKind::ALL);
    let effective = table.optional_date("effective");
    let proposal = matches!(kind, Some(InstrumentKind::Bill | InstrumentKind::Reform));
    if effective.is_none() && !proposal && !operations.is_empty() {
        table.report("effective", "the field is missing");
    }
    if sources.is_empty() && kind != Some(InstrumentKind::Reform) {
        table.report("source", "an instrument needs at least one [[source]]");
    }
    let (id, title, citation) = (table.string("id"), table.string("title"), table.string("citation"));
    let published = table.date("published");
    let compliance = table.optional_date("compliance");
    if compliance.is_some_and(|compliance| effective.is_some_and(|effective| compliance < effective)) {
        table.report("compliance", "a day of compliance cannot lie before the day of effect");
    }
    let published = published?;
    let instrument = Instrument {
        id: id?,
        title: title?,
        kind: kind?,
        citation: citation?,
        published,
        known_from: table.optional_date("known_from").unwrap_or(published),
        effective,
        compliance: compliance.or(effective),
        certainty: certainty?,
        note: table.optional_string("note"),
        sources,
        operations,
        at: table.here(),
    };
    table.finish();
    for operation in &instrument.operations {
        let starts = [View::Enforced, View::Codified].map(|view| instrument.start(operation, view));
        let begins = starts.into_iter().flatten().min();
        if let (Some(until), Some(begins)) = (operation.timing.until, begins)
            && until <= begins
        {
            let message = format!("it ends on {until} and begins on {begins}");
            problems.add(operation.at.problem(message));
        }
    }
    Some(instrument)
}

fn read_source(table: &Table<'_>) -> Option<Source> {
    let source = Source {
        url: table.string("url")?,
        certainty: table.certainty("certainty")?,
        supports: table.optional_string("supports"),
    };
    table.finish();
    Some(source)
}

struct Reader<'a> {
    jurisdiction: &'a Jurisdiction,
    names: &'a Names<'a>,
    problems: &'a Collector,
    certainty: Option<Certainty>,
}

#[derive(Clone, Copy)]
enum ActWord {
    Add,
    Replace,
    Amend,
    End,
    Suspend,
    NotEnforced,
    Unsettle,
}

impl Reader<'_> {
    fn operation(&self, table: &Table<'_>) -> Option<Operation> {
        let words = [
            ("add", ActWord::Add),
            ("replace", ActWord::Replace),
            ("amend", ActWord::Amend),
            ("end", ActWord::End),
            ("suspend", ActWord::Suspend),
            ("not_enforced", ActWord::NotEnforced),
            ("unsettle", ActWord::Unsettle),
        ];
        let word = table.word("do", &words);
        let provision = table.string("provision");
        if let Some(id) = &provision
            && !id.contains('.')
        {
            table.report(
                "provision",
                format!("expected an id with a dot, such as `act.article.1`, found `{id}`"),
            );
        }
        let views = [("enforced", View::Enforced), ("codified", View::Codified)];
        let timing = Timing {
            effective: table.optional_date("effective"),
            compliance: table.optional_date("compliance"),
            until: table.optional_date("until"),
            known_from: table.optional_date("known_from"),
            view: table.optional_word("view", &views),
        };
        let act = match word? {
            ActWord::Add => Act::Add(Arc::new(self.definition(table)?)),
            ActWord::Replace => Act::Replace(Arc::new(self.definition(table)?)),
            ActWord::Amend => Act::Amend {
                strike: self.condition(table, "strike")?,
                insert: self.condition(table, "insert")?,
            },
            ActWord::End => Act::End,
            ActWord::Suspend => {
                if timing.until.is_none() {
                    table.report("until", "a suspension needs the day on which it ends");
                }
                Act::Suspend
            }
            ActWord::NotEnforced => Act::NotEnforced,
            ActWord::Unsettle => {
                let name = table.string("question")?;
                match self.jurisdiction.dictionary.require(&name) {
                    Ok(id) if self.jurisdiction.dictionary.fact(id).question => {
                        Act::Unsettle { question: id }
                    }
                    Ok(_) => {
                        table.report(
                            "question",
                            format!("`{name}` is no fact with when_missing = \"question\""),
                        );
                        return None;
                    }
                    Err(error) => {
                        table.report("question", error.to_string());
                        return None;
                    }
                }
            }
        };
        table.finish();
        Some(Operation { act, provision: provision?, timing, at: table.here() })
    }

    fn condition(&self, table: &Table<'_>, key: &str) -> Option<Condition> {
        if !table.has(key) {
            let _ = table.string(key);
            return None;
        }
        let text = table.embedded(key)?;
        self.parse(&text)
    }

    fn parse(&self, text: &Located<String>) -> Option<Condition> {
        match parse(&text.value, &self.jurisdiction.dictionary, self.names) {
            Ok(condition) => Some(condition),
            Err(error) => {
                let mut at = text.at.clone();
                at.line += error.line - 1;
                self.problems.add(at.problem(format!("column {}: {}", error.column, error.message)));
                None
            }
        }
    }

    fn status(&self, table: &Table<'_>, key: &str, classes: &[Class]) -> Option<StatusId> {
        let word = table.string(key)?;
        let statuses = self.jurisdiction.statuses();
        match self.jurisdiction.find_status(&word) {
            Some(id) if classes.contains(&self.jurisdiction.status(id).class) => Some(id),
            Some(id) => {
                let class = self.jurisdiction.status(id).class.word();
                let wanted: Vec<&str> = classes.iter().map(|class| class.word()).collect();
                table.report(
                    key,
                    format!(
                        "expected a status of class {}, found `{word}` of class {class}",
                        wanted.join(" or ")
                    ),
                );
                None
            }
            None => {
                let hint =
                    narrows_quantity::nearest(&word, statuses.iter().map(|status| status.word.as_str()));
                let hint = narrows_quantity::did_you_mean(hint.as_deref());
                table.report(key, format!("unknown status `{word}`{hint}"));
                None
            }
        }
    }

    fn list(&self, table: &Table<'_>, key: &str) -> Vec<String> {
        let list = table.plain_strings(key);
        if list.is_empty() {
            table.report(key, "expected a list of provisions");
        }
        list
    }

    fn definition(&self, table: &Table<'_>) -> Option<Definition> {
        let effect = self.effect(table);
        let when = self.condition(table, "when");
        let conditions = table
            .tables("condition")
            .iter()
            .filter_map(|condition| {
                let when =
                    if condition.has("when") { Some(self.condition(condition, "when")?) } else { None };
                let text = condition.string("text")?;
                condition.finish();
                Some(ProceduralCondition { text, when })
            })
            .collect();
        Some(Definition {
            title: table.string("title")?,
            citation: table.string("citation")?,
            text: table.optional_string("text"),
            note: table.optional_string("note"),
            certainty: table.optional_certainty("certainty").or(self.certainty)?,
            conditions,
            at: table.at("when"),
            effect: effect?,
            when: when?,
        })
    }

    fn effect(&self, table: &Table<'_>) -> Option<Effect> {
        #[derive(Clone, Copy)]
        enum Word {
            Define,
            Presume,
            Classify,
            Exclude,
            Require,
            Exempt,
            Except,
            Review,
            Prohibit,
            Practice,
            Charge,
        }
        let words = [
            ("define", Word::Define),
            ("presume", Word::Presume),
            ("classify", Word::Classify),
            ("exclude", Word::Exclude),
            ("require", Word::Require),
            ("exempt", Word::Exempt),
            ("except", Word::Except),
            ("review", Word::Review),
            ("prohibit", Word::Prohibit),
            ("practice", Word::Practice),
            ("charge", Word::Charge),
        ];
        Some(match table.word("effect", &words)? {
            Word::Define => Effect::Define,
            Word::Presume => self.presumption(table)?,
            Word::Classify => Effect::Classify { caught: table.optional_bool("caught").unwrap_or(true) },
            Word::Exclude => Effect::Exclude { from: self.list(table, "from") },
            Word::Require => Effect::Require { review: self.status(table, "review", &[Class::Licence])? },
            Word::Exempt => Effect::Exempt { from: table.plain_strings("from") },
            Word::Except => Effect::Except {
                status: self.status(table, "status", &[Class::Exception])?,
                discharges: self.list(table, "discharges"),
            },
            Word::Review => {
                let mut cases = Vec::new();
                for case in table.tables("case") {
                    let (when, status) =
                        (self.condition(&case, "when"), self.status(&case, "status", &[Class::Licence]));
                    case.finish();
                    cases.push((when?, status?));
                }
                let otherwise = self.status(table, "otherwise", &[Class::Licence])?;
                Effect::Review { of: self.list(table, "of"), cases, otherwise }
            }
            Word::Prohibit => {
                Effect::Prohibit { status: self.status(table, "status", &[Class::Prohibition])? }
            }
            Word::Practice => {
                let reported = table.dates("reported");
                if reported.is_empty() {
                    table.report("reported", "expected the days of the reports");
                }
                let status = self.status(table, "status", &[Class::Licence])?;
                Effect::Practice { of: self.list(table, "of"), status, reported }
            }
            Word::Charge => Effect::Charge { rate: table.string("rate")?, base: table.string("base")? },
        })
    }

    fn presumption(&self, table: &Table<'_>) -> Option<Effect> {
        let (mut classes, mut facts) = (Vec::new(), Vec::new());
        for name in self.list(table, "presumes") {
            if name.contains('.') {
                classes.push(name);
                continue;
            }
            match self.jurisdiction.dictionary.require(&name) {
                Ok(id)
                    if self.jurisdiction.dictionary.fact(id).kind == narrows_condition::FactType::Truth =>
                {
                    facts.push(id);
                }
                Ok(_) => table.report("presumes", format!("`{name}` is no truth fact")),
                Err(error) => table.report("presumes", error.to_string()),
            }
        }
        let unless = if table.has("unless") { Some(self.condition(table, "unless")?) } else { None };
        Some(Effect::Presume { classes, facts, unless })
    }
}
