//! Colours and marks of answers: the class gives the tone, the place of a status among
//! those of its class gives the depth, and a mark stands beside every colour.

use narrows::Class;

use crate::drawing::Drawing;

/// Style class of a class of answers.
pub(crate) const fn tone(class: Class) -> &'static str {
    match class {
        Class::Prohibition => "prohibition",
        Class::Licence => "licence",
        Class::Exception => "exception",
        Class::NoLicence => "no-licence",
        Class::Undetermined => "undetermined",
    }
}

/// A class of answers in words.
pub(crate) const fn class_words(class: Class) -> &'static str {
    match class {
        Class::Prohibition => "prohibition",
        Class::Licence => "licence needed",
        Class::Exception => "licence exception",
        Class::NoLicence => "no licence needed",
        Class::Undetermined => "undetermined",
    }
}

/// Depths of tone, the first the deepest.
const DEPTHS: usize = 4;

/// How deep each of some statuses is drawn, given with its class in the order of
/// strictness: the stricter, the deeper.
pub(crate) struct Depths(Vec<(String, Class, usize)>);

impl Depths {
    pub(crate) fn new<'a>(statuses: impl IntoIterator<Item = (&'a str, Class)>) -> Self {
        let mut depths: Vec<(String, Class, usize)> = Vec::new();
        for (status, class) in statuses {
            if depths.iter().any(|(known, _, _)| known == status) {
                continue;
            }
            let depth = depths.iter().filter(|(_, other, _)| *other == class).count();
            depths.push((status.to_owned(), class, depth.min(DEPTHS - 1)));
        }
        Self(depths)
    }

    /// Style classes of a status.
    pub(crate) fn style(&self, status: &str, class: Class) -> String {
        let depth = self.0.iter().find(|(known, _, _)| known == status).map_or(0, |(_, _, depth)| *depth);
        format!("{} depth-{depth}", tone(class))
    }
}

/// Draws the mark of a class: a circle, square, triangle, diamond or cross.
pub(crate) fn mark(drawing: &mut Drawing, class: Class, style: &str, [x, y]: [f64; 2], size: f64) {
    let style = format!("mark {} {style}", tone(class));
    let at = |dx: f64, dy: f64| [x + dx * size, y + dy * size];
    match class {
        Class::NoLicence => drawing.element(
            "circle",
            &[
                ("class", &style),
                ("cx", &crate::drawing::number(x)),
                ("cy", &crate::drawing::number(y)),
                ("r", &crate::drawing::number(size)),
            ],
        ),
        Class::Licence => {
            drawing.path(&style, &[at(-0.9, -0.9), at(0.9, -0.9), at(0.9, 0.9), at(-0.9, 0.9)], true);
        }
        Class::Exception => drawing.path(&style, &[at(0.0, -1.2), at(1.1, 0.8), at(-1.1, 0.8)], true),
        Class::Prohibition => {
            drawing.path(&style, &[at(0.0, -1.3), at(1.3, 0.0), at(0.0, 1.3), at(-1.3, 0.0)], true);
        }
        Class::Undetermined => {
            drawing.path(&style, &[at(-0.9, -0.9), at(0.9, 0.9)], false);
            drawing.path(&style, &[at(-0.9, 0.9), at(0.9, -0.9)], false);
        }
    }
}
