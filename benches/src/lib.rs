//! Tables of imagined chips, and training and serving of known models, for the benchmarks;
//! the same on every machine.

pub mod market;
pub mod performance;
pub mod processor;
pub mod screening;

use std::ops::Range;

use narrows::{Examiner, Question, Scenario, View, Workbench};
use narrows_condition::{Case, Column, FactId, Span};

/// Facts with a column of their own, with the values that rows have: those that law asks
/// of a logic chip, spread around the thresholds of 2022 to 2026.
const COLUMNS: [(&str, Range<u64>); 6] = [
    ("tpp", 0..24_000),
    ("applicable_die_area_mm2", 80..1_700),
    ("dram_bandwidth_gb_per_s", 200..8_200),
    ("io_bandwidth_gb_per_s", 32..1_900),
    ("datacenter", 0..2),
    ("available_in_us", 0..2),
];

/// One row in this many has an unknown fact.
const UNKNOWN_EVERY: u64 = 10;

/// Imagined chips in columns.
pub struct Table {
    /// The facts, in the order of the columns.
    pub facts: Vec<FactId>,
    /// Values in millionths (truth as 0 and 1), by column.
    pub values: Vec<Vec<i64>>,
    /// Which rows do not know the value, by column.
    pub unknown: Vec<Vec<bool>>,
    /// What each fact may be at all.
    whole: Vec<Span>,
}

impl Table {
    /// `rows` chips, a tenth of them with one unknown fact.
    ///
    /// # Panics
    /// If the embedded data lack one of the facts.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a benchmark on data that lack its facts has no result")]
    pub fn new(examiner: &Examiner<'_>, rows: usize) -> Self {
        let dictionary = &examiner.jurisdiction().dictionary;
        let facts: Vec<FactId> = COLUMNS
            .iter()
            .map(|(name, _)| dictionary.find(name).expect("a fact of the embedded data"))
            .collect();
        let mut random = Random(20_231_117);
        let mut values = vec![Vec::with_capacity(rows); COLUMNS.len()];
        let mut unknown = vec![Vec::with_capacity(rows); COLUMNS.len()];
        for _ in 0..rows {
            let hidden = match random.below(UNKNOWN_EVERY) {
                0 => usize::try_from(random.below(COLUMNS.len() as u64)).ok(),
                _ => None,
            };
            for (at, (((_, range), values), unknown)) in
                COLUMNS.iter().zip(&mut values).zip(&mut unknown).enumerate()
            {
                let drawn = range.start + random.below(range.end - range.start);
                let scale = if range.end == 2 { 1 } else { 1_000_000 };
                values.push(i64::try_from(drawn).unwrap_or(0) * scale);
                unknown.push(hidden == Some(at));
            }
        }
        let whole = facts
            .iter()
            .map(|id| {
                dictionary.fact(*id).range().map_or(Span { low: 0, high: 1 }, |range| Span {
                    low: range.low().millionths(),
                    high: range.high().millionths(),
                })
            })
            .collect();
        Self { facts, values, unknown, whole }
    }

    /// The columns as the engine takes them.
    #[must_use]
    pub fn columns(&self) -> Vec<Column<'_>> {
        let parts = self.facts.iter().zip(&self.values).zip(&self.unknown);
        parts
            .map(|((fact, values), unknown)| Column { fact: *fact, values, unknown: Some(unknown) })
            .collect()
    }

    /// One row as a single case.
    #[must_use]
    pub fn case(&self, base: &Case, row: usize) -> Case {
        let mut case = base.clone();
        let parts = self.facts.iter().zip(&self.values).zip(&self.unknown).zip(&self.whole);
        for (((fact, values), unknown), whole) in parts {
            let hidden = unknown.get(row).copied().unwrap_or(true);
            let known = values.get(row).filter(|_| !hidden).map(|value| Span::exactly(*value));
            case.set_span(*fact, known.unwrap_or(*whole));
        }
        case
    }
}

/// The question that all rows ask: a logic chip to China on a day of 2026, when classes,
/// exceptions, letters and the review of January 2026 are all in force.
#[must_use]
pub fn question() -> Question {
    let facts = [("item_kind", "logic_ic"), ("analog_tops", "0"), ("contains_hbm", "true")];
    Question {
        facts: facts.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        on: narrows::Date::constant(2026, 3, 2),
        to: "CN".to_owned(),
        view: View::Enforced,
        ..Question::default()
    }
}

/// An examiner of the embedded law.
///
/// # Panics
/// If the embedded data are not sound.
#[must_use]
#[expect(clippy::expect_used, reason = "a benchmark on unsound data has no result")]
pub fn examiner(workbench: &Workbench) -> Examiner<'_> {
    Examiner::new(workbench, &Scenario::default()).expect("sound data")
}

/// The generator known as SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// How far apart the rows of a table for `check --batch` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// One firm's year: some forty chips, three destinations, a few hundred days.
    Ledger,
    /// Every row a chip, day, destination and seat of its own.
    Scattered,
}

/// A table for `check --batch`, as CSV: two thirds chips of the catalogue, the others
/// described by facts, a tenth of those with hardly any.
///
/// # Panics
/// If the embedded data are not sound.
#[must_use]
#[expect(clippy::expect_used, reason = "a benchmark on unsound data has no result")]
pub fn batch_table(workbench: &Workbench, spread: Spread, rows: usize) -> String {
    const PLACES: [&str; 12] = ["CN", "AE", "DE", "HK", "MO", "RU", "SA", "VN", "IN", "SG", "TW", "CA"];
    let (most_chips, days, places) = match spread {
        Spread::Ledger => (40, 365, 3),
        Spread::Scattered => (usize::MAX, 1_500, PLACES.len()),
    };
    let chips = workbench.chips().expect("sound data").iter().map(|chip| chip.id.as_str());
    let chips: Vec<&str> = chips.take(most_chips).collect();
    let mut random = Random(42);
    let mut table = String::from("id,item,facts,on,to,headquarters\n");
    let mut pick = |end: usize| usize::try_from(random.below(end as u64)).unwrap_or(0);
    for row in 0..rows {
        let item = if pick(3) < 2 { chips.get(pick(chips.len())).copied().unwrap_or_default() } else { "" };
        let facts = match (item.is_empty(), pick(10)) {
            (false, _) => String::new(),
            (true, 0) => format!("item_kind=logic_ic; tpp={}", pick(24_000)),
            (true, _) => format!(
                "item_kind=logic_ic; tpp={}; applicable_die_area_mm2={}; dram_bandwidth_gb_per_s={}; \
                 io_bandwidth_gb_per_s={}; datacenter=true; available_in_us=false; tops=300",
                pick(24_000),
                100 + pick(1_600),
                200 + pick(8_000),
                pick(1_900),
            ),
        };
        let day = narrows::day_since_1970(20_700 - pick(days) as u64).expect("a day");
        let to = PLACES.get(pick(places)).copied().unwrap_or("CN");
        let seat = if pick(5) == 0 { "CN" } else { "" };
        table.push_str(&format!("{row},{item},{facts},{day},{to},{seat}\n"));
    }
    table
}
