//! What each change cost, made ready for the page: events with what shares did, and marks for
//! the picture.

use narrows::exposure::{Bounds, Figure, FigureKind, FigureUnit, Measure};
use narrows::operations::{BriefAnswer, CostlyEvent, Reaction, Role, ShockRow};
use narrows::{EventKind, PolicyEvent};

use crate::moves::{Amount, Error, Mark, Moves};
use crate::suppliers::Suppliers;

/// The section of the page.
pub(crate) struct Costs<'a> {
    /// Name and ticker of the maker.
    pub(crate) maker: String,
    /// Days for which there are quotes.
    pub(crate) quoted: String,
    pub(crate) rows: Vec<Row<'a>>,
    pub(crate) told: Vec<Told<'a>>,
    pub(crate) wide: Option<String>,
    pub(crate) narrow: Option<String>,
}

/// One event.
pub(crate) struct Row<'a> {
    pub(crate) number: usize,
    pub(crate) event: &'a PolicyEvent,
    pub(crate) kind: &'static str,
    pub(crate) tone: &'static str,
    /// First session that could react, where the maker's shares tell.
    pub(crate) day0: String,
    pub(crate) raw: String,
    pub(crate) close: Option<Cell>,
    pub(crate) overnight: Option<Cell>,
    /// What a reader should know of the maker's figures, and of firms that cannot be shown.
    pub(crate) notes: Vec<String>,
    /// What else moved the shares.
    pub(crate) confounders: Vec<String>,
    pub(crate) others: Vec<Other<'a>>,
    pub(crate) suppliers: Option<Suppliers<'a>>,
}

/// What the maker told.
pub(crate) struct Told<'a> {
    pub(crate) figure: &'a Figure,
    pub(crate) known: String,
    pub(crate) what: String,
    pub(crate) amount: String,
}

/// An abnormal return with its test.
pub(crate) struct Cell {
    pub(crate) value: String,
    pub(crate) test: String,
    /// Such a day comes about less than once in twenty by chance.
    pub(crate) rare: bool,
}

/// A share other than the maker's.
pub(crate) struct Other<'a> {
    pub(crate) name: &'a str,
    pub(crate) ticker: &'a str,
    pub(crate) role: &'static str,
    pub(crate) day0: String,
    pub(crate) raw: String,
    pub(crate) close: Option<Cell>,
    pub(crate) overnight: Option<Cell>,
    pub(crate) note: String,
}

/// Probability below which a return counts as rare.
const RARE: f64 = 0.05;

impl<'a> Costs<'a> {
    /// `widths` of the two pictures.
    pub(crate) fn new(answer: &'a BriefAnswer, widths: [f64; 2]) -> Option<Self> {
        let costs = answer.costs.as_ref()?;
        let maker = costs.maker.as_ref();
        let name = maker.map_or("its maker", |maker| maker.name.as_str());
        let rows: Vec<Row<'a>> = {
            let firm = maker.map(|maker| maker.firm.as_str());
            costs.events.iter().enumerate().map(|(at, event)| row(at, event, firm)).collect()
        };
        let moves = Moves {
            marks: rows.iter().zip(&costs.events).map(|(row, event)| mark(row, event, name)).collect(),
            amounts: costs.told.iter().filter_map(mark_of_amount).collect(),
        };
        let title = format!(
            "Abnormal returns of {name} when events that reach the {} became known",
            answer.chip.chip.name
        );
        let [wide, narrow] = widths;
        Some(Self {
            maker: maker.map_or_else(
                || "the maker, which is not on record".to_owned(),
                |maker| match &maker.ticker {
                    Some(ticker) => format!("{} ({ticker})", maker.name),
                    None => format!("{}, of which no quotes are at hand", maker.name),
                },
            ),
            quoted: costs.quoted.map_or_else(String::new, |(first, last)| format!("{first} to {last}")),
            wide: moves.draw("moves-wide", wide, &title),
            narrow: moves.draw("moves-narrow", narrow, &title),
            rows,
            told: costs.told.iter().map(told).collect(),
        })
    }
}

fn told(figure: &Figure) -> Told<'_> {
    Told {
        known: figure.known.map(|day| day.to_string()).unwrap_or_default(),
        what: what(figure),
        amount: amount(figure),
        figure,
    }
}

fn what(figure: &Figure) -> String {
    let is_release = figure.measure == Measure::InventoryCharge && figure.range.high < 0.0;
    let measure = if is_release { "released of the charge".to_owned() } else { figure.measure.words() };
    match figure.kind {
        FigureKind::Guided => format!("{measure}, foreseen"),
        FigureKind::Booked => measure,
    }
}

