//! What a screening asks for, checked.

use narrows_screening::matching::Options;

use crate::failure::Failure;
use crate::workbench::Workbench;

/// Most parties that may be asked for.
const MOST_ASKED: usize = 100;

impl Workbench {
    /// What a screening asks for, checked against the lists and places that there are.
    ///
    /// # Errors
    /// An unknown list or place, or numbers out of range.
    pub fn screening_options(
        &self,
        lists: &[String],
        country: Option<&str>,
        threshold: Option<f64>,
        top: Option<usize>,
    ) -> Result<Options, Failure> {
        let register = self.party_register()?;
        let code = |list: &String| register.lists.find(list).map(|list| list.code.clone());
        let threshold = threshold.unwrap_or(Options::THRESHOLD);
        if !(0.0..=1.0).contains(&threshold) {
            return Err(Failure::input(format!("expected a threshold from 0 to 1, found {threshold}")));
        }
        let top = top.unwrap_or(Options::TOP);
        if !(1..=MOST_ASKED).contains(&top) {
            return Err(Failure::input(format!(
                "expected a number of parties from 1 to {MOST_ASKED}, found {top}"
            )));
        }
        Ok(Options {
            threshold,
            top,
            lists: lists.iter().map(code).collect::<Result<_, _>>()?,
            country: match country {
                Some(country) => Some(self.places()?.find(country)?.code.clone()),
                None => None,
            },
        })
    }
}
