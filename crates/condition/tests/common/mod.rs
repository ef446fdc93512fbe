//! A small dictionary, and conditions drawn at random over it.

use jiff::civil::Date;
use narrows_condition::trace::{Surroundings, Trace};
use narrows_condition::{
    Case, Comparison, DayComparison, Dictionary, Fact, FactId, FactType, Membership, Node, Operator, Role,
    Settled, Span, Term, Test, Truth, Value, Vocabulary, WhenMissing,
};
use narrows_quantity::{Decimal, Interval, UnitTable};
use proptest::prelude::*;

/// Facts: `rate`, `area`, `density` = rate / area, `memory`, `links`, `cores` (a bare
/// count), `listed`, `tested`, `kind` (chip, card, board), `item`, `destination`, `on`.
pub(crate) fn dictionary() -> Dictionary {
    let mut units = UnitTable::new();
    for symbol in ["TPP", "mm2", "TPP/mm2", "GB/s"] {
        units.declare_base(symbol).expect("a new unit");
    }
    units.declare("TB/s", "GB/s", Decimal::whole(1_000)).expect("a new unit");
    let mut dictionary = Dictionary::new(units);
    let range =
        |low: i32, high: i32| Interval::new(Decimal::whole(low), Decimal::whole(high)).expect("in order");
    let number = |unit: &str, low: i32, high: i32| FactType::Number {
        unit: Some(unit.to_owned()),
        range: range(low, high),
    };
    let mut add = |name: &str, kind: FactType, role: Option<Role>| {
        let fact = Fact {
            name: name.to_owned(),
            title: format!("the {name}"),
            definition: String::new(),
            source: String::new(),
            kind,
            missing: WhenMissing::Unknown,
            otherwise: None,
            role,
            question: false,
        };
        dictionary.add(fact).expect("a new fact")
    };
    let rate = add("rate", number("TPP", 0, 1_000), None);
    let area = add("area", number("mm2", 1, 1_000), None);
    let density = FactType::Ratio {
        numerator: rate,
        denominator: area,
        unit: Some("TPP/mm2".to_owned()),
        range: range(0, 1_000),
    };
    add("density", density, None);
    add("memory", number("GB/s", 0, 1_000), None);
    add("links", number("GB/s", 0, 1_000), None);
    add("cores", FactType::Number { unit: None, range: range(-100, 100) }, None);
    add("listed", FactType::Truth, None);
    add("tested", FactType::Truth, None);
    let words = ["chip", "card", "board"].map(|word| (word.to_owned(), format!("a {word}")));
    add("kind", FactType::Choice { values: words.to_vec() }, None);
    add("item", FactType::Name { register: "items".to_owned() }, None);
    add("destination", FactType::Place, Some(Role::Destination));
    add("on", FactType::Date, Some(Role::On));
    dictionary
}

/// Places AA, BB, CC and the groups G:1 and G:2; items 1234, alpha and beta.
pub(crate) struct Words;

impl Vocabulary for Words {
    fn knows_place(&self, name: &str) -> bool {
        ["AA", "BB", "CC", "G:1", "G:2"].contains(&name)
    }

    fn knows_name(&self, _: &str, name: &str) -> bool {
        ["1234", "alpha", "beta", "two words"].contains(&name)
    }

    fn nearest_name(&self, register: Option<&str>, _: &str) -> Option<String> {
        Some(if register.is_some() { "alpha".to_owned() } else { "AA".to_owned() })
    }
}

/// The transaction that tests of places, names and days are settled for.
pub(crate) struct Around;

impl Around {
    pub(crate) const ON: Date = Date::constant(2024, 6, 1);

    fn holds(membership: &Membership) -> bool {
        let items = ["AA", "G:1", "alpha"];
        membership.items.iter().any(|item| items.contains(&item.as_str()))
    }

    pub(crate) fn settle(test: &Test) -> Settled {
        match test {
            Test::Day { operator, day, .. } => Settled::Constant(operator.holds(&Self::ON, day)),
            Test::Member { fact, items } => {
                Settled::Constant(Self::holds(&Membership { fact: *fact, items: items.clone() }))
            }
            _ => Settled::Kept,
        }
    }
}

impl Surroundings for Around {
    fn contextual_value(&self, _: FactId) -> Option<String> {
        Some("AA".to_owned())
    }

    fn is_member(&self, membership: &Membership) -> Truth {
        Truth::from(Self::holds(membership))
    }

    fn day_holds(&self, comparison: &DayComparison) -> Truth {
        Truth::from(comparison.operator.holds(&Self::ON, &comparison.day))
    }

    fn provision(&self, _: &str) -> (Truth, Option<Trace>) {
        (Truth::False, None)
    }

    fn presumed(&self, _: FactId) -> Truth {
        Truth::False
    }
}

pub(crate) fn fact(dictionary: &Dictionary, name: &str) -> FactId {
    dictionary.require(name).expect("a fact of this dictionary")
}

fn operator() -> impl Strategy<Value = Operator> {
    prop::sample::select(vec![
        Operator::AtLeast,
        Operator::Above,
        Operator::AtMost,
        Operator::Below,
        Operator::Equal,
        Operator::Unequal,
    ])
}

/// Thresholds from a small set, so that values meet them.
fn threshold() -> impl Strategy<Value = Decimal> {
    prop::sample::select(vec![0_i64, 1, 2, 3, 500_000, 5_920_000, 7_000_000]).prop_map(|number| {
        if number < 10 {
            Decimal::from_millionths(number * 1_000_000)
        } else {
            Decimal::from_millionths(number)
        }
    })
}

