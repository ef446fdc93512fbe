//! The law of a day drawn in a plane of two facts.
//!
//! All other facts stay as they are for the item in question, but for its name: a rule that
//! names it would otherwise hide all others. The plane is swept in
//! columns: along each column the tests that involve the vertical fact turn over at
//! values that are known exactly, and between two of them nothing changes, so that one
//! evaluation stands for the whole stretch. Neighbouring columns with the same stretches
//! make a polygon; where the stretches differ, the place is narrowed down by bisection, or
//! is a threshold of the horizontal fact itself.

use narrows_condition::{Case, Dictionary, FactId, FactType, Span};
use narrows_law::{Boundary, Class, Docket, Facts, Origin, Plane, UNDETERMINED, boundaries};
use narrows_quantity::Decimal;
use serde::Serialize;

use crate::examiner::{Examiner, Prepared, Question};
use crate::failure::Failure;
use crate::workbench::Workbench;

/// The register of names of items.
const ITEMS: &str = "chips";

/// Columns across the width, beside those at thresholds.
const COLUMNS: i32 = 72;

/// The picture reaches beyond its outermost point or threshold by this factor.
const PADDING: f64 = 1.35;

/// A plane with the regions of a day and the chips of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlaneMap {
    /// What it shows.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Areas of one answer each, the strictest first.
    pub regions: Vec<Region>,
    /// Lines between regions, in units of the axes.
    pub borders: Vec<Vec<[f64; 2]>>,
    /// Chips, by id.
    pub points: Vec<Point>,
    /// Chips that lack one of the two facts.
    pub left_out: Vec<LeftOut>,
}

/// A logarithmic axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Axis {
    /// Name of the fact.
    pub fact: String,
    /// Name in prose.
    pub title: String,
    /// Unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Left or lower end.
    pub low: f64,
    /// Right or upper end.
    pub high: f64,
    /// Thresholds at which an answer in the plane changes.
    pub thresholds: Vec<Decimal>,
}

/// An area in which the answer is the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Region {
    /// The status.
    pub status: String,
    /// Its class.
    pub class: Class,
    /// The status in a few words.
    pub title: String,
    /// Provisions that decide: id and title.
    pub deciding: Vec<(String, String)>,
    /// Names of missing facts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Its outlines, in units of the axes.
    pub polygons: Vec<Vec<[f64; 2]>>,
}

/// A chip in the plane.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// The name without its maker's and without what stands in brackets.
    pub label: String,
    /// Where it lies along the horizontal axis.
    pub x: Reach,
    /// Where it lies along the vertical axis.
    pub y: Reach,
    /// Its own status for the same transaction.
    pub status: String,
    /// The class of that.
    pub class: Class,
    /// That in a few words.
    pub title: String,
}

/// Where a value lies: above zero, and at `low` if it is known exactly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reach {
    /// Least value.
    pub low: f64,
    /// Greatest value; none if it is open upwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

impl Reach {
    /// Whether it is one value.
    #[must_use]
    pub fn is_exact(self) -> bool {
        self.high.is_some_and(|high| high.total_cmp(&self.low).is_eq())
    }

    /// The value as a person reads it.
    #[must_use]
    pub fn text(self) -> String {
        let shown = |value: f64| {
            let decimal = Decimal::from_float_text((value * 1000.0).round() / 1000.0).unwrap_or_default();
            decimal.grouped()
        };
        match self.high {
            Some(_) if self.is_exact() => shown(self.low),
            Some(high) => format!("{} to {}", shown(self.low), shown(high)),
            None => format!("at least {}", shown(self.low)),
        }
    }
}

/// A chip that is not in the picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Id.
    pub id: String,
    /// Facts of the axes that are not on record.
    pub lacks: Vec<String>,
}

