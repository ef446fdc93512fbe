//! A table run in columns answers every row as a single case does: status, deciding
//! provisions and missing facts, with unknown facts in a tenth of the rows.

use narrows::{Examiner, Question, Scenario, View, Workbench};
use narrows_condition::{Column, FactId, Span};
use narrows_law::Answer;
use proptest::prelude::*;

/// Facts with a column of their own, and values near their thresholds.
const COLUMNS: [(&str, &[&str]); 6] = [
    ("tpp", &["0", "1599.999999", "1600", "2368", "2400", "4799.999999", "4800", "20999", "21000", "15824"]),
    ("applicable_die_area_mm2", &["100", "270.27027", "400", "810.810811", "814", "1000", "1500", "3000"]),
    ("dram_bandwidth_gb_per_s", &["0", "600", "1399.999999", "1400", "4000", "6499", "6500"]),
    ("io_bandwidth_gb_per_s", &["0", "150", "300", "600", "1099", "1100", "1700"]),
    ("datacenter", &["false", "true"]),
    ("available_in_us", &["false", "true"]),
];

/// A row: for each column the position of a value, or none where it is unknown.
fn row() -> impl Strategy<Value = Vec<Option<usize>>> {
    let cell = |(_, values): &(&str, &'static [&'static str])| prop_oneof![9 => (0..values.len()).prop_map(Some), 1 => Just(None)];
    COLUMNS.iter().map(cell).collect::<Vec<_>>()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn rows_are_answered_as_single_cases(
        rows in prop::collection::vec(row(), 1..400),
        after in 0_u64..1_700,
        to in prop::sample::select(vec!["CN", "AE", "KH", "VN", "DE", "MO", "IN"]),
        codified in any::<bool>(),
    ) {
        let workbench = Workbench::new(Vec::new());
        let mut examiner = Examiner::new(&workbench, &Scenario::default()).expect("sound data");
        let dictionary = &examiner.jurisdiction().dictionary;
        let ids: Vec<FactId> =
            COLUMNS.iter().map(|(name, _)| dictionary.find(name).expect("a fact")).collect();
        let value = |column: usize, at: usize| -> i64 {
            let text = COLUMNS[column].1[at];
            match dictionary.read_value(ids[column], text).expect("a value") {
                narrows::Value::Number(number) => number.low().millionths(),
                narrows::Value::Truth(truth) => i64::from(truth),
                other => panic!("{other} has no column"),
            }
        };
        let values: Vec<Vec<i64>> = (0..COLUMNS.len())
            .map(|column| rows.iter().map(|row| row[column].map_or(0, |at| value(column, at))).collect())
            .collect();
        let unknown: Vec<Vec<bool>> = (0..COLUMNS.len())
            .map(|column| rows.iter().map(|row| row[column].is_none()).collect())
            .collect();
        let columns: Vec<Column<'_>> = (0..COLUMNS.len())
            .map(|at| Column { fact: ids[at], values: &values[at], unknown: Some(&unknown[at]) })
            .collect();
        let whole: Vec<Span> = ids.iter().map(|id| examiner_domain(&examiner, *id)).collect();

        let question = Question {
            facts: [("item_kind", "logic_ic"), ("tops", "300"), ("analog_tops", "0"), ("contains_hbm", "true")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            on: narrows::day_since_1970(18_993 + after).expect("a day"),
            to: to.to_owned(),
            view: if codified { View::Codified } else { View::Enforced },
            ..Question::default()
        };
        let prepared = examiner.prepare(&question).expect("a sound question");
        let mut base = prepared.item.facts.case.clone();
        for id in &ids {
            base.set_span(*id, Span::exactly(0));
        }
        let docket = examiner.docket(prepared.view, &prepared.transaction).expect("sound data");
        let mut table = docket.for_columns(&base, &ids).expect("few tests");
        let mut answers = vec![u32::MAX; rows.len()];
        table.run(&base, &columns, &mut answers);
        for (at, row) in rows.iter().enumerate() {
            let mut case = base.clone();
            for (column, id) in ids.iter().enumerate() {
                let span = row[column].map_or(whole[column], |_| Span::exactly(values[column][at]));
                case.set_span(*id, span);
            }
            let single: Answer = docket.answer(&case).clone();
            let run = table.answer_of(answers[at]);
            prop_assert_eq!(run, &single, "row {}: {:?}", at, row);
        }
    }
}

/// Everything that a fact may be.
fn examiner_domain(examiner: &Examiner<'_>, id: FactId) -> Span {
    let fact = examiner.jurisdiction().dictionary.fact(id);
    fact.range().map_or(Span { low: 0, high: 1 }, |range| Span {
        low: range.low().millionths(),
        high: range.high().millionths(),
    })
}
