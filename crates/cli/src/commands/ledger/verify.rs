//! `narrows ledger verify`

use std::io::Write;
use std::path::Path;

use narrows::record::Hash;
use narrows::{Failure, FailureKind};
use narrows_ledger::store::{Cover, Finding, Ledger, Verification};
use serde::Serialize;

use super::open;
use crate::Stop;
use crate::arguments::Format;
use crate::commands::{print_csv, print_json};
use crate::text::{item, paragraph};

/// A verification, and what became of heads that were kept elsewhere.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    verification: Verification,
    heads: Vec<Head>,
}

/// A head that was kept elsewhere.
#[derive(Serialize)]
struct Head {
    hash: Hash,
    /// The receipt that has it; none if there is none in the part of the chain that holds.
    receipt: Option<u64>,
}

pub(super) fn run(path: &Path, heads: &[Hash], format: Format) -> Result<u8, Stop> {
    let mut ledger = open(path)?;
    let verification = ledger.verify().map_err(Failure::from)?;
    let heads = heads.iter().map(|hash| head(&ledger, &verification, *hash)).collect::<Result<_, _>>()?;
    let report = Report { verification, heads };
    let holds = report.verification.holds() && report.heads.iter().all(|head| head.receipt.is_some());
    match format {
        Format::Json => print_json(&report)?,
        Format::Csv => {
            let row = |Finding { receipt, words }: &Finding| {
                vec![receipt.map(|receipt| receipt.to_string()).unwrap_or_default(), words.clone()]
            };
            print_csv(&["receipt", "finding"], report.verification.findings.iter().map(row))?;
        }
        Format::Text => print(&report, holds)?,
    }
    Ok(if holds { 0 } else { FailureKind::Data.exit_status() })
}

/// Looks for a head in the part of the chain that holds.
fn head(ledger: &Ledger, verification: &Verification, hash: Hash) -> Result<Head, Failure> {
    let receipt = match ledger.find(&hash.to_string()) {
        Ok(line) => Some(line.receipt.sequence).filter(|sequence| *sequence <= verification.receipts),
        Err(narrows_ledger::Fault::Unknown(_)) => None,
        Err(fault) => return Err(fault.into()),
    };
    Ok(Head { hash, receipt })
}

fn print(report: &Report, holds: bool) -> Result<(), Stop> {
    let mut out = anstream::stdout().lock();
    let Verification { receipts, head, erased, cover, findings, further } = &report.verification;
    match findings.first() {
        None => writeln!(out, "{receipts} receipts; the chain holds")?,
        Some(_) if holds => {}
        Some(_) => writeln!(out, "BROKEN; the chain holds up to receipt {receipts}")?,
    }
    for Finding { receipt, words } in findings {
        let at = receipt.map(|receipt| format!("receipt {receipt}: ")).unwrap_or_default();
        item(&mut out, 2, "·", &format!("{at}{words}"))?;
    }
    if *further > 0 {
        writeln!(out, "  and {further} more")?;
    }
    if !erased.is_empty() {
        let erased: Vec<String> = erased.iter().map(u64::to_string).collect();
        paragraph(&mut out, 0, &format!("erased, with a receipt that says so: {}", erased.join(", ")))?;
    }
    for Head { hash, receipt } in &report.heads {
        match receipt {
            Some(receipt) => writeln!(out, "the head given is that of receipt {receipt}")?,
            None => {
                writeln!(out, "NOT THERE: no receipt that holds has the head given")?;
                writeln!(out, "  {hash}")?;
            }
        }
    }
    writeln!(out, "head {head}")?;
    let cover = match cover {
        _ if !findings.is_empty() => return Ok(()),
        Cover::EveryByte => "every byte of the file is as it was written",
        Cover::Receipts => {
            "the last writer was stopped before it closed the file, or is at work: bytes beside the receipts \
             were not compared; the next one to record anything closes it"
        }
    };
    paragraph(&mut out, 0, cover)?;
    Ok(())
}
