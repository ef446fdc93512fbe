//! The band: status over time.

use narrows::Date;
use narrows::operations::Period;

use crate::drawing::{Anchor, Drawing, number, text_width};
use crate::scale::Days;
use crate::tone::Depths;

/// What the band shows.
pub(crate) struct Band<'a> {
    /// Periods of one status each, without a gap.
    pub(crate) periods: &'a [Period],
    /// The day of the brief.
    pub(crate) on: Date,
    /// When the chip was announced or first sold.
    pub(crate) released: Option<Date>,
    /// Last day of the picture.
    pub(crate) until: Date,
}

/// Size of the letters.
const LETTERS: f64 = 12.0;
/// Radius of the numbers that tie a change to the table below.
pub(crate) const NUMBER: f64 = 8.5;
const BAR_HEIGHT: f64 = 40.0;
const MARGIN: f64 = 10.0;

impl<'a> Band<'a> {
    /// The last day of the picture: a little after the last change or the day of the brief.
    pub(crate) fn new(periods: &'a [Period], on: Date, released: Option<Date>) -> Self {
        let last = periods.iter().map(|period| period.from).chain([on]).max().unwrap_or(on);
        let until =
            Date::new(last.year() + i16::from(last.month() > 9), if last.month() > 9 { 3 } else { 12 }, 31);
        Self { periods, on, released, until: until.unwrap_or(last) }
    }

    /// Draws the band, `width` units wide.
    pub(crate) fn draw(&self, id: &str, width: f64, depths: &Depths, title: &str) -> String {
        let Some(first) = self.periods.first() else { return String::new() };
        let days = Days::new(first.from, self.until, MARGIN, width - MARGIN);
        let changes: Vec<f64> = self.periods.iter().skip(1).map(|period| days.place(period.from)).collect();
        let rows = stacked(&changes, NUMBER * 2.0 + 2.0);
        let top = 8.0 + (rows.iter().copied().max().unwrap_or(0) + 1) as f64 * (NUMBER * 2.0 + 3.0);
        let bottom = top + BAR_HEIGHT;
        let height = bottom + 46.0;
        let mut drawing = Drawing::new("band", id, width, height, title, &self.description());
        hatch(&mut drawing, id);
        for (at, period) in self.periods.iter().enumerate() {
            self.segment(&mut drawing, id, days, at, period, [top, bottom], depths);
        }
        for (at, (x, row)) in changes.iter().zip(&rows).enumerate() {
            let y = top - 6.0 - NUMBER - *row as f64 * (NUMBER * 2.0 + 3.0);
            drawing.line("change", [*x, y + NUMBER], [*x, bottom]);
            drawing.element(
                "circle",
                &[("class", &"number"), ("cx", &number(*x)), ("cy", &number(y)), ("r", &number(NUMBER))],
            );
            drawing.label("number-text", *x, y + 4.0, Anchor::Middle, &(at + 2).to_string());
        }
        self.axis(&mut drawing, days, first.from, bottom, width);
        drawing.finish()
    }

    #[expect(clippy::too_many_arguments, reason = "a drawing, its scale and one thing to draw")]
    fn segment(
        &self,
        drawing: &mut Drawing,
        id: &str,
        days: Days,
        at: usize,
        period: &Period,
        [top, bottom]: [f64; 2],
        depths: &Depths,
    ) {
        let (from, to) = (days.place(period.from), days.place(period.until.unwrap_or(self.until)));
        let style = depths.style(&period.status, period.class);
        drawing.start("g", &[("class", &"segment")]);
        drawing.element_with_text("title", &[], &sentence(at, period));
        drawing.rectangle(&format!("fill {style}"), from, top, to - from, bottom - top);
        if period.class == narrows::Class::Undetermined {
            let fill = format!("url(#{id}-hatch)");
            let [x, y, width, height] = [from, top, to - from, bottom - top].map(number);
            drawing.element(
                "rect",
                &[("fill", &fill), ("x", &x), ("y", &y), ("width", &width), ("height", &height)],
            );
        }
        drawing.rectangle(&format!("stripe {style}"), from, bottom - 5.0, to - from, 5.0);
        for text in [period.title.as_str(), short(&period.title)] {
            if text_width(text, LETTERS) + 8.0 < to - from {
                drawing.label("segment-text", (from + to) / 2.0, top + 22.0, Anchor::Middle, text);
                break;
            }
        }
        drawing.end();
    }

