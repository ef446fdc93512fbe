//! Any text as one file of the user's, laid over an invented jurisdiction.
//!
//! The first byte says which file the rest is. Nothing may panic; what is refused is refused
//! with a file, a line and a message; and the law that was read answers a question on every
//! kind of day.

#![no_main]

use std::sync::{Arc, OnceLock};

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use narrows::{Date, Failure, View};
use narrows_catalog::{Chips, DataFile, Places, Problems, normalise, read_chips, read_places};
use narrows_condition::{FactId, Role};
use narrows_law::{
    Docket, Facts, Inquiry, Instrument, Jurisdiction, Law, Origin, Registers, Scrutiny, Supplies, Supply,
    Transaction, read_law,
};

/// A file of the invented jurisdiction, by its path below the folder of data.
macro_rules! invented {
    ($path:literal) => {
        DataFile { path: $path, text: include_str!(concat!("../../cases/invented/", $path)) }
    };
}

const PLACES: DataFile<'static> = invented!("places/atlantis.toml");

/// The facts of the invented jurisdiction, and one so wide that sums of it cannot be held.
const FACTS: DataFile<'static> = DataFile {
    path: "law/atlantis/facts.toml",
    text: concat!(
        include_str!("../../cases/invented/law/atlantis/facts.toml"),
        r#"
[[fact]]
name = "reach"
type = "number"
range = [-9000000000000, 9000000000000]
title = "reach"
definition = "How far it reaches."
source = "Decree 9"
when_missing = "unknown"
"#
    ),
};

const LAW: [DataFile<'static>; 5] = [
    FACTS,
    invented!("law/atlantis/jurisdiction.toml"),
    invented!("law/atlantis/decree-1.toml"),
    invented!("law/atlantis/decree-2.toml"),
    invented!("law/atlantis/decree-3.toml"),
];

const CHIPS: [DataFile<'static>; 3] = [
    invented!("chips/triton/vendors.toml"),
    invented!("chips/triton/tide.toml"),
    invented!("chips/triton/foam.toml"),
];

/// The files that a text may be; the digit that begins the text says which.
const PATHS: [&str; 10] = [
    "law/atlantis/new.toml",
    "law/atlantis/facts.toml",
    "law/atlantis/jurisdiction.toml",
    "places/new.toml",
    "chips/triton/new.toml",
    "chips/triton/vendors.toml",
    "chips/families.toml",
    "chips/precisions.toml",
    "chips/SOURCES.toml",
    "reforms/new.toml",
];

/// The invented jurisdiction itself, read once.
struct Base {
    places: Arc<Places>,
    law: Law,
}

impl Base {
    fn read() -> Self {
        let places = Arc::new(read_places([PLACES]).expect("the places of the invented jurisdiction"));
        let law = law_with(None, Arc::clone(&places)).expect("the invented jurisdiction");
        chips_with(None, &places).expect("the chips of the invented jurisdiction");
        Self { places, law }
    }
}

/// Names that the law may use.
struct Names;

impl Registers for Names {
    fn knows(&self, register: &str, name: &str) -> bool {
        match register {
            "chips" => ["triton.tide", "triton.foam"].contains(&name),
            "vendors" => name == "triton",
            _ => false,
        }
    }

