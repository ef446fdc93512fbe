//! One tree, many readings: they agree with one another, and with brute force.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "test code: a panic is the report")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use common::{Around, case, dictionary, fact, known_case, node, number};
use narrows_condition::trace::{Trace, trace};
use narrows_condition::{
    Case, Circuit, Column, Completions, Decided, Dictionary, Domain, Exploration, FactId, GateId, Judge,
    Node, Session, Span, Truth, crossings,
};
use proptest::prelude::*;

/// A circuit with the gates of some conditions, settled for the transaction of the tests.
fn compiled(nodes: &[&Node], dictionary: &Dictionary) -> (Circuit, Vec<GateId>) {
    let mut circuit = Circuit::new();
    let never = circuit.constant(false);
    let gates: Vec<GateId> = nodes
        .iter()
        .map(|node| circuit.compile(node, dictionary, &|_| never, &|_| None).expect("small numbers"))
        .collect();
    circuit.specialise(&gates, &mut Around::settle).expect("few tests")
}

fn domains(dictionary: &Dictionary) -> Vec<Domain> {
    dictionary.iter().map(|(_, fact)| Domain::of(&fact.kind)).collect()
}

fn evaluated(circuit: &Circuit, gate: GateId, case: &Case) -> Truth {
    let mut gates = Vec::new();
    circuit.evaluate(|test| circuit.tests()[test].truth(case), &mut gates);
    gates[gate.index()]
}

fn traced(node: &Node, dictionary: &Dictionary, case: &Case) -> Trace {
    trace(node, dictionary, case, &Around)
}

/// Two conditions give four statuses.
#[derive(Default)]
struct Two {
    outputs: Vec<GateId>,
    explorations: Vec<Exploration>,
}

impl Two {
    fn status(&self, gates: &[Truth]) -> Option<Decided> {
        let known = |gate: &GateId| match gates[gate.index()] {
            Truth::True => Some(1),
            Truth::False => Some(0),
            Truth::Unknown => None,
        };
        let status = known(&self.outputs[0])? * 2 + known(&self.outputs[1])?;
        Some(Decided { status, outcome: status })
    }
}

impl Judge for Two {
    fn decide(&mut self, gates: &[Truth]) -> Option<Decided> {
        self.status(gates)
    }

    fn conclude(&mut self, exploration: &Exploration) -> u32 {
        self.explorations.push(exploration.clone());
        u32::try_from(self.explorations.len() - 1).expect("few explorations")
    }
}

/// Values of one fact that tell its cells apart, the other facts being as in `case`, for
/// facts that no test ties to another unknown one: thresholds, points beside and between them.
fn samples(circuit: &Circuit, case: &Case, fact: FactId, span: Span) -> Vec<i64> {
    let mut known = case.clone();
    let mut turns: BTreeSet<i64> = [span.low, span.high].into();
    for start in [span.low, span.high] {
        known.set_span(fact, Span::exactly(start));
        for crossing in crossings(circuit, &known, fact) {
            turns.extend([crossing.value - 1, crossing.value, crossing.value + 1]);
        }
    }
    turns.into_iter().filter(|value| span.low <= *value && *value <= span.high).collect()
}

/// Facts of a case that are not known, with what they may be.
fn unknown(case: &Case, dictionary: &Dictionary) -> Vec<(FactId, Span)> {
    let each = dictionary.iter().map(|(id, _)| (id, case.span(id)));
    each.filter(|(_, span)| !span.is_exact() && !span.is_absent()).collect()
}

