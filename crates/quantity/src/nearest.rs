//! [`nearest`]: the right name that a wrong one was probably meant to be.

/// The candidate nearest to `name`, if any is near enough to be meant.
///
/// Every error about a name offers one, whether it names a unit, a fact, a field of a
/// data file, a chip or a place.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    // Long enough for every real name; a hostile one costs no more.
    let name: String = name.chars().take(64).collect::<String>().to_lowercase();
    // A slip in a short word is one letter; in a longer one it may be more.
    let limit = match name.chars().count() {
        0..=3 => 1,
        length => (length / 3).max(2),
    };
    candidates
        .map(|candidate| (strsim::osa_distance(&name, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// A clause that offers the nearest name: `; did you mean …?`, or nothing.
#[must_use]
pub fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, nearest};

    #[test]
    fn offers_what_is_near_and_nothing_else() {
        let names = ["dram_bandwidth_gb_per_s", "tpp", "datacenter"];
        assert_eq!(nearest("datacentre", names.into_iter()).as_deref(), Some("datacenter"));
        assert_eq!(nearest("TPPP", names.into_iter()).as_deref(), Some("tpp"));
        assert_eq!(nearest("colour", names.into_iter()), None);
        assert_eq!(nearest("foo", ["on"].into_iter()), None);
        assert_eq!(did_you_mean(Some("tpp")), "; did you mean `tpp`?");
    }
}
