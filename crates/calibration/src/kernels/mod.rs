//! Reading of each kind of measured table: which columns give a kernel's shape, and which
//! variant of the kernel a code path is.

pub mod attention;
pub mod collective;
pub mod elementwise;
pub mod exchange;
pub mod experts;
pub mod gemm;
pub mod mla;

use crate::chips::Roster;
use crate::group::Measurement;
use crate::table::Row;

/// A measured row as a kernel understands it.
///
/// # Errors
/// Why the row has no meaning for the kernel.
pub type Reading<S> = Result<Measurement<S>, String>;

/// Reads rows of a kind of table.
pub trait Measured: narrows_perf::Kernel {
    /// Reads one row.
    ///
    /// # Errors
    /// Why the row has no meaning for the kernel.
    fn read(row: Row<'_>, roster: &mut Roster<'_>) -> Reading<Self::Shape>;
}
