//! [`Drawing`]: a small writer of SVG.
//!
//! Libraries that draw charts either fix the colours or bring a script; here every mark
//! takes its colour from the page's style, by class, so that one picture serves light,
//! dark and print.

use std::fmt::{Display, Write};

/// A picture of a fixed size in its own units, scaled by the page.
pub(crate) struct Drawing {
    text: String,
    open: Vec<&'static str>,
}

/// Where a text is anchored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    const fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

impl Drawing {
    /// A picture with its name and description for those who do not see it.
    pub(crate) fn new(
        class: &str,
        id: &str,
        width: f64,
        height: f64,
        title: &str,
        description: &str,
    ) -> Self {
        let mut drawing = Self { text: String::new(), open: Vec::new() };
        let labelled = format!("{id}-title {id}-description");
        drawing.start(
            "svg",
            &[
                ("class", &class),
                ("viewBox", &format!("0 0 {} {}", number(width), number(height))),
                ("role", &"img"),
                ("aria-labelledby", &labelled),
            ],
        );
        drawing.element_with_text("title", &[("id", &format!("{id}-title"))], title);
        drawing.element_with_text("desc", &[("id", &format!("{id}-description"))], description);
        drawing
    }

    /// Opens an element; everything until [`Drawing::end`] lies inside.
    pub(crate) fn start(&mut self, name: &'static str, attributes: &[(&str, &dyn Display)]) {
        self.tag(name, attributes, ">");
        self.open.push(name);
    }

    /// Closes the innermost open element.
    pub(crate) fn end(&mut self) {
        if let Some(name) = self.open.pop() {
            self.text.push_str("</");
            self.text.push_str(name);
            self.text.push('>');
        }
    }

    /// An element without content.
    pub(crate) fn element(&mut self, name: &'static str, attributes: &[(&str, &dyn Display)]) {
        self.tag(name, attributes, "/>");
    }

    /// An element that holds a text.
    pub(crate) fn element_with_text(
        &mut self,
        name: &'static str,
        attributes: &[(&str, &dyn Display)],
        text: &str,
    ) {
        self.tag(name, attributes, ">");
        self.escaped(text);
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    /// A line of text.
    pub(crate) fn label(&mut self, class: &str, x: f64, y: f64, anchor: Anchor, text: &str) {
        self.element_with_text(
            "text",
            &[("class", &class), ("x", &number(x)), ("y", &number(y)), ("text-anchor", &anchor.word())],
            text,
        );
    }

    /// A straight line.
    pub(crate) fn line(&mut self, class: &str, from: [f64; 2], to: [f64; 2]) {
        let ([x1, y1], [x2, y2]) = (from.map(number), to.map(number));
        self.element("line", &[("class", &class), ("x1", &x1), ("y1", &y1), ("x2", &x2), ("y2", &y2)]);
    }

    /// A rectangle.
    pub(crate) fn rectangle(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64) {
        let [x, y, width, height] = [x, y, width, height].map(number);
        self.element(
            "rect",
            &[("class", &class), ("x", &x), ("y", &y), ("width", &width), ("height", &height)],
        );
    }

    /// A path through points, closed or open.
    pub(crate) fn path(&mut self, class: &str, points: &[[f64; 2]], closed: bool) {
        let mut data = String::new();
        for (at, [x, y]) in points.iter().enumerate() {
            let command = if at == 0 { 'M' } else { 'L' };
            data.push_str(&format!("{command}{} {}", number(*x), number(*y)));
        }
        if closed {
            data.push('Z');
        }
        self.element("path", &[("class", &class), ("d", &data)]);
    }

    /// The finished picture.
    pub(crate) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.text
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &dyn Display)], close: &str) {
        self.text.push('<');
        self.text.push_str(name);
        for (name, value) in attributes {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            let value = value.to_string();
            self.escaped(&value);
            self.text.push('"');
        }
        self.text.push_str(close);
    }

    fn escaped(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '&' => self.text.push_str("&amp;"),
                '"' => self.text.push_str("&quot;"),
                // Control characters have no place in a page.
                control if control.is_control() => {}
                other => self.text.push(other),
            }
        }
    }
}

/// A coordinate to a tenth of a unit, without a trailing zero.
pub(crate) fn number(value: f64) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(text, "{:.1}", value);
    if let Some(whole) = text.strip_suffix(".0") {
        text.truncate(whole.len());
    }
    if text == "-0" { "0".to_owned() } else { text }
}

/// The width of a text in a sans-serif face, in units of the picture: an estimate that errs
/// on the wide side, so that labels do not run into one another.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    let em: f64 = text
        .chars()
        .map(|character| match character {
            'i' | 'l' | 'j' | '.' | ',' | ':' | ';' | '|' | '\'' | ' ' | 'I' => 0.32,
            'm' | 'w' | 'M' | 'W' => 0.9,
            'A'..='Z' => 0.7,
            ascii if ascii.is_ascii() => 0.58,
            _ => 1.0,
        })
        .sum();
    em * size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_well_formed_and_escapes_what_it_is_given() {
        let mut drawing = Drawing::new("band", "a", 100.0, 20.5, "A < B & \"C\"", "x\u{0}y");
        drawing.start("g", &[("class", &"inner")]);
        drawing.rectangle("r", 0.0, -0.04, 10.25, 3.0);
        drawing.path("p", &[[0.0, 0.0], [1.0, 2.0]], true);
        drawing.label("l", 1.0, 2.0, Anchor::Middle, "5 > 4");
        assert_eq!(
            drawing.finish(),
            "<svg class=\"band\" viewBox=\"0 0 100 20.5\" role=\"img\" aria-labelledby=\"a-title a-description\">\
             <title id=\"a-title\">A &lt; B &amp; &quot;C&quot;</title><desc id=\"a-description\">xy</desc>\
             <g class=\"inner\"><rect class=\"r\" x=\"0\" y=\"0\" width=\"10.2\" height=\"3\"/>\
             <path class=\"p\" d=\"M0 0L1 2Z\"/>\
             <text class=\"l\" x=\"1\" y=\"2\" text-anchor=\"middle\">5 &gt; 4</text></g></svg>"
        );
    }
}
