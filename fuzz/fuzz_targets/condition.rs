//! Any text as a condition.
//!
//! Nothing may panic. What is refused is refused with a message and a place within the text.
//! What is read is printed, and what is printed reads again as the same; traced and compiled
//! it comes to the same on cases of which nothing, something and everything is known.

#![no_main]

use std::collections::BTreeSet;
use std::sync::OnceLock;

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use narrows::Workbench;
use narrows_condition::trace::{Surroundings, Trace, trace};
use narrows_condition::words::{Naming, outline};
use narrows_condition::{
    Case, Circuit, DayComparison, Dictionary, Fact, FactId, FactType, MAX_LENGTH, Membership, Node,
    ParseError, Span, Test, Truth, Vocabulary, WhenMissing, canonical_text, parse,
};
use narrows_quantity::{Decimal, Interval};

/// The facts of the law that is built in, with some of extreme ranges, and the names of the
/// data that is built in, with some that need quotation marks.
struct Language {
    dictionary: Dictionary,
    places: BTreeSet<String>,
    names: BTreeSet<String>,
    cases: Vec<Case>,
}

impl Language {
    fn read() -> Self {
        let workbench = Workbench::default();
        let law = workbench.law().expect("the law that is built in");
        let chips = workbench.chips().expect("the chips that are built in");
        let jurisdiction = law.jurisdiction(None).expect("a jurisdiction");
        let mut dictionary = jurisdiction.dictionary.clone();
        add_extremes(&mut dictionary);
        let places = law.places().iter().map(|place| place.code.clone());
        let groups = law.places().groups().map(|group| group.id.clone());
        let names = chips.iter().map(|chip| chip.id.clone());
        let vendors = chips.vendors().map(|vendor| vendor.id.clone());
        let odd = ["1234", "two words", "#"].map(str::to_owned);
        Self {
            cases: cases(&dictionary),
            dictionary,
            places: places.chain(groups).collect(),
            names: names.chain(vendors).chain(odd).collect(),
        }
    }

    fn parse(&self, text: &str) -> Result<Node, ParseError> {
        parse(text, &self.dictionary, self).map(|condition| {
            assert_eq!(condition.text, text, "a condition keeps its text");
            condition.root
        })
    }
}

/// A count without a unit and with every value that can be held, what divides it, and their
/// quotient; a measure that is mostly negative; a choice of one word.
fn add_extremes(dictionary: &mut Dictionary) {
    let range = |low: Decimal, high: Decimal| Interval::new(low, high).expect("in order");
    let number = |low, high| FactType::Number { unit: None, range: range(low, high) };
    let mut add = |name: &str, kind: FactType| {
        let fact = Fact {
            name: name.to_owned(),
            title: format!("the {name}"),
            definition: String::new(),
            source: String::new(),
            kind,
            missing: WhenMissing::Unknown,
            otherwise: None,
            role: None,
            question: false,
        };
        dictionary.add(fact).expect("a new fact")
    };
    let wide = add("wide", number(Decimal::MIN, Decimal::MAX));
    let divisor = add("divisor", number(Decimal::STEP, Decimal::MAX));
    let quotient = FactType::Ratio {
        numerator: wide,
        denominator: divisor,
        unit: None,
        range: range(Decimal::MIN, Decimal::MAX),
    };
    add("quotient", quotient);
    add("depth", number(Decimal::whole(-1_000), Decimal::ONE));
    add("sole", FactType::Choice { values: vec![("only".to_owned(), "the only one".to_owned())] });
}

/// Nothing known; everything at its least, at its greatest; some known and some not.
fn cases(dictionary: &Dictionary) -> Vec<Case> {
    let unknown = Case::unknown(dictionary);
    let ends = |fact: FactId| match &dictionary.fact(fact).kind {
        FactType::Number { range, .. } | FactType::Ratio { range, .. } => {
            Span { low: range.low().millionths(), high: range.high().millionths() }
        }
        _ => unknown.span(fact),
    };
    let with = |choose: &dyn Fn(usize, Span) -> Option<Span>| {
        let mut case = unknown.clone();
        for (position, (fact, _)) in dictionary.iter().enumerate() {
            if let Some(span) = choose(position, ends(fact)) {
                case.set_span(fact, span);
            }
        }
        case
    };
    vec![
        unknown.clone(),
        with(&|_, ends| Some(Span::exactly(ends.low))),
        with(&|_, ends| Some(Span::exactly(ends.high))),
        with(&|position, ends| (position % 2 == 0).then(|| Span::exactly(ends.high))),
        with(&|position, ends| (position % 3 != 0).then(|| Span::exactly(ends.low.midpoint(ends.high)))),
    ]
}

