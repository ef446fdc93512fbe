//! Pictures of an invented law, compared with files that were looked at.
//!
//! `NARROWS_BLESS=1` writes what is drawn; look at the files before keeping them.

use std::fs;
use std::path::Path;

use narrows::operations::{Axis, LeftOut, Period, PlaneMap, Point, Reach, Region};
use narrows::{Class, Date};

use crate::band::Band;
use crate::map::{self, Shown};
use crate::moves::{Amount, Error, Mark, Moves};
use crate::tone::Depths;

const STATUSES: [(&str, Class, &str); 5] = [
    ("forbidden", Class::Prohibition, "forbidden"),
    ("refused", Class::Licence, "licence: refused"),
    ("asked", Class::Licence, "licence: asked"),
    ("waived", Class::Exception, "licence waived"),
    ("free", Class::NoLicence, "free"),
];

fn depths() -> Depths {
    Depths::new(STATUSES.map(|(status, class, _)| (status, class)))
}

fn period(from: Date, until: Option<Date>, status: &str) -> Period {
    let (class, title) = STATUSES
        .iter()
        .find(|(known, _, _)| *known == status)
        .map_or((Class::Undetermined, "undetermined"), |(_, class, title)| (*class, *title));
    Period {
        from,
        until,
        status: status.to_owned(),
        class,
        title: title.to_owned(),
        provisions: vec!["atlantis.tides".to_owned()],
        changed_by: Vec::new(),
        missing: Vec::new(),
    }
}

fn periods() -> Vec<Period> {
    let days = [
        (2022, 1, 1, "free"),
        (2023, 3, 1, "asked"),
        (2023, 3, 15, "refused"),
        (2024, 6, 1, "waived"),
        (2025, 1, 10, "undetermined"),
        (2025, 9, 1, "forbidden"),
    ];
    let dates: Vec<Date> =
        days.iter().map(|(year, month, day, _)| Date::constant(*year, *month, *day)).collect();
    let each = days.iter().enumerate();
    each.filter_map(|(at, (_, _, _, status))| {
        Some(period(*dates.get(at)?, dates.get(at + 1).copied(), status))
    })
    .collect()
}

fn plane() -> PlaneMap {
    let axis = |fact: &str, title: &str, unit: &str, low: f64, high: f64| Axis {
        fact: fact.to_owned(),
        title: title.to_owned(),
        unit: Some(unit.to_owned()),
        low,
        high,
        thresholds: Vec::new(),
    };
    let region = |status: &str, polygon: Vec<[f64; 2]>| {
        let period = period(Date::constant(2024, 1, 1), None, status);
        Region {
            status: period.status,
            class: period.class,
            title: period.title,
            deciding: vec![("atlantis.tides".to_owned(), "tides & <currents>".to_owned())],
            missing: Vec::new(),
            polygons: vec![polygon],
        }
    };
    let point = |id: &str, label: &str, x: Reach, y: Reach, status: &str| {
        let period = period(Date::constant(2024, 1, 1), None, status);
        Point {
            id: id.to_owned(),
            name: format!("Invented {label}"),
            label: label.to_owned(),
            x,
            y,
            status: period.status,
            class: period.class,
            title: period.title,
        }
    };
    let at = |low: f64| Reach { low, high: Some(low) };
    PlaneMap {
        title: "Pull against depth".to_owned(),
        x: axis("pull", "pull of the tide", "knots", 1.0, 1000.0),
        y: axis("depth", "depth", "fathoms", 0.1, 100.0),
        regions: vec![
            region("refused", vec![[100.0, 0.1], [1000.0, 0.1], [1000.0, 100.0], [100.0, 100.0]]),
            region("waived", vec![[10.0, 5.0], [100.0, 5.0], [100.0, 100.0], [10.0, 100.0]]),
            region(
                "free",
                vec![[1.0, 0.1], [100.0, 0.1], [100.0, 5.0], [10.0, 5.0], [10.0, 100.0], [1.0, 100.0]],
            ),
        ],
        borders: vec![vec![[100.0, 0.1], [100.0, 100.0]], vec![[10.0, 100.0], [10.0, 5.0], [100.0, 5.0]]],
        points: vec![
            point("invented.eel", "Eel 7", at(120.0), at(8.0), "refused"),
            point("invented.cod", "Cod", at(90.0), at(6.0), "waived"),
            point("invented.ray", "Ray & Son", Reach { low: 3.0, high: Some(30.0) }, at(0.5), "free"),
            point("invented.orca", "Orca", Reach { low: 400.0, high: None }, at(50.0), "refused"),
            point("invented.crab", "Crab", at(2.0), at(0.2), "free"),
        ],
        left_out: vec![LeftOut { id: "invented.squid".to_owned(), lacks: vec!["depth".to_owned()] }],
    }
}