/// Draws a plane for a question, with every chip under the same transaction.
pub(crate) fn draw(
    workbench: &Workbench,
    examiner: &mut Examiner<'_>,
    plane: &Plane,
    question: &Question,
    prepared: &Prepared<'_>,
) -> Result<PlaneMap, Failure> {
    let (points, left_out) = chips(workbench, examiner, plane, question)?;
    let jurisdiction = examiner.jurisdiction();
    let dictionary = &jurisdiction.dictionary;
    let mut base = prepared.item.facts.case.clone();
    for fact in [plane.horizontal, plane.vertical] {
        // A ratio is varied by itself, so that its parts must not contradict it.
        if let FactType::Ratio { denominator, .. } = dictionary.fact(fact).kind
            && let Some(range) = dictionary.fact(denominator).range()
        {
            let (low, high) = (range.low().millionths(), range.high().millionths());
            base.set_span(denominator, Span { low, high });
        }
    }
    let followers = |lead: FactId| {
        let follows = dictionary.iter().filter(move |(_, fact)| fact.otherwise == Some(lead));
        std::iter::once(lead).chain(follows.map(|(id, _)| id)).collect::<Vec<FactId>>()
    };
    let (horizontal, vertical) = (followers(plane.horizontal), followers(plane.vertical));
    // An item of other figures is another item: it is not one that the law names.
    let mut transaction = prepared.transaction.clone();
    transaction.values.retain(
        |fact, _| !matches!(&dictionary.fact(*fact).kind, FactType::Name { register } if register == ITEMS),
    );
    let docket = examiner.docket(prepared.view, &transaction)?;
    let mut sweep = Sweep { docket, case: base, horizontal, vertical };
    let x = sweep.ends(&points, |point| point.x, true);
    let y = sweep.ends(&points, |point| point.y, false);
    let columns = sweep.columns(x, y);
    let axis = |fact: FactId, ends: Ends, thresholds: Vec<Decimal>| {
        let fact = dictionary.fact(fact);
        Axis {
            fact: fact.name.clone(),
            title: fact.title.clone(),
            unit: fact.unit().map(str::to_owned),
            low: ends.low.to_f64(),
            high: ends.high.to_f64(),
            thresholds,
        }
    };
    let (x_thresholds, y_thresholds) =
        thresholds(&columns, &sweep.thresholds(x, true), &sweep.thresholds(y, false));
    let mut regions: Vec<(u32, Region)> = Vec::new();
    for (answer, polygon) in polygons(&columns) {
        match regions.iter_mut().find(|(known, _)| *known == answer) {
            Some((_, region)) => region.polygons.push(polygon),
            None => {
                let found = sweep.docket.answer_of(answer);
                let status = found.status_in(jurisdiction);
                let edition = sweep.docket.edition();
                let deciding = found.deciding.iter().map(|id| edition.provision(*id));
                regions.push((
                    answer,
                    Region {
                        status: status.map_or(UNDETERMINED, |status| &status.word).to_owned(),
                        class: status.map_or(Class::Undetermined, |status| status.class),
                        title: status.map_or(UNDETERMINED, |status| &status.title).to_owned(),
                        deciding: deciding
                            .map(|it| (it.provision.clone(), it.definition.title.clone()))
                            .collect(),
                        missing: found.missing.iter().map(|id| dictionary.fact(*id).name.clone()).collect(),
                        polygons: vec![polygon],
                    },
                ));
            }
        }
    }
    let rank =
        |region: &Region| jurisdiction.statuses().iter().position(|status| status.word == region.status);
    regions.sort_by_key(|(_, region)| (rank(region).is_none(), rank(region)));
    Ok(PlaneMap {
        title: plane.title.clone(),
        x: axis(plane.horizontal, x, x_thresholds),
        y: axis(plane.vertical, y, y_thresholds),
        regions: regions.into_iter().map(|(_, region)| region).collect(),
        borders: borders(&columns),
        points,
        left_out,
    })
}

/// Every chip of the catalogue with its place in the plane and its own status.
fn chips(
    workbench: &Workbench,
    examiner: &mut Examiner<'_>,
    plane: &Plane,
    question: &Question,
) -> Result<(Vec<Point>, Vec<LeftOut>), Failure> {
    let jurisdiction = examiner.jurisdiction();
    let dictionary = &jurisdiction.dictionary;
    let (mut points, mut left_out) = (Vec::new(), Vec::new());
    let catalogue = workbench.chips()?;
    for chip in catalogue.iter() {
        let vendor = catalogue.vendor(&chip.vendor).map_or("", |vendor| &vendor.name);
        let asked = Question { item: Some(chip.id.clone()), facts: Vec::new(), ..question.clone() };
        let prepared = examiner.prepare(&asked)?;
        let facts = &prepared.item.facts;
        let reach = |fact: FactId| {
            let (low, high) = match dictionary.fact(fact).kind {
                FactType::Ratio { numerator, denominator, .. } if facts.case.span(fact).is_absent() => {
                    let (n, d) = (ends(facts, numerator, dictionary), ends(facts, denominator, dictionary));
                    (n.0.zip(d.1).map(|(n, d)| n / d), n.1.zip(d.0).map(|(n, d)| n / d))
                }
                _ => ends(facts, fact, dictionary),
            };
            // A figure of which only an upper bound is known has no place in a logarithmic picture.
            low.filter(|low| *low > 0.0).map(|low| Reach { low, high })
        };
        let (x, y) = (reach(plane.horizontal), reach(plane.vertical));
        let (Some(x), Some(y)) = (x, y) else {
            let lacking =
                [(x, plane.horizontal), (y, plane.vertical)].into_iter().filter(|(reach, _)| reach.is_none());
            let lacks = lacking.map(|(_, fact)| dictionary.fact(fact).name.clone()).collect();
            left_out.push(LeftOut { id: chip.id.clone(), lacks });
            continue;
        };
        let standing = examiner.standing(&prepared)?;
        let status = jurisdiction.statuses().iter().find(|status| status.word == standing.status);
        points.push(Point {
            id: chip.id.clone(),
            name: chip.name.clone(),
            label: label(&chip.name, vendor),
            x,
            y,
            class: status.map_or(Class::Undetermined, |status| status.class),
            title: status.map_or(UNDETERMINED, |status| &status.title).to_owned(),
            status: standing.status,
        });
    }
    Ok((points, left_out))
}

