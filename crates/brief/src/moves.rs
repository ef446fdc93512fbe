//! The picture of moves: what a share did on the first session after each event, apart from the
//! market, on an axis of time.

use narrows::Date;

use crate::band::{NUMBER, stacked};
use crate::drawing::{Anchor, Drawing, number, text_width};
use crate::scale::Days;

/// What the picture shows, the earliest first.
pub(crate) struct Moves<'a> {
    pub(crate) marks: Vec<Mark<'a>>,
    /// Amounts that became known, in dollars as they are printed.
    pub(crate) amounts: Vec<Amount>,
}

/// One event.
pub(crate) struct Mark<'a> {
    /// Number in the table.
    pub(crate) number: usize,
    pub(crate) announced: Date,
    /// Class of the page's style for the kind of the event.
    pub(crate) tone: &'a str,
    /// What is said of it to those who do not see the picture.
    pub(crate) sentence: String,
    /// What the share did on the first session that could react: close to close, and overnight.
    pub(crate) reaction: Option<[Option<Error>; 2]>,
}

/// A value, a fraction, with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Error {
    pub(crate) value: f64,
    pub(crate) standard_error: f64,
}

/// An amount on the day on which it became known.
pub(crate) struct Amount {
    pub(crate) known: Date,
    pub(crate) text: String,
}

const LETTERS: f64 = 12.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 12.0;
const HEIGHT: f64 = 190.0;
/// Half the width of a mark, and how far the two marks of an event stand apart.
const HALF: f64 = 4.0;
const APART: f64 = 5.5;
/// Normal quantile of the whiskers: nineteen of twenty days without news lie within.
const WHISKER: f64 = 1.96;
const ROW: f64 = LETTERS + 5.0;

impl Error {
    fn ends(self) -> [f64; 2] {
        [-WHISKER, WHISKER].map(|times| self.value + times * self.standard_error)
    }
}

impl Moves<'_> {
    /// Draws the picture, `width` units wide; none without a move to show.
    pub(crate) fn draw(&self, id: &str, width: f64, title: &str) -> Option<String> {
        let errors = || self.marks.iter().filter_map(|mark| mark.reaction).flatten();
        let reach = errors().flatten().flat_map(Error::ends).map(f64::abs).reduce(f64::max)?;
        let known = self.amounts.iter().map(|amount| amount.known);
        let days = || self.marks.iter().map(|mark| mark.announced).chain(known.clone());
        let (first, last) = (month(days().min()?, 0), month(days().max()?, 1));
        let scale = Days::new(first, last, LEFT, width - RIGHT);

        let places: Vec<f64> = self.marks.iter().map(|mark| scale.place(mark.announced)).collect();
        let rows = stacked(&places, NUMBER * 2.0 + 2.0);
        let top = 8.0 + (rows.iter().copied().max().unwrap_or(0) + 1) as f64 * (NUMBER * 2.0 + 3.0);
        let bottom = top + HEIGHT;
        let lines = self.amount_rows(scale, width);
        let deepest = lines.iter().copied().max().map_or(0.0, |row| (row + 1) as f64 * ROW + 8.0);
        let height = bottom + 26.0 + deepest;

        let sentences: Vec<&str> = self.marks.iter().map(|mark| mark.sentence.as_str()).collect();
        let mut drawing = Drawing::new("moves", id, width, height, title, &sentences.join(" "));
        let step = step(reach);
        let most = (reach / step).ceil() * step;
        let place = |value: f64| top + HEIGHT / 2.0 - value / most * HEIGHT / 2.0;
        let steps = (most / step).round() as i32;
        for at in -steps..=steps {
            let level = f64::from(at) * step;
            let y = place(level);
            drawing.line(if at == 0 { "zero" } else { "level" }, [LEFT, y], [width - RIGHT, y]);
            let text = if at == 0 { "0%".to_owned() } else { format!("{:+.0}%", level * 100.0) };
            drawing.label("tick-text", LEFT - 5.0, y + 4.0, Anchor::End, &text.replace('-', "−"));
        }
        axis(&mut drawing, scale, [first, last], bottom, width);
        for ((mark, x), row) in self.marks.iter().zip(&places).zip(&rows) {
            let y = top - 6.0 - NUMBER - *row as f64 * (NUMBER * 2.0 + 3.0);
            drawing.start("g", &[("class", &mark.tone)]);
            drawing.element_with_text("title", &[], &mark.sentence);
            drawing.line("stem", [*x, y + NUMBER], [*x, bottom]);
            drawing.element(
                "circle",
                &[("class", &"number"), ("cx", &number(*x)), ("cy", &number(y)), ("r", &number(NUMBER))],
            );
            drawing.label("number-text", *x, y + 4.0, Anchor::Middle, &mark.number.to_string());
            if let Some([close, overnight]) = mark.reaction {
                if let Some(close) = close {
                    whisker(&mut drawing, x - APART, close, place);
                    let y = place(close.value);
                    drawing.element(
                        "circle",
                        &[("class", &"close"), ("cx", &number(x - APART)), ("cy", &number(y)), ("r", &HALF)],
                    );
                }
                if let Some(overnight) = overnight {
                    let (x, y) = (x + APART, place(overnight.value));
                    whisker(&mut drawing, x, overnight, place);
                    let half = HALF + 0.8;
                    let corners = [[x, y - half], [x + half, y], [x, y + half], [x - half, y]];
                    drawing.path("overnight", &corners, true);
                }
            }
            drawing.end();
        }
        // Lines first, so that no line crosses a label.
        let depth = |row: usize| bottom + 26.0 + (row as f64 + 1.0) * ROW - 4.0;
        for (amount, row) in self.amounts.iter().zip(&lines) {
            let x = scale.place(amount.known);
            drawing.line("amount", [x, bottom], [x, depth(*row) - 4.0]);
        }
        for (amount, row) in self.amounts.iter().zip(&lines) {
            let (at, anchor) = label_place(scale.place(amount.known), &amount.text, width);
            drawing.label("amount-text", at, depth(*row), anchor, &amount.text);
        }
        Some(drawing.finish())
    }

    /// For each amount the highest line below the axis on which its label meets no other.
    fn amount_rows(&self, scale: Days, width: f64) -> Vec<usize> {
        let mut taken: Vec<Vec<[f64; 2]>> = Vec::new();
        let mut rows = Vec::new();
        for amount in &self.amounts {
            let x = scale.place(amount.known);
            let long = text_width(&amount.text, LETTERS);
            let (at, anchor) = label_place(x, &amount.text, width);
            let from = if anchor == Anchor::End { at - long } else { at };
            let span = [from.min(x) - 6.0, (from + long).max(x) + 6.0];
            let free = |row: &Vec<[f64; 2]>| row.iter().all(|[from, to]| span[1] < *from || span[0] > *to);
            let row = taken.iter().position(free).unwrap_or(taken.len());
            if row == taken.len() {
                taken.push(Vec::new());
            }
            if let Some(spans) = taken.get_mut(row) {
                spans.push(span);
            }
            rows.push(row);
        }
        rows
    }
}

