//! Measured rows of `collective`.

use narrows_perf::kernels::collective::{Collective, CollectiveShape};

use super::{Measured, Reading};
use crate::chips::Roster;
use crate::table::Row;

impl Measured for Collective {
    const COLUMNS: &'static [&'static str] = &[];

    fn read(_: Row<'_>, _: &mut Roster<'_>) -> Reading<CollectiveShape> {
        Err("not read yet".to_owned())
    }
}