/// A name without its maker's and without what stands in brackets.
fn label(name: &str, vendor: &str) -> String {
    let plain = name.split(" (").next().unwrap_or(name).trim();
    match plain.strip_prefix(vendor).map(str::trim) {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => plain.to_owned(),
    }
}

/// The least and the greatest value that a number may have, none where that is open.
fn ends(facts: &Facts, fact: FactId, dictionary: &Dictionary) -> (Option<f64>, Option<f64>) {
    let (span, range) = (facts.case.span(fact), dictionary.fact(fact).range());
    let Some(range) = range.filter(|_| *facts.origin(fact) != Origin::Missing) else { return (None, None) };
    let number = |millionths: i64| Decimal::from_millionths(millionths).to_f64();
    let exact = span.is_exact();
    (
        (exact || span.low > range.low().millionths()).then(|| number(span.low)),
        (exact || span.high < range.high().millionths()).then(|| number(span.high)),
    )
}

/// Ends of an axis, both above zero.
#[derive(Debug, Clone, Copy)]
struct Ends {
    low: Decimal,
    high: Decimal,
}

impl Ends {
    fn contains(self, value: Decimal) -> bool {
        self.low < value && value < self.high
    }
}

/// A stretch of a column with one answer.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stretch {
    low: Decimal,
    high: Decimal,
    answer: u32,
}

#[derive(Debug, Clone)]
struct Column {
    x: Decimal,
    stretches: Vec<Stretch>,
}

impl Column {
    fn answers(&self) -> impl Iterator<Item = u32> {
        self.stretches.iter().map(|stretch| stretch.answer)
    }

    fn is_like(&self, other: &Self) -> bool {
        self.answers().eq(other.answers())
    }
}

struct Sweep<'d> {
    docket: &'d mut Docket,
    case: Case,
    /// The horizontal fact, and those that take its value.
    horizontal: Vec<FactId>,
    /// The vertical fact, and those that take its value.
    vertical: Vec<FactId>,
}

