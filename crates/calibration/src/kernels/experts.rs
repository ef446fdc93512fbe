//! Measured rows of `experts`.

use narrows_perf::kernels::experts::{Experts, ExpertsShape};

use super::{Measured, Reading};
use crate::chips::Roster;
use crate::table::Row;

impl Measured for Experts {
    const COLUMNS: &'static [&'static str] = &[];

    fn read(_: Row<'_>, _: &mut Roster<'_>) -> Reading<ExpertsShape> {
        Err("not read yet".to_owned())
    }
}
