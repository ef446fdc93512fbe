//! How many of a cut-down part to build when the rule may turn before it is delivered.
//!
//! The newsvendor (Arrow, Harris and Marschak 1951, *Econometrica* 19(3)) with one more risk: on
//! the day of delivery the rule may bar the sale. A part costs `c`, is sold for `p` less the fee,
//! and brings `s < c` if it is stranded. The state on the day of delivery is taken to hold for
//! the season in which demand `D` arises. With `π` the probability that sales are barred, and
//! `p̄` the price kept where they are not, profit per number built `Q`,
//!
//! `E(Q) = −cQ + πsQ + (1 − π)(p̄ E min(Q, D) + s E(Q − D)⁺)`,
//!
//! is concave, and `F(Q*) = 1 − (c − s) / ((1 − π)(p̄ − s))`: the critical fractile. It falls to
//! zero at `π* = (p̄ − c)/(p̄ − s)`, the fractile of the newsvendor without policy: above that
//! probability not even the first part is worth building. For a number given, the probability at
//! which the whole batch breaks even is that at which `E(Q) = 0`, which is linear in `π`.

mod batch;
mod demand;
mod trial;
mod waiting;

pub use batch::{Batch, Decision, Delivery};
pub use demand::Demand;
pub use trial::Trial;
pub use waiting::{Wait, Waiting};