impl Sweep<'_> {
    fn set(&mut self, is_horizontal: bool, value: Decimal) {
        let facts = if is_horizontal { &self.horizontal } else { &self.vertical };
        for fact in facts {
            self.case.set_span(*fact, Span::exactly(value.millionths()));
        }
    }

    fn boundaries(&self, is_horizontal: bool) -> Vec<Boundary> {
        let facts = if is_horizontal { &self.horizontal } else { &self.vertical };
        let mut found: Vec<Boundary> =
            facts.iter().flat_map(|fact| boundaries(self.docket, &self.case, *fact)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Thresholds of one fact by itself.
    fn thresholds(&mut self, ends: Ends, is_horizontal: bool) -> Vec<Decimal> {
        self.set(is_horizontal, ends.low);
        let own = self.boundaries(is_horizontal).into_iter().filter(|boundary| boundary.alone);
        own.map(|boundary| boundary.at).filter(|at| ends.contains(*at)).collect()
    }

    /// An axis that holds all chips and thresholds.
    fn ends(&mut self, points: &[Point], reach: fn(&Point) -> Reach, is_horizontal: bool) -> Ends {
        self.set(is_horizontal, Decimal::ONE);
        let thresholds: Vec<f64> = self
            .boundaries(is_horizontal)
            .into_iter()
            .filter(|boundary| boundary.alone && boundary.at > Decimal::ZERO)
            .map(|boundary| boundary.at.to_f64())
            .collect();
        let reaches = points.iter().map(reach).flat_map(|reach| [Some(reach.low), reach.high]).flatten();
        let values: Vec<f64> = reaches.chain(thresholds).collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(0.0, f64::max);
        let decimal = |value: f64| Decimal::from_float_text((value * 1e4).round() / 1e4).ok();
        let ends = (low.is_finite() && high > 0.0)
            .then(|| Some(Ends { low: decimal(low / PADDING)?, high: decimal(high * PADDING)? }))
            .flatten();
        ends.filter(|ends| ends.low > Decimal::ZERO && ends.low < ends.high)
            .unwrap_or(Ends { low: Decimal::ONE, high: Decimal::whole(10) })
    }

    fn column(&mut self, x: Decimal, y: Ends) -> Column {
        self.set(true, x);
        self.set(false, y.low);
        let mut cuts = vec![y.low];
        for boundary in self.boundaries(false) {
            let last = cuts.last().copied().unwrap_or(y.low);
            if y.contains(boundary.at) && boundary.at.millionths() - last.millionths() > 1 {
                cuts.push(boundary.at);
            }
        }
        cuts.push(y.high);
        let mut stretches: Vec<Stretch> = Vec::new();
        for (low, high) in cuts.iter().zip(cuts.iter().skip(1)) {
            let middle = (low.to_f64() * high.to_f64()).sqrt();
            let sample = Decimal::from_float_text((middle * 1e6).round() / 1e6).unwrap_or(*low);
            self.set(false, sample);
            let answer = self.docket.decide(&self.case);
            match stretches.last_mut() {
                Some(last) if last.answer == answer => last.high = *high,
                _ => stretches.push(Stretch { low: *low, high: *high, answer }),
            }
        }
        Column { x, stretches }
    }

    /// Columns across the picture; where two neighbours differ, they are so close that the
    /// eye cannot tell them apart.
    fn columns(&mut self, x: Ends, y: Ends) -> Vec<Column> {
        let (low, high) = (x.low.to_f64().ln(), x.high.to_f64().ln());
        let step = (high - low) / f64::from(COLUMNS);
        let mut places: Vec<Decimal> = (1..COLUMNS)
            .filter_map(|at| {
                let value = (low + step * f64::from(at)).exp();
                Decimal::from_float_text((value * 1e6).round() / 1e6).ok()
            })
            .chain([x.low, x.high])
            .collect();
        for threshold in self.thresholds(x, true) {
            // Either side of the threshold, whether it belongs to the upper side or the lower.
            let around = [-1, 0, 1].map(|off| Decimal::from_millionths(threshold.millionths() + off));
            places.extend(around.into_iter().filter(|at| x.contains(*at)));
        }
        places.sort_unstable();
        places.dedup();
        let mut columns: Vec<Column> = Vec::new();
        for place in places {
            let next = self.column(place, y);
            if let Some(last) = columns.last().cloned() {
                self.narrow(last, &next, y, &mut columns);
            }
            columns.push(next);
        }
        columns
    }

    /// Adds the columns on both sides of where two columns begin to differ.
    fn narrow(&mut self, mut left: Column, right: &Column, y: Ends, columns: &mut Vec<Column>) {
        let mut right = right.clone();
        let finest = |left: &Column| (left.x.millionths() / 2_000).max(1);
        while !left.is_like(&right) && right.x.millionths() - left.x.millionths() > finest(&left) {
            let middle = Decimal::from_millionths(i64::midpoint(left.x.millionths(), right.x.millionths()));
            let column = self.column(middle, y);
            if column.is_like(&left) {
                left = column;
                columns.push(left.clone());
            } else {
                right = column;
            }
        }
        columns.push(right);
    }
}

/// The thresholds at which some answer changes.
fn thresholds(columns: &[Column], x: &[Decimal], y: &[Decimal]) -> (Vec<Decimal>, Vec<Decimal>) {
    let mut found = (Vec::new(), Vec::new());
    // Along a slope neighbours differ by a hair; across a threshold they jump.
    let jump = |left: &Column, right: &Column| {
        let lows = left.stretches.iter().zip(&right.stretches);
        !left.is_like(right)
            || lows.into_iter().any(|(a, b)| a.low.millionths().abs_diff(b.low.millionths()) > 9)
    };
    for threshold in x {
        let turns = columns.iter().zip(columns.iter().skip(1)).any(|(left, right)| {
            left.x.millionths() >= threshold.millionths() - 1
                && right.x.millionths() <= threshold.millionths() + 1
                && jump(left, right)
        });
        if turns {
            found.0.push(*threshold);
        }
    }
    for threshold in y {
        let bounds =
            |column: &Column| column.stretches.iter().skip(1).any(|stretch| stretch.low == *threshold);
        if columns.iter().any(bounds) {
            found.1.push(*threshold);
        }
    }
    found
}

/// Neighbouring columns with the same answers from bottom to top.
struct Run<'c> {
    columns: &'c [Column],
    /// Where the next run begins.
    end: Option<Decimal>,
}

