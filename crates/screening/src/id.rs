//! Ids of parties: the code of a list, a hyphen, and a number (`EL-0054`). A word may stand
//! between (`DTC-stat-0016`).

/// Digits of a number that is ours.
const DIGITS: usize = 4;

/// The number of an id that belongs to a list.
pub(crate) fn number(id: &str, list: &str) -> Option<u64> {
    let rest = id.strip_prefix(list)?.strip_prefix('-')?;
    let digits = rest.rsplit('-').next()?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        None
    } else {
        digits.parse().ok()
    }
}

/// How ids are sorted: by their words, then by their number.
pub(crate) type Order<'a> = (&'a str, u64, &'a str);

/// Place of an id among others.
pub(crate) fn order(id: &str) -> Order<'_> {
    match id.rsplit_once('-').and_then(|(words, digits)| Some((words, digits.parse().ok()?))) {
        Some((words, number)) => (words, number, id),
        None => (id, 0, id),
    }
}

/// An id of ours.
pub(crate) fn numbered(list: &str, number: u64) -> String {
    format!("{list}-{number:0DIGITS$}")
}

#[cfg(test)]
mod tests {
    use super::{number, numbered, order};

    #[test]
    fn an_id_is_a_code_and_a_number() {
        assert_eq!(number("EL-0054", "EL"), Some(54));
        assert_eq!(number("DTC-stat-0016", "DTC"), Some(16));
        assert_eq!(number("1260H-0017", "1260H"), Some(17));
        for id in ["EL-", "EL", "EL-x", "MEU-1", "EL-+1", "EL--1x", "EL0054"] {
            assert_eq!(number(id, "EL"), None, "{id}");
        }
        assert_eq!(numbered("EL", 3409), "EL-3409");
        assert_eq!(numbered("EL", 12), "EL-0012");
    }

    #[test]
    fn numbers_are_sorted_as_numbers() {
        let mut ids = ["SDN-1000", "SDN-36", "DTC-stat-2", "DTC-admi-10", "SDN-9"];
        ids.sort_by_key(|id| order(id));
        assert_eq!(ids, ["DTC-admi-10", "DTC-stat-2", "SDN-9", "SDN-36", "SDN-1000"]);
    }
}
