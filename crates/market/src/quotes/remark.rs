//! [`Remark`]: what is known about days of an embedded series that look odd. Data:
//! `quotes/SOURCES.toml`.

use jiff::civil::Date;
use narrows_catalog::datafile::{Collector, Document};
use narrows_catalog::{DataFile, Problems};
use narrows_quantity::Certainty;

use super::Quotes;
use super::fault::{Fault, FaultKind};

/// What is known about some days of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Ticker of the series.
    pub ticker: String,
    /// First and last of the days.
    pub days: (Date, Date),
    /// The fault that it explains.
    pub explains: FaultKind,
    /// What happened.
    pub what: String,
    /// How sure that is.
    pub certainty: Certainty,
}

/// Faults that may be explained.
const EXPLAINED: [(&str, FaultKind); 2] =
    [("split", FaultKind::Split), ("standstill", FaultKind::Standstill)];

impl Remark {
    /// Reads the remarks of `quotes/SOURCES.toml`; what else stands there is not for the
    /// program.
    ///
    /// # Errors
    /// Everything that is wrong in the remarks.
    pub fn read(file: DataFile<'_>) -> Result<Vec<Self>, Problems> {
        let problems = Collector::new();
        let mut remarks = Vec::new();
        if let Some(document) = Document::parse(file, &problems) {
            for series in document.root(&problems).tables("series") {
                let ticker = series.string("ticker");
                for table in series.tables("remark") {
                    let days = (table.date("first"), table.date("last"));
                    let (explains, what) = (table.word("explains", &EXPLAINED), table.string("what"));
                    let certainty = table.certainty("certainty");
                    table.finish();
                    let ((Some(first), Some(last)), Some(explains), Some(what), Some(certainty)) =
                        (days, explains, what, certainty)
                    else {
                        continue;
                    };
                    if last < first {
                        table.report("last", format!("expected {first} or later, found {last}"));
                    }
                    let ticker = ticker.clone().unwrap_or_default();
                    remarks.push(Self { ticker, days: (first, last), explains, what, certainty });
                }
            }
        }
        problems.finish(remarks)
    }
}

impl Quotes {
    /// Puts what is known about odd days in the place of the faults that it explains.
    ///
    /// # Errors
    /// A remark that explains nothing in these quotes.
    pub fn explain(&mut self, remarks: &[Remark]) -> Result<(), String> {
        for remark in remarks {
            let (first, last) = remark.days;
            let explained = |fault: &Fault| fault.kind == remark.explains && fault.concerns(first, last);
            let series = self.series.get_mut(&remark.ticker);
            let Some(series) = series.filter(|series| series.faults.iter().any(explained)) else {
                let (ticker, kind) = (&remark.ticker, remark.explains.word());
                return Err(format!("{ticker} has no {kind} from {first} to {last} to be explained"));
            };
            series.faults.retain(|fault| !explained(fault));
            let days = if first == last { first.to_string() } else { format!("{first} to {last}") };
            series.faults.push(Fault {
                kind: FaultKind::Explained,
                date: Some(first),
                until: Some(last),
                message: format!("{days}: {} ({})", remark.what, remark.certainty),
            });
        }
        Ok(())
    }
}
