//! Scales: from a value to a place in a picture.

use narrows::Date;

/// A logarithmic scale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Logarithmic {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Logarithmic {
    /// From `low..high`, both above zero, to `from..to`.
    pub(crate) fn new(low: f64, high: f64, from: f64, to: f64) -> Self {
        Self { low: low.ln(), high: high.ln(), from, to }
    }

    /// The place of a value; values beyond the ends lie on them.
    pub(crate) fn place(self, value: f64) -> f64 {
        let share = ((value.max(f64::MIN_POSITIVE).ln() - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.from + share * (self.to - self.from)
    }

    /// Round values along the scale: 1, 2 and 5 times powers of ten where there is room,
    /// else powers of ten.
    pub(crate) fn ticks(self) -> Vec<f64> {
        // A tick on an end of the axis would be an end by half a rounding, in or out by
        // chance: it is left out, as the frame already stands there.
        let inside = |tick: f64| tick.ln() > self.low + 1e-9 && tick.ln() < self.high - 1e-9;
        let decades = (self.high - self.low) / std::f64::consts::LN_10;
        let steps: &[f64] = if decades > 3.2 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let mut found = Vec::new();
        let mut power = 10_f64.powf((self.low / std::f64::consts::LN_10).floor());
        while power.ln() < self.high {
            found.extend(steps.iter().map(|step| step * power).filter(|tick| inside(*tick)));
            power *= 10.0;
        }
        found
    }
}

/// A scale of days.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Days {
    first: Date,
    days: f64,
    from: f64,
    to: f64,
}

impl Days {
    pub(crate) fn new(first: Date, last: Date, from: f64, to: f64) -> Self {
        Self { first, days: days_between(first, last).max(1.0), from, to }
    }

    pub(crate) fn place(self, day: Date) -> f64 {
        let share = (days_between(self.first, day) / self.days).clamp(0.0, 1.0);
        self.from + share * (self.to - self.from)
    }
}

/// Days from one day to another.
fn days_between(from: Date, to: Date) -> f64 {
    f64::from(from.duration_until(to).as_hours().try_into().unwrap_or(i32::MAX)) / 24.0
}

/// A number on an axis: `0.5`, `20`, `4.8k`.
pub(crate) fn tick_text(value: f64) -> String {
    let short = |value: f64| {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if value >= 999_999.5 {
        format!("{}M", short(value / 1e6))
    } else if value >= 9_999.5 {
        format!("{}k", short(value / 1e3))
    } else {
        short(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithmic_scale_gives_equal_room_to_equal_ratios() {
        let scale = Logarithmic::new(1.0, 100.0, 0.0, 200.0);
        for (value, place) in
            [(1.0, 0.0), (10.0, 100.0), (100.0, 200.0), (0.5, 0.0), (1e9, 200.0), (-3.0, 0.0)]
        {
            assert!((scale.place(value) - place).abs() < 1e-9, "{value}");
        }
        assert_eq!(scale.ticks(), [2.0, 5.0, 10.0, 20.0, 50.0]);
    }

    #[test]
    fn a_scale_of_days_is_even_and_may_run_backwards() {
        let scale = Days::new(Date::constant(2024, 1, 1), Date::constant(2024, 1, 11), 100.0, 0.0);
        assert!((scale.place(Date::constant(2024, 1, 6)) - 50.0).abs() < 1e-9);
        assert!((scale.place(Date::constant(2030, 1, 1)) - 0.0).abs() < 1e-9);
    }

    #[test]
    fn numbers_on_axes_are_short() {
        let texts = [0.5, 5.92, 20.0, 4800.0, 21000.0, 2_000_000.0].map(tick_text);
        assert_eq!(texts, ["0.5", "5.92", "20", "4800", "21k", "2M"]);
    }
}