/// A label beside its line, on the side where there is room.
fn label_place(x: f64, text: &str, width: f64) -> (f64, Anchor) {
    if x + text_width(text, LETTERS) + 6.0 > width - RIGHT {
        (x - 4.0, Anchor::End)
    } else {
        (x + 4.0, Anchor::Start)
    }
}

fn whisker(drawing: &mut Drawing, x: f64, error: Error, place: impl Fn(f64) -> f64) {
    let [low, high] = error.ends().map(place);
    drawing.line("whisker", [x, low], [x, high]);
}

/// A round step with at most six of them from zero to the end.
fn step(reach: f64) -> f64 {
    let steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
    steps.into_iter().find(|step| reach / step <= 4.0).unwrap_or(1.0)
}

/// The first day of the month some months after that of a day.
fn month(day: Date, after: i8) -> Date {
    let (year, month) = (day.year(), day.month() + after);
    let (year, month) = if month > 12 { (year + 1, month - 12) } else { (year, month) };
    Date::new(year, month, 1).unwrap_or(day)
}

/// Months, or years where months would run into one another.
fn axis(drawing: &mut Drawing, scale: Days, [first, last]: [Date; 2], bottom: f64, width: f64) {
    let mut day = first;
    let mut free = 0.0;
    drawing.line("tick", [LEFT, bottom], [width - RIGHT, bottom]);
    while day < last {
        let x = scale.place(day);
        drawing.line("tick", [x, bottom], [x, bottom + 4.0]);
        let text = if day.month() == 1 || day == first {
            format!("{}-{:02}", day.year(), day.month())
        } else {
            format!("{:02}", day.month())
        };
        let long = text_width(&text, LETTERS);
        if x >= free && x + long < width {
            drawing.label("tick-text", x + 2.0, bottom + 16.0, Anchor::Start, &text);
            free = x + long + 8.0;
        }
        day = month(day, 1);
    }
}
