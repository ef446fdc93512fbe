//! The map: the law of a day in a plane of two facts, with the chips as points.

use narrows::operations::{Axis, PlaneMap, Point, Reach};

use crate::band::hatch;
use crate::drawing::{Anchor, Drawing, number, text_width};
use crate::scale::{Logarithmic, tick_text};
use crate::tone::{Depths, mark};

const LETTERS: f64 = 11.5;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 44.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 46.0;
/// Length of the arrow of a value that is open upwards.
const ARROW: f64 = 14.0;

/// Which chips are told apart.
pub(crate) struct Shown<'a> {
    /// The chip of the brief.
    pub(crate) subject: &'a str,
    /// Its siblings.
    pub(crate) siblings: &'a [&'a str],
    /// How many other chips to name, room permitting.
    pub(crate) others: usize,
}

/// The letter that ties a region to the legend.
pub(crate) fn letter(at: usize) -> String {
    let at = u32::try_from(at).unwrap_or(0);
    char::from_u32('A' as u32 + at % 26).map_or_else(String::new, |letter| letter.to_string())
}

struct Canvas {
    x: Logarithmic,
    y: Logarithmic,
    width: f64,
    height: f64,
}

impl Canvas {
    fn at(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.x.place(x), self.y.place(y)]
    }
}

/// Draws a plane, `width` by `height` units.
pub(crate) fn draw(
    plane: &PlaneMap,
    id: &str,
    [width, height]: [f64; 2],
    depths: &Depths,
    shown: &Shown<'_>,
) -> String {
    let canvas = Canvas {
        x: Logarithmic::new(plane.x.low, plane.x.high, LEFT, width - RIGHT),
        y: Logarithmic::new(plane.y.low, plane.y.high, height - BOTTOM, TOP),
        width,
        height,
    };
    let mut drawing = Drawing::new("map", id, width, height, &plane.title, &description(plane, shown));
    hatch(&mut drawing, id);
    for (at, region) in plane.regions.iter().enumerate() {
        let style = format!("area {}", depths.style(&region.status, region.class));
        drawing.start("g", &[("class", &"region")]);
        let title = format!("{}: {}", letter(at), region.title);
        drawing.element_with_text("title", &[], &title);
        for polygon in &region.polygons {
            let outline: Vec<[f64; 2]> = polygon.iter().map(|point| canvas.at(*point)).collect();
            drawing.path(&style, &outline, true);
            if region.class == narrows::Class::Undetermined {
                let fill = format!("url(#{id}-hatch)");
                drawing.start("g", &[("fill", &fill)]);
                drawing.path("", &outline, true);
                drawing.end();
            }
        }
        drawing.end();
    }
    for border in &plane.borders {
        let line: Vec<[f64; 2]> = border.iter().map(|point| canvas.at(*point)).collect();
        drawing.path("border", &line, false);
    }
    axes(&mut drawing, plane, &canvas);
    let mut taken = letters(&mut drawing, plane, &canvas);
    points(&mut drawing, plane, &canvas, shown, &mut taken);
    drawing.finish()
}

