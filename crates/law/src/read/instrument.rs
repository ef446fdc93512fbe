//! Reading instruments.

use std::sync::Arc;

use narrows_catalog::datafile::{Collector, DataFile, Document, Located, Table};
use narrows_condition::{Condition, parse};
use narrows_quantity::Certainty;

use crate::instrument::{
    Act, Definition, Effect, Instrument, InstrumentKind, Operation, ProceduralCondition, Source, Timing, View,
};
use crate::jurisdiction::Jurisdiction;
use crate::read::Names;
use crate::status::{Class, StatusId};

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
