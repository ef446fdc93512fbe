//! Measured rows of `attention`.

use narrows_perf::kernels::attention::{Prefill, Decode, AttentionShape};

use super::{Measured, Reading};
use crate::chips::Roster;
use crate::table::Row;

impl Measured for Prefill {
    const COLUMNS: &'static [&'static str] = &[];

    fn read(_: Row<'_>, _: &mut Roster<'_>) -> Reading<AttentionShape> {
        Err("not read yet".to_owned())
    }
}

impl Measured for Decode {
    const COLUMNS: &'static [&'static str] = &[];

    fn read(_: Row<'_>, _: &mut Roster<'_>) -> Reading<AttentionShape> {
        Err("not read yet".to_owned())
    }
}