fn compare(name: &str, drawn: &str) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases/pictures").join(name);
    if std::env::var_os("NARROWS_BLESS").is_some() {
        return fs::write(&path, drawn).map_err(|error| error.to_string());
    }
    let kept = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
    // One element a line, so that a difference can be read.
    let lines = |text: &str| text.replace("><", ">\n<").lines().map(str::to_owned).collect::<Vec<_>>();
    let (kept, drawn) = (lines(&kept), lines(drawn));
    let differs = kept.iter().zip(&drawn).position(|(kept, drawn)| kept != drawn);
    match differs {
        None if kept.len() == drawn.len() => Ok(()),
        at => {
            let at = at.unwrap_or(kept.len().min(drawn.len()));
            Err(format!("{name}, line {}:\nkept  {:?}\ndrawn {:?}", at + 1, kept.get(at), drawn.get(at)))
        }
    }
}

#[test]
fn the_band_is_drawn_as_kept() -> Result<(), String> {
    let periods = periods();
    let band = Band::new(&periods, Date::constant(2025, 5, 1), Some(Date::constant(2022, 11, 8)));
    compare("band-wide.svg", &band.draw("wide", 1000.0, &depths(), "Status over time"))?;
    compare("band-narrow.svg", &band.draw("narrow", 360.0, &depths(), "Status over time"))
}

#[test]
fn the_map_is_drawn_as_kept() -> Result<(), String> {
    let (plane, depths) = (plane(), depths());
    let shown = Shown { subject: "invented.eel", siblings: &["invented.cod"], others: 2 };
    compare("map-wide.svg", &map::draw(&plane, "wide", [760.0, 560.0], &depths, &shown))?;
    compare("map-narrow.svg", &map::draw(&plane, "narrow", [370.0, 400.0], &depths, &shown))
}

fn moves() -> Moves<'static> {
    let error = |value: f64, standard_error: f64| Some(Error { value, standard_error });
    let mark = |number: usize, announced: Date, tone: &'static str, reaction: [Option<Error>; 2]| Mark {
        number,
        announced,
        tone,
        sentence: format!("{number}. The ebb of {announced} & what it <moved>."),
        reaction: reaction.iter().any(Option::is_some).then_some(reaction),
    };
    Moves {
        marks: vec![
            mark(1, Date::constant(2024, 11, 4), "undetermined", [None, None]),
            mark(2, Date::constant(2025, 1, 13), "licence", [error(-0.062, 0.021), error(-0.031, 0.009)]),
            mark(3, Date::constant(2025, 1, 15), "no-licence", [error(0.044, 0.02), None]),
            mark(4, Date::constant(2025, 2, 3), "exception", [error(0.001, 0.02), error(0.11, 0.012)]),
        ],
        amounts: vec![
            Amount { known: Date::constant(2025, 1, 13), text: "foreseen charge $5 and more".to_owned() },
            Amount { known: Date::constant(2025, 1, 20), text: "booked $4".to_owned() },
        ],
    }
}

#[test]
fn moves_are_drawn_as_kept() -> Result<(), String> {
    let draw = |id: &str, width: f64| moves().draw(id, width, "Moves of an eel").ok_or("nothing drawn");
    compare("moves-wide.svg", &draw("wide", 1000.0)?)?;
    compare("moves-narrow.svg", &draw("narrow", 360.0)?)?;
    let silent = Moves { marks: Vec::new(), amounts: Vec::new() };
    assert_eq!(silent.draw("none", 1000.0, "Moves of nothing"), None);
    Ok(())
}
