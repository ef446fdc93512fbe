//! Reading the head of a jurisdiction and its facts.

use narrows_catalog::Places;
use narrows_catalog::datafile::{Collector, DataFile, Document, Table};
use narrows_condition::{Dictionary, Fact, FactId, FactType, Role, Value, WhenMissing};
use narrows_quantity::{Decimal, Interval, UnitTable};

use crate::jurisdiction::{Jurisdiction, Plane};
use crate::status::{Class, Status, StatusId, UNDETERMINED};

pub(crate) fn read_head(
    file: DataFile<'_>,
    dictionary: Dictionary,
    places: &Places,
    problems: &Collector,
) -> Option<Jurisdiction> {
    let document = Document::parse(file, problems)?;
    let table = document.root(problems);
    let statuses: Vec<Status> = table.tables("status").iter().filter_map(read_status).collect();
    for (position, status) in statuses.iter().enumerate() {
        if status.word == UNDETERMINED
            || statuses.iter().take(position).any(|other| other.word == status.word)
        {
            table.report(
                "status",
                format!("`{}` is declared twice, or is the word for what is unknown", status.word),
            );
        }
    }
    let find = |key: &str| {
        let word = table.string(key)?;
        let position = statuses.iter().position(|status| status.word == word);
        if position.is_none() {
            table.report(key, format!("unknown status `{word}`"));
        }
        position.and_then(|position| u32::try_from(position).ok()).map(StatusId)
    };
    let (not_controlled, outside_scope) = (find("not_controlled"), find("outside_scope"));
    let lapse = table.optional_decimal("practice_lapses_after_days").unwrap_or(Decimal::whole(180));
    let jurisdiction = Jurisdiction {
        id: table.string("id")?,
        name: table.string("name")?,
        authority: table.string("authority")?,
        home: table.string("home")?,
        default: table.optional_bool("default").unwrap_or(false),
        coverage_from: table.date("coverage_from")?,
        known_through: table.date("known_through")?,
        practice_lapses_after_days: i32::try_from(lapse.millionths() / Decimal::SCALE)
            .unwrap_or(i32::MAX)
            .clamp(0, 36_500),
        not_examined: table.plain_strings("not_examined"),
        planes: table.tables("plane").iter().filter_map(|plane| read_plane(plane, &dictionary)).collect(),
        dictionary,
        instruments: Vec::new(),
        not_controlled: not_controlled?,
        outside_scope: outside_scope?,
        statuses,
    };
    if places.place(&jurisdiction.home).is_none() {
        table.report("home", format!("unknown place `{}`", jurisdiction.home));
    }
    table.finish();
    Some(jurisdiction)
}

fn read_plane(table: &Table<'_>, dictionary: &Dictionary) -> Option<Plane> {
    let axis = |key: &str| {
        let name = table.string(key)?;
        let found = dictionary.require(&name).map_err(|error| table.report(key, error.to_string())).ok()?;
        if dictionary.fact(found).range().is_none() {
            table.report(key, format!("`{name}` is no number"));
            return None;
        }
        Some(found)
    };
    let plane = (table.string("title"), axis("horizontal"), axis("vertical"));
    table.finish();
    Some(Plane { title: plane.0?, horizontal: plane.1?, vertical: plane.2? })
}

fn read_status(table: &Table<'_>) -> Option<Status> {
    let classes = [Class::Prohibition, Class::Licence, Class::Exception, Class::NoLicence];
    let status = Status {
        word: table.string("word")?,
        class: table.word("class", &classes.map(|class| (class.word(), class)))?,
        title: table.string("title")?,
        meaning: table.string("meaning")?,
    };
    table.finish();
    Some(status)
}

/// Reads `facts.toml`; later files lie over earlier ones.
pub(crate) fn read_dictionary<'a>(
    files: impl IntoIterator<Item = DataFile<'a>>,
    places: &Places,
    problems: &Collector,
) -> Dictionary {
    let documents: Vec<Document<'a>> =
        files.into_iter().filter_map(|file| Document::parse(file, problems)).collect();
    let mut units = UnitTable::new();
    let mut tables = Vec::new();
    for document in &documents {
        let root = document.root(problems);
        for table in root.tables("unit") {
            read_unit(&table, &mut units);
        }
        tables.extend(root.tables("fact"));
        root.finish();
    }
    let mut dictionary = Dictionary::new(units);
    for table in &tables {
        if let Some(fact) = read_fact(table, &dictionary, places)
            && let Err(error) = dictionary.add(fact)
        {
            table.report("name", error.to_string());
        }
    }
    dictionary
}

fn read_unit(table: &Table<'_>, units: &mut UnitTable) {
    let symbol = table.string("symbol");
    let of = table.optional_string("of");
    let amount = table.optional_decimal("amount");
    if let Some(symbol) = symbol {
        let declared = match (of, amount) {
            (None, None) => units.declare_base(&symbol),
            (Some(base), Some(amount)) => units.declare(&symbol, &base, amount),
            _ => {
                table.report("of", "a unit that is a multiple of another needs both `of` and `amount`");
                Ok(())
            }
        };
        if let Err(error) = declared {
            table.report("symbol", error.to_string());
        }
    }
    table.finish();
}

