//! The language: what may be written, what it means, and what is said of what may not.

#![expect(clippy::expect_used, clippy::panic, reason = "test code: a panic is the report")]
#![expect(dead_code, reason = "the helpers serve several test files")]

mod common;

use common::{Words, dictionary, node};
use narrows_condition::words::{Naming, outline};
use narrows_condition::{Dictionary, Node, canonical_text, parse};
use proptest::prelude::*;

fn canonical(text: &str) -> String {
    let dictionary = dictionary();
    match parse(text, &dictionary, &Words) {
        Ok(condition) => canonical_text(&condition.root, &dictionary),
        Err(error) => panic!("{text}: {error}"),
    }
}

#[test]
fn precedence_is_not_then_and_then_or() {
    let same = [
        ("listed or tested and not listed", "listed or (tested and (not listed))"),
        ("not listed and tested", "(not listed) and tested"),
        ("not (listed or tested)", "not (listed or tested)"),
        ("not not listed", "listed"),
        ("listed and tested or listed and tested", "(listed and tested) or (listed and tested)"),
    ];
    for (plain, explicit) in same {
        assert_eq!(canonical(plain), canonical(explicit), "{plain}");
    }
    assert_ne!(canonical("not listed or tested"), canonical("not (listed or tested)"));
}

#[test]
fn every_form_is_read() {
    let forms = [
        ("rate >= 4800 TPP", "rate >= 4800 TPP"),
        ("4800 TPP <= rate", "rate >= 4800 TPP"),
        ("1 TPP <= rate < 2.5 TPP", "rate >= 1 TPP and rate < 2.5 TPP"),
        ("1.4 TB/s <= memory", "memory >= 1400 GB/s"),
        ("memory + links >= 1700 GB/s", "memory + links >= 1700 GB/s"),
        ("2 * memory - 0.5 * links > 3 GB/s", "2 * memory - 0.5 * links > 3 GB/s"),
        ("- cores >= - 3", "-cores >= - 3"),
        ("cores != 0", "cores != 0"),
        ("density >= 5.92 TPP/mm2", "density >= 5.92 TPP/mm2"),
        ("kind is chip", "kind is chip"),
        ("kind is not chip", "not kind is chip"),
        ("kind in {card, board}", "kind in {card, board}"),
        ("kind not in {card, board}", "not kind in {card, board}"),
        ("destination in {AA, G:1}", "destination in {AA, G:1}"),
        ("item is 1234", "item is \"1234\""),
        ("item is \"two words\"", "item is \"two words\""),
        ("on >= 2024-06-01", "on >= 2024-06-01"),
        ("limb a.1 (listed)", "limb a.1 (listed)"),
        ("limb 2 (listed)", "limb \"2\" (listed)"),
        ("limb \"memory bandwidth\" (listed)", "limb \"memory bandwidth\" (listed)"),
        ("law.a.b", "law.a.b"),
        ("always and not never", "always and not never"),
        ("listed # and the rest of the line is a comment\n and tested", "listed and tested"),
    ];
    let read: Vec<(&str, String)> = forms.iter().map(|(text, _)| (*text, canonical(text))).collect();
    let expected: Vec<(&str, String)> =
        forms.iter().map(|(text, read)| (*text, (*read).to_owned())).collect();
    assert_eq!(read, expected);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let dictionary = dictionary();
    let long = "listed or ".repeat(7_000);
    let deep = format!("{}listed{}", "(".repeat(70), ")".repeat(70));
    let wide = vec!["listed"; 5_000].join(" or ");
    let cases: Vec<(&str, &str)> = vec![
        (
            "",
            "line 1, column 1: expected a fact, a provision, a number or `(`, found the end of the condition",
        ),
        ("rat >= 1 TPP", "line 1, column 1: unknown fact `rat`; did you mean `rate`?"),
        ("rate >= 1", "line 1, column 9: expected a unit after 1 (`1 TPP`)"),
        ("rate >= 1 GB/s", "line 1, column 9: expected a quantity in TPP, found one in GB/s"),
        ("rate >= 1 parsec", "line 1, column 9: unknown unit `parsec`"),
        ("cores >= 1 TPP", "line 1, column 10: expected a plain number, found one in `TPP`"),
        (
            "rate >= 4800TPP",
            "line 1, column 9: expected a number, found `4800TPP`; write a space before the unit",
        ),
        (
            "rate >= 1.2345678 TPP",
            "line 1, column 9: expected at most six places after the decimal point, found `1.2345678`",
        ),
        (
            "rate >= 99999999999999 TPP",
            "line 1, column 9: the number is too large to be held exactly, found `99999999999999`",
        ),
        ("rate + memory >= 1 GB/s", "line 1, column 1: a sum needs one unit: found TPP and GB/s"),
        (
            "2 * density >= 1 TPP/mm2",
            "line 1, column 1: `density` is a ratio and can be compared only by itself",
        ),
        ("listed >= 1", "line 1, column 8: `listed` is true or false: write `listed` or `not listed`"),
        ("kind is disc", "line 1, column 9: expected one of chip, card, board, found `disc`"),
        ("kind chip", "line 1, column 6: expected `is`, `in` or `not in` after `kind`, found `chip`"),
        ("destination is XX", "line 1, column 16: unknown place or group of places `XX`; did you mean `AA`?"),
        ("item is gamma", "line 1, column 9: unknown entry of `items` `gamma`; did you mean `alpha`?"),
        ("on >= 2024-02-30", "line 1, column 7: `2024-02-30` is no day of the calendar"),
        ("on >= 3", "line 1, column 7: expected a day such as 2020-12-31, found `3`"),
        ("listed and", "line 1, column 11: expected a fact, a provision, a number or `(`, found the end"),
        (
            "listed tested",
            "line 1, column 8: expected `and`, `or` or the end of the condition, found `tested`",
        ),
        ("(listed", "line 1, column 8: expected `)`, found the end of the condition"),
        ("listed\nor (tested &", "line 2, column 12: `&` has no meaning in a condition"),
        ("kind in {chip", "line 1, column 14: expected `,` or `}`, found the end of the condition"),
        ("limb (listed)", "line 1, column 6: expected the label of a limb, such as `a.1`, found `(`"),
        ("item is \"alpha", "line 1, column 9: a quoted name is not closed"),
        ("rate", "line 1, column 5: expected one of `>=`, `>`, `<=`, `<`, `=`, `!=`, found the end"),
        (&long, "line 1, column 1: a condition has at most 65536 bytes, this one has 70000"),
        (&deep, "line 1, column 65: conditions nest at most 64 deep"),
        (&wide, "a condition has at most 4096 parts"),
    ];
    let mut surprises = String::new();
    for (text, expected) in cases {
        let error = parse(text, &dictionary, &Words).expect_err(text).to_string();
        if !error.contains(expected) {
            surprises.push_str(&format!("{text:.60}\n  says: {error}\n  not:  {expected}\n"));
        }
    }
    assert!(surprises.is_empty(), "{surprises}");
}

