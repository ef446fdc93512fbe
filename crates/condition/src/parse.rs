//! From text to typed tree.
//!
//! ```text
//! condition  = any
//! any        = all  { "or"  all }
//! all        = unary { "and" unary }
//! unary      = "not" unary | primary
//! primary    = "(" any ")" | "limb" LABEL "(" any ")" | "always" | "never"
//!            | PROVISION                                a name with a dot in it
//!            | FACT                                     a fact that is true or false
//!            | FACT "is" ["not"] ITEM
//!            | FACT ["not"] "in" "{" ITEM { "," ITEM } "}"
//!            | FACT OP DATE
//!            | [QUANTITY OP] SUM OP QUANTITY            2000 TPP <= tpp < 4000 TPP
//! sum        = term { ("+" | "-") term }
//! term       = [NUMBER "*"] FACT
//! quantity   = NUMBER [UNIT]
//! ```
//!
//! `not` binds tightest, then `and`, then `or`. A number compared with a fact that
//! has a unit must carry one, and is converted exactly. `#` begins a comment.

use std::ops::Range;

use jiff::civil::Date;
use narrows_quantity::{Decimal, DecimalError, did_you_mean, nearest};

use crate::dictionary::{Dictionary, FactId, FactType};
use crate::tree::{Comparison, Condition, DayComparison, Membership, Node, Operator, Term};

/// Names outside the dictionary that a condition may use.
pub trait Vocabulary {
    /// Whether a place code or the name of a group of places is known.
    fn knows_place(&self, name: &str) -> bool;
    /// Whether a register (chips, vendors, …) holds a name.
    fn knows_name(&self, register: &str, name: &str) -> bool;
    /// The nearest known name in a register, or the nearest place when `register` is none.
    fn nearest_name(&self, register: Option<&str>, name: &str) -> Option<String>;
}

/// Limits on what is read, so that no text can exhaust the reader.
pub const MAX_LENGTH: usize = 65_536;
const MAX_DEPTH: usize = 64;
const MAX_NODES: usize = 4_096;

/// Why a text is no condition, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ParseError {
    /// Bytes of the text that are at fault.
    pub span: Range<usize>,
    /// Line in the text, from one.
    pub line: usize,
    /// Column in that line, in characters, from one.
    pub column: usize,
    /// What was expected and what was found.
    pub message: String,
}

/// Reads a condition.
///
/// # Errors
/// [`ParseError`] at the first thing that does not fit.
pub fn parse(
    text: &str,
    dictionary: &Dictionary,
    vocabulary: &dyn Vocabulary,
) -> Result<Condition, ParseError> {
    if text.len() > MAX_LENGTH {
        let message = format!("a condition has at most {MAX_LENGTH} bytes, this one has {}", text.len());
        return Err(error_at(text, 0..0, message));
    }
    let tokens = tokenize(text)?;
    let mut parser = Parser { text, tokens, at: 0, dictionary, vocabulary, depth: 0, nodes: 0 };
    let root = parser.any()?;
    match parser.peek() {
        None => Ok(Condition { text: text.to_owned(), root }),
        Some(token) => Err(parser.expected_at(token.span.clone(), "`and`, `or` or the end of the condition")),
    }
}

fn error_at(text: &str, span: Range<usize>, message: String) -> ParseError {
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    ParseError { span, line, column, message }
}

#[derive(Debug, Clone, PartialEq)]
enum Lexeme {
    Word(String),
    Quoted(String),
    Number(Decimal),
    Day(Date),
    Compare(Operator),
    Open,
    Close,
    OpenSet,
    CloseSet,
    Comma,
    Plus,
    Minus,
    Times,
}

#[derive(Debug, Clone)]
struct Token {
    lexeme: Lexeme,
    span: Range<usize>,
}

