//! Conditions: tokens, a tree, and what the tree says in a world where every fact has a value.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::data::{Kind, Vocabulary, read_day};
use super::rational::Rational;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    AtLeast,
    Above,
    AtMost,
    Below,
    Equal,
    Unequal,
}

impl Operator {
    fn read(text: &str) -> Option<Operator> {
        Some(match text {
            ">=" => Operator::AtLeast,
            ">" => Operator::Above,
            "<=" => Operator::AtMost,
            "<" => Operator::Below,
            "=" => Operator::Equal,
            "!=" => Operator::Unequal,
            _ => return None,
        })
    }

    /// The operator that says the same when both sides change places.
    fn turned(self) -> Operator {
        match self {
            Operator::AtLeast => Operator::AtMost,
            Operator::Above => Operator::Below,
            Operator::AtMost => Operator::AtLeast,
            Operator::Below => Operator::Above,
            same => same,
        }
    }

    fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Operator::AtLeast => left >= right,
            Operator::Above => left > right,
            Operator::AtMost => left <= right,
            Operator::Below => left < right,
            Operator::Equal => left == right,
            Operator::Unequal => left != right,
        }
    }
}

/// `weight * fact + ... operator limit`, the limit in the unit of the facts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    pub(crate) terms: Vec<(Rational, usize)>,
    pub(crate) operator: Operator,
    pub(crate) limit: Rational,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Spot {
    Place(String),
    Group(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Constant(bool),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Not(Box<Tree>),
    Compare(Comparison),
    Day(Operator, i32),
    Truth(usize),
    /// The word of a choice or name is one of these.
    Word(usize, Vec<Rc<str>>),
    /// The place is one of these or belongs to one of them.
    Place(usize, Vec<Spot>),
    Provision(usize),
}

/// How a number is known: itself, or as a numerator over a denominator.
pub(crate) enum Measure {
    Number(Rational),
    Parts(Rational, Rational),
}

/// What a tree asks for. Every fact has exactly one value here.
pub(crate) trait World {
    fn day(&self) -> i32;
    fn measure(&self, fact: usize) -> Measure;
    fn truth(&self, fact: usize) -> bool;
    fn word(&self, fact: usize) -> &str;
    fn belongs(&self, place: &str, group: usize) -> bool;
    fn provision(&self, provision: usize) -> bool;
}

impl Comparison {
    fn holds(&self, world: &impl World) -> bool {
        // A ratio that stands alone is compared without division: its denominator is positive.
        if let [(weight, fact)] = self.terms.as_slice()
            && let Measure::Parts(numerator, denominator) = world.measure(*fact)
        {
            return self.operator.holds(&(*weight * numerator), &(self.limit * denominator));
        }
        let mut sum = Rational::ZERO;
        for (weight, fact) in &self.terms {
            let value = match world.measure(*fact) {
                Measure::Number(number) => number,
                Measure::Parts(numerator, denominator) => numerator / denominator,
            };
            sum = sum + *weight * value;
        }
        self.operator.holds(&sum, &self.limit)
    }

    /// The same comparison in the one form that all its spellings share: each fact once, in order, the
    /// first with weight one.
    fn canonical(&self) -> Comparison {
        let facts: BTreeSet<usize> = self.terms.iter().map(|(_, fact)| *fact).collect();
        let mut terms: Vec<(Rational, usize)> = Vec::new();
        for fact in facts {
            let weights = self.terms.iter().filter(|(_, other)| *other == fact);
            terms.push((weights.fold(Rational::ZERO, |sum, (weight, _)| sum + *weight), fact));
        }
        let first = terms[0].0;
        assert!(first > Rational::ZERO, "weights are positive");
        for (weight, _) in &mut terms {
            *weight = *weight / first;
        }
        Comparison { terms, operator: self.operator, limit: self.limit / first }
    }
}

impl Tree {
    pub(crate) fn holds(&self, world: &impl World) -> bool {
        match self {
            Tree::Constant(truth) => *truth,
            Tree::All(parts) => parts.iter().all(|part| part.holds(world)),
            Tree::Any(parts) => parts.iter().any(|part| part.holds(world)),
            Tree::Not(part) => !part.holds(world),
            Tree::Compare(comparison) => comparison.holds(world),
            Tree::Day(operator, day) => operator.holds(&world.day(), day),
            Tree::Truth(fact) => world.truth(*fact),
            Tree::Word(fact, words) => {
                let word = world.word(*fact);
                words.iter().any(|other| &**other == word)
            }
            Tree::Place(fact, spots) => {
                let place = world.word(*fact);
                // The empty word is a place that no condition names and that is in no group.
                !place.is_empty()
                    && spots.iter().any(|spot| match spot {
                        Spot::Place(code) => code == place,
                        Spot::Group(group) => world.belongs(place, *group),
                    })
            }
            Tree::Provision(provision) => world.provision(*provision),
        }
    }

    /// Calls `see` for this tree and every tree in it.
    pub(crate) fn walk<'a>(&'a self, see: &mut impl FnMut(&'a Tree)) {
        see(self);
        match self {
            Tree::All(parts) | Tree::Any(parts) => parts.iter().for_each(|part| part.walk(see)),
            Tree::Not(part) => part.walk(see),
            _ => {}
        }
    }

    fn means(&self, other: &Tree) -> bool {
        match (self, other) {
            (Tree::Compare(left), Tree::Compare(right)) => left.canonical() == right.canonical(),
            (Tree::All(left), Tree::All(right)) | (Tree::Any(left), Tree::Any(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.means(right))
            }
            (Tree::Not(left), Tree::Not(right)) => left.means(right),
            _ => self == other,
        }
    }

    /// Puts `insert` in the place of the first part that means the same as `strike`. Says whether there was one.
    pub(crate) fn amend(&mut self, strike: &Tree, insert: &Tree) -> bool {
        if self.means(strike) {
            *self = insert.clone();
            return true;
        }
        match (&mut *self, strike) {
            (Tree::All(parts), Tree::All(run)) | (Tree::Any(parts), Tree::Any(run)) => {
                for start in 0..parts.len() {
                    let end = start + run.len();
                    let same = parts
                        .get(start..end)
                        .is_some_and(|parts| parts.iter().zip(run).all(|(left, right)| left.means(right)));
                    if same {
                        parts.splice(start..end, [insert.clone()]);
                        return true;
                    }
                }
            }
            _ => {}
        }
        match self {
            Tree::All(parts) | Tree::Any(parts) => parts.iter_mut().any(|part| part.amend(strike, insert)),
            Tree::Not(part) => part.amend(strike, insert),
            _ => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Quoted,
    Symbol(&'static str),
}

// The longer symbols come first, so that `>=` is not read as `>`.
const SYMBOLS: [&str; 12] = [">=", "<=", "!=", ">", "<", "=", "(", ")", "{", "}", ",", "*"];

fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = &rest[first.len_utf8()..];
        } else if first == '#' {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if first == '"' {
            let (_, after) = rest[1..].split_once('"').expect("a quotation ends");
            found.push(Token::Quoted);
            rest = after;
        } else if first == '+' {
            found.push(Token::Symbol("+"));
            rest = &rest[1..];
        } else if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            found.push(Token::Symbol(symbol));
            rest = &rest[symbol.len()..];
        } else {
            let ends = |letter: char| letter.is_whitespace() || "#\"+><=!(){},*".contains(letter);
            let end = rest.find(ends).unwrap_or(rest.len());
            assert!(end > 0, "no token at {rest:?}");
            found.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
    }
    found
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    next: usize,
    vocabulary: &'a mut Vocabulary,
}

/// Reads a condition. A condition that cannot be read panics with its text.
pub(crate) fn parse(text: &str, vocabulary: &mut Vocabulary) -> Tree {
    let mut parser = Parser { text, tokens: tokens(text), next: 0, vocabulary };
    let tree = parser.any();
    assert!(parser.next == parser.tokens.len(), "more than a condition: {text}");
    tree
}

impl Parser<'_> {
    fn symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.tokens.get(self.next), Some(Token::Symbol(other)) if *other == symbol);
        self.next += usize::from(found);
        found
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.tokens.get(self.next), Some(Token::Word(other)) if other == keyword);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) {
        assert!(self.symbol(symbol), "{symbol} is missing at token {}: {}", self.next, self.text);
    }

    fn peek(&self) -> Option<&str> {
        match self.tokens.get(self.next) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn word(&mut self) -> String {
        let word = self.peek().map(str::to_owned);
        self.next += 1;
        word.unwrap_or_else(|| panic!("a word is missing at token {}: {}", self.next - 1, self.text))
    }

    fn any(&mut self) -> Tree {
        let mut parts = vec![self.all()];
        while self.keyword("or") {
            parts.push(self.all());
        }
        if parts.len() == 1 { parts.remove(0) } else { Tree::Any(parts) }
    }

    fn all(&mut self) -> Tree {
        let mut parts = vec![self.not()];
        while self.keyword("and") {
            parts.push(self.not());
        }
        if parts.len() == 1 { parts.remove(0) } else { Tree::All(parts) }
    }

    fn not(&mut self) -> Tree {
        if self.keyword("not") { Tree::Not(Box::new(self.not())) } else { self.primary() }
    }

    fn parenthesis(&mut self) -> Tree {
        self.expect("(");
        let inner = self.any();
        self.expect(")");
        inner
    }

    fn primary(&mut self) -> Tree {
        if self.tokens.get(self.next) == Some(&Token::Symbol("(")) {
            return self.parenthesis();
        }
        if self.keyword("limb") {
            self.next += 1; // The name of a limb changes no outcome.
            return self.parenthesis();
        }
        if self.keyword("always") {
            return Tree::Constant(true);
        }
        if self.keyword("never") {
            return Tree::Constant(false);
        }
        let Some(word) = self.peek().map(str::to_owned) else {
            panic!("a condition is missing at token {}: {}", self.next, self.text)
        };
        if read_day(&word).is_some() || Rational::parse(&word).is_some() {
            return self.comparison();
        }
        let Some(fact) = self.vocabulary.fact(&word) else {
            assert!(word.contains('.'), "{word} is neither a fact nor a provision: {}", self.text);
            self.next += 1;
            return Tree::Provision(self.vocabulary.provision(&word));
        };
        match self.vocabulary.facts[fact].kind {
            Kind::Number | Kind::Ratio | Kind::Date => self.comparison(),
            Kind::Truth => {
                self.next += 1;
                Tree::Truth(fact)
            }
            Kind::Choice | Kind::Name | Kind::Place => {
                self.next += 1;
                self.membership(fact)
            }
        }
    }

    /// `is WORD`, `is not WORD`, `in {...}`, `not in {...}` after the name of a fact.
    fn membership(&mut self, fact: usize) -> Tree {
        let (outside, words) = if self.keyword("is") {
            (self.keyword("not"), vec![self.word()])
        } else {
            let outside = self.keyword("not");
            assert!(self.keyword("in"), "is or in is missing at token {}: {}", self.next, self.text);
            self.expect("{");
            let mut words = vec![self.word()];
            while self.symbol(",") {
                words.push(self.word());
            }
            self.expect("}");
            (outside, words)
        };
        let inside = if self.vocabulary.facts[fact].kind == Kind::Place {
            Tree::Place(fact, words.iter().map(|word| self.vocabulary.spot(word)).collect())
        } else {
            let words: Vec<Rc<str>> = words.iter().map(|word| Rc::from(word.as_str())).collect();
            let allowed = &self.vocabulary.facts[fact].words;
            let known = allowed.is_empty() || words.iter().all(|word| allowed.contains(word));
            assert!(known, "a word that is no choice: {}", self.text);
            Tree::Word(fact, words)
        };
        if outside { Tree::Not(Box::new(inside)) } else { inside }
    }

    fn operator(&mut self) -> Option<Operator> {
        let Some(Token::Symbol(symbol)) = self.tokens.get(self.next) else { return None };
        let operator = Operator::read(symbol)?;
        self.next += 1;
        Some(operator)
    }

    /// One comparison, or two that share what is compared.
    fn comparison(&mut self) -> Tree {
        let mut parts = Vec::new();
        let begins_with_limit = match self.tokens.get(self.next + 1) {
            Some(Token::Symbol("*")) => false,
            _ => self.peek().is_some_and(|word| self.vocabulary.fact(word).is_none()),
        };
        let lower = begins_with_limit.then(|| {
            let limit = self.limit();
            (limit, self.operator().unwrap_or_else(|| panic!("no operator: {}", self.text)))
        });
        let terms = self.sum();
        if let Some((limit, operator)) = lower {
            parts.push(self.compare(&terms, operator.turned(), limit));
        }
        if let Some(operator) = self.operator() {
            let limit = self.limit();
            parts.push(self.compare(&terms, operator, limit));
        }
        match parts.len() {
            0 => panic!("nothing is compared: {}", self.text),
            1 => parts.remove(0),
            _ => Tree::All(parts),
        }
    }

    /// A number or day, and the unit if there is one.
    fn limit(&mut self) -> (String, Option<String>) {
        let number = self.word();
        let has_unit = self.peek().is_some_and(|word| self.vocabulary.units.contains_key(word));
        (number, has_unit.then(|| self.word()))
    }

    fn sum(&mut self) -> Vec<(Rational, usize)> {
        let mut terms = Vec::new();
        loop {
            let word = self.word();
            let (weight, name) = match Rational::parse(&word) {
                Some(weight) => {
                    self.expect("*");
                    (weight, self.word())
                }
                None => (Rational::ONE, word),
            };
            let fact = self.vocabulary.fact(&name);
            terms.push((weight, fact.unwrap_or_else(|| panic!("{name} is no fact: {}", self.text))));
            if !self.symbol("+") {
                return terms;
            }
        }
    }

    fn compare(
        &self,
        terms: &[(Rational, usize)],
        operator: Operator,
        (number, unit): (String, Option<String>),
    ) -> Tree {
        let facts = &self.vocabulary.facts;
        let first = &facts[terms[0].1];
        if first.kind == Kind::Date {
            let day = read_day(&number).unwrap_or_else(|| panic!("{number} is no day: {}", self.text));
            return Tree::Day(operator, day);
        }
        let alike = |(_, fact): &(Rational, usize)| {
            matches!(facts[*fact].kind, Kind::Number | Kind::Ratio) && facts[*fact].unit == first.unit
        };
        assert!(terms.iter().all(alike), "facts of different units: {}", self.text);
        let number =
            Rational::parse(&number).unwrap_or_else(|| panic!("{number} is no number: {}", self.text));
        let limit = match (&first.unit, &unit) {
            (None, None) => number,
            (Some(own), Some(unit)) => {
                let ((own_base, own_amount), (base, amount)) =
                    (&self.vocabulary.units[own], &self.vocabulary.units[unit]);
                assert!(own_base == base, "{unit} does not measure this: {}", self.text);
                number * *amount / *own_amount
            }
            _ => panic!("a unit is missing or too many: {}", self.text),
        };
        Tree::Compare(Comparison { terms: terms.to_vec(), operator, limit })
    }
}

