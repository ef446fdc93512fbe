//! The page: what the template shows, made ready.

use askama::Template;
use narrows::operations::{BriefAnswer, CheckAnswer, Period, PlaceReference, PlaneMap, SiblingCell};
use narrows::{Class, Decimal, Determination, Flip, Ground, LiveMargin, Origin, Truth};

use crate::abilities::Abilities;
use crate::band::Band;
use crate::costs::Costs;
use crate::end_user::EndUser;
use crate::map::{self, Shown};
use crate::tone::{Depths, class_words, tone};

/// Widths of the two drawings of every picture: for a screen or paper, and for a telephone.
const WIDE_BAND: f64 = 1000.0;
const NARROW_BAND: f64 = 360.0;
const WIDE_MAP: [f64; 2] = [760.0, 560.0];
const NARROW_MAP: [f64; 2] = [370.0, 400.0];

/// Why a page could not be written.
#[derive(Debug)]
pub struct BriefError(askama::Error);

impl std::fmt::Display for BriefError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "the page cannot be written: {}", self.0)
    }
}

impl std::error::Error for BriefError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// The page of a brief. `command` is the command that makes it again.
///
/// # Errors
/// [`BriefError`] if the template fails.
pub fn page(answer: &BriefAnswer, command: &str) -> Result<String, BriefError> {
    Page::new(answer, command).render().map_err(BriefError)
}

/// A picture in two widths, both self-contained.
struct Picture {
    wide: String,
    narrow: String,
}

#[derive(Template)]
#[template(path = "brief.html")]
struct Page<'a> {
    answer: &'a BriefAnswer,
    check: &'a CheckAnswer,
    determination: &'a Determination,
    command: &'a str,
    style: &'static str,
    tone: &'static str,
    class_words: &'static str,
    to: String,
    headquarters: String,
    from: String,
    band: Picture,
    changes: Vec<Change<'a>>,
    comparisons: Vec<Comparisons<'a>>,
    flips: Vec<FlipLine<'a>>,
    planes: Vec<Plane<'a>>,
    siblings: Option<Siblings<'a>>,
    abilities: Option<Abilities<'a>>,
    costs: Option<Costs<'a>>,
    end_user: Option<EndUser<'a>>,
    facts: Vec<Fact<'a>>,
}

/// A line of the table of changes.
struct Change<'a> {
    number: usize,
    period: &'a Period,
    style: String,
    missing: String,
}

struct Comparisons<'a> {
    ground: &'a Ground,
    rows: Vec<Comparison<'a>>,
}

struct Comparison<'a> {
    limb: &'a str,
    fact: &'a str,
    value: String,
    test: String,
    met: &'static str,
    margin: String,
    bar: Option<Bar>,
}

/// A bar from the middle of a small scale of factors, from a tenth to ten times the threshold.
struct Bar {
    from: String,
    width: String,
}

struct FlipLine<'a> {
    flip: &'a Flip,
    change: String,
    title: String,
    style: String,
}

struct Plane<'a> {
    map: &'a PlaneMap,
    picture: Picture,
    legend: Vec<Legend>,
    left_out: Vec<String>,
    rows: Vec<PointRow<'a>>,
}

/// What a letter in a plane stands for.
struct Legend {
    letter: String,
    style: String,
    title: String,
    by: String,
}

struct PointRow<'a> {
    name: &'a str,
    x: String,
    y: String,
    status: &'a str,
}

struct Siblings<'a> {
    title: &'a str,
    chips: Vec<SiblingHead<'a>>,
    rows: Vec<SiblingLine<'a>>,
}

struct SiblingHead<'a> {
    name: &'a str,
    is_subject: bool,
    status: &'a str,
    tone: &'static str,
}

struct SiblingLine<'a> {
    title: &'a str,
    unit: &'a str,
    cells: Vec<Option<SiblingShown<'a>>>,
}

struct SiblingShown<'a> {
    cell: &'a SiblingCell,
    ratio: String,
    /// Length of the bar in percent, full at the ratio one and cut off at two.
    bar: String,
}

struct Fact<'a> {
    name: &'a str,
    title: &'a str,
    value: String,
    certainty: String,
    how: String,
}

impl<'a> Page<'a> {
    /// Whether an address may be followed: data of a user's own may hold anything.
    #[expect(clippy::unused_self, reason = "the template calls it on itself")]
    fn is_web(&self, url: &str) -> bool {
        url.starts_with("https://") || url.starts_with("http://")
    }