fn tokenize(text: &str) -> Result<Vec<Token>, ParseError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let start = text.len() - rest.len();
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let (lexeme, length) = match first {
            '#' => {
                let line = rest.find('\n').unwrap_or(rest.len());
                rest = rest.get(line..).unwrap_or("");
                continue;
            }
            '(' => (Lexeme::Open, 1),
            ')' => (Lexeme::Close, 1),
            '{' => (Lexeme::OpenSet, 1),
            '}' => (Lexeme::CloseSet, 1),
            ',' => (Lexeme::Comma, 1),
            '+' => (Lexeme::Plus, 1),
            '*' => (Lexeme::Times, 1),
            '>' if rest.starts_with(">=") => (Lexeme::Compare(Operator::AtLeast), 2),
            '>' => (Lexeme::Compare(Operator::Above), 1),
            '<' if rest.starts_with("<=") => (Lexeme::Compare(Operator::AtMost), 2),
            '<' => (Lexeme::Compare(Operator::Below), 1),
            '!' if rest.starts_with("!=") => (Lexeme::Compare(Operator::Unequal), 2),
            '=' => (Lexeme::Compare(Operator::Equal), 1),
            '-' => (Lexeme::Minus, 1),
            '"' => {
                let body = rest.get(1..).unwrap_or("");
                let Some(end) = body.find('"') else {
                    return Err(error_at(text, start..text.len(), "a quoted name is not closed".to_owned()));
                };
                (Lexeme::Quoted(body.get(..end).unwrap_or("").to_owned()), end + 2)
            }
            _ => {
                let length = word_length(rest);
                if length == 0 {
                    let found = first.escape_default().collect::<String>();
                    let message = format!("`{found}` has no meaning in a condition");
                    return Err(error_at(text, start..start + first.len_utf8(), message));
                }
                let word = rest.get(..length).unwrap_or("");
                (classify(text, word, start)?, length)
            }
        };
        tokens.push(Token { lexeme, span: start..start + length });
        rest = rest.get(length..).unwrap_or("");
    }
}

/// Letters, digits and the marks inside names and units; a hyphen only between letters or digits.
fn word_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'/' | b'%');
    let mut length = 0;
    while let Some(&byte) = bytes.get(length) {
        let joins = byte == b'-'
            && length > 0
            && bytes.get(length - 1).is_some_and(u8::is_ascii_alphanumeric)
            && bytes.get(length + 1).is_some_and(u8::is_ascii_alphanumeric);
        if !is_name(byte) && !joins {
            break;
        }
        length += 1;
    }
    length
}

fn classify(text: &str, word: &str, start: usize) -> Result<Lexeme, ParseError> {
    let begins_with_digit = word.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if !begins_with_digit {
        return Ok(Lexeme::Word(word.to_owned()));
    }
    match word.parse::<Decimal>() {
        Ok(number) => Ok(Lexeme::Number(number)),
        Err(error @ (DecimalError::OutOfRange | DecimalError::TooPrecise)) => {
            Err(error_at(text, start..start + word.len(), format!("{error}, found `{word}`")))
        }
        Err(DecimalError::NotANumber) => {
            let is_day = word.len() == 10 && word.bytes().filter(|byte| *byte == b'-').count() == 2;
            match word.parse::<Date>() {
                Ok(day) if is_day => Ok(Lexeme::Day(day)),
                _ if is_day => {
                    let message = format!("`{word}` is no day of the calendar");
                    Err(error_at(text, start..start + word.len(), message))
                }
                _ => Ok(Lexeme::Word(word.to_owned())),
            }
        }
    }
}

