//! The rate of arithmetic that a chip holds for longer than a moment: short of its
//! published rate, and shorter still where its power budget per operation is small.
//!
//! A published rate is that of every unit busy at boost clock. A chip whose matrix units
//! draw more than the board allows lowers its clock until they do not, so that what it
//! sustains is power divided by energy per operation. A chip cut down in arithmetic but
//! not in power keeps its boost clock instead, and sustains nearly all of its peak.

/// Operations per second that are sustained at full occupancy: the smooth minimum of
/// `share` times the published rate `peak` (operations per second) and of `power` (watts)
/// over `energy` (joules an operation). Never decreases in `peak`, `share` or `power`.
#[must_use]
pub fn sustained_rate(peak: f64, power: f64, share: f64, energy: f64) -> f64 {
    if peak <= 0.0 {
        return 0.0;
    }
    let unlimited = share * peak;
    // A limit that is not given (no power, no energy) does not bind.
    if power <= 0.0 || energy <= 0.0 {
        return unlimited;
    }
    unlimited / short_of_power(unlimited * energy / power)
}

/// By how much a chip whose matrix units would draw `draw` times its power is slowed down:
/// (1 + draw^4)^(1/4), which is 1 far below the limit and `draw` far above it.
#[must_use]
pub fn short_of_power(draw: f64) -> f64 {
    let squared = draw * draw;
    (1.0 + squared * squared).sqrt().sqrt()
}

/// The later of two ends, without a corner: activities that overlap now and then wait for
/// each other. At least the greater, at most 2^(1/4) times it; never decreases in either.
#[must_use]
pub fn later(one: f64, other: f64) -> f64 {
    let (large, small) = if one > other { (one, other) } else { (other, one) };
    if large > 0.0 { large * short_of_power(small / large) } else { 0.0 }
}