    fn new(answer: &'a BriefAnswer, command: &'a str) -> Self {
        let check = &answer.check;
        let determination = &check.determination;
        let depths = depths(answer);
        let name = |place: &PlaceReference| format!("{} ({})", place.name, place.code);
        let to = name(&check.destination);
        let band = Band::new(&answer.history, check.on, answer.chip.chip.released);
        let title = format!("Status of {} to {to} over time", check.item.name);
        let siblings = answer.siblings.as_ref();
        let sibling_ids: Vec<&str> =
            siblings.into_iter().flat_map(|it| &it.chips).map(|chip| chip.id.as_str()).collect();
        let shown = Shown { subject: &answer.chip.chip.id, siblings: &sibling_ids, others: 14 };
        let planes = answer.planes.iter().enumerate();
        Self {
            answer,
            check,
            determination,
            command,
            style: include_str!("../templates/brief.css"),
            tone: tone(determination.class),
            class_words: class_words(determination.class),
            band: Picture {
                wide: band.draw("band-wide", WIDE_BAND, &depths, &title),
                narrow: band.draw("band-narrow", NARROW_BAND, &depths, &title),
            },
            changes: answer
                .history
                .iter()
                .enumerate()
                .map(|(at, period)| change(at, period, &depths))
                .collect(),
            comparisons: comparisons(determination),
            flips: determination.flips.iter().map(|flip| flip_line(flip, answer, &depths)).collect(),
            planes: planes.map(|(at, map)| plane(at, map, &depths, &shown)).collect(),
            siblings: siblings.map(|it| sibling_table(it, &answer.chip.chip.id)),
            abilities: Abilities::new(answer),
            costs: Costs::new(answer, [WIDE_BAND, NARROW_BAND]),
            end_user: check.end_user.as_ref().map(EndUser::new),
            facts: facts(answer),
            headquarters: name(&check.headquarters),
            from: name(&check.exported_from),
            to,
        }
    }
}

/// Depths of every status that may be on the page, so that one status looks the same in all pictures.
fn depths(answer: &BriefAnswer) -> Depths {
    let in_history = answer.history.iter().map(|period| period.status.as_str());
    let in_planes =
        answer.planes.iter().flat_map(|plane| &plane.regions).map(|region| region.status.as_str());
    let flips = answer.check.determination.flips.iter().map(|flip| flip.status.as_str());
    let occurring: Vec<&str> = in_history.chain(in_planes).chain(flips).collect();
    let listed = answer.statuses.iter().filter(|status| occurring.contains(&status.word.as_str()));
    Depths::new(listed.map(|status| (status.word.as_str(), status.class)))
}

fn change<'a>(at: usize, period: &'a Period, depths: &Depths) -> Change<'a> {
    Change {
        number: at + 1,
        style: depths.style(&period.status, period.class),
        missing: period.missing.join(", "),
        period,
    }
}

fn comparisons(determination: &Determination) -> Vec<Comparisons<'_>> {
    let groups = determination.comparisons().into_iter();
    groups
        .map(|(ground, rows)| Comparisons { ground, rows: rows.into_iter().map(comparison).collect() })
        .collect()
}

