//! [`Countries`]: what files of lists call a place, as a code.

use std::collections::BTreeMap;

use narrows_catalog::datafile::{Collector, Document};
use narrows_catalog::{DataFile, Places, Problems, normalise};

/// What files of lists call a place, as a code.
#[derive(Debug, Clone, Default)]
pub struct Countries {
    places: Places,
    /// Names that lists have beside those of the catalogue, and what they stand for: one
    /// place, several, or none.
    names: BTreeMap<String, Vec<String>>,
}

impl Countries {
    /// Reads the names that lists have beside those of the catalogue.
    ///
    /// # Errors
    /// Everything that is wrong in the files.
    pub fn read<'a>(
        files: impl IntoIterator<Item = DataFile<'a>>,
        places: &Places,
    ) -> Result<Self, Problems> {
        let problems = Collector::new();
        let mut names = BTreeMap::new();
        for file in files {
            let Some(document) = Document::parse(file, &problems) else { continue };
            let root = document.root(&problems);
            for table in root.tables("country") {
                let codes = table.strings("codes");
                for code in codes.iter().filter(|code| places.place(&code.value).is_none()) {
                    problems.add(code.at.problem(format!("unknown place `{}`", code.value)));
                }
                let codes: Vec<String> = codes.into_iter().map(|code| code.value).collect();
                for name in table.plain_strings("names") {
                    names.insert(normalise(&name), codes.clone());
                }
                table.optional_string("note");
                table.finish();
            }
            root.finish();
        }
        problems.finish(Self { places: places.clone(), names })
    }

    /// The codes that a name stands for; nothing for a name that nobody knows.
    #[must_use]
    pub fn codes(&self, name: &str) -> Option<Vec<String>> {
        if let Some(codes) = self.names.get(&normalise(name)) {
            return Some(codes.clone());
        }
        self.places.find(name.trim()).ok().map(|place| vec![place.code.clone()])
    }

    /// Whether there is a place of that code.
    #[must_use]
    pub fn is_code(&self, code: &str) -> bool {
        self.places.place(code).is_some()
    }

    /// Whether two sets of places may have one in common: both do, or one of them is not known.
    #[must_use]
    pub(crate) fn share(&self, one: &[String], other: &[String]) -> bool {
        let same = |a: &str, b: &str| self.tested(a) == self.tested(b);
        one.is_empty() || other.is_empty() || one.iter().any(|a| other.iter().any(|b| same(a, b)))
    }

    /// The place that law takes a place for.
    #[must_use]
    pub(crate) fn tested<'a>(&'a self, code: &'a str) -> &'a str {
        self.places.tested(code)
    }
}
