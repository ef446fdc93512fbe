//! Measured rows of `exchange`.

use narrows_perf::kernels::exchange::{Exchange, ExchangeShape};

use super::{Measured, Reading};
use crate::chips::Roster;
use crate::table::Row;

impl Measured for Exchange {
    const COLUMNS: &'static [&'static str] = &[];

    fn read(_: Row<'_>, _: &mut Roster<'_>) -> Reading<ExchangeShape> {
        Err("not read yet".to_owned())
    }
}
