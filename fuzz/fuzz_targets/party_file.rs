//! Any text as a published file of the lists of restricted parties (`narrows lists update`).
//!
//! Nothing may panic. A file is refused with its name, or becomes an edition whose parties
//! have ids of their own and that can be read back.

#![no_main]

use std::collections::BTreeSet;
use std::sync::OnceLock;

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use narrows::listed::Party;
use narrows::operations::{ListsUpdate, ListsUpdateRequest};
use narrows::{Operation, Workbench};

/// Columns and cells, and some that are refused.
const WORDS: &str = "\
    _id source entity_number type programs name title addresses federal_register_notice start_date end_date \
    license_requirement license_policy alt_names ids id list aliases country countries results EL MEU DPL SDN UVL \
    1260H Entity Individual Vessel Alien 2026-01-02 EL-0651 EL-9999 SDN-36 Huawei CN RU XX null true 0 -1 1e400";

static WORKBENCH: OnceLock<Workbench> = OnceLock::new();

/// The embedded data, read once.
fn workbench() -> &'static Workbench {
    WORKBENCH.get_or_init(Workbench::default)
}

fuzz_target!(
    init: {
        workbench().edition(None).expect("sound data");
    },
    |text: &str| -> Corpus {
        let request = ListsUpdateRequest {
            shown: "new".to_owned(),
            text: text.to_owned(),
            date: "2030-01-02".parse().expect("a day"),
            source: "any".to_owned(),
            url: None,
            note: None,
            certainty: None,
            accept_shrink: true,
        };
        let answer = match ListsUpdate::run(workbench(), &request) {
            Ok(answer) => answer,
            Err(failure) => {
                assert!(!failure.message.is_empty());
                return narrows_fuzz::keep_few(text.as_bytes());
            }
        };
        let mut ids = BTreeSet::new();
        for line in answer.files[0].text.lines() {
            let party: Party = serde_json::from_str(line).expect("what was written can be read");
            for id in std::iter::once(party.id).chain(party.former_ids) {
                assert!(ids.insert(id.clone()), "two parties have the id {id}");
            }
        }
        let parties: usize = answer.snapshot.lists.values().map(|list| list.parties).sum();
        assert_eq!(answer.files[0].text.lines().count(), parties);
        Corpus::Keep
    }
);

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    narrows_fuzz::mutate(data, size, max_size, seed, 0, WORDS)
});