fn comparison(dictionary: &Dictionary) -> impl Strategy<Value = Node> + use<> {
    let named = |name: &str| fact(dictionary, name);
    let plain =
        |coefficient: i64, fact: FactId| Term { coefficient: Decimal::from_millionths(coefficient), fact };
    let sums: Vec<Vec<Term>> = vec![
        vec![plain(1_000_000, named("rate"))],
        vec![plain(1_000_000, named("density"))],
        vec![plain(1_000_000, named("memory"))],
        vec![plain(1_000_000, named("links"))],
        vec![plain(1_000_000, named("cores"))],
        vec![plain(1_000_000, named("memory")), plain(1_000_000, named("links"))],
        vec![plain(1_000_000, named("memory")), plain(-2_500_000, named("links"))],
        vec![plain(-1_000_000, named("cores"))],
    ];
    (prop::sample::select(sums), operator(), threshold()).prop_map(|(terms, operator, threshold)| {
        Node::Compare(Comparison { terms, operator, threshold, span: 0..0 })
    })
}

/// Conditions of every kind, without provisions.
pub(crate) fn node(dictionary: &Dictionary) -> impl Strategy<Value = Node> + use<> {
    let (listed, tested) = (fact(dictionary, "listed"), fact(dictionary, "tested"));
    let member = |fact: FactId, items: &[&str]| {
        Node::Member(Membership { fact, items: items.iter().map(|item| (*item).to_owned()).collect() })
    };
    let kind = fact(dictionary, "kind");
    let (item, destination, on) =
        (fact(dictionary, "item"), fact(dictionary, "destination"), fact(dictionary, "on"));
    let fixed = prop::sample::select(vec![
        Node::Constant(true),
        Node::Constant(false),
        Node::Truth(listed),
        Node::Truth(tested),
        member(kind, &["chip"]),
        member(kind, &["card", "board"]),
        member(item, &["alpha", "two words"]),
        member(item, &["1234"]),
        member(destination, &["AA"]),
        member(destination, &["BB", "G:2"]),
    ]);
    let day = operator().prop_map(move |operator| {
        Node::Day(DayComparison { fact: on, operator, day: Date::constant(2024, 6, 1) })
    });
    let leaf = prop_oneof![3 => fixed, 5 => comparison(dictionary), 1 => day];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|node| Node::Not(Box::new(node))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Node::All),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Node::Any),
            inner.prop_map(|node| Node::Limb { label: "a.1".to_owned(), node: Box::new(node) }),
        ]
    })
}

/// A value of a fact in millionths, near the thresholds more often than not, and within
/// its range.
fn value(low: i64, high: i64) -> impl Strategy<Value = i64> {
    let near = prop::sample::select(vec![
        0, 1, 999_999, 1_000_000, 1_000_001, 2_000_000, 3_000_000, 500_000, 5_920_000, 5_919_999, 7_000_000,
        -1_000_000, -2_000_000,
    ]);
    prop_oneof![3 => near, 1 => low..=high].prop_map(move |value| value.clamp(low, high))
}

/// What is known of a number: a value, bounds, or nothing.
fn span(low: i64, high: i64) -> impl Strategy<Value = Span> {
    prop_oneof![
        5 => value(low, high).prop_map(Span::exactly),
        1 => (value(low, high), value(low, high))
            .prop_map(|(a, b)| Span { low: a.min(b), high: a.max(b) }),
        2 => Just(Span { low, high }),
    ]
}

/// Cases in which some facts are known, some within bounds and some not at all.
pub(crate) fn case(dictionary: &Dictionary) -> impl Strategy<Value = Case> + use<> {
    let dictionary = dictionary.clone();
    let thousand = 1_000_000_000;
    let numbers = (
        span(0, thousand),
        span(1_000_000, thousand),
        prop_oneof![4 => Just(Span::ABSENT), 1 => value(0, thousand).prop_map(Span::exactly)],
        span(0, thousand),
        span(0, thousand),
        span(-100_000_000, 100_000_000),
    );
    let truth = || prop::sample::select(vec![Span::exactly(0), Span::exactly(1), Span { low: 0, high: 1 }]);
    let kind = prop::sample::select(vec![
        Span::exactly(0),
        Span::exactly(1),
        Span::exactly(2),
        Span { low: 0, high: 2 },
    ]);
    (numbers, truth(), truth(), kind).prop_map(move |(numbers, listed, tested, kind)| {
        let mut case = Case::unknown(&dictionary);
        let named = [
            ("rate", numbers.0),
            ("area", numbers.1),
            ("density", numbers.2),
            ("memory", numbers.3),
            ("links", numbers.4),
            ("cores", numbers.5),
            ("listed", listed),
            ("tested", tested),
            ("kind", kind),
        ];
        for (name, span) in named {
            case.set_span(fact(&dictionary, name), span);
        }
        case
    })
}

/// The same case with every fact known exactly.
pub(crate) fn known_case(dictionary: &Dictionary) -> impl Strategy<Value = Case> + use<> {
    let dictionary = dictionary.clone();
    case(&dictionary).prop_map(move |mut case| {
        for (id, _) in dictionary.iter() {
            let span = case.span(id);
            if !span.is_absent() && !span.is_exact() {
                case.set_span(id, Span::exactly(span.low));
            }
        }
        case
    })
}

/// A number as a value, for cases set from values.
pub(crate) fn number(text: &str) -> Value {
    Value::Number(Interval::exactly(text.parse().expect("a decimal")))
}
