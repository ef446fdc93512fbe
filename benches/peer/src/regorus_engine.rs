//! The rule in Rego, in the bytecode machine and in the interpreter of regorus.

use std::collections::BTreeMap;

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::RegoVM;
use regorus::{Engine, Value};

use crate::chips::{Chip, Paragraph};

const POLICY: &str = include_str!("../policy.rego");

/// The path of an entry point of the policy.
fn path(entry_point: &str) -> String {
    format!("data.export_control.{entry_point}")
}

/// The interpreter, with the policy read.
pub(crate) struct Interpreter {
    engine: Engine,
    rule: String,
}

impl Interpreter {
    pub(crate) fn new(entry_point: &str) -> Self {
        let mut engine = Engine::new();
        engine.add_policy("policy.rego".to_owned(), POLICY.to_owned()).expect("a sound policy");
        Self { engine, rule: path(entry_point) }
    }

    pub(crate) fn answer(&mut self, input: &Value) -> Value {
        self.engine.set_input(input.clone());
        self.engine.eval_rule(self.rule.clone()).expect("an answer of the interpreter")
    }
}

/// A bytecode machine with the program of one entry point and nothing else: what is
/// compiled for others would have to be reset with every call.
pub(crate) struct Machine(RegoVM);

impl Machine {
    pub(crate) fn new(entry_point: &str) -> Self {
        let Interpreter { mut engine, rule } = Interpreter::new(entry_point);
        let policy = engine.compile_with_entrypoint(&rule.as_str().into()).expect("a policy that compiles");
        let program = Compiler::compile_from_policy(&policy, &[&rule]).expect("a program");
        let mut machine = RegoVM::new();
        machine.load_program(program);
        // The limit that is set at first is too small for documents of many chips.
        machine.set_max_instructions(usize::MAX);
        Self(machine)
    }

    pub(crate) fn answer(&mut self, input: &Value) -> Value {
        self.0.set_input(input.clone());
        self.0.execute().expect("an answer of the bytecode machine")
    }
}

/// A chip as input. It is read from JSON, so that decimals are read by regorus itself.
pub(crate) fn input(chip: &Chip) -> Value {
    let (whole, thousandths) = (chip.density / 1_000, chip.density % 1_000);
    let text = format!(r#"{{"tpp": {}, "performance_density": {whole}.{thousandths:03}}}"#, chip.tpp);
    Value::from_json_str(&text).expect("sound JSON")
}

/// Many chips as one input.
pub(crate) fn document(chips: &[Chip]) -> Value {
    let chips: Vec<Value> = chips.iter().map(input).collect();
    Value::from(BTreeMap::from([(Value::from("chips"), Value::from(chips))]))
}

/// Reads `paragraph`.
pub(crate) fn read_paragraph(value: &Value) -> Paragraph {
    match value.as_string().expect("the name of a paragraph").as_ref() {
        "3A090.a" => Paragraph::A,
        "3A090.b" => Paragraph::B,
        "none" => Paragraph::Neither,
        other => panic!("no paragraph is called {other}"),
    }
}

/// Reads `first_limb`.
pub(crate) fn read_first_limb(value: &Value) -> Paragraph {
    read_paragraph(&value["paragraph"])
}

/// Reads `limbs`.
pub(crate) fn read_limbs(value: &Value) -> Paragraph {
    let limbs = value.as_set().expect("a set of limbs");
    let of = |paragraph: &str| {
        limbs.iter().any(|limb| limb.as_string().expect("the name of a limb").starts_with(paragraph))
    };
    match (of("3A090.a"), of("3A090.b")) {
        (true, false) => Paragraph::A,
        (false, true) => Paragraph::B,
        (false, false) => Paragraph::Neither,
        (true, true) => panic!("what is in .a is not in .b"),
    }
}

/// Reads the comparisons of `reasons`: value, threshold and margin of each.
pub(crate) fn read_comparisons(value: &Value) -> Vec<[f64; 3]> {
    let number = |value: &Value| value.as_f64().expect("a number");
    let comparisons = value["comparisons"].as_array().expect("a list of comparisons");
    comparisons
        .iter()
        .map(|it| [number(&it["value"]), number(&it["threshold"]), number(&it["margin"])])
        .collect()
}

/// Reads `paragraphs`.
pub(crate) fn read_paragraphs(value: &Value) -> Vec<Paragraph> {
    value.as_array().expect("a list of paragraphs").iter().map(read_paragraph).collect()
}