impl<'c> Run<'c> {
    fn all(columns: &'c [Column]) -> Vec<Self> {
        let runs: Vec<&[Column]> = columns.chunk_by(Column::is_like).collect();
        let ends = runs.iter().skip(1).map(|next| next.first().map(|column| column.x)).chain([None]);
        runs.iter().zip(ends).map(|(columns, end)| Self { columns, end }).collect()
    }

    fn first(&self) -> &'c [Stretch] {
        self.columns.first().map(|column| column.stretches.as_slice()).unwrap_or_default()
    }

    fn last(&self) -> &'c [Stretch] {
        self.columns.last().map(|column| column.stretches.as_slice()).unwrap_or_default()
    }

    /// The lower or upper edge of a stretch, from left to right.
    fn edge(&self, at: usize, pick: fn(&Stretch) -> Decimal) -> Vec<[f64; 2]> {
        let points = self
            .columns
            .iter()
            .filter_map(|column| Some([column.x.to_f64(), pick(column.stretches.get(at)?).to_f64()]));
        let mut line: Vec<[f64; 2]> = points.collect();
        if let (Some(end), Some([_, level])) = (self.end, line.last().copied()) {
            line.push([end.to_f64(), level]);
        }
        without_level_points(line)
    }
}

/// Outlines of the stretches of like columns, with the answer inside.
fn polygons(columns: &[Column]) -> Vec<(u32, Vec<[f64; 2]>)> {
    let mut found = Vec::new();
    for run in Run::all(columns) {
        for (at, stretch) in run.first().iter().enumerate() {
            let mut outline = run.edge(at, |stretch| stretch.low);
            outline.extend(run.edge(at, |stretch| stretch.high).into_iter().rev());
            found.push((stretch.answer, outline));
        }
    }
    found
}

/// Lines on whose two sides the answers differ.
fn borders(columns: &[Column]) -> Vec<Vec<[f64; 2]>> {
    let runs = Run::all(columns);
    let mut found: Vec<Vec<[f64; 2]>> = Vec::new();
    for run in &runs {
        found.extend((1..run.first().len()).map(|at| run.edge(at, |stretch| stretch.low)));
    }
    for (left, right) in runs.iter().zip(runs.iter().skip(1)) {
        let Some(x) = left.end.map(Decimal::to_f64) else { continue };
        let mut upright: Option<[[f64; 2]; 2]> = None;
        let mut cuts: Vec<Decimal> = left.last().iter().chain(right.first()).map(|it| it.low).collect();
        cuts.extend(left.last().last().map(|stretch| stretch.high));
        cuts.sort_unstable();
        cuts.dedup();
        let answer = |stretches: &[Stretch], low: Decimal| {
            stretches.iter().rfind(|stretch| stretch.low <= low).map(|stretch| stretch.answer)
        };
        for (low, high) in cuts.iter().zip(cuts.iter().skip(1)) {
            let differ = answer(left.last(), *low) != answer(right.first(), *low);
            match (&mut upright, differ) {
                (Some([_, top]), true) => top[1] = high.to_f64(),
                (None, true) => upright = Some([[x, low.to_f64()], [x, high.to_f64()]]),
                (_, false) => found.extend(upright.take().map(Vec::from)),
            }
        }
        found.extend(upright.map(Vec::from));
    }
    found
}

/// A line without the points that lie on a level stretch.
fn without_level_points(line: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    let level = |a: [f64; 2], b: [f64; 2]| a[1].total_cmp(&b[1]).is_eq();
    let mut kept: Vec<[f64; 2]> = Vec::new();
    for point in line {
        if let [.., before, last] = kept.as_mut_slice()
            && level(*before, *last)
            && level(*last, point)
        {
            *last = point;
            continue;
        }
        kept.push(point);
    }
    kept
}
