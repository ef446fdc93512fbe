//! Rank tests: each firm's days are ranked among themselves, so that no distribution of
//! returns is assumed; the spread of the mean rank over days carries the correlation of firms.

use super::score::{Degenerate, Reference, Score, scored};

/// Ranks values; keeps its memory between calls.
#[derive(Debug, Default)]
pub(super) struct Ranker {
    keys: Vec<u64>,
    order: Vec<u64>,
}

/// A whole number that orders as the value does; both zeros are one.
fn ordered(value: f64) -> u64 {
    const SIGN: u64 = 1 << 63;
    let bits = (value + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

impl Ranker {
    /// Calls `take` with the position and rank, from 1, of each value. Equal values share
    /// their mean rank.
    ///
    /// Positions take the place of the last bits of the keys, so that single words are sorted
    /// and not pairs; keys that differ in no other bits are then looked at whole.
    pub(super) fn rank(&mut self, values: impl Iterator<Item = f64>, mut take: impl FnMut(usize, f64)) {
        self.keys.clear();
        self.keys.extend(values.map(ordered));
        let places = (self.keys.len() as u64).next_power_of_two() - 1;
        self.order.clear();
        self.order.extend((0..).zip(&self.keys).map(|(at, key): (u64, _)| (key & !places) | at));
        self.order.sort_unstable();
        let keys = &self.keys;
        let whole = |word: &u64| {
            let at = (word & places) as usize;
            keys.get(at).copied().unwrap_or_default()
        };
        let mut before = 0_usize;
        for alike in self.order.chunk_by_mut(|left, right| left & !places == right & !places) {
            if let [word] = alike {
                before += 1;
                take((*word & places) as usize, before as f64);
                continue;
            }
            alike.sort_unstable_by_key(whole);
            for equal in alike.chunk_by(|left, right| whole(left) == whole(right)) {
                let rank = before as f64 + (equal.len() as f64 + 1.0) / 2.0;
                for word in equal {
                    take((word & places) as usize, rank);
                }
                before += equal.len();
            }
        }
    }
}

/// Sums over firms of `rank / (1 + M) - 1/2`, day by day; days are counted back from the last.
#[derive(Debug, Default)]
pub(super) struct RankDays {
    ranker: Ranker,
    sums: Vec<f64>,
    counts: Vec<u32>,
    firms: usize,
}

impl RankDays {
    /// Counts in one firm, its days in order of time.
    pub(super) fn add(&mut self, values: impl ExactSizeIterator<Item = f64>) {
        let days = values.len();
        if self.sums.len() < days {
            self.sums.resize(days, 0.0);
            self.counts.resize(days, 0);
        }
        let sums = &mut self.sums;
        let scale = 1.0 / (1.0 + days as f64);
        self.ranker.rank(values, |at, rank| {
            if let Some(sum) = sums.get_mut(days - 1 - at) {
                *sum += rank * scale - 0.5;
            }
        });
        self.counts.iter_mut().take(days).for_each(|count| *count += 1);
        self.firms += 1;
    }

    /// Mean deviations from one half, the last day first, and their root mean square, each day
    /// weighted by the firms it has.
    fn means(&self) -> Result<(Vec<f64>, f64), Degenerate> {
        if self.firms == 0 {
            return Err(Degenerate::Few { found: 0, expected: 1 });
        }
        let means: Vec<f64> =
            self.sums.iter().zip(&self.counts).map(|(sum, count)| sum / f64::from((*count).max(1))).collect();
        let squares: f64 = means
            .iter()
            .zip(&self.counts)
            .map(|(mean, count)| f64::from(*count) / self.firms as f64 * mean * mean)
            .sum();
        let spread = (squares / means.len().max(1) as f64).sqrt();
        if spread > 1e-12 { Ok((means, spread)) } else { Err(Degenerate::NoRankSpread) }
    }

    /// Corrado's test of `days` days of which the last lies `back` days before the end:
    /// `sqrt(L) (mean K - 1/2) / S(K)`, with `S(K)` over all days (Corrado 1989; Cowan 1992 for
    /// several days).
    pub(super) fn corrado(&self, back: usize, days: usize) -> Result<Score, Degenerate> {
        let (means, spread) = self.means()?;
        let tested = means.get(back..back + days).ok_or(Degenerate::NoDay { day: back })?;
        let mean = tested.iter().sum::<f64>() / days as f64;
        Ok(scored((days as f64).sqrt() * mean / spread, Reference::Normal, self.firms))
    }

    /// The generalized rank test, where the last day stands for the event window:
    /// `t = Z sqrt((T-2) / (T-1-Z^2))`, `Z = U / S(U)`, Student on `T - 2` (Kolari and Pynnonen
    /// 2011).
    pub(super) fn generalized(&self) -> Result<Score, Degenerate> {
        let (means, spread) = self.means()?;
        let days = means.len() as f64;
        let raw = means.first().copied().unwrap_or_default() / spread;
        let left = days - 1.0 - raw * raw;
        if days <= 2.0 || left <= 0.0 {
            return Err(Degenerate::NoRankSpread);
        }
        let statistic = raw * ((days - 2.0) / left).sqrt();
        Ok(scored(statistic, Reference::Student(days - 2.0), self.firms))
    }
}