struct Plain;

impl Naming for Plain {
    fn provision(&self, id: &str) -> String {
        format!("§{id}")
    }

    fn place(&self, name: &str) -> String {
        format!("the land of {name}")
    }

    fn name(&self, _: &str, name: &str) -> String {
        name.to_owned()
    }
}

fn in_words(text: &str) -> String {
    let dictionary = dictionary();
    let condition = parse(text, &dictionary, &Words).expect("a condition");
    let lines = outline(&condition.root, &dictionary, &Plain);
    let lines: Vec<String> =
        lines.iter().map(|line| format!("{}{}", "  ".repeat(line.depth), line.text)).collect();
    lines.join("\n")
}

#[test]
fn a_condition_reads_as_an_outline() {
    assert_eq!(
        in_words("limb a.1 (rate >= 4800 TPP) or limb a.2 (1600 TPP <= rate < 2.5 TPP and not law.x)"),
        "any of:\n  (a.1) the rate of 4,800 TPP or more\n  \
         (a.2) the rate of 1,600 TPP or more and less than 2.5 TPP and not within §law.x"
    );
    assert_eq!(
        in_words("not (destination in {AA, BB, G:1} or listed)"),
        "not the following:\n  any of:\n    the destination is the land of AA, the land of BB or the land of G:1\n    the listed"
    );
    assert_eq!(
        in_words("memory + 2 * links > 3 GB/s"),
        "the memory plus 2 times the links greater than 3 GB/s"
    );
    assert_eq!(in_words("on < 2024-01-01"), "the on before 2024-01-01");
}

/// A tree as the parser builds it: no conjunction directly in a conjunction, no double
/// negation.
fn flattened(node: &Node) -> Node {
    let parts = |parts: &[Node], all: bool| {
        let mut flat = Vec::new();
        for part in parts.iter().map(flattened) {
            match part {
                Node::All(inner) if all => flat.extend(inner),
                Node::Any(inner) if !all => flat.extend(inner),
                other => flat.push(other),
            }
        }
        flat
    };
    match node {
        Node::All(inner) => Node::All(parts(inner, true)),
        Node::Any(inner) => Node::Any(parts(inner, false)),
        Node::Not(inner) => match flattened(inner) {
            Node::Not(twice) => *twice,
            other => Node::Not(Box::new(other)),
        },
        Node::Limb { label, node } => Node::Limb { label: label.clone(), node: Box::new(flattened(node)) },
        other => other.clone(),
    }
}

fn round_trip(node: &Node, dictionary: &Dictionary) -> Result<(), TestCaseError> {
    let text = canonical_text(node, dictionary);
    let read =
        parse(&text, dictionary, &Words).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
    let (read, node) = (flattened(&read.root), flattened(node));
    prop_assert!(read.means_the_same_as(&node), "{text}\n{read:?}\n{node:?}");
    prop_assert_eq!(canonical_text(&read, dictionary), text);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_printed_is_read_back(node in node(&dictionary())) {
        round_trip(&node, &dictionary())?;
    }

    #[test]
    fn no_text_brings_the_parser_down(text in ".{0,80}") {
        let _ = parse(&text, &dictionary(), &Words);
    }

    #[test]
    fn no_soup_of_words_brings_the_parser_down(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "and", "or", "not", "in", "is", "limb", "always", "(", ")", "{", "}", ",", "+", "-", "*", ">=",
                "<", "=", "rate", "density", "listed", "kind", "chip", "destination", "AA", "on", "2024-01-01",
                "4800", "1e308", "0.0000001", "TPP", "law.a", "\"", "#", "\n", "\u{0}", "🜛",
            ]),
            0..40,
        )
    ) {
        let _ = parse(&words.join(" "), &dictionary(), &Words);
    }
}