#[derive(Clone, Copy)]
enum TypeWord {
    Number,
    Ratio,
    Truth,
    Choice,
    Name,
    Place,
    Date,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum MissingWord {
    Unknown,
    Assume,
    Procedure,
    Required,
    Question,
}

fn read_fact(table: &Table<'_>, dictionary: &Dictionary, places: &Places) -> Option<Fact> {
    let known = |key: &str| -> Option<FactId> {
        let name = table.string(key)?;
        match dictionary.require(&name) {
            Ok(id) => Some(id),
            Err(error) => {
                table.report(key, format!("{error}; it must be declared before"));
                None
            }
        }
    };
    let words = [
        ("number", TypeWord::Number),
        ("ratio", TypeWord::Ratio),
        ("truth", TypeWord::Truth),
        ("choice", TypeWord::Choice),
        ("name", TypeWord::Name),
        ("place", TypeWord::Place),
        ("date", TypeWord::Date),
    ];
    let name = table.string("name");
    let word = table.word("type", &words);
    let unit = table.optional_string("unit");
    let kind = match word {
        Some(TypeWord::Number) => FactType::Number { unit, range: read_range(table)? },
        Some(TypeWord::Ratio) => {
            let (numerator, denominator) = (known("numerator"), known("denominator"));
            FactType::Ratio {
                numerator: numerator?,
                denominator: denominator?,
                unit,
                range: read_range(table)?,
            }
        }
        Some(TypeWord::Truth) => FactType::Truth,
        Some(TypeWord::Choice) => {
            let values = table
                .tables("value")
                .iter()
                .filter_map(|value| {
                    let pair = (value.string("word")?, value.string("title")?);
                    value.finish();
                    Some(pair)
                })
                .collect();
            FactType::Choice { values }
        }
        Some(TypeWord::Name) => FactType::Name { register: table.string("register")? },
        Some(TypeWord::Place) => FactType::Place,
        Some(TypeWord::Date) => FactType::Date,
        None => return None,
    };
    let missing_words = [
        ("unknown", MissingWord::Unknown),
        ("assume", MissingWord::Assume),
        ("procedure", MissingWord::Procedure),
        ("required", MissingWord::Required),
        ("question", MissingWord::Question),
    ];
    let missing_word = table.word("when_missing", &missing_words);
    let missing = match missing_word {
        Some(MissingWord::Assume) => WhenMissing::Assume(read_assumed(table, &kind, places)?),
        Some(MissingWord::Procedure) if matches!(kind, FactType::Truth) => WhenMissing::Procedure,
        Some(MissingWord::Procedure | MissingWord::Question) if !matches!(kind, FactType::Truth) => {
            table.report("when_missing", "only a truth fact can be a procedure or a question");
            return None;
        }
        Some(MissingWord::Required) => WhenMissing::Required,
        Some(_) => WhenMissing::Unknown,
        None => return None,
    };
    let roles = [
        ("on", Role::On),
        ("destination", Role::Destination),
        ("headquarters", Role::Headquarters),
        ("exported_from", Role::ExportedFrom),
    ];
    let fact = Fact {
        name: name?,
        title: table.string("title")?,
        definition: table.string("definition")?,
        source: table.string("source")?,
        kind,
        missing,
        otherwise: if table.has("otherwise") { known("otherwise") } else { None },
        role: table.optional_word("role", &roles),
        question: missing_word == Some(MissingWord::Question),
    };
    table.finish();
    Some(fact)
}

fn read_range(table: &Table<'_>) -> Option<Interval> {
    let ends = table.optional_pair("range");
    match ends {
        Some((low, high)) => match Interval::new(low, high) {
            Ok(range) => Some(range),
            Err(error) => {
                table.report("range", error.to_string());
                None
            }
        },
        None => {
            table.report("range", "expected the least and the greatest value, such as [0, 1000000]");
            None
        }
    }
}

fn read_assumed(table: &Table<'_>, kind: &FactType, places: &Places) -> Option<Value> {
    Some(match kind {
        FactType::Number { .. } | FactType::Ratio { .. } => {
            Value::Number(Interval::exactly(table.decimal("assumed")?))
        }
        FactType::Truth => {
            let value = table.optional_bool("assumed");
            if value.is_none() && !table.has("assumed") {
                table.report("assumed", "the field is missing");
            }
            Value::Truth(value?)
        }
        FactType::Choice { .. } => Value::Choice(table.string("assumed")?),
        FactType::Name { .. } => Value::Name(table.string("assumed")?),
        FactType::Place => {
            let code = table.string("assumed")?;
            if !code.is_empty() && places.place(&code).is_none() {
                table.report("assumed", format!("unknown place `{code}`"));
            }
            Value::Place(code)
        }
        FactType::Date => Value::Date(table.date("assumed")?),
    })
}