impl Vocabulary for Language {
    fn knows_place(&self, name: &str) -> bool {
        self.places.contains(name)
    }

    fn knows_name(&self, _: &str, name: &str) -> bool {
        self.names.contains(name)
    }

    fn nearest_name(&self, register: Option<&str>, name: &str) -> Option<String> {
        let names = if register.is_some() { &self.names } else { &self.places };
        narrows_quantity::nearest(name, names.iter().map(String::as_str))
    }
}

impl Naming for Language {
    fn provision(&self, id: &str) -> String {
        id.to_owned()
    }

    fn place(&self, name: &str) -> String {
        name.to_owned()
    }

    fn name(&self, _: &str, name: &str) -> String {
        name.to_owned()
    }
}

/// A transaction of which no test of places, names and days holds, under a law without
/// provisions.
struct Nowhere;

impl Surroundings for Nowhere {
    fn contextual_value(&self, _: FactId) -> Option<String> {
        None
    }

    fn is_member(&self, _: &Membership) -> Truth {
        Truth::False
    }

    fn day_holds(&self, _: &DayComparison) -> Truth {
        Truth::False
    }

    fn provision(&self, _: &str) -> (Truth, Option<Trace>) {
        (Truth::False, None)
    }

    fn presumed(&self, _: FactId) -> Truth {
        Truth::False
    }
}

/// What a condition comes to in every case, traced and compiled; none if it leaves exact
/// arithmetic, with which law is refused when it is read and never traced.
fn outcomes(node: &Node, language: &Language) -> Option<Vec<Truth>> {
    let mut circuit = Circuit::new();
    let never = circuit.constant(false);
    let gate = circuit.compile(node, &language.dictionary, &|_| never, &|_| None).ok()?;
    let mut gates = Vec::new();
    let each = language.cases.iter().map(|case| {
        let traced = trace(node, &language.dictionary, case, &Nowhere);
        for (margin, _) in traced.margins() {
            assert!(!margin.value_text().is_empty());
        }
        let test = |position: usize| match &circuit.tests()[position] {
            Test::Member { .. } | Test::Day { .. } => Truth::False,
            test => test.truth(case),
        };
        circuit.evaluate(test, &mut gates);
        assert_eq!(traced.truth, gates[gate.index()], "the trace and the circuit disagree");
        traced.truth
    });
    Some(each.collect())
}

fn check_refusal(text: &str, error: &ParseError) {
    assert!(!error.message.is_empty(), "a refusal says why");
    assert!(error.line >= 1 && error.column >= 1);
    // A text that is too long is refused unread, as a whole.
    assert!(text.get(error.span.clone()).is_some(), "{:?} is no part of the text", error.span);
}

/// Printed, a condition may be longer or deeper than it was written (a comparison between two
/// bounds becomes two), so that one at the limit of what is read may lie beyond it.
fn is_a_limit(error: &ParseError) -> bool {
    error.message.contains(" at most ")
}

/// Words of the language, and some that it refuses.
const WORDS: &str = "\
    and or not in is limb always never >= > <= < != + - * ( ) { } tpp wide divisor quotient \
    performance_density datacenter item_kind logic_ic destination CN D:5 on 2024-02-29 TPP TPP/mm2 \
    TB/s us.bis.3A090.a 9223372036854.775807 9223372036854 0.000001 0 1 1e308 NaN";

static LANGUAGE: OnceLock<Language> = OnceLock::new();

fuzz_target!(
    init: {
        LANGUAGE.get_or_init(Language::read);
    },
    |input: &[u8]| -> Corpus {
        let Ok(text) = std::str::from_utf8(input) else { return Corpus::Reject };
        let language = LANGUAGE.get_or_init(Language::read);
        let node = match language.parse(text) {
            Ok(node) => node,
            Err(error) => {
                check_refusal(text, &error);
                return narrows_fuzz::keep_few(input);
            }
        };
        assert!(text.len() <= MAX_LENGTH);
        assert!(!outline(&node, &language.dictionary, language).is_empty(), "a condition has words");
        let outcomes_of_text = outcomes(&node, language);
        let printed = canonical_text(&node, &language.dictionary);
        match language.parse(&printed) {
            Ok(again) => {
                let twice = canonical_text(&again, &language.dictionary);
                assert_eq!(twice, printed, "printed twice, it is another text");
                assert_eq!(
                    outcomes(&again, language),
                    outcomes_of_text,
                    "`{printed}` means something else"
                );
            }
            Err(error) if is_a_limit(&error) => check_refusal(&printed, &error),
            Err(error) => panic!("`{printed}` does not read again: {error}"),
        }
        Corpus::Keep
    }
);

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    narrows_fuzz::mutate(data, size, max_size, seed, 0, WORDS)
});
