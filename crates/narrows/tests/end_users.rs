//! End users in determinations: cases in `cases/screening/end_users.csv`, one by one and as a table.

#![expect(clippy::expect_used, reason = "test code: a panic is the report")]

use std::fmt::Write as _;

use narrows::operations::{Check, CheckAnswer, CheckRequest};
use narrows::{BatchFormat, Date, Operation, Owner, Scenario, Workbench, check_batch};
use serde::Deserialize;

const CASES: &str = include_str!("../../../cases/screening/end_users.csv");

#[derive(Debug, Deserialize)]
struct Case {
    case: String,
    item: String,
    end_user: Option<String>,
    end_user_id: Option<String>,
    owners: String,
    on: Date,
    to: String,
    headquarters: Option<String>,
    facts: String,
    status: String,
    outcome: String,
    missing: String,
    why: String,
}

impl Case {
    fn request(&self) -> CheckRequest {
        let pair = |text: &str| {
            let (name, value) = text.rsplit_once('=').expect("a name and a value");
            (name.trim().to_owned(), value.trim().to_owned())
        };
        let owner = |text: &str| {
            let (name, percent) = pair(text);
            Owner { name, percent: percent.parse().expect("a share") }
        };
        let parts = |text: &str| -> Vec<String> {
            text.split(';').filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        CheckRequest {
            item: Some(self.item.clone()),
            to: self.to.clone(),
            on: self.on,
            headquarters: self.headquarters.clone(),
            from: None,
            known_on: None,
            codified: false,
            facts: parts(&self.facts).iter().map(|fact| pair(fact)).collect(),
            end_user: self.end_user.clone(),
            end_user_id: self.end_user_id.clone(),
            owners: parts(&self.owners).iter().map(|text| owner(text)).collect(),
            scenario: Scenario::default(),
        }
    }
}

fn cases() -> Vec<Case> {
    csv::Reader::from_reader(CASES.as_bytes()).deserialize().map(|case| case.expect("a case")).collect()
}

fn outcome(answer: &CheckAnswer) -> String {
    let json = serde_json::to_value(answer).expect("JSON");
    json.pointer("/end_user/outcome").and_then(|it| it.as_str()).unwrap_or_default().to_owned()
}

#[test]
fn an_end_user_is_looked_up_and_its_listing_applied() {
    let workbench = Workbench::default();
    let mut wrong = String::new();
    for case in cases() {
        let answer = Check::run(&workbench, &case.request()).expect("an answer");
        let missing: Vec<&str> =
            answer.determination.missing.iter().map(|missing| missing.fact.as_str()).collect();
        let found = (answer.determination.status.clone(), outcome(&answer), missing.join(";"));
        if found != (case.status.clone(), case.outcome.clone(), case.missing.clone()) {
            writeln!(wrong, "{} ({}): {found:?}", case.case, case.why).expect("text");
        }
        assert!(
            answer.determination.status != "undetermined" || !missing.is_empty(),
            "{}: an open answer says what to supply",
            case.case
        );
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_table_answers_as_single_questions_do() {
    let workbench = Workbench::default();
    // A table has no columns for ids and owners.
    let cases: Vec<Case> =
        cases().into_iter().filter(|case| case.end_user_id.is_none() && case.owners.is_empty()).collect();
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["id", "item", "facts", "on", "to", "end_user"]).expect("a header");
    for case in &cases {
        let end_user = case.end_user.clone().unwrap_or_default();
        let row = [&case.case, &case.item, &case.facts, &case.on.to_string(), &case.to, &end_user];
        table.write_record(row).expect("a row");
    }
    let table = table.into_inner().expect("a table");
    let mut answers = Vec::new();
    let scenario = Scenario::default();
    let (input, progress) = (&mut table.as_slice(), &mut |_: u64| {});
    let summary = check_batch(&workbench, &scenario, BatchFormat::Csv, input, &mut answers, None, progress)
        .expect("answers");
    assert_eq!((summary.rows, summary.errors), (cases.len() as u64, 0));
    assert!(summary.notices.is_empty(), "{:?}", summary.notices);
    let mut reader = csv::Reader::from_reader(answers.as_slice());
    for (case, row) in cases.iter().zip(reader.deserialize::<std::collections::BTreeMap<String, String>>()) {
        let row = row.expect("a row");
        assert_eq!((&row["id"], &row["status"]), (&case.case, &case.status), "{}", case.why);
        assert_eq!(row["missing"], case.missing, "{}", case.case);
    }
}

#[test]
fn each_row_of_a_table_asks_the_lists_of_its_own_day_of_knowledge() {
    // EL-3410 stands in the lists of 2026-07-31 and not in those of 2026-07-09.
    let table = "item,on,to,known_on,end_user\n\
                 RTX 3090,2026-10-01,CN,,Arash Dadgar\n\
                 RTX 3090,2026-10-01,CN,2026-07-15,Arash Dadgar\n";
    let mut answers = Vec::new();
    let (workbench, scenario) = (Workbench::default(), Scenario::default());
    let (input, progress) = (&mut table.as_bytes(), &mut |_: u64| {});
    check_batch(&workbench, &scenario, BatchFormat::Csv, input, &mut answers, None, progress)
        .expect("answers");
    let mut reader = csv::Reader::from_reader(answers.as_slice());
    let rows = reader.deserialize::<std::collections::BTreeMap<String, String>>();
    let classes: Vec<String> = rows.map(|row| row.expect("a row")["class"].clone()).collect();
    assert_eq!(classes, ["licence", "no_licence"]);
}

#[test]
fn an_unknown_id_names_the_nearest() {
    let case = cases().into_iter().next().expect("a case");
    let request = CheckRequest { end_user_id: Some("EL-99999".to_owned()), ..case.request() };
    let failure = Check::run(&Workbench::default(), &request).expect_err("no such party");
    assert_eq!(failure.kind.exit_status(), 3);
    assert!(failure.message.contains("EL-99999"), "{}", failure.message);
}
