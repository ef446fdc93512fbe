//! Errors of one kernel: `cargo run --release -p narrows-calibration --example study -- gemm FILE [chips]`

use std::fs::File;

use narrows_calibration::chips::Roster;
use narrows_calibration::kernels::Measured;
use narrows_calibration::study::study;
use narrows_calibration::table::Table;
use narrows_catalog::{DataFile, read_chips, read_places};
use narrows_perf::Families;
use narrows_perf::kernels::attention::{Decode, Prefill};
use narrows_perf::kernels::collective::Collective;
use narrows_perf::kernels::elementwise::Elementwise;
use narrows_perf::kernels::exchange::Exchange;
use narrows_perf::kernels::experts::Experts;
use narrows_perf::kernels::gemm::Gemm;
use narrows_perf::kernels::mla::{MlaDecode, MlaPrefill};

fn files(folder: &str) -> Vec<DataFile<'static>> {
    narrows_data::folder(folder).map(|file| DataFile { path: file.path, text: file.text }).collect()
}

fn run<K: Measured>(table: &Table, roster: &mut Roster<'_>, families: &Families, chips_too: bool) {
    let mut rows = Vec::new();
    let mut skipped = std::collections::BTreeMap::<String, usize>::new();
    for row in table.iter() {
        match K::read(row, roster) {
            Ok(row) => rows.push(row),
            Err(reason) => *skipped.entry(reason).or_default() += 1,
        }
    }
    println!("{} rows, skipped {skipped:?}", rows.len());
    println!("{}", study::<K>(&rows, families, chips_too));
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kernel, file, rest @ ..] = arguments.as_slice() else { return Err("study KERNEL FILE [chips]".into()) };
    let mut place_files = files("places");
    place_files.sort_by_key(|file| !file.path.ends_with("/places.toml"));
    let places = read_places(place_files)?;
    let chips = read_chips(files("chips"), &places)?;
    let perf = files("perf");
    let families = perf.iter().find(|file| file.path.ends_with("families.toml")).ok_or("no families")?;
    let families = Families::read(*families)?;
    let mut roster = Roster::new(&chips, &families);
    let table = Table::read(File::open(file)?)?;
    let chips_too = !rest.is_empty();
    match kernel.as_str() {
        "gemm" => run::<Gemm>(&table, &mut roster, &families, chips_too),
        "prefill" => run::<Prefill>(&table, &mut roster, &families, chips_too),
        "decode" => run::<Decode>(&table, &mut roster, &families, chips_too),
        "mla_prefill" => run::<MlaPrefill>(&table, &mut roster, &families, chips_too),
        "mla_decode" => run::<MlaDecode>(&table, &mut roster, &families, chips_too),
        "experts" => run::<Experts>(&table, &mut roster, &families, chips_too),
        "collective" => run::<Collective>(&table, &mut roster, &families, chips_too),
        "exchange" => run::<Exchange>(&table, &mut roster, &families, chips_too),
        "elementwise" => run::<Elementwise>(&table, &mut roster, &families, chips_too),
        other => return Err(format!("unknown kernel {other}").into()),
    }
    Ok(())
}
