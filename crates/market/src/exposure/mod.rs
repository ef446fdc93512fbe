//! What a firm stands to lose when a rule turns: what is on record ([`record`]), what was at
//! risk on a day by what was known then ([`risk`]), what became of charges elsewhere
//! ([`recovery`]), and how many parts a charge stands for ([`units`]).
//!
//! A charge, a sale, a price and a cost are different types ([`money`]): a charge over a price
//! is no number of units.

pub mod money;
pub mod period;
mod read;
pub mod record;
pub mod recovery;
pub mod risk;
pub mod units;
