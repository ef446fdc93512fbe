//! Laying out text for a terminal of 80 columns.

use std::io::{self, Write};

use anstyle::{AnsiColor, Effects, Style};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};
use narrows::{Certainty, Class, Origin, Truth};

/// Widest line.
pub(crate) const WIDTH: usize = 80;

pub(crate) const HEADING: Style = Style::new().effects(Effects::BOLD);
pub(crate) const FAINT: Style = Style::new().effects(Effects::DIMMED);

/// Colour of a class of answers; the word always stands beside it.
pub(crate) fn class_style(class: Class) -> Style {
    let colour = match class {
        Class::Prohibition => AnsiColor::Magenta,
        Class::Licence => AnsiColor::Red,
        Class::Exception => AnsiColor::Yellow,
        Class::NoLicence => AnsiColor::Green,
        Class::Undetermined => AnsiColor::Cyan,
    };
    colour.on_default().effects(Effects::BOLD)
}

/// A whole number with its thousands set apart.
pub(crate) fn grouped(value: f64) -> String {
    let whole = format!("{value:.0}");
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole.as_str()), |digits| ("-", digits));
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}")
}

/// A probability with so many digits after the point; none is ever zero.
pub(crate) fn probability(p: f64, digits: usize) -> String {
    let least = 0.1_f64.powi(i32::try_from(digits).unwrap_or(i32::MAX));
    if p < least / 2.0 { format!("<{least:.digits$}") } else { format!("{p:.digits$}") }
}

/// A number with at most so many digits after the point.
pub(crate) fn decimals(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    if !text.contains('.') {
        return text;
    }
    let plain = text.trim_end_matches('0').trim_end_matches('.');
    if plain == "-0" { "0".to_owned() } else { plain.to_owned() }
}

/// A text from outside, with characters that would steer a terminal or turn the direction of
/// writing shown as what they are.
pub(crate) fn visible(text: &str) -> String {
    let steers = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let shown = |letter: char| match letter {
        letter if steers(letter) => format!("<U+{:04X}>", u32::from(letter)),
        letter => letter.to_string(),
    };
    text.chars().map(shown).collect()
}

/// A text broken into lines, each with an indent.
pub(crate) fn paragraph(out: &mut dyn Write, indent: usize, text: &str) -> io::Result<()> {
    let spaces = " ".repeat(indent);
    hanging(out, &spaces, &spaces, text)
}

/// A text with a hanging indent after a mark.
pub(crate) fn item(out: &mut dyn Write, indent: usize, mark: &str, text: &str) -> io::Result<()> {
    let first = format!("{}{mark} ", " ".repeat(indent));
    let rest = " ".repeat(first.chars().count());
    hanging(out, &first, &rest, text)
}

/// Ids and citations hold hyphens, so that lines break at spaces only.
fn hanging(out: &mut dyn Write, first: &str, rest: &str, text: &str) -> io::Result<()> {
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    for line in textwrap::wrap(text, options) {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

pub(crate) fn heading(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out)?;
    writeln!(out, "{HEADING}{text}{HEADING:#}")
}

/// A table without rules, fitted to the width: some columns are aligned to the right, and
/// some (ids, statuses) never broken.
pub(crate) fn table(
    header: &[&str],
    right: &[usize],
    whole: &[usize],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH as u16);
    table.set_header(header.iter().copied());
    table.add_rows(rows);
    for column in right {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for column in whole {
        if let Some(column) = table.column_mut(*column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Rows under headings, in one set of columns: a row of one cell is a heading. Cells of the
/// second column break at ` + `, and at underscores if the lines would grow too long.
pub(crate) fn sections(
    out: &mut dyn Write,
    header: [&str; 6],
    right: [usize; 2],
    rows: &[Vec<String>],
) -> io::Result<()> {
    let broken: Vec<Vec<Vec<String>>> =
        rows.iter().map(|row| row.iter().map(|cell| split(cell, " + ", usize::MAX)).collect()).collect();
    let mut widths = header.map(str::len);
    for row in broken.iter().filter(|row| row.len() > 1) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.iter().map(|part| part.chars().count()).max().unwrap_or(0).max(*width);
        }
    }
    // Two spaces before each column; where that is too much, the names of facts give way,
    // and where they cannot, one space has to do.
    let taken = |widths: &[usize]| widths.iter().sum::<usize>() + 2 * widths.len();
    let excess = taken(&widths).saturating_sub(WIDTH);
    let [_, facts, ..] = &mut widths;
    *facts = facts.saturating_sub(excess).max(12);
    let gap = if taken(&widths) > WIDTH { " " } else { "  " };
    let line = |cells: &[String]| {
        let mut text = String::new();
        for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
            text.push_str(if column == 0 { "  " } else { gap });
            if right.contains(&column) {
                text.push_str(&format!("{cell:>width$}"));
            } else {
                text.push_str(&format!("{cell:<width$}"));
            }
        }
        text.trim_end().to_owned()
    };
    writeln!(out, "{FAINT}{}{FAINT:#}", line(&header.map(str::to_owned)))?;
    for row in &broken {
        if let [title] = row.as_slice() {
            writeln!(out, "  {HEADING}{}{HEADING:#}", title.join(" "))?;
            continue;
        }
        let row: Vec<Vec<String>> = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| cell.iter().flat_map(|part| split(part, "_", width)).collect())
            .collect();
        let height = row.iter().map(Vec::len).max().unwrap_or(0);
        for at in 0..height {
            let cells: Vec<String> =
                row.iter().map(|cell| cell.get(at).cloned().unwrap_or_default()).collect();
            writeln!(out, "{}", line(&cells))?;
        }
    }
    Ok(())
}

/// A text in parts that end after `mark`: all of them where `width` has no limit, else as few
/// as fit.
fn split(text: &str, mark: &str, width: usize) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in text.split_inclusive(mark) {
        match parts.last_mut() {
            Some(last) if width < usize::MAX && last.chars().count() + part.chars().count() <= width => {
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
    }
    for part in &mut parts {
        part.truncate(part.trim_end().len());
    }
    parts
}

pub(crate) const fn yes_no(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "yes",
        Truth::False => "no",
        Truth::Unknown => "?",
    }
}

/// Where a value comes from, in a few words.
pub(crate) fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Asker => "given".to_owned(),
        Origin::Catalogue { certainty, how, .. } => format!("{certainty}: {how}"),
        Origin::OtherFact { fact } => format!("from {fact}"),
        Origin::Assumption => "assumed".to_owned(),
        Origin::Procedure => "taken to be met".to_owned(),
        Origin::Missing => "not known".to_owned(),
    }
}

/// The ground of a value, if it has one.
pub(crate) fn certainty_of(origin: &Origin) -> Option<Certainty> {
    match origin {
        Origin::Catalogue { certainty, .. } => Some(*certainty),
        _ => None,
    }
}