fn comparison(live: LiveMargin<'_>) -> Comparison<'_> {
    let margin = live.margin;
    let unit = margin.unit.as_deref().unwrap_or_default();
    Comparison {
        limb: live.limb.unwrap_or_default(),
        fact: &margin.fact,
        value: margin.value_text(),
        test: format!("{} {} {unit}", operator(margin.operator), margin.threshold.grouped())
            .trim_end()
            .to_owned(),
        met: match live.truth {
            Truth::True => "yes",
            Truth::False => "no",
            Truth::Unknown => "unknown",
        },
        margin: margin.fraction.map(percent).unwrap_or_default(),
        bar: margin.fraction.map(bar),
    }
}

fn operator(written: &str) -> &str {
    match written {
        ">=" => "≥",
        "<=" => "≤",
        "!=" => "≠",
        other => other,
    }
}

/// From the middle (the threshold) to the factor by which the value differs from it.
fn bar(fraction: Decimal) -> Bar {
    let factor = (1.0 + fraction.to_f64()).max(0.1);
    let end = 50.0 + 50.0 * factor.log10().clamp(-1.0, 1.0);
    Bar { from: format!("{:.1}", end.min(50.0)), width: format!("{:.1}", (end - 50.0).abs().max(1.0)) }
}

/// A change with the sign that type has for it.
fn percent(fraction: Decimal) -> String {
    fraction.as_change().replace('-', "−")
}

fn flip_line<'a>(flip: &'a Flip, answer: &'a BriefAnswer, depths: &Depths) -> FlipLine<'a> {
    let status = answer.statuses.iter().find(|status| status.word == flip.status);
    FlipLine {
        change: flip.change.map(percent).unwrap_or_default(),
        title: status.map_or_else(|| flip.status.clone(), |status| status.title.clone()),
        style: depths.style(&flip.status, status.map_or(Class::Undetermined, |status| status.class)),
        flip,
    }
}

fn plane<'a>(at: usize, map: &'a PlaneMap, depths: &Depths, shown: &Shown<'_>) -> Plane<'a> {
    let legend = map.regions.iter().enumerate().map(|(at, region)| {
        let titles: Vec<&str> = region.deciding.iter().map(|(_, title)| title.as_str()).collect();
        Legend {
            letter: map::letter(at),
            style: depths.style(&region.status, region.class),
            title: region.title.clone(),
            by: match region.missing.as_slice() {
                [] => titles.join("; "),
                missing => format!("hangs on {}", missing.join(", ")),
            },
        }
    });
    let narrow = Shown { others: 0, ..*shown };
    Plane {
        picture: Picture {
            wide: map::draw(map, &format!("map-{at}-wide"), WIDE_MAP, depths, shown),
            narrow: map::draw(map, &format!("map-{at}-narrow"), NARROW_MAP, depths, &narrow),
        },
        legend: legend.collect(),
        left_out: map
            .left_out
            .iter()
            .map(|chip| format!("{} ({})", chip.id, chip.lacks.join(", ")))
            .collect(),
        rows: map
            .points
            .iter()
            .map(|point| PointRow {
                name: &point.name,
                x: point.x.text(),
                y: point.y.text(),
                status: &point.title,
            })
            .collect(),
        map,
    }
}

fn sibling_table<'a>(siblings: &'a narrows::operations::Siblings, subject: &str) -> Siblings<'a> {
    let rows = siblings.rows.iter().map(|row| SiblingLine {
        title: &row.title,
        unit: &row.unit,
        cells: row.cells.iter().map(|cell| cell.as_ref().map(sibling_cell)).collect(),
    });
    Siblings {
        title: &siblings.title,
        chips: siblings
            .chips
            .iter()
            .map(|chip| SiblingHead {
                name: &chip.name,
                is_subject: chip.id == subject,
                status: &chip.status,
                tone: tone(chip.class),
            })
            .collect(),
        rows: rows.collect(),
    }
}

fn sibling_cell(cell: &SiblingCell) -> SiblingShown<'_> {
    let ratio = cell.ratio.unwrap_or_default();
    SiblingShown {
        cell,
        ratio: cell.ratio.map(|ratio| format!("× {}", ratio.rounded(2))).unwrap_or_default(),
        bar: format!("{:.1}", (ratio.to_f64() * 50.0).clamp(0.0, 100.0)),
    }
}

fn facts(answer: &BriefAnswer) -> Vec<Fact<'_>> {
    let facts = answer.check.determination.facts.iter().map(|line| {
        let unit = line.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
        let (certainty, how) = origin(&line.origin);
        Fact {
            name: &line.fact,
            title: &line.title,
            value: line
                .value
                .as_ref()
                .map_or_else(|| "not on record".to_owned(), |value| format!("{value}{unit}")),
            certainty,
            how,
        }
    });
    facts.collect()
}

/// Where a value comes from: how sure it is, and how it follows.
fn origin(origin: &Origin) -> (String, String) {
    match origin {
        Origin::Asker => ("given".to_owned(), "as asked".to_owned()),
        Origin::Catalogue { certainty, how, .. } => (certainty.to_string(), how.clone()),
        Origin::OtherFact { fact } => ("computed".to_owned(), format!("from {fact}")),
        Origin::Assumption => ("assumed".to_owned(), "nothing was said".to_owned()),
        Origin::Procedure => ("procedure".to_owned(), "taken to be met".to_owned()),
        Origin::Missing => ("unknown".to_owned(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_runs_from_the_threshold_to_the_factor() {
        let ends = |fraction: &str| {
            let bar = bar(fraction.parse().unwrap_or_default());
            format!("{} {}", bar.from, bar.width)
        };
        assert_eq!(ends("0"), "50.0 1.0");
        assert_eq!(ends("9"), "50.0 50.0");
        assert_eq!(ends("-0.9"), "0.0 50.0");
        assert_eq!(ends("-1"), "0.0 50.0");
        assert_eq!(ends("1000"), "50.0 50.0");
    }

    #[test]
    fn percentages_carry_their_sign() {
        let text = |fraction: &str| percent(fraction.parse().unwrap_or_default());
        assert_eq!([text("1.857"), text("-0.0654"), text("0")], ["+185.7%", "−6.5%", "0%"]);
    }
}
