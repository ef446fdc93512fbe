//! Marks of footnotes in a licence requirement.
//!
//! The Entity List sets them as superior figures, which the text of a file brings down to the
//! line: `734.9(g),3 746.8(a)(3)`, `734.9(e) 1 and 744.11 of the .. 2`, `744.11 of the ..)4.`

use serde::Serialize;

/// How a list refers to footnotes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Marks {
    /// Words after which a single digit is the mark of a footnote.
    pub after: Vec<String>,
    /// Paragraphs that stand for a footnote, whether its mark is there or was lost.
    pub paragraphs: Vec<(String, u8)>,
}

/// The footnotes that a licence requirement refers to, sorted: single digits that stand alone
/// after a closing bracket or one of the words given, with at most a comma and a space between;
/// and those of which it cites the paragraph.
#[must_use]
pub fn footnotes(requirement: &str, marks: &Marks) -> Vec<u8> {
    let after = &marks.after;
    let close: String = requirement.chars().filter(|letter| !letter.is_whitespace()).collect();
    let cited = marks.paragraphs.iter().filter(|(paragraph, _)| close.contains(paragraph.as_str()));
    let mut found: Vec<u8> = cited.map(|(_, footnote)| *footnote).collect();
    for (at, letter) in requirement.char_indices() {
        let Some(digit) = letter.to_digit(10).and_then(|digit| u8::try_from(digit).ok()) else { continue };
        let (before, rest) = requirement.split_at(at);
        let mut behind = rest.chars().skip(1);
        let ends = match (behind.next(), behind.next()) {
            (Some(next), _) if next.is_alphanumeric() => false,
            // `3.1` is a number; a full stop at the end of a sentence is none of it.
            (Some('.' | ','), Some(next)) => !next.is_ascii_digit(),
            _ => true,
        };
        let before = before.trim_end_matches(' ');
        let before = before.strip_suffix(',').unwrap_or(before).trim_end_matches(' ');
        let follows = before.ends_with(')') || after.iter().any(|word| ends_with_word(before, word));
        if digit > 0 && ends && follows {
            found.push(digit);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn ends_with_word(text: &str, word: &str) -> bool {
    text.strip_suffix(word).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::{Marks, footnotes};

    #[test]
    fn marks_are_told_from_paragraphs_and_numbers() {
        let marks =
            Marks { after: vec!["RULES".to_owned()], paragraphs: vec![("734.9(e)(2)".to_owned(), 4)] };
        for (requirement, expected) in [
            (
                "For all items subject to the RULES. (See §§ 734.9(g),3 746.8(a)(3), and 744.21(b) of the RULES)",
                &[3][..],
            ),
            ("All items. (See §734.9(g), 3 §746.8(a)(3), and §744.21(b) of the RULES).", &[3]),
            ("(See §§ 734.9(g)3, 746.8(a)(3), and 744.2l(b) of the RULES)", &[3]),
            ("For all items, see §§ 734.9(e) 1 and 744.11 of the RULES 2", &[1, 2]),
            ("For all items, see §§ 734.9(e)1, and 744.11 of the RULES2", &[1, 2]),
            ("(See §734.9(e)1, and §744.11 of the RULES)2.", &[1, 2]),
            ("(See §§ 734.9(e)(2) and 744.11 of the RULES) 4", &[4]),
            ("(See §§ 734.9(e)(2) and 744.11 of the RULES)4", &[4]),
            ("(See §§ 734.4(a)(9), 734.9(e)(3), and 744.11 of the RULES)5", &[5]),
            ("(See §§ 734.9(e) (2) and 744.11 of the RULES)", &[4]),
            ("(See §§ 734.9(e)(3) and 744.11 of the RULES)", &[]),
            ("(See § 744.11 of the RULES)", &[]),
            ("supplement no. 7 to part 746 of the RULES", &[]),
            ("General License No. 1B of March 2, 2021. (See §§ 734.9(g),3 746.8(a)(3))", &[3]),
            ("General License No. 11 of December 20, 2016", &[]),
            ("For RULES99 and RULES 99 items", &[]),
            ("(e) 3.1 and (e) 2,000", &[]),
            ("(e) 0", &[]),
            ("3", &[]),
            ("", &[]),
        ] {
            assert_eq!(footnotes(requirement, &marks), expected, "{requirement}");
        }
    }
}
