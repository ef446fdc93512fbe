//! Reading law from text, and checking it as a whole.

mod check;
mod instrument;
mod jurisdiction;

use narrows_catalog::Places;
use narrows_condition::Vocabulary;
use narrows_quantity::nearest;

pub(crate) use check::check;
pub(crate) use instrument::read_instrument;
pub(crate) use jurisdiction::{read_dictionary, read_head};

/// Registers of names that facts of type `name` draw on (chips, vendors).
pub trait Registers {
    /// Whether a register holds a name.
    fn knows(&self, register: &str, name: &str) -> bool;
    /// The nearest name in a register.
    fn nearest(&self, register: &str, name: &str) -> Option<String>;
}

/// Names that conditions may use beside facts.
pub(crate) struct Names<'a> {
    pub(crate) places: &'a Places,
    pub(crate) registers: &'a dyn Registers,
}

impl Vocabulary for Names<'_> {
    fn knows_place(&self, name: &str) -> bool {
        self.places.place(name).is_some() || self.places.group(name).is_some()
    }

    fn knows_name(&self, register: &str, name: &str) -> bool {
        self.registers.knows(register, name)
    }

    fn nearest_name(&self, register: Option<&str>, name: &str) -> Option<String> {
        let Some(register) = register else {
            let places = self.places.iter().map(|place| place.code.as_str());
            let groups = self.places.groups().map(|group| group.id.as_str());
            return nearest(name, places.chain(groups));
        };
        self.registers.nearest(register, name)
    }
}