pub(crate) const KEYWORDS: [&str; 8] = ["and", "or", "not", "in", "is", "limb", "always", "never"];

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    dictionary: &'a Dictionary,
    vocabulary: &'a dyn Vocabulary,
    depth: usize,
    nodes: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn peek_lexeme(&self) -> Option<&Lexeme> {
        self.peek().map(|token| &token.lexeme)
    }

    fn take(&mut self, lexeme: &Lexeme) -> bool {
        let found = self.peek_lexeme() == Some(lexeme);
        if found {
            self.at += 1;
        }
        found
    }

    fn keyword(&mut self, word: &str) -> bool {
        let found = matches!(self.peek_lexeme(), Some(Lexeme::Word(found)) if found == word);
        if found {
            self.at += 1;
        }
        found
    }

    fn here(&self) -> Range<usize> {
        self.peek().map_or(self.text.len()..self.text.len(), |token| token.span.clone())
    }

    fn fail<T>(&self, span: Range<usize>, message: String) -> Result<T, ParseError> {
        Err(error_at(self.text, span, message))
    }

    fn expected_at(&self, span: Range<usize>, expected: &str) -> ParseError {
        let found = match self.text.get(span.clone()) {
            Some("") | None => "the end of the condition".to_owned(),
            Some(found) => format!("`{found}`"),
        };
        error_at(self.text, span, format!("expected {expected}, found {found}"))
    }

    fn expect(&mut self, lexeme: &Lexeme, expected: &str) -> Result<(), ParseError> {
        if self.take(lexeme) { Ok(()) } else { Err(self.expected_at(self.here(), expected)) }
    }

    fn count(&mut self, node: Node) -> Result<Node, ParseError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return self.fail(self.here(), format!("a condition has at most {MAX_NODES} parts"));
        }
        Ok(node)
    }

    fn any(&mut self) -> Result<Node, ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail(self.here(), format!("conditions nest at most {MAX_DEPTH} deep"));
        }
        let mut parts = vec![self.all()?];
        while self.keyword("or") {
            parts.push(self.all()?);
        }
        self.depth -= 1;
        let node = single_or(parts, Node::Any);
        self.count(node)
    }

    fn all(&mut self) -> Result<Node, ParseError> {
        let mut parts = vec![self.unary()?];
        while self.keyword("and") {
            parts.push(self.unary()?);
        }
        let node = single_or(parts, Node::All);
        self.count(node)
    }

    fn unary(&mut self) -> Result<Node, ParseError> {
        let mut negated = false;
        while self.keyword("not") {
            negated = !negated;
        }
        let node = self.primary()?;
        if negated { self.count(Node::Not(Box::new(node))) } else { Ok(node) }
    }

    fn primary(&mut self) -> Result<Node, ParseError> {
        let span = self.here();
        match self.peek_lexeme().cloned() {
            Some(Lexeme::Open) => {
                self.at += 1;
                let node = self.any()?;
                self.expect(&Lexeme::Close, "`)`")?;
                Ok(node)
            }
            Some(Lexeme::Number(_) | Lexeme::Minus) => self.comparison(),
            Some(Lexeme::Word(word)) => match word.as_str() {
                "always" | "never" => {
                    self.at += 1;
                    self.count(Node::Constant(word == "always"))
                }
                "limb" => self.limb(),
                _ if KEYWORDS.contains(&word.as_str()) => {
                    Err(self.expected_at(span, "a fact or a provision"))
                }
                _ if word.contains('.') => {
                    self.at += 1;
                    self.count(Node::Provision(word))
                }
                _ => self.about_fact(&word, span),
            },
            _ => Err(self.expected_at(span, "a fact, a provision, a number or `(`")),
        }
    }

    fn limb(&mut self) -> Result<Node, ParseError> {
        self.at += 1;
        let span = self.here();
        let label = match self.peek_lexeme() {
            Some(Lexeme::Word(label) | Lexeme::Quoted(label)) => label.clone(),
            Some(Lexeme::Number(number)) => number.to_string(),
            _ => return Err(self.expected_at(span, "the label of a limb, such as `a.1`")),
        };
        self.at += 1;
        self.expect(&Lexeme::Open, "`(` after the label of a limb")?;
        let node = self.any()?;
        self.expect(&Lexeme::Close, "`)` at the end of a limb")?;
        self.count(Node::Limb { label, node: Box::new(node) })
    }

    fn fact(&self, word: &str, span: &Range<usize>) -> Result<FactId, ParseError> {
        self.dictionary.find(word).ok_or_else(|| {
            let guess = nearest(word, self.dictionary.iter().map(|(_, fact)| fact.name.as_str()));
            error_at(
                self.text,
                span.clone(),
                format!("unknown fact `{word}`{}", did_you_mean(guess.as_deref())),
            )
        })
    }

    fn about_fact(&mut self, word: &str, span: Range<usize>) -> Result<Node, ParseError> {
        let id = self.fact(word, &span)?;
        match &self.dictionary.fact(id).kind {
            FactType::Number { .. } | FactType::Ratio { .. } => self.comparison(),
            FactType::Truth => {
                self.at += 1;
                if matches!(self.peek_lexeme(), Some(Lexeme::Compare(_))) {
                    let message = format!("`{word}` is true or false: write `{word}` or `not {word}`");
                    return self.fail(self.here(), message);
                }
                self.count(Node::Truth(id))
            }
            FactType::Date => self.day(id),
            FactType::Choice { .. } | FactType::Name { .. } | FactType::Place => self.membership(id, word),
        }
    }

    fn day(&mut self, fact: FactId) -> Result<Node, ParseError> {
        self.at += 1;
        let operator = self.operator()?;
        let span = self.here();
        let Some(Lexeme::Day(day)) = self.peek_lexeme().cloned() else {
            return Err(self.expected_at(span, "a day such as 2020-12-31"));
        };
        self.at += 1;
        self.count(Node::Day(DayComparison { fact, operator, day }))
    }

    fn operator(&mut self) -> Result<Operator, ParseError> {
        match self.peek_lexeme() {
            Some(Lexeme::Compare(operator)) => {
                let operator = *operator;
                self.at += 1;
                Ok(operator)
            }
            _ => Err(self.expected_at(self.here(), "one of `>=`, `>`, `<=`, `<`, `=`, `!=`")),
        }
    }

    fn membership(&mut self, fact: FactId, word: &str) -> Result<Node, ParseError> {
        self.at += 1;
        let (negated, items) = if self.keyword("is") {
            let negated = self.keyword("not");
            (negated, vec![self.item(fact)?])
        } else {
            let negated = self.keyword("not");
            if !self.keyword("in") {
                let expected = format!("`is`, `in` or `not in` after `{word}`");
                return Err(self.expected_at(self.here(), &expected));
            }
            self.expect(&Lexeme::OpenSet, "`{`")?;
            let mut items = vec![self.item(fact)?];
            while self.take(&Lexeme::Comma) {
                items.push(self.item(fact)?);
            }
            self.expect(&Lexeme::CloseSet, "`,` or `}`")?;
            (negated, items)
        };
        let node = self.count(Node::Member(Membership { fact, items }))?;
        if negated { self.count(Node::Not(Box::new(node))) } else { Ok(node) }
    }

    fn item(&mut self, fact: FactId) -> Result<String, ParseError> {
        let span = self.here();
        let item = match self.peek_lexeme() {
            Some(Lexeme::Word(word)) if !KEYWORDS.contains(&word.as_str()) => word.clone(),
            Some(Lexeme::Quoted(word)) => word.clone(),
            // A name of digits alone reads as a number first.
            Some(Lexeme::Number(_)) => self.text.get(span.clone()).unwrap_or("").to_owned(),
            _ => return Err(self.expected_at(span, "a name")),
        };
        self.at += 1;
        let unknown = |what: &str, guess: Option<String>| {
            error_at(
                self.text,
                span.clone(),
                format!("unknown {what} `{item}`{}", did_you_mean(guess.as_deref())),
            )
        };
        match &self.dictionary.fact(fact).kind {
            FactType::Choice { values } => {
                let words = || values.iter().map(|(word, _)| word.as_str());
                if !words().any(|word| word == item) {
                    let list = words().collect::<Vec<_>>().join(", ");
                    let message = format!("expected one of {list}, found `{item}`");
                    return self.fail(span.clone(), message);
                }
            }
            FactType::Name { register } => {
                if !self.vocabulary.knows_name(register, &item) {
                    return Err(unknown(
                        &format!("entry of `{register}`"),
                        self.vocabulary.nearest_name(Some(register), &item),
                    ));
                }
            }
            _ => {
                if !self.vocabulary.knows_place(&item) {
                    return Err(unknown(
                        "place or group of places",
                        self.vocabulary.nearest_name(None, &item),
                    ));
                }
            }
        }
        Ok(item)
    }

    /// `[QUANTITY OP] SUM OP QUANTITY`
    fn comparison(&mut self) -> Result<Node, ParseError> {
        let start = self.here().start;
        let leading = match (self.peek_lexeme(), self.tokens.get(self.at + 1).map(|token| &token.lexeme)) {
            (Some(Lexeme::Number(_)), Some(Lexeme::Times)) => None,
            (Some(Lexeme::Number(_)), _) => {
                let quantity = self.quantity()?;
                Some((quantity, self.operator()?))
            }
            _ => None,
        };
        let terms = self.sum()?;
        let unit = self.common_unit(&terms, start)?;
        let mut parts = Vec::new();
        let span_start = start;
        if let Some((quantity, operator)) = leading {
            let span = span_start..self.previous_end();
            let threshold = self.in_unit(quantity, unit.as_deref())?;
            parts.push(Comparison { terms: terms.clone(), operator: operator.mirrored(), threshold, span });
        }
        if parts.is_empty() || matches!(self.peek_lexeme(), Some(Lexeme::Compare(_))) {
            let span_start = if parts.is_empty() { start } else { self.sum_start(&terms, start) };
            let operator = self.operator()?;
            let quantity = self.quantity()?;
            let threshold = self.in_unit(quantity, unit.as_deref())?;
            parts.push(Comparison { terms, operator, threshold, span: span_start..self.previous_end() });
        }
        let mut nodes = Vec::new();
        for part in parts {
            nodes.push(self.count(Node::Compare(part))?);
        }
        let node = single_or(nodes, Node::All);
        self.count(node)
    }

    /// Where the sum of a chained comparison begins: at the first fact after `start`.
    fn sum_start(&self, terms: &[Term], start: usize) -> usize {
        let first = terms.first().map(|term| self.dictionary.fact(term.fact).name.as_str()).unwrap_or("");
        self.tokens
            .iter()
            .find(|token| {
                token.span.start >= start && matches!(&token.lexeme, Lexeme::Word(word) if word == first)
            })
            .map_or(start, |token| token.span.start)
    }

    fn previous_end(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.span.end)
    }

    fn sum(&mut self) -> Result<Vec<Term>, ParseError> {
        let negative = self.take(&Lexeme::Minus);
        let mut terms = vec![self.term(negative)?];
        loop {
            if self.take(&Lexeme::Plus) {
                terms.push(self.term(false)?);
            } else if self.take(&Lexeme::Minus) {
                terms.push(self.term(true)?);
            } else {
                return Ok(terms);
            }
        }
    }

    fn term(&mut self, negative: bool) -> Result<Term, ParseError> {
        let mut coefficient = Decimal::ONE;
        if let Some(Lexeme::Number(number)) = self.peek_lexeme() {
            coefficient = *number;
            self.at += 1;
            self.expect(&Lexeme::Times, "`*` between a number and a fact")?;
        }
        let span = self.here();
        let Some(Lexeme::Word(word)) = self.peek_lexeme().cloned() else {
            return Err(self.expected_at(span, "a fact that is a number"));
        };
        let fact = self.fact(&word, &span)?;
        self.at += 1;
        match self.dictionary.fact(fact).kind {
            FactType::Number { .. } | FactType::Ratio { .. } => {}
            _ => return self.fail(span, format!("`{word}` is no number")),
        }
        Ok(Term { coefficient: if negative { coefficient.negated() } else { coefficient }, fact })
    }

    /// All terms of a sum must be in one unit, and a ratio stands alone.
    fn common_unit(&self, terms: &[Term], start: usize) -> Result<Option<String>, ParseError> {
        let span = start..self.previous_end();
        let mut unit: Option<Option<&str>> = None;
        for term in terms {
            let fact = self.dictionary.fact(term.fact);
            if matches!(fact.kind, FactType::Ratio { .. })
                && (terms.len() > 1 || term.coefficient != Decimal::ONE)
            {
                let message = format!("`{}` is a ratio and can be compared only by itself", fact.name);
                return self.fail(span, message);
            }
            match unit {
                None => unit = Some(fact.unit()),
                Some(first) if first == fact.unit() => {}
                Some(first) => {
                    let message = format!(
                        "a sum needs one unit: found {} and {}",
                        first.unwrap_or("a plain number"),
                        fact.unit().unwrap_or("a plain number")
                    );
                    return self.fail(span, message);
                }
            }
        }
        Ok(unit.flatten().map(str::to_owned))
    }

    fn quantity(&mut self) -> Result<Quantity, ParseError> {
        let start = self.here().start;
        let negative = self.take(&Lexeme::Minus);
        let span = self.here();
        let Some(Lexeme::Number(number)) = self.peek_lexeme().cloned() else {
            if let Some(Lexeme::Word(word)) = self.peek_lexeme()
                && word.starts_with(|c: char| c.is_ascii_digit())
            {
                let message = format!("expected a number, found `{word}`; write a space before the unit");
                return self.fail(span, message);
            }
            return Err(self.expected_at(span, "a number"));
        };
        self.at += 1;
        let unit = match self.peek_lexeme() {
            Some(Lexeme::Word(word)) if !KEYWORDS.contains(&word.as_str()) => {
                let word = word.clone();
                self.at += 1;
                Some(word)
            }
            _ => None,
        };
        let value = if negative { number.negated() } else { number };
        Ok(Quantity { value, unit, span: start..self.previous_end() })
    }

    fn in_unit(&self, quantity: Quantity, unit: Option<&str>) -> Result<Decimal, ParseError> {
        match (quantity.unit, unit) {
            (None, None) => Ok(quantity.value),
            (Some(found), Some(expected)) => self
                .dictionary
                .units()
                .convert(quantity.value, &found, expected)
                .map_err(|error| error_at(self.text, quantity.span, error.to_string())),
            (None, Some(expected)) => self.fail(
                quantity.span,
                format!("expected a unit after {} (`{} {expected}`)", quantity.value, quantity.value),
            ),
            (Some(found), None) => {
                self.fail(quantity.span, format!("expected a plain number, found one in `{found}`"))
            }
        }
    }
}

struct Quantity {
    value: Decimal,
    unit: Option<String>,
    span: Range<usize>,
}

fn single_or(mut parts: Vec<Node>, wrap: impl FnOnce(Vec<Node>) -> Node) -> Node {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            parts.push(last);
            wrap(parts)
        }
        (_, None) => Node::Constant(true),
    }
}