const EXAMPLE_FACTS: &str = r#"
unit = [
    { symbol = "GB/s" },
    { symbol = "TB/s", of = "GB/s", amount = 1000 },
    { symbol = "PB/s", of = "TB/s", amount = 1000 },
]
fact = [
    { name = "on", type = "date", role = "on", when_missing = "required" },
    { name = "memory", type = "number", unit = "GB/s", range = [0, 1000000], when_missing = "unknown" },
    { name = "links", type = "number", unit = "GB/s", range = [0, 1000000], when_missing = "unknown" },
    { name = "units", type = "number", range = [1, 1000], when_missing = "unknown" },
    { name = "each", type = "ratio", numerator = "memory", denominator = "units", unit = "GB/s", range = [0, 1000],
      when_missing = "unknown" },
    { name = "yes", type = "truth", when_missing = "unknown" },
    { name = "no", type = "truth", when_missing = "unknown" },
    { name = "kind", type = "choice", value = [{ word = "3A001" }, { word = "card" }], when_missing = "unknown" },
    { name = "item", type = "name", when_missing = "assume", assumed = "" },
]
"#;

/// Memory 1500, links 300, units 4, and the words that the test expects.
struct Example;

impl World for Example {
    fn day(&self) -> i32 {
        read_day("2027-01-01").unwrap()
    }
    fn measure(&self, fact: usize) -> Measure {
        let number = |text| Rational::parse(text).unwrap();
        match fact {
            1 => Measure::Number(number("1500")),
            2 => Measure::Number(number("300")),
            3 => Measure::Number(number("4")),
            _ => Measure::Parts(number("1500"), number("4")),
        }
    }
    fn truth(&self, fact: usize) -> bool {
        fact == 5
    }
    fn word(&self, fact: usize) -> &str {
        if fact == 7 { "3A001" } else { "maker.part-80gb" }
    }
    fn belongs(&self, _: &str, _: usize) -> bool {
        false
    }
    fn provision(&self, provision: usize) -> bool {
        provision == 0
    }
}

