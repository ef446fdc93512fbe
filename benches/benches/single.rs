//! Cases one by one: the answer with its citations and the signed margin of every
//! comparison, and full determinations as `check` prints them.
//!
//! ```console
//! $ cargo bench -p narrows-benches --bench single
//! ```

#![expect(clippy::expect_used, reason = "a benchmark that fails has no result")]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use narrows::{Examiner, Prepared, Workbench};
use narrows_benches::{Table, examiner, question};
use narrows_condition::{Case, Span};
use narrows_law::{Reading, reading};

/// Few enough to stay in the second cache, as a case just made does.
const CASES: usize = 1_024;

fn main() {
    divan::main();
}

fn prepared<'w>(examiner: &Examiner<'w>, table: &Table) -> (Prepared<'w>, Vec<Case>) {
    let prepared = examiner.prepare(&question()).expect("a sound question");
    let base = prepared.item.facts.case.clone();
    (prepared, (0..CASES).map(|row| table.case(&base, row)).collect())
}

/// The answer, the citation of every deciding provision, and of every comparison value,
/// threshold and the margin between them in their unit.
#[divan::bench]
fn answers_with_citations_and_margins(bencher: Bencher<'_, '_>) {
    answers(bencher, |reading| black_box(reading.margin()).is_some());
}

/// The same, and every margin as a fraction of its threshold too.
#[divan::bench]
fn answers_with_citations_margins_and_fractions(bencher: Bencher<'_, '_>) {
    answers(bencher, |reading| {
        black_box(reading.margin()).is_some() & black_box(reading.fraction()).is_some()
    });
}

/// Nothing that is looked at may be optimised away.
fn answers(bencher: Bencher<'_, '_>, look: impl Fn(Reading) -> bool) {
    let workbench = Workbench::new(Vec::new());
    let mut examiner = examiner(&workbench);
    let table = Table::new(&examiner, CASES);
    let (prepared, cases) = prepared(&examiner, &table);
    let docket = examiner.docket(prepared.view, &prepared.transaction).expect("sound data");
    for case in &cases {
        docket.decide(case);
    }
    bencher.counter(ItemsCount::new(CASES)).bench_local(|| {
        for case in &cases {
            let number = docket.decide(black_box(case));
            let answer = docket.answer_of(number);
            black_box(answer.status);
            for id in &answer.deciding {
                black_box(docket.edition().provision(*id).definition.citation.as_str());
            }
            for test in docket.circuit().tests() {
                black_box(reading(test, case).is_some_and(&look));
            }
        }
    });
}

/// Full determinations: traces, flips, assumptions, what is missing and where it leads.
#[divan::bench]
fn full_determinations(bencher: Bencher<'_, '_>) {
    let workbench = Workbench::new(Vec::new());
    let mut examiner = examiner(&workbench);
    let table = Table::new(&examiner, CASES);
    let (prepared, cases) = prepared(&examiner, &table);
    let asked: Vec<Prepared<'_>> = cases
        .into_iter()
        .take(64)
        .map(|case| {
            let mut prepared = prepared.clone();
            let mut facts = (*prepared.item.facts).clone();
            facts.case = case;
            prepared.item.facts = std::sync::Arc::new(facts);
            prepared
        })
        .collect();
    bencher.counter(ItemsCount::new(asked.len())).bench_local(|| {
        for prepared in &asked {
            black_box(examiner.determine(prepared).expect("a determination"));
        }
    });
}

/// Answers in which the measure that most rules look at is unknown, each thought through
/// anew: nothing is remembered from one to the next.
#[divan::bench]
fn open_answers_from_nothing(bencher: Bencher<'_, '_>) {
    let workbench = Workbench::new(Vec::new());
    let mut examiner = examiner(&workbench);
    let table = Table::new(&examiner, CASES);
    let (prepared, cases) = prepared(&examiner, &table);
    let lead = *table.facts.first().expect("a column");
    let range = examiner.jurisdiction().dictionary.fact(lead).range().expect("a number");
    let whole = Span { low: range.low().millionths(), high: range.high().millionths() };
    let docket = examiner.docket(prepared.view, &prepared.transaction).expect("sound data").clone();
    let mut cases = cases.into_iter().cycle();
    bencher
        .with_inputs(|| {
            let mut case = cases.next().expect("cases without end");
            case.set_span(lead, whole);
            (docket.clone(), case)
        })
        .bench_local_values(|(mut docket, case)| docket.decide(&case));
}
