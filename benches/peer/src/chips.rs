//! The table of chips, the same on every machine, and the rule written by hand.

/// What the generator starts from.
pub(crate) const SEED: u64 = 20_231_117;

/// One chip in this many is placed on, one unit below or one unit above a threshold.
const PLACED_EVERY: usize = 20;

/// Thresholds of the rule.
pub(crate) const TPP: [i64; 3] = [1_600, 2_400, 4_800];
/// Thresholds of performance density, in thousandths.
pub(crate) const DENSITY: [i64; 3] = [1_600, 3_200, 5_920];

/// What the rule looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chip {
    /// Total processing performance.
    pub(crate) tpp: i64,
    /// Performance density in thousandths of TPP/mm².
    pub(crate) density: i64,
}

/// Which paragraph of 3A090 a chip is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paragraph {
    A,
    B,
    Neither,
}

/// `rows` chips: TPP from 0 to 7,999, performance density from 0 to 11.999.
pub(crate) fn table(rows: usize) -> Vec<Chip> {
    let mut random = SplitMix64(SEED);
    let mut chips = Vec::with_capacity(rows);
    for row in 0..rows {
        let mut chip = Chip { tpp: random.below(8_000), density: random.below(12_000) };
        if row % PLACED_EVERY == 0 {
            let offset = random.below(3) - 1;
            match random.below(6) {
                0 => chip.tpp = TPP[0] + offset,
                1 => chip.tpp = TPP[1] + offset,
                2 => chip.tpp = TPP[2] + offset,
                3 => chip.density = DENSITY[0] + offset,
                4 => chip.density = DENSITY[1] + offset,
                _ => chip.density = DENSITY[2] + offset,
            }
        }
        chips.push(chip);
    }
    chips
}

/// The rule of October 2023 written by hand.
pub(crate) fn by_hand(chip: &Chip) -> Paragraph {
    let Chip { tpp, density } = *chip;
    if tpp >= 4_800 || (tpp >= 1_600 && density >= 5_920) {
        return Paragraph::A;
    }
    let first = (2_400..4_800).contains(&tpp) && (1_600..5_920).contains(&density);
    let second = tpp >= 1_600 && (3_200..5_920).contains(&density);
    if first || second { Paragraph::B } else { Paragraph::Neither }
}

/// The generator known as SplitMix64.
struct SplitMix64(u64);

impl SplitMix64 {
    fn below(&mut self, end: u64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        i64::try_from((mixed ^ (mixed >> 31)) % end).expect("the ends are small")
    }
}