#[test]
fn conditions_mean_what_the_document_says() {
    let mut vocabulary = Vocabulary::read(EXAMPLE_FACTS);
    for (text, expected) in [
        // `and` binds tighter than `or`, `not` tighter than both.
        ("yes or no and no", true),
        ("(yes or no) and no", false),
        ("not no and no", false),
        ("not (no and no)", true),
        ("not memory >= 2000 GB/s", true),
        ("not not yes", true),
        // Chains, both ways round, with the ends in and out.
        ("1500 GB/s <= memory < 1500.000001 GB/s", true),
        ("1500 GB/s < memory < 2000 GB/s", false),
        ("2 TB/s > memory >= 1.5 TB/s", true),
        ("2026-12-31 < on <= 2027-01-01", true),
        ("on >= 2027-01-01 and on < 2027-01-01", false),
        ("2027-01-02 > on", true),
        // Units, also at two removes, and sums of weighted facts.
        ("memory = 0.0015 PB/s", true),
        ("memory != 1.5 TB/s", false),
        ("memory + links >= 1.8 TB/s", true),
        ("2 * memory + 8*links > 5400 GB/s", false),
        ("1 TB/s <= memory + links <= 1799.999999 GB/s", false),
        ("units < 5", true),
        // Ratios.
        ("each >= 375 GB/s", true),
        ("each > 0.375 TB/s", false),
        ("374.999999 GB/s < each <= 375 GB/s", true),
        // Words, limbs, comments, constants, provisions.
        ("kind is 3A001 and kind is not card", true),
        ("kind in {card, 3A001}", true),
        ("kind not in {card}", true),
        ("item in {maker.other, maker.part-80gb}", true),
        ("limb a.1 (yes) # or not\n and limb \"second limb\" (always)", true),
        ("never or first.provision", true),
        ("second.provision.2025-04", false),
    ] {
        assert_eq!(parse(text, &mut vocabulary).holds(&Example), expected, "{text}");
    }
}

#[test]
fn an_amendment_finds_comparisons_by_meaning() {
    let mut vocabulary = Vocabulary::read(EXAMPLE_FACTS);
    for (text, strike, insert, expected) in [
        (
            "yes and memory >= 1.5 TB/s",
            "1500 GB/s <= memory",
            "memory > 2 TB/s",
            "yes and memory > 2000 GB/s",
        ),
        (
            "1 GB/s <= memory < 9 GB/s",
            "memory < 9 GB/s",
            "memory < 8 GB/s",
            "memory >= 1 GB/s and memory < 8 GB/s",
        ),
        ("yes or yes", "yes", "no", "no or yes"),
        ("not (yes and no and yes)", "no and yes", "no", "not (yes and no)"),
        ("links + memory > 1 GB/s", "2 * memory + 2 * links > 2 GB/s", "never", "never"),
    ] {
        let mut tree = parse(text, &mut vocabulary);
        let (strike, insert) = (parse(strike, &mut vocabulary), parse(insert, &mut vocabulary));
        assert!(tree.amend(&strike, &insert), "{text}");
        assert!(tree.means(&parse(expected, &mut vocabulary)), "{text}: {tree:?}");
    }
}
