//! Errors of predictions of measured servers:
//! `cargo run --release -p narrows-calibration --example serving -- SILICON.csv [CONSTANTS_DIR] [rows|fit]`

use std::collections::BTreeMap;
use std::fs::File;

use narrows_calibration::chips::Roster;
use narrows_calibration::fit::ErrorSummary;
use narrows_calibration::serving::fitting::{Served, by_group, fit_rows, leave_chips_out, leave_configurations_out};
use narrows_calibration::serving::Context;
use narrows_calibration::table::Table;
use narrows_catalog::{DataFile, read_chips, read_places};
use narrows_perf::model::Models;
use narrows_perf::serving::Overheads;
use narrows_perf::{Calibration, ConstantSet, Families};

fn files(folder: &str) -> Vec<DataFile<'static>> {
    narrows_data::folder(folder).map(|file| DataFile { path: file.path, text: file.text }).collect()
}

fn summary(pairs: &[(f64, f64)]) -> String {
    let error = ErrorSummary::of(pairs);
    format!("{:5} {:5.1} {:5.1} {:+6.1}", error.count, 100.0 * error.median, 100.0 * error.p90, 100.0 * error.bias)
}

fn table_of(rows: &[(&Served, f64, f64)], by: impl Fn(&Served) -> String) {
    let mut groups: BTreeMap<String, [Vec<(f64, f64)>; 2]> = BTreeMap::new();
    for (row, tpot, ttft) in rows {
        let [one, other] = groups.entry(by(row)).or_default();
        one.push((*tpot, row.tpot_ms));
        other.push((*ttft, row.ttft_ms));
    }
    for (name, [tpot, ttft]) in groups {
        println!("{name:60} | tpot {} | ttft {}", summary(&tpot), summary(&ttft));
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let file = arguments.first().ok_or("serving FILE [DIR] [rows|fit]")?;
    let mut place_files = files("places");
    place_files.sort_by_key(|file| !file.path.ends_with("/places.toml"));
    let places = read_places(place_files)?;
    let chips = read_chips(files("chips"), &places)?;
    let perf = files("perf");
    let families = perf.iter().find(|file| file.path.ends_with("families.toml")).ok_or("no families")?;
    let families = Families::read(*families)?;
    let networks = narrows_perf::network::Networks::read(files("networks"))?;
    let models = Models::read(files("models"))?;
    let mut texts: Vec<(String, String)> = Vec::new();
    if let Some(folder) = arguments.get(1).filter(|folder| std::path::Path::new(folder).is_dir()) {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            texts.push((path.display().to_string(), std::fs::read_to_string(&path)?));
        }
    }
    let calibration = Calibration::read(texts.iter().map(|(path, text)| DataFile { path, text }))?;
    println!("{} fits, {} models", calibration.fits.len(), models.all().len());
    let mut context = Context { models: &models, networks: &networks, roster: Roster::new(&chips, &families), calibration: &calibration };
    let table = Table::read(File::open(file)?)?;
    if narrows_calibration::serving::published::is_published(&table) {
        let mut pairs = BTreeMap::<String, Vec<(f64, f64)>>::new();
        for row in table.iter().filter(|row| ["serve", "prefill", "decode"].contains(&row.text("kind"))) {
            let at = format!("{} {}", row.text("chip"), row.text("kind"));
            match context.predict_published(row) {
                Ok(predicted) => {
                    let observed = row.number("value")?;
                    let words = ["id", "model", "precision", "parallelism", "batch", "seq_in", "seq_out", "metric"];
                    let words = words.map(|word| row.text(word)).join(" ");
                    println!("{at} {words}: {predicted:.1} against {observed} ({:+.0}%)", 100.0 * (predicted / observed - 1.0));
                    pairs.entry(at).or_default().push((predicted, observed));
                }
                Err(reason) => println!("{at} {}: {reason}", row.text("id")),
            }
        }
        for (at, pairs) in pairs {
            println!("{at:30} {}", summary(&pairs));
        }
        return Ok(());
    }
    let started = std::time::Instant::now();
    let (served, skipped) = narrows_calibration::serving::fitting::read(&table, &mut context);
    println!("{} rows in {:?}; skipped {skipped:#?}", served.len(), started.elapsed());
    let fits = arguments.iter().any(|word| word == "fit");
    if let Some(path) = arguments.iter().skip_while(|word| *word != "write").nth(1) {
        use narrows_calibration::serving::fitting::{constants_file, offline_constants, read_offline};
        let published = file.replace("e2e_serving_silicon", "e2e");
        let offline = read_offline(&Table::read(File::open(published)?)?, &mut context);
        let text = constants_file(&served, &families) + &offline_constants(&offline, &families);
        std::fs::write(path, text)?;
        return Ok(());
    }
    let mut all: Vec<(&Served, f64, f64)> = Vec::new();
    for ((variant, family), rows) in by_group(&served) {
        let predictions = if fits {
            let values = fit_rows(&rows, &[]);
            let shown: Vec<String> = Overheads::SPECS
                .iter()
                .zip(&values)
                .map(|(spec, value)| {
                    let edge = *value <= spec.low * 1.01 || *value >= spec.high * 0.99;
                    format!("{}={value:.4}{}", spec.name, if edge { "!" } else { "" })
                })
                .collect();
            println!("{variant} {family} ({} rows): {}", rows.len(), shown.join(" "));
            leave_configurations_out(&rows, &values)
        } else {
            rows.iter().map(|row| (*row, row.prepared.predict(&context.overheads(&row.prepared)))).collect()
        };
        all.extend(predictions.into_iter().map(|(row, prediction)| (row, prediction.tpot_ms, prediction.ttft_ms)));
    }
    if arguments.iter().any(|word| word == "chips") {
        all = leave_chips_out(&served, &families)
            .into_iter()
            .map(|(row, prediction)| (row, prediction.tpot_ms, prediction.ttft_ms))
            .collect();
    }
    if arguments.iter().any(|word| word == "rows") {
        for (row, tpot, ttft) in &all {
            let request = &row.prepared.request;
            println!(
                "ROW,{},{},{},{},{:?},{},{},{},{},{:?},{},{:.2},{:.2},{:.1},{:.1}",
                request.chip, request.variants()[0], request.model, request.public_benchmark, request.decode.deployment.experts,
                request.input, request.output, request.concurrency, request.decode.workers,
                request.decode.deployment.parallelism, request.rounds, tpot, row.tpot_ms, ttft, row.ttft_ms
            );
        }
    }
    table_of(&all, |row| format!("{} {}", row.prepared.request.chip, row.prepared.request.variants()[0]));
    println!();
    table_of(&all, |row| {
        let request = &row.prepared.request;
        format!("{} {} {} {}", request.model, request.chip, request.variants()[0], request.decode.deployment.experts)
    });
    println!();
    table_of(&all, |row| row.prepared.request.chip.clone());
    table_of(&all, |row| format!("public {} {}", row.prepared.request.public_benchmark, row.prepared.request.variants()[0]));
    table_of(&all, |_| "all".to_owned());
    Ok(())
}
