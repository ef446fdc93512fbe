//! What stands in one cell of a table of quotes: a day, a number, or nothing.

use jiff::civil::Date;

/// A day written 2025-04-16, 2025/04/16 or 20250416; a time of the day after it is no part of
/// it. Other forms are not guessed at: 04/05/2025 is two days.
pub(super) fn date_of(text: &str) -> Option<Date> {
    let (year, month, day) = match text.as_bytes() {
        [year @ .., b'-', m1, m2, b'-', d1, d2] | [year @ .., b'/', m1, m2, b'/', d1, d2]
            if year.len() == 4 =>
        {
            (year, [*m1, *m2], [*d1, *d2])
        }
        [y1, y2, y3, y4, m1, m2, d1, d2] => (&[*y1, *y2, *y3, *y4][..], [*m1, *m2], [*d1, *d2]),
        bytes => {
            let time = bytes.get(10).is_some_and(|byte| matches!(byte, b' ' | b'T'));
            return if time { date_of(text.get(..10)?) } else { None };
        }
    };
    let number = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0_i16, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i16::from(digit - b'0')))
    };
    let short = |digits: [u8; 2]| i8::try_from(number(&digits)?).ok();
    Date::new(number(year)?, short(month)?, short(day)?).ok()
}

/// What stands in a cell that should hold a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell {
    /// Nothing, or a word for it.
    Empty,
    /// A number, perhaps infinite or none.
    Number(f64),
    /// A comma in it, and no point: it cannot be told what the comma means.
    Comma,
    /// Something else.
    Other,
}

/// Reads a cell that should hold a number.
pub(super) fn number_of(text: &str) -> Cell {
    if let Ok(number) = text.parse::<f64>() {
        return Cell::Number(number);
    }
    match text {
        "" | "-" | "null" | "NULL" | "None" | "N/A" | "n/a" | "NA" | "#N/A" => Cell::Empty,
        _ if text.contains(',') && text.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '-')) => {
            Cell::Comma
        }
        _ => Cell::Other,
    }
}
