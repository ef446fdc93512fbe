//! [`Cases`]: the ways in which an end user may stand to the lists, each as facts.

/// Facts, as name and text.
pub(crate) type Facts = Vec<(String, String)>;

/// One way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    /// What leads there, each in words: `it is EL-1 (Example)`.
    pub(crate) ways: Vec<String>,
    /// Ids of the listings that lead there; none for a party that is not listed.
    pub(crate) ids: Vec<String>,
    /// Its facts.
    pub(crate) facts: Facts,
}

/// Ways named in a sentence; the listings of the answer name all.
const NAMED: usize = 3;

impl Case {
    /// In words: `it is EL-1 (Example) or it is EL-2 (Other)`.
    pub(crate) fn when(&self) -> String {
        let named = self.ways.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", or ");
        match self.ways.len().saturating_sub(NAMED) {
            0 => named,
            more => format!("{named}, or one of {more} more"),
        }
    }
}

/// All ways.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Cases {
    /// Facts of a party that is not listed.
    pub(crate) unlisted: Facts,
    /// What certainly applies; of several the strictest counts.
    pub(crate) certain: Vec<Case>,
    /// What may apply, if nothing certainly does.
    pub(crate) possible: Vec<Case>,
}

impl Cases {
    /// Adds a way; ways with the same facts are one, and name all that lead there.
    pub(crate) fn add(cases: &mut Vec<Case>, way: String, id: &str, facts: Facts) {
        match cases.iter_mut().find(|case| case.facts == facts) {
            Some(case) => {
                case.ways.push(way);
                case.ids.push(id.to_owned());
            }
            None => cases.push(Case { ways: vec![way], ids: vec![id.to_owned()], facts }),
        }
    }

    /// The ways of which one answer must be made, and whether all of them hold (the strictest
    /// counts) or one does (and it is not known which).
    pub(crate) fn to_ask(&self) -> (Vec<Case>, bool) {
        if self.certain.is_empty() {
            let ways = vec!["it is none of them".to_owned()];
            let none = Case { ways, ids: Vec::new(), facts: self.unlisted.clone() };
            let possible = self.possible.iter().cloned();
            (std::iter::once(none).chain(possible).collect(), false)
        } else {
            (self.certain.clone(), true)
        }
    }
}

/// Facts with others laid over them: those of one name give way.
pub(crate) fn laid_over(base: &Facts, over: &Facts) -> Facts {
    let gives_way = |name: &str| over.iter().any(|(other, _)| other == name);
    base.iter().filter(|(name, _)| !gives_way(name)).chain(over).cloned().collect()
}
