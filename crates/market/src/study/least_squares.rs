//! [`Fit`]: ordinary least squares.

use nalgebra::{DMatrix, DVector};

/// Coefficients and how well they are known.
pub(super) struct Fit {
    /// Constant, and a slope for each factor.
    pub(super) coefficients: DVector<f64>,
    /// Their covariance in units of the residual variance: `(X'X)^-1` in the plain case.
    pub(super) covariance: DMatrix<f64>,
    /// How many were fitted.
    pub(super) count: usize,
}

/// A column shorter than this part of itself, once what others explain is taken off, is
/// explained by them: the rest is rounding.
const INDEPENDENT: f64 = 1e-9;

/// Least squares by QR, which unlike normal equations does not square the condition number.
///
/// # Errors
/// The first column that those before it explain.
pub(super) fn solve(design: &DMatrix<f64>, observed: &[f64]) -> Result<Fit, usize> {
    if design.nrows() < design.ncols() {
        return Err(design.nrows());
    }
    let decomposition = design.clone().qr();
    let upper = decomposition.r();
    // Against the length of each column, so that small returns are no reason.
    let dependent = upper.diagonal().iter().zip(design.column_iter()).position(|(pivot, column)| {
        let length = column.norm();
        !(length > 0.0 && pivot.abs() > INDEPENDENT * length)
    });
    if let Some(column) = dependent {
        return Err(column);
    }
    let mut rotated = DVector::from_column_slice(observed);
    decomposition.q_tr_mul(&mut rotated);
    let size = upper.ncols();
    let solved = upper.solve_upper_triangular(&rotated.rows(0, size).into_owned());
    let half = upper.solve_upper_triangular(&DMatrix::identity(size, size));
    // No pivot is zero, so there is a solution.
    let (coefficients, half) = solved.zip(half).ok_or(0_usize)?;
    Ok(Fit { coefficients, covariance: &half * half.transpose(), count: size })
}
