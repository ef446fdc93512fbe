//! [`UnitTable`]: which unit is how many of which other.
//!
//! Units are data, because the quantities of export law are not those of physics:
//! a "TPP" is a tera-operation per second times a bit length. The table knows
//! nothing but names and exact factors.

use std::collections::BTreeMap;

use crate::Decimal;

/// The units that may be written, each a multiple of a base unit.
#[derive(Debug, Clone, Default)]
pub struct UnitTable {
    /// Symbol to (base symbol, how many base units one of it is).
    units: BTreeMap<String, (String, Decimal)>,
}

/// Why a quantity could not be taken in the unit that a fact expects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// A unit nobody declared.
    #[error("unknown unit `{found}`; known units: {known}")]
    Unknown {
        /// The symbol found.
        found: String,
        /// All symbols, comma separated.
        known: String,
    },
    /// A unit of something else.
    #[error("expected a quantity in {expected}, found one in {found}")]
    Mismatch {
        /// The unit expected.
        expected: String,
        /// The unit found.
        found: String,
    },
    /// Conversion would not be exact.
    #[error("{value} {found} is no exact number of {expected}")]
    Inexact {
        /// The amount found.
        value: Decimal,
        /// Its unit.
        found: String,
        /// The unit expected.
        expected: String,
    },
    /// A unit declared twice, or from a base that is no base.
    #[error("unit `{symbol}` is declared twice or rests on a unit that is itself derived")]
    BadDeclaration {
        /// The symbol.
        symbol: String,
    },
}

impl UnitTable {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Declares a base unit, one that is not defined by another.
    ///
    /// # Errors
    /// [`UnitError::BadDeclaration`] if the symbol is taken.
    pub fn declare_base(&mut self, symbol: &str) -> Result<(), UnitError> {
        self.declare(symbol, symbol, Decimal::ONE)
    }

    /// Declares a unit that is `amount` of the base unit `base`.
    ///
    /// # Errors
    /// [`UnitError::BadDeclaration`] if the symbol is taken or `base` is no base unit.
    pub fn declare(&mut self, symbol: &str, base: &str, amount: Decimal) -> Result<(), UnitError> {
        let base_is_base = base == symbol || self.units.get(base).is_some_and(|(root, _)| root == base);
        if !base_is_base || self.units.contains_key(symbol) {
            return Err(UnitError::BadDeclaration { symbol: symbol.to_owned() });
        }
        self.units.insert(symbol.to_owned(), (base.to_owned(), amount));
        Ok(())
    }

    /// Whether a symbol is known.
    #[must_use]
    pub fn knows(&self, symbol: &str) -> bool {
        self.units.contains_key(symbol)
    }

    /// All symbols.
    pub fn symbols(&self) -> impl Iterator<Item = &str> {
        self.units.keys().map(String::as_str)
    }

    /// `value found` expressed in `expected`.
    ///
    /// # Errors
    /// An unknown unit, a unit of something else, or an inexact conversion.
    pub fn convert(&self, value: Decimal, found: &str, expected: &str) -> Result<Decimal, UnitError> {
        if found == expected {
            return Ok(value);
        }
        let look_up = |symbol: &str| {
            self.units.get(symbol).ok_or_else(|| UnitError::Unknown {
                found: symbol.to_owned(),
                known: self.symbols().collect::<Vec<_>>().join(", "),
            })
        };
        let (found_base, found_amount) = look_up(found)?;
        let (expected_base, expected_amount) = look_up(expected)?;
        if found_base != expected_base {
            return Err(UnitError::Mismatch { expected: expected.to_owned(), found: found.to_owned() });
        }
        value.checked_mul(*found_amount).and_then(|base| base.checked_div(*expected_amount)).ok_or_else(
            || UnitError::Inexact { value, found: found.to_owned(), expected: expected.to_owned() },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> UnitTable {
        let mut table = UnitTable::new();
        table.declare_base("GB/s").unwrap();
        table.declare("TB/s", "GB/s", Decimal::whole(1000)).unwrap();
        table.declare_base("TPP").unwrap();
        table
    }

    #[test]
    fn converts_exactly_and_refuses_the_rest() {
        let table = table();
        let four: Decimal = "4.8".parse().unwrap();
        assert_eq!(table.convert(four, "TB/s", "GB/s"), Ok(Decimal::whole(4800)));
        assert_eq!(table.convert(Decimal::whole(1), "GB/s", "TB/s").unwrap().to_string(), "0.001");
        assert!(matches!(table.convert(Decimal::ONE, "TPP", "GB/s"), Err(UnitError::Mismatch { .. })));
        assert!(matches!(table.convert(Decimal::ONE, "GBps", "GB/s"), Err(UnitError::Unknown { .. })));
        assert!(matches!(table.convert(Decimal::STEP, "GB/s", "TB/s"), Err(UnitError::Inexact { .. })));
    }

    #[test]
    fn a_unit_is_declared_once_and_from_a_base() {
        let mut table = table();
        assert!(table.declare_base("TPP").is_err());
        assert!(table.declare("PB/s", "TB/s", Decimal::whole(1000)).is_err());
    }
}
