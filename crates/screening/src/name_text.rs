//! What a name on a list may consist of.

/// Longest name, in bytes. The longest on record, with all that belongs to it, has 430.
pub(crate) const LONGEST: usize = 2_000;

/// What is wrong with a name, if anything.
pub(crate) fn fault(name: &str) -> Option<String> {
    if name.trim().is_empty() {
        return Some("expected a name, found nothing".to_owned());
    }
    if name.len() > LONGEST {
        let begin: String = name.chars().take(30).collect();
        return Some(format!("expected at most {LONGEST} bytes, found {} that begin `{begin}`", name.len()));
    }
    None
}

/// The first control, or mark that turns the direction of writing: a name that holds one does
/// not read as it is stored. The government's files have some.
pub(crate) fn hidden(name: &str) -> Option<char> {
    name.chars().find(|letter| is_hidden(*letter))
}

fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A text with every run of white space as one space, and none at its ends.
pub(crate) fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, fault, hidden, spaced};

    #[test]
    fn hidden_marks_and_endless_names_are_faults() {
        assert_eq!(fault("Huawei Technologies Co., Ltd."), None);
        assert_eq!(fault("浙江大华技术股份有限公司"), None);
        for name in ["a\u{0}b", "a\u{202e}b", "a\u{7f}b", "\u{feff}a", "a\u{81}"] {
            assert!(hidden(name).is_some(), "{name:?}");
        }
        assert_eq!(hidden("浙江大华技术股份有限公司"), None);
        assert!(fault("").is_some() && fault(" \t").is_some());
        assert!(fault(&"x".repeat(LONGEST)).is_none());
        assert!(fault(&"x".repeat(LONGEST + 1)).is_some_and(|message| message.contains("2001")));
    }

    #[test]
    fn white_space_is_one_space() {
        assert_eq!(spaced("  73 FR 54504,\n9/22/08 "), "73 FR 54504, 9/22/08");
    }
}