    fn axis(&self, drawing: &mut Drawing, days: Days, first: Date, bottom: f64, width: f64) {
        for year in first.year()..=self.until.year() {
            let Ok(day) = Date::new(year, 1, 1) else { continue };
            if day < first {
                continue;
            }
            let x = days.place(day);
            drawing.line("tick", [x, bottom], [x, bottom + 5.0]);
            if x + 30.0 < width {
                drawing.label("tick-text", x + 2.0, bottom + 16.0, Anchor::Start, &year.to_string());
            }
        }
        let x = days.place(self.on);
        drawing.line("today", [x, bottom - BAR_HEIGHT - 4.0], [x, bottom + 24.0]);
        let text = self.on.to_string();
        let anchor = if x > width / 2.0 { Anchor::End } else { Anchor::Start };
        drawing.label("today-text", x, bottom + 37.0, anchor, &text);
        if let Some(released) = self.released.filter(|day| first < *day && *day < self.until) {
            let at = days.place(released);
            drawing.path(
                "release",
                &[[at, bottom + 1.0], [at + 5.0, bottom + 10.0], [at - 5.0, bottom + 10.0]],
                true,
            );
            // Two labels on one line only if they do not meet.
            let label = format!("released {released}");
            if (x - at).abs() > text_width(&label, LETTERS) + text_width(&text, LETTERS) {
                drawing.label("release-text", at, bottom + 37.0, Anchor::Middle, &label);
            }
        }
    }

    fn description(&self) -> String {
        let sentences: Vec<String> =
            self.periods.iter().enumerate().map(|(at, period)| sentence(at, period)).collect();
        sentences.join(" ")
    }
}

/// A period in one sentence.
fn sentence(at: usize, period: &Period) -> String {
    let until = period.until.map_or_else(|| "on".to_owned(), |until| format!("until {until}"));
    format!("{}. From {} {until}: {}.", at + 1, period.from, period.title)
}

/// A title without its lead, for narrow segments.
fn short(title: &str) -> &str {
    title.rsplit(": ").next().unwrap_or(title)
}

/// For each place on a line the lowest row in which it does not touch its neighbours.
pub(crate) fn stacked(places: &[f64], room: f64) -> Vec<usize> {
    let mut last_in_row: Vec<f64> = Vec::new();
    places
        .iter()
        .map(|place| {
            let free = last_in_row.iter().position(|last| place - last >= room);
            match free.and_then(|row| Some((row, last_in_row.get_mut(row)?))) {
                Some((row, last)) => {
                    *last = *place;
                    row
                }
                None => {
                    last_in_row.push(*place);
                    last_in_row.len() - 1
                }
            }
        })
        .collect()
}

/// Hatching for what is undetermined, so that it is told apart without colour.
pub(crate) fn hatch(drawing: &mut Drawing, id: &str) {
    drawing.start("defs", &[]);
    drawing.start(
        "pattern",
        &[
            ("id", &format!("{id}-hatch")),
            ("width", &"7"),
            ("height", &"7"),
            ("patternUnits", &"userSpaceOnUse"),
            ("patternTransform", &"rotate(45)"),
        ],
    );
    drawing.line("hatch", [0.0, 0.0], [0.0, 7.0]);
    drawing.end();
    drawing.end();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_would_touch_are_stacked() {
        assert_eq!(stacked(&[0.0, 30.0, 35.0, 40.0, 70.0], 10.0), [0, 0, 1, 0, 0]);
        assert_eq!(stacked(&[0.0, 1.0, 2.0, 20.0], 10.0), [0, 1, 2, 0]);
        assert_eq!(stacked(&[], 10.0), [0_usize; 0]);
    }
}
