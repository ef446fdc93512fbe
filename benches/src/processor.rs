//! Time that the processor gave to this program, which other programs do not lengthen as they
//! do the time on the wall.

use std::time::Instant;

/// Seconds of the processor a pass, over some passes; seconds on the wall where the system does
/// not tell.
pub fn seconds_a_pass(passes: usize, mut pass: impl FnMut()) -> f64 {
    let (wall, processor) = (Instant::now(), taken());
    for _ in 0..passes {
        pass();
    }
    let wall = wall.elapsed().as_secs_f64();
    let processor = processor.zip(taken()).map(|(from, to)| to - from);
    processor.unwrap_or(wall) / passes.max(1) as f64
}

/// Seconds of the processor until now (Linux).
fn taken() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds * 1e-9)
}
