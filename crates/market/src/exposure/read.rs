//! Reads `exposure/*.toml`.

use std::collections::BTreeSet;

use jiff::civil::Date;
use narrows_catalog::datafile::{Collector, Document, Table};
use narrows_catalog::{DataFile, Problems};
use narrows_quantity::{Certainty, Decimal, did_you_mean, nearest};

use super::money::Bounds;
use super::period::{Calendar, FiscalPeriod, Rule};
use super::record::{
    Basis, Bound, Figure, FirmRecord, Kind, MEASURES, Measure, PartFigure, Period, RestrictedPart, Unit,
    assumed_day,
};

/// Money stands in millions in the files.
const MILLION: f64 = 1e6;

pub(super) fn read<'a>(files: impl IntoIterator<Item = DataFile<'a>>) -> Result<Vec<FirmRecord>, Problems> {
    let problems = Collector::new();
    let mut records: Vec<FirmRecord> = Vec::new();
    for file in files {
        let Some(document) = Document::parse(file, &problems) else { continue };
        let root = document.root(&problems);
        if let Some(record) = read_firm(&root) {
            if records.iter().any(|other| other.firm == record.firm) {
                root.report("firm", format!("`{}` has two files", record.firm));
            }
            records.push(record);
        }
        root.finish();
    }
    records.sort_by(|one, other| one.firm.cmp(&other.firm));
    problems.finish(records)
}

fn read_firm(root: &Table<'_>) -> Option<FirmRecord> {
    let firm = root.string("firm");
    let note = root.optional_string("note");
    let calendar = root.optional_table("calendar").and_then(|table| {
        let calendar = read_calendar(&table);
        table.finish();
        calendar
    });
    if !root.has("calendar") {
        root.report("calendar", "the table is missing");
    }
    let mut bases = Vec::new();
    for table in root.tables("basis") {
        bases.extend(read_basis(&table));
        table.finish();
    }
    let mut parts = Vec::new();
    for table in root.tables("part") {
        parts.extend(read_part(&table));
        table.finish();
    }
    let mut names = Names {
        bases: bases.iter().map(|basis| basis.id.clone()).collect(),
        parts: parts.iter().map(|part| part.id.clone()).collect(),
        periods: BTreeSet::new(),
    };
    let (mut periods, mut figures) = (Vec::new(), Vec::new());
    for table in root.tables("period") {
        if let Some(period) = read_period(&table, &mut names) {
            for figure in table.tables("figure") {
                figures.extend(read_figure(&figure, &period, &names));
                figure.finish();
            }
            periods.push(period);
        }
        table.finish();
    }
    Some(FirmRecord { firm: firm?, note, calendar: calendar?, bases, parts, periods, figures })
}

/// What figures may refer to.
struct Names {
    bases: Vec<String>,
    parts: Vec<String>,
    periods: BTreeSet<FiscalPeriod>,
}

fn read_calendar(table: &Table<'_>) -> Option<Calendar> {
    let quarter = fiscal_period(table, "quarter");
    if quarter.is_some_and(|quarter| !quarter.is_quarter()) {
        table.report("quarter", "expected a quarter such as FY2026Q1");
    }
    let end = table.date("end");
    let rule = table.word("rule", &[("weeks", Rule::Weeks), ("months", Rule::Months)]);
    Some(Calendar { quarter: quarter?, end: end?, rule: rule? })
}

fn fiscal_period(table: &Table<'_>, key: &str) -> Option<FiscalPeriod> {
    let text = table.string(key)?;
    text.parse().inspect_err(|error| table.report(key, format!("{error}"))).ok()
}

fn read_basis(table: &Table<'_>) -> Option<Basis> {
    let (id, name) = (table.string("id"), table.string("name"));
    let of_total = table.optional_bool("of_total");
    if of_total.is_none() {
        table.report("of_total", "the field is missing: say whether all sales are the whole");
    }
    Some(Basis { id: id?, name: name?, of_total: of_total? })
}

fn read_part(table: &Table<'_>) -> Option<RestrictedPart> {
    let id = table.string("id");
    let chips = table.plain_strings("chips");
    let list = |key: &str| -> Vec<PartFigure> {
        let mut all = Vec::new();
        for entry in table.tables(key) {
            all.extend(read_part_figure(&entry));
            entry.finish();
        }
        all
    };
    let (price, cost, units) = (list("price"), list("cost"), list("units"));
    Some(RestrictedPart { id: id?, chips, price, cost, units })
}

fn read_part_figure(table: &Table<'_>) -> Option<PartFigure> {
    let values = read_values(table, 1.0, Bound::Exact);
    let what = table.optional_string("what");
    let (from, until) = (table.optional_date("from"), table.optional_date("until"));
    let known = table.optional_date("known");
    let certainty = table.certainty("certainty");
    let source = table.string("source");
    let note = table.optional_string("note");
    let (_, range) = values?;
    if range.low <= 0.0 {
        table.report("value", "expected a number above zero");
    }
    Some(PartFigure { range, what, from, until, known, certainty: certainty?, source: source?, note })
}

