//! What a firm stands to lose when a rule turns: what is on record ([`record`]), what was at
//! risk on a day by what was known then ([`risk`]), how rules have turned and may turn
//! ([`history`], [`hazard`], [`chain`]), what that costs ([`outcome`]), and how many of a part
//! to build under such a rule ([`stock`]).
//!
//! A charge, a sale, a price and a cost are different types ([`money`]): a charge over a price
//! is no number of units.

pub mod money;
pub mod period;
mod read;
pub mod record;
pub mod recovery;
pub mod risk;
