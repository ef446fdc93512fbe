//! Runs of a script without spaces parted into expressions of the lexicon and what is between them.

use super::lexicon::{LONGEST_UNSPACED, Lexicon, Sense};

/// Part of a run: its text, and what it means if the lexicon has it.
pub(super) struct Segment<'l> {
    pub(super) text: String,
    pub(super) sense: Option<&'l Sense>,
}

/// What a character costs that belongs to no expression, and what an expression costs: the parting
/// of least cost has as few unknown characters as possible, and then as few expressions.
const UNKNOWN: u32 = 10;
const EXPRESSION: u32 = 4;

/// Parts a run at least cost.
pub(super) fn segments<'l>(run: &str, lexicon: &'l Lexicon) -> Vec<Segment<'l>> {
    let ends: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
    let count = ends.len() - 1;
    let text = |from: usize, to: usize| run.get(*ends.get(from)?..*ends.get(to)?);
    // The cost up to each character, and where the last part began; known if it is an expression.
    let mut best: Vec<(u32, usize, bool)> = vec![(0, 0, false)];
    for end in 1..=count {
        let before = best.last().map_or(0, |(cost, ..)| *cost);
        let mut choice = (before + UNKNOWN, end - 1, false);
        for start in end.saturating_sub(LONGEST_UNSPACED)..end {
            // One character alone is an expression only where nothing follows it in the run.
            if end - start == 1 && end != count {
                continue;
            }
            let Some(cost) = best.get(start).map(|(cost, ..)| cost + EXPRESSION) else { continue };
            if cost < choice.0 && text(start, end).is_some_and(|part| lexicon.unspaced(part).is_some()) {
                choice = (cost, start, true);
            }
        }
        best.push(choice);
    }
    let mut parts: Vec<Segment<'l>> = Vec::new();
    let mut end = count;
    let mut unknown_end = None;
    while end > 0 {
        let Some((_, start, is_known)) = best.get(end).copied() else { break };
        if is_known {
            push_unknown(&mut parts, unknown_end.take().and_then(|last| text(end, last)));
            if let Some(part) = text(start, end) {
                parts.push(Segment { text: part.to_owned(), sense: lexicon.unspaced(part) });
            }
        } else if unknown_end.is_none() {
            unknown_end = Some(end);
        }
        end = start;
    }
    push_unknown(&mut parts, unknown_end.and_then(|last| text(0, last)));
    parts.reverse();
    parts
}

fn push_unknown(parts: &mut Vec<Segment<'_>>, text: Option<&str>) {
    if let Some(text) = text {
        parts.push(Segment { text: text.to_owned(), sense: None });
    }
}
