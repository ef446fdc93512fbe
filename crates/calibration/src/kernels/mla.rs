//! Measured rows of `mla`.

use narrows_perf::kernels::mla::{Mla, MlaShape};

use super::{Measured, Reading};
use crate::chips::Roster;
use crate::table::Row;

impl Measured for Mla {
    const COLUMNS: &'static [&'static str] = &[];

    fn read(_: Row<'_>, _: &mut Roster<'_>) -> Reading<MlaShape> {
        Err("not read yet".to_owned())
    }
}
