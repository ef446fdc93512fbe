//! Notices of the Federal Register that an entry cites: what tells two entries of one name
//! apart, and two spellings of one entry together.

use std::collections::BTreeSet;

/// Pages that one rule may fill: entries cite the rule's first page or the entry's own.
const PAGES: u32 = 60;

/// A notice: a volume, and in it a page, or an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Notice {
    volume: u32,
    page: u32,
    /// The number counts issues and not pages.
    is_issue: bool,
}

impl Notice {
    /// Whether two citations may be of one document.
    fn may_be(self, other: Self) -> bool {
        let distance = if self.is_issue { 0 } else { PAGES };
        self.volume == other.volume
            && self.is_issue == other.is_issue
            && self.page.abs_diff(other.page) <= distance
    }
}

/// The notices cited in a text: `84 FR 22963`, `67 F.R. 7351`, `Vol. 88, No. 151`.
pub(crate) fn notices(text: &str) -> BTreeSet<Notice> {
    let text = text.replace("F.R.", "FR ");
    let words: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut found = BTreeSet::new();
    for (at, word) in words.iter().enumerate() {
        let number = |place: usize| words.get(place)?.parse::<u32>().ok();
        let notice = match word.to_ascii_lowercase().as_str() {
            "fr" => at.checked_sub(1).and_then(number).zip(number(at + 1)).map(|it| (it, false)),
            "vol" => number(at + 1).zip(number(at + 3)).map(|it| (it, true)),
            _ => None,
        };
        if let Some(((volume, page), is_issue)) = notice {
            found.insert(Notice { volume, page, is_issue });
        }
    }
    found
}

/// How many notices of one entry may be among those of another, in thousandths of all of both.
pub(crate) fn shared(one: &BTreeSet<Notice>, other: &BTreeSet<Notice>) -> usize {
    let common = |a: &BTreeSet<Notice>, b: &BTreeSet<Notice>| {
        a.iter().filter(|notice| b.iter().any(|other| notice.may_be(*other))).count()
    };
    let all = one.len() + other.len();
    if all == 0 { 0 } else { (common(one, other) + common(other, one)) * 1_000 / all }
}

#[cfg(test)]
mod tests {
    use super::{notices, shared};

    #[test]
    fn citations_are_read_in_every_spelling() {
        for (text, expected) in [
            ("76 FR 71869, 11/21/11", &[(76, 71869)][..]),
            ("73 FR 54504,\n9/22/08.\n77 FR 24590, 4/25/12", &[(73, 54504), (77, 24590)]),
            ("46 F.R. 46154 9/17/81 and 46 F.R. 19290 3/30/81", &[(46, 19290), (46, 46154)]),
            ("91 FR 35189 (June 10, 2026)", &[(91, 35189)]),
            ("Vol. 88, No. 151, 08/08/2023", &[(88, 151)]),
            ("Vol.78, No. 28, 02/11/13, Federal Register", &[(78, 28)]),
            ("72 F.R. 1/30/07", &[(72, 1)]),
            ("FR NOTICE ADDED", &[]),
            ("", &[]),
        ] {
            let found: Vec<(u32, u32)> = notices(text).iter().map(|it| (it.volume, it.page)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_rule_is_cited_by_its_first_page_or_the_entrys_own() {
        let of = |a: &str, b: &str| shared(&notices(a), &notices(b));
        assert_eq!(of("76 FR 71867", "76 FR 71869, 11/21/11"), 1_000);
        assert_eq!(of("76 FR 71867", "77 FR 71869"), 0);
        assert_eq!(of("76 FR 71867, 77 FR 1", "77 FR 1"), 666);
        assert_eq!(of("Vol. 88, No. 151", "Vol. 88, No. 150"), 0);
        assert_eq!(of("", ""), 0);
    }
}