fn axes(drawing: &mut Drawing, plane: &PlaneMap, canvas: &Canvas) {
    let (floor, right) = (canvas.height - BOTTOM, canvas.width - RIGHT);
    drawing.path("frame", &[[LEFT, TOP], [right, TOP], [right, floor], [LEFT, floor]], true);
    for tick in canvas.x.ticks() {
        let x = canvas.x.place(tick);
        drawing.line("tick", [x, floor], [x, floor + 4.0]);
        drawing.label("tick-text", x, floor + 16.0, Anchor::Middle, &tick_text(tick));
    }
    for tick in canvas.y.ticks() {
        let y = canvas.y.place(tick);
        drawing.line("tick", [LEFT - 4.0, y], [LEFT, y]);
        drawing.label("tick-text", LEFT - 7.0, y + 4.0, Anchor::End, &tick_text(tick));
    }
    let middle = f64::midpoint(LEFT, right);
    let along = axis_title(&plane.x, right - LEFT);
    drawing.label("axis-text", middle, canvas.height - 10.0, Anchor::Middle, &along);
    let turned = format!("rotate(-90 14 {})", number(f64::midpoint(TOP, floor)));
    drawing.start("g", &[("transform", &turned)]);
    let up = axis_title(&plane.y, floor - TOP);
    drawing.label("axis-text", 14.0, f64::midpoint(TOP, floor), Anchor::Middle, &up);
    drawing.end();
    // Thresholds of the law stand on the far sides, as far as they do not run into each other.
    let mut ends = [f64::MIN; 3];
    for threshold in &plane.x.thresholds {
        let (x, text) = (canvas.x.place(threshold.to_f64()), threshold.grouped());
        let half = text_width(&text, LETTERS) / 2.0;
        for (row, end) in (0_u8..).zip(&mut ends) {
            if x - half > *end + 10.0 {
                let rise = f64::from(row) * (LETTERS + 3.0);
                drawing.line("threshold", [x, TOP - 4.0 - rise], [x, TOP]);
                drawing.label("threshold-text", x, TOP - 8.0 - rise, Anchor::Middle, &text);
                *end = x + half;
                break;
            }
        }
    }
    let mut last = f64::MAX;
    for threshold in &plane.y.thresholds {
        let (y, text) = (canvas.y.place(threshold.to_f64()), threshold.grouped());
        drawing.line("threshold", [right, y], [right + 4.0, y]);
        if y < last - LETTERS {
            drawing.label("threshold-text", right + 6.0, y + 4.0, Anchor::Start, &text);
            last = y;
        }
    }
}

/// The title of an axis with its unit, or where that is longer than the axis, the name of
/// its fact.
fn axis_title(axis: &Axis, room: f64) -> String {
    let with_unit =
        |name: &str| axis.unit.as_ref().map_or_else(|| name.to_owned(), |unit| format!("{name} ({unit})"));
    let title = with_unit(&axis.title);
    if text_width(&title, LETTERS) <= room { title } else { with_unit(&axis.fact) }
}

/// A rectangle that a label or mark takes up.
#[derive(Debug, Clone, Copy)]
struct Taken {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Taken {
    fn around([x, y]: [f64; 2], half_width: f64, half_height: f64) -> Self {
        Self { left: x - half_width, top: y - half_height, right: x + half_width, bottom: y + half_height }
    }

    fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// Puts each region's letter where it has most room.
fn letters(drawing: &mut Drawing, plane: &PlaneMap, canvas: &Canvas) -> Vec<Taken> {
    let mut taken = Vec::new();
    for (at, region) in plane.regions.iter().enumerate() {
        let outlines = region
            .polygons
            .iter()
            .map(|polygon| polygon.iter().map(|point| canvas.at(*point)).collect::<Vec<[f64; 2]>>());
        let best = outlines.filter_map(|outline| roomiest(&outline)).max_by(|a, b| a.1.total_cmp(&b.1));
        let Some((place, room)) = best.filter(|(_, room)| *room > 4.0) else { continue };
        let _ = room;
        taken.push(Taken::around(place, 9.0, 9.0));
        drawing.label("letter", place[0], place[1] + 5.0, Anchor::Middle, &letter(at));
    }
    taken
}

/// The point of a grid over a polygon that lies farthest from its edges, and how far.
fn roomiest(outline: &[[f64; 2]]) -> Option<([f64; 2], f64)> {
    const GRID: u32 = 18;
    let bounds = |pick: fn(&[f64; 2]) -> f64| {
        let values = || outline.iter().map(pick);
        (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
    };
    let ((left, right), (top, bottom)) = (bounds(|point| point[0]), bounds(|point| point[1]));
    let step = |low: f64, high: f64, at: u32| low + (high - low) * (f64::from(at) + 0.5) / f64::from(GRID);
    let grid = (0..GRID).flat_map(|row| (0..GRID).map(move |column| (row, column)));
    grid.map(|(row, column)| [step(left, right, column), step(top, bottom, row)])
        .filter(|point| is_inside(*point, outline))
        .map(|point| (point, distance_to_edges(point, outline)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

fn edges(outline: &[[f64; 2]]) -> impl Iterator<Item = ([f64; 2], [f64; 2])> {
    let next = outline.iter().cycle().skip(1);
    outline.iter().copied().zip(next.copied())
}

/// Whether a ray to the right crosses the outline an odd number of times.
fn is_inside([x, y]: [f64; 2], outline: &[[f64; 2]]) -> bool {
    let crossed = edges(outline)
        .filter(|([ax, ay], [bx, by])| (*ay > y) != (*by > y) && x < ax + (y - ay) * (bx - ax) / (by - ay));
    crossed.count() % 2 == 1
}

fn distance_to_edges([x, y]: [f64; 2], outline: &[[f64; 2]]) -> f64 {
    edges(outline)
        .map(|([ax, ay], [bx, by])| {
            let (dx, dy) = (bx - ax, by - ay);
            let length = dx * dx + dy * dy;
            let share =
                if length > 0.0 { (((x - ax) * dx + (y - ay) * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
            (x - ax - share * dx).hypot(y - ay - share * dy)
        })
        .fold(f64::INFINITY, f64::min)
}

fn middle(reach: Reach) -> f64 {
    reach.high.map_or(reach.low, |high| (reach.low * high).sqrt())
}

/// How much a point matters: the chip itself, its siblings, all others.
fn rank(point: &Point, shown: &Shown<'_>) -> u8 {
    match point.id.as_str() {
        id if id == shown.subject => 2,
        id if shown.siblings.contains(&id) => 1,
        _ => 0,
    }
}

fn points(
    drawing: &mut Drawing,
    plane: &PlaneMap,
    canvas: &Canvas,
    shown: &Shown<'_>,
    taken: &mut Vec<Taken>,
) {
    let rank = |point: &Point| rank(point, shown);
    // The chip of the brief is drawn last, on top of the others.
    let mut ordered: Vec<&Point> = plane.points.iter().collect();
    ordered.sort_by_key(|point| rank(point));
    for point in &ordered {
        let place = canvas.at([middle(point.x), middle(point.y)]);
        let (style, size) = match rank(point) {
            2 => ("subject", 5.5),
            1 => ("sibling", 4.2),
            _ => ("other", 3.0),
        };
        drawing.start("g", &[("class", &"point")]);
        drawing.element_with_text("title", &[], &point_text(point, plane));
        whiskers(drawing, point, canvas, place);
        if rank(point) == 2 {
            drawing.element(
                "circle",
                &[("class", &"ring"), ("cx", &number(place[0])), ("cy", &number(place[1])), ("r", &"10")],
            );
        }
        mark(drawing, point.class, style, place, size);
        drawing.end();
        taken.push(Taken::around(place, size, size));
        // An open end is an arrow, and no name may lie on it.
        let [x, y] = place;
        if point.x.high.is_none() {
            taken.push(Taken::around([x + ARROW / 2.0, y], ARROW / 2.0, 3.0));
        }
        if point.y.high.is_none() {
            taken.push(Taken::around([x, y - ARROW / 2.0], 3.0, ARROW / 2.0));
        }
    }
    // Names: the chip itself, its siblings, then others while there is room. Siblings at one
    // place share a label.
    let mut others = shown.others;
    let mut named: Vec<&str> = Vec::new();
    for point in ordered.iter().rev() {
        let rank = rank(point);
        if (rank == 0 && others == 0) || named.contains(&point.id.as_str()) {
            continue;
        }
        let place = canvas.at([middle(point.x), middle(point.y)]);
        let here = |other: &&&Point| {
            let [x, y] = canvas.at([middle(other.x), middle(other.y)]);
            other.id == point.id
                || (rank == 1 && self::rank(other, shown) == 1 && (x - place[0]).hypot(y - place[1]) < 2.0)
        };
        let together: Vec<&&Point> = ordered.iter().filter(here).collect();
        named.extend(together.iter().map(|other| other.id.as_str()));
        let name = &match together.as_slice() {
            [only] => only.label.clone(),
            several => {
                let words = several.iter().map(|other| other.label.split(' ').next().unwrap_or_default());
                words.collect::<Vec<_>>().join(" · ")
            }
        };
        let (style, size) = match rank {
            2 => ("name subject-name", 13.0),
            1 => ("name sibling-name", LETTERS),
            _ => ("name other-name", 9.5),
        };
        let Some((at, anchor, box_)) = room_for(name, size, place, canvas, taken, rank) else { continue };
        taken.push(box_);
        drawing.label(style, at[0], at[1], anchor, name);
        others -= usize::from(rank == 0);
    }
}

/// A free place for a label beside a point: right, left, above, below.
fn room_for(
    name: &str,
    size: f64,
    [x, y]: [f64; 2],
    canvas: &Canvas,
    taken: &[Taken],
    rank: u8,
) -> Option<([f64; 2], Anchor, Taken)> {
    let (width, off) = (text_width(name, size), if rank == 2 { 13.0 } else { 6.5 });
    let half = size / 2.0;
    let candidates = [
        ([x + off, y + half * 0.7], Anchor::Start, [x + off + width / 2.0, y]),
        ([x - off, y + half * 0.7], Anchor::End, [x - off - width / 2.0, y]),
        ([x, y - off - 1.0], Anchor::Middle, [x, y - off - half]),
        ([x, y + off + size - 1.0], Anchor::Middle, [x, y + off + half]),
        ([x + off, y - off], Anchor::Start, [x + off + width / 2.0, y - off - half]),
        ([x - off, y - off], Anchor::End, [x - off - width / 2.0, y - off - half]),
        ([x + off, y + off + half], Anchor::Start, [x + off + width / 2.0, y + off + half]),
        ([x - off, y + off + half], Anchor::End, [x - off - width / 2.0, y + off + half]),
    ];
    let inside = |taken: &Taken| {
        taken.left > LEFT
            && taken.right < canvas.width - 2.0
            && taken.top > TOP
            && taken.bottom < canvas.height - BOTTOM
    };
    candidates
        .into_iter()
        .map(|(at, anchor, centre)| (at, anchor, Taken::around(centre, width / 2.0, half)))
        .find(|(_, _, own)| inside(own) && !taken.iter().any(|other| own.meets(other)))
}

/// Lines that show how far a value may reach; an open end is an arrow.
fn whiskers(drawing: &mut Drawing, point: &Point, canvas: &Canvas, [x, y]: [f64; 2]) {
    if !point.x.is_exact() {
        let from = canvas.x.place(point.x.low);
        match point.x.high {
            Some(high) => drawing.line("reach", [from, y], [canvas.x.place(high), y]),
            None => drawing.path(
                "reach",
                &[
                    [x, y],
                    [x + ARROW, y],
                    [x + ARROW - 4.0, y - 3.0],
                    [x + ARROW, y],
                    [x + ARROW - 4.0, y + 3.0],
                ],
                false,
            ),
        }
    }
    if !point.y.is_exact() {
        let from = canvas.y.place(point.y.low);
        match point.y.high {
            Some(high) => drawing.line("reach", [x, from], [x, canvas.y.place(high)]),
            None => drawing.path(
                "reach",
                &[
                    [x, y],
                    [x, y - ARROW],
                    [x - 3.0, y - ARROW + 4.0],
                    [x, y - ARROW],
                    [x + 3.0, y - ARROW + 4.0],
                ],
                false,
            ),
        }
    }
}

/// What a pointer over a point says.
fn point_text(point: &Point, plane: &PlaneMap) -> String {
    let unit = |axis: &Axis| axis.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
    format!(
        "{}: {}{}, {}{}; {}",
        point.name,
        point.x.text(),
        unit(&plane.x),
        point.y.text(),
        unit(&plane.y),
        point.title
    )
}

fn description(plane: &PlaneMap, shown: &Shown<'_>) -> String {
    let mut text = format!(
        "{} along, {} up, both logarithmic; {} regions and {} chips. The table below the picture has every point.",
        axis_title(&plane.x, f64::INFINITY),
        axis_title(&plane.y, f64::INFINITY),
        plane.regions.len(),
        plane.points.len()
    );
    if let Some(point) = plane.points.iter().find(|point| point.id == shown.subject) {
        text.push_str(&format!(" {}.", point_text(point, plane)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roomiest_point_of_an_l_lies_in_its_thick_part() {
        let outline = [[0.0, 0.0], [100.0, 0.0], [100.0, 10.0], [40.0, 10.0], [40.0, 60.0], [0.0, 60.0]];
        let (point, room) = roomiest(&outline).unwrap_or_default();
        assert!(is_inside(point, &outline), "{point:?}");
        assert!(point[0] < 40.0 && point[1] > 10.0 && room > 15.0, "{point:?} {room}");
        assert!(!is_inside([70.0, 30.0], &outline));
    }

    #[test]
    fn regions_are_lettered() {
        assert_eq!([letter(0), letter(25), letter(26)], ["A", "Z", "A"]);
    }
}