/// Billions of dollars; what an upper bound covers reads as one.
fn amount(figure: &Figure) -> String {
    let billions = |value: f64| {
        let text = format!("{:.2}", value.abs() / 1e9);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let currency = match &figure.unit {
        FigureUnit::Usd => "$",
        FigureUnit::Currency(code) => code,
        FigureUnit::Share => "",
    };
    let Bounds { low, high } = figure.range;
    let (low_text, high_text) = (billions(low), billions(high));
    match figure.value {
        Some(_) if low.abs() < 1.0 && high > 0.0 => format!("up to {currency}{high_text} bn"),
        _ if low_text == high_text => format!("{currency}{high_text} bn"),
        _ => format!("{currency}{low_text} to {high_text} bn"),
    }
}

/// Charges and lost sales stand in the picture; what was sold only in the table.
fn mark_of_amount(figure: &Figure) -> Option<Amount> {
    let short = match (figure.measure, figure.kind) {
        (Measure::InventoryCharge, FigureKind::Guided) => "charge foreseen",
        (Measure::InventoryCharge, FigureKind::Booked) if figure.range.high < 0.0 => "released",
        (Measure::InventoryCharge, FigureKind::Booked) => "charge booked",
        (Measure::LostSales, FigureKind::Guided) => "lost sales foreseen",
        (Measure::LostSales, FigureKind::Booked) => "lost sales",
        _ => return None,
    };
    Some(Amount { known: figure.known?, text: format!("{short} {}", amount(figure)) })
}

const fn tone(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Tighten => "licence",
        EventKind::Loosen => "no-licence",
        EventKind::Threaten | EventKind::Retaliate => "exception",
        EventKind::Negotiate | EventKind::Statement => "undetermined",
    }
}

const fn kind(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Tighten => "tightened",
        EventKind::Loosen => "loosened",
        EventKind::Threaten => "threat",
        EventKind::Retaliate => "retaliation",
        EventKind::Negotiate => "talks",
        EventKind::Statement => "statement",
    }
}

fn row<'a>(at: usize, costly: &'a CostlyEvent, maker_id: Option<&str>) -> Row<'a> {
    let event = &costly.event;
    let maker = costly.reactions.iter().find(|reaction| reaction.role == Role::Maker);
    let mut notes: Vec<String> = maker.into_iter().flat_map(|maker| notes(&maker.close)).collect();
    notes.extend(costly.left_out.iter().map(|(name, why)| format!("{name}: {why}")));
    let mut confounders: Vec<String> = event.confounders.iter().map(|other| other.what.clone()).collect();
    let told = |id: &String| event.confounders.iter().any(|other| other.event.as_ref() == Some(id));
    let overlapping = costly.overlapping.iter().filter(|other| !told(&other.id));
    confounders.extend(overlapping.map(|other| format!("{} ({})", other.title, other.announced)));
    Row {
        number: at + 1,
        event,
        kind: kind(event.kind),
        tone: tone(event.kind),
        day0: maker.and_then(|it| it.close.day0).map(|day| day.to_string()).unwrap_or_default(),
        raw: maker.and_then(|it| it.close.raw_return).map(percent).unwrap_or_default(),
        close: maker.and_then(|it| cell(&it.close)),
        overnight: maker.and_then(|it| cell(it.overnight.as_ref()?)),
        notes,
        confounders,
        others: costly.reactions.iter().filter(|it| it.role != Role::Maker).map(other).collect(),
        suppliers: costly.suppliers.as_ref().map(|suppliers| Suppliers::new(suppliers, maker_id)),
    }
}

fn other(reaction: &Reaction) -> Other<'_> {
    let close = &reaction.close;
    Other {
        name: &close.firm,
        ticker: &close.ticker,
        role: match reaction.role {
            Role::Maker => "maker",
            Role::Named => "named by the event",
        },
        day0: close.day0.map(|day| day.to_string()).unwrap_or_default(),
        raw: close.raw_return.map(percent).unwrap_or_default(),
        close: cell(close),
        overnight: reaction.overnight.as_ref().and_then(cell),
        note: notes(close).join("; "),
    }
}

fn notes(row: &ShockRow) -> Vec<String> {
    row.fault.iter().chain(&row.notes).cloned().collect()
}

pub(crate) fn cell(row: &ShockRow) -> Option<Cell> {
    let found = row.abnormal.as_ref()?;
    Some(Cell {
        value: percent(found.car),
        test: format!("t {:.2}, p {:.3}", found.t, found.p).replace('-', "−"),
        rare: found.p < RARE,
    })
}

pub(crate) fn percent(fraction: f64) -> String {
    format!("{:+.1}%", 100.0 * fraction).replace('-', "−")
}

fn mark<'a>(row: &Row<'a>, costly: &'a CostlyEvent, name: &str) -> Mark<'a> {
    let event = &costly.event;
    let maker = costly.reactions.iter().find(|reaction| reaction.role == Role::Maker);
    let error = |row: &ShockRow| {
        let found = row.abnormal.as_ref()?;
        Some(Error { value: found.car, standard_error: found.standard_error })
    };
    let mut sentence = format!("{}. {}, {}: {}.", row.number, event.days.announced, row.kind, event.title);
    if let Some(close) = &row.close {
        sentence.push_str(&format!(" {name} {} apart from the market ({})", close.value, close.test));
        if let Some(overnight) = &row.overnight {
            sentence.push_str(&format!(", {} overnight ({})", overnight.value, overnight.test));
        }
        sentence.push('.');
    }
    Mark {
        number: row.number,
        announced: event.days.announced,
        tone: row.tone,
        sentence,
        reaction: maker.map(|it| [error(&it.close), it.overnight.as_ref().and_then(error)]),
    }
}
