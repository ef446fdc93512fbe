//! [`Stream`]: seeded draws from the distributions of this module.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use statrs::distribution::{ContinuousCDF, Normal};

/// Draws that a seed determines (xoshiro256++, Blackman and Vigna 2021, ACM TOMS 47(4)).
#[derive(Debug, Clone)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// A stream.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// A number strictly between zero and one: the middles of `2^53` equal parts.
    pub fn uniform(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let part = (self.0.next_u64() >> 11) as f64;
        (part + 0.5) / 9_007_199_254_740_992.0
    }

    /// A standard normal, by the inverse of its distribution.
    pub fn normal(&mut self) -> f64 {
        let uniform = self.uniform();
        Normal::standard().inverse_cdf(uniform)
    }

    /// A waiting time of mean one.
    pub fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }

    /// A Gamma variate of rate one (Marsaglia and Tsang 2000, ACM TOMS 26(3)); a shape below
    /// one by the power of a uniform that they give.
    ///
    /// A shape that is not above zero gives zero, which is the limit.
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape.is_nan() || shape <= 0.0 {
            return 0.0;
        }
        let lift = if shape < 1.0 { self.uniform().powf(1.0 / shape) } else { 1.0 };
        let d = if shape < 1.0 { shape + 1.0 } else { shape } - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let normal = self.normal();
            let v = (1.0 + c * normal).powi(3);
            if v > 0.0 && self.uniform().ln() < 0.5 * normal * normal + d - d * v + d * v.ln() {
                return d * v * lift;
            }
        }
    }
}