/// All completions that brute force looks at: each unknown fact takes its samples, given
/// those before it. With a forms of two unknown facts this misses cells, and finds no wrong ones.
fn brute_force(circuit: &Circuit, case: &Case, dictionary: &Dictionary, found: &mut Vec<Case>) {
    let Some((id, span)) = unknown(case, dictionary).first().copied() else {
        found.push(case.clone());
        return;
    };
    // Forms that tie this fact to others turn where the others are at their ends, too.
    let mut values: BTreeSet<i64> = BTreeSet::new();
    for low in [true, false] {
        let mut others = case.clone();
        for (other, span) in unknown(case, dictionary).into_iter().skip(1) {
            others.set_span(other, Span::exactly(if low { span.low } else { span.high }));
        }
        values.extend(samples(circuit, &others, id, span));
    }
    let thinned: Vec<i64> = values.into_iter().collect();
    for value in thinned {
        if found.len() > 3_000 {
            return;
        }
        let mut next = case.clone();
        next.set_span(id, Span::exactly(value));
        brute_force(circuit, &next, dictionary, found);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// The tree evaluated and the circuit compiled say the same of any case. Where tests are
    /// shared the circuit may be the sharper of two three-valued readings, never the other.
    #[test]
    fn trace_and_circuit_agree(node in node(&dictionary()), case in case(&dictionary())) {
        let dictionary = dictionary();
        let (circuit, gates) = compiled(&[&node], &dictionary);
        let (traced, run) = (traced(&node, &dictionary, &case).truth, evaluated(&circuit, gates[0], &case));
        prop_assert!(traced == run || traced.is_unknown(), "{traced:?} {run:?}");
    }

    #[test]
    fn trace_and_circuit_agree_on_known_cases(node in node(&dictionary()), case in known_case(&dictionary())) {
        let dictionary = dictionary();
        let (circuit, gates) = compiled(&[&node], &dictionary);
        let traced = traced(&node, &dictionary, &case);
        prop_assert!(!traced.truth.is_unknown());
        prop_assert_eq!(traced.truth, evaluated(&circuit, gates[0], &case));
        // A margin has the sign of its comparison.
        for (margin, truth) in traced.margins() {
            let Some(difference) = margin.margin else { continue };
            let holds = margin_holds(margin.operator, difference.millionths());
            // A quotient is rounded for display: within the last place the sign says nothing.
            if margin.fact != "density" || difference.millionths().abs() > 1 {
                prop_assert_eq!(Truth::from(holds), truth, "{:?}", margin);
            }
        }
    }

    /// Knowing more never turns a definite truth into another definite one.
    #[test]
    fn knowledge_only_refines(node in node(&dictionary()), case in case(&dictionary())) {
        let dictionary = dictionary();
        let (circuit, gates) = compiled(&[&node], &dictionary);
        let before = evaluated(&circuit, gates[0], &case);
        for (id, span) in unknown(&case, &dictionary) {
            let mut more = case.clone();
            more.set_span(id, Span::exactly(span.high));
            let after = evaluated(&circuit, gates[0], &more);
            prop_assert!(before.is_unknown() || before == after, "{before:?} {after:?}");
        }
    }
}

fn margin_holds(operator: &str, difference: i64) -> bool {
    match operator {
        ">=" => difference >= 0,
        ">" => difference > 0,
        "<=" => difference <= 0,
        "<" => difference < 0,
        "=" => difference == 0,
        _ => difference != 0,
    }
}

/// What `Completions` finds for two conditions.
fn explored(circuit: &Circuit, outputs: &[GateId], case: &Case, dictionary: &Dictionary) -> Exploration {
    let two = Two { outputs: outputs.to_vec(), ..Two::default() };
    Completions::new(circuit, &domains(dictionary), case).explore(&mut |gates| two.status(gates))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever brute force reaches, the exact walk has found: statuses, and facts on which
    /// they hang. What the walk calls definite is so for every completion.
    #[test]
    fn completions_cover_brute_force(
        first in node(&dictionary()),
        second in node(&dictionary()),
        case in case(&dictionary()),
    ) {
        let dictionary = dictionary();
        let (circuit, outputs) = compiled(&[&first, &second], &dictionary);
        let exact = explored(&circuit, &outputs, &case, &dictionary);
        prop_assert!(!exact.exhausted);
        let mut completions = Vec::new();
        brute_force(&circuit, &case, &dictionary, &mut completions);
        let two = Two { outputs: outputs.clone(), ..Two::default() };
        let mut statuses: BTreeMap<Vec<(i64, i64)>, u32> = BTreeMap::new();
        for completion in &completions {
            let mut gates = Vec::new();
            circuit.evaluate(|test| circuit.tests()[test].truth(completion), &mut gates);
            let status = two.status(&gates).expect("everything is known").status;
            prop_assert!(exact.statuses.contains(&status), "{completion:?}");
            statuses.insert(completion.spans().iter().map(|span| (span.low, span.high)).collect(), status);
        }
        let mut keys: Vec<(Vec<(i64, i64)>, u32)> = statuses.into_iter().collect();
        for (position, (id, _)) in dictionary.iter().enumerate() {
            // Completions that differ in this fact alone stand side by side once it is set aside.
            let aside = |spans: &[(i64, i64)]| {
                let mut rest = spans.to_vec();
                rest[position] = (0, 0);
                rest
            };
            keys.sort_by_key(|(spans, _)| aside(spans));
            for pair in keys.chunk_by(|a, b| aside(&a.0) == aside(&b.0)) {
                let different: BTreeSet<u32> = pair.iter().map(|(_, status)| *status).collect();
                prop_assert!(
                    different.len() < 2 || exact.missing.contains(&id),
                    "`{}` matters and is not named", dictionary.fact(id).name
                );
            }
        }
    }

    /// Where nothing ties two unknown facts together, brute force is complete, and both find
    /// the same.
    #[test]
    fn completions_equal_brute_force_for_one_unknown(
        first in node(&dictionary()),
        second in node(&dictionary()),
        known in known_case(&dictionary()),
        which in prop::sample::select(vec!["rate", "area", "memory", "links", "cores", "listed", "kind"]),
    ) {
        let dictionary = dictionary();
        let id = fact(&dictionary, which);
        let mut case = known;
        match domains(&dictionary)[id.index()] {
            Domain::Real(span) | Domain::Discrete(span) => case.set_span(id, span),
            Domain::Contextual => unreachable!(),
        }
        let (circuit, outputs) = compiled(&[&first, &second], &dictionary);
        let exact = explored(&circuit, &outputs, &case, &dictionary);
        let mut completions = Vec::new();
        brute_force(&circuit, &case, &dictionary, &mut completions);
        let two = Two { outputs: outputs.clone(), ..Two::default() };
        let statuses: BTreeSet<u32> = completions
            .iter()
            .map(|completion| {
                let mut gates = Vec::new();
                circuit.evaluate(|test| circuit.tests()[test].truth(completion), &mut gates);
                two.status(&gates).expect("everything is known").status
            })
            .collect();
        // A ratio, or a sum with a multiple, may meet its threshold between two millionths only.
        let finer = exact.statuses.is_superset(&statuses) && ["rate", "area", "links", "memory"].contains(&which);
        prop_assert!(exact.statuses == statuses || finer, "{exact:?} {statuses:?}");
        let expected: Vec<FactId> = if exact.statuses.len() > 1 { vec![id] } else { Vec::new() };
        prop_assert_eq!(&exact.missing, &expected);

        // Along the fact, stretches follow one another and hold what their values give.
        let stretches = Completions::new(&circuit, &domains(&dictionary), &case)
            .along(id, &mut |gates| two.status(gates));
        for pair in stretches.windows(2) {
            prop_assert!(pair[0].high == pair[1].low || matches!(domains(&dictionary)[id.index()], Domain::Discrete(_)));
            prop_assert!(pair[0].statuses != pair[1].statuses);
        }
    }

    /// A table answers every row as a single case is answered, unknown values included.
    #[test]
    fn columns_answer_as_single_cases(
        first in node(&dictionary()),
        second in node(&dictionary()),
        base in case(&dictionary()),
        rows in prop::collection::vec(case(&dictionary()), 1..60),
        names in prop::sample::subsequence(
            vec!["rate", "area", "density", "memory", "links", "cores", "listed", "tested", "kind"], 1..=9,
        ),
    ) {
        let dictionary = dictionary();
        let (circuit, outputs) = compiled(&[&first, &second], &dictionary);
        let domains: Arc<[Domain]> = domains(&dictionary).into();
        let ids: Vec<FactId> = names.iter().map(|name| fact(&dictionary, name)).collect();
        let values: Vec<Vec<i64>> =
            ids.iter().map(|id| rows.iter().map(|row| row.span(*id).low).collect()).collect();
        let unknown: Vec<Vec<bool>> =
            ids.iter().map(|id| rows.iter().map(|row| !row.span(*id).is_exact()).collect()).collect();
        let columns: Vec<Column<'_>> = ids
            .iter()
            .zip(values.iter().zip(&unknown))
            .map(|(id, (values, unknown))| Column { fact: *id, values, unknown: Some(unknown) })
            .collect();
        let mut judge = Two { outputs: outputs.clone(), ..Two::default() };
        let mut session = Session::new(Arc::new(circuit.clone()), Arc::clone(&domains));
        let mut answers = vec![0; rows.len()];
        session.run(&base, &columns, &mut judge, &mut answers);
        for (at, row) in rows.iter().enumerate() {
            let mut single = base.clone();
            for id in &ids {
                let span = row.span(*id);
                let whole = match domains[id.index()] {
                    // A ratio with an empty cell is taken from its parts.
                    _ if span.is_absent() => span,
                    Domain::Real(whole) | Domain::Discrete(whole) => whole,
                    Domain::Contextual => unreachable!(),
                };
                single.set_span(*id, if span.is_exact() { span } else { whole });
            }
            let alone = explored(&circuit, &outputs, &single, &dictionary);
            let table = &judge.explorations[answers[at] as usize];
            prop_assert_eq!(&table.statuses, &alone.statuses, "row {}", at);
            prop_assert_eq!(&table.missing, &alone.missing, "row {}", at);
        }
    }

    /// A crossing is where the test turns over, and nowhere nearer.
    #[test]
    fn a_crossing_turns_its_test(node in node(&dictionary()), case in known_case(&dictionary())) {
        let dictionary = dictionary();
        let (circuit, _) = compiled(&[&node], &dictionary);
        for name in ["rate", "area", "memory", "links", "cores"] {
            let id = fact(&dictionary, name);
            let here = case.span(id).low;
            for crossing in crossings(&circuit, &case, id) {
                let test = &circuit.tests()[crossing.test];
                let at = |value: i64| {
                    let mut other = case.clone();
                    other.set_span(id, Span::exactly(value));
                    test.truth(&other)
                };
                prop_assert_ne!(at(crossing.value), at(here));
                let nearer = if crossing.value > here { crossing.value - 1 } else { crossing.value + 1 };
                prop_assert_eq!(at(nearer), at(here));
            }
        }
    }
}

#[test]
fn a_quotient_is_compared_without_division() {
    let dictionary = dictionary();
    let node =
        |text: &str| narrows_condition::parse(text, &dictionary, &common::Words).expect("a condition").root;
    let exact = node("density >= 5.92 TPP/mm2");
    let mut case = Case::unknown(&dictionary);
    // 740 / 125 is 5.92 and not a hair less.
    for (rate, area, holds) in [
        ("740", "125", Truth::True),
        ("739.999999", "125", Truth::False),
        ("740", "125.000001", Truth::False),
        ("0.000006", "1", Truth::False),
    ] {
        case.set(&dictionary, fact(&dictionary, "rate"), Some(&number(rate)));
        case.set(&dictionary, fact(&dictionary, "area"), Some(&number(area)));
        assert_eq!(traced(&exact, &dictionary, &case).truth, holds, "{rate} / {area}");
    }
}

#[test]
fn an_unknown_that_cannot_matter_is_not_missing() {
    let dictionary = dictionary();
    let node =
        |text: &str| narrows_condition::parse(text, &dictionary, &common::Words).expect("a condition").root;
    // Kleene's logic alone would leave this open.
    let always = node("rate >= 5 TPP or rate < 5 TPP");
    let hangs = node("listed and memory >= 3 GB/s");
    let (circuit, outputs) = compiled(&[&always, &hangs], &dictionary);
    let case = Case::unknown(&dictionary);
    let found = explored(&circuit, &outputs, &case, &dictionary);
    assert_eq!(found.statuses, [2, 3].into());
    assert_eq!(found.missing, [fact(&dictionary, "listed"), fact(&dictionary, "memory")]);
}
