//! The law of one day in Narrows, and how its answers name the paragraph.

use narrows::{Date, Examiner, Question, Scenario, View, Workbench};
use narrows_condition::{Case, Column, FactId, Span};
use narrows_law::{Answer, Docket, Edition, Reading, reading};

use crate::chips::{Chip, Paragraph};

/// A day on which the rule of October 2023 is in force and its correction of 2024 is not.
pub(crate) const DAY: Date = Date::constant(2024, 3, 1);

/// The law settled for a shipment to China, ready for any logic chip for datacenters.
pub(crate) struct Narrows {
    /// For single cases.
    pub(crate) docket: Docket,
    /// For tables in which TPP and performance density have columns.
    in_columns: Docket,
    cases: Cases,
}

/// Makes a case of a chip.
#[derive(Clone)]
pub(crate) struct Cases {
    base: Case,
    tpp: FactId,
    density: FactId,
}

/// The question about a chip, as it is asked on the command line.
pub(crate) fn question(chip: &Chip) -> Question {
    let density = format!("{}.{:03}", chip.density / 1_000, chip.density % 1_000);
    let facts = [
        ("item_kind", "logic_ic".to_owned()),
        ("datacenter", "true".to_owned()),
        ("tpp", chip.tpp.to_string()),
        ("performance_density", density),
    ];
    Question {
        facts: facts.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        on: DAY,
        to: "CN".to_owned(),
        view: View::Enforced,
        ..Question::default()
    }
}

/// An examiner of the embedded law.
pub(crate) fn examiner(workbench: &Workbench) -> Examiner<'_> {
    Examiner::new(workbench, &Scenario::default()).expect("sound data")
}

impl Narrows {
    pub(crate) fn new(examiner: &mut Examiner<'_>) -> Self {
        let dictionary = &examiner.jurisdiction().dictionary;
        let fact = |name: &str| dictionary.find(name).expect("a fact of the embedded data");
        let (tpp, density) = (fact("tpp"), fact("performance_density"));
        let any_chip = Chip { tpp: 2_000, density: 4_000 };
        let prepared = examiner.prepare(&question(&any_chip)).expect("a sound question");
        let base = prepared.item.facts.case.clone();
        let docket = examiner.docket(prepared.view, &prepared.transaction).expect("sound data").clone();
        let in_columns = docket.for_columns(&base, &[tpp, density]).expect("few tests");
        Self { docket, in_columns, cases: Cases { base, tpp, density } }
    }

    /// What makes cases.
    pub(crate) fn cases(&self) -> Cases {
        self.cases.clone()
    }

    pub(crate) fn paragraph(&mut self, case: &Case) -> Paragraph {
        let number = self.docket.decide(case);
        paragraph_of(self.docket.edition(), self.docket.answer_of(number))
    }

    /// The answer of a case, with what `look` makes of it, and of each of its readings.
    pub(crate) fn reasons(
        &mut self,
        case: &Case,
        mut look: impl FnMut(&Edition, &Answer),
        mut look_at_reading: impl FnMut(Reading),
    ) {
        let number = self.docket.decide(case);
        look(self.docket.edition(), self.docket.answer_of(number));
        for test in self.docket.circuit().tests() {
            if let Some(reading) = reading(test, case) {
                look_at_reading(reading);
            }
        }
    }

    /// TPP and performance density of a table, in millionths.
    pub(crate) fn columns(chips: &[Chip]) -> [Vec<i64>; 2] {
        [
            chips.iter().map(|chip| chip.tpp * 1_000_000).collect(),
            chips.iter().map(|chip| chip.density * 1_000).collect(),
        ]
    }

    /// The paragraph of every row, from the answer of every row.
    pub(crate) fn paragraphs(&mut self, [tpp, density]: &[Vec<i64>; 2]) -> Vec<Paragraph> {
        let mut numbers = vec![0; tpp.len()];
        let columns = [
            Column { fact: self.cases.tpp, values: tpp, unknown: None },
            Column { fact: self.cases.density, values: density, unknown: None },
        ];
        self.in_columns.run(&self.cases.base, &columns, &mut numbers);
        // A table has few different answers: each is looked at once.
        let answers = numbers.iter().max().map_or(0, |highest| highest + 1);
        let edition = self.in_columns.edition();
        let paragraphs: Vec<Paragraph> =
            (0..answers).map(|number| paragraph_of(edition, self.in_columns.answer_of(number))).collect();
        numbers.into_iter().map(|number| paragraphs[number as usize]).collect()
    }
}

impl Cases {
    /// The facts that all chips have in common, and the two that differ.
    pub(crate) fn of(&self, chip: &Chip) -> Case {
        let mut case = self.base.clone();
        case.set_span(self.tpp, Span::exactly(chip.tpp * 1_000_000));
        case.set_span(self.density, Span::exactly(chip.density * 1_000));
        case
    }
}

/// The paragraph is a class among the deciding provisions.
pub(crate) fn paragraph_of(edition: &Edition, answer: &Answer) -> Paragraph {
    assert!(answer.status.is_some(), "everything that matters is known");
    let provisions = answer.deciding.iter().map(|id| edition.provision(*id).provision.as_str());
    paragraph_among(provisions)
}

/// The paragraph among ids of provisions.
pub(crate) fn paragraph_among<'a>(provisions: impl IntoIterator<Item = &'a str>) -> Paragraph {
    let mut paragraphs = provisions.into_iter().filter_map(|provision| match provision {
        "us.bis.3A090.a" => Some(Paragraph::A),
        "us.bis.3A090.b" => Some(Paragraph::B),
        _ => None,
    });
    paragraphs.next().unwrap_or(Paragraph::Neither)
}
