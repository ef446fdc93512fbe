//! [`RecoveryPoint`]: how much of a charge that a firm foresaw it never booked, or took back.
//!
//! These are all the data there are, one point a firm; a range over them is the least and the most
//! of two, not an interval with a level.

use jiff::civil::Date;
use serde::Serialize;

use super::money::{Bounds, Usd};
use super::record::{Exposures, Figure, FirmRecord, Kind, Measure};

/// What became of one charge.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecoveryPoint {
    /// Id of the firm.
    pub firm: String,
    /// Part that the charge was for.
    pub part: String,
    /// What the firm foresaw, at most.
    pub guided: Usd,
    /// What it booked.
    pub booked: Usd,
    /// What it has released since.
    pub released: Usd,
    /// Quarters from the first booking to the first release, if anything was released.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released_after: Option<u32>,
    /// Day on which the last of these was known.
    pub known: Date,
}

impl RecoveryPoint {
    /// Share of the foreseen charge that was not booked.
    #[must_use]
    pub fn never_booked(&self) -> f64 {
        1.0 - self.booked / self.guided
    }

    /// Share of the booked charge that was released.
    #[must_use]
    pub fn released_share(&self) -> f64 {
        self.released / self.booked
    }

    /// Share of the foreseen charge that was not lost in the end.
    #[must_use]
    pub fn recovered(&self) -> f64 {
        1.0 - (self.booked - self.released) / self.guided
    }
}

/// What is known on a day of the charges of one firm for one part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Charges<'a> {
    /// Foreseen.
    pub guided: Option<&'a Figure>,
    /// Booked, the sum of all.
    pub booked: Usd,
    /// Released, the sum of all, above zero.
    pub released: Usd,
    /// Number of the quarter of the first booking.
    pub booked_in: Option<i32>,
    /// Number of the quarter of the first release.
    pub released_in: Option<i32>,
    /// Day on which the last of them was known.
    pub last: Option<Date>,
}

impl Charges<'_> {
    /// What has been set aside and not been released.
    pub(super) fn outstanding(&self) -> Usd {
        self.booked - self.released
    }
}

/// The charges of a firm for a part that were known on a day.
pub(super) fn charges<'a>(record: &'a FirmRecord, part: &str, on: Date) -> Charges<'a> {
    let mut found = Charges {
        guided: None,
        booked: Usd(0.0),
        released: Usd(0.0),
        booked_in: None,
        released_in: None,
        last: None,
    };
    let first = |earlier: Option<i32>, figure: &Figure| {
        let quarter = figure.period.last_quarter_number();
        Some(earlier.map_or(quarter, |earlier| earlier.min(quarter)))
    };
    for figure in record.standing(Measure::InventoryCharge, on) {
        let (Some(amount), true) = (figure.central_usd(), figure.part.as_deref() == Some(part)) else {
            continue;
        };
        match figure.kind {
            // The latest outlook counts.
            Kind::Guided if found.guided.is_none_or(|earlier| earlier.known <= figure.known) => {
                found.guided = Some(figure);
            }
            Kind::Guided => {}
            Kind::Booked if amount >= Usd(0.0) => {
                found.booked = found.booked + amount;
                found.booked_in = first(found.booked_in, figure);
            }
            Kind::Booked => {
                found.released = found.released - amount;
                found.released_in = first(found.released_in, figure);
            }
        }
        found.last = found.last.max(figure.known);
    }
    found
}

/// Whether a firm had booked a charge for a part by a day.
#[must_use]
pub fn is_charged(record: &FirmRecord, part: &str, on: Date) -> bool {
    charges(record, part, on).booked > Usd(0.0)
}

/// What became of the charges of all firms, by what was known on a day. A charge that had been
/// foreseen but not booked by then is no point yet.
#[must_use]
pub fn points(exposures: &Exposures, on: Date) -> Vec<RecoveryPoint> {
    let mut points = Vec::new();
    for record in exposures.iter() {
        for part in &record.parts {
            let known = charges(record, &part.id, on);
            let guided = known.guided.and_then(Figure::central_usd);
            let (Some(guided), Some(last)) = (guided, known.last) else { continue };
            if guided > Usd(0.0) && known.booked > Usd(0.0) {
                points.push(RecoveryPoint {
                    firm: record.firm.clone(),
                    part: part.id.clone(),
                    guided,
                    booked: known.booked,
                    released: known.released,
                    released_after: known
                        .booked_in
                        .zip(known.released_in)
                        .and_then(|(booked, released)| u32::try_from(released - booked).ok()),
                    known: last,
                });
            }
        }
    }
    points
}

/// Least and most of a share over points; `None` if there is none.
#[must_use]
pub fn range(points: &[RecoveryPoint], share: impl Fn(&RecoveryPoint) -> f64) -> Option<Bounds<f64>> {
    points.iter().map(share).map(Bounds::point).reduce(Bounds::hull)
}
