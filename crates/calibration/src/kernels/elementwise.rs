//! Measured rows of `elementwise`.

use narrows_perf::kernels::elementwise::{Elementwise, ElementwiseShape};

use super::{Measured, Reading};
use crate::chips::Roster;
use crate::table::Row;

impl Measured for Elementwise {
    const COLUMNS: &'static [&'static str] = &[];

    fn read(_: Row<'_>, _: &mut Roster<'_>) -> Reading<ElementwiseShape> {
        Err("not read yet".to_owned())
    }
}
