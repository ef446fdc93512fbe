//! `narrows data check`

use std::io::Write;

use narrows::operations::{DataCheck, DataCheckRequest};
use narrows::{Operation, Workbench};

use super::{print_csv, print_json};
use crate::Stop;
use crate::arguments::Format;

pub(crate) fn run(workbench: &Workbench, format: Format) -> Result<u8, Stop> {
    let answer = DataCheck::run(workbench, &DataCheckRequest::default())?;
    match format {
        Format::Json => print_json(&answer)?,
        Format::Csv => {
            let rows = answer
                .jurisdictions
                .iter()
                .map(|it| vec![it.id.clone(), it.instruments.to_string(), it.operations.to_string()]);
            print_csv(&["jurisdiction", "instruments", "operations"], rows)?;
        }
        Format::Text => {
            let mut out = anstream::stdout().lock();
            writeln!(
                out,
                "{} embedded files, {} of your own: nothing wrong",
                answer.embedded_files, answer.own_files
            )?;
            writeln!(out, "{} chips, {} places", answer.chips, answer.places)?;
            let (editions, parties) = (answer.editions, answer.parties);
            writeln!(out, "{editions} editions of the lists, {parties} parties in the newest")?;
            for it in &answer.jurisdictions {
                writeln!(
                    out,
                    "jurisdiction {}: {} instruments, {} operations",
                    it.id, it.instruments, it.operations
                )?;
            }
            writeln!(out, "data {}", answer.data_version)?;
        }
    }
    Ok(0)
}