    fn nearest(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}

fn law_with(own: Option<DataFile<'_>>, places: Arc<Places>) -> Result<Law, Problems> {
    // As in the workbench, a later file replaces an earlier one of the same path.
    let files = LAW.into_iter().chain(own).map(|file| (file.path, file));
    read_law(files, places, &Names, Scrutiny::Full)
}

fn chips_with(own: Option<DataFile<'_>>, places: &Places) -> Result<Chips, Problems> {
    read_chips(CHIPS.into_iter().chain(own), places)
}

/// A file that is refused is refused in words, with the place of every problem.
fn check_refusal(own: DataFile<'_>, problems: &Problems) {
    assert!(!problems.0.is_empty(), "refused without a problem");
    let lines = own.text.lines().count() + 1;
    for problem in &problems.0 {
        assert!(!problem.file.is_empty() && !problem.message.is_empty(), "a problem without words");
        assert!(problem.line >= 1, "lines count from one");
        assert!(problem.file != own.path || problem.line <= lines, "line {} of {lines}", problem.line);
    }
    assert!(!Failure::from(problems.clone()).message.is_empty());
}

/// Asks for determinations under a law that was found to be sound.
fn ask(jurisdiction: &Jurisdiction, places: &Places, reforms: &[Instrument]) {
    let role = |role: Role| jurisdiction.dictionary.by_role(role);
    let (Some(destination), Some(headquarters), Some(from)) =
        (role(Role::Destination), role(Role::Headquarters), role(Role::ExportedFrom))
    else {
        // The workbench refuses to ask without them.
        return;
    };
    let codes: Vec<&String> = places.iter().map(|place| &place.code).collect();
    let (Some(first), Some(last)) = (codes.first(), codes.last()) else { return };
    for supplies in [Supplies::new(), item(jurisdiction)] {
        let Ok(facts) = Facts::complete(&jurisdiction.dictionary, &supplies) else { continue };
        let mut values = facts.contextual.clone();
        values.insert(destination, (*first).clone());
        values.insert(headquarters, (*last).clone());
        values.insert(from, jurisdiction.home.clone());
        for view in [View::Enforced, View::Codified] {
            for (on, known_on) in days(jurisdiction, places, reforms, view) {
                let edition = match jurisdiction.edition(on, known_on, view, reforms) {
                    Ok(edition) => edition,
                    Err(error) => {
                        // All that is on record was compiled when it was checked; what was
                        // known on an earlier day may be refused when it is asked for.
                        assert!(known_on.is_some(), "{error}");
                        continue;
                    }
                };
                let transaction = Transaction { on, known_on, values: values.clone() };
                // More tests of measures than columns hold are refused in words.
                let Ok(mut docket) = Docket::new(jurisdiction, places, Arc::new(edition), &transaction)
                else {
                    continue;
                };
                let inquiry = Inquiry {
                    jurisdiction,
                    places,
                    reforms,
                    transaction: &transaction,
                    facts: &facts,
                    headquarters_given: true,
                };
                let determination = inquiry.determine(&mut docket);
                assert!(!determination.title.is_empty() || determination.possible.is_empty());
            }
        }
    }
}

/// The first day on which the law changes, one in the middle and the last, as known today and
/// as known then.
fn days(
    jurisdiction: &Jurisdiction,
    places: &Places,
    reforms: &[Instrument],
    view: View,
) -> Vec<(Date, Option<Date>)> {
    let all = jurisdiction.days_of_change(view, reforms, places);
    let some = [all.first(), all.get(all.len() / 2), all.last()];
    let mut days: Vec<Date> = some.into_iter().flatten().copied().collect();
    days.dedup();
    days.into_iter().flat_map(|day| [(day, None), (day, Some(day))]).collect()
}

/// The facts of an item of which something is known, as far as the dictionary takes them.
fn item(jurisdiction: &Jurisdiction) -> Supplies {
    let dictionary = &jurisdiction.dictionary;
    let given = [("charm", "250..1000"), ("weight", "250"), ("make", "bronze"), ("sung_to", "true")];
    let supply = |(name, text): (&str, &str)| -> Option<(FactId, Supply)> {
        let id = dictionary.find(name)?;
        let value = dictionary.read_value(id, text).ok()?;
        Some((id, Supply { value: Some(value), origin: Origin::Asker }))
    };
    given.into_iter().filter_map(supply).collect()
}

/// Looks at everything that is derived from chips.
fn look_at(chips: &Chips) {
    for chip in chips.iter() {
        let _ = chip.total_processing_performance(chips.precisions());
        let _ = chip.largest_operation_rate(chips.precisions());
        let _ = (chip.io_bandwidth(), chip.contains_hbm(), chips.lineage_of(chip));
        let found = chips.find(&chip.id).map(|found| &found.chip.id);
        // An id of nothing but marks is no name that could be asked for.
        assert!(found.is_ok_and(|id| *id == chip.id) || normalise(&chip.id).is_empty());
        let _ = chips.find(&chip.name);
    }
    for family in chips.families() {
        let _ = chips.find(&family.name);
    }
}

fn read(own: DataFile<'_>, base: &Base) -> Result<(), Problems> {
    if own.path.starts_with("law/") {
        let law = law_with(Some(own), Arc::clone(&base.places))?;
        law.jurisdictions().for_each(|jurisdiction| ask(jurisdiction, &base.places, &[]));
    } else if own.path.starts_with("places/") {
        let places = Arc::new(read_places([PLACES, own])?);
        let law = law_with(None, Arc::clone(&places))?;
        law.jurisdictions().for_each(|jurisdiction| ask(jurisdiction, &places, &[]));
    } else if own.path.starts_with("chips/") {
        look_at(&chips_with(Some(own), &base.places)?);
    } else {
        let jurisdiction = base.law.jurisdiction(None).expect("the invented jurisdiction");
        let reform = base.law.read_reform(own, jurisdiction, &Names, &[])?;
        ask(jurisdiction, &base.places, &[reform]);
    }
    Ok(())
}

/// Words of the data, and some that it refuses.
const WORDS: &str = "\
    add replace amend end suspend not_enforced unsettle define classify exclude require exempt except \
    review prohibit practice charge presume pearl_seal tide_pass council_refuses banned_by_poseidon \
    open_sea atlantis.class.trident atlantis.class.spear atlantis.require.deep atlantis.pass.tide \
    atlantis.ban atlantis.new charm kilocharm drachm weight charm_density reach make bronze sung_to \
    blessed storm destination headquarters DEEP ATL REE always and or not >= < 1850-03-01 1850-07-10 \
    0000-01-01 9999-12-31 9000000000000 0.000001 0 -1 nan";

static BASE: OnceLock<Base> = OnceLock::new();

fuzz_target!(
    init: {
        BASE.get_or_init(Base::read);
    },
    |input: &[u8]| -> Corpus {
        let Some((first, rest)) = input.split_first() else { return Corpus::Reject };
        let Ok(text) = std::str::from_utf8(rest) else { return Corpus::Reject };
        let path = PATHS[usize::from(first.wrapping_sub(b'0')) % PATHS.len()];
        let own = DataFile { path, text };
        match read(own, BASE.get_or_init(Base::read)) {
            Ok(()) => Corpus::Keep,
            Err(problems) => {
                check_refusal(own, &problems);
                narrows_fuzz::keep_few(input)
            }
        }
    }
);

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    narrows_fuzz::mutate(data, size, max_size, seed, 1, WORDS)
});
