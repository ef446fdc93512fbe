//! Verdicts on a million chips in columns: status, deciding provisions and missing facts
//! under all provisions of one day, destination and seat, a tenth of the rows with an
//! unknown fact. Before anything is timed, answers are compared with single determinations.
//!
//! ```console
//! $ cargo bench -p narrows-benches --bench columns
//! ```

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark that fails has no result")]

use std::collections::{BTreeMap, BTreeSet};

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use narrows::{Examiner, Prepared, Workbench};
use narrows_benches::{Table, examiner, question};
use narrows_condition::Case;

const ROWS: usize = 1_000_000;
const SAMPLED: usize = 2_000;

fn main() {
    let workbench = Workbench::new(Vec::new());
    let mut examiner = examiner(&workbench);
    let table = Table::new(&examiner, ROWS);
    report(&mut examiner, &table);
    divan::main();
}

fn base(examiner: &Examiner<'_>, table: &Table) -> (Prepared<'static>, Case) {
    let prepared = examiner.prepare(&question()).expect("a sound question");
    let mut base = prepared.item.facts.case.clone();
    table.facts.iter().for_each(|id| base.set_span(*id, narrows_condition::Span::exactly(0)));
    let prepared = Prepared {
        item: narrows::PreparedItem { chip: None, by_default_of: None, facts: prepared.item.facts },
        transaction: prepared.transaction,
        headquarters_given: prepared.headquarters_given,
        view: prepared.view,
    };
    (prepared, base)
}

/// Compares sampled rows with single determinations, and says what the table holds.
fn report(examiner: &mut Examiner<'_>, table: &Table) {
    let (prepared, base) = base(examiner, table);
    let docket = examiner.docket(prepared.view, &prepared.transaction).expect("sound data");
    let mut in_columns = docket.for_columns(&base, &table.facts).expect("few tests");
    let mut answers = vec![0; ROWS];
    in_columns.run(&base, &table.columns(), &mut answers);
    let numbers: Vec<_> = (0..SAMPLED).map(|at| at * (ROWS / SAMPLED)).collect();
    for row in &numbers {
        let single = docket.answer(&table.case(&base, *row)).clone();
        assert_eq!(in_columns.answer_of(answers[*row]), &single, "row {row}");
    }
    for row in numbers {
        let mut prepared = prepared.clone();
        let mut facts = (*prepared.item.facts).clone();
        facts.case = table.case(&base, row);
        prepared.item.facts = std::sync::Arc::new(facts);
        let determination = examiner.determine(&prepared).expect("a determination");
        let answer = in_columns.answer_of(answers[row]);
        let word = answer.status_in(examiner.jurisdiction()).map_or("undetermined", |status| &status.word);
        let edition = in_columns.edition();
        let deciding: Vec<&str> =
            answer.deciding.iter().map(|id| edition.provision(*id).provision.as_str()).collect();
        let traced: Vec<&str> =
            determination.deciding.iter().map(|ground| ground.provision.as_str()).collect();
        assert_eq!((word, deciding), (determination.status.as_str(), traced), "row {row}");
        assert!(determination.deciding.iter().all(|ground| !ground.truth.is_false()), "row {row}");
        let missing: BTreeSet<&str> = determination.missing.iter().map(|it| it.fact.as_str()).collect();
        let dictionary = &examiner.jurisdiction().dictionary;
        let expected: BTreeSet<&str> =
            answer.missing.iter().map(|id| dictionary.fact(*id).name.as_str()).collect();
        assert_eq!(missing, expected, "row {row}");
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for number in &answers {
        let status = in_columns.answer_of(*number).status_in(examiner.jurisdiction());
        *counts.entry(status.map_or("undetermined", |status| &status.word)).or_default() += 1;
    }
    let open = (0..ROWS).filter(|row| table.unknown.iter().any(|column| column[*row])).count();
    let provisions = in_columns.edition().provisions().len();
    println!("{ROWS} chips, {open} of them with an unknown fact, under {provisions} provisions;");
    println!("{SAMPLED} sampled rows equal to single determinations with traces; {counts:?}");
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn verdicts_in_columns(bencher: Bencher<'_, '_>) {
    let workbench = Workbench::new(Vec::new());
    let mut examiner = examiner(&workbench);
    let table = Table::new(&examiner, ROWS);
    let (prepared, base) = base(&examiner, &table);
    let docket = examiner.docket(prepared.view, &prepared.transaction).expect("sound data");
    let in_columns = docket.for_columns(&base, &table.facts).expect("few tests");
    let columns = table.columns();
    let mut answers = vec![0; ROWS];
    // Nothing is remembered from one sample to the next.
    bencher.counter(ItemsCount::new(ROWS)).with_inputs(|| in_columns.clone()).bench_local_values(
        |mut in_columns| {
            in_columns.run(&base, &columns, black_box(&mut answers));
            in_columns
        },
    );
}