fn read_period(table: &Table<'_>, names: &mut Names) -> Option<Period> {
    let id = fiscal_period(table, "id")?;
    let end = table.optional_date("end");
    let constrained = table.optional_bool("constrained").unwrap_or(false);
    if !names.periods.insert(id) {
        table.report("id", format!("{id} stands twice in the file"));
    }
    Some(Period { id, end, constrained })
}

/// Value and range of an entry: a value, a value within bounds, or bounds alone.
fn read_values(table: &Table<'_>, scale: f64, bound: Bound) -> Option<(Option<f64>, Bounds<f64>)> {
    let number = |key: &str| table.optional_decimal(key).map(Decimal::to_f64).map(|value| value * scale);
    let (value, low, high) = (number("value"), number("low"), number("high"));
    let range = match (value, low, high, bound) {
        (Some(value), None, None, Bound::UpTo) => Bounds::of(0.0, value),
        (Some(value), low, high, _) => Bounds { low: low.unwrap_or(value), high: high.unwrap_or(value) },
        (None, Some(low), Some(high), _) => Bounds { low, high },
        (None, ..) => {
            table.report("value", "expected a value, or both `low` and `high`");
            return None;
        }
    };
    if range.low > range.high || value.is_some_and(|value| value < range.low || value > range.high) {
        table.report("value", "expected `low` <= `value` <= `high`");
        return None;
    }
    Some((value, range))
}

fn read_figure(table: &Table<'_>, period: &Period, names: &Names) -> Option<Figure> {
    let measure = table.word("measure", &MEASURES);
    let kind = table.optional_word("kind", &[("guided", Kind::Guided), ("booked", Kind::Booked)]);
    let bounds = [("exact", Bound::Exact), ("about", Bound::About), ("up_to", Bound::UpTo)];
    let bound = table.optional_word("bound", &bounds).unwrap_or(Bound::Exact);
    let is_share = measure == Some(Measure::ChinaShare);
    let unit = match table.optional_string("currency") {
        Some(_) if is_share => {
            table.report("currency", "a share has no currency");
            Unit::Share
        }
        Some(code) if code != "USD" => Unit::Currency(code),
        None if is_share => Unit::Share,
        Some(_) | None => Unit::Usd,
    };
    let values = read_values(table, if is_share { 1.0 } else { MILLION }, bound);
    let (basis, part) = (table.optional_string("basis"), table.optional_string("part"));
    refers(table, "basis", basis.as_deref(), &names.bases);
    refers(table, "part", part.as_deref(), &names.parts);
    match measure {
        Some(Measure::ChinaRevenue | Measure::ChinaShare) if basis.is_none() => {
            table.report("basis", "the field is missing: say how sales are ascribed to countries");
        }
        Some(Measure::RestrictedRevenue | Measure::InventoryCharge | Measure::LostSales)
            if part.is_none() =>
        {
            table.report("part", "the field is missing: say of which part");
        }
        _ => {}
    }
    let known = table.optional_date("known");
    let known_certainty = table.optional_certainty("known_certainty");
    let withdrawn = table.optional_date("withdrawn");
    let certainty = table.certainty("certainty");
    let source = table.string("source");
    let note = table.optional_string("note");
    let (value, range) = values?;
    check_sign(table, measure?, range);
    let kind = kind.unwrap_or(Kind::Booked);
    if let (Some(day), Some(end), Kind::Booked) = (known, period.end, kind) {
        check_day(table, day, end);
    }
    let assumed = || period.end.and_then(assumed_day);
    Some(Figure {
        period: period.id,
        measure: measure?,
        kind,
        bound,
        value,
        range,
        unit,
        basis,
        part,
        known: known.or_else(assumed),
        known_certainty: match known {
            Some(_) => known_certainty.unwrap_or(certainty?),
            None => Certainty::Estimate,
        },
        withdrawn,
        certainty: certainty?,
        source: source?,
        note,
    })
}

fn refers(table: &Table<'_>, key: &str, name: Option<&str>, known: &[String]) {
    let Some(name) = name else { return };
    if !known.iter().any(|other| other == name) {
        let hint = nearest(name, known.iter().map(String::as_str));
        let hint = did_you_mean(hint.as_deref());
        table.report(key, format!("the file has no `{name}`{hint}"));
    }
}

fn check_sign(table: &Table<'_>, measure: Measure, range: Bounds<f64>) {
    if measure == Measure::ChinaShare && !(0.0..=1.0).contains(&range.high) {
        table.report("value", "expected a share between zero and one");
    }
    if measure != Measure::InventoryCharge && range.low < 0.0 {
        table.report("value", "only a charge can be negative: it is a release then");
    }
}

fn check_day(table: &Table<'_>, day: Date, end: Date) {
    if day < end {
        table.report("known", format!("a booked figure cannot be known before its period ends ({end})"));
    }
}
