//! [`Estimate`]: how long something takes and what the time goes to.

use serde::Serialize;

/// What an operator waits for most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Arithmetic.
    Compute,
    /// Memory traffic.
    Memory,
    /// Launches, serial chains and synchronization.
    Latency,
    /// Links between chips.
    Network,
}

impl Bound {
    /// Word for tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Memory => "memory",
            Self::Latency => "latency",
            Self::Network => "network",
        }
    }
}

/// A time in seconds, split by cause. The parts add up to the whole.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Estimate {
    /// Spent on arithmetic.
    pub compute_s: f64,
    /// Spent on memory traffic that arithmetic does not hide.
    pub memory_s: f64,
    /// Spent on launches, serial chains and synchronization.
    pub latency_s: f64,
    /// Spent on links between chips.
    pub network_s: f64,
}

impl Estimate {
    /// The whole time.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.compute_s + self.memory_s + self.latency_s + self.network_s
    }

    /// The largest part.
    #[must_use]
    pub fn bound(&self) -> Bound {
        let parts = [
            (self.compute_s, Bound::Compute),
            (self.memory_s, Bound::Memory),
            (self.latency_s, Bound::Latency),
            (self.network_s, Bound::Network),
        ];
        parts
            .into_iter()
            .fold((f64::MIN, Bound::Compute), |best, part| if part.0 > best.0 { part } else { best })
            .1
    }

    /// Arithmetic and memory traffic that overlap, after `latency_s`: the larger takes
    /// its time, and the whole time is given to it.
    #[must_use]
    pub fn overlapped(latency_s: f64, compute_s: f64, memory_s: f64) -> Self {
        if compute_s >= memory_s {
            Self { compute_s, latency_s, ..Self::default() }
        } else {
            Self { memory_s, latency_s, ..Self::default() }
        }
    }

    /// The same split scaled so that the whole is `seconds`.
    #[must_use]
    pub fn scaled_to(self, seconds: f64) -> Self {
        let whole = self.seconds();
        let by = if whole > 0.0 { seconds / whole } else { 0.0 };
        self * by
    }
}

impl std::ops::Add for Estimate {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            compute_s: self.compute_s + other.compute_s,
            memory_s: self.memory_s + other.memory_s,
            latency_s: self.latency_s + other.latency_s,
            network_s: self.network_s + other.network_s,
        }
    }
}

impl std::ops::AddAssign for Estimate {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::ops::Mul<f64> for Estimate {
    type Output = Self;

    fn mul(self, by: f64) -> Self {
        Self {
            compute_s: self.compute_s * by,
            memory_s: self.memory_s * by,
            latency_s: self.latency_s * by,
            network_s: self.network_s * by,
        }
    }
}

impl std::iter::Sum for Estimate {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| sum + one)
    }
}
